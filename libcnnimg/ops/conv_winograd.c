/* SPDX-License-Identifier: MIT */
/* conv_winograd.c - gathers the tiles of a rectangle, multiplies them, stores the pixels that were asked for */
#include "ops/conv_winograd.h"

#include <string.h>

#include "ops/window.h"

enum { TILE = CI_WINO_TILE, PATCH = CI_WINO_TILE + 2 };

/*
 * Multiplications of a direct sum are vectors of output channels times 144 inputs a tile, of F(4x4) vectors times 36
 * inputs, and transforms: about 240 a vector of inputs and 150 a vector of outputs (measured with 16 lanes). With 12
 * inputs or more that pays even for a single vector of outputs.
 */
#define MIN_INPUTS 12
#define MIN_SIZE 8    /* rows and columns of the output: smaller maps waste more of their tiles than that */
#define MANY_TILES 48 /* gathered while their samples stay in a cache of one MiB or two ... */
#define FEW_TILES 24  /* ... that is, of MANY_CHANNELS at most; else this many */
#define MANY_CHANNELS 128
#define STEP_TILES 12 /* what most products take at once goes into this */

bool ci_winograd_fits(const ci_node *n, ci_shape in, ci_shape out) {
  const ci_params *p = &n->p;
  for (int i = 0; i < 2; i++)
    if (p->kernel[i] != 3 || p->stride[i] != 1 || p->dilation[i] != 1) return false;
  return p->group == 1 && in.c >= MIN_INPUTS && out.h >= MIN_SIZE && out.w >= MIN_SIZE;
}

static int32_t down(int32_t v) { return v / TILE * TILE; }
static int64_t up(int32_t v) { return ((int64_t)v + TILE - 1) / TILE * TILE; }

/* Whole tiles, whose last pixels may lie behind the output: what they read of the map counts all the same. */
ci_rect ci_winograd_need(const ci_node *n, ci_shape in, ci_rect r) {
  int64_t size;
  ci_window y = ci_window_of(&n->p, 0, in.h, &size), x = ci_window_of(&n->p, 1, in.w, &size);
  return ci_rect_from(down(r.x0) + x.origin, down(r.y0) + y.origin, up(r.x1) + x.origin + 2,
                      up(r.y1) + y.origin + 2, in);
}

/* ---- scratch --------------------------------------------------------------------- */

/* A worker's memory: samples of input and products for `most` tiles, and a tile's pixels. */
typedef struct room {
  int32_t most;
  size_t v_plane, m_plane; /* floats; not whole pages, so that planes do not share sets of the caches */
  size_t step;             /* floats between the pixels of a patch of the output */
  float *v, *m, *patch, *residual;
  size_t bytes;
} room;

static room room_of(ci_shape in, ci_shape out, void *scratch) {
  room r = {.most = in.c <= MANY_CHANNELS ? MANY_TILES : FEW_TILES};
  size_t cs = (size_t)ci_channel_stride(in.c), os = ci_round_up((size_t)out.c, CI_SLOPE_PAD);
  size_t patch = PATCH * PATCH * (cs > os ? cs : os), most = (size_t)r.most;
  r.step = os;
  r.v_plane = most * cs + 16;
  r.m_plane = most * (os < CI_WINO_WIDTH ? os : CI_WINO_WIDTH) + 16;
  r.v = scratch;
  r.bytes = sizeof(float) * (CI_WINO_PLANES * (r.v_plane + r.m_plane) + 2 * patch);
  if (!scratch) return r;
  r.m = r.v + CI_WINO_PLANES * r.v_plane;
  r.patch = r.m + CI_WINO_PLANES * r.m_plane;
  r.residual = r.patch + patch;
  return r;
}

size_t ci_winograd_scratch(ci_shape in, ci_shape out) { return room_of(in, out, NULL).bytes; }

/* ---- runs of tiles side by side ------------------------------------------------------ */

/* What a call needs again and again. */
typedef struct job {
  const ci_call *c;
  const ci_view *in, *out, *res; /* res: NULL without a residual */
  int64_t origin_y, origin_x;    /* of the input against the output */
  int32_t ty0, tx0, across;      /* the grid of tiles around the rectangle */
  room r;
} job;

/* Tiles of one row: ty, tx to tx + n, whose samples begin at tile `at` of the planes. */
typedef struct span {
  int32_t ty, tx, n, at;
} span;

/* The next tiles of the same row from number i on, `n` at most. */
static span span_at(const job *j, int32_t i, int32_t n, int32_t at) {
  span s = {j->ty0 + i / j->across, j->tx0 + i % j->across, j->across - i % j->across, at};
  if (s.n > n) s.n = n;
  return s;
}

/* ---- input ----------------------------------------------------------------------------- */

