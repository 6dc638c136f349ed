/* SPDX-License-Identifier: MIT */
/* test_attacks.c - the helper program on files that lead elsewhere, and the library on helpers that misbehave */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "formats/helper.h"

static const char *top(void) {
  const char *dir = getenv("abs_top_srcdir");
  return dir ? dir : ".";
}

static void open_data(ci_source *s, const char *name) {
  char path[1024];
  cnnimg_error err = {0};
  snprintf(path, sizeof path, "%s/tests/helper/data/%s", top(), name);
  if (ci_source_open(s, path, 0, &err)) fail_msg("%s", err.text);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ---- attacks ------------------------------------------------------------------------------- */

static const struct attack {
  const char *file;
  int status;
  const char *words;
} attacks[] = {
    {"external_link.h5", CNNIMG_UNSUPPORTED, "a link to another file"},
    {"external_storage.h5", CNNIMG_UNSUPPORTED, "in another file"},
    {"virtual.h5", CNNIMG_UNSUPPORTED, "in another file"},
    {"soft_cycle.h5", CNNIMG_UNSUPPORTED, "a soft link"},
    {"hard_cycle.h5", CNNIMG_CORRUPT, "lie in one another"},
    {"deep.h5", CNNIMG_CORRUPT, "lie in one another"},
    {"never_written.h5", CNNIMG_CORRUPT, "of which 0 are in the file"},
    {"huge_chunk.h5", CNNIMG_LIMIT, "a chunk of 536870912 bytes"},
    {"zeros.h5", CNNIMG_LIMIT, "20 times the file"},
    {"filter.h5", CNNIMG_UNSUPPORTED, "filter 32000"},
    {"many_texts.h5", CNNIMG_LIMIT, "a list of 4194304 texts"},
    {"cell_cycle.mat", CNNIMG_CORRUPT, "lie in one another"},
    {"cell_tree.mat", CNNIMG_LIMIT, "20 times the file"},
};

static void test_attacks(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++) {
    const struct attack *a = &attacks[i];
    ci_source s;
    ci_store *store = NULL;
    cnnimg_error err = {0};
    double start = now();
    open_data(&s, a->file);
    int status = ci_helper_load(&s, &store, &err);
    if (status != a->status || !strstr(err.text, a->words) || !strstr(err.text, a->file) || store)
      fail_msg("%s: status %d, \"%s\" does not say \"%s\"", a->file, status, err.text, a->words);
    if (now() - start > 20) fail_msg("%s: took %.1f s", a->file, now() - start);
    ci_source_close(&s);
  }
}

static void check_good(const ci_store *s) {
  const ci_tensor *kernel = ci_store_get(s, "conv/conv/kernel:0"),
                  *bias = ci_store_get(s, "conv/conv/bias:0");
  assert_non_null(kernel);
  assert_int_equal(kernel->rank, 4);
  assert_int_equal(kernel->dim[3], 4);
  for (int i = 0; i < 36; i++) assert_true(((const float *)kernel->data)[i] == (float)i);
  assert_non_null(bias);
  assert_int_equal(bias->dtype, CI_F32);
  assert_true(((const float *)bias->data)[3] == 3);
  assert_true(((const float *)ci_store_get(s, "half")->data)[2] == 2);
  assert_int_equal(ci_store_get(s, "whole")->count, 3);
  assert_string_equal(ci_store_meta(s, "@layer_names"), "[\"conv\"]");
  assert_string_equal(ci_store_meta(s, "conv@weight_names"), "[\"conv/kernel:0\",\"conv/bias:0\"]");
  assert_string_equal(ci_store_meta(s, "text"), "gr\xc3\xbc\xc3\x9f \"\\\n");
  assert_string_equal(ci_store_meta(s, "texts"), "[\"a\",\"b\"]");
}

/* From its path, and from memory. */
static void test_good(void **state) {
  (void)state;
  ci_source file, memory;
  cnnimg_error err = {0};
  open_data(&file, "good.h5");
  ci_source_memory(&memory, file.data, file.size, "memory.h5");
  for (int i = 0; i < 2; i++) {
    ci_store *s;
    if (ci_helper_load(i ? &memory : &file, &s, &err)) fail_msg("%s", err.text);
    check_good(s);
    ci_store_free(s);
  }
  ci_source_close(&memory);
  ci_source_close(&file);
}

/* ---- helpers that misbehave ------------------------------------------------------------------- */

static char folder[40], old_folder[1024];

