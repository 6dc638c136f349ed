/* SPDX-License-Identifier: MIT */
/* binary.c - arithmetic, comparisons and logic of two operands, broadcast as in ONNX */
#include "ops/broadcast.h"

static int shape(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape *out, cnnimg_error *err) {
  ci_shape o;
  int status = ci_op_count(n, 2, 2, err);
  if (!status && (n->p.mode < CI_ADD || n->p.mode >= CI_BINARY_COUNT))
    status = ci_op_fail(n, err, CNNIMG_UNSUPPORTED, "operation %d is unknown", n->p.mode);
  if (!status) status = ci_broadcast_shape(g, n, in, 2, &o, err);
  return status ? status : ci_op_shape(g, n, in, o.c, o.h, o.w, out, err);
}

/* A row for each operand that must be spread out. */
static size_t scratch(const ci_node *n, const ci_shape *in, ci_shape out, int32_t width) {
  (void)n, (void)in;
  return 2 * (size_t)width * (size_t)ci_channel_stride(out.c) * sizeof(float);
}

/* One pixel of all channels for every pixel, or one channel for all of them. */
static bool is_pixel(const ci_operand *o, ci_shape out) { return o->shape.w == 1 && o->shape.c == out.c; }
static bool is_channel(const ci_operand *o, ci_shape out) { return o->shape.c == 1 && out.c > 1; }
static bool is_row(const ci_operand *o, ci_shape out) { return o->shape.w == out.w && o->shape.c == out.c; }

static void run_row(const ci_call *c, int32_t y) {
  ci_operand a = ci_broadcast_operand(c, 0, y), b = ci_broadcast_operand(c, 1, y);
  ci_shape o = c->out->map;
  float *out = ci_out_row(c, y);
  size_t pixels = ci_row_pixels(c), floats = pixels * (size_t)c->out->cs;
  int32_t cs = c->out->cs, op = c->node->p.mode;
  bool reverse = !is_row(&a, o) && is_row(&b, o);
  const ci_operand *row = reverse ? &b : &a, *other = reverse ? &a : &b;
  if (is_row(&a, o) && is_row(&b, o)) c->k->binary(op, out, a.at, b.at, floats);
  else if (is_row(row, o) && is_pixel(other, o)) c->k->binary_vec(op, reverse, out, row->at, other->at, pixels, cs);
  else if (is_row(row, o) && is_channel(other, o))
    c->k->binary_map1(op, reverse, out, row->at, other->at, pixels, cs, other->shape.w == 1 ? 0 : other->cs);
  else
    c->k->binary(op, out, ci_broadcast_row(c, 0, y, c->scratch), ci_broadcast_row(c, 1, y, (float *)c->scratch + floats),
                 floats);
  ci_op_act_row(c, y);
}

/* Two vectors, or a vector and a number, in stretches. */
typedef struct vectors {
  const ci_call *c;
  const float *a, *b;
  bool number, reverse; /* b is one */
  float *out;
} vectors;

static void run_stretch(const void *arg, size_t from, size_t to) {
  const vectors *v = arg;
  int32_t op = v->c->node->p.mode;
  if (v->number) v->c->k->binary_map1(op, v->reverse, v->out + from, v->a + from, v->b, 1, (int32_t)(to - from), 0);
  else v->c->k->binary(op, v->out + from, v->a + from, v->b + from, to - from);
}

static bool run_vectors(const ci_call *c) {
  ci_shape o = c->out->map;
  if (o.w != 1 || c->rect.y1 - c->rect.y0 != 1 || o.c <= CI_SHARE) return false;
  ci_operand a = ci_broadcast_operand(c, 0, c->rect.y0), b = ci_broadcast_operand(c, 1, c->rect.y0);
  bool reverse = !is_row(&a, o);
  const ci_operand *row = reverse ? &b : &a, *other = reverse ? &a : &b;
  if (!is_row(row, o) || !(is_row(other, o) || is_channel(other, o))) return false;
  vectors v = {c, row->at, other->at, !is_row(other, o), reverse, ci_out_row(c, c->rect.y0)};
  ci_op_share(c, (size_t)c->out->cs, run_stretch, &v);
  ci_op_act_row(c, c->rect.y0);
  return true;
}

static void run(const ci_call *c) {
  if (run_vectors(c)) return;
  for (int32_t y = c->rect.y0; y < c->rect.y1; y++) run_row(c, y);
}

const ci_op ci_op_binary = {"Binary", shape, ci_broadcast_need, ci_broadcast_pack, scratch, run, NULL, NULL, NULL, NULL};
