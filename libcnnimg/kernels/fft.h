/* SPDX-License-Identifier: MIT */
/* fft.h - Fourier tiles: real transforms of a vector of channels at once, written once; for body.h */
#include "kernels/turns.h"

/*
 * Every transform halves: the even and the odd samples, then one step that puts the two together. Sizes up to 32 are
 * straight-line code, larger ones call their halves. A value is a vector of channels, so nothing is ever shuffled.
 * Turning by w = c - i s costs two multiplications with the add when the larger of c and s is taken out: b w =
 * c ((br + bi s/c) + i (bi - br s/c)).
 */
#define NOINLINE static __attribute__((noinline))
#define TURNS(n) (128 / (n))

typedef struct vc {
  vf re, im;
} vc;

INLINE vc load_c(const float *x, ptrdiff_t im) { return (vc){load(x), load(x + im)}; }
INLINE void store_c(float *x, ptrdiff_t im, vc v) {
  store(x, v.re);
  store(x + im, v.im);
}

/* *plus = a + w b, *minus = a - w b; w turns by -j / 128. */
INLINE void together(vc a, vc b, const int j, vc *plus, vc *minus) {
  const double c = ci_cosine(j), s = ci_sine(j);
  if (j == 0) {
    *plus = (vc){a.re + b.re, a.im + b.im};
    *minus = (vc){a.re - b.re, a.im - b.im};
  } else if (j == 32) {
    *plus = (vc){a.re + b.im, a.im - b.re};
    *minus = (vc){a.re - b.im, a.im + b.re};
  } else {
    const bool flat = (j <= 16) | (j >= 48);
    const float r = (float)(flat ? s / c : c / s), f = (float)(flat ? c : s);
    vc t = flat ? (vc){b.re + b.im * r, b.im - b.re * r} : (vc){b.im + b.re * r, b.im * r - b.re};
    *plus = (vc){a.re + t.re * f, a.im + t.im * f};
    *minus = (vc){a.re - t.re * f, a.im - t.im * f};
  }
}

/* v turned by j / 128 */
INLINE vc turned(vc v, const int j) {
  const float c = (float)ci_cosine(j), s = (float)ci_sine(j);
  return (vc){v.re * c - v.im * s, v.im * c + v.re * s};
}

/* ---- complex, in lines of memory: value i at x + i * step, its imaginary part im floats behind ---------------- */

INLINE void complex2(const float *x, ptrdiff_t step, ptrdiff_t im, vc *to) {
  together(load_c(x, im), load_c(x + step, im), 0, &to[0], &to[1]);
}
#define COMPLEX(n, h)                                                            \
  INLINE void complex##n(const float *x, ptrdiff_t step, ptrdiff_t im, vc *to) { \
    vc even[h], odd[h];                                                          \
    complex##h(x, 2 * step, im, even);                                           \
    complex##h(x + step, 2 * step, im, odd);                                     \
    _Pragma("GCC unroll 64") for (int k = 0; k < (h); k++)                       \
        together(even[k], odd[k], k *TURNS(n), &to[k], &to[k + (h)]);            \
  }
COMPLEX(4, 2)
COMPLEX(8, 4)
COMPLEX(16, 8)

/* The last step goes to memory. */
#define COMPLEX_LINE(n, h, halves)                                                                          \
  NOINLINE void complex_line##n(const float *x, ptrdiff_t step, ptrdiff_t im, float *to, ptrdiff_t to_step, \
                                ptrdiff_t to_im) {                                                          \
    vc even[h], odd[h], p, m;                                                                               \
    halves(h);                                                                                              \
    _Pragma("GCC unroll 64") for (ptrdiff_t k = 0; k < (h); k++) {                                          \
      together(even[k], odd[k], (int)k *TURNS(n), &p, &m);                                                  \
      store_c(to + k * to_step, to_im, p);                                                                  \
      store_c(to + (k + (h)) * to_step, to_im, m);                                                          \
    }                                                                                                       \
  }
#define INNER_C(h)                   \
  complex##h(x, 2 * step, im, even); \
  complex##h(x + step, 2 * step, im, odd)
#define CALLS_C(h)                                           \
  complex_line##h(x, 2 * step, im, (float *)even, 2 * L, L); \
  complex_line##h(x + step, 2 * step, im, (float *)odd, 2 * L, L)
