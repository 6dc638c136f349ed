/* SPDX-License-Identifier: MIT */
/* make.c - the set: every kind and every size, and a list of what each must decode to (as tests/image/data/good.tsv) */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "zoo.h"

#define ICC_SMALL 600
#define ICC_LARGE 150000 /* three segments of a JPEG file */

/* Where it all goes: FOLDER/in/NAME, FOLDER/want/NAME.raw, FOLDER/list.tsv. */
typedef struct set {
  const char *folder;
  FILE *list;
  uint64_t seed;
  zoo_bytes small, large;
} set;

/* What is written into one file besides pixels, and what must come out again. */
typedef struct trim {
  zoo_extras in, out;
  int orientation;
} trim;

static const char *path_of(const set *s, const char *part, const char *name, const char *end) {
  static char path[4096];
  snprintf(path, sizeof path, "%s/%s/%s%s", s->folder, part, name, end);
  return path;
}

static void tell_crc(FILE *f, const zoo_bytes *b) {
  if (b->at) fprintf(f, "\t%08lx", crc32(0, b->at, (uInt)b->size));
  else fputs("\t-", f);
}

/* A line of the list, and the samples with the smaller byte first. */
static void record(set *s, const char *name, zoo_picture *p, int orientation, int quality,
                   unsigned subsampling, const zoo_extras *x) {
  unsigned bytes = p->bits == 16 ? 2 : 1;
  size_t n;
  zoo_turn(p, orientation);
  n = zoo_samples(p);
  uint8_t *raw = zoo_alloc(n * bytes);
  for (size_t i = 0; i < n; i++)
    for (unsigned k = 0; k < bytes; k++) raw[i * bytes + k] = (uint8_t)(p->at[i] >> 8 * k);
  zoo_save(path_of(s, "want", name, ".raw"), raw, n * bytes);
  fprintf(s->list, "%s\t%s\t%u\t%u\t%u\t%u\t%u\t%u\t%d\t%d\t%u\t0", name, quality ? "jpeg" : "png", p->width,
          p->height, p->colours, p->alpha, bytes, p->bits, orientation, quality, subsampling);
  tell_crc(s->list, &x->icc);
  tell_crc(s->list, &x->exif);
  tell_crc(s->list, &x->xmp);
  fprintf(s->list, "\t%u\t%g\n", x->texts, x->dpi);
  free(raw);
  zoo_free(p);
}

/* EXIF of a stored picture of that size, the same as it must be delivered, and whatever else seed chooses. */
static trim make_trim(set *s, uint32_t width, uint32_t height, int orientation, bool colour) {
  uint64_t dice = ++s->seed;
  trim t = {.orientation = orientation};
  zoo_exif e = {orientation, width, height, dice & 1, dice >> 1 & 1, false};
  t.in.exif = zoo_exif_make(&e);
  e.turned = orientation != 1;
  if (orientation >= 5) e.width = height, e.height = width;
  t.out.exif = zoo_exif_make(&e);
  t.in.xmp = zoo_xmp_make(orientation);
  t.out.xmp = zoo_xmp_make(1);
  if (colour) t.in.icc = t.out.icc = dice & 4 ? s->small : s->large;
  t.in.texts = t.out.texts = dice >> 3 & 1;
  t.in.dpi = t.out.dpi = dice & 16 ? 0 : 300;
  return t;
}

static void trim_free(trim *t) {
  t->in.icc.at = t->out.icc.at = NULL; /* the set's */
  zoo_extras_free(&t->in);
  zoo_extras_free(&t->out);
}

/* ---- kinds -------------------------------------------------------------------------------- */

enum { GREY = 0, RGB = 2, INDEXED = 3, GREY_ALPHA = 4, RGB_ALPHA = 6 };

static const struct {
  int type, depth;
} png_kinds[] = {{GREY, 1},    {GREY, 2},       {GREY, 4},        {GREY, 8},      {GREY, 16},
                 {RGB, 8},     {RGB, 16},       {INDEXED, 1},     {INDEXED, 2},   {INDEXED, 4},
                 {INDEXED, 8}, {GREY_ALPHA, 8}, {GREY_ALPHA, 16}, {RGB_ALPHA, 8}, {RGB_ALPHA, 16}};
#define PNG_KINDS (sizeof png_kinds / sizeof *png_kinds)

/* The i-th kind: each plain, interlaced, with a transparent colour, with both. */
static zoo_png png_kind(size_t i) {
  size_t k = i % PNG_KINDS, how = i / PNG_KINDS % 4;
  bool can = png_kinds[k].type < GREY_ALPHA;
  return (zoo_png){png_kinds[k].type, png_kinds[k].depth, how & 1, how & 2 && can};
}

static const struct {
  unsigned sampling[3], told; /* told: as the library counts it; 0: the colours differ */
} samplings[] = {{{11, 11, 11}, 11}, {{21, 11, 11}, 21}, {{12, 11, 11}, 12}, {{22, 11, 11}, 22},
                 {{41, 11, 11}, 41}, {{14, 11, 11}, 14}, {{42, 11, 11}, 42}, {{24, 11, 11}, 24},
                 {{22, 21, 11}, 0},  {{22, 12, 21}, 0},  {{22, 12, 12}, 21}};
#define SAMPLINGS (sizeof samplings / sizeof *samplings)

/* The i-th kind: every sampling, baseline or progressive, Huffman or arithmetic; *told: its subsampling. */
static zoo_jpeg jpeg_kind(size_t i, unsigned colours, unsigned *told) {
  size_t k = i % SAMPLINGS, how = i / SAMPLINGS;
  zoo_jpeg kind = {{11, 11, 11}, 40 + (int)(i * 7 % 60), (int)(i * 3 % 4), how & 1, how >> 1 & 1, false};
  if (colours == 3) memcpy(kind.sampling, samplings[k].sampling, sizeof kind.sampling);
  *told = colours == 3 ? samplings[k].told : 0;
  if (kind.progressive) kind.restart = 0;
  return kind;
}

