/* SPDX-License-Identifier: MIT */
/* conv_fft.c - gathers Fourier tiles of a rectangle, multiplies their spectra, stores the pixels that were asked for */
#include "ops/conv_fft.h"

#include <math.h>

#include "ops/window.h"

#define ROOM_BYTES ((size_t)6 << 20) /* of the spectra of the tiles that are multiplied together ... */
#define FEW_TILES 6                  /* ... but so many, lest the weights are read too often ... */
#define MANY_TILES 48                /* ... and no more; multiples of what products take at once */

static int32_t imin(int32_t a, int32_t b) { return a < b ? a : b; }
static int32_t imax(int32_t a, int32_t b) { return a > b ? a : b; }

static bool is_depthwise(const ci_node *n) { return n->p.group > 1; }

bool ci_fft_runs(const ci_kernels *k, int32_t size) { return size && k->isa != CI_ISA_REF; }

int32_t ci_fft_reach(const ci_node *n, int32_t size) {
  return size - imax(n->p.kernel[0], n->p.kernel[1]) + 1;
}

/* ---- scratch --------------------------------------------------------------------------- */

/* A worker's memory. Tiles hold the spectra of the input, later of the output. */
typedef struct room {
  int32_t most; /* tiles */
  size_t wide;  /* channels of a tile's sample; the imaginary parts follow */
  size_t plane; /* floats; not whole pages, so that planes do not share sets of the caches */
  float *v, *beside, *work;
  size_t bytes;
} room;

static room room_of(const ci_node *n, ci_shape in, ci_shape out, int32_t size, void *scratch) {
  bool single = is_depthwise(n);
  size_t planes = (size_t)ci_fft_planes(size);
  room r = {.most = 1, .wide = single ? 16 : ci_fft_wide(imax(in.c, out.c))};
  size_t each = planes * 2 * r.wide * sizeof(float), fit = ROOM_BYTES / each;
  if (!single) r.most = fit < FEW_TILES ? FEW_TILES : imin((int32_t)fit, MANY_TILES) / FEW_TILES * FEW_TILES;
  r.plane = (size_t)r.most * 2 * r.wide + (single ? 0 : 16);
  size_t v = planes * r.plane, beside = single ? 0 : (size_t)r.most * 2 * r.wide;
  r.v = scratch;
  r.bytes = (v + beside + ci_fft_work(size)) * sizeof(float);
  if (!scratch) return r;
  r.beside = r.v + v;
  r.work = r.beside + beside;
  return r;
}

size_t ci_fft_scratch(const ci_node *n, ci_shape in, ci_shape out, int32_t size) {
  return room_of(n, in, out, size, NULL).bytes;
}

/* ---- when it pays ------------------------------------------------------------------- */

/*
 * The unit is what one multiply-add of a vector of eight takes in a direct sum (0.19 ns where it was measured, with
 * AVX2). Seconds of both ways for many shapes are what tests/bench/large_kernels prints; the numbers below are within a
 * fifth of them. A kernel less than LEAST wide is Winograd's or direct.
 */
#define LEAST 5
#define DIRECT_ROW 0.3       /* inputs' worth a tap, whatever the channels */
#define DIRECT_PIXEL 15.0    /* a vector of outputs */
#define DIRECT_DEPTHWISE 2.5 /* a tap */
#define PLANE 8.0            /* a vector of outputs of a sample of a tile, besides its products */
#define MARGIN 0.8           /* of the direct way's cost, which tiles must be below */
#define LARGER 0.85          /* of the smaller tiles' cost, since larger ones take memory */
/* Weights: these are always allowed, up to so many more where they are few times as large as the direct way's. */
#define WEIGHT_BYTES ((double)(72u << 20))
#define MOST_WEIGHT_BYTES ((double)(288u << 20))
#define FEW_TIMES 5.0

static const struct {
  int32_t size;
  double transform; /* one transform, a pixel of the tile and a vector of channels */
} sizes[] = {{16, 38}, {32, 43}, {64, 52}, {128, 75}};
enum { SIZES = sizeof sizes / sizeof *sizes };

