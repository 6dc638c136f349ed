/* SPDX-License-Identifier: MIT */
/* simplify.c - fewer nodes that compute the same: folds constants, fuses activations and residual additions */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "net/fold.h"
#include "net/norm.h"

typedef struct pass {
  ci_graph *g;
  const ci_shape *shapes; /* per value, or NULL */
  int32_t *readers;       /* per value; the output counts as one */
  size_t budget;          /* bytes that new weights may take */
} pass;

static bool is_conv(const ci_node *n) { return n->op == CI_OP_conv || n->op == CI_OP_conv_transpose; }
static bool is_plain(const ci_node *n) {
  return n->act.kind == CI_ACT_NONE && n->residual < 0 && n->act2.kind == CI_ACT_NONE;
}

/* ---- activations that do nothing ------------------------------------------------------------ */

static bool is_copy(const ci_graph *g, const ci_node *n) {
  return n->op == CI_OP_activation && is_plain(n) && n->n_in == 1 &&
         (n->out != g->output || g->values[n->in[0]].producer >= 0);
}

/* Nodes are in order, so an input that is a copy itself has been replaced already. */
static int drop_copies(ci_graph *g) {
  int32_t *same = ci_calloc(g->n_values, sizeof *same);
  if (!same) return CNNIMG_NOMEM;
  for (size_t v = 0; v < g->n_values; v++) same[v] = (int32_t)v;
  for (size_t i = 0; i < g->n_nodes; i++) {
    ci_node *n = &g->nodes[i];
    for (int32_t k = 0; k < n->n_in; k++)
      if (n->in[k] >= 0) n->in[k] = same[n->in[k]];
    if (is_copy(g, n)) same[n->out] = n->in[0];
  }
  g->output = same[g->output];
  free(same);
  return CNNIMG_OK;
}

/* ---- merging ------------------------------------------------------------------------------------- */

/* Node p makes what n made. n gets p's old result, which nobody reads: finishing drops it. */
static void merge(ci_graph *g, int32_t p, int32_t n) {
  int32_t old = g->nodes[p].out;
  g->nodes[p].out = g->nodes[n].out;
  g->nodes[n].out = old;
  g->values[g->nodes[p].out].producer = p;
  g->values[old].producer = n;
}

/* The node that makes the map v for one reader only; -1: there is none. */
static int32_t sole_producer(const pass *s, int32_t v) {
  return ci_is_map(s->g, v) && s->readers[v] == 1 ? s->g->values[v].producer : -1;
}

static int fold_constants(pass *s, int32_t i, bool *done) {
  const ci_node *n = &s->g->nodes[i];
  int32_t k = n->op == CI_OP_binary && ci_const(s->g, n->in[0]) ? 1 : 0, p = sole_producer(s, n->in[k]);
  int status = CNNIMG_OK;
  if (p < 0 || !is_conv(&s->g->nodes[p]) || !is_plain(&s->g->nodes[p]) || !is_plain(n)) return CNNIMG_OK;
  int64_t channels = ci_fold_channels(s->g, &s->g->nodes[p]);
  ci_affine a = channels ? ci_fold_affine(s->g, n, channels, &status) : (ci_affine){NULL, NULL, 0};
  if (a.factor) status = ci_fold_apply(s->g, p, &a, &s->budget, done);
  if (*done && !status) merge(s->g, p, i);
  ci_affine_free(&a);
  return status;
}

static void fuse_activation(pass *s, int32_t i) {
  ci_node *n = &s->g->nodes[i];
  int32_t p = sole_producer(s, n->in[0]);
  ci_node *to = p < 0 ? NULL : &s->g->nodes[p];
  if (!to || to->op == CI_OP_activation) return;
  if (is_plain(to)) to->act = n->act;
  else if (to->residual >= 0 && to->act2.kind == CI_ACT_NONE) to->act2 = n->act;
  else return;
  merge(s->g, p, i);
}

/* Can the convolution that makes v take the other map as its residual? */
static int32_t residual_taker(const pass *s, int32_t v) {
  int32_t p = sole_producer(s, v);
  if (p < 0 || !is_conv(&s->g->nodes[p])) return -1;
  const ci_node *n = &s->g->nodes[p];
  return n->residual < 0 && n->act2.kind == CI_ACT_NONE && n->n_in <= 3 ? p : -1;
}

