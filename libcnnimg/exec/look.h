/* SPDX-License-Identifier: MIT */
/* look.h - what a graph does, seen without a plan: its multiply-adds, how far a pixel of its result looks */
#ifndef CI_LOOK_H
#define CI_LOOK_H

#include "net/graph.h"

typedef struct ci_look {
  uint64_t macs; /* of the whole result */
  int32_t field; /* rows or columns of the input, the larger, that a pixel of the result can depend on */
  int32_t reach; /* how far from its own place, in rows or columns of the input */
  bool whole;    /* it depends on all of them, whatever the size */
  bool clipped;  /* it depends on all of them at this size */
} ci_look;

/* inputs: a shape for each graph input; input: the one that is looked at; phases: pixels of the result, diagonally from the
 * middle, whose fields may differ. */
int ci_graph_look(const ci_graph *g, const ci_shape *inputs, size_t input, int32_t phases, ci_look *out,
                  cnnimg_error *err);

#endif
