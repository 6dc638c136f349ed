/* SPDX-License-Identifier: MIT */
/* flatten.c - a whole map as the channels of one pixel, in the order channel, row, column */
#include "ops/common.h"

static int shape(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape *out, cnnimg_error *err) {
  int status = ci_op_count(n, 1, 2, err);
  if (!status) status = ci_op_map(g, n, in, 0, err);
  if (status) return status;
  int64_t area =
      (int64_t)in[0].h * in[0].w; /* below 2^60; the channels are few enough that 64 bits hold all */
  int64_t all = area > CI_MAX_VECTOR ? area : area * in[0].c;
  return ci_op_shape(g, n, in, all, 1, 1, out, err);
}

#define PIXELS 16 /* that stay near while their channels go to as many places */

static void flatten_pixels(const ci_call *c, int32_t y, int32_t x, int32_t n) {
  ci_shape m = c->in[0].map;
  const float *in = ci_view_at(c->in, x, y);
  float *out = ci_out_row(c, 0) + (size_t)y * (size_t)m.w + (size_t)x;
  int32_t cs = c->in[0].cs;
  for (int32_t i = 0; i < m.c; i++, out += (size_t)m.h * (size_t)m.w)
    for (int32_t p = 0; p < n; p++) out[p] = in[(ptrdiff_t)p * cs + i];
}

static void run_piece(void *arg, uint32_t i, uint32_t worker) {
  const ci_call *c = arg;
  int32_t w = c->in[0].map.w;
  (void)worker;
  for (int32_t x = 0; x < w; x += PIXELS) flatten_pixels(c, (int32_t)i, x, w - x < PIXELS ? w - x : PIXELS);
}

static void run(const ci_call *c) {
  ci_shape m = c->in[0].map;
  bool large = (int64_t)m.w * m.c * m.h > CI_SHARE;
  if (c->pool && large) ci_pool_run(c->pool, (uint32_t)m.h, run_piece, (void *)c);
  else
    for (int32_t y = 0; y < m.h; y++) run_piece((void *)c, (uint32_t)y, 0);
  ci_op_act_row(c, 0);
}

const ci_op ci_op_flatten = {"Flatten", shape, ci_need_whole, ci_pack_act, NULL, run, NULL, NULL, NULL, NULL};