COMPLEX_LINE(16, 8, INNER_C)
COMPLEX_LINE(32, 16, INNER_C)
COMPLEX_LINE(64, 32, CALLS_C)
COMPLEX_LINE(128, 64, CALLS_C)

/* ---- n real samples to n / 2 + 1 complex ones, of which the first and the last are real ----------------------- */

INLINE void real2(const float *x, ptrdiff_t step, vc *to) {
  vf a = load(x), b = load(x + step);
  to[0] = (vc){a + b, (vf){0}};
  to[1] = (vc){a - b, (vf){0}};
}
/* What even and odd samples say of k and of n / 2 - k; k = 0 also of n / 2. */
INLINE void real_step(vc even, vc odd, const int k, const int n, vc *low, vc *high) {
  together(even, odd, k * TURNS(n), low, high);
  high->im = -high->im;
}
#define REAL(n, h)                                              \
  INLINE void real##n(const float *x, ptrdiff_t step, vc *to) { \
    vc even[(h) / 2 + 1], odd[(h) / 2 + 1];                     \
    real##h(x, 2 * step, even);                                 \
    real##h(x + step, 2 * step, odd);                           \
    _Pragma("GCC unroll 64") for (int k = 0; k < (h) / 2; k++)  \
        real_step(even[k], odd[k], k, n, &to[k], &to[(h)-k]);   \
    to[(h) / 2] = (vc){even[(h) / 2].re, -odd[(h) / 2].re};     \
  }
REAL(4, 2)
REAL(8, 4)
REAL(16, 8)

/* To memory; the last one's real part lies where the first one's imaginary part would. */
#define REAL_LINE(n, h, halves)                                                 \
  NOINLINE void real_line##n(const float *x, ptrdiff_t step, float *to) {       \
    vc even[(h) / 2 + 1], odd[(h) / 2 + 1], low, high;                          \
    halves(h);                                                                  \
    store_c(to, L, (vc){even[0].re + odd[0].re, even[0].re - odd[0].re});       \
    _Pragma("GCC unroll 64") for (int k = 1; k < (h) / 2; k++) {                \
      real_step(even[k], odd[k], k, n, &low, &high);                            \
      store_c(to + k * 2 * L, L, low);                                          \
      store_c(to + ((h)-k) * 2 * L, L, high);                                   \
    }                                                                           \
    store_c(to + (h) / 2 * 2 * L, L, (vc){even[(h) / 2].re, -odd[(h) / 2].re}); \
  }
#define INNER_R(h)            \
  real##h(x, 2 * step, even); \
  real##h(x + step, 2 * step, odd)
#define CALLS_R(h)                                \
  real_line##h(x, 2 * step, (float *)even);       \
  real_line##h(x + step, 2 * step, (float *)odd); \
  even[(h) / 2].re = even[0].im;                  \
  odd[(h) / 2].re = odd[0].im
REAL_LINE(16, 8, INNER_R)
REAL_LINE(32, 16, INNER_R)
REAL_LINE(64, 32, CALLS_R)
REAL_LINE(128, 64, CALLS_R)

/* ---- and back: n / 2 + 1 complex ones to n real samples, times n ---------------------------------------------- */

INLINE void back2(const vc *x, float *to, ptrdiff_t step) {
  store(to, x[0].re + x[1].re);
  store(to + step, x[0].re - x[1].re);
}
INLINE vc even_of(vc low, vc high) { return (vc){low.re + high.re, low.im - high.im}; }
INLINE vc odd_of(vc low, vc high, const int j) { return turned((vc){low.re - high.re, low.im + high.im}, j); }
#define BACK(n, h)                                                                                       \
  INLINE void back##n(const vc *x, float *to, ptrdiff_t step) {                                          \
    vc even[(h) / 2 + 1], odd[(h) / 2 + 1];                                                              \
    even[0].re = x[0].re + x[h].re, odd[0].re = x[0].re - x[h].re;                                       \
    _Pragma("GCC unroll 64") for (int k = 1; k < (h) / 2; k++) even[k] = even_of(x[k], x[(h)-k]),        \
                                                               odd[k] =                                  \
                                                                   odd_of(x[k], x[(h)-k], k * TURNS(n)); \
    even[(h) / 2].re = x[(h) / 2].re * 2, odd[(h) / 2].re = x[(h) / 2].im * -2;                          \
    back##h(even, to, 2 * step);                                                                         \
    back##h(odd, to + step, 2 * step);                                                                   \
  }
