/* SPDX-License-Identifier: MIT */
/* program_sort.c - finishing a program: topological order, dead nodes dropped, cycles and undefined values refused */
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "net/program.h"

enum { UNSEEN, OPEN, DONE };

/* Depth-first search with its own stack: a hostile file's chain of a million nodes must not be recursion. */
typedef struct walk {
  ci_program *g;
  uint8_t *state; /* per node */
  uint8_t *given; /* per value: an input of the graph */
  int32_t *stack; /* nodes under way */
  int32_t *next;  /* per node: which of its inputs is looked at next */
  int32_t *order; /* finished nodes */
  size_t depth, n_order;
} walk;

static bool walk_init(walk *w, ci_program *g) {
  size_t n = g->n_nodes;
  *w = (walk){.g = g};
  w->state = ci_calloc(n, 1);
  w->given = ci_calloc(g->n_values, 1);
  w->stack = ci_calloc(n, sizeof *w->stack);
  w->next = ci_calloc(n, sizeof *w->next);
  w->order = ci_calloc(n, sizeof *w->order);
  return w->state && w->given && w->stack && w->next && w->order;
}

static void walk_fini(walk *w) {
  free(w->state);
  free(w->given);
  free(w->stack);
  free(w->next);
  free(w->order);
}

static void enter(walk *w, int32_t node) {
  w->state[node] = OPEN;
  w->stack[w->depth++] = node;
}

/* Looks at the value that a node (or the output) needs; enters its producer where that is new. */
static int visit_value(walk *w, int32_t v, const char *reader, cnnimg_error *err) {
  const ci_program *g = w->g;
  if (v >= 0 && (size_t)v >= g->n_values)
    return ci_fail(err, CNNIMG_CORRUPT, "%s reads value %d of %zu", reader, v, g->n_values);
  if (v < 0 || g->values[v].tensor || w->given[v]) return CNNIMG_OK;
  int32_t p = g->values[v].producer;
  if (p < 0)
    return ci_fail(err, CNNIMG_CORRUPT, "%s reads %s, which nothing makes", reader, g->values[v].name);
  if (w->state[p] == OPEN)
    return ci_fail(err, CNNIMG_CORRUPT, "%s and %s need each other's results", reader, g->nodes[p].name);
  if (w->state[p] == UNSEEN) enter(w, p);
  return CNNIMG_OK;
}

static void finish_node(walk *w, int32_t node) {
  w->state[node] = DONE;
  w->order[w->n_order++] = node;
  w->depth--;
}

static int walk_from(walk *w, int32_t output, cnnimg_error *err) {
  int status = visit_value(w, output, "the output", err);
  while (!status && w->depth) {
    int32_t node = w->stack[w->depth - 1];
    const ci_pnode *n = &w->g->nodes[node];
    if (w->next[node] < n->n_in) status = visit_value(w, n->in[w->next[node]++], n->name, err);
    else finish_node(w, node);
  }
  return status;
}

/* Puts the nodes into order; those that nobody needed are freed. */
static int reorder(walk *w, cnnimg_error *err) {
  ci_program *g = w->g;
  ci_pnode *nodes = ci_calloc(w->n_order, sizeof *nodes);
  if (!nodes) return ci_fail(err, CNNIMG_NOMEM, "no memory for %zu nodes", w->n_order);
  for (size_t i = 0; i < g->n_values; i++) g->values[i].producer = -1;
  for (size_t i = 0; i < w->n_order; i++) {
    nodes[i] = g->nodes[w->order[i]];
    for (int32_t k = 0; k < nodes[i].n_out; k++)
      if (nodes[i].out[k] >= 0) g->values[nodes[i].out[k]].producer = (int32_t)i;
  }
  for (size_t i = 0; i < g->n_nodes; i++)
    if (w->state[i] != DONE) ci_pnode_fini(&g->nodes[i]);
  free(g->nodes);
  g->nodes = nodes;
  g->n_nodes = w->n_order;
  g->cap_nodes = w->n_order ? w->n_order : 1;
  return CNNIMG_OK;
}

static int mark_inputs(walk *w, cnnimg_error *err) {
  const ci_program *g = w->g;
  for (size_t i = 0; i < g->n_inputs; i++) {
    int32_t v = g->inputs[i].value;
    if (v < 0 || (size_t)v >= g->n_values || g->values[v].tensor || g->values[v].producer >= 0)
      return ci_fail(err, CNNIMG_CORRUPT, "input %zu of the network is not a free value", i);
    w->given[v] = 1;
  }
  return CNNIMG_OK;
}

int ci_program_finish(ci_program *g, cnnimg_error *err) {
  walk w;
  int status = CNNIMG_OK;
  if (!g->n_outputs) return ci_fail(err, CNNIMG_CORRUPT, "the network has no output");
  if (!walk_init(&w, g)) status = ci_fail(err, CNNIMG_NOMEM, "no memory to sort %zu nodes", g->n_nodes);
  if (!status) status = mark_inputs(&w, err);
  for (size_t i = 0; i < g->n_outputs && !status; i++) status = walk_from(&w, g->outputs[i], err);
  if (!status) status = reorder(&w, err);
  walk_fini(&w);
  return status;
}
