/* SPDX-License-Identifier: MIT */
/* inpaint.c - the description of cnn-inpaint: its options and what they mean to the library */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "masks.h"

#define USUAL_SUFFIX "_mask"
#define MOST 255 /* pixels that masks grow, or are feathered, by */

/* What was asked for, and what of it must live while sessions are made. */
static struct {
  msk_source masks[MSK_MOST + 1];
  size_t n;
  const char *suffix; /* NULL: the usual one */
  bool by_picture;    /* each picture has a mask of its own */
  uint8_t *plane;
  cnnimg_view view;
} asked;

/* ---- options ---------------------------------------------------------------------------------- */

static int set_mask(drv_settings *s, const char *value, char why[DRV_WHY]) {
  (void)s;
  if (msk_parse(value, &asked.masks[asked.n], why)) return -1;
  snprintf(why, DRV_WHY, "there may be %d masks", MSK_MOST);
  return ++asked.n <= MSK_MOST ? 0 : -1;
}

static int set_suffix(drv_settings *s, const char *value, char why[DRV_WHY]) {
  (void)s;
  snprintf(why, DRV_WHY, "must not be empty, and has no / in it");
  asked.suffix = value;
  return *value && !strchr(value, '/') ? 0 : -1;
}

static int set_invert(drv_settings *s, const char *value, char why[DRV_WHY]) {
  (void)value, (void)why;
  s->params.invert_mask = 1;
  return 0;
}

static int set_grow(drv_settings *s, const char *value, char why[DRV_WHY]) {
  double v;
  snprintf(why, DRV_WHY, "must be a whole number of pixels from 0 to %d", MOST);
  if (drv_number(value, 0, MOST, &v) || v != (uint32_t)v) return -1;
  s->params.grow = (uint32_t)v;
  return 0;
}

static int set_feather(drv_settings *s, const char *value, char why[DRV_WHY]) {
  double v;
  snprintf(why, DRV_WHY, "must be a number of pixels from 0 to %d", MOST);
  if (drv_number(value, 0, MOST, &v)) return -1;
  s->params.feather = (float)v;
  return 0;
}

static int set_method(drv_settings *s, const char *value, char why[DRV_WHY]) {
  static const struct {
    const char *word;
    uint32_t method;
  } methods[] = {{"auto", CNNIMG_METHOD_AUTO},
                 {"net", CNNIMG_METHOD_NET},
                 {"patch", CNNIMG_METHOD_PATCH},
                 {"diffuse", CNNIMG_METHOD_DIFFUSE}};
  snprintf(why, DRV_WHY, "must be one of auto|net|patch|diffuse");
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
    if (strcmp(value, methods[i].word)) continue;
    s->params.method = methods[i].method;
    return 0;
  }
  return -1;
}

static int set_seed(drv_settings *s, const char *value, char why[DRV_WHY]) {
  const size_t n = strlen(value);
  snprintf(why, DRV_WHY, "must be a whole number from 0, of up to 18 digits");
  if (n < 1 || n > 18 || strspn(value, "0123456789") != n) return -1;
  s->params.seed = strtoull(value, NULL, 10);
  return 0;
}

static int set_level(drv_settings *s, int level, char why[DRV_WHY]) {
  (void)s, (void)level;
  snprintf(why, DRV_WHY, "holes have no noise level; a word is the name of a model");
  return -1;
}

/* A result in the place of a mask, or among them, would be the end of it. */
static bool is_output(const drv_settings *s, const msk_source *m) {
  struct stat mask, out;
  return m->kind == MSK_FILE && s->output && !stat(m->path, &mask) && !stat(s->output, &out) &&
         mask.st_dev == out.st_dev && mask.st_ino == out.st_ino;
}

static int check(const drv_settings *s, char why[DRV_WHY]) {
  if (!asked.n && asked.suffix) asked.masks[asked.n++] = (msk_source){.kind = MSK_BESIDE};
  for (size_t i = 0; i < asked.n; i++) {
    const msk_source *m = &asked.masks[i];
    if (is_output(s, m)) return snprintf(why, DRV_WHY, "the output, %.100s, is the mask", s->output), -1;
    asked.by_picture |= m->kind != MSK_RECT && (m->kind != MSK_FILE || drv_is_folder(m->path));
  }
  if (asked.n) return 0;
  snprintf(why, DRV_WHY,
           "--mask says what is to be filled: FILE, FOLDER, alpha, color:#RRGGBB or rect:X,Y,W,H");
  return -1;
}

