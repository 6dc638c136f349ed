/* SPDX-License-Identifier: MIT */
/* test_fft.c - Fourier tiles of every table against the reference's sums of sines and cosines in double */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "kernels/kernels.h"
#include "net/graph.h"

static uint32_t seed = 1;
static uint32_t below(uint32_t n) {
  seed = seed * 1664525u + 1013904223u;
  return (uint32_t)(((uint64_t)(seed >> 8) * n) >> 24);
}
static float *floats(size_t n, bool random) {
  float *v = ci_aligned_zero((n + 16) * sizeof *v);
  for (size_t i = 0; random && i < n; i++) v[i] = (float)((int32_t)below(1 << 24) - (1 << 23)) / (1 << 23);
  return v;
}

static int tables(const ci_kernels *out[8]) {
  int n = 0;
  for (int isa = CI_ISA_VEC; isa <= CI_ISA_NEON; isa++) {
    const ci_kernels *k = ci_kernels_for((ci_isa)isa);
    if (k) out[n++] = k;
  }
  return n;
}

/* got and want, `c` of each `step` floats, differ by no more than a part of the largest (activations: of what went
 * into them). */
static void close_to(const char *what, const ci_kernels *k, int32_t size, const float *got, const float *want,
                     size_t n, int32_t step, int32_t c, float part, float largest) {
  for (size_t i = 0; i < n; i++) largest = fmaxf(largest, fabsf(want[i]));
  for (size_t i = 0; i < n; i++)
    if ((int32_t)(i % (size_t)step) < c && !(fabsf(got[i] - want[i]) <= part * largest))
      fail_msg("%s, %s of %d: value %zu is %.8g, ref %.8g", k->name, what, size, i, (double)got[i],
               (double)want[i]);
}

/* ---- transforms -------------------------------------------------------------------------- */

/* A tile of which x0 to x1 of some rows are there; channels 4, 8 or more, with NaN behind them. */
typedef struct tile {
  int32_t size, channels, cs, x0, x1;
  float *pixels;
  const float *rows[CI_FFT_MOST];
  size_t plane;
} tile;

static tile tile_new(int32_t size, int32_t channels) {
  tile t = {.size = size, .channels = channels, .cs = channels + 4, .x1 = size};
  size_t n = (size_t)(size * size * t.cs);
  t.pixels = floats(n, true);
  t.plane = 2 * ci_fft_wide(channels);
  if (below(2))
    t.x0 = (int32_t)below((uint32_t)size), t.x1 = t.x0 + (int32_t)below((uint32_t)(size - t.x0) + 1);
  for (size_t i = 0; i < n; i++)
    if ((int32_t)(i % (size_t)t.cs) >= channels) t.pixels[i] = NAN;
  for (int32_t y = 0; y < size; y++) t.rows[y] = below(5) ? t.pixels + y * size * t.cs : NULL;
  return t;
}

static float *spectrum(const tile *t, const ci_kernels *k) {
  float *v = floats((size_t)ci_fft_planes(t->size) * t->plane, false),
        *work = floats(ci_fft_work(t->size), true);
  k->fft_forward(&(ci_fft_forward){t->size, t->rows, t->cs, t->x0, t->x1, t->channels, v, t->plane,
                                   (ptrdiff_t)t->plane / 2, work});
  ci_aligned_free(work);
  return v;
}

static void test_forward(void **state) {
  (void)state;
  static const int32_t channels[] = {4, 8, 16, 20, 48};
  const ci_kernels *k[8];
  int n = tables(k);
  for (int32_t size = 16; size <= CI_FFT_MOST; size *= 2)
    for (size_t i = 0; i < (size < 64 ? 30 : 5); i++) {
      tile t = tile_new(size, channels[i % 5]);
      float *want = spectrum(&t, &ci_kernels_ref);
      for (int j = 0; j < n; j++) {
        float *got = spectrum(&t, k[j]);
        close_to("spectrum", k[j], size, got, want, (size_t)ci_fft_planes(size) * t.plane,
                 (int32_t)t.plane / 2, t.channels, 1e-6f, 0);
        ci_aligned_free(got);
      }
      ci_aligned_free(want);
      ci_aligned_free(t.pixels);
    }
}

/* Pixels from any samples, with every way of finishing one; what is not wanted stays as it was. */
typedef struct back {
  ci_fft_inverse a;
  float *v, *residual, *bias, *slope;
  const float *res_rows[CI_FFT_MOST];
} back;

/* Samples that are their own mirrors are real. */
static void make_real(float *v, int32_t size, size_t plane) {
  size_t half = (size_t)size / 2, edge = (half - 1) * (size_t)size;
  const size_t own[4] = {edge, edge + half, edge + half + 1, edge + 2 * half + 1};
  for (int i = 0; i < 4; i++) memset(v + own[i] * plane + plane / 2, 0, plane / 2 * sizeof *v);
}

