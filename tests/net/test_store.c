/* SPDX-License-Identifier: MIT */
/* test_store.c - named tensors: kept, sorted, found, refused where a name comes twice */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "net/store.h"

/* One float each, whose value tells which it is. */
static void add(ci_store *s, const char *name, float value) {
  const int64_t dim[2] = {1, 1};
  cnnimg_error err = {0};
  ci_tensor *t = ci_tensor_new(CI_F32, 2, dim);
  *(float *)t->owned = value;
  assert_int_equal(ci_store_add(s, name, t, &err), CNNIMG_OK);
}

static float value(const ci_store *s, const char *name) {
  const ci_tensor *t = ci_store_get(s, "%s", name);
  return t ? *(const float *)t->data : -1;
}

static void test_found_by_name(void **state) {
  (void)state;
  cnnimg_error err = {0};
  ci_store *s = ci_store_new();
  for (int i = 99; i >= 0; i--) {
    char name[32];
    snprintf(name, sizeof name, "body.%d.weight", i);
    add(s, name, (float)i);
  }
  add(s, "", 1000);
  assert_int_equal(ci_store_finish(s, &err), CNNIMG_OK);
  for (int i = 0; i < 100; i++)
    assert_true(*(const float *)ci_store_get(s, "body.%d.weight", i)->data == (float)i);
  assert_true(value(s, "") == 1000);
  assert_true(ci_store_has(s, "body.%d.%s", 7, "weight"));
  assert_false(ci_store_has(s, "body.100.weight"));
  assert_null(ci_store_find(s, "body.7"));
  assert_int_equal(ci_store_run(s, "body.%d.weight"), 100);
  assert_int_equal(ci_store_run(s, "tail.%d.weight"), 0);
  assert_int_equal(ci_store_dim(s, 1, "body.5.weight"), 1);
  assert_int_equal(ci_store_dim(s, 2, "body.5.weight"), 0);
  assert_int_equal(ci_store_dim(s, 0, "nothing"), 0);
  ci_store_free(s);
}

static void test_an_empty_store(void **state) {
  (void)state;
  cnnimg_error err = {0};
  ci_store *s = ci_store_new();
  assert_int_equal(ci_store_finish(s, &err), CNNIMG_OK);
  assert_null(ci_store_get(s, "anything"));
  assert_null(ci_store_meta(s, "anything"));
  ci_store_free(s);
  ci_store_free(NULL);
}

/* A name longer than any architecture asks for is kept, and is nobody's. */
static void test_long_names(void **state) {
  (void)state;
  cnnimg_error err = {0};
  char name[2001];
  memset(name, 'a', sizeof name - 1);
  name[sizeof name - 1] = 0;
  ci_store *s = ci_store_new();
  add(s, name, 1);
  add(s, "b", 2);
  assert_int_equal(ci_store_finish(s, &err), CNNIMG_OK);
  assert_null(ci_store_find(s, "%s", name));
  assert_true(value(s, "b") == 2);
  add(s, name, 3);
  assert_int_equal(ci_store_finish(s, &err), CNNIMG_CORRUPT); /* and the sentence has room for it */
  assert_non_null(strstr(err.text, "aaaa"));
  ci_store_free(s);
}

static void test_twice(void **state) {
  (void)state;
  cnnimg_error err = {0};
  ci_store *s = ci_store_new();
  add(s, "x", 1);
  add(s, "y", 2);
  add(s, "x", 3);
  assert_int_equal(ci_store_finish(s, &err), CNNIMG_CORRUPT);
  assert_non_null(strstr(err.text, "two tensors called \"x\""));
  ci_store_free(s);
}

static void test_strip(void **state) {
  (void)state;
  cnnimg_error err = {0};
  ci_store *s = ci_store_new();
  add(s, "module.b", 1);
  add(s, "a.module.c", 2);
  add(s, "module.", 3);
  assert_int_equal(ci_store_finish(s, &err), CNNIMG_OK);
  assert_int_equal(ci_store_strip(s, "module.", &err), CNNIMG_OK);
  assert_true(value(s, "b") == 1 && value(s, "a.module.c") == 2 && value(s, "") == 3);
  add(s, "c", 4);
  add(s, "x.c", 5);
  assert_int_equal(ci_store_finish(s, &err), CNNIMG_OK);
  assert_int_equal(ci_store_strip(s, "x.", &err), CNNIMG_CORRUPT);
  assert_non_null(strstr(err.text, "\"c\""));
  ci_store_free(s);
}

static void test_remarks(void **state) {
  (void)state;
  cnnimg_error err = {0};
  ci_store *s = ci_store_new();
  assert_int_equal(ci_store_set_meta(s, "version", "1", &err), CNNIMG_OK);
  assert_int_equal(ci_store_set_meta(s, "author", "who", &err), CNNIMG_OK);
  assert_int_equal(ci_store_set_meta(s, "version", "2", &err), CNNIMG_OK);
  assert_string_equal(ci_store_meta(s, "version"), "2");
  assert_string_equal(ci_store_meta(s, "author"), "who");
  assert_int_equal(s->n_meta, 2);
  ci_store_free(s);
}

static void test_limits(void **state) {
  (void)state;
  cnnimg_error err = {0};
  char key[32];
  ci_store *s = ci_store_new();
  for (int i = 0; i < CI_STORE_REMARKS; i++) {
    snprintf(key, sizeof key, "%d", i);
    assert_int_equal(ci_store_set_meta(s, key, "", &err), CNNIMG_OK);
  }
  assert_int_equal(ci_store_set_meta(s, "0", "again", &err), CNNIMG_OK);
  assert_int_equal(ci_store_set_meta(s, "one more", "", &err), CNNIMG_LIMIT);
  for (int i = 0; i < CI_STORE_MOST; i++) add(s, "same", 0);
  assert_int_equal(ci_store_add(s, "one more", ci_tensor_new(CI_F32, 0, NULL), &err), CNNIMG_LIMIT);
  assert_int_equal(ci_store_add(s, "no tensor", NULL, &err), CNNIMG_LIMIT);
  ci_store_free(s);
}

/* What tensors point into is let go after them. */
static int released;
static void release(void *what) {
  (void)what;
  released++;
}

static void test_kept(void **state) {
  (void)state;
  ci_store *s = ci_store_new();
  assert_int_equal(ci_keep(&s->kept, s, release), CNNIMG_OK);
  assert_int_equal(ci_keep(&s->kept, NULL, release), CNNIMG_OK);
  ci_store_free(s);
  assert_int_equal(released, 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_found_by_name), cmocka_unit_test(test_an_empty_store),
      cmocka_unit_test(test_long_names),    cmocka_unit_test(test_twice),
      cmocka_unit_test(test_strip),         cmocka_unit_test(test_remarks),
      cmocka_unit_test(test_limits),        cmocka_unit_test(test_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