/* A script in the helper's place. */
static void plant(const char *script) {
  char path[64];
  snprintf(path, sizeof path, "%s/" CI_HELPER_NAME, folder);
  unlink(path);
  if (!script) return;
  FILE *f = fopen(path, "we");
  assert_non_null(f);
  fprintf(f, "#!/bin/sh\n%s\n", script);
  fclose(f);
  assert_int_equal(chmod(path, 0755), 0);
}

static void expect(const char *script, int status, const char *words, int64_t milliseconds) {
  ci_source s;
  ci_helper_answer answer;
  cnnimg_error err = {0};
  ci_store *store = NULL;
  plant(script);
  open_data(&s, "good.h5");
  double start = now();
  int got = ci_helper_run(&s, milliseconds, &answer, &err);
  if (!got) got = ci_helper_store(s.name, answer, &store, &err);
  if (got != status || !strstr(err.text, words) || !strstr(err.text, "good.h5"))
    fail_msg("%s: status %d, \"%s\" does not say \"%s\"", script ? script : "no helper", got, err.text,
             words);
  assert_true(now() - start < 15);
  assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
  ci_source_close(&s);
}

static void test_misbehaving(void **state) {
  (void)state;
  expect(NULL, CNNIMG_UNSUPPORTED, "libhdf5-dev", 0);
  expect("kill -SEGV $$", CNNIMG_CORRUPT, "signal 11", 0);
  expect("sleep 100", CNNIMG_CORRUPT, "took too long", 300);
  expect("exec >&- 2>&-; sleep 100", CNNIMG_CORRUPT, "signal 9", 300);
  expect("while :; do echo a lot of nonsense; done", CNNIMG_LIMIT, "40 times the file", 0);
  expect("echo nonsense nonsense", CNNIMG_CORRUPT, "head", 0);
  expect("exit 0", CNNIMG_CORRUPT, "said nothing", 0);
  expect("echo words >&2; exit 3", CNNIMG_CORRUPT, "gave up: words", 0);
  expect("echo it is too large >&2; exit 70", CNNIMG_LIMIT, "it is too large", 0);
  expect("cat >/dev/null; head -c 100000 /dev/zero >&2; exit 67", CNNIMG_CORRUPT, "gave up", 0);
}

/* What the host does with its signals and descriptors is its own affair. */
static void test_host(void **state) {
  (void)state;
  struct sigaction ignore = {.sa_handler = SIG_IGN}, chld, pipe_was, after;
  ci_source s;
  ci_store *store;
  cnnimg_error err = {0};
  plant(NULL);
  setenv(CI_HELPER_VARIABLE, old_folder, 1);
  open_data(&s, "good.h5");
  sigaction(SIGCHLD, &ignore, &chld);
  sigaction(SIGPIPE, &ignore, &pipe_was);
  int input = dup(0); /* and standard input is closed */
  close(0);
  int status = ci_helper_load(&s, &store, &err);
  if (input >= 0) dup2(input, 0), close(input);
  sigaction(SIGPIPE, &pipe_was, &after);
  assert_ptr_equal(after.sa_handler, SIG_IGN);
  sigaction(SIGCHLD, &chld, &after);
  assert_ptr_equal(after.sa_handler, SIG_IGN);
  if (status) fail_msg("%s", err.text);
  check_good(store);
  ci_store_free(store);
  ci_source_close(&s);
  setenv(CI_HELPER_VARIABLE, folder, 1);
}

static int start(void **state) {
  (void)state;
  const char *own = getenv(CI_HELPER_VARIABLE);
  strcpy(folder, "helper-XXXXXX");
  snprintf(old_folder, sizeof old_folder, "%s", own ? own : "");
  return mkdtemp(folder) && !setenv(CI_HELPER_VARIABLE, folder, 1) ? 0 : -1;
}

static int end(void **state) {
  (void)state;
  plant(NULL);
  rmdir(folder);
  return setenv(CI_HELPER_VARIABLE, old_folder, 1);
}

int main(void) {
  char program[1100];
  const char *own = getenv(CI_HELPER_VARIABLE);
  snprintf(program, sizeof program, "%s/" CI_HELPER_NAME, own ? own : "");
  if (access(program, X_OK)) return 77; /* not built */
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_attacks),
                                     cmocka_unit_test_setup_teardown(test_misbehaving, start, end),
                                     cmocka_unit_test_setup_teardown(test_host, start, end)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
