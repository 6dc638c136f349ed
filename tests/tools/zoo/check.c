/* SPDX-License-Identifier: MIT */
/* check.c - what a tool with an identity network has made of the set: pixels, kind, metadata */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "zoo.h"

#define LOSSY 60   /* samples may be off by, where two JPEG files are made of samples that differ */
#define RADIUS 4   /* pixels of the input that a filter may look at */
#define QUALITY 95 /* of a JPEG made of what is none */

/* A line of the list; see tests/image/data/README.md. */
typedef struct row {
  char name[64], codec[8], icc[12], exif[12], xmp[12];
  unsigned width, height, colours, alpha, bytes, bits, orientation, quality, subsampling, tolerance, texts;
  double dpi;
} row;

typedef struct job {
  const char *in, *want, *out, *type; /* type: the suffix that all results have; NULL: the inputs' own */
  uint32_t factor;
  bool stored; /* --no-rotate: what is in the file, as it is */
  bool loose;  /* through a format that says metadata in its own way: of EXIF, that it is there */
  unsigned files, wrong;
} job;

__attribute__((format(printf, 3, 4))) static void wrong(job *j, const row *r, const char *format, ...) {
  __builtin_va_list list;
  __builtin_va_start(list, format);
  printf("%s: ", r->name);
  vprintf(format, list);
  putchar('\n');
  __builtin_va_end(list);
  j->wrong++;
}

static bool parse(const char *line, row *r) {
  return sscanf(line, "%63s %7s %u %u %u %u %u %u %u %u %u %u %11s %11s %11s %u %lf", r->name, r->codec,
                &r->width, &r->height, &r->colours, &r->alpha, &r->bytes, &r->bits, &r->orientation,
                &r->quality, &r->subsampling, &r->tolerance, r->icc, r->exif, r->xmp, &r->texts,
                &r->dpi) == 17;
}

static bool read_any(const char *path, zoo_picture *p, zoo_extras *x, bool *jpeg) {
  zoo_bytes file = zoo_file(path);
  *jpeg = false;
  bool ok = file.at && zoo_png_read(&file, p, x);
  if (!ok) *jpeg = ok = file.at && zoo_jpeg_read(&file, p, x);
  free(file.at);
  return ok;
}

/* ---- what must come out -------------------------------------------------------------------------- */

/* Floats come out with 16 bits. */
static uint16_t sample_of(const uint8_t *p, unsigned bytes) {
  float f;
  if (bytes == 1) return *p;
  if (bytes == 2) return (uint16_t)(p[0] | p[1] << 8);
  memcpy(&f, p, sizeof f);
  return (uint16_t)(!(f > 0) ? 0 : f >= 1 ? 65535 : f * 65535 + 0.5f);
}

static zoo_picture read_raw(const job *j, const row *r) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s.raw", j->want, r->name);
  zoo_bytes raw = zoo_file(path);
  zoo_picture p = zoo_new(r->width, r->height, r->colours, r->alpha, r->bytes == 1 ? 8 : 16);
  size_t n = zoo_samples(&p);
  if (raw.size != n * r->bytes) zoo_die("its samples are missing", r->name);
  for (size_t i = 0; i < n; i++) p.at[i] = sample_of(raw.at + i * r->bytes, r->bytes);
  free(raw.at);
  return p;
}

/* Other versions of libjpeg differ by a little: then what this one reads counts, which may differ by so much only. */
static bool prefer_own(job *j, const row *r, zoo_picture *p) {
  char path[4096];
  zoo_picture own;
  zoo_extras x = {0};
  bool jpeg;
  snprintf(path, sizeof path, "%s/%s", j->in, r->name);
  if (!read_any(path, &own, &x, &jpeg)) return false;
  zoo_turn(&own, (int)r->orientation);
  for (size_t i = 0; i < zoo_samples(p); i++)
    if ((unsigned)abs(p->at[i] - own.at[i]) > r->tolerance) {
      wrong(j, r, "libjpeg reads %u where the list has %u", own.at[i], p->at[i]);
      break;
    }
  zoo_free(p);
  zoo_extras_free(&x);
  *p = own;
  return true;
}

static unsigned turned_sampling(const row *r, bool stored) {
  return r->orientation >= 5 && !stored ? r->subsampling % 10 * 10 + r->subsampling / 10 : r->subsampling;
}

