/* SPDX-License-Identifier: MIT */
/* binary.c - functions of two elements, broadcast: arithmetic, comparisons, logic; Sum, Mean, Where, PRelu */
#include <math.h>
#include <string.h>

#include "kernels/kinds.h"
#include "tensor/array.h"

/* A row: y[i] of a[i sa] and b[i sb]; sa and sb are 0 or 1. y may be a. */
typedef void float_row(const float *a, size_t sa, const float *b, size_t sb, float *y, size_t n);
typedef void double_row(const double *a, const double *b, double *y, size_t n);
typedef void int_row(const int64_t *a, const int64_t *b, int64_t *y, size_t n);

/* One expression of x and z, in float for speed and in double for storage that differs. */
#define ROWS(name, result)                                                                         \
  static void name##_f(const float *a, size_t sa, const float *b, size_t sb, float *y, size_t n) { \
    if (sa && sb)                                                                                  \
      for (size_t i = 0; i < n; i++) {                                                             \
        float x = a[i], z = b[i];                                                                  \
        y[i] = (float)(result);                                                                    \
      }                                                                                            \
    else if (sa)                                                                                   \
      for (size_t i = 0; i < n; i++) {                                                             \
        float x = a[i], z = b[0];                                                                  \
        y[i] = (float)(result);                                                                    \
      }                                                                                            \
    else                                                                                           \
      for (size_t i = 0; i < n; i++) {                                                             \
        float x = a[0], z = b[i * sb];                                                             \
        y[i] = (float)(result);                                                                    \
      }                                                                                            \
  }                                                                                                \
  static void name##_d(const double *a, const double *b, double *y, size_t n) {                    \
    for (size_t i = 0; i < n; i++) {                                                               \
      double x = a[i], z = b[i];                                                                   \
      y[i] = (double)(result);                                                                     \
    }                                                                                              \
  }
#define INT_ROWS(name, result)                                                     \
  static void name##_i(const int64_t *a, const int64_t *b, int64_t *y, size_t n) { \
    for (size_t i = 0; i < n; i++) {                                               \
      int64_t x = a[i], z = b[i];                                                  \
      y[i] = (result);                                                             \
    }                                                                              \
  }

/* The remainder with the divisor's sign. */
static double modulo(double x, double z) {
  double r = fmod(x, z);
  return r != 0 && (r < 0) != (z < 0) ? r + z : r;
}
/* z of 0 gives 0; -1 by hand, for the least integer by it overflows. */
static int64_t quotient(int64_t x, int64_t z) { return z == 0 ? 0 : z == -1 ? ci_wrap_sub(0, x) : x / z; }
static int64_t int_remainder(int64_t x, int64_t z) { return z == 0 || z == -1 ? 0 : x % z; }
static int64_t int_modulo(int64_t x, int64_t z) {
  int64_t r = int_remainder(x, z);
  return r != 0 && (r < 0) != (z < 0) ? r + z : r;
}
static int64_t int_power(int64_t x, int64_t z) {
  int64_t y = 1;
  if (z < 0) return x == 1 ? 1 : x == -1 ? (z & 1 ? -1 : 1) : 0;
  for (; z; z >>= 1, x = ci_wrap_mul(x, x))
    if (z & 1) y = ci_wrap_mul(y, x);
  return y;
}

ROWS(add, x + z)
ROWS(sub, x - z)
ROWS(mul, x *z)
ROWS(divide, x / z)
ROWS(int_div, z == 0 ? 0 : trunc((double)x / (double)z))
ROWS(power, pow((double)x, (double)z))
ROWS(least, x < z || x != x ? x : z) /* NaN comes through */
ROWS(largest, x > z || x != x ? x : z)
ROWS(mod, modulo((double)x, (double)z))
ROWS(rest, fmod((double)x, (double)z))
ROWS(int_mod, z == 0 ? 0 : modulo((double)x, (double)z))
ROWS(int_rest, z == 0 ? 0 : fmod((double)x, (double)z))
ROWS(equal, x == z)
ROWS(greater, x > z)
ROWS(greater_equal, x >= z)
ROWS(less, x < z)
ROWS(less_equal, x <= z)
ROWS(and, x != 0 && z != 0)
ROWS(or, x != 0 || z != 0)
ROWS(xor, (x != 0) != (z != 0))
ROWS(prelu, x < 0 ? x * z : x)

