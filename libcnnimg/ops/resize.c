/* SPDX-License-Identifier: MIT */
/* resize.c - nearest, linear and cubic interpolation as ONNX has it: rows are mixed first, then columns */
#include <math.h>

#include "ops/resize.h"

static int64_t out_size(const ci_params *p, int which, int32_t in) {
  if (p->size[which] > 0) return p->size[which];
  float scaled = (float)in * p->scale[which]; /* in single precision, as everybody does */
  return scaled < (float)CI_MAX_SIZE * 2 ? (int64_t)scaled : CI_MAX_SIZE * (int64_t)2;
}

static int check(const ci_node *n, cnnimg_error *err) {
  const ci_params *p = &n->p;
  for (int i = 0; i < 2; i++) {
    if (p->size[i] < 0) return ci_op_fail(n, err, CNNIMG_CORRUPT, "a size of %d", p->size[i]);
    if (p->scale[i] != 0 && !(p->scale[i] > 1e-6f && p->scale[i] < 1e6f))
      return ci_op_fail(n, err, CNNIMG_CORRUPT, "a scale of %g", (double)p->scale[i]);
    if (p->size[i] == 0 && p->scale[i] == 0)
      return ci_op_fail(n, err, CNNIMG_CORRUPT, "neither a size nor a scale is given");
  }
  for (int i = 0; i < 2; i++)
    if (!(p->roi[i] <= p->roi[i + 2] && fabsf(p->roi[i]) < 1e6f && fabsf(p->roi[i + 2]) < 1e6f))
      return ci_op_fail(n, err, CNNIMG_UNSUPPORTED, "a part from %g to %g", (double)p->roi[i],
                        (double)p->roi[i + 2]);
  if (p->mode < CI_RESIZE_NEAREST || p->mode > CI_RESIZE_CUBIC || p->coord < CI_COORD_HALF_PIXEL ||
      p->coord > CI_COORD_TF_CROP_AND_RESIZE || p->nearest < CI_NEAREST_PREFER_FLOOR ||
      p->nearest > CI_NEAREST_CEIL)
    return ci_op_fail(n, err, CNNIMG_UNSUPPORTED, "mode %d, coordinates %d, rounding %d", p->mode, p->coord,
                      p->nearest);
  if (!(fabsf(p->cubic_a) < 16))
    return ci_op_fail(n, err, CNNIMG_CORRUPT, "cubic_coeff_a is %g", (double)p->cubic_a);
  return CNNIMG_OK;
}

/* Where both are given they must agree, but for the part of a sample that is cut off. */
static int check_both(const ci_node *n, int which, int32_t in, cnnimg_error *err) {
  double length = (double)n->p.scale[which] * in, size = n->p.size[which];
  if (n->p.scale[which] == 0 || size == 0 || fabs(size - length) <= 1 + 1e-6 * length) return CNNIMG_OK;
  return ci_op_fail(n, err, CNNIMG_CORRUPT, "%d scaled by %g is not %g", in, (double)n->p.scale[which], size);
}

static int shape(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape *out, cnnimg_error *err) {
  int status = ci_op_count(n, 1, 4, err);
  if (!status) status = ci_op_map(g, n, in, 0, err);
  if (!status) status = check(n, err);
  if (!status) status = check_both(n, 0, in[0].h, err);
  if (!status) status = check_both(n, 1, in[0].w, err);
  if (status) return status;
  return ci_op_shape(g, n, in, in[0].c, out_size(&n->p, 0, in[0].h), out_size(&n->p, 1, in[0].w), out, err);
}

/* ---- what is read ------------------------------------------------------------------------------------- */

/* Taps of weight 0 (a sample that falls on a pixel) make the sides jump back by one; looking at the neighbouring
 * outputs keeps need() monotone. */
static void need_axis(const ci_scaled *a, int32_t o0, int32_t o1, int32_t *lo, int32_t *hi) {
  int32_t from, to;
  *lo = a->in;
  *hi = 0;
  for (int32_t o = o0; o < o0 + 3 && o < a->out; o++) {
    ci_scaled_span(a, o, &from, &to);
    *lo = from < *lo ? from : *lo;
  }
  for (int32_t o = o1 - 1; o > o1 - 4 && o >= 0; o--) {
    ci_scaled_span(a, o, &from, &to);
    *hi = to > *hi ? to : *hi;
  }
}

static ci_rect need(const ci_node *n, const ci_shape *in, ci_shape out, int32_t k, ci_rect r) {
  ci_rect i;
  ci_scaled y = ci_scaled_of(&n->p, 0, in[k].h, out.h), x = ci_scaled_of(&n->p, 1, in[k].w, out.w);
  need_axis(&y, r.y0, r.y1, &i.y0, &i.y1);
  need_axis(&x, r.x0, r.x1, &i.x0, &i.x1);
  return ci_rect_clip(i, in[k]);
}