static void back_new(back *b, int32_t size, int32_t channels) {
  size_t plane = 2 * ci_fft_wide(channels);
  *b = (back){.v = floats((size_t)ci_fft_planes(size) * plane, true),
              .residual = floats((size_t)(size * size * channels), true),
              .bias = floats(ci_fft_wide(channels), true),
              .slope = floats(ci_fft_wide(channels), true)};
  make_real(b->v, size, plane);
  int32_t x0 = (int32_t)below((uint32_t)size), y0 = (int32_t)below((uint32_t)size);
  b->a = (ci_fft_inverse){.size = size,
                          .v = b->v,
                          .plane = plane,
                          .im = (ptrdiff_t)plane / 2,
                          .x0 = x0,
                          .x1 = x0 + 1 + (int32_t)below((uint32_t)(size - x0)),
                          .y0 = y0,
                          .y1 = y0 + 1 + (int32_t)below((uint32_t)(size - y0)),
                          .out_step = channels,
                          .residual_step = channels,
                          .channels = channels,
                          .bias = b->bias,
                          .act = {(int32_t)below(CI_ACT_CLIP + 1), -0.25f, 0.5f, b->slope},
                          .act2 = {below(2) ? CI_ACT_RELU : CI_ACT_NONE, 0, 0, NULL}};
  for (int32_t y = 0; y < size; y++) b->res_rows[y] = b->residual + (y * size + x0) * channels;
  if (below(2)) b->a.residual = b->res_rows;
}

static void back_free(back *b) {
  ci_aligned_free(b->v), ci_aligned_free(b->residual), ci_aligned_free(b->bias), ci_aligned_free(b->slope);
}

static float *pixels(const back *b, const ci_kernels *k) {
  int32_t size = b->a.size;
  float *out = floats((size_t)(size * size * b->a.channels), false), *work = floats(ci_fft_work(size), true);
  float *rows[CI_FFT_MOST];
  ci_fft_inverse a = b->a;
  for (int32_t y = 0; y < size; y++) rows[y] = out + (y * size + a.x0) * a.channels;
  a.out = rows;
  a.work = work;
  k->fft_inverse(&a);
  ci_aligned_free(work);
  return out;
}

static void test_inverse(void **state) {
  (void)state;
  static const int32_t channels[] = {4, 8, 16, 20, 48};
  const ci_kernels *k[8];
  int n = tables(k);
  for (int32_t size = 16; size <= CI_FFT_MOST; size *= 2)
    for (size_t i = 0; i < (size < 64 ? 30 : 5); i++) {
      back b;
      back_new(&b, size, channels[i % 5]);
      float *want = pixels(&b, &ci_kernels_ref);
      for (int j = 0; j < n; j++) {
        float *got = pixels(&b, k[j]);
        close_to("pixels", k[j], size, got, want, (size_t)(size * size * b.a.channels), 1, 1, 5e-7f,
                 (float)size);
        ci_aligned_free(got);
      }
      ci_aligned_free(want);
      back_free(&b);
    }
}

/* ---- products ------------------------------------------------------------------------------- */

/* `tiles` of cin channels in a few planes, weights of cout by position: plane, input, output. */
typedef struct trial {
  int32_t planes, tiles, cin, cout;
  size_t wide;
  float *v, *w;
} trial;

static float *weights_for(const trial *t, const ci_kernels *k) {
  int32_t vectors = (t->cout + k->lanes - 1) / k->lanes;
  float *w = floats((size_t)t->planes * (size_t)t->cin * (size_t)(vectors * k->lanes) * 2, false);
  for (int32_t p = 0; p < t->planes; p++)
    for (int32_t i = 0; i < t->cin; i++)
      for (int32_t o = 0; o < t->cout; o++) {
        int32_t b = o / k->lanes / k->fft_vecs * k->fft_vecs,
                nv = vectors - b < k->fft_vecs ? vectors - b : k->fft_vecs;
        size_t at = ((size_t)p * (size_t)(vectors * k->lanes) + (size_t)(b * k->lanes)) * (size_t)t->cin * 2 +
                    (size_t)(i * nv * k->lanes * 2 + o - b * k->lanes);
        const float *from = t->w + ((size_t)(p * t->cin + i) * (size_t)t->cout + (size_t)o) * 2;
        w[at] = from[0];
        w[at + (size_t)(nv * k->lanes)] = from[1];
      }
  return w;
}

