/* SPDX-License-Identifier: MIT */
/* reduce.c - each channel over all rows and columns: sums, means, extremes, norms */
#include <math.h>
#include <string.h>

#include "ops/common.h"

static int shape(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape *out, cnnimg_error *err) {
  int status = ci_op_count(n, 1, 1, err);
  if (!status) status = ci_op_map(g, n, in, 0, err);
  if (!status && (n->p.mode < CI_REDUCE_SUM || n->p.mode > CI_REDUCE_LOG_SUM_EXP))
    status = ci_op_fail(n, err, CNNIMG_UNSUPPORTED, "reduction %d over rows and columns", n->p.mode);
  return status ? status : ci_op_shape(g, n, in, in[0].c, 1, 1, out, err);
}

/* Two numbers a channel: what is folded so far, and, for log-sum-exp, the sum beside the largest. */
static size_t bytes(const ci_node *n, const ci_shape *in, ci_shape out) {
  (void)n, (void)in;
  return 2 * (size_t)ci_channel_stride(out.c) * sizeof(double);
}

static void begin(const ci_call *c, void *state) {
  double *s = state;
  int32_t cs = c->out->cs, mode = c->node->p.mode;
  double first = mode == CI_REDUCE_MAX || mode == CI_REDUCE_LOG_SUM_EXP ? -INFINITY
                 : mode == CI_REDUCE_MIN                                ? INFINITY
                                                                        : mode == CI_REDUCE_PROD;
  for (int32_t i = 0; i < cs; i++) s[i] = first, s[cs + i] = 0;
}

static double fold(int32_t mode, double sum, double x) {
  switch (mode) {
    case CI_REDUCE_MAX:
      return x > sum || x != x ? x : sum;
    case CI_REDUCE_MIN:
      return x < sum || x != x ? x : sum;
    case CI_REDUCE_L1:
      return sum + fabs(x);
    case CI_REDUCE_L2:
    case CI_REDUCE_SUM_SQUARE:
      return sum + x * x;
    default: /* CI_REDUCE_PROD */
      return sum * x;
  }
}

/* log(sum of exp) beside a largest that may still grow. */
static void fold_exp(double *largest, double *sum, double x) {
  if (x <= *largest) *sum += x == *largest ? 1 : exp(x - *largest);
  else if (x == x) {
    *sum = *sum * exp(*largest - x) + 1;
    *largest = x;
  } else {
    *largest = *sum = x;
  }
}

static void fold_row(const ci_call *c, double *s, const float *x) {
  int32_t mode = c->node->p.mode, cs = c->out->cs, channels = c->out->map.c;
  for (int32_t i = 0; i < c->in[0].map.w; i++, x += cs)
    for (int32_t k = 0; k < channels; k++) {
      if (mode == CI_REDUCE_LOG_SUM_EXP) fold_exp(&s[k], &s[cs + k], (double)x[k]);
      else s[k] = fold(mode, s[k], (double)x[k]);
    }
}

static void rows(const ci_call *c, void *state, int32_t y0, int32_t y1) {
  int32_t mode = c->node->p.mode;
  bool sum = mode == CI_REDUCE_SUM || mode == CI_REDUCE_MEAN || mode == CI_REDUCE_LOG_SUM;
  for (int32_t y = y0; y < y1; y++) {
    const float *x = ci_view_at(c->in, 0, y);
    if (sum) c->k->sum_row(state, x, (size_t)c->in[0].map.w, c->out->cs);
    else fold_row(c, state, x);
  }
}

static double finish(int32_t mode, double v, double exps, double count) {
  if (mode == CI_REDUCE_MEAN) return v / count;
  if (mode == CI_REDUCE_L2) return sqrt(v);
  if (mode == CI_REDUCE_LOG_SUM) return log(v);
  return mode == CI_REDUCE_LOG_SUM_EXP && v - v == 0 ? v + log(exps) : v;
}

static void end(const ci_call *c, void *state) {
  const double *s = state;
  float *out = ci_out_row(c, 0);
  double count = (double)c->in[0].map.h * c->in[0].map.w;
  memset(out, 0, (size_t)c->out->cs * sizeof *out);
  for (int32_t i = 0; i < c->out->map.c; i++)
    out[i] = (float)finish(c->node->p.mode, s[i], s[c->out->cs + i], count);
  ci_op_act_row(c, 0);
}

static const ci_fold reduce_fold = {bytes, begin, rows, end};
const ci_op ci_op_reduce = {"Reduce", shape, ci_need_whole, ci_pack_act, ci_fold_scratch, ci_fold_run, NULL, NULL, &reduce_fold, NULL};
