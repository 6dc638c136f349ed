/* SPDX-License-Identifier: MIT */
/* detail.c - the stage that gives back what the network took from luma and noise does not explain */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "kernels/dct.h"
#include "tasks/stage.h"

/*
 * What the network took (original less result, luma) is noise and whatever texture was mistaken for it. Noise spreads
 * evenly over the cosine transform of a block, texture stands out: what is above THRESHOLD times the noise comes back
 * (by the factor 1 - (threshold / value)^2, the non-negative garrote, which is between a hard and a soft threshold). Blocks
 * lie half a block apart, so each pixel is in four, which are faded into each other.
 *
 * The noise is that of the residual itself, so a wrong sigma, or noise that JPEG has gnawed at, does no harm: of cells of
 * 16x16 pixels the median of absolute values, and of the 7x7 cells around the lower quartile, which texture in
 * some of them does not lift; and no more than the sigma that the network was told. All grids are the picture's own: a
 * pixel depends on its surroundings alone.
 */
#define BLOCK 8
#define STEP 4
#define CELL 16
#define REACH 3 /* cells each way */
#define AROUND ((2 * REACH + 1) * (2 * REACH + 1))
#define THRESHOLD 3.0f
#define TOGETHER 4.2f      /* times the noise: the root of the sum of squares of what a block gives back */
#define LOWEST 2           /* half waves, across + down, that come back: what is lower is no detail */
#define QUIET (0.2f / 255) /* a cell with less is drawn or cut off, and says nothing of the noise around it */
#define ROUNDING (0.3f / 255) /* noise is never taken for less */
#define MEDIAN_GAIN 1.4826f   /* deviation of Gaussian noise over its median absolute value */
#define CELL_ROWS 8           /* rows of cells that are kept: 2 REACH + 1 are in use */
#define BLOCK_ROWS 2          /* rows of blocks that are kept: two are in use */

typedef struct detail {
  ci_stage stage;
  int32_t colours;
  float share;
  int32_t across, down;                                          /* cells */
  int32_t cell_row[CELL_ROWS], block_row[BLOCK_ROWS], noise_row; /* which one is kept; -1: none */
  float *cells[CELL_ROWS];                                       /* deviations of a row of cells */
  float *noise;             /* of a row of cells, those around looked at */
  float *bands[BLOCK_ROWS]; /* what a row of blocks gives back: BLOCK rows */
} detail;

/* The squared sine: those of blocks half a block apart add up to 1. */
static const float fade[BLOCK] = {0.0380602337f, 0.308658284f, 0.691341716f, 0.961939766f,
                                  0.961939766f,  0.691341716f, 0.308658284f, 0.0380602337f};

/* ---- where what lies: block j covers [STEP j - STEP, STEP j + STEP) ----------------------------- */

static int32_t first_block(int32_t from) { return from / STEP; }
static int32_t last_block(int32_t to) { return (to - 1) / STEP + 1; }
static int32_t cell_of(int32_t j, int32_t cells) { return ci_clamp(j * STEP / CELL, 0, cells - 1); }

/* Whole cells, as far as the noise of the blocks that the rectangle is in looks. */
static ci_rect cells_around(const ci_stage *s, ci_rect r) {
  const detail *d = (const detail *)s;
  ci_rect need = {(cell_of(first_block(r.x0), d->across) - REACH) * CELL,
                  (cell_of(first_block(r.y0), d->down) - REACH) * CELL,
                  (cell_of(last_block(r.x1), d->across) + REACH + 1) * CELL,
                  (cell_of(last_block(r.y1), d->down) + REACH + 1) * CELL};
  return ci_rect_clip(need, s->in);
}

static float luma_of(const detail *d, const float *p) { return d->colours == 3 ? ci_stage_luma(p) : p[0]; }

static float residual(const detail *d, const ci_stage_call *c, int32_t x, int32_t y) {
  return luma_of(d, ci_view_at(c->original, x, y)) - luma_of(d, ci_view_at(c->in, x, y));
}

/* ---- the residual's noise ------------------------------------------------------------------------ */

/* The value that k others come before in order (Hoare's selection); v is stirred. */
static float select_kth(float *v, int32_t n, int32_t k) {
  int32_t low = 0, high = n - 1;
  while (low < high) {
    float pivot = v[low + (high - low) / 2];
    int32_t i = low, j = high;
    while (i <= j) {
      while (v[i] < pivot) i++;
      while (v[j] > pivot) j--;
      if (i > j) break;
      float t = v[i];
      v[i++] = v[j], v[j--] = t;
    }
    if (k <= j) high = j;
    else if (k >= i) low = i;
    else break;
  }
  return v[k];
}

