/* SPDX-License-Identifier: MIT */
/* order.h - topological order of nodes that make values of each other, for programs and graphs alike */
#ifndef CI_ORDER_H
#define CI_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cnnimg.h"

/* What sorting must know of a network. */
typedef struct ci_order {
  const void *net;
  size_t n_nodes, n_values;
  int32_t (*inputs)(const void *net, int32_t node, const int32_t **in); /* how many; ids, -1: left out */
  int32_t (*producer)(const void *net, int32_t value);                 /* -1: no node */
  bool (*known)(const void *net, int32_t value);                       /* a constant or an input */
  const char *(*node_name)(const void *net, int32_t node);
  const char *(*value_name)(const void *net, int32_t value);
  int32_t *nodes; /* sorted, those that an output needs; ci_order_fini() frees */
  size_t n;
  bool *needed;   /* per node */
} ci_order;

/* Cycles and undefined values are refused. Own stack: a hostile chain of a million nodes must not be recursion. */
int ci_order_sort(ci_order *o, const int32_t *outputs, size_t n_outputs, cnnimg_error *err);
void ci_order_fini(ci_order *o);

#endif
