/* SPDX-License-Identifier: MIT */
/* onnx_point.c - what works pixel by pixel: activations, arithmetic, softmax, dense layers */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "formats/onnx.h"

/* ---- activations ----------------------------------------------------------------------- */

static int activation(ci_onnx_node *n, int32_t kind, float a, float b, int32_t slope) {
  int status = ci_onnx_want_map(n, 0, true);
  if (status) return status;
  ci_node *node = ci_onnx_emit(n, CI_OP_activation, n->in, 1);
  if (!node) return CNNIMG_NOMEM;
  node->act = (ci_act){kind, a, b, slope};
  return CNNIMG_OK;
}

static int convert_relu(ci_onnx_node *n) { return activation(n, CI_ACT_RELU, 0, 0, -1); }
static int convert_sigmoid(ci_onnx_node *n) { return activation(n, CI_ACT_SIGMOID, 0, 0, -1); }
static int convert_tanh(ci_onnx_node *n) { return activation(n, CI_ACT_TANH, 0, 0, -1); }
static int convert_leaky(ci_onnx_node *n) {
  return activation(n, CI_ACT_LEAKY, ci_onnx_float(n, "alpha", 0.01f), 0, -1);
}

/* A constant of one number, or one a channel as it broadcasts against a map of that rank. */
static bool per_channel(const ci_tensor *t, int32_t rank) {
  if (t->count == 1) return true;
  int32_t axis = t->rank - (rank - 1); /* where the channels lie, counted from the end of both */
  return t->rank <= rank && axis >= 0 && t->dim[axis] == (int64_t)t->count;
}

static int convert_prelu(ci_onnx_node *n) {
  const ci_tensor *t;
  int status = ci_onnx_want_map(n, 0, true);
  if (!status) status = ci_onnx_want_const(n, 1, CI_F32, "slope", &t);
  if (status) return status;
  int32_t c = ci_onnx_channels(n, 0);
  if (!per_channel(t, ci_onnx_rank(n, 0)) || !t->count || (c && t->count != 1 && t->count != (size_t)c))
    return ci_onnx_refuse(n, "its slope is neither one number nor one a channel");
  return activation(n, CI_ACT_PRELU, 0, 0, n->in[1]);
}

/* A bound of Clip: an input since opset 11, an attribute before. */
static int bound(ci_onnx_node *n, int32_t k, const char *name, float otherwise, float *out) {
  const ci_tensor *t;
  *out = ci_onnx_float(n, name, otherwise);
  if (!ci_onnx_given(n, k)) return CNNIMG_OK;
  int status = ci_onnx_want_const(n, k, CI_F32, name, &t);
  if (status) return status;
  if (t->count != 1) return ci_onnx_refuse(n, "a bound is not one number");
  *out = *(const float *)t->data;
  return CNNIMG_OK;
}

static int convert_clip(ci_onnx_node *n) {
  float lo, hi;
  int status = bound(n, 1, "min", -INFINITY, &lo);
  if (!status) status = bound(n, 2, "max", INFINITY, &hi);
  return status ? status : activation(n, CI_ACT_CLIP, lo, hi, -1);
}

/* Only over channels. Before opset 13 everything from `axis` on was one long row, which is the channels of a
 * vector only. */
static int convert_softmax(ci_onnx_node *n) {
  int32_t axis, rank = ci_onnx_rank(n, 0);
  int status = ci_onnx_want_map(n, 0, true);
  if (!status) status = ci_onnx_axis(n, ci_onnx_int(n, "axis", n->o->opset < 13 ? 1 : -1), rank, &axis);
  if (status) return status;
  if (axis != 1 || (n->o->opset < 13 && rank != 2))
    return ci_onnx_refuse(n, "only softmax over channels is done");
  return ci_onnx_emit(n, CI_OP_softmax, n->in, 1) ? CNNIMG_OK : CNNIMG_NOMEM;
}

/* ---- arithmetic ----------------------------------------------------------------------------- */

