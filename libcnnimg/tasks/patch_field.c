/* SPDX-License-Identifier: MIT */
/* patch_field.c - patch fill: which patches touch the hole, and which patch is nearest to each */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "tasks/patch_state.h"

static int no_memory(cnnimg_error *err) {
  return ci_fail(err, CNNIMG_NOMEM, "no memory to fill a hole with patches");
}

static void widen(ci_rect *r, int32_t x, int32_t y) { *r = ci_rect_union(*r, (ci_rect){x, y, x + 1, y + 1}); }

/* Targets lie far enough inside for the whole patch to lie in the picture. */
static bool is_inside(const ci_patch_level *l, int32_t x, int32_t y) {
  int32_t r = l->radius;
  return x >= r && y >= r && x < l->w - r && y < l->h - r;
}

static void find_rects(ci_patch_field *f, const ci_patch_level *l, const uint8_t *near) {
  f->box = f->inside = (ci_rect){0, 0, 0, 0};
  for (int32_t y = 0; y < l->h; y++)
    for (int32_t x = 0; x < l->w; x++) {
      size_t i = ci_patch_at(l, x, y);
      if (l->hole[i]) widen(&f->inside, x, y);
      if (near[i] && is_inside(l, x, y)) widen(&f->box, x, y);
    }
}

static uint32_t set_targets(ci_patch_field *f, const ci_patch_level *l, const uint8_t *near, ci_rect r) {
  uint32_t n = 0;
  for (int32_t y = r.y0; y < r.y1; y++)
    for (int32_t x = r.x0; x < r.x1; x++) {
      bool target = near[ci_patch_at(l, x, y)] && is_inside(l, x, y);
      f->at[ci_field_at(f, x, y)] = target ? 0 : CI_PATCH_NONE;
      n += target;
    }
  return n;
}

ci_rect ci_field_tile(const ci_patch_field *f, uint32_t tile) {
  int32_t x = f->box.x0 + f->tiles[2 * tile] * CI_PATCH_TILE,
          y = f->box.y0 + f->tiles[2 * tile + 1] * CI_PATCH_TILE;
  ci_rect r = {x, y, x + CI_PATCH_TILE, y + CI_PATCH_TILE};
  if (r.x1 > f->box.x1) r.x1 = f->box.x1;
  if (r.y1 > f->box.y1) r.y1 = f->box.y1;
  return r;
}

static void set_tiles(ci_patch_field *f, const ci_patch_level *l, const uint8_t *near, int32_t across,
                      int32_t down) {
  for (int32_t y = 0; y < down; y++)
    for (int32_t x = 0; x < across; x++) {
      f->tiles[2 * f->n_tiles] = (uint16_t)x, f->tiles[2 * f->n_tiles + 1] = (uint16_t)y;
      uint32_t n = set_targets(f, l, near, ci_field_tile(f, f->n_tiles));
      f->targets += n;
      f->n_tiles += n > 0;
    }
}

static int make(ci_patch_field *f, const ci_patch_level *l, const uint8_t *near, cnnimg_error *err) {
  int32_t w = f->box.x1 - f->box.x0, h = f->box.y1 - f->box.y0;
  int32_t across = (w + CI_PATCH_TILE - 1) / CI_PATCH_TILE, down = (h + CI_PATCH_TILE - 1) / CI_PATCH_TILE;
  size_t n = (size_t)w * (size_t)h;
  f->at = ci_calloc(n, 2 * sizeof *f->at);
  f->cost = ci_calloc(n, sizeof *f->cost);
  f->tiles = ci_calloc((size_t)across * (size_t)down, 2 * sizeof *f->tiles);
  if (!f->at || !f->cost || !f->tiles) return no_memory(err);
  f->last = f->at + n;
  set_tiles(f, l, near, across, down);
  return CNNIMG_OK;
}

int ci_patch_field_init(ci_patch_field *f, const ci_patch_level *l, cnnimg_error *err) {
  *f = (ci_patch_field){0};
  uint8_t *near = ci_calloc((size_t)l->w, (size_t)l->h);
  int status = near ? ci_patch_spread(l->hole, l->w, l->h, l->radius, near, err) : no_memory(err);
  if (!status) find_rects(f, l, near);
  if (!status) status = make(f, l, near, err);
  free(near);
  return status;
}

void ci_patch_field_release(ci_patch_field *f) {
  free(f->at);
  free(f->cost);
  free(f->tiles);
  f->at = f->last = NULL, f->cost = NULL, f->tiles = NULL;
}

void ci_patch_field_fini(ci_patch_field *f) {
  ci_patch_field_release(f);
  *f = (ci_patch_field){0};
}

/* ---- where the search begins ----------------------------------------------------------------------- */

static uint32_t any_source(const ci_patch_level *l, uint64_t seed, size_t i) {
  return l->centres[ci_patch_below(ci_patch_mix(seed ^ ci_patch_mix(i)), l->sources)];
}

void ci_patch_field_random(ci_patch_field *f, const ci_patch_level *l, uint64_t seed) {
  size_t n = (size_t)(f->box.x1 - f->box.x0) * (size_t)(f->box.y1 - f->box.y0);
  for (size_t i = 0; i < n; i++)
    if (f->at[i] != CI_PATCH_NONE) f->at[i] = any_source(l, seed, i);
}

static int32_t clamp(int32_t v, int32_t low, int32_t high) { return v < low ? low : v > high ? high : v; }

/* The same place in a field of half the size, or the nearest one that is a target. */
static uint32_t doubled(const ci_patch_level *l, const ci_patch_field *half, const ci_patch_level *hl,
                        int32_t x, int32_t y, int32_t *cost) {
  int32_t u = clamp(x / 2, half->box.x0, half->box.x1 - 1), v = clamp(y / 2, half->box.y0, half->box.y1 - 1);
  size_t from = ci_field_at(half, u, v);
  if (half->at[from] == CI_PATCH_NONE) return CI_PATCH_NONE;
  *cost = half->cost[from];
  int32_t sx = 2 * (int32_t)(half->at[from] % (uint32_t)hl->w) + x - 2 * u,
          sy = 2 * (int32_t)(half->at[from] / (uint32_t)hl->w) + y - 2 * v;
  size_t to = ci_patch_at(l, clamp(sx, 0, l->w - 1), clamp(sy, 0, l->h - 1));
  return l->ok[to] ? (uint32_t)to : CI_PATCH_NONE;
}

void ci_patch_field_double(ci_patch_field *f, const ci_patch_level *l, const ci_patch_field *half,
                           const ci_patch_level *half_level, uint64_t seed) {
  for (int32_t y = f->box.y0; y < f->box.y1; y++)
    for (int32_t x = f->box.x0; x < f->box.x1; x++) {
      size_t i = ci_field_at(f, x, y);
      if (f->at[i] == CI_PATCH_NONE) continue;
      f->at[i] = doubled(l, half, half_level, x, y, &f->cost[i]);
      if (f->at[i] == CI_PATCH_NONE) f->at[i] = any_source(l, seed, i);
    }
}
