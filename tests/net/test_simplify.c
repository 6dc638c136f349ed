/* SPDX-License-Identifier: MIT */
/* test_simplify.c - what is folded and fused, what is not, and that the numbers stay */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "net/graph.h"
#include "tests/net/interpret.h"

static const ci_shape input_shape = {4, 6, 5};

static int32_t constant(ci_graph *g, int32_t rank, int64_t a, int64_t b, int64_t c, int64_t d,
                        uint64_t seed) {
  const int64_t dim[4] = {a, b, c, d};
  ci_tensor *t = ci_tensor_new(CI_F32, rank, dim);
  ci_test_noise(t->owned, t->count, seed);
  return ci_graph_add_value(g, "constant", t);
}

static ci_node *conv(ci_graph *g, int32_t x, bool transpose, bool bias, uint64_t seed) {
  int32_t in[3] = {x, constant(g, 4, 4, 4, 3, 3, seed), bias ? constant(g, 1, 4, 0, 0, 0, seed + 1) : -1};
  ci_node *n =
      ci_graph_add_node(g, transpose ? CI_OP_conv_transpose : CI_OP_conv, "conv", in, bias ? 3 : 2, "conv");
  for (int i = 0; i < 2; i++) n->p.kernel[i] = 3;
  for (int i = 0; i < 4; i++) n->p.pads[i] = 1;
  return n;
}

static int32_t activation(ci_graph *g, int32_t x, int32_t kind) {
  ci_node *n = ci_graph_add_node(g, CI_OP_activation, "act", &x, 1, "act");
  n->act.kind = kind;
  return n->out;
}

static int32_t binary(ci_graph *g, int32_t mode, int32_t a, int32_t b) {
  ci_node *n = ci_graph_add_node(g, CI_OP_binary, "binary", (const int32_t[2]){a, b}, 2, "binary");
  n->p.mode = mode;
  return n->out;
}

static int32_t batch_norm(ci_graph *g, int32_t x) {
  int32_t in[5] = {x};
  for (int i = 1; i < 5; i++) in[i] = constant(g, 1, 4, 0, 0, 0, 40 + (uint64_t)i);
  float *variance = g->values[in[4]].tensor->owned;
  for (int i = 0; i < 4; i++) variance[i] = fabsf(variance[i]) + 0.1f;
  ci_node *n = ci_graph_add_node(g, CI_OP_batch_norm, "norm", in, 5, "norm");
  n->p.value = 1e-3f;
  return n->out;
}

static ci_graph *start(int32_t *x) {
  ci_graph *g = ci_graph_new();
  *x = ci_graph_add_value(g, "x", NULL);
  ci_graph_add_input(g, *x, input_shape);
  return g;
}

static float *numbers(const ci_graph *g, size_t *count) {
  float in[4 * 6 * 5], *out;
  const float *ins[1] = {in};
  ci_shape shape;
  cnnimg_error err = {0};
  ci_test_noise(in, sizeof in / sizeof *in, 9);
  if (ci_interpret(g, &ci_kernels_ref, &input_shape, ins, &out, &shape, &err)) fail_msg("%s", err.text);
  *count = (size_t)shape.c * (size_t)shape.h * (size_t)shape.w;
  return out;
}

/* Simplifies and frees the graph: the numbers must stay, and so many nodes must be left. */
static void check(ci_graph *g, int32_t output, size_t nodes, bool with_shapes) {
  cnnimg_error err = {0};
  size_t n, m;
  g->output = output;
  if (ci_graph_finish(g, &err)) fail_msg("%s", err.text);
  float *before = numbers(g, &n);
  ci_shape *shapes = ci_calloc(g->n_values, sizeof *shapes);
  assert_int_equal(ci_interpret_shapes(g, &input_shape, shapes, &err), CNNIMG_OK);
  if (ci_graph_simplify(g, with_shapes ? shapes : NULL, &err)) fail_msg("%s", err.text);
  float *after = numbers(g, &m);
  assert_int_equal(g->n_nodes, nodes);
  assert_int_equal(n, m);
  for (size_t i = 0; i < n; i++)
    if (!(fabsf(before[i] - after[i]) <= 1e-5f * (1 + fabsf(before[i]))))
      fail_msg("%g became %g", before[i], after[i]);
  free(before);
  free(after);
  free(shapes);
  ci_graph_free(g);
}