static int same_shape_kind(const ci_onnx_node *n, int32_t *rank, int32_t *channels) {
  int32_t r0 = ci_onnx_rank(n, 0), r1 = ci_onnx_rank(n, 1), c0 = ci_onnx_channels(n, 0),
          c1 = ci_onnx_channels(n, 1);
  *rank = r0, *channels = !c0 || !c1 ? (c0 > 1 ? c0 : c1 > 1 ? c1 : 0) : c0 > c1 ? c0 : c1;
  if (r0 != r1) return ci_onnx_refuse(n, "its inputs have different numbers of dimensions");
  if (c0 && c1 && c0 != c1 && c0 != 1 && c1 != 1)
    return ci_fail(n->o->err, CNNIMG_CORRUPT, "%s: maps of %d and %d channels", n->label, c0, c1);
  return CNNIMG_OK;
}

/* Constants reach ops as one number (no dimensions) or as channels x 1 x 1. */
static int plain_constant(ci_onnx_node *n, int32_t k, bool reciprocal, int32_t *value) {
  const ci_tensor *t;
  int32_t rank = ci_onnx_rank(n, !k), c = ci_onnx_channels(n, !k);
  int status = ci_onnx_want_const(n, k, CI_F32, "constant", &t);
  if (status) return status;
  if (!t->count || !per_channel(t, rank) || t->rank > rank)
    return ci_onnx_refuse(n, "its constant is neither one number nor one a channel");
  if (c > 1 && t->count > 1 && t->count != (size_t)c)
    return ci_fail(n->o->err, CNNIMG_CORRUPT, "%s: a constant of %zu numbers for %d channels", n->label,
                   t->count, c);
  int64_t dim[3] = {(int64_t)t->count, 1, 1};
  ci_tensor *copy = ci_onnx_new_tensor(n, CI_F32, t->count == 1 ? 0 : 3, dim);
  if (!copy) return n->o->err->code;
  for (size_t i = 0; i < t->count; i++) {
    float v = ((const float *)t->data)[i];
    ((float *)copy->owned)[i] = reciprocal ? 1.0f / v : v;
  }
  *value = ci_onnx_value(n->o, n->name.n ? n->name : n->out[0], copy, 0, 0);
  return *value < 0 ? CNNIMG_NOMEM : CNNIMG_OK;
}

static int with_constant(ci_onnx_node *n, int32_t mode, bool reciprocal) {
  int32_t k = ci_const(n->o->g, n->in[0]) ? 0 : 1, in[2] = {n->in[0], n->in[1]}, value = -1;
  int32_t rank = ci_onnx_rank(n, !k), c = ci_onnx_channels(n, !k);
  int status = ci_onnx_want_map(n, !k, true);
  if (!status) status = plain_constant(n, k, reciprocal, &value);
  if (status) return status;
  size_t count = ci_const(n->o->g, value)->count;
  in[k] = value;
  ci_node *node = ci_onnx_emit(n, CI_OP_binary, in, 2);
  if (!node) return CNNIMG_NOMEM;
  node->p.mode = mode;
  return ci_onnx_know(n->o, node->out, rank, count > 1 ? (int32_t)count : c);
}

static int binary(ci_onnx_node *n, int32_t mode) {
  int32_t rank, channels;
  if (!ci_onnx_given(n, 0) || !ci_onnx_given(n, 1)) return ci_onnx_refuse(n, "an input is missing");
  if (ci_onnx_all_constant(n)) return ci_onnx_fold_binary(n);
  if (ci_const(n->o->g, n->in[0]) || ci_const(n->o->g, n->in[1])) return with_constant(n, mode, false);
  int status = ci_onnx_want_map(n, 0, true);
  if (!status) status = ci_onnx_want_map(n, 1, true);
  if (!status) status = same_shape_kind(n, &rank, &channels);
  if (status) return status;
  ci_node *node = ci_onnx_emit(n, CI_OP_binary, n->in, 2);
  if (!node) return CNNIMG_NOMEM;
  node->p.mode = mode;
  return ci_onnx_know(n->o, node->out, rank, channels);
}

