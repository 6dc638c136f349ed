/* SPDX-License-Identifier: MIT */
/* tf_graph.c - the nodes of a frozen graph: found by name, sorted, those that an output needs */
#include "formats/tf_graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { G_NODE = 1, N_NAME = 1, N_OP = 2, N_INPUT = 3 }; /* GraphDef, NodeDef */

static int no_memory(ci_tf *g) {
  ci_build_fail(&g->b, CNNIMG_NOMEM, "no memory for the network");
  return g->b.status;
}

static int fail(ci_tf *g, int code, const char *fmt, ci_text name) {
  char shown[80];
  ci_text_fit(name, shown, sizeof shown);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  ci_build_fail(&g->b, code, fmt, shown);
#pragma GCC diagnostic pop
  return g->b.status;
}

/* ---- collecting ---------------------------------------------------------------------------- */

static int add_node(ci_tf *g, ci_cursor body) {
  ci_tf_node n = {.body = body};
  ci_cursor c = body;
  ci_field f;
  while (ci_wire_next(&c, &f)) {
    if (ci_wire_is(&f, N_NAME, CI_BYTES)) n.name = ci_wire_text(&f);
    if (ci_wire_is(&f, N_OP, CI_BYTES)) n.op = ci_wire_text(&f);
  }
  if (c.bad || !n.name.n || !n.op.n) return fail(g, CNNIMG_CORRUPT, "the node \"%s\" is damaged", n.name);
  if (g->n_nodes >= CI_TF_MANY) return fail(g, CNNIMG_LIMIT, "too many nodes, from \"%s\" on", n.name);
  if (!ci_grow((void **)&g->nodes, &g->cap_nodes, g->n_nodes + 1, sizeof *g->nodes)) return no_memory(g);
  g->nodes[g->n_nodes++] = n;
  return CNNIMG_OK;
}

static int by_name(const void *a, const void *b) {
  return ci_text_compare(((const ci_tf_node *)a)->name, ((const ci_tf_node *)b)->name);
}

/* "name", "name:1"; -1: there is no such node. */
static ci_tf_ref find(const ci_tf *g, ci_text name) {
  ci_tf_node key = {.name = name};
  int32_t port = 0;
  for (size_t i = name.n; i-- > 0 && name.p[i] >= '0' && name.p[i] <= '9';)
    if (i && name.p[i - 1] == ':' && name.n - i < 7) {
      for (size_t k = i; k < name.n; k++) port = port * 10 + (name.p[k] - '0');
      key.name.n = i - 1;
    }
  ci_tf_node *n = g->n_nodes ? bsearch(&key, g->nodes, g->n_nodes, sizeof key, by_name) : NULL;
  return (ci_tf_ref){n ? (int32_t)(n - g->nodes) : -1, port};
}

/* What the node reads; "^name" only says when. */
static int add_inputs(ci_tf *g, ci_tf_node *n) {
  ci_cursor c = n->body;
  ci_field f;
  n->first = g->n_refs;
  while (ci_wire_next(&c, &f)) {
    if (!ci_wire_is(&f, N_INPUT, CI_BYTES)) continue;
    ci_text name = ci_wire_text(&f);
    if (name.n && name.p[0] == '^') continue;
    ci_tf_ref r = find(g, name);
    if (r.node < 0) return fail(g, CNNIMG_CORRUPT, "nothing in the file makes the value \"%s\"", name);
    if (g->n_refs >= 4 * (size_t)CI_TF_MANY)
      return fail(g, CNNIMG_LIMIT, "too many inputs, from \"%s\" on", name);
    if (!ci_grow((void **)&g->refs, &g->cap_refs, g->n_refs + 1, sizeof *g->refs)) return no_memory(g);
    g->refs[g->n_refs++] = r;
    g->nodes[r.node].consumed = true;
    n->n_in++;
  }
  return CNNIMG_OK;
}

/* Fields come in the order of their numbers: TensorFlow writes its version and the library of functions, be it empty,
 * behind the nodes. A file that was cut off between two nodes is a sound, shorter graph but for that. */