static double vectors(int32_t channels) { return (channels + 7) / 8; }
static double taps(const ci_node *n) { return (double)n->p.kernel[0] * n->p.kernel[1]; }

static double direct_cost(const ci_node *n, ci_shape in, ci_shape out) {
  double pixels = (double)out.h * out.w * vectors(out.c);
  if (is_depthwise(n)) return pixels * (taps(n) * DIRECT_DEPTHWISE + DIRECT_PIXEL);
  return pixels * (taps(n) * (in.c + DIRECT_ROW) + DIRECT_PIXEL);
}

/* Floats, in the dense case and with eight lanes. */
static double weights_of(ci_shape in, ci_shape out, int32_t size) {
  return 2.0 * ci_fft_planes(size) * in.c * vectors(out.c) * 8;
}

static double tiles_cost(const ci_node *n, ci_shape in, ci_shape out, int which) {
  int32_t size = sizes[which].size, reach = ci_fft_reach(n, size);
  double planes = ci_fft_planes(size), transform = sizes[which].transform * size * size, v = vectors(out.c);
  double tiles = ((double)((out.h - 1) / reach) + 1) * ((out.w - 1) / reach + 1);
  if (is_depthwise(n)) return tiles * v * (2 * transform + PLANE * planes);
  double batches = tiles / room_of(n, in, out, size, NULL).most;
  return tiles * (transform * (vectors(in.c) + v) + planes * v * (4.0 * in.c + PLANE)) +
         weights_of(in, out, size) * (batches < 1 ? 1 : batches);
}

double ci_fft_cost(const ci_node *n, ci_shape in, ci_shape out, int32_t size) {
  for (int i = 0; i < SIZES; i++)
    if (sizes[i].size == size) return tiles_cost(n, in, out, i) / direct_cost(n, in, out);
  return INFINITY;
}

static bool is_like(const ci_node *n, ci_shape in, ci_shape out) {
  const ci_params *p = &n->p;
  for (int i = 0; i < 2; i++)
    if (p->stride[i] != 1 || p->dilation[i] != 1) return false;
  if (imax(p->kernel[0], p->kernel[1]) < LEAST) return false;
  return p->group == 1 || (p->group == in.c && p->group == out.c);
}

static bool may_weigh(const ci_node *n, ci_shape in, ci_shape out, int32_t size) {
  double bytes = 4 * weights_of(in, out, size), direct = 4 * taps(n) * in.c * out.c;
  return is_depthwise(n) || bytes <= WEIGHT_BYTES ||
         (bytes <= MOST_WEIGHT_BYTES && bytes <= FEW_TIMES * direct);
}

int32_t ci_fft_size(const ci_node *n, ci_shape in, ci_shape out) {
  if (!is_like(n, in, out)) return 0;
  double best = MARGIN;
  int32_t size = 0;
  for (int i = 0; i < SIZES; i++) {
    if (ci_fft_reach(n, sizes[i].size) < 1 || !may_weigh(n, in, out, sizes[i].size)) continue;
    double cost = ci_fft_cost(n, in, out, sizes[i].size);
    if (cost < (size ? LARGER * best : best)) best = cost, size = sizes[i].size;
  }
  return size;
}

/* Whole tiles, whose last pixels may lie behind the output: what they read of the map counts all the same. */
ci_rect ci_fft_need(const ci_node *n, ci_shape in, ci_rect r, int32_t size) {
  int64_t none, reach = ci_fft_reach(n, size);
  ci_window y = ci_window_of(&n->p, 0, in.h, &none), x = ci_window_of(&n->p, 1, in.w, &none);
  return ci_rect_from(r.x0 / reach * reach + x.origin, r.y0 / reach * reach + y.origin,
                      (r.x1 + reach - 1) / reach * reach + x.origin + x.taps - 1,
                      (r.y1 + reach - 1) / reach * reach + y.origin + y.taps - 1, in);
}

/* ---- weights ------------------------------------------------------------------------- */

