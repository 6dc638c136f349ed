/* SPDX-License-Identifier: MIT */
/* matmul.c - products of matrices: MatMul with batches, Gemm */
#include <string.h>

#include "tensor/array.h"

/* One product: out[m, n] = a[m, k] b[k, n], each from an offset; a and b with a step a row and a column. */
typedef struct product {
  size_t m, k, n;
  const ci_array *a, *b;
  size_t a_row, a_column, b_row, b_column;
} product;

/* Rows of b are added in the order of k, so that the inner loop is long and the sum the same everywhere. */
static void float_product(const product *p, size_t a0, size_t b0, float *restrict out) {
  const float *a = (const float *)p->a->data + a0, *b = (const float *)p->b->data + b0;
  if (!p->n) return;
  for (size_t i = 0; i < p->m; i++, out += p->n) {
    memset(out, 0, p->n * sizeof *out);
    for (size_t k = 0; k < p->k; k++) {
      float v = a[i * p->a_row + k * p->a_column];
      const float *restrict row = b + k * p->b_row;
      for (size_t j = 0; j < p->n; j++) out[j] += v * row[j];
    }
  }
}

/* Element (i, j) in any storage. */
static void any_element(const product *p, size_t a, size_t b, ci_array *out, size_t o) {
  bool whole = p->a->dtype == CI_I64 && p->b->dtype == CI_I64;
  int64_t sum = 0;
  double real = 0;
  for (size_t k = 0; k < p->k; k++, a += p->a_column, b += p->b_row)
    if (whole) sum = ci_wrap_add(sum, ci_wrap_mul(ci_array_int(p->a, a), ci_array_int(p->b, b)));
    else real += ci_array_double(p->a, a) * ci_array_double(p->b, b);
  if (whole) ci_array_put_int(out, o, sum);
  else ci_array_put(out, o, real);
}

static void multiply(const product *p, size_t a0, size_t b0, ci_array *out, size_t o) {
  if (p->a->dtype == CI_F32 && p->b->dtype == CI_F32 && out->dtype == CI_F32 && p->b_column == 1) {
    float_product(p, a0, b0, (float *)out->data + o);
    return;
  }
  for (size_t i = 0; i < p->m; i++)
    for (size_t j = 0; j < p->n; j++, o++) any_element(p, a0 + i * p->a_row, b0 + j * p->b_column, out, o);
}

/* ---- MatMul ------------------------------------------------------------------------------ */

/* The dimensions before the matrix; a vector is a matrix of one row (or, as the second, one column). */
static ci_array batches(const ci_array *a) {
  ci_array b = *a;
  b.rank = a->rank > 2 ? a->rank - 2 : 0;
  return b;
}

static product product_of(const ci_array *a, const ci_array *b) {
  size_t k = (size_t)a->dim[a->rank - 1];
  size_t m = a->rank > 1 ? (size_t)a->dim[a->rank - 2] : 1, n = b->rank > 1 ? (size_t)b->dim[b->rank - 1] : 1;
  return (product){m, k, n, a, b, k, 1, n, 1};
}

static int matmul_shape(const ci_tensor_call *c, cnnimg_error *err) {
  const ci_array *a = &c->in[0], *b = &c->in[1];
  if (!a->rank || !b->rank) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "a number is no matrix");
  int64_t k = a->dim[a->rank - 1], rows = b->rank > 1 ? b->dim[b->rank - 2] : b->dim[0];
  if (k != rows)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "%lld columns times %lld rows", (long long)k,
                          (long long)rows);
  ci_array both[2] = {batches(a), batches(b)};
  ci_tensor_call pair = *c;
  pair.in = both;
  int status = ci_tensor_broadcast(&pair, 0, 2, c->out, err);
  if (status) return status;
  c->out->type = a->type;
  if (a->rank > 1) c->out->dim[c->out->rank++] = a->dim[a->rank - 2];
  if (b->rank > 1) c->out->dim[c->out->rank++] = b->dim[b->rank - 1];
  return CNNIMG_OK;
}

static void matmul_run(const ci_tensor_call *c) {
  const ci_array *a = &c->in[0], *b = &c->in[1];
  if (!c->out->count) return;
  product p = product_of(a, b);
  ci_array one = batches(a), other = batches(b);
  ci_walk w;
  ci_walk_init(&w, c->out->rank - (a->rank > 1) - (b->rank > 1), c->out->dim);
  ci_walk_add(&w, &one);
  ci_walk_add(&w, &other);
  ci_walk_start(&w);
  for (size_t r = 0, o = 0; r < w.rows; r++, ci_walk_next(&w))
    for (size_t i = 0; i < w.n; i++, o += p.m * p.n) {
      size_t x = (size_t)(w.at[0] + (int64_t)i * ci_walk_step(&w, 0));
      size_t y = (size_t)(w.at[1] + (int64_t)i * ci_walk_step(&w, 1));
      multiply(&p, x * p.m * p.k, y * p.k * p.n, c->out, o);
    }
}

