/* SPDX-License-Identifier: MIT */
/* onnx_node.c - converting one node: its inputs found, its rule called; what the rules are made of */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "formats/onnx.h"

enum { N_INPUT = 1, N_OUTPUT = 2, N_NAME = 3, N_TYPE = 4, N_DOMAIN = 7 };

static const ci_onnx_rule *const rules[] = {ci_onnx_conv_rules, ci_onnx_point_rules, ci_onnx_space_rules,
                                            ci_onnx_cut_rules, ci_onnx_fold_rules};

static const ci_onnx_rule *find_rule(ci_text type) {
  for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
    for (const ci_onnx_rule *r = rules[i]; r->type; r++)
      if (ci_text_is(type, r->type)) return r;
  return NULL;
}

/* ---- values ------------------------------------------------------------------------- */

int ci_onnx_know(ci_onnx *o, int32_t value, int32_t rank, int32_t channels) {
  if (!ci_grow((void **)&o->known, &o->cap_known, (size_t)value + 1, sizeof *o->known))
    return ci_fail(o->err, CNNIMG_NOMEM, "no memory for the graph");
  o->known[value].rank = rank;
  o->known[value].channels = channels;
  return CNNIMG_OK;
}

int32_t ci_onnx_value(ci_onnx *o, ci_text name, ci_tensor *tensor, int32_t rank, int32_t channels) {
  char *text = ci_text_copy(name);
  if (tensor) rank = tensor->rank;
  if (!text) ci_tensor_free(tensor);
  int32_t v = text ? ci_graph_add_value(o->g, text, tensor) : -1;
  free(text);
  if (v < 0) ci_fail(o->err, CNNIMG_NOMEM, "no memory for the graph");
  else if (ci_onnx_know(o, v, rank, channels)) return -1;
  return v;
}

int ci_onnx_bind(ci_onnx_node *n, int32_t k, int32_t value) {
  ci_onnx_name *name = k < n->n_out && n->out[k].n ? ci_onnx_find(n->o, n->out[k]) : NULL;
  if (name) name->value = value;
  return CNNIMG_OK;
}

int ci_onnx_alias(ci_onnx_node *n, int32_t value, int32_t rank) {
  if (ci_onnx_rank(n, 0) != rank || n->in[0] != value) { /* seen differently: a value of its own is needed */
    int32_t channels = n->o->known[value].channels;
    ci_node *same = ci_onnx_emit(n, CI_OP_activation, &value, 1);
    return same ? ci_onnx_know(n->o, same->out, rank, channels) : CNNIMG_NOMEM;
  }
  return ci_onnx_bind(n, 0, value);
}

int ci_onnx_set_channels(ci_onnx_node *n, int32_t value, int64_t channels) {
  if (channels < 0 || channels > INT32_MAX)
    return ci_fail(n->o->err, CNNIMG_UNSUPPORTED, "%s: %lld channels", n->label, (long long)channels);
  n->o->known[value].channels = (int32_t)channels;
  return CNNIMG_OK;
}

/* ---- new nodes and constants ----------------------------------------------------------- */

ci_node *ci_onnx_emit_loose(ci_onnx_node *n, ci_op_id op, const int32_t *in, int32_t n_in, ci_text out) {
  char *name = ci_text_copy(n->name.n ? n->name : out), *result = ci_text_copy(out);
  ci_node *node = name && result ? ci_graph_add_node(n->o->g, op, name, in, n_in, result) : NULL;
  free(name);
  free(result);
  if (!node) {
    ci_fail(n->o->err, CNNIMG_NOMEM, "no memory for the graph");
    return NULL;
  }
  struct ci_known like = n->o->known[in[0]];
  return ci_onnx_know(n->o, node->out, like.rank, like.channels) ? NULL : node;
}

ci_node *ci_onnx_emit(ci_onnx_node *n, ci_op_id op, const int32_t *in, int32_t n_in) {
  ci_node *node = ci_onnx_emit_loose(n, op, in, n_in, n->n_out ? n->out[0] : n->name);
  if (node) ci_onnx_bind(n, 0, node->out);
  return node;
}

