/* SPDX-License-Identifier: MIT */
/* mkpic.c - makes pictures for the tests of the tools, and says what is in one */
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cnnimg.h"

/*
 * mkpic make FILE WIDTH HEIGHT grey|greya|rgb|rgba 8|16|32 SIGMA [LOW HIGH]   slopes between LOW and HIGH, and noise
 * mkpic info FILE        "WIDTHxHEIGHT colours N alpha N bits N codec"
 * mkpic hash FILE        of the decoded rows
 * mkpic alpha FILE       of their alpha only
 * mkpic range FILE [MARGIN]   smallest and largest colour sample, 0..1; without the outer MARGIN pixels
 * mkpic psnr A B        of colour samples, in dB; 999: they are the same
 * mkpic run COMMAND...   with SIGINT as a terminal's child has it, which a shell's background job has not
 */

static int die(const char *text) {
  fprintf(stderr, "mkpic: %s\n", text);
  return 2;
}

/* xorshift, and a normal number from twelve even ones: the same on every machine. */
static double uniform(uint64_t *state) {
  *state ^= *state << 13, *state ^= *state >> 7, *state ^= *state << 17;
  return (double)(*state >> 11) / 9007199254740992.0;
}

static double normal(uint64_t *state) {
  double sum = -6;
  for (int i = 0; i < 12; i++) sum += uniform(state);
  return sum;
}

static void put(const cnnimg_format *f, double v, uint8_t *row, size_t i) {
  double c = v < 0 ? 0 : v > 1 ? 1 : v;
  uint16_t u16 = (uint16_t)(c * 65535 + 0.5);
  float f32 = (float)v;
  if (f->sample == CNNIMG_U8) row[i] = (uint8_t)(c * 255 + 0.5);
  else if (f->sample == CNNIMG_U16) memcpy(row + 2 * i, &u16, 2);
  else memcpy(row + 4 * i, &f32, 4);
}

static double get(const cnnimg_format *f, const uint8_t *row, size_t i) {
  uint16_t u16;
  float f32;
  if (f->sample == CNNIMG_U8) return row[i] / 255.0;
  if (f->sample == CNNIMG_U16) return memcpy(&u16, row + 2 * i, 2), u16 / 65535.0;
  return memcpy(&f32, row + 4 * i, 4), (double)f32;
}

static size_t channels(const cnnimg_format *f) { return (size_t)f->colours + f->alpha; }

static int make(int argc, char **argv) {
  cnnimg_error err = {0};
  cnnimg_context *context = NULL;
  cnnimg_writer *writer = NULL;
  uint64_t state = 88172645463325252ull;
  if (argc < 8) return die("make FILE WIDTH HEIGHT LAYOUT BITS SIGMA [LOW HIGH]");
  const char *layout = argv[5];
  cnnimg_format f = {.width = (uint32_t)atoi(argv[3]), .height = (uint32_t)atoi(argv[4])};
  f.colours = layout[0] == 'g' ? 1 : 3;
  f.alpha = layout[strlen(layout) - 1] == 'a';
  f.sample = (uint8_t)(atoi(argv[6]) / 8);
  double sigma = atof(argv[7]) / 255, low = argc > 9 ? atof(argv[8]) : 0.25,
         high = argc > 9 ? atof(argv[9]) : 0.75;
  uint8_t *row = malloc((size_t)f.width * channels(&f) * f.sample);
  if (!row || cnnimg_open(NULL, &context, &err) ||
      cnnimg_writer_open(context, argv[2], &f, NULL, NULL, &writer, &err))
    return die(err.text);
  for (uint32_t y = 0; y < f.height; y++) {
    for (uint32_t x = 0; x < f.width; x++)
      for (size_t c = 0; c < channels(&f); c++) {
        double slope = c == f.colours ? fmod(x * 0.013 + y * 0.007, 1)
                       : c == 1       ? (double)y / f.height
                                      : (double)x / f.width;
        double v = c == f.colours ? slope : low + (high - low) * slope + sigma * normal(&state);
        put(&f, v, row, x * channels(&f) + c);
      }
    if (cnnimg_writer_row(writer, row, &err)) return die(err.text);
  }
  int status = cnnimg_writer_finish(writer, &err);
  cnnimg_close(context);
  free(row);
  return status ? die(err.text) : 0;
}

static uint64_t hash(uint64_t h, const uint8_t *p, size_t n) {
  for (size_t i = 0; i < n; i++) h = (h ^ p[i]) * 1099511628211ull;
  return h;
}

