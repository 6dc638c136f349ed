/* SPDX-License-Identifier: MIT */
/* norm.h - private to simplification: a layer norm that a file spells out becomes one node */
#ifndef CI_NORM_H
#define CI_NORM_H

#include "net/graph.h"

/* Node i is the division of (x - mean) / sqrt(mean((x - mean)^2) + epsilon) over channels, and nobody else reads what is
 * on the way: it becomes a layer norm of x. readers: of each value, brought up to date. */
void ci_norm_find(ci_graph *g, int32_t i, int32_t *readers);
/* Node i multiplies a layer norm, or adds to it, one constant a channel: the norm's scale or bias. channels: the map's.
 * Returns the norm's number, which then makes what node i did; -1: nothing was done. *nomem: for want of memory. */
int32_t ci_norm_absorb(ci_graph *g, int32_t i, const int32_t *readers, int64_t channels, bool *nomem);

#endif