/* ---- running -------------------------------------------------------------------------------------------- */

/* Places and weights of the columns' taps, weights of a row's taps, the row that these make. */
typedef struct room {
  size_t table, weights, row; /* bytes */
} room;

static room room_of(const ci_scaled *y, const ci_scaled *x, int32_t cs, int32_t width) {
  double step = x->out > 1 ? ci_scaled_at(x, 1) - ci_scaled_at(x, 0) : 0,
         span = width * step + 2.0 * (double)x->reach + 16;
  size_t pixels = span < x->in ? (size_t)span : (size_t)x->in;
  return (room){ci_round_up((size_t)width * (size_t)x->taps * 4, CI_ALIGN),
                ci_round_up((size_t)y->taps * 4, CI_ALIGN), pixels * (size_t)cs * sizeof(float)};
}

static size_t scratch(const ci_node *n, const ci_shape *in, ci_shape out, int32_t width) {
  ci_scaled y = ci_scaled_of(&n->p, 0, in[0].h, out.h), x = ci_scaled_of(&n->p, 1, in[0].w, out.w);
  room r = room_of(&y, &x, ci_channel_stride(in[0].c), width);
  return 2 * r.table + r.weights + r.row;
}

/* `taps` entries a column, in inputs from `from` on; what a column does not use repeats its first with weight 0. */
static void fill_table(const ci_scaled *x, ci_rect r, int32_t from, int32_t *at, float *w) {
  for (int32_t o = r.x0; o < r.x1; o++, at += x->taps, w += x->taps) {
    int32_t lo, n = ci_scaled_taps(x, o, &lo, w);
    for (int32_t k = 0; k < x->taps; k++) at[k] = lo - from + (k < n ? k : 0);
    for (int32_t k = n; k < x->taps; k++) w[k] = 0;
  }
}

/* The weighted sum of the rows that count; a single row of weight 1 is used where it lies. */
static const float *mix_rows(const ci_call *c, const ci_scaled *a, int32_t y, ci_rect need_rect, float *w,
                             float *row) {
  int32_t lo, n = ci_scaled_taps(a, y, &lo, w);
  size_t floats = (size_t)(need_rect.x1 - need_rect.x0) * (size_t)c->in[0].cs;
  const float *first = ci_view_at(c->in, need_rect.x0, lo);
  if (n == 1 && w[0] == 1) return first;
  c->k->scale(row, first, w[0], floats);
  for (int32_t k = 1; k < n; k++)
    c->k->scale_into(row, ci_view_at(c->in, need_rect.x0, lo + k), w[k], floats);
  return row;
}

/* What a crop shows beyond the map. */
static void fill_beyond(const ci_call *c, const ci_scaled *ya, const ci_scaled *xa, int32_t y) {
  float *out = ci_out_row(c, y);
  bool row = ci_scaled_inside(ya, y);
  for (int32_t x = c->rect.x0; x < c->rect.x1; x++, out += c->out->cs)
    for (int32_t i = 0; i < c->out->cs && (!row || !ci_scaled_inside(xa, x)); i++) out[i] = c->node->p.value;
}

static void run(const ci_call *c) {
  const ci_params *p = &c->node->p;
  ci_shape in = c->in[0].map, out = c->out->map;
  ci_scaled ya = ci_scaled_of(p, 0, in.h, out.h), xa = ci_scaled_of(p, 1, in.w, out.w);
  ci_rect r = need(c->node, &in, out, 0, c->rect);
  room parts = room_of(&ya, &xa, c->in[0].cs, c->rect.x1 - c->rect.x0);
  char *at = c->scratch, *weights = at + parts.table, *row_weights = weights + parts.table;
  float *row = (float *)(row_weights + parts.weights);
  fill_table(&xa, c->rect, r.x0, (int32_t *)at, (float *)weights);
  for (int32_t y = c->rect.y0; y < c->rect.y1; y++) {
    const float *mixed = mix_rows(c, &ya, y, r, (float *)row_weights, row);
    c->k->mix(ci_out_row(c, y), mixed, (int32_t *)at, (float *)weights, xa.taps, ci_row_pixels(c),
              c->out->cs);
    if (p->coord == CI_COORD_TF_CROP_AND_RESIZE) fill_beyond(c, &ya, &xa, y);
    ci_op_act_row(c, y);
  }
}

static uint64_t macs(const ci_node *n, const ci_graph *g, const ci_shape *in, ci_shape out) {
  (void)g;
  ci_scaled y = ci_scaled_of(&n->p, 0, in[0].h, out.h), x = ci_scaled_of(&n->p, 1, in[0].w, out.w);
  return (uint64_t)(y.taps + x.taps) * (uint64_t)out.c;
}

const ci_op ci_op_resize = {"Resize", shape, need, ci_pack_act, scratch, run, macs, NULL, NULL, NULL};
