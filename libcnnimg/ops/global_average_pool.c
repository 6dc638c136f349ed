/* SPDX-License-Identifier: MIT */
/* global_average_pool.c - the mean of each channel over the whole map, summed a row at a time in double */
#include <string.h>

#include "ops/common.h"

static int shape(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape *out, cnnimg_error *err) {
  int status = ci_op_count(n, 1, 1, err);
  if (!status) status = ci_op_map(g, n, in, 0, err);
  return status ? status : ci_op_shape(g, n, in, in[0].c, 1, 1, out, err);
}

static size_t scratch(const ci_node *n, const ci_shape *in, ci_shape out, int32_t width) {
  (void)n, (void)in, (void)width;
  return (size_t)ci_channel_stride(out.c) * sizeof(double);
}

static void run(const ci_call *c) {
  double *sums = c->scratch;
  ci_shape m = c->in[0].map;
  memset(sums, 0, (size_t)c->out->cs * sizeof *sums);
  for (int32_t y = 0; y < m.h; y++) c->k->sum_row(sums, ci_view_at(c->in, 0, y), (size_t)m.w, c->out->cs);
  float *out = ci_out_row(c, 0);
  for (int32_t i = 0; i < c->out->cs; i++) out[i] = (float)(sums[i] / ((double)m.h * m.w));
  ci_op_act_row(c, 0);
}

const ci_op ci_op_global_average_pool = {
    "GlobalAveragePool", shape, ci_need_whole, ci_pack_act, scratch, run, NULL, NULL};
