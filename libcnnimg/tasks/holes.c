/* SPDX-License-Identifier: MIT */
/* holes.c - reads a mask into stretches of rows, makes them larger, and finds which of them touch */
#include "tasks/holes.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "exec/pixels.h"

/* Spans that are being gathered, row by row. */
typedef struct gathering {
  ci_holes *h;
  size_t n, room;
} gathering;

static int add(gathering *g, uint32_t x0, uint32_t x1, cnnimg_error *err) {
  if (g->n >= UINT32_MAX)
    return ci_fail(err, CNNIMG_LIMIT, "the mask has more than 2^32 stretches of pixels");
  if (!ci_grow((void **)&g->h->spans, &g->room, g->n + 1, sizeof *g->h->spans))
    return ci_fail(err, CNNIMG_NOMEM, "no memory for the mask");
  g->h->spans[g->n++] = (ci_span){.x0 = x0, .x1 = x1};
  return CNNIMG_OK;
}

static int alloc_rows(ci_holes *h, cnnimg_error *err) {
  h->rows = ci_calloc((size_t)h->height + 1, sizeof *h->rows);
  return h->rows ? CNNIMG_OK : ci_fail(err, CNNIMG_NOMEM, "no memory for %u rows of the mask", h->height);
}

/* ---- reading ----------------------------------------------------------------------------------- */

static bool is_set(const cnnimg_view *mask, const uint8_t *row, float *room, uint32_t x, bool invert) {
  const bool set =
      mask->format.sample == CNNIMG_U8 ? row[(ptrdiff_t)x * mask->pixel_stride] >= 128 : room[x] >= 0.5f;
  return set != invert;
}

static int read_row(gathering *g, const cnnimg_view *mask, uint32_t y, bool invert, float *room,
                    cnnimg_error *err) {
  cnnimg_view row = *mask;
  const uint32_t w = mask->format.width;
  int status = CNNIMG_OK;
  row.data = (uint8_t *)mask->data + (ptrdiff_t)y * mask->row_stride;
  if (mask->format.sample != CNNIMG_U8) ci_pixels_load_raw(&row, 0, w, room, 1, 1);
  for (uint32_t x = 0; x < w && !status; x++) {
    if (!is_set(mask, row.data, room, x, invert)) continue;
    const uint32_t x0 = x;
    while (x < w && is_set(mask, row.data, room, x, invert)) x++;
    status = add(g, x0, x, err);
  }
  return status;
}

static int read_mask(ci_holes *h, const cnnimg_view *mask, bool invert, cnnimg_error *err) {
  gathering g = {.h = h};
  float *room = ci_calloc(h->width, sizeof *room);
  int status = room ? alloc_rows(h, err) : ci_fail(err, CNNIMG_NOMEM, "no memory for a row of the mask");
  for (uint32_t y = 0; y < h->height && !status; y++) {
    status = read_row(&g, mask, y, invert, room, err);
    h->rows[y + 1] = g.n;
  }
  free(room);
  return status;
}

/* ---- growing ----------------------------------------------------------------------------------- */

/* How often a row's pixels are covered changes at the ends of what reaches into it. */
static bool cover(const ci_holes *h, int32_t y, int32_t grow, int32_t *change) {
  bool any = false;
  const int32_t w = (int32_t)h->width;
  for (int32_t dy = -grow; dy <= grow; dy++) {
    const int32_t from = y + dy;
    if (from < 0 || from >= (int32_t)h->height) continue;
    const int32_t reach = (int32_t)sqrt((double)(grow * grow - dy * dy));
    for (size_t i = h->rows[from]; i < h->rows[from + 1]; i++) {
      const int32_t x0 = (int32_t)h->spans[i].x0 - reach, x1 = (int32_t)h->spans[i].x1 + reach;
      change[x0 < 0 ? 0 : x0]++;
      change[x1 > w ? w : x1]--;
      any = true;
    }
  }
  return any;
}

static int grow_row(const ci_holes *from, gathering *to, int32_t y, int32_t grow, int32_t *change,
                    cnnimg_error *err) {
  uint32_t x0 = 0;
  int32_t depth = 0;
  int status = CNNIMG_OK;
  if (!cover(from, y, grow, change)) return CNNIMG_OK;
  for (uint32_t x = 0; x <= from->width && !status; x++) {
    const int32_t next = depth + change[x];
    change[x] = 0;
    if (!depth && next) x0 = x;
    if (depth && !next) status = add(to, x0, x, err);
    depth = next;
  }
  return status;
}

static int grow_all(ci_holes *h, int32_t grow, cnnimg_error *err) {
  ci_holes large = {.width = h->width, .height = h->height};
  gathering g = {.h = &large};
  int32_t *change = ci_calloc((size_t)h->width + 1, sizeof *change);
  int status =
      change ? alloc_rows(&large, err) : ci_fail(err, CNNIMG_NOMEM, "no memory for a row of the mask");
  for (int32_t y = 0; y < (int32_t)h->height && !status; y++) {
    status = grow_row(h, &g, y, grow, change, err);
    large.rows[y + 1] = g.n;
  }
  free(change);
  ci_holes_free(h);
  *h = large;
  return status;
}

