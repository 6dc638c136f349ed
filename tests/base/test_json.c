/* SPDX-License-Identifier: MIT */
/* test_json.c - JSON: readers that never fail, texts that are refused */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"

static ci_json *parse(const char *text) {
  ci_json *d;
  cnnimg_error err = {0};
  if (ci_json_parse(text, strlen(text), &d, &err)) fail_msg("%s: %s", text, err.text);
  return d;
}

static void test_values(void **state) {
  (void)state;
  ci_json *d =
      parse("{\"a\": {\"b\": [1, 2.5, {\"c\": \"\\u00e4\"}, true, null]}, \"n\": -7, \"big\": 1e30}");
  const ci_json *b = ci_json_get(ci_json_get(d, "a"), "b");
  assert_true(ci_json_is_object(d) && ci_json_is_array(b));
  assert_int_equal(ci_json_size(d), 3);
  assert_int_equal(ci_json_size(b), 5);
  assert_true(ci_json_number(ci_json_at(b, 0), 0) == 1 && ci_json_number(ci_json_at(b, 1), 0) == 2.5);
  assert_string_equal(ci_json_string(ci_json_get(ci_json_at(b, 2), "c"), ""), "\xc3\xa4");
  assert_true(ci_json_bool(ci_json_at(b, 3), false));
  assert_true(ci_json_is_null(ci_json_at(b, 4)));
  assert_int_equal(ci_json_int(ci_json_get(d, "n"), 0), -7);
  assert_int_equal(ci_json_int(ci_json_at(b, 1), 99), 99);      /* has a fraction */
  assert_int_equal(ci_json_int(ci_json_get(d, "big"), 99), 99); /* does not fit */
  ci_json_free(d);
}

/* Absent values, and values of another kind, read as what the caller says. */
static void all_otherwise(const ci_json *v) {
  assert_int_equal(ci_json_size(v), 0);
  assert_null(ci_json_get(v, "a"));
  assert_null(ci_json_at(v, 0));
  assert_string_equal(ci_json_string(v, "other"), "other");
  assert_true(ci_json_number(v, 3.5) == 3.5);
  assert_int_equal(ci_json_int(v, -9), -9);
  assert_true(ci_json_bool(v, true));
  void *iter = NULL;
  const char *key;
  const ci_json *value;
  assert_false(ci_json_next(v, &iter, &key, &value));
}

static void test_absent(void **state) {
  (void)state;
  all_otherwise(NULL);
  ci_json *d = parse("[null, {}, []]");
  for (size_t i = 0; i < 5; i++) all_otherwise(ci_json_at(d, i));
  assert_true(ci_json_is_null(ci_json_at(d, 3)));
  ci_json_free(d);
  ci_json_free(NULL);
}

static void test_whole_numbers(void **state) {
  (void)state;
  ci_json *d = parse("[3.0, 4e2, 9007199254740993, -0.0, 9223372036854775807]");
  static const int64_t want[] = {3, 400, 9007199254740993, 0, INT64_MAX};
  for (size_t i = 0; i < 5; i++) assert_int_equal(ci_json_int(ci_json_at(d, i), -1), want[i]);
  ci_json_free(d);
}

static void test_every_key(void **state) {
  (void)state;
  ci_json *d = parse("{\"one\": 1, \"two\": 2, \"three\": 3}");
  void *iter = NULL;
  const char *key;
  const ci_json *value;
  int64_t sum = 0;
  size_t letters = 0;
  while (ci_json_next(d, &iter, &key, &value)) sum += ci_json_int(value, 0), letters += strlen(key);
  assert_int_equal(sum, 6);
  assert_int_equal(letters, 11);
  ci_json_free(d);
}

static void refused(const char *text, size_t size, const char *words) {
  cnnimg_error err = {0};
  ci_json *d = (ci_json *)&err;
  int status = ci_json_parse(text, size, &d, &err);
  assert_null(d);
  if (status != CNNIMG_CORRUPT || !strstr(err.text, words))
    fail_msg("%.20s: status %d, \"%s\"", text, status, err.text);
}

static void test_refused(void **state) {
  (void)state;
  static const char *const texts[] = {"{",
                                      "[1,]",
                                      "{\"a\": 1, \"a\": 2}",
                                      "nul",
                                      "[1] 2",
                                      "\"\\u0000\"",
                                      "{\"a\\u0000b\": 1}",
                                      "1e999",
                                      "[\"\xff\"]",
                                      "01",
                                      "\"open",
                                      "99999999999999999999"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    refused(texts[i], strlen(texts[i]), "damaged at line");
  refused("", 0, "is empty");
  refused("{\"a\": 1}\0", 9, "line 1");
  refused("[1,\n 2,\n x]", 11, "line 3");
}

/* A hundred thousand open brackets are a limit, not a stack. */
static void test_deep(void **state) {
  (void)state;
  static char text[100000];
  memset(text, '[', sizeof text);
  refused(text, sizeof text, "depth");
  for (size_t i = 0; i + 6 < sizeof text; i += 5) memcpy(text + i, "{\"a\":", 5);
  refused(text, sizeof text, "depth");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values),    cmocka_unit_test(test_absent),  cmocka_unit_test(test_whole_numbers),
      cmocka_unit_test(test_every_key), cmocka_unit_test(test_refused), cmocka_unit_test(test_deep),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