INT_ROWS(add, ci_wrap_add(x, z))
INT_ROWS(sub, ci_wrap_sub(x, z))
INT_ROWS(mul, ci_wrap_mul(x, z))
INT_ROWS(int_div, quotient(x, z))
INT_ROWS(power, int_power(x, z))
INT_ROWS(least, x < z ? x : z)
INT_ROWS(largest, x > z ? x : z)
INT_ROWS(int_mod, int_modulo(x, z))
INT_ROWS(int_rest, int_remainder(x, z))
INT_ROWS(equal, x == z)
INT_ROWS(greater, x > z)
INT_ROWS(greater_equal, x >= z)
INT_ROWS(less, x < z)
INT_ROWS(less_equal, x <= z)
INT_ROWS(and, x != 0 && z != 0)
INT_ROWS(or, x != 0 || z != 0)
INT_ROWS(xor, (x != 0) != (z != 0))
INT_ROWS(prelu, x < 0 ? ci_wrap_mul(x, z) : x)

typedef struct function {
  const char *type;
  float_row *f;
  double_row *d;
  int_row *i;
} function;

#define ALL(type, name) \
  { type, name##_f, name##_d, name##_i }
static const function functions[] = {
    ALL("Add", add),
    ALL("Sub", sub),
    ALL("Mul", mul),
    ALL("Pow", power),
    ALL("Min", least),
    ALL("Max", largest),
    ALL("Sum", add),
    ALL("Mean", add),
    ALL("Equal", equal),
    ALL("Greater", greater),
    ALL("GreaterOrEqual", greater_equal),
    ALL("Less", less),
    ALL("LessOrEqual", less_equal),
    ALL("And", and),
    ALL("Or", or),
    ALL("Xor", xor),
    ALL("PRelu", prelu),
};
static const function division = {"Div", divide_f, divide_d, int_div_i};
static const function int_division = ALL("Div", int_div);
/* [integers][with the dividend's sign] */
static const function modulos[2][2] = {
    {{"Mod", mod_f, mod_d, int_mod_i}, {"Mod", rest_f, rest_d, int_rest_i}},
    {ALL("Mod", int_mod), ALL("Mod", int_rest)}};

static const function *function_of(const ci_tensor_call *c) {
  bool whole = c->in[0].type != CI_FLOAT;
  if (!strcmp(c->node->type, "Div")) return whole ? &int_division : &division;
  if (!strcmp(c->node->type, "Mod")) return &modulos[whole][ci_attr_int(c->node, "fmod", 0) != 0];
  size_t i = 0;
  while (strcmp(functions[i].type, c->node->type)) i++;
  return &functions[i];
}

/* ---- rows of any storage ------------------------------------------------------------------ */

#define CHUNK 128

static void int_chunk(const function *f, const ci_array *a, size_t ia, const ci_array *b, size_t ib,
                      const int64_t *step, ci_array *y, size_t iy, size_t n) {
  int64_t x[CHUNK] = {0}, z[CHUNK] = {0};
  for (size_t i = 0; i < n; i++) {
    x[i] = ((const int64_t *)a->data)[ia + i * (size_t)step[0]];
    z[i] = ((const int64_t *)b->data)[ib + i * (size_t)step[1]];
  }
  f->i(x, z, x, n);
  for (size_t i = 0; i < n; i++) ci_array_put_int(y, iy + i, x[i]);
}

static void double_chunk(const function *f, const ci_array *a, size_t ia, const ci_array *b, size_t ib,
                         const int64_t *step, ci_array *y, size_t iy, size_t n) {
  double x[CHUNK] = {0}, z[CHUNK] = {0};
  for (size_t i = 0; i < n; i++) {
    x[i] = ci_array_double(a, ia + i * (size_t)step[0]);
    z[i] = ci_array_double(b, ib + i * (size_t)step[1]);
  }
  f->d(x, z, x, n);
  for (size_t i = 0; i < n; i++) ci_array_put(y, iy + i, x[i]);
}

typedef struct job {
  const function *f;
  const ci_kernels *k; /* who does rows of floats; NULL: f->f */
  int32_t op;          /* K_ADD ... */
  const ci_array *a, *b;
  ci_array *y;
  ci_walk w;
} job;

static void float_row_of(const job *j, const float *a, size_t sa, const float *b, size_t sb, float *y,
                         size_t n) {
  if (!j->k || (!sa && !sb)) j->f->f(a, sa, b, sb, y, n);
  else if (sa && sb) j->k->binary(j->op, y, a, b, n);
  else
    for (size_t i = 0, m; i < n; i += m) {
      m = n - i < 1 << 20 ? n - i : 1 << 20;
      j->k->binary_map1(j->op, !sa, y + i, sa ? a + i : b + i, sa ? b : a, 1, (int32_t)m, 0);
    }
}

static void row(const job *j, size_t ia, size_t ib, const int64_t *step, size_t iy, size_t n) {
  const function *f = j->f;
  const ci_array *a = j->a, *b = j->b;
  if (a->dtype == CI_F32 && b->dtype == CI_F32 && j->y->dtype == CI_F32) {
    float_row_of(j, (const float *)a->data + ia, (size_t)step[0], (const float *)b->data + ib,
                 (size_t)step[1], (float *)j->y->data + iy, n);
    return;
  }
  bool whole = a->dtype == CI_I64 && b->dtype == CI_I64;
  for (size_t i = 0; i < n; i += CHUNK) {
    size_t m = n - i < CHUNK ? n - i : CHUNK;
    (whole ? int_chunk : double_chunk)(f, a, ia + i * (size_t)step[0], b, ib + i * (size_t)step[1], step,
                                       j->y, iy + i, m);
  }
}

/* Elements from .. to, which may begin and end within rows. */
static void run_stretch(const void *arg, size_t from, size_t to) {
  const job *j = arg;
  ci_walk w = j->w;
  const int64_t step[2] = {ci_walk_step(&w, 0), ci_walk_step(&w, 1)};
  ci_walk_seek(&w, from / w.n);
  for (size_t o = from, n; o < to; o += n, ci_walk_next(&w)) {
    size_t at = o % w.n;
    n = w.n - at < to - o ? w.n - at : to - o;
    row(j, (size_t)(w.at[0] + (int64_t)at * step[0]), (size_t)(w.at[1] + (int64_t)at * step[1]), step, o, n);
  }
}

/* The kernels' number of a function that they have in vectors, or -1. */
static int32_t kernel_op(const function *f) {
  static const struct {
    float_row *f;
    int32_t op;
  } ops[] = {{add_f, K_ADD},
             {sub_f, K_SUB},
             {mul_f, K_MUL},
             {divide_f, K_DIV},
             {least_f, K_MIN},
             {largest_f, K_MAX},
             {equal_f, K_EQUAL},
             {greater_f, K_GREATER},
             {greater_equal_f, K_GREATER_EQUAL},
             {less_f, K_LESS},
             {less_equal_f, K_LESS_EQUAL},
             {and_f, K_AND},
             {or_f, K_OR},
             {xor_f, K_XOR}};
  for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
    if (ops[i].f == f->f) return ops[i].op;
  return -1;
}

/* y = f(a, b), both broadcast to y; a may be y itself. */
static void apply(const ci_tensor_call *c, const function *f, const ci_array *a, const ci_array *b,
                  ci_array *y) {
  job j = {.f = f, .op = kernel_op(f), .a = a, .b = b, .y = y};
  if (j.op >= 0) j.k = ci_tensor_kernels(c);
  ci_walk_init(&j.w, y->rank, y->dim);
  ci_walk_add(&j.w, a);
  ci_walk_add(&j.w, b);
  ci_walk_start(&j.w);
  ci_tensor_share(c, j.w.rows * j.w.n, 3, run_stretch, &j);
}

/* ---- two operands --------------------------------------------------------------------- */

/* Before opset 7 the second operand's dimensions could begin at any of the first's. Only where that is numpy's way. */
static int check_old_axis(const ci_tensor_call *c, cnnimg_error *err) {
  int64_t axis = ci_attr_int(c->node, "axis", INT32_MAX), last = c->in[0].rank - c->in[1].rank;
  if (axis == INT32_MAX || axis == last || axis == last - c->in[0].rank) return CNNIMG_OK;
  return ci_tensor_refuse(c, err, "aligns its operands as opset 6 did");
}

static int shape(const ci_tensor_call *c, cnnimg_error *err) {
  c->out->type = c->in[0].type;
  int status = check_old_axis(c, err);
  return status ? status : ci_tensor_broadcast(c, 0, 2, c->out, err);
}

static int truth_shape(const ci_tensor_call *c, cnnimg_error *err) {
  c->out->type = CI_BOOL;
  return ci_tensor_broadcast(c, 0, 2, c->out, err);
}

static void run(const ci_tensor_call *c) { apply(c, function_of(c), &c->in[0], &c->in[1], c->out); }

/* Before opset 7 a list of slopes was one a channel. */
static ci_array old_slope(const ci_tensor_call *c) {
  ci_array s = c->in[1];
  if (c->opset >= 7 || s.rank != 1 || c->in[0].rank < 2 || s.dim[0] != c->in[0].dim[1]) return s;
  s.rank = c->in[0].rank - 1;
  for (int32_t i = 1; i < s.rank; i++) s.dim[i] = 1;
  return s;
}

/* The slopes broadcast to x, not the other way round. */
static int prelu_shape(const ci_tensor_call *call, cnnimg_error *err) {
  ci_array in[2] = {call->in[0], old_slope(call)};
  ci_tensor_call with = *call, *c = &with;
  with.in = in;
  int status = shape(c, err);
  if (status) return status;
  bool same = c->out->rank == c->in[0].rank;
  for (int32_t i = 0; same && i < c->out->rank; i++) same = c->out->dim[i] == c->in[0].dim[i];
  return same ? CNNIMG_OK : ci_tensor_fail(c, err, CNNIMG_CORRUPT, "the slopes are larger than the input");
}

static void prelu_run(const ci_tensor_call *call) {
  ci_array in[2] = {call->in[0], old_slope(call)};
  ci_tensor_call with = *call;
  with.in = in;
  run(&with);
}

/* ---- any number of operands --------------------------------------------------------------- */

static int many_shape(const ci_tensor_call *c, cnnimg_error *err) {
  for (int32_t k = 0; k < c->n_in; k++)
    if (!ci_array_given(c, k)) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "input %d is missing", k);
  c->out->type = c->in[0].type;
  return ci_tensor_broadcast(c, 0, c->n_in, c->out, err);
}

