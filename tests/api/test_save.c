/* SPDX-License-Identifier: MIT */
/* test_save.c - models written as ONNX, cards beside files, what is found out about a network, tensors of a file */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cnnimg.h"

static char folder[] = "/tmp/cnnimg-save-XXXXXX";
static cnnimg_context *context;

static int setup(void **state) {
  (void)state;
  return mkdtemp(folder) && !cnnimg_open(NULL, &context, NULL) ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  cnnimg_close(context);
  return rmdir(folder); /* fails where something was left */
}

static const char *in_folder(const char *name) {
  static char path[4][128];
  static int i;
  char *p = path[i = (i + 1) % 4];
  snprintf(p, 128, "%s/%s", folder, name);
  return p;
}

static const char *built_in(const char *name) {
  static char path[1024];
  const char *dir = getenv("CNNIMG_MODELS_DIR");
  snprintf(path, sizeof path, "%s/%s/%s.onnx", dir ? dir : "models", name, name);
  return path;
}

static const char *net(const char *name) {
  static char path[1024];
  const char *top = getenv("abs_top_srcdir");
  snprintf(path, sizeof path, "%s/tests/api/data/%s.onnx", top ? top : ".", name);
  return path;
}

static cnnimg_model *load(const char *path, const char *const *options) {
  cnnimg_model *m;
  cnnimg_error err = {0, ""};
  if (cnnimg_model_load_opt(context, path, options, &m, &err)) fail_msg("%s", err.text);
  return m;
}

static void save(const cnnimg_model *m, const char *path) {
  cnnimg_error err = {0, ""};
  if (cnnimg_model_save(m, path, &err)) fail_msg("%s", err.text);
}

static void copy(const char *from, const char *to) {
  char room[4096];
  FILE *a = fopen(from, "rb"), *b = fopen(to, "wb");
  assert_true(a && b);
  for (size_t n; (n = fread(room, 1, sizeof room, a));) assert_int_equal(fwrite(room, 1, n, b), n);
  fclose(a);
  fclose(b);
}

static void write_text(const char *path, const char *text) {
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  fputs(text, f);
  fclose(f);
}

#define WIDE 41
#define HIGH 27

static void run(cnnimg_model *m, float *out, size_t n) {
  static float pixels[WIDE * HIGH * 3];
  const cnnimg_format f = {.width = WIDE, .height = HIGH, .colours = 3, .sample = CNNIMG_F32};
  cnnimg_params p;
  cnnimg_session *s;
  cnnimg_error err = {0, ""};
  cnnimg_view from, to;
  cnnimg_params_init(&p, CNNIMG_TASK_NONE);
  p.sigma = 25;
  for (int i = 0; i < WIDE * HIGH * 3; i++) pixels[i] = (float)(i * 37 % 256) / 255;
  if (cnnimg_session_new(context, m, &p, &f, &s, &err)) fail_msg("%s", err.text);
  cnnimg_format made = f;
  made.width = cnnimg_session_cost(s)->width, made.height = cnnimg_session_cost(s)->height;
  assert_true((size_t)made.width * made.height * 3 <= n);
  cnnimg_view_init(&from, &f, pixels);
  cnnimg_view_init(&to, &made, out);
  if (cnnimg_run(s, &from, &to, &err)) fail_msg("%s", err.text);
  cnnimg_session_free(s);
}

/* ---- saving --------------------------------------------------------------------------- */

/* The same bytes, from the file that was saved and from one that was saved of that. */
static void round_trip(const char *path, const char *const *options) {
  enum { MOST = WIDE * HIGH * 3 * 9 };
  float *a = calloc(MOST, sizeof *a), *b = calloc(MOST, sizeof *b);
  const char *once = in_folder("once.onnx"), *twice = in_folder("twice.onnx");
  cnnimg_model *m = load(path, options);
  run(m, a, MOST);
  save(m, once);
  cnnimg_model_unref(m);
  m = load(once, NULL);
  run(m, b, MOST);
  assert_memory_equal(a, b, MOST * sizeof *a);
  save(m, twice);
  save(m, once); /* over the file that it is read from */
  run(m, b, MOST);
  assert_memory_equal(a, b, MOST * sizeof *a);
  cnnimg_model_unref(m);
  m = load(twice, NULL);
  memset(b, 0, MOST * sizeof *b);
  run(m, b, MOST);
  assert_memory_equal(a, b, MOST * sizeof *a);
  cnnimg_model_unref(m);
  unlink(once);
  unlink(twice);
  free(a);
  free(b);
}

