/* SPDX-License-Identifier: MIT */
/* spread.c - how near each cell is to each change, and the mean of the changes by that */
#include "tasks/spread.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/error.h"
#include "base/memory.h"

/*
 * Lengths: of the short side, and of light, that make one unit. Beyond REACH units nothing is changed. tests/bench/colorize.py
 * measures it: with --few and a network that knows no hints (dilated4) a hundred of them take Kodak24 from 23.06 to 27.89 dB. Where edges are
 * cheaper a hint gets out of what it is for into what is as light (samples/make_colours.py: from the toy to the otter's head).
 */
#define STEP_UNIT 0.6f
#define EDGE_LEAST 0.02f /* of a step: less is texture, and no edge */
#define EDGE_UNIT 0.25f  /* what a step crosses beyond that */
#define LIGHT_UNIT 0.2f  /* light that its ends differ in */
#define REACH 2.0f
#define PEAK 0.001f                     /* square of the distance within which a change rules alone */
#define STILL 0.4f                      /* weight of leaving all as it was */
#define BATCH 8                         /* changes whose ways are found at once */
#define SWEEPS 32                       /* ways wind little */
#define MOST_VISITS ((double)(1 << 26)) /* cells of all ways: where changes are many, each reaches less far */

/* Steps to the cells that come before one in a row by row order. */
static const int32_t step_x[4] = {-1, 0, 1, -1}, step_y[4] = {-1, -1, -1, 0};

typedef struct field {
  const ci_spread *s;
  const ci_change *changes; /* of the batch */
  float *steps;             /* of each cell, to the four before it; INFINITY beyond the border */
  float *far[BATCH];        /* from each change to all cells */
  int32_t reach;            /* cells */
  size_t n;
  float *sums; /* of each cell: two of changes, one of weights */
} field;

static float step_length(const ci_spread *s, int32_t x, int32_t y, int k, float unit) {
  const int32_t u = x + step_x[k], v = y + step_y[k];
  if (u < 0 || v < 0 || u >= s->w) return INFINITY;
  const float crossed = fabsf(s->light[y * s->w + x] - s->light[v * s->w + u]) - EDGE_LEAST;
  const float light = crossed > 0 ? crossed / EDGE_UNIT : 0;
  const float way = (step_x[k] && step_y[k] ? 1.41421356f : 1) * unit;
  return sqrtf(way * way + light * light);
}

static void find_steps(field *f) {
  const ci_spread *s = f->s;
  const float unit = 1 / (STEP_UNIT * (float)(s->w < s->h ? s->w : s->h));
  for (int32_t y = 0; y < s->h; y++)
    for (int32_t x = 0; x < s->w; x++)
      for (int k = 0; k < 4; k++) f->steps[4 * (y * s->w + x) + k] = step_length(s, x, y, k, unit);
}

/* ---- the ways from one change ------------------------------------------------------------------- */

typedef struct window {
  int32_t x0, y0, x1, y1;
} window;

static window around(const field *f, const ci_change *c) {
  const ci_spread *s = f->s;
  return (window){c->x > f->reach ? c->x - f->reach : 0, c->y > f->reach ? c->y - f->reach : 0,
                  c->x + f->reach < s->w ? c->x + f->reach + 1 : s->w,
                  c->y + f->reach < s->h ? c->y + f->reach + 1 : s->h};
}

static bool inside(const window *a, int32_t x, int32_t y) {
  return x >= a->x0 && x < a->x1 && y >= a->y0 && y < a->y1;
}

/* A shorter way over the four cells before (sign 1) or behind (-1) this one? */
static bool shorten(const field *f, const window *a, float *far, int32_t x, int32_t y, int sign) {
  const int32_t w = f->s->w, at = y * w + x;
  const float before = far[at];
  for (int k = 0; k < 4; k++) {
    const int32_t u = x + sign * step_x[k], v = y + sign * step_y[k];
    if (!inside(a, u, v)) continue;
    const float way = far[v * w + u] + f->steps[4 * (sign > 0 ? at : v * w + u) + k];
    if (way < far[at]) far[at] = way;
  }
  return far[at] < before;
}

