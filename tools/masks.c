/* SPDX-License-Identifier: MIT */
/* masks.c - what is to be filled, from files, folders of them, alpha, a colour, rectangles */
#include "masks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_ROOM 4200

/* ---- what was said -------------------------------------------------------------------------------- */

static int parse_rect(const char *text, uint32_t rect[4]) {
  for (int i = 0; i < 4; i++) {
    const size_t n = strspn(text, "0123456789");
    if (n < 1 || n > 9 || text[n] != (i < 3 ? ',' : 0)) return -1;
    rect[i] = (uint32_t)strtoul(text, NULL, 10);
    text += n + 1;
  }
  return rect[2] && rect[3] ? 0 : -1;
}

static int parse_color(const char *text, msk_source *m) {
  uint8_t rgb[3];
  double away = 0;
  if (drv_rgb(text, rgb)) return -1;
  for (int c = 0; c < 3; c++) m->rgb[c] = rgb[c];
  text += 7;
  if (*text && (*text != '@' || drv_number(text + 1, 0, 255, &away))) return -1;
  m->away = (int)away;
  return 0;
}

int msk_parse(const char *value, msk_source *out, char why[DRV_WHY]) {
  *out = (msk_source){.kind = MSK_FILE, .path = value};
  snprintf(why, DRV_WHY, "must not be empty");
  if (!*value) return -1;
  if (!strcmp(value, "alpha")) {
    out->kind = MSK_ALPHA;
  } else if (!strncmp(value, "color:", 6)) {
    snprintf(why, DRV_WHY, "must be color:#RRGGBB, with @AWAY or without, 0..255");
    out->kind = MSK_COLOR;
    return parse_color(value + 6, out);
  } else if (!strncmp(value, "rect:", 5)) {
    snprintf(why, DRV_WHY, "must be rect:X,Y,WIDTH,HEIGHT in whole pixels, counted from 0 at the top left");
    out->kind = MSK_RECT;
    return parse_rect(value + 5, out->rect);
  }
  return 0;
}

/* ---- rectangles ----------------------------------------------------------------------------------- */

static void draw_rect(const msk_source *m, const cnnimg_format *f, uint8_t *plane) {
  const uint32_t *r = m->rect;
  const uint32_t x1 = r[0] + r[2] < f->width ? r[0] + r[2] : f->width,
                 y1 = r[1] + r[3] < f->height ? r[1] + r[3] : f->height;
  for (uint32_t y = r[1]; y < y1 && r[0] < x1; y++)
    memset(plane + (size_t)y * f->width + r[0], 255, x1 - r[0]);
}

/* ---- pictures ------------------------------------------------------------------------------------- */

static float sample_of(const cnnimg_format *f, const void *row, size_t i) {
  if (f->sample == CNNIMG_U8) return (float)((const uint8_t *)row)[i] / 255;
  return f->sample == CNNIMG_U16 ? (float)((const uint16_t *)row)[i] / 65535 : ((const float *)row)[i];
}

/* White on black, or on nothing. */
static bool is_white(const cnnimg_format *f, const void *row, size_t i) {
  float sum = 0;
  for (size_t c = 0; c < f->colours; c++) sum += sample_of(f, row, i + c) / (float)f->colours;
  return sum * (f->alpha ? sample_of(f, row, i + f->colours) : 1) >= 0.5f;
}

static bool is_color(const msk_source *m, const cnnimg_format *f, const void *row, size_t i) {
  for (size_t c = 0; c < 3; c++)
    if (fabsf(roundf(255 * sample_of(f, row, i + (f->colours == 3 ? c : 0))) - (float)m->rgb[c]) >
        (float)m->away)
      return false;
  return true;
}

/* What is not wholly opaque: the soft border of what was erased belongs to it. */
static bool is_open(const cnnimg_format *f, const void *row, size_t i) {
  return sample_of(f, row, i + f->colours) < 1;
}

static void draw_row(const msk_source *m, const cnnimg_format *f, const void *row, uint8_t *plane) {
  const size_t samples = (size_t)f->colours + (f->alpha != 0);
  for (size_t x = 0; x < f->width; x++) {
    const size_t i = x * samples;
    if (m->kind == MSK_ALPHA   ? is_open(f, row, i)
        : m->kind == MSK_COLOR ? is_color(m, f, row, i)
                               : is_white(f, row, i))
      plane[x] = 255;
  }
}

static int read_rows(const msk_source *m, const char *path, cnnimg_reader *reader,
                     const cnnimg_format *picture, uint8_t *plane, cnnimg_error *err) {
  const cnnimg_format f = cnnimg_reader_info(reader)->format;
  int status = CNNIMG_OK;
  if (m->kind == MSK_ALPHA && !f.alpha)
    return drv_fail(err, CNNIMG_BADARG, "%s: has no alpha channel to be a mask", path);
  if (f.width != picture->width || f.height != picture->height)
    return drv_fail(err, CNNIMG_BADARG, "the mask %s has %ux%u pixels, the picture has %ux%u", path, f.width,
                    f.height, picture->width, picture->height);
  void *row = malloc(drv_row_bytes(&f));
  if (!row) return drv_fail(err, CNNIMG_NOMEM, "no memory for a row of %u pixels", f.width);
  for (uint32_t y = 0; y < f.height && !status; y++) {
    status = cnnimg_cancel_is_set(&drv_cancel) ? drv_fail(err, CNNIMG_CANCELLED, "cancelled")
                                               : cnnimg_reader_row(reader, row, err);
    if (!status) draw_row(m, &f, row, plane + (size_t)y * f.width);
  }
  free(row);
  return status;
}

