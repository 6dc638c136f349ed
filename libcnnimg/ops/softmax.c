/* SPDX-License-Identifier: MIT */
/* softmax.c - exp(x) over its sum along the channels */
#include "ops/common.h"

static int shape(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape *out, cnnimg_error *err) {
  int status = ci_op_count(n, 1, 1, err);
  if (!status) status = ci_op_map(g, n, in, 0, err);
  if (!status && n->p.axis != 1)
    status = ci_op_fail(n, err, CNNIMG_UNSUPPORTED, "axis %d; only channels (1) are done", n->p.axis);
  return status ? status : ci_op_shape(g, n, in, in[0].c, in[0].h, in[0].w, out, err);
}

static void run(const ci_call *c) {
  for (int32_t y = c->rect.y0; y < c->rect.y1; y++) {
    c->k->softmax(ci_out_row(c, y), ci_view_at(c->in, c->rect.x0, y), ci_row_pixels(c), c->out->map.c,
                  c->out->cs);
    ci_op_act_row(c, y);
  }
}

const ci_op ci_op_softmax = {"Softmax", shape, ci_need_same, ci_pack_act, NULL, run, NULL, NULL, NULL, NULL};