/* Copies the 6 x 6 pixels of a tile, zero outside the map. */
static void copy_patch(const job *j, int64_t y0, int64_t x0) {
  size_t cs = (size_t)j->in->cs;
  memset(j->r.patch, 0, PATCH * PATCH * cs * sizeof(float));
  for (int64_t y = 0; y < PATCH; y++)
    for (int64_t x = 0; x < PATCH; x++)
      if (y0 + y >= 0 && y0 + y < j->in->map.h && x0 + x >= 0 && x0 + x < j->in->map.w)
        memcpy(j->r.patch + (size_t)(y * PATCH + x) * cs,
               ci_view_at(j->in, (int32_t)(x0 + x), (int32_t)(y0 + y)), cs * sizeof(float));
}

static ci_wino_input input_of(const job *j, int32_t at) {
  return (ci_wino_input){.step = j->in->cs,
                         .tiles = 1,
                         .channels = j->in->cs,
                         .v = j->r.v + (size_t)at * (size_t)j->in->cs,
                         .plane = j->r.v_plane};
}

static void input_edge(const job *j, int64_t y, int64_t x, int32_t at) {
  ci_wino_input w = input_of(j, at);
  copy_patch(j, y, x);
  for (int r = 0; r < PATCH; r++) w.rows[r] = j->r.patch + (size_t)(r * PATCH) * (size_t)j->in->cs;
  j->c->k->winograd_input(&w);
}

/* Tiles that lie inside the map go together, the others one by one. */
static void input_span(const job *j, span s) {
  int64_t y = (int64_t)s.ty * TILE + j->origin_y;
  bool rows_in = y >= 0 && y + PATCH <= j->in->map.h;
  for (int32_t i = 0, n; i < s.n; i += n) {
    int64_t x = ((int64_t)s.tx + i) * TILE + j->origin_x;
    int64_t fit = (j->in->map.w - x - PATCH) / TILE + 1;
    if (!rows_in || x < 0 || x + PATCH > j->in->map.w) {
      input_edge(j, y, x, s.at + i);
      n = 1;
      continue;
    }
    n = fit < s.n - i ? (int32_t)fit : s.n - i;
    ci_wino_input w = input_of(j, s.at + i);
    w.tiles = n;
    for (int r = 0; r < PATCH; r++) w.rows[r] = ci_view_at(j->in, (int32_t)x, (int32_t)y + r);
    j->c->k->winograd_input(&w);
  }
}

/* ---- output ---------------------------------------------------------------------------- */

/* The wanted pixels of a tile: of the map's rows y0 to y1, columns x0 to x1. */
static ci_rect wanted(const job *j, int32_t ty, int32_t tx) {
  ci_rect r = j->c->rect, t = {tx * TILE, ty * TILE, tx * TILE + TILE, ty * TILE + TILE};
  return (ci_rect){t.x0 > r.x0 ? t.x0 : r.x0, t.y0 > r.y0 ? t.y0 : r.y0, t.x1 < r.x1 ? t.x1 : r.x1,
                   t.y1 < r.y1 ? t.y1 : r.y1};
}

/* Copies the wanted pixels' channels c0 to c1 between a map and a patch. */
static void copy_wanted(const job *j, const ci_view *v, ci_rect r, float *patch, size_t c0, size_t c1,
                        bool to_map) {
  size_t width = (c1 < (size_t)v->cs ? c1 : (size_t)v->cs) - c0;
  for (int32_t y = r.y0; y < r.y1; y++)
    for (int32_t x = r.x0; x < r.x1; x++) {
      float *map = ci_view_at(v, x, y) + c0,
            *own = patch + (size_t)(y % TILE * TILE + x % TILE) * j->r.step + c0;
      memcpy(to_map ? map : own, to_map ? own : map, width * sizeof(float));
    }
}

/* A tile that is not wanted whole, or has fewer channels than a vector has lanes, goes by way of a patch. */
static void output_patch(const job *j, ci_wino_output *w, int32_t ty, int32_t tx, size_t c0) {
  ci_rect r = wanted(j, ty, tx);
  size_t step = j->r.step, c1 = c0 + (size_t)w->vectors * (size_t)j->c->k->lanes;
  w->tiles = 1;
  w->out_step = w->residual_step = (int32_t)step;
  if (j->res) copy_wanted(j, j->res, r, j->r.residual, c0, c1, false);
  for (int y = 0; y < TILE; y++) {
    w->out[y] = j->r.patch + (size_t)(y * TILE) * step + c0;
    w->residual[y] = j->res ? j->r.residual + (size_t)(y * TILE) * step + c0 : NULL;
  }
  j->c->k->winograd_output(w);
  copy_wanted(j, j->out, r, j->r.patch, c0, c1, true);
}

