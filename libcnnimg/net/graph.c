/* SPDX-License-Identifier: MIT */
/* graph.c - building a graph: values, nodes, inputs */
#include "net/graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

ci_graph *ci_graph_new(void) {
  ci_graph *g = ci_calloc(1, sizeof *g);
  if (g) g->output = -1;
  return g;
}

void ci_graph_free(ci_graph *g) {
  if (!g) return;
  for (size_t i = 0; i < g->n_values; i++) {
    free(g->values[i].name);
    ci_tensor_free(g->values[i].tensor);
  }
  for (size_t i = 0; i < g->n_nodes; i++) {
    free(g->nodes[i].name);
    free(g->nodes[i].in);
    free(g->nodes[i].held);
  }
  free(g->values);
  free(g->nodes);
  free(g->inputs);
  free(g->input_shapes);
  free(g);
}

int32_t ci_graph_add_value(ci_graph *g, const char *name, ci_tensor *tensor) {
  char *copy = ci_strdup(name);
  if (!copy || g->n_values >= INT32_MAX ||
      !ci_grow((void **)&g->values, &g->cap_values, g->n_values + 1, sizeof *g->values)) {
    free(copy);
    ci_tensor_free(tensor);
    return -1;
  }
  g->values[g->n_values] = (ci_value){copy, tensor, -1};
  return (int32_t)g->n_values++;
}

int32_t ci_graph_find_value(const ci_graph *g, const char *name) {
  for (size_t i = 0; i < g->n_values; i++)
    if (!strcmp(g->values[i].name, name)) return (int32_t)i;
  return -1;
}

static void init_node(ci_node *n, ci_op_id op, char *name, int32_t *in, int32_t n_in, int32_t out) {
  *n = (ci_node){.op = op, .name = name, .in = in, .n_in = n_in, .out = out, .residual = -1};
  n->act.slope = n->act2.slope = -1;
  ci_params_init(&n->p);
}

ci_node *ci_graph_add_node(ci_graph *g, ci_op_id op, const char *name, const int32_t *in, int32_t n_in,
                           const char *out_name) {
  if (n_in < 0 || g->n_nodes >= INT32_MAX) return NULL;
  char *copy = ci_strdup(name);
  int32_t *ids = ci_calloc((size_t)n_in, sizeof *ids), out = -1;
  if (copy && ids && ci_grow((void **)&g->nodes, &g->cap_nodes, g->n_nodes + 1, sizeof *g->nodes))
    out = ci_graph_add_value(g, out_name, NULL);
  if (out < 0) {
    free(copy);
    free(ids);
    return NULL;
  }
  if (n_in) memcpy(ids, in, (size_t)n_in * sizeof *ids);
  init_node(&g->nodes[g->n_nodes], op, copy, ids, n_in, out);
  g->values[out].producer = (int32_t)g->n_nodes;
  return &g->nodes[g->n_nodes++];
}

int ci_graph_add_input(ci_graph *g, int32_t value, ci_shape shape) {
  size_t n = g->n_inputs + 1;
  if (!ci_grow((void **)&g->inputs, &g->cap_inputs, n, sizeof *g->inputs) ||
      !ci_grow((void **)&g->input_shapes, &g->cap_input_shapes, n, sizeof *g->input_shapes))
    return CNNIMG_NOMEM;
  g->inputs[g->n_inputs] = value;
  g->input_shapes[g->n_inputs++] = shape;
  return CNNIMG_OK;
}