static int read_nodes(ci_tf *g) {
  ci_cursor c = ci_cursor_make(g->src->data, g->src->size);
  ci_field f;
  int status = CNNIMG_OK;
  bool ended = false;
  while (!status && ci_wire_next(&c, &f)) {
    ended = !ci_wire_is(&f, G_NODE, CI_BYTES);
    if (!ended) status = add_node(g, f.bytes);
  }
  if (!status && c.bad)
    ci_build_fail(&g->b, CNNIMG_CORRUPT, "the file is damaged or cut off at byte %zu", g->src->size);
  else if (!status && !ended)
    ci_build_fail(&g->b, CNNIMG_CORRUPT,
                  "the file ends with its node %zu, without the version that TensorFlow writes behind the "
                  "nodes, so it is cut off; if it is whole, append the two bytes 0x12 0x00",
                  g->n_nodes);
  return g->b.status;
}

int ci_tf_collect(ci_tf *g) {
  int status = read_nodes(g);
  if (status) return status;
  if (g->n_nodes) qsort(g->nodes, g->n_nodes, sizeof *g->nodes, by_name);
  for (size_t i = 1; i < g->n_nodes; i++)
    if (!by_name(&g->nodes[i - 1], &g->nodes[i]))
      return fail(g, CNNIMG_CORRUPT, "two nodes are called \"%s\"", g->nodes[i].name);
  for (size_t i = 0; i < g->n_nodes && !status; i++) status = add_inputs(g, &g->nodes[i]);
  return status;
}

/* ---- sorting ----------------------------------------------------------------------------------- */

enum { NEW, OPEN, DONE };

/* From one node down, without recursion; `next` is which input of each is looked at. */
static int visit(ci_tf *g, int32_t from, int32_t *stack, int32_t *next) {
  size_t depth = 1;
  stack[0] = from, next[from] = 0, g->nodes[from].state = OPEN;
  while (depth) {
    int32_t at = stack[depth - 1];
    ci_tf_node *n = &g->nodes[at];
    if (next[at] == n->n_in) {
      n->state = DONE, depth--;
      g->sorted[g->n_sorted++] = at;
      continue;
    }
    int32_t to = g->refs[n->first + (size_t)next[at]++].node;
    if (g->nodes[to].state == OPEN)
      return fail(g, CNNIMG_CORRUPT, "the nodes run in a circle through \"%s\"", n->name);
    if (g->nodes[to].state == DONE) continue;
    g->nodes[to].state = OPEN, next[to] = 0, stack[depth++] = to;
  }
  return CNNIMG_OK;
}

static bool is_placeholder(const ci_tf_node *n) { return ci_text_is(n->op, "Placeholder"); }

/* What depends on an input; what nobody reads of that is an output; what an output reads is needed. */
static void mark(ci_tf *g) {
  for (size_t i = 0; i < g->n_sorted; i++) {
    ci_tf_node *n = &g->nodes[g->sorted[i]];
    n->live = is_placeholder(n);
    for (int32_t k = 0; k < n->n_in; k++)
      n->live = n->live || g->nodes[g->refs[n->first + (size_t)k].node].live;
    n->needed = n->live && !n->consumed && !is_placeholder(n);
  }
  for (size_t i = g->n_sorted; i-- > 0;) {
    const ci_tf_node *n = &g->nodes[g->sorted[i]];
    for (int32_t k = 0; n->needed && k < n->n_in; k++)
      g->nodes[g->refs[n->first + (size_t)k].node].needed = true;
  }
}

int ci_tf_sort(ci_tf *g) {
  g->sorted = ci_calloc(g->n_nodes + 1, sizeof *g->sorted);
  int32_t *room = ci_calloc(2 * g->n_nodes + 2, sizeof *room);
  int status = g->sorted && room ? CNNIMG_OK : no_memory(g);
  for (size_t i = 0; i < g->n_nodes && !status; i++)
    if (g->nodes[i].state == NEW) status = visit(g, (int32_t)i, room, room + g->n_nodes + 1);
  free(room);
  if (!status) mark(g);
  return status;
}

void ci_tf_free(ci_tf *g) {
  for (size_t i = 0; i < g->n_nodes; i++) free(g->nodes[i].out);
  free(g->nodes);
  free(g->refs);
  free(g->sorted);
  free(g->turned);
}