size_t ci_fft_weights(const ci_node *n, ci_shape in, ci_shape out, const ci_kernels *k, int32_t size) {
  return is_depthwise(n) ? ci_fft_packed_depthwise_floats(size, out.c)
                         : ci_fft_packed_floats(k, size, out.c, in.c);
}

void ci_fft_weights_pack(const ci_node *n, ci_shape in, ci_shape out, const ci_kernels *k, int32_t size,
                         const float *w, float *to) {
  int32_t kh = n->p.kernel[0], kw = n->p.kernel[1], cin = is_depthwise(n) ? 1 : in.c;
  ptrdiff_t area = (ptrdiff_t)kh * kw;
  const ci_conv_weights cw = {w, out.c, cin, kh, kw, area * cin, area, kw, 1};
  if (is_depthwise(n)) ci_fft_pack_depthwise(size, &cw, to);
  else ci_fft_pack(k, size, &cw, to);
}

/* ---- one tile ------------------------------------------------------------------------------ */

typedef struct job {
  const ci_call *c;
  const ci_view *in, *out, *res; /* res: NULL without a residual */
  int32_t size, reach;
  ci_window y, x;
  room r;
} job;

/* Where a tile lies: row and column of the grid. */
typedef struct spot {
  int32_t ty, tx;
} spot;

/* Samples of channels c to c + n of a tile's pixels, zero outside the map, to v. */
static void forth(const job *j, spot at, int32_t c, int32_t n, float *v, size_t plane, size_t im) {
  const float *rows[CI_FFT_MOST];
  ci_shape map = j->in->map;
  int64_t y0 = (int64_t)at.ty * j->reach + j->y.origin, x0 = (int64_t)at.tx * j->reach + j->x.origin;
  int64_t right = map.w - x0;
  ci_fft_forward f = {
      .size = j->size, .rows = rows, .step = j->in->cs, .channels = n, .v = v, .plane = plane};
  f.x0 = x0 < 0 ? (int32_t)(-x0 < j->size ? -x0 : j->size) : 0;
  f.x1 = imin(j->reach + j->x.taps - 1, right < 0 ? 0 : right < j->size ? (int32_t)right : j->size);
  f.im = (ptrdiff_t)im;
  f.work = j->r.work;
  for (int32_t y = 0; y < j->size; y++) {
    bool there = y < j->reach + j->y.taps - 1 && y0 + y >= 0 && y0 + y < map.h && f.x0 < f.x1;
    rows[y] = there ? ci_view_at(j->in, (int32_t)x0 + f.x0, (int32_t)(y0 + y)) + c : NULL;
  }
  j->c->k->fft_forward(&f);
}

static ci_kact from_channel(ci_kact a, int32_t c) {
  if (a.slope) a.slope += c;
  return a;
}

/* The wanted pixels of a tile, channels c to c + n, from samples at v. */
static void back(const job *j, spot at, int32_t c, int32_t n, const float *v, size_t plane, size_t im) {
  float *out[CI_FFT_MOST];
  const float *residual[CI_FFT_MOST];
  const ci_packed *p = j->c->packed;
  int32_t y0 = at.ty * j->reach, x0 = at.tx * j->reach;
  ci_rect r = j->c->rect;
  ci_fft_inverse f = {
      .size = j->size, .v = v, .plane = plane, .im = (ptrdiff_t)im, .out = out, .channels = n};
  f.x0 = imax(r.x0 - x0, 0), f.x1 = imin(r.x1 - x0, j->reach);
  f.y0 = imax(r.y0 - y0, 0), f.y1 = imin(r.y1 - y0, j->reach);
  for (int32_t y = f.y0; y < f.y1; y++) {
    out[y] = ci_view_at(j->out, x0 + f.x0, y0 + y) + c;
    if (j->res) residual[y] = ci_view_at(j->res, x0 + f.x0, y0 + y) + c;
  }
  f.residual = j->res ? residual : NULL;
  f.out_step = f.residual_step = j->out->cs;
  f.bias = p->part[1] + c;
  f.act = from_channel(ci_op_kact(j->c, 0), c);
  f.act2 = from_channel(ci_op_kact(j->c, 1), c);
  f.work = j->r.work;
  j->c->k->fft_inverse(&f);
}

