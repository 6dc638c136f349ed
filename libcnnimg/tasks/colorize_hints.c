/* SPDX-License-Identifier: MIT */
/* colorize_hints.c - where hints are, and their colours, into the network's cells */
#include <math.h>
#include <stdlib.h>

#include "base/cancel.h"
#include "base/error.h"
#include "exec/pixels.h"
#include "tasks/colorize_state.h"
#include "tasks/lab.h"

#define LARGEST_RADIUS 1e6f

/* ---- points ------------------------------------------------------------------------------- */

static bool is_share(float v) { return v >= 0 && v <= 1; }

int ci_points_check(const cnnimg_point *points, size_t n, const cnnimg_format *f, cnnimg_error *err) {
  if (n > CI_MOST_POINTS)
    return ci_fail(err, CNNIMG_BADARG, "%zu points, of which there may be %d", n, CI_MOST_POINTS);
  if (n && !points) return ci_fail(err, CNNIMG_BADARG, "%zu points that are not there", n);
  for (size_t i = 0; i < n; i++) {
    const cnnimg_point *p = &points[i];
    if (p->x >= f->width || p->y >= f->height)
      return ci_fail(err, CNNIMG_BADARG, "the hint at %u,%u lies outside the picture, which has %ux%u pixels",
                     p->x, p->y, f->width, f->height);
    if (!is_share(p->red) || !is_share(p->green) || !is_share(p->blue))
      return ci_fail(err, CNNIMG_BADARG, "the colour of the hint at %u,%u is not in 0..1", p->x, p->y);
    if (!(p->radius >= 0 && p->radius <= LARGEST_RADIUS))
      return ci_fail(err, CNNIMG_BADARG, "the hint at %u,%u has a radius of %g", p->x, p->y,
                     (double)p->radius);
  }
  return CNNIMG_OK;
}

/* ---- a row of hints --------------------------------------------------------------------------- */

/*
 * Hints are pixels, whether a picture or points say which: so both give the same bytes. A cell (or block) takes the mean colour of
 * its pixels. It counts as given where at least half as many of its pixels are as of any cell around it: all of a large
 * hint's cells but those that it only grazes, and the cells of one that is smaller than a cell.
 */
typedef struct mark {
  float v[3]; /* ab, or of drawings red, green, blue */
  bool given;
} mark;

/* Squares of `side` pixels of a picture of seen_w x seen_h that is the whole made small. */
typedef struct grid {
  int32_t w, h, seen_w, seen_h, side;
  double *sums; /* of a square: a colour, count */
} grid;

typedef struct splat {
  ci_colorize *c;
  mark *row;     /* of the picture */
  float *loaded; /* a row of the hints' picture: colours and alpha */
  int32_t *free; /* the next pixel of the row, from each on, that no later point has painted; width: none */
  mark *colours; /* of each point */
  grid cells;    /* of the network */
  grid blocks;   /* of the small picture */
} splat;

/* Numbers of a square's sums. */
#define SUMS 3

static mark mark_of(const ci_colorize *c, const float rgb[3]) {
  mark m = {.given = isfinite(rgb[0]) && isfinite(rgb[1]) && isfinite(rgb[2])};
  if (!c->lineart) ci_lab_ab(rgb, m.v);
  else
    for (int k = 0; k < 3; k++) m.v[k] = rgb[k] > 0 ? rgb[k] < 1 ? rgb[k] : 1 : 0;
  m.given = m.given && isfinite(m.v[0]) && isfinite(m.v[1]);
  return m;
}

static int32_t next_free(int32_t *next, int32_t x) {
  int32_t last = x;
  while (next[last] != last) last = next[last];
  while (next[x] != last) {
    const int32_t then = next[x];
    next[x] = last, x = then;
  }
  return last;
}

static void paint_span(splat *s, int32_t from, int32_t to, const mark *colour) {
  for (int32_t x = next_free(s->free, from); x <= to; x = next_free(s->free, x)) {
    s->row[x] = *colour;
    s->free[x] = x + 1;
  }
}

