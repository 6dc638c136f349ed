/* SPDX-License-Identifier: MIT */
/* resize.c - nearest, linear and cubic interpolation with ONNX's coordinates (no antialiasing) */
#include <math.h>

#include "ops/common.h"

#define MAX_TAPS 4

typedef struct axis {
  int32_t in, out, taps; /* taps: 1, 2 or 4 by mode */
  double scale;
} axis;

static axis axis_of(const ci_params *p, int which, int32_t in, int32_t out) {
  double scale = p->scale[which] > 0 ? (double)p->scale[which] : (double)out / in;
  int32_t taps = p->mode == CI_RESIZE_NEAREST ? 1 : p->mode == CI_RESIZE_LINEAR ? 2 : 4;
  return (axis){in, out, taps, scale};
}

/* Where output o lies in the input. */
static double position(const ci_params *p, const axis *a, int32_t o) {
  switch (p->coord) {
    case CI_COORD_ALIGN_CORNERS:
      return a->out > 1 ? (double)o * (a->in - 1) / (a->out - 1) : 0;
    case CI_COORD_ASYMMETRIC:
      return o / a->scale;
    case CI_COORD_PYTORCH_HALF_PIXEL:
      return a->out > 1 ? (o + 0.5) / a->scale - 0.5 : 0;
    default:
      return (o + 0.5) / a->scale - 0.5;
  }
}

static double nearest(const ci_params *p, double x) {
  switch (p->nearest) {
    case CI_NEAREST_FLOOR:
      return floor(x);
    case CI_NEAREST_CEIL:
      return ceil(x);
    case CI_NEAREST_PREFER_CEIL:
      return floor(x + 0.5);
    default:
      return ceil(x - 0.5);
  }
}

/* Keys' cubic convolution kernel (1981) at distance d. */
static double cubic(double d, double a) {
  d = fabs(d);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((d - 5) * d + 8) * d * a - 4 * a : 0;
}

static int32_t inside(double x, int32_t size) { return x < 0 ? 0 : x > size - 1 ? size - 1 : (int32_t)x; }

/* Adds w at index i, joining it with an equal index (neighbours are clamped at the border). */
static int32_t add_tap(int32_t *at, double *w, int32_t n, int32_t i, double weight) {
  for (int32_t k = 0; k < n; k++)
    if (at[k] == i) {
      w[k] += weight;
      return n;
    }
  at[n] = i;
  w[n] = weight;
  return n + 1;
}

/* The inputs of output o that count, in order; their number, at least 1. */
static int32_t taps_of(const ci_params *p, const axis *a, int32_t o, int32_t *at, float *weight) {
  double x = position(p, a, o), first = floor(x), w[MAX_TAPS];
  int32_t all[MAX_TAPS], n = 0, kept = 0;
  if (p->mode == CI_RESIZE_NEAREST) n = add_tap(all, w, 0, inside(nearest(p, x), a->in), 1);
  for (int32_t k = 0; k < 2 && p->mode == CI_RESIZE_LINEAR; k++)
    n = add_tap(all, w, n, inside(first + k, a->in), k ? x - first : 1 - (x - first));
  for (int32_t k = -1; k < 3 && p->mode == CI_RESIZE_CUBIC; k++)
    n = add_tap(all, w, n, inside(first + k, a->in), cubic(x - first - k, p->cubic_a));
  for (int32_t k = 0; k < n; k++)
    if ((float)w[k] != 0) {
      at[kept] = all[k];
      weight[kept++] = (float)w[k];
    }
  if (kept) return kept;
  at[0] = all[0];
  weight[0] = 0;
  return 1;
}

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
  if (p->mode < CI_RESIZE_NEAREST || p->mode > CI_RESIZE_CUBIC || p->coord < CI_COORD_HALF_PIXEL ||
      p->coord > CI_COORD_ASYMMETRIC || p->nearest < CI_NEAREST_PREFER_FLOOR || p->nearest > CI_NEAREST_CEIL)
    return ci_op_fail(n, err, CNNIMG_UNSUPPORTED, "mode %d, coordinates %d, rounding %d", p->mode, p->coord,
                      p->nearest);
  if (!(fabsf(p->cubic_a) < 16))
    return ci_op_fail(n, err, CNNIMG_CORRUPT, "cubic_coeff_a is %g", (double)p->cubic_a);
  return CNNIMG_OK;
}

static int shape(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape *out, cnnimg_error *err) {
  int status = ci_op_count(n, 1, 4, err);
  if (!status) status = ci_op_map(g, n, in, 0, err);
  if (!status) status = check(n, err);
  if (status) return status;
  return ci_op_shape(g, n, in, in[0].c, out_size(&n->p, 0, in[0].h), out_size(&n->p, 1, in[0].w), out, err);
}

/* Cubic taps of weight 0 (a sample that falls on a pixel) make the sides jump back by one; looking at the
 * neighbouring outputs keeps need() monotone. */
