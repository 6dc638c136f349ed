/* SPDX-License-Identifier: MIT */
/* test_kernels.c - every table against ref: bounds, guard cells, and bytes that do not depend on the position */
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

enum { GUARD = 64 };
static const float guard_value = -12345.5f;

static uint32_t state_of_random = 1;
static uint32_t below(uint32_t n) {
  state_of_random = state_of_random * 1664525u + 1013904223u;
  return (state_of_random >> 8) % n;
}
static float sample(void) { return (float)((int32_t)below(1 << 20) - (1 << 19)) / (1 << 19); }

/* n random floats (or guards) on the heap, exactly as many, so that a sanitizer sees what lies beyond. */
static float *random_floats(size_t n) {
  float *v = malloc((n ? n : 1) * sizeof *v);
  for (size_t i = 0; i < n; i++) v[i] = sample();
  return v;
}

static float *guarded(size_t n) {
  float *v = malloc((n + 2 * GUARD) * sizeof *v);
  for (size_t i = 0; i < n + 2 * GUARD; i++) v[i] = guard_value;
  return v + GUARD;
}
static void guarded_free(float *v, size_t n) {
  for (int i = 0; i < GUARD; i++)
    if (v[-1 - i] != guard_value || v[n + (size_t)i] != guard_value)
      fail_msg("a guard cell %d away is gone", i + 1);
  free(v - GUARD);
}

static int tables(const ci_kernels *out[8]) {
  int n = 0;
  for (int isa = CI_ISA_VEC; isa <= CI_ISA_NEON; isa++) {
    const ci_kernels *k = ci_kernels_for((ci_isa)isa);
    if (k) out[n++] = k;
  }
  assert_true(n >= 1);
  return n;
}

/* ---- convolution ------------------------------------------------------------- */

typedef struct trial {
  ci_conv_row a; /* all but weights, out */
  const float *rows[5];
  float *in[5], *w, *bias, *residual, *slope;
  int32_t taps;
} trial;

static int32_t pick_channels(void) {
  static const int32_t some[] = {1,  2,  3,  4,  5,  7,  8,  9,  12, 15, 16, 17,
                                 20, 24, 31, 32, 33, 40, 48, 64, 65, 80, 96, 112};
  return some[below(sizeof some / sizeof *some)];
}

static void trial_begin(trial *t, bool depthwise) {
  ci_conv_row *a = &t->a;
  memset(t, 0, sizeof *t);
  a->n = 1 + (int32_t)below(40);
  a->cout = pick_channels();
  a->cin = depthwise ? a->cout : pick_channels();
  a->kh = 1 + (int32_t)below(4), a->kw = 1 + (int32_t)below(4);
  a->ky1 = a->kh - (int32_t)below(2), a->kx1 = a->kw - (int32_t)below(2);
  a->ky0 = a->ky1 > 1 ? (int32_t)below(2) : 0, a->kx0 = a->kx1 > 1 ? (int32_t)below(2) : 0;
  int32_t cs = ci_channel_stride(a->cin), stride = 1 + (int32_t)below(2), dilation = 1 + (int32_t)below(2);
  a->in_step = stride * cs, a->tap_step = dilation * cs;
  a->room = below(2) || depthwise ? ci_channel_stride(a->cout) : a->cout;
  a->out_step = a->residual_step = ci_channel_stride(a->cout) * (1 + (int32_t)below(2));
  t->taps = a->kh * a->kw;
  size_t last = (size_t)(a->n - 1) * (size_t)a->in_step + (size_t)(a->kw - 1) * (size_t)a->tap_step;
  for (int i = 0; i < a->kh; i++) t->rows[i] = t->in[i] = random_floats(last + (size_t)cs);
  for (int i = 0; i < a->kh; i++) /* never to be read */
    if (i < a->ky0 || i >= a->ky1) t->rows[i] = NULL;
  a->rows = t->rows;
  t->w = random_floats((size_t)a->cout * (size_t)(depthwise ? 1 : a->cin) * (size_t)t->taps);
  t->bias = calloc(ci_conv_bias_floats(a->cout), sizeof(float));
  for (int32_t i = 0; i < a->cout; i++) t->bias[i] = sample();
  a->bias = t->bias;
  t->residual = random_floats((size_t)(a->n - 1) * (size_t)a->residual_step + (size_t)a->room);
  if (below(2)) a->residual = t->residual;
  t->slope = random_floats(ci_conv_bias_floats(a->cout));
  a->act = (ci_kact){(int32_t)below(7), 0.25f, 0.75f, t->slope};
  a->act2 = (ci_kact){(int32_t)below(7), -0.5f, 0.5f, t->slope};
}