static int convert_add(ci_onnx_node *n) { return binary(n, CI_ADD); }
static int convert_sub(ci_onnx_node *n) { return binary(n, CI_SUB); }
static int convert_mul(ci_onnx_node *n) { return binary(n, CI_MUL); }

/* Division by a constant is multiplication by its reciprocal: within one unit in the last place. */
static int convert_div(ci_onnx_node *n) {
  if (!ci_onnx_given(n, 0) || !ci_onnx_given(n, 1)) return ci_onnx_refuse(n, "an input is missing");
  if (ci_onnx_all_constant(n)) return ci_onnx_fold_binary(n);
  if (!ci_const(n->o->g, n->in[1])) return ci_onnx_refuse(n, "division by a map is not done");
  return with_constant(n, CI_MUL, true);
}

static int convert_sum(ci_onnx_node *n) {
  if (n->n_in == 1) return ci_onnx_alias(n, n->in[0], ci_onnx_rank(n, 0));
  return binary(n, CI_ADD);
}

/* ---- dense ------------------------------------------------------------------------------------ */

/* x [1, k] by weight [k, out] (or [out, k]); plus bias: one number, or one an output. */
static int dense(ci_onnx_node *n, int32_t trans_b, float alpha, float beta) {
  const ci_tensor *w, *b = NULL;
  int status = ci_onnx_want_map(n, 0, true);
  if (!status) status = ci_onnx_want_const(n, 1, CI_F32, "weight", &w);
  if (!status && ci_onnx_given(n, 2)) status = ci_onnx_want_const(n, 2, CI_F32, "bias", &b);
  if (status) return status;
  if (ci_onnx_rank(n, 0) != 2 || w->rank != 2)
    return ci_onnx_refuse(n, "only a vector by a constant matrix is multiplied");
  int64_t k = w->dim[trans_b ? 1 : 0], out = w->dim[trans_b ? 0 : 1];
  int32_t c = ci_onnx_channels(n, 0);
  if ((c && c != k) || k < 1 || out < 1 || (b && b->count != 1 && (int64_t)b->count != out))
    return ci_fail(n->o->err, CNNIMG_UNSUPPORTED, "%s: %d values, a weight of %lld x %lld, a bias of %zu",
                   n->label, c, (long long)k, (long long)out, b ? b->count : 0);
  ci_node *node = ci_onnx_emit(n, CI_OP_dense, n->in, b ? 3 : 2);
  if (!node) return CNNIMG_NOMEM;
  node->p.trans_b = trans_b, node->p.value = alpha, node->p.beta = beta;
  return ci_onnx_set_channels(n, node->out, out);
}

static int convert_gemm(ci_onnx_node *n) {
  if (ci_onnx_int(n, "transA", 0)) return ci_onnx_refuse(n, "transA is not done");
  return dense(n, ci_onnx_int(n, "transB", 0) != 0, ci_onnx_float(n, "alpha", 1),
               ci_onnx_float(n, "beta", 1));
}

static int convert_matmul(ci_onnx_node *n) { return dense(n, 0, 1, 1); }

const ci_onnx_rule ci_onnx_point_rules[] = {
    {"Relu", 1, 1, "", convert_relu},
    {"LeakyRelu", 1, 1, "alpha", convert_leaky},
    {"PRelu", 2, 2, "", convert_prelu},
    {"Sigmoid", 1, 1, "", convert_sigmoid},
    {"Tanh", 1, 1, "", convert_tanh},
    {"Clip", 1, 3, "min max", convert_clip},
    {"Softmax", 1, 1, "axis", convert_softmax},
    {"Add", 2, 2, "", convert_add},
    {"Sub", 2, 2, "", convert_sub},
    {"Mul", 2, 2, "", convert_mul},
    {"Div", 2, 2, "", convert_div},
    {"Sum", 1, 2, "", convert_sum},
    {"Gemm", 2, 3, "alpha beta transA transB", convert_gemm},
    {"MatMul", 2, 2, "", convert_matmul},
    {NULL, 0, 0, NULL, NULL},
};
