/* SPDX-License-Identifier: MIT */
/* fft_multiply.h - Fourier tiles: complex products over channels, a frequency at a time; for body.h, after fft.h */

#if CI_LANES == 16 || (CI_LANES == 4 && defined(__aarch64__))
#define FFT_VECS 2 /* 32 registers: 24 sums, 4 weights, 2 samples; else 16: 12 sums, 2 weights, 2 samples */
#else
#define FFT_VECS 1
#endif
enum { FFT_PX = 6 };

/* px tiles by nv vectors of output channels of one frequency. */
INLINE void fft_product(const ci_fft_multiply *a, const float *v, const float *w, float *m, const int px,
                        const int nv) {
  vc sum[6][2];
  const ptrdiff_t step = a->step, im = a->im;
  UNROLL
  for (int p = 0; p < px; p++) UNROLL_BY(4)
  for (int k = 0; k < nv; k++) sum[p][k] = (vc){(vf){0}, (vf){0}};
  const ptrdiff_t ahead = (ptrdiff_t)a->cin * (2 * nv * L);
  for (int32_t i = 0; i < a->cin; i++, v++, w += 2 * nv * L) {
    vc wv[2];
    for (int k = 0; k < 2 * nv * L; k += 16) __builtin_prefetch(w + ahead + k);
    UNROLL_BY(4)
    for (int k = 0; k < nv; k++) wv[k] = load_c(w + k * L, nv * L);
    UNROLL
    for (int p = 0; p < px; p++) {
      vf re = splat(v[p * step]), mi = splat(v[p * step + im]);
      UNROLL_BY(4)
      for (int k = 0; k < nv; k++) {
        sum[p][k].re += re * wv[k].re;
        sum[p][k].im += re * wv[k].im;
        sum[p][k].re -= mi * wv[k].im;
        sum[p][k].im += mi * wv[k].re;
      }
    }
  }
  UNROLL
  for (int p = 0; p < px; p++) UNROLL_BY(4)
  for (int k = 0; k < nv; k++) store_c(m + p * step + k * L, im, sum[p][k]);
}

#define FFT_CASE(px, nv)             \
  case px:                           \
    fft_product(a, v, w, m, px, nv); \
    break;
/* All tiles in groups that differ by one at most. */
#define FFT_PRODUCTS(nv)                                                                             \
  static void fft_products##nv(const ci_fft_multiply *a, const float *v, const float *w, float *m) { \
    const int32_t groups = (a->tiles + FFT_PX - 1) / FFT_PX;                                         \
    for (int32_t g = 0, n; g < groups; g++, v += n * a->step, m += n * a->step) {                    \
      n = a->tiles * (g + 1) / groups - a->tiles * g / groups;                                       \
      switch (n) {                                                                                   \
        FFT_CASE(1, nv)                                                                              \
        FFT_CASE(2, nv)                                                                              \
        FFT_CASE(3, nv)                                                                              \
        FFT_CASE(4, nv)                                                                              \
        FFT_CASE(5, nv)                                                                              \
        FFT_CASE(6, nv)                                                                              \
      }                                                                                              \
    }                                                                                                \
  }
FFT_PRODUCTS(1)
#if FFT_VECS > 1
FFT_PRODUCTS(2)
#endif

/* A frequency's products go beside its samples first, then over them. */
static void fft_multiply(const ci_fft_multiply *a) {
  const size_t bytes = (size_t)a->tiles * (size_t)a->step * sizeof(float);
  const float *w = a->weights;
  for (int32_t p = 0; p < a->planes; p++) {
    float *v = a->v + (size_t)p * a->plane;
    for (int32_t k = 0, nv; k < a->vectors; k += nv) {
      nv = a->vectors - k < FFT_VECS ? a->vectors - k : FFT_VECS;
#if FFT_VECS > 1
      (nv == 1 ? fft_products1 : fft_products2)(a, v, w, a->beside + k * L);
#else
      fft_products1(a, v, w, a->beside + k * L);
#endif
      w += (size_t)a->cin * (size_t)(2 * nv * L);
    }
    memcpy(v, a->beside, bytes);
  }
}

/* One vector of channels, each with its own kernel. */
static void fft_scale(float *v, const float *w, size_t step, int32_t planes) {
  for (int32_t p = 0; p < planes; p++, v += 2 * L, w += 2 * step) {
    vc x = load_c(v, L), y = load_c(w, (ptrdiff_t)step);
    store_c(v, L, (vc){x.re * y.re - x.im * y.im, x.re * y.im + x.im * y.re});
  }
}
