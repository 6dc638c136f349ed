/* SPDX-License-Identifier: MIT */
/* common.c - what ops share: sentences, checks of inputs, packed constants, activations a row */
#include "ops/common.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/error.h"
#include "kernels/kinds.h"

/* kernels/kinds.h repeats the numbers of net/graph.h. */
#define SAME(k, ci) _Static_assert((int)(k) == (int)(ci), #k);
#define ACT(name) SAME(K_##name, CI_ACT_##name)
#define BINARY(name) SAME(K_##name, CI_##name)
#define REDUCE(name) SAME(K_REDUCE_##name, CI_REDUCE_##name)
/* clang-format off */
ACT(NONE) ACT(RELU) ACT(LEAKY) ACT(PRELU) ACT(SIGMOID) ACT(TANH) ACT(CLIP) ACT(ELU) ACT(SELU)
ACT(CELU) ACT(SOFTPLUS) ACT(SOFTSIGN) ACT(HARD_SIGMOID) ACT(HARD_SWISH) ACT(SWISH) ACT(GELU)
ACT(GELU_TANH) ACT(MISH) ACT(THRESHOLDED) ACT(SHRINK) ACT(ABS) ACT(NEG) ACT(SQRT) ACT(EXP) ACT(LOG)
ACT(RECIPROCAL) ACT(ERF) ACT(FLOOR) ACT(CEIL) ACT(ROUND) ACT(TRUNC) ACT(SIGN) ACT(NOT) ACT(SIN)
ACT(COS) ACT(TAN) ACT(ASIN) ACT(ACOS) ACT(ATAN) ACT(SINH) ACT(COSH) ACT(ASINH) ACT(ACOSH) ACT(ATANH)
ACT(COUNT)
BINARY(ADD) BINARY(SUB) BINARY(MUL) BINARY(DIV) BINARY(MIN) BINARY(MAX) BINARY(POW) BINARY(EQUAL)
BINARY(GREATER) BINARY(GREATER_EQUAL) BINARY(LESS) BINARY(LESS_EQUAL) BINARY(AND) BINARY(OR)
BINARY(XOR) BINARY(MOD) BINARY(FMOD) BINARY(INT_DIV) BINARY(BINARY_COUNT)
REDUCE(SUM) REDUCE(MEAN) REDUCE(MAX) REDUCE(MIN) REDUCE(L1) REDUCE(L2) REDUCE(SUM_SQUARE)
REDUCE(PROD) REDUCE(LOG_SUM) REDUCE(LOG_SUM_EXP) REDUCE(ARG_MAX) REDUCE(ARG_MIN) REDUCE(COUNT)
/* clang-format on */

int ci_op_fail(const ci_node *n, cnnimg_error *err, int code, const char *fmt, ...) {
  char text[360];
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  return ci_fail(err, code, "node '%.100s' (%s): %s", n->name, ci_ops[n->op]->name, text);
}

const char *ci_op_value(const ci_graph *g, const ci_node *n, int32_t k) {
  const char *name = ci_op_has(n, k) ? g->values[n->in[k]].name : NULL;
  return name ? name : "?";
}

int ci_op_count(const ci_node *n, int32_t least, int32_t most, cnnimg_error *err) {
  if (n->n_in >= least && n->n_in <= most) return CNNIMG_OK;
  return ci_op_fail(n, err, CNNIMG_CORRUPT, "has %d inputs, but takes %d to %d", n->n_in, least, most);
}

int ci_op_map(const ci_graph *g, const ci_node *n, const ci_shape *in, int32_t k, cnnimg_error *err) {
  if (!ci_op_has(n, k)) return ci_op_fail(n, err, CNNIMG_CORRUPT, "input %d is missing", k);
  if (!ci_is_map(g, n->in[k]))
    return ci_op_fail(n, err, CNNIMG_UNSUPPORTED, "input '%.100s' is a constant where a map is wanted",
                      ci_op_value(g, n, k));
  ci_shape s = in[k];
  if (s.c >= 1 && s.h >= 1 && s.w >= 1 && s.c <= (s.h == 1 && s.w == 1 ? CI_MAX_VECTOR : CI_MAX_CHANNELS) && s.h <= CI_MAX_SIZE && s.w <= CI_MAX_SIZE)
    return CNNIMG_OK;
  return ci_op_fail(n, err, CNNIMG_LIMIT, "input '%.100s' has the shape %d x %d x %d", ci_op_value(g, n, k),
                    s.c, s.h, s.w);
}

