/* SPDX-License-Identifier: MIT */
/* window_attention.c - WindowAttention in standard operators, for files that run anywhere */
#include <math.h>

#include "net/attention.h"
#include "net/build.h"
#include "net/window_attention.h"

/*
 * The map is rolled so that windows begin at its first pixel (or, where windows overlap, padded), and cut into windows
 * as [windows, keys or queries, channels a head]; positions beside each other after rolling that were not before get a
 * bias that no exp survives.
 */
#define NEVER (-1e30f)

typedef struct body {
  ci_build b;
  const ci_pnode *n;
  int64_t heads, window[2], shift[2], overlap[2];
  int32_t bias;                    /* value, or CI_NONE */
  int32_t height, width, channels; /* of the result, each [1] */
  int32_t down, across;            /* windows, each [1] */
} body;

static void pair(const ci_pnode *n, const char *name, int64_t otherwise, int64_t to[2]) {
  const int64_t *v = NULL;
  bool given = ci_attr_ints(n, name, &v) == 2;
  for (int i = 0; i < 2; i++) to[i] = given ? v[i] : otherwise;
}

static int32_t number(body *d, int64_t v) { return ci_build_ints(&d->b, &v, 1); }

static int32_t op2(body *d, const char *type, int32_t x, int32_t y) {
  return ci_build_op2(&d->b, type, x, y);
}

static int32_t by(body *d, const char *type, int32_t x, int64_t v) { return op2(d, type, x, number(d, v)); }

static int32_t list(body *d, const int32_t *v, int32_t n) {
  int32_t y = ci_build_node(&d->b, "Concat", v, n);
  ci_build_attr_int(&d->b, "axis", 0);
  return y;
}

static int32_t reshape(body *d, int32_t x, const int32_t *dims, int32_t n) {
  return op2(d, "Reshape", x, list(d, dims, n));
}

static int32_t transpose(body *d, int32_t x, const int64_t *order, size_t n) {
  int32_t y = ci_build_op1(&d->b, "Transpose", x);
  ci_build_attr_ints(&d->b, "perm", order, n);
  return y;
}

static int32_t slice(body *d, int32_t x, int64_t axis, int32_t from, int32_t to) {
  return ci_build_node(&d->b, "Slice", (const int32_t[]){x, from, to, number(d, axis)}, 4);
}

static int32_t join(body *d, int32_t x, int32_t y, int64_t axis) {
  int32_t z = ci_build_node(&d->b, "Concat", (const int32_t[]){x, y}, 2);
  ci_build_attr_int(&d->b, "axis", axis);
  return z;
}

/* Rows (axis 2) or columns (3) from `by` on come first; less than 0: the last ones. */
static int32_t roll(body *d, int32_t x, int64_t axis, int64_t by) {
  if (!by) return x;
  int32_t at = number(d, by), end = number(d, INT64_MAX);
  return join(d, slice(d, x, axis, at, end), slice(d, x, axis, number(d, 0), at), axis);
}

static int32_t size_of(body *d, int32_t x, int64_t axis) {
  int32_t shape = ci_build_op1(&d->b, "Shape", x);
  return slice(d, shape, 0, number(d, axis), number(d, axis + 1));
}

/* ---- windows ------------------------------------------------------------------------------------- */

/* [1, k, H, W] as [windows, k, wh ww]; k: [1]. */
static int32_t windows(body *d, int32_t x, int32_t k) {
  static const int64_t order[6] = {0, 2, 4, 1, 3, 5};
  int32_t wh = number(d, d->window[0]), ww = number(d, d->window[1]), one = number(d, 1);
  int32_t y = reshape(d, x, (const int32_t[]){one, k, d->down, wh, d->across, ww}, 6);
  y = transpose(d, y, order, 6);
  return reshape(d, y, (const int32_t[]){number(d, -1), k, number(d, d->window[0] * d->window[1])}, 3);
}

/* One axis of windows that overlap: rows, one window behind the other, by a list of them. */
static int32_t take(body *d, int32_t x, int64_t axis, int32_t count) {
  int64_t size = d->window[axis - 2] + 2 * d->overlap[axis - 2];
  ci_build *b = &d->b;
  int32_t zero = ci_build_node(b, "Squeeze", (const int32_t[]){number(d, 0)}, 1);
  int32_t one = ci_build_node(b, "Squeeze", (const int32_t[]){number(d, 1)}, 1);
  int32_t n = ci_build_node(b, "Squeeze", (const int32_t[]){count}, 1);
  int32_t many = ci_build_node(b, "Squeeze", (const int32_t[]){number(d, size)}, 1);
  int32_t first =
      by(d, "Mul", ci_build_node(b, "Range", (const int32_t[]){zero, n, one}, 3), d->window[axis - 2]);
  first = ci_build_node(b, "Unsqueeze", (const int32_t[]){first, number(d, 1)}, 2);
  int32_t all = op2(d, "Add", first, ci_build_node(b, "Range", (const int32_t[]){zero, many, one}, 3));
  int32_t y = op2(d, "Gather", x, reshape(d, all, (const int32_t[]){number(d, -1)}, 1));
  ci_build_attr_int(b, "axis", axis);
  return y;
}

