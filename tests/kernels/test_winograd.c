/* SPDX-License-Identifier: MIT */
/* test_winograd.c - Winograd's tiles of every table against sums in double; bytes that do not depend on the company */
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

static const ci_wino_tile shapes[] = {{6, 8, 4, 6}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

/* A row of tiles: ny rows of pixels in, my out. */
typedef struct trial {
  ci_wino_tile s;
  int32_t r, tiles, cin, cout, cs, os;
  float *in, *w, *bias, *residual;
  ci_kact act, act2;
} trial;

static int32_t width_in(const trial *t) { return t->s.mx * t->tiles + t->r - 1; }
static int32_t width_out(const trial *t) { return t->s.mx * t->tiles; }
static size_t floats_out(const trial *t) { return (size_t)t->s.my * (size_t)width_out(t) * (size_t)t->os; }

static trial trial_new(const ci_wino_tile *s, int32_t tiles, int32_t cin, int32_t cout) {
  trial t = {.s = *s, .r = s->ny - s->my + 1, .tiles = tiles, .cin = cin, .cout = cout};
  t.cs = (cin + 15) / 16 * 16, t.os = (cout + 15) / 16 * 16;
  t.in = floats((size_t)s->ny * (size_t)width_in(&t) * (size_t)t.cs, true);
  t.w = floats((size_t)cout * (size_t)cin * (size_t)(t.r * t.r), true);
  t.bias = floats(ci_conv_bias_floats(cout), true);
  t.residual = floats(floats_out(&t), true);
  return t;
}
static void trial_free(trial *t) { free(t->in), free(t->w), free(t->bias), free(t->residual); }

static const float *pixel(const trial *t, int32_t y, int32_t x) {
  return t->in + ((size_t)y * (size_t)width_in(t) + (size_t)x) * (size_t)t->cs;
}

/* ---- through a table: tiles first to first + n ----------------------------------------- */

static void blocks(const trial *t, const ci_kernels *k, const float *v, size_t plane, int32_t n,
                   int32_t first, float *out) {
  int32_t planes = ci_wino_planes(&t->s), area = t->r * t->r;
  float *packed = floats(ci_wino_packed_floats(k, &t->s, t->cout, t->cin), false), *w = packed;
  float *m = floats(CI_WINO_PLANES * ((size_t)n * CI_WINO_WIDTH + 16), false);
  const ci_conv_weights cw = {t->w, t->cout, t->cin, t->r, t->r, (ptrdiff_t)t->cin * area, area, t->r, 1};
  ci_wino_pack(k, &t->s, &cw, packed);
  for (int32_t b = 0; b < ci_wino_blocks(k, t->cout); b++) {
    int32_t c = ci_wino_block_first(k, t->cout, b) * k->lanes;
    int32_t vectors = ci_wino_block_first(k, t->cout, b + 1) - c / k->lanes;
    const ci_wino_multiply mul = {.planes = planes,
                                  .v = v,
                                  .v_plane = plane,
                                  .v_step = t->cs,
                                  .weights = w,
                                  .tiles = n,
                                  .cin = t->cin,
                                  .vectors = vectors,
                                  .m = m,
                                  .m_plane = (size_t)n * CI_WINO_WIDTH + 16};
    ci_wino_output o = {.tile = t->s,
                        .in = m,
                        .plane = mul.m_plane,
                        .tiles = n,
                        .vectors = vectors,
                        .out_step = t->os,
                        .residual_step = t->os,
                        .bias = t->bias + c,
                        .act = t->act,
                        .act2 = t->act2};
    for (int y = 0; y < t->s.my; y++) {
      size_t at = (size_t)(y * width_out(t) + first * t->s.mx) * (size_t)t->os + (size_t)c;
      o.out[y] = out + at;
      o.residual[y] = t->act2.kind == CI_ACT_NONE ? NULL : t->residual + at;
    }
    k->winograd_multiply(&mul);
    k->winograd_output(&o);
    w += (size_t)planes * (size_t)t->cin * (size_t)(vectors * k->lanes);
  }
  free(packed), free(m);
}

static void run(const trial *t, const ci_kernels *k, int32_t first, int32_t n, float *out) {
  size_t plane = (size_t)n * (size_t)t->cs + 16;
  float *v = floats(CI_WINO_PLANES * plane, false);
  ci_wino_input in = {.tile = t->s,
                      .step = t->cs,
                      .tile_step = (ptrdiff_t)t->s.mx * t->cs,
                      .tiles = n,
                      .channels = t->cs,
                      .v = v,
                      .plane = plane};
  for (int y = 0; y < t->s.ny; y++) in.rows[y] = pixel(t, y, t->s.mx * first);
  k->winograd_input(&in);
  blocks(t, k, v, plane, n, first, out);
  free(v);
}

/* ---- what it should be -------------------------------------------------------------------- */

static double direct(const trial *t, int32_t y, int32_t x, int32_t o) {
  double sum = t->bias[o];
  for (int32_t i = 0; i < t->cin; i++)
    for (int ky = 0; ky < t->r; ky++)
      for (int kx = 0; kx < t->r; kx++)
        sum +=
            (double)pixel(t, y + ky, x + kx)[i] *
            t->w[((size_t)o * (size_t)t->cin + (size_t)i) * (size_t)(t->r * t->r) + (size_t)(ky * t->r + kx)];
  double at = t->residual[((size_t)y * (size_t)width_out(t) + (size_t)x) * (size_t)t->os + (size_t)o];
  if (t->act.kind == CI_ACT_RELU && sum < 0) sum = 0;
  if (t->act.kind == CI_ACT_LEAKY && sum < 0) sum *= t->act.a;
  if (t->act2.kind == CI_ACT_CLIP) sum = fmin(fmax(sum + at, t->act2.a), t->act2.b);
  return sum;
}

/* The largest error of `out` as a part of the largest value. */
static double error_of(const trial *t, const float *out) {
  double worst = 0, largest = 0;
  for (int32_t y = 0; y < t->s.my; y++)
    for (int32_t x = 0; x < width_out(t); x++)
      for (int32_t o = 0; o < t->cout; o++) {
        double want = direct(t, y, x, o);
        double got = out[((size_t)y * (size_t)width_out(t) + (size_t)x) * (size_t)t->os + (size_t)o];
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

static void compare(const trial *t, const ci_kernels *const *k, int n, const char *what) {
  float *out = floats(floats_out(t), false);
  for (int j = 0; j < n; j++) {
    run(t, k[j], 0, t->tiles, out);
    double e = error_of(t, out);
    if (!(e <= 1e-5))
      fail_msg("%s, %dx%d to %dx%d, %d to %d channels%s: error %.3g", k[j]->name, t->s.ny, t->s.nx, t->s.my,
               t->s.mx, t->cin, t->cout, what, e);
  }
  free(out);
}

/* The bound that is promised: 1e-5 of the largest output up to 130 channels. (Seen: 2e-6 to 4e-6; direct sums in single
 * precision have 0.4e-6 to 1.2e-6.) */
static void test_error(void **state) {
  (void)state;
  static const int32_t channels[][2] = {{12, 3}, {16, 48}, {48, 48}, {64, 20}, {96, 33}, {130, 17}};
  const ci_kernels *k[8];
  int n = tables(k);
  for (size_t i = 0; i < SHAPES * sizeof channels / sizeof *channels; i++) {
    trial t = trial_new(&shapes[i % SHAPES], 13, channels[i / SHAPES][0], channels[i / SHAPES][1]);
    compare(&t, k, n, "");
    trial_free(&t);
  }
}

/* Every way of finishing a pixel has code of its own. */
static void test_finish(void **state) {
  (void)state;
  const ci_kernels *k[8];
  int n = tables(k);
  for (int how = 0; how < 6 * SHAPES; how++) {
    trial t = trial_new(&shapes[how / 6], 9, 20, 40);
    int act = how % 3;
    t.act = (ci_kact){act == 1 ? CI_ACT_RELU : act == 2 ? CI_ACT_LEAKY : CI_ACT_NONE, 0.25f, 0, NULL};
    if (how % 6 >= 3) t.act2 = (ci_kact){CI_ACT_CLIP, -20, 20, NULL};
    compare(&t, k, n, ", finished");
    trial_free(&t);
  }
}

/* Any tiles gathered together give what all of them give. */
static void test_company(void **state) {
  (void)state;
  const ci_kernels *k[8];
  int n = tables(k);
  for (int i = 0; i < n * SHAPES; i++) {
    const ci_kernels *table = k[i / SHAPES];
    trial t = trial_new(&shapes[i % SHAPES], 31, 19, 112);
    float *all = floats(floats_out(&t), false), *some = floats(floats_out(&t), false);
    run(&t, table, 0, t.tiles, all);
    for (int32_t first = 0, step = 1; first < t.tiles; first += step, step++)
      run(&t, table, first, step < t.tiles - first ? step : t.tiles - first, some);
    for (int32_t p = 0; p < t.s.my * width_out(&t); p++)
      if (memcmp(all + (size_t)p * (size_t)t.os, some + (size_t)p * (size_t)t.os,
                 (size_t)t.cout * sizeof *all))
        fail_msg("%s: pixel %d has other bytes among other tiles", table->name, p);
    free(all), free(some);
    trial_free(&t);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_error), cmocka_unit_test(test_finish),
                                     cmocka_unit_test(test_company)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
