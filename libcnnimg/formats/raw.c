/* SPDX-License-Identifier: MIT */
/* raw.c - raw numbers of other programs' types as tensors of floats or integers */
#include "formats/raw.h"

#include <string.h>

#include "base/half.h"
#include "base/memory.h"

size_t ci_raw_size(ci_raw e) {
  static const uint8_t sizes[] = {0, 4, 8, 2, 2, 1, 1, 2, 2, 4, 8, 1};
  return sizes[e];
}

bool ci_raw_is_float(ci_raw e) { return e >= CI_RAW_F32 && e <= CI_RAW_BF16; }

static uint64_t bits(const uint8_t *at, size_t n) {
  uint64_t u = 0;
  for (size_t k = 0; k < n; k++) u |= (uint64_t)at[k] << 8 * k;
  return u;
}

static float single(uint32_t u) {
  float f;
  memcpy(&f, &u, sizeof f);
  return f;
}

int64_t ci_raw_int(ci_raw e, const uint8_t *at) {
  uint64_t u = bits(at, ci_raw_size(e));
  switch (e) {
    case CI_RAW_I8:
      return (int8_t)u;
    case CI_RAW_I16:
      return (int16_t)u;
    case CI_RAW_I32:
      return (int32_t)u;
    default:
      return (int64_t)u;
  }
}

float ci_raw_float(ci_raw e, const uint8_t *at) {
  double d;
  uint64_t u = bits(at, ci_raw_size(e));
  switch (e) {
    case CI_RAW_F32:
      return single((uint32_t)u);
    case CI_RAW_F64:
      memcpy(&d, &u, sizeof d);
      return (float)d;
    case CI_RAW_F16:
      return ci_half_to_float((uint16_t)u);
    case CI_RAW_BF16:
      return single((uint32_t)u << 16);
    default:
      return (float)ci_raw_int(e, at);
  }
}

bool ci_raw_count(ci_raw e, int32_t rank, const int64_t *dim, size_t *count, size_t *bytes) {
  bool empty = false;
  *count = 1;
  if (rank < 0 || rank > CI_MAX_RANK) return false;
  for (int32_t i = 0; i < rank; i++) {
    empty = empty || !dim[i];
    if (dim[i] < 0 || !ci_mul(*count, dim[i] ? (size_t)dim[i] : 1, count) || *count > CI_TENSOR_MOST)
      return false;
  }
  if (empty) *count = 0;
  return ci_mul(*count, ci_raw_size(e), bytes);
}

static ci_tensor *in_place(int32_t rank, const int64_t *dim, size_t count, const uint8_t *data) {
  ci_tensor *t = ci_calloc(1, sizeof *t);
  if (!t) return NULL;
  t->dtype = CI_F32, t->rank = rank, t->count = count, t->data = data;
  for (int32_t i = 0; i < rank; i++) t->dim[i] = dim[i];
  return t;
}

ci_tensor *ci_raw_tensor(ci_raw e, int32_t rank, const int64_t *dim, const uint8_t *data) {
  size_t count, bytes, size = ci_raw_size(e);
  if (!ci_raw_count(e, rank, dim, &count, &bytes)) return NULL;
  bool stays = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && e == CI_RAW_F32 && count &&
               (uintptr_t)data % sizeof(float) == 0;
  if (stays) return in_place(rank, dim, count, data);
  ci_tensor *t = ci_tensor_new(ci_raw_is_float(e) ? CI_F32 : CI_I64, rank, dim);
  if (!t) return NULL;
  if (e == CI_RAW_BOOL) t->type = CI_BOOL;
  for (size_t i = 0; i < count; i++) {
    if (t->dtype == CI_F32) ((float *)t->owned)[i] = ci_raw_float(e, data + i * size);
    else ((int64_t *)t->owned)[i] = ci_raw_int(e, data + i * size);
  }
  return t;
}