/* The same with what lies around each window, 0 beyond the map. */
static int32_t overlapping(body *d, int32_t x, int32_t k) {
  const int64_t *o = d->overlap, pads[8] = {0, 0, o[0], o[1], 0, 0, o[0], o[1]};
  static const int64_t order[6] = {0, 2, 4, 1, 3, 5};
  int64_t kh = d->window[0] + 2 * o[0], kw = d->window[1] + 2 * o[1];
  int32_t y = op2(d, "Pad", x, ci_build_ints(&d->b, pads, 8));
  y = take(d, take(d, y, 2, d->down), 3, d->across);
  y = reshape(d, y, (const int32_t[]){number(d, 1), k, d->down, number(d, kh), d->across, number(d, kw)}, 6);
  y = transpose(d, y, order, 6);
  return reshape(d, y, (const int32_t[]){number(d, -1), k, number(d, kh * kw)}, 3);
}

/* Queries, keys or values as [windows, heads, channels a head, pixels]. */
static int32_t heads_of(body *d, int32_t x, int part) {
  int32_t from = by(d, "Mul", d->channels, part), to = by(d, "Mul", d->channels, part + 1);
  bool around = part && (d->overlap[0] || d->overlap[1]);
  int32_t y = slice(d, x, 1, from, to);
  y = around ? overlapping(d, y, d->channels) : windows(d, y, d->channels);
  int64_t pixels = d->window[0] * d->window[1];
  if (around) pixels = (d->window[0] + 2 * d->overlap[0]) * (d->window[1] + 2 * d->overlap[1]);
  int32_t each = by(d, "Div", d->channels, d->heads);
  return reshape(d, y, (const int32_t[]){number(d, -1), number(d, d->heads), each, number(d, pixels)}, 4);
}

/* ---- what is added to the products ----------------------------------------------------------------- */

/* Row-major places in the bias: a query's less a key's, and a constant, is the place of the pair. */
static int32_t places(body *d, const int64_t size[2], const int64_t dim[2], int64_t plus) {
  int64_t columns = 2 * d->window[1] - 1 + 2 * d->overlap[1];
  ci_tensor *t = ci_tensor_new(CI_I64, 2, dim);
  for (int64_t i = 0; t && i < size[0] * size[1]; i++)
    ((int64_t *)t->owned)[i] = i / size[1] * columns + i % size[1] + plus;
  return ci_build_tensor(&d->b, t);
}

/* [heads, queries, keys] of the table. */
static int32_t spread_bias(body *d) {
  const int64_t *w = d->window, *o = d->overlap, columns = 2 * w[1] - 1 + 2 * o[1];
  const int64_t around[2] = {w[0] + 2 * o[0], w[1] + 2 * o[1]};
  const int64_t down[2] = {w[0] * w[1], 1}, across[2] = {1, around[0] * around[1]};
  int32_t q = places(d, w, down, (w[0] - 1 + 2 * o[0]) * columns + w[1] - 1 + 2 * o[1]);
  int32_t at = op2(d, "Sub", q, places(d, around, across, 0));
  const int32_t flat[2] = {number(d, d->heads), number(d, -1)};
  int32_t y = op2(d, "Gather", reshape(d, d->bias, flat, 2), at);
  ci_build_attr_int(&d->b, "axis", 1);
  return y;
}

/* 1 for the rows (or columns) of a rolled map that came around, else 0: [size]. */
static int32_t came_around(body *d, int axis, int32_t size) {
  ci_build *b = &d->b;
  int32_t zero = ci_build_node(b, "Squeeze", (const int32_t[]){number(d, 0)}, 1);
  int32_t one = ci_build_node(b, "Squeeze", (const int32_t[]){number(d, 1)}, 1);
  int32_t n = ci_build_node(b, "Squeeze", (const int32_t[]){size}, 1);
  int32_t at = ci_build_node(b, "Range", (const int32_t[]){zero, n, one}, 3);
  int32_t y = op2(d, "GreaterOrEqual", at, by(d, "Sub", size, d->shift[axis]));
  y = ci_build_op1(b, "Cast", y);
  ci_build_attr_int(b, "to", 1); /* float */
  return y;
}

