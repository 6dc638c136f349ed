/* SPDX-License-Identifier: MIT */
/* test_keras_files.c - names of tensors in Keras' files, and configurations and weights that find one another */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "formats/format.h"
#include "formats/helper.h"
#include "formats/keras_files.h"

static char folder[40];

static const char *data_path(char *room, size_t n, const char *name) {
  const char *top = getenv("abs_top_srcdir");
  char full[4096], joined[1024];
  snprintf(joined, sizeof joined, "%s/tests/formats/data/keras/%s", top ? top : ".", name);
  snprintf(room, n, "%s", realpath(joined, full) ? full : joined);
  return room;
}

static ci_store *raw_of(const char *name) {
  char path[4096];
  ci_source s;
  ci_store *raw;
  cnnimg_error err = {0};
  if (ci_source_open(&s, data_path(path, sizeof path, name), 0, &err) || ci_helper_load(&s, &raw, &err))
    fail_msg("%s", err.text);
  ci_source_close(&s);
  return raw;
}

static ci_json *config_of(const char *name) {
  char path[4096];
  ci_source s;
  ci_json *config;
  cnnimg_error err = {0};
  if (ci_source_open(&s, data_path(path, sizeof path, name), 0, &err) ||
      ci_json_parse(s.data, s.size, &config, &err))
    fail_msg("%s", err.text);
  assert_true(ci_keras_is_config(s.data, s.size));
  ci_source_close(&s);
  return config;
}

static void dims(const ci_store *s, const char *name, int64_t a, int64_t b, int64_t c, int64_t d) {
  const ci_tensor *t = ci_store_get(s, "%s", name);
  const int64_t want[4] = {a, b, c, d};
  if (!t) fail_msg("no %s", name);
  for (int i = 0; i < 4; i++)
    if ((i < t->rank ? t->dim[i] : 0) != want[i])
      fail_msg("%s: dimension %d is %lld", name, i, (long long)t->dim[i]);
}

/* Keras 1: the words of today, and a remark on the order that biases betray. */
static void test_theano(void **state) {
  (void)state;
  cnnimg_error err = {0};
  ci_store *s, *raw = raw_of("theano_1.h5");
  assert_int_equal(ci_keras_kind_of(raw), CI_KERAS_LEGACY);
  assert_int_equal(ci_keras_rename(raw, NULL, &s, &err), CNNIMG_OK);
  assert_int_equal(s->n, 4);
  dims(s, "level1/kernel", 4, 3, 5, 5);
  dims(s, "output/bias", 3, 0, 0, 0);
  assert_string_equal(ci_store_meta(s, "keras.order"), "theano");
  assert_string_equal(ci_store_meta(s, "keras.layer_names"), "[\"input_1\",\"level1\",\"output\"]");
  ci_store_free(s);
  ci_store_free(raw);
}

/* Full models: the optimizer's tensors stay away, also where no configuration is asked for. */
static void test_lecture(void **state) {
  (void)state;
  static const char *const files[] = {"lecture_2.h5", "lecture_3.h5"};
  for (int i = 0; i < 2; i++) {
    cnnimg_error err = {0};
    ci_store *s, *raw = raw_of(files[i]);
    assert_non_null(ci_store_meta(raw, "@model_config"));
    if (ci_keras_rename(raw, NULL, &s, &err)) fail_msg("%s", err.text);
    assert_int_equal(s->n, 8);
    dims(s, "conv2d/kernel", 3, 3, 1, 4);
    dims(s, "dense_1/bias", 10, 0, 0, 0);
    assert_int_equal(ci_store_meta(s, "keras_version")[0], i ? '3' : '2');
    assert_null(ci_store_meta(s, "keras.order"));
    ci_store_free(s);
    ci_store_free(raw);
  }
}

/* Models inside, parts of layers, normalisations without a scale. */
static void check_nested(const ci_store *s) {
  assert_int_equal(s->n, 21);
  dims(s, "head/kernel", 3, 3, 3, 6);
  dims(s, "larger/kernel", 4, 4, 4, 6);
  int found = 0;
  for (size_t i = 0; i < s->n; i++) {
    const char *name = s->entries[i].name, *leaf = strrchr(name, '/');
    assert_non_null(leaf);
    if (strncmp(name, "residual_block/", 15)) continue;
    found++;
    assert_true(!strcmp(leaf, "/kernel") || !strcmp(leaf, "/bias") || !strcmp(leaf, "/gamma") ||
                !strcmp(leaf, "/beta") || !strcmp(leaf, "/moving_mean") ||
                !strcmp(leaf, "/moving_variance") || !strcmp(leaf, "/alpha") ||
                !strcmp(leaf, "/depthwise_kernel") || !strcmp(leaf, "/pointwise_kernel"));
  }
  assert_int_equal(found, 13);
}

