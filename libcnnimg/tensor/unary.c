/* SPDX-License-Identifier: MIT */
/* unary.c - functions of one element: activations, rounding, exponentials, circles; Clip */
#include <float.h>
#include <math.h>
#include <string.h>

#include "kernels/kinds.h"
#include "tensor/array.h"

/* y may be x. a and b are the parameters of the function. */
typedef void loop(const float *x, float *y, size_t n, float a, float b);
/* With integers stored. */
typedef void int_loop(const int64_t *x, int64_t *y, size_t n);

#define LOOP(name, result)                                                 \
  static void name(const float *x, float *y, size_t n, float a, float b) { \
    (void)a, (void)b;                                                      \
    for (size_t i = 0; i < n; i++) {                                       \
      float v = x[i];                                                      \
      y[i] = (float)(result);                                              \
    }                                                                      \
  }
#define INT_LOOP(name, result)                               \
  static void name(const int64_t *x, int64_t *y, size_t n) { \
    for (size_t i = 0; i < n; i++) {                         \
      int64_t v = x[i];                                      \
      y[i] = (result);                                       \
    }                                                        \
  }

/* Comparisons are written so that NaN comes through. */
static double softplus(double v) { return v > 0 ? v + log1p(exp(-v)) : log1p(exp(v)); }
static double gelu(double v) { return v / 2 * (1 + erf(v * M_SQRT1_2)); }
static double gelu_tanh(double v) { return v / 2 * (1 + tanh(sqrt(2 / M_PI) * (v + 0.044715 * v * v * v))); }
static float unit(float v) { return v < 0 ? 0 : v > 1 ? 1 : v; }
static float low(float v) { return v < 0 ? v : 0; }

LOOP(relu, v < 0 ? 0 : v)
LOOP(leaky, v < 0 ? a * v : v)
LOOP(elu, v < 0 ? a * (float)expm1((double)v) : v)
LOOP(selu, b *(v > 0 ? v : a * (float)expm1((double)v)))
LOOP(celu, v < 0 ? (double)low(a * (float)expm1((double)(v / a))) : (double)v)
LOOP(soft_plus, softplus((double)v))
LOOP(soft_sign, v / (1 + fabsf(v)))
LOOP(hard_sigmoid, unit(a *v + b))
LOOP(hard_swish, v *unit(v / 6 + 0.5f))
LOOP(sigmoid, 1 / (1 + exp(-(double)v)))
LOOP(hyperbolic_tangent, tanh((double)v))
LOOP(gelu_exact, gelu((double)v))
LOOP(gelu_near, gelu_tanh((double)v))
LOOP(error_function, erf((double)v))
LOOP(mish, (double)v *tanh(softplus((double)v)))
LOOP(thresholded, v > a ? v : v != v ? v : 0)
LOOP(shrink, v<-a ? v + b : v> a ? v - b : v != v ? v : 0)
LOOP(absolute, fabsf(v))
LOOP(negative, -v)
LOOP(root, sqrtf(v))
LOOP(exponential, exp((double)v))
LOOP(logarithm, log((double)v))
LOOP(reciprocal, 1 / v)
LOOP(down, floorf(v))
LOOP(up, ceilf(v))
LOOP(even, rintf(v)) /* the default rounding mode: half to even */
LOOP(sign, v > 0 ? 1 : v < 0 ? -1 : v)
LOOP(not, v == 0)
LOOP(sine, sin((double)v))
LOOP(cosine, cos((double)v))
LOOP(tangent, tan((double)v))
LOOP(arc_sine, asin((double)v))
LOOP(arc_cosine, acos((double)v))
LOOP(arc_tangent, atan((double)v))
LOOP(sine_h, sinh((double)v))
LOOP(cosine_h, cosh((double)v))
LOOP(area_sine, asinh((double)v))
LOOP(area_cosine, acosh((double)v))
LOOP(area_tangent, atanh((double)v))
LOOP(is_nan, v != v)
LOOP(is_inf, (a != 0 && v == -INFINITY) || (b != 0 && v == INFINITY)) /* a: negative ones, b: positive ones */

INT_LOOP(int_relu, v < 0 ? 0 : v)
INT_LOOP(int_absolute, v < 0 ? ci_wrap_sub(0, v) : v)
INT_LOOP(int_negative, ci_wrap_sub(0, v))
INT_LOOP(int_sign, (v > 0) - (v < 0))
INT_LOOP(int_not, v == 0)
INT_LOOP(int_same, v)