ci_tensor *ci_onnx_new_tensor(ci_onnx_node *n, ci_dtype dtype, int32_t rank, const int64_t *dim) {
  size_t bytes = 256;
  bool fits = true;
  for (int32_t i = 0; i < rank && fits; i++) fits = dim[i] >= 0 && dim[i] <= INT32_MAX;
  size_t count = dtype == CI_I64 ? sizeof(int64_t) : sizeof(float);
  for (int32_t i = 0; i < rank && fits; i++) fits = ci_mul(count, (size_t)dim[i], &count);
  if (!fits || !ci_add(bytes, count, &bytes) || bytes > n->o->budget) {
    ci_fail(n->o->err, CNNIMG_LIMIT, "%s: makes constants far larger than the file", n->label);
    return NULL;
  }
  n->o->budget -= bytes;
  ci_tensor *t = ci_tensor_new(dtype, rank, dim);
  if (!t) ci_fail(n->o->err, CNNIMG_NOMEM, "%s: no memory for its constant", n->label);
  return t;
}

int ci_onnx_bind_const(ci_onnx_node *n, ci_tensor *t) {
  if (!t) return n->o->err && n->o->err->code ? n->o->err->code : CNNIMG_NOMEM;
  int32_t v = ci_onnx_value(n->o, n->n_out ? n->out[0] : n->name, t, 0, 0);
  return v < 0 ? CNNIMG_NOMEM : ci_onnx_bind(n, 0, v);
}

/* ---- questions about inputs --------------------------------------------------------------- */

bool ci_onnx_given(const ci_onnx_node *n, int32_t k) { return k < n->n_in && n->in[k] >= 0; }
int32_t ci_onnx_rank(const ci_onnx_node *n, int32_t k) {
  return ci_onnx_given(n, k) ? n->o->known[n->in[k]].rank : 0;
}
int32_t ci_onnx_channels(const ci_onnx_node *n, int32_t k) {
  return ci_onnx_given(n, k) ? n->o->known[n->in[k]].channels : 0;
}

bool ci_onnx_all_constant(const ci_onnx_node *n) {
  for (int32_t k = 0; k < n->n_in; k++)
    if (n->in[k] >= 0 && !ci_const(n->o->g, n->in[k])) return false;
  return true;
}

int ci_onnx_refuse(const ci_onnx_node *n, const char *why) {
  return ci_fail(n->o->err, CNNIMG_UNSUPPORTED, "%s: %s", n->label, why);
}

int ci_onnx_want_map(const ci_onnx_node *n, int32_t k, bool any) {
  if (!ci_onnx_given(n, k)) return ci_fail(n->o->err, CNNIMG_CORRUPT, "%s: input %d is missing", n->label, k);
  if (ci_const(n->o->g, n->in[k]))
    return ci_fail(n->o->err, CNNIMG_UNSUPPORTED, "%s: input %d is a constant, a map is expected", n->label,
                   k);
  if (ci_onnx_rank(n, k) != 4 && !any)
    return ci_fail(n->o->err, CNNIMG_UNSUPPORTED, "%s: input %d has %d dimensions, 4 are expected", n->label,
                   k, ci_onnx_rank(n, k));
  return CNNIMG_OK;
}

int ci_onnx_want_const(const ci_onnx_node *n, int32_t k, ci_dtype dtype, const char *what,
                       const ci_tensor **out) {
  const ci_tensor *t = ci_onnx_given(n, k) ? ci_const(n->o->g, n->in[k]) : NULL;
  *out = NULL;
  if (!ci_onnx_given(n, k))
    return ci_fail(n->o->err, CNNIMG_CORRUPT, "%s: its %s is missing", n->label, what);
  if (!t)
    return ci_fail(n->o->err, CNNIMG_UNSUPPORTED, "%s: its %s is computed, not a constant", n->label, what);
  if (t->dtype != dtype)
    return ci_fail(n->o->err, CNNIMG_UNSUPPORTED, "%s: its %s is not of %s", n->label, what,
                   dtype == CI_F32 ? "floats" : "integers");
  *out = t;
  return CNNIMG_OK;
}

