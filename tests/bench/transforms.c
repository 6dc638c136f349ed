/* SPDX-License-Identifier: MIT */
/* transforms.c - the Fourier transforms of tiles: ours beside FFTW's, which is why the library has its own */
#include <math.h>
#include <stdio.h>
#include <time.h>

#include <fftw3.h>

#include "base/memory.h"
#include "kernels/kernels.h"

enum { CHANNELS = 64, RUNS = 40 };

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static float *floats(size_t n) {
  float *v = ci_aligned_zero(n * sizeof *v);
  for (size_t i = 0; v && i < n; i++) v[i] = (float)(i % 1009) / 1009 - 0.5f;
  return v;
}

/* Nanoseconds a pixel and vector of eight channels. */
static double of(double s, int32_t size) { return 1e9 * s / (size * size * CHANNELS / 8); }

static double fftw(fftwf_plan plan, int32_t size) {
  double best = INFINITY;
  for (int i = 0; i < RUNS; i++) {
    double s = seconds();
    fftwf_execute(plan);
    best = fmin(best, seconds() - s);
  }
  fftwf_destroy_plan(plan);
  return of(best, size);
}

typedef struct trial {
  ci_fft_forward f;
  ci_fft_inverse b;
} trial;

static void ours(const ci_kernels *k, const trial *t, double *forth, double *back) {
  *forth = *back = INFINITY;
  for (int i = 0; i < RUNS; i++) {
    double s = seconds();
    k->fft_forward(&t->f);
    double m = seconds();
    k->fft_inverse(&t->b);
    *back = fmin(*back, of(seconds() - m, t->f.size));
    *forth = fmin(*forth, of(m - s, t->f.size));
  }
}

/* As our maps lie (channels inside), and with channels apart, which would take a transposition each way. */
static void row(int32_t size) {
  const int n[2] = {size, size}, area = size * size, spectrum = size * (size / 2 + 1);
  const float *rows[CI_FFT_MOST];
  float *out[CI_FFT_MOST], *in = floats((size_t)area * CHANNELS), *to = floats((size_t)area * CHANNELS);
  float *v = floats((size_t)ci_fft_planes(size) * 2 * CHANNELS), *work = floats(ci_fft_work(size));
  float *bias = floats(CHANNELS);
  fftwf_complex *z = fftwf_alloc_complex((size_t)spectrum * CHANNELS);
  if (!in || !to || !v || !work || !bias || !z) return;
  for (int32_t y = 0; y < size; y++) rows[y] = in + y * size * CHANNELS, out[y] = to + y * size * CHANNELS;
  const trial t = {{size, rows, CHANNELS, 0, size, CHANNELS, v, 2 * CHANNELS, CHANNELS, work},
                   {.size = size,
                    .v = v,
                    .plane = 2 * CHANNELS,
                    .im = CHANNELS,
                    .x1 = size,
                    .y1 = size,
                    .out = out,
                    .out_step = CHANNELS,
                    .channels = CHANNELS,
                    .bias = bias,
                    .work = work}};
  double forth, back;
  ours(ci_kernels_best(), &t, &forth, &back);
  printf("%4d x %-4d %9.2f %9.2f %13.2f %9.2f %13.2f\n", size, size, forth, back,
         fftw(fftwf_plan_many_dft_r2c(2, n, CHANNELS, in, NULL, CHANNELS, 1, z, NULL, CHANNELS, 1,
                                      FFTW_ESTIMATE),
              size),
         fftw(fftwf_plan_many_dft_c2r(2, n, CHANNELS, z, NULL, CHANNELS, 1, to, NULL, CHANNELS, 1,
                                      FFTW_ESTIMATE),
              size),
         fftw(fftwf_plan_many_dft_r2c(2, n, CHANNELS, in, NULL, 1, area, z, NULL, 1, spectrum, FFTW_ESTIMATE),
              size));
  ci_aligned_free(in), ci_aligned_free(to), ci_aligned_free(v), ci_aligned_free(work), ci_aligned_free(bias);
  fftwf_free(z);
}

int main(void) {
  printf(
      "kernels %s, 64 channels; nanoseconds a pixel and eight channels\n%31s %23s %13s\n%21s %9s %13s %9s "
      "%13s\n",
      ci_kernels_best()->name, "ours", "FFTW, channels inside", "apart", "forth", "back", "forth", "back",
      "forth");
  for (int32_t size = 16; size <= CI_FFT_MOST; size *= 2) row(size);
  return 0;
}
