/* SPDX-License-Identifier: MIT */
/* build_layers.c - writing a network down: convolutions, normalisations, activations, changes of size */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "net/build.h"

/* prefix.bias, or CI_NONE where the file has none. */
static int32_t optional(ci_build *b, const char *prefix, const char *suffix) {
  if (b->status || !b->s || !ci_store_has(b->s, "%s%s", prefix, suffix)) return CI_NONE;
  return ci_build_weight(b, "%s%s", prefix, suffix);
}

static void pair(ci_build *b, const char *name, int32_t v) {
  const int64_t both[2] = {v ? v : 1, v ? v : 1};
  ci_build_attr_ints(b, name, both, 2);
}

static int32_t conv(ci_build *b, const char *type, int32_t x, ci_conv_spec s, int32_t weight, int32_t bias) {
  const int64_t pads[4] = {s.pad, s.pad, s.pad, s.pad}, out_pad[2] = {s.out_pad, s.out_pad};
  int32_t y = ci_build_node(b, type, (const int32_t[]){x, weight, bias}, 3);
  pair(b, "strides", s.stride);
  pair(b, "dilations", s.dilation);
  ci_build_attr_ints(b, "pads", pads, 4);
  ci_build_attr_int(b, "group", s.groups ? s.groups : 1);
  if (s.out_pad) ci_build_attr_ints(b, "output_padding", out_pad, 2);
  return y;
}

int32_t ci_build_conv_values(ci_build *b, int32_t x, ci_conv_spec spec, int32_t weight, int32_t bias) {
  return conv(b, "Conv", x, spec, weight, bias);
}

int32_t ci_build_conv(ci_build *b, int32_t x, ci_conv_spec spec, const char *prefix, ...) {
  CI_SPELL(name, prefix);
  int32_t w = ci_build_weight(b, "%s.weight", name);
  return conv(b, "Conv", x, spec, w, optional(b, name, ".bias"));
}

int32_t ci_build_conv_same(ci_build *b, int32_t x, const char *prefix, ...) {
  CI_SPELL(name, prefix);
  int32_t kernel = b->s ? (int32_t)ci_store_dim(b->s, 2, "%s.weight", name) : 0;
  return ci_build_conv(b, x, (ci_conv_spec){.pad = kernel / 2}, "%s", name);
}

int32_t ci_build_conv_transpose(ci_build *b, int32_t x, ci_conv_spec spec, const char *prefix, ...) {
  CI_SPELL(name, prefix);
  int32_t w = ci_build_weight(b, "%s.weight", name);
  return conv(b, "ConvTranspose", x, spec, w, optional(b, name, ".bias"));
}

int32_t ci_build_leaky(ci_build *b, int32_t x, float slope) {
  int32_t y = ci_build_op1(b, "LeakyRelu", x);
  ci_build_attr_float(b, "alpha", slope);
  return y;
}

int32_t ci_build_along_channels(ci_build *b, int32_t v) {
  if (b->status || b->p->values[v].tensor->rank == 3) return v;
  const ci_tensor *flat = b->p->values[v].tensor;
  const int64_t dim[3] = {(int64_t)flat->count, 1, 1};
  if (flat->dtype != CI_F32)
    return ci_build_fail(b, CNNIMG_UNSUPPORTED, "\"%s\" holds no floats", b->p->values[v].name);
  ci_tensor *t = ci_tensor_new(CI_F32, 3, dim);
  if (t) memcpy(t->owned, flat->data, t->count * sizeof(float));
  return ci_build_tensor(b, t);
}

int32_t ci_build_prelu(ci_build *b, int32_t x, const char *name, ...) {
  CI_SPELL(spelt, name);
  int32_t slope = ci_build_along_channels(b, ci_build_weight(b, "%s", spelt));
  return ci_build_op2(b, "PRelu", x, slope);
}

