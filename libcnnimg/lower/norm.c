/* SPDX-License-Identifier: MIT */
/* norm.c - statistics and matrices: normalisations, reductions, dense layers */
#include <string.h>

#include "lower/state.h"

/* A constant of floats with one number a channel; PASS otherwise. */
static int per_channel(ci_site *c, int32_t k, int32_t channels, int32_t *id) {
  const ci_tensor *t = ci_site_const(c, k);
  const int64_t dim[1] = {channels};
  *id = -1;
  if (!ci_site_given(c, k)) return CNNIMG_OK;
  if (!t || t->dtype != CI_F32 || t->count != (size_t)channels) return CI_LOWER_PASS;
  return ci_lower_const_as(c->s, t, 1, dim, id);
}

/* The first input as a map in whatever layout it has (channels first where it has none). */
static int any_map(ci_site *c, int32_t *map, ci_layout *layout, ci_shape *m) {
  const ci_val *x = c->in[0];
  *layout = x->map >= 0 ? x->layout : CI_LAYOUT_NCHW;
  if (!ci_dims_shape(x->rank, x->dim, *layout, m)) return CI_LOWER_PASS;
  return ci_as_map(c->s, c->in[0], *layout, map);
}

/* ---- normalisation ------------------------------------------------------------------------------------- */

static int lower_batch_norm(ci_site *c) {
  ci_shape m;
  int32_t in[5];
  if (c->which || !ci_dims_shape(c->in[0]->rank, c->in[0]->dim, CI_LAYOUT_NCHW, &m)) return CI_LOWER_PASS;
  int status = CNNIMG_OK;
  for (int32_t k = 1; k < 5 && !status; k++) status = per_channel(c, k, m.c, &in[k]);
  if (!status) status = ci_as_map(c->s, c->in[0], CI_LAYOUT_NCHW, &in[0]);
  ci_node *n = NULL;
  if (!status) status = ci_site_emit(c, CI_OP_batch_norm, in, 5, &n);
  if (status) return status;
  n->p.value = ci_attr_float(c->n, "epsilon", 1e-5f);
  return ci_set_map(c->out, n->out, CI_LAYOUT_NCHW);
}

/* Groups of a map's channels to mean 0 and variance 1, then gamma and beta (-1: none). */
static int group_norm(ci_site *c, int32_t map, int32_t groups, int32_t gamma, int32_t beta, int32_t *out) {
  const int32_t in[3] = {map, gamma, beta};
  ci_node *n;
  int status = ci_site_emit(c, CI_OP_moments, in, beta >= 0 ? 3 : gamma >= 0 ? 2 : 1, &n);
  if (status) return status;
  n->p.group = groups;
  n->p.value = ci_attr_float(c->n, "epsilon", 1e-5f);
  const int32_t both[2] = {map, n->out};
  status = ci_site_emit(c, CI_OP_affine, both, 2, &n);
  *out = status ? -1 : n->out;
  return status;
}

/* PyTorch writes group norm as a reshape to [1, groups, all], instance norm without effect, and back. */
static int on_origin(ci_site *c) {
  ci_val *x = c->in[0];
  ci_origin *o = x->origin;
  const ci_tensor *t[2] = {ci_site_const(c, 1), ci_site_const(c, 2)};
  ci_shape m;
  int32_t map, out;
  if (!o || o->moved || x->rank != 3 || x->dim[0] != 1 || !t[0] || !t[1] || t[0]->dtype != CI_F32 || t[1]->dtype != CI_F32)
    return CI_LOWER_PASS;
  if (!ci_dims_shape(o->of.rank, o->of.dim, CI_LAYOUT_NCHW, &m) || m.c % x->dim[1]) return CI_LOWER_PASS;
  for (size_t i = 0; i < t[0]->count && i < t[1]->count; i++)
    if (((const float *)t[0]->data)[i] != 1 || ((const float *)t[1]->data)[i] != 0) return CI_LOWER_PASS;
  int status = ci_as_map(c->s, &o->of, CI_LAYOUT_NCHW, &map);
  if (!status) status = group_norm(c, map, (int32_t)x->dim[1], -1, -1, &out);
  if (status) return status;
  ci_origin *made = ci_lower_origin(c->s, o);
  if (!made) return c->s->err->code;
  made->base = NULL, made->of.vec = -1, made->of.map = out, made->of.layout = CI_LAYOUT_NCHW;
  c->out->origin = made;
  return CNNIMG_OK;
}

