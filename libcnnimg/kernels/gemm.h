/* SPDX-License-Identifier: MIT */
/* gemm.h - products of matrices of floats, in pieces of fixed size that a pool may share */
#ifndef CI_GEMM_H
#define CI_GEMM_H

#include "base/threads.h"
#include "kernels/kernels.h"

/*
 * c[i, j] = bias + sum over q < k of a[i, q] b[q, j], i < m, j < n. Element (i, q) of a lies at a[i a_row + q a_col], of b
 * at b[q b_row + j b_col] (where one of b's steps must be 1), (i, j) of c at c[i c_row + j]. Sums run over q in order,
 * in stretches of fixed length that are added in order. How a product is cut depends on its sizes and the kernels only,
 * so the bytes do not depend on threads; nor on OpenBLAS's (see gemm.c).
 */
typedef struct ci_gemm {
  size_t m, n, k;
  const float *a;
  ptrdiff_t a_row, a_col;
  const float *b;
  ptrdiff_t b_row, b_col;
  /* Instead of b, where it is made from something else: writes element (q0 + q, j0 + j), q < nq, j < nj, to
   * to[q step + j]. Called from several threads. NULL: b. */
  void (*fetch)(const void *user, size_t q0, size_t nq, size_t j0, size_t nj, float *to, size_t step);
  const void *user;
  float *c;
  ptrdiff_t c_row;
  const float *row_bias, *col_bias; /* m, n of them; NULL: none. At most one is given. */
} ci_gemm;

/* The whole product; pool NULL: on this thread. Needs 70 KiB of stack on each thread. */
void ci_gemm_run(const ci_gemm *g, const ci_kernels *k, ci_pool *pool);
/* The same by hand, for those who have many products at once: pieces 0 .. n - 1, on any threads in any order. */
size_t ci_gemm_pieces(const ci_gemm *g, const ci_kernels *k);
void ci_gemm_piece(const ci_gemm *g, const ci_kernels *k, size_t i);
/* Does this table leave its large products to OpenBLAS, and is it there? */
bool ci_gemm_by_openblas(const ci_kernels *k);

#endif
