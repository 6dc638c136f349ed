/* SPDX-License-Identifier: MIT */
/* gather.c - elements by indices: gather, scatter and their kin */
#include <string.h>

#include "tensor/tensor_op.h"

static void copy_one(ci_array *out, size_t i, const ci_array *in, size_t k) {
  if (out->dtype == CI_I64) ((int64_t *)out->data)[i] = ci_array_int(in, k);
  else ((float *)out->data)[i] = ci_array_float(in, k);
}

/* An index as 0..size-1; negative ones count from the end. Unknown ones are only seen at run(): the nearest. */
static size_t index_of(const ci_array *a, size_t i, int64_t size) {
  int64_t v = ci_array_int(a, i);
  if (v < 0) v += size;
  return (size_t)(v < 0 ? 0 : v >= size ? size - 1 : v);
}

/* Indices that are known by now must lie within. */
static int check_indices(const ci_tensor_call *c, int32_t k, int64_t size, cnnimg_error *err) {
  const ci_array *a = &c->in[k];
  if (!size && a->count) return ci_tensor_refuse(c, err, "takes elements of nothing");
  for (size_t i = 0; a->data && i < a->count; i++) {
    int64_t v = ci_array_int(a, i);
    if (v < -size || v >= size)
      return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "index %lld of %lld", (long long)v, (long long)size);
  }
  return CNNIMG_OK;
}

/* ---- gather ------------------------------------------------------------------------------------ */

static int gather_shape(const ci_tensor_call *c, cnnimg_error *err) {
  const ci_array *x = &c->in[0], *pick = &c->in[1];
  int32_t axis;
  int status = ci_tensor_axis(c, ci_attr_int(c->node, "axis", 0), x->rank, &axis, err);
  if (!status) status = check_indices(c, 1, x->dim[axis], err);
  if (status) return status;
  if (x->rank - 1 + pick->rank > CI_MAX_RANK) return ci_tensor_refuse(c, err, "makes more than 8 dimensions");
  c->out->type = x->type, c->out->rank = 0;
  for (int32_t i = 0; i < axis; i++) c->out->dim[c->out->rank++] = x->dim[i];
  for (int32_t i = 0; i < pick->rank; i++) c->out->dim[c->out->rank++] = pick->dim[i];
  for (int32_t i = axis + 1; i < x->rank; i++) c->out->dim[c->out->rank++] = x->dim[i];
  return CNNIMG_OK;
}

static void gather_run(const ci_tensor_call *c) {
  const ci_array *x = &c->in[0], *pick = &c->in[1];
  int64_t axis = ci_attr_int(c->node, "axis", 0);
  if (axis < 0) axis += x->rank;
  size_t outer = ci_array_product(x, 0, (int32_t)axis), inner = ci_array_product(x, (int32_t)axis + 1, x->rank), at = 0;
  for (size_t o = 0; o < outer; o++)
    for (size_t i = 0; i < pick->count; i++) {
      size_t from = (o * (size_t)x->dim[axis] + index_of(pick, i, x->dim[axis])) * inner;
      for (size_t k = 0; k < inner; k++) copy_one(c->out, at++, x, from + k);
    }
}

/* ---- elements: the result has the shape of the indices ---------------------------------------------- */

/* Where element i of `a` (its indices along `axis` replaced by `along`) lies in x. */
static size_t place(const ci_array *x, const ci_array *a, size_t i, int32_t axis, size_t along) {
  size_t at = 0, stride = 1;
  for (int32_t k = x->rank - 1; k >= 0; k--) {
    size_t pos = i % (size_t)a->dim[k];
    i /= (size_t)a->dim[k];
    at += (k == axis ? along : pos) * stride;
    stride *= (size_t)x->dim[k];
  }
  return at;
}

static int same_but_axis(const ci_tensor_call *c, const ci_array *x, const ci_array *a, int32_t axis, cnnimg_error *err) {
  if (a->rank != x->rank) return ci_tensor_refuse(c, err, "its indices have another number of dimensions");
  for (int32_t i = 0; i < x->rank; i++)
    if (i != axis && a->dim[i] > x->dim[i]) return ci_tensor_refuse(c, err, "has more indices than elements");
  return CNNIMG_OK;
}

static int elements_shape(const ci_tensor_call *c, cnnimg_error *err) {
  int32_t axis;
  int status = ci_tensor_axis(c, ci_attr_int(c->node, "axis", 0), c->in[0].rank, &axis, err);
  if (!status) status = same_but_axis(c, &c->in[0], &c->in[1], axis, err);
  if (!status) status = check_indices(c, 1, c->in[0].dim[axis], err);
  ci_array_like(c->out, &c->in[1]);
  c->out->type = c->in[0].type;
  return status;
}

