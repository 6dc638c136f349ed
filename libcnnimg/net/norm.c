/* SPDX-License-Identifier: MIT */
/* norm.c - finds a layer norm in differences, squares and means of channels */
#include "net/norm.h"

#include <stdlib.h>

/* The node that makes map v, read `times` times, of this kind; NULL: another. */
static const ci_node *maker(const ci_graph *g, const int32_t *readers, int32_t v, int32_t times, ci_op_id op,
                            int32_t mode) {
  if (!ci_is_map(g, v) || readers[v] != times || g->values[v].producer < 0) return NULL;
  const ci_node *n = &g->nodes[g->values[v].producer];
  return n->op == op && n->p.mode == mode ? n : NULL;
}

static bool is_plain(const ci_node *n) {
  return n->act.kind == CI_ACT_NONE && n->act2.kind == CI_ACT_NONE && n->residual < 0;
}

/* The one number that a constant is. */
static bool number(const ci_graph *g, int32_t v, float *to) {
  const ci_tensor *t = ci_const(g, v);
  if (!t || t->dtype != CI_F32 || t->count != 1) return false;
  *to = *(const float *)t->data;
  return true;
}

/* sqrt(mean(difference^2) + epsilon) */
static bool is_deviation(const ci_graph *g, const int32_t *readers, int32_t v, int32_t difference,
                         float *epsilon) {
  const ci_node *root = maker(g, readers, v, 1, CI_OP_binary, CI_ADD);
  if (!root || root->act.kind != CI_ACT_SQRT || root->act2.kind != CI_ACT_NONE || root->residual >= 0)
    return false;
  int32_t k = ci_const(g, root->in[0]) ? 0 : 1;
  if (!number(g, root->in[k], epsilon) || !(*epsilon >= 0)) return false;
  const ci_node *mean = maker(g, readers, root->in[!k], 1, CI_OP_channel_reduce, CI_REDUCE_MEAN);
  const ci_node *square =
      mean && is_plain(mean) ? maker(g, readers, mean->in[0], 1, CI_OP_binary, CI_MUL) : NULL;
  return square && is_plain(square) && square->in[0] == difference && square->in[1] == difference;
}

void ci_norm_find(ci_graph *g, int32_t i, int32_t *readers) {
  ci_node *n = &g->nodes[i];
  float epsilon;
  if (n->p.mode != CI_DIV || n->n_in != 2) return;
  const ci_node *difference = maker(g, readers, n->in[0], 3, CI_OP_binary, CI_SUB);
  if (!difference || !is_plain(difference) || !ci_is_map(g, difference->in[1])) return;
  const ci_node *mean = maker(g, readers, difference->in[1], 1, CI_OP_channel_reduce, CI_REDUCE_MEAN);
  int32_t x = difference->in[0];
  if (!mean || !is_plain(mean) || mean->in[0] != x) return;
  if (!is_deviation(g, readers, n->in[1], n->in[0], &epsilon)) return;
  readers[n->in[0]]--, readers[n->in[1]]--, readers[x]++;
  n->op = CI_OP_layer_norm;
  n->in[0] = x, n->n_in = 1;
  n->p.value = epsilon;
}

/* [c, 1, 1] as operands are aligned. */
static bool is_per_channel(const ci_tensor *t, int64_t channels) {
  return t && t->dtype == CI_F32 && t->rank >= 3 && t->dim[t->rank - 3] == channels &&
         (int64_t)t->count == channels;
}

int32_t ci_norm_absorb(ci_graph *g, int32_t i, const int32_t *readers, int64_t channels, bool *nomem) {
  const ci_node *n = &g->nodes[i];
  int32_t k = ci_const(g, n->in[0]) ? 0 : 1, v = n->in[!k], which = n->p.mode == CI_MUL ? 1 : 2;
  if ((n->p.mode != CI_MUL && n->p.mode != CI_ADD) || n->n_in != 2) return -1;
  if (!ci_is_map(g, v) || readers[v] != 1 || !is_per_channel(ci_const(g, n->in[k]), channels)) return -1;
  int32_t p = g->values[v].producer;
  ci_node *norm = p < 0 ? NULL : &g->nodes[p];
  if (!norm || norm->op != CI_OP_layer_norm || !is_plain(norm) || norm->n_in > which) return -1;
  int32_t *in = realloc(norm->in, 3 * sizeof *in);
  if (!in) return *nomem = true, -1;
  norm->in = in;
  while (norm->n_in < which) norm->in[norm->n_in++] = -1;
  norm->in[norm->n_in++] = n->in[k];
  return p;
}
