/* SPDX-License-Identifier: MIT */
/* lower.c - the walk over a program: what is constant is computed, what is a map becomes map ops, the rest is held */
#include "lower/lower.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "lower/state.h"

#define MOST_INPUTS 4096
#define MOST_OUTPUTS 256
#define WORK ((uint64_t)8 << 30) /* multiply-adds in computing constants: some seconds */
#define CONSTANTS_FLOOR ((size_t)256 << 20) /* bytes of constants that any file may bring, as exec/plan.c has it for weights */
#define LARGEST_GRID ((int64_t)1 << 30) /* bytes of constants that an input of any size may bring */

typedef struct lowered {
  ci_lowered pub; /* first */
  ci_state s;
} lowered;

/* ---- nodes of the graph ---------------------------------------------------------------------- */

ci_node *ci_lower_emit(ci_state *s, const char *name, ci_op_id op, const int32_t *in, int32_t n_in) {
  ci_node *n = ci_graph_add_node(s->g, op, name, in, n_in, name);
  if (!n) ci_lower_nomem(s);
  return n;
}

int ci_site_emit(ci_site *c, ci_op_id op, const int32_t *in, int32_t n_in, ci_node **out) {
  *out = ci_lower_emit(c->s, c->n->name, op, in, n_in);
  return *out ? CNNIMG_OK : c->s->err->code;
}

ci_array ci_lower_array(const ci_val *v) {
  ci_array a = {.rank = -1};
  if (!v) return a;
  a = (ci_array){.dtype = CI_F32, .type = v->type, .rank = v->rank, .count = (size_t)ci_count_of(v)};
  memcpy(a.dim, v->dim, sizeof a.dim);
  if (v->tensor) a.dtype = v->tensor->dtype, a.data = (void *)(uintptr_t)v->tensor->data;
  return a;
}

static int held_inputs(ci_state *s, ci_val *const *in, int32_t n_in, int32_t *ids, ci_array *arrays) {
  for (int32_t k = 0; k < n_in; k++) {
    arrays[k] = ci_lower_array(in[k]);
    ids[k] = -1;
    int status = in[k] && !in[k]->tensor ? ci_as_vec(s, in[k], &ids[k]) : CNNIMG_OK;
    if (status) return status;
  }
  return CNNIMG_OK;
}

int ci_lower_held(ci_state *s, const ci_tensor_op *op, const ci_pnode *n, int32_t which, ci_val *const *in, int32_t n_in,
                  ci_val *out) {
  ci_held *h = ci_held_new(n_in);
  int32_t *ids = ci_calloc((size_t)n_in + 1, sizeof *ids);
  int status = h && ids ? held_inputs(s, in, n_in, ids, h->in) : ci_lower_nomem(s);
  ci_node *node = status ? NULL : ci_lower_emit(s, n->name, CI_OP_held, ids, n_in);
  free(ids);
  if (!node) {
    ci_held_free(h);
    return status ? status : s->err->code;
  }
  h->op = op, h->node = n, h->opset = ci_pnode_opset(s->p, n), h->which = which;
  h->out = ci_lower_array(out);
  h->out.dtype = CI_F32, h->out.data = NULL;
  node->held = h;
  out->vec = node->out;
  return CNNIMG_OK;
}

/* ---- constants ---------------------------------------------------------------------------------- */

/* Elements under a window. */
static uint64_t window_area(const ci_pnode *n) {
  const int64_t *v = NULL;
  uint64_t area = 1;
  for (int32_t i = 0, count = ci_attr_ints(n, "kernel_shape", &v); i < count; i++)
    area = v[i] > 0 && v[i] < INT32_MAX && area < INT32_MAX ? area * (uint64_t)v[i] : INT32_MAX;
  return area;
}

