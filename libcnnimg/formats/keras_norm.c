/* SPDX-License-Identifier: MIT */
/* keras_norm.c - Keras layers that normalise, and those that do nothing once a network is trained */
#include <string.h>

#include "formats/keras_model.h"

#define MOST_CHANNELS 65536

static const ci_kt nothing = {.v = -1};

static float number(const ci_kcall *c, const char *name, double otherwise) {
  return (float)ci_json_number(ci_json_get(c->config, name), otherwise);
}

/* The axis (of a list of one, too) is the one of the channels. */
static bool over_channels(const ci_kcall *c, ci_kt t, int64_t otherwise) {
  const ci_json *v = ci_json_get(c->config, "axis");
  if (ci_json_is_array(v)) v = ci_json_size(v) == 1 ? ci_json_at(v, 0) : NULL;
  int64_t axis = ci_json_int(v, otherwise);
  if (axis < 0) axis += t.rank;
  return axis == (t.rank == 4 && !t.last ? 1 : t.rank - 1);
}

/* gamma or beta; a layer without it has ones or zeros. */
static int32_t per_channel(const ci_kcall *c, const char *names, size_t channels, float otherwise) {
  if (c->k->b.status || ci_keras_tensor(c, names)) return ci_keras_weight(c, names, -1);
  return ci_put_filled(&c->k->b, channels, otherwise);
}

static ci_kt batch_normalization(const ci_kcall *c) {
  ci_kt t = ci_keras_in(c, 0);
  const ci_entry *mean = ci_keras_tensor(c, "moving_mean|running_mean");
  if (!mean || c->k->b.status) return ci_keras_fail(c, CNNIMG_UNSUPPORTED, "has no moving mean");
  if (t.rank == 4) t = ci_keras_picture(c, t);
  if (!over_channels(c, t, -1) || ci_json_int(ci_json_get(c->config, "mode"), 0))
    return ci_keras_fail(c, CNNIMG_UNSUPPORTED, "normalises along another axis than the channels");
  size_t n = mean->tensor->count;
  int32_t in[5] = {t.v, per_channel(c, "gamma", n, 1), per_channel(c, "beta", n, 0),
                   ci_keras_weight(c, "moving_mean|running_mean", -1),
                   ci_keras_weight(c, "moving_variance|running_std", -1)};
  t.v = ci_build_node(&c->k->b, "BatchNormalization", in, 5);
  ci_build_attr_float(&c->k->b, "epsilon", number(c, "epsilon", 1e-3));
  return t;
}

static size_t channels_of(const ci_kcall *c, ci_kt t) {
  const ci_entry *e = ci_keras_tensor(c, "gamma");
  if (!e) e = ci_keras_tensor(c, "beta");
  size_t n = e ? e->tensor->count : (size_t)t.channels;
  if (!n || n > MOST_CHANNELS)
    ci_keras_fail(c, CNNIMG_UNSUPPORTED, "has no tensors, and its channels are not known");
  return c->k->b.status ? 0 : n;
}

static ci_kt layer_normalization(const ci_kcall *c) {
  ci_build *b = &c->k->b;
  ci_kt t = ci_keras_in(c, 0);
  size_t n = b->status ? 0 : channels_of(c, t);
  bool picture = t.last;
  if (!n) return nothing;
  if (!over_channels(c, t, -1) || (t.rank == 4 && !picture))
    return ci_keras_fail(c, CNNIMG_UNSUPPORTED, "normalises along another axis than the last");
  if (picture) t.v = ci_put_to_last(b, t.v);
  int32_t in[3] = {t.v, per_channel(c, "gamma", n, 1), per_channel(c, "beta", n, 0)};
  t.v = ci_build_node(b, "LayerNormalization", in, 3);
  ci_build_attr_int(b, "axis", -1);
  ci_build_attr_float(b, "epsilon", number(c, "epsilon", 1e-3));
  if (picture) t.v = ci_put_to_first(b, t.v);
  return t;
}

/* Groups as one long row each, brought to mean 0 and variance 1, and back. */
static int32_t in_groups(const ci_kcall *c, int32_t x, int64_t groups) {
  ci_build *b = &c->k->b;
  int32_t shape = ci_build_op1(b, "Shape", x),
          rows = ci_put_reshape(b, x, (const int64_t[]){0, groups, -1}, 3);
  int32_t in[3] = {rows, ci_put_filled(b, (size_t)groups, 1), ci_put_filled(b, (size_t)groups, 0)};
  int32_t y = ci_build_node(b, "InstanceNormalization", in, 3);
  ci_build_attr_float(b, "epsilon", number(c, "epsilon", 1e-3));
  return ci_build_op2(b, "Reshape", y, shape);
}

static ci_kt group_normalization(const ci_kcall *c) {
  ci_build *b = &c->k->b;
  ci_kt t = ci_keras_in(c, 0);
  size_t n = b->status ? 0 : channels_of(c, t);
  int64_t groups = ci_json_int(ci_json_get(c->config, "groups"), 32);
  if (!n) return nothing;
  if (groups == -1) groups = (int64_t)n;
  if (t.rank != 4 || !over_channels(c, t, -1) || groups < 1 || (int64_t)n % groups)
    return ci_keras_fail(c, CNNIMG_UNSUPPORTED, "has groups that do not fit its channels");
  t.v = in_groups(c, t.v, groups);
  if (ci_keras_tensor(c, "gamma")) t.v = ci_build_op2(b, "Mul", t.v, ci_keras_along(c, "gamma", t));
  if (ci_keras_tensor(c, "beta")) t.v = ci_build_op2(b, "Add", t.v, ci_keras_along(c, "beta", t));
  return t;
}

/* ---- nothing ---------------------------------------------------------------------------------------- */

static ci_kt same(const ci_kcall *c) { return ci_keras_in(c, 0); }

/* A number, or one a channel, along the channels of t. */
static int32_t numbers(const ci_kcall *c, const ci_json *v, double otherwise, ci_kt t) {
  float list[1024];
  size_t n = ci_json_size(v);
  if (!n) return ci_build_scalar(&c->k->b, (float)ci_json_number(v, otherwise));
  for (size_t i = 0; i < n && i < 1024; i++) list[i] = (float)ci_json_number(ci_json_at(v, i), 0);
  if (n > 1024) ci_keras_fail(c, CNNIMG_LIMIT, "has more than 1024 numbers");
  return n > 1024 ? -1 : t.last ? ci_put_per_channel(&c->k->b, list, n) : ci_build_floats(&c->k->b, list, n);
}

static ci_kt rescaling(const ci_kcall *c) {
  ci_kt t = ci_keras_in(c, 0);
  const ci_json *scale = ci_json_get(c->config, "scale"), *offset = ci_json_get(c->config, "offset");
  t.v = ci_build_op2(&c->k->b, "Mul", t.v, numbers(c, scale, 1, t));
  t.v = ci_build_op2(&c->k->b, "Add", t.v, numbers(c, offset, 0, t));
  return t;
}

const ci_klayer ci_keras_norm_layers[] = {
    {"BatchNormalization", batch_normalization},
    {"BatchNormalizationV1", batch_normalization},
    {"BatchNormalizationV2", batch_normalization},
    {"LayerNormalization", layer_normalization},
    {"GroupNormalization", group_normalization},
    {"InputLayer", same},
    {"Dropout", same},
    {"SpatialDropout2D", same},
    {"AlphaDropout", same},
    {"GaussianDropout", same},
    {"GaussianNoise", same},
    {"ActivityRegularization", same},
    {"Identity", same},
    {"Rescaling", rescaling},
    {NULL, NULL},
};
