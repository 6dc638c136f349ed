/* SPDX-License-Identifier: MIT */
/* diffuse.c - from coarse to fine: each size starts from the one below it and is solved by conjugate gradients */
#include "tasks/diffuse.h"

#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/error.h"
#include "base/memory.h"
#include "tasks/diffuse_state.h"

#define MOST_LEVELS 16
#define TURNS 200    /* most steps a size: more change nothing that could be seen */
#define ENOUGH 1e-10 /* mean square of the residual: some 1e-5 of the range a pixel */

/* ---- sizes ------------------------------------------------------------------------------------ */

static int level_new(ci_level *l, int32_t w, int32_t h, cnnimg_error *err) {
  const size_t n = (size_t)w * (size_t)h;
  l->w = w, l->h = h;
  if (!l->u) l->u = l->own_u = ci_calloc(n, 3 * sizeof(float));
  if (!l->hole) l->hole = l->own_hole = ci_calloc(n, 1);
  return l->u && l->hole ? CNNIMG_OK
                         : ci_fail(err, CNNIMG_NOMEM, "no memory for %dx%d pixels of a hole", w, h);
}

static void level_free(ci_level *l) {
  free(l->own_u);
  free(l->own_hole);
  *l = (ci_level){0};
}

/* The mean of what is known of four pixels; no row or column is left out. Are any unknown still? */
static bool shrink(const ci_level *from, ci_level *to) {
  bool open = false;
  for (int32_t y = 0; y < to->h; y++)
    for (int32_t x = 0; x < to->w; x++) {
      float sum[3] = {0}, n = 0;
      for (int32_t k = 0; k < 4; k++) {
        const int32_t fx = 2 * x + (k & 1), fy = 2 * y + (k >> 1);
        if (fx >= from->w || fy >= from->h) continue;
        const size_t at = (size_t)fy * (size_t)from->w + (size_t)fx;
        if (from->hole[at]) continue;
        for (int c = 0; c < 3; c++) sum[c] += from->u[3 * at + (size_t)c];
        n++;
      }
      const size_t at = (size_t)y * (size_t)to->w + (size_t)x;
      to->hole[at] = n < 1;
      open |= n < 1;
      for (int c = 0; c < 3; c++) to->u[3 * at + (size_t)c] = n < 1 ? 0 : sum[c] / n;
    }
  return open;
}

/* Where sizes end, what is unknown starts as the mean of what is known. */
static void fill_flat(ci_level *l) {
  const size_t n = (size_t)l->w * (size_t)l->h;
  double sum[3] = {0}, known = 0;
  for (size_t i = 0; i < n; i++)
    if (!l->hole[i]) {
      for (size_t c = 0; c < 3; c++) sum[c] += (double)l->u[3 * i + c];
      known++;
    }
  for (size_t i = 0; i < n; i++)
    for (size_t c = 0; c < 3 && l->hole[i]; c++) l->u[3 * i + c] = known > 0 ? (float)(sum[c] / known) : 0;
}

static int32_t inside(int32_t i, int32_t n) { return i < 0 ? 0 : i >= n ? n - 1 : i; }

/* Bilinear: a pixel of the larger size lies a quarter away from the nearest of the smaller one. */
static void enlarge_row(const ci_level *from, ci_level *to, int32_t y) {
  const int32_t near_y = y / 2, far_y = inside(y & 1 ? near_y + 1 : near_y - 1, from->h);
  const float *near = from->u + 3 * (size_t)near_y * (size_t)from->w,
              *far = from->u + 3 * (size_t)far_y * (size_t)from->w;
  for (int32_t x = 0; x < to->w; x++) {
    const size_t at = (size_t)y * (size_t)to->w + (size_t)x;
    if (!to->hole[at]) continue;
    const size_t a = 3 * (size_t)(x / 2), b = 3 * (size_t)inside(x & 1 ? x / 2 + 1 : x / 2 - 1, from->w);
    for (size_t c = 0; c < 3; c++)
      to->u[3 * at + c] = 0.75f * (0.75f * near[a + c] + 0.25f * near[b + c]) +
                          0.25f * (0.75f * far[a + c] + 0.25f * far[b + c]);
  }
}

/* ---- one size --------------------------------------------------------------------------------- */

static int solve(ci_level *l, float tension, ci_pool *pool, const cnnimg_cancel *cancel, cnnimg_error *err) {
  ci_relax r;
  int status = ci_relax_init(&r, l, tension, pool, err);
  if (!status && r.unknown) {
    double rr = ci_relax_start(&r);
    const double enough = ENOUGH * 3 * (double)r.unknown;
    for (int i = 0; i < TURNS && rr > enough && !ci_cancelled(cancel); i++) rr = ci_relax_turn(&r, rr);
  }
  ci_relax_fini(&r);
  if (!status && ci_cancelled(cancel)) status = ci_fail(err, CNNIMG_CANCELLED, "cancelled");
  if (!status && pool && ci_pool_failed(pool))
    status = ci_fail(err, CNNIMG_CANCELLED, "the host's workers gave up");
  return status;
}

static int make_levels(ci_level *levels, int *n, cnnimg_error *err) {
  for (*n = 1; *n < MOST_LEVELS; ++*n) {
    const ci_level *last = &levels[*n - 1];
    if (last->w <= 2 || last->h <= 2) break;
    int status = level_new(&levels[*n], (last->w + 1) / 2, (last->h + 1) / 2, err);
    if (status) return ++*n, status;
    if (!shrink(last, &levels[*n])) return ++*n, CNNIMG_OK;
  }
  fill_flat(&levels[*n - 1]);
  return CNNIMG_OK;
}

int ci_diffuse(float *rgb, int32_t width, int32_t height, const uint8_t *hole, ci_pool *pool,
               const cnnimg_cancel *cancel, cnnimg_error *err) {
  ci_level levels[MOST_LEVELS] = {{.u = rgb, .hole = (uint8_t *)(uintptr_t)hole, .w = width, .h = height}};
  int n;
  int status = make_levels(levels, &n, err);
  float tension = CI_DIFFUSE_TENSION;
  for (int i = 1; i < n; i++) tension *= 4; /* of a size whose pixels are twice as wide */
  for (int i = n - 1; i >= 0 && !status; i--, tension /= 4) {
    for (int32_t y = 0; i < n - 1 && y < levels[i].h; y++) enlarge_row(&levels[i + 1], &levels[i], y);
    level_free(&levels[i + 1 < MOST_LEVELS ? i + 1 : i]);
    status = solve(&levels[i], tension, pool, cancel, err);
  }
  for (int i = 0; i < n; i++) level_free(&levels[i]);
  return status;
}
