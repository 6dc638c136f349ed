/* SPDX-License-Identifier: MIT */
/* test_source.c - files, memory and pipes as bytes */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/source.h"

static char folder[] = "source-test-XXXXXX", path[64];

static int prepare(void **state) {
  (void)state;
  if (!mkdtemp(folder)) return 1;
  snprintf(path, sizeof path, "%s/file", folder);
  return 0;
}

static int clean(void **state) {
  (void)state;
  unlink(path);
  return rmdir(folder);
}

static void write_file(const char *text) {
  FILE *f = fopen(path, "w");
  fputs(text, f);
  fclose(f);
}

static void a_file_is_its_bytes(void **state) {
  (void)state;
  ci_source s;
  write_file("hello");
  assert_int_equal(ci_source_open(&s, path, 1, NULL), CNNIMG_OK); /* the limit is for pipes */
  assert_int_equal(s.size, 5);
  assert_memory_equal(s.data, "hello", 5);
  assert_string_equal(s.name, path);
  ci_source_close(&s);
  assert_null(s.data);
  write_file("");
  assert_int_equal(ci_source_open(&s, path, 1, NULL), CNNIMG_OK);
  assert_int_equal(s.size, 0);
  ci_source_close(&s);
}

static void memory_is_borrowed(void **state) {
  (void)state;
  ci_source s;
  static const char word[] = "word";
  ci_source_memory(&s, word, 4, "a word");
  assert_ptr_equal(s.data, word);
  assert_string_equal(s.name, "a word");
  ci_source_close(&s);
}

static void what_is_no_file_is_refused(void **state) {
  (void)state;
  ci_source s;
  cnnimg_error err = {0};
  assert_int_equal(ci_source_open(&s, "/dev/zero", 1000, &err), CNNIMG_IO);
  assert_non_null(strstr(err.text, "/dev/zero: is a device"));
  assert_int_equal(ci_source_open(&s, folder, 1000, &err), CNNIMG_IO);
  assert_non_null(strstr(err.text, "is a folder"));
  assert_int_equal(ci_source_open(&s, "not/there", 1000, &err), CNNIMG_IO);
  assert_non_null(strstr(err.text, "No such file"));
  assert_null(s.data);
  assert_null(s.name);
}

/* Puts a file on standard input's descriptor, as a shell's pipe does, and reads "-". */
static int read_stdin(size_t bytes, size_t limit, ci_source *s, cnnimg_error *err) {
  int ends[2], keep = dup(STDIN_FILENO);
  assert_int_equal(pipe(ends), 0);
  pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    for (size_t i = 0; i < bytes; i++) {
      char c = (char)i;
      if (write(ends[1], &c, 1) != 1) break;
    }
    _exit(0);
  }
  close(ends[1]);
  dup2(ends[0], STDIN_FILENO);
  close(ends[0]);
  int rc = ci_source_open(s, "-", limit, err);
  dup2(keep, STDIN_FILENO);
  close(keep);
  return rc;
}

static void a_pipe_is_read_to_its_end(void **state) {
  (void)state;
  ci_source s;
  cnnimg_error err = {0};
  assert_int_equal(read_stdin(200000, 200000, &s, &err), CNNIMG_OK);
  assert_int_equal(s.size, 200000);
  for (size_t i = 0; i < s.size; i++) assert_int_equal(s.data[i], i & 255);
  ci_source_close(&s);
  assert_int_equal(read_stdin(200000, 199999, &s, &err), CNNIMG_LIMIT);
  assert_non_null(strstr(err.text, "standard input"));
  assert_int_equal(read_stdin(0, 10, &s, &err), CNNIMG_OK);
  assert_int_equal(s.size, 0);
  ci_source_close(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_file_is_its_bytes),
      cmocka_unit_test(memory_is_borrowed),
      cmocka_unit_test(what_is_no_file_is_refused),
      cmocka_unit_test(a_pipe_is_read_to_its_end),
  };
  return cmocka_run_group_tests(tests, prepare, clean);
}