static int lower_instance_norm(ci_site *c) {
  ci_shape m;
  int32_t map, gamma, beta, out;
  int status = on_origin(c);
  if (status != CI_LOWER_PASS) return status;
  if (!ci_dims_shape(c->in[0]->rank, c->in[0]->dim, CI_LAYOUT_NCHW, &m) || c->in[0]->rank < 3) return CI_LOWER_PASS;
  status = per_channel(c, 1, m.c, &gamma);
  if (!status) status = per_channel(c, 2, m.c, &beta);
  if (!status) status = ci_as_map(c->s, c->in[0], CI_LAYOUT_NCHW, &map);
  if (!status) status = group_norm(c, map, m.c, gamma, beta, &out);
  return status ? status : ci_set_map(c->out, out, CI_LAYOUT_NCHW);
}

static int lower_group_norm(ci_site *c) {
  ci_shape m;
  int32_t map, gamma, beta, out;
  int64_t groups = ci_attr_int(c->n, "num_groups", 1);
  if (!ci_dims_shape(c->in[0]->rank, c->in[0]->dim, CI_LAYOUT_NCHW, &m) || groups < 1 || m.c % groups) return CI_LOWER_PASS;
  int status = ci_pnode_opset(c->s->p, c->n) < 21 && groups != m.c ? CI_LOWER_PASS : per_channel(c, 1, m.c, &gamma);
  if (!status) status = per_channel(c, 2, m.c, &beta);
  if (!status) status = ci_as_map(c->s, c->in[0], CI_LAYOUT_NCHW, &map);
  if (!status) status = group_norm(c, map, (int32_t)groups, gamma, beta, &out);
  return status ? status : ci_set_map(c->out, out, CI_LAYOUT_NCHW);
}

/* Over the channels of each pixel. */
static int lower_layer_norm(ci_site *c) {
  ci_val *x = c->in[0];
  ci_layout layout;
  ci_shape m;
  int32_t in[3], axis = (int32_t)ci_attr_int(c->n, "axis", -1);
  if (axis < 0) axis += x->rank;
  if (c->which || axis != x->rank - 1) return CI_LOWER_PASS;
  int status = any_map(c, &in[0], &layout, &m);
  if (!status && ci_map_axis(x->rank, layout, axis) != 1) status = CI_LOWER_PASS;
  if (!status) status = per_channel(c, 1, m.c, &in[1]);
  if (!status) status = per_channel(c, 2, m.c, &in[2]);
  ci_node *n = NULL;
  if (!status) status = ci_site_emit(c, CI_OP_layer_norm, in, in[2] >= 0 ? 3 : 2, &n);
  if (status) return status;
  n->p.value = ci_attr_float(c->n, "epsilon", 1e-5f);
  return ci_set_map(c->out, n->out, layout);
}

static int lower_lrn(ci_site *c) {
  ci_node *n = NULL;
  int32_t map;
  int64_t size = ci_attr_int(c->n, "size", 1);
  if (size < 1 || size > 65536) return CI_LOWER_PASS;
  int status = ci_as_map(c->s, c->in[0], CI_LAYOUT_NCHW, &map);
  if (!status) status = ci_site_emit(c, CI_OP_lrn, &map, 1, &n);
  if (status) return status;
  n->p.size[0] = (int32_t)size;
  n->p.value = ci_attr_float(c->n, "alpha", 1e-4f);
  n->p.beta = ci_attr_float(c->n, "beta", 0.75f);
  n->p.bias = ci_attr_float(c->n, "bias", 1);
  return ci_set_map(c->out, n->out, CI_LAYOUT_NCHW);
}

/* ---- reductions ---------------------------------------------------------------------------------------- */

