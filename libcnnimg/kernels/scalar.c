/* SPDX-License-Identifier: MIT */
/* scalar.c - activations and binary operations of one sample: the truth, and the way of those that are no vectors */
#include "kernels/scalar.h"

#include <math.h>

#include "kernels/kinds.h"

static float clamp01(float x) { return x < 0 ? 0 : x > 1 ? 1 : x; }
static float softplus(float x) { return (x > 0 ? x : x != x ? x : 0) + log1pf(expf(-fabsf(x))); }

static float trigonometry(float x, int32_t kind) {
  switch (kind) {
    case K_SIN:
      return sinf(x);
    case K_COS:
      return cosf(x);
    case K_TAN:
      return tanf(x);
    case K_ASIN:
      return asinf(x);
    case K_ACOS:
      return acosf(x);
    case K_ATAN:
      return atanf(x);
    case K_SINH:
      return sinhf(x);
    case K_COSH:
      return coshf(x);
    case K_ASINH:
      return asinhf(x);
    case K_ACOSH:
      return acoshf(x);
    case K_ATANH:
      return atanhf(x);
    default:
      return x;
  }
}

static float elementary(float x, int32_t kind) {
  switch (kind) {
    case K_ABS:
      return fabsf(x);
    case K_NEG:
      return -x;
    case K_SQRT:
      return sqrtf(x);
    case K_EXP:
      return expf(x);
    case K_LOG:
      return logf(x);
    case K_RECIPROCAL:
      return 1 / x;
    case K_ERF:
      return erff(x);
    case K_FLOOR:
      return floorf(x);
    case K_CEIL:
      return ceilf(x);
    case K_ROUND:
      return rintf(x); /* half to even: the mode in which programs start */
    case K_TRUNC:
      return truncf(x);
    case K_SIGN:
      return x > 0 ? 1 : x < 0 ? -1 : x;
    case K_NOT:
      return x == 0;
    default:
      return trigonometry(x, kind);
  }
}

float ci_scalar_act(float x, int32_t kind, float a, float b) {
  switch (kind) {
    case K_NONE:
      return x;
    case K_RELU:
      return x < 0 ? 0 : x;
    case K_LEAKY:
      return x < 0 ? x * a : x;
    case K_SIGMOID:
      return 1 / (1 + expf(-x));
    case K_TANH:
      return tanhf(x);
    case K_CLIP:
      x = x < a ? a : x;
      return x > b ? b : x;
    case K_ELU:
      return x < 0 ? a * expm1f(x) : x;
    case K_SELU:
      return x > 0 ? b * x : b * a * expm1f(x);
    case K_CELU:
      return x < 0 ? a * expm1f(x / a) : x;
    case K_SOFTPLUS:
      return softplus(x);
    case K_SOFTSIGN:
      return x / (1 + fabsf(x));
    case K_HARD_SIGMOID:
      return clamp01(a * x + b);
    case K_HARD_SWISH:
      return x * clamp01(x / 6 + 0.5f);
    case K_SWISH:
      return x / (1 + expf(-a * x));
    case K_GELU:
      return 0.5f * x * (1 + erff(x * 0.70710678f));
    case K_GELU_TANH:
      return 0.5f * x * (1 + tanhf(0.79788456f * (x + 0.044715f * x * x * x)));
    case K_MISH:
      return x * tanhf(softplus(x));
    case K_THRESHOLDED:
      return x > a ? x : 0;
    case K_SHRINK:
      return x < -a ? x + b : x > a ? x - b : 0;
    default:
      return elementary(x, kind);
  }
}

static float modulo(float x, float y) {
  float r = fmodf(x, y);
  return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}

static float int_division(float x, float y) {
  float q = x / y;
  return q - q == 0 ? truncf(q) : 0;
}

float ci_scalar_binary(int32_t op, float a, float b) {
  switch (op) {
    case K_ADD:
      return a + b;
    case K_SUB:
      return a - b;
    case K_MUL:
      return a * b;
    case K_DIV:
      return a / b;
    case K_MIN:
      return a < b || a != a ? a : b;
    case K_MAX:
      return a > b || a != a ? a : b;
    case K_POW:
      return powf(a, b);
    case K_EQUAL:
      return a == b;
    case K_GREATER:
      return a > b;
    case K_GREATER_EQUAL:
      return a >= b;
    case K_LESS:
      return a < b;
    case K_LESS_EQUAL:
      return a <= b;
    case K_AND:
      return a != 0 && b != 0;
    case K_OR:
      return a != 0 || b != 0;
    case K_XOR:
      return (a != 0) != (b != 0);
    case K_MOD:
      return modulo(a, b);
    case K_FMOD:
      return fmodf(a, b);
    default: /* K_INT_DIV */
      return int_division(a, b);
  }
}