static void output_whole(const job *j, ci_wino_output *w, int32_t ty, int32_t tx, int32_t n, size_t c0) {
  w->tiles = n;
  for (int32_t y = 0; y < TILE; y++) {
    w->out[y] = ci_view_at(j->out, tx * TILE, ty * TILE + y) + c0;
    w->residual[y] = j->res ? ci_view_at(j->res, tx * TILE, ty * TILE + y) + c0 : NULL;
  }
  j->c->k->winograd_output(w);
}

/* w: all but the tiles and where they go. */
static void output_span(const job *j, const ci_wino_output *w, span s, size_t c0) {
  ci_rect r = j->c->rect;
  size_t step = (size_t)w->vectors * (size_t)j->c->k->lanes;
  bool direct = s.ty * TILE >= r.y0 && (int64_t)s.ty * TILE + TILE <= r.y1 && j->out->cs >= CI_SLOPE_PAD;
  for (int32_t i = 0, n; i < s.n; i += n) {
    ci_wino_output o = *w;
    int32_t tx = s.tx + i, fit = r.x1 / TILE - tx;
    o.m = w->m + (size_t)(s.at + i) * step;
    n = 1;
    if (!direct || tx * TILE < r.x0 || fit < 1) {
      output_patch(j, &o, s.ty, tx, c0);
      continue;
    }
    n = fit < s.n - i ? fit : s.n - i;
    output_whole(j, &o, s.ty, tx, n, c0);
  }
}

/* ---- all together -------------------------------------------------------------------------- */

static ci_kact from_channel(ci_kact a, int32_t c) {
  if (a.slope) a.slope += c;
  return a;
}

/* Tiles i to i + n of the grid through one block of output channels from c0. */
static void run_block(const job *j, int32_t i, int32_t n, const float *weights, int32_t c0, int32_t vectors) {
  const ci_packed *p = j->c->packed;
  const ci_wino_multiply mul = {.v = j->r.v,
                                .v_plane = j->r.v_plane,
                                .v_step = j->in->cs,
                                .weights = weights,
                                .tiles = n,
                                .cin = j->in->map.c,
                                .vectors = vectors,
                                .m = j->r.m,
                                .m_plane = j->r.m_plane};
  const ci_wino_output out = {.m = j->r.m,
                              .plane = j->r.m_plane,
                              .vectors = vectors,
                              .out_step = j->out->cs,
                              .residual_step = j->out->cs,
                              .bias = p->part[1] + c0,
                              .act = from_channel(ci_op_kact(j->c, 0), c0),
                              .act2 = from_channel(ci_op_kact(j->c, 1), c0)};
  j->c->k->winograd_multiply(&mul);
  for (int32_t at = 0; at < n;) {
    span s = span_at(j, i + at, n - at, at);
    output_span(j, &out, s, (size_t)c0);
    at += s.n;
  }
}

static void run_tiles(const job *j, int32_t i, int32_t n) {
  const ci_kernels *k = j->c->k;
  const ci_packed *p = j->c->packed;
  const float *weights = p->part[0];
  int32_t cin = j->in->map.c, cout = j->out->map.c, blocks = ci_wino_blocks(k, cout);
  for (int32_t at = 0; at < n;) {
    span s = span_at(j, i + at, n - at, at);
    input_span(j, s);
    at += s.n;
  }
  for (int32_t b = 0; b < blocks; b++) {
    int32_t first = ci_wino_block_first(k, cout, b), vectors = ci_wino_block_first(k, cout, b + 1) - first;
    run_block(j, i, n, weights, first * k->lanes, vectors);
    weights += (size_t)CI_WINO_PLANES * (size_t)cin * (size_t)(vectors * k->lanes);
  }
}

void ci_winograd_run(const ci_call *c) {
  const ci_node *n = c->node;
  ci_rect r = c->rect;
  int64_t size;
  job j = {.c = c,
           .in = c->in,
           .out = c->out,
           .res = n->residual < 0 ? NULL : &c->in[n->residual],
           .ty0 = r.y0 / TILE,
           .tx0 = r.x0 / TILE,
           .r = room_of(c->in[0].map, c->out->map, c->scratch)};
  j.origin_y = ci_window_of(&n->p, 0, c->in[0].map.h, &size).origin;
  j.origin_x = ci_window_of(&n->p, 1, c->in[0].map.w, &size).origin;
  j.across = (r.x1 - 1) / TILE + 1 - j.tx0;
  int32_t tiles = j.across * ((r.y1 - 1) / TILE + 1 - j.ty0);
  int32_t parts = (tiles + j.r.most - 1) / j.r.most, each = (tiles + parts - 1) / parts;
  each = (each + STEP_TILES - 1) / STEP_TILES * STEP_TILES;
  for (int32_t i = 0; i < tiles; i += each) run_tiles(&j, i, tiles - i < each ? tiles - i : each);
}
