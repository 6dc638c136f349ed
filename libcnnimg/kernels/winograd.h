/* SPDX-License-Identifier: MIT */
/* winograd.h - F(4x4, 3x3): transforms and products of tiles, written once; included by body.h */
#include "kernels/points.h"

/* ---- input: 6 x 6 pixels to 36 samples ---------------------------------------- */

/* The six samples of six values in a line; the table at the head of points.h, row by row. */
INLINE vf in_zero(vf d0, vf d2, vf d4) { return d0 * (WINO_AA * WINO_BB) + (d4 - d2 * (WINO_AA + WINO_BB)); }
INLINE void in_pair(vf d1, vf d2, vf d3, vf d4, const float p, const float qq, vf *plus, vf *minus) {
  vf even = d4 - d2 * qq, odd = d3 - d1 * qq;
  *plus = even + odd * p;
  *minus = even - odd * p;
}

/* Down one column: six samples, each to its plane. */
INLINE void in_column(const vf d[6], float *v, size_t plane) {
  vf plus, minus;
  store(v, in_zero(d[0], d[2], d[4]));
  in_pair(d[1], d[2], d[3], d[4], WINO_A, WINO_BB, &plus, &minus);
  store(v + 6 * plane, plus);
  store(v + 12 * plane, minus);
  in_pair(d[1], d[2], d[3], d[4], WINO_B, WINO_AA, &plus, &minus);
  store(v + 18 * plane, plus);
  store(v + 24 * plane, minus);
  store(v + 30 * plane, in_zero(d[1], d[3], d[5]));
}

/* Columns j and j + 1 (a pair of points) of the samples; then columns 0 and 5. Few values live at a time, so that
 * they stay in registers; the pixels are loaded again, which is cheaper. */
INLINE void in_two(const float *const x[6], ptrdiff_t step, const float p, const float qq, float *v,
                   size_t plane) {
  vf plus[6], minus[6];
  UNROLL
  for (int r = 0; r < 6; r++)
    in_pair(load(x[r] + step), load(x[r] + 2 * step), load(x[r] + 3 * step), load(x[r] + 4 * step), p, qq,
            &plus[r], &minus[r]);
  in_column(plus, v, plane);
  in_column(minus, v + plane, plane);
}

INLINE void in_one(const float *const x[6], ptrdiff_t step, float *v, size_t plane) {
  vf d[6];
  UNROLL
  for (int r = 0; r < 6; r++) d[r] = in_zero(load(x[r]), load(x[r] + 2 * step), load(x[r] + 4 * step));
  in_column(d, v, plane);
}

static void winograd_input(const ci_wino_input *a) {
  const ptrdiff_t step = a->step;
  for (int32_t t = 0; t < a->tiles; t++)
    for (int32_t c = 0; c < a->channels; c += L) {
      const float *x[6];
      for (int r = 0; r < 6; r++) x[r] = a->rows[r] + 4 * t * step + c;
      float *v = a->v + (size_t)t * (size_t)a->channels + c;
      in_one(x, step, v, a->plane);
      in_two(x, step, WINO_A, WINO_BB, v + a->plane, a->plane);
      in_two(x, step, WINO_B, WINO_AA, v + 3 * a->plane, a->plane);
      for (int r = 0; r < 6; r++) x[r] += step;
      in_one(x, step, v + 5 * a->plane, a->plane);
    }
}

/* ---- products ------------------------------------------------------------------- */

/* px tiles by nv vectors of output channels: sums in registers, over the input channels in order. */
INLINE void product(const ci_wino_multiply *a, const float *v, const float *w, float *m, const int px,
                    const int nv) {
  const float *x[12];
  vf sum[12][4];
  UNROLL
  for (int p = 0; p < px; p++) x[p] = v + (ptrdiff_t)p * a->v_step;
  UNROLL
  for (int p = 0; p < px; p++) {
    UNROLL
    for (int k = 0; k < nv; k++) sum[p][k] = (vf){0};
  }
  for (ptrdiff_t i = 0; i < a->cin; i++, w += nv * L) {
    vf wv[4];
    UNROLL
    for (int k = 0; k < nv; k++) wv[k] = load(w + k * L);
    UNROLL
    for (int p = 0; p < px; p++) {
      vf s = splat(x[p][i]);
      UNROLL
      for (int k = 0; k < nv; k++) sum[p][k] += s * wv[k];
    }
  }
  UNROLL
  for (int p = 0; p < px; p++) {
    UNROLL
    for (int k = 0; k < nv; k++) store(m + (p * nv + k) * L, sum[p][k]);
  }
}

#define PRODUCTS(nv, px)                                                                               \
  static void products##nv(const ci_wino_multiply *a, const float *v, const float *w, float *m) {      \
    const ptrdiff_t s = a->v_step, d = nv * L;                                                         \
    int32_t t = 0;                                                                                     \
    for (; t + (px) <= a->tiles; t += (px)) product(a, v + t * s, w, m + t * d, px, nv);               \
    for (; t + (px) / 2 <= a->tiles; t += (px) / 2) product(a, v + t * s, w, m + t * d, (px) / 2, nv); \
    for (; t < a->tiles; t++) product(a, v + t * s, w, m + t * d, 1, nv);                              \
  }
