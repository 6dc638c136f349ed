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

static void run(const ci_call *c) {
  ci_shape m = c->in[0].map;
  float *out = ci_out_row(c, 0);
  for (int32_t y = 0; y < m.h; y++)
    for (int32_t x = 0; x < m.w; x++) {
      const float *in = ci_view_at(c->in, x, y);
      for (int32_t i = 0; i < m.c; i++) out[((size_t)i * (size_t)m.h + (size_t)y) * (size_t)m.w + (size_t)x] = in[i];
    }
  ci_op_act_row(c, 0);
}

const ci_op ci_op_flatten = {"Flatten", shape, ci_need_whole, ci_pack_act, NULL, run, NULL, NULL, NULL, NULL};
