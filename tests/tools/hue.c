/* SPDX-License-Identifier: MIT */
/* hue.c - draws pictures to be coloured and hints for them, and measures ab and light of a result by formulas of its own */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cnnimg.h"

/*
 * hue draw FILE WIDTH HEIGHT 8|16 grey|rgb|greya   grey ground, a dark disc left of the middle, a bright square right of it;
 *                                      with a little noise; greya: the lowest quarter is transparent and bright
 * hue lines FILE WIDTH HEIGHT 8|16 grey|rgb|greya   a drawing: two boxes of strokes 3 pixels wide, a black one with a gap, a
 *                                      grey one beside it; the paper of greya is transparent in its lowest tenth
 * hue hints FILE WIDTH HEIGHT X Y R RRGGBB   a transparent picture with such a disc
 * hue ab FILE X Y R          mean a and b of the pixels so near, rounded to whole numbers
 * hue chroma FILE X Y R      the largest difference of their ab from that mean, rounded up
 * hue light A B              the largest difference of luminance as grey of 0..255, in hundredths
 * hue columns FILE Y0 Y1     mean a and b of these rows
 * hue rgb FILE X Y           that pixel, rrggbb
 */

static int die(const char *text) {
  fprintf(stderr, "hue: %s\n", text);
  exit(2);
}

typedef struct picture {
  cnnimg_format f;
  float *v; /* all samples, 0..1 */
} picture;

static size_t samples(const cnnimg_format *f) { return f->colours + (f->alpha != 0u); }

static void save(const char *path, const picture *p) {
  cnnimg_error err = {0, ""};
  cnnimg_writer *writer;
  const size_t n = p->f.width * samples(&p->f);
  uint16_t *wide = malloc(n * 2);
  if (!wide || cnnimg_writer_open(NULL, path, &p->f, NULL, NULL, &writer, &err)) die(err.text);
  for (uint32_t y = 0; y < p->f.height; y++) {
    for (size_t i = 0; i < n; i++) {
      const float v = p->v[y * n + i];
      if (p->f.sample == CNNIMG_U8) ((uint8_t *)wide)[i] = (uint8_t)lrintf(v * 255);
      else wide[i] = (uint16_t)lrintf(v * 65535);
    }
    if (cnnimg_writer_row(writer, wide, &err)) die(err.text);
  }
  if (cnnimg_writer_finish(writer, &err)) die(err.text);
  free(wide);
}

static picture load(const char *path) {
  cnnimg_error err = {0, ""};
  cnnimg_context *context;
  cnnimg_reader *reader;
  if (cnnimg_open(NULL, &context, &err) || cnnimg_reader_open(context, path, 1, &reader, &err)) die(err.text);
  picture p = {.f = cnnimg_reader_info(reader)->format};
  const size_t n = p.f.width * samples(&p.f);
  uint16_t *row = malloc(n * 4);
  p.v = malloc(n * p.f.height * sizeof *p.v);
  for (uint32_t y = 0; y < p.f.height; y++) {
    if (cnnimg_reader_row(reader, row, &err)) die(err.text);
    for (size_t i = 0; i < n; i++)
      p.v[y * n + i] = p.f.sample == CNNIMG_U8 ? (float)((uint8_t *)row)[i] / 255 : (float)row[i] / 65535;
  }
  free(row);
  cnnimg_reader_close(reader);
  cnnimg_close(context);
  return p;
}

/* ---- drawing ------------------------------------------------------------------------------- */

static float drawn(double x, double y) { /* 0..1 both */
  if (hypot((x - 0.28) * 1.5, y - 0.5) < 0.25) return 0.22f;
  return fabs(x - 0.72) < 0.17 && fabs(y - 0.5) < 0.25 ? 0.82f : 0.5f;
}

static bool on_box(double x, double y, double x0, double x1, double h) {
  const double out = fmax(fmax(x0 - x, x - x1), fmax(0.2 * h - y, y - 0.8 * h));
  return out > -3 && out <= 0;
}

