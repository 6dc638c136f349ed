/* SPDX-License-Identifier: MIT */
/* simplify.c - fewer nodes that compute the same */
#include "net/graph.h"

int ci_graph_simplify(ci_graph *g, const ci_shape *shapes, cnnimg_error *err) {
  (void)g, (void)shapes, (void)err;
  return CNNIMG_OK;
}
