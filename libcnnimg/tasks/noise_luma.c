/* SPDX-License-Identifier: MIT */
/* noise_luma.c - noise of a colour picture whose chroma says nothing, as in most JPEG files: blocks of luma with least texture */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "exec/pixels.h"
#include "kernels/dct.h"
#include "tasks/noise.h"

#define BLOCK 8
#define WANT_BLOCKS 12000.0 /* more hardly change the answer */
#define SHARE 0.01          /* of the blocks are taken for free of texture */
#define LEAST_BLOCKS 60     /* so many are taken at least */
#define MIN_BLOCKS 400      /* fewer middling blocks than this do not replace the first answer */
#define MARGIN 2.5          /* in sigmas of luma, from either end of the range */
#define PASSES 4
/* A quarter of the means of 26 squares of white noise, and of 18, is below this part of the mean. */
#define MIDDLE_QUARTILE 0.80
#define UPPER_QUARTILE 0.76
/* Noise of deviation s in each colour gives chroma this times the square of s at its highest frequencies. Chroma is
 * silent where it has less than an eighth of what luma's noise lets expect. Rounding alone is an eighth of noise of 1.5,
 * so clean pictures are not looked at in this way. */
#define CHROMA_ENERGY 0.388
#define SILENT_SHARE 0.125
/* Luma's deviation for noise of deviation 1 in each colour: the root of the sum of squares of the weights. */
#define LUMA_GAIN 0.66851

/* A block of luma on the 0..255 scale: its mean, and its energy by half waves (across + down): 1 to 3, 4 to 7, 8 to 10. */
typedef struct block {
  float mean, low, middle, upper;
} block;

typedef struct gather {
  const cnnimg_format *f;
  uint32_t step;
  float *rows; /* BLOCK rows of luma, blue less luma, red less luma, 0; row y in y % BLOCK */
  block *blocks;
  size_t n, room;
  double energy[2][2][2]; /* third differences of the two chromas, across and down, at even and odd places */
  double count[2][2];     /* of them, for each chroma */
} gather;

static float *row_of(const gather *g, uint32_t y) { return g->rows + (size_t)(y % BLOCK) * g->f->width * 4; }

/* ITU-R BT.601, as JPEG files have it. */
static int load_row(gather *g, uint32_t y, ci_noise_row get, void *user, cnnimg_error *err) {
  cnnimg_view row;
  int status = get(user, y, &row, err);
  if (status) return status;
  float *p = row_of(g, y);
  ci_pixels_load(&row, 0, g->f->width, NULL, p, 3, 4);
  for (uint32_t x = 0; x < g->f->width; x++, p += 4) {
    float luma = 255.0f * (0.299f * p[0] + 0.587f * p[1] + 0.114f * p[2]);
    float cb = 0.564f * (255.0f * p[2] - luma), cr = 0.713f * (255.0f * p[0] - luma);
    p[0] = luma, p[1] = cb, p[2] = cr;
  }
  return CNNIMG_OK;
}

static void take_block(gather *g, uint32_t x, uint32_t y) {
  float v[BLOCK * BLOCK];
  double low = 0, middle = 0, upper = 0;
  for (uint32_t j = 0; j < BLOCK; j++)
    for (uint32_t i = 0; i < BLOCK; i++) v[j * BLOCK + i] = row_of(g, y + j)[(size_t)(x + i) * 4];
  ci_dct8(v, v);
  for (int j = 0; j < BLOCK; j++)
    for (int i = 0; i < BLOCK; i++) {
      double e = (double)v[j * BLOCK + i] * (double)v[j * BLOCK + i];
      if (i + j >= 1 && i + j <= 3) low += e / 9;
      if (i + j >= 4 && i + j <= 7) middle += e / 26;
      if (i + j >= 8 && i + j <= 10) upper += e / 18;
    }
  if (isfinite(low + middle + upper))
    g->blocks[g->n++] = (block){v[0] / BLOCK, (float)low, (float)middle, (float)upper};
}

static double third(const float *a, const float *b, const float *c, const float *d) {
  double t = (double)*d - 3 * (double)*c + 3 * (double)*b - (double)*a;
  return t * t / 20;
}

/* What chroma has at its highest frequencies. Enlarged chroma has next to nothing there at every other place. */
static void listen(gather *g, uint32_t y) {
  const float *p = row_of(g, y), *q[4] = {p, row_of(g, y + 1), row_of(g, y + 2), row_of(g, y + 3)};
  for (uint32_t x = 0; x + 3 < g->f->width; x++, p += 4) {
    for (size_t c = 1; c <= 2; c++)
      g->energy[c - 1][0][x & 1] += third(p + c, p + c + 4, p + c + 8, p + c + 12);
    g->count[0][x & 1]++;
  }
  for (uint32_t x = 0; x < g->f->width; x++) {
    size_t at = (size_t)x * 4;
    for (size_t c = 1; c <= 2; c++)
      g->energy[c - 1][1][y & 1] += third(q[0] + at + c, q[1] + at + c, q[2] + at + c, q[3] + at + c);
    g->count[1][y & 1]++;
  }
}

