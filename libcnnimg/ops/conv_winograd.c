/* SPDX-License-Identifier: MIT */
/* conv_winograd.c - gathers the tiles of a rectangle, multiplies them, stores the pixels that were asked for */
#include "ops/conv_winograd.h"

#include <string.h>

#include "ops/window.h"

#define MAX_DILATION 16 /* wider ones would need bands as tall as that */
#define MIN_SIZE 8      /* rows and columns of the output: smaller maps waste more of their tiles than that */
#define FEW_TILES 24    /* gathered while their samples and products stay in the second cache ... */
#define MANY_TILES \
  64 /* ... or, of more than MANY_CHANNELS, whose weights come from memory, for more of them */
#define MANY_CHANNELS 128

/*
 * The table of shapes: square kernels of `taps` and at least `inputs` channels. Multiplications of a direct sum are taps *
 * taps a pixel, of tiles ny * nx / (my * mx); transforms cost as much as about 14 inputs more. Tiles of 6 x 6 pixels for
 * 3x3 would need a ninth fewer multiplications, but have twice the error: up to 17 times a direct sum's in whole networks.
 * Measured with tests/bench; the same on every processor.
 */
static const struct {
  int32_t taps, inputs;
  ci_wino_tile tile;
} schemes[] = {{3, 12, {6, 8, 4, 6}}};

ci_wino_scheme ci_winograd_scheme(const ci_node *n, ci_shape in, ci_shape out) {
  const ci_params *p = &n->p;
  const ci_wino_scheme none = {{0, 0, 0, 0}, 0};
  if (p->kernel[0] != p->kernel[1] || p->dilation[0] != p->dilation[1] || p->stride[0] != 1 ||
      p->stride[1] != 1 || p->group != 1 || p->dilation[0] > MAX_DILATION)
    return none;
  if (out.h < MIN_SIZE * p->dilation[0] || out.w < MIN_SIZE * p->dilation[0]) return none;
  for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
    if (schemes[i].taps == p->kernel[0] && in.c >= schemes[i].inputs)
      return (ci_wino_scheme){schemes[i].tile, p->dilation[0]};
  return none;
}

static int64_t down(int64_t v, int32_t block) { return v / block * block; }
static int64_t up(int64_t v, int32_t block) { return down(v + block - 1, block); }

/* Rows and columns that the tiles of all phases fill together. */
static int32_t tall(const ci_wino_scheme *s) { return s->tile.my * s->step; }
static int32_t wide(const ci_wino_scheme *s) { return s->tile.mx * s->step; }

int32_t ci_winograd_align(const ci_wino_scheme *s, int axis) { return axis ? wide(s) : tall(s); }

