/* SPDX-License-Identifier: MIT */
/* keras_graph.c - Keras models: chains of layers, and graphs whose layers say what they are called with */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "formats/keras_model.h"

typedef enum state { NEW, OPEN, DONE } state;

typedef struct layer {
  const char *name;
  const ci_json *json, *nodes;
  size_t first, n; /* its calls */
  int64_t top;     /* the latest call that others name */
} layer;

typedef struct node {
  state state;
  size_t layer, next; /* the argument that is looked at next */
  ci_kargs args;
  ci_kt t;
} node;

typedef struct graph {
  const ci_kcall *c;
  char prefix[CI_KERAS_NAME];
  layer *layers; /* sorted by name */
  size_t n_layers;
  node *nodes;
  size_t n_nodes;
  size_t *stack, depth;
} graph;

static const ci_kt nothing = {.v = -1};

static const ci_json *layers_of(const ci_json *config) {
  return ci_json_is_array(config) ? config : ci_json_get(config, "layers");
}

bool ci_keras_is_model(const ci_kcall *c) {
  return (!strcmp(c->type, "Sequential") && c->config) || ci_json_is_array(ci_json_get(c->config, "layers"));
}

static ci_kcall layer_call(ci_keras *k, const char *prefix, const ci_json *json) {
  ci_kcall c = {.k = k, .layer = json, .config = ci_json_get(json, "config"), .prefix = prefix};
  c.type = ci_json_string(ci_json_get(json, "class_name"), "");
  const char *registered = strrchr(c.type, '>'); /* "Package>Class" */
  if (registered) c.type = registered + 1;
  c.name = ci_json_string(ci_json_get(json, "name"), ci_json_string(ci_json_get(c.config, "name"), ""));
  return c;
}

/* What stands before the names of this model's tensors. */
static bool inner_prefix(const ci_kcall *c, char *to) {
  to[0] = 0;
  if (!c->layer || c->k->depth <= 1) return true;
  int n = snprintf(to, CI_KERAS_NAME, "%s%s/", c->prefix, c->name);
  if (n > 0 && n < CI_KERAS_NAME) return true;
  ci_keras_fail(c, CNNIMG_LIMIT, "has too long a name");
  return false;
}

/* ---- inputs ----------------------------------------------------------------------------------- */

static const ci_json *shape_of(const ci_json *of) {
  const ci_json *config = ci_json_get(of, "config"), *v = ci_json_get(config, "batch_input_shape");
  if (!v) v = ci_json_get(config, "batch_shape");
  if (!v) v = ci_json_get(config, "build_input_shape");
  if (!v) v = ci_json_get(ci_json_get(of, "build_config"), "input_shape");
  return ci_json_is_array(v) && ci_json_size(v) ? v : NULL;
}

/* The shape that the chain's first layer, or the first of a model inside, says. */
static const ci_json *first_shape(const ci_json *model) {
  const ci_json *shape = NULL;
  for (int depth = 0; !shape && model && depth < CI_KERAS_DEPTH; depth++) {
    shape = shape_of(model);
    model = ci_json_at(layers_of(ci_json_get(model, "config")), 0);
  }
  return shape ? shape : shape_of(model);
}

/* Channels as the first kernel has them, for files that say no shape. */
static int64_t first_channels(const ci_kcall *c) {
  const ci_entry *e = ci_keras_tensor(c, "kernel|W");
  if (!e || e->tensor->rank != 4) return 0;
  return e->tensor->dim[ci_json_get(c->config, "nb_filter") && ci_keras_first(c) ? 1 : 2];
}

/* ---- chains -------------------------------------------------------------------------------------- */

static ci_kt begin_chain(const ci_kcall *c, const char *prefix, const ci_json *layers) {
  if (c->n_args) return ci_keras_in(c, 0);
  if (!ci_json_size(layers)) return ci_keras_fail(c, CNNIMG_CORRUPT, "has no layers");
  ci_kcall first = layer_call(c->k, prefix, ci_json_at(layers, 0));
  bool named = !strcmp(first.type, "InputLayer") && first.name[0];
  return ci_keras_input(c->k, named ? first.name : "image", first_shape(c->layer), first_channels(&first));
}

static ci_kt chain(const ci_kcall *c, const char *prefix, const ci_json *layers) {
  ci_kt t = begin_chain(c, prefix, layers);
  for (size_t i = 0; i < ci_json_size(layers) && !c->k->b.status; i++) {
    ci_karg arg = {.is_value = true, .t = t};
    ci_kcall l = layer_call(c->k, prefix, ci_json_at(layers, i));
    l.args = &arg, l.n_args = 1;
    if (strcmp(l.type, "InputLayer")) t = ci_keras_call(&l);
  }
  return t;
}

