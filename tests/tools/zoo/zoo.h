/* SPDX-License-Identifier: MIT */
/* zoo.h - pictures of every kind, written and read by libpng and libjpeg themselves, and what must become of them */
#ifndef ZOO_H
#define ZOO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- pictures (picture.c) -------------------------------------------------------------- */

/* Samples of any depth up to 16 bits as 16-bit numbers, interleaved: colours, then alpha. */
typedef struct zoo_picture {
  uint32_t width, height;
  unsigned colours, alpha, bits; /* bits: 8 or 16, or fewer while it is being made */
  uint16_t *at;
} zoo_picture;

typedef struct zoo_bytes {
  uint8_t *at;
  size_t size;
} zoo_bytes;

/* What travels around the pixels. */
typedef struct zoo_extras {
  zoo_bytes icc, exif /* without "Exif\0\0" */, xmp;
  unsigned texts;
  double dpi; /* 0: not said */
} zoo_extras;

_Noreturn void zoo_die(const char *what, const char *name);
void *zoo_alloc(size_t n);
zoo_picture zoo_new(uint32_t width, uint32_t height, unsigned colours, unsigned alpha, unsigned bits);
void zoo_free(zoo_picture *p);
size_t zoo_samples(const zoo_picture *p);
unsigned zoo_channels(const zoo_picture *p);
/* Slopes and noise, the same on every machine. */
void zoo_paint(zoo_picture *p, uint64_t seed);
uint32_t zoo_random(uint64_t *state, uint32_t below);
/* As EXIF's orientation says; p is replaced. */
void zoo_turn(zoo_picture *p, int orientation);
/* Every pixel `factor` times in both directions. */
void zoo_repeat(zoo_picture *p, uint32_t factor);
/* 8 bits, alpha laid on white: what a JPEG holds. */
void zoo_flatten(zoo_picture *p);
zoo_bytes zoo_file(const char *path); /* at NULL: not there */
void zoo_save(const char *path, const void *data, size_t size);
zoo_bytes zoo_copy(const void *data, size_t size);
void zoo_extras_free(zoo_extras *x);

/* ---- PNG (png.c), JPEG (jpeg.c), by the libraries alone ---------------------------------- */

typedef struct zoo_png {
  int type, depth; /* as in IHDR */
  bool interlaced, transparent;
} zoo_png;
/* Paints a picture of that kind and writes it; returns what it must decode to. x may be NULL. */
zoo_picture zoo_png_make(const char *path, uint32_t width, uint32_t height, const zoo_png *kind,
                         const zoo_extras *x, uint64_t seed);
/* One that promises so many pixels and has none. */
void zoo_png_bomb(const char *path, uint32_t width, uint32_t height);
/* false: this is no PNG. */
bool zoo_png_read(const zoo_bytes *file, zoo_picture *p, zoo_extras *x);

typedef struct zoo_jpeg {
  unsigned sampling[3]; /* of each component: horizontal * 10 + vertical */
  int quality, restart; /* restart: MCUs; 0: none */
  bool progressive, arithmetic, rgb /* no colour transform */;
} zoo_jpeg;
zoo_picture zoo_jpeg_make(const char *path, uint32_t width, uint32_t height, unsigned colours,
                          const zoo_jpeg *kind, const zoo_extras *x, uint64_t seed);
/* false: this is no JPEG of grey or of three colours. */
bool zoo_jpeg_read(const zoo_bytes *file, zoo_picture *p, zoo_extras *x);
/* What is left of the pixels after libjpeg has written and read them. */
void zoo_jpeg_through(zoo_picture *p, int quality, unsigned subsampling);

/* ---- metadata (extras.c) ------------------------------------------------------------------ */

typedef struct zoo_exif {
  int orientation;
  uint32_t width, height;
  bool big, thumbnail; /* byte order; IFD1 with a small picture behind all else */
  bool turned;         /* as it must come out: orientation 1, no IFD1 */
} zoo_exif;
zoo_bytes zoo_exif_make(const zoo_exif *e);
zoo_bytes zoo_xmp_make(int orientation);
zoo_bytes zoo_icc_make(size_t size);
/* The size that EXIF says, 0 where it says none. */
void zoo_exif_size(const zoo_bytes *exif, uint32_t *width, uint32_t *height);

/* ---- the set (make.c), the judgement (check.c) ------------------------------------------------ */

int zoo_make(const char *folder);
int zoo_check(int argc, char **argv);

#endif
