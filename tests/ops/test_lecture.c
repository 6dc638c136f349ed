/* SPDX-License-Identifier: MIT */
/* test_lecture.c - a lecture's worked example: a 3x3 filter over a 7x7 image, zeros around it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness.h"

static const float image[49] = {104, 116, 116, 112, 58,  47,  47,  109, 97,  114, 116, 105, 110,
                                45,  116, 104, 111, 109, 97,  46,  100, 101, 47,  109, 97,  115,
                                116, 101, 114, 47,  99,  97,  116, 99,  97,  116, 99,  97,  116,
                                46,  112, 104, 112, 63,  118, 61,  49,  46,  48};
static const float filter[9] = {9, -3, -1, -6, 5, 3, 2, -8, 0};
/* As printed, but for the last of the first row, which has lost its minus sign in print. */
static const float result[49] = {-4,   -254, -498, -662, -849, -642, -187, -520, 45,   240,  211, 388,  215,
                                 -861, -340, 559,  -105, 185,  -138, -180, 503,  -718, 429,  350, 173,  251,
                                 268,  -655, -567, -53,  -75,  80,   571,  -128, 24,   -408, 596, -550, 368,
                                 26,   976,  156,  302,  647,  879,  223,  811,  54,   660};

static void test_filter(void **state) {
  (void)state;
  const ci_kernels *k[8];
  example e;
  float got[49];
  example_begin(&e, "lecture", 1);
  example_map(&e, 1, 7, 7, image);
  example_const(&e, 4, (const int64_t[4]){1, 1, 3, 3}, filter);
  ci_node *n = example_node(&e, CI_OP_conv);
  n->p.kernel[0] = n->p.kernel[1] = 3;
  for (int i = 0; i < 4; i++) n->p.pads[i] = 1;
  example_finish(&e);
  for (int t = tables(k); t-- > 0;) {
    example_run(&e, k[t], ci_rect_whole(e.out), e.data, got);
    for (int i = 0; i < 49; i++)
      if (got[i] != result[i])
        fail_msg("%s: R[%d][%d] is %g instead of %g", k[t]->name, i / 7, i % 7, (double)got[i],
                 (double)result[i]);
  }
  example_free(&e);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_filter)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
