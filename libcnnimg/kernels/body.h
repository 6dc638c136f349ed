/* SPDX-License-Identifier: MIT */
/* body.h - every vector kernel, written once; included with CI_LANES, CI_TABLE, CI_NAME, CI_ID and tile sizes */
#include "kernels/vec.h"

enum { L = CI_LANES };
#ifndef CI_WINO_VECS
#define CI_WINO_VECS CI_VECS
#endif

#include "kernels/fft.h"
#include "kernels/fft_multiply.h"
#include "kernels/gemm_tile.h"
#include "kernels/patch_distance.h"
#include "kernels/winograd.h"

/* ---- convolution ---------------------------------------------------------- */

/* act(sum) + residual, act2, for channels c and on of pixel i. */
INLINE void finish(const ci_conv_row *a, vf x, int32_t i, int32_t c) {
  int32_t there = a->room - c;
  vf s1 = a->act.kind == K_PRELU ? load(a->act.slope + c) : (vf){0};
  x = act_v(x, a->act.kind, a->act.a, a->act.b, s1);
  if (a->residual) x += load_upto(a->residual + (ptrdiff_t)i * a->residual_step + c, there);
  vf s2 = a->act2.kind == K_PRELU ? load(a->act2.slope + c) : (vf){0};
  x = act_v(x, a->act2.kind, a->act2.a, a->act2.b, s2);
  store_upto(a->out + (ptrdiff_t)i * a->out_step + c, x, there);
}

/*
 * `px` output pixels from i, vectors of channels c to c + nv * L: px * nv sums that live in registers, which takes
 * constants for px and nv and loops that unroll. w: the block's weights.
 */
INLINE void tile(const ci_conv_row *a, const float *w, int32_t c, int32_t i, const int px, const int nv) {
  vf sum[12][4];
  UNROLL
  for (int v = 0; v < nv; v++) {
    vf bias = load(a->bias + c + v * L);
    UNROLL
    for (int p = 0; p < px; p++) sum[p][v] = bias;
  }
  const ptrdiff_t step = a->in_step;
  const size_t tap = (size_t)a->cin * (size_t)(nv * L);
  for (int32_t ky = a->ky0; ky < a->ky1; ky++)
    for (int32_t kx = a->kx0; kx < a->kx1; kx++) {
      const float *x = a->rows[ky] + i * step + (ptrdiff_t)(kx - a->kx0) * a->tap_step;
      const float *wk = w + (size_t)(ky * a->kw + kx) * tap;
      for (const float *end = x + a->cin; x < end; x++, wk += nv * L) {
        vf wv[4];
        UNROLL
        for (int v = 0; v < nv; v++) wv[v] = load(wk + v * L);
        UNROLL
        for (int p = 0; p < px; p++) {
          vf s = splat(x[p * step]);
          UNROLL
          for (int v = 0; v < nv; v++) sum[p][v] += s * wv[v];
        }
      }
    }
  if (a->act.kind == K_NONE && a->act2.kind == K_NONE && c + nv * L <= a->room) {
    const float *r = a->residual ? a->residual + (ptrdiff_t)i * a->residual_step + c : NULL;
    float *out = a->out + (ptrdiff_t)i * a->out_step + c;
    UNROLL
    for (int p = 0; p < px; p++) {
      UNROLL
      for (int v = 0; v < nv; v++)
        store(out + p * (ptrdiff_t)a->out_step + v * L,
              r ? sum[p][v] + load(r + p * (ptrdiff_t)a->residual_step + v * L) : sum[p][v]);
    }
    return;
  }
  vf done[12][4]; /* a copy that may lie in memory */
  UNROLL
  for (int p = 0; p < px; p++) {
    UNROLL
    for (int v = 0; v < nv; v++) done[p][v] = sum[p][v];
  }
  ROLL
  for (int p = 0; p < px; p++) {
    ROLL
    for (int v = 0; v < nv; v++)
      if (c + v * L < a->room) finish(a, done[p][v], i + p, c + v * L);
  }
}

/* A block's row: full tiles, half tiles, single pixels. */
#define BLOCK(nv, px)                                                           \
  static void block##nv(const ci_conv_row *a, const float *w, int32_t c) {      \
    int32_t i = 0;                                                              \
    for (; i + (px) <= a->n; i += (px)) tile(a, w, c, i, px, nv);               \
    for (; i + (px) / 2 <= a->n; i += (px) / 2) tile(a, w, c, i, (px) / 2, nv); \
    for (; i < a->n; i++) tile(a, w, c, i, 1, nv);                              \
  }
