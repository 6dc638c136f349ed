/* SPDX-License-Identifier: MIT */
/* keras_ops.c - operations between Keras layers: TensorFlow's by their names, Keras 3's, Lambdas of known functions */
#include <math.h>
#include <string.h>

#include "formats/keras_model.h"

static const ci_karg *keyed(const ci_kcall *c, const char *key) {
  for (size_t i = 0; i < c->n_args; i++)
    if (c->args[i].key && !strcmp(c->args[i].key, key)) return &c->args[i];
  return NULL;
}

/* An argument by its name, or by its place among all. */
static const ci_karg *arg(const ci_kcall *c, const char *key, size_t i) {
  const ci_karg *a = keyed(c, key);
  return a ? a : i < c->n_args && !c->args[i].key ? &c->args[i] : NULL;
}

static double number(const ci_kcall *c, const char *key, size_t i, double otherwise) {
  const ci_karg *a = arg(c, key, i);
  if (a && ci_json_is_number(a->json)) return ci_json_number(a->json, otherwise);
  return ci_json_number(ci_json_get(c->config, key), otherwise);
}

static ci_kt binary(const ci_kcall *c, const char *type) {
  const ci_karg *x = arg(c, "x", 0), *y = arg(c, "y", 1);
  if (!x) x = arg(c, "x1", 0);
  if (!y) y = keyed(c, "x2");
  if (!x || !y || (!x->is_value && !y->is_value))
    return ci_keras_fail(c, CNNIMG_CORRUPT, "is given too little");
  return ci_keras_binary(c, type, x, y);
}

static ci_kt unary(const ci_kcall *c, const char *type) {
  ci_kt t = ci_keras_in(c, 0);
  t.v = ci_build_op1(&c->k->b, type, t.v);
  return t;
}

static ci_kt clip(const ci_kcall *c, const char *lo, const char *hi) {
  ci_kt t = ci_keras_in(c, 0);
  t.v = ci_put_clip(&c->k->b, t.v, (float)number(c, lo, 1, -INFINITY), (float)number(c, hi, 2, INFINITY));
  return t;
}

static ci_kt square(const ci_kcall *c) {
  ci_kt t = ci_keras_in(c, 0);
  t.v = ci_build_op2(&c->k->b, "Mul", t.v, t.v);
  return t;
}

static ci_kt blocks(const ci_kcall *c) {
  int64_t block = (int64_t)number(c, "block_size", 1, 0);
  return ci_keras_depth_to_space(c, ci_keras_in(c, 0), block);
}

/* ---- by their names ------------------------------------------------------------------------------ */

typedef enum kind { BINARY, UNARY, ACTIVATION } kind;
typedef struct named {
  const char *name;
  kind kind;
  const char *type;
} named;

static const named table[] = {
    {"math.add", BINARY, "Add"},      {"__operators__.add", BINARY, "Add"}, {"math.subtract", BINARY, "Sub"},
    {"math.multiply", BINARY, "Mul"}, {"math.divide", BINARY, "Div"},       {"math.truediv", BINARY, "Div"},
    {"math.maximum", BINARY, "Max"},  {"math.minimum", BINARY, "Min"},      {"math.pow", BINARY, "Pow"},
    {"math.abs", UNARY, "Abs"},       {"math.negative", UNARY, "Neg"},      {"math.exp", UNARY, "Exp"},
    {"math.sqrt", UNARY, "Sqrt"},     {"math.sigmoid", UNARY, "Sigmoid"},   {"math.tanh", UNARY, "Tanh"},
    {"nn.relu", UNARY, "Relu"},       {"nn.relu6", ACTIVATION, "relu6"},    {"nn.tanh", UNARY, "Tanh"},
    {"nn.sigmoid", UNARY, "Sigmoid"}, {"nn.silu", ACTIVATION, "silu"},      {"nn.elu", UNARY, "Elu"},
    {"identity", UNARY, "Identity"},  {"stop_gradient", UNARY, "Identity"},
};

static ci_kt activate(const ci_kcall *c, const char *name) {
  ci_kt t = ci_keras_in(c, 0);
  if (!strcmp(name, "relu6")) t.v = ci_put_clip(&c->k->b, t.v, 0, 6);
  else t.v = ci_build_op2(&c->k->b, "Mul", t.v, ci_build_op1(&c->k->b, "Sigmoid", t.v));
  return t;
}

