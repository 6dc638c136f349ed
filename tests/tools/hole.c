/* SPDX-License-Identifier: MIT */
/* hole.c - draws masks and damage for the tests of cnn-inpaint, and compares pictures inside and outside of rectangles */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cnnimg.h"

/*
 * RECTS are X,Y,W,H, any number of them.
 * hole mask FILE WIDTH HEIGHT grey|rgb|rgba RECTS    white there, else black (rgba: else transparent and white)
 * hole paint IN OUT RRGGBB|clear RECTS               that colour there; clear: alpha 0 there
 * hole outside A B GROW RECTS    how many pixels differ that lie further than GROW pixels from all of them
 * hole inside A B RECTS          how many differ in them
 * hole error A B RECTS           the largest difference in them, of 255 levels, in hundredths, rounded up
 */

static int die(const char *text) {
  fprintf(stderr, "hole: %s\n", text);
  exit(2);
}

typedef struct picture {
  cnnimg_format f;
  uint8_t *data;
} picture;

typedef struct rects {
  long r[16][4];
  int n;
} rects;

static size_t samples(const cnnimg_format *f) { return f->colours + (f->alpha != 0u); }
static size_t pixel_bytes(const cnnimg_format *f) { return samples(f) * CNNIMG_SAMPLE_BYTES(f->sample); }
static uint8_t *pixel(const picture *p, long x, long y) {
  return p->data + ((size_t)y * p->f.width + (size_t)x) * pixel_bytes(&p->f);
}

static double value(const picture *p, const uint8_t *at, size_t c) {
  if (p->f.sample == CNNIMG_U8) return at[c] / 255.0;
  if (p->f.sample == CNNIMG_U16) return ((const uint16_t *)(const void *)at)[c] / 65535.0;
  return (double)((const float *)(const void *)at)[c];
}

static void put(const picture *p, uint8_t *at, size_t c, double v) {
  if (p->f.sample == CNNIMG_U8) at[c] = (uint8_t)lrint(v * 255);
  else if (p->f.sample == CNNIMG_U16) ((uint16_t *)(void *)at)[c] = (uint16_t)lrint(v * 65535);
  else ((float *)(void *)at)[c] = (float)v;
}

static rects read_rects(int n, char **text) {
  rects all = {.n = n};
  if (n < 1 || n > 16) die("rectangles");
  for (int i = 0; i < n; i++)
    if (sscanf(text[i], "%ld,%ld,%ld,%ld", &all.r[i][0], &all.r[i][1], &all.r[i][2], &all.r[i][3]) != 4)
      die("a rectangle");
  return all;
}

static double apart(long v, long from, long size) {
  return v < from ? from - v : v >= from + size ? v - (from + size - 1) : 0;
}

static double distance(const rects *all, long x, long y) {
  double least = 1e9;
  for (int i = 0; i < all->n; i++)
    least = fmin(least, hypot(apart(x, all->r[i][0], all->r[i][2]), apart(y, all->r[i][1], all->r[i][3])));
  return least;
}

static void save(const char *path, const picture *p) {
  cnnimg_error err = {0, ""};
  cnnimg_writer *writer;
  if (cnnimg_writer_open(NULL, path, &p->f, NULL, NULL, &writer, &err)) die(err.text);
  for (uint32_t y = 0; y < p->f.height; y++)
    if (cnnimg_writer_row(writer, pixel(p, 0, y), &err)) die(err.text);
  if (cnnimg_writer_finish(writer, &err)) die(err.text);
}

static picture load(const char *path) {
  cnnimg_error err = {0, ""};
  cnnimg_context *context;
  cnnimg_reader *reader;
  if (cnnimg_open(NULL, &context, &err) || cnnimg_reader_open(context, path, 1, &reader, &err)) die(err.text);
  picture p = {.f = cnnimg_reader_info(reader)->format};
  p.data = malloc((size_t)p.f.width * p.f.height * pixel_bytes(&p.f));
  for (uint32_t y = 0; y < p.f.height; y++)
    if (cnnimg_reader_row(reader, pixel(&p, 0, y), &err)) die(err.text);
  cnnimg_reader_close(reader);
  cnnimg_close(context);
  return p;
}

