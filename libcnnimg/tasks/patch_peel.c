/* SPDX-License-Identifier: MIT */
/* patch_peel.c - patch fill: a first guess, ring by ring from the border of the hole inwards */
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/error.h"
#include "base/memory.h"
#include "tasks/patch_state.h"

/* Places in the picture that a patch is compared with, at most, at least, and of all patches together. */
#define MOST_TRIED 8192
#define LEAST_TRIED 256
#define ALL_TRIED (64u << 20)
#define SIDE (2 * CI_PATCH_RADIUS + 1)
#define COST_MOST (1 << 30)
#define PIECE 4 /* pixels that a thread takes at a time */

typedef struct found {
  uint32_t at;
  int32_t cost;
} found;

/*
 * Newson et al. 2014, 3.5: patches around the outermost pixels that are not known yet are compared by what is known of
 * them; their votes are then known. So what the border shows goes on, where a smooth guess would call for smooth patches.
 */
typedef struct peeling {
  const ci_patch_search *s;
  ci_patch_level *l;
  ci_patch_field *f;
  uint8_t *known;
  uint32_t *ring; /* pixels, y * w + x */
  found *
      found; /* by each: they may share a patch at the picture's border, so no thread writes into the field */
  uint32_t n, step; /* every step-th place is tried */
} peeling;

typedef struct spot {
  int32_t x, y;
} spot;

static spot spot_of(const ci_patch_level *l, uint32_t at) {
  return (spot){(int32_t)(at % (uint32_t)l->w), (int32_t)(at / (uint32_t)l->w)};
}

/* The patch around a pixel, moved inwards at the picture's border. */
static spot centre_of(const ci_patch_level *l, uint32_t at) {
  spot p = spot_of(l, at);
  int32_t r = l->radius;
  if (p.x < r) p.x = r;
  if (p.y < r) p.y = r;
  if (p.x > l->w - 1 - r) p.x = l->w - 1 - r;
  if (p.y > l->h - 1 - r) p.y = l->h - 1 - r;
  return p;
}

static bool has_known(const peeling *p, spot c) {
  const ci_patch_level *l = p->l;
  for (int32_t y = c.y - 1; y <= c.y + 1; y++)
    for (int32_t x = c.x - 1; x <= c.x + 1; x++)
      if (x >= 0 && y >= 0 && x < l->w && y < l->h && p->known[ci_patch_at(l, x, y)]) return true;
  return false;
}

static void find_ring(peeling *p) {
  ci_rect r = p->f->inside;
  p->n = 0;
  for (int32_t y = r.y0; y < r.y1; y++)
    for (int32_t x = r.x0; x < r.x1; x++) {
      size_t i = ci_patch_at(p->l, x, y);
      if (!p->known[i] && has_known(p, (spot){x, y})) p->ring[p->n++] = (uint32_t)i;
    }
}

/* Which samples of the patch count; how many pixels. */
static int32_t set_keep(const peeling *p, spot c, int16_t *keep) {
  int32_t r = p->l->radius, n = 0;
  memset(keep, 0, SIDE * CI_PATCH_SPARE * sizeof *keep);
  for (int32_t y = -r; y <= r; y++)
    for (int32_t x = -r; x <= r; x++) {
      if (!p->known[ci_patch_at(p->l, c.x + x, c.y + y)]) continue;
      int16_t *k = keep + (y + r) * CI_PATCH_SPARE + 3 * (x + r);
      k[0] = k[1] = k[2] = -1;
      n++;
    }
  return n;
}

/* What the patches around, which have found theirs, would go on with. */
static void try_around(const peeling *p, ci_patch_seeker *k, spot c) {
  const ci_patch_level *l = p->l;
  const ci_patch_field *f = p->f;
  for (int32_t dy = -2; dy <= 2; dy++)
    for (int32_t dx = -2; dx <= 2; dx++) {
      int32_t u = c.x + dx, v = c.y + dy;
      if (u < f->box.x0 || v < f->box.y0 || u >= f->box.x1 || v >= f->box.y1) continue;
      uint32_t there = f->last[ci_field_at(f, u, v)];
      int64_t at = (int64_t)there - dx - (int64_t)dy * l->w;
      if (there != CI_PATCH_NONE && at >= 0 && at < (int64_t)l->w * l->h && l->ok[at])
        ci_patch_try(k, (uint32_t)at);
    }
}

static void try_near(ci_patch_seeker *k, const ci_patch_level *l, int32_t reach) {
  spot c = spot_of(l, k->best);
  for (int32_t y = c.y - reach; y <= c.y + reach; y++)
    for (int32_t x = c.x - reach; x <= c.x + reach; x++)
      if (x >= 0 && y >= 0 && x < l->w && y < l->h && l->ok[ci_patch_at(l, x, y)])
        ci_patch_try(k, (uint32_t)ci_patch_at(l, x, y));
}

