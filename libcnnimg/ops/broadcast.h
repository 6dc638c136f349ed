/* SPDX-License-Identifier: MIT */
/* broadcast.h - operands (maps or constants) that stand for a whole map: a size of 1 is repeated */
#ifndef CI_OPS_BROADCAST_H
#define CI_OPS_BROADCAST_H

#include "ops/common.h"

#define CI_MOST_OPERANDS 3

/* The shape to which the node's operands 0..count-1 broadcast; at least one of them is a map. */
int ci_broadcast_shape(const ci_graph *g, const ci_node *n, const ci_shape *in, int32_t count, ci_shape *out,
                       cnnimg_error *err);
ci_rect ci_broadcast_need(const ci_node *n, const ci_shape *in, ci_shape out, int32_t k, ci_rect r);
/* The constants' samples. */
int ci_broadcast_pack(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape out, const ci_kernels *k,
                      const ci_allocator *a, void **packed, size_t *bytes, cnnimg_error *err);

/* How an operand looks from row y of the output. */
typedef struct ci_operand {
  const float *at; /* of the rectangle's first pixel */
  ci_shape shape;
  int32_t cs; /* floats a pixel */
} ci_operand;
ci_operand ci_broadcast_operand(const ci_call *c, int32_t k, int32_t y);
/* The same as a row of whole pixels: where it lies, or spread out over `room`. */
const float *ci_broadcast_row(const ci_call *c, int32_t k, int32_t y, float *room);

#endif
