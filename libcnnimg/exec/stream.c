/* SPDX-License-Identifier: MIT */
/* stream.c - the run: stripes, bands, steps in pieces */
#include "base/cancel.h"
#include "base/error.h"
#include "exec/plan.h"

#define PIECE_MACS 200000u     /* less work than this is not worth a hand-over to another thread */
#define PIECE_TILES 6u         /* nor are fewer tiles: each piece reads all the weights */
#define PIECE_COLS 16          /* pieces of ops without tiles start at multiples of this */
#define PIECE_UNITS 4          /* columns are cut before rows while a piece has so many of them */
#define LARGE_TILE 64u         /* tiles of more pixels than this are in Fourier space: */
#define LARGE_GAIN 8u          /* their multiply-adds are done so many times as fast, and more */
#define CANCEL_MACS 100000000u /* a piece ends within some ten milliseconds, so that cancelling is felt */

static int32_t imin(int32_t a, int32_t b) { return a < b ? a : b; }
static int32_t imax(int32_t a, int32_t b) { return a > b ? a : b; }

/* ---- one step: a rectangle in pieces --------------------------------------- */

typedef struct work {
  const ci_plan *p;
  const ci_step *s;
  const cnnimg_cancel *cancel;
  ci_pool *alone; /* the pool, where there is one piece */
  ci_rect rect;
  int32_t left;         /* where the units of columns start: at or left of the rectangle */
  int32_t tall, wide;   /* a unit: what is not cut */
  int32_t down, across; /* pieces */
} work;

/* Where piece i of n begins: all have the same units but for one. */
static int32_t cut_at(int32_t from, int32_t to, int32_t unit, int32_t i, int32_t n) {
  int32_t units = (to - from + unit - 1) / unit;
  return imin(to, from + (int32_t)((int64_t)units * i / n) * unit);
}

static void run_piece(void *arg, uint32_t i, uint32_t worker) {
  const work *w = arg;
  if (ci_cancelled(w->cancel)) return;
  int32_t y = (int32_t)i / w->across, x = (int32_t)i % w->across;
  const ci_rect *r = &w->rect;
  const ci_call call = {
      .node = w->s->node,
      .packed = w->s->packed,
      .k = w->p->k,
      .in = w->s->views,
      .out = &w->p->lanes[w->s->node->out].view,
      .rect = {imax(r->x0, cut_at(w->left, r->x1, w->wide, x, w->across)),
               cut_at(r->y0, r->y1, w->tall, y, w->down), cut_at(w->left, r->x1, w->wide, x + 1, w->across),
               cut_at(r->y0, r->y1, w->tall, y + 1, w->down)},
      .scratch = w->p->scratch + (size_t)worker * w->p->scratch_each,
      .pool = w->alone};
  if (!ci_rect_empty(call.rect)) w->s->op->run(&call);
}

/* How many pieces are worth a hand-over. */
static uint32_t most_pieces(const work *w, uint64_t pixels) {
  uint64_t most = (w->s->macs + 16) * pixels / PIECE_MACS,
           tile = (uint64_t)w->s->align[0] * (uint64_t)w->s->align[1];
  if (tile > 1 && most > pixels / (tile * PIECE_TILES)) most = pixels / (tile * PIECE_TILES);
  return most < 1 ? 1 : most > UINT32_MAX ? UINT32_MAX : (uint32_t)most;
}

/* As many as there are threads, so that all end together, or twice as many where that costs nothing; more for whoever
 * cancels. */
static uint32_t pieces_of(const work *w, uint64_t pixels, uint32_t threads) {
  bool large = (uint64_t)w->s->align[0] * (uint64_t)w->s->align[1] > LARGE_TILE;
  uint64_t patience = (w->s->macs + 16) * pixels / CANCEL_MACS / (large ? LARGE_GAIN : 1) + 1;
  uint32_t most = most_pieces(w, pixels), want = threads == 1          ? 1
                                                 : most / threads >= 8 ? threads * 2
                                                                       : threads;
  if (want < patience)
    want = patience > 1 << 16 ? 1 << 16 : ((uint32_t)patience + threads - 1) / threads * threads;
  return want < most ? want : most;
}

/* Columns are cut first, into whole tiles or lines of the cache, then rows. */
static uint32_t cut(work *w, uint32_t threads) {
  int32_t rows = w->rect.y1 - w->rect.y0;
  w->tall = w->s->align[0];
  w->wide = w->s->align[1] > 1 ? w->s->align[1] : PIECE_COLS;
  w->left = w->rect.x0 / w->wide * w->wide;
  int32_t tall = (rows + w->tall - 1) / w->tall, wide = (w->rect.x1 - w->left + w->wide - 1) / w->wide;
  uint64_t pixels = (uint64_t)rows * (uint64_t)(w->rect.x1 - w->left);
  int32_t want = (int32_t)pieces_of(w, pixels, threads);
  w->across = imax(1, imin(want, wide / PIECE_UNITS));
  w->down = imin(tall, (want + w->across - 1) / w->across);
  return (uint32_t)w->down * (uint32_t)w->across;
}

static void set_view(ci_plan *p, size_t v) {
  ci_lane *l = &p->lanes[v];
  ci_shape s = p->shapes[v];
  int32_t cs = ci_channel_stride(s.c);
  l->view = (ci_view){.data = (float *)(void *)((p->spooled[v] ? p->file : p->arena) + l->offset),
                      .map = s,
                      .rect = {l->x0, imax(0, l->want - l->ring), l->x1, l->want},
                      .cs = cs,
                      .ring = imax(l->ring, 1),
                      .row_stride = (size_t)imax(l->x1 - l->x0, 0) * (size_t)cs};
}

