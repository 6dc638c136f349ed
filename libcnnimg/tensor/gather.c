/* SPDX-License-Identifier: MIT */
/* gather.c - elements that indices name: Gather, GatherElements, GatherND */
#include "tensor/array.h"

static int axis_of(const ci_tensor_call *c, int32_t *axis, cnnimg_error *err) {
  return ci_tensor_axis(c, ci_attr_int(c->node, "axis", 0), c->in[0].rank, axis, err);
}

/* ---- Gather ------------------------------------------------------------------------------ */

static int gather_shape(const ci_tensor_call *c, cnnimg_error *err) {
  const ci_array *in = &c->in[0], *index = &c->in[1];
  int32_t axis, n = 0;
  int status = axis_of(c, &axis, err);
  if (!status) status = ci_tensor_indices(c, 1, in->dim[axis], err);
  if (status) return status;
  if (in->rank + index->rank - 1 > CI_MAX_RANK) return ci_tensor_refuse(c, err, "too many dimensions");
  for (int32_t i = 0; i < axis; i++) c->out->dim[n++] = in->dim[i];
  for (int32_t i = 0; i < index->rank; i++) c->out->dim[n++] = index->dim[i];
  for (int32_t i = axis + 1; i < in->rank; i++) c->out->dim[n++] = in->dim[i];
  c->out->type = in->type, c->out->rank = n;
  return CNNIMG_OK;
}

static void gather_run(const ci_tensor_call *c) {
  int32_t axis = 0;
  axis_of(c, &axis, NULL);
  if (!c->out->count) return;
  ci_lanes l = ci_array_lanes(&c->in[0], axis);
  size_t n = c->in[1].count;
  for (size_t b = 0; b < l.before; b++)
    for (size_t i = 0; i < n; i++) {
      size_t k = ci_array_index(&c->in[1], i, (int64_t)l.size);
      ci_array_copy(c->out, (b * n + i) * l.after, &c->in[0], (b * l.size + k) * l.after, l.after, 1);
    }
}

/* ---- GatherElements ---------------------------------------------------------------------- */

static int elements_shape(const ci_tensor_call *c, cnnimg_error *err) {
  const ci_array *in = &c->in[0], *index = &c->in[1];
  int32_t axis;
  int status = axis_of(c, &axis, err);
  if (status) return status;
  if (index->rank != in->rank)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "indices of %d dimensions for %d", index->rank, in->rank);
  for (int32_t i = 0; i < in->rank; i++)
    if (i != axis && index->dim[i] > in->dim[i])
      return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "indices for %lld of %lld", (long long)index->dim[i],
                            (long long)in->dim[i]);
  ci_array_like(c->out, index);
  c->out->type = in->type;
  return ci_tensor_indices(c, 1, in->dim[axis], err);
}

static void elements_run(const ci_tensor_call *c) {
  const ci_array *in = &c->in[0], *index = &c->in[1];
  int32_t axis = 0;
  int64_t step[CI_MAX_RANK], along;
  axis_of(c, &axis, NULL);
  ci_array_steps(in, step);
  along = step[axis];
  step[axis] = 0; /* the index says how far along the axis */
  ci_walk w;
  ci_walk_init(&w, c->out->rank, c->out->dim);
  ci_walk_add_steps(&w, 0, step);
  ci_walk_start(&w);
  for (size_t r = 0; r < w.rows; r++, ci_walk_next(&w))
    for (size_t i = 0; i < w.n; i++) {
      int64_t at = w.at[0] + (int64_t)i * ci_walk_step(&w, 0);
      at += (int64_t)ci_array_index(index, r * w.n + i, in->dim[axis]) * along;
      ci_array_copy(c->out, r * w.n + i, in, (size_t)at, 1, 1);
    }
}

/* ---- GatherND ------------------------------------------------------------------------------ */

static int nd_shape(const ci_tensor_call *c, cnnimg_error *err) {
  const ci_array *in = &c->in[0], *index = &c->in[1];
  int64_t batch = ci_attr_int(c->node, "batch_dims", 0);
  if (!in->rank || !index->rank || batch < 0 || batch >= in->rank || batch >= index->rank)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "%lld dimensions of %d and %d as a batch", (long long)batch,
                          in->rank, index->rank);
  int64_t k = index->dim[index->rank - 1];
  int32_t b = (int32_t)batch, n = 0;
  if (k < 1 || k > in->rank - b)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "indices of %lld numbers for %d dimensions", (long long)k,
                          in->rank - b);
  for (int32_t i = 0; i < b; i++)
    if (in->dim[i] != index->dim[i]) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "batches do not match");
  if (index->rank - 1 + in->rank - b - k > CI_MAX_RANK)
    return ci_tensor_refuse(c, err, "too many dimensions");
  for (int32_t i = 0; i < index->rank - 1; i++) c->out->dim[n++] = index->dim[i];
  for (int32_t i = b + (int32_t)k; i < in->rank; i++) c->out->dim[n++] = in->dim[i];
  c->out->type = in->type, c->out->rank = n;
  return ci_tensor_lists(c, 1, b, err);
}

static void nd_run(const ci_tensor_call *c) {
  const ci_array *in = &c->in[0], *index = &c->in[1];
  int32_t b = (int32_t)ci_attr_int(c->node, "batch_dims", 0), k = (int32_t)index->dim[index->rank - 1];
  if (!c->out->count) return;
  size_t n = ci_array_product(in, b + k, in->rank), lists = index->count / (size_t)k;
  size_t batches = ci_array_product(in, 0, b), whole = ci_array_product(in, b, in->rank);
  for (size_t i = 0; i < lists; i++) {
    size_t at = i / (lists / batches) * whole + ci_array_list(in, b, index, i);
    ci_array_copy(c->out, i * n, in, at, n, 1);
  }
}

const ci_tensor_op ci_tensor_gather_ops[] = {
    {"Gather", 2, 2, "axis", gather_shape, NULL, gather_run},
    {"GatherElements", 2, 2, "axis", elements_shape, NULL, elements_run},
    {"GatherND", 2, 2, "batch_dims", nd_shape, NULL, nd_run},
    {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
