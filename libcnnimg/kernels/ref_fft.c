/* SPDX-License-Identifier: MIT */
/* ref_fft.c - the truth about Fourier tiles, in plain C: sums of sines and cosines in double */
#include "kernels/ref_fft.h"

#include <math.h>
#include <string.h>

#include "kernels/ref_winograd.h"

typedef struct turns {
  int32_t size;
  double re[CI_FFT_MOST], im[CI_FFT_MOST];
} turns;

static turns turns_of(int32_t size) {
  turns t = {.size = size};
  for (int32_t i = 0; i < size; i++) {
    double angle = 2 * 3.14159265358979323846 * i / size;
    t.re[i] = cos(angle);
    t.im[i] = sin(angle);
  }
  return t;
}

/* *re, *im += v turned forwards by k / size */
static void turn(const turns *t, int32_t k, double v_re, double v_im, double *re, double *im) {
  double c = t->re[k % t->size], s = t->im[k % t->size];
  *re += v_re * c - v_im * s;
  *im += v_re * s + v_im * c;
}

/* The plane of row ky of column kx of the spectrum. */
static size_t plane_of(int32_t size, int32_t kx, int32_t ky) {
  int32_t inner = (size / 2 - 1) * size;
  if (kx && kx < size / 2) return (size_t)((kx - 1) * size + ky);
  return (size_t)(inner + (kx ? size / 2 + 1 : 0) + ky);
}
static int32_t rows_of(int32_t size, int32_t kx) { return kx && kx < size / 2 ? size : size / 2 + 1; }

static float pixel(const ci_fft_forward *a, int32_t y, int32_t x, int32_t c) {
  return a->rows[y] && x >= a->x0 && x < a->x1 ? a->rows[y][(x - a->x0) * a->step + c] : 0;
}

/* Column kx: sums along the rows, then down. Backwards is size - k forwards. */
static void column(const ci_fft_forward *a, const turns *t, int32_t c, int32_t kx) {
  double re[CI_FFT_MOST] = {0}, im[CI_FFT_MOST] = {0};
  const int32_t size = a->size;
  for (int32_t y = 0; y < size; y++)
    for (int32_t x = 0; x < size; x++) turn(t, (size - kx) * x, pixel(a, y, x, c), 0, &re[y], &im[y]);
  for (int32_t ky = 0; ky < rows_of(size, kx); ky++) {
    float *v = a->v + plane_of(size, kx, ky) * a->plane + c;
    double sum_re = 0, sum_im = 0;
    for (int32_t y = 0; y < size; y++) turn(t, (size - ky) * y, re[y], im[y], &sum_re, &sum_im);
    v[0] = (float)sum_re;
    v[a->im] = (float)sum_im;
  }
}

void ci_ref_fft_forward(const ci_fft_forward *a) {
  const turns t = turns_of(a->size);
  for (int32_t c = 0; c < a->channels; c++)
    for (int32_t kx = 0; kx <= a->size / 2; kx++) column(a, &t, c, kx);
}

static void product(const ci_fft_multiply *a, const float *v, const float *w, float *to) {
  float re = 0, im = 0;
  size_t width = (size_t)a->vectors;
  for (int32_t i = 0; i < a->cin; i++, w += 2 * width) {
    re += v[i] * w[0] - v[i + a->im] * w[width];
    im += v[i] * w[width] + v[i + a->im] * w[0];
  }
  to[0] = re;
  to[a->im] = im;
}

void ci_ref_fft_multiply(const ci_fft_multiply *a) {
  for (int32_t p = 0; p < a->planes; p++) {
    float *v = a->v + (size_t)p * a->plane;
    const float *w = a->weights + (size_t)p * (size_t)a->cin * (size_t)a->vectors * 2;
    for (ptrdiff_t t = 0; t < a->tiles; t++)
      for (int32_t o = 0; o < a->vectors; o++)
        product(a, v + t * a->step, w + o, a->beside + t * a->step + o);
    memcpy(v, a->beside, (size_t)a->tiles * (size_t)a->step * sizeof(float));
  }
}

void ci_ref_fft_scale(float *v, const float *w, size_t step, int32_t planes) {
  for (int32_t p = 0; p < planes; p++, v += 2, w += 2 * step) {
    float re = v[0] * w[0] - v[1] * w[step], im = v[0] * w[step] + v[1] * w[0];
    v[0] = re;
    v[1] = im;
  }
}

/* Row y of column kx of the half spectrum; the outer columns hold half of their rows, which the mirror completes. */
static void row(const ci_fft_inverse *a, const turns *t, int32_t c, int32_t kx, int32_t y, double *re,
                double *im) {
  int32_t rows = rows_of(a->size, kx);
  *re = *im = 0;
  for (int32_t ky = 0; ky < a->size; ky++) {
    bool mirror = ky >= rows;
    const float *v = a->v + plane_of(a->size, kx, mirror ? a->size - ky : ky) * a->plane + c;
    turn(t, ky * y, v[0], mirror ? -v[a->im] : v[a->im], re, im);
  }
}

static float finish(const ci_fft_inverse *a, float x, int32_t y, int32_t px, int32_t c) {
  x = ci_ref_act(x + a->bias[c], &a->act, c);
  if (a->residual) x += a->residual[y][(ptrdiff_t)(px - a->x0) * a->residual_step + c];
  return ci_ref_act(x, &a->act2, c);
}

/* Inner columns stand for their mirrors too. */
static void back(const ci_fft_inverse *a, const turns *t, int32_t c, int32_t y) {
  double re[CI_FFT_MOST], im[CI_FFT_MOST];
  const int32_t half = a->size / 2;
  for (int32_t kx = 0; kx <= half; kx++) row(a, t, c, kx, y, &re[kx], &im[kx]);
  for (int32_t x = a->x0; x < a->x1; x++) {
    double sum = 0, none = 0;
    for (int32_t kx = 0; kx <= half; kx++) {
      double part = 0;
      turn(t, kx * x, re[kx], im[kx], &part, &none);
      sum += kx && kx < half ? 2 * part : part;
    }
    a->out[y][(ptrdiff_t)(x - a->x0) * a->out_step + c] = finish(a, (float)sum, y, x, c);
  }
}

void ci_ref_fft_inverse(const ci_fft_inverse *a) {
  const turns t = turns_of(a->size);
  for (int32_t c = 0; c < a->channels; c++)
    for (int32_t y = a->y0; y < a->y1; y++) back(a, &t, c, y);
}
