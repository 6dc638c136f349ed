/* SPDX-License-Identifier: MIT */
/* vec_math.h - vectors' exp, log, erf, tanh and rounding, and the activations that are made of them; in vec.h */
#ifndef CI_LANES
#error "CI_LANES says how wide a vector is; see avx2.c"
#endif

INLINE vi sign_of(vf x) { return (vi)x & (vi)splat(-0.0f); }
INLINE vf size_of(vf x) { return as_f((vi)x & ~(vi)splat(-0.0f)); }
INLINE vf with_sign(vf x, vi sign) { return as_f((vi)x | sign); } /* x >= 0, or already so */

/*
 * e^x = 2^n e^r: x = n ln 2 + r, |r| <= ln 2 / 2, ln 2 in two parts (Cody and Waite). Returns e^r - 1, by a polynomial
 * of degree 7 (Taylor's; the remainder is below 2^-27).
 */
INLINE vf exp_part(vf x, vi *n) {
  const float magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer */
  vf t = x * 1.44269504088896341f + magic;
  vf whole = t - magic;
  vf r = (x - whole * 0.693359375f) - whole * -2.12194440e-4f;
  vf p = r * (1.0f / 5040) + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  *n = (vi)t - (vi)splat(magic);
  return p * (r * r) + r;
}

/* At most about 1.5 units in the last place; 2^n comes in two halves so that results near overflow and below the
 * normal range come out right. */
INLINE vf exp_in(vf x) {
  vi n;
  vf p = exp_part(at_most(at_least(x, splat(-104.0f)), splat(89.0f)), &n) + 1.0f;
  vi half = n >> 1;
  return p * as_f((half + 127) << 23) * as_f((n - half + 127) << 23);
}
static vf exp_v(vf x) { return exp_in(x); }

/* e^x - 1 for x <= 0. */
static vf expm1_v(vf x) {
  vi n;
  vf p = exp_part(at_least(x, splat(-30.0f)), &n), power = as_f((n + 127) << 23);
  return p * power + (power - 1.0f);
}

static vf sigmoid_v(vf x) { return 1.0f / (1.0f + exp_v(-x)); }

/* Small |x|: the odd polynomial of Cephes (Moshier), relative error below 2^-23; else 1 - 2 / (e^2|x| + 1). */
static vf tanh_v(vf x) {
  vf ax = size_of(x), z = x * x;
  vf p = z * -5.70498872745e-3f + 2.06390887954e-2f;
  p = p * z + -5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z + -3.33332819422e-1f;
  p = p * z * x + x;
  vf big = 1.0f - 2.0f / (exp_v(ax + ax) + 1.0f);
  return select_f(ax < splat(0.625f), p, with_sign(big, sign_of(x)));
}

/* log(x) for x > 0, normal: x = 2^n (1 + f), 1 + f from sqrt(1/2) to sqrt(2), and log(1 + f) = f - f^2 / 2 + f^3 p(f),
 * p of least largest error (2^-30 of the logarithm). */
INLINE vf log_part(vf x, vf n) {
  const int32_t root = 0x3f3504f3; /* sqrt(1/2) */
  vi bits = (vi)x - root;
  n += __builtin_convertvector(bits >> 23, vf);
  vf f = as_f((bits & 0x7fffff) + root) - 1.0f, z = f * f;
  vf p = f * 0.06746638283f + -0.1167565123f;
  p = p * f + 0.1188816297f;
  p = p * f + -0.1240558906f;
  p = p * f + 0.1421955228f;
  p = p * f + -0.1666799584f;
  p = p * f + 0.2000211866f;
  p = p * f + -0.250000096f;
  p = p * f + 0.333333126f;
  vf y = f * z * p + n * -2.12194440e-4f - 0.5f * z;
  return f + y + n * 0.693359375f;
}

static vf log_v(vf x) {
  vi low = x < splat(0x1p-126f);
  vf normal = select_f(x > (vf){0}, select_f(low, x * 0x1p23f, x), splat(1));
  vf y = log_part(normal, select_f(low, splat(-23), (vf){0}));
  y = select_f(x == (vf){0}, splat(-INFINITY), select_f(x < (vf){0}, splat(NAN), y));
  return select_f(x < splat(INFINITY), y, x);
}

/* log(e^x + 1): the part above x (or 0) is log(1 + t), t <= 1, where what 1 + t rounds off is added again. */
static vf softplus_v(vf x) {
  vf t = exp_v(-size_of(x)), u = 1.0f + t;
  return select_f(x < (vf){0}, (vf){0}, x) + (log_part(u, (vf){0}) + (t - (u - 1.0f)) / u);
}

