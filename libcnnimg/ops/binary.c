/* SPDX-License-Identifier: MIT */
/* binary.c - sum, difference or product of two maps, or of a map and a constant, broadcast as in ONNX */
#include <string.h>

#include "ops/common.h"

/* How an operand looks from a row of the output. */
typedef enum kind {
  ROW, /* a pixel for each pixel */
  VEC, /* one pixel for all */
  ONE  /* one channel for all, `step` floats a pixel (0: one sample for all) */
} kind;
typedef struct operand {
  kind kind;
  const float *at; /* of the row's first pixel */
  int32_t step;
} operand;

/* A constant's dimensions, aligned to the right, as a shape; false where it has more than a map. */
static bool const_shape(const ci_tensor *t, ci_shape *s) {
  int64_t d[CI_MAX_RANK + 3] = {1, 1, 1};
  if (t->rank < 0 || t->rank > CI_MAX_RANK) return false;
  for (int32_t i = 0; i < t->rank; i++) d[3 + i] = t->dim[i];
  for (int32_t i = 0; i < t->rank; i++)
    if (d[i] != 1) return false;
  const int64_t *m = d + t->rank;
  for (int i = 0; i < 3; i++)
    if (m[i] < 1 || m[i] > CI_MAX_SIZE) return false;
  *s = (ci_shape){(int32_t)m[0], (int32_t)m[1], (int32_t)m[2]};
  return true;
}

/* Operand k's shape, which must be one that broadcasts to a row in a simple way. */
static int operand_shape(const ci_graph *g, const ci_node *n, const ci_shape *in, int32_t k, ci_shape *s,
                         cnnimg_error *err) {
  if (ci_op_has(n, k) && ci_is_map(g, n->in[k])) {
    *s = in[k];
    return ci_op_map(g, n, in, k, err);
  }
  const ci_tensor *t;
  int status = ci_op_const(g, n, k, -1, &t, err);
  if (status || const_shape(t, s)) return status;
  return ci_op_fail(n, err, CNNIMG_UNSUPPORTED, "'%.100s' has %d dimensions and is no map",
                    ci_op_value(g, n, k), t->rank);
}

static int32_t wider(int32_t a, int32_t b) { return a > b ? a : b; }
static bool joins(int32_t a, int32_t b) { return a == b || a == 1 || b == 1; }
/* Rows that stand for all columns, or columns for all rows, are left to nobody. */
static bool simple(ci_shape s, ci_shape out) {
  return (s.h == 1 && s.w == 1) || (s.h == out.h && s.w == out.w);
}

static int shape(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape *out, cnnimg_error *err) {
  ci_shape a, b;
  int status = ci_op_count(n, 2, 2, err);
  if (!status && (n->p.mode < CI_ADD || n->p.mode > CI_MUL))
    status = ci_op_fail(n, err, CNNIMG_UNSUPPORTED, "operation %d is unknown", n->p.mode);
  if (!status && !ci_is_map(g, n->in[0]) && !ci_is_map(g, n->in[1]))
    status = ci_op_fail(n, err, CNNIMG_UNSUPPORTED, "neither operand is a map");
  if (!status) status = operand_shape(g, n, in, 0, &a, err);
  if (!status) status = operand_shape(g, n, in, 1, &b, err);
  if (status) return status;
  ci_shape o = {wider(a.c, b.c), wider(a.h, b.h), wider(a.w, b.w)};
  if (!joins(a.c, b.c) || !joins(a.h, b.h) || !joins(a.w, b.w))
    return ci_op_fail(n, err, CNNIMG_CORRUPT,
                      "'%.100s' of %d x %d x %d and '%.100s' of %d x %d x %d do not match",
                      ci_op_value(g, n, 0), a.c, a.h, a.w, ci_op_value(g, n, 1), b.c, b.h, b.w);
  if (!simple(a, o) || !simple(b, o))
    return ci_op_fail(n, err, CNNIMG_UNSUPPORTED,
                      "%d x %d x %d with %d x %d x %d: broadcasting along one of rows and "
                      "columns is not done",
                      a.c, a.h, a.w, b.c, b.h, b.w);
  return ci_op_shape(g, n, in, o.c, o.h, o.w, out, err);
}

static ci_rect need(const ci_node *n, const ci_shape *in, ci_shape out, int32_t k, ci_rect r) {
  (void)n, (void)out;
  return in[k].h == 1 && in[k].w == 1 ? ci_rect_whole(in[k]) : ci_rect_clip(r, in[k]);
}

