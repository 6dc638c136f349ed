/* SPDX-License-Identifier: MIT */
/* torch7_modules.c - nn's modules that compute: convolutions, activations, normalisations, changes of size */
#include <float.h>
#include <math.h>
#include <string.h>

#include "formats/torch7.h"

static void set(ci_t7_flow *x, int32_t value) { x->v[0] = value, x->raw = false; }

/* ---- convolutions ------------------------------------------------------------------------------------------------ */

typedef struct window {
  int64_t in, out, groups, kernel[2], stride[2], dilation[2], pads[4], more[2];
} window;

/* A fully convolutional module's padding was one number before 2015. */
static window read_window(ci_t7_net *n, const ci_t7_node *m) {
  int32_t old = ci_t7_int(n, m, "padding", 0, 0, 1 << 12);
  int32_t wide = ci_t7_int(n, m, "padW", old, 0, 1 << 12), high = ci_t7_int(n, m, "padH", old, 0, 1 << 12);
  return (window){
      .in = ci_t7_int(n, m, "nInputPlane", 0, 1, 1 << 20),
      .out = ci_t7_int(n, m, "nOutputPlane", 0, 1, 1 << 20),
      .groups = ci_t7_int(n, m, "groups", 1, 1, 1 << 20),
      .kernel = {ci_t7_int(n, m, "kH", 0, 1, 1 << 10), ci_t7_int(n, m, "kW", 0, 1, 1 << 10)},
      .stride = {ci_t7_int(n, m, "dH", 1, 1, 1 << 10), ci_t7_int(n, m, "dW", 1, 1, 1 << 10)},
      .dilation = {ci_t7_int(n, m, "dilationH", 1, 1, 1 << 10), ci_t7_int(n, m, "dilationW", 1, 1, 1 << 10)},
      .more = {ci_t7_int(n, m, "adjH", 0, 0, 64), ci_t7_int(n, m, "adjW", 0, 0, 64)},
      .pads = {high, wide, high, wide}};
}

static void convolution(ci_t7_net *n, const ci_t7_node *m, ci_t7_flow *x) {
  bool full = !strcmp(n->kind, "SpatialFullConvolution");
  window w = read_window(n, m);
  if (w.in % w.groups || w.out % w.groups)
    ci_t7_refuse(n, CNNIMG_CORRUPT, "its groups do not divide its channels");
  if (n->b.status) return;
  const int64_t dim[4] = {full ? w.in : w.out, (full ? w.out : w.in) / w.groups, w.kernel[0], w.kernel[1]};
  int32_t weight = ci_t7_weight(n, m, "weight", 4, dim), bias = ci_t7_weight(n, m, "bias", 1, &w.out);
  if (weight == CI_NONE) ci_t7_refuse(n, CNNIMG_CORRUPT, "it has no weights");
  if (x->raw && !n->b.status) n->b.p->inputs[0].dim[1] = w.in;
  set(x, ci_build_node(&n->b, full ? "ConvTranspose" : "Conv", (const int32_t[]){x->v[0], weight, bias}, 3));
  ci_build_attr_ints(&n->b, "strides", w.stride, 2);
  ci_build_attr_ints(&n->b, "dilations", w.dilation, 2);
  ci_build_attr_ints(&n->b, "pads", w.pads, 4);
  ci_build_attr_int(&n->b, "group", w.groups);
  if (full && (w.more[0] || w.more[1])) ci_build_attr_ints(&n->b, "output_padding", w.more, 2);
  x->c = (int32_t)w.out;
  x->scale = full ? x->scale * (double)w.stride[0] : x->scale / (double)w.stride[0];
}

/* ---- activations ---------------------------------------------------------------------------------------------------- */