static int add_residual(ci_node *n, int32_t v) {
  int32_t *in = realloc(n->in, 4 * sizeof *in);
  if (!in) return CNNIMG_NOMEM;
  n->in = in;
  while (n->n_in < 3) n->in[n->n_in++] = -1;
  n->in[3] = v;
  n->n_in = 4;
  n->residual = 3;
  return CNNIMG_OK;
}

/*
 * convolution + map becomes one node. The map cannot need the convolution, for the addition is its only
 * reader; where both are convolutions the later one takes the earlier one's result.
 */
static int fuse_addition(pass *s, int32_t i) {
  const ci_node *n = &s->g->nodes[i];
  if (!s->shapes || n->n_in != 2 || n->p.mode != CI_ADD || !is_plain(n)) return CNNIMG_OK;
  if (!ci_is_map(s->g, n->in[0]) || !ci_is_map(s->g, n->in[1])) return CNNIMG_OK;
  const ci_shape *a = &s->shapes[n->in[0]], *b = &s->shapes[n->in[1]];
  if (a->c != b->c || a->h != b->h || a->w != b->w) return CNNIMG_OK; /* it broadcasts */
  int32_t p = residual_taker(s, n->in[0]), q = residual_taker(s, n->in[1]), taker = p > q ? p : q;
  if (taker < 0) return CNNIMG_OK;
  int status = add_residual(&s->g->nodes[taker], n->in[taker == p ? 1 : 0]);
  if (!status) merge(s->g, taker, i);
  return status;
}

/* A layer norm in parts, and what it is multiplied by and gets added. */
static int fuse_norm(pass *s, int32_t i, bool *done) {
  const ci_node *n = &s->g->nodes[i];
  bool nomem = false;
  if (!s->shapes) return CNNIMG_OK;
  int32_t p = ci_norm_absorb(s->g, i, s->readers, s->shapes[n->out].c, &nomem);
  if (p >= 0) merge(s->g, p, i);
  else ci_norm_find(s->g, i, s->readers);
  *done = p >= 0 || n->op != CI_OP_binary;
  return nomem ? CNNIMG_NOMEM : CNNIMG_OK;
}

static int simplify_node(pass *s, int32_t i) {
  bool done = false;
  int status = CNNIMG_OK;
  ci_op_id op = s->g->nodes[i].op;
  if (op == CI_OP_activation) fuse_activation(s, i);
  if (op == CI_OP_batch_norm || op == CI_OP_binary) status = fold_constants(s, i, &done);
  if (op == CI_OP_binary && !done && !status) status = fuse_norm(s, i, &done);
  if (op == CI_OP_binary && !done && !status) status = fuse_addition(s, i);
  return status;
}

/* ---- all of it --------------------------------------------------------------------------------------- */

/* Weights that many nodes share are copied for each that is folded: four times all constants is enough. */
static size_t count_budget(const ci_graph *g) {
  size_t bytes = 1 << 16;
  for (size_t v = 0; v < g->n_values; v++)
    if (g->values[v].tensor) bytes += 4 * g->values[v].tensor->count * sizeof(float);
  return bytes;
}

static void count_readers(const ci_graph *g, int32_t *readers) {
  for (size_t i = 0; i < g->n_nodes; i++)
    for (int32_t k = 0; k < g->nodes[i].n_in; k++)
      if (g->nodes[i].in[k] >= 0) readers[g->nodes[i].in[k]]++;
  readers[g->output]++;
}

int ci_graph_simplify(ci_graph *g, const ci_shape *shapes, cnnimg_error *err) {
  pass s = {.g = g, .shapes = shapes, .budget = count_budget(g)};
  int status = drop_copies(g);
  if (!status && !(s.readers = ci_calloc(g->n_values, sizeof *s.readers))) status = CNNIMG_NOMEM;
  if (!status) count_readers(g, s.readers);
  for (size_t i = 0; i < g->n_nodes && !status; i++) status = simplify_node(&s, (int32_t)i);
  free(s.readers);
  return status ? ci_fail(err, status, "no memory to simplify a graph of %zu nodes", g->n_nodes)
                : ci_graph_finish(g, err);
}