static void elements_run(const ci_tensor_call *c) {
  const ci_array *x = &c->in[0], *pick = &c->in[1];
  int64_t axis = ci_attr_int(c->node, "axis", 0);
  if (axis < 0) axis += x->rank;
  for (size_t i = 0; i < c->out->count; i++)
    copy_one(c->out, i, x, place(x, pick, i, (int32_t)axis, index_of(pick, i, x->dim[axis])));
}

enum { PUT, ADD, MUL, MAX, MIN };

static int reduction_of(const ci_tensor_call *c) {
  static const char *const names[] = {"none", "add", "mul", "max", "min", NULL};
  const char *word = ci_attr_string(c->node, "reduction", "none");
  for (int i = 0; names[i]; i++)
    if (!strcmp(names[i], word)) return i;
  return -1;
}

static void put(ci_array *out, size_t at, const ci_array *from, size_t i, int how) {
  if (how == PUT) {
    copy_one(out, at, from, i);
    return;
  }
  float x = ci_array_float(out, at), y = ci_array_float(from, i);
  ci_array_set(out, at, how == ADD ? x + y : how == MUL ? x * y : how == MAX ? (x > y ? x : y) : x < y ? x : y);
}

static int scatter_shape(const ci_tensor_call *c, cnnimg_error *err) {
  int32_t axis;
  int status = ci_tensor_axis(c, ci_attr_int(c->node, "axis", 0), c->in[0].rank, &axis, err);
  if (!status) status = same_but_axis(c, &c->in[0], &c->in[1], axis, err);
  if (!status) status = check_indices(c, 1, c->in[0].dim[axis], err);
  if (!status && (c->in[1].rank != c->in[2].rank || c->in[1].count != c->in[2].count)) status = ci_tensor_refuse(c, err, "has not an update for each index");
  if (!status && reduction_of(c) < 0) status = ci_tensor_refuse(c, err, "its reduction is not known");
  ci_array_like(c->out, &c->in[0]);
  return status;
}

static void scatter_run(const ci_tensor_call *c) {
  const ci_array *x = &c->in[0], *pick = &c->in[1];
  int64_t axis = ci_attr_int(c->node, "axis", 0);
  if (axis < 0) axis += x->rank;
  for (size_t i = 0; i < x->count; i++) copy_one(c->out, i, x, i);
  for (size_t i = 0; i < pick->count; i++)
    put(c->out, place(x, pick, i, (int32_t)axis, index_of(pick, i, x->dim[axis])), &c->in[2], i, reduction_of(c));
}

/* ---- slices by tuples of indices ---------------------------------------------------------------------- */

/* Where the slice that tuple i names begins; the first `batch` dimensions are those of the tuple's own place. */
static size_t tuple(const ci_array *x, const ci_array *a, size_t i, int32_t batch, size_t per_batch) {
  int32_t n = (int32_t)a->dim[a->rank - 1];
  size_t at = batch ? i / per_batch : 0;
  for (int32_t k = 0; k < n; k++)
    at = at * (size_t)x->dim[batch + k] + index_of(a, i * (size_t)n + (size_t)k, x->dim[batch + k]);
  return at * ci_array_product(x, batch + n, x->rank);
}

static int check_tuples(const ci_tensor_call *c, int32_t batch, cnnimg_error *err) {
  const ci_array *x = &c->in[0], *a = &c->in[1];
  if (a->rank < 1 || batch < 0 || batch >= a->rank || batch >= x->rank || a->dim[a->rank - 1] < 1 || a->dim[a->rank - 1] > x->rank - batch)
    return ci_tensor_refuse(c, err, "its indices do not fit");
  for (int32_t i = 0; i < batch; i++)
    if (a->dim[i] != x->dim[i]) return ci_tensor_refuse(c, err, "its batches do not match");
  int32_t n = (int32_t)a->dim[a->rank - 1];
  for (size_t i = 0; a->data && i < a->count; i++) {
    int64_t v = ci_array_int(a, i), size = x->dim[batch + (int32_t)(i % (size_t)n)];
    if (v < -size || v >= size) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "index %lld of %lld", (long long)v, (long long)size);
  }
  return x->count || !a->count ? CNNIMG_OK : ci_tensor_refuse(c, err, "takes elements of nothing");
}

static int nd_shape(const ci_tensor_call *c, cnnimg_error *err) {
  const ci_array *x = &c->in[0], *a = &c->in[1];
  int32_t batch = (int32_t)ci_attr_int(c->node, "batch_dims", 0);
  int status = check_tuples(c, batch, err);
  if (status) return status;
  int32_t n = (int32_t)a->dim[a->rank - 1];
  if (a->rank - 1 + x->rank - batch - n > CI_MAX_RANK) return ci_tensor_refuse(c, err, "makes more than 8 dimensions");
  c->out->type = x->type, c->out->rank = 0;
  for (int32_t i = 0; i < a->rank - 1; i++) c->out->dim[c->out->rank++] = a->dim[i];
  for (int32_t i = batch + n; i < x->rank; i++) c->out->dim[c->out->rank++] = x->dim[i];
  return CNNIMG_OK;
}

