/* SPDX-License-Identifier: MIT */
/* winograd.h - Winograd's tiles: transforms and products, written once; included by body.h */
#include "kernels/wino_lines.h"

/* ---- input: ny x nx pixels to as many samples --------------------------------------- */

/* Down the columns, then along the rows; fetches what lies `ahead` (0: nothing) meanwhile. */
INLINE void in_tile(const float *const rows[], ptrdiff_t step, float *v, size_t plane, ptrdiff_t ahead,
                    const int ny, const int nx) {
  vf t[64], d[8], o[8];
  ROLL
  for (int x = 0; x < nx; x++) {
    UNROLL
    for (int r = 0; r < ny; r++) {
      d[r] = load(rows[r] + x * step);
      if (ahead) __builtin_prefetch(rows[r] + x * step + ahead, 0, 3);
    }
    in_line(d, o, ny);
    UNROLL
    for (int r = 0; r < ny; r++) t[r * nx + x] = o[r];
  }
  ROLL
  for (int r = 0; r < ny; r++) {
    in_line(t + r * nx, o, nx);
    UNROLL
    for (int x = 0; x < nx; x++, v += plane) store(v, o[x]);
  }
}

INLINE void input_n(const ci_wino_input *a, const int ny, const int nx) {
  const float *rows[8];
  for (int32_t t = 0; t < a->tiles; t++) {
    float *v = a->v + (size_t)t * (size_t)a->channels;
    ptrdiff_t ahead = a->cold && t + 1 < a->tiles ? a->tile_step : 0;
    for (int32_t c = 0; c < a->channels; c += L) {
      for (int r = 0; r < ny; r++) rows[r] = a->rows[r] + t * a->tile_step + c;
      in_tile(rows, a->step, v + c, a->plane, ahead, ny, nx);
    }
  }
}

static void winograd_input(const ci_wino_input *a) { input_n(a, 6, 8); }

/* ---- products ------------------------------------------------------------------- */

/* px tiles by nv vectors of output channels: sums in registers, over `cin` input channels in order. more: they are added
 * to what is there. */
INLINE void product(const float *v, ptrdiff_t v_step, const float *w, ptrdiff_t cin, float *m,
                    ptrdiff_t m_step, bool more, const int px, const int nv) {
  const float *x[12];
  vf sum[12][4];
  UNROLL
  for (int p = 0; p < px; p++) x[p] = v + (ptrdiff_t)p * v_step;
  UNROLL
  for (int p = 0; p < px; p++) {
    UNROLL
    for (int k = 0; k < nv; k++) sum[p][k] = (vf){0};
  }
  UNROLL_BY(4)
  for (ptrdiff_t i = 0; i < cin; i++) {
    vf wv[4];
    UNROLL
    for (int k = 0; k < nv; k++) wv[k] = load(w + (i * nv + k) * L);
    __builtin_prefetch(w + (i + cin) * nv * L, 0, 3);
    UNROLL
    for (int p = 0; p < px; p++) {
      vf s = splat(x[p][i]);
      UNROLL
      for (int k = 0; k < nv; k++) sum[p][k] += s * wv[k];
    }
  }
  UNROLL
  for (int p = 0; p < px; p++, m += m_step) {
    UNROLL
    for (int k = 0; k < nv; k++) store(m + k * L, more ? load(m + k * L) + sum[p][k] : sum[p][k]);
  }
}

/* n <= most tiles by nv vectors: a function of constants for every n. */
INLINE void some_products(const ci_wino_multiply *a, const float *v, const float *w, ptrdiff_t cin, float *m,
                          bool more, int32_t n, const int most, const int nv) {
  const ptrdiff_t s = a->v_step, d = a->vectors * L;
  UNROLL
  for (int px = 1; px <= most; px++)
    if (px == n) product(v, s, w, cin, m, d, more, px, nv);
}

/* All tiles by nv vectors, in groups that are alike but for one: few sums at a time would wait for each other. */
#define PRODUCTS(nv, most)                                                                                 \
  static void products##nv(const ci_wino_multiply *a, const float *v, const float *w, ptrdiff_t cin,       \
                           float *m, bool more) {                                                          \
    int32_t groups = (a->tiles + (most)-1) / (most);                                                       \
    for (int32_t g = 0; g < groups; g++) {                                                                 \
      int32_t t = ci_conv_block_first(a->tiles, groups, g),                                                \
              n = ci_conv_block_first(a->tiles, groups, g + 1) - t;                                        \
      some_products(a, v + t * (ptrdiff_t)a->v_step, w, cin, m + t * (ptrdiff_t)(a->vectors * L), more, n, \
                    most, nv);                                                                             \
    }                                                                                                      \
  }
