/* SPDX-License-Identifier: MIT */
/* row.c - along one dimension: softmax and its kin, the largest and where it is, running sums */
#include <math.h>
#include <string.h>

#include "tensor/tensor_op.h"

/* Element k of row i along an axis lies at first + k * step. */
typedef struct rows {
  size_t count, length, inner;
} rows;

static rows rows_of(const ci_array *x, int32_t axis) {
  size_t inner = ci_array_product(x, axis + 1, x->rank), length = (size_t)x->dim[axis];
  return (rows){length ? x->count / length : 0, length, inner};
}

static size_t row_first(const rows *r, size_t i) { return i / r->inner * r->inner * r->length + i % r->inner; }

static float at(const ci_array *x, const rows *r, size_t first, size_t k) { return ci_array_float(x, first + k * r->inner); }

/* ---- softmax, log softmax, hardmax ----------------------------------------------------------------- */

/* Before opset 13 everything from `axis` on was one long row. */
static int32_t soft_axis(const ci_tensor_call *c, bool *old) {
  *old = c->opset < 13;
  int64_t axis = ci_attr_int(c->node, "axis", *old ? 1 : -1);
  return (int32_t)(axis < 0 ? axis + c->in[0].rank : axis);
}

static int soft_shape(const ci_tensor_call *c, cnnimg_error *err) {
  bool old;
  int32_t axis = soft_axis(c, &old), rank = c->in[0].rank;
  ci_array_like(c->out, &c->in[0]);
  if (axis < 0 || axis >= rank + old) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "axis %d of %d dimensions", axis, rank);
  return CNNIMG_OK;
}

static void soft_row(const ci_tensor_call *c, const rows *r, size_t first) {
  const ci_array *x = &c->in[0];
  char kind = c->node->type[0]; /* Softmax, LogSoftmax, Hardmax */
  float most = -INFINITY;
  size_t where = 0;
  double sum = 0;
  for (size_t k = 0; k < r->length; k++)
    if (at(x, r, first, k) > most) most = at(x, r, first, k), where = k;
  for (size_t k = 0; k < r->length && kind != 'H'; k++) sum += (double)expf(at(x, r, first, k) - most);
  for (size_t k = 0; k < r->length; k++) {
    float v = at(x, r, first, k) - most;
    double y = kind == 'H' ? k == where : kind == 'L' ? (double)v - log(sum) : (double)expf(v) / sum;
    ci_array_set(c->out, first + k * r->inner, y);
  }
}

static void soft_run(const ci_tensor_call *c) {
  bool old;
  int32_t axis = soft_axis(c, &old);
  rows r;
  if (old) {
    size_t length = ci_array_product(&c->in[0], axis, c->in[0].rank);
    r = (rows){length ? c->in[0].count / length : 0, length, 1};
  } else {
    r = rows_of(&c->in[0], axis);
  }
  for (size_t i = 0; i < r.count; i++) soft_row(c, &r, row_first(&r, i));
}

/* ---- where the largest is ------------------------------------------------------------------------------ */

static int arg_shape(const ci_tensor_call *c, cnnimg_error *err) {
  int32_t axis;
  int status = ci_tensor_axis(c, ci_attr_int(c->node, "axis", 0), c->in[0].rank, &axis, err);
  if (status) return status;
  if (!c->in[0].dim[axis]) return ci_tensor_refuse(c, err, "seeks the largest of nothing");
  c->out->rank = 0, c->out->type = CI_INT;
  for (int32_t i = 0; i < c->in[0].rank; i++)
    if (i != axis || ci_attr_int(c->node, "keepdims", 1)) c->out->dim[c->out->rank++] = i == axis ? 1 : c->in[0].dim[i];
  return CNNIMG_OK;
}

static void arg_run(const ci_tensor_call *c) {
  int64_t axis = ci_attr_int(c->node, "axis", 0);
  bool least = !strcmp(c->node->type, "ArgMin"), last = ci_attr_int(c->node, "select_last_index", 0) != 0;
  rows r = rows_of(&c->in[0], (int32_t)(axis < 0 ? axis + c->in[0].rank : axis));
  for (size_t i = 0; i < r.count; i++) {
    size_t first = row_first(&r, i), best = 0;
    for (size_t k = 1; k < r.length; k++) {
      float x = at(&c->in[0], &r, first, k), y = at(&c->in[0], &r, first, best);
      if (least ? x < y : x > y) best = k;
      else if (last && x == y) best = k;
    }
    ci_array_set(c->out, i, (double)best);
  }
}