static void test_folds(void **state) {
  (void)state;
  for (int i = 0; i < 8; i++) { /* transposed or not, with bias or not, two orders */
    int32_t x;
    ci_graph *g = start(&x);
    int32_t v = conv(g, x, i & 1, i & 2, 1)->out;
    if (i & 4) v = batch_norm(g, v);
    v = binary(g, CI_MUL, v, constant(g, 3, 4, 1, 1, 0, 5));
    v = binary(g, CI_ADD, constant(g, 0, 0, 0, 0, 0, 6), v);
    v = binary(g, CI_SUB, v, constant(g, 3, 4, 1, 1, 0, 7));
    v = binary(g, CI_SUB, constant(g, 3, 4, 1, 1, 0, 8), v);
    if (!(i & 4)) v = batch_norm(g, v);
    check(g, activation(g, v, CI_ACT_RELU), 1, false);
  }
}

static void test_grouped_transpose(void **state) {
  (void)state;
  int32_t x;
  ci_graph *g = start(&x);
  int32_t in[2] = {x, constant(g, 4, 4, 2, 3, 3, 1)};
  ci_node *n = ci_graph_add_node(g, CI_OP_conv_transpose, "up", in, 2, "up");
  n->p.kernel[0] = n->p.kernel[1] = 3;
  n->p.group = 2;
  check(g, batch_norm(g, n->out), 1, false);
}

static void test_no_fold(void **state) {
  (void)state;
  int32_t x, v;
  ci_graph *g = start(&x); /* two readers */
  v = conv(g, x, false, true, 1)->out;
  check(g, binary(g, CI_MUL, batch_norm(g, v), v), 3, true);
  g = start(&x); /* the activation comes first */
  v = activation(g, conv(g, x, false, true, 1)->out, CI_ACT_TANH);
  check(g, batch_norm(g, v), 2, true);
  g = start(&x); /* nothing before it */
  check(g, batch_norm(g, x), 1, true);
}

static void test_shared_weights(void **state) {
  (void)state;
  int32_t x;
  ci_graph *g = start(&x);
  int32_t a = conv(g, x, false, true, 1)->out;
  ci_node *second = ci_graph_add_node(g, CI_OP_conv, "again", g->nodes[0].in, 3, "again");
  second->p = g->nodes[0].p;
  int32_t b = second->out;
  check(g, binary(g, CI_SUB, batch_norm(g, a), b), 3, true); /* b's weights must not be scaled */
}

static void test_residuals(void **state) {
  (void)state;
  for (int swap = 0; swap < 2; swap++) {
    int32_t x;
    ci_graph *g = start(&x);
    int32_t a = activation(g, conv(g, x, false, true, 1)->out, CI_ACT_RELU);
    int32_t b = conv(g, a, false, false, 3)->out;
    int32_t sum = swap ? binary(g, CI_ADD, b, x) : binary(g, CI_ADD, x, b);
    int32_t top = activation(g, sum, CI_ACT_SIGMOID); /* act2 */
    check(g, binary(g, CI_ADD, top, conv(g, top, true, true, 5)->out), 3, true);
  }
}

/* conv, act, + residual: the order of a node's act and residual. */
static void test_act_before_residual(void **state) {
  (void)state;
  int32_t x;
  ci_graph *g = start(&x);
  int32_t a = activation(g, conv(g, x, false, true, 1)->out, CI_ACT_TANH);
  check(g, activation(g, binary(g, CI_ADD, a, x), CI_ACT_RELU), 1, true);
}

/* The skip's convolution comes early; the one that takes the sum must come after both. */
static void test_two_convolutions(void **state) {
  (void)state;
  int32_t x;
  ci_graph *g = start(&x);
  int32_t skip = conv(g, x, false, true, 1)->out,
          deep = conv(g, activation(g, x, CI_ACT_RELU), false, true, 3)->out;
  check(g, binary(g, CI_ADD, deep, skip), 3, true);
  g = start(&x);
  skip = conv(g, x, false, true, 1)->out;
  check(g, binary(g, CI_ADD, activation(g, x, CI_ACT_TANH), skip), 2, true);
}

