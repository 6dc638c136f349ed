/* SPDX-License-Identifier: MIT */
/* permute.c - constants with their dimensions in another order */
#include "net/permute.h"

#include <string.h>

static size_t element(const ci_tensor *t) { return t->dtype == CI_I64 ? sizeof(int64_t) : sizeof(float); }

/* Elements between neighbours along each dimension. */
static void strides_of(const ci_tensor *t, size_t *stride) {
  size_t step = 1;
  for (int32_t i = t->rank; i-- > 0; step *= (size_t)t->dim[i]) stride[i] = step;
}

/* The next place of the result in C order, and where in t it comes from. */
static void advance(const ci_tensor *out, const size_t *stride, int64_t *at, size_t *from) {
  for (int32_t i = out->rank; i-- > 0;) {
    *from += stride[i];
    if (++at[i] < out->dim[i]) return;
    *from -= stride[i] * (size_t)out->dim[i];
    at[i] = 0;
  }
}

ci_tensor *ci_tensor_permuted(const ci_tensor *t, const int32_t *order) {
  size_t stride[CI_MAX_RANK], turned[CI_MAX_RANK] = {0}, from = 0, size = element(t);
  int64_t dim[CI_MAX_RANK] = {0}, at[CI_MAX_RANK] = {0};
  strides_of(t, stride);
  for (int32_t i = 0; i < t->rank; i++) dim[i] = t->dim[order[i]], turned[i] = stride[order[i]];
  ci_tensor *out = ci_tensor_new(t->dtype, t->rank, dim);
  if (!out) return NULL;
  out->type = t->type;
  for (size_t k = 0; k < out->count; k++) {
    memcpy((char *)out->owned + k * size, (const char *)t->data + from * size, size);
    advance(out, turned, at, &from);
  }
  return out;
}

ci_tensor *ci_tensor_reshaped(const ci_tensor *t, int32_t rank, const int64_t *dim) {
  ci_tensor *out = ci_tensor_new(t->dtype, rank, dim);
  if (!out) return NULL;
  out->type = t->type;
  if (out->count) memcpy(out->owned, t->data, (out->count < t->count ? out->count : t->count) * element(t));
  return out;
}