static const struct {
  const char *type;
  int32_t mode;
} reductions[] = {{"ReduceSum", CI_REDUCE_SUM},        {"ReduceMean", CI_REDUCE_MEAN},
                  {"ReduceMax", CI_REDUCE_MAX},        {"ReduceMin", CI_REDUCE_MIN},
                  {"ReduceL1", CI_REDUCE_L1},          {"ReduceL2", CI_REDUCE_L2},
                  {"ReduceSumSquare", CI_REDUCE_SUM_SQUARE}, {"ReduceProd", CI_REDUCE_PROD},
                  {"ReduceLogSum", CI_REDUCE_LOG_SUM}, {"ReduceLogSumExp", CI_REDUCE_LOG_SUM_EXP},
                  {"ArgMax", CI_REDUCE_ARG_MAX},       {"ArgMin", CI_REDUCE_ARG_MIN},
                  {"GlobalAveragePool", CI_REDUCE_MEAN}, {"GlobalMaxPool", CI_REDUCE_MAX}};

/* Bit i: map axis i (channels 1, rows 2, columns 3) is reduced. */
static bool reduced_axes(const ci_site *c, ci_layout layout, unsigned *mask) {
  const ci_val *x = c->in[0];
  const ci_tensor *t = ci_site_const(c, 1);
  const int64_t *v = NULL;
  int32_t n = ci_attr_ints(c->n, "axes", &v);
  *mask = 0;
  if (ci_site_given(c, 1)) {
    if (!t || t->dtype != CI_I64 || t->count > 4) return false;
    v = t->data, n = (int32_t)t->count;
  }
  if (n < 1) return false;
  for (int32_t i = 0; i < n; i++) {
    int32_t axis = ci_map_axis(x->rank, layout, (int32_t)(v[i] < 0 ? v[i] + x->rank : v[i]));
    if (!axis) return false;
    *mask |= 1u << axis;
  }
  return true;
}

static int32_t reduction(const ci_site *c) {
  for (size_t i = 0; i < sizeof reductions / sizeof *reductions; i++)
    if (!strcmp(reductions[i].type, c->n->type)) return reductions[i].mode;
  return -1;
}

/* Over rows and columns: one pixel, which is the vector of the result whether or not 1s are kept. */
static int over_space(ci_site *c, int32_t map, int32_t mode) {
  ci_node *n;
  int status = ci_site_emit(c, CI_OP_reduce, &map, 1, &n);
  if (status) return status;
  n->p.mode = mode;
  c->out->vec = n->out;
  return CNNIMG_OK;
}

static int over_channels(ci_site *c, int32_t map, int32_t mode, ci_layout layout) {
  ci_node *n;
  if (c->out->rank != c->in[0]->rank) return CI_LOWER_PASS; /* a picture without channels is no map */
  int status = ci_site_emit(c, CI_OP_channel_reduce, &map, 1, &n);
  if (status) return status;
  n->p.mode = mode;
  return ci_set_map(c->out, n->out, layout);
}

static int lower_reduce(ci_site *c) {
  ci_val *x = c->in[0];
  unsigned mask, space = x->rank == 4 ? 12 : 8;
  if (x->rank < 3 || x->map < 0 || !reduced_axes(c, x->layout, &mask)) return CI_LOWER_PASS;
  if (mask == space) return over_space(c, x->map, reduction(c));
  return mask == 2 ? over_channels(c, x->map, reduction(c), x->layout) : CI_LOWER_PASS;
}

static int lower_arg(ci_site *c) {
  ci_val *x = c->in[0];
  ci_layout layout;
  ci_shape m;
  int32_t map, axis = (int32_t)ci_attr_int(c->n, "axis", 0);
  if (axis < 0) axis += x->rank;
  if (x->map < 0 || x->rank < 3 || ci_attr_int(c->n, "select_last_index", 0)) return CI_LOWER_PASS;
  int status = any_map(c, &map, &layout, &m);
  if (!status && ci_map_axis(x->rank, layout, axis) != 1) status = CI_LOWER_PASS;
  return status ? status : over_channels(c, map, reduction(c), layout);
}

static int lower_global_pool(ci_site *c) {
  int32_t map;
  if (c->in[0]->rank < 3) return CI_LOWER_PASS;
  int status = ci_as_map(c->s, c->in[0], CI_LAYOUT_NCHW, &map);
  return status ? status : over_space(c, map, reduction(c));
}