static void test_no_residual(void **state) {
  (void)state;
  int32_t x;
  ci_graph *g = start(&x); /* shapes are not known */
  check(g, binary(g, CI_ADD, conv(g, x, false, true, 1)->out, x), 2, false);
  g = start(&x); /* one pixel for all */
  int32_t pool = ci_graph_add_node(g, CI_OP_reduce, "pool", &x, 1, "pool")->out;
  check(g, binary(g, CI_ADD, conv(g, x, false, true, 1)->out, pool), 3, true);
  g = start(&x); /* the sum of a convolution with itself */
  int32_t v = conv(g, x, false, true, 1)->out;
  check(g, binary(g, CI_ADD, v, v), 2, true);
  g = start(&x); /* a difference */
  check(g, binary(g, CI_SUB, x, conv(g, x, false, true, 1)->out), 2, true);
}

static void test_copies(void **state) {
  (void)state;
  int32_t x;
  ci_graph *g = start(&x);
  int32_t v = activation(g, activation(g, x, CI_ACT_NONE), CI_ACT_NONE);
  v = activation(g, conv(g, v, false, true, 1)->out, CI_ACT_NONE);
  check(g, v, 1, true);
  g = start(&x); /* the result is the input: one copy stays */
  check(g, activation(g, x, CI_ACT_NONE), 1, true);
}

static void test_activation_anywhere(void **state) {
  (void)state;
  int32_t x;
  ci_graph *g = start(&x);
  int32_t v = binary(g, CI_MUL, x, x);
  v = activation(g, v, CI_ACT_TANH);
  v = ci_graph_add_node(g, CI_OP_max_pool, "pool", &v, 1, "pool")->out;
  check(g, activation(g, activation(g, v, CI_ACT_RELU), CI_ACT_SIGMOID), 3, true);
}

static int32_t channel_mean(ci_graph *g, int32_t x) {
  ci_node *n = ci_graph_add_node(g, CI_OP_channel_reduce, "mean", &x, 1, "mean");
  n->p.mode = CI_REDUCE_MEAN;
  return n->out;
}

/* (x - mean) / sqrt(mean((x - mean)^2) + epsilon) as exporters write it; `difference`: for whoever wants to read it too. */
static int32_t norm_in_parts(ci_graph *g, int32_t x, int32_t *difference) {
  int32_t epsilon = constant(g, 0, 0, 0, 0, 0, 6);
  *(float *)g->values[epsilon].tensor->owned = 0.125f;
  *difference = binary(g, CI_SUB, x, channel_mean(g, x));
  int32_t variance = channel_mean(g, binary(g, CI_MUL, *difference, *difference));
  return binary(g, CI_DIV, *difference, activation(g, binary(g, CI_ADD, variance, epsilon), CI_ACT_SQRT));
}

static void test_layer_norm(void **state) {
  (void)state;
  int32_t x, d, v;
  ci_graph *g = start(&x);
  v = binary(g, CI_MUL, constant(g, 3, 4, 1, 1, 0, 2), norm_in_parts(g, x, &d));
  check(g, binary(g, CI_ADD, v, constant(g, 4, 1, 4, 1, 1, 3)), 1, true);
  g = start(&x); /* a bias alone, then a second one, which stays */
  v = binary(g, CI_ADD, norm_in_parts(g, x, &d), constant(g, 3, 4, 1, 1, 0, 3));
  check(g, binary(g, CI_ADD, v, constant(g, 3, 4, 1, 1, 0, 4)), 2, true);
  g = start(&x); /* somebody else reads the difference */
  v = norm_in_parts(g, x, &d);
  check(g, binary(g, CI_ADD, v, d), 7, true);
  g = start(&x); /* a constant a column */
  check(g, binary(g, CI_MUL, norm_in_parts(g, x, &d), constant(g, 1, 5, 0, 0, 0, 2)), 2, true);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_folds),
      cmocka_unit_test(test_grouped_transpose),
      cmocka_unit_test(test_no_fold),
      cmocka_unit_test(test_shared_weights),
      cmocka_unit_test(test_residuals),
      cmocka_unit_test(test_act_before_residual),
      cmocka_unit_test(test_two_convolutions),
      cmocka_unit_test(test_no_residual),
      cmocka_unit_test(test_copies),
      cmocka_unit_test(test_activation_anywhere),
      cmocka_unit_test(test_layer_norm),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
