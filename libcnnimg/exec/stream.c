/* SPDX-License-Identifier: MIT */
/* stream.c - which rows of which map when: stripes, bands, rings, and the run itself */
#include "base/error.h"
#include "exec/plan.h"

#define PIECE_MACS 200000u /* less work than this is not worth a hand-over to another thread */
#define PIECE_TILES 24u    /* nor are fewer tiles */
#define PIECE_COLS 16      /* pieces start at multiples of this; every op's align divides it */

static int32_t imin(int32_t a, int32_t b) { return a < b ? a : b; }
static int32_t imax(int32_t a, int32_t b) { return a > b ? a : b; }

static ci_rect need(const ci_step *s, int32_t k, ci_rect r) {
  if (k == s->node->residual) return r;
  return s->op->need(s->node, s->in, s->out, k, r);
}

static bool is_map_input(const ci_plan *p, const ci_step *s, int32_t k) {
  return ci_is_map(p->g, s->node->in[k]);
}

/* ---- stripes and bands ----------------------------------------------------- */

void ci_stripe_begin(ci_plan *p, int32_t x0, int32_t x1) {
  for (size_t v = 0; v < p->g->n_values; v++) p->lanes[v] = (ci_lane){.x0 = INT32_MAX, .align = 1};
  p->lanes[p->g->output].x0 = x0;
  p->lanes[p->g->output].x1 = x1;
  for (size_t i = p->g->n_nodes; i-- > 0;) {
    const ci_step *s = &p->steps[i];
    ci_lane *out = &p->lanes[s->node->out];
    ci_rect r = {out->x0, 0, out->x1, s->out.h};
    out->align = s->align;
    for (int32_t k = 0; k < s->node->n_in; k++) {
      if (!is_map_input(p, s, k)) continue;
      ci_rect q = need(s, k, r);
      ci_lane *in = &p->lanes[s->node->in[k]];
      in->x0 = imin(in->x0, q.x0);
      in->x1 = imax(in->x1, q.x1);
    }
  }
}

/* `row` up to the next multiple of the map's align, or its end. */
static int32_t align_up(const ci_lane *l, int32_t row, int32_t h) {
  int64_t up = ((int64_t)row + l->align - 1) / l->align * l->align;
  return up < h ? (int32_t)up : h;
}

/* The lowest row that this step will still read of input k. */
static int32_t lowest_row(const ci_plan *p, const ci_step *s, int32_t k) {
  const ci_lane *out = &p->lanes[s->node->out];
  if (out->done >= s->out.h) return INT32_MAX;
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
    out->want = imax(out->done, lo / s->align * s->align);
  }
}

void ci_band_targets(ci_plan *p, int32_t upto, int32_t band) {
  pull(p, upto);
  hold_back(p, band);
  push(p);
}

void ci_band_finish(ci_plan *p) {
  for (size_t v = 0; v < p->g->n_values; v++) p->lanes[v].done = p->lanes[v].want;
}

/* The output of a stripe as seen by take(): its rows of this band only. */
static void widen_rings(ci_plan *p) {
  for (size_t v = 0; v < p->g->n_values; v++) {
    ci_lane *l = &p->lanes[v];
    if (p->g->values[v].tensor || l->want == l->done) continue;
    l->ring = imax(l->ring, l->want - imin(l->low, l->done));
  }
}

static bool ring_bytes(const ci_plan *p, size_t v, size_t *bytes) {
  const ci_lane *l = &p->lanes[v];
  size_t row, n;
  if (l->x1 <= l->x0 || !l->ring) return *bytes = 0, true;
  row = (size_t)(l->x1 - l->x0) * (size_t)ci_channel_stride(p->shapes[v].c);
  if (!ci_mul(row, (size_t)l->ring * sizeof(float), &n)) return false;
  *bytes = ci_round_up(n, CI_ALIGN) + CI_ALIGN; /* neighbours do not share a set of the cache */
  return true;
}

/* The end of the band that the output is in. */
static int32_t next_band(const ci_plan *p, int32_t band) {
  int32_t h = p->shapes[p->g->output].h, y = p->lanes[p->g->output].done;
  return imin(band, h - y) + y;
}

bool ci_stripe_measure(ci_plan *p, int32_t band, size_t *bytes) {
  int32_t h = p->shapes[p->g->output].h;
  size_t total = 0, n;
  while (p->lanes[p->g->output].done < h) {
    ci_band_targets(p, next_band(p, band), band);
    widen_rings(p);
    ci_band_finish(p);
  }
  for (size_t v = 0; v < p->g->n_values; v++) {
    p->lanes[v].done = 0;
    p->lanes[v].offset = total;
    if (!ring_bytes(p, v, &n) || !ci_add(total, n, &total)) return false;
  }
  *bytes = total;
  return true;
}

/* ---- one step: a rectangle in pieces --------------------------------------- */

typedef struct work {
  const ci_plan *p;
  const ci_step *s;
  ci_rect rect;
  int32_t left;       /* where the pieces' columns start: at or left of the rectangle */
  int32_t rows, cols; /* of a piece */
  int32_t across;     /* pieces side by side */
} work;

