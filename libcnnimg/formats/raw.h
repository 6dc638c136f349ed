/* SPDX-License-Identifier: MIT */
/* raw.h - raw numbers of other programs' types as tensors of floats or integers */
#ifndef CI_RAW_H
#define CI_RAW_H

#include "base/source.h"
#include "net/tensor.h"

typedef enum ci_raw {
  CI_RAW_NONE,
  CI_RAW_F32,
  CI_RAW_F64,
  CI_RAW_F16,
  CI_RAW_BF16,
  CI_RAW_I8,
  CI_RAW_U8,
  CI_RAW_I16,
  CI_RAW_U16,
  CI_RAW_I32,
  CI_RAW_I64,
  CI_RAW_BOOL
} ci_raw;

size_t ci_raw_size(ci_raw e); /* bytes; 0: CI_RAW_NONE */
bool ci_raw_is_float(ci_raw e);
/* One little-endian number. */
float ci_raw_float(ci_raw e, const uint8_t *at);
int64_t ci_raw_int(ci_raw e, const uint8_t *at); /* of the integers */
/* Elements and bytes of those dimensions; false: impossible ones (negative, or beyond CI_TENSOR_MOST, 0s left out). */
bool ci_raw_count(ci_raw e, int32_t rank, const int64_t *dim, size_t *count, size_t *bytes);
/* A tensor of `count` elements at `data`, which is little-endian. Floats that lie well stay where they are: the data must
 * outlive the tensor. NULL: no memory. */
ci_tensor *ci_raw_tensor(ci_raw e, int32_t rank, const int64_t *dim, const uint8_t *data);

#endif
