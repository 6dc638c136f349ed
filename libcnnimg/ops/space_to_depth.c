/* SPDX-License-Identifier: MIT */
/* space_to_depth.c - pixel unshuffle: blocks of pixels become channels, in the order row, column, channel */
#include <string.h>

#include "ops/common.h"

static int shape(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape *out, cnnimg_error *err) {
  int64_t b = n->p.block;
  int status = ci_op_count(n, 1, 1, err);
  if (!status) status = ci_op_map(g, n, in, 0, err);
  if (status) return status;
  if (b < 1 || b > CI_MAX_STEP)
    return ci_op_fail(n, err, CNNIMG_CORRUPT, "a block size of %lld", (long long)b);
  if (in[0].h % b || in[0].w % b)
    return ci_op_fail(n, err, CNNIMG_BADARG, "a map %d wide and %d high cannot be cut into blocks of %lld",
                      in[0].w, in[0].h, (long long)b);
  return ci_op_shape(g, n, in, in[0].c * b * b, in[0].h / b, in[0].w / b, out, err);
}

static ci_rect need(const ci_node *n, const ci_shape *in, ci_shape out, int32_t k, ci_rect r) {
  (void)out;
  int64_t b = n->p.block;
  ci_rect i = {(int32_t)(r.x0 * b), (int32_t)(r.y0 * b), (int32_t)(r.x1 * b), (int32_t)(r.y1 * b)};
  return ci_rect_clip(i, in[k]);
}

static void run(const ci_call *c) {
  int32_t b = c->node->p.block, ic = c->in[0].map.c;
  size_t bytes = (size_t)ic * sizeof(float);
  for (int32_t y = c->rect.y0; y < c->rect.y1; y++) {
    for (int32_t k = 0; k < b; k++) {
      const float *in = ci_view_at(c->in, c->rect.x0 * b, y * b + k);
      float *out = ci_out_row(c, y) + k * b * ic;
      for (int32_t x = c->rect.x0; x < c->rect.x1; x++, out += c->out->cs)
        for (int32_t i = 0; i < b; i++, in += c->in[0].cs) memcpy(out + i * ic, in, bytes);
    }
    ci_op_act_row(c, y);
  }
}

const ci_op ci_op_space_to_depth = {"SpaceToDepth", shape, need, ci_pack_act, NULL, run, NULL, NULL, NULL, NULL};