static ci_kt leaky(const ci_kcall *c) {
  ci_kt t = unary(c, "LeakyRelu");
  const ci_karg *a = keyed(c, "alpha");
  double slope = a ? ci_json_number(a->json, 0.2) : number(c, "negative_slope", 1, 0.2);
  ci_build_attr_float(&c->k->b, "alpha", (float)slope);
  return t;
}

static bool lambda_alias(const char *name, const char *ending) {
  size_t n = strlen(name), m = strlen(ending);
  return n >= m && !strcmp(name + n - m, ending) && (n == m || name[n - m - 1] == '.');
}

/* TFOpLambda: the function is TensorFlow's, the arguments are in the call. */
static ci_kt function(const ci_kcall *c) {
  const char *name = ci_json_string(ci_json_get(c->config, "function"), "");
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    if (strcmp(table[i].name, name)) continue;
    if (table[i].kind == BINARY) return binary(c, table[i].type);
    return table[i].kind == UNARY ? unary(c, table[i].type) : activate(c, table[i].type);
  }
  if (lambda_alias(name, "depth_to_space")) return blocks(c);
  if (lambda_alias(name, "clip_by_value")) return clip(c, "clip_value_min", "clip_value_max");
  if (lambda_alias(name, "leaky_relu")) return leaky(c);
  if (lambda_alias(name, "square")) return square(c);
  return ci_keras_fail(c, CNNIMG_UNSUPPORTED, "is a function that is not known");
}

/* Keras 3 writes operations as layers of their own names. */
static ci_kt clip_op(const ci_kcall *c) { return clip(c, "x_min", "x_max"); }
static ci_kt divide(const ci_kcall *c) { return binary(c, "Div"); }
static ci_kt power(const ci_kcall *c) { return binary(c, "Pow"); }
static ci_kt negative(const ci_kcall *c) { return unary(c, "Neg"); }
static ci_kt absolute(const ci_kcall *c) { return unary(c, "Abs"); }
static ci_kt exponential(const ci_kcall *c) { return unary(c, "Exp"); }
static ci_kt square_root(const ci_kcall *c) { return unary(c, "Sqrt"); }
static ci_kt relu_op(const ci_kcall *c) { return unary(c, "Relu"); }
static ci_kt sigmoid(const ci_kcall *c) { return unary(c, "Sigmoid"); }
static ci_kt hyperbolic(const ci_kcall *c) { return unary(c, "Tanh"); }
static ci_kt relu6(const ci_kcall *c) { return activate(c, "relu6"); }
static ci_kt silu(const ci_kcall *c) { return activate(c, "silu"); }

/* ---- Lambdas ------------------------------------------------------------------------------------------ */

/* Byte code is not read; a function that is only named may be known. */
static ci_kt lambda(const ci_kcall *c) {
  const ci_json *f = ci_json_get(c->config, "function"), *given = ci_json_get(c->config, "arguments");
  const char *name = ci_json_string(f, ci_json_string(ci_json_get(f, "config"), ""));
  static const char *const blocks_named[] = {"block_size", "scale", "block", "upscale_factor", NULL};
  if (!lambda_alias(name, "depth_to_space"))
    return ci_keras_fail(c, CNNIMG_UNSUPPORTED, "is Python code, which is not run");
  for (int i = 0; blocks_named[i]; i++)
    if (ci_json_is_number(ci_json_get(given, blocks_named[i])))
      return ci_keras_depth_to_space(c, ci_keras_in(c, 0),
                                     ci_json_int(ci_json_get(given, blocks_named[i]), 0));
  return ci_keras_fail(c, CNNIMG_UNSUPPORTED, "does not say its block");
}

const ci_klayer ci_keras_op_layers[] = {
    {"TFOpLambda", function}, {"Lambda", lambda},       {"Clip", clip_op},      {"Divide", divide},
    {"TrueDivide", divide},   {"Power", power},         {"Negative", negative}, {"Absolute", absolute},
    {"Abs", absolute},        {"Exp", exponential},     {"Sqrt", square_root},  {"Square", square},
    {"Relu", relu_op},        {"Sigmoid", sigmoid},     {"Tanh", hyperbolic},   {"Relu6", relu6},
    {"Silu", silu},           {"DepthToSpace", blocks}, {NULL, NULL},
};