/* ---- masks -------------------------------------------------------------------------------------- */

static const char *passes(const drv_settings *s, const char *path) {
  (void)s;
  return asked.suffix && msk_is_mask(path, asked.suffix) ? "a mask, by its suffix" : NULL;
}

static int draw_all(drv_run *run, const drv_river *r, cnnimg_error *err) {
  const char *suffix = asked.suffix ? asked.suffix : USUAL_SUFFIX;
  int status = CNNIMG_OK;
  for (size_t i = 0; i < asked.n && !status; i++) {
    status = msk_draw(run, r, &asked.masks[i], suffix, asked.plane, err);
    if (asked.masks[i].kind == MSK_ALPHA) run->params.fill_alpha = 1;
  }
  return status;
}

/* One mask for all serves as long as sizes stay the same: the session has it. */
static int use_mask(drv_run *run, const drv_river *r, cnnimg_error *err) {
  cnnimg_format f = {r->read.width, r->read.height, 1, CNNIMG_ALPHA_NONE, CNNIMG_U8, CNNIMG_TRANSFER_ENCODED};
  const cnnimg_format *last = &asked.view.format;
  if (run->session && !asked.by_picture && last->width == f.width && last->height == f.height)
    return CNNIMG_OK;
  free(asked.plane);
  asked.plane = drv_row_bytes(&f) > drv_memory_cap(run->s) / f.height ? NULL : calloc(f.height, f.width);
  cnnimg_session_free(run->session);
  run->session = NULL;
  run->params.mask = &asked.view;
  cnnimg_view_init(&asked.view, &f, asked.plane);
  if (asked.plane) return draw_all(run, r, err);
  err->code = CNNIMG_LIMIT;
  snprintf(err->text, sizeof err->text, "its mask, %ux%u bytes, does not fit in memory (--memory)", f.width,
           f.height);
  return CNNIMG_LIMIT;
}

static void finish(void) { free(asked.plane); }

/* Patches and diffusion need none; auto takes one where there is one. */
static drv_want wants_model(const drv_settings *s) {
  const uint32_t method = s->params.method;
  if (s->save_model || s->model || s->model_name || method == CNNIMG_METHOD_NET) return DRV_WANTED;
  return method == CNNIMG_METHOD_AUTO ? DRV_WANTED_IF_THERE : DRV_UNWANTED;
}

static const drv_option options[] = {
    {0, "mask", "WHAT", "FILE, FOLDER, alpha, color:#RRGGBB or rect:X,Y,W,H", DRV_OWN, .own = set_mask},
    {0, "method", "HOW", "auto, net, patch (texture), diffuse (scratches) [auto]", DRV_OWN,
     .words = "auto|net|patch|diffuse", .own = set_method},
    {0, "grow", "PX", "fill what is so near to it, too [0]", DRV_OWN, .own = set_grow},
    {0, "feather", "PX", "fade in from its border, inside it [0]", DRV_OWN, .own = set_feather},
    {0, "mask-suffix", "S", "masks are called NAME and this [" USUAL_SUFFIX "]", DRV_OWN, .own = set_suffix},
    {0, "invert-mask", NULL, "keep that, fill all else", DRV_OWN, .own = set_invert},
    {0, "seed", "N", "another choice of patches [0]", DRV_OWN, .own = set_seed, .rare = true},
    {0}};

const drv_tool drv_this_tool = {
    .name = "cnn-inpaint",
    .does = "fills holes in pictures",
    .task = CNNIMG_TASK_INPAINT,
    .model = "inpaint",
    .options = options,
    .examples = "Example: cnn-inpaint --mask rect:500,420,120,30 --grow 2 dated.jpg clean.png\n",
    .level = set_level,
    .check = check,
    .passes = passes,
    .besides = use_mask,
    .finish = finish,
    .wants_model = wants_model,
};
