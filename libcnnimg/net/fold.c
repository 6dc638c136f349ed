/* SPDX-License-Identifier: MIT */
/* fold.c - batch-norm and per-channel constants become part of a convolution's weight and bias */
#include "net/fold.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

static bool is_floats(const ci_tensor *t) { return t && t->dtype == CI_F32; }

int64_t ci_fold_channels(const ci_graph *g, const ci_node *n) {
  const ci_tensor *w = n->n_in > 1 ? ci_const(g, n->in[1]) : NULL;
  if (!is_floats(w) || w->rank != 4 || !w->count || n->p.group < 1 || w->dim[0] % n->p.group) return 0;
  int64_t channels = n->op == CI_OP_conv ? w->dim[0] : w->dim[1] * n->p.group;
  if (n->n_in < 3 || n->in[2] < 0) return channels;
  const ci_tensor *b = ci_const(g, n->in[2]);
  return is_floats(b) && (int64_t)b->count == channels ? channels : 0;
}

void ci_affine_free(ci_affine *a) {
  free(a->factor);
  free(a->offset);
  *a = (ci_affine){NULL, NULL, 0};
}

static ci_affine affine_new(int64_t channels, int *status) {
  ci_affine a = {ci_calloc((size_t)channels, sizeof(double)), ci_calloc((size_t)channels, sizeof(double)),
                 channels};
  if (a.factor && a.offset) return a;
  ci_affine_free(&a);
  *status = CNNIMG_NOMEM;
  return a;
}

static double number(const ci_tensor *t, int64_t c) {
  return ((const float *)t->data)[t->count == 1 ? 0 : c];
}

static ci_affine of_batch_norm(const ci_graph *g, const ci_node *n, int64_t channels, int *status) {
  const ci_tensor *t[5] = {NULL};
  for (int32_t k = 1; k < 5; k++) {
    t[k] = n->n_in > k ? ci_const(g, n->in[k]) : NULL;
    if (!is_floats(t[k]) || (int64_t)t[k]->count != channels) return (ci_affine){NULL, NULL, 0};
  }
  ci_affine a = affine_new(channels, status);
  for (int64_t c = 0; a.factor && c < channels; c++) {
    a.factor[c] = number(t[1], c) / sqrt(number(t[4], c) + (double)n->p.value);
    a.offset[c] = number(t[2], c) - number(t[3], c) * a.factor[c];
  }
  return a;
}

/* One number, or one a channel: [c, 1, 1] as operands are aligned, not as many that lie elsewhere. */
static bool is_per_channel(const ci_tensor *t, int64_t channels) {
  return t->count == 1 || (t->rank >= 3 && t->dim[t->rank - 3] == channels && (int64_t)t->count == channels);
}

static ci_affine of_binary(const ci_graph *g, const ci_node *n, int64_t channels, int *status) {
  int32_t k = ci_const(g, n->in[0]) ? 0 : 1; /* the constant */
  const ci_tensor *t = ci_const(g, n->in[k]);
  bool affine = n->p.mode == CI_ADD || n->p.mode == CI_SUB || n->p.mode == CI_MUL;
  if (!affine || !is_floats(t) || !ci_is_map(g, n->in[!k]) || !is_per_channel(t, channels))
    return (ci_affine){NULL, NULL, 0};
  ci_affine a = affine_new(channels, status);
  for (int64_t c = 0; a.factor && c < channels; c++) {
    double v = number(t, c);
    a.factor[c] = n->p.mode == CI_MUL ? v : n->p.mode == CI_SUB && k == 0 ? -1 : 1;
    a.offset[c] = n->p.mode == CI_MUL ? 0 : n->p.mode == CI_SUB && k == 1 ? -v : v;
  }
  return a;
}

ci_affine ci_fold_affine(const ci_graph *g, const ci_node *n, int64_t channels, int *status) {
  if (n->op == CI_OP_batch_norm) return of_batch_norm(g, n, channels, status);
  if (n->op == CI_OP_binary && n->n_in == 2) return of_binary(g, n, channels, status);
  return (ci_affine){NULL, NULL, 0};
}

/* ---- the new weight and bias ----------------------------------------------------------------- */

/* The output channel that an item of the weight belongs to: rows of a convolution; for a transposed one the
 * second dimension, counted on through the groups of the first. */
static int64_t channel_of(const ci_node *n, const ci_tensor *w, size_t item) {
  size_t plane = (size_t)(w->dim[2] * w->dim[3]), second = (size_t)w->dim[1];
  size_t row = item / (plane * second);
  if (n->op == CI_OP_conv) return (int64_t)row;
  size_t group = row / (size_t)(w->dim[0] / n->p.group);
  return (int64_t)(group * second + item / plane % second);
}

static ci_tensor *scaled_weight(const ci_node *n, const ci_tensor *w, const ci_affine *a) {
  ci_tensor *r = ci_tensor_new(CI_F32, w->rank, w->dim);
  for (size_t i = 0; r && i < r->count; i++)
    ((float *)r->owned)[i] = (float)(((const float *)w->data)[i] * a->factor[channel_of(n, w, i)]);
  return r;
}

static ci_tensor *moved_bias(const ci_tensor *b, const ci_affine *a) {
  ci_tensor *r = ci_tensor_new(CI_F32, 1, &a->channels);
  for (int64_t c = 0; r && c < a->channels; c++)
    ((float *)r->owned)[c] = (float)((b ? ((const float *)b->data)[c] : 0) * a->factor[c] + a->offset[c]);
  return r;
}

/* Room for a bias among the inputs. */
static bool widen(ci_node *n) {
  if (n->n_in >= 3) return true;
  int32_t *in = realloc(n->in, 3 * sizeof *in);
  if (!in) return false;
  n->in = in;
  n->in[2] = -1;
  n->n_in = 3;
  return true;
}

int ci_fold_apply(ci_graph *g, int32_t conv, const ci_affine *a, size_t *budget, bool *done) {
  ci_node *n = &g->nodes[conv];
  const ci_tensor *w = ci_const(g, n->in[1]), *b = n->n_in > 2 ? ci_const(g, n->in[2]) : NULL;
  size_t bytes = (w->count + (size_t)a->channels) * sizeof(float);
  *done = bytes <= *budget;
  if (!*done) return CNNIMG_OK;
  *budget -= bytes;
  ci_tensor *weight = scaled_weight(n, w, a), *bias = moved_bias(b, a);
  if (!weight || !bias || !widen(n)) {
    ci_tensor_free(weight);
    ci_tensor_free(bias);
    return CNNIMG_NOMEM;
  }
  int32_t wid = ci_graph_add_value(g, n->name, weight), bid = ci_graph_add_value(g, n->name, bias);
  if (wid < 0 || bid < 0) return CNNIMG_NOMEM;
  n->in[1] = wid;
  n->in[2] = bid;
  return CNNIMG_OK;
}
