/* SPDX-License-Identifier: MIT */
/* test_memory.c - sizes that do not fit are refused, memory is zeroed and aligned */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static void sums_and_products_are_checked(void **state) {
  (void)state;
  size_t n = 1;
  assert_true(ci_mul(SIZE_MAX / 2, 2, &n));
  assert_int_equal(n, SIZE_MAX - 1);
  assert_false(ci_mul(SIZE_MAX / 2 + 1, 2, &n));
  assert_true(ci_add(SIZE_MAX - 1, 1, &n));
  assert_false(ci_add(SIZE_MAX, 1, &n));
  assert_null(ci_calloc(SIZE_MAX / 2, 3));
  assert_null(ci_aligned_zero(SIZE_MAX - 3));
  free(ci_calloc(0, 7));
  assert_int_equal(ci_round_up(65, CI_ALIGN), 128);
}

static void blocks_are_aligned_and_zero(void **state) {
  (void)state;
  for (size_t n = 0; n < 300; n += 7) {
    uint8_t *p = ci_aligned_zero(n);
    assert_non_null(p);
    assert_int_equal((uintptr_t)p % CI_ALIGN, 0);
    for (size_t i = 0; i < n; i++) assert_int_equal(p[i], 0);
    memset(p, 255, n);
    ci_aligned_free(p);
  }
  ci_aligned_free(NULL);
}

static void lists_grow_and_keep(void **state) {
  (void)state;
  void *items = NULL;
  size_t capacity = 0;
  for (size_t i = 0; i < 1000; i++) {
    assert_true(ci_grow(&items, &capacity, i + 1, sizeof(int)));
    assert_true(capacity > i);
    ((int *)items)[i] = (int)i;
  }
  for (int i = 0; i < 1000; i++) assert_int_equal(((int *)items)[i], i);
  assert_false(ci_grow(&items, &capacity, SIZE_MAX / 2, sizeof(int)));
  free(items);
}

static void strings_are_copied(void **state) {
  (void)state;
  char *a = ci_strdup("word"), *b = ci_strndup("word", 2), *c = ci_strndup("a\0b", 3);
  assert_string_equal(a, "word");
  assert_string_equal(b, "wo");
  assert_string_equal(c, "a");
  free(a);
  free(b);
  free(c);
}

/* Hands out dirty memory and counts. */
static void *dirty_alloc(void *user, size_t align, size_t n) {
  void *p = NULL;
  if (posix_memalign(&p, align, n) != 0) return NULL;
  memset(p, 0xaa, n);
  ++*(int *)user;
  return p;
}

static void dirty_free(void *user, void *p) {
  --*(int *)user;
  free(p);
}

static void the_callers_allocator_is_used(void **state) {
  (void)state;
  int live = 0;
  const ci_allocator a = {dirty_alloc, dirty_free, &live}, none = {0};
  uint8_t *p = ci_big_alloc(&a, 100), *q = ci_big_alloc(&none, 100), *r = ci_big_alloc(NULL, 0);
  assert_int_equal(live, 1);
  for (size_t i = 0; i < 100; i++) assert_int_equal(p[i] | q[i], 0);
  assert_int_equal(((uintptr_t)p | (uintptr_t)q | (uintptr_t)r) % CI_ALIGN, 0);
  ci_big_free(&a, p);
  ci_big_free(&none, q);
  ci_big_free(NULL, r);
  ci_big_free(&a, NULL);
  assert_int_equal(live, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sums_and_products_are_checked), cmocka_unit_test(blocks_are_aligned_and_zero),
      cmocka_unit_test(lists_grow_and_keep),           cmocka_unit_test(strings_are_copied),
      cmocka_unit_test(the_callers_allocator_is_used),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