static void need_axis(const ci_params *p, const axis *a, int32_t o0, int32_t o1, int32_t *lo, int32_t *hi) {
  int32_t at[MAX_TAPS];
  float w[MAX_TAPS];
  *lo = a->in;
  *hi = 0;
  for (int32_t o = o0; o < o0 + 3 && o < a->out; o++)
    for (int32_t k = taps_of(p, a, o, at, w); k-- > 0;) *lo = at[k] < *lo ? at[k] : *lo;
  for (int32_t o = o1 - 1; o > o1 - 4 && o >= 0; o--)
    for (int32_t k = taps_of(p, a, o, at, w); k-- > 0;) *hi = at[k] + 1 > *hi ? at[k] + 1 : *hi;
}

static ci_rect need(const ci_node *n, const ci_shape *in, ci_shape out, int32_t k, ci_rect r) {
  ci_rect i;
  axis y = axis_of(&n->p, 0, in[k].h, out.h), x = axis_of(&n->p, 1, in[k].w, out.w);
  need_axis(&n->p, &y, r.y0, r.y1, &i.y0, &i.y1);
  need_axis(&n->p, &x, r.x0, r.x1, &i.x0, &i.x1);
  return ci_rect_clip(i, in[k]);
}

/* Columns' taps, then the row that the rows' taps make. */
static size_t table_bytes(const axis *x, int32_t width) {
  return ci_round_up((size_t)width * (size_t)x->taps * 4, CI_ALIGN);
}

static size_t scratch(const ci_node *n, const ci_shape *in, ci_shape out, int32_t width) {
  axis x = axis_of(&n->p, 1, in[0].w, out.w);
  double step =
      n->p.coord == CI_COORD_ALIGN_CORNERS && out.w > 1 ? (in[0].w - 1.0) / (out.w - 1.0) : 1 / x.scale;
  double span = width * step + 16;
  size_t pixels = span < in[0].w ? (size_t)span : (size_t)in[0].w;
  return 2 * table_bytes(&x, width) + pixels * (size_t)ci_channel_stride(in[0].c) * sizeof(float);
}

/* Fills up to `taps` entries a column; those that do not count repeat the first with weight 0. */
static void fill_table(const ci_params *p, const axis *x, ci_rect r, int32_t from, int32_t *at, float *w) {
  for (int32_t o = r.x0; o < r.x1; o++, at += x->taps, w += x->taps) {
    int32_t found[MAX_TAPS];
    float weight[MAX_TAPS];
    int32_t n = taps_of(p, x, o, found, weight);
    for (int32_t k = 0; k < x->taps; k++) {
      at[k] = found[k < n ? k : 0] - from;
      w[k] = k < n ? weight[k] : 0;
    }
  }
}

/* The weighted sum of the rows that count; a single row of weight 1 is used where it lies. */
static const float *mix_rows(const ci_call *c, const axis *a, int32_t y, ci_rect need_rect, float *row) {
  int32_t at[MAX_TAPS];
  float w[MAX_TAPS];
  int32_t n = taps_of(&c->node->p, a, y, at, w);
  size_t floats = (size_t)(need_rect.x1 - need_rect.x0) * (size_t)c->in[0].cs;
  const float *first = ci_view_at(c->in, need_rect.x0, at[0]);
  if (n == 1 && w[0] == 1) return first;
  c->k->scale(row, first, w[0], floats);
  for (int32_t k = 1; k < n; k++) c->k->scale_into(row, ci_view_at(c->in, need_rect.x0, at[k]), w[k], floats);
  return row;
}

static void run(const ci_call *c) {
  const ci_params *p = &c->node->p;
  ci_shape in = c->in[0].map, out = c->out->map;
  axis ya = axis_of(p, 0, in.h, out.h), xa = axis_of(p, 1, in.w, out.w);
  ci_rect r = need(c->node, &in, out, 0, c->rect);
  size_t table = table_bytes(&xa, c->rect.x1 - c->rect.x0);
  int32_t *at = c->scratch;
  float *w = (float *)((char *)c->scratch + table), *row = (float *)((char *)c->scratch + 2 * table);
  fill_table(p, &xa, c->rect, r.x0, at, w);
  for (int32_t y = c->rect.y0; y < c->rect.y1; y++) {
    c->k->mix(ci_out_row(c, y), mix_rows(c, &ya, y, r, row), at, w, xa.taps, ci_row_pixels(c), c->out->cs);
    ci_op_act_row(c, y);
  }
}

static uint64_t macs(const ci_node *n, const ci_graph *g, const ci_shape *in, ci_shape out) {
  (void)g, (void)in;
  uint64_t taps = n->p.mode == CI_RESIZE_NEAREST ? 1 : n->p.mode == CI_RESIZE_LINEAR ? 2 : 4;
  return 2 * taps * (uint64_t)out.c;
}

const ci_op ci_op_resize = {"Resize", shape, need, ci_pack_act, scratch, run, macs, NULL, NULL};