/* Multiply-adds an element of the result, at the most, of the ops that do many. */
static uint64_t inner_work(const ci_tensor_call *c) {
  const char *type = c->node->type;
  const ci_array *x = &c->in[0];
  int64_t longest = 0;
  if (!strcmp(type, "Conv") || !strcmp(type, "ConvTranspose"))
    return c->in[1].count / (uint64_t)(c->in[1].dim[type[4] ? 1 : 0] + 1) * 2 + 1;
  if (!strcmp(type, "MatMul") || !strcmp(type, "Gemm")) {
    for (int32_t i = 0; i < x->rank; i++) longest = x->dim[i] > longest ? x->dim[i] : longest;
    return (uint64_t)longest + 1;
  }
  if (!strcmp(type, "MaxPool") || !strcmp(type, "AveragePool") || !strcmp(type, "LpPool")) return window_area(c->node);
  if (!strcmp(type, "TopK") || !strcmp(type, "LRN")) return x->count + 1;
  return !strcmp(type, "Resize") && ci_attr_int(c->node, "antialias", 0) ? x->count + 1 : 1;
}

/* The others read what they are given; Shape and Size do not. */
static uint64_t work_of(const ci_tensor_call *c) {
  uint64_t n = c->out->count + 1;
  for (int32_t k = 0; k < c->n_in; k++) n += c->in[k].rank >= 0 && c->in[k].data ? c->in[k].count : 0;
  return n + (uint64_t)c->out->count * inner_work(c);
}

static int compute(ci_state *s, const ci_tensor_op *op, ci_tensor_call *c) {
  uint64_t work = work_of(c);
  ci_tensor *t = ci_lower_tensor(s, c->out->type == CI_FLOAT ? CI_F32 : CI_I64, c->out->rank, c->out->dim);
  if (!t) return s->err->code;
  if (work > s->work)
    return ci_tensor_fail(c, s->err, CNNIMG_LIMIT, "computing the network's constants takes too long");
  s->work -= work;
  t->type = c->out->type;
  c->out->dtype = t->dtype;
  c->out->data = t->owned;
  size_t bytes = op->scratch ? op->scratch(c) : 0;
  if (bytes > s->budget) return ci_tensor_fail(c, s->err, CNNIMG_LIMIT, "computing the network's constants takes too much memory");
  c->scratch = ci_aligned_zero(bytes);
  if (!c->scratch) return ci_lower_nomem(s);
  op->run(c);
  ci_aligned_free(c->scratch);
  return CNNIMG_OK;
}

/* What is there already is not copied: weights may be Constant nodes. NULL: it must be computed. */
static const ci_tensor *as_it_is(const ci_pnode *n, ci_val *const *in, int32_t which) {
  const ci_attr *value = !strcmp(n->type, "Constant") ? ci_attr_find(n, "value") : NULL;
  if (value && value->kind == CI_ATTR_TENSOR) return value->tensor;
  if (which == 0 && (!strcmp(n->type, "Identity") || !strcmp(n->type, "Dropout"))) return in[0]->tensor;
  return NULL;
}

/* Is all known that decides the result? Shapes are. */
static bool is_constant(const ci_pnode *n, ci_val *const *in, int32_t n_in) {
  if (!strcmp(n->type, "Shape") || !strcmp(n->type, "Size")) return true;
  for (int32_t k = 0; k < n_in; k++)
    if (in[k] && !in[k]->tensor) return false;
  return true;
}

/* What has no elements is known. */
static int make_empty(ci_state *s, ci_val *v) {
  ci_tensor *t = ci_lower_tensor(s, v->type == CI_FLOAT ? CI_F32 : CI_I64, v->rank, v->dim);
  if (!t) return s->err->code;
  t->type = v->type;
  v->tensor = t;
  return CNNIMG_OK;
}

/* ---- one node ------------------------------------------------------------------------------------- */

static int by_rule(ci_site *c) {
  static const ci_lower_rule *const tables[] = {ci_lower_point_rules, ci_lower_window_rules, ci_lower_space_rules,
                                                ci_lower_shape_rules, ci_lower_norm_rules};
  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
    for (const ci_lower_rule *r = tables[i]; r->type; r++)
      if (!strcmp(r->type, c->n->type)) return r->lower(c);
  return CI_LOWER_PASS;
}

