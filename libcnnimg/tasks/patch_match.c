/* SPDX-License-Identifier: MIT */
/* patch_match.c - patch fill: one turn of PatchMatch: what neighbours found, and random places around */
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "tasks/patch_state.h"

/* Beside the samples' mean square in 1/255: of the texture's (Newson et al. take 50, which puts rubble where walls are
 * better), and of a patch as far away as the picture is long, as a thing's surroundings are the likelier to look like it. */
#define TEXTURE_WEIGHT 5
#define NEAR_WEIGHT 30
#define SQUARE 16 /* of a step of 1/255 in samples */

static void seek_from(ci_patch_seeker *k, int32_t x, int32_t y) {
  const ci_patch_level *l = k->s->level;
  size_t at = ci_patch_at(l, x, y);
  int32_t r = l->radius;
  k->x = x, k->y = y;
  k->pair.a = l->samples + 3 * ci_patch_at(l, x - r, y - r);
  k->texture[0] = l->texture[2 * at], k->texture[1] = l->texture[2 * at + 1];
}

static int32_t texture_cost(const ci_patch_seeker *k, uint32_t at) {
  const int16_t *t = k->s->level->texture + 2 * (size_t)at;
  int32_t a = t[0] - k->texture[0], b = t[1] - k->texture[1];
  return (a * a + b * b) * k->area / 16;
}

static int32_t distance_cost(const ci_patch_seeker *k, uint32_t at) {
  const ci_patch_level *l = k->s->level;
  int32_t dx = abs((int32_t)(at % (uint32_t)l->w) - k->x), dy = abs((int32_t)(at / (uint32_t)l->w) - k->y);
  return (int32_t)((int64_t)k->near * (dx > dy ? dx : dy) / (l->w > l->h ? l->w : l->h));
}

/* How different the patch there is; more than `most`: too different. */
static int32_t cost_of(ci_patch_seeker *k, uint32_t at, int32_t most) {
  const ci_patch_level *l = k->s->level;
  int32_t base = texture_cost(k, at) + distance_cost(k, at);
  if (base > most) return base;
  k->pair.b = l->samples + 3 * ((size_t)at - (size_t)l->radius * ((size_t)l->w + 1));
  k->pair.stop = most - base;
  return base + k->s->k->patch_distance(&k->pair);
}

void ci_patch_try(ci_patch_seeker *k, uint32_t at) {
  if (at == k->best) return;
  int32_t cost = cost_of(k, at, k->cost - 1);
  if (cost < k->cost) k->cost = cost, k->best = at;
}

static ci_patch_seeker new_seeker(const ci_patch_search *s) {
  const ci_patch_level *l = s->level;
  int32_t side = 2 * l->radius + 1, area = side * side;
  ptrdiff_t step = 3 * (ptrdiff_t)l->w;
  return (ci_patch_seeker){.s = s,
                           .area = area * TEXTURE_WEIGHT,
                           .near = area * 3 * SQUARE * NEAR_WEIGHT,
                           .pair = {.a_step = step, .b_step = step, .rows = side, .n = 3 * side}};
}

ci_patch_seeker ci_patch_seek(const ci_patch_search *s, int32_t x, int32_t y) {
  ci_patch_seeker k = new_seeker(s);
  seek_from(&k, x, y);
  k.best = CI_PATCH_NONE, k.cost = INT32_MAX;
  return k;
}

/* ---- what neighbours found -------------------------------------------------------------------------- */

/* Inside the tile neighbours are of this turn, outside of the last one, so tiles may be searched in any order. */
static void try_neighbour(ci_patch_seeker *k, ci_rect tile, int32_t x, int32_t y, int32_t dx, int32_t dy) {
  const ci_patch_level *l = k->s->level;
  const ci_patch_field *f = k->s->field;
  int32_t u = x + dx, v = y + dy;
  if (u < f->box.x0 || v < f->box.y0 || u >= f->box.x1 || v >= f->box.y1) return;
  bool in = u >= tile.x0 && v >= tile.y0 && u < tile.x1 && v < tile.y1;
  uint32_t there = (in ? f->at : f->last)[ci_field_at(f, u, v)];
  if (there == CI_PATCH_NONE) return;
  uint32_t at = (uint32_t)((int64_t)there - dx - (int64_t)dy * l->w);
  if (at < (uint32_t)l->w * (uint32_t)l->h && l->ok[at]) ci_patch_try(k, at);
}

