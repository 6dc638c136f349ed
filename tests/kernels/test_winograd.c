/* SPDX-License-Identifier: MIT */
/* test_winograd.c - F(4x4, 3x3) of every table against sums in double, and bytes that do not depend on the company */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernels/kernels.h"
#include "net/graph.h"

static uint32_t seed = 1;
static float uniform(void) {
  seed = seed * 1664525u + 1013904223u;
  return (float)((int32_t)(seed >> 8) - (1 << 23)) / (1 << 23);
}
static float *floats(size_t n, bool random) {
  float *v = calloc(n + 16, sizeof *v);
  for (size_t i = 0; random && i < n; i++) v[i] = uniform();
  return v;
}

/* A row of tiles: 6 rows of pixels in, 4 out. */
typedef struct trial {
  int32_t tiles, cin, cout, cs, os;
  float *in, *w, *bias, *residual;
  ci_kact act, act2;
} trial;

static trial trial_new(int32_t tiles, int32_t cin, int32_t cout) {
  trial t = {tiles, cin, cout, (cin + 15) / 16 * 16, (cout + 15) / 16 * 16, 0, 0, 0, 0, {0}, {0}};
  t.in = floats((size_t)6 * (size_t)(4 * tiles + 2) * (size_t)t.cs, true);
  t.w = floats((size_t)cout * (size_t)cin * 9, true);
  t.bias = floats(ci_conv_bias_floats(cout), true);
  t.residual = floats((size_t)16 * (size_t)tiles * (size_t)t.os, true);
  return t;
}
static void trial_free(trial *t) { free(t->in), free(t->w), free(t->bias), free(t->residual); }

static const float *pixel(const trial *t, int32_t y, int32_t x) {
  return t->in + ((size_t)y * (size_t)(4 * t->tiles + 2) + (size_t)x) * (size_t)t->cs;
}

/* ---- through a table: tiles first to first + n ----------------------------------------- */

static void blocks(const trial *t, const ci_kernels *k, const float *v, size_t plane, int32_t n,
                   int32_t first, float *out) {
  float *packed = floats(ci_wino_packed_floats(k, t->cout, t->cin), false), *w = packed;
  float *m = floats(CI_WINO_PLANES * ((size_t)n * CI_WINO_WIDTH + 16), false);
  const ci_conv_weights cw = {t->w, t->cout, t->cin, 3, 3, (ptrdiff_t)t->cin * 9, 9, 3, 1};
  ci_wino_pack(k, &cw, packed);
  for (int32_t b = 0; b < ci_wino_blocks(k, t->cout); b++) {
    int32_t c = ci_wino_block_first(k, t->cout, b) * k->lanes;
    int32_t vectors = ci_wino_block_first(k, t->cout, b + 1) - c / k->lanes;
    const ci_wino_multiply mul = {v, plane, t->cs, w, n, t->cin, vectors, m, (size_t)n * CI_WINO_WIDTH + 16};
    ci_wino_output o = {.m = m,
                        .plane = mul.m_plane,
                        .tiles = n,
                        .vectors = vectors,
                        .out_step = t->os,
                        .residual_step = t->os,
                        .bias = t->bias + c,
                        .act = t->act,
                        .act2 = t->act2};
    for (int y = 0; y < 4; y++) {
      size_t at = (size_t)(y * t->tiles + first) * 4 * (size_t)t->os + (size_t)c;
      o.out[y] = out + at;
      o.residual[y] = t->act2.kind == CI_ACT_NONE ? NULL : t->residual + at;
    }
    k->winograd_multiply(&mul);
    k->winograd_output(&o);
    w += (size_t)CI_WINO_PLANES * (size_t)t->cin * (size_t)(vectors * k->lanes);
  }
  free(packed), free(m);
}

static void run(const trial *t, const ci_kernels *k, int32_t first, int32_t n, float *out) {
  size_t plane = (size_t)n * (size_t)t->cs + 16;
  float *v = floats(CI_WINO_PLANES * plane, false);
  ci_wino_input in = {.step = t->cs, .tiles = n, .channels = t->cs, .v = v, .plane = plane};
  for (int y = 0; y < 6; y++) in.rows[y] = pixel(t, y, 4 * first);
  k->winograd_input(&in);
  blocks(t, k, v, plane, n, first, out);
  free(v);
}

/* ---- what it should be -------------------------------------------------------------------- */

