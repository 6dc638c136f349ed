/* SPDX-License-Identifier: MIT */
/* fft_pack.c - spectra of kernels, summed in double, where the products of Fourier tiles read them */
#include <math.h>

#include "kernels/kernels.h"

enum { TOGETHER = 8 }; /* kernels that are transformed at once */
typedef double vd __attribute__((vector_size(TOGETHER * 8)));
typedef struct vz {
  vd re, im;
} vz;

static int32_t vectors_of(const ci_kernels *k, int32_t cout) { return (cout + k->lanes - 1) / k->lanes; }

size_t ci_fft_packed_floats(const ci_kernels *k, int32_t size, int32_t cout, int32_t cin) {
  size_t n = (size_t)vectors_of(k, cout) * (size_t)k->lanes * (size_t)cin * 2 * (size_t)ci_fft_planes(size);
  return (n + CI_SLOPE_PAD - 1) / CI_SLOPE_PAD * CI_SLOPE_PAD;
}

size_t ci_fft_packed_depthwise_floats(int32_t size, int32_t channels) {
  return (size_t)ci_fft_planes(size) * 2 * ci_fft_wide(channels);
}

/* Where samples of the kernels o and on go: plane p at to[p * plane + k], their imaginary parts im floats behind. */
typedef struct place {
  float *to;
  size_t plane, im;
} place;

typedef struct job {
  const ci_conv_weights *w;
  int32_t size;
  double cosine[CI_FFT_MOST], sine[CI_FFT_MOST];
  vz rows[CI_FFT_MOST]; /* a column of the spectrum after the sums along the rows */
} job;

static job job_of(const ci_conv_weights *w, int32_t size) {
  job j = {.w = w, .size = size};
  for (int32_t i = 0; i < size; i++) {
    double angle = 2 * 3.14159265358979323846 * i / size;
    j.cosine[i] = cos(angle);
    j.sine[i] = sin(angle);
  }
  return j;
}

/* Sums along the rows for column kx; `conjugate`, hence turning forwards. */
static void along_rows(job *j, int32_t o, int32_t n, int32_t i, int32_t kx) {
  for (int32_t y = 0; y < j->w->kh; y++) {
    vz sum = {{0}, {0}};
    for (int32_t x = 0; x < j->w->kw; x++) {
      const float *tap = j->w->w + o * j->w->so + i * j->w->si + y * j->w->sy + x * j->w->sx;
      vd v = {0};
      for (int32_t k = 0; k < n; k++) v[k] = tap[k * j->w->so];
      sum.re += v * j->cosine[kx * x % j->size];
      sum.im += v * j->sine[kx * x % j->size];
    }
    j->rows[y] = sum;
  }
}

static void sample(const job *j, int32_t n, int32_t ky, size_t p, place to) {
  vz sum = {{0}, {0}};
  const double scale = 1.0 / ((double)j->size * j->size);
  for (int32_t y = 0; y < j->w->kh; y++) {
    double c = j->cosine[ky * y % j->size], s = j->sine[ky * y % j->size];
    sum.re += j->rows[y].re * c - j->rows[y].im * s;
    sum.im += j->rows[y].im * c + j->rows[y].re * s;
  }
  for (int32_t k = 0; k < n; k++) {
    to.to[p * to.plane + (size_t)k] = (float)(sum.re[k] * scale);
    to.to[p * to.plane + (size_t)k + to.im] = (float)(sum.im[k] * scale);
  }
}

/* The spectra of kernels o to o + n, input channel i, in the order of kernels.h. */
static void transform(job *j, int32_t o, int32_t n, int32_t i, place to) {
  size_t p = 0;
  for (int32_t kx = 1; kx < j->size / 2; kx++) {
    along_rows(j, o, n, i, kx);
    for (int32_t ky = 0; ky < j->size; ky++) sample(j, n, ky, p++, to);
  }
  for (int32_t kx = 0; kx <= j->size / 2; kx += j->size / 2) {
    along_rows(j, o, n, i, kx);
    for (int32_t ky = 0; ky <= j->size / 2; ky++) sample(j, n, ky, p++, to);
  }
}

static int32_t least(int32_t a, int32_t b) { return a < b ? a : b; }

/* A plane: for each block of fft_vecs vectors, for each input channel, real parts and imaginary parts of the block. */
void ci_fft_pack(const ci_kernels *k, int32_t size, const ci_conv_weights *w, float *to) {
  job j = job_of(w, size);
  int32_t vectors = vectors_of(k, w->cout);
  size_t plane = (size_t)vectors * (size_t)k->lanes * (size_t)w->cin * 2;
  for (int32_t b = 0; b < vectors; b += k->fft_vecs) {
    int32_t c0 = b * k->lanes, c1 = least(c0 + least(vectors - b, k->fft_vecs) * k->lanes, w->cout);
    size_t width = (size_t)least(vectors - b, k->fft_vecs) * (size_t)k->lanes;
    for (int32_t i = 0; i < w->cin; i++)
      for (int32_t o = c0; o < c1; o += TOGETHER) {
        place p = {to + ((size_t)c0 * (size_t)w->cin + (size_t)i * width) * 2 + (size_t)(o - c0), plane,
                   width};
        transform(&j, o, least(c1 - o, TOGETHER), i, p);
      }
  }
}

void ci_fft_pack_depthwise(int32_t size, const ci_conv_weights *w, float *to) {
  job j = job_of(w, size);
  size_t wide = ci_fft_wide(w->cout);
  for (int32_t o = 0; o < w->cout; o += TOGETHER)
    transform(&j, o, least(w->cout - o, TOGETHER), 0, (place){to + o, 2 * wide, wide});
}
