/* SPDX-License-Identifier: MIT */
/* test_activations.c - every activation of every table over all that floats can be, against the C library in double */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kernels/kernels.h"
#include "net/graph.h"

static const ci_kernels *table[8];
static int n_tables;

static int find_tables(void **state) {
  (void)state;
  for (int isa = CI_ISA_REF; isa <= CI_ISA_NEON; isa++) {
    const ci_kernels *k = ci_kernels_for((ci_isa)isa);
    if (k) table[n_tables++] = k;
  }
  return n_tables >= 2 ? 0 : -1;
}

/* ---- what is right -------------------------------------------------------------------- */

static double half_to_even(double x) {
  double low = floor(x), part = x - low;
  if (part != 0.5) return part < 0.5 ? low : low + 1;
  return fmod(low, 2) == 0 ? low : low + 1;
}
static double sigmoid(double x, double a) { return 1 / (1 + exp(-a * x)); }
static double softplus(double x) { return (x > 0 ? x : 0) + log1p(exp(-fabs(x))); }
static double clamp01(double x) { return x < 0 ? 0 : x > 1 ? 1 : x; }
static double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }
static double not(double x) { return x == 0; }

static double relu(double x, double a, double b) { return x < 0 ? 0 * a * b : x; }
static double leaky(double x, double a, double b) { return x < 0 ? a * x : x + 0 * b; }
static double plain_sigmoid(double x, double a, double b) { return sigmoid(x, 1 + 0 * a * b); }
static double clip(double x, double a, double b) { return x < a ? a : x > b ? b : x; }
static double elu(double x, double a, double b) { return x < 0 ? a * expm1(x) : x + 0 * b; }
static double selu(double x, double a, double b) { return b * (x > 0 ? x : a * expm1(x)); }
static double celu(double x, double a, double b) { return x < 0 ? a * expm1(x / a) : x + 0 * b; }
static double softsign(double x) { return x / (1 + fabs(x)); }
static double hard_sigmoid(double x, double a, double b) { return clamp01(a * x + b); }
static double hard_swish(double x) { return x * clamp01(x / 6 + 0.5); }
static double swish(double x, double a, double b) { return x * sigmoid(x, a + 0 * b); }
static double gelu(double x) { return x / 2 * erfc(-x * M_SQRT1_2); }
static double gelu_tanh(double x) {
  double x3 = x * x * x;
  return x / 2 * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x3)));
}
static double mish(double x) { return x * tanh(softplus(x)); }
static double thresholded(double x, double a, double b) { return x > a ? x : 0 * b; }
static double shrink(double x, double a, double b) { return x < -a ? x + b : x > a ? x - b : 0; }
static double negative(double x) { return -x; }
static double reciprocal(double x) { return 1 / x; }

/* units: how many units in the last place may be wrong: of the result, or, where terms as large as the sample cancel
 * each other, of the sample. */