/* ---- which of them touch ------------------------------------------------------------------------- */

/* The first span of those that are known to touch; ways are made shorter as they are gone (Tarjan 1975). */
static uint32_t first_of(ci_span *s, uint32_t i) {
  while (s[i].hole != i) i = s[i].hole = s[s[i].hole].hole;
  return i;
}

static void join(ci_span *s, uint32_t a, uint32_t b) {
  a = first_of(s, a), b = first_of(s, b);
  if (a < b) s[b].hole = a;
  else s[a].hole = b;
}

/* Of two rows, one above the other: pixels that lie over one another are no border. */
static void join_rows(ci_holes *h, uint32_t y, uint64_t *shared) {
  size_t a = h->rows[y - 1], b = h->rows[y];
  ci_span *s = h->spans;
  while (a < h->rows[y] && b < h->rows[y + 1]) {
    const uint32_t x0 = s[a].x0 > s[b].x0 ? s[a].x0 : s[b].x0, x1 = s[a].x1 < s[b].x1 ? s[a].x1 : s[b].x1;
    if (x0 <= x1) join(s, (uint32_t)a, (uint32_t)b);
    if (x0 < x1) shared[b] += x1 - x0;
    if (s[a].x1 < s[b].x1) a++;
    else b++;
  }
}

static void add_span(ci_hole *hole, const ci_span *s, int32_t y, uint64_t shared) {
  const ci_rect r = {(int32_t)s->x0, y, (int32_t)s->x1, y + 1};
  const uint64_t n = s->x1 - s->x0;
  ci_rect *b = &hole->box;
  if (!hole->area) *b = r;
  if (r.x0 < b->x0) b->x0 = r.x0;
  if (r.x1 > b->x1) b->x1 = r.x1;
  b->y1 = r.y1;
  hole->area += n;
  hole->edge += 2 + 2 * n - 2 * shared;
}

/* Spans' heads become numbers of holes, in the order of their first pixels. */
static int number_holes(ci_holes *h, const uint64_t *shared, cnnimg_error *err) {
  const size_t n = h->rows[h->height];
  for (size_t i = 0; i < n; i++) h->n_holes += first_of(h->spans, (uint32_t)i) == i;
  h->holes = ci_calloc(h->n_holes + 1, sizeof *h->holes);
  if (!h->holes) return ci_fail(err, CNNIMG_NOMEM, "no memory for %zu holes", h->n_holes);
  uint32_t next = 0;
  for (uint32_t y = 0; y < h->height; y++)
    for (size_t i = h->rows[y]; i < h->rows[y + 1]; i++) {
      ci_span *s = &h->spans[i];
      /* A head is the first of its spans: those behind find its number where they found its place. */
      s->hole = s->hole == i ? next++ : h->spans[s->hole].hole;
      add_span(&h->holes[s->hole], s, (int32_t)y, shared[i]);
    }
  return CNNIMG_OK;
}

static int join_all(ci_holes *h, cnnimg_error *err) {
  const size_t n = h->rows[h->height];
  uint64_t *shared = ci_calloc(n + 1, sizeof *shared);
  if (!shared) return ci_fail(err, CNNIMG_NOMEM, "no memory for the mask");
  for (size_t i = 0; i < n; i++) h->spans[i].hole = (uint32_t)i;
  for (uint32_t y = 1; y < h->height; y++) join_rows(h, y, shared);
  for (size_t i = 0; i < n; i++) h->spans[i].hole = first_of(h->spans, (uint32_t)i);
  int status = number_holes(h, shared, err);
  free(shared);
  return status;
}

/* ---- all of it ------------------------------------------------------------------------------------- */

static int check_area(ci_holes *h, cnnimg_error *err) {
  for (size_t i = 0; i < h->rows[h->height]; i++) h->area += h->spans[i].x1 - h->spans[i].x0;
  if (!h->area) return ci_fail(err, CNNIMG_BADARG, "the mask is empty: there is nothing to fill");
  if (h->area == (uint64_t)h->width * h->height)
    return ci_fail(err, CNNIMG_BADARG, "the mask covers the whole picture: there is nothing to fill it from");
  return CNNIMG_OK;
}

int ci_holes_find(ci_holes *h, const cnnimg_view *mask, bool invert, uint32_t grow, cnnimg_error *err) {
  *h = (ci_holes){.width = mask->format.width, .height = mask->format.height};
  int status = read_mask(h, mask, invert, err);
  if (!status && grow) status = grow_all(h, (int32_t)grow, err);
  if (!status) status = check_area(h, err);
  if (!status) status = join_all(h, err);
  if (!status) status = ci_windows_find(h, err);
  return status;
}

void ci_holes_free(ci_holes *h) {
  free(h->rows);
  free(h->spans);
  free(h->holes);
  free(h->windows);
  *h = (ci_holes){0};
}
