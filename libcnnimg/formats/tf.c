/* SPDX-License-Identifier: MIT */
/* tf.c - TensorFlow's frozen graphs (.pb): the bid, inputs and outputs, node by node into a program */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "formats/format.h"
#include "formats/tf_graph.h"
#include "net/permute.h"

/* ---- the bid: a GraphDef has no magic, but begins with a node that has a name and an operation ------- */

static bool is_word(ci_text t) {
  for (size_t i = 0; i < t.n; i++)
    if (!((t.p[i] >= 'A' && t.p[i] <= 'Z') || (t.p[i] >= 'a' && t.p[i] <= 'z') ||
          (t.p[i] >= '0' && t.p[i] <= '9') || strchr("_./\\-:>", t.p[i])))
      return false;
  return t.n > 0 && t.n < 1000;
}

static int bid(const uint8_t *data, size_t size) {
  ci_cursor c = ci_cursor_make(data, size);
  ci_field f, part;
  ci_text name = {NULL, 0}, op = {NULL, 0};
  if (!size || data[0] != 0x0a) return 0;
  (void)ci_cursor_u8(&c);
  uint64_t length = ci_cursor_varint(&c);
  if (c.bad) return 0;
  f.bytes = ci_cursor_sub(&c, length < ci_cursor_left(&c) ? length : ci_cursor_left(&c));
  for (int i = 0; i < 2 && ci_wire_next(&f.bytes, &part); i++) {
    if (ci_wire_is(&part, 1, CI_BYTES)) name = ci_wire_text(&part);
    if (ci_wire_is(&part, 2, CI_BYTES)) op = ci_wire_text(&part);
  }
  return is_word(name) && is_word(op) ? 80 : 0;
}

/* ---- what operations ask for ----------------------------------------------------------------------- */

int32_t ci_tf_fail(const ci_tf_site *s, int code, const char *why) {
  char name[64], op[40];
  ci_text_fit(s->n->name, name, sizeof name);
  ci_text_fit(s->n->op, op, sizeof op);
  return ci_build_fail(s->b, code, "the node \"%s\" (%s) %.90s", name, op, why);
}

int32_t ci_tf_in(const ci_tf_site *s, int32_t i) {
  if (s->b->status) return -1;
  if (i < 0 || i >= s->n->n_in) return ci_tf_fail(s, CNNIMG_CORRUPT, "has too few inputs");
  ci_tf_ref r = s->g->refs[s->n->first + (size_t)i];
  const ci_tf_node *from = &s->g->nodes[r.node];
  if (r.port >= from->n_out) return ci_tf_fail(s, CNNIMG_UNSUPPORTED, "reads a result that is not computed");
  return from->out[r.port];
}

const ci_tensor *ci_tf_const(const ci_tf_site *s, int32_t i) {
  int32_t v = i < s->n->n_in ? ci_tf_in(s, i) : -1;
  return v >= 0 ? s->b->p->values[v].tensor : NULL;
}

int32_t ci_tf_const_ints(const ci_tf_site *s, int32_t i, int64_t out[2 * CI_MAX_RANK]) {
  const ci_tensor *t = ci_tf_const(s, i);
  if (!t || t->dtype != CI_I64 || t->count > 2 * CI_MAX_RANK) return -1;
  if (t->count) memcpy(out, t->data, t->count * sizeof *out);
  return (int32_t)t->count;
}

/* Files that share a kernel among many nodes do not grow by it. */
int32_t ci_tf_turned(const ci_tf_site *s, int32_t i, const int32_t order[4]) {
  int32_t v = ci_tf_in(s, i);
  const ci_tensor *t = ci_tf_const(s, i);
  const int64_t perm[4] = {order[0], order[1], order[2], order[3]};
  ci_tf *g = s->g;
  size_t old = g->cap_turned;
  if (s->b->status) return -1;
  if (!t) return ci_put_transpose(s->b, v, perm, 4);
  if (t->rank != 4) return ci_tf_fail(s, CNNIMG_CORRUPT, "has a kernel that has not 4 dimensions");
  if (!ci_grow((void **)&g->turned, &g->cap_turned, (size_t)v + 1, sizeof *g->turned))
    return ci_tf_fail(s, CNNIMG_NOMEM, "does not fit into memory");
  if (g->cap_turned > old) memset(g->turned + old, 0, (g->cap_turned - old) * sizeof *g->turned);
  if (g->turned[v] > 0) return g->turned[v];
  int32_t made = ci_build_tensor(s->b, ci_tensor_permuted(t, order));
  if (made > 0) g->turned[v] = made;
  return made;
}

/* ---- inputs ------------------------------------------------------------------------------------------ */

/* A picture of any size where nothing depends on the one that is declared. */
static void declare(const ci_tf *g, const ci_tf_node *n, ci_pinput *in) {
  int64_t dim[CI_MAX_RANK];
  int32_t rank = ci_tf_shape(n, "shape", dim);
  in->rank = rank < 0 || rank > CI_MAX_RANK || (!rank && g->n_nodes > 2) ? 4 : rank;
  bool known = rank == in->rank;
  bool first = known && rank == 4 && dim[1] >= 1 && dim[1] <= 4 && dim[3] < 1;
  for (int32_t i = 0; i < in->rank; i++) {
    bool space = in->rank == 4 && (first ? i >= 2 : i == 1 || i == 2);
    bool open = !known || dim[i] < 1 || dim[i] > INT32_MAX || (space && !g->sized);
    in->dim[i] = !i && in->rank > 1 ? 1 : open ? 0 : dim[i];
  }
}