static const struct kind {
  int32_t kind;
  double (*f)(double x);
  double (*f3)(double x, double a, double b);
  float a, b;
  double units;
  bool of_sample;
} kinds[] = {
    {CI_ACT_RELU, NULL, relu, 0, 0, 0, false},
    {CI_ACT_LEAKY, NULL, leaky, 0.125f, 0, 0.5, false},
    {CI_ACT_SIGMOID, NULL, plain_sigmoid, 0, 0, 2.5, false},
    {CI_ACT_TANH, tanh, NULL, 0, 0, 2.5, false},
    {CI_ACT_CLIP, NULL, clip, -0.25f, 0.5f, 0, false},
    {CI_ACT_ELU, NULL, elu, 0.75f, 0, 3, false},
    {CI_ACT_SELU, NULL, selu, 1.5f, 1.25f, 3, false},
    {CI_ACT_CELU, NULL, celu, 0.5f, 0, 3, false},
    {CI_ACT_SOFTPLUS, softplus, NULL, 0, 0, 3, false},
    {CI_ACT_SOFTSIGN, softsign, NULL, 0, 0, 1.5, false},
    {CI_ACT_HARD_SIGMOID, NULL, hard_sigmoid, 0.25f, 0.5f, 0.5, false},
    {CI_ACT_HARD_SWISH, hard_swish, NULL, 0, 0, 2, true},
    {CI_ACT_SWISH, NULL, swish, 1, 0, 3.5, false},
    {CI_ACT_GELU, gelu, NULL, 0, 0, 2, true},
    {CI_ACT_GELU_TANH, gelu_tanh, NULL, 0, 0, 2, true},
    {CI_ACT_MISH, mish, NULL, 0, 0, 5, false},
    {CI_ACT_THRESHOLDED, NULL, thresholded, 0.25f, 0, 0, false},
    {CI_ACT_SHRINK, NULL, shrink, 0.25f, 0.125f, 0.5, false},
    {CI_ACT_ABS, fabs, NULL, 0, 0, 0, false},
    {CI_ACT_NEG, negative, NULL, 0, 0, 0, false},
    {CI_ACT_SQRT, sqrt, NULL, 0, 0, 0.5, false},
    {CI_ACT_EXP, exp, NULL, 0, 0, 1.5, false},
    {CI_ACT_LOG, log, NULL, 0, 0, 1.5, false},
    {CI_ACT_RECIPROCAL, reciprocal, NULL, 0, 0, 0.5, false},
    {CI_ACT_ERF, erf, NULL, 0, 0, 1.5, false},
    {CI_ACT_FLOOR, floor, NULL, 0, 0, 0, false},
    {CI_ACT_CEIL, ceil, NULL, 0, 0, 0, false},
    {CI_ACT_ROUND, half_to_even, NULL, 0, 0, 0, false},
    {CI_ACT_TRUNC, trunc, NULL, 0, 0, 0, false},
    {CI_ACT_SIGN, sign, NULL, 0, 0, 0, false},
    {CI_ACT_NOT, not, NULL, 0, 0, 0, false},
    {CI_ACT_SIN, sin, NULL, 0, 0, 2, false},
    {CI_ACT_COS, cos, NULL, 0, 0, 2, false},
    {CI_ACT_TAN, tan, NULL, 0, 0, 3, false},
    {CI_ACT_ASIN, asin, NULL, 0, 0, 2, false},
    {CI_ACT_ACOS, acos, NULL, 0, 0, 2, false},
    {CI_ACT_ATAN, atan, NULL, 0, 0, 2, false},
    {CI_ACT_SINH, sinh, NULL, 0, 0, 3, false},
    {CI_ACT_COSH, cosh, NULL, 0, 0, 3, false},
    {CI_ACT_ASINH, asinh, NULL, 0, 0, 3, false},
    {CI_ACT_ACOSH, acosh, NULL, 0, 0, 3, false},
    {CI_ACT_ATANH, atanh, NULL, 0, 0, 3, false},
};

static void test_every_kind_is_here(void **state) {
  (void)state;
  for (int kind = CI_ACT_NONE + 1; kind < CI_ACT_COUNT; kind++) {
    bool found = kind == CI_ACT_PRELU; /* leaky with a slope a channel: test_kernels.c */
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) found |= kinds[i].kind == kind;
    if (!found) fail_msg("activation %d has no line", kind);
  }
}

/* ---- measuring -------------------------------------------------------------------------- */

static double right(const struct kind *k, float x) {
  return k->f ? k->f((double)x) : k->f3((double)x, (double)k->a, (double)k->b);
}

/* The last place of a float as large as x. */
static double unit(double x) {
  int e;
  frexp(x, &e);
  return ldexp(1, (e < -125 ? -125 : e) - 24);
}

/* Below 1e-36 nothing but 0 is asked for. */
static double error_of(const struct kind *k, float x, float got) {
  double want = right(k, x), limit = ldexp(1, 128) - ldexp(1, 103); /* from here on floats are infinite */
  if (isnan(want)) return isnan(got) ? 0 : INFINITY;
  if (isinf(got) || fabs(want) >= limit)
    return (isinf(got) || fabsf(got) >= 3.4e38f) && fabs(want) > 3.4e38 && (got < 0) == (want < 0) ? 0
                                                                                                   : INFINITY;
  double gap = fabs((double)got - want), of = k->of_sample ? fmax(fabs(want), fabs((double)x)) : want;
  return gap / fmax(unit(of), k->units > 0.5 ? 1e-36 : 0);
}

static void check(const struct kind *k, const ci_kernels *t, const float *x, size_t n) {
  float y[64];
  memcpy(y, x, n * sizeof *y);
  t->act(y, n / 4, 4, &(ci_kact){k->kind, k->a, k->b, NULL});
  for (size_t i = 0; i < n; i++) {
    double e = error_of(k, x[i], y[i]);
    if (!(e <= k->units + 1e-3))
      fail_msg("%s: activation %d of %.9g is %.9g instead of %.9g: %g units off", t->name, k->kind,
               (double)x[i], (double)y[i], right(k, x[i]), e);
  }
}

