/* SPDX-License-Identifier: MIT */
/* held.h - a tensor operation as a node of a graph holds it */
#ifndef CI_HELD_H
#define CI_HELD_H

#include "tensor/tensor_op.h"

/* The program outlives the graph. Inputs: dimensions, types, and data where they are constants (then they point into
 * the graph's or the program's tensors). */
typedef struct ci_held {
  const ci_tensor_op *op;
  const ci_pnode *node;
  int64_t opset;
  int32_t which, n_in;
  ci_array *in; /* n_in, in the same block */
  ci_array out; /* data NULL */
} ci_held;

ci_held *ci_held_new(int32_t n_in); /* NULL: no memory */
void ci_held_free(ci_held *h);      /* NULL is allowed */

#endif
