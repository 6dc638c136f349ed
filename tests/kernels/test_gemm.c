/* SPDX-License-Identifier: MIT */
/* test_gemm.c - products of matrices of every cut against sums in double; guards; bytes that do not depend on threads */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernels/gemm.h"

static uint32_t state_of_random = 1;
static uint32_t below(uint32_t n) {
  state_of_random = state_of_random * 1664525u + 1013904223u;
  return (state_of_random >> 8) % n;
}
static float sample(void) { return (float)((int32_t)below(1 << 20) - (1 << 19)) / (1 << 19); }

static int tables(const ci_kernels *out[8]) {
  int n = 0;
  for (int isa = CI_ISA_REF; isa <= CI_ISA_NEON; isa++) {
    const ci_kernels *k = ci_kernels_for((ci_isa)isa);
    if (k) out[n++] = k;
  }
  return n;
}

/* ---- a product with everything that may vary --------------------------------------------------- */

typedef struct trial {
  ci_gemm g;
  float *a, *b, *c, *bias;
  size_t c_floats;
} trial;

enum { GUARD = 16 };
static const float guard_value = -12345.5f;

/* On the heap, exactly as many, so that a sanitizer sees what lies beyond. */
static float *random_floats(size_t n) {
  float *v = malloc((n + !n) * sizeof *v);
  for (size_t i = 0; i < n; i++) v[i] = sample();
  return v;
}

static void fetch(const void *user, size_t q0, size_t nq, size_t j0, size_t nj, float *to, size_t step) {
  const trial *t = user;
  for (size_t q = 0; q < nq; q++)
    for (size_t j = 0; j < nj; j++)
      to[q * step + j] = t->b[(ptrdiff_t)(q0 + q) * t->g.b_row + (ptrdiff_t)(j0 + j) * t->g.b_col];
}

static void trial_begin(trial *t, size_t m, size_t n, size_t k) {
  ci_gemm *g = &t->g;
  bool a_turned = below(3) == 0, b_turned = below(2) == 0;
  size_t a_step = (a_turned ? m : k) + below(3), b_step = (b_turned ? k : n) + below(3);
  memset(t, 0, sizeof *t);
  t->a = random_floats(a_step * (a_turned ? k : m));
  t->b = random_floats(b_step * (b_turned ? n : k));
  *g = (ci_gemm){.m = m, .n = n, .k = k, .a = t->a, .b = t->b};
  g->a_row = a_turned ? 1 : (ptrdiff_t)a_step, g->a_col = a_turned ? (ptrdiff_t)a_step : 1;
  g->b_row = b_turned ? 1 : (ptrdiff_t)b_step, g->b_col = b_turned ? (ptrdiff_t)b_step : 1;
  g->c_row = (ptrdiff_t)(n + (n > 1 || below(2) ? below(3) : 0));
  t->c_floats = m * (size_t)g->c_row;
  t->c = malloc((t->c_floats + 2 * GUARD) * sizeof *t->c);
  for (size_t i = 0; i < t->c_floats + 2 * GUARD; i++) t->c[i] = guard_value;
  g->c = t->c + GUARD;
  uint32_t bias = below(3);
  t->bias = random_floats(bias == 1 ? m : n);
  if (bias == 1) g->row_bias = t->bias;
  if (bias == 2) g->col_bias = t->bias;
  if (below(4) == 0) g->fetch = fetch, g->user = t;
}

static void trial_end(trial *t) {
  free(t->a);
  free(t->b);
  free(t->c);
  free(t->bias);
}

/* Largest error as a part of the sum of the magnitudes; nothing but the product was written. */
static void check(const trial *t, const ci_kernels *k) {
  const ci_gemm *g = &t->g;
  double worst = 0;
  for (size_t i = 0; i < t->c_floats + 2 * GUARD; i++) {
    size_t row = (i - GUARD) / (size_t)g->c_row, col = (i - GUARD) % (size_t)g->c_row;
    if (i < GUARD || row >= g->m || col >= g->n) {
      assert_true(t->c[i] == guard_value);
      continue;
    }
    double sum = g->row_bias   ? (double)g->row_bias[row]
                 : g->col_bias ? (double)g->col_bias[col]
                               : 0,
           size = fabs(sum) + 1e-3;
    for (size_t q = 0; q < g->k; q++) {
      double v = (double)g->a[(ptrdiff_t)row * g->a_row + (ptrdiff_t)q * g->a_col] *
                 (double)t->b[(ptrdiff_t)q * g->b_row + (ptrdiff_t)col * g->b_col];
      sum += v, size += fabs(v);
    }
    worst = fmax(worst, fabs((double)t->c[i] - sum) / size);
  }
  if (!(worst < 2e-6)) fail_msg("%s: %zu x %zu x %zu is %g off", k->name, g->m, g->n, g->k, worst);
}

