/* SPDX-License-Identifier: MIT */
/* conv_winograd.h - the convolutions that run as Winograd's tiles, for conv.c */
#ifndef CI_CONV_WINOGRAD_H
#define CI_CONV_WINOGRAD_H

#include "ops/common.h"

/* Tiles whose pixels are `step` apart (the dilation). tile.ny 0: none. */
typedef struct ci_wino_scheme {
  ci_wino_tile tile;
  int32_t step;
} ci_wino_scheme;

/* How does this node run? A rule of the node and the shapes only, so that bytes depend on nothing else. */
ci_wino_scheme ci_winograd_scheme(const ci_node *n, ci_shape in, ci_shape out);
/* The rest as in ci_op, for nodes that have a scheme. run() finds what ci_wino_pack() made in part 0, the bias in part
 * 1. */
ci_rect ci_winograd_need(const ci_wino_scheme *s, const ci_node *n, ci_shape in, ci_rect r);
size_t ci_winograd_scratch(const ci_wino_scheme *s, ci_shape in, ci_shape out);
int32_t ci_winograd_align(const ci_wino_scheme *s, int axis);
void ci_winograd_run(const ci_wino_scheme *s, const ci_call *c);

#endif
