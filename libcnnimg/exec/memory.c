/* SPDX-License-Identifier: MIT */
/* memory.c - where the maps of a stripe lie: the dry run, who shares memory with whom, what goes to a file */
#include <stdlib.h>
#include <sys/mman.h>

#include "base/error.h"
#include "base/spool.h"
#include "exec/plan.h"

#define MOST_GAPS 256 /* that are looked through for a place: an absurd graph must not make it quadratic */
#define SPOOL_LEAST ((size_t)1 << 20)

static int32_t imax(int32_t a, int32_t b) { return a > b ? a : b; }
static int32_t imin(int32_t a, int32_t b) { return a < b ? a : b; }

/* ---- the dry run ------------------------------------------------------------------- */

/* One turn: rings grow to what it needs; lanes live from their first writing to their last reading. `now` counts steps:
 * the inputs are filled at the beginning of a turn, the output is taken at its end. */
static void live_through(ci_plan *p, uint64_t now) {
  for (size_t v = 0; v < p->g->n_values; v++) {
    ci_lane *l = &p->lanes[v];
    if (p->g->values[v].tensor || l->want == l->done) continue;
    if (!l->ring) l->birth = now;
    l->ring = imax(l->ring, l->want - imin(l->low, l->done));
    l->death = now;
  }
  for (size_t i = 0; i < p->g->n_nodes; i++) {
    const ci_step *s = &p->steps[i];
    const ci_lane *out = &p->lanes[s->node->out];
    bool runs = out->want > out->done;
    for (int32_t k = 0; k < s->node->n_in; k++) {
      ci_lane *in = s->node->in[k] >= 0 ? &p->lanes[s->node->in[k]] : NULL;
      bool fed = s->op->fold && in && in->want > in->done && out->done < out->last;
      if (in && (runs || fed)) in->death = now + i + 1;
    }
    if (runs && p->lanes[s->node->out].birth == now) p->lanes[s->node->out].birth = now + i + 1;
    if (runs) p->lanes[s->node->out].death = now + i + 1;
  }
  if (p->lanes[p->g->output].want > p->lanes[p->g->output].done) p->lanes[p->g->output].death = now + p->g->n_nodes + 1;
}

static bool ring_bytes(const ci_plan *p, size_t v, size_t *bytes) {
  const ci_lane *l = &p->lanes[v];
  size_t row, n;
  if (!ci_lane_needed(l) || !l->ring) return *bytes = 0, true;
  row = (size_t)(l->x1 - l->x0) * (size_t)ci_channel_stride(p->shapes[v].c);
  if (!ci_mul(row, (size_t)l->ring * sizeof(float), &n) || n > SIZE_MAX / 4) return false;
  *bytes = ci_round_up(n, CI_ALIGN) + CI_ALIGN; /* neighbours do not share a set of the cache */
  return true;
}

/* ---- places -------------------------------------------------------------------------- */

typedef struct block {
  size_t offset, bytes;
  uint64_t death;
} block;

typedef struct room {
  block *items; /* in order of offset; taken ones and, death 0, gaps are not kept */
  size_t n, cap, top;
  bool starved; /* no memory for the list itself */
} room;

/* The lowest gap between blocks that is large enough, or behind them all. Dead blocks are dropped on the way. */
static bool place(room *r, const ci_lane *l, size_t *offset) {
  size_t kept = 0, at = 0, best = SIZE_MAX, where = 0;
  for (size_t i = 0; i < r->n; i++)
    if (r->items[i].death >= l->birth) r->items[kept++] = r->items[i];
  r->n = kept;
  for (size_t i = 0; i < r->n && best == SIZE_MAX && i < MOST_GAPS; i++) {
    if (r->items[i].offset - at >= l->bytes) best = at, where = i;
    at = r->items[i].offset + r->items[i].bytes;
  }
  if (best == SIZE_MAX) where = r->n, best = r->n ? r->items[r->n - 1].offset + r->items[r->n - 1].bytes : 0;
  if (!ci_grow((void **)&r->items, &r->cap, r->n + 1, sizeof *r->items)) return r->starved = true, false;
  for (size_t i = r->n++; i > where; i--) r->items[i] = r->items[i - 1];
  r->items[where] = (block){best, l->bytes, l->death};
  *offset = best;
  if (best > SIZE_MAX - l->bytes) return false;
  if (best + l->bytes > r->top) r->top = best + l->bytes;
  return true;
}

typedef struct key {
  uint64_t birth;
  int32_t value;
} key;

