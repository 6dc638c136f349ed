/* SPDX-License-Identifier: MIT */
/* caffe_point.c - Caffe's layers sample by sample: activations, sums, scales */
#include <math.h>
#include <string.h>

#include "formats/caffe.h"

static int32_t relu(ci_caffe_site *s) {
  float slope = ci_caffe_float(s, 1, 0);
  return slope != 0 ? ci_build_leaky(s->b, s->in[0], slope) : ci_build_op1(s->b, "Relu", s->in[0]);
}

/* [C] along channels. */
static int32_t along(const ci_caffe_site *s, size_t i) {
  ci_tensor *t = ci_caffe_blob(s, i, 1);
  if (!t) return -1;
  t->rank = 3, t->dim[1] = t->dim[2] = 1;
  return ci_build_tensor(s->b, t);
}

static int32_t prelu(ci_caffe_site *s) { return ci_build_op2(s->b, "PRelu", s->in[0], along(s, 0)); }

static int32_t elu(ci_caffe_site *s) {
  int32_t y = ci_build_op1(s->b, "Elu", s->in[0]);
  ci_build_attr_float(s->b, "alpha", ci_caffe_float(s, 1, 1));
  return y;
}

static int32_t sigmoid(ci_caffe_site *s) { return ci_build_op1(s->b, "Sigmoid", s->in[0]); }
static int32_t hyperbolic(ci_caffe_site *s) { return ci_build_op1(s->b, "Tanh", s->in[0]); }
static int32_t absolute(ci_caffe_site *s) { return ci_build_op1(s->b, "Abs", s->in[0]); }
static int32_t softplus(ci_caffe_site *s) { return ci_build_op1(s->b, "Softplus", s->in[0]); }

/* scale * x + shift */
static int32_t linear(ci_caffe_site *s, float scale, float shift) {
  int32_t x = s->in[0];
  if (scale != 1) x = ci_build_scale(s->b, x, scale);
  return shift != 0 ? ci_build_op2(s->b, "Add", x, ci_build_scalar(s->b, shift)) : x;
}

static int32_t power(ci_caffe_site *s) {
  float p = ci_caffe_float(s, 1, 1);
  int32_t x = linear(s, ci_caffe_float(s, 2, 1), ci_caffe_float(s, 3, 0));
  return p == 1 ? x : ci_build_op2(s->b, "Pow", x, ci_build_scalar(s->b, p));
}

/* A base of -1 is e. */
static float natural(float base) { return base > 0 ? logf(base) : 1; }

static int32_t exponential(ci_caffe_site *s) {
  float log_base = natural(ci_caffe_float(s, 1, -1));
  int32_t x = linear(s, ci_caffe_float(s, 2, 1) * log_base, ci_caffe_float(s, 3, 0) * log_base);
  return ci_build_op1(s->b, "Exp", x);
}

static int32_t logarithm(ci_caffe_site *s) {
  int32_t x = ci_build_op1(s->b, "Log", linear(s, ci_caffe_float(s, 2, 1), ci_caffe_float(s, 3, 0)));
  float log_base = natural(ci_caffe_float(s, 1, -1));
  return log_base == 1 ? x : ci_build_scale(s->b, x, 1 / log_base);
}

/* ---- several values ------------------------------------------------------------------------------- */

#define MOST_COEFFICIENTS 1024

/* 0: product, 1: sum (with factors), 2: the largest. */
static int32_t eltwise(ci_caffe_site *s) {
  static const char *const types[] = {"Mul", "Add", "Max"};
  float factor[MOST_COEFFICIENTS];
  int64_t op = ci_caffe_int(s, 1, 1);
  size_t n = ci_caffe_floats(s, 2, factor, MOST_COEFFICIENTS);
  int32_t y = -1;
  if (op < 0 || op > 2 || (n && n != s->n_in) || n > MOST_COEFFICIENTS)
    return ci_caffe_fail(s, CNNIMG_UNSUPPORTED, "joins values in a way that is not known");
  for (size_t i = 0; i < s->n_in && !s->b->status; i++) {
    int32_t x = ci_caffe_bottom(s, i);
    if (op == 1 && n && factor[i] != 1) x = ci_build_scale(s->b, x, factor[i]);
    y = i ? ci_build_op2(s->b, types[op], y, x) : x;
  }
  return y;
}

/* The factors: a blob along channels, or a second value. */
static int32_t factors(ci_caffe_site *s) {
  if (ci_caffe_blobs(s)) return along(s, 0);
  if (s->n_in < 2) return ci_caffe_fail(s, CNNIMG_UNSUPPORTED, "has no weights");
  return ci_caffe_int(s, 1, 1) ? s->in[1] : ci_put_reshape(s->b, s->in[1], (const int64_t[]){0, -1, 1, 1}, 4);
}