/* [windows, 1, queries, keys]: 0, or NEVER between the pixels that were no neighbours. */
static int32_t mask(body *d) {
  ci_build *b = &d->b;
  int32_t rows = came_around(d, 0, d->height), columns = came_around(d, 1, d->width), one = number(d, 1);
  rows = reshape(d, rows, (const int32_t[]){one, one, number(d, -1), one}, 4);
  columns = ci_build_scale(b, columns, 2);
  int32_t kind = windows(d, op2(d, "Add", rows, columns), one);
  int32_t pixels = number(d, d->window[0] * d->window[1]), any = number(d, -1);
  int32_t q = reshape(d, kind, (const int32_t[]){any, one, pixels, one}, 4);
  int32_t k = reshape(d, kind, (const int32_t[]){any, one, one, pixels}, 4);
  int32_t apart = ci_build_op1(b, "Abs", op2(d, "Sub", q, k));
  return ci_build_scale(b, ci_build_op1(b, "Sign", apart), NEVER);
}

/* ---- all of it ----------------------------------------------------------------------------------------- */

/* [windows, heads, channels a head, pixels] as the map. */
static int32_t as_map(body *d, int32_t x) {
  static const int64_t order[6] = {0, 3, 1, 4, 2, 5};
  int32_t one = number(d, 1), wh = number(d, d->window[0]), ww = number(d, d->window[1]);
  int32_t y = reshape(d, x, (const int32_t[]){one, d->down, d->across, d->channels, wh, ww}, 6);
  y = transpose(d, y, order, 6);
  return reshape(d, y, (const int32_t[]){one, d->channels, d->height, d->width}, 4);
}

static void measure(body *d, int32_t x) {
  d->channels = by(d, "Div", size_of(d, x, 1), 3);
  d->height = size_of(d, x, 2), d->width = size_of(d, x, 3);
  d->down = by(d, "Div", d->height, d->window[0]);
  d->across = by(d, "Div", d->width, d->window[1]);
}

/* As the node says, or 1 / sqrt(channels a head). */
static int32_t scaled(body *d, int32_t products) {
  const ci_attr *said = ci_attr_find(d->n, "scale");
  if (said) return ci_build_scale(&d->b, products, said->f);
  int32_t each = ci_build_op1(&d->b, "Cast", by(d, "Div", d->channels, d->heads));
  ci_build_attr_int(&d->b, "to", 1);
  return op2(d, "Div", products, ci_build_op1(&d->b, "Sqrt", each));
}

static int32_t write(body *d, int32_t x) {
  static const int64_t last[4] = {0, 1, 3, 2};
  measure(d, x);
  x = roll(d, roll(d, x, 2, d->shift[0]), 3, d->shift[1]);
  int32_t q = transpose(d, heads_of(d, x, 0), last, 4), k = heads_of(d, x, 1), v = heads_of(d, x, 2);
  int32_t y = scaled(d, op2(d, "MatMul", q, k));
  if (d->bias != CI_NONE) y = op2(d, "Add", y, spread_bias(d));
  if (d->shift[0] || d->shift[1]) y = op2(d, "Add", y, mask(d));
  y = ci_build_op1(&d->b, "Softmax", y);
  ci_build_attr_int(&d->b, "axis", -1);
  y = op2(d, "MatMul", v, transpose(d, y, last, 4));
  y = as_map(d, y);
  return roll(d, roll(d, y, 2, -d->shift[0]), 3, -d->shift[1]);
}

/* An input that may be anything: the node's checks are the op's. */
static int32_t input(body *d, const char *name, int32_t rank) {
  ci_pinput in = {.value = ci_program_add_value(d->b.p, name, NULL), .type = CI_FLOAT, .rank = rank};
  if (in.value < 0 || ci_program_add_input(d->b.p, &in))
    return ci_build_fail(&d->b, CNNIMG_NOMEM, "no memory for a function");
  return in.value;
}

static bool sane(const body *d) {
  for (int i = 0; i < 2; i++)
    if (d->window[i] < 1 || d->window[i] > CI_ATTENTION_KEYS || d->overlap[i] < 0 ||
        d->overlap[i] > CI_ATTENTION_KEYS)
      return false;
  return (d->window[0] + 2 * d->overlap[0]) * (d->window[1] + 2 * d->overlap[1]) <= CI_ATTENTION_KEYS &&
         d->heads >= 1;
}

static int make(const ci_pnode *n, ci_program **out, cnnimg_error *err) {
  body d = {.n = n, .heads = ci_attr_int(n, "heads", 1), .bias = CI_NONE};
  int32_t x = -1, y = -1;
  *out = NULL;
  pair(n, "window", 1, d.window);
  pair(n, "shift", 0, d.shift);
  pair(n, "overlap", 0, d.overlap);
  if (!ci_build_init(&d.b, NULL, err)) x = input(&d, "qkv", 4);
  if (!d.b.status && n->n_in > 1 && n->in[1] >= 0) d.bias = input(&d, "bias", 3);
  if (!sane(&d)) ci_build_fail(&d.b, CNNIMG_UNSUPPORTED, "WindowAttention of such windows");
  if (!d.b.status) y = write(&d, x);
  return ci_build_finish(&d.b, y, out);
}

const ci_function ci_function_window_attention = {"WindowAttention", make};
