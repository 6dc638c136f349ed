/* SPDX-License-Identifier: MIT */
/* tensor.c - constants and the default parameters of nodes */
#include <limits.h>
#include <stdlib.h>

#include "base/memory.h"
#include "net/graph.h"

/* The product of the sizes; false where one is negative or it does not fit. */
static bool count_of(int32_t rank, const int64_t *dim, size_t *count) {
  *count = 1;
  if (rank < 0 || rank > CI_MAX_RANK) return false;
  for (int32_t i = 0; i < rank; i++)
    if (dim[i] < 0 || (uint64_t)dim[i] > SIZE_MAX || !ci_mul(*count, (size_t)dim[i], count)) return false;
  return true;
}

/* Without data. */
static ci_tensor *head(ci_dtype dtype, int32_t rank, const int64_t *dim, size_t count) {
  ci_tensor *t = ci_calloc(1, sizeof *t);
  if (!t) return NULL;
  t->dtype = dtype, t->type = dtype == CI_I64 ? CI_INT : CI_FLOAT, t->rank = rank, t->count = count;
  for (int32_t i = 0; i < rank; i++) t->dim[i] = dim[i];
  return t;
}

ci_tensor *ci_tensor_new(ci_dtype dtype, int32_t rank, const int64_t *dim) {
  size_t count, bytes;
  if (!count_of(rank, dim, &count)) return NULL;
  if (!ci_mul(count, dtype == CI_I64 ? sizeof(int64_t) : sizeof(float), &bytes)) return NULL;
  ci_tensor *t = head(dtype, rank, dim, count);
  if (!t) return NULL;
  t->data = t->owned = malloc(bytes ? bytes : 1);
  if (t->owned) return t;
  free(t);
  return NULL;
}

ci_tensor *ci_tensor_lent(ci_dtype dtype, int32_t rank, const int64_t *dim, const void *data) {
  size_t count;
  ci_tensor *t = count_of(rank, dim, &count) ? head(dtype, rank, dim, count) : NULL;
  if (t) t->data = data;
  return t;
}

ci_tensor *ci_tensor_borrow(const ci_tensor *t) {
  ci_tensor *copy = ci_calloc(1, sizeof *copy);
  if (copy) *copy = *t, copy->owned = NULL;
  return copy;
}

void ci_tensor_free(ci_tensor *t) {
  if (!t) return;
  free(t->owned);
  free(t);
}

void ci_params_init(ci_params *p) {
  *p = (ci_params){
      .kernel = {1, 1},
      .stride = {1, 1},
      .dilation = {1, 1},
      .group = 1,
      .block = 1,
      .cubic_a = -0.75f,
      .roi = {0, 0, 1, 1},
      .axis = 1,
      .end = INT32_MAX,
      .step = 1,
      .beta = 1,
  };
}
