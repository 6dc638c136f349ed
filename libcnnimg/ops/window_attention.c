/* SPDX-License-Identifier: MIT */
/* window_attention.c - multi-head attention of pixels within windows (Liu et al. 2021, "Swin Transformer") */
#include <string.h>

#include "net/attention.h"
#include "ops/common.h"

/*
 * Window by window: the keys and values of all heads are packed as gemm takes its right-hand side; then, for some queries
 * at a time and each head, products, softmax, products. Whatever a pixel's result is made of lies in its own row of the
 * products, so it does not depend on which other queries of the window are wanted.
 */
#define QUERIES 64 /* at a time */

typedef struct sizes {
  ci_attention_axis y, x;
  int32_t heads, each, channels; /* each: channels a head */
  size_t keys;                   /* most of a window */
} sizes;

static ci_attention_axis axis_of(const ci_node *n, ci_shape map, int axis) {
  const ci_params *p = &n->p;
  return (ci_attention_axis){axis ? map.w : map.h, p->kernel[axis], p->pads[axis], p->pads[axis + 2]};
}

static size_t keys_along(const ci_attention_axis *a) { return (size_t)a->window + 2 * (size_t)a->overlap; }

static sizes sizes_of(const ci_node *n, ci_shape in) {
  sizes s = {.y = axis_of(n, in, 0), .x = axis_of(n, in, 1), .heads = n->p.group, .channels = in.c / 3};
  s.each = s.channels / s.heads;
  s.keys = keys_along(&s.y) * keys_along(&s.x); /* before they are checked, any number */
  return s;
}

/* ---- shape, need ----------------------------------------------------------------------------------- */

static int check_axis(const ci_node *n, const ci_attention_axis *a, cnnimg_error *err) {
  if (a->window < 1 || a->window > CI_ATTENTION_KEYS || a->shift < 0 || a->shift >= a->window ||
      a->overlap < 0 || a->overlap > CI_ATTENTION_KEYS || (a->shift && a->overlap))
    return ci_op_fail(n, err, CNNIMG_UNSUPPORTED, "windows of %d pixels, shifted by %d, with %d around",
                      a->window, a->shift, a->overlap);
  if (a->size % a->window)
    return ci_op_fail(n, err, CNNIMG_BADARG, "a map of %d pixels does not consist of windows of %d", a->size,
                      a->window);
  return CNNIMG_OK;
}

static int check_bias(const ci_graph *g, const ci_node *n, const sizes *s, cnnimg_error *err) {
  const ci_tensor *t;
  int status = ci_op_has(n, 1) ? ci_op_const(g, n, 1, 3, &t, err) : CNNIMG_OK;
  if (status || !ci_op_has(n, 1)) return status;
  int32_t rows = ci_attention_table(&s->y), columns = ci_attention_table(&s->x);
  if (t->dim[0] == s->heads && t->dim[1] == rows && t->dim[2] == columns) return CNNIMG_OK;
  return ci_op_fail(n, err, CNNIMG_CORRUPT, "the bias is %lld x %lld x %lld instead of %d x %d x %d",
                    (long long)t->dim[0], (long long)t->dim[1], (long long)t->dim[2], s->heads, rows,
                    columns);
}

static int shape(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape *out, cnnimg_error *err) {
  int status = ci_op_count(n, 1, 2, err);
  if (!status) status = ci_op_map(g, n, in, 0, err);
  if (status) return status;
  if (n->p.group < 1 || in[0].c % 3 || in[0].c / 3 % n->p.group)
    return ci_op_fail(n, err, CNNIMG_CORRUPT, "%d channels of queries, keys and values for %d heads", in[0].c,
                      n->p.group);
  sizes s = sizes_of(n, in[0]);
  status = check_axis(n, &s.y, err);
  if (!status) status = check_axis(n, &s.x, err);
  if (!status && s.keys > CI_ATTENTION_KEYS)
    status = ci_op_fail(n, err, CNNIMG_LIMIT, "windows of %zu pixels; at most %d are taken", s.keys,
                        CI_ATTENTION_KEYS);
  if (!status) status = check_bias(g, n, &s, err);
  return status ? status : ci_op_shape(g, n, in, s.channels, in[0].h, in[0].w, out, err);
}