static void run_piece(void *arg, uint32_t i, uint32_t worker) {
  const work *w = arg;
  int32_t y = w->rect.y0 + (int32_t)i / w->across * w->rows;
  int32_t x = w->left + (int32_t)i % w->across * w->cols;
  const ci_call call = {
      .node = w->s->node,
      .packed = w->s->packed,
      .k = w->p->k,
      .in = w->s->views,
      .out = &w->p->lanes[w->s->node->out].view,
      .rect = {imax(x, w->rect.x0), y, imin(x + w->cols, w->rect.x1), imin(y + w->rows, w->rect.y1)},
      .scratch = w->p->scratch + (size_t)worker * w->p->scratch_each};
  w->s->op->run(&call);
}

/* How many pieces are worth a hand-over. Ops that like whole tiles also read all their weights for each piece. */
static uint32_t most_pieces(const work *w, uint64_t pixels) {
  uint64_t most = (w->s->macs + 16) * pixels / PIECE_MACS, side = (uint64_t)w->s->align;
  if (side > 1 && most > pixels / (side * side * PIECE_TILES)) most = pixels / (side * side * PIECE_TILES);
  return most < 1 ? 1 : most > UINT32_MAX ? UINT32_MAX : (uint32_t)most;
}

/* Pieces are rows (as many as the op likes), or parts of them when there are fewer than threads want. */
static uint32_t cut(work *w, uint32_t threads) {
  int32_t rows = w->rect.y1 - w->rect.y0, cols, align = w->s->align;
  w->left = w->rect.x0 / PIECE_COLS * PIECE_COLS;
  cols = w->rect.x1 - w->left;
  uint32_t most = most_pieces(w, (uint64_t)rows * (uint64_t)cols), want = threads == 1 ? 1 : threads * 4;
  if (want > most) want = most;
  w->rows = imax(1, rows / (int32_t)imin((int32_t)want, rows));
  w->rows = (int32_t)ci_round_up((size_t)w->rows, (size_t)align);
  uint32_t down = (uint32_t)((rows + w->rows - 1) / w->rows);
  uint32_t across = (want + down - 1) / down;
  w->cols = (int32_t)ci_round_up((size_t)(cols + (int32_t)across - 1) / across, PIECE_COLS);
  w->across = (cols + w->cols - 1) / w->cols;
  return down * (uint32_t)w->across;
}

static void set_view(ci_plan *p, size_t v) {
  ci_lane *l = &p->lanes[v];
  ci_shape s = p->shapes[v];
  int32_t cs = ci_channel_stride(s.c);
  l->view = (ci_view){.data = (float *)(void *)(p->arena + l->offset),
                      .map = s,
                      .rect = {l->x0, imax(0, l->want - l->ring), l->x1, l->want},
                      .cs = cs,
                      .ring = imax(l->ring, 1),
                      .row_stride = (size_t)imax(l->x1 - l->x0, 0) * (size_t)cs};
}

static void run_step(ci_plan *p, ci_step *s, ci_pool *pool) {
  const ci_lane *out = &p->lanes[s->node->out];
  work w = {.p = p, .s = s, .rect = {out->x0, out->done, out->x1, out->want}};
  if (ci_rect_empty(w.rect)) return;
  for (int32_t k = 0; k < s->node->n_in; k++)
    if (is_map_input(p, s, k)) s->views[k] = p->lanes[s->node->in[k]].view;
  ci_pool_run(pool, cut(&w, ci_pool_threads(pool)), run_piece, &w);
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

/* Brings every map a little forward; the output up to the end of its band at most. */
static int run_band(ci_plan *p, ci_pool *pool, const ci_feed *feed, cnnimg_error *err) {
  ci_band_targets(p, next_band(p, p->stats.band), p->stats.band);
  for (size_t v = 0; v < p->g->n_values; v++)
    if (!p->g->values[v].tensor) set_view(p, v);
  int status = fill_inputs(p, feed, err);
  if (status) return status;
  for (size_t i = 0; i < p->g->n_nodes; i++) {
    if (feed->cancel && feed->cancel->stop) return ci_fail(err, CNNIMG_CANCELLED, "cancelled");
    run_step(p, &p->steps[i], pool);
  }
  const ci_lane *out = &p->lanes[p->g->output];
  if (out->want > out->done)
    status = feed->take(feed->user, &out->view, (ci_rect){out->x0, out->done, out->x1, out->want}, err);
  ci_band_finish(p);
  return status;
}

int ci_plan_run(ci_plan *p, ci_pool *pool, const ci_feed *feed, cnnimg_error *err) {
  ci_shape out = p->stats.out;
  size_t bytes;
  for (int32_t x = 0; x < out.w; x += p->stats.tile) {
    ci_stripe_begin(p, x, imin(x + p->stats.tile, out.w));
    if (!ci_stripe_measure(p, p->stats.band, &bytes) || bytes > p->stats.ring_bytes)
      return ci_fail(err, CNNIMG_LIMIT, "a stripe needs more memory than was planned");
    while (p->lanes[p->g->output].done < out.h) {
      int status = run_band(p, pool, feed, err);
      if (status) return status;
    }
  }
  return CNNIMG_OK;
}