static void one_png(set *s, const char *name, uint32_t w, uint32_t h, size_t i, trim *t) {
  zoo_png kind = png_kind(i);
  const zoo_extras none = {0};
  if (t && kind.type != RGB && kind.type != RGB_ALPHA && kind.type != INDEXED)
    t->in.icc = t->out.icc = (zoo_bytes){0};
  zoo_picture p = zoo_png_make(path_of(s, "in", name, ""), w, h, &kind, t ? &t->in : NULL, ++s->seed);
  p.bits = kind.depth == 16 ? 16 : 8;
  record(s, name, &p, t ? t->orientation : 1, 0, 0, t ? &t->out : &none);
}

static void one_jpeg(set *s, const char *name, uint32_t w, uint32_t h, unsigned colours, size_t i, trim *t) {
  unsigned told;
  const zoo_extras none = {0};
  zoo_jpeg kind = jpeg_kind(i, colours, &told);
  zoo_picture p =
      zoo_jpeg_make(path_of(s, "in", name, ""), w, h, colours, &kind, t ? &t->in : NULL, ++s->seed);
  record(s, name, &p, t ? t->orientation : 1, kind.quality, told, t ? &t->out : &none);
}

/* ---- the set ---------------------------------------------------------------------------------- */

static void sizes(set *s) {
  char name[64];
  size_t i = 0;
  for (uint32_t h = 1; h <= 19; h++)
    for (uint32_t w = 1; w <= 19; w++, i++) {
      snprintf(name, sizeof name, "size/p%ux%u.png", w, h);
      one_png(s, name, w, h, i, NULL);
      snprintf(name, sizeof name, "size/j%ux%u.jpg", w, h);
      one_jpeg(s, name, w, h, i % 9 == 8 ? 1 : 3, i, NULL);
    }
}

static void kinds(set *s) {
  char name[64];
  for (size_t i = 0; i < PNG_KINDS * 4; i++) {
    trim t = make_trim(s, 33, 21, 1 + (int)i % 8, true);
    snprintf(name, sizeof name, "kind/%zu.png", i);
    one_png(s, name, 33, 21, i, &t);
    trim_free(&t);
  }
  for (size_t i = 0; i < SAMPLINGS * 4; i++)
    for (unsigned colours = 1; colours <= 3; colours += 2) {
      trim t = make_trim(s, 37, 22, 1 + (int)(i + colours) % 8, colours == 3);
      snprintf(name, sizeof name, "kind/%zu-%u.jpg", i, colours);
      one_jpeg(s, name, 37, 22, colours, i, &t);
      trim_free(&t);
    }
}

static void rgb_jpegs(set *s) {
  const zoo_extras none = {0};
  char name[64];
  for (int i = 0; i < 4; i++) {
    zoo_jpeg kind = {{11, 11, 11}, 60 + i * 10, 0, i & 1, i & 2, true};
    snprintf(name, sizeof name, "kind/rgb%d.jpg", i);
    zoo_picture p = zoo_jpeg_make(path_of(s, "in", name, ""), 19, 23, 3, &kind, NULL, ++s->seed);
    record(s, name, &p, 1, kind.quality, 11, &none);
  }
}

static void orientations(set *s) {
  char name[64];
  for (int o = 1; o <= 8; o++)
    for (size_t k = 0; k < 4; k++) {
      uint32_t w = (uint32_t)(5 + 17 * k), h = (uint32_t)(70 - 15 * k);
      trim t = make_trim(s, w, h, o, true);
      snprintf(name, sizeof name, "turn/%d-%zu.png", o, k);
      one_png(s, name, w, h, 5 + k * PNG_KINDS, &t);
      snprintf(name, sizeof name, "turn/j%d-%zu.jpg", o, k);
      one_jpeg(s, name, w, h, 3, k, &t);
      trim_free(&t);
    }
}

static void long_ones(set *s) {
  char name[64];
  for (int i = 0; i < 12; i++) {
    uint32_t w = i & 1 ? 5000 : 1, h = i & 1 ? 1 : 5000;
    trim t = make_trim(s, w, h, i & 2 ? 6 : 1, true);
    snprintf(name, sizeof name, "long/%d.png", i);
    one_png(s, name, w, h, (size_t[]){5, 25, 10, 6, 20, 43}[i / 2], &t);
    snprintf(name, sizeof name, "long/j%d.jpg", i);
    one_jpeg(s, name, w, h, 3, (size_t[]){0, 3, 14, 25, 36, 4}[i / 2], &t);
    trim_free(&t);
  }
}

int zoo_make(const char *folder) {
  static const char *const parts[] = {"in",      "want",      "in/size",   "in/kind",   "in/turn",
                                      "in/long", "want/size", "want/kind", "want/turn", "want/long"};
  char list[4096];
  set s = {folder, NULL, 0, zoo_icc_make(ICC_SMALL), zoo_icc_make(ICC_LARGE)};
  mkdir(folder, 0777);
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    if (mkdir(path_of(&s, parts[i], "", ""), 0777)) zoo_die("cannot be made", parts[i]);
  snprintf(list, sizeof list, "%s/list.tsv", folder);
  s.list = fopen(list, "w");
  if (!s.list) zoo_die("cannot be written", list);
  sizes(&s);
  kinds(&s);
  rgb_jpegs(&s);
  orientations(&s);
  long_ones(&s);
  free(s.small.at);
  free(s.large.at);
  return fclose(s.list) != 0;
}