static void nd_run(const ci_tensor_call *c) {
  const ci_array *x = &c->in[0], *a = &c->in[1];
  int32_t batch = (int32_t)ci_attr_int(c->node, "batch_dims", 0), n = (int32_t)a->dim[a->rank - 1];
  size_t slice = ci_array_product(x, batch + n, x->rank), tuples = a->count / (size_t)n;
  size_t per_batch = ci_array_product(a, batch, a->rank - 1);
  for (size_t i = 0; i < tuples; i++) {
    size_t from = tuple(x, a, i, batch, per_batch);
    for (size_t k = 0; k < slice; k++) copy_one(c->out, i * slice + k, x, from + k);
  }
}

static int scatter_nd_shape(const ci_tensor_call *c, cnnimg_error *err) {
  const ci_array *x = &c->in[0], *a = &c->in[1];
  int status = check_tuples(c, 0, err);
  if (status) return status;
  int32_t n = (int32_t)a->dim[a->rank - 1];
  if (c->in[2].count != a->count / (size_t)n * ci_array_product(x, n, x->rank)) return ci_tensor_refuse(c, err, "has not an update for each index");
  if (reduction_of(c) < 0) return ci_tensor_refuse(c, err, "its reduction is not known");
  ci_array_like(c->out, x);
  return CNNIMG_OK;
}

static void scatter_nd_run(const ci_tensor_call *c) {
  const ci_array *x = &c->in[0], *a = &c->in[1];
  int32_t n = (int32_t)a->dim[a->rank - 1];
  size_t slice = ci_array_product(x, n, x->rank), tuples = a->count / (size_t)n;
  for (size_t i = 0; i < x->count; i++) copy_one(c->out, i, x, i);
  for (size_t i = 0; i < tuples; i++) {
    size_t to = tuple(x, a, i, 0, tuples);
    for (size_t k = 0; k < slice; k++) put(c->out, to + k, &c->in[2], i * slice + k, reduction_of(c));
  }
}

/* ---- compress: what a known condition keeps ------------------------------------------------------------- */

static int compress_shape(const ci_tensor_call *c, cnnimg_error *err) {
  const ci_array *x = &c->in[0], *keep = &c->in[1];
  int32_t axis = -1;
  int64_t n = 0;
  bool flat = !ci_attr_find(c->node, "axis");
  int status = flat ? CNNIMG_OK : ci_tensor_axis(c, ci_attr_int(c->node, "axis", 0), x->rank, &axis, err);
  if (status) return status;
  if (!keep->data || keep->rank != 1) return ci_tensor_refuse(c, err, "its condition must be known");
  size_t size = flat ? x->count : (size_t)x->dim[axis];
  for (size_t i = 0; i < keep->count && i < size; i++) n += ci_array_float(keep, i) != 0;
  ci_array_like(c->out, x);
  if (flat) c->out->rank = 1, c->out->dim[0] = n;
  else c->out->dim[axis] = n;
  return CNNIMG_OK;
}

static void compress_run(const ci_tensor_call *c) {
  const ci_array *x = &c->in[0], *keep = &c->in[1];
  bool flat = !ci_attr_find(c->node, "axis");
  int64_t axis = ci_attr_int(c->node, "axis", 0);
  if (axis < 0) axis += x->rank;
  size_t size = flat ? x->count : (size_t)x->dim[axis], inner = flat ? 1 : ci_array_product(x, (int32_t)axis + 1, x->rank), at = 0;
  for (size_t i = 0; i < x->count; i++) {
    size_t k = i / inner % size;
    if (k < keep->count && ci_array_float(keep, k) != 0 && at < c->out->count) copy_one(c->out, at++, x, i);
  }
}

const ci_tensor_op ci_tensor_gather_ops[] = {
    {"Gather", 2, 2, "axis", gather_shape, NULL, gather_run},
    {"GatherElements", 2, 2, "axis", elements_shape, NULL, elements_run},
    {"GatherND", 2, 2, "batch_dims", nd_shape, NULL, nd_run},
    {"Scatter", 3, 3, "axis", scatter_shape, NULL, scatter_run},
    {"ScatterElements", 3, 3, "axis reduction", scatter_shape, NULL, scatter_run},
    {"ScatterND", 3, 3, "reduction", scatter_nd_shape, NULL, scatter_nd_run},
    {"Compress", 2, 2, "axis", compress_shape, NULL, compress_run},
    {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
