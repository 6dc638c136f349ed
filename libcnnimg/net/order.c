/* SPDX-License-Identifier: MIT */
/* order.c - topological order of nodes that make values of each other, for programs and graphs alike */
#include "net/order.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"

enum { UNSEEN, OPEN, DONE };

typedef struct walk {
  ci_order *o;
  uint8_t *state; /* per node */
  int32_t *stack; /* nodes under way */
  int32_t *next;  /* per node: which of its inputs is looked at next */
  size_t depth;
} walk;

static bool walk_init(walk *w, ci_order *o) {
  size_t n = o->n_nodes;
  *w = (walk){.o = o};
  w->state = ci_calloc(n, 1);
  w->stack = ci_calloc(n, sizeof *w->stack);
  w->next = ci_calloc(n, sizeof *w->next);
  o->nodes = ci_calloc(n, sizeof *o->nodes);
  o->needed = ci_calloc(n, sizeof *o->needed);
  return w->state && w->stack && w->next && o->nodes && o->needed;
}

static void walk_fini(walk *w) {
  free(w->state);
  free(w->stack);
  free(w->next);
}

/* Looks at the value that a node (or the output) needs; enters its producer where that is new. */
static int visit_value(walk *w, int32_t v, const char *reader, cnnimg_error *err) {
  const ci_order *o = w->o;
  if (v >= 0 && (size_t)v >= o->n_values)
    return ci_fail(err, CNNIMG_CORRUPT, "%s reads value %d of %zu", reader, v, o->n_values);
  if (v < 0 || o->known(o->net, v)) return CNNIMG_OK;
  int32_t p = o->producer(o->net, v);
  if (p < 0)
    return ci_fail(err, CNNIMG_CORRUPT, "%s reads %s, which nothing makes", reader, o->value_name(o->net, v));
  if (w->state[p] == OPEN)
    return ci_fail(err, CNNIMG_CORRUPT, "%s and %s need each other's results", reader, o->node_name(o->net, p));
  if (w->state[p] == UNSEEN) {
    w->state[p] = OPEN;
    w->stack[w->depth++] = p;
  }
  return CNNIMG_OK;
}

static void finish_node(walk *w, int32_t node) {
  w->state[node] = DONE;
  w->o->needed[node] = true;
  w->o->nodes[w->o->n++] = node;
  w->depth--;
}

static int walk_from(walk *w, int32_t output, cnnimg_error *err) {
  const ci_order *o = w->o;
  int status = visit_value(w, output, "the output", err);
  while (!status && w->depth) {
    const int32_t *in;
    int32_t node = w->stack[w->depth - 1], n = o->inputs(o->net, node, &in);
    if (w->next[node] < n) status = visit_value(w, in[w->next[node]++], o->node_name(o->net, node), err);
    else finish_node(w, node);
  }
  return status;
}

int ci_order_sort(ci_order *o, const int32_t *outputs, size_t n_outputs, cnnimg_error *err) {
  walk w;
  int status = CNNIMG_OK;
  if (!walk_init(&w, o)) status = ci_fail(err, CNNIMG_NOMEM, "no memory to sort %zu nodes", o->n_nodes);
  for (size_t i = 0; i < n_outputs && !status; i++) status = walk_from(&w, outputs[i], err);
  walk_fini(&w);
  return status;
}

void ci_order_fini(ci_order *o) {
  free(o->nodes);
  free(o->needed);
}