/* The last point is on top: it paints first, and the others where nothing is yet. */
static bool paint_points(splat *s, uint32_t y) {
  const ci_colorize *c = s->c;
  const int32_t width = (int32_t)c->o.format.width;
  bool begun = false;
  for (size_t i = c->n_points; i-- > 0;) {
    const cnnimg_point *p = &c->points[i];
    const double dy = (double)y - p->y, r = (double)p->radius;
    if (fabs(dy) > r) continue;
    for (int32_t x = 0; !begun && x <= width; x++) s->free[x] = x;
    begun = true;
    const double half = floor(sqrt(r * r - dy * dy));
    const double from = p->x - half, to = p->x + half;
    paint_span(s, from < 0 ? 0 : (int32_t)from, to >= width ? width - 1 : (int32_t)to, &s->colours[i]);
  }
  return begun;
}

static bool load_row(splat *s, uint32_t y) {
  const uint32_t n = s->c->o.format.width;
  cnnimg_view row = s->c->hints;
  float last[3] = {-1, -1, -1};
  mark colour = {0};
  bool any = false;
  row.data = (uint8_t *)row.data + (ptrdiff_t)y * row.row_stride;
  const int32_t samples = row.format.colours + 1;
  ci_pixels_load_raw(&row, 0, n, s->loaded, samples, 4);
  for (uint32_t x = 0; x < n; x++) {
    const float *v = s->loaded + 4 * (size_t)x;
    if (!(v[samples - 1] >= 0.5f)) continue;
    const float rgb[3] = {v[0], v[samples > 2 ? 1 : 0], v[samples > 2 ? 2 : 0]};
    if (rgb[0] != last[0] || rgb[1] != last[1] || rgb[2] != last[2]) colour = mark_of(s->c, rgb);
    for (int k = 0; k < 3; k++) last[k] = rgb[k];
    s->row[x] = colour;
    any = true;
  }
  return any;
}

/* ---- into cells ---------------------------------------------------------------------------------- */

static int32_t square_of(uint32_t i, uint32_t size, int32_t small, int32_t side) {
  return (int32_t)((i + 0.5) * small / size) / side;
}

static double *sums_at(const grid *g, int32_t x, int32_t y) {
  return g->sums + SUMS * ((size_t)y * (size_t)g->w + (size_t)x);
}

static void add_row(const splat *s, const grid *g, uint32_t y) {
  const cnnimg_format *f = &s->c->o.format;
  const int32_t row = square_of(y, f->height, g->seen_h, g->side);
  for (uint32_t x = 0; x < f->width; x++) {
    if (!s->row[x].given) continue;
    double *at = sums_at(g, square_of(x, f->width, g->seen_w, g->side), row);
    at[0] += (double)s->row[x].v[0], at[1] += (double)s->row[x].v[1], at[2]++;
  }
}

static void add_rows(splat *s, uint32_t y) {
  if (!s->c->grey) add_row(s, &s->cells, y);
  add_row(s, &s->blocks, y);
  for (uint32_t x = 0; x < s->c->o.format.width; x++) s->row[x].given = false;
}

static bool is_given(const grid *g, int32_t x, int32_t y) {
  double most = 0;
  const double own = sums_at(g, x, y)[2];
  for (int32_t v = y - 1; v <= y + 1 && own > 0; v++)
    for (int32_t u = x - 1; u <= x + 1; u++) {
      if (u < 0 || v < 0 || u >= g->w || v >= g->h) continue;
      const double n = sums_at(g, u, v)[2];
      if (n > most) most = n;
    }
  return own > 0 && 2 * own >= most;
}

static void give_cells(const splat *s) {
  const grid *g = &s->cells;
  const size_t n = (size_t)g->w * (size_t)g->h;
  float *to = s->c->hint_map;
  for (size_t i = 0; i < n; i++) {
    const double *sums = g->sums + SUMS * i;
    const bool given = is_given(g, (int32_t)(i % (size_t)g->w), (int32_t)(i / (size_t)g->w));
    to[i] = given ? (float)(sums[0] / sums[2]) / CI_LAB_AB : 0;
    to[n + i] = given ? (float)(sums[1] / sums[2]) / CI_LAB_AB : 0;
    to[2 * n + i] = given ? 1 : 0;
  }
}