static int draw_file(const drv_run *run, const msk_source *m, const char *path, const cnnimg_format *picture,
                     uint8_t *plane, cnnimg_error *err) {
  cnnimg_reader *reader = NULL;
  int status = cnnimg_reader_open(run->context, path, !run->s->no_rotate, &reader, err);
  if (!status) status = read_rows(m, path, reader, picture, plane, err);
  cnnimg_reader_close(reader);
  return status;
}

/* The picture is read a second time. */
static int draw_itself(const drv_run *run, const drv_river *r, const msk_source *m, uint8_t *plane,
                       cnnimg_error *err) {
  if (!r->job->regular)
    return drv_fail(err, CNNIMG_UNSUPPORTED,
                    "a mask made of the picture itself (alpha, color) needs a file, not a pipe");
  return draw_file(run, m, r->job->in, &r->read, plane, err);
}

/* ---- folders -------------------------------------------------------------------------------------- */

static bool is_file(const char *path) {
  struct stat st;
  return !stat(path, &st) && S_ISREG(st.st_mode);
}

/* The name without its type. */
static size_t stem_of(const char *path) {
  const char *base = drv_base(path), *dot = strrchr(base, '.');
  return dot && dot > base ? (size_t)(dot - path) : strlen(path);
}

bool msk_is_mask(const char *path, const char *suffix) {
  const size_t stem = stem_of(path), n = strlen(suffix);
  const size_t base = (size_t)(drv_base(path) - path);
  return n && stem - base > n && !memcmp(path + stem - n, suffix, n);
}

/* FOLDER/NAME+suffix of any type, types without loss first. */
static bool find_named(const char *folder, const char *rel, const char *suffix, char path[PATH_ROOM]) {
  static const char *const types[] = {"png", "pgm", "pam",  "ppm", "tif", "tiff", "webp",
                                      "pfm", "jpg", "jpeg", "PNG", "JPG", "TIF"};
  const char *slash = *folder && folder[strlen(folder) - 1] != '/' ? "/" : "";
  const int stem = (int)stem_of(rel);
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    const int n = snprintf(path, PATH_ROOM, "%s%s%.*s%s.%s", folder, slash, stem, rel, suffix, types[i]);
    if (n > 0 && n < PATH_ROOM && is_file(path)) return true;
  }
  return false;
}

static int draw_beside(const drv_run *run, const drv_river *r, const msk_source *m, const char *suffix,
                       uint8_t *plane, cnnimg_error *err) {
  char path[PATH_ROOM];
  bool found = *suffix && find_named("", r->job->in, suffix, path);
  if (!found)
    return drv_fail(err, CNNIMG_IO, "no mask lies beside it: %.*s%s.png or another type is not there",
                    (int)(stem_of(r->job->in) - (size_t)(drv_base(r->job->in) - r->job->in)),
                    drv_base(r->job->in), suffix);
  return draw_file(run, m, path, &r->read, plane, err);
}

/* A mask is called as its picture is, with the suffix behind the name or without. */
static int draw_from_folder(const drv_run *run, const drv_river *r, const msk_source *m, const char *suffix,
                            uint8_t *plane, cnnimg_error *err) {
  char path[PATH_ROOM];
  const char *names[] = {r->job->rel, drv_base(r->job->rel)};
  for (size_t i = 0; i < 2; i++)
    if (find_named(m->path, names[i], suffix, path) || find_named(m->path, names[i], "", path))
      return draw_file(run, m, path, &r->read, plane, err);
  return drv_fail(err, CNNIMG_IO,
                  "%s: has no mask for it: %.*s%s.png, or the name without %s, or another type", m->path,
                  (int)stem_of(r->job->rel), r->job->rel, suffix, suffix);
}

int msk_draw(const drv_run *run, const drv_river *r, const msk_source *m, const char *suffix, uint8_t *plane,
             cnnimg_error *err) {
  switch (m->kind) {
    case MSK_RECT:
      draw_rect(m, &r->read, plane);
      return CNNIMG_OK;
    case MSK_ALPHA:
    case MSK_COLOR:
      return draw_itself(run, r, m, plane, err);
    case MSK_BESIDE:
      return draw_beside(run, r, m, suffix, plane, err);
    case MSK_FILE:
      break;
  }
  return drv_is_folder(m->path) ? draw_from_folder(run, r, m, suffix, plane, err)
                                : draw_file(run, m, m->path, &r->read, plane, err);
}