static float stroke(uint32_t w, uint32_t h, uint32_t x, uint32_t y) {
  if (on_box(x, y, 0.1 * w, 0.45 * w, h) && !(y < 0.5 * h && fabs(x - 0.3 * w) < 4)) return 0;
  return on_box(x, y, 0.55 * w, 0.9 * w, h) ? 0.4f : 1;
}

static void draw(const char *path, uint32_t w, uint32_t h, int bits, const char *kind, bool lines) {
  picture p = {.f = {.width = w,
                     .height = h,
                     .colours = strcmp(kind, "rgb") ? 1 : 3,
                     .alpha = strcmp(kind, "greya") ? CNNIMG_ALPHA_NONE : CNNIMG_ALPHA_STRAIGHT,
                     .sample = bits == 16 ? CNNIMG_U16 : CNNIMG_U8}};
  const size_t n = samples(&p.f);
  uint32_t seed = 1;
  p.v = malloc((size_t)w * h * n * sizeof *p.v);
  for (size_t i = 0; i < (size_t)w * h; i++) {
    const double x = ((double)(i % w) + 0.5) / w, y = ((double)(i / w) + 0.5) / h;
    seed = seed * 1664525u + 1013904223u;
    const float noise = ((float)(seed >> 16) / 65536 - 0.5f) * 0.02f;
    const int hidden = p.f.alpha && y > (lines ? 0.9 : 0.75);
    if (lines) {
      for (size_t c = 0; c < p.f.colours; c++)
        p.v[i * n + c] = stroke(w, h, (uint32_t)i % w, (uint32_t)i / w);
      if (p.f.alpha) p.v[i * n + 1] = hidden ? 0 : 1;
      continue;
    }
    for (size_t c = 0; c < p.f.colours; c++) /* red and blue are pulled apart: colours that go */
      p.v[i * n + c] = hidden ? 0.9f : drawn(x, y) + noise + (p.f.colours == 3 ? ((float)c - 1) * 0.1f : 0);
    if (p.f.alpha) p.v[i * n + 1] = hidden ? 0 : 1;
  }
  save(path, &p);
  free(p.v);
}

static void hints(const char *path, char **a) {
  picture p = {.f = {.width = (uint32_t)atoi(a[0]),
                     .height = (uint32_t)atoi(a[1]),
                     .colours = 3,
                     .alpha = CNNIMG_ALPHA_STRAIGHT,
                     .sample = CNNIMG_U8}};
  const double X = atof(a[2]), Y = atof(a[3]), R = atof(a[4]);
  const unsigned long rgb = strtoul(a[5], NULL, 16);
  p.v = calloc((size_t)p.f.width * p.f.height, 4 * sizeof *p.v);
  for (size_t i = 0; i < (size_t)p.f.width * p.f.height; i++) {
    const double x = (double)(i % p.f.width) - X, y = (double)(i / p.f.width) - Y;
    if (x * x + y * y > R * R) continue;
    for (int c = 0; c < 3; c++) p.v[4 * i + (size_t)c] = (float)(rgb >> (16 - 8 * c) & 255) / 255;
    p.v[4 * i + 3] = 1;
  }
  save(path, &p);
  free(p.v);
}

/* ---- measuring: CIE 15 and IEC 61966-2-1, in double ---------------------------------------------- */

static double linear(double v) { return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4); }
static double encoded(double v) { return v <= 0.0031308 ? 12.92 * v : 1.055 * pow(v, 1 / 2.4) - 0.055; }
static double root(double t) { return t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116; }

static void to_xyz(const picture *p, size_t i, double xyz[3]) {
  static const double m[3][3] = {{0.4124564, 0.3575761, 0.1804375},
                                 {0.2126729, 0.7151522, 0.0721750},
                                 {0.0193339, 0.1191920, 0.9503041}};
  const float *v = p->v + i * samples(&p->f);
  for (int k = 0; k < 3; k++) {
    xyz[k] = 0;
    for (int c = 0; c < 3; c++) xyz[k] += m[k][c] * linear((double)v[p->f.colours == 3 ? c : 0]);
  }
}

