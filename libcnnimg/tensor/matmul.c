/* SPDX-License-Identifier: MIT */
/* matmul.c - products of matrices, in batches: MatMul, Gemm */
#include <string.h>

#include "base/memory.h"
#include "tensor/tensor_op.h"

/* Rows of floats, whatever the storage: the second operand's rows are read one after the other. */
static inline float get(const ci_array *a, size_t i) { return ci_array_float(a, i); }

/* out[m][n] += a[m][k] b[k][n] (out begins as it is): k in order, so that bytes do not depend on anything. */
static void product(float *out, const ci_array *a, size_t ai, const ci_array *b, size_t bi, size_t m, size_t n, size_t k) {
  for (size_t i = 0; i < m; i++)
    for (size_t p = 0; p < k; p++) {
      float x = get(a, ai + i * k + p), *row = out + i * n;
      if (b->dtype == CI_F32) {
        const float *from = (const float *)b->data + bi + p * n;
        for (size_t j = 0; j < n; j++) row[j] += x * from[j];
      } else {
        for (size_t j = 0; j < n; j++) row[j] += x * get(b, bi + p * n + j);
      }
    }
}

/* ---- MatMul ----------------------------------------------------------------------------------------- */

typedef struct matmul {
  int64_t m, n, k;
  int32_t batch; /* dimensions of the result before the matrix */
} matmul;

static int matmul_shape(const ci_tensor_call *c, cnnimg_error *err) {
  const ci_array *a = &c->in[0], *b = &c->in[1];
  if (a->rank < 1 || b->rank < 1) return ci_tensor_refuse(c, err, "multiplies single numbers");
  int64_t k = a->dim[a->rank - 1], other = b->dim[b->rank > 1 ? b->rank - 2 : 0];
  if (k != other) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "rows of %lld by columns of %lld", (long long)k, (long long)other);
  int32_t ra = a->rank > 2 ? a->rank - 2 : 0, rb = b->rank > 2 ? b->rank - 2 : 0, r = ra > rb ? ra : rb;
  c->out->type = a->type;
  for (int32_t i = 0; i < r; i++) {
    int64_t x = i - (r - ra) < 0 ? 1 : a->dim[i - (r - ra)], y = i - (r - rb) < 0 ? 1 : b->dim[i - (r - rb)];
    if (x != y && x != 1 && y != 1) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "batches of %lld and %lld", (long long)x, (long long)y);
    c->out->dim[i] = x == 1 ? y : x;
  }
  c->out->rank = r;
  if (a->rank > 1) c->out->dim[c->out->rank++] = a->dim[a->rank - 2];
  if (b->rank > 1) c->out->dim[c->out->rank++] = b->dim[b->rank - 1];
  return CNNIMG_OK;
}

/* Which of an operand's matrices belongs to matrix i of the result. */
static size_t batch_of(const ci_array *x, const ci_array *out, int32_t batch, size_t i) {
  int32_t own = x->rank > 2 ? x->rank - 2 : 0;
  size_t at = 0, stride = 1;
  for (int32_t k = batch - 1; k >= 0; k--) {
    size_t pos = i % (size_t)out->dim[k];
    int32_t mine = k - (batch - own);
    i /= (size_t)out->dim[k];
    if (mine < 0) continue;
    if (x->dim[mine] != 1) at += pos * stride;
    stride *= (size_t)x->dim[mine];
  }
  return at;
}

static size_t matmul_scratch(const ci_tensor_call *c) {
  const ci_array *a = &c->in[0], *b = &c->in[1];
  size_t m = a->rank > 1 ? (size_t)a->dim[a->rank - 2] : 1, n = b->rank > 1 ? (size_t)b->dim[b->rank - 1] : 1, bytes;
  return ci_mul(m * n, sizeof(float), &bytes) ? bytes + sizeof(float) : SIZE_MAX;
}

static void matmul_run(const ci_tensor_call *c) {
  const ci_array *a = &c->in[0], *b = &c->in[1];
  size_t m = a->rank > 1 ? (size_t)a->dim[a->rank - 2] : 1, n = b->rank > 1 ? (size_t)b->dim[b->rank - 1] : 1;
  size_t k = (size_t)a->dim[a->rank - 1];
  int32_t batch = c->out->rank - (a->rank > 1) - (b->rank > 1);
  float *sum = c->scratch;
  if (!c->out->count) return;
  for (size_t i = 0; i < c->out->count / (m * n); i++) {
    memset(sum, 0, m * n * sizeof *sum);
    product(sum, a, batch_of(a, c->out, batch, i) * m * k, b, batch_of(b, c->out, batch, i) * k * n, m, n, k);
    for (size_t j = 0; j < m * n; j++) ci_array_set(c->out, i * m * n + j, (double)sum[j]);
  }
}

/* ---- Gemm ----------------------------------------------------------------------------------------------- */

static int gemm_shape(const ci_tensor_call *c, cnnimg_error *err) {
  const ci_array *a = &c->in[0], *b = &c->in[1];
  bool ta = ci_attr_int(c->node, "transA", 0) != 0, tb = ci_attr_int(c->node, "transB", 0) != 0;
  if (a->rank != 2 || b->rank != 2) return ci_tensor_refuse(c, err, "wants matrices");
  if (a->dim[!ta] != b->dim[tb])
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "rows of %lld by columns of %lld", (long long)a->dim[!ta], (long long)b->dim[tb]);
  c->out->type = a->type, c->out->rank = 2, c->out->dim[0] = a->dim[ta], c->out->dim[1] = b->dim[!tb];
  const ci_array *bias = ci_array_given(c, 2) ? &c->in[2] : NULL;
  if (!bias) return CNNIMG_OK;
  for (int32_t i = 0; i < bias->rank; i++) {
    int32_t at = i + 2 - bias->rank;
    if (at < 0 || (bias->dim[i] != 1 && bias->dim[i] != c->out->dim[at])) return ci_tensor_refuse(c, err, "its bias does not fit");
  }
  return CNNIMG_OK;
}

static float bias_at(const ci_array *b, size_t y, size_t x) {
  size_t w = b->rank ? (size_t)b->dim[b->rank - 1] : 1, h = b->rank > 1 ? (size_t)b->dim[0] : 1;
  return get(b, (h == 1 ? 0 : y) * w + (w == 1 ? 0 : x));
}

static void gemm_run(const ci_tensor_call *c) {
  const ci_array *a = &c->in[0], *b = &c->in[1];
  bool ta = ci_attr_int(c->node, "transA", 0) != 0, tb = ci_attr_int(c->node, "transB", 0) != 0;
  float alpha = ci_attr_float(c->node, "alpha", 1), beta = ci_attr_float(c->node, "beta", 1);
  size_t m = (size_t)c->out->dim[0], n = (size_t)c->out->dim[1], k = (size_t)a->dim[!ta];
  for (size_t y = 0; y < m; y++)
    for (size_t x = 0; x < n; x++) {
      float sum = 0;
      for (size_t p = 0; p < k; p++) sum += get(a, ta ? p * m + y : y * k + p) * get(b, tb ? x * k + p : p * n + x);
      float bias = ci_array_given(c, 2) ? beta * bias_at(&c->in[2], y, x) : 0;
      ci_array_set(c->out, y * n + x, (double)(alpha * sum + bias));
    }
}

const ci_tensor_op ci_tensor_matmul_ops[] = {
    {"MatMul", 2, 2, "", matmul_shape, matmul_scratch, matmul_run},
    {"Gemm", 2, 3, "alpha beta transA transB broadcast", gemm_shape, NULL, gemm_run},
    {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