static bool sweep(const field *f, const window *a, float *far) {
  bool changed = false;
  for (int32_t y = a->y0; y < a->y1; y++)
    for (int32_t x = a->x0; x < a->x1; x++) changed = shorten(f, a, far, x, y, 1) || changed;
  for (int32_t y = a->y1; y-- > a->y0;)
    for (int32_t x = a->x1; x-- > a->x0;) changed = shorten(f, a, far, x, y, -1) || changed;
  return changed;
}

static void find_ways(void *arg, uint32_t i, uint32_t worker) {
  const field *f = arg;
  const ci_change *c = &f->changes[i];
  const window a = around(f, c);
  float *far = f->far[i];
  (void)worker;
  for (int32_t y = a.y0; y < a.y1; y++)
    for (int32_t x = a.x0; x < a.x1; x++) far[y * f->s->w + x] = INFINITY;
  far[c->y * f->s->w + c->x] = 0;
  for (int k = 0; k < SWEEPS && sweep(f, &a, far); k++)
    ;
}

/* ---- the mean ------------------------------------------------------------------------------------ */

static float weight(const field *f, const ci_change *c, float far, int32_t at) {
  const float light = (f->s->light[at] - f->s->light[c->y * f->s->w + c->x]) / LIGHT_UNIT;
  const float square = far * far + light * light, left = 1 - square / (REACH * REACH);
  return left > 0 ? left * left / ((PEAK + square) * (PEAK + square)) : 0;
}

static void add_row(void *arg, uint32_t row, uint32_t worker) {
  const field *f = arg;
  const int32_t y = (int32_t)row;
  (void)worker;
  for (size_t i = 0; i < f->n; i++) {
    const ci_change *c = &f->changes[i];
    const window a = around(f, c);
    for (int32_t x = a.x0; x < a.x1 && y >= a.y0 && y < a.y1; x++) {
      const int32_t at = y * f->s->w + x;
      const float w = weight(f, c, f->far[i][at], at);
      float *sum = f->sums + 3 * at;
      sum[0] += w * c->v[0], sum[1] += w * c->v[1], sum[2] += w;
    }
  }
}

static int run_batches(field *f, const ci_change *changes, size_t n, cnnimg_error *err) {
  const ci_spread *s = f->s;
  for (size_t i = 0; i < n; i += BATCH) {
    if (ci_cancelled(s->cancel)) return ci_fail(err, CNNIMG_CANCELLED, "cancelled");
    f->changes = changes + i, f->n = n - i < BATCH ? n - i : BATCH;
    ci_pool_run(s->pool, (uint32_t)f->n, find_ways, f);
    ci_pool_run(s->pool, (uint32_t)s->h, add_row, f);
  }
  return CNNIMG_OK;
}

static int reach_of(const ci_spread *s, size_t n) {
  const double most = sqrt(MOST_VISITS / (double)n) / 2;
  const double wanted = (double)(REACH * STEP_UNIT) * (s->w < s->h ? s->w : s->h);
  return (int)ceil(wanted < most ? wanted : most);
}

static bool take_memory(field *f, size_t cells) {
  bool all = (f->steps = ci_calloc(cells, 4 * sizeof *f->steps)) != NULL;
  f->sums = ci_calloc(cells, 3 * sizeof *f->sums);
  for (size_t i = 0; i < BATCH; i++) all = (f->far[i] = ci_calloc(cells, sizeof *f->far[i])) && all;
  return all && f->sums;
}

int ci_spread_run(const ci_spread *s, const ci_change *changes, size_t n, float *out, cnnimg_error *err) {
  const size_t cells = (size_t)s->w * (size_t)s->h;
  field f = {.s = s, .reach = n ? reach_of(s, n) : 0};
  memset(out, 0, 2 * cells * sizeof *out);
  if (!n) return CNNIMG_OK;
  int status = take_memory(&f, cells) ? CNNIMG_OK : ci_fail(err, CNNIMG_NOMEM, "no memory for ways");
  if (!status) find_steps(&f);
  if (!status) status = run_batches(&f, changes, n, err);
  for (size_t i = 0; i < cells && !status; i++)
    for (size_t k = 0; k < 2; k++) out[2 * i + k] = f.sums[3 * i + k] / (f.sums[3 * i + 2] + STILL);
  free(f.steps);
  free(f.sums);
  for (size_t i = 0; i < BATCH; i++) free(f.far[i]);
  return status;
}
