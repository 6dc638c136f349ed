/* SPDX-License-Identifier: MIT */
/* nn_norm_axes.c - normalization of held arrays across channels or any axes: LRN, LpNormalization, mean and variance */
#include <math.h>

#include "tensor/nn.h"

#define CHUNK 256 /* elements side by side that are summed together */

/* ---- LRN ----------------------------------------------------------------------------------- */

static int lrn_shape(const ci_tensor_call *c, cnnimg_error *err) {
  int64_t size;
  int status = ci_nn_outputs(c, 1, err);
  if (!status) status = ci_nn_float(c, 0, 2, CI_MAX_RANK, err);
  if (!status) status = ci_nn_int(c, "size", 0, 1, CI_NN_STEP, &size, err);
  if (!status) ci_array_like(c->out, &c->in[0]);
  return status;
}

/* x / (bias + alpha / size * squares) ^ beta for n elements of channel m; channels are `plane` apart. */
static void lrn_chunk(const ci_tensor_call *c, const float *x, float *out, int64_t m, size_t n,
                      size_t plane) {
  int64_t size = ci_attr_int(c->node, "size", 1), channels = c->in[0].dim[1];
  int64_t first = m - (size - 1) / 2, end = m + size / 2 + 1;
  double bias = (double)ci_attr_float(c->node, "bias", 1),
         beta = (double)ci_attr_float(c->node, "beta", 0.75f);
  double alpha = (double)ci_attr_float(c->node, "alpha", 1e-4f) / (double)size, sum[CHUNK] = {0};
  if (first < 0) first = 0;
  if (end > channels) end = channels;
  for (int64_t k = first; k < end; k++) {
    const float *from = x + (k - m) * (ptrdiff_t)plane;
    for (size_t i = 0; i < n; i++) sum[i] += (double)from[i] * (double)from[i];
  }
  for (size_t i = 0; i < n; i++) out[i] = (float)((double)x[i] / pow(bias + alpha * sum[i], beta));
}

static void lrn_run(const ci_tensor_call *c) {
  if (!c->out->count) return;
  size_t plane = ci_array_product(&c->in[0], 2, c->in[0].rank);
  const float *x = c->in[0].data;
  float *out = c->out->data;
  for (size_t i = 0; i < c->out->count / plane; i++)
    for (size_t at = 0; at < plane; at += CHUNK)
      lrn_chunk(c, x + i * plane + at, out + i * plane + at, (int64_t)i % c->in[0].dim[1],
                plane - at < CHUNK ? plane - at : CHUNK, plane);
}

/* ---- LpNormalization -------------------------------------------------------------------------- */

static int lp_shape(const ci_tensor_call *c, cnnimg_error *err) {
  int32_t axis;
  int64_t p;
  int status = ci_nn_outputs(c, 1, err);
  if (!status) status = ci_nn_float(c, 0, 1, CI_MAX_RANK, err);
  if (!status) status = ci_nn_int(c, "p", 2, 1, 2, &p, err);
  if (!status) status = ci_tensor_axis(c, ci_attr_int(c->node, "axis", -1), c->in[0].rank, &axis, err);
  if (!status) ci_array_like(c->out, &c->in[0]);
  return status;
}

/* n elements side by side, `size` of them `apart` along the axis. */
static void lp_chunk(const float *x, float *out, size_t n, size_t size, size_t apart, bool squares) {
  double sum[CHUNK] = {0};
  for (size_t k = 0; k < size; k++)
    for (size_t i = 0; i < n; i++) {
      double v = (double)x[k * apart + i];
      sum[i] += squares ? v * v : fabs(v);
    }
  for (size_t i = 0; i < n && squares; i++) sum[i] = sqrt(sum[i]);
  for (size_t k = 0; k < size; k++)
    for (size_t i = 0; i < n; i++)
      out[k * apart + i] = sum[i] == 0 ? 0 : (float)((double)x[k * apart + i] / sum[i]);
}

static void lp_run(const ci_tensor_call *c) {
  const ci_array *x = &c->in[0];
  int32_t axis;
  if (!c->out->count || ci_tensor_axis(c, ci_attr_int(c->node, "axis", -1), x->rank, &axis, NULL)) return;
  size_t size = (size_t)x->dim[axis], apart = ci_array_product(x, axis + 1, x->rank);
  bool squares = ci_attr_int(c->node, "p", 2) == 2;
  for (size_t i = 0; i < x->count; i += size * apart)
    for (size_t at = 0; at < apart; at += CHUNK)
      lp_chunk((const float *)x->data + i + at, (float *)c->out->data + i + at,
               apart - at < CHUNK ? apart - at : CHUNK, size, apart, squares);
}

