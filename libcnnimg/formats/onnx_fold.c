/* SPDX-License-Identifier: MIT */
/* onnx_fold.c - arithmetic on constants while loading, so that nothing but maps is left to compute */
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "formats/onnx.h"

static size_t item_size(const ci_tensor *t) { return t->dtype == CI_I64 ? sizeof(int64_t) : sizeof(float); }
static const ci_tensor *input(const ci_onnx_node *n, int32_t k) { return ci_const(n->o->g, n->in[k]); }

/* The product of dim[from..to). Dimensions of a constant that exists multiply without overflow... */
static size_t product(const ci_tensor *t, int32_t from, int32_t to) {
  size_t n = 1;
  for (int32_t i = from; i < to; i++)
    n *= (size_t)t->dim[i]; /* ...or one of them is 0, and the rest is not used */
  return n;
}

/* ---- shape of constants ----------------------------------------------------------------------- */

int ci_onnx_fold_reshape(ci_onnx_node *n, int32_t rank, const int64_t *dim) {
  const ci_tensor *t = input(n, 0);
  int64_t to[CI_MAX_RANK];
  size_t known = 1;
  int32_t open = -1;
  for (int32_t i = 0; i < rank; i++) {
    to[i] = dim[i] == 0 && i < t->rank && !ci_onnx_int(n, "allowzero", 0) ? t->dim[i] : dim[i];
    if (to[i] == -1 && open < 0) open = i;
    else if (to[i] < 0 || !ci_mul(known, (size_t)to[i], &known))
      return ci_onnx_refuse(n, "reshapes to an impossible shape");
  }
  if (open >= 0) to[open] = known ? (int64_t)(t->count / known) : 0;
  if (known * (open >= 0 ? (size_t)to[open] : 1) != t->count)
    return ci_fail(n->o->err, CNNIMG_CORRUPT, "%s: %zu numbers do not fit the new shape", n->label, t->count);
  ci_tensor *r = ci_onnx_new_tensor(n, t->dtype, rank, to);
  if (r && t->count) memcpy(r->owned, t->data, t->count * item_size(t));
  return ci_onnx_bind_const(n, r);
}

/* ---- concat, slice, gather: blocks of bytes along one axis ---------------------------------------- */

static int concat_shape(ci_onnx_node *n, int32_t *axis, int64_t *dim) {
  const ci_tensor *first = input(n, 0);
  int status = ci_onnx_axis(n, ci_onnx_int(n, "axis", 0), first->rank, axis);
  if (status) return status;
  memcpy(dim, first->dim, sizeof first->dim);
  for (int32_t k = 1; k < n->n_in; k++) {
    const ci_tensor *t = ci_onnx_given(n, k) ? input(n, k) : NULL;
    if (!t || t->rank != first->rank || t->dtype != first->dtype)
      return ci_onnx_refuse(n, "joins constants of different kinds");
    for (int32_t i = 0; i < t->rank; i++)
      if (i != *axis && t->dim[i] != dim[i]) return ci_onnx_refuse(n, "joins constants of different shapes");
    if (__builtin_add_overflow(dim[*axis], t->dim[*axis], &dim[*axis]))
      return ci_onnx_refuse(n, "joins too much");
  }
  return CNNIMG_OK;
}

int ci_onnx_fold_concat(ci_onnx_node *n) {
  int64_t dim[CI_MAX_RANK];
  int32_t axis;
  if (!ci_onnx_given(n, 0)) return ci_onnx_refuse(n, "an input is missing");
  int status = concat_shape(n, &axis, dim);
  if (status) return status;
  const ci_tensor *first = input(n, 0);
  ci_tensor *r = ci_onnx_new_tensor(n, first->dtype, first->rank, dim);
  if (!r || !r->count) return ci_onnx_bind_const(n, r);
  size_t outer = product(first, 0, axis), row = product(r, axis, r->rank) * item_size(r), at = 0;
  for (int32_t k = 0; k < n->n_in; k++) {
    const ci_tensor *t = input(n, k);
    size_t bytes = t->count / outer * item_size(t);
    for (size_t i = 0; i < outer && bytes; i++)
      memcpy((char *)r->owned + i * row + at, (const char *)t->data + i * bytes, bytes);
    at += bytes;
  }
  return ci_onnx_bind_const(n, r);
}

