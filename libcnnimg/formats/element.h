/* SPDX-License-Identifier: MIT */
/* element.h - raw numbers of other programs' types as tensors of floats or integers */
#ifndef CI_ELEMENT_H
#define CI_ELEMENT_H

#include "base/source.h"
#include "net/tensor.h"

typedef enum ci_element {
  CI_ELEMENT_NONE,
  CI_ELEMENT_F32,
  CI_ELEMENT_F64,
  CI_ELEMENT_F16,
  CI_ELEMENT_BF16,
  CI_ELEMENT_I8,
  CI_ELEMENT_U8,
  CI_ELEMENT_I16,
  CI_ELEMENT_U16,
  CI_ELEMENT_I32,
  CI_ELEMENT_I64,
  CI_ELEMENT_BOOL
} ci_element;

size_t ci_element_size(ci_element e); /* bytes; 0: CI_ELEMENT_NONE */
bool ci_element_is_float(ci_element e);
/* One little-endian number. */
float ci_element_float(ci_element e, const uint8_t *at);
int64_t ci_element_int(ci_element e, const uint8_t *at); /* of the integers */
/* Elements and bytes of those dimensions; false: impossible ones (negative, or beyond CI_TENSOR_MOST, 0s left out). */
bool ci_element_count(ci_element e, int32_t rank, const int64_t *dim, size_t *count, size_t *bytes);
/* A tensor of `count` elements at `data`, which is little-endian. Floats that lie well stay where they are: the data must
 * outlive the tensor. NULL: no memory. */
ci_tensor *ci_element_tensor(ci_element e, int32_t rank, const int64_t *dim, const uint8_t *data);

#endif