PRODUCTS(1, CI_PX1)
PRODUCTS(2, CI_PX2)
#if CI_VECS > 2
PRODUCTS(3, CI_PX3)
#endif
#if CI_VECS > 3
PRODUCTS(4, CI_PX4)
#endif

static void winograd_multiply(const ci_wino_multiply *a) {
  static void (*const products[])(const ci_wino_multiply *, const float *, const float *, float *) = {
    NULL,
    products1,
    products2,
#if CI_VECS > 2
    products3,
#endif
#if CI_VECS > 3
    products4,
#endif
  };
  const float *w = a->weights;
  for (int i = 0; i < CI_WINO_PLANES; i++, w += (size_t)a->cin * (size_t)a->vectors * L)
    products[a->vectors](a, a->v + (size_t)i * a->v_plane, w, a->m + (size_t)i * a->m_plane);
}

/* ---- output: 36 samples to 4 x 4 pixels -------------------------------------------- */

enum { PLAIN, RECTIFIED, ADDED, ANY };

INLINE void emit(const ci_wino_output *a, vf x, int r, ptrdiff_t at, ptrdiff_t res_at, int32_t c,
                 const int how) {
  if (how == RECTIFIED) x = act_v(x, K_RELU, 0, 0, x);
  if (how == ADDED) x += load(a->residual[r] + res_at + c);
  if (how == ANY) {
    x = act_v(x, a->act.kind, a->act.a, a->act.b, a->act.kind == K_PRELU ? load(a->act.slope + c) : x);
    if (a->residual[r]) x += load(a->residual[r] + res_at + c);
    x = act_v(x, a->act2.kind, a->act2.a, a->act2.b, a->act2.kind == K_PRELU ? load(a->act2.slope + c) : x);
  }
  store(a->out[r] + at + c, x);
}

/* Row r of the pixels from a line of six. */
INLINE void out_row(const ci_wino_output *a, const vf t[6], vf bias, int r, int32_t tile, int32_t c,
                    const int how) {
  const ptrdiff_t step = a->out_step, res = a->residual_step, x = 4 * (ptrdiff_t)tile;
  vf p = t[1] + t[2], q = t[1] - t[2], u = t[3] + t[4], s = t[3] - t[4];
  emit(a, (t[0] + bias) + (p + u), r, x * step, x * res, c, how);
  emit(a, q * WINO_A + (s * WINO_B + bias), r, (x + 1) * step, (x + 1) * res, c, how);
  emit(a, p * WINO_AA + (u * WINO_BB + bias), r, (x + 2) * step, (x + 2) * res, c, how);
  emit(a, q * (WINO_AA * WINO_A) + (s * (WINO_BB * WINO_B) + (t[5] + bias)), r, (x + 3) * step, (x + 3) * res,
       c, how);
}

/* Rows 0 and 2 need sums of the samples of a pair of points, rows 1 and 3 differences. */
INLINE void out_tile(const ci_wino_output *a, const float *m, int32_t tile, int32_t c, const int how) {
  const size_t plane = a->plane;
  vf bias = load(a->bias + c), t0[6], t1[6];
  UNROLL
  for (size_t j = 0; j < 6; j++) {
    const float *x = m + j * plane;
    vf p = load(x + 6 * plane) + load(x + 12 * plane), u = load(x + 18 * plane) + load(x + 24 * plane);
    t0[j] = load(x) + (p + u);
    t1[j] = p * WINO_AA + u * WINO_BB;
  }
  out_row(a, t0, bias, 0, tile, c, how);
  out_row(a, t1, bias, 2, tile, c, how);
  UNROLL
  for (size_t j = 0; j < 6; j++) {
    const float *x = m + j * plane;
    vf q = load(x + 6 * plane) - load(x + 12 * plane), s = load(x + 18 * plane) - load(x + 24 * plane);
    t0[j] = q * WINO_A + s * WINO_B;
    t1[j] = q * (WINO_AA * WINO_A) + (s * (WINO_BB * WINO_B) + load(x + 30 * plane));
  }
  out_row(a, t0, bias, 1, tile, c, how);
  out_row(a, t1, bias, 3, tile, c, how);
}

#define OUT(how)                                                                           \
  static void out_##how(const ci_wino_output *a) {                                         \
    int32_t width = a->vectors * L;                                                        \
    for (int32_t t = 0; t < a->tiles; t++)                                                 \
      for (int32_t c = 0; c < width; c += L) out_tile(a, a->m + t * width + c, t, c, how); \
  }
OUT(PLAIN)
OUT(RECTIFIED)
OUT(ADDED)
OUT(ANY)

static void winograd_output(const ci_wino_output *a) {
  bool none = a->act.kind == K_NONE, last = a->act2.kind == K_NONE, add = a->residual[0] != NULL;
  if (none && last) (add ? out_ADDED : out_PLAIN)(a);
  else if (a->act.kind == K_RELU && last && !add) out_RECTIFIED(a);
  else out_ANY(a);
}
