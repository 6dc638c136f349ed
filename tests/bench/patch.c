/* SPDX-License-Identifier: MIT */
/* patch.c - patch fill by hand: patch IN.ppm MASK.pgm OUT.ppm [THREADS [SEED [LEVELS [TURNS]]]]; prints seconds, and those of the processors */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tasks/patch.h"

/* An 8 bit PNM file without comments. */
static uint8_t *load(const char *path, char kind, int32_t *w, int32_t *h) {
  FILE *f = fopen(path, "rb");
  char found;
  if (!f || fscanf(f, "P%c %d %d 255", &found, w, h) != 3 || found != kind || *w < 1 || *h < 1 ||
      *w > 1 << 14 || *h > 1 << 14 || fgetc(f) == EOF) {
    fprintf(stderr, "%s: not P%c\n", path, kind);
    exit(2);
  }
  size_t n = (size_t)*w * (size_t)*h * (kind == '6' ? 3 : 1);
  uint8_t *p = malloc(n);
  if (!p || fread(p, 1, n, f) != n) exit(2);
  fclose(f);
  return p;
}

static void save(const char *path, const float *rgb, int32_t w, int32_t h) {
  FILE *f = fopen(path, "wb");
  if (!f) exit(2);
  fprintf(f, "P6\n%d %d\n255\n", w, h);
  for (size_t i = 0; i < 3 * (size_t)w * (size_t)h; i++) fputc((int)(rgb[i] * 255 + 0.5f), f);
  fclose(f);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(int argc, char **argv) {
  int32_t w, h, mw, mh;
  cnnimg_error err = {0};
  if (argc < 4) return 2;
  uint8_t *in = load(argv[1], '6', &w, &h), *mask = load(argv[2], '5', &mw, &mh);
  if (mw != w || mh != h) return 2;
  ci_pool *pool;
  ci_patch_params p = {0};
  p.seed = argc > 5 ? strtoull(argv[5], NULL, 10) : 0;
  p.levels = argc > 6 ? atoi(argv[6]) : 0;
  p.iterations = argc > 7 ? atoi(argv[7]) : 0;
  if (ci_pool_new(&pool, argc > 4 ? (uint32_t)atoi(argv[4]) : ci_threads_available(), &err)) return 1;
  float *rgb = malloc(3 * sizeof *rgb * (size_t)w * (size_t)h);
  if (!rgb) return 1;
  for (size_t i = 0; i < 3 * (size_t)w * (size_t)h; i++) rgb[i] = (float)in[i] / 255;
  double start = now();
  clock_t before = clock();
  int status = ci_patch_fill(rgb, w, h, mask, NULL, &p, pool, &err);
  printf("%.2f %.2f\n", now() - start, (double)(clock() - before) / CLOCKS_PER_SEC);
  if (status) fprintf(stderr, "%s\n", err.text);
  else save(argv[3], rgb, w, h);
  ci_pool_free(pool);
  free(rgb), free(in), free(mask);
  return status ? 1 : 0;
}
