/* SPDX-License-Identifier: MIT */
/* lineart_flow.c - the network's paint for cells, spread within the parts of a drawing */
#include <math.h>

#include "tasks/colorize_state.h"
#include "tasks/lab.h"

/*
 * Recursive filters along rows and columns that begin anew where a part ends (Gastal, Oliveira: "Domain transform for edge-aware
 * image and video processing", SIGGRAPH 2011, whose domain is cut here instead of stretched). Paint near strokes is a mixture
 * of both sides' and counts less.
 */
#define ROUNDS 2
#define REACH 0.06f  /* of the short side: the filter's standard deviation */
#define UNSURE 1e-4f /* weight of paint under a stroke */
#define COLUMNS_AT_ONCE 64

static float clamped(float v) { return v > 0 ? v < 1 ? v : 1 : 0; }

/* ---- cells to pixels ---------------------------------------------------------------------------------- */

static void mix_cells(const ci_colorize *c, float u, float v, float rgb[3]) {
  const int32_t w = c->small.cells_w, h = c->small.cells_h;
  const size_t n = (size_t)w * (size_t)h;
  u = u > 0 ? u : 0, v = v > 0 ? v : 0;
  const int32_t x0 = (int32_t)u < w - 1 ? (int32_t)u : w - 1, y0 = (int32_t)v < h - 1 ? (int32_t)v : h - 1,
                x1 = x0 + 1 < w ? x0 + 1 : x0, y1 = y0 + 1 < h ? y0 + 1 : y0;
  const float tx = u - (float)x0, ty = v - (float)y0;
  for (size_t k = 0; k < 3; k++) {
    const float *top = c->answer + k * n + (size_t)y0 * (size_t)w,
                *low = c->answer + k * n + (size_t)y1 * (size_t)w;
    const float above = top[x0] + tx * (top[x1] - top[x0]), below = low[x0] + tx * (low[x1] - low[x0]);
    rgb[k] = clamped(above + ty * (below - above));
  }
}

static void start_row(void *arg, uint32_t y, uint32_t worker) {
  const ci_colorize *c = arg;
  const ci_small *s = &c->small;
  const float step_x = (float)s->seen_w / (float)s->w / CI_CELL,
              step_y = (float)s->seen_h / (float)s->h / CI_CELL;
  const float cell = 3 / step_x; /* in thirds of pixels, as distances are */
  const size_t at = (size_t)y * (size_t)s->w;
  float *fine = c->fine + 3 * at;
  (void)worker;
  for (int32_t x = 0; x < s->w; x++, fine += 3) {
    const float away = (float)c->drawing.parts.far[at + (size_t)x] / cell, sure = away < 1 ? away : 1;
    const float weight = UNSURE + sure * sure;
    mix_cells(c, ((float)x + 0.5f) * step_x - 0.5f, ((float)y + 0.5f) * step_y - 0.5f, fine);
    for (int k = 0; k < 3; k++) fine[k] *= weight;
    c->drawing.weight[at + (size_t)x] = weight;
  }
}

/* ---- along rows and columns ----------------------------------------------------------------------------- */

/* What flows on from one pixel to the next of the same part. */
static inline void pass(const ci_colorize *c, size_t from, size_t to, float keep) {
  if (c->drawing.parts.part[from] != c->drawing.parts.part[to]) return;
  float *a = c->fine + 3 * from, *b = c->fine + 3 * to;
  for (int k = 0; k < 3; k++) b[k] += keep * (a[k] - b[k]);
  c->drawing.weight[to] += keep * (c->drawing.weight[from] - c->drawing.weight[to]);
}

static float keep_of(const ci_colorize *c) {
  const ci_small *s = &c->small;
  return expf(-sqrtf(2) / (REACH * (float)(s->w < s->h ? s->w : s->h) + 1));
}

static void flow_row(void *arg, uint32_t y, uint32_t worker) {
  const ci_colorize *c = arg;
  const size_t w = (size_t)c->small.w, at = (size_t)y * w;
  const float keep = keep_of(c);
  (void)worker;
  for (size_t x = 1; x < w; x++) pass(c, at + x - 1, at + x, keep);
  for (size_t x = w - 1; x > 0; x--) pass(c, at + x, at + x - 1, keep);
}

static void flow_columns(void *arg, uint32_t group, uint32_t worker) {
  const ci_colorize *c = arg;
  const size_t w = (size_t)c->small.w, h = (size_t)c->small.h, x0 = (size_t)group * COLUMNS_AT_ONCE,
               x1 = x0 + COLUMNS_AT_ONCE < w ? x0 + COLUMNS_AT_ONCE : w;
  const float keep = keep_of(c);
  (void)worker;
  for (size_t y = 1; y < h; y++)
    for (size_t x = x0; x < x1; x++) pass(c, (y - 1) * w + x, y * w + x, keep);
  for (size_t y = h - 1; y > 0; y--)
    for (size_t x = x0; x < x1; x++) pass(c, y * w + x, (y - 1) * w + x, keep);
}

static void settle_row(void *arg, uint32_t y, uint32_t worker) {
  const ci_colorize *c = arg;
  const size_t w = (size_t)c->small.w, at = (size_t)y * w;
  (void)worker;
  for (size_t x = at; x < at + w; x++)
    for (int k = 0; k < 3; k++)
      c->fine[3 * x + (size_t)k] = clamped(c->fine[3 * x + (size_t)k] / c->drawing.weight[x]);
}

void ci_lineart_flow(ci_colorize *c) {
  ci_pool *pool = ci_tensors_pool(c->net);
  const uint32_t h = (uint32_t)c->small.h,
                 groups = ((uint32_t)c->small.w + COLUMNS_AT_ONCE - 1) / COLUMNS_AT_ONCE;
  ci_pool_run(pool, h, start_row, c);
  for (int i = 0; i < ROUNDS; i++) {
    ci_pool_run(pool, h, flow_row, c);
    ci_pool_run(pool, groups, flow_columns, c);
  }
  ci_pool_run(pool, h, settle_row, c);
}

/* ---- saturation ----------------------------------------------------------------------------------------------- */

static void saturate_row(void *arg, uint32_t y, uint32_t worker) {
  const ci_colorize *c = arg;
  float *fine = c->fine + 3 * (size_t)y * (size_t)c->small.w, ab[2];
  (void)worker;
  for (int32_t x = 0; x < c->small.w; x++, fine += 3) {
    ci_lab_ab(fine, ab);
    for (int k = 0; k < 2; k++) ab[k] *= c->o.params.saturation;
    ci_lab_colour(ci_lab_luminance(fine), ab, fine);
  }
}

void ci_lineart_saturate(ci_colorize *c) {
  if (c->o.params.saturation < 1 || c->o.params.saturation > 1)
    ci_pool_run(ci_tensors_pool(c->net), (uint32_t)c->small.h, saturate_row, c);
}