/* Items first, first + step ... of t along an axis. */
static ci_tensor *take(ci_onnx_node *n, const ci_tensor *t, int32_t axis, int64_t first, int64_t step,
                       int64_t count) {
  int64_t dim[CI_MAX_RANK];
  memcpy(dim, t->dim, sizeof dim);
  dim[axis] = count;
  ci_tensor *r = ci_onnx_new_tensor(n, t->dtype, t->rank, dim);
  if (!r || !r->count) return r;
  size_t outer = product(t, 0, axis), bytes = product(t, axis + 1, t->rank) * item_size(t), at = 0;
  for (size_t o = 0; o < outer; o++)
    for (int64_t i = 0; i < count; i++, at += bytes)
      memcpy((char *)r->owned + at,
             (const char *)t->data + (o * (size_t)t->dim[axis] + (size_t)(first + i * step)) * bytes, bytes);
  return r;
}

/* The first item and the count of start:end:step over `size` items; backwards too. */
static void span(int64_t size, int64_t start, int64_t end, int64_t step, int64_t *first, int64_t *count) {
  int64_t low = step < 0 ? -1 : 0, high = step < 0 ? size - 1 : size, gap;
  if (start < 0) start += size;
  if (end < 0) end += size;
  *first = start < low ? low : start > high ? high : start;
  end = end < low ? low : end > high ? high : end;
  gap = step < 0 ? *first - end : end - *first;
  step = step < 0 ? -step : step;
  *count = gap > 0 ? (gap - 1) / step + 1 : 0;
}

int ci_onnx_fold_slice(ci_onnx_node *n, const int64_t *start, const int64_t *end, const int64_t *step,
                       const int32_t *axis, int32_t count) {
  const ci_tensor *t = input(n, 0);
  ci_tensor *r = NULL;
  for (int32_t k = 0; k < count; k++) {
    int64_t first, items;
    span(t->dim[axis[k]], start[k], end[k], step[k], &first, &items);
    ci_tensor *next = take(n, t, axis[k], first, step[k], items);
    ci_tensor_free(r);
    r = next;
    if (!r) return n->o->err->code;
    t = r;
  }
  return r ? ci_onnx_bind_const(n, r) : ci_onnx_bind(n, 0, n->in[0]);
}

static int convert_gather(ci_onnx_node *n) {
  const ci_tensor *t = ci_onnx_given(n, 0) ? input(n, 0) : NULL, *pick;
  int32_t axis;
  if (!t) return ci_onnx_refuse(n, "only constants are gathered");
  int status = ci_onnx_want_const(n, 1, CI_I64, "list of indices", &pick);
  if (!status) status = ci_onnx_axis(n, ci_onnx_int(n, "axis", 0), t->rank, &axis);
  if (status) return status;
  if (pick->rank > 1 || (pick->count != 1 && t->rank != 1))
    return ci_onnx_refuse(n, "only one item, or items of a list, are gathered");
  int64_t dim[1] = {(int64_t)pick->count};
  ci_tensor *r = t->rank == 1 ? ci_onnx_new_tensor(n, t->dtype, 1, dim) : NULL;
  if (t->rank == 1 && !r) return n->o->err->code;
  for (size_t i = 0; i < pick->count && !status; i++) {
    int32_t at;
    status = ci_onnx_range(n, "an index", ((const int64_t *)pick->data)[i], INT32_MIN, INT32_MAX, &at);
    if (!status)
      status = t->dim[axis] > INT32_MAX ? CNNIMG_LIMIT : ci_onnx_axis(n, at, (int32_t)t->dim[axis], &at);
    if (!status && r)
      memcpy((char *)r->owned + i * item_size(t), (const char *)t->data + (size_t)at * item_size(t),
             item_size(t));
    else if (!status && !(r = take(n, t, axis, at, 1, 1))) status = n->o->err->code;
  }
  if (!status && r && pick->rank == 0) { /* one index drops the axis */
    for (int32_t i = axis; i + 1 < r->rank; i++) r->dim[i] = r->dim[i + 1];
    r->rank--;
  }
  if (!status) return ci_onnx_bind_const(n, r);
  ci_tensor_free(r);
  return status;
}

/* ---- arithmetic with numpy's broadcasting ------------------------------------------------------------ */

static int broadcast(ci_onnx_node *n, const ci_tensor *a, const ci_tensor *b, int32_t *rank, int64_t *dim) {
  *rank = a->rank > b->rank ? a->rank : b->rank;
  for (int32_t i = 0; i < *rank; i++) {
    int32_t ia = i - (*rank - a->rank), ib = i - (*rank - b->rank);
    int64_t x = ia < 0 ? 1 : a->dim[ia], y = ib < 0 ? 1 : b->dim[ib];
    if (x != y && x != 1 && y != 1) return ci_onnx_refuse(n, "its constants' shapes do not match");
    dim[i] = x == 1 ? y : x;
  }
  return CNNIMG_OK;
}

