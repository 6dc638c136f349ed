/* SPDX-License-Identifier: MIT */
/* unary.c - element by element: activations, roots, roundings, trigonometry */
#include <math.h>
#include <string.h>

#include "tensor/tensor_op.h"

/* x, and the two parameters of the operation. */
typedef float function(float x, float a, float b);

static float relu(float x, float a, float b) { return (void)a, (void)b, x < 0 ? 0 : x; }
static float leaky(float x, float a, float b) { return (void)b, x < 0 ? a * x : x; }
static float elu(float x, float a, float b) { return (void)b, x < 0 ? a * expm1f(x) : x; }
static float selu(float x, float a, float b) { return x > 0 ? b * x : b * a * expm1f(x); }
static float celu(float x, float a, float b) { return (void)b, x < 0 ? a * expm1f(x / a) : x; }
static float softplus(float x, float a, float b) { return (void)a, (void)b, fmaxf(x, 0) + log1pf(expf(-fabsf(x))); }
static float softsign(float x, float a, float b) { return (void)a, (void)b, x / (1 + fabsf(x)); }
static float clamp01(float x) { return x < 0 ? 0 : x > 1 ? 1 : x; }
static float hard_sigmoid(float x, float a, float b) { return clamp01(a * x + b); }
static float hard_swish(float x, float a, float b) { return (void)a, (void)b, x * clamp01(x / 6 + 0.5f); }
static float sigmoid(float x, float a, float b) { return (void)a, (void)b, 1 / (1 + expf(-x)); }
static float swish(float x, float a, float b) { return (void)b, x / (1 + expf(-a * x)); }
static float mish(float x, float a, float b) { return x * tanhf(softplus(x, a, b)); }
static float thresholded(float x, float a, float b) { return (void)b, x > a ? x : 0; }
static float shrink(float x, float a, float b) { return x < -a ? x + b : x > a ? x - b : 0; }
static float gelu(float x, float a, float b) { return (void)a, (void)b, 0.5f * x * (1 + erff(x * 0.70710678f)); }
static float gelu_tanh(float x, float a, float b) {
  return (void)a, (void)b, 0.5f * x * (1 + tanhf(0.79788456f * (x + 0.044715f * x * x * x)));
}
static float sign(float x, float a, float b) { return (void)a, (void)b, x > 0 ? 1 : x < 0 ? -1 : x; }
static float is_zero(float x, float a, float b) { return (void)a, (void)b, x == 0; }
static float is_nan(float x, float a, float b) { return (void)a, (void)b, x != x; }
static float is_inf(float x, float a, float b) {
  return (a != 0 && x == INFINITY) || (b != 0 && x == -INFINITY);
}
static float reciprocal(float x, float a, float b) { return (void)a, (void)b, 1 / x; }
static float negative(float x, float a, float b) { return (void)a, (void)b, -x; }
#define LIBM(name, f) \
  static float name(float x, float a, float b) { return (void)a, (void)b, f(x); }
LIBM(absolute, fabsf)
LIBM(root, sqrtf)
LIBM(exponential, expf)
LIBM(logarithm, logf)
LIBM(error_function, erff)
LIBM(floor_of, floorf)
LIBM(ceil_of, ceilf)
LIBM(round_of, rintf) /* half to even: the mode in which programs start */
LIBM(tanh_of, tanhf)
LIBM(sin_of, sinf)
LIBM(cos_of, cosf)
LIBM(tan_of, tanf)
LIBM(asin_of, asinf)
LIBM(acos_of, acosf)
LIBM(atan_of, atanf)
LIBM(sinh_of, sinhf)
LIBM(cosh_of, coshf)
LIBM(asinh_of, asinhf)
LIBM(acosh_of, acoshf)
LIBM(atanh_of, atanhf)

typedef struct unary {
  const char *type;
  function *f;
  const char *a, *b; /* attributes, NULL: none */
  float default_a, default_b;
  bool truth; /* the result is true or false */
} unary;

