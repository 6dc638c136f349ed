/* SPDX-License-Identifier: MIT */
/* test_error.c - sentences of failures: whole, harmless, never too long */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/error.h"

static void the_code_comes_back(void **state) {
  (void)state;
  cnnimg_error err = {0};
  assert_int_equal(ci_fail(&err, CNNIMG_CORRUPT, "%s: %d", "a.png", 7), CNNIMG_CORRUPT);
  assert_int_equal(err.code, CNNIMG_CORRUPT);
  assert_string_equal(err.text, "a.png: 7");
  assert_int_equal(ci_fail(NULL, CNNIMG_LIMIT, "nobody listens"), CNNIMG_LIMIT);
}

static void terminals_are_safe(void **state) {
  (void)state;
  cnnimg_error err = {0};
  ci_fail(&err, CNNIMG_IO, "%s", "a\033[2Jb\nc\x7f \xc3\xbc");
  assert_string_equal(err.text, "a?[2Jb?c? \xc3\xbc");
}

static void long_sentences_are_cut(void **state) {
  (void)state;
  char longer[2000];
  struct {
    cnnimg_error err;
    char guard[8];
  } box = {{0}, "guard"};
  memset(longer, 'x', sizeof longer - 1);
  longer[sizeof longer - 1] = 0;
  ci_fail(&box.err, CNNIMG_IO, "%s", longer);
  assert_int_equal(strlen(box.err.text), sizeof box.err.text - 1);
  ci_fail_in(&box.err, CNNIMG_IO, "in front");
  assert_int_equal(strlen(box.err.text), sizeof box.err.text - 1);
  assert_memory_equal(box.err.text, "in front: xxx", 13);
  assert_string_equal(box.guard, "guard");
}

static void a_prefix_keeps_the_sentence(void **state) {
  (void)state;
  cnnimg_error err = {0};
  ci_fail(&err, CNNIMG_CORRUPT, "tensor 3");
  assert_int_equal(ci_fail_in(&err, CNNIMG_UNSUPPORTED, "m.onnx"), CNNIMG_UNSUPPORTED);
  assert_string_equal(err.text, "m.onnx: tensor 3");
  assert_int_equal(ci_fail_in(NULL, CNNIMG_IO, "x"), CNNIMG_IO);
}

static void the_system_gives_the_reason(void **state) {
  (void)state;
  cnnimg_error err = {0};
  errno = ENOSPC;
  assert_int_equal(ci_fail_errno(&err, "a.png", "cannot write"), CNNIMG_IO);
  assert_string_equal(err.text, "a.png: cannot write: No space left on device");
  errno = ENOMEM;
  assert_int_equal(ci_fail_errno(&err, "a.png", "cannot map"), CNNIMG_NOMEM);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_code_comes_back),         cmocka_unit_test(terminals_are_safe),
      cmocka_unit_test(long_sentences_are_cut),      cmocka_unit_test(a_prefix_keeps_the_sentence),
      cmocka_unit_test(the_system_gives_the_reason),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
