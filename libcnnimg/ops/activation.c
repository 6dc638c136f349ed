/* SPDX-License-Identifier: MIT */
/* activation.c - an activation that no other op has taken along: node->act */
#include <string.h>

#include "ops/common.h"

static int shape(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape *out, cnnimg_error *err) {
  int status = ci_op_count(n, 1, 2, err);
  if (!status) status = ci_op_map(g, n, in, 0, err);
  return status ? status : ci_op_shape(g, n, in, in[0].c, in[0].h, in[0].w, out, err);
}

static void run(const ci_call *c) {
  for (int32_t y = c->rect.y0; y < c->rect.y1; y++) {
    memcpy(ci_out_row(c, y), ci_view_at(c->in, c->rect.x0, y),
           ci_row_pixels(c) * (size_t)c->out->cs * sizeof(float));
    ci_op_act_row(c, y);
  }
}

const ci_op ci_op_activation = {"Activation", shape, ci_need_same, ci_pack_act, NULL, run, NULL, NULL, NULL, NULL};