enum { TYPE_KEPT = -1 };
typedef struct function {
  const char *type;
  loop *run;
  int_loop *run_int;          /* NULL: integers become floats */
  int result;                 /* a ci_type, or TYPE_KEPT */
  const char *first, *second; /* names of a and b, integers where is_inf; NULL: none */
  float a, b;                 /* their defaults */
} function;

static const function functions[] = {
    {"Relu", relu, int_relu, TYPE_KEPT, NULL, NULL, 0, 0},
    {"LeakyRelu", leaky, NULL, CI_FLOAT, "alpha", NULL, 0.01f, 0},
    {"Elu", elu, NULL, CI_FLOAT, "alpha", NULL, 1, 0},
    {"Selu", selu, NULL, CI_FLOAT, "alpha", "gamma", 1.67326319217681884765625f, 1.05070102214813232421875f},
    {"Celu", celu, NULL, CI_FLOAT, "alpha", NULL, 1, 0},
    {"Softplus", soft_plus, NULL, CI_FLOAT, NULL, NULL, 0, 0},
    {"Softsign", soft_sign, NULL, CI_FLOAT, NULL, NULL, 0, 0},
    {"HardSigmoid", hard_sigmoid, NULL, CI_FLOAT, "alpha", "beta", 0.2f, 0.5f},
    {"HardSwish", hard_swish, NULL, CI_FLOAT, NULL, NULL, 0, 0},
    {"Sigmoid", sigmoid, NULL, CI_FLOAT, NULL, NULL, 0, 0},
    {"Tanh", hyperbolic_tangent, NULL, CI_FLOAT, NULL, NULL, 0, 0},
    {"Gelu", gelu_exact, NULL, CI_FLOAT, NULL, NULL, 0, 0},
    {"Erf", error_function, NULL, CI_FLOAT, NULL, NULL, 0, 0},
    {"Mish", mish, NULL, CI_FLOAT, NULL, NULL, 0, 0},
    {"ThresholdedRelu", thresholded, NULL, CI_FLOAT, "alpha", NULL, 1, 0},
    {"Shrink", shrink, NULL, TYPE_KEPT, "lambd", "bias", 0.5f, 0},
    {"Abs", absolute, int_absolute, TYPE_KEPT, NULL, NULL, 0, 0},
    {"Neg", negative, int_negative, TYPE_KEPT, NULL, NULL, 0, 0},
    {"Sqrt", root, NULL, CI_FLOAT, NULL, NULL, 0, 0},
    {"Exp", exponential, NULL, CI_FLOAT, NULL, NULL, 0, 0},
    {"Log", logarithm, NULL, CI_FLOAT, NULL, NULL, 0, 0},
    {"Reciprocal", reciprocal, NULL, CI_FLOAT, NULL, NULL, 0, 0},
    {"Floor", down, int_same, TYPE_KEPT, NULL, NULL, 0, 0},
    {"Ceil", up, int_same, TYPE_KEPT, NULL, NULL, 0, 0},
    {"Round", even, int_same, TYPE_KEPT, NULL, NULL, 0, 0},
    {"Sign", sign, int_sign, TYPE_KEPT, NULL, NULL, 0, 0},
    {"Not", not, int_not, CI_BOOL, NULL, NULL, 0, 0},
    {"Sin", sine, NULL, CI_FLOAT, NULL, NULL, 0, 0},
    {"Cos", cosine, NULL, CI_FLOAT, NULL, NULL, 0, 0},
    {"Tan", tangent, NULL, CI_FLOAT, NULL, NULL, 0, 0},
    {"Asin", arc_sine, NULL, CI_FLOAT, NULL, NULL, 0, 0},
    {"Acos", arc_cosine, NULL, CI_FLOAT, NULL, NULL, 0, 0},
    {"Atan", arc_tangent, NULL, CI_FLOAT, NULL, NULL, 0, 0},
    {"Sinh", sine_h, NULL, CI_FLOAT, NULL, NULL, 0, 0},
    {"Cosh", cosine_h, NULL, CI_FLOAT, NULL, NULL, 0, 0},
    {"Asinh", area_sine, NULL, CI_FLOAT, NULL, NULL, 0, 0},
    {"Acosh", area_cosine, NULL, CI_FLOAT, NULL, NULL, 0, 0},
    {"Atanh", area_tangent, NULL, CI_FLOAT, NULL, NULL, 0, 0},
    {"IsNaN", is_nan, NULL, CI_BOOL, NULL, NULL, 0, 0},
    {"IsInf", is_inf, NULL, CI_BOOL, "detect_negative", "detect_positive", 1, 1},
};

