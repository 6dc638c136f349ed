/* SPDX-License-Identifier: MIT */
/* nn_pool_all.c - one number a channel of held arrays: average, maximum, p-norm; and the undoing of a pooling */
#include <math.h>

#include "tensor/nn.h"

/* ---- global pooling -------------------------------------------------------------------- */

static int global_shape(const ci_tensor_call *c, cnnimg_error *err) {
  const ci_array *x = &c->in[0];
  int64_t p;
  int status = ci_nn_outputs(c, 1, err);
  if (!status) status = ci_nn_float(c, 0, 2, CI_MAX_RANK, err);
  if (!status) status = ci_nn_int(c, "p", 2, 1, 1 << 16, &p, err);
  if (status) return status;
  ci_array_like(c->out, x);
  for (int32_t i = 2; i < x->rank; i++) {
    if (x->dim[i] < 1) return ci_tensor_refuse(c, err, "there is nothing to pool");
    c->out->dim[i] = 1;
  }
  return CNNIMG_OK;
}

static double average(const float *x, size_t n, int64_t p) {
  double sum = 0;
  (void)p;
  for (size_t i = 0; i < n; i++) sum += (double)x[i];
  return sum / (double)n;
}

static double maximum(const float *x, size_t n, int64_t p) {
  float most = x[0];
  (void)p;
  for (size_t i = 1; i < n; i++) most = x[i] > most || x[i] != x[i] ? x[i] : most;
  return (double)most;
}

static double norm(const float *x, size_t n, int64_t p) {
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += p == 2 ? (double)x[i] * (double)x[i] : pow(fabs((double)x[i]), (double)p);
  return p == 2 ? sqrt(sum) : pow(sum, 1.0 / (double)p);
}

static void each_channel(const ci_tensor_call *c, double (*of)(const float *x, size_t n, int64_t p)) {
  const float *x = c->in[0].data;
  if (!c->out->count) return;
  size_t n = ci_array_product(&c->in[0], 2, c->in[0].rank);
  int64_t p = ci_attr_int(c->node, "p", 2);
  for (size_t i = 0; i < c->out->count; i++) ((float *)c->out->data)[i] = (float)of(x + i * n, n, p);
}

static void run_average(const ci_tensor_call *c) { each_channel(c, average); }
static void run_maximum(const ci_tensor_call *c) { each_channel(c, maximum); }
static void run_norm(const ci_tensor_call *c) { each_channel(c, norm); }

/* ---- MaxUnpool ------------------------------------------------------------------------- */

/* The sizes that were pooled, as strides, kernel and pads tell. */
static int unpooled(const ci_tensor_call *c, ci_nn_axis axis[CI_NN_SPATIAL], int64_t dim[CI_MAX_RANK],
                    cnnimg_error *err) {
  const ci_array *x = &c->in[0];
  int32_t auto_pad;
  int status = ci_nn_steps(c, NULL, axis, &auto_pad, err);
  if (status) return status;
  dim[0] = x->dim[0];
  dim[1] = x->dim[1];
  for (int32_t i = 2; i < x->rank; i++) {
    const ci_nn_axis *a = &axis[i - x->rank + CI_NN_SPATIAL];
    dim[i] = x->dim[i] ? (x->dim[i] - 1) * a->stride - a->before - a->after + a->taps : 0;
    if (dim[i] < 0 || (x->dim[i] && !dim[i]) || dim[i] > CI_TENSOR_MOST)
      return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "an axis of %lld would have been pooled",
                            (long long)dim[i]);
  }
  return CNNIMG_OK;
}

static int unpool_shape(const ci_tensor_call *c, cnnimg_error *err) {
  const ci_array *x = &c->in[0], *at = &c->in[1];
  ci_nn_axis axis[CI_NN_SPATIAL];
  int64_t dim[CI_MAX_RANK], given[CI_MAX_RANK];
  int32_t n = -1;
  int status = ci_nn_outputs(c, 1, err);
  if (!status) status = ci_nn_float(c, 0, 3, 2 + CI_NN_SPATIAL, err);
  if (!status) status = unpooled(c, axis, dim, err);
  if (!status) status = ci_tensor_ints(c, 2, NULL, given, CI_MAX_RANK, &n, err);
  if (status) return status;
  if (at->rank != x->rank || memcmp(at->dim, x->dim, (size_t)x->rank * sizeof *x->dim))
    return ci_tensor_refuse(c, err, "values and places differ in shape");
  if (n >= 0 && n != x->rank)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "output_shape has %d numbers for %d axes", n, x->rank);
  ci_array_like(c->out, x);
  for (int32_t i = 0; i < x->rank; i++) {
    c->out->dim[i] = n < 0 ? dim[i] : given[i];
    if (c->out->dim[i] < dim[i])
      return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "output_shape of %lld where %lld were pooled",
                            (long long)c->out->dim[i], (long long)dim[i]);
  }
  return CNNIMG_OK;
}

/* Place `at` of an array of sizes dim, in the possibly larger output; -1: outside. */
static int64_t moved(const ci_tensor_call *c, const int64_t dim[CI_MAX_RANK], int64_t at) {
  int64_t to = 0, step = 1;
  if (at < 0) return -1;
  for (int32_t i = c->out->rank; i-- > 0; step *= c->out->dim[i]) {
    if (!dim[i]) return -1;
    to += at % dim[i] * step;
    at /= dim[i];
  }
  return at ? -1 : to;
}

/* Places count in the sizes that were pooled, also where output_shape is larger: so ONNX's own test has it. */
static void run_unpool(const ci_tensor_call *c) {
  ci_nn_axis axis[CI_NN_SPATIAL];
  int64_t dim[CI_MAX_RANK];
  if (!c->out->count || unpooled(c, axis, dim, NULL)) return;
  ci_nn_fill(c->out, 0, 0, c->out->count);
  for (size_t i = 0; i < c->in[0].count; i++) {
    int64_t to = moved(c, dim, ci_array_int(&c->in[1], i));
    if (to >= 0) ci_nn_copy_one(c->out, (size_t)to, &c->in[0], i);
  }
}

const ci_tensor_op ci_tensor_nn_pool_all_ops[] = {
    {"GlobalAveragePool", 1, 1, "", global_shape, NULL, run_average},
    {"GlobalMaxPool", 1, 1, "", global_shape, NULL, run_maximum},
    {"GlobalLpPool", 1, 1, "p", global_shape, NULL, run_norm},
    {"MaxUnpool", 2, 3, "kernel_shape pads strides", unpool_shape, NULL, run_unpool},
    {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