static float cell_deviation(const detail *d, const ci_stage_call *c, int32_t cx, int32_t cy) {
  float v[CELL * CELL];
  int32_t n = 0;
  ci_rect r = {cx * CELL, cy * CELL, (cx + 1) * CELL, (cy + 1) * CELL};
  r = ci_rect_clip(r, d->stage.in);
  for (int32_t y = r.y0; y < r.y1; y++)
    for (int32_t x = r.x0; x < r.x1; x++) {
      float e = fabsf(residual(d, c, x, y));
      v[n++] = isfinite(e) ? e : 0;
    }
  return MEDIAN_GAIN * select_kth(v, n, n / 2);
}

static const float *cells_of(detail *d, const ci_stage_call *c, int32_t row) {
  float *cells = d->cells[row % CELL_ROWS];
  const ci_rect *r = &c->out->rect;
  int32_t from = cell_of(first_block(r->x0), d->across) - REACH,
          to = cell_of(last_block(r->x1), d->across) + REACH;
  if (d->cell_row[row % CELL_ROWS] == row) return cells;
  for (int32_t x = from < 0 ? 0 : from; x <= to && x < d->across; x++)
    cells[x] = cell_deviation(d, c, x, row);
  d->cell_row[row % CELL_ROWS] = row;
  return cells;
}

/* Texture everywhere lifts the quartile, too: what the network was told is an upper bound. */
static float most_noise(const detail *d, const ci_stage_call *c) {
  float gain = d->colours == 3 ? 0.66851f : 1; /* of luma, for noise in each colour */
  return c->sigma >= 0 ? gain * c->sigma / 255 : INFINITY;
}

static float quartile(const float *const *rows, int32_t n_rows, int32_t from, int32_t to) {
  float v[AROUND];
  int32_t n = 0;
  for (int32_t i = 0; i < n_rows; i++)
    for (int32_t x = from; x <= to; x++)
      if (rows[i][x] > QUIET) v[n++] = rows[i][x];
  return n ? select_kth(v, n, n / 4) : 0;
}

static void find_noise(detail *d, const ci_stage_call *c, int32_t row) {
  const float *rows[2 * REACH + 1];
  const ci_rect *r = &c->out->rect;
  const float most = most_noise(d, c);
  int32_t n = 0, first = cell_of(first_block(r->x0), d->across), last = cell_of(last_block(r->x1), d->across);
  if (d->noise_row == row) return;
  for (int32_t y = row - REACH; y <= row + REACH; y++)
    if (y >= 0 && y < d->down) rows[n++] = cells_of(d, c, y);
  for (int32_t x = first; x <= last; x++)
    d->noise[x] = fmaxf(ROUNDING, fminf(most, quartile(rows, n, ci_clamp(x - REACH, 0, d->across - 1),
                                                       ci_clamp(x + REACH, 0, d->across - 1))));
  d->noise_row = row;
}

/* ---- blocks ------------------------------------------------------------------------------------------ */

static void load_block(const detail *d, const ci_stage_call *c, int32_t i, int32_t j,
                       float v[BLOCK * BLOCK]) {
  int32_t x0 = i * STEP - STEP, y0 = j * STEP - STEP, w = d->stage.in.w, h = d->stage.in.h;
  for (int32_t y = 0; y < BLOCK; y++)
    for (int32_t x = 0; x < BLOCK; x++)
      v[y * BLOCK + x] = residual(d, c, ci_mirror(x0 + x, w, false), ci_mirror(y0 + y, h, false));
}

/* A lone wave that is hardly above the threshold is likely to be noise, and would be seen as hatching: a block gives
 * back several, or a strong one. What is no number is not above the threshold either. */
static bool shrink(float v[BLOCK * BLOCK], float noise) {
  float threshold = THRESHOLD * noise, energy = 0;
  ci_dct8(v, v);
  for (int k = 0; k < BLOCK * BLOCK; k++) {
    bool stays = k / BLOCK + k % BLOCK >= LOWEST && fabsf(v[k]) > threshold;
    if (stays) energy += v[k] * v[k];
    v[k] = stays ? v[k] - threshold * threshold / v[k] : 0;
  }
  if (!(energy > TOGETHER * TOGETHER * noise * noise)) return false;
  ci_dct8_back(v, v);
  return true;
}

static int32_t band_width(const detail *d) { return d->stage.in.w + 2 * BLOCK; }