static ci_rect need(const ci_node *n, const ci_shape *in, ci_shape out, int32_t k, ci_rect r) {
  (void)out;
  sizes s = sizes_of(n, in[k]);
  ci_rect all = {ci_attention_first(&s.x, ci_attention_start(&s.x, r.x0)),
                 ci_attention_first(&s.y, ci_attention_start(&s.y, r.y0)),
                 ci_attention_end(&s.x, ci_attention_start(&s.x, r.x1 - 1)),
                 ci_attention_end(&s.y, ci_attention_start(&s.y, r.y1 - 1))};
  return ci_rect_clip(all, in[k]);
}

static int32_t align(const ci_node *n, const ci_shape *in, ci_shape out, int axis) {
  (void)out;
  ci_attention_axis a = axis_of(n, in[0], axis);
  return a.shift ? 1 : a.window;
}

/* ---- constants -------------------------------------------------------------------------------------- */

/* Each head's bias back to front, so that it runs along with the keys. */
static int pack(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape out, const ci_kernels *k,
                const ci_allocator *a, void **packed, size_t *bytes, cnnimg_error *err) {
  const ci_tensor *t = ci_op_has(n, 1) ? ci_const(g, n->in[1]) : NULL;
  ci_packed *p;
  (void)in, (void)k;
  if (!t) return ci_pack_act(g, n, in, out, k, a, packed, bytes, err);
  size_t area = t->count / (size_t)n->p.group;
  int status = ci_pack_new(g, n, out.c, (const size_t[3]){t->count, 0, 0}, a, &p, bytes, err);
  if (status) return status;
  for (size_t i = 0; i < t->count; i++) {
    size_t head = i / area, at = i % area;
    p->part[0][head * area + at] = ((const float *)t->data)[head * area + area - 1 - at];
  }
  *packed = p;
  return CNNIMG_OK;
}

/* ---- one window --------------------------------------------------------------------------------------- */

typedef struct work {
  const ci_call *c;
  sizes s;
  const float *bias;
  int32_t lanes, most;    /* vectors of columns that gemm takes at once */
  size_t room, each;      /* keys and channels of a head in whole vectors */
  int32_t y0, x0;         /* where the window begins */
  int32_t ky, kx, ny, nx; /* its first key, rows and columns of keys */
  int32_t keys;
  float *queries, *k, *v, *products, *out;
  float *nothing; /* a key and a value beyond the map, where windows overlap */
} work;

static size_t vectors(size_t n) { return ci_round_up(n, CI_SLOPE_PAD); }

/* Floats of each part of the scratch memory: queries, keys, values, products, results, nothing. */
static void parts(const sizes *s, size_t to[6]) {
  to[0] = vectors(QUERIES * (size_t)s->channels);
  to[1] = vectors(s->keys) * (size_t)s->channels;
  to[2] = vectors((size_t)s->each) * s->keys * (size_t)s->heads;
  to[3] = vectors(s->keys) * QUERIES;
  to[4] = vectors((size_t)s->each) * QUERIES;
  to[5] = s->y.overlap || s->x.overlap ? 2 * (size_t)s->channels : 0;
}

static size_t scratch(const ci_node *n, const ci_shape *in, ci_shape out, int32_t width) {
  (void)out, (void)width;
  sizes s = sizes_of(n, in[0]);
  size_t to[6];
  parts(&s, to);
  return (to[0] + to[1] + to[2] + to[3] + to[4] + to[5]) * sizeof(float);
}

static work begin(const ci_call *c) {
  work w = {.c = c, .s = sizes_of(c->node, c->in[0].map), .lanes = c->k->lanes, .most = c->k->gemm_vecs};
  const ci_packed *p = c->packed;
  size_t to[6], lanes = (size_t)w.lanes;
  w.bias = p ? p->part[0] : NULL;
  if (!ci_op_has(c->node, 1)) w.bias = NULL;
  w.each = ((size_t)w.s.each + lanes - 1) / lanes * lanes;
  parts(&w.s, to);
  w.queries = c->scratch;
  w.k = w.queries + to[0];
  w.v = w.k + to[1];
  w.products = w.v + to[2];
  w.out = w.products + to[3];
  w.nothing = w.out + to[4];
  memset(w.nothing, 0, to[5] * sizeof(float));
  return w;
}

/* Where column j of a right-hand side of `rows` rows lies in its block of vectors, and the step from row to row. */
static size_t column_at(const work *w, int32_t columns, size_t rows, int32_t j, size_t *step) {
  int32_t all = (columns + w->lanes - 1) / w->lanes, blocks = (all + w->most - 1) / w->most,
          vector = j / w->lanes;
  int32_t b = 0;
  while (ci_conv_block_first(all, blocks, b + 1) <= vector) b++;
  int32_t first = ci_conv_block_first(all, blocks, b), next = ci_conv_block_first(all, blocks, b + 1);
  *step = (size_t)(next - first) * (size_t)w->lanes;
  return (size_t)first * (size_t)w->lanes * rows + (size_t)(j - first * w->lanes);
}

