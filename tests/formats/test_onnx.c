/* SPDX-License-Identifier: MIT */
/* test_onnx.c - ONNX files against ONNX Runtime's answers (data/cases.txt, by make_onnx.py), and damaged ones */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "exec/exec.h"
#include "archs/weights.h"
#include "tasks/network.h"
#include "tests/net/interpret.h"

#define WORST 3e-5 /* of the largest value; cases.txt has six digits */

static char *data_path(char *room, size_t n, const char *name) {
  const char *top = getenv("abs_top_srcdir");
  snprintf(room, n, "%s/tests/formats/data/%s", top ? top : ".", name);
  return room;
}

static void open_file(ci_source *s, const char *name) {
  char path[1024], file[80];
  cnnimg_error err = {0};
  snprintf(file, sizeof file, "%s%s", name, strchr(name, '.') ? "" : ".onnx");
  if (ci_source_open(s, data_path(path, sizeof path, file), (size_t)1 << 20, &err)) fail_msg("%s", err.text);
}

static ci_program *load_file(ci_source *s, const char *name) {
  ci_program *g;
  const char *format = NULL;
  cnnimg_error err = {0};
  open_file(s, name);
  if (ci_weights_load(s, &g, &format, &err)) fail_msg("%s: %s", name, err.text);
  assert_string_equal(format, "onnx");
  return g;
}

/* ---- answers -------------------------------------------------------------------------------- */

typedef struct answer {
  char name[64];
  ci_shape in[4], out;
  size_t n_in;
  float *values;
} answer;

static size_t items(ci_shape s) { return (size_t)s.c * (size_t)s.h * (size_t)s.w; }

static ci_shape read_shape(char **at) {
  ci_shape s;
  s.c = (int32_t)strtol(*at, at, 10);
  s.h = (int32_t)strtol(*at, at, 10);
  s.w = (int32_t)strtol(*at, at, 10);
  return s;
}

static answer read_answer(char *line) {
  answer a = {.n_in = 0};
  int used = 0;
  assert_int_equal(sscanf(line, "run %63s %zu%n", a.name, &a.n_in, &used), 2);
  assert_true(a.n_in >= 1 && a.n_in <= 4);
  char *at = line + used;
  for (size_t i = 0; i < a.n_in; i++) a.in[i] = read_shape(&at);
  a.out = read_shape(&at);
  a.values = calloc(items(a.out), sizeof *a.values);
  for (size_t i = 0; i < items(a.out); i++) a.values[i] = strtof(at, &at);
  return a;
}

static float *compute(const ci_graph *g, const answer *a, ci_shape *out) {
  float *in[4] = {NULL}, *got;
  cnnimg_error err = {0};
  assert_int_equal(g->n_inputs, a->n_in);
  for (size_t i = 0; i < a->n_in; i++) {
    in[i] = calloc(items(a->in[i]), sizeof(float));
    ci_test_noise(in[i], items(a->in[i]), i);
  }
  if (ci_interpret(g, ci_kernels_best(), a->in, (const float *const *)in, &got, out, &err))
    fail_msg("%s: %s", a->name, err.text);
  for (size_t i = 0; i < a->n_in; i++) free(in[i]);
  return got;
}

static void check_answer(const ci_graph *g, const answer *a, const char *when) {
  ci_shape out;
  float *got = compute(g, a, &out), top = 1;
  if (out.h == 1 && out.w == 1 && (size_t)out.c == items(a->out)) out = a->out; /* held: the same in the same order */
  if (out.c != a->out.c || out.h != a->out.h || out.w != a->out.w)
    fail_msg("%s%s: %dx%dx%d instead of %dx%dx%d", a->name, when, out.c, out.h, out.w, a->out.c, a->out.h,
             a->out.w);
  for (size_t i = 0; i < items(out); i++) top = fmaxf(top, fabsf(a->values[i]));
  for (size_t i = 0; i < items(out); i++)
    if (!(fabsf(got[i] - a->values[i]) <= WORST * top))
      fail_msg("%s%s: item %zu is %.7g instead of %.7g", a->name, when, i, got[i], a->values[i]);
  free(got);
}

