/* SPDX-License-Identifier: MIT */
/* test_map.c - rectangles: clipping keeps a pixel, unions ignore the empty */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/map.h"

static void check(ci_rect got, int32_t x0, int32_t y0, int32_t x1, int32_t y1) {
  assert_int_equal(got.x0, x0);
  assert_int_equal(got.y0, y0);
  assert_int_equal(got.x1, x1);
  assert_int_equal(got.y1, y1);
}

static void test_clip(void **state) {
  (void)state;
  ci_shape map = {3, 10, 20};
  check(ci_rect_clip((ci_rect){2, 3, 5, 7}, map), 2, 3, 5, 7);
  check(ci_rect_clip((ci_rect){-4, -1, 25, 12}, map), 0, 0, 20, 10);
  check(ci_rect_clip((ci_rect){-4, -9, -2, -1}, map), 0, 0, 1, 1); /* the nearest pixel stays */
  check(ci_rect_clip((ci_rect){30, 40, 31, 42}, map), 19, 9, 20, 10);
  check(ci_rect_clip((ci_rect){5, 5, 5, 5}, map), 5, 5, 6, 6);
}

static void test_union(void **state) {
  (void)state;
  check(ci_rect_union((ci_rect){1, 2, 3, 4}, (ci_rect){2, 0, 9, 3}), 1, 0, 9, 4);
  check(ci_rect_union((ci_rect){1, 2, 3, 4}, (ci_rect){50, 50, 50, 60}), 1, 2, 3, 4);
  check(ci_rect_union((ci_rect){7, 7, 7, 7}, (ci_rect){1, 2, 3, 4}), 1, 2, 3, 4);
}

static void test_contains(void **state) {
  (void)state;
  ci_rect outer = {0, 0, 10, 10};
  assert_true(ci_rect_contains(outer, outer));
  assert_true(ci_rect_contains(outer, (ci_rect){3, 3, 3, 99}));
  assert_false(ci_rect_contains(outer, (ci_rect){0, 0, 11, 10}));
  assert_false(ci_rect_contains(outer, (ci_rect){0, -1, 1, 1}));
}

static void test_stride(void **state) {
  (void)state;
  static const int32_t want[][2] = {{1, 4}, {4, 4}, {5, 8}, {9, 16}, {16, 16}, {17, 32}, {48, 48}};
  for (size_t i = 0; i < sizeof want / sizeof *want; i++)
    assert_int_equal(ci_channel_stride(want[i][0]), want[i][1]);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_clip), cmocka_unit_test(test_union),
                                     cmocka_unit_test(test_contains), cmocka_unit_test(test_stride)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
