/* SPDX-License-Identifier: MIT */
/* binary.c - two and more operands, broadcast as numpy has it: arithmetic, comparisons, logic, choices */
#include <math.h>
#include <string.h>

#include "tensor/tensor_op.h"

typedef enum what { ADD, SUB, MUL, DIV, POW, MIN, MAX, MOD, FMOD, EQUAL, GREATER, GREATER_EQUAL, LESS, LESS_EQUAL, AND, OR, XOR, PRELU } what;

static const struct {
  const char *type;
  what w;
} list[] = {{"Add", ADD},     {"Sub", SUB},   {"Mul", MUL},     {"Div", DIV},         {"Pow", POW},
            {"Min", MIN},     {"Max", MAX},   {"Sum", ADD},     {"Mean", ADD},        {"Equal", EQUAL},
            {"Greater", GREATER}, {"GreaterOrEqual", GREATER_EQUAL}, {"Less", LESS}, {"LessOrEqual", LESS_EQUAL},
            {"And", AND},     {"Or", OR},     {"Xor", XOR},     {"PRelu", PRELU}};

static what what_of(const ci_tensor_call *c) {
  for (size_t i = 0; i < sizeof list / sizeof *list; i++)
    if (!strcmp(list[i].type, c->node->type)) return list[i].w;
  return ci_attr_int(c->node, "fmod", 0) ? FMOD : MOD;
}

static bool is_truth(what w) { return w >= EQUAL && w <= XOR; }

/* ---- where element i of the result lies in an operand ---------------------------------------------- */

typedef struct walk {
  int32_t rank;
  int64_t dim[CI_MAX_RANK], at[CI_MAX_RANK];
  int64_t step[3][CI_MAX_RANK]; /* of each operand, 0 where it is repeated */
  int64_t place[3];
} walk;

static void walk_begin(walk *w, const ci_array *out, const ci_array *const *in, int32_t n) {
  *w = (walk){.rank = out->rank};
  memcpy(w->dim, out->dim, sizeof w->dim);
  for (int32_t k = 0; k < n; k++) {
    int64_t stride = 1;
    for (int32_t i = in[k]->rank - 1; i >= 0; i--) {
      if (in[k]->dim[i] != 1) w->step[k][i + out->rank - in[k]->rank] = stride;
      stride *= in[k]->dim[i];
    }
  }
}

static inline void walk_next(walk *w, int32_t n) {
  for (int32_t i = w->rank - 1; i >= 0; i--) {
    for (int32_t k = 0; k < n; k++) w->place[k] += w->step[k][i];
    if (++w->at[i] < w->dim[i]) return;
    for (int32_t k = 0; k < n; k++) w->place[k] -= w->step[k][i] * w->dim[i];
    w->at[i] = 0;
  }
}

/* ---- one pair ------------------------------------------------------------------------------------------ */

static float modulo(float x, float y) {
  float r = fmodf(x, y);
  return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}

static float of_floats(what w, float x, float y) {
  switch (w) {
    case ADD: return x + y;
    case SUB: return x - y;
    case MUL: return x * y;
    case DIV: return x / y;
    case POW: return powf(x, y);
    case MIN: return x < y || x != x ? x : y;
    case MAX: return x > y || x != x ? x : y;
    case MOD: return modulo(x, y);
    case FMOD: return fmodf(x, y);
    case EQUAL: return x == y;
    case GREATER: return x > y;
    case GREATER_EQUAL: return x >= y;
    case LESS: return x < y;
    case LESS_EQUAL: return x <= y;
    case AND: return x != 0 && y != 0;
    case OR: return x != 0 || y != 0;
    case XOR: return (x != 0) != (y != 0);
    default: return x < 0 ? x * y : x; /* PRELU */
  }
}

/* Wraps where it overflows; nothing is undefined. */
static int64_t int_power(int64_t x, int64_t y) {
  uint64_t r = 1, b = (uint64_t)x;
  if (y < 0) return x == 1 ? 1 : x == -1 ? (y % 2 ? -1 : 1) : 0;
  for (; y; y >>= 1, b *= b)
    if (y & 1) r *= b;
  return (int64_t)r;
}

static int64_t int_mod(int64_t x, int64_t y, bool sign_of_dividend) {
  if (y == 0 || y == -1) return 0;
  int64_t r = x % y;
  return !sign_of_dividend && r && (r < 0) != (y < 0) ? r + y : r;
}

static int64_t of_ints(what w, int64_t x, int64_t y) {
  uint64_t a = (uint64_t)x, b = (uint64_t)y;
  switch (w) {
    case ADD: return (int64_t)(a + b);
    case SUB: return (int64_t)(a - b);
    case MUL: return (int64_t)(a * b);
    case DIV: return y == 0 ? 0 : y == -1 ? (int64_t)(0 - a) : x / y;
    case POW: return int_power(x, y);
    case MIN: return x < y ? x : y;
    case MAX: return x > y ? x : y;
    case MOD: return int_mod(x, y, false);
    case FMOD: return int_mod(x, y, true);
    case EQUAL: return x == y;
    case GREATER: return x > y;
    case GREATER_EQUAL: return x >= y;
    case LESS: return x < y;
    case LESS_EQUAL: return x <= y;
    case AND: return x && y;
    case OR: return x || y;
    case XOR: return !x != !y;
    default: return x < 0 ? (int64_t)(a * b) : x;
  }
}