static void many_run(const ci_tensor_call *c) {
  ci_walk w;
  ci_walk_init(&w, c->out->rank, c->out->dim);
  ci_walk_add(&w, &c->in[0]);
  ci_walk_start(&w);
  for (size_t r = 0; r < w.rows; r++, ci_walk_next(&w))
    ci_array_copy(c->out, r * w.n, &c->in[0], (size_t)w.at[0], w.n, ci_walk_step(&w, 0));
  for (int32_t k = 1; k < c->n_in; k++) apply(c, function_of(c), c->out, &c->in[k], c->out);
}

static void mean_run(const ci_tensor_call *c) {
  many_run(c);
  for (size_t i = 0; i < c->out->count; i++) ci_array_put(c->out, i, ci_array_double(c->out, i) / c->n_in);
}

/* ---- Where ------------------------------------------------------------------------------- */

static int where_shape(const ci_tensor_call *c, cnnimg_error *err) {
  c->out->type = c->in[1].type;
  return ci_tensor_broadcast(c, 0, 3, c->out, err);
}

static void where_run(const ci_tensor_call *c) {
  ci_walk w;
  ci_walk_init(&w, c->out->rank, c->out->dim);
  for (int32_t k = 0; k < 3; k++) ci_walk_add(&w, &c->in[k]);
  ci_walk_start(&w);
  for (size_t r = 0; r < w.rows; r++, ci_walk_next(&w))
    for (size_t i = 0; i < w.n; i++) {
      int32_t k = ci_array_true(&c->in[0], (size_t)w.at[0] + i * (size_t)ci_walk_step(&w, 0)) ? 1 : 2;
      ci_array_copy(c->out, r * w.n + i, &c->in[k], (size_t)w.at[k] + i * (size_t)ci_walk_step(&w, k), 1, 1);
    }
}

#define TWO(name) \
  { name, 2, 2, "axis broadcast", shape, NULL, run }
#define TRUTH(name) \
  { name, 2, 2, "", truth_shape, NULL, run }
const ci_tensor_op ci_tensor_binary_ops[] = {
    TWO("Add"),
    TWO("Sub"),
    TWO("Mul"),
    TWO("Div"),
    TWO("Pow"),
    TRUTH("Equal"),
    TRUTH("Greater"),
    TRUTH("GreaterOrEqual"),
    TRUTH("Less"),
    TRUTH("LessOrEqual"),
    TRUTH("And"),
    TRUTH("Or"),
    TRUTH("Xor"),
    {"Mod", 2, 2, "fmod", shape, NULL, run},
    {"PRelu", 2, 2, "", prelu_shape, NULL, prelu_run},
    {"Min", 1, -1, "", many_shape, NULL, many_run},
    {"Max", 1, -1, "", many_shape, NULL, many_run},
    {"Sum", 1, -1, "", many_shape, NULL, many_run},
    {"Mean", 1, -1, "", many_shape, NULL, mean_run},
    {"Where", 3, 3, "", where_shape, NULL, where_run},
    {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