static inline void copy(float *to, const float *from, int32_t n) {
  for (; n >= 8; n -= 8, to += 8, from += 8) memcpy(to, from, 8 * sizeof *to);
  for (; n; n--) *to++ = *from++;
}

/* Keys as columns: head by head, a row a channel. */
static void pack_key(const work *w, int32_t key, const float *px) {
  size_t step, at = column_at(w, w->keys, (size_t)w->s.each, key, &step);
  float *to = w->k + at;
  for (int32_t h = 0; h < w->s.heads; h++, to += w->room * (size_t)w->s.each)
    for (int32_t i = 0; i < w->s.each; i++) to[(size_t)i * step] = *px++;
}

/* Values as rows, which are blocks of vectors of channels. */
static void pack_value(const work *w, int32_t key, const float *px) {
  int32_t all = (int32_t)w->each / w->lanes, blocks = (all + w->most - 1) / w->most;
  for (int32_t b = 0; b < blocks; b++) {
    int32_t first = ci_conv_block_first(all, blocks, b) * w->lanes;
    int32_t width = ci_conv_block_first(all, blocks, b + 1) * w->lanes - first;
    int32_t there = w->s.each - first < width ? w->s.each - first : width;
    float *to = w->v + (size_t)first * (size_t)w->keys + (size_t)key * (size_t)width;
    for (int32_t h = 0; h < w->s.heads; h++, to += w->each * (size_t)w->keys) {
      copy(to, px + h * w->s.each + first, there);
      for (int32_t i = there; i < width; i++) to[i] = 0;
    }
  }
}

/* Columns that fill up the last vector of keys. */
static void clear_rest(const work *w) {
  size_t step;
  for (int32_t j = w->keys; j < (int32_t)w->room; j++) {
    float *to = w->k + column_at(w, w->keys, (size_t)w->s.each, j, &step);
    for (int32_t h = 0; h < w->s.heads; h++, to += w->room * (size_t)w->s.each)
      for (int32_t i = 0; i < w->s.each; i++) to[(size_t)i * step] = 0;
  }
}

static void pack_window(const work *w) {
  const ci_view *in = w->c->in;
  int32_t key = 0;
  for (int32_t y = w->ky; y < w->ky + w->ny; y++)
    for (int32_t x = w->kx; x < w->kx + w->nx; x++, key++) {
      bool inside = y >= 0 && x >= 0 && y < in->map.h && x < in->map.w;
      const float *px = inside ? ci_view_at(in, x, y) + w->s.channels : w->nothing;
      pack_key(w, key, px);
      pack_value(w, key, px + w->s.channels);
    }
  clear_rest(w);
}

/* ---- queries ---------------------------------------------------------------------------------------------- */

/* What is added to the products of the query at (qy, qx) of the window. */
static void fill_bias(const work *w, int32_t head, int32_t qy, int32_t qx, float *to) {
  int32_t rows = ci_attention_table(&w->s.y), columns = ci_attention_table(&w->s.x);
  int32_t y = w->s.y.window - 1 - qy + w->ky - w->y0 + w->s.y.overlap;
  int32_t x = w->s.x.window - 1 - qx + w->kx - w->x0 + w->s.x.overlap;
  const float *from = w->bias + ((size_t)head * (size_t)rows + (size_t)y) * (size_t)columns + x;
  for (int32_t i = 0; i < w->ny; i++, from += columns, to += w->nx) copy(to, from, w->nx);
}

/* c (m x columns) = a (m x rows) times a packed right-hand side, or added to what is there. */
static void multiply(const work *w, ci_gemm_tile t, int32_t columns) {
  int32_t all = (columns + w->lanes - 1) / w->lanes, blocks = (all + w->most - 1) / w->most;
  float *c = t.c;
  for (int32_t b = 0; b < blocks; b++) {
    int32_t first = ci_conv_block_first(all, blocks, b);
    t.vectors = ci_conv_block_first(all, blocks, b + 1) - first;
    t.c = c + first * w->lanes;
    int32_t left = columns - first * w->lanes;
    t.n = left < t.vectors * w->lanes ? left : t.vectors * w->lanes;
    w->c->k->gemm(&t);
    t.b += (size_t)t.vectors * (size_t)w->lanes * (size_t)t.k;
  }
}

