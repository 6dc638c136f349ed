/* SPDX-License-Identifier: MIT */
/* bands.c - which rows of which map when: what a stripe needs, and how far each map goes in a band */
#include "exec/plan.h"

/* Rows: a small map before a tall result need not come row by row, nor a tall one before a small result at once. */
#define MIN_SHARE 4
#define MAX_SHARE 64

static int32_t imin(int32_t a, int32_t b) { return a < b ? a : b; }
static int32_t imax(int32_t a, int32_t b) { return a > b ? a : b; }

static ci_rect need(const ci_step *s, int32_t k, ci_rect r) {
  if (k == s->node->residual) return r;
  return s->op->need(s->node, s->in, s->out, k, r);
}

static bool is_map_input(const ci_plan *p, const ci_step *s, int32_t k) {
  return ci_is_map(p->g, s->node->in[k]);
}

/* `row` up to the next multiple of the map's align, or its end. */
static int32_t align_up(const ci_lane *l, int32_t row, int32_t h) {
  int64_t up = ((int64_t)row + l->align - 1) / l->align * l->align;
  return up < h ? (int32_t)up : h;
}

/* ---- a stripe ---------------------------------------------------------------------- */

static void require(ci_lane *l, ci_rect r) {
  bool fresh = !ci_lane_needed(l);
  l->first = fresh ? r.y0 : imin(l->first, r.y0);
  l->last = fresh ? r.y1 : imax(l->last, r.y1);
  l->x0 = fresh ? r.x0 : imin(l->x0, r.x0);
  l->x1 = fresh ? r.x1 : imax(l->x1, r.x1);
}

static void require_inputs(ci_plan *p, const ci_step *s, const ci_lane *out) {
  ci_rect r = {out->x0, out->first, out->x1, out->last};
  for (int32_t k = 0; k < s->node->n_in; k++)
    if (is_map_input(p, s, k)) require(&p->lanes[s->node->in[k]], need(s, k, r));
}

void ci_stripe_begin(ci_plan *p, ci_rect rect, bool first) {
  for (size_t v = 0; v < p->g->n_values; v++) p->lanes[v] = (ci_lane){.align = 1};
  require(&p->lanes[p->g->output], rect);
  for (size_t i = p->g->n_nodes; i-- > 0;) {
    const ci_step *s = &p->steps[i];
    ci_lane *out = &p->lanes[s->node->out];
    if (!ci_lane_needed(out)) continue;
    out->align = s->rows;
    out->first = out->first / out->align * out->align;
    out->last = align_up(out, out->last, s->out.h);
    out->kept = !first && p->folded[s->node->out];
    if (!out->kept) require_inputs(p, s, out);
  }
  for (size_t v = 0; v < p->g->n_values; v++)
    p->lanes[v].done = p->lanes[v].kept ? p->lanes[v].last : p->lanes[v].first;
}

/* ---- a band ------------------------------------------------------------------------ */

/* The lowest row that this step will still read of input k. What folds has read all that has been computed. */
static int32_t lowest_row(const ci_plan *p, const ci_step *s, int32_t k) {
  const ci_lane *out = &p->lanes[s->node->out];
  if (out->done >= out->last) return INT32_MAX;
  if (s->op->fold) return p->lanes[s->node->in[k]].done;
  return need(s, k, (ci_rect){out->x0, out->done, out->x1, out->done + 1}).y0;
}

/* Rows that the band needs of every map in the end. */
static void pull(ci_plan *p, int32_t upto) {
  for (size_t v = 0; v < p->g->n_values; v++) {
    p->lanes[v].want = p->lanes[v].done;
    p->lanes[v].low = INT32_MAX;
  }
  p->lanes[p->g->output].want = imax(p->lanes[p->g->output].done, upto);
  for (size_t i = p->g->n_nodes; i-- > 0;) {
    const ci_step *s = &p->steps[i];
    ci_lane *out = &p->lanes[s->node->out];
    if (!ci_lane_needed(out)) continue;
    out->want = align_up(out, out->want, s->out.h);
    ci_rect r = {out->x0, out->done, out->x1, out->want};
    for (int32_t k = 0; k < s->node->n_in; k++) {
      if (!is_map_input(p, s, k)) continue;
      ci_lane *in = &p->lanes[s->node->in[k]];
      if (!ci_rect_empty(r)) in->want = imax(in->want, need(s, k, r).y1);
      in->low = imin(in->low, lowest_row(p, s, k));
    }
  }
}

/* No map goes further at once than its share of a band, so that what lies ahead of the first band (the depth of
 * the network) does not widen every ring. */
static void hold_back(ci_plan *p, int32_t band) {
  int64_t rows = p->shapes[p->g->output].h;
  for (size_t v = 0; v < p->g->n_values; v++) {
    if (p->g->values[v].tensor || (int32_t)v == p->g->output) continue;
    int64_t share = ((int64_t)band * p->shapes[v].h + rows - 1) / rows;
    ci_lane *l = &p->lanes[v];
    if (share < MIN_SHARE) share = MIN_SHARE;
    if (share > MAX_SHARE && share > band) share = band > MAX_SHARE ? band : MAX_SHARE;
    if (l->want - l->done > share) l->want = align_up(l, l->done + (int32_t)share, p->shapes[v].h);
  }
}

/* Does the step find the rows of its inputs that its own rows below `want` need? */
static bool is_fed(const ci_plan *p, const ci_step *s, int32_t want) {
  const ci_lane *out = &p->lanes[s->node->out];
  for (int32_t k = 0; k < s->node->n_in; k++)
    if (is_map_input(p, s, k) &&
        need(s, k, (ci_rect){out->x0, out->done, out->x1, want}).y1 > p->lanes[s->node->in[k]].want)
      return false;
  return true;
}

/* Steps want no more than their inputs will have. */
static void push(ci_plan *p) {
  for (size_t i = 0; i < p->g->n_nodes; i++) {
    const ci_step *s = &p->steps[i];
    ci_lane *out = &p->lanes[s->node->out];
    int32_t lo = out->done, hi = out->want;
    if (lo == hi || is_fed(p, s, hi)) continue;
    while (hi - lo > 1) {
      int32_t mid = lo + (hi - lo) / 2;
      if (is_fed(p, s, mid)) lo = mid;
      else hi = mid;
    }
    out->want = imax(out->done, lo / s->rows * s->rows);
  }
}

void ci_band_targets(ci_plan *p, int32_t upto, int32_t band) {
  pull(p, upto);
  hold_back(p, band);
  push(p);
}

int32_t ci_band_next(const ci_plan *p, int32_t band) {
  const ci_lane *out = &p->lanes[p->g->output];
  return imin(band, out->last - out->done) + out->done;
}

void ci_band_finish(ci_plan *p) {
  for (size_t v = 0; v < p->g->n_values; v++) p->lanes[v].done = p->lanes[v].want;
}