static void test_same_bytes(void **state) {
  (void)state;
  static const char *const names[] = {"halves", "valid", "upvalid", "odd",   "last",
                                      "grey",   "luma",  "fixed",   "double"};
  static const char *const options[] = {"range=255", "mean=10,20,30", "order=bgr", NULL};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) round_trip(net(names[i]), NULL);
  round_trip(net("halves"), options);
  round_trip(built_in("denoise"), NULL);
}

static void test_card_goes_along(void **state) {
  (void)state;
  static const char *const options[] = {"range=255", "input.image=image", "licence=CC0", NULL};
  cnnimg_model *m = load(net("halves"), options);
  save(m, in_folder("a.onnx"));
  cnnimg_model_unref(m);
  m = load(in_folder("a.onnx"), NULL);
  assert_string_equal(cnnimg_model_get(m, "range"), "255");
  assert_string_equal(cnnimg_model_get(m, "input.image"), "image");
  assert_string_equal(cnnimg_model_get(m, "licence"), "CC0");
  assert_string_equal(cnnimg_model_get(m, "producer"), "cnnimg");
  assert_int_equal(cnnimg_model_input(m, 0)->dim[2], 0);
  cnnimg_model_unref(m);
  unlink(in_folder("a.onnx"));
}

static void test_refused(void **state) {
  (void)state;
  cnnimg_error err = {0, ""};
  cnnimg_model *m = load(net("halves"), NULL);
  assert_int_equal(cnnimg_model_save(m, "-", &err), CNNIMG_BADARG);
  assert_int_equal(cnnimg_model_save(m, in_folder("no/where.onnx"), &err), CNNIMG_IO);
  assert_non_null(strstr(err.text, "no/where.onnx"));
  cnnimg_model_unref(m);
}

/* ---- what is found out ------------------------------------------------------------------ */

static const char *get(const char *path, const char *key) {
  static char text[64];
  cnnimg_model *m = load(path, NULL);
  const char *v = cnnimg_model_get(m, key);
  snprintf(text, sizeof text, "%s", v ? v : "(none)");
  cnnimg_model_unref(m);
  return text;
}

/* Which columns of the picture change a pixel of the result, ONNX Runtime was asked for our models; the small networks were
 * counted by hand from make_nets.py. */
static void test_found(void **state) {
  (void)state;
  assert_string_equal(get(built_in("denoise"), "receptive_field"), "148");
  assert_string_equal(get(built_in("upscale-x2"), "receptive_field"), "79");
  assert_string_equal(get(net("halves"), "receptive_field"), "1");
  assert_string_equal(get(net("valid"), "receptive_field"), "7");
  assert_string_equal(get(net("reverse"), "receptive_field"), "whole picture");
  assert_string_equal(get(net("halves"), "macs_per_pixel"), "9");
  assert_string_equal(get(net("double"), "scale"), "2");
  assert_string_equal(get(net("arrays"), "receptive_field"), "(none)");
  assert_string_equal(get(net("arrays"), "macs_per_pixel"), "(none)");
}

static void test_keys(void **state) {
  (void)state;
  cnnimg_model *m = load(net("halves"), NULL);
  const char *key;
  size_t found = 0, scales = 0, n = 0;
  for (; (key = cnnimg_model_key(m, n)); n++) {
    assert_non_null(cnnimg_model_get(m, key));
    found += !strcmp(key, "receptive_field") || !strcmp(key, "macs_per_pixel");
    scales += !strcmp(key, "scale");
  }
  assert_int_equal(found, 2);
  assert_int_equal(scales, 1);
  assert_null(cnnimg_model_key(m, n + 1));
  assert_null(cnnimg_model_get(m, "nothing"));
  cnnimg_model_unref(m);
}

static void *ask(void *model) { return (void *)(uintptr_t)cnnimg_model_get(model, "receptive_field"); }

static void test_from_threads(void **state) {
  (void)state;
  pthread_t id[4];
  cnnimg_model *m = load(net("valid"), NULL);
  for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&id[i], NULL, ask, m), 0);
  for (int i = 0; i < 4; i++) {
    void *text;
    pthread_join(id[i], &text);
    assert_string_equal(text, "7");
  }
  cnnimg_model_unref(m);
}

