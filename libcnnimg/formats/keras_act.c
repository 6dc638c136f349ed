/* SPDX-License-Identifier: MIT */
/* keras_act.c - Keras activations: by name, and as layers */
#include <math.h>
#include <string.h>

#include "formats/keras_model.h"

static const ci_kt nothing = {.v = -1};

/* The first of the names that is a number. */
static double number(const ci_json *config, const char *name, const char *other, double otherwise) {
  const ci_json *v = ci_json_get(config, name);
  if (!ci_json_is_number(v) && other) v = ci_json_get(config, other);
  if (ci_json_is_array(v) && ci_json_size(v) == 1) v = ci_json_at(v, 0); /* numpy's way, in old files */
  if (ci_json_is_object(v)) v = ci_json_get(v, "value");
  return ci_json_number(v, otherwise);
}

static ci_kt plain(const ci_kcall *c, ci_kt t, const char *type) {
  t.v = ci_build_op1(&c->k->b, type, t.v);
  return t;
}

static ci_kt with(const ci_kcall *c, ci_kt t, const char *type, const char *attr, double v) {
  t.v = ci_build_op1(&c->k->b, type, t.v);
  ci_build_attr_float(&c->k->b, attr, (float)v);
  return t;
}

/* Keras 3 took over PyTorch's. */
static ci_kt hard_sigmoid(const ci_kcall *c, ci_kt t) {
  t = with(c, t, "HardSigmoid", "alpha", c->k->third ? 1.0 / 6 : 0.2);
  ci_build_attr_float(&c->k->b, "beta", 0.5f);
  return t;
}

static ci_kt softmax(const ci_kcall *c, ci_kt t, int64_t axis) {
  if (axis < 0) axis += t.rank;
  if (t.last) axis = axis == 3 ? 1 : axis ? axis + 1 : 0;
  t.v = ci_build_op1(&c->k->b, "Softmax", t.v);
  ci_build_attr_int(&c->k->b, "axis", axis);
  return t;
}

static ci_kt gelu(const ci_kcall *c, ci_kt t, bool rough) {
  t.v = ci_build_op1(&c->k->b, "Gelu", t.v);
  if (rough) ci_build_attr_string(&c->k->b, "approximate", "tanh");
  return t;
}

/* x * sigmoid(x) in two nodes: ONNX has no name for it at our operator set. */
static ci_kt swish(const ci_kcall *c, ci_kt t) {
  t.v = ci_build_op2(&c->k->b, "Mul", t.v, ci_build_op1(&c->k->b, "Sigmoid", t.v));
  return t;
}

static ci_kt clip(const ci_kcall *c, ci_kt t, double lo, double hi) {
  t.v = ci_put_clip(&c->k->b, t.v, (float)lo, (float)hi);
  return t;
}

typedef struct named {
  const char *name, *type;
} named;

static const named simple[] = {{"relu", "Relu"},       {"elu", "Elu"},           {"selu", "Selu"},
                               {"sigmoid", "Sigmoid"}, {"tanh", "Tanh"},         {"mish", "Mish"},
                               {"exponential", "Exp"}, {"softplus", "Softplus"}, {"softsign", "Softsign"}};

static ci_kt by_name(const ci_kcall *c, ci_kt t, const char *name) {
  if (!strcmp(name, "linear")) return t;
  for (size_t i = 0; i < sizeof simple / sizeof *simple; i++)
    if (!strcmp(simple[i].name, name)) return plain(c, t, simple[i].type);
  if (!strcmp(name, "relu6")) return clip(c, t, 0, 6);
  if (!strcmp(name, "leaky_relu")) return with(c, t, "LeakyRelu", "alpha", 0.2);
  if (!strcmp(name, "hard_sigmoid")) return hard_sigmoid(c, t);
  if (!strcmp(name, "hard_silu") || !strcmp(name, "hard_swish")) return plain(c, t, "HardSwish");
  if (!strcmp(name, "softmax")) return softmax(c, t, -1);
  if (!strcmp(name, "swish") || !strcmp(name, "silu")) return swish(c, t);
  if (!strcmp(name, "gelu")) return gelu(c, t, false);
  return ci_keras_fail(c, CNNIMG_UNSUPPORTED, "has an activation that is not known");
}

static ci_kt relu(const ci_kcall *c, ci_kt t, const ci_json *config);
static ci_kt leaky(const ci_kcall *c, ci_kt t, const ci_json *config) {
  return with(c, t, "LeakyRelu", "alpha", number(config, "negative_slope", "alpha", 0.3));
}

