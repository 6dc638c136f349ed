/* SPDX-License-Identifier: MIT */
/* pad.c - borders of a constant, of reflected or repeated pixels, of the other end; negative pads crop */
#include <string.h>

#include "ops/common.h"

/* The columns (axis 1) or rows (0) that are kept: negative pads are cut off before anything is put around. */
typedef struct kept {
  int32_t before, from, to;
} kept;

static kept kept_of(const ci_params *p, int axis, int32_t size) {
  int32_t before = p->pads[axis], after = p->pads[axis + 2];
  return (kept){before, before < 0 ? -before : 0, after < 0 ? size + after : size};
}

static int check_reflect(const ci_node *n, ci_shape in, cnnimg_error *err) {
  for (int i = 0; i < 4 && n->p.mode == CI_PAD_REFLECT; i++) {
    kept k = kept_of(&n->p, i % 2, i % 2 ? in.w : in.h);
    if (n->p.pads[i] >= k.to - k.from)
      return ci_op_fail(n, err, CNNIMG_BADARG, "cannot reflect %d pixels of a map %d wide and %d high",
                        n->p.pads[i], in.w, in.h);
  }
  return CNNIMG_OK;
}

static int shape(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape *out, cnnimg_error *err) {
  const int32_t *pads = n->p.pads;
  int status = ci_op_count(n, 1, 3, err);
  if (!status) status = ci_op_map(g, n, in, 0, err);
  if (status) return status;
  if (n->p.mode < CI_PAD_CONSTANT || n->p.mode > CI_PAD_WRAP)
    return ci_op_fail(n, err, CNNIMG_UNSUPPORTED, "mode %d is unknown", n->p.mode);
  for (int i = 0; i < 4; i++)
    if (pads[i] < -CI_MAX_SIZE || pads[i] > CI_MAX_SIZE)
      return ci_op_fail(n, err, CNNIMG_LIMIT, "pads of %d, %d, %d, %d", pads[0], pads[1], pads[2], pads[3]);
  kept y = kept_of(&n->p, 0, in[0].h), x = kept_of(&n->p, 1, in[0].w);
  if (y.from >= y.to || x.from >= x.to)
    return ci_op_fail(n, err, CNNIMG_BADARG, "pads of %d, %d, %d, %d crop everything", pads[0], pads[1],
                      pads[2], pads[3]);
  if ((status = check_reflect(n, in[0], err))) return status;
  return ci_op_shape(g, n, in, in[0].c, (int64_t)in[0].h + pads[0] + pads[2],
                     (int64_t)in[0].w + pads[1] + pads[3], out, err);
}

/* The input that output o shows, or -1: the constant. */
static int32_t source(int32_t mode, int32_t o, kept k) {
  int32_t i = o - k.before, n = k.to - k.from;
  if (i >= k.from && i < k.to) return i;
  if (mode == CI_PAD_CONSTANT) return -1;
  if (mode == CI_PAD_EDGE) return i < k.from ? k.from : k.to - 1;
  if (mode == CI_PAD_WRAP) return k.from + ((i - k.from) % n + n) % n;
  return i < k.from ? 2 * k.from - i : 2 * (k.to - 1) - i;
}

/* A reflected border runs backwards: to be monotone, need() takes what later outputs read that lies before, and
 * what earlier ones read that lies behind. Where the map goes on from its other end, that is all of it. */
static void need_axis(const ci_params *p, int axis, int32_t size, int32_t outs, int32_t *lo, int32_t *hi) {
  kept k = kept_of(p, axis, size);
  int32_t last = outs - 1 - k.before; /* may be negative or past the map */
  *lo -= k.before;
  *hi -= k.before;
  if (p->mode == CI_PAD_WRAP && (k.before > 0 || last >= k.to)) *lo = k.from, *hi = k.to;
  if (p->mode != CI_PAD_REFLECT) return;
  if (last >= k.to && *lo > 2 * (k.to - 1) - last) *lo = 2 * (k.to - 1) - last;
  if (k.before > 0 && *hi < k.before + 1) *hi = k.before + 1;
}

static ci_rect need(const ci_node *n, const ci_shape *in, ci_shape out, int32_t k, ci_rect r) {
  need_axis(&n->p, 0, in[k].h, out.h, &r.y0, &r.y1);
  need_axis(&n->p, 1, in[k].w, out.w, &r.x0, &r.x1);
  return ci_rect_clip(r, in[k]);
}

static void fill(float *out, float value, int32_t cs) {
  for (int32_t i = 0; i < cs; i++) out[i] = value;
}

static void run_row(const ci_call *c, int32_t y) {
  const ci_params *p = &c->node->p;
  const ci_view *in = c->in;
  kept k = kept_of(p, 1, in->map.w);
  int32_t iy = source(p->mode, y, kept_of(p, 0, in->map.h)), cs = c->out->cs, x = c->rect.x0;
  float *out = ci_out_row(c, y);
  for (int32_t run; x < c->rect.x1; x += run, out += (size_t)run * (size_t)cs) {
    int32_t ix = iy < 0 ? -1 : source(p->mode, x, k);
    int32_t inside = k.to - (x - k.before); /* pixels up to the end, if x is inside */
    run = 1;
    if (ix >= 0 && ix == x - k.before) run = inside < c->rect.x1 - x ? inside : c->rect.x1 - x;
    if (ix < 0) fill(out, p->value, cs);
    else memcpy(out, ci_view_at(in, ix, iy), (size_t)run * (size_t)cs * sizeof(float));
  }
  ci_op_act_row(c, y);
}

static void run(const ci_call *c) {
  for (int32_t y = c->rect.y0; y < c->rect.y1; y++) run_row(c, y);
}

const ci_op ci_op_pad = {"Pad", shape, need, ci_pack_act, NULL, run, NULL, NULL, NULL, NULL};