BACK(4, 2)
BACK(8, 4)
BACK(16, 8)

/* From memory, laid out as real_line leaves it. The values are loaded for the even and for the odd half. */
#define BACK_LINE(n, h, call)                                                           \
  NOINLINE void back_line##n(const float *x, float *to, ptrdiff_t step) {               \
    vc half[(h) / 2 + 1], low = load_c(x, L), mid = load_c(x + (h) / 2 * 2 * L, L);     \
    half[0].re = low.re + low.im;                                                       \
    half[(h) / 2].re = mid.re * 2;                                                      \
    _Pragma("GCC unroll 64") for (int k = 1; k < (h) / 2; k++) half[k] =                \
        even_of(load_c(x + k * 2 * L, L), load_c(x + ((h)-k) * 2 * L, L));              \
    call(h, to);                                                                        \
    half[0].re = low.re - low.im;                                                       \
    half[(h) / 2].re = mid.im * -2;                                                     \
    _Pragma("GCC unroll 64") for (int k = 1; k < (h) / 2; k++) half[k] =                \
        odd_of(load_c(x + k * 2 * L, L), load_c(x + ((h)-k) * 2 * L, L), k * TURNS(n)); \
    call(h, to + step);                                                                 \
  }
#define INNER_B(h, to) back##h(half, to, 2 * step)
#define CALLS_B(h, to)           \
  half[0].im = half[(h) / 2].re; \
  back_line##h((const float *)half, to, 2 * step)
BACK_LINE(16, 8, INNER_B)
BACK_LINE(32, 16, INNER_B)
BACK_LINE(64, 32, CALLS_B)
BACK_LINE(128, 64, CALLS_B)

/* By size: 16, 32, 64, 128. */
typedef struct lines {
  void (*forth)(const float *x, ptrdiff_t step, float *to);
  void (*column)(const float *x, ptrdiff_t step, ptrdiff_t im, float *to, ptrdiff_t to_step, ptrdiff_t to_im);
  void (*back)(const float *x, float *to, ptrdiff_t step);
} lines;

static lines lines_of(int32_t size) {
  switch (size) {
    case 16:
      return (lines){real_line16, complex_line16, back_line16};
    case 32:
      return (lines){real_line32, complex_line32, back_line32};
    case 64:
      return (lines){real_line64, complex_line64, back_line64};
    default:
      return (lines){real_line128, complex_line128, back_line128};
  }
}

/* ---- tiles ---------------------------------------------------------------------------------------------------- */

/* Rows of half spectra in the work space do not share sets of the caches. */
INLINE ptrdiff_t pitch_of(int32_t size) { return (ptrdiff_t)size * L + CI_SLOPE_PAD; }

/* Pixels x0 to x1 of a row, the others zero, side by side. */
static const float *line_of(const ci_fft_forward *a, const float *row, int32_t c, float *line) {
  int32_t there = a->channels - c;
  for (int32_t x = 0; x < a->size; x++)
    store(line + x * L,
          x >= a->x0 && x < a->x1 ? load_upto(row + (x - a->x0) * a->step + c, there) : (vf){0});
  return line;
}

static void rows_forth(const ci_fft_forward *a, const lines *f, int32_t c) {
  const bool whole = a->x0 == 0 && a->x1 == a->size && a->channels - c >= L;
  const ptrdiff_t pitch = pitch_of(a->size);
  float *line = a->work + a->size * pitch;
  for (int32_t y = 0; y < a->size; y++) {
    const float *row = a->rows[y];
    float *to = a->work + y * pitch;
    if (!row) memset(to, 0, (size_t)a->size * L * sizeof(float));
    else if (whole) f->forth(row + c, a->step, to);
    else f->forth(line_of(a, row, c, line), L, to);
  }
}