static int32_t placeholder(const ci_tf_site *s) {
  char name[160];
  ci_text_fit(s->n->name, name, sizeof name);
  if (ci_tf_int(s->n, "dtype", 1) != 1)
    return ci_tf_fail(s, CNNIMG_UNSUPPORTED, "is an input of other numbers than floats");
  int32_t v = ci_build_input(s->b, name, 0);
  if (!s->b->status) declare(s->g, s->n, &s->b->p->inputs[s->b->p->n_inputs - 1]);
  return v;
}

static int32_t constant(const ci_tf_site *s) {
  ci_cursor body;
  if (!ci_tf_has_tensor(s->n, "value", &body)) return ci_tf_fail(s, CNNIMG_CORRUPT, "has no value");
  ci_tensor *t = ci_tf_tensor(s->g, body, s->n->name);
  return t ? ci_build_tensor(s->b, t) : -1;
}

/* ---- translation ---------------------------------------------------------------------------------------- */

static const ci_tf_op ends[] = {{"Placeholder", placeholder}, {"Const", constant}, {NULL, NULL}};

static ci_tf_op_fn *find_op(ci_text type) {
  static const ci_tf_op *const tables[] = {ends, ci_tf_window_ops, ci_tf_array_ops, ci_tf_slice_ops,
                                           ci_tf_point_ops};
  for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
    for (const ci_tf_op *o = tables[t]; o->type; o++)
      if (ci_text_is(type, o->type)) return o->translate;
  return NULL;
}

static void translate(ci_tf *g, ci_tf_node *n) {
  const ci_tf_site s = {g, &g->b, n};
  ci_tf_op_fn *op = find_op(n->op);
  if (g->b.p->n_nodes >= CI_EMIT_NODES) op = NULL, ci_tf_fail(&s, CNNIMG_LIMIT, "is one too many");
  if (!op) {
    ci_tf_fail(&s, CNNIMG_UNSUPPORTED, "is an operation that is not known");
    return;
  }
  char name[64];
  ci_text_fit(n->name, name, sizeof name);
  ci_build_layer(&g->b, name);
  int32_t v = op(&s);
  if (g->b.status || n->out) return;
  n->out = ci_calloc(1, sizeof *n->out);
  if (!n->out) ci_tf_fail(&s, CNNIMG_NOMEM, "does not fit into memory");
  else n->out[0] = v, n->n_out = 1;
}

static bool any_sized(const ci_tf *g) {
  static const char *const ops[] = {"MatMul",         "Reshape",
                                    "Slice",          "StridedSlice",
                                    "ResizeBilinear", "ResizeNearestNeighbor",
                                    "ResizeBicubic",  "Conv2DBackpropInput"};
  for (size_t i = 0; i < g->n_nodes; i++)
    for (size_t k = 0; k < sizeof ops / sizeof *ops; k++)
      if (g->nodes[i].needed && ci_text_is(g->nodes[i].op, ops[k])) return true;
  return false;
}

/* An output is called as its node. */
static void name_output(ci_tf *g, const ci_tf_node *n) {
  char *name = ci_text_copy(n->name);
  if (!name) return;
  free(g->b.p->values[n->out[0]].name);
  g->b.p->values[n->out[0]].name = name;
}

/* All outputs but the last, which is given back. */
static int32_t outputs(ci_tf *g) {
  int32_t v = -1;
  for (size_t i = 0; i < g->n_sorted && !g->b.status; i++) {
    const ci_tf_node *n = &g->nodes[g->sorted[i]];
    if (n->consumed || !n->needed || !n->n_out) continue;
    if (v >= 0 && ci_program_add_output(g->b.p, v))
      ci_build_fail(&g->b, CNNIMG_NOMEM, "no memory for the network");
    name_output(g, n);
    v = n->out[0];
  }
  if (v < 0)
    ci_build_fail(&g->b, CNNIMG_UNSUPPORTED, "nothing in the graph depends on an input; %zu nodes",
                  g->n_nodes);
  return v;
}

static int build(const ci_source *src, ci_program **out, cnnimg_error *err) {
  ci_tf g = {.src = src};
  int32_t v = -1;
  if (!ci_build_init(&g.b, NULL, err) && !ci_tf_collect(&g) && !ci_tf_sort(&g)) {
    g.sized = any_sized(&g);
    for (size_t i = 0; i < g.n_sorted && !g.b.status; i++)
      if (g.nodes[g.sorted[i]].needed) translate(&g, &g.nodes[g.sorted[i]]);
    v = outputs(&g);
  }
  ci_build_card(&g.b, "producer", "TensorFlow");
  ci_tf_free(&g);
  return ci_build_finish(&g.b, v, out);
}

static int load(const ci_source *src, ci_loaded *out, cnnimg_error *err) {
  cnnimg_error own = {0};
  *out = (ci_loaded){0};
  int status = build(src, &out->program, &own);
  return status ? ci_fail(err, status, "%s: %s", src->name, own.text) : CNNIMG_OK;
}

const ci_format ci_format_tf = {"tensorflow", bid, load};
