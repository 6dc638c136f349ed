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

/* Touching what a mapped file has lost is a fatal signal. */
static void a_file_may_be_shortened(void **state) {
  (void)state;
  ci_source s;
  cnnimg_error err = {0};
  write_file("hello, world");
  assert_int_equal(ci_source_open_changing(&s, path, 0, 12, NULL), CNNIMG_OK);
  assert_int_equal(truncate(path, 0), 0);
  assert_int_equal(ci_source_check(&s, NULL), CNNIMG_OK);
  assert_memory_equal(s.data, "hello, world", 12);
  ci_source_close(&s);
  write_file("hello, world");
  assert_int_equal(ci_source_open_changing(&s, path, 0, 11, NULL), CNNIMG_OK);
  assert_int_equal(ci_source_check(&s, NULL), CNNIMG_OK);
  assert_memory_equal(s.data, "hello, world", 12);
  assert_int_equal(truncate(path, 11), 0);
  assert_int_equal(ci_source_check(&s, &err), CNNIMG_IO);
  assert_non_null(strstr(err.text, "file: was shortened"));
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

/* ---- a second file ------------------------------------------------------------------------------ */

static void write_at(const char *name, const char *text) {
  char at[128];
  snprintf(at, sizeof at, "%s/%s", folder, name);
  FILE *f = fopen(at, "w");
  fputs(text, f);
  fclose(f);
}

static void remove_at(const char *name) {
  char at[128];
  snprintf(at, sizeof at, "%s/%s", folder, name);
  unlink(at);
}

static ci_source open_at(const char *name) {
  char at[128];
  ci_source s;
  cnnimg_error err = {0};
  snprintf(at, sizeof at, "%s/%s", folder, name);
  if (ci_source_open(&s, at, 0, &err)) fail_msg("%s", err.text);
  return s;
}

static void expect_text(int status, ci_source *s, const cnnimg_error *err, const char *text) {
  if (status) fail_msg("%s", err->text);
  assert_int_equal(s->size, strlen(text));
  assert_memory_equal(s->data, text, s->size);
  ci_source_close(s);
}

static void a_sibling_has_another_suffix(void **state) {
  (void)state;
  ci_source s, other;
  cnnimg_error err = {0};
  write_at("net.v2.param", "first");
  write_at("net.v2.bin", "second");
  write_at("plain", "no suffix");
  write_at("plain.bin", "third");
  write_at(".hidden", "no suffix either");
  write_at(".hidden.bin", "fourth");
  s = open_at("net.v2.param");
  expect_text(ci_source_sibling(&other, &s, ".bin", &err), &other, &err, "second");
  ci_source_close(&s);
  s = open_at("plain");
  expect_text(ci_source_sibling(&other, &s, ".bin", &err), &other, &err, "third");
  assert_int_equal(ci_source_sibling(&other, &s, ".data", &err), CNNIMG_IO);
  assert_non_null(strstr(err.text, "plain.data"));
  ci_source_close(&s);
  s = open_at(".hidden");
  expect_text(ci_source_sibling(&other, &s, ".bin", &err), &other, &err, "fourth");
  ci_source_close(&s);
  static const char *const names[] = {"net.v2.param", "net.v2.bin", "plain",
                                      "plain.bin",    ".hidden",    ".hidden.bin"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) remove_at(names[i]);
}

static void a_file_beside(void **state) {
  (void)state;
  ci_source s, other;
  cnnimg_error err = {0};
  static const char *const elsewhere[] = {"", "/etc/passwd", "../x", "a/b", ".", "x/"};
  write_at("model.json", "{}");
  write_at("shard 1", "weights");
  s = open_at("model.json");
  expect_text(ci_source_beside(&other, &s, "shard 1", &err), &other, &err, "weights");
  for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
    assert_int_equal(ci_source_beside(&other, &s, elsewhere[i], &err), CNNIMG_CORRUPT);
    assert_non_null(strstr(err.text, "another folder"));
    assert_null(other.data);
  }
  assert_int_equal(ci_source_beside(&other, &s, "..", &err), CNNIMG_IO);
  assert_int_equal(ci_source_beside(&other, &s, "missing", &err), CNNIMG_IO);
  assert_non_null(strstr(err.text, "missing"));
  ci_source_close(&s);
  remove_at("model.json");
  remove_at("shard 1");
}

/* A file that has no path has no neighbours. */
static void memory_has_no_neighbours(void **state) {
  (void)state;
  ci_source s, other;
  cnnimg_error err = {0};
  ci_source_memory(&s, "x", 1, "some bytes");
  assert_int_equal(ci_source_beside(&other, &s, "weights.bin", &err), CNNIMG_UNSUPPORTED);
  assert_non_null(strstr(err.text, "some bytes: it needs a second file (weights.bin)"));
  assert_int_equal(ci_source_sibling(&other, &s, ".bin", &err), CNNIMG_UNSUPPORTED);
  ci_source_close(&s);
}

/* In the current folder too, "-" is the name of a file here, and never standard input. */
static void a_dash_is_a_name(void **state) {
  (void)state;
  char *back = getcwd(NULL, 0);
  ci_source s, other;
  cnnimg_error err = {0};
  write_at("model.json", "{}");
  assert_int_equal(chdir(folder), 0);
  assert_int_equal(ci_source_open(&s, "model.json", 0, &err), CNNIMG_OK);
  alarm(20);
  int status = ci_source_beside(&other, &s, "-", &err);
  alarm(0);
  assert_int_equal(chdir(back), 0);
  assert_int_equal(status, CNNIMG_IO);
  assert_non_null(strstr(err.text, "No such file"));
  ci_source_close(&s);
  remove_at("model.json");
  free(back);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_file_is_its_bytes),
      cmocka_unit_test(a_file_may_be_shortened),
      cmocka_unit_test(memory_is_borrowed),
      cmocka_unit_test(what_is_no_file_is_refused),
      cmocka_unit_test(a_pipe_is_read_to_its_end),
      cmocka_unit_test(a_sibling_has_another_suffix),
      cmocka_unit_test(a_file_beside),
      cmocka_unit_test(memory_has_no_neighbours),
      cmocka_unit_test(a_dash_is_a_name),
  };
  return cmocka_run_group_tests(tests, prepare, clean);
}