int32_t ci_build_batch_norm(ci_build *b, int32_t x, float epsilon, const char *prefix, ...) {
  CI_SPELL(name, prefix);
  static const char *const parts[4] = {"weight", "bias", "running_mean", "running_var"};
  int32_t in[5] = {x};
  for (int i = 0; i < 4; i++) in[i + 1] = ci_build_weight(b, "%s.%s", name, parts[i]);
  int32_t y = ci_build_node(b, "BatchNormalization", in, 5);
  ci_build_attr_float(b, "epsilon", epsilon);
  return y;
}

static int32_t turn(ci_build *b, int32_t x, const int64_t *order, size_t n) {
  int32_t y = ci_build_op1(b, "Transpose", x);
  ci_build_attr_ints(b, "perm", order, n);
  return y;
}

int32_t ci_build_layer_norm_2d(ci_build *b, int32_t x, float epsilon, const char *prefix, ...) {
  CI_SPELL(name, prefix);
  static const int64_t last[4] = {0, 2, 3, 1}, first[4] = {0, 3, 1, 2};
  const int32_t in[3] = {turn(b, x, last, 4), ci_build_weight(b, "%s.weight", name),
                         ci_build_weight(b, "%s.bias", name)};
  int32_t y = ci_build_node(b, "LayerNormalization", in, 3);
  ci_build_attr_int(b, "axis", -1);
  ci_build_attr_float(b, "epsilon", epsilon);
  return turn(b, y, first, 4);
}

/* ---- sizes ------------------------------------------------------------------------------ */

int32_t ci_build_pixel_shuffle(ci_build *b, int32_t x, int64_t block) {
  int32_t y = ci_build_op1(b, "DepthToSpace", x);
  ci_build_attr_int(b, "blocksize", block);
  ci_build_attr_string(b, "mode", "CRD");
  return y;
}

/* ONNX's SpaceToDepth has the place in the block slowest, PyTorch the channel: a Gather puts that right. */
int32_t ci_build_pixel_unshuffle(ci_build *b, int32_t x, int64_t channels, int64_t block) {
  int64_t order[1024];
  if (channels < 1 || block < 1 || channels > 1024 || block > 32 || channels * block * block > 1024)
    return ci_build_fail(b, CNNIMG_UNSUPPORTED, "a pixel unshuffle of none or more than 1024 channels");
  const int64_t places = block * block;
  int32_t y = ci_build_op1(b, "SpaceToDepth", x);
  ci_build_attr_int(b, "blocksize", block);
  for (int64_t c = 0; c < channels; c++)
    for (int64_t k = 0; k < places; k++) order[c * places + k] = k * channels + c;
  y = ci_build_op2(b, "Gather", y, ci_build_ints(b, order, (size_t)(channels * places)));
  ci_build_attr_int(b, "axis", 1);
  return y;
}

static int32_t resize(ci_build *b, int32_t x, float factor, const char *mode, const char *centres) {
  const float scales[4] = {1, 1, factor, factor};
  int32_t s = b->status ? -1 : ci_build_floats(b, scales, 4);
  int32_t y = ci_build_node(b, "Resize", (const int32_t[]){x, CI_NONE, s}, 3);
  ci_build_attr_string(b, "mode", mode);
  ci_build_attr_string(b, "coordinate_transformation_mode", centres);
  return y;
}

int32_t ci_build_nearest(ci_build *b, int32_t x, float factor) {
  int32_t y = resize(b, x, factor, "nearest", "asymmetric");
  ci_build_attr_string(b, "nearest_mode", "floor");
  return y;
}

int32_t ci_build_bilinear(ci_build *b, int32_t x, float factor) {
  return resize(b, x, factor, "linear", "half_pixel");
}

int32_t ci_build_bicubic(ci_build *b, int32_t x, float factor, float cubic_a) {
  int32_t y = resize(b, x, factor, "cubic", "half_pixel");
  ci_build_attr_float(b, "cubic_coeff_a", cubic_a);
  return y;
}

int32_t ci_build_global_mean(ci_build *b, int32_t x) { return ci_build_op1(b, "GlobalAveragePool", x); }
