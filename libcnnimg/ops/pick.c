/* SPDX-License-Identifier: MIT */
/* pick.c - channels in another order, several times or not at all, by a constant list */
#include <string.h>

#include "ops/common.h"

static int shape(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape *out, cnnimg_error *err) {
  int status = ci_op_count(n, 2, 2, err);
  if (!status) status = ci_op_map(g, n, in, 0, err);
  if (status) return status;
  const ci_tensor *t = ci_const(g, n->in[1]);
  if (!t || t->dtype != CI_I64 || t->count < 1)
    return ci_op_fail(n, err, CNNIMG_UNSUPPORTED, "the list of channels must be a constant of integers");
  for (size_t i = 0; i < t->count; i++) {
    int64_t v = ((const int64_t *)t->data)[i];
    if (v < 0 || v >= in[0].c)
      return ci_op_fail(n, err, CNNIMG_CORRUPT, "channel %lld of %d", (long long)v, in[0].c);
  }
  return ci_op_shape(g, n, in, t->count > CI_MAX_CHANNELS ? CI_MAX_CHANNELS + 1 : (int64_t)t->count, in[0].h, in[0].w,
                     out, err);
}

/* part[0]: the list as int32. */
static int pack(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape out, const ci_kernels *k,
                const ci_allocator *a, void **packed, size_t *bytes, cnnimg_error *err) {
  (void)in, (void)k;
  const int64_t *v = ci_const(g, n->in[1])->data;
  size_t floats[3] = {(size_t)out.c, 0, 0};
  ci_packed *p;
  int status = ci_pack_new(g, n, out.c, floats, a, &p, bytes, err);
  if (status) return status;
  int32_t *to = (int32_t *)(void *)p->part[0];
  for (int32_t i = 0; i < out.c; i++) to[i] = (int32_t)v[i];
  *packed = p;
  return CNNIMG_OK;
}

static void run(const ci_call *c) {
  const ci_packed *p = c->packed;
  const int32_t *at = (const int32_t *)(const void *)p->part[0];
  for (int32_t y = c->rect.y0; y < c->rect.y1; y++) {
    const float *in = ci_view_at(c->in, c->rect.x0, y);
    float *out = ci_out_row(c, y);
    for (int32_t x = c->rect.x0; x < c->rect.x1; x++, in += c->in->cs, out += c->out->cs)
      for (int32_t k = 0; k < c->out->map.c; k++) out[k] = in[at[k]];
    ci_op_act_row(c, y);
  }
}

const ci_op ci_op_pick = {"Pick", shape, ci_need_same, pack, NULL, run, NULL, NULL, NULL, NULL};
