/* SPDX-License-Identifier: MIT */
/* picture.c - samples in memory: painted, turned, repeated, flattened */
#include <stdlib.h>
#include <string.h>

#include "zoo.h"

_Noreturn void zoo_die(const char *what, const char *name) {
  fprintf(stderr, "zoo: %s: %s\n", name, what);
  exit(2);
}

void *zoo_alloc(size_t n) {
  void *p = calloc(n ? n : 1, 1);
  if (!p) zoo_die("out of memory", "zoo");
  return p;
}

unsigned zoo_channels(const zoo_picture *p) { return p->colours + p->alpha; }

size_t zoo_samples(const zoo_picture *p) { return (size_t)p->width * p->height * zoo_channels(p); }

zoo_picture zoo_new(uint32_t width, uint32_t height, unsigned colours, unsigned alpha, unsigned bits) {
  zoo_picture p = {width, height, colours, alpha, bits, NULL};
  p.at = zoo_alloc(zoo_samples(&p) * sizeof *p.at);
  return p;
}

void zoo_free(zoo_picture *p) {
  free(p->at);
  p->at = NULL;
}

/* xorshift */
uint32_t zoo_random(uint64_t *state, uint32_t below) {
  *state ^= *state << 13, *state ^= *state >> 7, *state ^= *state << 17;
  return (uint32_t)((*state >> 33) % below);
}

void zoo_paint(zoo_picture *p, uint64_t seed) {
  uint64_t state = seed * 0x9e3779b97f4a7c15ull + 1;
  uint32_t top = (1u << p->bits) - 1, n = zoo_channels(p),
           long_side = p->width > p->height ? p->width : p->height;
  for (uint32_t y = 0; y < p->height; y++)
    for (uint32_t x = 0; x < p->width; x++)
      for (uint32_t c = 0; c < n; c++) {
        uint64_t slope = (uint64_t)top * (x * (3 + c) + y * (5 - c)) / (10 * long_side);
        uint64_t v = slope + zoo_random(&state, top / 5 + 2);
        p->at[((size_t)y * p->width + x) * n + c] = (uint16_t)(v > top ? top : v);
      }
}

/* Where the pixel x, y of the upright picture lies in the stored one (EXIF 2.32, table 6). */
static size_t source_of(const zoo_picture *p, int orientation, uint32_t x, uint32_t y) {
  uint32_t right = p->width - 1, bottom = p->height - 1;
  switch (orientation) {
    case 2:
      return (size_t)y * p->width + (right - x);
    case 3:
      return (size_t)(bottom - y) * p->width + (right - x);
    case 4:
      return (size_t)(bottom - y) * p->width + x;
    case 5:
      return (size_t)x * p->width + y;
    case 6:
      return (size_t)(bottom - x) * p->width + y;
    case 7:
      return (size_t)(bottom - x) * p->width + (right - y);
    case 8:
      return (size_t)x * p->width + (right - y);
    default:
      return (size_t)y * p->width + x;
  }
}

void zoo_turn(zoo_picture *p, int orientation) {
  bool swapped = orientation >= 5;
  unsigned n = zoo_channels(p);
  zoo_picture to =
      zoo_new(swapped ? p->height : p->width, swapped ? p->width : p->height, p->colours, p->alpha, p->bits);
  for (uint32_t y = 0; y < to.height; y++)
    for (uint32_t x = 0; x < to.width; x++)
      memcpy(to.at + ((size_t)y * to.width + x) * n, p->at + source_of(p, orientation, x, y) * n,
             n * sizeof *p->at);
  zoo_free(p);
  *p = to;
}

void zoo_repeat(zoo_picture *p, uint32_t factor) {
  unsigned n = zoo_channels(p);
  zoo_picture to = zoo_new(p->width * factor, p->height * factor, p->colours, p->alpha, p->bits);
  for (uint32_t y = 0; y < to.height; y++)
    for (uint32_t x = 0; x < to.width; x++)
      memcpy(to.at + ((size_t)y * to.width + x) * n,
             p->at + ((size_t)(y / factor) * p->width + x / factor) * n, n * sizeof *p->at);
  zoo_free(p);
  *p = to;
}

void zoo_flatten(zoo_picture *p) {
  zoo_picture to = zoo_new(p->width, p->height, p->colours, 0, 8);
  double top = p->bits == 16 ? 65535 : 255;
  unsigned n = zoo_channels(p);
  for (size_t i = 0; i < (size_t)p->width * p->height; i++)
    for (unsigned c = 0; c < p->colours; c++) {
      double v = p->at[i * n + c] / top, a = p->alpha ? p->at[i * n + p->colours] / top : 1;
      to.at[i * p->colours + c] = (uint16_t)((v * a + (1 - a)) * 255 + 0.5);
    }
  zoo_free(p);
  *p = to;
}

/* ---- files ------------------------------------------------------------------------------ */

zoo_bytes zoo_file(const char *path) {
  zoo_bytes b = {NULL, 0};
  FILE *f = fopen(path, "rb");
  if (!f) return b;
  size_t room = 1 << 16;
  b.at = zoo_alloc(room + 1);
  for (size_t n; (n = fread(b.at + b.size, 1, room - b.size, f)) > 0;) {
    b.size += n;
    if (b.size < room) continue;
    room *= 2;
    b.at = realloc(b.at, room + 1);
    if (!b.at) zoo_die("out of memory", path);
  }
  b.at[b.size] = 0;
  fclose(f);
  return b;
}

void zoo_save(const char *path, const void *data, size_t size) {
  FILE *f = fopen(path, "wb");
  if (!f || fwrite(data, 1, size, f) != size || fclose(f)) zoo_die("cannot write", path);
}

zoo_bytes zoo_copy(const void *data, size_t size) {
  zoo_bytes b = {zoo_alloc(size + 1), size};
  memcpy(b.at, data, size);
  return b;
}

void zoo_extras_free(zoo_extras *x) {
  free(x->icc.at);
  free(x->exif.at);
  free(x->xmp.at);
  *x = (zoo_extras){0};
}
