/* SPDX-License-Identifier: MIT */
/* ref_fft.c - the truth about Fourier tiles, in plain C: sums of sines and cosines in double */
#include "kernels/ref_fft.h"

#include <math.h>
#include <string.h>

#include "kernels/ref_winograd.h"

/* Column and row of the spectrum that plane p holds. */
static void place(int32_t size, int32_t p, int32_t *kx, int32_t *ky) {
  int32_t inner = (size / 2 - 1) * size, edge = p - inner;
  if (edge < 0) *kx = 1 + p / size, *ky = p % size;
  else *kx = edge <= size / 2 ? 0 : size / 2, *ky = edge <= size / 2 ? edge : edge - (size / 2 + 1);
}

static void turn(int32_t size, int64_t k, double *re, double *im) {
  double angle = 2 * 3.14159265358979323846 * (double)(k % size) / size;
  *re = cos(angle);
  *im = sin(angle);
}

static float pixel(const ci_fft_forward *a, int32_t y, int32_t x, int32_t c) {
  return a->rows[y] && x >= a->x0 && x < a->x1 ? a->rows[y][(x - a->x0) * a->step + c] : 0;
}

/* Sample (kx, ky): sums along the rows, turned, summed. */
static void sample(const ci_fft_forward *a, int32_t c, int32_t kx, int32_t ky, float *to) {
  double re = 0, im = 0, wr, wi;
  for (int32_t y = 0; y < a->size; y++) {
    double row_re = 0, row_im = 0;
    for (int32_t x = 0; x < a->size; x++) {
      turn(a->size, (int64_t)kx * x, &wr, &wi);
      row_re += pixel(a, y, x, c) * wr;
      row_im -= pixel(a, y, x, c) * wi;
    }
    turn(a->size, (int64_t)ky * y, &wr, &wi);
    re += row_re * wr + row_im * wi;
    im += row_im * wr - row_re * wi;
  }
  to[0] = (float)re;
  to[a->im] = (float)im;
}

void ci_ref_fft_forward(const ci_fft_forward *a) {
  int32_t kx, ky;
  for (int32_t p = 0; p < ci_fft_planes(a->size); p++) {
    place(a->size, p, &kx, &ky);
    for (int32_t c = 0; c < a->channels; c++) sample(a, c, kx, ky, a->v + (size_t)p * a->plane + c);
  }
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

/* Pixel (x, y) times size * size: inner columns of the spectrum stand for their mirrors too. */
static float back(const ci_fft_inverse *a, int32_t c, int32_t y, int32_t x) {
  double sum = 0, wr, wi;
  int32_t kx, ky;
  for (int32_t p = 0; p < ci_fft_planes(a->size); p++) {
    const float *v = a->v + (size_t)p * a->plane + c;
    place(a->size, p, &kx, &ky);
    turn(a->size, (int64_t)kx * x + (int64_t)ky * y, &wr, &wi);
    bool alone = kx % (a->size / 2) == 0 && ky % (a->size / 2) == 0;
    sum += (alone ? 1 : 2) * (v[0] * wr - v[a->im] * wi);
  }
  return (float)sum;
}

static float finish(const ci_fft_inverse *a, float x, int32_t y, int32_t px, int32_t c) {
  x = ci_ref_act(x + a->bias[c], &a->act, c);
  if (a->residual) x += a->residual[y][(ptrdiff_t)(px - a->x0) * a->residual_step + c];
  return ci_ref_act(x, &a->act2, c);
}

void ci_ref_fft_inverse(const ci_fft_inverse *a) {
  for (int32_t y = a->y0; y < a->y1; y++)
    for (int32_t x = a->x0; x < a->x1; x++)
      for (int32_t c = 0; c < a->channels; c++)
        a->out[y][(ptrdiff_t)(x - a->x0) * a->out_step + c] = finish(a, back(a, c, y, x), y, x, c);
}
