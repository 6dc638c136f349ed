/* SPDX-License-Identifier: MIT */
/* lineart_hints.c - which hint each pixel of a drawing's parts belongs to */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "tasks/colorize_state.h"

/*
 * The nearest one, where the way into a narrow place is long: two hints in rooms with an opening between them divide it at the
 * opening. Ways out of narrow places cost no more than others, so a hint beside a stroke is worth as much as one in the
 * middle. No part but the hint's own is entered. Dijkstra's algorithm with a ring of lists for his queue (Dial 1969), which
 * is first in, first out, so the order is that of the pixels.
 */
#define GIVEN (1u << 30) /* of an owner: ten bits a colour below it */
#define STEPS 1023
#define STRAIGHT 3 /* thirds of a pixel */
#define ASLANT 4
#define NARROW 8       /* half a narrow place's width is less than that part of the short side */
#define STEEP 2        /* one that is half as wide is as far away as 0.7 of that part of the short side */
#define MOST_DEEP 4000 /* what a step costs at most besides its length */
#define RING 4096      /* more than any step costs */
#define NONE UINT32_MAX

typedef struct walk {
  const ci_colorize *c;
  uint32_t *cost, *next, *last; /* of each pixel: thirds of pixels, and its neighbours in a list */
  uint32_t head[RING], tail[RING];
  uint32_t narrow, steep;
} walk;

/* ---- owners -------------------------------------------------------------------------------------- */

static uint32_t pack(const float rgb[3]) {
  uint32_t owner = GIVEN;
  for (int k = 0; k < 3; k++) {
    const float v = rgb[k] > 0 ? rgb[k] < 1 ? rgb[k] : 1 : 0;
    owner |= (uint32_t)(v * STEPS + 0.5f) << (10 * k);
  }
  return owner;
}

void ci_lineart_owned(uint32_t owner, float rgb[3]) {
  for (int k = 0; k < 3; k++) rgb[k] = (float)(owner >> (10 * k) & STEPS) / STEPS;
}

void ci_lineart_begin_hints(ci_colorize *c) {
  const size_t n = (size_t)c->small.w * (size_t)c->small.h;
  for (size_t i = 0; i < n; i++) c->drawing.owner[i] = 0;
}

void ci_lineart_hint(ci_colorize *c, uint32_t x, uint32_t y, const float rgb[3]) {
  const ci_small *s = &c->small;
  const size_t u = (size_t)((x + 0.5) * s->w / c->result.width),
               v = (size_t)((y + 0.5) * s->h / c->result.height);
  c->drawing.owner[v * (size_t)s->w + u] = pack(rgb);
}

/* ---- lists ---------------------------------------------------------------------------------------- */

static void append(walk *k, uint32_t i) {
  const uint32_t slot = k->cost[i] % RING;
  k->next[i] = NONE, k->last[i] = k->tail[slot];
  if (k->tail[slot] == NONE) k->head[slot] = i;
  else k->next[k->tail[slot]] = i;
  k->tail[slot] = i;
}

static void take_out(walk *k, uint32_t i) {
  const uint32_t slot = k->cost[i] % RING;
  if (k->last[i] == NONE) k->head[slot] = k->next[i];
  else k->next[k->last[i]] = k->next[i];
  if (k->next[i] == NONE) k->tail[slot] = k->last[i];
  else k->last[k->next[i]] = k->last[i];
}

/* ---- ways ------------------------------------------------------------------------------------------ */

/* Down into a narrow place, by the share that it becomes narrower. */
static uint32_t step(const walk *k, uint32_t from, uint32_t to, uint32_t length) {
  const uint16_t *far = k->c->drawing.parts.far;
  if (far[to] >= far[from] || far[to] >= k->narrow) return length;
  const uint32_t deep = k->steep * (uint32_t)(far[from] - far[to]) / (far[to] ? far[to] : 1);
  return length + (deep < MOST_DEEP ? deep : MOST_DEEP);
}

static void reach(walk *k, uint32_t from, uint32_t to, uint32_t length) {
  const ci_drawing *d = &k->c->drawing;
  if (d->parts.part[to] != d->parts.part[from]) return;
  const uint32_t cost = k->cost[from] + step(k, from, to, length);
  if (cost < k->cost[from] || cost >= k->cost[to]) return; /* the first: a maze without end */
  if (k->cost[to] != NONE) take_out(k, to);
  k->cost[to] = cost;
  d->owner[to] = d->owner[from];
  append(k, to);
}