int ci_onnx_axis(const ci_onnx_node *n, int64_t axis, int32_t rank, int32_t *out) {
  if (axis < -rank || axis >= rank)
    return ci_fail(n->o->err, CNNIMG_CORRUPT, "%s: axis %lld of %d dimensions", n->label, (long long)axis,
                   rank);
  *out = (int32_t)(axis < 0 ? axis + rank : axis);
  return CNNIMG_OK;
}

/* ---- one node ------------------------------------------------------------------------------ */

static void scan(ci_onnx_node *n, int32_t *n_in, int32_t *n_out) {
  ci_cursor c = n->body;
  ci_field f;
  while (ci_wire_next(&c, &f)) {
    if (f.wire != CI_BYTES) continue;
    if (f.number == N_INPUT) ++*n_in;
    if (f.number == N_OUTPUT) ++*n_out;
    if (f.number == N_NAME) n->name = ci_wire_text(&f);
    if (f.number == N_TYPE) n->type = ci_wire_text(&f);
    if (f.number == N_DOMAIN) n->domain = ci_wire_text(&f);
  }
}

/* The values that the inputs name; they have been made, for the walk comes here last. */
static int resolve(ci_onnx_node *n) {
  ci_cursor c = n->body;
  ci_field f;
  while (ci_wire_next(&c, &f)) {
    if (ci_wire_is(&f, N_OUTPUT, CI_BYTES)) n->out[n->n_out++] = ci_wire_text(&f);
    if (!ci_wire_is(&f, N_INPUT, CI_BYTES)) continue;
    ci_text text = ci_wire_text(&f);
    const ci_onnx_name *name = text.n ? ci_onnx_find(n->o, text) : NULL;
    n->in[n->n_in++] = name ? name->value : -1;
    if (text.n && (!name || name->value < 0))
      return ci_onnx_refuse(n, "reads a by-product that is not computed");
  }
  while (n->n_in && n->in[n->n_in - 1] < 0) n->n_in--;
  return CNNIMG_OK;
}

static void make_label(ci_onnx_node *n) {
  char type[40], name[64];
  ci_text_fit(n->type, type, sizeof type);
  ci_text_fit(n->name.n ? n->name : n->n_out ? n->out[0] : n->name, name, sizeof name);
  snprintf(n->label, sizeof n->label, "%s \"%s\"", type, name);
}

static int apply_rule(ci_onnx_node *n) {
  const ci_onnx_rule *rule = find_rule(n->type);
  char domain[64];
  ci_text_fit(n->domain, domain, sizeof domain);
  if (n->domain.n && !ci_text_is(n->domain, "ai.onnx"))
    return ci_fail(n->o->err, CNNIMG_UNSUPPORTED, "%s: operators of \"%s\" are not known", n->label, domain);
  if (!rule) return ci_onnx_refuse(n, "this kind of operator is not known");
  if (n->n_in < rule->least || (rule->most >= 0 && n->n_in > rule->most))
    return ci_fail(n->o->err, CNNIMG_CORRUPT, "%s: has %d inputs", n->label, n->n_in);
  int status = ci_onnx_check_attributes(n, rule->attributes);
  return status ? status : rule->convert(n);
}

int ci_onnx_convert(ci_onnx *o, ci_cursor body) {
  ci_onnx_node n = {.o = o, .body = body};
  int32_t n_in = 0, n_out = 0;
  scan(&n, &n_in, &n_out);
  n.in = ci_calloc((size_t)n_in + 1, sizeof *n.in);
  n.out = ci_calloc((size_t)n_out + 1, sizeof *n.out);
  int status = n.in && n.out ? CNNIMG_OK : ci_fail(o->err, CNNIMG_NOMEM, "no memory for a node");
  if (!status) {
    make_label(&n);
    status = resolve(&n);
  }
  if (!status) {
    make_label(&n);
    status = apply_rule(&n);
  }
  free(n.in);
  free(n.out);
  return status;
}
