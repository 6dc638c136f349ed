/* SPDX-License-Identifier: MIT */
/* cast.c - other types, sizes as numbers, constants, and arrays that are made from a few numbers */
#include <math.h>
#include <string.h>

#include "tensor/array.h"

/* ---- Cast -------------------------------------------------------------------------------- */

/* v with that many bits after the leading one, to the nearest, ties to even. */
static double shorten(double v, int bits, int least_exponent) {
  int e;
  if (!isfinite(v) || v == 0) return v;
  frexp(v, &e);
  if (e < least_exponent) e = least_exponent; /* subnormal: fewer bits */
  return ldexp(rint(ldexp(v, bits + 1 - e)), e - bits - 1);
}

static double to_float16(double v) {
  double r = shorten(v, 10, -13);
  return fabs(r) > 65504 ? copysign(INFINITY, v) : r;
}

static double to_bfloat16(double v) {
  double r = shorten(v, 7, -125);
  return fabs(r) > 3.4e38 ? copysign(INFINITY, v) : r;
}

static int cast_shape(const ci_tensor_call *c, cnnimg_error *err) {
  ci_array_like(c->out, &c->in[0]);
  return ci_tensor_type(c, ci_attr_int(c->node, "to", 0), &c->out->type, err);
}

static int cast_like_shape(const ci_tensor_call *c, cnnimg_error *err) {
  (void)err;
  ci_array_like(c->out, &c->in[0]);
  c->out->type = c->in[1].type;
  return CNNIMG_OK;
}

/* All of out as `type`; number: ONNX's, or 0. */
static void cast(const ci_tensor_call *c, ci_type type, int64_t number) {
  const ci_array *in = &c->in[0];
  if (in->dtype == CI_I64 && type == CI_INT) {
    ci_array_copy(c->out, 0, in, 0, c->out->count, 1);
    return;
  }
  for (size_t i = 0; i < c->out->count; i++) {
    double v = ci_array_double(in, i);
    if (type == CI_BOOL) v = v != 0;
    if (type == CI_INT) v = trunc(v);
    if (number == 10) v = to_float16(v);
    if (number == 16) v = to_bfloat16(v);
    ci_array_put(c->out, i, v);
  }
}

static void cast_run(const ci_tensor_call *c) {
  int64_t number = ci_attr_int(c->node, "to", 0);
  ci_type type = CI_FLOAT;
  ci_tensor_type(c, number, &type, NULL);
  cast(c, type, number);
}

static void cast_like_run(const ci_tensor_call *c) { cast(c, c->in[1].type, 0); }

/* ---- Shape, Size ------------------------------------------------------------------------- */

static int64_t clamp(int64_t v, int64_t least, int64_t most) {
  return v < least ? least : v > most ? most : v;
}

/* Which dimensions are wanted: start to end. */
static void wanted(const ci_tensor_call *c, int64_t *start, int64_t *end) {
  int32_t rank = c->in[0].rank;
  *start = ci_attr_int(c->node, "start", 0);
  *end = ci_attr_int(c->node, "end", rank);
  *start = clamp(*start < 0 ? *start + rank : *start, 0, rank);
  *end = clamp(*end < 0 ? *end + rank : *end, *start, rank);
}

static int shape_shape(const ci_tensor_call *c, cnnimg_error *err) {
  (void)err;
  int64_t start, end;
  wanted(c, &start, &end);
  c->out->type = CI_INT, c->out->rank = 1, c->out->dim[0] = end - start;
  return CNNIMG_OK;
}

static void shape_run(const ci_tensor_call *c) {
  int64_t start, end;
  wanted(c, &start, &end);
  for (int64_t i = start; i < end; i++) ci_array_put_int(c->out, (size_t)(i - start), c->in[0].dim[i]);
}

static int size_shape(const ci_tensor_call *c, cnnimg_error *err) {
  (void)err;
  c->out->type = CI_INT, c->out->rank = 0;
  return CNNIMG_OK;
}

static void size_run(const ci_tensor_call *c) { ci_array_put_int(c->out, 0, (int64_t)c->in[0].count); }

/* ---- Constant, ConstantOfShape ------------------------------------------------------------ */

static int constant_shape(const ci_tensor_call *c, cnnimg_error *err) {
  if (c->node->n_attrs != 1) return ci_tensor_refuse(c, err, "needs one value");
  const ci_attr *a = &c->node->attrs[0];
  if (a->kind == CI_ATTR_STRING) return ci_tensor_refuse(c, err, "text is not computed with");
  bool whole = a->kind == CI_ATTR_INT || a->kind == CI_ATTR_INTS;
  c->out->type = whole ? CI_INT : CI_FLOAT;
  c->out->rank = a->kind == CI_ATTR_INTS || a->kind == CI_ATTR_FLOATS;
  c->out->dim[0] = (int64_t)a->n;
  if (a->kind != CI_ATTR_TENSOR) return CNNIMG_OK;
  if (!a->tensor) return ci_tensor_refuse(c, err, "needs a value");
  c->out->type = a->tensor->type, c->out->rank = a->tensor->rank;
  memcpy(c->out->dim, a->tensor->dim, sizeof c->out->dim);
  return CNNIMG_OK;
}

static ci_array of_tensor(const ci_tensor *t) {
  return (ci_array){
      .dtype = t->dtype, .type = t->type, .rank = t->rank, .count = t->count, .data = (void *)t->data};
}