static bool by_channel(const ci_caffe_site *s) {
  return !ci_caffe_blobs(s) || (ci_caffe_int(s, 1, 1) == 1 && ci_caffe_int(s, 2, 1) == 1);
}

static int32_t scale(ci_caffe_site *s) {
  if (!by_channel(s))
    return ci_caffe_fail(s, CNNIMG_UNSUPPORTED, "scales along other axes than the channels");
  int32_t y = ci_build_op2(s->b, "Mul", s->in[0], factors(s));
  size_t own = s->n_in < 2;
  return ci_caffe_int(s, 4, 0) && ci_caffe_blobs(s) > own ? ci_build_op2(s->b, "Add", y, along(s, own)) : y;
}

static int32_t bias(ci_caffe_site *s) {
  if (!by_channel(s)) return ci_caffe_fail(s, CNNIMG_UNSUPPORTED, "adds along other axes than the channels");
  return ci_build_op2(s->b, "Add", s->in[0], factors(s));
}

static int32_t softmax(ci_caffe_site *s) {
  int32_t y = ci_build_op1(s->b, "Softmax", s->in[0]);
  ci_build_attr_int(s->b, "axis", s->l->type->kind == CI_CAFFE_LOSS ? 1 : ci_caffe_int(s, 2, 1));
  return y;
}

static int32_t same(ci_caffe_site *s) { return s->in[0]; }

const ci_caffe_type ci_caffe_point_layers[] = {
    {"ReLU", 18, 123, 30, CI_CAFFE_LAYER, relu},
    {"PReLU", 0, 131, 0, CI_CAFFE_LAYER, prelu},
    {"ELU", 0, 140, 0, CI_CAFFE_LAYER, elu},
    {"Sigmoid", 19, 124, 38, CI_CAFFE_LAYER, sigmoid},
    {"TanH", 23, 127, 37, CI_CAFFE_LAYER, hyperbolic},
    {"AbsVal", 35, 0, 0, CI_CAFFE_LAYER, absolute},
    {"BNLL", 2, 0, 0, CI_CAFFE_LAYER, softplus},
    {"Power", 26, 122, 21, CI_CAFFE_LAYER, power},
    {"Exp", 38, 111, 41, CI_CAFFE_LAYER, exponential},
    {"Log", 0, 134, 0, CI_CAFFE_LAYER, logarithm},
    {"Eltwise", 25, 110, 24, CI_CAFFE_LAYER, eltwise},
    {"Scale", 0, 142, 0, CI_CAFFE_LAYER, scale},
    {"Bias", 0, 141, 0, CI_CAFFE_LAYER, bias},
    {"Softmax", 20, 125, 39, CI_CAFFE_LAYER, softmax},
    {"Dropout", 6, 108, 12, CI_CAFFE_LAYER, same},
    {"SoftmaxWithLoss", 21, 125, 39, CI_CAFFE_LOSS, softmax},
    {"SigmoidCrossEntropyLoss", 27, 0, 0, CI_CAFFE_LOSS, sigmoid},
    {NULL, 0, 0, 0, 0, NULL},
};

/* What feeds a network in training, and what judges it. */
const ci_caffe_type ci_caffe_ends[] = {
    {"Input", 0, 143, 0, CI_CAFFE_DATA, NULL},
    {"Data", 5, 107, 11, CI_CAFFE_DATA, NULL},
    {"HDF5Data", 9, 112, 13, CI_CAFFE_DATA, NULL},
    {"ImageData", 12, 115, 15, CI_CAFFE_DATA, NULL},
    {"MemoryData", 29, 119, 22, CI_CAFFE_DATA, NULL},
    {"DummyData", 32, 109, 26, CI_CAFFE_DATA, NULL},
    {"WindowData", 24, 129, 20, CI_CAFFE_DATA, NULL},
    {"EuclideanLoss", 7, 0, 0, CI_CAFFE_DROPPED, NULL},
    {"HingeLoss", 28, 0, 0, CI_CAFFE_DROPPED, NULL},
    {"InfogainLoss", 13, 0, 0, CI_CAFFE_DROPPED, NULL},
    {"ContrastiveLoss", 37, 0, 0, CI_CAFFE_DROPPED, NULL},
    {"MultinomialLogisticLoss", 16, 0, 0, CI_CAFFE_DROPPED, NULL},
    {"Accuracy", 1, 0, 0, CI_CAFFE_DROPPED, NULL},
    {"Silence", 36, 0, 0, CI_CAFFE_DROPPED, NULL},
    {"HDF5Output", 10, 0, 0, CI_CAFFE_DROPPED, NULL},
    {NULL, 0, 0, 0, 0, NULL},
};
