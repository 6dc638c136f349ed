/* SPDX-License-Identifier: MIT */
/* test_spool.c - rows come back the same from memory and from a file */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/spool.h"

#define ROWS 9u
#define BYTES ((size_t)13)

/* Puts rows in any order, patches some, reads all; `memory` decides where they wait. */
static void exercise(size_t memory) {
  ci_spool *s = NULL;
  uint8_t model[ROWS][BYTES] = {{0}}, out[BYTES];
  assert_int_equal(ci_spool_new(&s, ROWS, BYTES, memory, NULL), CNNIMG_OK);
  for (uint32_t i = 0; i < ROWS; i++) {
    uint32_t row = i * 5 % ROWS;
    if (row == 4) continue; /* never put: zeros */
    for (size_t k = 0; k < BYTES; k++) model[row][k] = (uint8_t)(row * 20 + k);
    assert_int_equal(ci_spool_put(s, row, model[row], NULL), CNNIMG_OK);
  }
  memcpy(model[2] + 3, "patch", 5);
  assert_int_equal(ci_spool_patch(s, 2, 3, 5, "patch", NULL), CNNIMG_OK);
  for (uint32_t row = 0; row < ROWS; row++) {
    assert_int_equal(ci_spool_get(s, row, 0, BYTES, out, NULL), CNNIMG_OK);
    assert_memory_equal(out, model[row], BYTES);
    assert_int_equal(ci_spool_get(s, row, 5, 8, out, NULL), CNNIMG_OK);
    assert_memory_equal(out, model[row] + 5, 8);
  }
  ci_spool_free(s);
}

static void memory_and_file_agree(void **state) {
  (void)state;
  exercise(ROWS * BYTES);
  exercise(ROWS * BYTES - 1);
  exercise(0);
}

static void what_lies_outside_is_refused(void **state) {
  (void)state;
  ci_spool *s;
  uint8_t b[64] = {0};
  assert_int_equal(ci_spool_new(&s, ROWS, BYTES, 1000, NULL), CNNIMG_OK);
  assert_int_equal(ci_spool_put(s, ROWS, b, NULL), CNNIMG_BADARG);
  assert_int_equal(ci_spool_get(s, 0, 1, BYTES, b, NULL), CNNIMG_BADARG);
  assert_int_equal(ci_spool_get(s, 0, SIZE_MAX, 2, b, NULL), CNNIMG_BADARG);
  assert_int_equal(ci_spool_patch(s, ROWS - 1, BYTES, 1, b, NULL), CNNIMG_BADARG);
  assert_int_equal(ci_spool_patch(s, ROWS - 1, BYTES, 0, b, NULL), CNNIMG_OK);
  ci_spool_free(s);
  ci_spool_free(NULL);
  assert_int_equal(ci_spool_new(&s, UINT32_MAX, SIZE_MAX, 1, NULL), CNNIMG_LIMIT);
  assert_null(s);
}

static void the_file_has_no_name(void **state) {
  (void)state;
  char folder[] = "spool-test-XXXXXX";
  cnnimg_error err = {0};
  ci_spool *s;
  assert_non_null(mkdtemp(folder));
  setenv("TMPDIR", folder, 1);
  assert_int_equal(ci_spool_new(&s, ROWS, BYTES, 0, &err), CNNIMG_OK);
  assert_int_equal(rmdir(folder), 0); /* nothing in it */
  assert_int_equal(ci_spool_put(s, 0, "thirteen byte", &err), CNNIMG_OK);
  ci_spool_free(s);
  assert_int_equal(ci_spool_new(&s, ROWS, BYTES, 0, &err), CNNIMG_IO);
  assert_non_null(strstr(err.text, "TMPDIR"));
  assert_null(s);
  unsetenv("TMPDIR");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(memory_and_file_agree),
      cmocka_unit_test(what_lies_outside_is_refused),
      cmocka_unit_test(the_file_has_no_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
