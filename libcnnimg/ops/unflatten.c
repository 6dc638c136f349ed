/* SPDX-License-Identifier: MIT */
/* unflatten.c - the channels of one pixel, in the order channel, row, column, as a map */
#include "ops/common.h"

static int shape(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape *out, cnnimg_error *err) {
  const int32_t *s = n->p.shape;
  int status = ci_op_count(n, 1, 1, err);
  if (!status) status = ci_op_map(g, n, in, 0, err);
  if (status) return status;
  int64_t area = (int64_t)s[1] * s[2];
  if (s[0] < 1 || s[1] < 1 || s[2] < 1 || in[0].h != 1 || in[0].w != 1 || area > INT32_MAX ||
      area * s[0] != in[0].c)
    return ci_op_fail(n, err, CNNIMG_CORRUPT, "%d x %d x %d elements as a map of %d x %d x %d", in[0].c,
                      in[0].h, in[0].w, s[0], s[1], s[2]);
  return ci_op_shape(g, n, in, s[0], s[1], s[2], out, err);
}

#define PIXELS 16 /* that stay near while their channels come from as many places */

static void run(const ci_call *c) {
  ci_shape m = c->out->map;
  const float *in = ci_view_at(c->in, 0, 0);
  size_t area = (size_t)m.h * (size_t)m.w;
  for (int32_t y = c->rect.y0; y < c->rect.y1; y++) {
    float *out = ci_out_row(c, y);
    const float *row = in + (size_t)y * (size_t)m.w;
    for (int32_t x = c->rect.x0, n; x < c->rect.x1; x += n, out += (ptrdiff_t)n * c->out->cs) {
      n = c->rect.x1 - x < PIXELS ? c->rect.x1 - x : PIXELS;
      for (int32_t k = 0; k < m.c; k++)
        for (int32_t p = 0; p < n; p++)
          out[(ptrdiff_t)p * c->out->cs + k] = row[(size_t)k * area + (size_t)(x + p)];
    }
    ci_op_act_row(c, y);
  }
}

const ci_op ci_op_unflatten = {"Unflatten", shape, ci_need_whole, ci_pack_act, NULL, run, NULL, NULL, NULL, NULL};