static void forget(ci_val *v) { v->map = v->vec = -1, v->origin = NULL; }

static int lower_output(ci_state *s, const ci_tensor_op *op, const ci_pnode *n, ci_val **in, int32_t n_in, int32_t which,
                        const ci_array *arrays) {
  ci_val *out = &s->vals[n->out[which]];
  ci_array result = {.dtype = CI_F32, .type = CI_FLOAT};
  ci_tensor_call call = {.node = n, .opset = ci_pnode_opset(s->p, n), .which = which, .n_in = n_in, .in = arrays, .out = &result};
  int status = ci_tensor_shape(op, &call, s->err);
  if (status) return status;
  *out = (ci_val){.known = true, .type = result.type, .rank = result.rank, .map = -1, .vec = -1};
  memcpy(out->dim, result.dim, sizeof out->dim);
  if (!result.count) return make_empty(s, out);
  if (is_constant(n, in, n_in)) {
    if ((out->tensor = as_it_is(n, in, which))) return CNNIMG_OK;
    status = compute(s, op, &call);
    if (!status) out->tensor = s->made[s->n_made - 1];
    return status;
  }
  ci_site site = {.s = s, .n = n, .in = in, .n_in = n_in, .which = which, .out = out};
  status = by_rule(&site);
  if (status != CI_LOWER_PASS) return status;
  forget(out);
  return ci_lower_held(s, op, n, which, in, n_in, out);
}

static int lower_node(ci_state *s, const ci_pnode *n) {
  char label[160];
  const ci_tensor_op *op = ci_tensor_find(n->type);
  if (!op)
    return ci_fail(s->err, CNNIMG_UNSUPPORTED, "%s: this kind of operator is not known",
                   ci_pnode_label(n, label, sizeof label));
  if (n->n_in > MOST_INPUTS || n->n_out > MOST_OUTPUTS)
    return ci_fail(s->err, CNNIMG_LIMIT, "%s: has %d inputs and %d outputs", ci_pnode_label(n, label, sizeof label), n->n_in, n->n_out);
  ci_val **in = ci_calloc((size_t)n->n_in + 1, sizeof *in);
  ci_array *arrays = ci_calloc((size_t)n->n_in + 1, sizeof *arrays);
  int status = in && arrays ? CNNIMG_OK : ci_lower_nomem(s);
  for (int32_t k = 0; !status && k < n->n_in; k++) {
    in[k] = n->in[k] < 0 ? NULL : &s->vals[n->in[k]];
    if (in[k] && !in[k]->known) status = ci_fail(s->err, CNNIMG_UNSUPPORTED, "%s: reads a by-product that is not computed",
                                                 ci_pnode_label(n, label, sizeof label));
    else arrays[k] = ci_lower_array(in[k]);
  }
  for (int32_t k = 0; !status && k < n->n_out; k++)
    if (n->out[k] >= 0) status = lower_output(s, op, n, in, n->n_in, k, arrays);
  free(in);
  free(arrays);
  return status;
}

/* ---- ends ------------------------------------------------------------------------------------------- */

