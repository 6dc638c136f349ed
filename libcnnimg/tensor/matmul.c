/* SPDX-License-Identifier: MIT */
/* matmul.c - products of matrices: MatMul with batches, Gemm */
#include "kernels/gemm.h"
#include "tensor/array.h"

/* One product: out[m, n] = a[m, k] b[k, n], each from an offset; a and b with a step a row and a column. */
typedef struct product {
  size_t m, k, n;
  const ci_array *a, *b;
  size_t a_row, a_column, b_row, b_column;
  const float *bias; /* n of them, or NULL */
} product;

static bool is_float(const product *p, const ci_array *out) {
  return p->a->dtype == CI_F32 && p->b->dtype == CI_F32 && out->dtype == CI_F32 &&
         (p->b_column == 1 || p->b_row == 1);
}

static ci_gemm float_product(const product *p, size_t a0, size_t b0, float *out) {
  return (ci_gemm){.m = p->m,
                   .n = p->n,
                   .k = p->k,
                   .a = (const float *)p->a->data + a0,
                   .a_row = (ptrdiff_t)p->a_row,
                   .a_col = (ptrdiff_t)p->a_column,
                   .b = (const float *)p->b->data + b0,
                   .b_row = (ptrdiff_t)p->b_row,
                   .b_col = (ptrdiff_t)p->b_column,
                   .c = out,
                   .c_row = (ptrdiff_t)p->n,
                   .col_bias = p->bias};
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

static void any_product(const product *p, size_t a0, size_t b0, ci_array *out, size_t o) {
  for (size_t i = 0; i < p->m; i++)
    for (size_t j = 0; j < p->n; j++, o++) any_element(p, a0 + i * p->a_row, b0 + j * p->b_column, out, o);
}

/* Many products of the same sizes: number i is that of the places to which the walk comes with its i-th step. */
typedef struct batch {
  const product *p;
  const ci_kernels *k;
  ci_array *out;
  ci_walk w;
  size_t pieces; /* of each product, if they are of floats */
} batch;

static void places(const batch *b, size_t i, size_t *a0, size_t *b0) {
  ci_walk w = b->w;
  ci_walk_seek(&w, i / w.n);
  *a0 = (size_t)(w.at[0] + (int64_t)(i % w.n) * ci_walk_step(&w, 0)) * b->p->m * b->p->k;
  *b0 = (size_t)(w.at[1] + (int64_t)(i % w.n) * ci_walk_step(&w, 1)) * b->p->k * b->p->n;
}

static void run_pieces(const void *arg, size_t from, size_t to) {
  const batch *b = arg;
  for (size_t i = from, a0, b0; i < to; i++) {
    size_t which = i / b->pieces;
    places(b, which, &a0, &b0);
    ci_gemm g = float_product(b->p, a0, b0, (float *)b->out->data + which * b->p->m * b->p->n);
    ci_gemm_piece(&g, b->k, i % b->pieces);
  }
}

static void run_batch(const ci_tensor_call *c, batch *b) {
  size_t count = b->w.rows * b->w.n, a0, b0;
  const product *p = b->p;
  if (is_float(p, b->out)) {
    ci_gemm g = float_product(p, 0, 0, b->out->data);
    b->k = ci_tensor_kernels(c);
    b->pieces = ci_gemm_pieces(&g, b->k);
    ci_tensor_share(c, count * b->pieces, p->m * p->n * p->k / b->pieces / 4, run_pieces, b);
    return;
  }
  for (size_t i = 0; i < count; i++) {
    places(b, i, &a0, &b0);
    any_product(p, a0, b0, b->out, i * p->m * p->n);
  }
}

/* ---- MatMul ------------------------------------------------------------------------------ */

/* The dimensions before the matrix; a vector is a matrix of one row (or, as the second, one column). */
static ci_array batches(const ci_array *a) {
  ci_array b = *a;
  b.rank = a->rank > 2 ? a->rank - 2 : 0;
  return b;
}

/* One matrix by many is one product, of all their rows by it. */
static bool is_one(const ci_array *b) { return b->rank <= 2; }

static product product_of(const ci_array *a, const ci_array *b) {
  size_t k = (size_t)a->dim[a->rank - 1], n = b->rank > 1 ? (size_t)b->dim[b->rank - 1] : 1;
  size_t m = is_one(b) ? ci_array_product(a, 0, a->rank - 1) : a->rank > 1 ? (size_t)a->dim[a->rank - 2] : 1;
  return (product){m, k, n, a, b, k, 1, n, 1, NULL};
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
  batch all = {.p = &p, .out = c->out};
  ci_walk_init(&all.w, is_one(b) ? 0 : c->out->rank - (a->rank > 1) - 1, c->out->dim);
  if (!is_one(b)) {
    ci_walk_add(&all.w, &one);
    ci_walk_add(&all.w, &other);
  }
  ci_walk_start(&all.w);
  run_batch(c, &all);
}

/* ---- Gemm: alpha A B + beta C -------------------------------------------------------------------- */

static product gemm_of(const ci_tensor_call *c) {
  const ci_array *a = &c->in[0], *b = &c->in[1];
  bool ta = ci_attr_int(c->node, "transA", 0) != 0, tb = ci_attr_int(c->node, "transB", 0) != 0;
  product p = {(size_t)a->dim[ta], (size_t)a->dim[!ta], (size_t)b->dim[!tb], a, b, 0, 0, 0, 0, NULL};
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

/* What is added, where it is a number a column and nothing is multiplied by alpha or beta; else NULL. */
static const float *plain_bias(const ci_tensor_call *c, double alpha, double beta) {
  const ci_array *add = ci_array_given(c, 2) ? &c->in[2] : NULL;
  bool columns = add && add->dtype == CI_F32 && add->rank >= 1 && add->count == (size_t)c->out->dim[1] &&
                 add->dim[add->rank - 1] == c->out->dim[1];
  return columns && alpha == 1 && beta == 1 ? add->data : NULL;
}

static void gemm_run(const ci_tensor_call *c) {
  if (!c->out->count) return;
  double alpha = (double)ci_attr_float(c->node, "alpha", 1), beta = (double)ci_attr_float(c->node, "beta", 1);
  product p = gemm_of(c);
  batch one = {.p = &p, .out = c->out};
  if (is_float(&p, c->out)) p.bias = plain_bias(c, alpha, beta);
  ci_walk_init(&one.w, 0, NULL);
  ci_walk_start(&one.w);
  run_batch(c, &one);
  if (!p.bias && (alpha != 1 || ci_array_given(c, 2))) add_to(c, alpha, beta);
}

const ci_tensor_op ci_tensor_matmul_ops[] = {
    {"MatMul", 2, 2, "", matmul_shape, NULL, matmul_run},
    {"Gemm", 2, 3, "alpha beta transA transB broadcast", gemm_shape, NULL, gemm_run},
    {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