/* Channel, row, column -> row, column, channel; a single channel stays dense. */
static void pack_map(const float *from, ci_shape s, int32_t cs, float *to) {
  size_t area = (size_t)s.h * (size_t)s.w;
  for (int32_t c = 0; c < s.c; c++)
    for (size_t i = 0; i < area; i++) to[i * (size_t)cs + (size_t)c] = from[(size_t)c * area + i];
}

/* part[0]: the constant's samples; part[1]: its shape. */
static int pack(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape out, const ci_kernels *k,
                const ci_allocator *a, void **packed, size_t *bytes, cnnimg_error *err) {
  ci_shape s = {0, 0, 0};
  const ci_tensor *t = ci_const(g, n->in[0]) ? ci_const(g, n->in[0]) : ci_const(g, n->in[1]);
  if (!t) return ci_pack_act(g, n, in, out, k, a, packed, bytes, err);
  const_shape(t, &s);
  int32_t cs = s.c == 1 ? 1 : ci_channel_stride(s.c);
  size_t floats[3] = {(size_t)s.h * (size_t)s.w * (size_t)cs, sizeof s / sizeof(float), 0};
  ci_packed *p;
  int status = ci_pack_new(g, n, out.c, floats, a, &p, bytes, err);
  if (status) return status;
  pack_map(t->data, s, cs, p->part[0]);
  memcpy(p->part[1], &s, sizeof s);
  *packed = p;
  return CNNIMG_OK;
}

/* A map or constant of shape s and cs floats a pixel as the row of `out` sees it. */
static operand look(ci_shape s, ci_shape out, const float *at, int32_t cs) {
  bool all = s.h == 1 && s.w == 1 && (out.h > 1 || out.w > 1);
  if (s.c == 1 && out.c > 1) return (operand){ONE, at, all ? 0 : cs};
  return (operand){all ? VEC : ROW, at, cs};
}

static operand operand_of(const ci_call *c, int32_t k, int32_t y) {
  const ci_packed *p = c->packed;
  ci_shape s = c->in[k].map, out = c->out->map;
  if (c->in[k].data) {
    bool dot = s.h == 1 && s.w == 1;
    return look(s, out, ci_view_at(&c->in[k], dot ? 0 : c->rect.x0, dot ? 0 : y), c->in[k].cs);
  }
  memcpy(&s, p->part[1], sizeof s);
  int32_t cs = s.c == 1 ? 1 : ci_channel_stride(s.c);
  size_t pixel = s.h == 1 && s.w == 1 ? 0 : (size_t)y * (size_t)s.w + (size_t)c->rect.x0;
  operand o = look(s, out, p->part[0] + pixel * (size_t)cs, cs);
  if (o.kind != ONE && s.c == 1)
    o = (operand){ONE, o.at, o.kind == VEC ? 0 : 1}; /* it has no lanes to spare */
  return o;
}

/* Spreads an operand over the output's row, so that it becomes a ROW. */
static operand spread(const ci_call *c, operand o, float *out) {
  int32_t cs = c->out->cs;
  for (size_t i = 0; i < ci_row_pixels(c); i++) {
    float *to = out + i * (size_t)cs;
    if (o.kind == VEC) memcpy(to, o.at, (size_t)cs * sizeof *to);
    else
      for (int32_t k = 0; k < cs; k++) to[k] = o.at[i * (size_t)o.step];
  }
  return (operand){ROW, out, cs};
}

static void run_row(const ci_call *c, int32_t y) {
  operand a = operand_of(c, 0, y), b = operand_of(c, 1, y);
  float *out = ci_out_row(c, y);
  size_t pixels = ci_row_pixels(c);
  int32_t cs = c->out->cs, op = c->node->p.mode;
  if (a.kind != ROW && b.kind != ROW) a = spread(c, a, out);
  bool reverse = a.kind != ROW;
  operand row = reverse ? b : a, other = reverse ? a : b;
  if (other.kind == ROW) c->k->binary(op, out, a.at, b.at, pixels * (size_t)cs);
  else if (other.kind == VEC) c->k->binary_vec(op, reverse, out, row.at, other.at, pixels, cs);
  else c->k->binary_map1(op, reverse, out, row.at, other.at, pixels, cs, other.step);
  ci_op_act_row(c, y);
}

static void run(const ci_call *c) {
  for (int32_t y = c->rect.y0; y < c->rect.y1; y++) run_row(c, y);
}

const ci_op ci_op_binary = {"Binary", shape, need, pack, NULL, run, NULL, NULL};