static void trial_end(trial *t) {
  for (int i = 0; i < 5; i++) free(t->in[i]);
  free(t->w), free(t->bias), free(t->residual), free(t->slope);
}

static size_t out_floats(const trial *t) {
  return (size_t)(t->a.n - 1) * (size_t)t->a.out_step + (size_t)t->a.room;
}

/* Weights as table k wants them. */
static float *packed(const trial *t, const ci_kernels *k, bool depthwise) {
  const ci_conv_row *a = &t->a;
  if (depthwise) {
    float *w = calloc((size_t)t->taps * (size_t)a->room, sizeof *w);
    for (int32_t i = 0; i < t->taps; i++)
      for (int32_t c = 0; c < a->cout; c++) w[i * a->room + c] = t->w[c * t->taps + i];
    return w;
  }
  float *w = calloc(ci_conv_packed_floats(k, a->cout, a->cin, t->taps), sizeof *w);
  ci_conv_weights cw = {t->w, a->cout, a->cin, a->kh, a->kw, (ptrdiff_t)a->cin * t->taps, t->taps, a->kw, 1};
  ci_conv_pack(k, &cw, w);
  return w;
}

static void run_trial(const trial *t, const ci_kernels *k, bool depthwise, float *out) {
  float *w = packed(t, k, depthwise);
  ci_conv_row a = t->a;
  a.weights = w;
  a.out = out;
  if (depthwise) k->depthwise(&a);
  else k->conv(&a);
  free(w);
}

static float *absolute(const float *v, size_t n) {
  float *a = malloc((n ? n : 1) * sizeof *a);
  for (size_t i = 0; i < n; i++) a[i] = fabsf(v[i]);
  return a;
}

/* Sum of |w x| + |bias| of every output: what rounding errors are measured by. */
static float *sums_of(const trial *t, bool depthwise) {
  const ci_conv_row *a = &t->a;
  trial m = *t;
  size_t row = (size_t)(a->n - 1) * (size_t)a->in_step + (size_t)(a->kw - 1) * (size_t)a->tap_step +
               (size_t)ci_channel_stride(a->cin);
  for (int i = a->ky0; i < a->ky1; i++) m.rows[i] = m.in[i] = absolute(t->rows[i], row);
  m.w = absolute(t->w, (size_t)a->cout * (size_t)(depthwise ? 1 : a->cin) * (size_t)t->taps);
  m.a.bias = m.bias = absolute(t->bias, ci_conv_bias_floats(a->cout));
  m.a.rows = m.rows, m.a.residual = NULL, m.a.act.kind = m.a.act2.kind = CI_ACT_NONE;
  float *sums = malloc(out_floats(t) * sizeof *sums);
  run_trial(&m, &ci_kernels_ref, depthwise, sums);
  for (int i = a->ky0; i < a->ky1; i++) free(m.in[i]);
  free(m.w), free(m.bias);
  return sums;
}

/* Within 1e-6 of the sum of the products' magnitudes; activations here have slopes up to 1, residuals lie in -1..1. */
static void compare(const trial *t, const ci_kernels *k, const float *got, const float *want,
                    const float *sums) {
  for (int32_t i = 0; i < t->a.n; i++) {
    const float *g = got + (ptrdiff_t)i * t->a.out_step, *w = want + (ptrdiff_t)i * t->a.out_step;
    for (int32_t c = 0; c < t->a.cout; c++)
      if (!(fabsf(g[c] - w[c]) <= 1e-6f * (1 + (sums ? sums[i * t->a.out_step + c] : (float)t->taps))))
        fail_msg("%s: pixel %d of %d, channel %d of %d: %.8g, ref %.8g", k->name, i, t->a.n, c, t->a.cout,
                 (double)g[c], (double)w[c]);
    for (int32_t c = t->a.room; c < t->a.out_step && i + 1 < t->a.n; c++)
      if (g[c] != guard_value)
        fail_msg("%s: wrote float %d of a pixel with room for %d", k->name, c, t->a.room);
  }
}