/* x + x p(x^2) for small |x|, else 1 - e^-q(|x|); p and q of least largest error (2^-30 and 2^-29). */
static vf erf_v(vf x) {
  vf ax = size_of(x), z = x * x, t = at_most(ax, splat(4));
  vf p = z * 8.267461515e-05f + -0.0008118075382f;
  p = p * z + 0.005198829849f;
  p = p * z + -0.02685849708f;
  p = p * z + 0.1128367897f;
  p = p * z + -0.3761263264f;
  p = p * z + 0.128379167f;
  vf q = t * -0.000192950131f + 0.003013943642f;
  q = q * t + -0.02211035684f;
  q = q * t + 0.1036900791f;
  q = q * t + 0.637457082f;
  q = q * t + 1.127512628f;
  q = q * t + 0.0002350762468f;
  return select_f(ax < splat(0.9375f), p * x + x, with_sign(1.0f - exp_v(-q), sign_of(x)));
}

/* x tanh(log(e^x + 1)) without either: with w = e^x (e^x + 2) it is x w / (w + 2). */
static vf mish_v(vf x) {
  vf e = exp_v(at_most(x, splat(20)));
  vf w = e * (e + 2.0f);
  return x * (w / (w + 2.0f));
}

/* Floats from 2^23 on, and NaN, have no fraction. */
INLINE vf trunc_v(vf x) {
  vi has = size_of(x) < splat(0x1p23f);
  vf y = __builtin_convertvector(__builtin_convertvector(as_f((vi)x & has), vi), vf);
  return select_f(has, with_sign(y, sign_of(x)), x);
}

INLINE vf floor_v(vf x) {
  vf t = trunc_v(x);
  return t - select_f(t > x, splat(1), (vf){0});
}

INLINE vf round_v(vf x) {
  vf y = (size_of(x) + 0x1p23f) - 0x1p23f;
  return select_f(size_of(x) < splat(0x1p23f), with_sign(y, sign_of(x)), x);
}

INLINE vf sqrt_v(vf x) {
  float v[CI_LANES];
  memcpy(v, &x, sizeof v);
  for (int i = 0; i < CI_LANES; i++) v[i] = sqrtf(v[i]);
  memcpy(&x, v, sizeof v);
  return x;
}

INLINE vf shrink_v(vf x, float a, float b) {
  return select_f(x < splat(-a), x + b, select_f(x > splat(a), x - b, (vf){0}));
}

INLINE vf sign_v(vf x) { return select_f(x > (vf){0}, splat(1), select_f(x < (vf){0}, splat(-1), x)); }

/* What has no vector form goes lane by lane. */
static vf each_v(vf x, int32_t kind, float a, float b) {
  vf y = {0};
  for (int32_t i = 0; i < CI_LANES; i++) y[i] = ci_scalar_act(x[i], kind, a, b);
  return y;
}

static vf elementary_v(vf x, int32_t kind, float a, float b) {
  switch (kind) {
    case K_ABS:
      return size_of(x);
    case K_NEG:
      return -x;
    case K_SQRT:
      return sqrt_v(x);
    case K_EXP:
      return exp_v(x);
    case K_LOG:
      return log_v(x);
    case K_RECIPROCAL:
      return 1.0f / x;
    case K_ERF:
      return erf_v(x);
    case K_FLOOR:
      return floor_v(x);
    case K_CEIL:
      return -floor_v(-x);
    case K_ROUND:
      return round_v(x);
    case K_TRUNC:
      return trunc_v(x);
    case K_SIGN:
      return sign_v(x);
    case K_NOT:
      return select_f(x == (vf){0}, splat(1), (vf){0});
    default:
      return each_v(x, kind, a, b);
  }
}

/* Every kind that act_v (vec.h) does not do itself; out of line, so that convolutions keep their registers. */
static __attribute__((noinline)) vf act_more_v(vf x, int32_t kind, float a, float b) {
  switch (kind) {
    case K_ELU:
      return select_f(x < (vf){0}, expm1_v(x) * a, x);
    case K_SELU:
      return select_f(x > (vf){0}, x, expm1_v(x) * a) * b;
    case K_CELU:
      return select_f(x < (vf){0}, expm1_v(x / a) * a, x);
    case K_SOFTPLUS:
      return softplus_v(x);
    case K_SOFTSIGN:
      return x / (1.0f + size_of(x));
    case K_HARD_SIGMOID:
      return at_most(at_least(x * a + b, splat(0)), splat(1));
    case K_HARD_SWISH:
      return x * at_most(at_least(x * (1 / 6.0f) + 0.5f, splat(0)), splat(1));
    case K_SWISH:
      return x * sigmoid_v(x * a);
    case K_GELU:
      return x * 0.5f * (1.0f + erf_v(x * 0.70710678f));
    case K_GELU_TANH:
      return x * 0.5f * (1.0f + tanh_v((x + x * x * x * 0.044715f) * 0.79788456f));
    case K_MISH:
      return mish_v(x);
    case K_THRESHOLDED:
      return select_f(x > splat(a), x, (vf){0});
    case K_SHRINK:
      return shrink_v(x, a, b);
    default:
      return elementary_v(x, kind, a, b);
  }
}