/* The first column holds two real ones; their spectra are halves of its own and its mirror's. */
static void split(const float *z, int32_t size, float *v, size_t plane, ptrdiff_t im) {
  float *w = v + (size_t)(size / 2 + 1) * plane;
  for (int32_t k = 0; k <= size / 2; k++) {
    vc p = load_c(z + k * 2 * L, L), q = load_c(z + (size - k) % size * 2 * L, L);
    store_c(v + (size_t)k * plane, im, (vc){(p.re + q.re) * 0.5f, (p.im - q.im) * 0.5f});
    store_c(w + (size_t)k * plane, im, (vc){(p.im + q.im) * 0.5f, (q.re - p.re) * 0.5f});
  }
}

static void fft_forward(const ci_fft_forward *a) {
  const lines f = lines_of(a->size);
  const int32_t size = a->size, half = size / 2;
  const ptrdiff_t pitch = pitch_of(size), plane = (ptrdiff_t)a->plane;
  for (int32_t c = 0; c < a->channels; c += L) {
    float *v = a->v + c, *z = a->work + size * pitch;
    rows_forth(a, &f, c);
    for (int32_t k = 1; k < half; k++, v += size * plane)
      f.column(a->work + k * 2 * L, pitch, L, v, plane, a->im);
    f.column(a->work, pitch, L, z, 2 * L, L);
    split(z, size, v, a->plane, a->im);
  }
}

/* split() undone; real and imaginary parts change places, which makes a transform forth one back. */
static void join(const float *v, size_t plane, ptrdiff_t im, int32_t size, float *z) {
  const float *w = v + (size_t)(size / 2 + 1) * plane;
  for (int32_t k = 0; k <= size / 2; k++) {
    vc a = load_c(v + (size_t)k * plane, im), b = load_c(w + (size_t)k * plane, im);
    store_c(z + (size - k) % size * 2 * L, L, (vc){b.re - a.im, a.re + b.im});
    store_c(z + k * 2 * L, L, (vc){a.im + b.re, a.re - b.im});
  }
}

/* Pixel x from x0. */
INLINE void fft_emit(const ci_fft_inverse *a, int32_t y, int32_t x, vf v, int32_t c, int32_t there,
                     const bool any) {
  if (any) {
    const float *res = a->residual ? a->residual[y] + (ptrdiff_t)x * a->residual_step + c : NULL;
    v = act_v(v, a->act.kind, a->act.a, a->act.b, a->act.kind == K_PRELU ? load(a->act.slope + c) : v);
    if (res) v += load_upto(res, there);
    v = act_v(v, a->act2.kind, a->act2.a, a->act2.b, a->act2.kind == K_PRELU ? load(a->act2.slope + c) : v);
  }
  store_upto(a->out[y] + (ptrdiff_t)x * a->out_step + c, v, there);
}

static void fft_row(const ci_fft_inverse *a, int32_t y, const float *line, int32_t c) {
  const int32_t there = a->channels - c;
  const vf bias = load(a->bias + c);
  const bool any = a->residual || a->act.kind != K_NONE || a->act2.kind != K_NONE;
  const int32_t n = a->x1 - a->x0;
  line += a->x0 * L;
  if (any || there < L)
    for (int32_t x = 0; x < n; x++) fft_emit(a, y, x, load(line + x * L) + bias, c, there, true);
  else
    for (int32_t x = 0; x < n; x++) fft_emit(a, y, x, load(line + x * L) + bias, c, L, false);
}

static void fft_inverse(const ci_fft_inverse *a) {
  const lines f = lines_of(a->size);
  const int32_t size = a->size, half = size / 2;
  const ptrdiff_t pitch = pitch_of(size), plane = (ptrdiff_t)a->plane;
  float *work = a->work, *line = work + size * pitch;
  for (int32_t c = 0; c < a->channels; c += L) {
    const float *v = a->v + c;
    for (int32_t k = 1; k < half; k++, v += size * plane)
      f.column(v + a->im, plane, -a->im, work + k * 2 * L + L, pitch, -L);
    join(v, a->plane, a->im, size, line);
    f.column(line, 2 * L, L, work + L, pitch, -L);
    for (int32_t y = a->y0; y < a->y1; y++) {
      f.back(work + y * pitch, line, L);
      fft_row(a, y, line, c);
    }
  }
}