static const unary list[] = {
    {"Relu", relu, NULL, NULL, 0, 0, false},
    {"LeakyRelu", leaky, "alpha", NULL, 0.01f, 0, false},
    {"Elu", elu, "alpha", NULL, 1, 0, false},
    {"Selu", selu, "alpha", "gamma", 1.67326319217681884765625f, 1.05070102214813232421875f, false},
    {"Celu", celu, "alpha", NULL, 1, 0, false},
    {"Softplus", softplus, NULL, NULL, 0, 0, false},
    {"Softsign", softsign, NULL, NULL, 0, 0, false},
    {"HardSigmoid", hard_sigmoid, "alpha", "beta", 0.2f, 0.5f, false},
    {"HardSwish", hard_swish, NULL, NULL, 0, 0, false},
    {"Sigmoid", sigmoid, NULL, NULL, 0, 0, false},
    {"Swish", swish, "alpha", NULL, 1, 0, false},
    {"Mish", mish, NULL, NULL, 0, 0, false},
    {"Tanh", tanh_of, NULL, NULL, 0, 0, false},
    {"ThresholdedRelu", thresholded, "alpha", NULL, 1, 0, false},
    {"Shrink", shrink, "lambd", "bias", 0.5f, 0, false},
    {"Abs", absolute, NULL, NULL, 0, 0, false},
    {"Neg", negative, NULL, NULL, 0, 0, false},
    {"Sqrt", root, NULL, NULL, 0, 0, false},
    {"Exp", exponential, NULL, NULL, 0, 0, false},
    {"Log", logarithm, NULL, NULL, 0, 0, false},
    {"Reciprocal", reciprocal, NULL, NULL, 0, 0, false},
    {"Erf", error_function, NULL, NULL, 0, 0, false},
    {"Floor", floor_of, NULL, NULL, 0, 0, false},
    {"Ceil", ceil_of, NULL, NULL, 0, 0, false},
    {"Round", round_of, NULL, NULL, 0, 0, false},
    {"Sign", sign, NULL, NULL, 0, 0, false},
    {"Not", is_zero, NULL, NULL, 0, 0, true},
    {"IsNaN", is_nan, NULL, NULL, 0, 0, true},
    {"IsInf", is_inf, NULL, NULL, 0, 0, true},
    {"Sin", sin_of, NULL, NULL, 0, 0, false},
    {"Cos", cos_of, NULL, NULL, 0, 0, false},
    {"Tan", tan_of, NULL, NULL, 0, 0, false},
    {"Asin", asin_of, NULL, NULL, 0, 0, false},
    {"Acos", acos_of, NULL, NULL, 0, 0, false},
    {"Atan", atan_of, NULL, NULL, 0, 0, false},
    {"Sinh", sinh_of, NULL, NULL, 0, 0, false},
    {"Cosh", cosh_of, NULL, NULL, 0, 0, false},
    {"Asinh", asinh_of, NULL, NULL, 0, 0, false},
    {"Acosh", acosh_of, NULL, NULL, 0, 0, false},
    {"Atanh", atanh_of, NULL, NULL, 0, 0, false},
};

static unary find(const ci_tensor_call *c) {
  for (size_t i = 0; i < sizeof list / sizeof *list; i++)
    if (!strcmp(list[i].type, c->node->type)) return list[i];
  return (unary){.f = strcmp(ci_attr_string(c->node, "approximate", "none"), "tanh") ? gelu : gelu_tanh};
}

static int shape(const ci_tensor_call *c, cnnimg_error *err) {
  (void)err;
  ci_array_like(c->out, &c->in[0]);
  if (find(c).truth) c->out->type = CI_BOOL;
  return CNNIMG_OK;
}