/* ---- Gemm: alpha A B + beta C -------------------------------------------------------------------- */

static product gemm_of(const ci_tensor_call *c) {
  const ci_array *a = &c->in[0], *b = &c->in[1];
  bool ta = ci_attr_int(c->node, "transA", 0) != 0, tb = ci_attr_int(c->node, "transB", 0) != 0;
  product p = {(size_t)a->dim[ta], (size_t)a->dim[!ta], (size_t)b->dim[!tb], a, b, 0, 0, 0, 0};
  p.a_row = ta ? 1 : p.k, p.a_column = ta ? p.m : 1;
  p.b_row = tb ? 1 : p.n, p.b_column = tb ? p.k : 1;
  return p;
}

static int gemm_shape(const ci_tensor_call *c, cnnimg_error *err) {
  if (c->in[0].rank != 2 || c->in[1].rank != 2)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "arrays of %d and %d dimensions", c->in[0].rank,
                          c->in[1].rank);
  product p = gemm_of(c);
  int64_t rows = c->in[1].dim[ci_attr_int(c->node, "transB", 0) != 0];
  if ((int64_t)p.k != rows)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "%zu columns times %lld rows", p.k, (long long)rows);
  c->out->type = c->in[0].type, c->out->rank = 2, c->out->dim[0] = (int64_t)p.m,
  c->out->dim[1] = (int64_t)p.n;
  const ci_array *add = ci_array_given(c, 2) ? &c->in[2] : NULL;
  for (int32_t i = 0; add && i < add->rank; i++) {
    int32_t to = i + 2 - add->rank;
    if (to < 0 || (add->dim[i] != 1 && add->dim[i] != c->out->dim[to]))
      return ci_tensor_fail(c, err, CNNIMG_CORRUPT,
                            "what is added has another shape than the %zu x %zu result", p.m, p.n);
  }
  return CNNIMG_OK;
}

/* Room for the second matrix with its rows in order. */
static size_t gemm_scratch(const ci_tensor_call *c) {
  bool turned = ci_attr_int(c->node, "transB", 0) && c->in[1].dtype == CI_F32 && c->out->count;
  return turned ? c->in[1].count * sizeof(float) : 0;
}

static void turn(const ci_array *b, float *to) {
  size_t n = (size_t)b->dim[0], k = (size_t)b->dim[1];
  const float *from = b->data;
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i < k; i++) to[i * n + j] = from[j * k + i];
}

static void add_to(const ci_tensor_call *c, double alpha, double beta) {
  const ci_array *add = ci_array_given(c, 2) ? &c->in[2] : NULL;
  bool plain = alpha == 1 && beta == 1 && add && add->dtype == CI_I64 && c->out->dtype == CI_I64;
  ci_walk w;
  ci_walk_init(&w, 2, c->out->dim);
  if (add) ci_walk_add(&w, add);
  ci_walk_start(&w);
  for (size_t r = 0, o = 0; r < w.rows; r++, ci_walk_next(&w))
    for (size_t i = 0; i < w.n; i++, o++) {
      size_t at = add ? (size_t)(w.at[0] + (int64_t)i * ci_walk_step(&w, 0)) : 0;
      if (plain) ci_array_put_int(c->out, o, ci_wrap_add(ci_array_int(c->out, o), ci_array_int(add, at)));
      else
        ci_array_put(c->out, o,
                     alpha * ci_array_double(c->out, o) + (add ? beta * ci_array_double(add, at) : 0));
    }
}

static void gemm_run(const ci_tensor_call *c) {
  if (!c->out->count) return;
  double alpha = (double)ci_attr_float(c->node, "alpha", 1), beta = (double)ci_attr_float(c->node, "beta", 1);
  product p = gemm_of(c);
  ci_array turned = c->in[1];
  if (gemm_scratch(c)) {
    turn(&c->in[1], c->scratch);
    turned.data = c->scratch;
    p.b = &turned, p.b_row = p.n, p.b_column = 1;
  }
  multiply(&p, 0, 0, c->out, 0);
  if (alpha != 1 || ci_array_given(c, 2)) add_to(c, alpha, beta);
}

const ci_tensor_op ci_tensor_matmul_ops[] = {
    {"MatMul", 2, 2, "", matmul_shape, NULL, matmul_run},
    {"Gemm", 2, 3, "alpha beta transA transB broadcast", gemm_shape, gemm_scratch, gemm_run},
    {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