/* out = a op b; a may be out itself (of the same shape then). */
static void pairs(what w, ci_array *out, const ci_array *a, const ci_array *b) {
  const ci_array *const in[2] = {a, b};
  bool ints = a->dtype == CI_I64 && b->dtype == CI_I64, cut = out->type == CI_INT && w == DIV;
  walk at;
  walk_begin(&at, out, in, 2);
  for (size_t i = 0; i < out->count; i++, walk_next(&at, 2)) {
    size_t x = (size_t)at.place[0], y = (size_t)at.place[1];
    if (ints) {
      int64_t v = of_ints(w, ((const int64_t *)a->data)[x], ((const int64_t *)b->data)[y]);
      if (out->dtype == CI_I64) ((int64_t *)out->data)[i] = v;
      else ((float *)out->data)[i] = (float)v;
    } else {
      float v = of_floats(w, ci_array_float(a, x), ci_array_float(b, y));
      if (cut) v = v - v == 0 ? truncf(v) : 0;
      if (out->dtype == CI_F32) ((float *)out->data)[i] = v;
      else ((int64_t *)out->data)[i] = v >= 9.2e18f ? INT64_MAX : v <= -9.2e18f ? INT64_MIN : v == v ? (int64_t)v : 0;
    }
  }
}

/* ---- operations --------------------------------------------------------------------------------------------- */

static int shape(const ci_tensor_call *c, cnnimg_error *err) {
  for (int32_t k = 0; k < c->n_in; k++)
    if (!ci_array_given(c, k)) return ci_tensor_refuse(c, err, "an input is missing");
  c->out->type = is_truth(what_of(c)) ? CI_BOOL : c->in[0].type;
  return ci_tensor_broadcast(c, 0, c->n_in, c->out, err);
}

static int prelu_shape(const ci_tensor_call *c, cnnimg_error *err) {
  int status = shape(c, err);
  if (!status && (c->out->rank != c->in[0].rank || memcmp(c->out->dim, c->in[0].dim, (size_t)c->out->rank * sizeof(int64_t))))
    return ci_tensor_refuse(c, err, "its slope is larger than what it is applied to");
  return status;
}

/* The legacy way of opset 6: b is aligned with a's dimensions from `axis` on. Only where that is numpy's own. */
static int arithmetic_shape(const ci_tensor_call *c, cnnimg_error *err) {
  if (ci_attr_int(c->node, "broadcast", 0) && ci_attr_find(c->node, "axis")) {
    int64_t axis = ci_attr_int(c->node, "axis", 0);
    if (axis < 0) axis += c->in[0].rank;
    if (axis != c->in[0].rank - c->in[1].rank) return ci_tensor_refuse(c, err, "aligns its operands as opset 6 did");
  }
  return shape(c, err);
}

static void run(const ci_tensor_call *c) {
  what w = what_of(c);
  if (c->n_in == 1) {
    for (size_t i = 0; i < c->out->count; i++)
      ci_array_set(c->out, i, c->in[0].dtype == CI_I64 ? (double)((const int64_t *)c->in[0].data)[i]
                                                        : (double)((const float *)c->in[0].data)[i]);
    return;
  }
  pairs(w, c->out, &c->in[0], &c->in[1]);
  for (int32_t k = 2; k < c->n_in; k++) pairs(w, c->out, c->out, &c->in[k]);
}

static void mean_run(const ci_tensor_call *c) {
  run(c);
  for (size_t i = 0; i < c->out->count; i++) ci_array_set(c->out, i, ci_array_float(c->out, i) / (float)c->n_in);
}

static int where_shape(const ci_tensor_call *c, cnnimg_error *err) {
  c->out->type = c->in[1].type;
  return ci_tensor_broadcast(c, 0, 3, c->out, err);
}

static void where_run(const ci_tensor_call *c) {
  const ci_array *const in[3] = {&c->in[0], &c->in[1], &c->in[2]};
  walk at;
  walk_begin(&at, c->out, in, 3);
  for (size_t i = 0; i < c->out->count; i++, walk_next(&at, 3)) {
    bool yes = ci_array_float(in[0], (size_t)at.place[0]) != 0;
    const ci_array *from = yes ? in[1] : in[2];
    size_t place = (size_t)at.place[yes ? 1 : 2];
    if (c->out->dtype == CI_I64) ((int64_t *)c->out->data)[i] = ci_array_int(from, place);
    else ((float *)c->out->data)[i] = ci_array_float(from, place);
  }
}

#define TWO(t, attributes) {t, 2, 2, attributes, arithmetic_shape, NULL, run}
#define MANY(t) {t, 1, -1, "", shape, NULL, run}
const ci_tensor_op ci_tensor_binary_ops[] = {
    TWO("Add", "axis broadcast"), TWO("Sub", "axis broadcast"), TWO("Mul", "axis broadcast"), TWO("Div", "axis broadcast"),
    TWO("Pow", "axis broadcast"), TWO("Mod", "fmod"), TWO("Equal", "axis broadcast"), TWO("Greater", "axis broadcast"),
    TWO("GreaterOrEqual", ""), TWO("Less", "axis broadcast"), TWO("LessOrEqual", ""), TWO("And", "axis broadcast"),
    TWO("Or", "axis broadcast"), TWO("Xor", "axis broadcast"), MANY("Min"), MANY("Max"), MANY("Sum"),
    {"Mean", 1, -1, "", shape, NULL, mean_run},
    {"PRelu", 2, 2, "", prelu_shape, NULL, run},
    {"Where", 3, 3, "", where_shape, NULL, where_run},
    {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