static void same_name(ci_t7_net *n, const ci_t7_node *m, ci_t7_flow *x) {
  static const char *const names[][2] = {{"ReLU", "Relu"},         {"Tanh", "Tanh"}, {"Sigmoid", "Sigmoid"},
                                         {"SoftPlus", "Softplus"}, {"Abs", "Abs"},   {"Exp", "Exp"},
                                         {"Sqrt", "Sqrt"},         {"Log", "Log"}};
  (void)m;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (!strcmp(names[i][0], n->kind)) set(x, ci_build_op1(&n->b, names[i][1], x->v[0]));
}

/* waifu2x's own has its factor under another name. */
static void leaky(ci_t7_net *n, const ci_t7_node *m, ci_t7_flow *x) {
  double slope = ci_t7_num(n, m, "negval", ci_t7_num(n, m, "negative_scale", 0.01));
  set(x, ci_build_leaky(&n->b, x->v[0], (float)slope));
}

static void prelu(ci_t7_net *n, const ci_t7_node *m, ci_t7_flow *x) {
  int32_t planes = ci_t7_int(n, m, "nOutputPlane", 0, 0, 1 << 20);
  const int64_t dim[3] = {planes ? planes : 1, 1, 1};
  int32_t slope = ci_t7_weight(n, m, "weight", 3, dim);
  if (slope == CI_NONE) ci_t7_refuse(n, CNNIMG_CORRUPT, "it has no weights");
  set(x, ci_build_op2(&n->b, "PRelu", x->v[0], slope));
}

static void elu(ci_t7_net *n, const ci_t7_node *m, ci_t7_flow *x) {
  set(x, ci_build_op1(&n->b, "Elu", x->v[0]));
  ci_build_attr_float(&n->b, "alpha", (float)ci_t7_num(n, m, "alpha", 1));
}

static void clip(ci_t7_net *n, const ci_t7_node *m, ci_t7_flow *x) {
  bool unit = !strcmp(n->kind, "InplaceClip01"), six = !strcmp(n->kind, "ReLU6");
  double low = unit || six ? 0 : ci_t7_num(n, m, "min_val", -1);
  double high = unit ? 1 : six ? 6 : ci_t7_num(n, m, "max_val", 1);
  const int32_t in[3] = {x->v[0], ci_build_scalar(&n->b, (float)low), ci_build_scalar(&n->b, (float)high)};
  set(x, ci_build_node(&n->b, "Clip", in, 3));
}

static void number(ci_t7_net *n, const ci_t7_node *m, ci_t7_flow *x) {
  double v = ci_t7_num(n, m, "constant_scalar", NAN);
  if (!(v >= -FLT_MAX && v <= FLT_MAX)) ci_t7_refuse(n, CNNIMG_UNSUPPORTED, "its constant is not one number");
  set(x, ci_build_op2(&n->b, !strcmp(n->kind, "MulConstant") ? "Mul" : "Add", x->v[0],
                      ci_build_scalar(&n->b, (float)v)));
}

static void multiply(ci_t7_net *n, const ci_t7_node *m, ci_t7_flow *x) {
  const int64_t one = 1;
  int32_t weight = ci_t7_weight(n, m, "weight", 0, &one);
  if (weight == CI_NONE) ci_t7_refuse(n, CNNIMG_CORRUPT, "it has no weight");
  set(x, ci_build_op2(&n->b, "Mul", x->v[0], weight));
}

/* ---- normalisations --------------------------------------------------------------------------------------------------- */

static int32_t channels_of(ci_t7_net *n, const ci_t7_node *m, const char *key, int64_t c, float otherwise) {
  int32_t v = ci_t7_weight(n, m, key, 1, &c);
  if (v != CI_NONE || n->b.status) return v;
  ci_tensor *t = ci_tensor_new(CI_F32, 1, &c);
  for (size_t i = 0; t && i < t->count; i++) ((float *)t->owned)[i] = otherwise;
  return ci_build_tensor(&n->b, t);
}

