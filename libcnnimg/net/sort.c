/* SPDX-License-Identifier: MIT */
/* sort.c - finishing a graph: topological order, nodes that the output does not need dropped */
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "net/graph.h"
#include "net/order.h"

/* What sorting asks for; `given` marks the inputs. */
typedef struct seen {
  const ci_graph *g;
  const bool *given;
} seen;

static int32_t inputs(const void *net, int32_t node, const int32_t **in) {
  const ci_node *n = &((const seen *)net)->g->nodes[node];
  *in = n->in;
  return n->n_in;
}

static int32_t producer(const void *net, int32_t v) { return ((const seen *)net)->g->values[v].producer; }
static bool known(const void *net, int32_t v) {
  const seen *s = net;
  return s->given[v] || s->g->values[v].tensor;
}
static const char *node_name(const void *net, int32_t n) { return ((const seen *)net)->g->nodes[n].name; }
static const char *value_name(const void *net, int32_t v) { return ((const seen *)net)->g->values[v].name; }

/* PRELU slopes are read as well, but they are constants. */
static int check_slope(const ci_graph *g, const ci_node *n, const ci_act *a, cnnimg_error *err) {
  if (a->kind != CI_ACT_PRELU) return CNNIMG_OK;
  if (a->slope >= 0 && (size_t)a->slope < g->n_values && g->values[a->slope].tensor) return CNNIMG_OK;
  return ci_fail(err, CNNIMG_UNSUPPORTED, "%s: the slope of PReLU is not a constant", n->name);
}

static int check_slopes(const ci_graph *g, const ci_order *o, cnnimg_error *err) {
  int status = CNNIMG_OK;
  for (size_t i = 0; i < o->n && !status; i++) {
    const ci_node *n = &g->nodes[o->nodes[i]];
    status = check_slope(g, n, &n->act, err);
    if (!status) status = check_slope(g, n, &n->act2, err);
  }
  return status;
}

/* Puts the nodes into order; those that nobody needed are freed. */
static int reorder(ci_graph *g, const ci_order *o, cnnimg_error *err) {
  ci_node *nodes = ci_calloc(o->n, sizeof *nodes);
  if (!nodes) return ci_fail(err, CNNIMG_NOMEM, "no memory for %zu nodes", o->n);
  for (size_t i = 0; i < o->n; i++) {
    nodes[i] = g->nodes[o->nodes[i]];
    g->values[nodes[i].out].producer = (int32_t)i;
  }
  for (size_t i = 0; i < g->n_nodes; i++) {
    if (o->needed[i]) continue;
    g->values[g->nodes[i].out].producer = -1;
    free(g->nodes[i].name);
    free(g->nodes[i].in);
    free(g->nodes[i].held);
  }
  free(g->nodes);
  g->nodes = nodes;
  g->n_nodes = o->n;
  g->cap_nodes = o->n ? o->n : 1;
  return CNNIMG_OK;
}

static int mark_inputs(const ci_graph *g, bool *given, cnnimg_error *err) {
  for (size_t i = 0; i < g->n_inputs; i++) {
    int32_t v = g->inputs[i];
    if (v < 0 || (size_t)v >= g->n_values || g->values[v].tensor || g->values[v].producer >= 0)
      return ci_fail(err, CNNIMG_CORRUPT, "input %zu of the graph is not a free value", i);
    given[v] = true;
  }
  return CNNIMG_OK;
}

int ci_graph_finish(ci_graph *g, cnnimg_error *err) {
  if (g->output < 0 || (size_t)g->output >= g->n_values)
    return ci_fail(err, CNNIMG_CORRUPT, "the network has no output");
  if (g->values[g->output].tensor)
    return ci_fail(err, CNNIMG_UNSUPPORTED, "the output %s is a constant", g->values[g->output].name);
  bool *given = ci_calloc(g->n_values, sizeof *given);
  const seen s = {g, given};
  ci_order o = {.net = &s, .n_nodes = g->n_nodes, .n_values = g->n_values, .inputs = inputs, .producer = producer,
                .known = known, .node_name = node_name, .value_name = value_name};
  int status = given ? mark_inputs(g, given, err) : ci_fail(err, CNNIMG_NOMEM, "no memory to sort %zu nodes", g->n_nodes);
  if (!status) status = ci_order_sort(&o, &g->output, 1, err);
  if (!status) status = check_slopes(g, &o, err);
  if (!status) status = reorder(g, &o, err);
  ci_order_fini(&o);
  free(given);
  return status;
}