static void set_inputs(ci_plan *p, ci_step *s) {
  for (int32_t k = 0; k < s->node->n_in; k++)
    if (ci_is_map(p->g, s->node->in[k])) s->views[k] = p->lanes[s->node->in[k]].view;
}

/* Rows of the input that are new go into the state; with the last one the result is there. */
static void fold_step(ci_plan *p, ci_step *s) {
  const ci_lane *in = &p->lanes[s->node->in[0]], *out = &p->lanes[s->node->out];
  void *state = p->states + s->state;
  if (in->want == in->done || out->done >= out->last) return;
  set_inputs(p, s);
  const ci_call call = {.node = s->node,
                        .packed = s->packed,
                        .k = p->k,
                        .in = s->views,
                        .out = &out->view,
                        .rect = {0, 0, 1, 1},
                        .scratch = p->scratch};
  if (in->done == 0) s->op->fold->begin(&call, state);
  s->op->fold->rows(&call, state, in->done, in->want);
  if (out->want > out->done) s->op->fold->end(&call, state);
}

static void run_step(ci_plan *p, ci_step *s, ci_pool *pool, const cnnimg_cancel *cancel) {
  const ci_lane *out = &p->lanes[s->node->out];
  work w = {.p = p, .s = s, .cancel = cancel, .rect = {out->x0, out->done, out->x1, out->want}};
  if (!ci_lane_needed(out)) return;
  if (s->op->fold) {
    fold_step(p, s);
    return;
  }
  if (ci_rect_empty(w.rect)) return;
  set_inputs(p, s);
  uint32_t n = cut(&w, ci_pool_threads(pool));
  if (n == 1) w.alone = pool; /* a single piece is run right here, without the workers */
  ci_pool_run(pool, n, run_piece, &w);
}

/* ---- the run ----------------------------------------------------------------- */

static int fill_inputs(ci_plan *p, const ci_feed *feed, cnnimg_error *err) {
  for (size_t i = 0; i < p->g->n_inputs; i++) {
    const ci_lane *l = &p->lanes[p->g->inputs[i]];
    ci_rect r = {l->x0, l->done, l->x1, l->want};
    int status = ci_rect_empty(r) ? CNNIMG_OK : feed->fill(feed->user, (uint32_t)i, &l->view, r, err);
    if (status) return status;
  }
  return CNNIMG_OK;
}

static bool is_cancelled(const ci_feed *feed) { return ci_cancelled(feed->cancel); }

/* The rows of the output that are new and wanted: align may have brought more. */
static int take_output(const ci_plan *p, const ci_feed *feed, ci_rect region, cnnimg_error *err) {
  const ci_lane *out = &p->lanes[p->g->output];
  ci_rect r = {region.x0, imax(out->done, region.y0), region.x1, imin(out->want, region.y1)};
  return ci_rect_empty(r) ? CNNIMG_OK : feed->take(feed->user, &out->view, r, err);
}

/* Brings every map a little forward; the output up to the end of its band at most. */
static int run_band(ci_plan *p, ci_pool *pool, const ci_feed *feed, ci_rect region, cnnimg_error *err) {
  ci_band_targets(p, ci_band_next(p, p->stats.band), p->stats.band);
  for (size_t v = 0; v < p->g->n_values; v++)
    if (!p->g->values[v].tensor) set_view(p, v);
  int status = fill_inputs(p, feed, err);
  if (status) return status;
  for (size_t i = 0; i < p->g->n_nodes && !is_cancelled(feed); i++)
    run_step(p, &p->steps[i], pool, feed->cancel);
  if (is_cancelled(feed)) return ci_fail(err, CNNIMG_CANCELLED, "cancelled");
  if (ci_pool_failed(pool)) return ci_fail(err, CNNIMG_CANCELLED, "the host's threads gave up");
  status = take_output(p, feed, region, err);
  ci_band_finish(p);
  return status;
}

static int run_stripe(ci_plan *p, ci_pool *pool, const ci_feed *feed, ci_rect r, bool first,
                      cnnimg_error *err) {
  size_t arena, file;
  const ci_lane *out = &p->lanes[p->g->output];
  ci_stripe_begin(p, r, first);
  if (!ci_stripe_measure(p, p->stats.band, &arena, &file))
    return ci_fail(err, p->starved ? CNNIMG_NOMEM : CNNIMG_LIMIT, "a stripe needs more memory than there is");
  int status = ci_plan_reserve(p, arena, file, err);
  while (!status && out->done < out->last) status = run_band(p, pool, feed, r, err);
  return status;
}

int ci_plan_run(ci_plan *p, ci_pool *pool, const ci_feed *feed, const ci_rect *region, cnnimg_error *err) {
  ci_rect r = region ? *region : ci_rect_whole(p->stats.out);
  if (ci_rect_empty(r) || !ci_rect_contains(ci_rect_whole(p->stats.out), r))
    return ci_fail(err, CNNIMG_BADARG, "the region from %d,%d to %d,%d is not within %dx%d", r.x0, r.y0, r.x1,
                   r.y1, p->stats.out.w, p->stats.out.h);
  int status = CNNIMG_OK;
  for (int32_t x = r.x0; x < r.x1 && !status; x += p->stats.tile)
    status =
        run_stripe(p, pool, feed, (ci_rect){x, r.y0, imin(x + p->stats.tile, r.x1), r.y1}, x == r.x0, err);
  return status;
}