/* The sizes as the file declares its inputs: maps, or vectors. */
static void read_dims(const ci_program *p, const answer *a, ci_dims *dims) {
  assert_int_equal(p->n_inputs, a->n_in);
  for (size_t i = 0; i < a->n_in; i++) {
    bool vector = p->inputs[i].rank == 2;
    dims[i] = (ci_dims){vector ? 2 : 4, {1, a->in[i].c, a->in[i].h, a->in[i].w}};
  }
}

/* The graph as it is lowered and as it is simplified must give the same numbers. */
static void run_case(char *line) {
  answer a = read_answer(line);
  ci_source s;
  cnnimg_error err = {0};
  ci_dims dims[4];
  ci_lowered *l;
  ci_program *p = load_file(&s, a.name);
  read_dims(p, &a, dims);
  if (ci_lower(p, 0, dims, &l, &err)) fail_msg("%s: %s", a.name, err.text);
  check_answer(l->graph, &a, "");
  ci_shape *shapes = ci_calloc(l->graph->n_values, sizeof *shapes);
  assert_int_equal(ci_interpret_shapes(l->graph, a.in, shapes, &err), CNNIMG_OK);
  if (ci_graph_simplify(l->graph, shapes, &err)) fail_msg("%s: %s", a.name, err.text);
  check_answer(l->graph, &a, " (simplified)");
  free(shapes);
  free(a.values);
  ci_lowered_free(l);
  ci_program_free(p);
  ci_source_close(&s);
}

static void refuse_case(char *line) {
  char name[64], *words = strchr(line + 7, ' ') + 1;
  cnnimg_error err = {0};
  ci_program *p;
  ci_source s;
  sscanf(line, "refuse %63s", name);
  open_file(&s, name);
  int status = ci_weights_load(&s, &p, NULL, &err);
  bool named = !status || strstr(err.text, name);
  if (!status) status = ci_network_probe(p, &err);
  if (!status || status != err.code || !strstr(err.text, words) || !named)
    fail_msg("%s: status %d, \"%s\" does not say \"%s\"", name, status, err.text, words);
  ci_program_free(p);
  ci_source_close(&s);
}

/* Calls `each` for the lines of cases.txt that start with the word; answers how many there were. */
static int walk_cases(const char *word, void (*each)(char *line)) {
  ci_source s;
  int n = 0;
  open_file(&s, "cases.txt");
  char *text = ci_strndup((const char *)s.data, s.size);
  for (char *line = text, *end; line && *line; line = end) {
    end = strchr(line, '\n');
    if (end) *end++ = 0;
    if (strncmp(line, word, strlen(word))) continue;
    each(line);
    n++;
  }
  free(text);
  ci_source_close(&s);
  return n;
}

static void test_answers(void **state) {
  (void)state;
  assert_true(walk_cases("run ", run_case) > 80);
}

static void test_refusals(void **state) {
  (void)state;
  assert_true(walk_cases("refuse ", refuse_case) > 20);
}

/* ---- what else is in a file --------------------------------------------------------------------- */

static void test_card_and_inputs(void **state) {
  (void)state;
  ci_source s;
  ci_program *g = load_file(&s, "unet");
  assert_string_equal(ci_program_get_card(g, "task"), "denoise");
  assert_string_equal(ci_program_get_card(g, "licence"), "MIT");
  assert_string_equal(ci_program_get_card(g, "ir_version"), "8");
  assert_string_equal(ci_program_get_card(g, "opset"), "17");
  assert_string_equal(ci_program_get_card(g, "producer"), "make_onnx.py");
  assert_null(ci_program_get_card(g, "nothing"));
  assert_int_equal(g->n_inputs, 2);
  assert_string_equal(g->values[g->inputs[1].value].name, "z");
  assert_int_equal(g->inputs[0].dim[1], 3);
  assert_int_equal(g->inputs[1].dim[1], 1);
  assert_int_equal(g->inputs[0].dim[2], 0);
  ci_program_free(g);
  ci_source_close(&s);
}