/* *slack: how far samples may be off. */
static zoo_picture expected(job *j, const row *r, bool jpeg, unsigned *slack) {
  zoo_picture p = read_raw(j, r);
  bool was_jpeg = !strcmp(r->codec, "jpeg");
  *slack = r->bytes == 4; /* floats are rounded on the way, here and there */
  if (j->stored) {        /* turned back: the turn that undoes 6 is 8 */
    zoo_turn(&p, r->orientation == 6 ? 8 : r->orientation == 8 ? 6 : (int)r->orientation);
  } else if (r->tolerance && !prefer_own(j, r, &p)) {
    *slack += r->tolerance;
  }
  if (j->factor > 1) zoo_repeat(&p, j->factor);
  if (!jpeg) return p;
  if (*slack) *slack = LOSSY;
  zoo_flatten(&p);
  zoo_jpeg_through(&p, was_jpeg && r->quality ? (int)r->quality : QUALITY,
                   was_jpeg ? turned_sampling(r, j->stored) : 0);
  return p;
}

/* ---- what has come out ------------------------------------------------------------------------------- */

static void compare_pixels(job *j, const row *r, const zoo_picture *is, const zoo_picture *want,
                           unsigned slack) {
  if (is->width != want->width || is->height != want->height || is->colours != want->colours ||
      is->alpha != want->alpha || is->bits != want->bits) {
    wrong(j, r, "%ux%u, %u+%u channels, %u bits; not %ux%u, %u+%u, %u", is->width, is->height, is->colours,
          is->alpha, is->bits, want->width, want->height, want->colours, want->alpha, want->bits);
    return;
  }
  size_t n = zoo_samples(is), off = 0, first = n;
  for (size_t i = n; i-- > 0;)
    if ((unsigned)abs(is->at[i] - want->at[i]) > slack) off++, first = i;
  if (off)
    wrong(j, r, "%zu of %zu samples differ; number %zu is %u, not %u", off, n, first, is->at[first],
          want->at[first]);
}

/* Smallest and largest alpha around a pixel, as far as a filter may look. */
static void alpha_around(const zoo_picture *p, uint32_t x, uint32_t y, uint32_t radius, unsigned *low,
                         unsigned *high) {
  unsigned n = zoo_channels(p);
  *low = 65535, *high = 0;
  for (uint32_t v = y > radius ? y - radius : 0; v <= y + radius && v < p->height; v++)
    for (uint32_t u = x > radius ? x - radius : 0; u <= x + radius && u < p->width; u++) {
      unsigned a = p->at[((size_t)v * p->width + u) * n + p->colours];
      if (a < *low) *low = a;
      if (a > *high) *high = a;
    }
}

/* Enlarged alpha is smooth where it changes, and nobody sees a colour where it is 0: what is right there is taken over. */
static void excuse(job *j, const row *r, zoo_picture *is, const zoo_picture *want) {
  unsigned n = zoo_channels(is), low, high, off = 0, top = is->bits == 16 ? 65535 : 255;
  if (!is->alpha || j->factor < 2 || is->width != want->width || is->height != want->height) return;
  for (uint32_t y = 0; y < is->height; y++)
    for (uint32_t x = 0; x < is->width; x++) {
      size_t i = ((size_t)y * is->width + x) * n;
      uint16_t *a = &is->at[i + is->colours];
      alpha_around(want, x, y, RADIUS * j->factor, &low, &high);
      unsigned over = high > low ? (high - low) / 4 : 0; /* filters overshoot */
      if (*a + over < low || *a > high + over || (high == low && *a != low)) off++;
      *a = want->at[i + is->colours];
      if (*a == 0) memcpy(is->at + i, want->at + i, is->colours * sizeof *a);
    }
  if (off) wrong(j, r, "alpha of %u pixels is outside what is around them (of %u)", off, top);
}

static void compare_bytes(job *j, const row *r, const char *what, const zoo_bytes *b, const char *want) {
  char crc[12] = "-";
  if (b->at) snprintf(crc, sizeof crc, "%08lx", crc32(0, b->at, (uInt)b->size));
  if (strcmp(crc, want)) wrong(j, r, "%s is %s (%zu bytes), not %s", what, crc, b->size, want);
}