/* ---- a card beside a file -------------------------------------------------------------------- */

static void test_card_file(void **state) {
  (void)state;
  static const char *const options[] = {"licence=MIT", NULL};
  const char *file = in_folder("x.onnx"), *card = in_folder("x.onnx.card.json");
  copy(net("halves"), file);
  write_text(
      card,
      "{\"range\": 255, \"mean\": [10, 20.5, \"3e1\"], \"licence\": \"CC0\", \"origin\": \"a\\u001bb\","
      " \"parameters\": 1, \"input.image\": \"image\"}");
  cnnimg_model *m = load(file, NULL);
  assert_string_equal(cnnimg_model_get(m, "range"), "255");
  assert_string_equal(cnnimg_model_get(m, "mean"), "10,20.5,3e1");
  assert_string_equal(cnnimg_model_get(m, "licence"), "CC0");
  assert_string_equal(cnnimg_model_get(m, "origin"), "a?b");
  assert_string_not_equal(cnnimg_model_get(m, "parameters"), "1");
  cnnimg_model_unref(m);
  m = load(file, options);
  assert_string_equal(cnnimg_model_get(m, "licence"), "MIT");
  cnnimg_model_unref(m);
  unlink(card);
  unlink(file);
}

static void test_bad_cards(void **state) {
  (void)state;
  static const char *const cards[][2] = {{"{\"range\": 255", "line 1"},
                                         {"[1]", "object"},
                                         {"{\"range\": {\"a\": 1}}", "range"},
                                         {"{\"range\": [[1]]}", "range"},
                                         {"{\"range\": \"white\"}", "range"},
                                         {"{\"input.x\": \"sigma\"}", "no such input"},
                                         {"{\"range\": null}", "range"},
                                         {"{\"\": 1}", "key is empty"},
                                         {"{\"range\": 1, \"range\": 2}", "range"},
                                         {"", "JSON"}};
  const char *file = in_folder("x.onnx"), *card = in_folder("x.onnx.card.json");
  copy(net("halves"), file);
  for (size_t i = 0; i < sizeof cards / sizeof *cards; i++) {
    cnnimg_model *m;
    cnnimg_error err = {0, ""};
    write_text(card, cards[i][0]);
    int status = cnnimg_model_load(context, file, &m, &err);
    if (!status || m || !strstr(err.text, "x.onnx.card.json") || !strstr(err.text, cards[i][1]))
      fail_msg("%s: status %d, \"%s\" does not say \"%s\"", cards[i][0], status, err.text, cards[i][1]);
  }
  unlink(card);
  unlink(file);
}

/* ---- tensors of a file ------------------------------------------------------------------------ */

typedef struct seen {
  size_t n, stop;
  char last[64];
} seen;

static int look(void *user, const char *name, const char *type, uint32_t rank, const uint64_t *dim) {
  seen *s = user;
  snprintf(s->last, sizeof s->last, "%s %s %u", name, type, rank);
  for (uint32_t k = 0; k < rank; k++) assert_true(dim[k] > 0);
  return ++s->n == s->stop ? CNNIMG_CANCELLED : CNNIMG_OK;
}

static void test_weights_list(void **state) {
  (void)state;
  cnnimg_error err = {0, ""};
  seen s = {.n = 0};
  assert_int_equal(cnnimg_weights_list(context, net("halves"), look, &s, &err), CNNIMG_OK);
  assert_int_equal(s.n, 1);
  assert_string_equal(s.last, "w float 4");
  s = (seen){.stop = 2};
  assert_int_equal(cnnimg_weights_list(context, net("valid"), look, &s, &err), CNNIMG_CANCELLED);
  assert_int_equal(s.n, 2);
  assert_int_equal(cnnimg_weights_list(context, in_folder("none"), look, &s, &err), CNNIMG_IO);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_same_bytes),   cmocka_unit_test(test_card_goes_along),
      cmocka_unit_test(test_refused),      cmocka_unit_test(test_found),
      cmocka_unit_test(test_keys),         cmocka_unit_test(test_from_threads),
      cmocka_unit_test(test_card_file),    cmocka_unit_test(test_bad_cards),
      cmocka_unit_test(test_weights_list),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