/* ---- random places ------------------------------------------------------------------------------------- */

static int32_t around(uint64_t random, int32_t at, int32_t reach, int32_t low, int32_t high) {
  int32_t from = at - reach < low ? low : at - reach, to = at + reach > high ? high : at + reach;
  return from + (int32_t)ci_patch_below(random, (uint32_t)(to - from + 1));
}

static void try_random(ci_patch_seeker *k, uint64_t random) {
  const ci_patch_level *l = k->s->level;
  int32_t r = l->radius;
  for (int32_t reach = k->s->reach; reach >= 1; reach /= 2) {
    int32_t x = (int32_t)(k->best % (uint32_t)l->w), y = (int32_t)(k->best / (uint32_t)l->w);
    random = ci_patch_mix(random);
    uint32_t at = (uint32_t)ci_patch_at(l, around(random, x, reach, r, l->w - 1 - r),
                                        around(random << 32, y, reach, r, l->h - 1 - r));
    if (l->ok[at]) ci_patch_try(k, at);
  }
}

/* ---- a tile -------------------------------------------------------------------------------------------------- */

/* Every other turn goes backwards, as Barnes et al. do. */
static void search_pixel(ci_patch_seeker *k, ci_rect tile, int32_t x, int32_t y) {
  ci_patch_field *f = k->s->field;
  size_t i = ci_field_at(f, x, y);
  if (f->at[i] == CI_PATCH_NONE) return;
  int32_t back = k->s->turn & 1 ? 1 : -1;
  k->best = f->at[i], k->cost = f->cost[i];
  seek_from(k, x, y);
  try_neighbour(k, tile, x, y, back, 0);
  try_neighbour(k, tile, x, y, 0, back);
  try_random(k,
             ci_patch_mix(k->s->seed + (uint64_t)k->s->turn) ^ ci_patch_mix(ci_patch_at(k->s->level, x, y)));
  f->at[i] = k->best, f->cost[i] = k->cost;
}

static void search_tile(void *arg, uint32_t i, uint32_t worker) {
  const ci_patch_search *s = arg;
  (void)worker;
  if (ci_cancelled(s->cancel)) return;
  ci_rect tile = ci_field_tile(s->field, i);
  ci_patch_seeker k = new_seeker(s);
  int32_t w = tile.x1 - tile.x0, h = tile.y1 - tile.y0;
  for (int32_t v = 0; v < h; v++)
    for (int32_t u = 0; u < w; u++) {
      bool back = s->turn & 1;
      search_pixel(&k, tile, back ? tile.x1 - 1 - u : tile.x0 + u, back ? tile.y1 - 1 - v : tile.y0 + v);
    }
}

void ci_patch_search_turn(const ci_patch_search *s) {
  const ci_patch_field *f = s->field;
  size_t n = (size_t)(f->box.x1 - f->box.x0) * (size_t)(f->box.y1 - f->box.y0);
  memcpy(f->last, f->at, n * sizeof *f->at);
  ci_pool_run(s->pool, f->n_tiles, search_tile, (void *)(uintptr_t)s);
}

static void cost_tile(void *arg, uint32_t i, uint32_t worker) {
  const ci_patch_search *s = arg;
  ci_patch_field *f = s->field;
  (void)worker;
  if (ci_cancelled(s->cancel)) return;
  ci_rect tile = ci_field_tile(f, i);
  ci_patch_seeker k = new_seeker(s);
  for (int32_t y = tile.y0; y < tile.y1; y++)
    for (int32_t x = tile.x0; x < tile.x1; x++) {
      size_t at = ci_field_at(f, x, y);
      if (f->at[at] == CI_PATCH_NONE) continue;
      seek_from(&k, x, y);
      f->cost[at] = cost_of(&k, f->at[at], INT32_MAX);
    }
}

void ci_patch_cost_all(const ci_patch_search *s) {
  ci_pool_run(s->pool, s->field->n_tiles, cost_tile, (void *)(uintptr_t)s);
}