/* Whole tiles, whose last pixels may lie behind the output: what they read of the map counts all the same. */
ci_rect ci_winograd_need(const ci_wino_scheme *s, const ci_node *n, ci_shape in, ci_rect r) {
  int64_t size, more = (int64_t)(s->tile.ny - s->tile.my) * s->step;
  ci_window y = ci_window_of(&n->p, 0, in.h, &size), x = ci_window_of(&n->p, 1, in.w, &size);
  return ci_rect_from(down(r.x0, wide(s)) + x.origin, down(r.y0, tall(s)) + y.origin,
                      up(r.x1, wide(s)) + x.origin + more, up(r.y1, tall(s)) + y.origin + more, in);
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

static room room_of(const ci_wino_scheme *s, ci_shape in, ci_shape out, void *scratch) {
  room r = {.most = in.c <= MANY_CHANNELS ? FEW_TILES : MANY_TILES};
  size_t cs = (size_t)ci_channel_stride(in.c), os = ci_round_up((size_t)out.c, CI_SLOPE_PAD);
  size_t planes = (size_t)ci_wino_planes(&s->tile), patch = planes * (cs > os ? cs : os),
         most = (size_t)r.most;
  r.step = os;
  r.v_plane = most * cs + 16;
  r.m_plane = most * (os < CI_WINO_WIDTH ? os : CI_WINO_WIDTH) + 16;
  r.v = scratch;
  r.bytes = sizeof(float) * (planes * (r.v_plane + r.m_plane) + 2 * patch);
  if (!scratch) return r;
  r.m = r.v + planes * r.v_plane;
  r.patch = r.m + planes * r.m_plane;
  r.residual = r.patch + patch;
  return r;
}

size_t ci_winograd_scratch(const ci_wino_scheme *s, ci_shape in, ci_shape out) {
  return room_of(s, in, out, NULL).bytes;
}

/* ---- runs of tiles side by side ------------------------------------------------------ */

/* What a call needs again and again. */
typedef struct job {
  const ci_call *c;
  ci_wino_scheme s;
  const ci_view *in, *out, *res; /* res: NULL without a residual */
  int64_t origin_y, origin_x;    /* of the input against the output */
  int32_t ty0, tx0, across;      /* the grid of tiles around the rectangle */
  room r;
} job;

/* Tiles of one row: ty, tx to tx + n, whose samples begin at tile `at` of the planes. */
typedef struct span {
  int32_t ty, tx, n, at;
  bool cold; /* nobody has fetched their pixels */
} span;

/* The next tiles of the same row from number i on, `n` at most. */
static span span_at(const job *j, int32_t i, int32_t n, int32_t at) {
  span s = {j->ty0 + i / j->across, j->tx0 + i % j->across, j->across - i % j->across, at, false};
  if (s.n > n) s.n = n;
  return s;
}

/* The first row or column of the output that tile t computes; the others follow `step` apart. A dilated convolution is
 * as many plain ones as there are phases, whose tiles take turns: the tiles of a block are numbered by their phase. */
static int32_t first_of(const job *j, int32_t t, int32_t block) {
  return t / j->s.step * block + t % j->s.step;
}
static int32_t row_of(const job *j, int32_t ty) { return first_of(j, ty, tall(&j->s)); }
static int32_t column_of(const job *j, int32_t tx) { return first_of(j, tx, wide(&j->s)); }

/* How many of `n` tiles whose first column is `first`, each a tile behind the one before, have their `reach` pixels
 * below `end`. */
static int32_t whole_tiles(const job *j, int64_t first, int32_t reach, int64_t end, int32_t n) {
  int64_t last = first + (int64_t)(reach - 1) * j->s.step;
  if (last >= end) return 0;
  if (j->s.step > 1) return 1;
  int64_t fit = (end - 1 - last) / j->s.tile.mx + 1;
  return fit < n ? (int32_t)fit : n;
}

/* ---- input ----------------------------------------------------------------------------- */

/* Copies the pixels of a tile, zero outside the map. */
static void copy_patch(const job *j, int64_t y0, int64_t x0) {
  size_t cs = (size_t)j->in->cs, planes = (size_t)ci_wino_planes(&j->s.tile), nx = (size_t)j->s.tile.nx;
  memset(j->r.patch, 0, planes * cs * sizeof(float));
  for (size_t i = 0; i < planes; i++) {
    int64_t y = y0 + (int64_t)(i / nx) * j->s.step, x = x0 + (int64_t)(i % nx) * j->s.step;
    if (y >= 0 && y < j->in->map.h && x >= 0 && x < j->in->map.w)
      memcpy(j->r.patch + i * cs, ci_view_at(j->in, (int32_t)x, (int32_t)y), cs * sizeof(float));
  }
}

static ci_wino_input input_of(const job *j, int32_t at) {
  return (ci_wino_input){.tile = j->s.tile,
                         .step = j->in->cs,
                         .tile_step = (ptrdiff_t)j->s.tile.mx * j->in->cs,
                         .tiles = 1,
                         .channels = j->in->cs,
                         .v = j->r.v + (size_t)at * (size_t)j->in->cs,
                         .plane = j->r.v_plane};
}

static void input_edge(const job *j, int64_t y, int64_t x, int32_t at) {
  ci_wino_input w = input_of(j, at);
  copy_patch(j, y, x);
  for (int r = 0; r < j->s.tile.ny; r++)
    w.rows[r] = j->r.patch + (size_t)(r * j->s.tile.nx) * (size_t)j->in->cs;
  j->c->k->winograd_input(&w);
}

/* Tiles that lie inside the map go together, the others one by one. */
static void input_span(const job *j, span s) {
  int64_t y = row_of(j, s.ty) + j->origin_y;
  bool rows_in = y >= 0 && y + (int64_t)(j->s.tile.ny - 1) * j->s.step < j->in->map.h;
  for (int32_t i = 0, n; i < s.n; i += n) {
    int64_t x = column_of(j, s.tx + i) + j->origin_x;
    n = rows_in && x >= 0 ? whole_tiles(j, x, j->s.tile.nx, j->in->map.w, s.n - i) : 0;
    if (!n) {
      input_edge(j, y, x, s.at + i);
      n = 1;
      continue;
    }
    ci_wino_input w = input_of(j, s.at + i);
    w.tiles = n;
    w.cold = s.cold;
    w.step *= j->s.step;
    for (int r = 0; r < j->s.tile.ny; r++)
      w.rows[r] = ci_view_at(j->in, (int32_t)x, (int32_t)y + r * j->s.step);
    j->c->k->winograd_input(&w);
  }
}

/* ---- output ---------------------------------------------------------------------------- */

/* Copies the wanted pixels' channels c0 to c1 of a tile between a map and a patch. */
static void copy_wanted(const job *j, const ci_view *v, int32_t y0, int32_t x0, float *patch, size_t c0,
                        size_t c1, bool to_map) {
  ci_rect r = j->c->rect;
  size_t width = (c1 < (size_t)v->cs ? c1 : (size_t)v->cs) - c0;
  const ci_wino_tile *t = &j->s.tile;
  for (int32_t i = 0; i < t->my * t->mx; i++) {
    int32_t y = y0 + i / t->mx * j->s.step, x = x0 + i % t->mx * j->s.step;
    if (y < r.y0 || y >= r.y1 || x < r.x0 || x >= r.x1) continue;
    float *map = ci_view_at(v, x, y) + c0, *own = patch + (size_t)i * j->r.step + c0;
    memcpy(to_map ? map : own, to_map ? own : map, width * sizeof(float));
  }
}

/* A tile that is not wanted whole, or has fewer channels than a vector has lanes, goes by way of a patch. */
static void output_patch(const job *j, ci_wino_output *w, int32_t y, int32_t x, size_t c0) {
  size_t step = j->r.step, c1 = c0 + (size_t)w->vectors * (size_t)j->c->k->lanes;
  w->tiles = 1;
  w->out_step = w->residual_step = (int32_t)step;
  if (j->res) copy_wanted(j, j->res, y, x, j->r.residual, c0, c1, false);
  for (int i = 0; i < j->s.tile.my; i++) {
    w->out[i] = j->r.patch + (size_t)(i * j->s.tile.mx) * step + c0;
    w->residual[i] = j->res ? j->r.residual + (size_t)(i * j->s.tile.mx) * step + c0 : NULL;
  }
  j->c->k->winograd_output(w);
  copy_wanted(j, j->out, y, x, j->r.patch, c0, c1, true);
}

static void output_whole(const job *j, ci_wino_output *w, int32_t y, int32_t x, int32_t n, size_t c0) {
  w->tiles = n;
  w->out_step = w->residual_step = j->out->cs * j->s.step;
  for (int32_t i = 0; i < j->s.tile.my; i++) {
    w->out[i] = ci_view_at(j->out, x, y + i * j->s.step) + c0;
    w->residual[i] = j->res ? ci_view_at(j->res, x, y + i * j->s.step) + c0 : NULL;
  }
  j->c->k->winograd_output(w);
}

/* w: all but the tiles and where they go. */
static void output_span(const job *j, const ci_wino_output *w, span s, size_t c0) {
  ci_rect r = j->c->rect;
  size_t width = (size_t)w->vectors * (size_t)j->c->k->lanes;
  int32_t y = row_of(j, s.ty);
  bool direct = y >= r.y0 && y + (j->s.tile.my - 1) * j->s.step < r.y1 && j->out->cs >= CI_SLOPE_PAD;
  for (int32_t i = 0, n; i < s.n; i += n) {
    ci_wino_output o = *w;
    int32_t x = column_of(j, s.tx + i);
    o.in = w->in + (size_t)(s.at + i) * width;
    n = direct && x >= r.x0 ? whole_tiles(j, x, j->s.tile.mx, r.x1, s.n - i) : 0;
    if (n) {
      output_whole(j, &o, y, x, n, c0);
    } else {
      output_patch(j, &o, y, x, c0);
      n = 1;
    }
  }
}

/* ---- all together -------------------------------------------------------------------------- */

static ci_kact from_channel(ci_kact a, int32_t c) {
  if (a.slope) a.slope += c;
  return a;
}

/* ---- fetching ahead ------------------------------------------------------------------------ */

/* Pixels x0 to x1 of rows y, y + 1 ... y + n - 1 of a view, as far as they are there; channels c0 and on, so many lines. */
static ci_ahead ahead_of(const ci_view *v, int64_t y, int64_t x0, int64_t x1, int32_t n, size_t c0,
                         int32_t lines) {
  ci_ahead a = {.lines = lines, .step = v->cs};
  ci_rect r = ci_rect_from(x0, y, x1, y + n, v->map);
  if (r.x0 < v->rect.x0) r.x0 = v->rect.x0;
  if (r.x1 > v->rect.x1) r.x1 = v->rect.x1;
  for (int32_t i = r.y0; i < r.y1; i++)
    if (i >= v->rect.y0 && i < v->rect.y1 && r.x0 < r.x1) a.rows[a.n++] = ci_view_at(v, r.x0, i) + c0;
  a.pixels = r.x1 - r.x0;
  return a;
}

/* What the first row of the tiles from number i on will read; dilated ones lie too far apart. */
static ci_ahead read_ahead(const job *j, int32_t i, int32_t n) {
  span s = span_at(j, i, n, 0);
  int64_t y = row_of(j, s.ty) + j->origin_y, x = column_of(j, s.tx) + j->origin_x;
  if (n < 1 || j->s.step > 1) return (ci_ahead){.n = 0};
  const ci_wino_tile *t = &j->s.tile;
  return ahead_of(j->in, y, x, x + (int64_t)s.n * t->mx + t->nx - t->mx, t->ny, 0,
                  j->in->cs / CI_LINE_FLOATS);
}

/* Where the first row of these tiles goes, or the residual comes from. */
static ci_ahead output_ahead(const job *j, const ci_view *v, int32_t i, int32_t n, int32_t c0,
                             int32_t channels) {
  span s = span_at(j, i, n, 0);
  int32_t y = row_of(j, s.ty), x = column_of(j, s.tx);
  if (!v || j->s.step > 1) return (ci_ahead){.n = 0};
  if (channels > v->cs - c0) channels = v->cs - c0;
  return ahead_of(v, y, x, (int64_t)x + (int64_t)s.n * j->s.tile.mx, j->s.tile.my, (size_t)c0,
                  channels / CI_LINE_FLOATS);
}

/* Tiles i to i + n of the grid through one block of output channels from c0; `next` tiles follow after them, and this is
 * the last block. */
static void run_block(const job *j, int32_t i, int32_t n, int32_t next, const float *weights, int32_t c0,
                      int32_t vectors) {
  const ci_packed *p = j->c->packed;
  int32_t channels = vectors * j->c->k->lanes;
  const ci_wino_multiply mul = {
      .read = {read_ahead(j, i + n, next), output_ahead(j, j->res, i, n, c0, channels)},
      .write = output_ahead(j, j->out, i, n, c0, channels),
      .planes = ci_wino_planes(&j->s.tile),
      .v = j->r.v,
      .v_plane = j->r.v_plane,
      .v_step = j->in->cs,
      .weights = weights,
      .tiles = n,
      .cin = j->in->map.c,
      .vectors = vectors,
      .m = j->r.m,
      .m_plane = j->r.m_plane};
  const ci_wino_output out = {.tile = j->s.tile,
                              .in = j->r.m,
                              .plane = j->r.m_plane,
                              .vectors = vectors,
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

static void run_tiles(const job *j, int32_t i, int32_t n, int32_t next) {
  const ci_kernels *k = j->c->k;
  const ci_packed *p = j->c->packed;
  const float *weights = p->part[0];
  int32_t cin = j->in->map.c, cout = j->out->map.c, blocks = ci_wino_blocks(k, cout);
  for (int32_t at = 0; at < n;) {
    span s = span_at(j, i + at, n - at, at);
    s.cold = i == 0 || at > 0;
    input_span(j, s);
    at += s.n;
  }
  for (int32_t b = 0; b < blocks; b++) {
    int32_t first = ci_wino_block_first(k, cout, b), vectors = ci_wino_block_first(k, cout, b + 1) - first;
    run_block(j, i, n, b + 1 == blocks ? next : 0, weights, first * k->lanes, vectors);
    weights += (size_t)ci_wino_planes(&j->s.tile) * (size_t)cin * (size_t)(vectors * k->lanes);
  }
}

void ci_winograd_run(const ci_wino_scheme *s, const ci_call *c) {
  const ci_node *n = c->node;
  ci_rect r = c->rect;
  int64_t size;
  job j = {.c = c,
           .s = *s,
           .in = c->in,
           .out = c->out,
           .res = n->residual < 0 ? NULL : &c->in[n->residual],
           .ty0 = r.y0 / tall(s) * s->step,
           .tx0 = r.x0 / wide(s) * s->step,
           .r = room_of(s, c->in[0].map, c->out->map, c->scratch)};
  j.origin_y = ci_window_of(&n->p, 0, c->in[0].map.h, &size).origin;
  j.origin_x = ci_window_of(&n->p, 1, c->in[0].map.w, &size).origin;
  j.across = (int32_t)(up(r.x1, wide(s)) / s->tile.mx) - j.tx0;
  int32_t tiles = j.across * ((int32_t)(up(r.y1, tall(s)) / s->tile.my) - j.ty0);
  int32_t parts = (tiles + j.r.most - 1) / j.r.most, each = (tiles + parts - 1) / parts;
  for (int32_t i = 0, some; i < tiles; i += some) {
    some = tiles - i < each ? tiles - i : each;
    run_tiles(&j, i, some, tiles - i - some < each ? tiles - i - some : each);
  }
}