/* ---- graphs: the tables ------------------------------------------------------------------------------ */

static int by_name(const void *a, const void *b) {
  return strcmp(((const layer *)a)->name, ((const layer *)b)->name);
}

static bool no_memory(graph *g) {
  ci_build_fail(&g->c->k->b, CNNIMG_NOMEM, "no memory for the network");
  return false;
}

static bool list_layers(graph *g, const ci_json *layers) {
  g->n_layers = ci_json_size(layers);
  g->layers = ci_calloc(g->n_layers + 1, sizeof *g->layers);
  if (!g->layers) return no_memory(g);
  for (size_t i = 0; i < g->n_layers; i++) {
    layer *l = &g->layers[i];
    l->json = ci_json_at(layers, i), l->nodes = ci_json_get(l->json, "inbound_nodes");
    l->name = layer_call(g->c->k, "", l->json).name;
    l->n = ci_json_is_array(l->nodes) && ci_json_size(l->nodes) ? ci_json_size(l->nodes) : 1;
  }
  qsort(g->layers, g->n_layers, sizeof *g->layers, by_name);
  for (size_t i = 0; i < g->n_layers; i++) {
    g->layers[i].first = g->n_nodes, g->n_nodes += g->layers[i].n;
    if (i && !strcmp(g->layers[i].name, g->layers[i - 1].name)) {
      ci_build_fail(&g->c->k->b, CNNIMG_CORRUPT, "two layers are called \"%.80s\"", g->layers[i].name);
      return false;
    }
  }
  return true;
}

static bool list_nodes(graph *g) {
  g->nodes = ci_calloc(g->n_nodes + 1, sizeof *g->nodes);
  g->stack = ci_calloc(g->n_nodes + 1, sizeof *g->stack);
  if (!g->nodes || !g->stack) return no_memory(g);
  for (size_t i = 0; i < g->n_layers; i++)
    for (size_t k = 0; k < g->layers[i].n; k++) g->nodes[g->layers[i].first + k].layer = i;
  return true;
}

static layer *find_layer(graph *g, const char *name) {
  layer key = {.name = name};
  return g->n_layers ? bsearch(&key, g->layers, g->n_layers, sizeof key, by_name) : NULL;
}

/* Keras 2 counts the making of a model inside as its first call: then its calls are named from 1 on. */
static void count_calls(graph *g, const ci_json *said) {
  ci_kargs args = {0};
  ci_keras_args(&g->c->k->b, said, &args);
  for (size_t i = 0; i < args.n; i++) {
    layer *l = args.items[i].is_value ? find_layer(g, args.items[i].layer) : NULL;
    if (l && args.items[i].call > l->top) l->top = args.items[i].call;
  }
  free(args.items);
}

static bool count_all_calls(graph *g) {
  count_calls(g, ci_json_get(g->c->config, "output_layers"));
  for (size_t i = 0; i < g->n_layers; i++)
    for (size_t k = 0; k < ci_json_size(g->layers[i].nodes); k++)
      count_calls(g, ci_json_at(g->layers[i].nodes, k));
  return !g->c->k->b.status;
}

/* The node that an argument is of; NULL with a sentence. */
static node *node_of(graph *g, const ci_karg *argument) {
  ci_karg own = *argument, *a = &own;
  layer *l = find_layer(g, a->layer);
  ci_kcall c = l ? layer_call(g->c->k, "", l->json) : (ci_kcall){0};
  if (l && l->top == (int64_t)l->n && ci_keras_is_model(&c)) a->call--;
  if (!l) ci_build_fail(&g->c->k->b, CNNIMG_CORRUPT, "there is no layer \"%.80s\"", a->layer);
  else if (a->call < 0 || (size_t)a->call >= l->n)
    ci_build_fail(&g->c->k->b, CNNIMG_CORRUPT, "the layer \"%.80s\" is called %zu times, not %lld", l->name,
                  l->n, (long long)a->call + 1);
  else if (a->index)
    ci_build_fail(&g->c->k->b, CNNIMG_UNSUPPORTED, "the layer \"%.80s\" has several results", l->name);
  else return &g->nodes[l->first + (size_t)a->call];
  return NULL;
}

/* ---- graphs: the order -------------------------------------------------------------------------------- */

static bool enter(graph *g, node *n) {
  const layer *l = &g->layers[n->layer];
  size_t which = (size_t)(n - g->nodes) - l->first;
  n->state = OPEN;
  g->stack[g->depth++] = (size_t)(n - g->nodes);
  return ci_keras_args(&g->c->k->b, ci_json_at(l->nodes, which), &n->args);
}