/* How many channels a module's tensor says. */
static int64_t count_of(const ci_t7_net *n, const ci_t7_node *m, const char *key) {
  const ci_t7_node *v = ci_t7_get(n->t, m, key);
  const ci_t7_tensor *t = v && v->kind == CI_T7_TENSOR ? &n->t->tensors[v->extra] : NULL;
  return t && t->rank == 1 && t->dim[0] > 0 && t->dim[0] <= 1 << 20 ? t->dim[0] : 0;
}

static void batch_norm(ci_t7_net *n, const ci_t7_node *m, ci_t7_flow *x) {
  int64_t c = count_of(n, m, "running_mean");
  if (!c || !count_of(n, m, "running_var")) {
    ci_t7_refuse(n, CNNIMG_UNSUPPORTED, "it has no running mean and variance");
    return;
  }
  const int32_t in[5] = {x->v[0], channels_of(n, m, "weight", c, 1), channels_of(n, m, "bias", c, 0),
                         channels_of(n, m, "running_mean", c, 0), channels_of(n, m, "running_var", c, 1)};
  set(x, ci_build_node(&n->b, "BatchNormalization", in, 5));
  ci_build_attr_float(&n->b, "epsilon", (float)ci_t7_num(n, m, "eps", 1e-5));
}

static void instance_norm(ci_t7_net *n, const ci_t7_node *m, ci_t7_flow *x) {
  int64_t c = count_of(n, m, "weight");
  if (!c) {
    ci_t7_refuse(n, CNNIMG_UNSUPPORTED, "it has no weights");
    return;
  }
  const int32_t in[3] = {x->v[0], channels_of(n, m, "weight", c, 1), channels_of(n, m, "bias", c, 0)};
  set(x, ci_build_node(&n->b, "InstanceNormalization", in, 3));
  ci_build_attr_float(&n->b, "epsilon", (float)ci_t7_num(n, m, "eps", 1e-5));
}

/* ---- sizes -------------------------------------------------------------------------------------------------------------- */

static void pool(ci_t7_net *n, const ci_t7_node *m, ci_t7_flow *x) {
  bool mean = !strcmp(n->kind, "SpatialAveragePooling");
  const int64_t kernel[2] = {ci_t7_int(n, m, "kH", 0, 1, 1 << 10), ci_t7_int(n, m, "kW", 0, 1, 1 << 10)};
  const int64_t stride[2] = {ci_t7_int(n, m, "dH", 1, 1, 1 << 10), ci_t7_int(n, m, "dW", 1, 1, 1 << 10)};
  int64_t high = ci_t7_int(n, m, "padH", 0, 0, 1 << 10), wide = ci_t7_int(n, m, "padW", 0, 0, 1 << 10);
  const int64_t pads[4] = {high, wide, high, wide};
  if (mean && !ci_t7_flag(n, m, "divide", true))
    ci_t7_refuse(n, CNNIMG_UNSUPPORTED, "sums are not supported");
  set(x, ci_build_op1(&n->b, mean ? "AveragePool" : "MaxPool", x->v[0]));
  ci_build_attr_ints(&n->b, "kernel_shape", kernel, 2);
  ci_build_attr_ints(&n->b, "strides", stride, 2);
  ci_build_attr_ints(&n->b, "pads", pads, 4);
  ci_build_attr_int(&n->b, "ceil_mode", ci_t7_flag(n, m, "ceil_mode", false));
  if (mean) ci_build_attr_int(&n->b, "count_include_pad", ci_t7_flag(n, m, "count_include_pad", true));
  x->scale /= (double)stride[0];
}

static void pool_whole(ci_t7_net *n, const ci_t7_node *m, ci_t7_flow *x) {
  bool mean = !strcmp(n->kind, "SpatialAdaptiveAveragePooling");
  ci_t7_int(n, m, "W", 1, 1, 1);
  ci_t7_int(n, m, "H", 1, 1, 1);
  set(x, ci_build_op1(&n->b, mean ? "GlobalAveragePool" : "GlobalMaxPool", x->v[0]));
}

