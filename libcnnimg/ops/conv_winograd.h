/* SPDX-License-Identifier: MIT */
/* conv_winograd.h - the convolutions that run as Winograd's tiles, for conv.c */
#ifndef CI_CONV_WINOGRAD_H
#define CI_CONV_WINOGRAD_H

#include "ops/common.h"

/* Tiles of m x m pixels of the output, `step` apart (the dilation), from n x n of the input. n 0: no tiles. */
typedef struct ci_wino_scheme {
  int32_t n, m, step;
} ci_wino_scheme;

/* How does this node run? A rule of the node and the shapes only, so that bytes depend on nothing else. */
ci_wino_scheme ci_winograd_scheme(const ci_node *n, ci_shape in, ci_shape out);
/* The rest as in ci_op, for nodes that have a scheme. run() finds what ci_wino_pack() made in part 0, the bias in part
 * 1. */
ci_rect ci_winograd_need(const ci_wino_scheme *s, const ci_node *n, ci_shape in, ci_rect r);
size_t ci_winograd_scratch(const ci_wino_scheme *s, ci_shape in, ci_shape out);
void ci_winograd_run(const ci_wino_scheme *s, const ci_call *c);

#endif
