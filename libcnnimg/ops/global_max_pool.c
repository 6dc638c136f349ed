/* SPDX-License-Identifier: MIT */
/* global_max_pool.c - the largest sample of each channel over the whole map */
#include <string.h>

#include "ops/common.h"

static int shape(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape *out, cnnimg_error *err) {
  int status = ci_op_count(n, 1, 1, err);
  if (!status) status = ci_op_map(g, n, in, 0, err);
  return status ? status : ci_op_shape(g, n, in, in[0].c, 1, 1, out, err);
}

/* The largest of a row, and of the rows so far: a scratch pixel between two kernel calls. */
static size_t scratch(const ci_node *n, const ci_shape *in, ci_shape out, int32_t width) {
  (void)n, (void)in, (void)width;
  return 2 * (size_t)ci_channel_stride(out.c) * sizeof(float);
}

/* A window over `taps` pixels from x; its largest goes to out. */
static void largest(const ci_call *c, const float *x, int32_t taps, float *out) {
  int32_t cs = c->out->cs;
  const float *rows[1] = {x};
  ci_conv_row r = {.rows = rows,
                   .out = out,
                   .n = 1,
                   .cin = c->out->map.c,
                   .cout = c->out->map.c,
                   .kh = 1,
                   .kw = taps,
                   .ky1 = 1,
                   .kx1 = taps,
                   .in_step = cs,
                   .tap_step = cs,
                   .out_step = cs,
                   .room = cs};
  c->k->pool_max(&r);
}

static void run(const ci_call *c) {
  float *pair = c->scratch, *out = ci_out_row(c, 0);
  size_t cs = (size_t)c->out->cs;
  ci_shape m = c->in[0].map;
  memset(pair, 0, 2 * cs * sizeof *pair);
  largest(c, ci_view_at(c->in, 0, 0), m.w, pair);
  for (int32_t y = 1; y < m.h; y++) {
    largest(c, ci_view_at(c->in, 0, y), m.w, pair + cs);
    largest(c, pair, 2, out);
    memcpy(pair, out, cs * sizeof *pair);
  }
  memcpy(out, pair, cs * sizeof *out);
  ci_op_act_row(c, 0);
}

const ci_op ci_op_global_max_pool = {"GlobalMaxPool", shape, ci_need_whole, ci_pack_act,
                                     scratch,         run,   NULL,          NULL};