/* Where item i of the result lies in t. */
static size_t place(const ci_tensor *t, const ci_tensor *result, size_t i) {
  size_t at = 0, stride = 1;
  for (int32_t k = result->rank - 1; k >= 0; k--) {
    size_t pos = i % (size_t)result->dim[k];
    int32_t own = k - (result->rank - t->rank);
    i /= (size_t)result->dim[k];
    if (own < 0) continue;
    if (t->dim[own] != 1) at += pos * stride;
    stride *= (size_t)t->dim[own];
  }
  return at;
}

static float float_op(char op, float x, float y) {
  return op == 'A' ? x + y : op == 'S' ? x - y : op == 'M' ? x * y : x / y;
}

/* Wraps round where it overflows, as ONNX's integers do. */
static int64_t int_op(char op, int64_t x, int64_t y) {
  uint64_t a = (uint64_t)x, b = (uint64_t)y;
  if (op == 'A') return (int64_t)(a + b);
  if (op == 'S') return (int64_t)(a - b);
  if (op == 'M') return (int64_t)(a * b);
  return y == -1 ? (int64_t)(0 - a) : y ? x / y : 0;
}

int ci_onnx_fold_binary(ci_onnx_node *n) {
  char op = (char)(ci_text_is(n->type, "Sum") ? 'A' : n->type.p[0]); /* Add Sub Mul Div */
  const ci_tensor *a = input(n, 0), *b = input(n, 1);
  int64_t dim[CI_MAX_RANK];
  int32_t rank;
  if (a->dtype != b->dtype) return ci_onnx_refuse(n, "its constants are of different types");
  int status = broadcast(n, a, b, &rank, dim);
  if (status) return status;
  ci_tensor *r = ci_onnx_new_tensor(n, a->dtype, rank, dim);
  for (size_t i = 0; r && i < r->count; i++) {
    size_t x = place(a, r, i), y = place(b, r, i);
    if (r->dtype == CI_F32)
      ((float *)r->owned)[i] = float_op(op, ((const float *)a->data)[x], ((const float *)b->data)[y]);
    else ((int64_t *)r->owned)[i] = int_op(op, ((const int64_t *)a->data)[x], ((const int64_t *)b->data)[y]);
  }
  return ci_onnx_bind_const(n, r);
}

/* ---- the rest of the table ------------------------------------------------------------------------------ */

static int64_t to_int(float v) {
  return v >= 9.2e18f ? INT64_MAX : v <= -9.2e18f ? INT64_MIN : v == v ? (int64_t)v : 0;
}

/* TensorProto types: 1 float, 11 double, 6 int32, 7 int64, 9 bool. */
static int convert_cast(ci_onnx_node *n) {
  int64_t to = ci_onnx_int(n, "to", 0);
  const ci_tensor *t = input(n, 0);
  if (!t)
    return to == 1 ? ci_onnx_alias(n, n->in[0], ci_onnx_rank(n, 0))
                   : ci_onnx_refuse(n, "maps are of 32-bit floats only");
  if (to != 1 && to != 11 && to != 6 && to != 7 && to != 9)
    return ci_onnx_refuse(n, "this type is not cast to");
  ci_tensor *r = ci_onnx_new_tensor(n, to == 1 || to == 11 ? CI_F32 : CI_I64, t->rank, t->dim);
  for (size_t i = 0; r && i < r->count; i++) {
    float f = t->dtype == CI_F32 ? ((const float *)t->data)[i] : (float)((const int64_t *)t->data)[i];
    int64_t v = t->dtype == CI_F32 ? to_int(f) : ((const int64_t *)t->data)[i];
    if (r->dtype == CI_F32) ((float *)r->owned)[i] = f;
    else ((int64_t *)r->owned)[i] = to == 9 ? f != 0 : v;
  }
  return ci_onnx_bind_const(n, r);
}

static int convert_shape(ci_onnx_node *n) {
  const ci_tensor *t = input(n, 0);
  if (!t)
    return ci_onnx_refuse(n, "computes with the picture's size; export the network with fixed scale factors");
  if (ci_onnx_has(n, "start") || ci_onnx_has(n, "end"))
    return ci_onnx_refuse(n, "a part of a shape is not taken");
  int64_t dim[1] = {t->rank};
  ci_tensor *r = ci_onnx_new_tensor(n, CI_I64, 1, dim);
  if (r) memcpy(r->owned, t->dim, (size_t)t->rank * sizeof *t->dim);
  return ci_onnx_bind_const(n, r);
}

