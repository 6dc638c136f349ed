/* SPDX-License-Identifier: MIT */
/* fix_color.c - the stage that gives an enlarged picture the original's colours: means of small areas are made the same */
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "tasks/stage.h"

/*
 * What the original says for certain are its low frequencies. The difference of the two pictures is averaged over blocks,
 * spread smoothly (a quadratic B-spline through the blocks), and added. Blocks lie on the picture's own grid, so what is
 * added to a pixel depends on the blocks around it alone.
 */
#define BLOCK 8 /* pixels of the original a side */
#define KEPT 4  /* rows of blocks whose means are kept: three are in use */

typedef struct fix {
  ci_stage stage;
  int32_t colours, side, across, down; /* side of a block; blocks in a row, in a column */
  int32_t row[KEPT];                   /* which row of blocks; -1: none */
  float *means[KEPT];                  /* 4 floats a block */
  double *sums;                        /* of a row of blocks, 4 a block */
} fix;

/* ---- blocks ------------------------------------------------------------------------------ */

typedef struct weights {
  int32_t block[3];
  float weight[3];
} weights;

/* Of the blocks around pixel i of an axis; beyond the picture the last block goes on. */
static weights weights_at(int32_t i, int32_t side, int32_t blocks) {
  int32_t b = i / side;
  float t = ((float)(i % side) + 0.5f) / (float)side - 0.5f;
  return (weights){{ci_clamp(b - 1, 0, blocks - 1), b, ci_clamp(b + 1, 0, blocks - 1)},
                   {0.5f * (0.5f - t) * (0.5f - t), 0.75f - t * t, 0.5f * (0.5f + t) * (0.5f + t)}};
}

/* Whole blocks around the rectangle, and one more each way. */
static ci_rect blocks_around(const ci_stage *s, ci_rect r) {
  int32_t side = ((const fix *)s)->side;
  ci_rect b = {(r.x0 / side - 1) * side, (r.y0 / side - 1) * side, ((r.x1 - 1) / side + 2) * side,
               ((r.y1 - 1) / side + 2) * side};
  return ci_rect_clip(b, s->in);
}

static void add_row(fix *f, const ci_stage_call *c, int32_t y) {
  int32_t x0 = c->in->rect.x0, x1 = c->in->rect.x1;
  const float *in = ci_view_at(c->in, x0, y), *original = ci_view_at(c->original, x0, y);
  for (int32_t x = x0; x < x1; x++, in += c->in->cs, original += c->original->cs)
    for (int32_t k = 0; k < f->colours; k++)
      f->sums[4 * (x / f->side) + k] += (double)original[k] - (double)in[k];
}

static void find_means(fix *f, const ci_stage_call *c, int32_t row, float *means) {
  int32_t h = f->stage.in.h, w = f->stage.in.w, y0 = row * f->side, y1 = h - y0 < f->side ? h : y0 + f->side;
  for (int32_t i = 0; i < 4 * f->across; i++) f->sums[i] = 0;
  for (int32_t y = y0; y < y1; y++) add_row(f, c, y);
  for (int32_t b = 0; b < f->across; b++) {
    int32_t x0 = b * f->side, wide = w - x0 < f->side ? w - x0 : f->side;
    for (int32_t k = 0; k < f->colours; k++)
      means[4 * b + k] = (float)(f->sums[4 * b + k] / ((double)wide * (y1 - y0)));
  }
}

static const float *means_of(fix *f, const ci_stage_call *c, int32_t row) {
  int32_t slot = row % KEPT;
  if (f->row[slot] != row) find_means(f, c, row, f->means[slot]);
  f->row[slot] = row;
  return f->means[slot];
}

/* ---- the stage ------------------------------------------------------------------------------ */

static void begin(ci_stage *s) {
  for (int k = 0; k < KEPT; k++) ((fix *)s)->row[k] = -1;
}

static void fix_pixel(const fix *f, const float *const *means, const weights *wy, int32_t x, float *v) {
  weights wx = weights_at(x, f->side, f->across);
  for (int j = 0; j < 3; j++)
    for (int i = 0; i < 3; i++)
      for (int32_t k = 0; k < f->colours; k++)
        v[k] += wy->weight[j] * wx.weight[i] * means[j][4 * wx.block[i] + k];
}

static void make_row(ci_stage *s, const ci_stage_call *c) {
  fix *f = (fix *)s;
  const ci_rect *r = &c->out->rect;
  const weights wy = weights_at(c->y, f->side, f->down);
  const float *means[3], *in = ci_view_at(c->in, r->x0, c->y);
  float *out = ci_view_at(c->out, r->x0, c->y);
  for (int k = 0; k < 3; k++) means[k] = means_of(f, c, wy.block[k]);
  for (int32_t x = r->x0; x < r->x1; x++, in += c->in->cs, out += c->out->cs) {
    for (int32_t k = 0; k < s->in.c; k++) out[k] = in[k];
    fix_pixel(f, means, &wy, x, out);
  }
}

static void free_stage(ci_stage *s) {
  fix *f = (fix *)s;
  for (int k = 0; k < KEPT; k++) free(f->means[k]);
  free(f->sums);
  free(f);
}

static bool take_memory(fix *f) {
  bool good = (f->sums = ci_calloc((size_t)f->across, 4 * sizeof *f->sums)) != NULL;
  for (int k = 0; good && k < KEPT; k++)
    good = (f->means[k] = ci_calloc((size_t)f->across, 4 * sizeof *f->means[k])) != NULL;
  return good;
}

/* BLOCK pixels of the original, as large as they have become; both ways the same. */
static int32_t side_of(const ci_stage_spec *spec) {
  double factor = (double)spec->result.w / spec->source.w, other = (double)spec->result.h / spec->source.h;
  double side = BLOCK * (factor > other ? factor : other) + 0.5;
  int32_t most = spec->result.w > spec->result.h ? spec->result.w : spec->result.h;
  return side < BLOCK ? BLOCK : side > most ? most : (int32_t)side;
}

int ci_stage_fix_color_new(ci_stage **out, const ci_stage_spec *spec, cnnimg_error *err) {
  *out = NULL;
  if (!spec->params->fix_color) return CNNIMG_OK;
  fix *f = ci_calloc(1, sizeof *f);
  if (!f) return ci_fail(err, CNNIMG_NOMEM, "no memory for colours");
  f->stage = (ci_stage){.name = "fix-color",
                        .in = spec->in,
                        .out = spec->in,
                        .need = blocks_around,
                        .look = blocks_around,
                        .begin = begin,
                        .make = make_row,
                        .free = free_stage};
  f->colours = ci_stage_colours(spec->in);
  f->side = side_of(spec);
  f->across = (spec->in.w - 1) / f->side + 1, f->down = (spec->in.h - 1) / f->side + 1;
  if (!take_memory(f)) return free_stage(&f->stage), ci_fail(err, CNNIMG_NOMEM, "no memory for colours");
  *out = &f->stage;
  return CNNIMG_OK;
}
