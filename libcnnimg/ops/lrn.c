/* SPDX-License-Identifier: MIT */
/* lrn.c - each sample over a power of the squares around it across channels (Krizhevsky 2012, 3.3) */
#include <math.h>

#include "ops/common.h"

static int shape(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape *out, cnnimg_error *err) {
  int status = ci_op_count(n, 1, 1, err);
  if (!status) status = ci_op_map(g, n, in, 0, err);
  if (!status && (n->p.size[0] < 1 || n->p.size[0] > CI_MAX_CHANNELS))
    status = ci_op_fail(n, err, CNNIMG_CORRUPT, "a window of %d channels", n->p.size[0]);
  return status ? status : ci_op_shape(g, n, in, in[0].c, in[0].h, in[0].w, out, err);
}

static void pixel(const ci_params *p, const float *in, float *out, int32_t c) {
  int32_t size = p->size[0], before = (size - 1) / 2, after = size - 1 - before;
  for (int32_t k = 0; k < c; k++) {
    int32_t from = k - before < 0 ? 0 : k - before, to = k + after >= c ? c - 1 : k + after;
    double sum = 0;
    for (int32_t i = from; i <= to; i++) sum += (double)in[i] * (double)in[i];
    out[k] = (float)((double)in[k] / pow((double)p->bias + (double)p->value / size * sum, (double)p->beta));
  }
}

static void run(const ci_call *c) {
  for (int32_t y = c->rect.y0; y < c->rect.y1; y++) {
    const float *in = ci_view_at(c->in, c->rect.x0, y);
    float *out = ci_out_row(c, y);
    for (size_t i = 0; i < ci_row_pixels(c); i++, in += c->in->cs, out += c->out->cs)
      pixel(&c->node->p, in, out, c->out->map.c);
    ci_op_act_row(c, y);
  }
}

const ci_op ci_op_lrn = {"LRN", shape, ci_need_same, ci_pack_act, NULL, run, NULL, NULL, NULL, NULL};
