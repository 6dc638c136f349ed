/* SPDX-License-Identifier: MIT */
/* batch_norm.c - scale and shift a channel, from the statistics of training */
#include <math.h>

#include "ops/common.h"

static int shape(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape *out, cnnimg_error *err) {
  static const char *const what[] = {"", "scale", "bias", "mean", "variance"};
  const ci_tensor *t;
  int status = ci_op_count(n, 5, 5, err);
  if (!status) status = ci_op_map(g, n, in, 0, err);
  for (int32_t k = 1; !status && k < 5; k++) status = ci_op_vector(g, n, k, what[k], in[0].c, &t, err);
  return status ? status : ci_op_shape(g, n, in, in[0].c, in[0].h, in[0].w, out, err);
}

static int pack(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape out, const ci_kernels *k,
                const ci_allocator *a, void **packed, size_t *bytes, cnnimg_error *err) {
  (void)in, (void)k;
  const float *v[5];
  for (int i = 1; i < 5; i++) v[i] = ci_const(g, n->in[i])->data;
  size_t cs = ci_conv_bias_floats(out.c), floats[3] = {cs, cs, 0};
  ci_packed *p;
  int status = ci_pack_new(g, n, out.c, floats, a, &p, bytes, err);
  if (status) return status;
  for (int32_t c = 0; c < out.c; c++) {
    double s = v[1][c] / sqrt((double)v[4][c] + (double)n->p.value);
    p->part[0][c] = (float)s;
    p->part[1][c] = (float)(v[2][c] - v[3][c] * s);
  }
  *packed = p;
  return CNNIMG_OK;
}

/* A depth-wise convolution of one tap. */
static void run(const ci_call *c) {
  const ci_packed *p = c->packed;
  int32_t cs = c->out->cs;
  const float *rows[1];
  ci_conv_row r = {.rows = rows,
                   .weights = p->part[0],
                   .bias = p->part[1],
                   .n = c->rect.x1 - c->rect.x0,
                   .cin = c->out->map.c,
                   .cout = c->out->map.c,
                   .kh = 1,
                   .kw = 1,
                   .ky1 = 1,
                   .kx1 = 1,
                   .in_step = cs,
                   .out_step = cs,
                   .room = cs,
                   .act = ci_op_kact(c, 0)};
  for (int32_t y = c->rect.y0; y < c->rect.y1; y++) {
    rows[0] = ci_view_at(c->in, c->rect.x0, y);
    r.out = ci_out_row(c, y);
    c->k->depthwise(&r);
  }
}

static uint64_t macs(const ci_node *n, const ci_graph *g, const ci_shape *in, ci_shape out) {
  (void)n, (void)g, (void)in;
  return (uint64_t)out.c;
}

const ci_op ci_op_batch_norm = {"BatchNormalization", shape, ci_need_same, pack, NULL, run, macs, NULL, NULL, NULL};
