/* SPDX-License-Identifier: MIT */
/* patch_blend.c - patch fill: changes between pixels as their sources have them, levels as the border has them */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "tasks/patch_state.h"
#include "tasks/poisson.h"

#define STEP (1.0f / 255)
#define EDGE 0.2f /* a seam with a step like this is an edge: spread out, it would be a halo */

/* A rectangle around the hole, a pixel wider where the picture goes on. */
typedef struct blending {
  ci_patch_level *l;
  const uint32_t *from; /* of the whole picture: the pixel that was copied */
  ci_rect r;
  uint8_t *inside;
  float *b, *x; /* three planes */
} blending;

static size_t plane_size(const blending *k) {
  return (size_t)(k->r.x1 - k->r.x0) * (size_t)(k->r.y1 - k->r.y0);
}

/* How much the pixel at `from` is above the one dx, dy away, if that is in the picture and not hole. */
static bool step_at(const ci_patch_level *l, uint32_t from, int32_t dx, int32_t dy, size_t c, float *step) {
  int32_t x = (int32_t)(from % (uint32_t)l->w) + dx, y = (int32_t)(from / (uint32_t)l->w) + dy;
  if (x < 0 || y < 0 || x >= l->w || y >= l->h || l->hole[ci_patch_at(l, x, y)]) return false;
  *step = l->rgb[3 * (size_t)from + c] - l->rgb[3 * ci_patch_at(l, x, y) + c];
  return true;
}

/* What the step from a pixel to its neighbour lacks: both sources are asked, so that both pixels hear the same. */
static float lacking(const blending *k, int32_t x, int32_t y, int32_t dx, int32_t dy, size_t c) {
  const ci_patch_level *l = k->l;
  if (x + dx < 0 || y + dy < 0 || x + dx >= l->w || y + dy >= l->h) return 0;
  size_t here = ci_patch_at(l, x, y), there = ci_patch_at(l, x + dx, y + dy);
  float is = l->rgb[3 * here + c] - l->rgb[3 * there + c], one = 0, other = 0;
  bool a = step_at(l, k->from[here], dx, dy, c, &one);
  bool b = l->hole[there] && step_at(l, k->from[there], -dx, -dy, c, &other);
  if (!a && !b) return 0;
  float d = (a && b ? (one - other) / 2 : a ? one : -other) - is;
  return d / (1 + d * d / (EDGE * EDGE));
}

static void set_pixel(const blending *k, int32_t x, int32_t y, size_t i, size_t n) {
  static const int8_t dx[] = {1, -1, 0, 0}, dy[] = {0, 0, 1, -1};
  k->inside[i] = k->l->hole[ci_patch_at(k->l, x, y)];
  for (size_t c = 0; k->inside[i] && c < 3; c++)
    for (int d = 0; d < 4; d++) k->b[c * n + i] += lacking(k, x, y, dx[d], dy[d], c);
}

static float within(float v, float low, float high) { return v < low ? low : v > high ? high : v; }

/* What was between black and white stays there. */
static void add(const blending *k, int32_t x, int32_t y, size_t i, size_t n) {
  float *p = k->l->rgb + 3 * ci_patch_at(k->l, x, y);
  for (size_t c = 0; k->inside[i] && c < 3; c++)
    p[c] = within(p[c] + k->x[c * n + i], p[c] < 0 ? p[c] : 0, p[c] > 1 ? p[c] : 1);
}

static void each(const blending *k, void (*fn)(const blending *k, int32_t x, int32_t y, size_t i, size_t n)) {
  size_t i = 0, n = plane_size(k);
  for (int32_t y = k->r.y0; y < k->r.y1; y++)
    for (int32_t x = k->r.x0; x < k->r.x1; x++) fn(k, x, y, i++, n);
}

static ci_rect around(const ci_patch_level *l, ci_rect r) {
  return ci_rect_clip((ci_rect){r.x0 - 1, r.y0 - 1, r.x1 + 1, r.y1 + 1}, (ci_shape){3, l->h, l->w});
}

int ci_patch_blend(ci_patch_level *l, ci_rect inside, const uint32_t *from, ci_pool *pool,
                   const cnnimg_cancel *cancel, cnnimg_error *err) {
  blending k = {.l = l, .from = from, .r = around(l, inside)};
  size_t n = plane_size(&k);
  k.inside = ci_calloc(n, 1);
  k.b = ci_calloc(n, 6 * sizeof *k.b);
  k.x = k.b + 3 * n;
  int status = CNNIMG_OK;
  if (!k.inside || !k.b) status = ci_fail(err, CNNIMG_NOMEM, "no memory to blend a hole's border");
  if (!status) {
    each(&k, set_pixel);
    status =
        ci_poisson_solve(k.x, k.b, k.inside, k.r.x1 - k.r.x0, k.r.y1 - k.r.y0, 3, STEP, pool, cancel, err);
  }
  if (!status) each(&k, add);
  free(k.inside);
  free(k.b);
  return status;
}
