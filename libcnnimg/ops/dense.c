/* SPDX-License-Identifier: MIT */
/* dense.c - a matrix on one pixel's channels (Gemm, MatMul): alpha x W + beta b */
#include "kernels/gemm.h"
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

/* The matrix stays where it is: it is read once a run, and may be most of the network. */
static int pack(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape out, const ci_kernels *k,
                const ci_allocator *a, void **packed, size_t *bytes, cnnimg_error *err) {
  const ci_tensor *b = ci_op_has(n, 2) ? ci_const(g, n->in[2]) : NULL;
  ci_packed *p;
  (void)in, (void)k;
  int status = ci_pack_new(g, n, out.c, (const size_t[3]){0, (size_t)out.c, 0}, a, &p, bytes, err);
  if (status) return status;
  for (int32_t c = 0; b && c < out.c; c++)
    p->part[1][c] = ((const float *)b->data)[b->count == 1 ? 0 : c] * n->p.beta;
  p->part[0] = (float *)ci_const(g, n->in[1])->data; /* not written to */
  *packed = p;
  return CNNIMG_OK;
}

/* The input times alpha. */
static size_t scratch(const ci_node *n, const ci_shape *in, ci_shape out, int32_t width) {
  (void)out, (void)width;
  return n->p.value == 1 ? 0 : (size_t)in[0].c * sizeof(float);
}

static void run(const ci_call *c) {
  const ci_packed *p = c->packed;
  const float *x = ci_view_at(c->in, 0, 0);
  size_t cin = (size_t)c->in[0].map.c, cout = (size_t)c->out->map.c;
  bool turned = c->node->p.trans_b;
  if (c->node->p.value != 1) {
    c->k->scale(c->scratch, x, c->node->p.value, cin);
    x = c->scratch;
  }
  const ci_gemm g = {.m = 1,
                     .n = cout,
                     .k = cin,
                     .a = x,
                     .a_row = (ptrdiff_t)cin,
                     .a_col = 1,
                     .b = p->part[0],
                     .b_row = turned ? 1 : (ptrdiff_t)cout,
                     .b_col = turned ? (ptrdiff_t)cin : 1,
                     .c = ci_out_row(c, 0),
                     .c_row = (ptrdiff_t)cout,
                     .col_bias = p->part[1]};
  ci_gemm_run(&g, c->k, c->pool);
  ci_op_act_row(c, 0);
}

static uint64_t macs(const ci_node *n, const ci_graph *g, const ci_shape *in, ci_shape out) {
  (void)n, (void)g;
  return (uint64_t)in[0].c * (uint64_t)out.c;
}

const ci_op ci_op_dense = {"Gemm", shape, ci_need_whole, pack, scratch, run, macs, NULL, NULL, NULL};
