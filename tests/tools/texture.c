/* SPDX-License-Identifier: MIT */
/* texture.c - makes textures that repeat, rolls pictures, and measures what is seen where copies of one meet */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cnnimg.h"

/*
 * texture make FILE WIDTH HEIGHT SIGMA   waves that fit together at the borders, and noise; 8 bits, colours
 * texture roll IN OUT X Y                pixel (x, y) goes to (x + X, y + Y), around the border
 * texture tile IN OUT NX NY              so many copies
 * texture far A B                        the largest difference of samples, 0..255, and their root mean square
 */

static int die(const char *text) {
  fprintf(stderr, "texture: %s\n", text);
  return 2;
}

/* ---- pictures in memory ------------------------------------------------------------------ */

typedef struct picture {
  uint32_t w, h;
  uint8_t *px; /* red, green, blue */
} picture;

static uint8_t *at(const picture *p, uint32_t x, uint32_t y) { return p->px + ((size_t)y * p->w + x) * 3; }

static picture blank(uint32_t w, uint32_t h) { return (picture){w, h, calloc((size_t)w * h, 3)}; }

/* And lets it go. */
static int save(const char *path, const picture *p) {
  const cnnimg_format f = {.width = p->w, .height = p->h, .colours = 3, .sample = CNNIMG_U8};
  cnnimg_error err = {0, ""};
  cnnimg_writer *writer;
  if (cnnimg_writer_open(NULL, path, &f, NULL, NULL, &writer, &err)) return die(err.text);
  for (uint32_t y = 0; y < p->h; y++)
    if (cnnimg_writer_row(writer, at(p, 0, y), &err)) return die(err.text);
  free(p->px);
  return cnnimg_writer_finish(writer, &err) ? die(err.text) : 0;
}

static int load(const char *path, picture *p) {
  cnnimg_error err = {0, ""};
  cnnimg_context *context;
  cnnimg_reader *reader;
  if (cnnimg_open(NULL, &context, &err) || cnnimg_reader_open(context, path, 1, &reader, &err))
    return die(err.text);
  const cnnimg_format f = cnnimg_reader_info(reader)->format;
  if (f.colours != 3 || f.alpha || f.sample != CNNIMG_U8) return die("not 8 bits in three colours");
  *p = blank(f.width, f.height);
  for (uint32_t y = 0; y < p->h; y++)
    if (cnnimg_reader_row(reader, at(p, 0, y), &err)) return die(err.text);
  cnnimg_reader_close(reader);
  cnnimg_close(context);
  return 0;
}

/* ---- what is done -------------------------------------------------------------------------- */

/* xorshift, and a normal number from twelve even ones: the same on every machine. */
static double normal(uint64_t *state) {
  double sum = -6;
  for (int i = 0; i < 12; i++) {
    *state ^= *state << 13, *state ^= *state >> 7, *state ^= *state << 17;
    sum += (double)(*state >> 11) / 9007199254740992.0;
  }
  return sum;
}

static int make(char **argv) {
  const double turn = 6.283185307179586, sigma = atof(argv[5]);
  picture p = blank((uint32_t)atoi(argv[3]), (uint32_t)atoi(argv[4]));
  uint64_t state = 88172645463325252ull;
  for (uint32_t y = 0; y < p.h; y++)
    for (uint32_t x = 0; x < p.w; x++)
      for (int c = 0; c < 3; c++) {
        double u = turn * x / p.w, v = turn * y / p.h;
        double wave = sin(3 * u + 2 * v + c) + sin(5 * v - 2 * u) + (sin(4 * u - v) > 0.3 ? 0.8 : -0.4);
        double value = 128 + 30 * wave + sigma * normal(&state);
        at(&p, x, y)[c] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value + 0.5);
      }
  return save(argv[2], &p);
}

/* Pixel (x, y) of the result is pixel (x - X, y - Y) of the picture, which repeats. */
static int copy(char **argv, uint32_t w, uint32_t h, const picture *from, uint32_t X, uint32_t Y) {
  picture p = blank(w, h);
  for (uint32_t y = 0; y < h; y++)
    for (uint32_t x = 0; x < w; x++)
      memcpy(at(&p, x, y), at(from, (x + from->w - X) % from->w, (y + from->h - Y) % from->h), 3);
  free(from->px);
  return save(argv[3], &p);
}

static int far(char **argv) {
  picture a, b;
  double sum = 0;
  int most = 0;
  if (load(argv[2], &a) || load(argv[3], &b)) return 2;
  if (a.w != b.w || a.h != b.h) return die("not of one size");
  for (size_t i = 0; i < (size_t)a.w * a.h * 3; i++) {
    int d = abs(a.px[i] - b.px[i]);
    most = d > most ? d : most;
    sum += (double)d * d;
  }
  free(a.px), free(b.px);
  printf("%d %.4f\n", most, sqrt(sum / ((double)a.w * a.h * 3)));
  return 0;
}

int main(int argc, char **argv) {
  picture p;
  if (argc == 6 && !strcmp(argv[1], "make")) return make(argv);
  if (argc == 4 && !strcmp(argv[1], "far")) return far(argv);
  if (argc != 6 || load(argv[2], &p)) return die("make, roll, tile or far");
  uint32_t x = (uint32_t)atoi(argv[4]), y = (uint32_t)atoi(argv[5]);
  if (!strcmp(argv[1], "roll")) return copy(argv, p.w, p.h, &p, x, y);
  if (!strcmp(argv[1], "tile")) return copy(argv, p.w * x, p.h * y, &p, 0, 0);
  return die("make, roll, tile or far");
}