typedef struct facts {
  uint64_t all, alpha;
  double low, high;
  uint32_t margin;
} facts;

static bool inside(uint32_t i, uint32_t n, uint32_t margin) { return i >= margin && n - i > margin; }

static void look(const cnnimg_format *f, const uint8_t *row, uint32_t y, facts *k) {
  size_t n = channels(f);
  k->all = hash(k->all, row, f->width * n * f->sample);
  for (uint32_t x = 0; x < f->width; x++) {
    bool counts = inside(x, f->width, k->margin) && inside(y, f->height, k->margin);
    for (size_t c = 0; counts && c < f->colours; c++) {
      double v = get(f, row, x * n + c);
      k->low = v < k->low ? v : k->low;
      k->high = v > k->high ? v : k->high;
    }
    if (f->alpha) k->alpha = hash(k->alpha, row + (x * n + f->colours) * f->sample, f->sample);
  }
}

static int tell(const char *what, const char *path, uint32_t margin) {
  cnnimg_error err = {0};
  cnnimg_context *context = NULL;
  cnnimg_reader *reader = NULL;
  facts k = {14695981039346656037ull, 14695981039346656037ull, HUGE_VAL, -HUGE_VAL, margin};
  if (cnnimg_open(NULL, &context, &err) || cnnimg_reader_open(context, path, 1, &reader, &err))
    return die(err.text);
  const cnnimg_info *info = cnnimg_reader_info(reader);
  const cnnimg_format f = info->format;
  uint8_t *row = malloc((size_t)f.width * channels(&f) * f.sample);
  for (uint32_t y = 0; row && y < f.height; y++) {
    if (cnnimg_reader_row(reader, row, &err)) return die(err.text);
    look(&f, row, y, &k);
  }
  if (!strcmp(what, "info"))
    printf("%ux%u colours %u alpha %u bits %u %s\n", f.width, f.height, f.colours, f.alpha, f.sample * 8,
           info->codec);
  else if (!strcmp(what, "hash")) printf("%016llx\n", (unsigned long long)k.all);
  else if (!strcmp(what, "alpha")) printf("%016llx\n", (unsigned long long)k.alpha);
  else printf("%.6f %.6f\n", k.low, k.high);
  free(row);
  cnnimg_reader_close(reader);
  cnnimg_close(context);
  return 0;
}

static uint8_t *next_row(cnnimg_reader *r, const cnnimg_format *f, cnnimg_error *err) {
  uint8_t *row = malloc((size_t)f->width * channels(f) * f->sample);
  if (row && !cnnimg_reader_row(r, row, err)) return row;
  free(row);
  return NULL;
}

static int psnr(const char *a, const char *b) {
  cnnimg_error err = {0};
  cnnimg_context *context = NULL;
  cnnimg_reader *r[2] = {NULL, NULL};
  if (cnnimg_open(NULL, &context, &err) || cnnimg_reader_open(context, a, 1, &r[0], &err) ||
      cnnimg_reader_open(context, b, 1, &r[1], &err))
    return die(err.text);
  const cnnimg_format f = cnnimg_reader_info(r[0])->format, g = cnnimg_reader_info(r[1])->format;
  if (f.width != g.width || f.height != g.height || f.colours != g.colours) return die("two shapes");
  double sum = 0;
  for (uint32_t y = 0; y < f.height; y++) {
    uint8_t *p = next_row(r[0], &f, &err), *q = next_row(r[1], &g, &err);
    if (!p || !q) return die(err.text);
    for (size_t i = 0; i < (size_t)f.width * f.colours; i++) {
      double d = get(&f, p, i / f.colours * channels(&f) + i % f.colours) -
                 get(&g, q, i / f.colours * channels(&g) + i % f.colours);
      sum += d * d;
    }
    free(p), free(q);
  }
  printf("%.3f\n", sum > 0 ? -10 * log10(sum / ((double)f.width * f.height * f.colours)) : 999);
  cnnimg_reader_close(r[0]), cnnimg_reader_close(r[1]), cnnimg_close(context);
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 3) return die("make, info, hash, alpha, range, psnr or run");
  if (!strcmp(argv[1], "psnr") && argc > 3) return psnr(argv[2], argv[3]);
  if (!strcmp(argv[1], "make")) return make(argc, argv);
  if (strcmp(argv[1], "run")) return tell(argv[1], argv[2], argc > 3 ? (uint32_t)atoi(argv[3]) : 0);
  signal(SIGINT, SIG_DFL);
  execvp(argv[2], argv + 2);
  return die("cannot run that");
}
