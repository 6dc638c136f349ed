/* SPDX-License-Identifier: MIT */
/* psnr.c - mean PSNR of pairs of pictures of bytes: psnr TRUTH FOUND [TRUTH FOUND]... */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cnnimg.h"

static cnnimg_error err;

static void die(const char *path, const char *text) {
  fprintf(stderr, "psnr: %s: %s\n", path, text);
  exit(2);
}

static cnnimg_reader *open_picture(cnnimg_context *context, const char *path) {
  cnnimg_reader *reader = NULL;
  if (cnnimg_reader_open(context, path, 1, &reader, &err)) die(path, err.text);
  if (cnnimg_reader_info(reader)->format.sample != CNNIMG_U8) die(path, "not 8 bits");
  return reader;
}

static uint8_t *next_row(cnnimg_reader *reader, uint8_t *row, const char *path) {
  if (cnnimg_reader_row(reader, row, &err)) die(path, err.text);
  return row;
}

static double compare(cnnimg_context *context, const char *truth, const char *found) {
  cnnimg_reader *a = open_picture(context, truth), *b = open_picture(context, found);
  const cnnimg_format f = cnnimg_reader_info(a)->format, g = cnnimg_reader_info(b)->format;
  if (f.width != g.width || f.height != g.height || f.colours != g.colours || f.alpha || g.alpha)
    die(found, "not the size and colours of its original");
  size_t n = (size_t)f.width * f.colours;
  uint8_t *p = malloc(n), *q = malloc(n);
  double sum = 0;
  if (!p || !q) die(found, "no memory");
  for (uint32_t y = 0; y < f.height; y++) {
    next_row(a, p, truth), next_row(b, q, found);
    for (size_t i = 0; i < n; i++) sum += (p[i] - q[i]) * (p[i] - q[i]);
  }
  free(p), free(q);
  cnnimg_reader_close(a), cnnimg_reader_close(b);
  return 10 * log10(255.0 * 255 * (double)n * f.height / sum);
}

int main(int argc, char **argv) {
  cnnimg_context *context = NULL;
  double sum = 0;
  if (argc < 3 || argc % 2 == 0) return fputs("psnr TRUTH FOUND [TRUTH FOUND]...\n", stderr), 2;
  if (cnnimg_open(NULL, &context, &err)) die(argv[0], err.text);
  for (int i = 1; i < argc; i += 2) sum += compare(context, argv[i], argv[i + 1]);
  cnnimg_close(context);
  printf("%.3f\n", sum / ((argc - 1) / 2));
  return 0;
}