static int add_input(lowered *l, size_t i, const ci_dims *d) {
  ci_state *s = &l->s;
  const ci_pinput *in = &s->p->inputs[i];
  ci_val *v = &s->vals[in->value];
  ci_shape m = {1, 1, 1};
  ci_layout layout = ci_lower_picture_layout(s->p, i);
  int64_t count = 1;
  *v = (ci_val){.known = true, .type = in->type, .rank = d->rank, .map = -1, .vec = -1};
  for (int32_t k = 0; k < d->rank; k++) v->dim[k] = d->dim[k];
  for (int32_t k = 0; k < d->rank; k++)
    if (d->dim[k] < 0 || d->dim[k] > INT32_MAX || (count && d->dim[k] > CI_TENSOR_MOST / count))
      return ci_fail(s->err, CNNIMG_BADARG, "the input \"%s\" would have impossible sizes", s->p->values[in->value].name);
    else count *= d->dim[k];
  s->budget += (size_t)(count < LARGEST_GRID / 64 ? count * 64 : LARGEST_GRID); /* grids of positions and the like */
  int32_t id = ci_graph_add_value(s->g, s->p->values[in->value].name, NULL);
  if (id < 0) return ci_lower_nomem(s);
  if (!count) {
    l->pub.in[i] = CI_LAYOUT_VECTOR;
    if (ci_graph_add_input(s->g, id, m)) return ci_lower_nomem(s);
    return make_empty(s, v);
  }
  if (d->rank < 3 || !ci_dims_shape(d->rank, d->dim, layout, &m)) {
    if (count > INT32_MAX)
      return ci_fail(s->err, CNNIMG_LIMIT, "the input \"%s\" is too large", s->p->values[in->value].name);
    layout = CI_LAYOUT_VECTOR, m.c = (int32_t)count, v->vec = id;
  } else {
    ci_set_map(v, id, layout);
  }
  l->pub.in[i] = layout;
  return ci_graph_add_input(s->g, id, m) ? ci_lower_nomem(s) : CNNIMG_OK;
}

/* Something to compute where the output has no elements: a single 0 that nobody asks for. */
static int nothing(ci_state *s, ci_val *v) {
  ci_tensor *t = ci_lower_tensor(s, CI_F32, 0, NULL);
  ci_val one = {.known = true, .map = -1, .vec = -1, .tensor = t};
  if (!t) return s->err->code;
  *(float *)t->owned = 0;
  return ci_as_vec(s, &one, &v->vec);
}

/* A map (pictures are, wherever they come from) or a vector; never an input itself. */
static int settle_output(lowered *l, size_t output) {
  ci_state *s = &l->s;
  ci_val *v = &s->vals[s->p->outputs[output]];
  int32_t id;
  if (!v->known) return ci_fail(s->err, CNNIMG_UNSUPPORTED, "the output is a by-product that is not computed");
  int status = ci_count_of(v) ? CNNIMG_OK : nothing(s, v);
  if (!status) status = v->map >= 0 ? (id = v->map, CNNIMG_OK) : v->rank == 4 ? ci_as_map(s, v, CI_LAYOUT_NCHW, &id) : CI_LOWER_PASS;
  if (status == CI_LOWER_PASS) status = ci_as_vec(s, v, &id);
  if (status) return status;
  l->pub.out = v->map >= 0 ? v->layout : CI_LAYOUT_VECTOR;
  l->pub.out_type = v->type;
  l->pub.out_dims.rank = v->rank;
  memcpy(l->pub.out_dims.dim, v->dim, sizeof v->dim);
  if (s->g->values[id].producer < 0) {
    ci_node *copy = ci_lower_emit(s, "copy", CI_OP_activation, &id, 1);
    if (!copy) return s->err->code;
    id = copy->out;
  }
  s->g->output = id;
  return CNNIMG_OK;
}

static void set_constants(ci_state *s) {
  size_t bytes = 0;
  for (size_t i = 0; i < s->p->n_values; i++) {
    const ci_tensor *t = s->p->values[i].tensor;
    s->vals[i] = (ci_val){.map = -1, .vec = -1};
    if (!t) continue;
    s->vals[i] = (ci_val){.known = true, .type = t->type, .rank = t->rank, .tensor = t, .map = -1, .vec = -1};
    memcpy(s->vals[i].dim, t->dim, sizeof t->dim);
    bytes += t->count * sizeof(float);
  }
  s->budget = bytes < SIZE_MAX / 64 ? CONSTANTS_FLOOR + 16 * bytes : SIZE_MAX;
}

static int build(lowered *l, size_t output, const ci_dims *inputs) {
  ci_state *s = &l->s;
  int status = CNNIMG_OK;
  set_constants(s);
  for (size_t i = 0; i < s->p->n_inputs && !status; i++) status = add_input(l, i, &inputs[i]);
  for (size_t i = 0; i < s->p->n_nodes && !status; i++) status = lower_node(s, &s->p->nodes[i]);
  if (!status) status = settle_output(l, output);
  return status ? status : ci_graph_finish(s->g, s->err);
}

