/* SPDX-License-Identifier: MIT */
/* view.c - the same elements under other dimensions: reshape, flatten, squeeze, unsqueeze */
#include <string.h>

#include "base/memory.h"
#include "tensor/tensor_op.h"

static int reshape_shape(const ci_tensor_call *c, cnnimg_error *err) {
  int64_t *d = c->out->dim;
  size_t known = 1;
  int32_t n, open = -1;
  int status = ci_tensor_ints(c, 1, "shape", d, CI_MAX_RANK, &n, err);
  if (status) return status;
  if (n < 0) return ci_tensor_refuse(c, err, "its shape is missing");
  bool zero_is_zero = ci_attr_int(c->node, "allowzero", 0) != 0;
  for (int32_t i = 0; i < n; i++) {
    if (d[i] == 0 && !zero_is_zero && i < c->in[0].rank) d[i] = c->in[0].dim[i];
    if (d[i] == -1 && open < 0) open = i;
    else if (d[i] < 0 || !ci_mul(known, (size_t)d[i], &known)) return ci_tensor_refuse(c, err, "reshapes to an impossible shape");
  }
  if (open >= 0) d[open] = known ? (int64_t)(c->in[0].count / known) : 0;
  if (known * (open >= 0 ? (size_t)d[open] : 1) != c->in[0].count)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "%zu elements do not fit the new shape", c->in[0].count);
  c->out->rank = n;
  c->out->type = c->in[0].type;
  return CNNIMG_OK;
}

static int flatten_shape(const ci_tensor_call *c, cnnimg_error *err) {
  int64_t axis = ci_attr_int(c->node, "axis", 1);
  int32_t rank = c->in[0].rank;
  if (axis < -rank || axis > rank) return ci_tensor_refuse(c, err, "its axis is out of range");
  if (axis < 0) axis += rank;
  c->out->rank = 2, c->out->type = c->in[0].type;
  c->out->dim[0] = (int64_t)ci_array_product(&c->in[0], 0, (int32_t)axis);
  c->out->dim[1] = (int64_t)ci_array_product(&c->in[0], (int32_t)axis, rank);
  return CNNIMG_OK;
}

/* Marks the axes, which count in a shape of that rank. */
static int mark(const ci_tensor_call *c, const int64_t *axes, int32_t n, int32_t rank, bool *marked, cnnimg_error *err) {
  for (int32_t i = 0, a; i < n; i++) {
    int status = ci_tensor_axis(c, axes[i], rank, &a, err);
    if (status) return status;
    if (marked[a]) return ci_tensor_refuse(c, err, "names an axis twice");
    marked[a] = true;
  }
  return CNNIMG_OK;
}

static int squeeze_shape(const ci_tensor_call *c, cnnimg_error *err) {
  int64_t axes[CI_MAX_RANK];
  bool gone[CI_MAX_RANK] = {false};
  const ci_array *x = &c->in[0];
  int32_t n;
  int status = ci_tensor_ints(c, 1, "axes", axes, CI_MAX_RANK, &n, err);
  if (!status && n > 0) status = mark(c, axes, n, x->rank, gone, err);
  if (status) return status;
  c->out->rank = 0, c->out->type = x->type;
  for (int32_t i = 0; i < x->rank; i++) {
    if (gone[i] && x->dim[i] != 1) return ci_tensor_refuse(c, err, "squeezes a dimension that is not 1");
    if (n < 0 ? x->dim[i] != 1 : !gone[i]) c->out->dim[c->out->rank++] = x->dim[i];
  }
  return CNNIMG_OK;
}

static int unsqueeze_shape(const ci_tensor_call *c, cnnimg_error *err) {
  int64_t axes[CI_MAX_RANK];
  bool added[CI_MAX_RANK] = {false};
  int32_t n;
  int status = ci_tensor_ints(c, 1, "axes", axes, CI_MAX_RANK, &n, err);
  if (status) return status;
  if (n < 0 || c->in[0].rank + n > CI_MAX_RANK) return ci_tensor_refuse(c, err, "its axes are missing or too many");
  c->out->rank = c->in[0].rank + n, c->out->type = c->in[0].type;
  if ((status = mark(c, axes, n, c->out->rank, added, err))) return status;
  for (int32_t i = 0, from = 0; i < c->out->rank; i++) c->out->dim[i] = added[i] ? 1 : c->in[0].dim[from++];
  return CNNIMG_OK;
}

static void run(const ci_tensor_call *c) {
  const ci_array *x = &c->in[0];
  if (x->dtype == c->out->dtype && x->count) memcpy(c->out->data, x->data, x->count * (x->dtype == CI_I64 ? 8 : 4));
  if (x->dtype == c->out->dtype) return;
  for (size_t i = 0; i < x->count; i++) {
    if (c->out->dtype == CI_I64) ((int64_t *)c->out->data)[i] = ci_array_int(x, i);
    else ((float *)c->out->data)[i] = ci_array_float(x, i);
  }
}

const ci_tensor_op ci_tensor_view_ops[] = {
    {"Reshape", 1, 2, "allowzero shape", reshape_shape, NULL, run},
    {"Flatten", 1, 1, "axis", flatten_shape, NULL, run},
    {"Squeeze", 1, 2, "axes", squeeze_shape, NULL, run},
    {"Unsqueeze", 1, 2, "axes", unsqueeze_shape, NULL, run},
    {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
