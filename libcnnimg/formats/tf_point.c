/* SPDX-License-Identifier: MIT */
/* tf_point.c - TensorFlow's operations sample by sample, and those that do nothing */
#include <math.h>
#include <string.h>

#include "formats/tf_graph.h"

static int32_t unary(const ci_tf_site *s, const char *type) {
  return ci_build_op1(s->b, type, ci_tf_in(s, 0));
}

static int32_t binary(const ci_tf_site *s, const char *type) {
  int32_t x = ci_tf_in(s, 0), y = ci_tf_in(s, 1);
  return ci_build_op2(s->b, type, x, y);
}

/* What has the same name and meaning in ONNX, or another name. */
typedef struct named {
  const char *tf, *onnx;
  int operands;
} named;

static const named table[] = {
    {"Relu", "Relu", 1},         {"Elu", "Elu", 1},     {"Selu", "Selu", 1}, {"Sigmoid", "Sigmoid", 1},
    {"Tanh", "Tanh", 1},         {"Abs", "Abs", 1},     {"Neg", "Neg", 1},   {"Exp", "Exp", 1},
    {"Log", "Log", 1},           {"Sqrt", "Sqrt", 1},   {"Erf", "Erf", 1},   {"Floor", "Floor", 1},
    {"Ceil", "Ceil", 1},         {"Round", "Round", 1}, {"Sign", "Sign", 1}, {"Softplus", "Softplus", 1},
    {"Softsign", "Softsign", 1}, {"Add", "Add", 2},     {"AddV2", "Add", 2}, {"Sub", "Sub", 2},
    {"Mul", "Mul", 2},           {"RealDiv", "Div", 2}, {"Div", "Div", 2},   {"FloorDiv", "Div", 2},
    {"Maximum", "Max", 2},       {"Minimum", "Min", 2}, {"Pow", "Pow", 2},   {"FloorMod", "Mod", 2},
};

static int32_t plain(const ci_tf_site *s) {
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (ci_text_is(s->n->op, table[i].tf))
      return table[i].operands == 1 ? unary(s, table[i].onnx) : binary(s, table[i].onnx);
  return ci_tf_fail(s, CNNIMG_UNSUPPORTED, "is an operation that is not known");
}

/* Of integers, as sizes are: those are at least 0. Of floats the quotient is rounded down. */
static int32_t floor_div(const ci_tf_site *s) {
  int32_t y = binary(s, "Div");
  return ci_tf_int(s->n, "T", 1) == 1 ? ci_build_op1(s->b, "Floor", y) : y;
}

static int32_t same(const ci_tf_site *s) { return ci_tf_in(s, 0); }
static int32_t relu6(const ci_tf_site *s) { return ci_put_clip(s->b, ci_tf_in(s, 0), 0, 6); }

static int32_t leaky(const ci_tf_site *s) {
  return ci_build_leaky(s->b, ci_tf_in(s, 0), ci_tf_float(s->n, "alpha", 0.2f));
}

static int32_t square(const ci_tf_site *s) {
  int32_t x = ci_tf_in(s, 0);
  return ci_build_op2(s->b, "Mul", x, x);
}

static int32_t squared_difference(const ci_tf_site *s) {
  int32_t d = binary(s, "Sub");
  return ci_build_op2(s->b, "Mul", d, d);
}

static int32_t rsqrt(const ci_tf_site *s) { return ci_build_op1(s->b, "Reciprocal", unary(s, "Sqrt")); }
static int32_t reciprocal(const ci_tf_site *s) { return unary(s, "Reciprocal"); }

static int32_t clip(const ci_tf_site *s) {
  int32_t in[3] = {ci_tf_in(s, 0), ci_tf_in(s, 1), ci_tf_in(s, 2)};
  return ci_build_node(s->b, "Clip", in, 3);
}

static int32_t add_n(const ci_tf_site *s) {
  int32_t y = ci_tf_in(s, 0);
  for (int32_t i = 1; i < s->n->n_in && !s->b->status; i++) y = ci_build_op2(s->b, "Add", y, ci_tf_in(s, i));
  return y;
}

static int32_t softmax(const ci_tf_site *s) {
  int32_t y = unary(s, "Softmax");
  ci_build_attr_int(s->b, "axis", -1);
  return y;
}

static int32_t cast(const ci_tf_site *s) {
  const ci_element to = ci_tf_element(ci_tf_int(s->n, "DstT", 1));
  bool truth = to.kind == CI_E_BOOL, real = ci_element_is(to, CI_E_FLOAT, 4);
  int32_t x = ci_tf_in(s, 0);
  if (!truth && !real && !ci_element_is(to, CI_E_SIGNED, 4) && !ci_element_is(to, CI_E_SIGNED, 8))
    return ci_tf_fail(s, CNNIMG_UNSUPPORTED, "converts to a type that is not known");
  int32_t y = ci_build_op1(s->b, "Cast", x);
  ci_build_attr_int(s->b, "to", real ? 1 : truth ? 9 : 7);
  return y;
}

static int32_t matmul(const ci_tf_site *s) {
  static const int64_t turn[2] = {1, 0};
  int32_t x = ci_tf_in(s, 0), y = ci_tf_in(s, 1);
  if (ci_tf_int(s->n, "transpose_a", 0)) x = ci_put_transpose(s->b, x, turn, 2);
  if (ci_tf_int(s->n, "transpose_b", 0)) y = ci_put_transpose(s->b, y, turn, 2);
  return ci_build_op2(s->b, "MatMul", x, y);
}

#define PLAIN(t) \
  { t, plain }
const ci_tf_op ci_tf_point_ops[] = {
    PLAIN("Relu"),
    PLAIN("Elu"),
    PLAIN("Selu"),
    PLAIN("Sigmoid"),
    PLAIN("Tanh"),
    PLAIN("Abs"),
    PLAIN("Neg"),
    PLAIN("Exp"),
    PLAIN("Log"),
    PLAIN("Sqrt"),
    PLAIN("Erf"),
    PLAIN("Floor"),
    PLAIN("Ceil"),
    PLAIN("Round"),
    PLAIN("Sign"),
    PLAIN("Softplus"),
    PLAIN("Softsign"),
    PLAIN("Add"),
    PLAIN("AddV2"),
    PLAIN("Sub"),
    PLAIN("Mul"),
    PLAIN("RealDiv"),
    PLAIN("Div"),
    PLAIN("Maximum"),
    PLAIN("Minimum"),
    PLAIN("Pow"),
    PLAIN("FloorMod"),
    {"FloorDiv", floor_div},
    {"AddN", add_n},
    {"Relu6", relu6},
    {"LeakyRelu", leaky},
    {"Square", square},
    {"SquaredDifference", squared_difference},
    {"Rsqrt", rsqrt},
    {"Reciprocal", reciprocal},
    {"Inv", reciprocal},
    {"ClipByValue", clip},
    {"Softmax", softmax},
    {"Cast", cast},
    {"MatMul", matmul},
    {"Identity", same},
    {"StopGradient", same},
    {"PreventGradient", same},
    {"CheckNumerics", same},
    {"Snapshot", same},
    {"PlaceholderWithDefault", same},
    {NULL, NULL},
};