/* Some queries of one head: w->queries to w->out. */
static void attend(const work *w, int32_t head, int32_t m) {
  size_t room = w->room, each = (size_t)w->s.each;
  const ci_gemm_tile scores = {.a = w->queries + (size_t)head * each,
                               .a_row = w->s.channels,
                               .a_col = 1,
                               .b = w->k + (size_t)head * room * each,
                               .c = w->products,
                               .c_row = (ptrdiff_t)room,
                               .m = m,
                               .k = w->s.each,
                               .fresh = !w->bias};
  multiply(w, scores, w->keys);
  w->c->k->softmax(w->products, w->products, (size_t)m, w->keys, (int32_t)room);
  const ci_gemm_tile sums = {.a = w->products,
                             .a_row = (ptrdiff_t)room,
                             .a_col = 1,
                             .b = w->v + (size_t)head * w->each * (size_t)w->keys,
                             .c = w->out,
                             .c_row = (ptrdiff_t)w->each,
                             .m = m,
                             .k = w->keys,
                             .fresh = true};
  multiply(w, sums, w->s.each);
}

/* Queries from .. from + m of the part r of the window, in the order of its pixels. */
static void run_queries(const work *w, ci_rect r, int32_t from, int32_t m) {
  int32_t width = r.x1 - r.x0, each = w->s.each;
  for (int32_t i = 0; i < m; i++) {
    const float *px = ci_view_at(w->c->in, r.x0 + (from + i) % width, r.y0 + (from + i) / width);
    w->c->k->scale(w->queries + (size_t)i * (size_t)w->s.channels, px, w->c->node->p.value,
                   (size_t)w->s.channels);
  }
  for (int32_t h = 0; h < w->s.heads; h++) {
    for (int32_t i = 0; w->bias && i < m; i++)
      fill_bias(w, h, r.y0 + (from + i) / width - w->y0, r.x0 + (from + i) % width - w->x0,
                w->products + (size_t)i * w->room);
    attend(w, h, m);
    for (int32_t i = 0; i < m; i++)
      copy(ci_view_at(w->c->out, r.x0 + (from + i) % width, r.y0 + (from + i) / width) + h * each,
           w->out + (size_t)i * w->each, each);
  }
}

/* The part of the rectangle that lies in the window of pixel (x, y). */
static ci_rect run_window(work *w, int32_t x, int32_t y) {
  const sizes *s = &w->s;
  ci_rect r = w->c->rect;
  w->y0 = ci_attention_start(&s->y, y), w->x0 = ci_attention_start(&s->x, x);
  w->ky = ci_attention_first(&s->y, w->y0), w->kx = ci_attention_first(&s->x, w->x0);
  w->ny = ci_attention_end(&s->y, w->y0) - w->ky, w->nx = ci_attention_end(&s->x, w->x0) - w->kx;
  w->keys = w->ny * w->nx;
  w->room = ((size_t)w->keys + (size_t)w->lanes - 1) / (size_t)w->lanes * (size_t)w->lanes;
  r.x0 = x, r.y0 = y;
  if (w->x0 + s->x.window < r.x1) r.x1 = w->x0 + s->x.window;
  if (w->y0 + s->y.window < r.y1) r.y1 = w->y0 + s->y.window;
  pack_window(w);
  int32_t n = (r.x1 - r.x0) * (r.y1 - r.y0);
  for (int32_t i = 0; i < n; i += QUERIES) run_queries(w, r, i, n - i < QUERIES ? n - i : QUERIES);
  return r;
}

static void run(const ci_call *c) {
  work w = begin(c);
  for (int32_t y = c->rect.y0, below; y < c->rect.y1; y = below) {
    below = c->rect.y1;
    for (int32_t x = c->rect.x0; x < c->rect.x1;) {
      ci_rect done = run_window(&w, x, y);
      x = done.x1, below = done.y1;
    }
  }
  for (int32_t y = c->rect.y0; y < c->rect.y1; y++) ci_op_act_row(c, y);
}

/* Keys twice: products and sums. The softmax counts for some more. */
static uint64_t macs(const ci_node *n, const ci_graph *g, const ci_shape *in, ci_shape out) {
  (void)g, (void)out;
  sizes s = sizes_of(n, in[0]);
  return s.keys * (2 * (uint64_t)s.channels + 4 * (uint64_t)s.heads);
}

const ci_op ci_op_window_attention = {
    "WindowAttention", shape, need, pack, scratch, run, macs, align, NULL, NULL};
