/* SPDX-License-Identifier: MIT */
/* lower.h - from a program and the sizes of its inputs to a graph of maps and held tensors */
#ifndef CI_LOWER_H
#define CI_LOWER_H

#include "net/graph.h"

typedef struct ci_dims {
  int32_t rank;
  int64_t dim[CI_MAX_RANK];
} ci_dims;

/* How a value lies in a map: a vector of its elements, or [1, C, H, W] (or [1, C, W], H being 1), or [1, H, W, C]. */
typedef enum ci_layout { CI_LAYOUT_VECTOR, CI_LAYOUT_NCHW, CI_LAYOUT_NHWC } ci_layout;

/*
 * A network for one size. All sizes are known, so whatever computes with them (Shape, Gather, Resize's sizes ...) is
 * computed here and gone; what works on one picture's channels, rows and columns becomes a map op and can stream;
 * the rest becomes `held` nodes. graph: finished and simplified; its inputs are the program's, all of them in order.
 */
typedef struct ci_lowered {
  ci_graph *graph;
  ci_layout *in; /* one an input */
  ci_layout out;
  ci_dims out_dims;
  ci_type out_type;
} ci_lowered;

/* output: index into program->outputs. inputs: dimensions, one an input, all at least 1. The program outlives it. */
int ci_lower(const ci_program *p, size_t output, const ci_dims *inputs, ci_lowered **out, cnnimg_error *err);
/* Once a plan is made of it: lets go of constants that nothing reads while it runs, for ops have packed theirs. */
int ci_lowered_settle(ci_lowered *l, cnnimg_error *err);
void ci_lowered_free(ci_lowered *l); /* NULL is allowed */

/* The layout that input i takes where it is a picture (rank 4): NHWC if the network turns it round at once, or if its
 * declared sizes say so. */
ci_layout ci_lower_picture_layout(const ci_program *p, size_t input);
/* Declared sizes with the open ones filled: batch 1, `channels`, `height` and `width` by the layout; open sizes of
 * inputs of other ranks are an error (CNNIMG_BADARG). */
int ci_lower_picture_dims(const ci_program *p, size_t input, int32_t channels, int32_t height, int32_t width,
                          ci_dims *out, cnnimg_error *err);

#endif