/* ---- matrices -------------------------------------------------------------------------------------------- */

/* [1, k] by a constant matrix; bias: one number, or one an output. */
static int dense(ci_site *c, bool trans_b, float alpha, float beta) {
  const ci_tensor *w = ci_site_const(c, 1), *b = ci_site_const(c, 2);
  ci_node *n = NULL;
  int32_t in[3];
  if (c->in[0]->rank != 2 || c->in[0]->dim[0] != 1 || !w || w->rank != 2 || w->dtype != CI_F32) return CI_LOWER_PASS;
  size_t outputs = (size_t)w->dim[trans_b ? 0 : 1];
  if (ci_site_given(c, 2) && (!b || b->dtype != CI_F32 || (b->count != 1 && b->count != outputs))) return CI_LOWER_PASS;
  int status = ci_as_vec(c->s, c->in[0], &in[0]);
  if (!status) status = ci_lower_const(c->s, w, &in[1]);
  if (!status && b) status = ci_lower_const(c->s, b, &in[2]);
  if (!status) status = ci_site_emit(c, CI_OP_dense, in, b ? 3 : 2, &n);
  if (status) return status;
  n->p.trans_b = trans_b, n->p.value = alpha, n->p.beta = beta;
  c->out->vec = n->out;
  return CNNIMG_OK;
}

static int lower_gemm(ci_site *c) {
  if (ci_attr_int(c->n, "transA", 0)) return CI_LOWER_PASS;
  return dense(c, ci_attr_int(c->n, "transB", 0) != 0, ci_attr_float(c->n, "alpha", 1), ci_attr_float(c->n, "beta", 1));
}

/* A constant matrix on the channels of a channels-last picture is a convolution of one tap. */
static int on_pixels(ci_site *c) {
  const ci_tensor *w = ci_site_const(c, 1);
  ci_val *x = c->in[0];
  if (x->map < 0 || x->layout != CI_LAYOUT_NHWC || !w || w->rank != 2 || w->dtype != CI_F32) return CI_LOWER_PASS;
  const int64_t dim[4] = {w->dim[1], w->dim[0], 1, 1};
  ci_tensor *t = ci_lower_tensor(c->s, CI_F32, 4, dim);
  if (!t) return c->s->err->code;
  for (int64_t o = 0; o < dim[0]; o++)
    for (int64_t i = 0; i < dim[1]; i++)
      ((float *)t->owned)[o * dim[1] + i] = ((const float *)w->data)[i * dim[0] + o];
  int32_t in[2] = {x->map, -1};
  ci_node *n = NULL;
  int status = ci_lower_const(c->s, t, &in[1]);
  if (!status) status = ci_site_emit(c, CI_OP_conv, in, 2, &n);
  return status ? status : ci_set_map(c->out, n->out, CI_LAYOUT_NHWC);
}

static int lower_matmul(ci_site *c) {
  int status = on_pixels(c);
  return status == CI_LOWER_PASS ? dense(c, false, 1, 1) : status;
}

#define REDUCE(t) {t, lower_reduce}
const ci_lower_rule ci_lower_norm_rules[] = {
    {"BatchNormalization", lower_batch_norm},
    {"InstanceNormalization", lower_instance_norm},
    {"GroupNormalization", lower_group_norm},
    {"LayerNormalization", lower_layer_norm},
    {"LRN", lower_lrn},
    REDUCE("ReduceSum"), REDUCE("ReduceMean"), REDUCE("ReduceMax"), REDUCE("ReduceMin"), REDUCE("ReduceL1"),
    REDUCE("ReduceL2"), REDUCE("ReduceSumSquare"), REDUCE("ReduceProd"), REDUCE("ReduceLogSum"),
    REDUCE("ReduceLogSumExp"),
    {"ArgMax", lower_arg},
    {"ArgMin", lower_arg},
    {"GlobalAveragePool", lower_global_pool},
    {"GlobalMaxPool", lower_global_pool},
    {"Gemm", lower_gemm},
    {"MatMul", lower_matmul},
    {NULL, NULL},
};