static double direct(const trial *t, int32_t y, int32_t x, int32_t o) {
  double sum = t->bias[o];
  for (int32_t i = 0; i < t->cin; i++)
    for (int ky = 0; ky < 3; ky++)
      for (int kx = 0; kx < 3; kx++)
        sum += (double)pixel(t, y + ky, x + kx)[i] *
               t->w[((size_t)o * (size_t)t->cin + (size_t)i) * 9 + ky * 3 + kx];
  double at = t->residual[((size_t)y * 4 * (size_t)t->tiles + (size_t)x) * (size_t)t->os + (size_t)o];
  if (t->act.kind == CI_ACT_RELU && sum < 0) sum = 0;
  if (t->act.kind == CI_ACT_LEAKY && sum < 0) sum *= t->act.a;
  if (t->act2.kind == CI_ACT_CLIP) sum = fmin(fmax(sum + at, t->act2.a), t->act2.b);
  return sum;
}

/* The largest error of `out` as a part of the largest value. */
static double error_of(const trial *t, const float *out) {
  double worst = 0, largest = 0;
  for (int32_t y = 0; y < 4; y++)
    for (int32_t x = 0; x < 4 * t->tiles; x++)
      for (int32_t o = 0; o < t->cout; o++) {
        double want = direct(t, y, x, o);
        double got = out[((size_t)y * 4 * (size_t)t->tiles + (size_t)x) * (size_t)t->os + (size_t)o];
        worst = fmax(worst, fabs(got - want));
        if (!(got == got)) return INFINITY;
        largest = fmax(largest, fabs(want));
      }
  return worst / largest;
}

static int tables(const ci_kernels *out[8]) {
  int n = 0;
  for (int isa = CI_ISA_REF; isa <= CI_ISA_NEON; isa++) {
    const ci_kernels *k = ci_kernels_for((ci_isa)isa);
    if (k) out[n++] = k;
  }
  return n;
}

/* The bound that is promised: 5e-6 of the largest output up to 128 channels. (Direct sums in single precision have
 * a third of that.) */
static void test_error(void **state) {
  (void)state;
  static const int32_t channels[][2] = {{12, 3}, {16, 48}, {48, 48}, {64, 20}, {96, 33}, {128, 17}};
  const ci_kernels *k[8];
  int n = tables(k);
  for (size_t i = 0; i < sizeof channels / sizeof *channels; i++) {
    trial t = trial_new(13, channels[i][0], channels[i][1]);
    float *out = floats((size_t)16 * (size_t)t.tiles * (size_t)t.os, false);
    for (int j = 0; j < n; j++) {
      run(&t, k[j], 0, t.tiles, out);
      double e = error_of(&t, out);
      if (!(e <= 5e-6)) fail_msg("%s, %d to %d channels: error %.3g", k[j]->name, t.cin, t.cout, e);
    }
    free(out);
    trial_free(&t);
  }
}

/* Every way of finishing a pixel has code of its own. */
static void test_finish(void **state) {
  (void)state;
  const ci_kernels *k[8];
  int n = tables(k);
  for (int how = 0; how < 6; how++) {
    trial t = trial_new(9, 20, 40);
    t.act = (ci_kact){how % 3 == 1 ? CI_ACT_RELU : how % 3 == 2 ? CI_ACT_LEAKY : CI_ACT_NONE, 0.25f, 0, NULL};
    if (how >= 3) t.act2 = (ci_kact){CI_ACT_CLIP, -20, 20, NULL};
    float *out = floats((size_t)16 * (size_t)t.tiles * (size_t)t.os, false);
    for (int j = 0; j < n; j++) {
      run(&t, k[j], 0, t.tiles, out);
      double e = error_of(&t, out);
      if (!(e <= 5e-6)) fail_msg("%s, finish %d: error %.3g", k[j]->name, how, e);
    }
    free(out);
    trial_free(&t);
  }
}

/* Any tiles gathered together give what all of them give. */
static void test_company(void **state) {
  (void)state;
  const ci_kernels *k[8];
  int n = tables(k);
  trial t = trial_new(31, 19, 112);
  size_t floats_out = (size_t)16 * (size_t)t.tiles * (size_t)t.os;
  for (int j = 0; j < n; j++) {
    float *all = floats(floats_out, false), *some = floats(floats_out, false);
    run(&t, k[j], 0, t.tiles, all);
    for (int32_t first = 0, step = 1; first < t.tiles; first += step, step++)
      run(&t, k[j], first, step < t.tiles - first ? step : t.tiles - first, some);
    for (int32_t p = 0; p < 16 * t.tiles; p++)
      if (memcmp(all + (size_t)p * (size_t)t.os, some + (size_t)p * (size_t)t.os,
                 (size_t)t.cout * sizeof *all))
        fail_msg("%s: pixel %d has other bytes among other tiles", k[j]->name, p);
    free(all), free(some);
  }
  trial_free(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_error), cmocka_unit_test(test_finish),
                                     cmocka_unit_test(test_company)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