/* ---- MeanVarianceNormalization -------------------------------------------------------------------- */

/* Elements that differ along the axes only have the same moments: step[] leads to them, 0 along the axes. */
typedef struct groups {
  size_t count, each, step[CI_MAX_RANK];
} groups;

static int groups_of(const ci_tensor_call *c, groups *g, cnnimg_error *err) {
  static const int64_t usual[] = {0, 2, 3};
  const ci_array *x = &c->in[0];
  const int64_t *axes = usual;
  bool taken[CI_MAX_RANK] = {false};
  int32_t n = ci_attr_ints(c->node, "axes", &axes), axis;
  if (n < 0) n = 3;
  for (int32_t i = 0; i < n; i++) {
    int status = ci_tensor_axis(c, axes[i], x->rank, &axis, err);
    if (status) return status;
    if (taken[axis]) return ci_tensor_refuse(c, err, "an axis is named twice");
    taken[axis] = true;
  }
  *g = (groups){.count = 1, .each = 1};
  for (int32_t i = x->rank; i-- > 0;) {
    g->step[i] = taken[i] ? 0 : g->count;
    if (taken[i]) g->each *= (size_t)x->dim[i];
    else g->count *= (size_t)x->dim[i];
  }
  return CNNIMG_OK;
}

static int mvn_shape(const ci_tensor_call *c, cnnimg_error *err) {
  groups g;
  int status = ci_nn_outputs(c, 1, err);
  if (!status) status = ci_nn_float(c, 0, 1, CI_MAX_RANK, err);
  if (!status) status = groups_of(c, &g, err);
  if (!status) ci_array_like(c->out, &c->in[0]);
  return status;
}

static size_t mvn_scratch(const ci_tensor_call *c) {
  groups g;
  return !c->in[0].count || groups_of(c, &g, NULL) ? 0 : 2 * g.count * sizeof(double);
}

/* The group of the first element of row r (of the last axis). */
static size_t group_of(const ci_array *x, const groups *g, size_t r) {
  size_t at = 0;
  for (int32_t i = x->rank - 1; i-- > 0; r /= (size_t)x->dim[i]) at += r % (size_t)x->dim[i] * g->step[i];
  return at;
}

/* Pass 0 sums, pass 1 sums squared distances from the means, pass 2 writes. */
static void mvn_pass(const ci_tensor_call *c, const groups *g, int pass, double *mean, double *squares) {
  const ci_array *x = &c->in[0];
  size_t n = (size_t)x->dim[x->rank - 1], step = g->step[x->rank - 1];
  for (size_t r = 0; r < x->count / n; r++) {
    const float *from = (const float *)x->data + r * n;
    size_t at = group_of(x, g, r);
    for (size_t i = 0; i < n; i++, at += step) {
      double away = (double)from[i] - mean[at];
      if (pass == 0) mean[at] += (double)from[i];
      else if (pass == 1) squares[at] += away * away;
      else ((float *)c->out->data)[r * n + i] = (float)(away / squares[at]);
    }
  }
}

static void mvn_run(const ci_tensor_call *c) {
  groups g;
  if (!c->out->count || groups_of(c, &g, NULL)) return;
  double *mean = c->scratch, *squares = mean + g.count;
  for (size_t i = 0; i < g.count; i++) mean[i] = squares[i] = 0;
  mvn_pass(c, &g, 0, mean, squares);
  for (size_t i = 0; i < g.count; i++) mean[i] /= (double)g.each;
  mvn_pass(c, &g, 1, mean, squares);
  for (size_t i = 0; i < g.count; i++) squares[i] = sqrt(squares[i] / (double)g.each) + 1e-9;
  mvn_pass(c, &g, 2, mean, squares);
}

const ci_tensor_op ci_tensor_nn_norm_axes_ops[] = {
    {"LRN", 1, 1, "alpha beta bias size", lrn_shape, NULL, lrn_run},
    {"LpNormalization", 1, 1, "axis p", lp_shape, NULL, lp_run},
    {"MeanVarianceNormalization", 1, 1, "axes", mvn_shape, mvn_scratch, mvn_run},
    {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