BLOCK(1, CI_PX1)
BLOCK(2, CI_PX2)
#if CI_VECS > 2
BLOCK(3, CI_PX3)
#endif
#if CI_VECS > 3
BLOCK(4, CI_PX4)
#endif

static void conv(const ci_conv_row *a) {
  static void (*const row[])(const ci_conv_row *, const float *, int32_t) = {
    NULL,
    block1,
    block2,
#if CI_VECS > 2
    block3,
#endif
#if CI_VECS > 3
    block4,
#endif
  };
  int32_t vectors = (a->cout + L - 1) / L, blocks = (vectors + CI_VECS - 1) / CI_VECS;
  const float *w = a->weights;
  size_t taps = (size_t)a->kh * (size_t)a->kw * (size_t)a->cin;
  for (int32_t b = 0; b < blocks; b++) {
    int32_t first = ci_conv_block_first(vectors, blocks, b);
    int32_t nv = ci_conv_block_first(vectors, blocks, b + 1) - first;
    row[nv](a, w, first * L);
    w += taps * (size_t)(nv * L);
  }
}

/* ---- windows a channel: depth-wise convolution, pooling --------------------- */

enum { DEPTHWISE, LARGEST, SUM };

INLINE vf window(const ci_conv_row *a, int32_t i, int32_t c, int32_t there, const int what) {
  vf sum = what == DEPTHWISE ? load_upto(a->bias + c, there) : splat(what == SUM ? 0 : -INFINITY);
  for (int32_t ky = a->ky0; ky < a->ky1; ky++)
    for (int32_t kx = a->kx0; kx < a->kx1; kx++) {
      vf x = load_upto(a->rows[ky] + (ptrdiff_t)i * a->in_step + (ptrdiff_t)(kx - a->kx0) * a->tap_step + c,
                       there);
      if (what == DEPTHWISE)
        sum += x * load_upto(a->weights + (size_t)(ky * a->kw + kx) * (size_t)a->room + c, there);
      else if (what == SUM) sum += x;
      else sum = select_f((x > sum) | (x != x), x, sum);
    }
  return sum;
}

/* Nine taps, whole vectors: a vector's weights stay in registers while some pixels pass, few enough to stay near. */
#define PASSING 32
static void depthwise_nine(const ci_conv_row *a) {
  for (int32_t i0 = 0; i0 < a->n; i0 += PASSING)
    for (int32_t c = 0; c < a->room; c += L) {
      vf w[9], bias = load(a->bias + c);
      UNROLL
      for (int t = 0; t < 9; t++) w[t] = load(a->weights + (ptrdiff_t)t * a->room + c);
      for (int32_t i = i0; i < a->n && i < i0 + PASSING; i++) {
        ptrdiff_t at = (ptrdiff_t)i * a->in_step + c;
        vf sum = bias;
        UNROLL
        for (int t = 0; t < 9; t++)
          sum += load(a->rows[t / 3] + at + (ptrdiff_t)(t % 3) * a->tap_step) * w[t];
        finish(a, sum, i, c);
      }
    }
}

static void depthwise(const ci_conv_row *a) {
  if (a->kh == 3 && a->kw == 3 && a->ky1 - a->ky0 == 3 && a->kx1 - a->kx0 == 3 && a->room % L == 0) {
    depthwise_nine(a);
    return;
  }
  for (int32_t i = 0; i < a->n; i++)
    for (int32_t c = 0; c < a->room; c += L) finish(a, window(a, i, c, a->room - c, DEPTHWISE), i, c);
}

static void pool_max(const ci_conv_row *a) {
  for (int32_t i = 0; i < a->n; i++)
    for (int32_t c = 0; c < a->room; c += L)
      store_upto(a->out + (ptrdiff_t)i * a->out_step + c, window(a, i, c, a->room - c, LARGEST), a->room - c);
}

static void pool_sum(const ci_conv_row *a, float factor) {
  for (int32_t i = 0; i < a->n; i++)
    for (int32_t c = 0; c < a->room; c += L)
      store_upto(a->out + (ptrdiff_t)i * a->out_step + c, window(a, i, c, a->room - c, SUM) * factor,
                 a->room - c);
}

/* ---- sample by sample ------------------------------------------------------- */

INLINE int32_t left(size_t n, size_t i) { return n - i < L ? (int32_t)(n - i) : L; }

/* The lanes of v for floats i and on of a row of pixels of cs floats, cs a multiple or a divisor of L. */
INLINE vf around(const float *v, size_t i, int32_t cs) {
  if (cs >= L) return load(v + i % (size_t)cs);
  vf r = {0};
  for (int32_t k = 0; k < L; k += cs) memcpy((char *)&r + k * 4, v, (size_t)cs * 4);
  return r;
}