int ci_op_const(const ci_graph *g, const ci_node *n, int32_t k, int32_t rank, const ci_tensor **t,
                cnnimg_error *err) {
  *t = ci_op_has(n, k) ? ci_const(g, n->in[k]) : NULL;
  if (!*t)
    return ci_op_fail(n, err, CNNIMG_UNSUPPORTED, "input %d ('%.100s') must be a constant", k,
                      ci_op_value(g, n, k));
  if ((*t)->dtype != CI_F32)
    return ci_op_fail(n, err, CNNIMG_UNSUPPORTED, "'%.100s' holds integers where floats are wanted",
                      ci_op_value(g, n, k));
  if (rank >= 0 && (*t)->rank != rank)
    return ci_op_fail(n, err, CNNIMG_UNSUPPORTED, "'%.100s' has %d dimensions instead of %d",
                      ci_op_value(g, n, k), (*t)->rank, rank);
  if ((*t)->count && (*t)->data) return CNNIMG_OK;
  return ci_op_fail(n, err, CNNIMG_CORRUPT, "'%.100s' is empty", ci_op_value(g, n, k));
}

int ci_op_vector(const ci_graph *g, const ci_node *n, int32_t k, const char *what, int64_t count,
                 const ci_tensor **t, cnnimg_error *err) {
  int status = ci_op_const(g, n, k, -1, t, err);
  if (status || (int64_t)(*t)->count == count) return status;
  return ci_op_fail(n, err, CNNIMG_CORRUPT, "the %s '%.100s' has %zu values instead of %lld", what,
                    ci_op_value(g, n, k), (*t)->count, (long long)count);
}

static int check_act(const ci_graph *g, const ci_node *n, const ci_act *act, int64_t c, cnnimg_error *err) {
  if (act->kind < CI_ACT_NONE || act->kind >= CI_ACT_COUNT)
    return ci_op_fail(n, err, CNNIMG_UNSUPPORTED, "activation %d is unknown", act->kind);
  if (act->kind != CI_ACT_PRELU) return CNNIMG_OK;
  const ci_tensor *t = act->slope >= 0 && (size_t)act->slope < g->n_values ? ci_const(g, act->slope) : NULL;
  if (!t || t->dtype != CI_F32 || !t->data)
    return ci_op_fail(n, err, CNNIMG_UNSUPPORTED, "the slope of PRelu must be a constant of floats");
  if (t->count == 1 || (int64_t)t->count == c) return CNNIMG_OK;
  return ci_op_fail(n, err, CNNIMG_UNSUPPORTED, "PRelu has %zu slopes for %lld channels", t->count,
                    (long long)c);
}

static int check_residual(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape out,
                          cnnimg_error *err) {
  if (n->residual < 0 && n->act2.kind == CI_ACT_NONE) return CNNIMG_OK;
  if (n->op != CI_OP_conv && n->op != CI_OP_conv_transpose)
    return ci_op_fail(n, err, CNNIMG_UNSUPPORTED, "only convolutions take a residual");
  if (n->residual < 0) return CNNIMG_OK;
  int status = ci_op_map(g, n, in, n->residual, err);
  if (status) return status;
  ci_shape r = in[n->residual];
  if (r.c == out.c && r.h == out.h && r.w == out.w) return CNNIMG_OK;
  return ci_op_fail(n, err, CNNIMG_CORRUPT, "adds '%.100s' of %d x %d x %d to %d x %d x %d",
                    ci_op_value(g, n, n->residual), r.c, r.h, r.w, out.c, out.h, out.w);
}

int ci_op_shape(const ci_graph *g, const ci_node *n, const ci_shape *in, int64_t c, int64_t h, int64_t w,
                ci_shape *out, cnnimg_error *err) {
  if (c < 1 || h < 1 || w < 1)
    return ci_op_fail(n, err, CNNIMG_BADARG, "nothing is left: the result would be %lld x %lld x %lld",
                      (long long)c, (long long)h, (long long)w);
  if (c > (h == 1 && w == 1 ? CI_MAX_VECTOR : CI_MAX_CHANNELS) || h > CI_MAX_SIZE || w > CI_MAX_SIZE)
    return ci_op_fail(n, err, CNNIMG_LIMIT, "the result would be %lld x %lld x %lld; at most %d x %d x %d",
                      (long long)c, (long long)h, (long long)w, CI_MAX_CHANNELS, CI_MAX_SIZE, CI_MAX_SIZE);
  *out = (ci_shape){(int32_t)c, (int32_t)h, (int32_t)w};
  int status = check_act(g, n, &n->act, c, err);
  if (!status) status = check_act(g, n, &n->act2, c, err);
  return status ? status : check_residual(g, n, in, *out, err);
}