static float *products(const trial *t, const ci_kernels *k, int32_t first, int32_t n) {
  size_t each = 2 * t->wide, plane = (size_t)n * each + 16;
  float *v = floats((size_t)t->planes * plane, false), *w = weights_for(t, k),
        *beside = floats((size_t)n * each, true);
  for (int32_t p = 0; p < t->planes; p++)
    memcpy(v + (size_t)p * plane, t->v + (size_t)(p * t->tiles + first) * each, (size_t)n * each * sizeof *v);
  k->fft_multiply(&(ci_fft_multiply){v, plane, (ptrdiff_t)each, (ptrdiff_t)t->wide, w, t->planes, n, t->cin,
                                     (t->cout + k->lanes - 1) / k->lanes, beside});
  ci_aligned_free(w), ci_aligned_free(beside);
  return v;
}

static trial trial_new(int32_t tiles, int32_t cin, int32_t cout) {
  trial t = {.planes = 3, .tiles = tiles, .cin = cin, .cout = cout};
  t.wide = ci_fft_wide(cin > cout ? cin : cout);
  t.v = floats((size_t)(3 * tiles) * 2 * t.wide, true);
  t.w = floats((size_t)(3 * cin * cout) * 2, true);
  return t;
}
static void trial_free(trial *t) { ci_aligned_free(t->v), ci_aligned_free(t->w); }

static void test_multiply(void **state) {
  (void)state;
  const ci_kernels *k[8];
  int n = tables(k);
  for (int i = 0; i < 120; i++) {
    trial t = trial_new(1 + (int32_t)below(20), 1 + (int32_t)below(70), 1 + (int32_t)below(70));
    size_t each = 2 * t.wide, plane = (size_t)t.tiles * each + 16;
    float *want = products(&t, &ci_kernels_ref, 0, t.tiles);
    for (int j = 0; j < n; j++) {
      float *got = products(&t, k[j], 0, t.tiles);
      for (int32_t p = 0; p < t.planes; p++)
        close_to("products", k[j], t.cin, got + (size_t)p * plane, want + (size_t)p * plane,
                 (size_t)t.tiles * each, (int32_t)t.wide, t.cout, 2e-6f, 0);
      ci_aligned_free(got);
    }
    ci_aligned_free(want);
    trial_free(&t);
  }
}

/* A tile's products have the same bytes whatever tiles go with it. */
static void test_company(void **state) {
  (void)state;
  const ci_kernels *k[8];
  int n = tables(k);
  trial t = trial_new(17, 21, 40);
  size_t each = 2 * t.wide;
  for (int j = 0; j < n; j++) {
    float *all = products(&t, k[j], 0, t.tiles);
    for (int32_t first = 0, m = 1; first + m <= t.tiles; first += m, m++) {
      float *some = products(&t, k[j], first, m);
      for (int32_t i = 0; i < t.planes * m; i++)
        for (int half = 0; half < 2; half++)
          if (memcmp(
                  some + (size_t)(i / m) * ((size_t)m * each + 16) + (size_t)(i % m) * each + half * t.wide,
                  all + (size_t)(i / m) * ((size_t)t.tiles * each + 16) + (size_t)(first + i % m) * each +
                      half * t.wide,
                  (size_t)t.cout * sizeof *all))
            fail_msg("%s: tile %d has other bytes among %d tiles", k[j]->name, first + i % m, m);
      ci_aligned_free(some);
    }
    ci_aligned_free(all);
  }
  trial_free(&t);
}

static void test_scale(void **state) {
  (void)state;
  const ci_kernels *k[8];
  int n = tables(k);
  for (int j = 0; j < n; j++) {
    int32_t L = k[j]->lanes, planes = 130;
    float *v = floats((size_t)(planes * 2 * L), true), *w = floats((size_t)(planes * 64), true);
    float *got = floats((size_t)(planes * 2 * L), false);
    memcpy(got, v, (size_t)(planes * 2 * L) * sizeof *v);
    k[j]->fft_scale(got, w + 16, 32, planes);
    for (int32_t c = 0; c < L; c++)
      for (int32_t p = 0; p < planes; p++) {
        float one[2] = {v[(2 * p) * L + c], v[(2 * p + 1) * L + c]};
        ci_kernels_ref.fft_scale(one, w + p * 64 + 16 + c, 32, 1);
        if (!(fabsf(one[0] - got[2 * p * L + c]) <= 3e-7f &&
              fabsf(one[1] - got[(2 * p + 1) * L + c]) <= 3e-7f))
          fail_msg("%s: sample %d of channel %d", k[j]->name, p, c);
      }
    ci_aligned_free(v), ci_aligned_free(w), ci_aligned_free(got);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_forward), cmocka_unit_test(test_inverse),
                                     cmocka_unit_test(test_multiply), cmocka_unit_test(test_company),
                                     cmocka_unit_test(test_scale)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
