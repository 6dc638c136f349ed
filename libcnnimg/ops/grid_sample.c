/* SPDX-License-Identifier: MIT */
/* grid_sample.c - a pixel from wherever the grid says, interpolated (Jaderberg et al. 2015, spatial transformers) */
#include <math.h>
#include <string.h>

#include "ops/common.h"

static int shape(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape *out, cnnimg_error *err) {
  int status = ci_op_count(n, 2, 2, err);
  if (!status) status = ci_op_map(g, n, in, 0, err);
  if (!status) status = ci_op_map(g, n, in, 1, err);
  if (!status && in[1].c != 2) status = ci_op_fail(n, err, CNNIMG_CORRUPT, "a grid of %d channels, not 2", in[1].c);
  if (!status && (n->p.mode < CI_RESIZE_NEAREST || n->p.mode > CI_RESIZE_CUBIC || n->p.grid_pad < CI_GRID_ZEROS ||
                  n->p.grid_pad > CI_GRID_REFLECTION))
    status = ci_op_fail(n, err, CNNIMG_UNSUPPORTED, "mode %d, padding %d", n->p.mode, n->p.grid_pad);
  return status ? status : ci_op_shape(g, n, in, in[0].c, in[1].h, in[1].w, out, err);
}

static ci_rect need(const ci_node *n, const ci_shape *in, ci_shape out, int32_t k, ci_rect r) {
  (void)n, (void)out;
  return k ? ci_rect_clip(r, in[k]) : ci_rect_whole(in[k]);
}

/* -1..1 to samples: the ends are the first and last sample (align_corners) or their outer edges. */
static double position(double v, int32_t size, bool corners) {
  return corners ? (v + 1) / 2 * (size - 1) : ((v + 1) * size - 1) / 2;
}

/* Mirrored between lo and hi until it lies there. */
static double reflect(double x, double lo, double hi) {
  double span = hi - lo;
  if (span <= 0) return lo;
  double away = fabs(x - lo), turns = floor(away / span), rest = away - turns * span;
  return fmod(turns, 2) == 0 ? lo + rest : hi - rest;
}

/* A sample's index after padding, or -1: zero. NaN and what is far away too. */
static int32_t index_of(const ci_params *p, double x, int32_t size) {
  if (!(fabs(x) < 1e9)) return p->grid_pad == CI_GRID_ZEROS || x != x ? -1 : x < 0 ? 0 : size - 1;
  if (p->grid_pad == CI_GRID_ZEROS) return x < 0 || x > size - 1 ? -1 : (int32_t)x;
  if (p->grid_pad == CI_GRID_REFLECTION)
    x = p->align_corners ? reflect(x, 0, size - 1) : reflect(x, -0.5, size - 0.5);
  return ci_clamp((int32_t)rint(x), 0, size - 1);
}

/* Where the point lies once padded as a whole; bicubic pads its taps only. */
static double settle(const ci_params *p, double x, int32_t size) {
  if (p->mode == CI_RESIZE_CUBIC || p->grid_pad == CI_GRID_ZEROS || !(fabs(x) < 1e9)) return x;
  if (p->grid_pad == CI_GRID_REFLECTION)
    x = p->align_corners ? reflect(x, 0, size - 1) : reflect(x, -0.5, size - 0.5);
  return x < 0 ? 0 : x > size - 1 ? size - 1 : x;
}

/* Keys' kernel at distance d, a = -0.75. */
static double cubic(double d) {
  const double a = -0.75;
  d = fabs(d);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

typedef struct taps {
  int32_t n, at[4];
  double w[4];
} taps;

static taps taps_of(const ci_params *p, double x, int32_t size) {
  taps t = {.n = p->mode == CI_RESIZE_NEAREST ? 1 : p->mode == CI_RESIZE_LINEAR ? 2 : 4};
  x = settle(p, x, size);
  double first = p->mode == CI_RESIZE_NEAREST ? rint(x) : floor(x);
  if (p->mode == CI_RESIZE_CUBIC) first -= 1;
  for (int32_t k = 0; k < t.n; k++) {
    t.at[k] = index_of(p, first + k, size);
    t.w[k] = p->mode == CI_RESIZE_NEAREST ? 1 : p->mode == CI_RESIZE_LINEAR ? (k ? x - first : 1 - (x - first)) : cubic(x - first - k);
  }
  return t;
}

static void pixel(const ci_call *c, const float *grid, float *out) {
  const ci_params *p = &c->node->p;
  ci_shape m = c->in[0].map;
  taps tx = taps_of(p, position((double)grid[0], m.w, p->align_corners), m.w);
  taps ty = taps_of(p, position((double)grid[1], m.h, p->align_corners), m.h);
  memset(out, 0, (size_t)c->out->cs * sizeof *out);
  for (int32_t i = 0; i < ty.n; i++)
    for (int32_t j = 0; j < tx.n; j++) {
      float w = (float)(ty.w[i] * tx.w[j]);
      if (ty.at[i] < 0 || tx.at[j] < 0 || !(w != 0)) continue;
      const float *in = ci_view_at(&c->in[0], tx.at[j], ty.at[i]);
      for (int32_t k = 0; k < m.c; k++) out[k] += w * in[k];
    }
}

static void run(const ci_call *c) {
  for (int32_t y = c->rect.y0; y < c->rect.y1; y++) {
    const float *grid = ci_view_at(&c->in[1], c->rect.x0, y);
    float *out = ci_out_row(c, y);
    for (size_t i = 0; i < ci_row_pixels(c); i++, grid += c->in[1].cs, out += c->out->cs) pixel(c, grid, out);
    ci_op_act_row(c, y);
  }
}

static uint64_t macs(const ci_node *n, const ci_graph *g, const ci_shape *in, ci_shape out) {
  (void)g, (void)in;
  return (uint64_t)out.c * (n->p.mode == CI_RESIZE_CUBIC ? 16 : n->p.mode == CI_RESIZE_LINEAR ? 4 : 1);
}

const ci_op ci_op_grid_sample = {"GridSample", shape, need, ci_pack_act, NULL, run, macs, NULL, NULL, NULL};
