/* SPDX-License-Identifier: MIT */
/* test_poisson.c - Poisson's equation: what was put in comes out again, whatever the mask's shape */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tasks/poisson.h"

static uint32_t seed;
static uint32_t next(void) { return (seed = seed * 1664525u + 1013904223u) >> 8; }

/* Blobs, single pixels, a comb, nearly everything. */
static bool is_inside(int kind, int32_t x, int32_t y, int32_t w, int32_t h) {
  int32_t dx = x - w / 2, dy = y - h / 3;
  switch (kind) {
    case 0:
      return dx * dx + dy * dy < w * h / 9;
    case 1:
      return next() % 3 == 0 && x + y > 0;
    case 2:
      return y > 0 && (x % 4 < 2 || y < 3) && x != w - 1;
    default:
      return x || y;
  }
}

/* The equation's left side, said plainly. */
static double left_side(const float *x, int32_t u, int32_t v, int32_t w, int32_t h) {
  double sum = 0, here = (double)x[v * w + u];
  if (u > 0) sum += here - (double)x[v * w + u - 1];
  if (v > 0) sum += here - (double)x[(v - 1) * w + u];
  if (u + 1 < w) sum += here - (double)x[v * w + u + 1];
  if (v + 1 < h) sum += here - (double)x[(v + 1) * w + u];
  return sum;
}

static void try_one(int kind, int32_t w, int32_t h, ci_pool *pool) {
  size_t n = (size_t)w * (size_t)h;
  uint8_t *inside = calloc(n, 1);
  float *want = calloc(2 * n, sizeof *want), *b = calloc(2 * n, sizeof *b), *x = calloc(2 * n, sizeof *x);
  for (size_t i = 0; i < n; i++) inside[i] = is_inside(kind, (int32_t)i % w, (int32_t)i / w, w, h);
  for (size_t i = 0; i < 2 * n; i++)
    if (inside[i % n]) want[i] = (float)sin((double)(i % n) / 50) + (float)(next() % 1000) / 1000;
  for (size_t i = 0; i < 2 * n; i++)
    b[i] = (float)left_side(want + i / n * n, (int32_t)(i % n) % w, (int32_t)(i % n) / w, w, h);
  for (size_t i = 0; i < 2 * n; i++) x[i] = inside[i % n] ? 7 : 0;
  assert_int_equal(ci_poisson_solve(x, b, inside, w, h, 2, 1.0f / 255, pool, NULL, NULL), CNNIMG_OK);
  for (size_t i = 0; i < 2 * n; i++)
    if (!(fabsf(x[i] - want[i]) < 0.1f / 255))
      fail_msg("mask %d, %d x %d, %zu: %g, not %g", kind, w, h, i, (double)x[i], (double)want[i]);
  free(inside), free(want), free(b), free(x);
}

static void test_solves(void **state) {
  (void)state;
  static const int32_t sizes[][2] = {{2, 1}, {1, 9}, {5, 7}, {64, 64}, {201, 133}};
  ci_pool *pool;
  assert_int_equal(ci_pool_new(&pool, 2, NULL), CNNIMG_OK);
  for (int kind = 0; kind < 4; kind++)
    for (size_t i = 0; i < 5; i++) seed = 1, try_one(kind, sizes[i][0], sizes[i][1], pool);
  ci_pool_free(pool);
}

static void test_cancel(void **state) {
  (void)state;
  static const uint8_t inside[3] = {0, 1, 1};
  float x[3] = {0}, b[3] = {0, 1, 1};
  cnnimg_cancel cancel = {0};
  ci_pool *pool;
  assert_int_equal(ci_pool_new(&pool, 1, NULL), CNNIMG_OK);
  cnnimg_cancel_set(&cancel);
  assert_int_equal(ci_poisson_solve(x, b, inside, 3, 1, 1, 1, pool, &cancel, NULL), CNNIMG_CANCELLED);
  ci_pool_free(pool);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_solves), cmocka_unit_test(test_cancel)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
