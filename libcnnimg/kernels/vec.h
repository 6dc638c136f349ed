/* SPDX-License-Identifier: MIT */
/* vec.h - vectors of CI_LANES floats: partial loads and stores, selection, exp, tanh, activations */
#ifndef CI_LANES
#error "CI_LANES says how wide a vector is; see avx2.c"
#endif
/* Everything is static: a function that two files share could be emitted with the wider instruction set. */
#include <math.h>
#include <string.h>

#include "kernels/kernels.h"
#include "kernels/kinds.h"
#include "kernels/scalar.h"

#define INLINE static inline __attribute__((always_inline))

typedef float vf __attribute__((vector_size(CI_LANES * 4)));
typedef int32_t vi __attribute__((vector_size(CI_LANES * 4)));
typedef float vf_any
    __attribute__((vector_size(CI_LANES * 4), aligned(4), may_alias)); /* anywhere in memory */

INLINE vf load(const float *p) { return *(const vf_any *)p; }
INLINE void store(float *p, vf v) { *(vf_any *)p = v; }
INLINE vf splat(float x) { return x - (vf){0}; } /* - 0 keeps the sign of -0 */
INLINE vf as_f(vi v) { return (vf)v; }
INLINE vf select_f(vi mask, vf yes, vf no) { return as_f((mask & (vi)yes) | (~mask & (vi)no)); }

/* k < CI_LANES floats; 4 and 8 (the narrow channel strides) are one move each. */
INLINE vf load_part(const float *p, int32_t k) {
  vf v = {0};
  if (k == 4) memcpy(&v, p, 16);
#if CI_LANES > 8
  else if (k == 8) memcpy(&v, p, 32);
#endif
  else
    for (int32_t i = 0; i < k; i++) v[i] = p[i];
  return v;
}
INLINE void store_part(float *p, vf v, int32_t k) {
  if (k == 4) memcpy(p, &v, 16);
#if CI_LANES > 8
  else if (k == 8) memcpy(p, &v, 32);
#endif
  else
    for (int32_t i = 0; i < k; i++) p[i] = v[i];
}
INLINE vf load_upto(const float *p, int32_t k) { return k >= CI_LANES ? load(p) : load_part(p, k); }
INLINE void store_upto(float *p, vf v, int32_t k) {
  if (k >= CI_LANES) store(p, v);
  else store_part(p, v, k);
}

/* NaN passes through both: a comparison with it is false. */
INLINE vf at_least(vf x, vf low) { return select_f(x < low, low, x); }
INLINE vf at_most(vf x, vf high) { return select_f(x > high, high, x); }

/*
 * exp(x) for finite x, at most about 1.5 units in the last place: x = n ln 2 + r, |r| <= ln 2 / 2, ln 2 in two
 * parts (Cody and Waite), e^r by a polynomial of degree 7 (Taylor's; the remainder is below 2^-27), times 2^n in
 * two halves so that results near overflow and below the normal range come out right.
 */
static vf exp_v(vf x) {
  const float magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer */
  x = at_most(at_least(x, splat(-104.0f)), splat(89.0f));
  vf t = x * 1.44269504088896341f + magic;
  vf n = t - magic;
  vf r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  vf p = r * (1.0f / 5040) + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * (r * r) + r;
  p = p + 1.0f;
  vi whole = (vi)t - (vi)splat(magic);
  vi half = whole >> 1;
  return p * as_f((half + 127) << 23) * as_f((whole - half + 127) << 23);
}

static vf sigmoid_v(vf x) { return 1.0f / (1.0f + exp_v(-x)); }

/* Small |x|: the odd polynomial of Cephes (Moshier), relative error below 2^-23; else 1 - 2 / (e^2|x| + 1). */
static vf tanh_v(vf x) {
  vi sign = (vi)x & (vi)splat(-0.0f);
  vf ax = as_f((vi)x ^ sign), z = x * x;
  vf p = z * -5.70498872745e-3f + 2.06390887954e-2f;
  p = p * z + -5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z + -3.33332819422e-1f;
  p = p * z * x + x;
  vf big = 1.0f - 2.0f / (exp_v(ax + ax) + 1.0f);
  return select_f(ax < splat(0.625f), p, as_f((vi)big | sign));
}

/* The rest, out of line: convolutions keep their registers. What has no vector form goes lane by lane. */
static __attribute__((noinline)) vf act_more_v(vf x, int32_t kind, float a, float b) {
  vf y = {0};
  switch (kind) {
    case K_ELU:
      return select_f(x < (vf){0}, (exp_v(x) - 1.0f) * a, x);
    case K_SELU:
      return select_f(x > (vf){0}, x, (exp_v(x) - 1.0f) * a) * b;
    case K_HARD_SIGMOID:
      return at_most(at_least(x * a + b, splat(0)), splat(1));
    case K_HARD_SWISH:
      return x * at_most(at_least(x * (1 / 6.0f) + 0.5f, splat(0)), splat(1));
    case K_SWISH:
      return x * sigmoid_v(x * a);
    case K_GELU_TANH:
      return x * 0.5f * (1.0f + tanh_v((x + x * x * x * 0.044715f) * 0.79788456f));
    case K_ABS:
      return as_f((vi)x & ~(vi)splat(-0.0f));
    case K_NEG:
      return -x;
    case K_RECIPROCAL:
      return 1.0f / x;
    default:
      for (int32_t i = 0; i < CI_LANES; i++) y[i] = ci_scalar_act(x[i], kind, a, b);
      return y;
  }
}

/* slope: of these lanes, for PRELU. */
INLINE vf act_v(vf x, int32_t kind, float a, float b, vf slope) {
  switch (kind) {
    case K_NONE:
      return x;
    case K_RELU:
      return select_f(x < (vf){0}, (vf){0}, x);
    case K_LEAKY:
      return select_f(x < (vf){0}, x * a, x);
    case K_PRELU:
      return select_f(x < (vf){0}, x * slope, x);
    case K_SIGMOID:
      return sigmoid_v(x);
    case K_TANH:
      return tanh_v(x);
    case K_CLIP:
      return at_most(at_least(x, splat(a)), splat(b));
    default:
      return act_more_v(x, kind, a, b);
  }
}