/* ---- the k largest ----------------------------------------------------------------------------------------- */

static int top_shape(const ci_tensor_call *c, cnnimg_error *err) {
  int64_t k[1];
  int32_t axis, n;
  int status = ci_tensor_axis(c, ci_attr_int(c->node, "axis", -1), c->in[0].rank, &axis, err);
  if (!status) status = ci_tensor_ints(c, 1, NULL, k, 1, &n, err);
  if (status) return status;
  if (n < 0) n = 1, k[0] = ci_attr_int(c->node, "k", -1);
  if (n != 1 || k[0] < 0 || k[0] > c->in[0].dim[axis]) return ci_tensor_refuse(c, err, "takes more than there are");
  ci_array_like(c->out, &c->in[0]);
  c->out->dim[axis] = k[0];
  if (c->which) c->out->type = CI_INT;
  return c->which > 1 ? ci_tensor_refuse(c, err, "has two outputs") : CNNIMG_OK;
}

/* Does element a come before b? Equal ones in the order of their places. */
static bool before(const ci_tensor_call *c, const rows *r, size_t first, size_t a, size_t b) {
  float x = at(&c->in[0], r, first, a), y = at(&c->in[0], r, first, b);
  if (x == y || x != x || y != y) return x == x && y != y ? true : x != x && y == y ? false : a < b;
  return ci_attr_int(c->node, "largest", 1) ? x > y : x < y;
}

/* One by one, the best of those behind the last: k passes, no memory. */
static void top_run(const ci_tensor_call *c) {
  int64_t axis = ci_attr_int(c->node, "axis", -1);
  if (axis < 0) axis += c->in[0].rank;
  rows r = rows_of(&c->in[0], (int32_t)axis), o = rows_of(c->out, (int32_t)axis);
  for (size_t i = 0; i < r.count && o.length; i++) {
    size_t first = row_first(&r, i), last = SIZE_MAX;
    for (size_t k = 0; k < o.length; k++) {
      size_t best = SIZE_MAX;
      for (size_t j = 0; j < r.length; j++)
        if ((last == SIZE_MAX || before(c, &r, first, last, j)) && j != last && (best == SIZE_MAX || before(c, &r, first, j, best))) best = j;
      if (best == SIZE_MAX) best = 0;
      ci_array_set(c->out, row_first(&o, i) + k * o.inner, c->which ? (double)best : (double)at(&c->in[0], &r, first, best));
      last = best;
    }
  }
}

/* ---- running sums --------------------------------------------------------------------------------------------- */

static int sum_shape(const ci_tensor_call *c, cnnimg_error *err) {
  int64_t axis[1];
  int32_t n, a;
  int status = ci_tensor_ints(c, 1, NULL, axis, 1, &n, err);
  if (!status && n != 1) status = ci_tensor_refuse(c, err, "its axis is not one number");
  if (!status) status = ci_tensor_axis(c, axis[0], c->in[0].rank, &a, err);
  ci_array_like(c->out, &c->in[0]);
  return status;
}

static void sum_run(const ci_tensor_call *c) {
  int64_t axis = ci_array_int(&c->in[1], 0);
  bool exclusive = ci_attr_int(c->node, "exclusive", 0) != 0, reverse = ci_attr_int(c->node, "reverse", 0) != 0;
  rows r = rows_of(&c->in[0], (int32_t)(axis < 0 ? axis + c->in[0].rank : axis));
  for (size_t i = 0; i < r.count; i++) {
    size_t first = row_first(&r, i);
    double sum = 0;
    for (size_t j = 0; j < r.length; j++) {
      size_t k = reverse ? r.length - 1 - j : j;
      double x = (double)at(&c->in[0], &r, first, k);
      ci_array_set(c->out, first + k * r.inner, exclusive ? sum : sum + x);
      sum += x;
    }
  }
}

const ci_tensor_op ci_tensor_row_ops[] = {
    {"Softmax", 1, 1, "axis", soft_shape, NULL, soft_run},
    {"LogSoftmax", 1, 1, "axis", soft_shape, NULL, soft_run},
    {"Hardmax", 1, 1, "axis", soft_shape, NULL, soft_run},
    {"ArgMax", 1, 1, "axis keepdims select_last_index", arg_shape, NULL, arg_run},
    {"ArgMin", 1, 1, "axis keepdims select_last_index", arg_shape, NULL, arg_run},
    {"TopK", 1, 2, "axis largest sorted k", top_shape, NULL, top_run},
    {"CumSum", 2, 2, "exclusive reverse", sum_shape, NULL, sum_run},
    {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