/* Row j of blocks; its columns begin where the first block does. */
static const float *band_of(detail *d, const ci_stage_call *c, int32_t j) {
  float *band = d->bands[j % BLOCK_ROWS], v[BLOCK * BLOCK];
  const ci_rect *r = &c->out->rect;
  int32_t first = first_block(r->x0), last = last_block(r->x1), wide = band_width(d);
  if (d->block_row[j % BLOCK_ROWS] == j) return band;
  find_noise(d, c, cell_of(j, d->down));
  for (int32_t i = 0; i < BLOCK * wide; i++) band[i] = 0;
  for (int32_t i = first; i <= last; i++) {
    load_block(d, c, i, j, v);
    if (!shrink(v, d->noise[cell_of(i, d->across)])) continue;
    float *to = band + (i - first) * STEP;
    for (int32_t y = 0; y < BLOCK; y++)
      for (int32_t x = 0; x < BLOCK; x++) to[y * wide + x] += fade[y] * fade[x] * v[y * BLOCK + x];
  }
  d->block_row[j % BLOCK_ROWS] = j;
  return band;
}

/* ---- the stage ------------------------------------------------------------------------------------------ */

static void begin(ci_stage *s) {
  detail *d = (detail *)s;
  for (int k = 0; k < CELL_ROWS; k++) d->cell_row[k] = -1;
  for (int k = 0; k < BLOCK_ROWS; k++) d->block_row[k] = -1;
  d->noise_row = -1;
}

static void make_row(ci_stage *s, const ci_stage_call *c) {
  detail *d = (detail *)s;
  const ci_rect *r = &c->out->rect;
  int32_t j = first_block(c->y), wide = band_width(d), skip = r->x0 - (first_block(r->x0) * STEP - STEP);
  const float *a = band_of(d, c, j) + (c->y - j * STEP + STEP) * wide + skip;
  const float *b = band_of(d, c, j + 1) + (c->y - j * STEP) * wide + skip;
  const float *in = ci_view_at(c->in, r->x0, c->y);
  float *out = ci_view_at(c->out, r->x0, c->y);
  for (int32_t x = r->x0; x < r->x1; x++, in += c->in->cs, out += c->out->cs) {
    float more = d->share * (*a++ + *b++);
    for (int32_t k = 0; k < s->in.c; k++) out[k] = k < d->colours ? in[k] + more : in[k];
  }
}

static void free_stage(ci_stage *s) {
  detail *d = (detail *)s;
  for (int k = 0; k < CELL_ROWS; k++) free(d->cells[k]);
  for (int k = 0; k < BLOCK_ROWS; k++) free(d->bands[k]);
  free(d->noise);
  free(d);
}

static bool take_memory(detail *d) {
  size_t across = (size_t)d->across, wide = (size_t)band_width(d);
  bool good = (d->noise = ci_calloc(across, sizeof *d->noise)) != NULL;
  for (int k = 0; good && k < CELL_ROWS; k++)
    good = (d->cells[k] = ci_calloc(across, sizeof *d->cells[k])) != NULL;
  for (int k = 0; good && k < BLOCK_ROWS; k++)
    good = (d->bands[k] = ci_calloc(wide, BLOCK * sizeof *d->bands[k])) != NULL;
  return good;
}

int ci_stage_detail_new(ci_stage **out, const ci_stage_spec *spec, cnnimg_error *err) {
  *out = NULL;
  if (spec->params->detail == 0) return CNNIMG_OK;
  if (spec->result.w != spec->source.w || spec->result.h != spec->source.h)
    return ci_fail(err, CNNIMG_UNSUPPORTED,
                   "detail needs a result of the picture's own size (%dx%d, not %dx%d)", spec->source.w,
                   spec->source.h, spec->result.w, spec->result.h);
  detail *d = ci_calloc(1, sizeof *d);
  if (!d) return ci_fail(err, CNNIMG_NOMEM, "no memory for detail");
  d->stage = (ci_stage){.name = "detail",
                        .in = spec->in,
                        .out = spec->in,
                        .need = cells_around,
                        .look = cells_around,
                        .begin = begin,
                        .make = make_row,
                        .free = free_stage};
  d->colours = ci_stage_colours(spec->in);
  d->share = spec->params->detail;
  d->across = (spec->in.w - 1) / CELL + 1, d->down = (spec->in.h - 1) / CELL + 1;
  if (!take_memory(d)) return free_stage(&d->stage), ci_fail(err, CNNIMG_NOMEM, "no memory for detail");
  *out = &d->stage;
  return CNNIMG_OK;
}
