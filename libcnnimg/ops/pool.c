/* SPDX-License-Identifier: MIT */
/* pool.c - what max_pool.c and average_pool.c share: shapes, windows, rows */
#include "ops/pool.h"

int ci_pool_shape(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape *out, cnnimg_error *err) {
  const ci_params *p = &n->p;
  int64_t size[2];
  int status = ci_op_count(n, 1, 1, err);
  if (!status) status = ci_op_map(g, n, in, 0, err);
  if (!status) status = ci_window_check(n, err);
  if (status) return status;
  for (int i = 0; i < 4; i++)
    if (p->pads[i] >= (p->kernel[i % 2] - 1) * p->dilation[i % 2] + 1)
      return ci_op_fail(n, err, CNNIMG_UNSUPPORTED,
                        "pads of %d, %d, %d, %d: a window of %d x %d would see only them", p->pads[0],
                        p->pads[1], p->pads[2], p->pads[3], p->kernel[0], p->kernel[1]);
  ci_window_of(p, 0, in[0].h, &size[0]);
  ci_window_of(p, 1, in[0].w, &size[1]);
  return ci_op_shape(g, n, in, in[0].c, size[0], size[1], out, err);
}

ci_rect ci_pool_need(const ci_node *n, const ci_shape *in, ci_shape out, int32_t k, ci_rect r) {
  (void)out;
  int64_t size, x0, y0, x1, y1;
  ci_window y = ci_window_of(&n->p, 0, in[k].h, &size), x = ci_window_of(&n->p, 1, in[k].w, &size);
  ci_window_need(&y, r.y0, r.y1, &y0, &y1);
  ci_window_need(&x, r.x0, r.x1, &x0, &x1);
  return ci_rect_from(x0, y0, x1, y1, in[k]);
}

size_t ci_pool_scratch(const ci_node *n, const ci_shape *in, ci_shape out, int32_t width) {
  (void)in, (void)out, (void)width;
  return (size_t)n->p.kernel[0] * sizeof(float *);
}

void ci_pooling_run(const ci_call *c, void (*emit)(const ci_row_job *job, const ci_conv_row *row)) {
  const ci_params *p = &c->node->p;
  int64_t size;
  ci_row_job j = {.in = c->in, .k = c->k, .rows = c->scratch, .emit = emit, .node = c->node};
  j.y = ci_window_of(p, 0, c->in[0].map.h, &size);
  j.x = ci_window_of(p, 1, c->in[0].map.w, &size);
  j.row = (ci_conv_row){.cin = c->out->map.c,
                        .cout = c->out->map.c,
                        .kh = p->kernel[0],
                        .kw = p->kernel[1],
                        .out_step = c->out->cs,
                        .room = c->out->cs};
  for (int32_t y = c->rect.y0; y < c->rect.y1; y++) {
    ci_row_job_run(&j, y, c->rect.x0, c->rect.x1, ci_out_row(c, y), NULL);
    ci_op_act_row(c, y);
  }
}
