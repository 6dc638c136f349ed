/* SPDX-License-Identifier: MIT */
/* vec.h - vectors of CI_LANES floats: partial loads and stores, selection, activations */
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

/*
 * Before a loop: UNROLL, whose turns are a constant, for those over sums that must become registers; UNROLL_BY(n) for
 * those with any number of turns; ROLL for those that would only grow the code. clang does not hear "#pragma GCC
 * unroll": the sums then stay in memory, at a third of the speed; and it loads four turns' samples at once, more than
 * NEON's registers hold beside the sums.
 */
#define PRAGMA(text) _Pragma(#text)
#if defined(__clang__)
#define UNROLL PRAGMA(clang loop unroll(full))
#define ROLL PRAGMA(clang loop unroll(disable))
#if defined(__aarch64__)
#define UNROLL_BY(n) ROLL
#else
#define UNROLL_BY(n) PRAGMA(clang loop unroll_count(n))
#endif
#else
#define UNROLL PRAGMA(GCC unroll 16)
#define ROLL PRAGMA(GCC unroll 1)
#define UNROLL_BY(n) PRAGMA(GCC unroll n)
#endif

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

#include "kernels/vec_math.h"

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
