/* SPDX-License-Identifier: MIT */
/* nn_pool.c - maximum, average and p-norm of the windows of held arrays */
#include <math.h>

#include "tensor/nn.h"

typedef struct pool {
  enum { POOL_MAX, POOL_AVERAGE, POOL_LP } kind;
  int64_t p, column_major;
  bool pad_counts;
  ci_nn_axis axis[CI_NN_SPATIAL];
} pool;

static int pool_of(const ci_tensor_call *c, pool *v, cnnimg_error *err) {
  const char *type = c->node->type;
  int64_t ceil_mode = 0, counts = 0;
  *v = (pool){.kind = type[0] == 'M' ? POOL_MAX : type[0] == 'A' ? POOL_AVERAGE : POOL_LP};
  int status = ci_nn_outputs(c, v->kind == POOL_MAX ? 2 : 1, err);
  if (!status && v->kind != POOL_MAX) status = ci_nn_float(c, 0, 3, 2 + CI_NN_SPATIAL, err);
  if (!status && c->in[0].type == CI_BOOL) status = ci_tensor_refuse(c, err, "truth values cannot be pooled");
  if (!status) status = ci_nn_int(c, "ceil_mode", 0, 0, 1, &ceil_mode, err);
  if (!status) status = ci_nn_int(c, "count_include_pad", 0, 0, 1, &counts, err);
  if (!status) status = ci_nn_int(c, "storage_order", 0, 0, 1, &v->column_major, err);
  if (!status) status = ci_nn_int(c, "p", 2, 1, 1 << 16, &v->p, err);
  v->pad_counts = counts != 0;
  return status ? status : ci_nn_window(c, NULL, ceil_mode != 0, v->axis, err);
}

static int shape(const ci_tensor_call *c, cnnimg_error *err) {
  pool v;
  int status = pool_of(c, &v, err);
  if (status) return status;
  ci_nn_result(c, c->in[0].dim[1], v.axis);
  c->out->type = c->which == 1 ? CI_INT : c->in[0].type;
  return CNNIMG_OK;
}

/* ---- the largest, with its place: any storage, one output at a time -------------------- */

/* The element of the plane that is the largest of the window, the first of equals; -1: the window is empty. */
static int64_t largest(const pool *v, const ci_array *in, int64_t plane, const int64_t o[CI_NN_SPATIAL]) {
  const ci_nn_axis *a = v->axis;
  int64_t t0[CI_NN_SPATIAL], t1[CI_NN_SPATIAL], best = -1;
  double most = 0;
  for (int i = 0; i < CI_NN_SPATIAL; i++) ci_nn_taps(&a[i], o[i], &t0[i], &t1[i]);
  for (int64_t z = t0[0]; z < t1[0]; z++)
    for (int64_t y = t0[1]; y < t1[1]; y++)
      for (int64_t x = t0[2]; x < t1[2]; x++) {
        int64_t row = ci_nn_at(&a[0], o[0], z) * a[1].in + ci_nn_at(&a[1], o[1], y);
        int64_t at = row * a[2].in + ci_nn_at(&a[2], o[2], x);
        double value = ci_nn_number(in, (size_t)(plane + at));
        if (best >= 0 && !(value > most || (isnan(value) && !isnan(most)))) continue;
        best = at;
        most = value;
      }
  return best;
}

/* The place as storage_order has it. */
static int64_t place(const pool *v, const ci_array *in, int64_t at) {
  const ci_nn_axis *a = v->axis;
  if (!v->column_major || in->rank < 4) return at;
  int64_t x = at % a[2].in, y = at / a[2].in % a[1].in, z = at / a[2].in / a[1].in;
  return in->rank == 4 ? y + x * a[1].in : z + y * a[0].in + x * a[0].in * a[1].in;
}

static void max_one(const pool *v, const ci_tensor_call *c, int64_t plane, size_t out,
                    const int64_t o[CI_NN_SPATIAL]) {
  int64_t at = largest(v, &c->in[0], plane, o);
  if (c->which == 0 && at >= 0) ci_nn_copy_one(c->out, out, &c->in[0], (size_t)(plane + at));
  else if (c->which == 0) ci_array_set(c->out, out, c->out->dtype == CI_F32 ? -INFINITY : 0);
  else ci_array_set(c->out, out, at < 0 ? -1 : (double)(plane + place(v, &c->in[0], at)));
}

static void run_max(const pool *v, const ci_tensor_call *c, int64_t planes) {
  const ci_nn_axis *a = v->axis;
  int64_t size = a[0].in * a[1].in * a[2].in, o[CI_NN_SPATIAL];
  size_t out = 0;
  for (int64_t p = 0; p < planes; p++)
    for (o[0] = 0; o[0] < a[0].out; o[0]++)
      for (o[1] = 0; o[1] < a[1].out; o[1]++)
        for (o[2] = 0; o[2] < a[2].out; o[2]++) max_one(v, c, p * size, out++, o);
}

