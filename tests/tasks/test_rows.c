/* SPDX-License-Identifier: MIT */
/* test_rows.c - source rows: read once and in order, kept while wanted, any order once held */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tasks/rows.h"

enum { HEIGHT = 300, BYTES = 7 };

typedef struct source {
  uint32_t next, fail_at;
} source;

/* Row y is BYTES bytes of y * 3 + 1; reading out of order is a failure. */
static int read_row(void *user, uint32_t y, void *row, cnnimg_error *err) {
  source *s = user;
  (void)err;
  assert_int_equal(y, s->next);
  s->next++;
  memset(row, (int)(uint8_t)(y * 3 + 1), BYTES);
  return y == s->fail_at ? CNNIMG_IO : CNNIMG_OK;
}

static void assert_row(ci_rows *r, uint32_t y) {
  const void *row;
  uint8_t want[BYTES];
  memset(want, (int)(uint8_t)(y * 3 + 1), BYTES);
  assert_int_equal(ci_rows_get(r, y, &row, NULL), CNNIMG_OK);
  assert_memory_equal(row, want, BYTES);
}

/* A window of 40 rows slides over the picture: the queue grows past its first size and stays there. */
static void test_a_queue_keeps_what_is_wanted(void **state) {
  (void)state;
  source s = {0, UINT32_MAX};
  ci_rows r;
  assert_int_equal(ci_rows_init(&r, HEIGHT, BYTES, read_row, &s, NULL), CNNIMG_OK);
  for (uint32_t y = 0; y + 40 <= HEIGHT; y++) {
    assert_row(&r, y + 39);
    assert_row(&r, y);
    assert_row(&r, y + 17);
    ci_rows_let_go(&r, y + 1);
  }
  assert_int_equal(s.next, HEIGHT);
  assert_true(r.slots <= 64);
  ci_rows_fini(&r);
}

static void test_letting_go_of_unread_rows_is_harmless(void **state) {
  (void)state;
  source s = {0, UINT32_MAX};
  ci_rows r;
  assert_int_equal(ci_rows_init(&r, HEIGHT, BYTES, read_row, &s, NULL), CNNIMG_OK);
  assert_row(&r, 2);
  ci_rows_let_go(&r, 200);
  assert_row(&r, 3);
  ci_rows_fini(&r);
}

static void hold(size_t memory) {
  source s = {0, UINT32_MAX};
  ci_rows r;
  assert_int_equal(ci_rows_init(&r, HEIGHT, BYTES, read_row, &s, NULL), CNNIMG_OK);
  assert_int_equal(ci_rows_hold(&r, memory, NULL, NULL), CNNIMG_OK);
  for (uint32_t i = 0; i < HEIGHT; i++) assert_row(&r, i * 77 % HEIGHT);
  ci_rows_fini(&r);
}

static void test_held_rows_come_in_any_order(void **state) {
  (void)state;
  hold(1 << 20);
  hold(0); /* in a file */
}

static void test_failures_and_cancelling_are_passed_on(void **state) {
  (void)state;
  source s = {0, 20};
  const cnnimg_cancel cancel = {1};
  const void *row;
  ci_rows r;
  assert_int_equal(ci_rows_init(&r, HEIGHT, BYTES, read_row, &s, NULL), CNNIMG_OK);
  assert_int_equal(ci_rows_get(&r, 100, &row, NULL), CNNIMG_IO);
  ci_rows_fini(&r);
  s = (source){0, UINT32_MAX};
  assert_int_equal(ci_rows_init(&r, HEIGHT, BYTES, read_row, &s, NULL), CNNIMG_OK);
  assert_int_equal(ci_rows_hold(&r, 1 << 20, &cancel, NULL), CNNIMG_CANCELLED);
  ci_rows_fini(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_queue_keeps_what_is_wanted),
      cmocka_unit_test(test_letting_go_of_unread_rows_is_harmless),
      cmocka_unit_test(test_held_rows_come_in_any_order),
      cmocka_unit_test(test_failures_and_cancelling_are_passed_on),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