static const function *function_of(const ci_tensor_call *c) {
  size_t i = 0;
  while (strcmp(functions[i].type, c->node->type)) i++;
  return &functions[i];
}

static float parameter(const ci_tensor_call *c, const char *name, float otherwise) {
  if (!name) return 0;
  const ci_attr *a = ci_attr_find(c->node, name);
  return a && a->kind == CI_ATTR_INT ? (float)a->i : ci_attr_float(c->node, name, otherwise);
}

static int shape(const ci_tensor_call *c, cnnimg_error *err) {
  const function *f = function_of(c);
  ci_array_like(c->out, &c->in[0]);
  if (f->result != TYPE_KEPT) c->out->type = (ci_type)f->result;
  const char *how = ci_attr_string(c->node, "approximate", "none");
  if (strcmp(how, "none") && strcmp(how, "tanh"))
    return ci_tensor_fail(c, err, CNNIMG_UNSUPPORTED, "approximate is \"%.40s\"", how);
  return CNNIMG_OK;
}

#define CHUNK 256

/* A stretch whose storage is not float on both sides. */
static void run_chunk(const function *f, const ci_tensor_call *c, size_t from, size_t n, float a, float b) {
  const ci_array *in = &c->in[0];
  if (f->run_int && in->dtype == CI_I64) {
    int64_t room[CHUNK];
    f->run_int((const int64_t *)in->data + from, room, n);
    for (size_t i = 0; i < n; i++) ci_array_put_int(c->out, from + i, room[i]);
    return;
  }
  float room[CHUNK];
  for (size_t i = 0; i < n; i++) room[i] = ci_array_float(in, from + i);
  f->run(room, room, n, a, b);
  for (size_t i = 0; i < n; i++) ci_array_put(c->out, from + i, (double)room[i]);
}

/* What kernels/ computes in vectors; the parameters mean the same there. */
static int32_t kind_of(const ci_tensor_call *c) {
  static const struct {
    const char *type;
    int32_t kind;
  } kinds[] = {{"Relu", K_RELU},
               {"LeakyRelu", K_LEAKY},
               {"Elu", K_ELU},
               {"Selu", K_SELU},
               {"Celu", K_CELU},
               {"Softplus", K_SOFTPLUS},
               {"Softsign", K_SOFTSIGN},
               {"HardSigmoid", K_HARD_SIGMOID},
               {"HardSwish", K_HARD_SWISH},
               {"Sigmoid", K_SIGMOID},
               {"Tanh", K_TANH},
               {"Gelu", K_GELU},
               {"Erf", K_ERF},
               {"Mish", K_MISH},
               {"Abs", K_ABS},
               {"Neg", K_NEG},
               {"Sqrt", K_SQRT},
               {"Exp", K_EXP},
               {"Log", K_LOG},
               {"Reciprocal", K_RECIPROCAL},
               {"Floor", K_FLOOR},
               {"Ceil", K_CEIL},
               {"Round", K_ROUND},
               {"Sign", K_SIGN}};
  if (!strcmp(ci_attr_string(c->node, "approximate", "none"), "tanh")) return K_GELU_TANH;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (!strcmp(kinds[i].type, c->node->type)) return kinds[i].kind;
  return K_NONE;
}

typedef struct job {
  const ci_tensor_call *c;
  const ci_kernels *k;
  const function *f;
  ci_kact act; /* K_NONE: f */
  float a, b;
} job;

/* Copied a little at a time, so that it is still near when it is worked on. */
static void act_stretch(const job *j, size_t from, size_t to) {
  const float *x = j->c->in[0].data;
  float *y = j->c->out->data;
  for (size_t i = from, n; i < to; i += n) {
    n = to - i < 4096 ? to - i : 4096;
    memcpy(y + i, x + i, n * sizeof *y);
    j->k->act(y + i, 1, (int32_t)n, &j->act);
  }
}

static void run_stretch(const void *arg, size_t from, size_t to) {
  const job *j = arg;
  const ci_tensor_call *c = j->c;
  bool floats = c->in[0].dtype == CI_F32 && c->out->dtype == CI_F32;
  if (floats && j->act.kind != K_NONE) act_stretch(j, from, to);
  else if (floats)
    j->f->run((const float *)c->in[0].data + from, (float *)c->out->data + from, to - from, j->a, j->b);
  else
    for (size_t i = from; i < to; i += CHUNK)
      run_chunk(j->f, c, i, to - i < CHUNK ? to - i : CHUNK, j->a, j->b);
}