/* With --no-rotate the input's own bytes are what must come out. */
static void compare_stored(job *j, const row *r, const zoo_extras *x) {
  char path[4096];
  zoo_picture p;
  zoo_extras in = {0};
  bool jpeg;
  snprintf(path, sizeof path, "%s/%s", j->in, r->name);
  if (!read_any(path, &p, &in, &jpeg)) return;
  if (in.exif.size != x->exif.size || (in.exif.size && memcmp(in.exif.at, x->exif.at, in.exif.size)))
    wrong(j, r, "EXIF has changed");
  if (in.xmp.size != x->xmp.size || (in.xmp.size && memcmp(in.xmp.at, x->xmp.at, in.xmp.size)))
    wrong(j, r, "XMP has changed");
  zoo_free(&p);
  zoo_extras_free(&in);
}

/* Are the maker's bytes somewhere in there? */
static bool notes_in(const zoo_bytes *exif) {
  zoo_exif e = {1, 1, 1, false, false, false};
  zoo_bytes model = zoo_exif_make(&e);
  bool found = exif->at && memmem(exif->at, exif->size, model.at + model.size - 100, 100);
  free(model.at);
  return found;
}

static void compare_extras(job *j, const row *r, const zoo_picture *p, const zoo_extras *x) {
  uint32_t width, height;
  compare_bytes(j, r, "the profile", &x->icc, r->icc);
  if (j->loose) {
    if (strcmp(r->xmp, "-") && !x->xmp.at) wrong(j, r, "XMP is lost");
    if (strcmp(r->exif, "-") && !notes_in(&x->exif)) wrong(j, r, "the maker notes are lost");
    return;
  }
  if (x->texts != r->texts && (r->texts || strcmp(r->codec, "jpeg")))
    wrong(j, r, "%u texts, not %u", x->texts, r->texts);
  if (fabs(x->dpi - r->dpi) > 0.5 && r->dpi > 0) wrong(j, r, "%g dots an inch, not %g", x->dpi, r->dpi);
  if (j->stored) {
    compare_stored(j, r, x);
    return;
  }
  compare_bytes(j, r, "XMP", &x->xmp, r->xmp);
  if (j->factor == 1) compare_bytes(j, r, "EXIF", &x->exif, r->exif);
  zoo_exif_size(&x->exif, &width, &height);
  if (width && (width != p->width || height != p->height) && j->factor > 1)
    wrong(j, r, "EXIF says %ux%u, the picture has %ux%u", width, height, p->width, p->height);
  if (strcmp(r->exif, "-") && !x->exif.at) wrong(j, r, "EXIF is lost");
}

static void check_one(job *j, const row *r) {
  char path[4096];
  zoo_picture is, want;
  zoo_extras x = {0};
  unsigned slack;
  bool jpeg;
  int stem = j->type ? (int)strcspn(r->name, ".") : (int)strlen(r->name);
  snprintf(path, sizeof path, "%s/%.*s%s%s", j->out, stem, r->name, j->type ? "." : "",
           j->type ? j->type : "");
  j->files++;
  if (!read_any(path, &is, &x, &jpeg)) {
    wrong(j, r, "there is no PNG or JPEG %s", path);
    return;
  }
  want = expected(j, r, jpeg, &slack);
  if (!jpeg) excuse(j, r, &is, &want);
  compare_pixels(j, r, &is, &want, slack);
  compare_extras(j, r, &is, &x);
  zoo_free(&is);
  zoo_free(&want);
  zoo_extras_free(&x);
}

/* LIST IN WANT OUT TYPE FACTOR|stored|loose [PREFIX]: of the list's lines those whose names begin so. */
int zoo_check(int argc, char **argv) {
  if (argc < 6) zoo_die("LIST IN WANT OUT TYPE FACTOR|stored|loose [PREFIX]", "check");
  job j = {argv[1],
           argv[2],
           argv[3],
           strcmp(argv[4], "-") ? argv[4] : NULL,
           1,
           !strcmp(argv[5], "stored"),
           !strcmp(argv[5], "loose"),
           0,
           0};
  const char *prefix = argc > 6 ? argv[6] : "";
  char line[512];
  if (!j.stored && !j.loose) j.factor = (uint32_t)atoi(argv[5]);
  FILE *f = fopen(argv[0], "r");
  if (!f) zoo_die("cannot be read", argv[0]);
  for (row r; fgets(line, sizeof line, f);) {
    if (strncmp(line, prefix, strlen(prefix))) continue;
    if (!parse(line, &r)) zoo_die("a line cannot be read", argv[0]);
    if (j.type || !strcmp(r.codec, "png") || !strcmp(r.codec, "jpeg")) check_one(&j, &r);
  }
  fclose(f);
  printf("%u files, %u wrong\n", j.files, j.wrong);
  return j.wrong || !j.files;
}
