/* SPDX-License-Identifier: MIT */
/* test_cursor.c - numbers are read right, and nothing is read past the end */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/cursor.h"

static const uint8_t bytes[16] = {1, 2, 3, 4, 5, 6, 7, 8, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa, 0xf9, 0xf8};

static void both_byte_orders(void **state) {
  (void)state;
  ci_cursor c = ci_cursor_make(bytes, 16);
  assert_int_equal(ci_cursor_u8(&c), 1);
  assert_int_equal(ci_cursor_u16(&c, true), 0x0203);
  assert_int_equal(ci_cursor_u16(&c, false), 0x0504);
  assert_int_equal(ci_cursor_left(&c), 11);
  c = ci_cursor_make(bytes + 4, 12);
  assert_int_equal(ci_cursor_u32(&c, true), 0x05060708);
  assert_int_equal(ci_cursor_u32(&c, false), 0xfcfdfeffu);
  c = ci_cursor_make(bytes + 8, 8);
  assert_true(ci_cursor_u64(&c, false) == 0xf8f9fafbfcfdfeffull);
  assert_false(c.bad);
  c = ci_cursor_make(bytes, 8);
  assert_true(ci_cursor_u64(&c, true) == 0x0102030405060708ull);
}

static void the_end_is_final(void **state) {
  (void)state;
  ci_cursor c = ci_cursor_make(bytes, 3);
  assert_int_equal(ci_cursor_u32(&c, true), 0);
  assert_true(c.bad);
  assert_int_equal(ci_cursor_left(&c), 0);
  assert_int_equal(ci_cursor_u8(&c), 0); /* though a byte was there before */
  c = ci_cursor_make(bytes, 3);
  assert_null(ci_cursor_take(&c, SIZE_MAX));
  assert_true(c.bad);
  c = ci_cursor_make(NULL, 0);
  assert_false(c.bad);
  assert_int_equal(ci_cursor_u8(&c), 0);
  assert_true(c.bad);
}

static uint64_t varint(const uint8_t *p, size_t n, bool *bad, size_t *left) {
  ci_cursor c = ci_cursor_make(p, n);
  uint64_t v = ci_cursor_varint(&c);
  *bad = c.bad;
  *left = ci_cursor_left(&c);
  return v;
}

static void varints_as_protobuf_has_them(void **state) {
  (void)state;
  bool bad;
  size_t left;
  static const uint8_t top[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 9};
  static const uint8_t over[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2};
  static const uint8_t endless[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1};
  assert_true(varint((const uint8_t[]){0x96, 1}, 2, &bad, &left) == 150 && !bad && left == 0);
  assert_true(varint((const uint8_t[]){0, 7}, 2, &bad, &left) == 0 && !bad && left == 1);
  assert_true(varint(top, sizeof top, &bad, &left) == UINT64_MAX && !bad && left == 1);
  assert_true(varint(over, sizeof over, &bad, &left) == 0 && bad);
  assert_true(varint(endless, sizeof endless, &bad, &left) == 0 && bad && left == 0);
  assert_true(varint(endless, 3, &bad, &left) == 0 && bad); /* cut off */
}

static void a_part_cannot_leave_its_bytes(void **state) {
  (void)state;
  ci_cursor c = ci_cursor_make(bytes, 8), part = ci_cursor_sub(&c, 3);
  assert_int_equal(ci_cursor_left(&part), 3);
  assert_int_equal(ci_cursor_u8(&c), 4);
  assert_int_equal(ci_cursor_u32(&part, true), 0);
  assert_true(part.bad && !c.bad);
  part = ci_cursor_sub(&c, 0);
  assert_false(part.bad || c.bad);
  part = ci_cursor_sub(&c, UINT64_MAX);
  assert_true(part.bad && c.bad);
  assert_int_equal(ci_cursor_left(&part), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(both_byte_orders),
      cmocka_unit_test(the_end_is_final),
      cmocka_unit_test(varints_as_protobuf_has_them),
      cmocka_unit_test(a_part_cannot_leave_its_bytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