/* The same pixels one at a time, and in two pieces. */
static void check_position(const trial *t, const ci_kernels *k, bool depthwise, const float *whole) {
  int32_t cut = (int32_t)below((uint32_t)t->a.n);
  const int32_t from[3] = {0, cut, t->a.n / 2}, n[3] = {cut, t->a.n - cut, 1};
  for (int p = 0; p < 3; p++) {
    trial part = *t;
    if (!n[p]) continue;
    for (int i = t->a.ky0; i < t->a.ky1; i++) part.rows[i] = t->rows[i] + (ptrdiff_t)from[p] * t->a.in_step;
    part.a.rows = part.rows;
    part.a.n = n[p];
    if (t->a.residual) part.a.residual = t->a.residual + (ptrdiff_t)from[p] * t->a.residual_step;
    float *out = guarded(out_floats(&part));
    run_trial(&part, k, depthwise, out);
    for (int32_t i = 0; i < n[p]; i++)
      if (memcmp(out + (ptrdiff_t)i * t->a.out_step, whole + (ptrdiff_t)(from[p] + i) * t->a.out_step,
                 (size_t)t->a.cout * sizeof *out))
        fail_msg("%s: pixel %d has other bytes when the segment is %d..%d of %d", k->name, from[p] + i,
                 from[p], from[p] + n[p], t->a.n);
    guarded_free(out, out_floats(&part));
  }
}

static void try_convolutions(bool depthwise) {
  const ci_kernels *k[8];
  int n = tables(k);
  for (int i = 0; i < 400; i++) {
    trial t;
    trial_begin(&t, depthwise);
    float *sums = sums_of(&t, depthwise), *want = guarded(out_floats(&t));
    run_trial(&t, &ci_kernels_ref, depthwise, want);
    for (int j = 0; j < n; j++) {
      float *got = guarded(out_floats(&t));
      run_trial(&t, k[j], depthwise, got);
      compare(&t, k[j], got, want, sums);
      check_position(&t, k[j], depthwise, got);
      guarded_free(got, out_floats(&t));
    }
    guarded_free(want, out_floats(&t));
    free(sums);
    trial_end(&t);
  }
}

static void test_conv(void **state) {
  (void)state;
  try_convolutions(false);
}
static void test_depthwise(void **state) {
  (void)state;
  try_convolutions(true);
}

static void test_pools(void **state) {
  (void)state;
  const ci_kernels *k[8];
  int n = tables(k);
  for (int i = 0; i < 200; i++) {
    trial t;
    trial_begin(&t, true);
    for (int sum = 0; sum < 2; sum++)
      for (int j = 0; j < n; j++) {
        float *want = guarded(out_floats(&t)), *got = guarded(out_floats(&t));
        ci_conv_row a = t.a;
        a.out = want;
        sum ? ci_kernels_ref.pool_sum(&a, 0.125f) : ci_kernels_ref.pool_max(&a);
        a.out = got;
        sum ? k[j]->pool_sum(&a, 0.125f) : k[j]->pool_max(&a);
        if (a.ky1 > a.ky0 && a.kx1 > a.kx0) compare(&t, k[j], got, want, NULL);
        guarded_free(got, out_floats(&t));
        guarded_free(want, out_floats(&t));
      }
    trial_end(&t);
  }
}

/* ---- sample by sample ---------------------------------------------------------- */

static void same(const char *what, const ci_kernels *k, const float *got, const float *want, size_t n,
                 float bound) {
  for (size_t i = 0; i < n; i++)
    if (!(fabsf(got[i] - want[i]) <= bound * fmaxf(1, fabsf(want[i])) || got[i] == want[i] ||
          (isnan(got[i]) && isnan(want[i]))))
      fail_msg("%s %s: value %zu is %.8g, ref %.8g", k->name, what, i, (double)got[i], (double)want[i]);
}

