/* SPDX-License-Identifier: MIT */
/* test_graph.c - order, dead nodes, cycles, undefined values; tensors; the card */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/graph.h"

static ci_graph *graph_with_input(int32_t *x) {
  ci_graph *g = ci_graph_new();
  *x = ci_graph_add_value(g, "x", NULL);
  ci_graph_add_input(g, *x, (ci_shape){3, 0, 0});
  return g;
}

static int32_t relu(ci_graph *g, int32_t in, const char *name) {
  ci_node *n = ci_graph_add_node(g, CI_OP_activation, name, &in, 1, name);
  n->act.kind = CI_ACT_RELU;
  return n->out;
}

static int32_t add(ci_graph *g, int32_t a, int32_t b, const char *name) {
  return ci_graph_add_node(g, CI_OP_binary, name, (const int32_t[2]){a, b}, 2, name)->out;
}

/* Nodes are added in the wrong order: the sum first, by editing its input afterwards. */
static void test_order_and_dead(void **state) {
  (void)state;
  int32_t x;
  ci_graph *g = graph_with_input(&x);
  cnnimg_error err = {0};
  g->output = add(g, x, x, "sum");
  relu(g, x, "dead");
  int32_t a = relu(g, x, "a"), b = relu(g, a, "b");
  g->nodes[0].in[1] = b;
  assert_int_equal(ci_graph_finish(g, &err), CNNIMG_OK);
  assert_int_equal(g->n_nodes, 3);
  assert_string_equal(g->nodes[0].name, "a");
  assert_string_equal(g->nodes[1].name, "b");
  assert_string_equal(g->nodes[2].name, "sum");
  for (int32_t i = 0; i < 3; i++) assert_int_equal(g->values[g->nodes[i].out].producer, i);
  assert_int_equal(g->values[ci_graph_find_value(g, "dead")].producer, -1);
  assert_int_equal(ci_graph_finish(g, &err), CNNIMG_OK); /* again: nothing changes */
  assert_int_equal(g->n_nodes, 3);
  ci_graph_free(g);
}

static void check_refused(ci_graph *g, int code, const char *words, const char *more) {
  cnnimg_error err = {0};
  assert_int_equal(ci_graph_finish(g, &err), code);
  assert_int_equal(err.code, code);
  if (!strstr(err.text, words) || !strstr(err.text, more)) fail_msg("%s", err.text);
  ci_graph_free(g);
}

static void test_cycle(void **state) {
  (void)state;
  int32_t x;
  ci_graph *g = graph_with_input(&x);
  int32_t a = relu(g, x, "first"), b = relu(g, a, "second");
  g->output = relu(g, b, "third");
  g->nodes[0].in[0] = b;
  check_refused(g, CNNIMG_CORRUPT, "first", "second");
}

static void test_undefined(void **state) {
  (void)state;
  int32_t x;
  ci_graph *g = graph_with_input(&x);
  g->output = relu(g, ci_graph_add_value(g, "nowhere", NULL), "reader");
  check_refused(g, CNNIMG_CORRUPT, "nowhere", "reader");
  g = graph_with_input(&x);
  g->output = relu(g, 77, "reader");
  check_refused(g, CNNIMG_CORRUPT, "77", "reader");
  g = graph_with_input(&x);
  check_refused(g, CNNIMG_CORRUPT, "no output", "");
}

static void test_slope_must_be_constant(void **state) {
  (void)state;
  int32_t x;
  ci_graph *g = graph_with_input(&x);
  g->output = relu(g, x, "prelu");
  g->nodes[0].act.kind = CI_ACT_PRELU;
  g->nodes[0].act.slope = x;
  check_refused(g, CNNIMG_UNSUPPORTED, "prelu", "slope");
}

/* A chain this long would overflow the stack if sorting were recursive. */
static void test_long_chain(void **state) {
  (void)state;
  int32_t x, v;
  ci_graph *g = graph_with_input(&x);
  cnnimg_error err = {0};
  v = x;
  for (int i = 0; i < 300000; i++) v = relu(g, v, "n");
  g->output = v;
  assert_int_equal(ci_graph_finish(g, &err), CNNIMG_OK);
  assert_int_equal(g->n_nodes, 300000);
  ci_graph_free(g);
}

static void test_tensor(void **state) {
  (void)state;
  const int64_t dim[] = {2, 3, 4}, huge[] = {INT64_MAX, 4}, negative[] = {2, -1};
  ci_tensor *t = ci_tensor_new(CI_I64, 3, dim);
  assert_non_null(t);
  assert_int_equal(t->count, 24);
  ((int64_t *)t->owned)[23] = 1; /* the sanitizer knows how long it is */
  ci_tensor_free(t);
  t = ci_tensor_new(CI_F32, 0, NULL);
  assert_int_equal(t->count, 1);
  ci_tensor_free(t);
  assert_null(ci_tensor_new(CI_F32, 2, huge));
  assert_null(ci_tensor_new(CI_F32, 2, negative));
  assert_null(ci_tensor_new(CI_F32, CI_MAX_RANK + 1, dim));
}

static void test_card(void **state) {
  (void)state;
  ci_program *g = ci_program_new();
  assert_null(ci_program_get_card(g, "task"));
  ci_program_set_card(g, "task", "upscale");
  ci_program_set_card(g, "scale", "2");
  ci_program_set_card(g, "task", "denoise");
  assert_int_equal(g->n_card, 2);
  assert_string_equal(ci_program_get_card(g, "task"), "denoise");
  assert_string_equal(ci_program_get_card(g, "scale"), "2");
  ci_program_free(g);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_order_and_dead), cmocka_unit_test(test_cycle),
      cmocka_unit_test(test_undefined),      cmocka_unit_test(test_slope_must_be_constant),
      cmocka_unit_test(test_long_chain),     cmocka_unit_test(test_tensor),
      cmocka_unit_test(test_card),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