/* Maps may only be transposed where nothing moves; a constant (a dense weight) has two dimensions. */
static int convert_transpose(ci_onnx_node *n) {
  const ci_tensor *t = input(n, 0);
  int64_t perm[CI_MAX_RANK];
  int32_t rank = ci_onnx_rank(n, 0), count = ci_onnx_ints(n, "perm", perm, CI_MAX_RANK);
  bool still = count == rank;
  for (int32_t i = 0; i < count && i < CI_MAX_RANK; i++) still = still && perm[i] == i;
  if (still) return ci_onnx_alias(n, n->in[0], rank);
  if (!t || rank != 2 || (count >= 0 && (count != 2 || perm[0] != 1 || perm[1] != 0)))
    return ci_onnx_refuse(n, "only constant matrices are transposed");
  int64_t dim[2] = {t->dim[1], t->dim[0]};
  ci_tensor *r = ci_onnx_new_tensor(n, t->dtype, 2, dim);
  size_t w = (size_t)dim[0], h = (size_t)dim[1], size = item_size(t);
  for (size_t i = 0; r && i < r->count; i++)
    memcpy((char *)r->owned + i * size, (const char *)t->data + (i % h * w + i / h) * size, size);
  return ci_onnx_bind_const(n, r);
}

static int convert_constant_of_shape(ci_onnx_node *n) {
  const ci_tensor *shape;
  ci_tensor *value = NULL;
  ci_cursor body;
  int status = ci_onnx_want_const(n, 0, CI_I64, "shape", &shape);
  if (!status && shape->count > CI_MAX_RANK) status = ci_onnx_refuse(n, "makes more than 8 dimensions");
  if (!status && ci_onnx_tensor_attribute(n, "value", &body))
    status = ci_onnx_read_tensor(n->o, body, n->label, &value);
  if (!status && value && value->count != 1) status = ci_onnx_refuse(n, "its value is not one number");
  ci_tensor *r =
      status ? NULL
             : ci_onnx_new_tensor(n, value ? value->dtype : CI_F32, (int32_t)shape->count, shape->data);
  for (size_t i = 0; r && i < r->count; i++) {
    char *at = (char *)r->owned + i * item_size(r);
    if (value) memcpy(at, value->data, item_size(r));
    else memset(at, 0, item_size(r));
  }
  ci_tensor_free(value);
  return status ? status : ci_onnx_bind_const(n, r);
}

/* One number, or a list of them, from attributes. */
static ci_tensor *listed(ci_onnx_node *n, ci_dtype dtype, const char *one, const char *many) {
  int32_t count = dtype == CI_F32 ? ci_onnx_floats(n, many, NULL, 0) : ci_onnx_ints(n, many, NULL, 0);
  int64_t dim[1] = {count}, i = ci_onnx_int(n, one, 0);
  float f = ci_onnx_float(n, one, 0);
  ci_tensor *r = ci_onnx_new_tensor(n, dtype, count >= 0, dim);
  if (r && count < 0) memcpy(r->owned, dtype == CI_F32 ? (const void *)&f : (const void *)&i, item_size(r));
  else if (r && dtype == CI_F32) ci_onnx_floats(n, many, r->owned, count);
  else if (r) ci_onnx_ints(n, many, r->owned, count);
  return r;
}

static int convert_constant(ci_onnx_node *n) {
  ci_cursor body;
  ci_tensor *t = NULL;
  if (ci_onnx_tensor_attribute(n, "value", &body)) {
    int status = ci_onnx_read_tensor(n->o, body, n->label, &t);
    return status ? status : ci_onnx_bind_const(n, t);
  }
  bool floats = ci_onnx_has(n, "value_float") || ci_onnx_has(n, "value_floats");
  if (!floats && !ci_onnx_has(n, "value_int") && !ci_onnx_has(n, "value_ints"))
    return ci_onnx_refuse(n, "its value is neither a tensor nor numbers");
  return ci_onnx_bind_const(n, floats ? listed(n, CI_F32, "value_float", "value_floats")
                                      : listed(n, CI_I64, "value_int", "value_ints"));
}

const ci_onnx_rule ci_onnx_fold_rules[] = {
    {"Constant", 0, 0, "value value_float value_floats value_int value_ints", convert_constant},
    {"ConstantOfShape", 1, 1, "value", convert_constant_of_shape},
    {"Cast", 1, 1, "to saturate round_mode", convert_cast},
    {"Shape", 1, 1, "start end", convert_shape},
    {"Gather", 2, 2, "axis", convert_gather},
    {"Transpose", 1, 1, "perm", convert_transpose},
    {NULL, 0, 0, NULL, NULL},
};
