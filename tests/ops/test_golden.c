/* SPDX-License-Identifier: MIT */
/* test_golden.c - every example of golden.txt, with every kernel table, against another program's result */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "harness.h"

static void check(const example *e, const ci_kernels *k) {
  ci_rect whole = ci_rect_whole(e->out);
  size_t n = rect_floats(e->out, whole);
  float *got = malloc(n * sizeof *got), largest = 1;
  example_run(e, k, whole, e->data, got);
  for (size_t i = 0; i < n; i++) largest = fmaxf(largest, fabsf(e->expected[i]));
  for (size_t i = 0; i < n; i++)
    if (!(fabsf(got[i] - e->expected[i]) <= e->tolerance * largest))
      fail_msg("%s (%s, %s): value %zu is %.8g instead of %.8g", e->name, ci_ops[e->n->op]->name, k->name, i,
               (double)got[i], (double)e->expected[i]);
  free(got);
}

static void test_golden(void **state) {
  (void)state;
  const ci_kernels *k[8];
  size_t count;
  int n = tables(k);
  example *e = examples_load(&count);
  assert_true(count > 250);
  for (size_t i = 0; i < count; i++)
    for (int t = 0; t < n; t++) check(&e[i], k[t]);
  examples_free(e, count);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