/* ---- values, a row of outputs at a time -------------------------------------------------- */

static void take_max(double *sum, const float *in, int64_t step, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    double x = (double)in[i * step];
    sum[i] = x > sum[i] || x != x ? x : sum[i];
  }
}

static void take_sum(double *sum, const float *in, int64_t step, int64_t n) {
  for (int64_t i = 0; i < n; i++) sum[i] += (double)in[i * step];
}

static void take_power(double *sum, const float *in, int64_t step, int64_t n, int64_t p) {
  for (int64_t i = 0; i < n; i++) {
    double x = fabs((double)in[i * step]);
    sum[i] += p == 2 ? x * x : p == 1 ? x : pow(x, (double)p);
  }
}

static void take_row(const pool *v, const float *in, double *sum) {
  const ci_nn_axis *x = &v->axis[2];
  int64_t t0, t1, o0, o1;
  ci_nn_useful(x, &t0, &t1);
  for (int64_t t = t0; t < t1; t++) {
    ci_nn_reach(x, t, &o0, &o1);
    if (o0 == o1) continue;
    const float *from = in + ci_nn_at(x, o0, t);
    if (v->kind == POOL_MAX) take_max(sum + o0, from, x->stride, o1 - o0);
    else if (v->kind == POOL_AVERAGE) take_sum(sum + o0, from, x->stride, o1 - o0);
    else take_power(sum + o0, from, x->stride, o1 - o0, v->p);
  }
}

/* By how much the sum is divided, along one axis: taps in the input, or in the input with its pads. */
static int64_t divisor(const pool *v, const ci_nn_axis *a, int64_t o) {
  ci_nn_axis wide = *a;
  int64_t t0, t1;
  if (v->pad_counts) wide.in += a->before + a->after, wide.before = 0;
  ci_nn_taps(&wide, o, &t0, &t1);
  return t1 - t0;
}

static void finish_row(const pool *v, int64_t oz, int64_t oy, const double *sum, float *out) {
  const ci_nn_axis *a = v->axis;
  double rows = (double)divisor(v, &a[0], oz) * (double)divisor(v, &a[1], oy);
  for (int64_t i = 0; i < a[2].out; i++) {
    double n = v->kind == POOL_AVERAGE ? rows * (double)divisor(v, &a[2], i) : 1;
    double s = v->kind == POOL_LP ? (v->p == 2   ? sqrt(sum[i])
                                     : v->p == 1 ? sum[i]
                                                 : pow(sum[i], 1.0 / (double)v->p))
                                  : sum[i];
    out[i] = n > 0 ? (float)(s / n) : 0;
  }
}

static void run_row(const pool *v, int64_t oz, int64_t oy, const float *in, double *sum, float *out) {
  const ci_nn_axis *z = &v->axis[0], *y = &v->axis[1], *x = &v->axis[2];
  int64_t z0, z1, y0, y1;
  for (int64_t i = 0; i < x->out; i++) sum[i] = v->kind == POOL_MAX ? -INFINITY : 0;
  ci_nn_taps(z, oz, &z0, &z1);
  ci_nn_taps(y, oy, &y0, &y1);
  for (int64_t tz = z0; tz < z1; tz++)
    for (int64_t ty = y0; ty < y1; ty++)
      take_row(v, in + (ci_nn_at(z, oz, tz) * y->in + ci_nn_at(y, oy, ty)) * x->in, sum);
  finish_row(v, oz, oy, sum, out);
}

static size_t scratch(const ci_tensor_call *c) {
  return c->out->rank < 1 ? 0 : (size_t)c->out->dim[c->out->rank - 1] * sizeof(double);
}

static void run(const ci_tensor_call *c) {
  pool v;
  if (!c->out->count || pool_of(c, &v, NULL)) return;
  const ci_nn_axis *a = v.axis;
  int64_t planes = c->in[0].dim[0] * c->in[0].dim[1], size = a[0].in * a[1].in * a[2].in;
  if (c->which == 1 || c->in[0].dtype != CI_F32 || c->out->dtype != CI_F32) {
    run_max(&v, c, planes);
    return;
  }
  const float *in = c->in[0].data;
  float *out = c->out->data;
  for (int64_t p = 0; p < planes; p++, in += size)
    for (int64_t z = 0; z < a[0].out; z++)
      for (int64_t y = 0; y < a[1].out; y++, out += a[2].out) run_row(&v, z, y, in, c->scratch, out);
}

#define WINDOW "auto_pad ceil_mode dilations kernel_shape pads strides "
const ci_tensor_op ci_tensor_nn_pool_ops[] = {
    {"MaxPool", 1, 1, WINDOW "storage_order", shape, scratch, run},
    {"AveragePool", 1, 1, WINDOW "count_include_pad", shape, scratch, run},
    {"LpPool", 1, 1, WINDOW "p", shape, scratch, run},
    {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
