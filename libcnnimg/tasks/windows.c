/* SPDX-License-Identifier: MIT */
/* windows.c - which holes are filled together, and how much of what lies around them is looked at */
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "tasks/holes.h"

#define SMALL 128       /* pixels a side: holes up to that are gathered by the cells of a grid */
#define CELL 256        /* pixels a side of that grid: dust is many holes, and would be as many windows */
#define AROUND 3        /* times a hole's width: what is looked at on each side, from ... */
#define LEAST_AROUND 48 /* ... to ... */
#define MOST_AROUND 384
#define MOST_MERGED ((int64_t)1 << 19) /* pixels of a window that was made of others */

typedef struct group {
  ci_window w;
  uint32_t into; /* the group that it has become part of; itself: none */
} group;

typedef struct grouping {
  ci_holes *h;
  group *at;
  uint32_t *order; /* by their first rows */
  size_t n;
} grouping;

/* ---- groups ----------------------------------------------------------------------------------------- */

static int64_t area_of(ci_rect r) { return (int64_t)(r.x1 - r.x0) * (r.y1 - r.y0); }

static void look_around(const ci_holes *h, ci_window *w) {
  const float wanted = AROUND * w->width;
  const int32_t n = wanted < LEAST_AROUND  ? LEAST_AROUND
                    : wanted > MOST_AROUND ? MOST_AROUND
                                           : (int32_t)wanted;
  const ci_rect b = {w->hole.x0 - n, w->hole.y0 - n, w->hole.x1 + n, w->hole.y1 + n};
  w->box = ci_rect_clip(b, (ci_shape){.w = (int32_t)h->width, .h = (int32_t)h->height});
}

static void add_hole(ci_window *w, const ci_hole *hole) {
  const float width = 4 * (float)hole->area / (float)hole->edge;
  w->hole = ci_rect_union(w->hole, hole->box);
  w->area += hole->area;
  if (width > w->width) w->width = width;
}

static bool is_small(const ci_hole *hole) {
  return hole->box.x1 - hole->box.x0 <= SMALL && hole->box.y1 - hole->box.y0 <= SMALL;
}

/* Large holes have a group of their own; of the small ones those whose middles lie in one cell. */
static int gather(grouping *g, cnnimg_error *err) {
  ci_holes *h = g->h;
  const size_t across = h->width / CELL + 1, down = h->height / CELL + 1;
  uint32_t *cells = ci_calloc(across * down, sizeof *cells); /* a group's number, from 1 */
  if (!cells) return ci_fail(err, CNNIMG_NOMEM, "no memory for windows");
  for (size_t i = 0; i < h->n_holes; i++) {
    const ci_hole *hole = &h->holes[i];
    const size_t x = ((size_t)hole->box.x0 + (size_t)hole->box.x1) / (2 * CELL),
                 y = ((size_t)hole->box.y0 + (size_t)hole->box.y1) / (2 * CELL);
    uint32_t *cell = is_small(hole) ? &cells[y * across + x] : NULL;
    const uint32_t at = cell && *cell ? *cell - 1 : (uint32_t)g->n++;
    if (cell) *cell = at + 1;
    g->at[at].into = at;
    add_hole(&g->at[at].w, hole);
    h->holes[i].window = at;
  }
  free(cells);
  return CNNIMG_OK;
}

/* ---- windows that lie over one another ---------------------------------------------------------------- */

static int64_t before(const group *a, const group *b) {
  return a->w.box.y0 != b->w.box.y0 ? (int64_t)a->w.box.y0 - b->w.box.y0 : (int64_t)a->w.box.x0 - b->w.box.x0;
}

static int by_place(const void *a, const void *b, void *groups) {
  const uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
  const int64_t d = before(&((group *)groups)[i], &((group *)groups)[k]);
  return d ? d < 0 ? -1 : 1 : i < k ? -1 : i > k;
}

