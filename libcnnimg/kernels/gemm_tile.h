/* SPDX-License-Identifier: MIT */
/* gemm_tile.h - the inner loops of products of matrices; included by body.h */
#ifndef CI_LANES
#error "CI_LANES says how wide a vector is; see avx2.c"
#endif

/* Columns of b that are packed side by side: as many vectors as leave room for rows (see the table in avx2.c). */
#if CI_VECS > 2
enum { GEMM_VECS = 3 };
#else
enum { GEMM_VECS = 2 };
#endif

/* c += a b for `rows` rows from i and nv vectors of columns: rows * nv sums that live in registers. */
INLINE void gemm_tile(const ci_gemm_tile *t, int32_t i, const int rows, const int nv) {
  vf sum[12][4];
  UNROLL
  for (int r = 0; r < rows; r++) UNROLL
  for (int v = 0; v < nv; v++) sum[r][v] = (vf){0};
  const float *a = t->a + i * t->a_row, *b = t->b;
  const ptrdiff_t a_row = t->a_row, a_col = t->a_col;
  for (int32_t q = 0; q < t->k; q++, a += a_col, b += nv * L) {
    vf w[4];
    UNROLL
    for (int v = 0; v < nv; v++) w[v] = load(b + v * L);
    UNROLL
    for (int r = 0; r < rows; r++) {
      vf x = splat(a[r * a_row]);
      UNROLL
      for (int v = 0; v < nv; v++) sum[r][v] += x * w[v];
    }
  }
  float *c = t->c + i * t->c_row;
  if (t->n >= nv * L && t->fresh) {
    UNROLL
    for (int r = 0; r < rows; r++) {
      UNROLL
      for (int v = 0; v < nv; v++) store(c + r * t->c_row + v * L, sum[r][v]);
    }
    return;
  }
  if (t->n >= nv * L) {
    UNROLL
    for (int r = 0; r < rows; r++) {
      UNROLL
      for (int v = 0; v < nv; v++)
        store(c + r * t->c_row + v * L, load(c + r * t->c_row + v * L) + sum[r][v]);
    }
    return;
  }
  vf done[12][4]; /* a copy that may lie in memory */
  UNROLL
  for (int r = 0; r < rows; r++) {
    UNROLL
    for (int v = 0; v < nv; v++) done[r][v] = sum[r][v];
  }
  ROLL
  for (int r = 0; r < rows; r++, c += t->c_row) ROLL
  for (int v = 0; v * L < t->n; v++) {
    int32_t there = t->n - v * L;
    store_upto(c + v * L, t->fresh ? done[r][v] : load_upto(c + v * L, there) + done[r][v], there);
  }
}

#define GEMM_BLOCK(nv, px)                                                     \
  static void gemm_block##nv(const ci_gemm_tile *t) {                          \
    int32_t i = 0;                                                             \
    for (; i + (px) <= t->m; i += (px)) gemm_tile(t, i, px, nv);               \
    for (; i + (px) / 2 <= t->m; i += (px) / 2) gemm_tile(t, i, (px) / 2, nv); \
    for (; i < t->m; i++) gemm_tile(t, i, 1, nv);                              \
  }
GEMM_BLOCK(1, CI_PX1)
GEMM_BLOCK(2, CI_PX2)
#if CI_VECS > 2
GEMM_BLOCK(3, CI_PX3)
#endif

static void gemm(const ci_gemm_tile *t) {
  if (t->vectors == 1) gemm_block1(t);
  else if (t->vectors == 2) gemm_block2(t);
#if CI_VECS > 2
  else gemm_block3(t);
#endif
}

/* ---- few rows: b is read once, where it lies ------------------------------------------------ */

/* Some rows of b at once, which saves loads and stores of c. */
INLINE vf thin_sum(const ci_gemm_tile *t, const float *a, const float *b, vf sum, int32_t there,
                   const int rows) {
  UNROLL_BY(4)
  for (int q = 0; q < rows; q++) sum += splat(a[q * t->a_col]) * load_upto(b + q * t->b_row, there);
  return sum;
}

INLINE void thin_rows(const ci_gemm_tile *t, int32_t i, int32_t q, const int rows) {
  const float *a = t->a + i * t->a_row + q * t->a_col, *b = t->b + q * t->b_row;
  float *c = t->c + i * t->c_row;
  int32_t j = 0;
  for (; j + L <= t->n; j += L) store(c + j, thin_sum(t, a, b + j, load(c + j), L, rows));
  if (j < t->n)
    store_part(c + j, thin_sum(t, a, b + j, load_part(c + j, t->n - j), t->n - j, rows), t->n - j);
}

static void gemm_thin(const ci_gemm_tile *t) {
  int32_t q = 0;
  for (; q + 4 <= t->k; q += 4)
    for (int32_t i = 0; i < t->m; i++) thin_rows(t, i, q, 4);
  for (; q < t->k; q++)
    for (int32_t i = 0; i < t->m; i++) thin_rows(t, i, q, 1);
}

INLINE float sum_lanes(vf v) {
  float s = 0;
  for (int k = 0; k < L; k++) s += v[k];
  return s;
}

/* Dot products with `columns` columns of b, each of which lies in one stretch, as does a's row. Two sums a column hide
 * the latency. */
INLINE void dots(const ci_gemm_tile *t, const float *a, const float *b, float *c, const int columns) {
  vf sum[4][2] = {0};
  int32_t q = 0;
  for (; q + 2 * L <= t->k; q += 2 * L) {
    vf x = load(a + q), y = load(a + q + L);
    UNROLL_BY(4)
    for (int j = 0; j < columns; j++) {
      sum[j][0] += x * load(b + j * t->b_row + q);
      sum[j][1] += y * load(b + j * t->b_row + q + L);
    }
  }
  for (; q < t->k; q += L) {
    vf x = load_upto(a + q, t->k - q);
    UNROLL_BY(4)
    for (int j = 0; j < columns; j++) sum[j][0] += x * load_upto(b + j * t->b_row + q, t->k - q);
  }
  for (int j = 0; j < columns; j++) c[j] += sum_lanes(sum[j][0] + sum[j][1]);
}

static void gemm_dots(const ci_gemm_tile *t) {
  int32_t j = 0;
  for (; j + 4 <= t->n; j += 4)
    for (int32_t i = 0; i < t->m; i++)
      dots(t, t->a + i * t->a_row, t->b + j * t->b_row, t->c + i * t->c_row + j, 4);
  for (; j < t->n; j++)
    for (int32_t i = 0; i < t->m; i++)
      dots(t, t->a + i * t->a_row, t->b + j * t->b_row, t->c + i * t->c_row + j, 1);
}