static float from_bits(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* A float of each size, of both signs: every 65537th of all bit patterns; infinities and NaNs left to the next test. */
static void test_all_sizes(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    for (int t = 0; t < n_tables; t++) {
      float x[64];
      size_t n = 0;
      for (uint64_t bits = 0; bits < UINT64_C(1) << 32; bits += 65537) {
        float v = from_bits((uint32_t)bits);
        if (isfinite(v)) x[n++] = v;
        if (n == 64) check(&kinds[i], table[t], x, n), n = 0;
      }
    }
}

/* What networks hold, closely. */
static void test_usual_sizes(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    for (int t = 0; t < n_tables; t++)
      for (int j = -1500; j < 1500; j++) {
        float x[64];
        for (int q = 0; q < 64; q++) x[q] = (float)(j * 64 + q) * (q % 4 ? 1e-3f : q % 8 ? 1e-5f : 1e-4f);
        check(&kinds[i], table[t], x, 64);
      }
}

/* Where something begins or ends. */
static const float special[] = {INFINITY,
                                -INFINITY,
                                NAN,
                                0,
                                -0.0f,
                                FLT_MAX,
                                -FLT_MAX,
                                FLT_MIN,
                                -FLT_MIN,
                                1e-45f,
                                -1e-45f,
                                0.5f,
                                -0.5f,
                                1.5f,
                                -1.5f,
                                2.5f,
                                -2.5f,
                                1,
                                -1,
                                8388607.5f,
                                -8388607.5f,
                                8388608,
                                -8388609,
                                16777217,
                                2147483648.0f,
                                -2147483648.0f,
                                4e9f,
                                88.72f,
                                88.73f,
                                -87.4f,
                                -103.9f,
                                -104.5f,
                                0.99999994f,
                                1.0000001f,
                                0.49999997f,
                                3.9f,
                                -3.9f,
                                4.5f,
                                0.9375f,
                                0.625f,
                                20,
                                -20};

static bool alike(float a, float b) {
  if (isnan(a) || isnan(b)) return isnan(a) && isnan(b);
  if (isinf(a) || isinf(b) || a == 0 || b == 0) return fabsf(a - b) < 1e-36f || a == b;
  return fabsf(a - b) <= 1e-6f * fmaxf(1, fabsf(b));
}

static void test_special_values(void **state) {
  (void)state;
  for (int kind = CI_ACT_NONE; kind < CI_ACT_COUNT; kind++)
    for (int t = 0; t < n_tables; t++)
      for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
        float slope[4] = {1, 1, 1, 1}, y[4] = {special[i], 0.25f, 0.25f, 0.25f}, z[4];
        ci_kact act = {kind, 0.25f, 0.5f, slope};
        memcpy(z, y, sizeof z);
        table[t]->act(y, 1, 4, &act), ci_kernels_ref.act(z, 1, 4, &act);
        if (!alike(y[0], z[0]))
          fail_msg("%s: activation %d of %.9g is %.9g, ref %.9g", table[t]->name, kind, (double)special[i],
                   (double)y[0], (double)z[0]);
      }
}

/* Rounding keeps the sign of what becomes 0, as the C library's does. */
static void test_signs_of_zero(void **state) {
  (void)state;
  static const int32_t rounding[] = {CI_ACT_FLOOR, CI_ACT_CEIL, CI_ACT_ROUND, CI_ACT_TRUNC,
                                     CI_ACT_SIGN,  CI_ACT_ERF,  CI_ACT_SQRT};
  for (size_t r = 0; r < sizeof rounding / sizeof *rounding; r++)
    for (int t = 0; t < n_tables; t++) {
      float y[4] = {0, -0.0f, 0.25f, -0.25f}, z[4];
      memcpy(z, y, sizeof z);
      table[t]->act(y, 1, 4, &(ci_kact){rounding[r], 0, 0, NULL});
      ci_kernels_ref.act(z, 1, 4, &(ci_kact){rounding[r], 0, 0, NULL});
      for (int i = 0; i < 4; i++)
        if (!isnan(z[i]) && signbit(y[i]) != signbit(z[i]))
          fail_msg("%s: activation %d of %g has the wrong sign", table[t]->name, rounding[r], (double)z[i]);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_kind_is_here),
                                     cmocka_unit_test(test_all_sizes), cmocka_unit_test(test_usual_sizes),
                                     cmocka_unit_test(test_special_values),
                                     cmocka_unit_test(test_signs_of_zero)};
  return cmocka_run_group_tests(tests, find_tables, NULL);
}