static void fill_slope(const ci_graph *g, const ci_act *act, int32_t channels, float *to) {
  const ci_tensor *t = ci_const(g, act->slope);
  const float *from = t->data;
  for (int32_t c = 0; c < channels; c++) to[c] = from[t->count == 1 ? 0 : c];
}

int ci_pack_new(const ci_graph *g, const ci_node *n, int32_t channels, const size_t *floats,
                const ci_allocator *a, ci_packed **out, size_t *bytes, cnnimg_error *err) {
  const ci_act *acts[2] = {&n->act, &n->act2};
  size_t sizes[5], total = ci_round_up(sizeof(ci_packed), CI_ALIGN);
  for (int i = 0; i < 5; i++) {
    if (i >= 2) sizes[i] = floats[i - 2];
    else sizes[i] = acts[i]->kind == CI_ACT_PRELU ? ci_round_up((size_t)channels, 16) + CI_SLOPE_PAD : 0;
    size_t part;
    if (!ci_mul(ci_round_up(sizes[i], 16), sizeof(float), &part) || !ci_add(total, part, &total))
      return ci_op_fail(n, err, CNNIMG_LIMIT, "constants too large");
  }
  ci_packed *p = ci_big_alloc(a, total);
  if (!p) return ci_op_fail(n, err, CNNIMG_NOMEM, "no memory for %zu bytes of constants", total);
  float *at = (float *)((char *)p + ci_round_up(sizeof(ci_packed), CI_ALIGN));
  for (int i = 0; i < 5; at += ci_round_up(sizes[i], 16), i++) {
    if (i >= 2) p->part[i - 2] = at;
    else if (sizes[i]) fill_slope(g, acts[i], channels, p->slope[i] = at);
  }
  *out = p;
  *bytes = total;
  return CNNIMG_OK;
}

int ci_pack_act(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape out, const ci_kernels *k,
                const ci_allocator *a, void **packed, size_t *bytes, cnnimg_error *err) {
  (void)in, (void)k;
  *packed = NULL;
  *bytes = 0;
  if (n->act.kind != CI_ACT_PRELU) return CNNIMG_OK;
  ci_packed *p;
  int status = ci_pack_new(g, n, out.c, (const size_t[3]){0}, a, &p, bytes, err);
  if (!status) *packed = p;
  return status;
}

ci_kact ci_op_kact(const ci_call *c, int which) {
  const ci_act *act = which ? &c->node->act2 : &c->node->act;
  const ci_packed *p = c->packed;
  return (ci_kact){act->kind, act->a, act->b, p ? p->slope[which] : NULL};
}

typedef struct share {
  size_t floats;
  void (*fn)(const void *arg, size_t from, size_t to);
  const void *arg;
} share;

static void share_one(void *arg, uint32_t i, uint32_t worker) {
  const share *s = arg;
  size_t from = (size_t)i * CI_SHARE, left = s->floats - from;
  (void)worker;
  s->fn(s->arg, from, from + (left < CI_SHARE ? left : CI_SHARE));
}

void ci_op_share(const ci_call *c, size_t floats, void (*fn)(const void *arg, size_t from, size_t to), const void *arg) {
  share s = {floats, fn, arg};
  size_t n = (floats + CI_SHARE - 1) / CI_SHARE;
  if (c->pool && n > 1 && n <= UINT32_MAX) ci_pool_run(c->pool, (uint32_t)n, share_one, &s);
  else fn(arg, 0, floats);
}

typedef struct act_job {
  const ci_call *c;
  float *row;
  ci_kact act;
} act_job;

static void act_stretch(const void *arg, size_t from, size_t to) {
  const act_job *j = arg;
  ci_kact act = j->act;
  if (act.slope) act.slope += from;
  j->c->k->act(j->row + from, 1, (int32_t)(to - from), &act);
}

void ci_op_act_row(const ci_call *c, int32_t y) {
  if (c->node->act.kind == CI_ACT_NONE) return;
  act_job j = {c, ci_out_row(c, y), ci_op_kact(c, 0)};
  if (ci_row_pixels(c) == 1) ci_op_share(c, (size_t)c->out->cs, act_stretch, &j);
  else c->k->act(j.row, ci_row_pixels(c), c->out->cs, &j.act);
}

ci_rect ci_need_same(const ci_node *n, const ci_shape *in, ci_shape out, int32_t k, ci_rect r) {
  (void)n, (void)out;
  return ci_rect_clip(r, in[k]);
}

ci_rect ci_need_whole(const ci_node *n, const ci_shape *in, ci_shape out, int32_t k, ci_rect r) {
  (void)n, (void)out, (void)r;
  return ci_rect_whole(in[k]);
}