static void draw_mask(char **a, const rects *all) {
  const int alpha = !strcmp(a[3], "rgba");
  picture p = {.f = {.width = (uint32_t)atoi(a[1]),
                     .height = (uint32_t)atoi(a[2]),
                     .colours = strcmp(a[3], "grey") ? 3 : 1,
                     .alpha = alpha ? CNNIMG_ALPHA_STRAIGHT : CNNIMG_ALPHA_NONE,
                     .sample = CNNIMG_U8}};
  p.data = calloc((size_t)p.f.width * p.f.height, pixel_bytes(&p.f));
  for (long y = 0; y < (long)p.f.height; y++)
    for (long x = 0; x < (long)p.f.width; x++) {
      const int in = distance(all, x, y) <= 0;
      for (size_t c = 0; c < samples(&p.f); c++) put(&p, pixel(&p, x, y), c, in || (alpha && c < 3));
    }
  save(a[0], &p);
  free(p.data);
}

static void paint(char **a, const rects *all) {
  picture p = load(a[0]);
  const unsigned long rgb = strtoul(a[2], NULL, 16);
  for (long y = 0; y < (long)p.f.height; y++)
    for (long x = 0; x < (long)p.f.width; x++) {
      if (distance(all, x, y) > 0) continue;
      if (!strcmp(a[2], "clear")) put(&p, pixel(&p, x, y), p.f.colours, 0);
      else
        for (size_t c = 0; c < p.f.colours; c++)
          put(&p, pixel(&p, x, y), c, (double)(rgb >> (16 - 8 * c) & 255) / 255);
    }
  save(a[1], &p);
  free(p.data);
}

static int differs(const picture *a, const picture *b, long x, long y) {
  return memcmp(pixel(a, x, y), pixel(b, x, y), pixel_bytes(&a->f)) != 0;
}

static double error_at(const picture *a, const picture *b, long x, long y) {
  double most = 0;
  if (a->f.alpha && !(value(a, pixel(a, x, y), a->f.colours) > 0)) return 0; /* nobody sees it */
  for (size_t c = 0; c < samples(&a->f); c++)
    most = fmax(most, 255 * fabs(value(a, pixel(a, x, y), c) - value(b, pixel(b, x, y), c)));
  return most;
}

static void compare(const char *what, char **a, double grow, const rects *all) {
  const picture one = load(a[0]), other = load(a[1]);
  long n = 0;
  double most = 0;
  if (memcmp(&one.f, &other.f, sizeof one.f)) die("the two are not of one format");
  for (long y = 0; y < (long)one.f.height; y++)
    for (long x = 0; x < (long)one.f.width; x++) {
      const double d = distance(all, x, y);
      if (!strcmp(what, "outside") ? d > grow : d <= 0) n += differs(&one, &other, x, y);
      if (d <= 0) most = fmax(most, error_at(&one, &other, x, y));
    }
  if (strcmp(what, "error")) printf("%ld\n", n);
  else printf("%.0f\n", ceil(100 * most));
  free(one.data), free(other.data);
}

int main(int argc, char **argv) {
  const char *what = argc > 4 ? argv[1] : "";
  const int skip = !strcmp(what, "mask") ? 6 : !strcmp(what, "paint") || !strcmp(what, "outside") ? 5 : 4;
  if (argc <= skip) return die("no such question");
  const rects all = read_rects(argc - skip, argv + skip);
  if (skip == 6) draw_mask(argv + 2, &all);
  else if (!strcmp(what, "paint")) paint(argv + 2, &all);
  else compare(what, argv + 2, skip == 5 ? atof(argv[4]) : 0, &all);
  return 0;
}
