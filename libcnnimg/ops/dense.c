/* SPDX-License-Identifier: MIT */
/* dense.c - a matrix on one pixel's channels (Gemm, MatMul): alpha x W + beta b, a 1x1 convolution */
#include <stdlib.h>

#include "ops/common.h"

static int shape(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape *out, cnnimg_error *err) {
  const ci_tensor *w, *b;
  int status = ci_op_count(n, 2, 3, err);
  if (!status) status = ci_op_map(g, n, in, 0, err);
  if (!status) status = ci_op_const(g, n, 1, 2, &w, err);
  if (status) return status;
  if (in[0].h != 1 || in[0].w != 1)
    return ci_op_fail(n, err, CNNIMG_UNSUPPORTED, "a matrix takes one pixel; the map is %d x %d", in[0].w,
                      in[0].h);
  int64_t cin = w->dim[n->p.trans_b ? 1 : 0], cout = w->dim[n->p.trans_b ? 0 : 1];
  if (cin != in[0].c)
    return ci_op_fail(n, err, CNNIMG_CORRUPT, "the matrix '%.100s' takes %lld channels, the map has %d",
                      ci_op_value(g, n, 1), (long long)cin, in[0].c);
  status = ci_op_shape(g, n, in, cout, 1, 1, out, err);
  if (status || !ci_op_has(n, 2)) return status;
  if ((status = ci_op_const(g, n, 2, -1, &b, err)) || b->count == 1) return status;
  return ci_op_vector(g, n, 2, "bias", cout, &b, err);
}

/* The weights times alpha stay where a convolution's packing finds them: copied, then packed. */
static int pack_weights(const ci_node *n, const ci_kernels *k, const ci_tensor *w, int32_t cin, int32_t cout,
                        float *to, cnnimg_error *err) {
  float *copy = ci_calloc(w->count, sizeof *copy);
  if (!copy) return ci_op_fail(n, err, CNNIMG_NOMEM, "no memory for a matrix of %d x %d", cin, cout);
  for (size_t i = 0; i < w->count; i++) copy[i] = ((const float *)w->data)[i] * n->p.value;
  ci_conv_weights cw = {copy, cout, cin, 1, 1, n->p.trans_b ? cin : 1, n->p.trans_b ? 1 : cout, 0, 0};
  ci_conv_pack(k, &cw, to);
  free(copy);
  return CNNIMG_OK;
}

static int pack(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape out, const ci_kernels *k,
                const ci_allocator *a, void **packed, size_t *bytes, cnnimg_error *err) {
  const ci_tensor *b = ci_op_has(n, 2) ? ci_const(g, n->in[2]) : NULL;
  size_t floats[3] = {ci_conv_packed_floats(k, out.c, in[0].c, 1), ci_conv_bias_floats(out.c), 0};
  ci_packed *p;
  int status = ci_pack_new(g, n, out.c, floats, a, &p, bytes, err);
  if (status) return status;
  for (int32_t c = 0; b && c < out.c; c++)
    p->part[1][c] = ((const float *)b->data)[b->count == 1 ? 0 : c] * n->p.beta;
  if ((status = pack_weights(n, k, ci_const(g, n->in[1]), in[0].c, out.c, p->part[0], err))) {
    ci_big_free(a, p);
    return status;
  }
  *packed = p;
  return CNNIMG_OK;
}

static void run(const ci_call *c) {
  const ci_packed *p = c->packed;
  const float *rows[1] = {ci_view_at(c->in, 0, 0)};
  ci_conv_row r = {.rows = rows,
                   .out = ci_out_row(c, 0),
                   .weights = p->part[0],
                   .bias = p->part[1],
                   .n = 1,
                   .cin = c->in[0].map.c,
                   .cout = c->out->map.c,
                   .kh = 1,
                   .kw = 1,
                   .ky1 = 1,
                   .kx1 = 1,
                   .out_step = c->out->cs,
                   .room = c->out->cs,
                   .act = ci_op_kact(c, 0)};
  c->k->conv(&r);
}

static uint64_t macs(const ci_node *n, const ci_graph *g, const ci_shape *in, ci_shape out) {
  (void)n, (void)g;
  return (uint64_t)in[0].c * (uint64_t)out.c;
}

const ci_op ci_op_dense = {"Gemm", shape, ci_need_whole, pack, NULL, run, macs, NULL, NULL, NULL};