static int gather_blocks(gather *g, ci_noise_row get, void *user, cnnimg_error *err) {
  for (uint32_t y = 0; y < g->f->height; y++) {
    if (y % g->step >= BLOCK) continue; /* no block that is taken has this row */
    int status = load_row(g, y, get, user, err);
    if (status) return status;
    if (y + 1 < BLOCK || (y + 1 - BLOCK) % g->step) continue;
    uint32_t top = y + 1 - BLOCK;
    for (uint32_t x = 0; x + BLOCK <= g->f->width && g->n < g->room; x += g->step) take_block(g, x, top);
    for (uint32_t i = 0; i < 2; i++) listen(g, top + i);
  }
  return CNNIMG_OK;
}

static bool chroma_is_silent(const gather *g, double sigma) {
  double least = INFINITY;
  for (int c = 0; c < 2; c++)
    for (int way = 0; way < 2; way++)
      for (int odd = 0; odd < 2; odd++)
        if (g->count[way][odd] > 0) least = fmin(least, g->energy[c][way][odd] / g->count[way][odd]);
  return least < SILENT_SHARE * CHROMA_ENERGY * sigma * sigma;
}

/* ---- the answer -------------------------------------------------------------------------- */

static int by_low(const void *a, const void *b) {
  const block *x = a, *y = b;
  if (x->low != y->low) return x->low < y->low ? -1 : 1;
  if (x->middle != y->middle) return x->middle < y->middle ? -1 : 1;
  return (x->upper > y->upper) - (x->upper < y->upper);
}

static int ascending(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

static double quartile(float *energies, size_t n) {
  qsort(energies, n, sizeof *energies, ascending);
  return (double)energies[n / 4];
}

static bool between(const block *b, double low, double high) {
  return (double)b->mean > low && (double)b->mean < high;
}

/*
 * Of the blocks (in the order of their low frequencies) whose mean lies between: those with least texture, and of their
 * energies the quarter that the remaining texture touches least. Texture is more in the middle frequencies than in the
 * upper ones, JPEG takes noise from the upper ones first: the geometric mean of both is wrong by less than either.
 * < 0: too few blocks. values has room for two a block.
 */
static double sigma_between(const gather *g, double low, double high, float *values) {
  float *middle = values, *upper = values + g->n;
  size_t n = 0, wanted = 0;
  for (size_t i = 0; i < g->n; i++) wanted += between(&g->blocks[i], low, high);
  if (!wanted || (wanted < MIN_BLOCKS && low > 0)) return -1;
  wanted = (size_t)fmax((double)wanted * SHARE, wanted < LEAST_BLOCKS ? (double)wanted : LEAST_BLOCKS);
  for (size_t i = 0; i < g->n && n < wanted; i++)
    if (between(&g->blocks[i], low, high)) middle[n] = g->blocks[i].middle, upper[n++] = g->blocks[i].upper;
  double both = quartile(middle, n) / MIDDLE_QUARTILE * (quartile(upper, n) / UPPER_QUARTILE);
  return sqrt(sqrt(both)) / LUMA_GAIN;
}

/* What has no structure at all is drawn, cut off or was lost in a JPEG file: it says nothing of the noise elsewhere. */
static void drop_constants(gather *g) {
  size_t n = 0;
  for (size_t i = 0; i < g->n; i++)
    if (g->blocks[i].low > 1e-3f) g->blocks[n++] = g->blocks[i];
  g->n = n;
}

static int answer(gather *g, double *sigma, cnnimg_error *err) {
  bool whole = g->f->sample == CNNIMG_U8 || g->f->sample == CNNIMG_U16;
  drop_constants(g);
  *sigma = 0;
  if (!g->n) return CNNIMG_OK;
  float *values = ci_calloc(g->n, 2 * sizeof *values);
  if (!values) return ci_fail(err, CNNIMG_NOMEM, "no memory for the noise estimate");
  qsort(g->blocks, g->n, sizeof *g->blocks, by_low);
  *sigma = fmax(0, sigma_between(g, -INFINITY, INFINITY, values));
  for (int pass = 1; whole && pass < PASSES; pass++) {
    double margin = MARGIN * *sigma * LUMA_GAIN, s = sigma_between(g, margin, 255 - margin, values);
    if (s < 0) break;
    *sigma = fmax(*sigma, s);
  }
  free(values);
  return CNNIMG_OK;
}

int ci_noise_of_luma(const cnnimg_format *f, ci_noise_row get, void *user, double *sigma, cnnimg_error *err) {
  *sigma = -1;
  if (f->colours != 3 || f->width < BLOCK || f->height < BLOCK) return CNNIMG_OK;
  gather g = {.f = f};
  double places = (double)(f->width - BLOCK + 1) * (double)(f->height - BLOCK + 1);
  g.step =
      (uint32_t)fmax(1, floor(sqrt(places / WANT_BLOCKS))) | 1; /* odd: all places of a JPEG file's grid */
  g.room = ((f->width - BLOCK) / g.step + 1) * (size_t)((f->height - BLOCK) / g.step + 1);
  g.blocks = ci_calloc(g.room, sizeof *g.blocks);
  g.rows = ci_calloc((size_t)f->width * BLOCK, 4 * sizeof *g.rows);
  int status = g.blocks && g.rows ? gather_blocks(&g, get, user, err)
                                  : ci_fail(err, CNNIMG_NOMEM, "no memory for the noise estimate");
  if (!status) status = answer(&g, sigma, err);
  if (!status && !chroma_is_silent(&g, *sigma)) *sigma = -1;
  free(g.blocks);
  free(g.rows);
  return status;
}