static void constant_run(const ci_tensor_call *c) {
  const ci_attr *a = &c->node->attrs[0];
  if (a->kind == CI_ATTR_INT) ci_array_put_int(c->out, 0, a->i);
  if (a->kind == CI_ATTR_FLOAT) ci_array_put(c->out, 0, (double)a->f);
  for (size_t i = 0; a->kind == CI_ATTR_INTS && i < a->n; i++) ci_array_put_int(c->out, i, a->ints[i]);
  for (size_t i = 0; a->kind == CI_ATTR_FLOATS && i < a->n; i++)
    ci_array_put(c->out, i, (double)a->floats[i]);
  if (a->kind != CI_ATTR_TENSOR) return;
  ci_array from = of_tensor(a->tensor);
  ci_array_copy(c->out, 0, &from, 0, c->out->count, 1);
}

static int filled_shape(const ci_tensor_call *c, cnnimg_error *err) {
  int32_t n;
  int status = ci_tensor_ints(c, 0, NULL, c->out->dim, CI_MAX_RANK, &n, err);
  if (status) return status;
  const ci_attr *a = ci_attr_find(c->node, "value");
  if (a && (a->kind != CI_ATTR_TENSOR || !a->tensor || a->tensor->count != 1))
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "needs one number as its value");
  c->out->rank = n;
  c->out->type = a ? a->tensor->type : CI_FLOAT;
  return CNNIMG_OK;
}

static void filled_run(const ci_tensor_call *c) {
  const ci_attr *a = ci_attr_find(c->node, "value");
  float zero = 0;
  ci_array from = {.dtype = CI_F32, .count = 1, .data = &zero};
  if (a) from = of_tensor(a->tensor);
  ci_array_copy(c->out, 0, &from, 0, c->out->count, 0);
}

/* ---- Range -------------------------------------------------------------------------------- */

/* How many integers from start to limit; the distance fits 64 bits without a sign. */
static double int_steps(int64_t start, int64_t limit, int64_t delta) {
  bool up = delta > 0;
  if (up ? start >= limit : start <= limit) return 0;
  uint64_t distance = up ? (uint64_t)limit - (uint64_t)start : (uint64_t)start - (uint64_t)limit;
  uint64_t step = up ? (uint64_t)delta : 0 - (uint64_t)delta;
  return (double)((distance - 1) / step + 1);
}

static int range_shape(const ci_tensor_call *c, cnnimg_error *err) {
  int64_t whole[3] = {0};
  for (int32_t k = 0; k < 3; k++) {
    int status = ci_tensor_int(c, k, &whole[k], err);
    if (status) return status;
  }
  const ci_array *in = c->in;
  double n =
      in[0].dtype == CI_I64 && in[1].dtype == CI_I64 && in[2].dtype == CI_I64
          ? (whole[2] ? int_steps(whole[0], whole[1], whole[2]) : NAN)
          : ceil((ci_array_double(&in[1], 0) - ci_array_double(&in[0], 0)) / ci_array_double(&in[2], 0));
  if (!isfinite(n) || n > (double)CI_TENSOR_MOST)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "from %g to %g in steps of %g", ci_array_double(&in[0], 0),
                          ci_array_double(&in[1], 0), ci_array_double(&in[2], 0));
  c->out->type = in[0].type, c->out->rank = 1, c->out->dim[0] = n > 0 ? (int64_t)n : 0;
  return CNNIMG_OK;
}

static void range_run(const ci_tensor_call *c) {
  const ci_array *in = c->in;
  if (in[0].dtype == CI_I64 && in[2].dtype == CI_I64) {
    int64_t start = ci_array_int(&in[0], 0), delta = ci_array_int(&in[2], 0);
    for (size_t i = 0; i < c->out->count; i++)
      ci_array_put_int(c->out, i, ci_wrap_add(start, ci_wrap_mul((int64_t)i, delta)));
    return;
  }
  double start = ci_array_double(&in[0], 0), delta = ci_array_double(&in[2], 0);
  for (size_t i = 0; i < c->out->count; i++) ci_array_put(c->out, i, start + (double)i * delta);
}

/* ---- Dropout: what remains of it after training --------------------------------------------- */

static int dropout_shape(const ci_tensor_call *c, cnnimg_error *err) {
  if (ci_array_given(c, 2)) {
    int64_t training = 0;
    int status = ci_tensor_int(c, 2, &training, err);
    if (status) return status;
    if (training) return ci_tensor_refuse(c, err, "training mode");
  }
  ci_array_like(c->out, &c->in[0]);
  if (c->which == 1 && c->opset >= 10) c->out->type = CI_BOOL;
  return CNNIMG_OK;
}

static void dropout_run(const ci_tensor_call *c) {
  if (c->which == 0) ci_array_copy(c->out, 0, &c->in[0], 0, c->out->count, 1);
  else
    for (size_t i = 0; i < c->out->count; i++) ci_array_put_int(c->out, i, 1);
}

const ci_tensor_op ci_tensor_cast_ops[] = {
    {"Cast", 1, 1, "saturate to", cast_shape, NULL, cast_run},
    {"CastLike", 2, 2, "saturate", cast_like_shape, NULL, cast_like_run},
    {"Shape", 1, 1, "end start", shape_shape, NULL, shape_run},
    {"Size", 1, 1, "", size_shape, NULL, size_run},
    {"Constant", 0, 0, "value value_float value_floats value_int value_ints", constant_shape, NULL,
     constant_run},
    {"ConstantOfShape", 1, 1, "value", filled_shape, NULL, filled_run},
    {"Range", 3, 3, "", range_shape, NULL, range_run},
    {"Dropout", 1, 3, "ratio seed", dropout_shape, NULL, dropout_run},
    {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