static void test_simple(void **state) {
  (void)state;
  const ci_kernels *k[8], *r = &ci_kernels_ref;
  int tabs = tables(k);
  static const int32_t strides[] = {4, 8, 16, 48};
  for (int i = 0; i < 200; i++)
    for (int j = 0; j < tabs; j++) {
      int32_t cs = strides[below(4)], op = (int32_t)below(CI_BINARY_COUNT);
      size_t pixels = 1 + below(30), n = pixels * (size_t)cs;
      float *a = random_floats(n), *b = random_floats(n), *v = random_floats((size_t)cs), *got = guarded(n);
      float *want = guarded(n), s = sample();
      bool turn = below(2);
      for (size_t q = 0; q < n; q++) { /* equal ones, zeros, whole numbers */
        if (!below(4)) a[q] = b[q] = v[q % (size_t)cs];
        if (!below(8)) a[q] = 0;
        if (!below(8)) b[q] = (float)(int32_t)below(5) - 2;
      }
      r->binary(op, want, a, b, n), k[j]->binary(op, got, a, b, n);
      same("binary", k[j], got, want, n, 0);
      r->binary_vec(op, turn, want, a, v, pixels, cs), k[j]->binary_vec(op, turn, got, a, v, pixels, cs);
      same("binary_vec", k[j], got, want, n, 0);
      r->binary_map1(op, turn, want, a, b, pixels, cs, 4),
          k[j]->binary_map1(op, turn, got, a, b, pixels, cs, 4);
      same("binary_map1", k[j], got, want, n, 0);
      r->scale(want, a, s, n), k[j]->scale(got, a, s, n);
      same("scale", k[j], got, want, n, 0);
      r->scale_into(want, b, s, n), k[j]->scale_into(got, b, s, n);
      same("scale_into", k[j], got, want, n, 1e-6f);
      int32_t at[4] = {0, (int32_t)pixels - 1, (int32_t)pixels / 2, 0};
      r->mix(want, a, at, b, 4, 1, cs), k[j]->mix(got, a, at, b, 4, 1, cs);
      same("mix", k[j], got, want, (size_t)cs, 1e-6f);
      ci_kact act = {(int32_t)below(7), -0.25f, 0.5f, v};
      memcpy(want, a, n * sizeof *a), memcpy(got, a, n * sizeof *a);
      r->act(want, pixels, cs, &act), k[j]->act(got, pixels, cs, &act);
      same("act", k[j], got, want, n, 5e-7f);
      int32_t c = cs - (int32_t)below(4);
      for (size_t q = 0; q < n; q++) a[q] *= 20;
      memset(want, 0, n * sizeof *want);
      r->softmax(want, a, pixels, c, cs), k[j]->softmax(got, a, pixels, c, cs);
      for (size_t p = 0; p < pixels; p++)
        same("softmax", k[j], got + p * (size_t)cs, want + p * (size_t)cs, (size_t)c, 1e-6f);
      double sums[2][48] = {{0}};
      r->sum_row(sums[0], a, pixels, cs), k[j]->sum_row(sums[1], a, pixels, cs);
      for (int32_t q = 0; q < cs; q++) assert_true(sums[0][q] == sums[1][q]);
      guarded_free(got, n), guarded_free(want, n);
      free(a), free(b), free(v);
    }
}

/* Units in the last place between a float and a double. */
static double ulps(float got, double want) {
  if (isinf(got) && want > 3.4e38) return 0;
  int e;
  frexp(want, &e);
  return fabs((double)got - want) / ldexp(1, (e < -125 ? -125 : e) - 24);
}

/* Sigmoid and tanh over everything that a network may hold, against the C library in double. */
static void test_accuracy(void **state) {
  (void)state;
  const ci_kernels *k[8];
  int tabs = tables(k);
  for (int j = 0; j < tabs; j++)
    for (int kind = CI_ACT_SIGMOID; kind <= CI_ACT_TANH; kind++) {
      double worst = 0;
      for (int i = -160000; i <= 160000; i++) {
        float x[4] = {(float)i / 2000, (float)i / 2000, (float)i * 1e-6f, (float)i * 1e-9f}, y[4];
        memcpy(y, x, sizeof x);
        k[j]->act(y, 1, 4, &(ci_kact){kind, 0, 0, NULL});
        for (int q = 0; q < 4; q++)
          worst = fmax(worst, ulps(y[q], kind == CI_ACT_TANH ? tanh(x[q]) : 1 / (1 + exp(-(double)x[q]))));
      }
      if (worst > (kind == CI_ACT_TANH ? 1.5 : 2.5))
        fail_msg("%s: activation %d is %g units off", k[j]->name, kind, worst);
    }
}

static void test_special_values(void **state) {
  (void)state;
  const ci_kernels *k[8];
  int tabs = tables(k);
  for (int j = 0; j < tabs; j++)
    for (int kind = CI_ACT_NONE; kind <= CI_ACT_CLIP; kind++) {
      float slope[16] = {1}, y[4] = {INFINITY, -INFINITY, NAN, -0.0f}, z[4];
      ci_kact act = {kind, 0.25f, 0.5f, slope};
      memcpy(z, y, sizeof y);
      k[j]->act(y, 1, 4, &act);
      ci_kernels_ref.act(z, 1, 4, &act);
      for (int i = 0; i < 4; i++)
        if (!(isnan(y[i]) ? isnan(z[i]) : fabsf(y[i] - z[i]) <= 1e-6f || y[i] == z[i]))
          fail_msg("%s: activation %d of value %d is %g, ref %g", k[j]->name, kind, i, (double)y[i],
                   (double)z[i]);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_conv),     cmocka_unit_test(test_depthwise),
                                     cmocka_unit_test(test_pools),    cmocka_unit_test(test_simple),
                                     cmocka_unit_test(test_accuracy), cmocka_unit_test(test_special_values)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