static void nearest(ci_t7_net *n, const ci_t7_node *m, ci_t7_flow *x) {
  int32_t factor = ci_t7_int(n, m, "scale_factor", 0, 1, 64);
  set(x, ci_build_nearest(&n->b, x->v[0], (float)factor));
  x->scale *= factor;
}

/* Corners meet corners. */
static void bilinear(ci_t7_net *n, const ci_t7_node *m, ci_t7_flow *x) {
  int32_t factor = ci_t7_int(n, m, "scale_factor", 0, 1, 64);
  const float scales[4] = {1, 1, (float)factor, (float)factor};
  const int32_t in[3] = {x->v[0], CI_NONE, ci_build_floats(&n->b, scales, 4)};
  set(x, ci_build_node(&n->b, "Resize", in, 3));
  ci_build_attr_string(&n->b, "mode", "linear");
  ci_build_attr_string(&n->b, "coordinate_transformation_mode", "align_corners");
  x->scale *= factor;
}

static void shuffle(ci_t7_net *n, const ci_t7_node *m, ci_t7_flow *x) {
  int32_t factor = ci_t7_int(n, m, "upscaleFactor", 0, 1, 64);
  set(x, ci_build_pixel_shuffle(&n->b, x->v[0], factor));
  x->scale *= factor;
  x->c /= factor * factor;
}

static int32_t slice(ci_t7_net *n, int32_t x, const int64_t *from, const int64_t *to) {
  static const int64_t axes[2] = {2, 3};
  const int32_t in[4] = {x, ci_build_ints(&n->b, from, 2), ci_build_ints(&n->b, to, 2),
                         ci_build_ints(&n->b, axes, 2)};
  return ci_build_node(&n->b, "Slice", in, 4);
}

/* Below 0 it cuts. */
static void padding(ci_t7_net *n, const ci_t7_node *m, ci_t7_flow *x) {
  static const char *const sides[4] = {"pad_t", "pad_l", "pad_b", "pad_r"};
  bool edge = !strcmp(n->kind, "SpatialReplicationPadding"),
       mirror = !strcmp(n->kind, "SpatialReflectionPadding");
  int64_t pads[8] = {0}, from[2] = {0}, to[2] = {INT64_MAX, INT64_MAX};
  bool cuts = false, grows = false, raw = x->raw;
  int32_t shave = !strcmp(n->kind, "ShaveImage") ? ci_t7_int(n, m, "size", 0, 0, 1 << 12) : 0;
  for (int i = 0; i < 4; i++) {
    int32_t v = shave ? -shave : ci_t7_int(n, m, sides[i], 0, -(1 << 12), 1 << 12);
    int axis = i % 2;
    if (v >= 0) pads[(i / 2) * 4 + 2 + axis] = v, grows = grows || v;
    else if (i < 2) from[axis] = -v, cuts = true;
    else to[axis] = v, cuts = true;
  }
  if (cuts) set(x, slice(n, x->v[0], from, to));
  if (grows) {
    const int32_t in[3] = {
        x->v[0], ci_build_ints(&n->b, pads, 8),
        edge || mirror ? CI_NONE : ci_build_scalar(&n->b, (float)ci_t7_num(n, m, "value", 0))};
    set(x, ci_build_node(&n->b, "Pad", in, 3));
    ci_build_attr_string(&n->b, "mode", edge ? "edge" : mirror ? "reflect" : "constant");
  }
  x->raw = raw; /* its channels are the picture's */
}

/* ---- the rest ------------------------------------------------------------------------------------------------------------- */

static void nothing(ci_t7_net *n, const ci_t7_node *m, ci_t7_flow *x) { (void)n, (void)m, (void)x; }

/* At the end it lays the picture out for the loss of the training. */
static void view(ci_t7_net *n, const ci_t7_node *m, ci_t7_flow *x) {
  (void)m, (void)x;
  if (!n->last) ci_t7_refuse(n, CNNIMG_UNSUPPORTED, "a reshape inside the network is not supported");
}