/* int64 stays exact where it can; -INT64_MIN wraps. */
static bool run_int(const ci_tensor_call *c) {
  const char *t = c->node->type;
  bool neg = !strcmp(t, "Neg"), abs_ = !strcmp(t, "Abs"), rel = !strcmp(t, "Relu"), sgn = !strcmp(t, "Sign");
  if (c->in[0].dtype != CI_I64 || c->out->dtype != CI_I64 || !(neg || abs_ || rel || sgn)) return false;
  const int64_t *x = c->in[0].data;
  int64_t *y = c->out->data;
  for (size_t i = 0; i < c->out->count; i++) {
    bool flip = neg || (abs_ && x[i] < 0);
    y[i] = flip ? (int64_t)(0 - (uint64_t)x[i]) : sgn ? (x[i] > 0) - (x[i] < 0) : rel && x[i] < 0 ? 0 : x[i];
  }
  return true;
}

static void run(const ci_tensor_call *c) {
  unary u = find(c);
  float a = u.a ? ci_attr_float(c->node, u.a, u.default_a) : 0, b = u.b ? ci_attr_float(c->node, u.b, u.default_b) : 0;
  if (u.f == is_inf) {
    a = (float)ci_attr_int(c->node, "detect_positive", 1);
    b = (float)ci_attr_int(c->node, "detect_negative", 1);
  }
  if (run_int(c)) return;
  for (size_t i = 0; i < c->out->count; i++) ci_array_set(c->out, i, u.f(ci_array_float(&c->in[0], i), a, b));
}

/* ---- clip: bounds are attributes, or inputs that may be computed ------------------------------------ */

static int clip_shape(const ci_tensor_call *c, cnnimg_error *err) {
  for (int32_t k = 1; k < c->n_in; k++)
    if (ci_array_given(c, k) && c->in[k].count != 1) return ci_tensor_refuse(c, err, "a bound is not one number");
  ci_array_like(c->out, &c->in[0]);
  return CNNIMG_OK;
}

static float clip_bound(const ci_tensor_call *c, int32_t k, const char *name, float otherwise) {
  if (ci_array_given(c, k)) return ci_array_float(&c->in[k], 0);
  return ci_attr_float(c->node, name, otherwise);
}

static void clip_run(const ci_tensor_call *c) {
  float lo = clip_bound(c, 1, "min", -INFINITY), hi = clip_bound(c, 2, "max", INFINITY);
  for (size_t i = 0; i < c->out->count; i++) {
    float x = ci_array_float(&c->in[0], i);
    x = x < lo ? lo : x;
    ci_array_set(c->out, i, x > hi ? hi : x);
  }
}

#define PLAIN(t, attributes) {t, 1, 1, attributes, shape, NULL, run}
const ci_tensor_op ci_tensor_unary_ops[] = {
    PLAIN("Relu", ""), PLAIN("LeakyRelu", "alpha"), PLAIN("Elu", "alpha"), PLAIN("Selu", "alpha gamma"),
    PLAIN("Celu", "alpha"), PLAIN("Softplus", ""), PLAIN("Softsign", ""), PLAIN("HardSigmoid", "alpha beta"),
    PLAIN("HardSwish", ""), PLAIN("Sigmoid", ""), PLAIN("Swish", "alpha"), PLAIN("Mish", ""), PLAIN("Tanh", ""),
    PLAIN("ThresholdedRelu", "alpha"), PLAIN("Shrink", "lambd bias"), PLAIN("Gelu", "approximate"), PLAIN("Abs", ""),
    PLAIN("Neg", ""), PLAIN("Sqrt", ""), PLAIN("Exp", ""), PLAIN("Log", ""), PLAIN("Reciprocal", ""), PLAIN("Erf", ""),
    PLAIN("Floor", ""), PLAIN("Ceil", ""), PLAIN("Round", ""), PLAIN("Sign", ""), PLAIN("Not", ""), PLAIN("IsNaN", ""),
    PLAIN("IsInf", "detect_negative detect_positive"), PLAIN("Sin", ""), PLAIN("Cos", ""), PLAIN("Tan", ""),
    PLAIN("Asin", ""), PLAIN("Acos", ""), PLAIN("Atan", ""), PLAIN("Sinh", ""), PLAIN("Cosh", ""), PLAIN("Asinh", ""),
    PLAIN("Acosh", ""), PLAIN("Atanh", ""),
    {"Clip", 1, 3, "min max", clip_shape, NULL, clip_run},
    {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