PRODUCTS(1, CI_PX1)
PRODUCTS(2, CI_PX2)
#if CI_WINO_VECS > 2
PRODUCTS(3, CI_PX3)
#endif
#if CI_WINO_VECS > 3
PRODUCTS(4, CI_PX4)
#endif

/* Lines number i of every `of`. */
INLINE void fetch(const ci_ahead *a, int32_t i, int32_t of, const int write) {
  int64_t total = (int64_t)a->n * a->pixels * a->lines, from = total * i / of, to = total * (i + 1) / of;
  if (from == to) return;
  int32_t line = (int32_t)(from % a->lines), pixel = (int32_t)(from / a->lines % a->pixels);
  int32_t row = (int32_t)(from / a->lines / a->pixels);
  const float *p = a->rows[row] + pixel * a->step;
  for (int64_t k = from; k < to; k++) {
    if (write) __builtin_prefetch(p + line * CI_LINE_FLOATS, 1, 3);
    else __builtin_prefetch(p + line * CI_LINE_FLOATS, 0, 2);
    if (++line < a->lines) continue;
    line = 0, p += a->step;
    if (++pixel < a->pixels) continue;
    pixel = 0, row++;
    p = a->rows[row < a->n ? row : 0];
  }
}

/* Plane i: the input channels in parts, so that a part's weights stay in the nearest cache. */
static const float *plane_products(const ci_wino_multiply *a, int32_t i, const float *w) {
  static void (*const products[])(const ci_wino_multiply *, const float *, const float *, ptrdiff_t, float *,
                                  bool) = {
    NULL,
    products1,
    products2,
#if CI_WINO_VECS > 2
    products3,
#endif
#if CI_WINO_VECS > 3
    products4,
#endif
  };
  const float *v = a->v + (size_t)i * a->v_plane;
  float *m = a->m + (size_t)i * a->m_plane;
  int32_t groups = ci_wino_groups(CI_WINO_VECS, a->vectors);
  for (int32_t k = 0; k < a->cin; k += CI_WINO_PART) {
    int32_t cin = a->cin - k < CI_WINO_PART ? a->cin - k : CI_WINO_PART;
    for (int32_t g = 0; g < groups; g++) {
      int32_t first = ci_conv_block_first(a->vectors, groups, g);
      int32_t nv = ci_conv_block_first(a->vectors, groups, g + 1) - first;
      if (k == 0) fetch(&a->write, i * groups + g, a->planes * groups, 1);
      for (int r = 0; k == 0 && r < 2; r++) fetch(&a->read[r], i * groups + g, a->planes * groups, 0);
      products[nv](a, v + k, w, cin, m + first * L, k > 0);
      w += (ptrdiff_t)cin * nv * L;
    }
  }
  return w;
}

static void winograd_multiply(const ci_wino_multiply *a) {
  const float *w = a->weights;
  for (int32_t i = 0; i < a->planes; i++) w = plane_products(a, i, w);
}

/* ---- output: ny x nx samples to my x mx pixels ------------------------------------------ */

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

INLINE void out_tile(const ci_wino_output *a, const float *in, int32_t tile, int32_t c, const ci_wino_tile s,
                     const int how) {
  const ptrdiff_t at = (ptrdiff_t)tile * s.mx * a->out_step, res = (ptrdiff_t)tile * s.mx * a->residual_step;
  vf t[64], d[8], y[8], bias = load(a->bias + c);
  ROLL
  for (int j = 0; j < s.nx; j++, in += a->plane) {
    const float *x = in;
    UNROLL
    for (int i = 0; i < s.ny; i++, x += (size_t)s.nx * a->plane) d[i] = load(x);
    out_line(d, y, s.ny, s.my);
    UNROLL
    for (int i = 0; i < s.my; i++) t[i * s.nx + j] = y[i];
  }
  ROLL
  for (int i = 0; i < s.my; i++) {
    out_line(t + i * s.nx, y, s.nx, s.mx);
    UNROLL
    for (int j = 0; j < s.mx; j++)
      emit(a, y[j] + bias, i, at + j * a->out_step, res + j * a->residual_step, c, how);
  }
}

INLINE void output_n(const ci_wino_output *a, const ci_wino_tile s, const int how) {
  int32_t width = a->vectors * L;
  for (int32_t t = 0; t < a->tiles; t++)
    for (int32_t c = 0; c < width; c += L) out_tile(a, a->in + t * width + c, t, c, s, how);
}

static void winograd_output(const ci_wino_output *a) {
  const ci_wino_tile s = {6, 8, 4, 6};
  bool none = a->act.kind == K_NONE, last = a->act2.kind == K_NONE, add = a->residual[0] != NULL;
  if (none && last && add) output_n(a, s, ADDED);
  else if (none && last) output_n(a, s, PLAIN);
  else if (a->act.kind == K_RELU && last && !add) output_n(a, s, RECTIFIED);
  else output_n(a, s, ANY);
}