static void sort(grouping *g) {
  size_t n = 0;
  for (uint32_t i = 0; i < g->n; i++)
    if (g->at[i].into == i) g->order[n++] = i;
  qsort_r(g->order, n, sizeof *g->order, by_place, g->at);
  for (; n < g->n; n++) g->order[n] = UINT32_MAX;
}

/* One window instead of two where it is no larger than both: what they share would be looked at twice. */
static bool merge(const ci_holes *h, ci_window *a, const ci_window *b) {
  ci_window both = *a;
  if (a->box.x0 >= b->box.x1 || b->box.x0 >= a->box.x1 || a->box.y0 >= b->box.y1 || b->box.y0 >= a->box.y1)
    return false;
  both.hole = ci_rect_union(a->hole, b->hole);
  both.area += b->area;
  if (b->width > both.width) both.width = b->width;
  look_around(h, &both);
  const int64_t n = area_of(both.box), na = area_of(a->box), nb = area_of(b->box);
  if (n > na + nb || (n > MOST_MERGED && n > (na > nb ? na : nb))) return false;
  *a = both;
  return true;
}

static bool merge_some(grouping *g) {
  bool any = false;
  sort(g);
  for (size_t i = 0; i < g->n && g->order[i] != UINT32_MAX; i++) {
    group *a = &g->at[g->order[i]];
    if (a->into != g->order[i]) continue;
    for (size_t k = i + 1; k < g->n && g->order[k] != UINT32_MAX; k++) {
      group *b = &g->at[g->order[k]];
      if (b->w.box.y0 >= a->w.box.y1) break;
      if (b->into != g->order[k] || !merge(g->h, &a->w, &b->w)) continue;
      b->into = g->order[i];
      any = true;
    }
  }
  return any;
}

/* ---- numbers ------------------------------------------------------------------------------------------ */

/* Groups that are left become windows, from top to bottom; the others' numbers are those of what they are part of. */
static int number(grouping *g, cnnimg_error *err) {
  ci_holes *h = g->h;
  uint32_t *number = ci_calloc(g->n + 1, sizeof *number);
  h->windows = ci_calloc(g->n + 1, sizeof *h->windows);
  if (!number || !h->windows) {
    free(number);
    return ci_fail(err, CNNIMG_NOMEM, "no memory for windows");
  }
  sort(g);
  for (; h->n_windows < g->n && g->order[h->n_windows] != UINT32_MAX; h->n_windows++) {
    const uint32_t i = g->order[h->n_windows];
    number[i] = (uint32_t)h->n_windows;
    h->windows[h->n_windows] = g->at[i].w;
  }
  for (size_t i = 0; i < h->n_holes; i++) {
    uint32_t at = h->holes[i].window;
    while (g->at[at].into != at) at = g->at[at].into;
    h->holes[i].window = number[at];
  }
  free(number);
  return CNNIMG_OK;
}

static int place_spans(ci_holes *h, cnnimg_error *err) {
  uint32_t *next = ci_calloc(h->n_windows + 1, sizeof *next);
  if (!next) return ci_fail(err, CNNIMG_NOMEM, "no memory for windows");
  for (size_t i = 0; i < h->rows[h->height]; i++) {
    ci_span *s = &h->spans[i];
    uint32_t *at = &next[h->holes[s->hole].window];
    s->at = *at;
    *at += s->x1 - s->x0;
  }
  free(next);
  return CNNIMG_OK;
}

int ci_windows_find(ci_holes *h, cnnimg_error *err) {
  grouping g = {.h = h};
  g.at = ci_calloc(h->n_holes + 1, sizeof *g.at);
  g.order = ci_calloc(h->n_holes + 1, sizeof *g.order);
  int status = g.at && g.order ? gather(&g, err) : ci_fail(err, CNNIMG_NOMEM, "no memory for windows");
  for (size_t i = 0; i < g.n && !status; i++) look_around(h, &g.at[i].w);
  while (!status && merge_some(&g)) continue;
  if (!status) status = number(&g, err);
  if (!status) status = place_spans(h, err);
  free(g.at);
  free(g.order);
  return status;
}
