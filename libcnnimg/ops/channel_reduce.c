/* SPDX-License-Identifier: MIT */
/* channel_reduce.c - each pixel's channels to one: sums, means, extremes and where they are, norms */
#include <math.h>

#include "ops/common.h"

static int shape(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape *out, cnnimg_error *err) {
  int status = ci_op_count(n, 1, 1, err);
  if (!status) status = ci_op_map(g, n, in, 0, err);
  if (!status && (n->p.mode < CI_REDUCE_SUM || n->p.mode >= CI_REDUCE_COUNT))
    status = ci_op_fail(n, err, CNNIMG_UNSUPPORTED, "reduction %d over channels", n->p.mode);
  return status ? status : ci_op_shape(g, n, in, 1, in[0].h, in[0].w, out, err);
}

static double arg(const float *x, int32_t c, bool largest) {
  int32_t best = 0;
  for (int32_t k = 1; k < c; k++)
    if (largest ? x[k] > x[best] : x[k] < x[best]) best = k;
  return best;
}

static double extreme(const float *x, int32_t c, bool largest) {
  double v = (double)x[0];
  for (int32_t k = 1; k < c; k++) {
    double y = (double)x[k];
    if (y != y || (largest ? y > v : y < v)) v = y;
  }
  return v;
}

static double sum(const float *x, int32_t c) {
  double v = 0;
  for (int32_t k = 0; k < c; k++) v += (double)x[k];
  return v;
}

static double norm(const float *x, int32_t c, bool square) {
  double v = 0;
  for (int32_t k = 0; k < c; k++) v += square ? (double)x[k] * (double)x[k] : fabs((double)x[k]);
  return v;
}

static double product(const float *x, int32_t c) {
  double v = 1;
  for (int32_t k = 0; k < c; k++) v *= (double)x[k];
  return v;
}

static double log_sum_exp(const float *x, int32_t c) {
  double most = extreme(x, c, true), v = 0;
  if (most - most != 0) return most;
  for (int32_t k = 0; k < c; k++) v += exp((double)x[k] - most);
  return most + log(v);
}

static double reduce(int32_t mode, const float *x, int32_t c) {
  switch (mode) {
    case CI_REDUCE_SUM:
      return sum(x, c);
    case CI_REDUCE_MEAN:
      return sum(x, c) / c;
    case CI_REDUCE_MAX:
    case CI_REDUCE_MIN:
      return extreme(x, c, mode == CI_REDUCE_MAX);
    case CI_REDUCE_L1:
    case CI_REDUCE_SUM_SQUARE:
      return norm(x, c, mode == CI_REDUCE_SUM_SQUARE);
    case CI_REDUCE_L2:
      return sqrt(norm(x, c, true));
    case CI_REDUCE_PROD:
      return product(x, c);
    case CI_REDUCE_LOG_SUM:
      return log(sum(x, c));
    case CI_REDUCE_LOG_SUM_EXP:
      return log_sum_exp(x, c);
    default:
      return arg(x, c, mode == CI_REDUCE_ARG_MAX);
  }
}

static void run(const ci_call *c) {
  for (int32_t y = c->rect.y0; y < c->rect.y1; y++) {
    const float *in = ci_view_at(c->in, c->rect.x0, y);
    float *out = ci_out_row(c, y);
    for (size_t i = 0; i < ci_row_pixels(c); i++, in += c->in->cs, out += c->out->cs)
      out[0] = (float)reduce(c->node->p.mode, in, c->in->map.c);
    ci_op_act_row(c, y);
  }
}

const ci_op ci_op_channel_reduce = {"ChannelReduce", shape, ci_need_same, ci_pack_act, NULL, run, NULL, NULL, NULL, NULL};