static void to_ab(const picture *p, size_t i, double ab[2]) {
  double xyz[3];
  to_xyz(p, i, xyz);
  const double x = root(xyz[0] / 0.95047), y = root(xyz[1]), z = root(xyz[2] / 1.08883);
  ab[0] = 500 * (x - y), ab[1] = 200 * (y - z);
}

static void mean_ab(const picture *p, char **a, int spread) {
  const double X = atof(a[0]), Y = atof(a[1]), R = atof(a[2]);
  double mean[2] = {0, 0}, ab[2], most = 0, n = 0;
  for (int pass = 0; pass < 2; pass++) {
    for (size_t i = 0; i < (size_t)p->f.width * p->f.height; i++) {
      if (hypot((double)(i % p->f.width) - X, (double)(i / p->f.width) - Y) > R) continue;
      to_ab(p, i, ab);
      if (pass) most = fmax(most, hypot(ab[0] - mean[0], ab[1] - mean[1]));
      else mean[0] += ab[0], mean[1] += ab[1], n++;
    }
    if (!pass) mean[0] /= n, mean[1] /= n;
  }
  if (spread) printf("%.0f\n", ceil(most));
  else printf("%ld %ld\n", lrint(mean[0]), lrint(mean[1]));
}

static void columns(const picture *p, char **a) {
  double mean[2] = {0, 0}, ab[2], n = 0;
  for (size_t i = (size_t)atol(a[0]) * p->f.width; i < (size_t)atol(a[1]) * p->f.width; i++, n++) {
    to_ab(p, i, ab);
    mean[0] += ab[0], mean[1] += ab[1];
  }
  printf("%ld %ld\n", lrint(mean[0] / n), lrint(mean[1] / n));
}

static void light(const picture *a, const picture *b) {
  double most = 0, one[3], other[3];
  if (a->f.width != b->f.width || a->f.height != b->f.height) die("sizes differ");
  for (size_t i = 0; i < (size_t)a->f.width * a->f.height; i++) {
    to_xyz(a, i, one), to_xyz(b, i, other);
    most = fmax(most, 255 * fabs(encoded(one[1]) - encoded(other[1])));
  }
  printf("%.0f\n", ceil(100 * most));
}

static void pixel(const picture *p, size_t x, size_t y) {
  const float *v = p->v + (y * p->f.width + x) * samples(&p->f);
  for (int c = 0; c < 3; c++) printf("%02lx", lrintf(255 * v[p->f.colours == 3 ? c : 0]));
  putchar('\n');
}

int main(int argc, char **argv) {
  const char *what = argc > 2 ? argv[1] : "";
  if (!strcmp(what, "draw") && argc == 7)
    draw(argv[2], (uint32_t)atoi(argv[3]), (uint32_t)atoi(argv[4]), atoi(argv[5]), argv[6], false);
  else if (!strcmp(what, "lines") && argc == 7)
    draw(argv[2], (uint32_t)atoi(argv[3]), (uint32_t)atoi(argv[4]), atoi(argv[5]), argv[6], true);
  else if (!strcmp(what, "hints") && argc == 9) hints(argv[2], argv + 3);
  else if (!strcmp(what, "light") && argc == 4) {
    picture a = load(argv[2]), b = load(argv[3]);
    light(&a, &b);
    free(a.v), free(b.v);
  } else if (argc > 3) {
    picture p = load(argv[2]);
    if (!strcmp(what, "ab") && argc == 6) mean_ab(&p, argv + 3, 0);
    else if (!strcmp(what, "chroma") && argc == 6) mean_ab(&p, argv + 3, 1);
    else if (!strcmp(what, "columns") && argc == 5) columns(&p, argv + 3);
    else if (!strcmp(what, "rgb") && argc == 5) pixel(&p, (size_t)atol(argv[3]), (size_t)atol(argv[4]));
    else return die("no such question");
    free(p.v);
  } else return die("no such question");
  return 0;
}