static void act(float *x, size_t pixels, int32_t cs, const ci_kact *k) {
  size_t n = pixels * (size_t)cs;
  for (size_t i = 0; i < n; i += L) {
    int32_t m = left(n, i);
    vf slope = k->kind == K_PRELU ? around(k->slope, i, cs) : (vf){0};
    store_upto(x + i, act_v(load_upto(x + i, m), k->kind, k->a, k->b, slope), m);
  }
}

INLINE vf truth(vi mask) { return select_f(mask, splat(1), (vf){0}); }
INLINE vi is_true(vf x) { return x != (vf){0}; }

static __attribute__((noinline)) vf binary_more_v(int32_t op, vf a, vf b) {
  vf y = {0};
  switch (op) {
    case K_DIV:
      return a / b;
    case K_EQUAL:
      return truth(a == b);
    case K_GREATER:
      return truth(a > b);
    case K_GREATER_EQUAL:
      return truth(a >= b);
    case K_LESS:
      return truth(a < b);
    case K_LESS_EQUAL:
      return truth(a <= b);
    case K_AND:
      return truth(is_true(a) & is_true(b));
    case K_OR:
      return truth(is_true(a) | is_true(b));
    case K_XOR:
      return truth(is_true(a) ^ is_true(b));
    default: /* powers and remainders */
      for (int32_t i = 0; i < L; i++) y[i] = ci_scalar_binary(op, a[i], b[i]);
      return y;
  }
}

INLINE vf binary_v(int32_t op, vf a, vf b) {
  if (op == K_MIN || op == K_MAX) return select_f((op == K_MIN ? a < b : a > b) | (a != a), a, b);
  return op == K_ADD ? a + b : op == K_SUB ? a - b : op == K_MUL ? a * b : binary_more_v(op, a, b);
}

static void binary(int32_t op, float *out, const float *a, const float *b, size_t n) {
  for (size_t i = 0; i < n; i += L) {
    int32_t m = left(n, i);
    store_upto(out + i, binary_v(op, load_upto(a + i, m), load_upto(b + i, m)), m);
  }
}

static void binary_vec(int32_t op, bool reverse, float *out, const float *a, const float *v, size_t pixels,
                       int32_t cs) {
  size_t n = pixels * (size_t)cs;
  for (size_t i = 0; i < n; i += L) {
    int32_t m = left(n, i);
    vf x = load_upto(a + i, m), y = around(v, i, cs);
    store_upto(out + i, reverse ? binary_v(op, y, x) : binary_v(op, x, y), m);
  }
}

static void binary_map1(int32_t op, bool reverse, float *out, const float *a, const float *b, size_t pixels,
                        int32_t cs, int32_t b_cs) {
  for (size_t p = 0; p < pixels; p++, a += cs, out += cs, b += b_cs)
    for (int32_t c = 0; c < cs; c += L) {
      vf x = load_upto(a + c, cs - c), y = splat(*b);
      store_upto(out + c, reverse ? binary_v(op, y, x) : binary_v(op, x, y), cs - c);
    }
}

/* The largest of c, or a NaN among them. */
static float largest(const float *in, int32_t c) {
  vf most = splat(in[0]);
  int32_t i = 0;
  for (; i + L <= c; i += L) {
    vf x = load(in + i);
    most = select_f((x > most) | (x != x), x, most);
  }
  float m = in[0];
  for (int32_t k = 0; k < L; k++) m = most[k] > m || most[k] != most[k] ? most[k] : m;
  for (; i < c; i++) m = in[i] > m || in[i] != in[i] ? in[i] : m;
  return m;
}

/* Sums run over the lanes' own channels first, then over the lanes in order, then over what is left. */
static void softmax_pixel(float *out, const float *in, int32_t c, int32_t cs) {
  float most = largest(in, c), sum = 0;
  vf sums = {0};
  int32_t i = 0;
  for (; i + 2 * L <= c; i += 2 * L) { /* two at a time hide each other's latency */
    vf e = exp_in(load(in + i) - most), f = exp_in(load(in + i + L) - most);
    sums += e;
    sums += f;
    store(out + i, e);
    store(out + i + L, f);
  }
  for (; i + L <= c; i += L) {
    vf e = exp_v(load(in + i) - most);
    sums += e;
    store(out + i, e);
  }
  int32_t whole = i;
  for (; i < c; i += L) store_upto(out + i, exp_v(load_upto(in + i, cs - i) - most), cs - i);
  for (int32_t k = 0; k < L; k++) sum += sums[k];
  for (i = whole; i < c; i++) sum += out[i];
  for (i = 0; i < c; i += L) store_upto(out + i, load_upto(out + i, cs - i) / sum, cs - i);
}

