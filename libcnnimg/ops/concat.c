/* SPDX-License-Identifier: MIT */
/* concat.c - maps side by side: along channels, rows or columns */
#include <string.h>

#include "ops/common.h"

#define MAX_INPUTS 4096

static int32_t along(ci_shape s, int32_t axis) { return axis == 1 ? s.c : axis == 2 ? s.h : s.w; }

static bool fits(ci_shape a, ci_shape b, int32_t axis) {
  return (axis == 1 || a.c == b.c) && (axis == 2 || a.h == b.h) && (axis == 3 || a.w == b.w);
}

static int shape(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape *out, cnnimg_error *err) {
  int32_t axis = n->p.axis;
  int64_t total = 0;
  if (axis < 1 || axis > 3) return ci_op_fail(n, err, CNNIMG_UNSUPPORTED, "axis %d", axis);
  int status = ci_op_count(n, 1, MAX_INPUTS, err);
  for (int32_t k = 0; !status && k < n->n_in; k++) {
    if ((status = ci_op_map(g, n, in, k, err))) break;
    if (!fits(in[k], in[0], axis))
      return ci_op_fail(n, err, CNNIMG_CORRUPT, "'%.100s' of %d x %d x %d beside %d x %d x %d on axis %d",
                        ci_op_value(g, n, k), in[k].c, in[k].h, in[k].w, in[0].c, in[0].h, in[0].w, axis);
    total += along(in[k], axis);
  }
  if (status) return status;
  return ci_op_shape(g, n, in, axis == 1 ? total : in[0].c, axis == 2 ? total : in[0].h,
                     axis == 3 ? total : in[0].w, out, err);
}

/* Where input k begins. */
static int32_t offset_of(const ci_shape *in, int32_t axis, int32_t k) {
  int32_t at = 0;
  for (int32_t i = 0; i < k; i++) at += along(in[i], axis);
  return at;
}

static ci_rect need(const ci_node *n, const ci_shape *in, ci_shape out, int32_t k, ci_rect r) {
  (void)out;
  int32_t axis = n->p.axis, at = axis == 1 ? 0 : offset_of(in, axis, k);
  if (axis == 2) r.y0 -= at, r.y1 -= at;
  if (axis == 3) r.x0 -= at, r.x1 -= at;
  return ci_rect_clip(r, in[k]);
}

/* The part of rows y0..y1, columns x0..x1 (of the input) goes `dx`, `dy` further and to channel `first`. */
static void copy_map(const ci_call *c, int32_t k, ci_rect r, int32_t dx, int32_t dy, int32_t first) {
  const ci_view *v = &c->in[k];
  size_t bytes = (size_t)v->map.c * sizeof(float);
  for (int32_t y = r.y0; y < r.y1 && r.x0 < r.x1; y++) {
    const float *in = ci_view_at(v, r.x0, y);
    float *out = ci_view_at(c->out, r.x0 + dx, y + dy) + first;
    for (int32_t x = r.x0; x < r.x1; x++, in += v->cs, out += c->out->cs) memcpy(out, in, bytes);
  }
}

static void run(const ci_call *c) {
  int32_t axis = c->node->p.axis, at = 0;
  for (int32_t k = 0; k < c->node->n_in; k++) {
    ci_shape m = c->in[k].map;
    int32_t dx = axis == 3 ? at : 0, dy = axis == 2 ? at : 0;
    ci_rect r = {ci_clamp(c->rect.x0 - dx, 0, m.w), ci_clamp(c->rect.y0 - dy, 0, m.h),
                 ci_clamp(c->rect.x1 - dx, 0, m.w), ci_clamp(c->rect.y1 - dy, 0, m.h)};
    copy_map(c, k, r, dx, dy, axis == 1 ? at : 0);
    at += along(m, axis);
  }
  for (int32_t y = c->rect.y0; y < c->rect.y1; y++) ci_op_act_row(c, y);
}

const ci_op ci_op_concat = {"Concat", shape, need, ci_pack_act, NULL, run, NULL, NULL, NULL, NULL};