static void reduce_table(ci_t7_net *n, const ci_t7_node *m, ci_t7_flow *x) {
  static const char *const ops[][2] = {{"CAddTable", "Add"}, {"CMulTable", "Mul"}, {"CSubTable", "Sub"},
                                       {"CDivTable", "Div"}, {"CMaxTable", "Max"}, {"CMinTable", "Min"},
                                       {"ScaleTable", "Mul"}};
  const char *op = "Add";
  (void)m;
  for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
    if (!strcmp(ops[i][0], n->kind)) op = ops[i][1];
  if (x->n < 1) ci_t7_refuse(n, CNNIMG_CORRUPT, "there are no values");
  int32_t y = x->v[0];
  for (int32_t i = 1; i < x->n; i++) y = ci_build_op2(&n->b, op, y, x->v[i]);
  set(x, y);
  x->n = 1, x->table = false;
}

static void select_table(ci_t7_net *n, const ci_t7_node *m, ci_t7_flow *x) {
  int32_t index = ci_t7_int(n, m, "index", 0, -x->n, x->n);
  if (!index) ci_t7_refuse(n, CNNIMG_CORRUPT, "it selects nothing");
  if (n->b.status) return;
  set(x, x->v[index > 0 ? index - 1 : x->n + index]);
  x->n = 1, x->table = false;
}

const ci_t7_named ci_t7_modules[] = {{"SpatialConvolution", convolution, false},
                                     {"SpatialConvolutionMM", convolution, false},
                                     {"SpatialDilatedConvolution", convolution, false},
                                     {"SpatialFullConvolution", convolution, false},
                                     {"ReLU", same_name, false},
                                     {"Tanh", same_name, false},
                                     {"Sigmoid", same_name, false},
                                     {"SoftPlus", same_name, false},
                                     {"Abs", same_name, false},
                                     {"Exp", same_name, false},
                                     {"Sqrt", same_name, false},
                                     {"Log", same_name, false},
                                     {"LeakyReLU", leaky, false},
                                     {"LeakyReLU_deprecated", leaky, false},
                                     {"PReLU", prelu, false},
                                     {"ELU", elu, false},
                                     {"ReLU6", clip, false},
                                     {"HardTanh", clip, false},
                                     {"Clamp", clip, false},
                                     {"InplaceClip01", clip, false},
                                     {"MulConstant", number, false},
                                     {"AddConstant", number, false},
                                     {"Mul", multiply, false},
                                     {"SpatialBatchNormalization", batch_norm, false},
                                     {"InstanceNormalization", instance_norm, false},
                                     {"SpatialMaxPooling", pool, false},
                                     {"SpatialAveragePooling", pool, false},
                                     {"SpatialAdaptiveAveragePooling", pool_whole, false},
                                     {"SpatialAdaptiveMaxPooling", pool_whole, false},
                                     {"SpatialUpSamplingNearest", nearest, false},
                                     {"SpatialUpSamplingBilinear", bilinear, false},
                                     {"PixelShuffle", shuffle, false},
                                     {"SpatialZeroPadding", padding, false},
                                     {"SpatialReflectionPadding", padding, false},
                                     {"SpatialReplicationPadding", padding, false},
                                     {"ShaveImage", padding, false},
                                     {"Identity", nothing, false},
                                     {"Dropout", nothing, false},
                                     {"SpatialDropout", nothing, false},
                                     {"Contiguous", nothing, false},
                                     {"Copy", nothing, false},
                                     {"TotalVariation", nothing, false},
                                     {"View", view, false},
                                     {"CAddTable", reduce_table, true},
                                     {"CMulTable", reduce_table, true},
                                     {"CSubTable", reduce_table, true},
                                     {"CDivTable", reduce_table, true},
                                     {"CMaxTable", reduce_table, true},
                                     {"CMinTable", reduce_table, true},
                                     {"ScaleTable", reduce_table, true},
                                     {"SelectTable", select_table, true},
                                     {NULL, NULL, false}};
