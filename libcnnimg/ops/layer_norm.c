/* SPDX-License-Identifier: MIT */
/* layer_norm.c - each pixel's channels to mean 0 and variance 1, then gamma and beta (Ba, Kiros, Hinton 2016) */
#include "ops/common.h"

static int shape(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape *out, cnnimg_error *err) {
  const ci_tensor *t;
  int status = ci_op_count(n, 1, 3, err);
  if (!status) status = ci_op_map(g, n, in, 0, err);
  if (!status && ci_op_has(n, 1)) status = ci_op_vector(g, n, 1, "scale", in[0].c, &t, err);
  if (!status && ci_op_has(n, 2)) status = ci_op_vector(g, n, 2, "bias", in[0].c, &t, err);
  return status ? status : ci_op_shape(g, n, in, in[0].c, in[0].h, in[0].w, out, err);
}

static int pack(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape out, const ci_kernels *k,
                const ci_allocator *a, void **packed, size_t *bytes, cnnimg_error *err) {
  (void)in, (void)k;
  size_t cs = ci_round_up((size_t)out.c, CI_SLOPE_PAD), floats[3] = {cs, cs, 0};
  ci_packed *p;
  int status = ci_pack_new(g, n, out.c, floats, a, &p, bytes, err);
  if (status) return status;
  for (int32_t i = 0; i < out.c; i++) {
    p->part[0][i] = ci_op_has(n, 1) ? ((const float *)ci_const(g, n->in[1])->data)[i] : 1;
    p->part[1][i] = ci_op_has(n, 2) ? ((const float *)ci_const(g, n->in[2])->data)[i] : 0;
  }
  *packed = p;
  return CNNIMG_OK;
}

static void run(const ci_call *c) {
  const ci_packed *p = c->packed;
  for (int32_t y = c->rect.y0; y < c->rect.y1; y++) {
    c->k->layer_norm(ci_out_row(c, y), ci_view_at(c->in, c->rect.x0, y), ci_row_pixels(c), c->out->map.c,
                     c->out->cs, p->part[0], p->part[1], c->node->p.value);
    ci_op_act_row(c, y);
  }
}

static uint64_t macs(const ci_node *n, const ci_graph *g, const ci_shape *in, ci_shape out) {
  (void)n, (void)g, (void)in;
  return 3 * (uint64_t)out.c;
}

const ci_op ci_op_layer_norm = {"LayerNormalization", shape, ci_need_same, pack, NULL, run, macs, NULL, NULL, NULL};
