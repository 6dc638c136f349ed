/* SPDX-License-Identifier: MIT */
/* moments.c - the statistics of instance and group normalisation, as scales and shifts for affine */
#include <math.h>
#include <string.h>

#include "ops/common.h"

static int shape(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape *out, cnnimg_error *err) {
  const ci_tensor *t;
  int status = ci_op_count(n, 1, 3, err);
  if (!status) status = ci_op_map(g, n, in, 0, err);
  if (!status && (n->p.group < 1 || in[0].c % n->p.group))
    status = ci_op_fail(n, err, CNNIMG_CORRUPT, "%d channels in %d groups", in[0].c, n->p.group);
  if (!status && ci_op_has(n, 1)) status = ci_op_vector(g, n, 1, "scale", in[0].c, &t, err);
  if (!status && ci_op_has(n, 2)) status = ci_op_vector(g, n, 2, "bias", in[0].c, &t, err);
  return status ? status : ci_op_shape(g, n, in, 2 * (int64_t)in[0].c, 1, 1, out, err);
}

/* part[0]: gamma, part[1]: beta. */
static int pack(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape out, const ci_kernels *k,
                const ci_allocator *a, void **packed, size_t *bytes, cnnimg_error *err) {
  (void)k;
  size_t floats[3] = {(size_t)in[0].c, (size_t)in[0].c, 0};
  ci_packed *p;
  int status = ci_pack_new(g, n, out.c, floats, a, &p, bytes, err);
  if (status) return status;
  for (int32_t i = 0; i < in[0].c; i++) {
    p->part[0][i] = ci_op_has(n, 1) ? ((const float *)ci_const(g, n->in[1])->data)[i] : 1;
    p->part[1][i] = ci_op_has(n, 2) ? ((const float *)ci_const(g, n->in[2])->data)[i] : 0;
  }
  *packed = p;
  return CNNIMG_OK;
}

/* A channel's sums of x - k and (x - k)^2, k being its first sample: no cancellation worth the name in double. */
static size_t bytes(const ci_node *n, const ci_shape *in, ci_shape out) {
  (void)n, (void)out;
  return 3 * (size_t)in[0].c * sizeof(double);
}

static void begin(const ci_call *c, void *state) { memset(state, 0, bytes(c->node, &c->in[0].map, c->out->map)); }

static void rows(const ci_call *c, void *state, int32_t y0, int32_t y1) {
  int32_t channels = c->in[0].map.c;
  double *first = state, *sum = first + channels, *square = sum + channels;
  for (int32_t y = y0; y < y1; y++) {
    const float *x = ci_view_at(c->in, 0, y);
    if (!y)
      for (int32_t k = 0; k < channels; k++) first[k] = (double)x[k];
    for (int32_t i = 0; i < c->in[0].map.w; i++, x += c->in[0].cs)
      for (int32_t k = 0; k < channels; k++) {
        double d = (double)x[k] - first[k];
        sum[k] += d;
        square[k] += d * d;
      }
  }
}

/* Mean and variance of a group from those of its channels. */
static void group_moments(const double *state, int32_t channels, int32_t from, int32_t to, double count, double *mean,
                          double *variance) {
  const double *first = state, *sum = first + channels, *square = sum + channels;
  double m = 0, v = 0;
  for (int32_t k = from; k < to; k++) m += first[k] + sum[k] / count;
  m /= to - from;
  for (int32_t k = from; k < to; k++) {
    double own = sum[k] / count, away = first[k] + own - m;
    double spread = square[k] / count - own * own;
    v += (spread > 0 || spread != spread ? spread : 0) + away * away;
  }
  *mean = m;
  *variance = v / (to - from);
}

static void end(const ci_call *c, void *state) {
  const ci_packed *p = c->packed;
  int32_t channels = c->in[0].map.c, each = channels / c->node->p.group;
  float *out = ci_out_row(c, 0);
  double count = (double)c->in[0].map.h * c->in[0].map.w, mean = 0, variance = 1;
  memset(out, 0, (size_t)c->out->cs * sizeof *out);
  for (int32_t k = 0; k < channels; k++) {
    if (k % each == 0) group_moments(state, channels, k, k + each, count, &mean, &variance);
    double s = (double)p->part[0][k] / sqrt(variance + (double)c->node->p.value);
    out[k] = (float)s;
    out[channels + k] = (float)((double)p->part[1][k] - mean * s);
  }
  ci_op_act_row(c, 0);
}

static const ci_fold moments_fold = {bytes, begin, rows, end};
const ci_op ci_op_moments = {"Moments", shape, ci_need_whole, pack, ci_fold_scratch, ci_fold_run, NULL, NULL, &moments_fold, NULL};
