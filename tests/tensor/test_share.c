/* SPDX-License-Identifier: MIT */
/* test_share.c - large operations: the same bytes for every number of threads, and what the plain loops say */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "large.h"

static void answer(const example *e, ci_pool *pool, const ci_kernels *k, ci_array *out) {
  example_with(pool, k);
  example_run(e, RUNNING, 0, out);
  example_with(NULL, NULL);
}

static void check_bytes(const example *e, ci_pool *const *pools, const ci_kernels *k, const ci_array *alone) {
  for (int i = 0; i < 3; i++) {
    ci_array shared;
    answer(e, pools[i], k, &shared);
    if (memcmp(shared.data, alone->data, alone->count * sizeof(float)))
      fail_msg("%s with %s: %u threads give other bytes", e->name, k->name, ci_pool_threads(pools[i]));
    free(shared.data);
  }
}

static void check_values(const example *e, const ci_kernels *k, const ci_array *got, const ci_array *want) {
  const float *a = got->data, *b = want->data;
  double worst = 0, top = 1;
  for (size_t i = 0; i < want->count; i++) {
    worst = fmax(worst, fabs((double)a[i] - (double)b[i]));
    top = fmax(top, fabs((double)b[i]));
  }
  if (!(worst <= 4e-6 * top)) fail_msg("%s with %s is %g of %g away from ref", e->name, k->name, worst, top);
}

static void test_threads(void **state) {
  static const uint32_t threads[] = {2, 3, 7};
  ci_pool *pools[3];
  example e;
  (void)state;
  for (int i = 0; i < 3; i++) assert_int_equal(ci_pool_new(&pools[i], threads[i], NULL), CNNIMG_OK);
  for (size_t i = 0; large_begin(&e, i, false); i++) {
    ci_array want;
    answer(&e, NULL, &ci_kernels_ref, &want);
    for (int isa = CI_ISA_REF; isa <= CI_ISA_NEON; isa++) {
      const ci_kernels *k = ci_kernels_for((ci_isa)isa);
      ci_array alone;
      if (!k) continue;
      answer(&e, NULL, k, &alone);
      check_values(&e, k, &alone, &want);
      check_bytes(&e, pools, k, &alone);
      free(alone.data);
    }
    free(want.data);
    example_free(&e);
  }
  for (int i = 0; i < 3; i++) ci_pool_free(pools[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_threads)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