/* An object: a function by its name, or a layer with a configuration of its own. */
ci_kt ci_keras_activation(const ci_kcall *c, ci_kt t, const ci_json *activation) {
  const ci_json *config = ci_json_get(activation, "config");
  const char *type = ci_json_string(ci_json_get(activation, "class_name"), "");
  if (c->k->b.status) return nothing;
  if (ci_json_is_null(activation)) return t;
  if (ci_json_is_string(activation)) return by_name(c, t, ci_json_string(activation, ""));
  if (ci_json_is_string(config)) return by_name(c, t, ci_json_string(config, ""));
  if (!strcmp(type, "LeakyReLU")) return leaky(c, t, config);
  if (!strcmp(type, "ReLU")) return relu(c, t, config);
  return by_name(c, t, "another");
}

/* ---- layers ------------------------------------------------------------------------------------ */

static ci_kt activation(const ci_kcall *c) {
  return ci_keras_activation(c, ci_keras_in(c, 0), ci_json_get(c->config, "activation"));
}

/* x from the threshold to the largest, below it the slope times what is missing. */
static ci_kt bent(const ci_kcall *c, ci_kt t, double slope, double threshold, double most) {
  ci_build *b = &c->k->b;
  int32_t below = ci_build_op1(b, "Relu", ci_build_op2(b, "Sub", ci_build_scalar(b, (float)threshold), t.v));
  ci_kt y = with(c, t, "ThresholdedRelu", "alpha", threshold);
  y.v = ci_put_clip(b, y.v, 0, (float)most);
  if (slope != 0) y.v = ci_build_op2(b, "Sub", y.v, ci_build_scale(b, below, (float)slope));
  return y;
}

static ci_kt relu(const ci_kcall *c, ci_kt t, const ci_json *config) {
  double most = number(config, "max_value", NULL, INFINITY),
         slope = number(config, "negative_slope", "alpha", 0);
  double threshold = number(config, "threshold", "theta", 0);
  if (threshold != 0) return bent(c, t, slope, threshold, most);
  if (slope == 0) return most < INFINITY ? clip(c, t, 0, most) : plain(c, t, "Relu");
  t = with(c, t, "LeakyRelu", "alpha", slope);
  return most < INFINITY ? clip(c, t, -INFINITY, most) : t;
}

static ci_kt relu_layer(const ci_kcall *c) { return relu(c, ci_keras_in(c, 0), c->config); }
static ci_kt leaky_layer(const ci_kcall *c) { return leaky(c, ci_keras_in(c, 0), c->config); }

static ci_kt thresholded(const ci_kcall *c) {
  return with(c, ci_keras_in(c, 0), "ThresholdedRelu", "alpha", number(c->config, "theta", NULL, 1));
}

static ci_kt elu_layer(const ci_kcall *c) {
  return with(c, ci_keras_in(c, 0), "Elu", "alpha", number(c->config, "alpha", NULL, 1));
}

static ci_kt softmax_layer(const ci_kcall *c) {
  return softmax(c, ci_keras_in(c, 0), ci_json_int(ci_json_get(c->config, "axis"), -1));
}

static ci_kt gelu_layer(const ci_kcall *c) {
  const ci_json *v = ci_json_get(c->config, "approximate");
  for (size_t i = 0; i < c->n_args && !v; i++)
    if (c->args[i].key && !strcmp(c->args[i].key, "approximate")) v = c->args[i].json;
  return gelu(c, ci_keras_in(c, 0), ci_json_bool(v, false));
}

/* Slopes [H, W, C] as Keras has them; shared axes are 1 there. */
static ci_kt prelu(const ci_kcall *c) {
  ci_kt t = ci_keras_in(c, 0);
  const ci_entry *e = ci_keras_tensor(c, "alpha|alphas");
  if (!e || c->k->b.status) return ci_keras_fail(c, CNNIMG_UNSUPPORTED, "has no slopes");
  bool turn = t.last && e->tensor->rank == 3;
  bool flat = e->tensor->rank == 1;
  int32_t slopes =
      flat ? ci_keras_along(c, "alpha|alphas", t) : ci_keras_weight(c, "alpha|alphas", turn ? 201 : -1);
  t.v = ci_build_op2(&c->k->b, "PRelu", t.v, slopes);
  return t;
}

const ci_klayer ci_keras_act_layers[] = {
    {"Activation", activation},
    {"ReLU", relu_layer},
    {"LeakyReLU", leaky_layer},
    {"LeakyRelu", leaky_layer},
    {"ThresholdedReLU", thresholded},
    {"ELU", elu_layer},
    {"Softmax", softmax_layer},
    {"PReLU", prelu},
    {"Gelu", gelu_layer},
    {NULL, NULL},
};