static int give_blocks(const splat *s, cnnimg_error *err) {
  const grid *g = &s->blocks;
  ci_colorize *c = s->c;
  size_t n = 0;
  for (int32_t y = 0; y < g->h; y++)
    for (int32_t x = 0; x < g->w; x++) n += is_given(g, x, y);
  c->asked = ci_calloc(n + 1, sizeof *c->asked);
  if (!c->asked) return ci_fail(err, CNNIMG_NOMEM, "no memory for hints");
  for (int32_t y = 0; y < g->h; y++)
    for (int32_t x = 0; x < g->w; x++) {
      const double *sums = sums_at(g, x, y);
      if (is_given(g, x, y))
        c->asked[c->n_asked++] = (ci_change){x, y, {(float)(sums[0] / sums[2]), (float)(sums[1] / sums[2])}};
    }
  return CNNIMG_OK;
}

/* A hint on a drawing is for a whole part of it, so where it lies counts and cells do not. */
static void draw_row(splat *s, uint32_t y) {
  for (uint32_t x = 0; x < s->c->o.format.width; x++) {
    if (s->row[x].given) ci_lineart_hint(s->c, x, y, s->row[x].v);
    s->row[x].given = false;
  }
}

static void find_colours(splat *s) {
  for (size_t i = 0; i < s->c->n_points; i++) {
    const cnnimg_point *p = &s->c->points[i];
    const float rgb[3] = {p->red, p->green, p->blue};
    s->colours[i] = mark_of(s->c, rgb);
  }
}

static int take_rows(splat *s, cnnimg_error *err) {
  const uint32_t h = s->c->o.format.height;
  find_colours(s);
  for (uint32_t y = 0; y < h; y++) {
    if (ci_cancelled(s->c->o.params.cancel)) return ci_fail(err, CNNIMG_CANCELLED, "cancelled");
    bool any = s->c->hints.data && load_row(s, y);
    any = paint_points(s, y) || any;
    if (any && s->c->lineart) draw_row(s, y);
    else if (any) add_rows(s, y);
  }
  if (s->c->lineart) return ci_lineart_give_hints(s->c, err);
  if (!s->c->grey) give_cells(s);
  return give_blocks(s, err);
}

static grid cells_of(const ci_small *s) {
  return (grid){.w = s->cells_w, .h = s->cells_h, .seen_w = s->seen_w, .seen_h = s->seen_h, .side = CI_CELL};
}

static grid blocks_of(const ci_small *s) {
  return (grid){.w = s->blocks_w, .h = s->blocks_h, .seen_w = s->w, .seen_h = s->h, .side = s->block};
}

static bool take_room(splat *s) {
  const size_t w = s->c->o.format.width, cells = (size_t)s->cells.w * (size_t)s->cells.h,
               blocks = (size_t)s->blocks.w * (size_t)s->blocks.h;
  s->row = ci_calloc(w, sizeof *s->row);
  s->loaded = ci_calloc(w, 4 * sizeof *s->loaded);
  s->free = ci_calloc(w + 1, sizeof *s->free);
  s->colours = ci_calloc(s->c->n_points + 1, sizeof *s->colours);
  s->cells.sums = ci_calloc(cells, SUMS * sizeof *s->cells.sums);
  s->blocks.sums = ci_calloc(blocks, SUMS * sizeof *s->blocks.sums);
  return s->row && s->loaded && s->free && s->colours && s->cells.sums && s->blocks.sums;
}

int ci_colorize_splat(ci_colorize *c, cnnimg_error *err) {
  const size_t cells = (size_t)c->small.cells_w * (size_t)c->small.cells_h;
  splat s = {.c = c, .cells = cells_of(&c->small), .blocks = blocks_of(&c->small)};
  free(c->asked);
  c->asked = NULL, c->n_asked = 0;
  for (size_t i = 0; i < (ci_colorize_numbers(c) + 1) * cells; i++) c->hint_map[i] = 0;
  if (c->lineart) ci_lineart_begin_hints(c);
  if (!c->n_points && !c->hints.data) return CNNIMG_OK;
  int status = take_room(&s) ? take_rows(&s, err) : ci_fail(err, CNNIMG_NOMEM, "no memory for hints");
  free(s.row);
  free(s.loaded);
  free(s.free);
  free(s.colours);
  free(s.cells.sums);
  free(s.blocks.sums);
  return status;
}