static void softmax(float *out, const float *in, size_t pixels, int32_t c, int32_t cs) {
  for (size_t p = 0; p < pixels; p++) softmax_pixel(out + p * (size_t)cs, in + p * (size_t)cs, c, cs);
}

/* The sum of (x - mean)^power of the channels; the last ones, which fill no vector, one by one. */
INLINE float moment(const float *x, int32_t c, float mean, const int power) {
  vf sum = {0};
  float rest = 0;
  int32_t i = 0;
  for (; i + L <= c; i += L) {
    vf d = load(x + i) - mean;
    sum += power == 2 ? d * d : d;
  }
  for (; i < c; i++) rest += power == 2 ? (x[i] - mean) * (x[i] - mean) : x[i] - mean;
  return sum_lanes(sum) + rest;
}

static void layer_norm(float *out, const float *in, size_t pixels, int32_t c, int32_t cs, const float *gamma,
                       const float *beta, float epsilon) {
  for (size_t p = 0; p < pixels; p++, in += cs, out += cs) {
    float mean = moment(in, c, 0, 1) / (float)c;
    float scale = 1 / sqrtf(moment(in, c, mean, 2) / (float)c + epsilon);
    for (int32_t i = 0; i < cs; i += L) {
      vf x = (load_upto(in + i, cs - i) - mean) * scale;
      store_upto(out + i, x * load_upto(gamma + i, cs - i) + load_upto(beta + i, cs - i), cs - i);
    }
  }
}

static void sum_row(double *sums, const float *in, size_t pixels, int32_t cs) {
  typedef double vd __attribute__((vector_size(32)));
  for (int32_t c = 0; c < cs; c += 4) {
    vd sum = {0};
    for (size_t p = 0; p < pixels; p++) {
      const float *x = in + p * (size_t)cs + c;
      sum += (vd){x[0], x[1], x[2], x[3]};
    }
    for (int32_t k = 0; k < 4; k++) sums[c + k] += sum[k];
  }
}

static void scale(float *out, const float *in, float s, size_t n) {
  for (size_t i = 0; i < n; i += L) {
    int32_t m = left(n, i);
    store_upto(out + i, load_upto(in + i, m) * s, m);
  }
}

static void scale_into(float *out, const float *in, float s, size_t n) {
  for (size_t i = 0; i < n; i += L) {
    int32_t m = left(n, i);
    store_upto(out + i, load_upto(out + i, m) + load_upto(in + i, m) * s, m);
  }
}

static void mix(float *out, const float *in, const int32_t *at, const float *w, int32_t taps, size_t pixels,
                int32_t cs) {
  for (size_t p = 0; p < pixels; p++, out += cs, at += taps, w += taps)
    for (int32_t c = 0; c < cs; c += L) {
      vf sum = load_upto(in + (size_t)at[0] * (size_t)cs + c, cs - c) * w[0];
      for (int32_t k = 1; k < taps; k++) sum += load_upto(in + (size_t)at[k] * (size_t)cs + c, cs - c) * w[k];
      store_upto(out + c, sum, cs - c);
    }
}

const ci_kernels CI_TABLE = {.name = CI_NAME,
                             .isa = CI_ID,
                             .lanes = L,
                             .conv_vecs = CI_VECS,
                             .wino_vecs = CI_WINO_VECS,
                             .fft_vecs = FFT_VECS,
                             .conv = conv,
                             .winograd_input = winograd_input,
                             .winograd_multiply = winograd_multiply,
                             .winograd_output = winograd_output,
                             .fft_forward = fft_forward,
                             .fft_multiply = fft_multiply,
                             .fft_scale = fft_scale,
                             .fft_inverse = fft_inverse,
                             .gemm_vecs = GEMM_VECS,
                             .gemm = gemm,
                             .gemm_thin = gemm_thin,
                             .gemm_dots = gemm_dots,
                             .depthwise = depthwise,
                             .pool_max = pool_max,
                             .pool_sum = pool_sum,
                             .act = act,
                             .binary = binary,
                             .binary_vec = binary_vec,
                             .binary_map1 = binary_map1,
                             .softmax = softmax,
                             .layer_norm = layer_norm,
                             .sum_row = sum_row,
                             .scale = scale,
                             .scale_into = scale_into,
                             .mix = mix,
                             .patch_distance = patch_distance};
