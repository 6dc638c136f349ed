/* SPDX-License-Identifier: MIT */
/* permute.h - constants with their dimensions in another order: kernels of other frameworks as ONNX has them */
#ifndef CI_PERMUTE_H
#define CI_PERMUTE_H

#include "net/tensor.h"

/* Dimension i of the result is dimension order[i] of t; `order` holds each of 0 .. rank - 1 once. A copy; NULL: no memory. */
ci_tensor *ci_tensor_permuted(const ci_tensor *t, const int32_t *order);
/* The elements as they lie, with other dimensions of the same product. A copy; NULL: no memory. */
ci_tensor *ci_tensor_reshaped(const ci_tensor *t, int32_t rank, const int64_t *dim);

#endif
