/* SPDX-License-Identifier: MIT */
/* where.c - of two operands the one or the other, as a third says; broadcast as in ONNX */
#include <string.h>

#include "ops/broadcast.h"

static int shape(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape *out, cnnimg_error *err) {
  ci_shape o;
  int status = ci_op_count(n, 3, 3, err);
  if (!status) status = ci_broadcast_shape(g, n, in, 3, &o, err);
  return status ? status : ci_op_shape(g, n, in, o.c, o.h, o.w, out, err);
}

/* Three rows. */
static size_t scratch(const ci_node *n, const ci_shape *in, ci_shape out, int32_t width) {
  (void)n, (void)in;
  return 3 * (size_t)width * (size_t)ci_channel_stride(out.c) * sizeof(float);
}

static void run(const ci_call *c) {
  size_t floats = ci_row_pixels(c) * (size_t)c->out->cs;
  float *row[3] = {c->scratch, (float *)c->scratch + floats, (float *)c->scratch + 2 * floats};
  for (int32_t y = c->rect.y0; y < c->rect.y1; y++) {
    const float *at[3];
    for (int32_t k = 0; k < 3; k++) at[k] = ci_broadcast_row(c, k, y, row[k]);
    float *out = ci_out_row(c, y);
    for (size_t i = 0; i < floats; i++) out[i] = at[0][i] != 0 ? at[1][i] : at[2][i];
    ci_op_act_row(c, y);
  }
}

const ci_op ci_op_where = {"Where", shape, ci_broadcast_need, ci_broadcast_pack, scratch, run, NULL, NULL, NULL, NULL};
