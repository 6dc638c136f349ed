/* SPDX-License-Identifier: MIT */
/* make.c - values out of nothing, of a shape or of another type */
#include <math.h>
#include <string.h>

#include "tensor/tensor_op.h"

/* ---- casts --------------------------------------------------------------------------------------- */

enum { FLOAT16 = 10, BFLOAT16 = 16 }; /* TensorProto.DataType */

static bool type_of(int64_t data_type, ci_type *type) {
  if (data_type == 1 || data_type == 11 || data_type == FLOAT16 || data_type == BFLOAT16) *type = CI_FLOAT;
  else if (data_type == 9) *type = CI_BOOL;
  else if ((data_type >= 2 && data_type <= 7) || data_type == 12 || data_type == 13) *type = CI_INT;
  else return false;
  return true;
}

/* To the nearest of a format with fewer bits of mantissa (ties to even); below `least` the steps stay equal. */
static float round_to(float x, int bits, int least, float largest) {
  int exponent;
  if (x - x != 0 || x == 0) return x;
  frexpf(x, &exponent);
  if (exponent < least) exponent = least;
  float step = ldexpf(1, exponent - bits), r = rintf(x / step) * step;
  return fabsf(r) > largest ? copysignf(INFINITY, x) : r;
}

static float to_half(float x) { return round_to(x, 11, -13, 65504); }
static float to_bfloat(float x) {
  uint32_t u;
  if (x - x != 0) return x;
  memcpy(&u, &x, 4);
  u = (u + 0x7fff + (u >> 16 & 1)) & 0xffff0000u;
  memcpy(&x, &u, 4);
  return x;
}

static int cast_shape(const ci_tensor_call *c, cnnimg_error *err) {
  ci_array_like(c->out, &c->in[0]);
  if (type_of(ci_attr_int(c->node, "to", 0), &c->out->type)) return CNNIMG_OK;
  return ci_tensor_refuse(c, err, "this type is not cast to");
}

static void cast_run(const ci_tensor_call *c) {
  int64_t to = ci_attr_int(c->node, "to", 1);
  for (size_t i = 0; i < c->out->count; i++) {
    float f = ci_array_float(&c->in[0], i);
    if (to == FLOAT16) f = to_half(f);
    if (to == BFLOAT16) f = to_bfloat(f);
    int64_t v = c->out->type == CI_BOOL ? f != 0 : ci_array_int(&c->in[0], i);
    if (c->out->dtype == CI_I64) ((int64_t *)c->out->data)[i] = v;
    else ((float *)c->out->data)[i] = c->out->type == CI_FLOAT ? f : (float)v;
  }
}

static int cast_like_shape(const ci_tensor_call *c, cnnimg_error *err) {
  (void)err;
  ci_array_like(c->out, &c->in[0]);
  c->out->type = c->in[1].type;
  return CNNIMG_OK;
}

static void cast_like_run(const ci_tensor_call *c) {
  for (size_t i = 0; i < c->out->count; i++) {
    float f = ci_array_float(&c->in[0], i);
    int64_t v = c->out->type == CI_BOOL ? f != 0 : ci_array_int(&c->in[0], i);
    if (c->out->dtype == CI_I64) ((int64_t *)c->out->data)[i] = v;
    else ((float *)c->out->data)[i] = c->out->type == CI_FLOAT ? f : (float)v;
  }
}

/* ---- shapes as values -------------------------------------------------------------------------------- */

static int64_t clamp(int64_t v, int64_t rank) {
  if (v < 0) v += rank;
  return v < 0 ? 0 : v > rank ? rank : v;
}

static int shape_shape(const ci_tensor_call *c, cnnimg_error *err) {
  (void)err;
  int64_t first = clamp(ci_attr_int(c->node, "start", 0), c->in[0].rank);
  int64_t end = clamp(ci_attr_int(c->node, "end", INT32_MAX), c->in[0].rank);
  c->out->type = CI_INT, c->out->rank = 1;
  c->out->dim[0] = end > first ? end - first : 0;
  return CNNIMG_OK;
}

static void shape_run(const ci_tensor_call *c) {
  int64_t first = clamp(ci_attr_int(c->node, "start", 0), c->in[0].rank);
  for (size_t i = 0; i < c->out->count; i++) {
    if (c->out->dtype == CI_I64) ((int64_t *)c->out->data)[i] = c->in[0].dim[first + (int64_t)i];
    else ((float *)c->out->data)[i] = (float)c->in[0].dim[first + (int64_t)i];
  }
}

static int size_shape(const ci_tensor_call *c, cnnimg_error *err) {
  (void)err;
  c->out->type = CI_INT, c->out->rank = 0;
  return CNNIMG_OK;
}

static void size_run(const ci_tensor_call *c) { ci_array_set(c->out, 0, (double)c->in[0].count); }

/* ---- constants ------------------------------------------------------------------------------------------ */

