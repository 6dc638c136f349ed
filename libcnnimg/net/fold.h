/* SPDX-License-Identifier: MIT */
/* fold.h - private to simplification: a factor and an offset a channel go into a convolution's weights */
#ifndef CI_FOLD_H
#define CI_FOLD_H

#include "net/graph.h"

/* Output y of a channel becomes y * factor[c] + offset[c]. */
typedef struct ci_affine {
  double *factor, *offset;
  int64_t channels;
} ci_affine;

/* The output channels of a convolution whose weight and bias are as they should be, else 0. */
int64_t ci_fold_channels(const ci_graph *g, const ci_node *conv);
/* What a batch-norm, or a binary with one constant, does to `channels` channels; factor NULL: nothing that can be
 * folded (or no memory: then *status is set). Freed by ci_affine_free(). */
ci_affine ci_fold_affine(const ci_graph *g, const ci_node *n, int64_t channels, int *status);
void ci_affine_free(ci_affine *a);
/* New weight and bias for node number `conv`; *budget bytes may be taken, where that is too little nothing
 * happens and *done is false. */
int ci_fold_apply(ci_graph *g, int32_t conv, const ci_affine *a, size_t *budget, bool *done);

#endif
