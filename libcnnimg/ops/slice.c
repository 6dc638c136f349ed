/* SPDX-License-Identifier: MIT */
/* slice.c - some of the channels, rows or columns; also what Split becomes */
#include <string.h>

#include "ops/common.h"

static int32_t along(ci_shape s, int32_t axis) { return axis == 1 ? s.c : axis == 2 ? s.h : s.w; }

/* The first index along the axis, and how many there are (may be < 1). */
static void span(const ci_params *p, ci_shape in, int64_t *first, int64_t *count) {
  int64_t size = along(in, p->axis), start = p->start, end = p->end;
  if (start < 0) start += size;
  if (end < 0) end += size;
  *first = start < 0 ? 0 : start > size ? size : start;
  end = end < 0 ? 0 : end > size ? size : end;
  *count = (end - *first + p->step - 1) / p->step;
}

static int shape(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape *out, cnnimg_error *err) {
  int32_t axis = n->p.axis;
  int64_t first, count;
  int status = ci_op_count(n, 1, 1, err);
  if (!status) status = ci_op_map(g, n, in, 0, err);
  if (status) return status;
  if (axis < 1 || axis > 3) return ci_op_fail(n, err, CNNIMG_UNSUPPORTED, "axis %d", axis);
  if (n->p.step < 1 || n->p.step > CI_MAX_SIZE)
    return ci_op_fail(n, err, CNNIMG_UNSUPPORTED, "a step of %d; only forward steps are done", n->p.step);
  span(&n->p, in[0], &first, &count);
  if (count < 1)
    return ci_op_fail(n, err, CNNIMG_BADARG, "nothing lies between %d and %d of %d", n->p.start, n->p.end,
                      along(in[0], axis));
  return ci_op_shape(g, n, in, axis == 1 ? count : in[0].c, axis == 2 ? count : in[0].h,
                     axis == 3 ? count : in[0].w, out, err);
}

static ci_rect need(const ci_node *n, const ci_shape *in, ci_shape out, int32_t k, ci_rect r) {
  (void)out;
  int64_t first, count, step = n->p.step;
  span(&n->p, in[k], &first, &count);
  if (n->p.axis == 2) {
    r.y1 = (int32_t)(first + (r.y1 - 1) * step + 1);
    r.y0 = (int32_t)(first + r.y0 * step);
  } else if (n->p.axis == 3) {
    r.x1 = (int32_t)(first + (r.x1 - 1) * step + 1);
    r.x0 = (int32_t)(first + r.x0 * step);
  }
  return ci_rect_clip(r, in[k]);
}

static void copy_pixel(float *out, const float *in, int32_t c, int32_t step) {
  if (step == 1) memcpy(out, in, (size_t)c * sizeof *out);
  else
    for (int32_t i = 0; i < c; i++) out[i] = in[(ptrdiff_t)i * step];
}

static void run(const ci_call *c) {
  const ci_params *p = &c->node->p;
  int64_t first, count;
  span(p, c->in[0].map, &first, &count);
  int32_t at[4] = {0}, step[4] = {1, 1, 1, 1};
  at[p->axis] = (int32_t)first;
  step[p->axis] = p->step;
  for (int32_t y = c->rect.y0; y < c->rect.y1; y++) {
    const float *in = ci_view_at(c->in, at[3] + c->rect.x0 * step[3], at[2] + y * step[2]) + at[1];
    float *out = ci_out_row(c, y);
    for (int32_t x = c->rect.x0; x < c->rect.x1; x++) {
      copy_pixel(out, in, c->out->map.c, step[1]);
      out += c->out->cs;
      if (x + 1 < c->rect.x1) in += (size_t)step[3] * (size_t)c->in[0].cs;
    }
    ci_op_act_row(c, y);
  }
}

const ci_op ci_op_slice = {"Slice", shape, need, ci_pack_act, NULL, run, NULL, NULL, NULL, NULL};