static size_t size(void) {
  static const size_t some[] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  15, 16, 17, 23,
                                24, 25, 31, 32, 33, 47, 48, 49, 63, 64, 65, 84, 85};
  return below(8) ? some[below(sizeof some / sizeof *some)] : 100 + below(200);
}

static void test_products(void **state) {
  (void)state;
  const ci_kernels *k[8];
  int n = tables(k);
  for (int i = 0; i < 1500; i++) {
    trial t;
    trial_begin(&t, size(), size(), below(40) ? size() : 0);
    ci_gemm_run(&t.g, k[i % n], NULL);
    check(&t, k[i % n]);
    trial_end(&t);
  }
}

/* What takes several pieces of each kind. */
static void test_large(void **state) {
  (void)state;
  static const size_t sizes[][3] = {
      {300, 290, 530}, {1, 3000, 700}, {5, 1030, 515}, {2000, 1, 600}, {150, 9, 2000}};
  const ci_kernels *k[8];
  int n = tables(k);
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
    for (int i = 0; i < 3 * n; i++) {
      trial t;
      trial_begin(&t, sizes[s][0], sizes[s][1], sizes[s][2]);
      ci_gemm_run(&t.g, k[i % n], NULL);
      check(&t, k[i % n]);
      trial_end(&t);
    }
}

/* ---- the same bytes ------------------------------------------------------------------------------ */

static void test_threads(void **state) {
  (void)state;
  const ci_kernels *k[8];
  int n = tables(k);
  for (uint32_t threads = 2; threads <= 7; threads += 5) {
    ci_pool *pool;
    assert_int_equal(ci_pool_new(&pool, threads, NULL), CNNIMG_OK);
    for (int i = 0; i < 60; i++) {
      trial t;
      trial_begin(&t, 1 + below(500), 1 + below(400), 1 + below(300));
      ci_gemm_run(&t.g, k[i % n], NULL);
      float *alone = malloc((t.c_floats + 2 * GUARD) * sizeof *alone);
      memcpy(alone, t.c, (t.c_floats + 2 * GUARD) * sizeof *alone);
      ci_gemm_run(&t.g, k[i % n], pool);
      assert_memory_equal(alone, t.c, (t.c_floats + 2 * GUARD) * sizeof *alone);
      free(alone);
      trial_end(&t);
    }
    ci_pool_free(pool);
  }
}

/* A row's bytes do not depend on the rows beside it, as long as the product is cut the same way. */
static void test_place(void **state) {
  (void)state;
  const ci_kernels *k[8];
  int n = tables(k);
  for (int i = 0; i < 10 * n; i++) {
    trial t;
    trial_begin(&t, 200, 70, 300);
    t.g.row_bias = t.g.col_bias = NULL;
    ci_gemm part = t.g;
    size_t from = 48 * below(3);
    float *c = malloc(100 * 70 * sizeof *c);
    part.m = 100, part.a += (ptrdiff_t)from * part.a_row, part.c = c, part.c_row = 70;
    ci_gemm_run(&t.g, k[i % n], NULL);
    ci_gemm_run(&part, k[i % n], NULL);
    if (!ci_gemm_by_openblas(k[i % n])) /* whose edges may be computed otherwise */
      for (size_t r = 0; r < 100; r++)
        assert_memory_equal(c + r * 70, t.g.c + (ptrdiff_t)(from + r) * t.g.c_row, 70 * sizeof *c);
    free(c);
    trial_end(&t);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_products), cmocka_unit_test(test_large),
                                     cmocka_unit_test(test_threads), cmocka_unit_test(test_place)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