static void copy_tensor(const ci_tensor *t, ci_array *out) {
  const ci_array from = {.dtype = t->dtype, .data = (void *)(uintptr_t)t->data};
  for (size_t i = 0; i < out->count; i++) {
    if (out->dtype == CI_I64) ((int64_t *)out->data)[i] = ci_array_int(&from, i);
    else ((float *)out->data)[i] = ci_array_float(&from, i);
  }
}

static int constant_shape(const ci_tensor_call *c, cnnimg_error *err) {
  const ci_attr *a = c->node->n_attrs == 1 ? &c->node->attrs[0] : NULL;
  if (!a || a->kind == CI_ATTR_STRING || a->kind == CI_ATTR_OTHER)
    return ci_tensor_refuse(c, err, "its value is neither a tensor nor numbers");
  bool list = a->kind == CI_ATTR_INTS || a->kind == CI_ATTR_FLOATS;
  c->out->type = a->kind == CI_ATTR_INT || a->kind == CI_ATTR_INTS ? CI_INT : CI_FLOAT;
  c->out->rank = list;
  c->out->dim[0] = (int64_t)a->n;
  if (a->kind != CI_ATTR_TENSOR) return CNNIMG_OK;
  c->out->type = a->tensor->type, c->out->rank = a->tensor->rank;
  memcpy(c->out->dim, a->tensor->dim, sizeof c->out->dim);
  return CNNIMG_OK;
}

static void constant_run(const ci_tensor_call *c) {
  const ci_attr *a = &c->node->attrs[0];
  if (a->kind == CI_ATTR_TENSOR) copy_tensor(a->tensor, c->out);
  else
    for (size_t i = 0; i < c->out->count; i++) {
      int64_t v = a->kind == CI_ATTR_INT ? a->i : a->ints ? a->ints[i] : 0;
      if (c->out->type == CI_INT && c->out->dtype == CI_I64) ((int64_t *)c->out->data)[i] = v;
      else ci_array_set(c->out, i, c->out->type == CI_INT ? (double)v : a->kind == CI_ATTR_FLOAT ? a->f : a->floats[i]);
    }
}

static int of_shape_shape(const ci_tensor_call *c, cnnimg_error *err) {
  const ci_attr *value = ci_attr_find(c->node, "value");
  int32_t n;
  int status = ci_tensor_ints(c, 0, NULL, c->out->dim, CI_MAX_RANK, &n, err);
  if (status) return status;
  if (value && (value->kind != CI_ATTR_TENSOR || value->tensor->count != 1))
    return ci_tensor_refuse(c, err, "its value is not one number");
  c->out->rank = n;
  c->out->type = value ? value->tensor->type : CI_FLOAT;
  return CNNIMG_OK;
}

static void of_shape_run(const ci_tensor_call *c) {
  const ci_attr *value = ci_attr_find(c->node, "value");
  const ci_array from = {.dtype = value ? value->tensor->dtype : CI_F32,
                         .data = value ? (void *)(uintptr_t)value->tensor->data : NULL};
  for (size_t i = 0; i < c->out->count; i++) {
    if (c->out->dtype == CI_I64) ((int64_t *)c->out->data)[i] = value ? ci_array_int(&from, 0) : 0;
    else ((float *)c->out->data)[i] = value ? ci_array_float(&from, 0) : 0;
  }
}

/* ---- sequences of numbers, masks ------------------------------------------------------------------------- */

static double number(const ci_array *a) {
  return a->dtype == CI_I64 ? (double)*(const int64_t *)a->data : (double)*(const float *)a->data;
}

static int range_shape(const ci_tensor_call *c, cnnimg_error *err) {
  for (int32_t k = 0; k < 3; k++)
    if (!c->in[k].data || c->in[k].count != 1) return ci_tensor_refuse(c, err, "its bounds must be single numbers that are known");
  double n = ceil((number(&c->in[1]) - number(&c->in[0])) / number(&c->in[2]));
  if (!(n < (double)CI_TENSOR_MOST)) return ci_tensor_refuse(c, err, "has no end");
  c->out->type = c->in[0].type, c->out->rank = 1, c->out->dim[0] = n > 0 ? (int64_t)n : 0;
  return CNNIMG_OK;
}

static void range_run(const ci_tensor_call *c) {
  double first = number(&c->in[0]), step = number(&c->in[2]);
  for (size_t i = 0; i < c->out->count; i++) ci_array_set(c->out, i, first + (double)i * step);
}

static int eye_shape(const ci_tensor_call *c, cnnimg_error *err) {
  ci_array_like(c->out, &c->in[0]);
  if (c->in[0].rank != 2) return ci_tensor_refuse(c, err, "wants two dimensions");
  if (ci_attr_find(c->node, "dtype") && !type_of(ci_attr_int(c->node, "dtype", 1), &c->out->type))
    return ci_tensor_refuse(c, err, "this type is not made");
  return CNNIMG_OK;
}

static void eye_run(const ci_tensor_call *c) {
  int64_t w = c->out->dim[1], k = ci_attr_int(c->node, "k", 0);
  for (size_t i = 0; i < c->out->count; i++) ci_array_set(c->out, i, (int64_t)i % w - (int64_t)i / w == k);
}