/* ---- all of them ------------------------------------------------------------------------------ */

/* The grid around a rectangle: tile i of it. */
typedef struct grid {
  int32_t ty, tx, across, tiles;
} grid;

static grid grid_of(ci_rect r, int32_t reach) {
  grid g = {.ty = r.y0 / reach, .tx = r.x0 / reach};
  g.across = (r.x1 - 1) / reach + 1 - g.tx;
  g.tiles = g.across * ((r.y1 - 1) / reach + 1 - g.ty);
  return g;
}

static spot spot_of(const grid *g, int32_t i) { return (spot){g->ty + i / g->across, g->tx + i % g->across}; }

/* Tiles first to first + n: all their samples, all products, all pixels. */
static void run_tiles(const job *j, const grid *g, int32_t first, int32_t n) {
  const ci_kernels *k = j->c->k;
  const ci_packed *p = j->c->packed;
  size_t wide = j->r.wide;
  const ci_fft_multiply m = {.v = j->r.v,
                             .plane = j->r.plane,
                             .step = (ptrdiff_t)(2 * wide),
                             .im = (ptrdiff_t)wide,
                             .weights = p->part[0],
                             .planes = ci_fft_planes(j->size),
                             .tiles = n,
                             .cin = j->in->map.c,
                             .vectors = (j->out->map.c + k->lanes - 1) / k->lanes,
                             .beside = j->r.beside};
  for (int32_t i = 0; i < n; i++)
    forth(j, spot_of(g, first + i), 0, j->in->cs, j->r.v + (size_t)i * 2 * wide, j->r.plane, wide);
  k->fft_multiply(&m);
  for (int32_t i = 0; i < n; i++)
    back(j, spot_of(g, first + i), 0, j->out->cs, j->r.v + (size_t)i * 2 * wide, j->r.plane, wide);
}

/* A vector of channels at a time, whose weights stay in the cache from tile to tile. */
static void run_depthwise(const job *j, const grid *g) {
  const ci_kernels *k = j->c->k;
  const ci_packed *p = j->c->packed;
  size_t wide = ci_fft_wide(j->out->map.c), lanes = (size_t)k->lanes;
  for (int32_t c = 0; c < j->out->cs; c += k->lanes) {
    int32_t n = imin(k->lanes, j->out->cs - c);
    for (int32_t i = 0; i < g->tiles; i++) {
      forth(j, spot_of(g, i), c, n, j->r.v, 2 * lanes, lanes);
      k->fft_scale(j->r.v, p->part[0] + c, wide, ci_fft_planes(j->size));
      back(j, spot_of(g, i), c, n, j->r.v, 2 * lanes, lanes);
    }
  }
}

void ci_fft_run(const ci_call *c, int32_t size) {
  const ci_node *n = c->node;
  int64_t none;
  job j = {.c = c,
           .in = c->in,
           .out = c->out,
           .res = n->residual < 0 ? NULL : &c->in[n->residual],
           .size = size,
           .reach = ci_fft_reach(n, size),
           .y = ci_window_of(&n->p, 0, c->in[0].map.h, &none),
           .x = ci_window_of(&n->p, 1, c->in[0].map.w, &none),
           .r = room_of(n, c->in[0].map, c->out->map, size, c->scratch)};
  grid g = grid_of(c->rect, j.reach);
  if (is_depthwise(n)) {
    run_depthwise(&j, &g);
    return;
  }
  int32_t parts = (g.tiles + j.r.most - 1) / j.r.most, each = (g.tiles + parts - 1) / parts;
  each = (each + FEW_TILES - 1) / FEW_TILES * FEW_TILES;
  for (int32_t i = 0; i < g.tiles; i += each) run_tiles(&j, &g, i, imin(each, g.tiles - i));
}