static void run(const ci_tensor_call *c) {
  function f = *function_of(c);
  if (!strcmp(ci_attr_string(c->node, "approximate", "none"), "tanh")) f.run = gelu_near;
  job j = {.c = c,
           .k = ci_tensor_kernels(c),
           .f = &f,
           .a = parameter(c, f.first, f.a),
           .b = parameter(c, f.second, f.b)};
  j.act = (ci_kact){kind_of(c), j.a, j.b, NULL};
  ci_tensor_share(c, c->out->count, 2, run_stretch, &j);
}

/* ---- Clip: bounds as attributes at first, then as inputs --------------------------------- */

static int clip_shape(const ci_tensor_call *c, cnnimg_error *err) {
  ci_array_like(c->out, &c->in[0]);
  for (int32_t k = 1; k < 3; k++)
    if (ci_array_given(c, k) && c->in[k].count != 1)
      return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "a bound of %zu numbers", c->in[k].count);
  return CNNIMG_OK;
}

static void clip_ints(const ci_tensor_call *c) {
  int64_t least = ci_array_given(c, 1) ? ci_array_int(&c->in[1], 0) : INT64_MIN;
  int64_t most = ci_array_given(c, 2) ? ci_array_int(&c->in[2], 0) : INT64_MAX;
  const int64_t *x = c->in[0].data;
  for (size_t i = 0; i < c->out->count; i++) {
    int64_t v = x[i] < least ? least : x[i];
    ci_array_put_int(c->out, i, v > most ? most : v);
  }
}

static void clip_run(const ci_tensor_call *c) {
  if (c->in[0].dtype == CI_I64) {
    clip_ints(c);
    return;
  }
  float least =
      ci_array_given(c, 1) ? ci_array_float(&c->in[1], 0) : ci_attr_float(c->node, "min", -INFINITY);
  float most = ci_array_given(c, 2) ? ci_array_float(&c->in[2], 0) : ci_attr_float(c->node, "max", INFINITY);
  if (c->out->dtype == CI_F32) {
    job j = {.c = c, .k = ci_tensor_kernels(c), .act = {K_CLIP, least, most, NULL}};
    ci_tensor_share(c, c->out->count, 2, run_stretch, &j);
    return;
  }
  const float *x = c->in[0].data;
  for (size_t i = 0; i < c->out->count; i++) {
    float v = x[i] < least ? least : x[i];
    ci_array_put(c->out, i, (double)(v > most ? most : v));
  }
}

#define PLAIN(name) \
  { name, 1, 1, "", shape, NULL, run }
const ci_tensor_op ci_tensor_unary_ops[] = {
    PLAIN("Relu"),
    PLAIN("Softplus"),
    PLAIN("Softsign"),
    PLAIN("HardSwish"),
    PLAIN("Sigmoid"),
    PLAIN("Tanh"),
    PLAIN("Erf"),
    PLAIN("Mish"),
    PLAIN("Abs"),
    PLAIN("Neg"),
    PLAIN("Sqrt"),
    PLAIN("Exp"),
    PLAIN("Log"),
    PLAIN("Reciprocal"),
    PLAIN("Floor"),
    PLAIN("Ceil"),
    PLAIN("Round"),
    PLAIN("Sign"),
    PLAIN("Not"),
    PLAIN("Sin"),
    PLAIN("Cos"),
    PLAIN("Tan"),
    PLAIN("Asin"),
    PLAIN("Acos"),
    PLAIN("Atan"),
    PLAIN("Sinh"),
    PLAIN("Cosh"),
    PLAIN("Asinh"),
    PLAIN("Acosh"),
    PLAIN("Atanh"),
    PLAIN("IsNaN"),
    {"LeakyRelu", 1, 1, "alpha", shape, NULL, run},
    {"Elu", 1, 1, "alpha", shape, NULL, run},
    {"Selu", 1, 1, "alpha gamma", shape, NULL, run},
    {"Celu", 1, 1, "alpha", shape, NULL, run},
    {"HardSigmoid", 1, 1, "alpha beta", shape, NULL, run},
    {"Gelu", 1, 1, "approximate", shape, NULL, run},
    {"ThresholdedRelu", 1, 1, "alpha", shape, NULL, run},
    {"Shrink", 1, 1, "bias lambd", shape, NULL, run},
    {"IsInf", 1, 1, "detect_negative detect_positive", shape, NULL, run},
    {"Clip", 1, 3, "max min", clip_shape, NULL, clip_run},
    {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