static int triangle_shape(const ci_tensor_call *c, cnnimg_error *err) {
  int64_t k[1];
  int32_t n;
  if (c->in[0].rank < 2) return ci_tensor_refuse(c, err, "wants two dimensions or more");
  ci_array_like(c->out, &c->in[0]);
  return ci_array_given(c, 1) ? ci_tensor_ints(c, 1, NULL, k, 1, &n, err) : CNNIMG_OK;
}

static void triangle_run(const ci_tensor_call *c) {
  int64_t k = ci_array_given(c, 1) && c->in[1].count ? ci_array_int(&c->in[1], 0) : 0;
  int64_t h = c->out->dim[c->out->rank - 2], w = c->out->dim[c->out->rank - 1];
  bool upper = ci_attr_int(c->node, "upper", 1) != 0;
  if (k > h + w) k = h + w;
  if (k < -h - w) k = -h - w;
  for (size_t i = 0; i < c->out->count; i++) {
    int64_t x = (int64_t)i % w, y = (int64_t)i / w % h;
    bool keep = upper ? x >= y + k : x <= y + k;
    if (c->out->dtype == CI_I64) ((int64_t *)c->out->data)[i] = keep ? ci_array_int(&c->in[0], i) : 0;
    else ((float *)c->out->data)[i] = keep ? ci_array_float(&c->in[0], i) : 0;
  }
}

/* Out 1 is the mask of what is kept: all. */
static int dropout_shape(const ci_tensor_call *c, cnnimg_error *err) {
  if (ci_array_given(c, 2) && (!c->in[2].data || c->in[2].count != 1 || ci_array_float(&c->in[2], 0) != 0))
    return ci_tensor_refuse(c, err, "is in training mode");
  ci_array_like(c->out, &c->in[0]);
  if (c->which) c->out->type = c->opset < 10 ? CI_FLOAT : CI_BOOL;
  return CNNIMG_OK;
}

static void dropout_run(const ci_tensor_call *c) {
  for (size_t i = 0; i < c->out->count; i++)
    ci_array_set(c->out, i, c->which ? 1 : (double)ci_array_float(&c->in[0], i));
}

/* ---- one hot ------------------------------------------------------------------------------------------------ */

static int one_hot_axis(const ci_tensor_call *c) {
  int64_t axis = ci_attr_int(c->node, "axis", -1);
  return (int)(axis < 0 ? axis + c->in[0].rank + 1 : axis);
}

static int one_hot_shape(const ci_tensor_call *c, cnnimg_error *err) {
  int64_t depth[1];
  int32_t n, axis = one_hot_axis(c);
  int status = ci_tensor_ints(c, 1, NULL, depth, 1, &n, err);
  if (status) return status;
  if (n != 1 || c->in[2].count != 2 || axis < 0 || axis > c->in[0].rank || c->in[0].rank >= CI_MAX_RANK)
    return ci_tensor_refuse(c, err, "its depth, values or axis make no sense");
  c->out->type = c->in[2].type, c->out->rank = c->in[0].rank + 1;
  for (int32_t i = 0, from = 0; i < c->out->rank; i++) c->out->dim[i] = i == axis ? depth[0] : c->in[0].dim[from++];
  return CNNIMG_OK;
}

static void one_hot_run(const ci_tensor_call *c) {
  int32_t axis = one_hot_axis(c);
  size_t inner = ci_array_product(c->out, axis + 1, c->out->rank), depth = (size_t)c->out->dim[axis];
  float off = ci_array_float(&c->in[2], 0), on = ci_array_float(&c->in[2], 1);
  for (size_t i = 0; i < c->out->count; i++) {
    size_t at = i / inner % depth, from = i / inner / depth * inner + i % inner;
    int64_t want = ci_array_int(&c->in[0], from);
    if (want < 0) want += (int64_t)depth;
    ci_array_set(c->out, i, want == (int64_t)at ? on : off);
  }
}

const ci_tensor_op ci_tensor_make_ops[] = {
    {"Cast", 1, 1, "to saturate round_mode", cast_shape, NULL, cast_run},
    {"CastLike", 2, 2, "saturate round_mode", cast_like_shape, NULL, cast_like_run},
    {"Shape", 1, 1, "start end", shape_shape, NULL, shape_run},
    {"Size", 1, 1, "", size_shape, NULL, size_run},
    {"Constant", 0, 0, "value value_float value_floats value_int value_ints", constant_shape, NULL, constant_run},
    {"ConstantOfShape", 1, 1, "value", of_shape_shape, NULL, of_shape_run},
    {"Range", 3, 3, "", range_shape, NULL, range_run},
    {"EyeLike", 1, 1, "dtype k", eye_shape, NULL, eye_run},
    {"Trilu", 1, 2, "upper", triangle_shape, NULL, triangle_run},
    {"Dropout", 1, 3, "ratio seed is_test", dropout_shape, NULL, dropout_run},
    {"OneHot", 3, 3, "axis", one_hot_shape, NULL, one_hot_run},
    {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
