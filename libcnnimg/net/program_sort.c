/* SPDX-License-Identifier: MIT */
/* program_sort.c - finishing a program: topological order, nodes that no output needs dropped */
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "net/order.h"
#include "net/program.h"

/* What sorting asks for; `given` marks the inputs. */
typedef struct seen {
  const ci_program *p;
  const bool *given;
} seen;

static int32_t inputs(const void *net, int32_t node, const int32_t **in) {
  const ci_pnode *n = &((const seen *)net)->p->nodes[node];
  *in = n->in;
  return n->n_in;
}

static int32_t producer(const void *net, int32_t v) { return ((const seen *)net)->p->values[v].producer; }
static bool known(const void *net, int32_t v) {
  const seen *s = net;
  return s->given[v] || s->p->values[v].tensor;
}
static const char *node_name(const void *net, int32_t n) { return ((const seen *)net)->p->nodes[n].name; }
static const char *value_name(const void *net, int32_t v) { return ((const seen *)net)->p->values[v].name; }

/* Puts the nodes into order; those that nobody needed are freed. */
static int reorder(ci_program *p, const ci_order *o, cnnimg_error *err) {
  ci_pnode *nodes = ci_calloc(o->n, sizeof *nodes);
  if (!nodes) return ci_fail(err, CNNIMG_NOMEM, "no memory for %zu nodes", o->n);
  for (size_t i = 0; i < p->n_values; i++) p->values[i].producer = -1;
  for (size_t i = 0; i < o->n; i++) {
    nodes[i] = p->nodes[o->nodes[i]];
    for (int32_t k = 0; k < nodes[i].n_out; k++)
      if (nodes[i].out[k] >= 0) p->values[nodes[i].out[k]].producer = (int32_t)i;
  }
  for (size_t i = 0; i < p->n_nodes; i++)
    if (!o->needed[i]) ci_pnode_fini(&p->nodes[i]);
  free(p->nodes);
  p->nodes = nodes;
  p->n_nodes = o->n;
  p->cap_nodes = o->n ? o->n : 1;
  return CNNIMG_OK;
}

static int mark_inputs(const ci_program *p, bool *given, cnnimg_error *err) {
  for (size_t i = 0; i < p->n_inputs; i++) {
    int32_t v = p->inputs[i].value;
    if (v < 0 || (size_t)v >= p->n_values || p->values[v].tensor || p->values[v].producer >= 0)
      return ci_fail(err, CNNIMG_CORRUPT, "input %zu of the network is not a free value", i);
    given[v] = true;
  }
  return CNNIMG_OK;
}

int ci_program_finish(ci_program *p, cnnimg_error *err) {
  if (!p->n_outputs) return ci_fail(err, CNNIMG_CORRUPT, "the network has no output");
  bool *given = ci_calloc(p->n_values, sizeof *given);
  const seen s = {p, given};
  ci_order o = {.net = &s, .n_nodes = p->n_nodes, .n_values = p->n_values, .inputs = inputs, .producer = producer,
                .known = known, .node_name = node_name, .value_name = value_name};
  int status = given ? mark_inputs(p, given, err) : ci_fail(err, CNNIMG_NOMEM, "no memory to sort %zu nodes", p->n_nodes);
  if (!status) status = ci_order_sort(&o, p->outputs, p->n_outputs, err);
  if (!status) status = reorder(p, &o, err);
  ci_order_fini(&o);
  free(given);
  return status;
}