static int by_birth(const void *a, const void *b) {
  const key *x = a, *y = b;
  if (x->birth != y->birth) return x->birth < y->birth ? -1 : 1;
  return x->value < y->value ? -1 : x->value > y->value;
}

/* What folds leaves its result where it is from stripe to stripe: before all others, in a place that never changes. */
static size_t place_folded(ci_plan *p) {
  size_t at = 0;
  for (size_t v = 0; v < p->g->n_values; v++) {
    if (!p->folded[v]) continue;
    p->lanes[v].offset = at;
    at += ci_round_up((size_t)ci_channel_stride(p->shapes[v].c) * sizeof(float), CI_ALIGN);
  }
  return at;
}

static bool place_lanes(ci_plan *p, const key *keys, size_t n, room *arena, room *file) {
  for (size_t i = 0; i < n; i++) {
    ci_lane *l = &p->lanes[keys[i].value];
    if (!place(p->spooled[keys[i].value] ? file : arena, l, &l->offset)) return false;
  }
  return true;
}

static bool place_all(ci_plan *p, size_t *arena_bytes, size_t *file_bytes) {
  room arena = {0}, file = {0};
  key *keys = ci_calloc(p->g->n_values + 1, sizeof *keys);
  size_t n = 0, fixed = place_folded(p);
  bool fits = keys != NULL;
  for (size_t v = 0; v < p->g->n_values && fits; v++) {
    ci_lane *l = &p->lanes[v];
    fits = ring_bytes(p, v, &l->bytes);
    if (l->bytes && !p->folded[v]) keys[n++] = (key){l->birth, (int32_t)v};
  }
  if (fits) qsort(keys, n, sizeof *keys, by_birth);
  fits = fits && place_lanes(p, keys, n, &arena, &file);
  for (size_t i = 0; i < n && fits; i++)
    if (!p->spooled[keys[i].value]) p->lanes[keys[i].value].offset += fixed;
  *arena_bytes = arena.top + fixed;
  *file_bytes = file.top;
  p->starved = !keys || arena.starved || file.starved;
  free(keys);
  free(arena.items);
  free(file.items);
  return fits;
}

bool ci_stripe_measure(ci_plan *p, int32_t band, size_t *arena, size_t *file) {
  const ci_lane *out = &p->lanes[p->g->output];
  for (uint64_t now = 1; out->done < out->last; now += p->g->n_nodes + 2) {
    ci_band_targets(p, ci_band_next(p, band), band);
    live_through(p, now);
    ci_band_finish(p);
  }
  for (size_t v = 0; v < p->g->n_values; v++)
    p->lanes[v].done = p->lanes[v].kept ? p->lanes[v].last : p->lanes[v].first;
  return place_all(p, arena, file);
}

bool ci_stripe_spool_one(ci_plan *p) {
  size_t largest = SPOOL_LEAST;
  int32_t which = -1;
  for (size_t v = 0; v < p->g->n_values; v++) {
    const ci_lane *l = &p->lanes[v];
    bool whole = l->ring && l->ring >= l->last - l->first;
    if (whole && !p->spooled[v] && l->bytes > largest) largest = l->bytes, which = (int32_t)v;
  }
  if (which >= 0) p->spooled[which] = 1;
  return which >= 0;
}

/* ---- memory ----------------------------------------------------------------------------- */

static int reserve_file(ci_plan *p, size_t bytes, cnnimg_error *err) {
  if (bytes <= p->file_bytes) return CNNIMG_OK;
  if (p->file) munmap(p->file, p->file_bytes);
  p->file = NULL, p->file_bytes = 0;
  int status = ci_spool_map(bytes, (void **)&p->file, err);
  if (!status) p->file_bytes = bytes;
  return status;
}

int ci_plan_reserve(ci_plan *p, size_t arena, size_t file, cnnimg_error *err) {
  if (arena > p->arena_bytes) {
    ci_big_free(&p->o.allocator, p->arena);
    p->arena_bytes = 0;
    p->arena = ci_big_alloc(&p->o.allocator, arena);
    if (!p->arena) return ci_fail(err, CNNIMG_NOMEM, "no memory for %zu MiB of maps", arena >> 20);
    p->arena_bytes = arena;
  }
  return reserve_file(p, file, err);
}

void ci_plan_release(ci_plan *p) {
  ci_big_free(&p->o.allocator, p->arena);
  if (p->file) munmap(p->file, p->file_bytes);
  p->arena = p->file = NULL;
}