/* Weights that lie on a multiple of 4 in the file are not copied. */
static void test_zero_copy(void **state) {
  (void)state;
  ci_source s, moved;
  cnnimg_error err = {0};
  open_file(&s, "conv_same");
  int in_place = 0, copied = 0;
  uint8_t *room = malloc(s.size + 4);
  for (size_t shift = 0; shift < 4; shift++) {
    ci_program *g;
    memcpy(room + shift, s.data, s.size);
    ci_source_memory(&moved, room + shift, s.size, "moved");
    assert_int_equal(ci_weights_load(&moved, &g, NULL, &err), CNNIMG_OK);
    const ci_tensor *w = g->values[g->nodes[0].in[1]].tensor;
    const uint8_t *at = w->data;
    if (w->owned) copied++;
    else in_place += at > room && at < room + s.size;
    ci_program_free(g);
    ci_source_close(&moved);
  }
  assert_int_equal(in_place, 1);
  assert_int_equal(copied, 3);
  free(room);
  ci_source_close(&s);
}

/* ---- damaged files -------------------------------------------------------------------------------- */

/* A copy of exactly that many bytes, so that the sanitizer sees a read behind them. */
static int load_bytes(const uint8_t *data, size_t n, cnnimg_error *err) {
  ci_source s;
  ci_program *g;
  uint8_t *copy = malloc(n ? n : 1);
  memcpy(copy, data, n);
  ci_source_memory(&s, copy, n, "bytes");
  int status = ci_weights_load(&s, &g, NULL, err);
  assert_true(!status == (g != NULL));
  if (!status) ci_network_probe(g, NULL);
  ci_program_free(g);
  ci_source_close(&s);
  free(copy);
  return status;
}

/* Only where the end of the file holds nothing but the card can a prefix be a whole model. */
static void test_truncated(void **state) {
  (void)state;
  static const char *const names[] = {"conv_same", "unet", "float_data", "shape_arithmetic"};
  for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
    ci_source s;
    size_t whole = 0;
    open_file(&s, names[k]);
    for (size_t n = 0; n < s.size; n++) {
      cnnimg_error err = {0};
      int status = load_bytes(s.data, n, &err);
      if (!status) whole++;
      else if (strlen(err.text) < 20 || (status != CNNIMG_CORRUPT && status != CNNIMG_UNSUPPORTED))
        fail_msg("%s cut to %zu bytes: %d %s", names[k], n, status, err.text);
    }
    assert_true(whole <= 3); /* before each of three lines of metadata */
    ci_source_close(&s);
  }
}

/* Every byte of a file replaced by a few others: any answer will do, but there must be one. */
static void test_flipped(void **state) {
  (void)state;
  static const uint8_t flips[] = {0x01, 0x80, 0xff};
  ci_source s;
  open_file(&s, "unet");
  uint8_t *copy = malloc(s.size);
  memcpy(copy, s.data, s.size);
  for (size_t n = 0; n < s.size; n++)
    for (size_t k = 0; k < sizeof flips; k++) {
      cnnimg_error err = {0};
      copy[n] ^= flips[k];
      int status = load_bytes(copy, s.size, &err);
      assert_true(!status || err.text[0]);
      copy[n] ^= flips[k];
    }
  free(copy);
  ci_source_close(&s);
}

static void test_unknown(void **state) {
  (void)state;
  cnnimg_error err = {0};
  assert_int_equal(load_bytes((const uint8_t *)"\x89PNG\r\n\x1a\n", 8, &err), CNNIMG_UNSUPPORTED);
  assert_non_null(strstr(err.text, "89 50 4e 47"));
  assert_int_equal(load_bytes((const uint8_t *)"", 0, &err), CNNIMG_CORRUPT);
  assert_non_null(strstr(err.text, "empty"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_answers),         cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_card_and_inputs), cmocka_unit_test(test_zero_copy),
      cmocka_unit_test(test_truncated),       cmocka_unit_test(test_flipped),
      cmocka_unit_test(test_unknown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
