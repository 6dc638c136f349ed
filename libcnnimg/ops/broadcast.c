/* SPDX-License-Identifier: MIT */
/* broadcast.c - operands (maps or constants) that stand for a whole map: a size of 1 is repeated */
#include "ops/broadcast.h"

#include <string.h>

/* A constant's dimensions, aligned to the right, as a shape; false where it has more than a map. */
static bool const_shape(const ci_tensor *t, ci_shape *s) {
  int64_t d[CI_MAX_RANK + 3] = {1, 1, 1};
  if (t->rank < 0 || t->rank > CI_MAX_RANK) return false;
  for (int32_t i = 0; i < t->rank; i++) d[3 + i] = t->dim[i];
  for (int32_t i = 0; i < t->rank; i++)
    if (d[i] != 1) return false;
  const int64_t *m = d + t->rank;
  for (int i = 0; i < 3; i++)
    if (m[i] < 1 || m[i] > CI_MAX_SIZE) return false;
  *s = (ci_shape){(int32_t)m[0], (int32_t)m[1], (int32_t)m[2]};
  return true;
}

static int operand_shape(const ci_graph *g, const ci_node *n, const ci_shape *in, int32_t k, ci_shape *s,
                         cnnimg_error *err) {
  if (ci_op_has(n, k) && ci_is_map(g, n->in[k])) {
    *s = in[k];
    return ci_op_map(g, n, in, k, err);
  }
  const ci_tensor *t;
  int status = ci_op_const(g, n, k, -1, &t, err);
  if (status || const_shape(t, s)) return status;
  return ci_op_fail(n, err, CNNIMG_UNSUPPORTED, "'%.100s' has %d dimensions and is no map", ci_op_value(g, n, k),
                    t->rank);
}

static int32_t wider(int32_t a, int32_t b) { return a > b ? a : b; }
static bool joins(int32_t a, int32_t all) { return a == all || a == 1; }

int ci_broadcast_shape(const ci_graph *g, const ci_node *n, const ci_shape *in, int32_t count, ci_shape *out,
                       cnnimg_error *err) {
  ci_shape s[CI_MOST_OPERANDS], o = {1, 1, 1};
  bool any = false;
  for (int32_t k = 0; k < count; k++) {
    int status = operand_shape(g, n, in, k, &s[k], err);
    if (status) return status;
    any |= ci_is_map(g, n->in[k]);
    o = (ci_shape){wider(o.c, s[k].c), wider(o.h, s[k].h), wider(o.w, s[k].w)};
  }
  if (!any) return ci_op_fail(n, err, CNNIMG_UNSUPPORTED, "no operand is a map");
  for (int32_t k = 0; k < count; k++)
    if (!joins(s[k].c, o.c) || !joins(s[k].h, o.h) || !joins(s[k].w, o.w))
      return ci_op_fail(n, err, CNNIMG_CORRUPT, "'%.100s' of %d x %d x %d and '%.100s' of %d x %d x %d do not match",
                        ci_op_value(g, n, 0), s[0].c, s[0].h, s[0].w, ci_op_value(g, n, k ? k : 1), s[k ? k : 1].c,
                        s[k ? k : 1].h, s[k ? k : 1].w);
  *out = o;
  return CNNIMG_OK;
}

ci_rect ci_broadcast_need(const ci_node *n, const ci_shape *in, ci_shape out, int32_t k, ci_rect r) {
  (void)n, (void)out;
  if (in[k].h == 1) r.y0 = 0, r.y1 = 1;
  if (in[k].w == 1) r.x0 = 0, r.x1 = 1;
  return ci_rect_clip(r, in[k]);
}

/* ---- constants -------------------------------------------------------------------------------------- */

/* Each part: its shape, then its samples: row, column, channel. */
#define HEAD 16 /* floats */

int ci_broadcast_pack(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape out, const ci_kernels *k,
                      const ci_allocator *a, void **packed, size_t *bytes, cnnimg_error *err) {
  (void)in, (void)k;
  size_t floats[3] = {0, 0, 0};
  ci_shape s[3] = {{0, 0, 0}};
  bool any = n->act.kind == CI_ACT_PRELU;
  for (int32_t i = 0; i < n->n_in && i < CI_MOST_OPERANDS; i++) {
    const ci_tensor *t = ci_const(g, n->in[i]);
    if (!t || !const_shape(t, &s[i])) continue;
    floats[i] = HEAD + (size_t)s[i].h * (size_t)s[i].w * (size_t)ci_channel_stride(s[i].c);
    any = true;
  }
  *packed = NULL;
  *bytes = 0;
  if (!any) return CNNIMG_OK;
  ci_packed *p;
  int status = ci_pack_new(g, n, out.c, floats, a, &p, bytes, err);
  if (status) return status;
  for (int32_t i = 0; i < CI_MOST_OPERANDS; i++) {
    if (!floats[i]) continue;
    memcpy(p->part[i], &s[i], sizeof s[i]);
    const float *from = ci_const(g, n->in[i])->data;
    float *to = p->part[i] + HEAD;
    size_t area = (size_t)s[i].h * (size_t)s[i].w, cs = (size_t)ci_channel_stride(s[i].c);
    for (int32_t c = 0; c < s[i].c; c++)
      for (size_t j = 0; j < area; j++) to[j * cs + (size_t)c] = from[(size_t)c * area + j];
  }
  *packed = p;
  return CNNIMG_OK;
}

ci_operand ci_broadcast_operand(const ci_call *c, int32_t k, int32_t y) {
  const ci_packed *p = c->packed;
  ci_operand o = {.shape = c->in[k].map, .cs = c->in[k].cs};
  if (c->in[k].data) {
    o.at = ci_view_at(&c->in[k], o.shape.w == 1 ? 0 : c->rect.x0, o.shape.h == 1 ? 0 : y);
    return o;
  }
  memcpy(&o.shape, p->part[k], sizeof o.shape);
  o.cs = ci_channel_stride(o.shape.c);
  size_t row = o.shape.h == 1 ? 0 : (size_t)y, column = o.shape.w == 1 ? 0 : (size_t)c->rect.x0;
  o.at = p->part[k] + HEAD + (row * (size_t)o.shape.w + column) * (size_t)o.cs;
  return o;
}

const float *ci_broadcast_row(const ci_call *c, int32_t k, int32_t y, float *room) {
  ci_operand o = ci_broadcast_operand(c, k, y);
  int32_t cs = c->out->cs, channels = c->out->map.c;
  size_t step = o.shape.w == 1 ? 0 : (size_t)o.cs;
  if (o.shape.c == channels && step == (size_t)cs) return o.at;
  for (size_t i = 0; i < ci_row_pixels(c); i++) {
    float *to = room + i * (size_t)cs;
    const float *from = o.at + i * step;
    if (o.shape.c == channels) memcpy(to, from, (size_t)cs * sizeof *to);
    else
      for (int32_t j = 0; j < cs; j++) to[j] = from[0];
  }
  return room;
}