int ci_lower(const ci_program *p, size_t output, const ci_dims *inputs, ci_lowered **out, cnnimg_error *err) {
  cnnimg_error own = {0};
  lowered *l = ci_calloc(1, sizeof *l);
  *out = NULL;
  if (!l) return ci_fail(err, CNNIMG_NOMEM, "no memory for the network's graph");
  l->s = (ci_state){.p = p, .err = &own, .work = WORK, .g = ci_graph_new()};
  l->s.vals = ci_calloc(p->n_values + 1, sizeof *l->s.vals);
  l->pub.in = ci_calloc(p->n_inputs + 1, sizeof *l->pub.in);
  l->pub.graph = l->s.g;
  int status = !l->s.g || !l->s.vals || !l->pub.in ? ci_lower_nomem(&l->s)
               : output >= p->n_outputs          ? ci_fail(&own, CNNIMG_BADARG, "the network has no output %zu", output)
                                                 : build(l, output, inputs);
  free(l->s.vals);
  l->s.vals = NULL;
  l->s.err = NULL;
  if (status) {
    ci_lowered_free(&l->pub);
    return ci_fail(err, status, "%s", own.text);
  }
  *out = &l->pub;
  return CNNIMG_OK;
}

/* ---- after planning --------------------------------------------------------------------------------- */

static int by_address(const void *a, const void *b) {
  uintptr_t x = (uintptr_t) * (const void *const *)a, y = (uintptr_t) * (const void *const *)b;
  return (x > y) - (x < y);
}

/* What held nodes read, sorted by address. false: no memory. */
static bool list_held(const ci_graph *g, const void ***list, size_t *n) {
  size_t cap = 0;
  *list = NULL, *n = 0;
  for (size_t i = 0; i < g->n_nodes; i++) {
    const ci_held *h = g->nodes[i].held;
    if (!h) continue;
    if (!ci_grow((void **)list, &cap, *n + (size_t)h->n_in, sizeof **list)) return false;
    for (int32_t k = 0; k < h->n_in; k++)
      if (h->in[k].data) (*list)[(*n)++] = h->in[k].data;
  }
  if (*n) qsort(*list, *n, sizeof **list, by_address);
  return true;
}

static void let_go(ci_tensor *t) {
  free(t->owned);
  t->owned = NULL, t->data = NULL;
}

/* Held nodes point at what was made here or at the program's, never at what the graph owns. */
int ci_lowered_settle(ci_lowered *pub, cnnimg_error *err) {
  lowered *l = (lowered *)pub;
  const void **list;
  size_t n;
  bool ok = list_held(pub->graph, &list, &n);
  for (size_t i = 0; ok && i < pub->graph->n_values; i++) {
    ci_tensor *t = pub->graph->values[i].tensor;
    if (t) let_go(t);
  }
  for (size_t i = 0; ok && i < l->s.n_made; i++)
    if (!n || !bsearch(&l->s.made[i]->data, list, n, sizeof *list, by_address)) let_go(l->s.made[i]);
  free(list);
  return ok ? CNNIMG_OK : ci_fail(err, CNNIMG_NOMEM, "no memory for the network's graph");
}

void ci_lowered_free(ci_lowered *pub) {
  lowered *l = (lowered *)pub;
  if (!l) return;
  ci_graph_free(l->pub.graph);
  for (size_t i = 0; i < l->s.n_made; i++) ci_tensor_free(l->s.made[i]);
  for (size_t i = 0; i < l->s.n_origins; i++) free(l->s.origins[i]);
  for (size_t i = 0; i < l->s.n_nodes; i++) {
    ci_pnode_fini(l->s.nodes[i]);
    free(l->s.nodes[i]);
  }
  free(l->s.made);
  free(l->s.origins);
  free(l->s.nodes);
  free(l->pub.in);
  free(l);
}
