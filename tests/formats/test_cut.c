/* SPDX-License-Identifier: MIT */
/* test_cut.c - messages that are cut off exactly between two parts: sound ones, of a shorter network. All are refused.
 *
 * Of every .pb, .caffemodel and .onnx below data/ that loads whole: each prefix that ends with a part of the outermost
 * message. What nothing in the file can tell is listed, so that it becomes neither more nor forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "archs/weights.h"
#include "formats/wire.h"
#include "tests/formats/folder.h"

/* Prefixes of so many parts that load. */
static const struct {
  const char *name;
  size_t parts;
} excused[] = {
    /* a deployed caffemodel counts nothing: where no Split waits for readers, any layer may be the last */
    {"layers.caffemodel", 3},  /* conv1 */
    {"layers.caffemodel", 4},  /* bn */
    {"layers.caffemodel", 5},  /* scale */
    {"layers.caffemodel", 23}, /* global */
    {"layers.caffemodel", 24}, /* gate */
    {"layers.caffemodel", 25}, /* up */
    {"layers.caffemodel", 26}, /* bias */
    {"layers.caffemodel", 27}, /* drop: the loss that follows changes no answer */
};

static bool is_excused(const char *name, size_t parts) {
  for (size_t i = 0; i < sizeof excused / sizeof *excused; i++)
    if (!strcmp(excused[i].name, name) && excused[i].parts == parts) return true;
  return false;
}

static int load(const void *data, size_t n, const char *path, cnnimg_error *err) {
  ci_source s;
  ci_program *p = NULL;
  const char *slash = strrchr(path, '/');
  ci_source_memory(&s, data, n, slash ? slash + 1 : path);
  s.path = strdup(path);
  int status = ci_weights_load(&s, &p, NULL, err);
  ci_program_free(p);
  ci_source_close(&s);
  return status;
}

static bool ends(const char *name, const char *suffix) {
  size_t n = strlen(name), k = strlen(suffix);
  return n > k && !strcmp(name + n - k, suffix);
}

typedef struct tally {
  size_t files, cuts, wrong;
} tally;

/* The whole network is there: TensorFlow's version follows, or ONNX's words about the model. */
static bool is_whole(const char *name, const ci_field *next) {
  return (ends(name, ".pb") && next->number > 2) || (ends(name, ".onnx") && next->number == 14);
}

static void cut_one(const folder *f, const char *name, tally *t) {
  char path[1024];
  ci_source s;
  cnnimg_error err = {0};
  ci_field part;
  size_t parts = 0;
  folder_join(path, sizeof path, f, name, "");
  assert_int_equal(ci_source_open(&s, path, 0, &err), CNNIMG_OK);
  ci_cursor c = ci_cursor_make(s.data, s.size);
  bool loads = !load(s.data, s.size, path, &err);
  for (const uint8_t *at = s.data; loads && ci_wire_next(&c, &part); parts++, at = c.p) {
    err = (cnnimg_error){0};
    bool refused = load(s.data, (size_t)(at - s.data), path, &err) && strstr(err.text, name);
    t->cuts++;
    if (is_whole(name, &part) || refused != is_excused(name, parts)) continue;
    print_error("%s, the first %zu parts: %s %s\n", name, parts, refused ? "refused:" : "loads", err.text);
    t->wrong++;
  }
  t->files += loads;
  ci_source_close(&s);
}

static void cut_folder(const folder *f, void *user) {
  for (size_t i = 0; i < f->n; i++)
    if (ends(f->file[i], ".pb") || ends(f->file[i], ".caffemodel") || ends(f->file[i], ".onnx"))
      cut_one(f, f->file[i], user);
}

static void test_cut(void **state) {
  (void)state;
  tally t = {0};
  folder_each(cut_folder, &t);
  print_message("%zu files, %zu cuts\n", t.files, t.cuts);
  assert_int_equal(t.wrong, 0);
  assert_true(t.files > 80 && t.cuts > 500);
}

/* ---- what a prototxt tells --------------------------------------------------------------------------- */

static void put(const char *where, const char *name, const void *data, size_t n) {
  char path[300];
  snprintf(path, sizeof path, "%s/%s", where, name);
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(data, 1, n, f), n);
  fclose(f);
}

static size_t layer(uint8_t *to, const char *name, const char *type, const char *bottom, const char *top) {
  const char *const part[4] = {name, type, bottom, top};
  size_t n = 3;
  for (uint8_t i = 0; i < 4; i++) {
    if (!part[i]) continue;
    to[n] = (uint8_t)((i + 1) << 3 | 2), to[n + 1] = (uint8_t)strlen(part[i]);
    memcpy(to + n + 2, part[i], strlen(part[i]));
    n += 2 + strlen(part[i]);
  }
  to[0] = 0xa2, to[1] = 6, to[2] = (uint8_t)(n - 3);
  return n;
}

static void test_prototxt(void **state) {
  (void)state;
  static const struct {
    const char *text, *words; /* NULL: loads */
  } cases[] = {
      {"layer { name: \"a\" type: \"TanH\" top: \"x\" }", NULL},
      {"layer { name: \"a\" type: \"TanH\" top: \"x\" } layer { name: \"b\" type: 'TanH' }", "\"b\""},
      {"layer{name:\"a\" type:\"TanH\" x { name: \"q\" } top:\"x\"}layer{name:\"b\"type:\"ReLU\"}", "\"b\""},
      {"layers { name: 'b' type: RELU top: \"x\" }", "n.prototxt"},
      {"# layer { name: \"b\" type: \"TanH\" }\nlayer { name: \"a\" type: \"TanH\" top: \"x\" }", NULL},
      {"layer { name: \"l\" type: \"EuclideanLoss\" top: \"x\" }", NULL},
      {"layer { name: \"b\" type: \"ReLU\" include { phase: TRAIN } top: \"x\" }", NULL},
      {"layer { name: \"d\" type: \"HDF5Data\" top: \"x\" }", NULL},
      {"layer { name: \"s\" type: \"Softmax\" top: \"x\" }", "\"s\""},
      {"} { \" layer {", NULL},
      {"", NULL},
  };
  char where[] = "test_cut-XXXXXX", path[300];
  uint8_t message[200];
  size_t n = layer(message, "data", "Input", NULL, "data");
  n += layer(message + n, "a", "TanH", "data", "y");
  assert_non_null(mkdtemp(where));
  put(where, "n.caffemodel", message, n);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    cnnimg_error err = {0};
    put(where, "n.prototxt", cases[i].text, strlen(cases[i].text));
    snprintf(path, sizeof path, "%s/n.caffemodel", where);
    bool good = !load(message, n, path, &err);
    if (cases[i].words ? good || !strstr(err.text, cases[i].words) : !good)
      fail_msg("%s: %s", cases[i].text, err.text);
  }
  unlink(path);
  snprintf(path, sizeof path, "%s/n.prototxt", where);
  unlink(path);
  rmdir(where);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_cut), cmocka_unit_test(test_prototxt)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