static void leave(graph *g, node *n) {
  ci_kcall c = layer_call(g->c->k, g->prefix, g->layers[n->layer].json);
  c.args = n->args.items, c.n_args = n->args.n;
  if (!n->args.n) ci_keras_fail(&c, CNNIMG_CORRUPT, "is called with nothing");
  n->t = ci_keras_call(&c);
  n->state = DONE;
  free(n->args.items);
  n->args = (ci_kargs){0};
  g->depth--;
}

/* The argument's value if it is there by now; else its node is entered. */
static void settle(graph *g, ci_karg *a) {
  node *from = node_of(g, a);
  if (!from) return;
  if (from->state == DONE) a->t = from->t;
  else if (from->state == OPEN)
    ci_build_fail(&g->c->k->b, CNNIMG_CORRUPT, "the layers run in a circle through \"%.80s\"", a->layer);
  else enter(g, from);
}

/* Everything that the node needs, without recursion. */
static ci_kt compute(graph *g, node *n) {
  ci_build *b = &g->c->k->b;
  if (n->state == NEW) enter(g, n);
  while (g->depth && !b->status) {
    node *top = &g->nodes[g->stack[g->depth - 1]];
    size_t depth = g->depth;
    if (top->next >= top->args.n) {
      leave(g, top);
      continue;
    }
    ci_karg *a = &top->args.items[top->next];
    if (a->is_value) settle(g, a);
    if (g->depth == depth) top->next++;
  }
  return b->status ? nothing : n->t;
}

/* ---- graphs: the ends --------------------------------------------------------------------------------- */

static void bind_inputs(graph *g, const ci_json *list) {
  ci_kargs inputs = {0};
  ci_build *b = &g->c->k->b;
  bool ok = ci_keras_args(b, list, &inputs);
  for (size_t i = 0; ok && i < inputs.n && !b->status; i++) {
    node *n = inputs.items[i].is_value ? node_of(g, &inputs.items[i]) : NULL;
    if (!n) continue;
    const ci_json *json = g->layers[n->layer].json;
    bool inner = g->c->k->depth > 1;
    n->t = inner ? ci_keras_in(g->c, i) : ci_keras_input(g->c->k, inputs.items[i].layer, shape_of(json), 0);
    n->state = DONE;
  }
  free(inputs.items);
}

/* The network's first result is its first output: the last is given back to whoever finishes it. */
static ci_kt results(graph *g, const ci_json *list) {
  ci_kargs outputs = {0};
  ci_build *b = &g->c->k->b;
  ci_kt t = nothing;
  bool ok = ci_keras_args(b, list, &outputs), inner = g->c->k->depth > 1;
  if (ok && !outputs.n) ci_keras_fail(g->c, CNNIMG_CORRUPT, "says no outputs");
  for (size_t i = 0; i < outputs.n && !b->status && (!i || !inner); i++) {
    node *n = outputs.items[i].is_value ? node_of(g, &outputs.items[i]) : NULL;
    if (i && ci_program_add_output(b->p, t.v)) no_memory(g);
    if (n) t = compute(g, n);
  }
  free(outputs.items);
  return t;
}

static ci_kt graph_of(const ci_kcall *c, const char *prefix) {
  graph g = {.c = c};
  ci_kt t = nothing;
  snprintf(g.prefix, sizeof g.prefix, "%s", prefix);
  if (list_layers(&g, ci_json_get(c->config, "layers")) && list_nodes(&g) && count_all_calls(&g)) {
    bind_inputs(&g, ci_json_get(c->config, "input_layers"));
    t = results(&g, ci_json_get(c->config, "output_layers"));
  }
  for (size_t i = 0; g.nodes && i < g.n_nodes; i++) free(g.nodes[i].args.items);
  free(g.layers);
  free(g.nodes);
  free(g.stack);
  return t;
}

ci_kt ci_keras_model(const ci_kcall *c) {
  char prefix[CI_KERAS_NAME];
  ci_keras *k = c->k;
  if (k->depth >= CI_KERAS_DEPTH) return ci_keras_fail(c, CNNIMG_LIMIT, "is a model in too many models");
  k->depth++;
  bool is_graph = ci_json_get(c->config, "input_layers") != NULL;
  ci_kt t = nothing;
  if (inner_prefix(c, prefix)) t = is_graph ? graph_of(c, prefix) : chain(c, prefix, layers_of(c->config));
  if (k->depth == 1 && t.v >= 0 && t.rank == 4 && !t.last && !k->first) {
    t.v = ci_put_to_first(&k->b, t.v);
    t.last = true;
  }
  k->depth--;
  return k->b.status ? nothing : t;
}