static void test_nested(void **state) {
  (void)state;
  cnnimg_error err = {0};
  ci_store *s, *raw = raw_of("nested_2w.weights.h5");
  ci_json *config = config_of("nested_2w.json"), *other = config_of("lecture_3w.json");
  assert_int_equal(ci_keras_kind_of(raw), CI_KERAS_VARS);
  assert_true(ci_keras_fits(raw, config));
  assert_false(ci_keras_fits(raw, other));
  assert_int_equal(ci_keras_rename(raw, other, &s, &err), CNNIMG_CORRUPT);
  ci_store_free(raw);
  raw = raw_of("nested_2w.weights.h5");
  if (ci_keras_rename(raw, config, &s, &err)) fail_msg("%s", err.text);
  check_nested(s);
  ci_store_free(s);
  ci_store_free(raw);
  raw = raw_of("nested_2.h5");
  if (ci_keras_rename(raw, config, &s, &err)) fail_msg("%s", err.text);
  check_nested(s);
  ci_store_free(s);
  ci_store_free(raw);
  ci_json_free(config);
  ci_json_free(other);
}

/* ---- pairs ------------------------------------------------------------------------------------ */

static void put(const char *name, const char *as) {
  char from[4096], to[128];
  snprintf(to, sizeof to, "%s/%s", folder, as);
  assert_int_equal(symlink(data_path(from, sizeof from, name), to), 0);
}

static void clear(void) {
  static const char *const all[] = {"w.weights.h5", "v.weights.h5", "a.json", "b.json", "w.json", "full.h5"};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    char at[128];
    snprintf(at, sizeof at, "%s/%s", folder, all[i]);
    unlink(at);
  }
}

/* words: of the refusal; NULL: it loads. */
static void load(const char *name, const char *words) {
  char path[128];
  ci_source s;
  ci_loaded l;
  cnnimg_error err = {0};
  snprintf(path, sizeof path, "%s/%s", folder, name);
  if (ci_source_open(&s, path, 0, &err)) fail_msg("%s", err.text);
  int status = ci_format_load(&s, &l, NULL, &err);
  if (words ? !status || !strstr(err.text, words) || !strstr(err.text, name) : status != CNNIMG_OK)
    fail_msg("%s: status %d, \"%s\" does not say \"%s\"", name, status, err.text, words ? words : "");
  if (!words) assert_non_null(l.program);
  ci_loaded_free(&l);
  ci_source_close(&s);
}

static void test_pairs(void **state) {
  (void)state;
  put("lecture_3w.weights.h5", "w.weights.h5");
  load("w.weights.h5", "put its configuration");
  put("nested_2w.json", "b.json"); /* another network's */
  load("w.weights.h5", "put its configuration");
  put("lecture_3w.json", "a.json");
  load("w.weights.h5", NULL);
  load("a.json", NULL);
  load("b.json", "no .h5 beside it");
  put("lecture_3.h5", "full.h5"); /* it has its own */
  load("a.json", NULL);
  put("lecture_3w.weights.h5", "v.weights.h5");
  load("a.json", "could be its weights");
  put("lecture_3w.json", "w.json"); /* of the same name: no more doubt */
  load("w.json", NULL);
  load("w.weights.h5", NULL);
  load("v.weights.h5", "could be its configuration");
}

static int start(void **state) {
  (void)state;
  strcpy(folder, "keras-XXXXXX");
  return mkdtemp(folder) ? 0 : -1;
}

static int end(void **state) {
  (void)state;
  clear();
  return rmdir(folder);
}

int main(void) {
  char program[4096];
  const char *own = getenv(CI_HELPER_VARIABLE);
  snprintf(program, sizeof program, "%s/" CI_HELPER_NAME, own ? own : "");
  if (access(program, X_OK)) return 77; /* not built */
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_theano), cmocka_unit_test(test_lecture),
                                     cmocka_unit_test(test_nested),
                                     cmocka_unit_test_setup_teardown(test_pairs, start, end)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
