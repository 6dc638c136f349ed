/* SPDX-License-Identifier: MIT */
/* held.c - an operation of tensor/ on vectors: whatever is no map */
#include <string.h>

#include "ops/common.h"
#include "tensor/held.h"

static int shape(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape *out, cnnimg_error *err) {
  const ci_held *h = n->held;
  if (!h || h->n_in != n->n_in || h->out.count < 1)
    return ci_op_fail(n, err, CNNIMG_CORRUPT, "does not say what it computes");
  for (int32_t k = 0; k < n->n_in; k++) {
    if (!ci_op_has(n, k)) continue;
    int status = ci_op_map(g, n, in, k, err);
    if (status) return status;
    if (in[k].h != 1 || in[k].w != 1 || (size_t)in[k].c != h->in[k].count)
      return ci_op_fail(n, err, CNNIMG_CORRUPT, "input '%.100s' has %d x %d x %d elements instead of %zu",
                        ci_op_value(g, n, k), in[k].c, in[k].h, in[k].w, h->in[k].count);
  }
  return ci_op_shape(g, n, in, h->out.count > INT32_MAX ? INT64_MAX : (int64_t)h->out.count, 1, 1, out, err);
}

static size_t arrays_bytes(const ci_held *h) {
  return ci_round_up((size_t)(h->n_in + 1) * sizeof(ci_array), CI_ALIGN);
}

static size_t scratch(const ci_node *n, const ci_shape *in, ci_shape out, int32_t width) {
  (void)in, (void)out, (void)width;
  const ci_held *h = n->held;
  ci_array result = h->out;
  const ci_tensor_call call = {.node = h->node, .opset = h->opset, .which = h->which, .n_in = h->n_in, .in = h->in,
                               .out = &result};
  return arrays_bytes(h) + (h->op->scratch ? h->op->scratch(&call) : 0);
}

static void run(const ci_call *c) {
  const ci_held *h = c->node->held;
  ci_array *in = c->scratch, result = h->out;
  for (int32_t k = 0; k < h->n_in; k++) {
    in[k] = h->in[k];
    if (c->in[k].data) in[k].data = ci_view_at(&c->in[k], 0, 0);
  }
  result.data = ci_out_row(c, 0);
  const ci_tensor_call call = {.node = h->node, .opset = h->opset, .which = h->which, .n_in = h->n_in, .in = in,
                               .out = &result, .scratch = (char *)c->scratch + arrays_bytes(h),
                               .pool = c->pool, .k = c->k};
  h->op->run(&call);
  ci_op_act_row(c, 0);
}

/* Of what has weights; sums of other kinds are nothing beside them. */
static uint64_t macs(const ci_node *n, const ci_graph *g, const ci_shape *in, ci_shape out) {
  (void)g, (void)in, (void)out;
  const ci_held *h = n->held;
  const char *type = h->node->type;
  const ci_array *a = &h->in[0], *b = h->n_in > 1 ? &h->in[1] : NULL;
  if (!b || a->rank < 1 || b->rank < 1 || !a->count) return 0;
  if (!strcmp(type, "MatMul")) return (uint64_t)h->out.count * (uint64_t)a->dim[a->rank - 1];
  if (!strcmp(type, "Gemm"))
    return (uint64_t)h->out.count * (uint64_t)a->dim[ci_attr_int(h->node, "transA", 0) ? 0 : a->rank - 1];
  if (b->dim[0] < 1) return 0;
  if (!strcmp(type, "Conv")) return (uint64_t)h->out.count * (b->count / (uint64_t)b->dim[0]);
  return strcmp(type, "ConvTranspose") ? 0 : (uint64_t)a->count * (b->count / (uint64_t)b->dim[0]);
}

const ci_op ci_op_held = {"Held", shape, ci_need_whole, ci_pack_act, scratch, run, macs, NULL, NULL, NULL};
