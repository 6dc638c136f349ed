/* SPDX-License-Identifier: MIT */
/* depth_to_space.c - pixel shuffle: groups of channels become blocks of pixels (ONNX DCR and CRD) */
#include "ops/common.h"

static int shape(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape *out, cnnimg_error *err) {
  int64_t b = n->p.block;
  int status = ci_op_count(n, 1, 1, err);
  if (!status) status = ci_op_map(g, n, in, 0, err);
  if (status) return status;
  if (b < 1 || b > CI_MAX_STEP || in[0].c % (b * b))
    return ci_op_fail(n, err, CNNIMG_CORRUPT, "%d channels cannot become blocks of %lld x %lld", in[0].c,
                      (long long)b, (long long)b);
  return ci_op_shape(g, n, in, in[0].c / (b * b), in[0].h * b, in[0].w * b, out, err);
}

static ci_rect need(const ci_node *n, const ci_shape *in, ci_shape out, int32_t k, ci_rect r) {
  (void)out;
  int32_t b = n->p.block;
  ci_rect i = {r.x0 / b, r.y0 / b, (r.x1 - 1) / b + 1, (r.y1 - 1) / b + 1};
  return ci_rect_clip(i, in[k]);
}

/* Channel i of the output pixel lies at first + i * step of the input pixel. */
static void copy_pixel(float *out, const float *in, int32_t c, int32_t first, int32_t step) {
  for (int32_t i = 0; i < c; i++) out[i] = in[first + i * step];
}

static void run(const ci_call *c) {
  int32_t b = c->node->p.block, oc = c->out->map.c, crd = c->node->p.crd;
  for (int32_t y = c->rect.y0; y < c->rect.y1; y++) {
    float *out = ci_out_row(c, y);
    for (int32_t x = c->rect.x0; x < c->rect.x1; x++, out += c->out->cs) {
      int32_t place = y % b * b + x % b;
      copy_pixel(out, ci_view_at(c->in, x / b, y / b), oc, crd ? place : place * oc, crd ? b * b : 1);
    }
    ci_op_act_row(c, y);
  }
}

const ci_op ci_op_depth_to_space = {"DepthToSpace", shape, need, ci_pack_act, NULL, run, NULL, NULL, NULL, NULL};