static void reach_around(walk *k, uint32_t i) {
  const ci_parts *p = &k->c->drawing.parts;
  const int32_t x = (int32_t)(i % (uint32_t)p->w), y = (int32_t)(i / (uint32_t)p->w);
  for (int32_t n = 0; n < 9; n++) {
    const int32_t dx = n % 3 - 1, dy = n / 3 - 1, u = x + dx, v = y + dy;
    if (n == 4 || u < 0 || v < 0 || u >= p->w || v >= p->h) continue;
    reach(k, i, (uint32_t)v * (uint32_t)p->w + (uint32_t)u, dx && dy ? ASLANT : STRAIGHT);
  }
}

/* As long as one of the ring's lists is not empty. */
static void walk_on(walk *k) {
  for (uint32_t now = 0, empty = 0; empty < RING; now++, empty++)
    for (uint32_t i; (i = k->head[now % RING]) != NONE; empty = 0) {
      take_out(k, i);
      reach_around(k, i);
    }
}

static int walk_all(const ci_colorize *c, cnnimg_error *err) {
  const size_t n = (size_t)c->small.w * (size_t)c->small.h;
  walk *k = ci_calloc(1, sizeof *k);
  if (!k) return ci_fail(err, CNNIMG_NOMEM, "no memory for hints");
  k->c = c;
  k->cost = ci_calloc(n, sizeof *k->cost);
  k->next = ci_calloc(n, sizeof *k->next);
  k->last = ci_calloc(n, sizeof *k->last);
  const uint32_t shorter = (uint32_t)(c->small.w < c->small.h ? c->small.w : c->small.h);
  const bool room = k->cost && k->next && k->last;
  for (int i = 0; i < RING; i++) k->head[i] = k->tail[i] = NONE;
  for (size_t i = 0; room && i < n; i++) {
    k->cost[i] = c->drawing.owner[i] ? 0 : NONE;
    if (c->drawing.owner[i]) append(k, (uint32_t)i);
  }
  k->narrow = STRAIGHT * shorter / NARROW, k->steep = STRAIGHT * shorter / STEEP;
  if (room) walk_on(k);
  free(k->cost);
  free(k->next);
  free(k->last);
  free(k);
  return room ? CNNIMG_OK : ci_fail(err, CNNIMG_NOMEM, "no memory for hints");
}

/* ---- what the network is told --------------------------------------------------------------------- */

/* Small pixels of cell i of an axis; none beyond the picture. */
static void covered(int32_t i, int32_t n, int32_t seen, int32_t *from, int32_t *to) {
  const int64_t begin = (int64_t)i * CI_CELL * n / seen,
                end = ((int64_t)(i + 1) * CI_CELL * n + seen - 1) / seen;
  *from = begin < n ? (int32_t)begin : n;
  *to = end < n ? (int32_t)end : n;
}

static void tell_row(void *arg, uint32_t y, uint32_t worker) {
  const ci_colorize *c = arg;
  const ci_small *s = &c->small;
  const size_t n = (size_t)s->cells_w * (size_t)s->cells_h;
  int32_t x0, x1, y0, y1;
  (void)worker;
  covered((int32_t)y, s->h, s->seen_h, &y0, &y1);
  for (int32_t x = 0; x < s->cells_w; x++) {
    float sum[4] = {0, 0, 0, 0}, rgb[3];
    covered(x, s->w, s->seen_w, &x0, &x1);
    for (int32_t v = y0; v < y1; v++)
      for (int32_t u = x0; u < x1; u++) {
        const uint32_t owner = c->drawing.owner[(size_t)v * (size_t)s->w + (size_t)u];
        if (!owner) continue;
        ci_lineart_owned(owner, rgb);
        for (int k = 0; k < 3; k++) sum[k] += rgb[k];
        sum[3]++;
      }
    const float all = (float)(x1 - x0) * (float)(y1 - y0);
    for (size_t k = 0; k < 4; k++)
      c->hint_map[k * n + (size_t)y * (size_t)s->cells_w + (size_t)x] = all > 0 ? sum[k] / all : 0;
  }
}

int ci_lineart_give_hints(ci_colorize *c, cnnimg_error *err) {
  int status = walk_all(c, err);
  if (!status) ci_pool_run(ci_tensors_pool(c->net), (uint32_t)c->small.cells_h, tell_row, c);
  return status;
}
