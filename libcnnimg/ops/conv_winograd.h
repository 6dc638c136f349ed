/* SPDX-License-Identifier: MIT */
/* conv_winograd.h - the 3x3 convolutions that run as F(4x4, 3x3), for conv.c */
#ifndef CI_CONV_WINOGRAD_H
#define CI_CONV_WINOGRAD_H

#include "ops/common.h"

#define CI_WINO_TILE 4 /* pixels of the output a side */

/* Does this node run by tiles? A rule of the node and the shapes only, so that bytes depend on nothing else. */
bool ci_winograd_fits(const ci_node *n, ci_shape in, ci_shape out);
/* The rest as in ci_op, for nodes that fit. run() finds what ci_wino_pack() made in part 0, the bias in part 1. */
ci_rect ci_winograd_need(const ci_node *n, ci_shape in, ci_rect r);
size_t ci_winograd_scratch(ci_shape in, ci_shape out);
void ci_winograd_run(const ci_call *c);

#endif