static found peel_pixel(const peeling *p, uint32_t pixel) {
  const ci_patch_level *l = p->l;
  int16_t keep[SIDE * CI_PATCH_SPARE];
  spot c = centre_of(l, pixel);
  int32_t n = set_keep(p, c, keep), side = 2 * l->radius + 1;
  ci_patch_seeker k = ci_patch_seek(p->s, c.x, c.y);
  k.pair.keep = keep;
  uint32_t from = ci_patch_below(ci_patch_mix(p->s->seed ^ ci_patch_mix(pixel)), p->step);
  try_around(p, &k, c);
  for (uint32_t i = from; i < l->sources; i += p->step) ci_patch_try(&k, l->centres[i]);
  if (p->step > 1) try_near(&k, l, 3);
  int64_t cost = (int64_t)k.cost * side * side / (n ? n : 1);
  return (found){k.best, cost < COST_MOST ? (int32_t)cost : COST_MOST};
}

static void peel_piece(void *arg, uint32_t i, uint32_t worker) {
  const peeling *p = arg;
  (void)worker;
  for (uint32_t k = i * PIECE; k < p->n && k < (i + 1) * PIECE; k++)
    if (!ci_cancelled(p->s->cancel)) p->found[k] = peel_pixel(p, p->ring[k]);
}

static size_t field_size(const ci_patch_field *f) {
  return (size_t)(f->box.x1 - f->box.x0) * (size_t)(f->box.y1 - f->box.y0);
}

static void put_found(const peeling *p, uint32_t i) {
  spot c = centre_of(p->l, p->ring[i]);
  size_t to = ci_field_at(p->f, c.x, c.y);
  p->f->at[to] = p->found[i].at, p->f->cost[to] = p->found[i].cost;
}

/* What no thread came to, as somebody cancelled, stays without a patch. */
static void peel_ring(peeling *p) {
  memcpy(p->f->last, p->f->at, field_size(p->f) * sizeof *p->f->at);
  for (uint32_t i = 0; i < p->n; i++) p->found[i] = (found){CI_PATCH_NONE, 0};
  ci_pool_run(p->s->pool, (p->n + PIECE - 1) / PIECE, peel_piece, p);
  for (uint32_t i = 0; i < p->n; i++)
    if (p->found[i].at != CI_PATCH_NONE) put_found(p, i);
  for (uint32_t i = 0; i < p->n; i++) {
    spot at = spot_of(p->l, p->ring[i]);
    ci_patch_vote_one(p->l, p->f, at.x, at.y);
    p->known[p->ring[i]] = 1;
  }
}

static uint32_t find_step(const ci_patch_level *l) {
  uint64_t tried = ALL_TRIED / (l->pixels ? l->pixels : 1);
  if (tried > MOST_TRIED) tried = MOST_TRIED;
  if (tried < LEAST_TRIED) tried = LEAST_TRIED;
  return (uint32_t)((l->sources + tried - 1) / tried);
}

/* All rings; targets outside the hole begin anywhere. */
static int peel(peeling *p, const uint32_t *random, cnnimg_error *err) {
  size_t n = field_size(p->f), pixels = (size_t)p->l->w * (size_t)p->l->h;
  for (size_t i = 0; i < n; i++) p->f->at[i] = CI_PATCH_NONE;
  for (size_t i = 0; i < pixels; i++) p->known[i] = !p->l->hole[i];
  for (find_ring(p); p->n; find_ring(p)) {
    peel_ring(p);
    if (ci_cancelled(p->s->cancel)) return ci_fail(err, CNNIMG_CANCELLED, "cancelled");
  }
  for (size_t i = 0; i < n; i++)
    if (p->f->at[i] == CI_PATCH_NONE) p->f->at[i] = random[i];
  return CNNIMG_OK;
}

int ci_patch_peel(const ci_patch_search *s, ci_patch_level *l, ci_patch_field *f, cnnimg_error *err) {
  size_t pixels = (size_t)l->w * (size_t)l->h, n = field_size(f);
  peeling p = {.s = s,
               .l = l,
               .f = f,
               .step = find_step(l),
               .known = ci_calloc(pixels, 1),
               .ring = ci_calloc(l->pixels, sizeof *p.ring),
               .found = ci_calloc(l->pixels, sizeof *p.found)};
  uint32_t *random = ci_calloc(n, sizeof *random);
  int status = CNNIMG_OK;
  if (!p.known || !p.ring || !p.found || !random)
    status = ci_fail(err, CNNIMG_NOMEM, "no memory to fill a hole with patches");
  if (!status) {
    memcpy(random, f->at, n * sizeof *random);
    status = peel(&p, random, err);
  }
  free(p.known), free(p.ring), free(p.found), free(random);
  return status;
}
