/* SPDX-License-Identifier: MIT */
/* onnx_node.c - one node of the file: its type, values and attributes into the program */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "formats/onnx.h"
#include "net/build.h"
#include "net/function.h"

enum { N_INPUT = 1, N_OUTPUT = 2, N_NAME = 3, N_TYPE = 4, N_ATTRIBUTE = 5, N_DOMAIN = 7 }; /* NodeProto */
enum { A_NAME = 1, A_F = 2, A_I = 3, A_S = 4, A_T = 5, A_GRAPH = 6, A_FLOATS = 7, A_INTS = 8, A_STRINGS = 9,
       A_TENSORS = 10, A_GRAPHS = 11, A_TYPE = 20, A_SPARSE = 22 }; /* AttributeProto */

typedef struct node {
  ci_onnx *o;
  ci_text name, type, domain;
  int32_t *in, *out;
  int32_t n_in, n_out;
  char label[120]; /* for messages: Conv "body.head" */
} node;

static int no_memory(const node *n) { return ci_fail(n->o->err, CNNIMG_NOMEM, "no memory for the network"); }

/* ---- attributes ------------------------------------------------------------------------- */

/* What an AttributeProto holds, found in one pass: old files leave its type out. */
typedef struct found {
  ci_text name, s;
  ci_cursor tensor;
  int64_t type, i;
  float f;
  size_t ints, floats;
  bool has_f, has_i, has_s, has_t, other;
} found;

static void look_at(ci_field *f, found *a) {
  float real = 0;
  size_t one = 0;
  if (ci_wire_is(f, A_NAME, CI_BYTES)) a->name = ci_wire_text(f);
  if (ci_wire_is(f, A_TYPE, CI_VARINT)) a->type = (int64_t)f->u;
  if (ci_wire_is(f, A_I, CI_VARINT)) a->i = (int64_t)f->u, a->has_i = true;
  if (ci_wire_is(f, A_S, CI_BYTES)) a->s = ci_wire_text(f), a->has_s = true;
  if (ci_wire_is(f, A_T, CI_BYTES)) a->tensor = f->bytes, a->has_t = true;
  if (ci_wire_is(f, A_F, CI_FIXED32)) {
    ci_wire_floats(f, &real, 1, &one);
    a->f = real, a->has_f = true;
  }
  if (f->number == A_INTS) ci_wire_ints(f, NULL, 0, &a->ints);
  if (f->number == A_FLOATS) ci_wire_floats(f, NULL, 0, &a->floats);
  if (f->number == A_GRAPH || f->number == A_STRINGS || f->number == A_TENSORS || f->number == A_GRAPHS ||
      f->number == A_SPARSE)
    a->other = true;
}

/* Graphs, lists of strings and the like are not read: no operation of ours has any. */
static ci_attr_kind kind_of(const found *a) {
  static const ci_attr_kind kinds[] = {[1] = CI_ATTR_FLOAT, [2] = CI_ATTR_INT,    [3] = CI_ATTR_STRING,
                                       [4] = CI_ATTR_TENSOR, [6] = CI_ATTR_FLOATS, [7] = CI_ATTR_INTS};
  if (a->other) return CI_ATTR_OTHER;
  if ((a->type >= 1 && a->type <= 4) || a->type == 6 || a->type == 7) return kinds[a->type];
  if (a->has_t) return CI_ATTR_TENSOR;
  if (a->ints) return CI_ATTR_INTS;
  if (a->floats) return CI_ATTR_FLOATS;
  if (a->has_s) return CI_ATTR_STRING;
  return a->has_f && !a->has_i ? CI_ATTR_FLOAT : CI_ATTR_INT;
}

/* The lists, now that there is room for them. */
static int fill_lists(const node *n, ci_cursor body, const found *a, ci_attr *to) {
  ci_field f;
  size_t ints = 0, floats = 0;
  if (to->kind == CI_ATTR_INTS && !(to->ints = ci_calloc(a->ints, sizeof *to->ints))) return no_memory(n);
  if (to->kind == CI_ATTR_FLOATS && !(to->floats = ci_calloc(a->floats, sizeof *to->floats))) return no_memory(n);
  while (ci_wire_next(&body, &f)) {
    if (f.number == A_INTS && to->ints) ci_wire_ints(&f, to->ints, a->ints, &ints);
    if (f.number == A_FLOATS && to->floats) ci_wire_floats(&f, to->floats, a->floats, &floats);
  }
  to->n = to->ints ? a->ints : a->floats;
  return CNNIMG_OK;
}

static int add_attribute(const node *n, ci_pnode *to, ci_cursor body) {
  found a = {.type = 0};
  ci_field f;
  char name[64];
  ci_cursor c = body;
  while (ci_wire_next(&c, &f)) look_at(&f, &a);
  ci_text_fit(a.name, name, sizeof name);
  if (c.bad || !a.name.n) return ci_fail(n->o->err, CNNIMG_CORRUPT, "%s: an attribute is damaged", n->label);
  if (ci_attr_find(to, name)) return ci_fail(n->o->err, CNNIMG_CORRUPT, "%s: the attribute \"%s\" is given twice", n->label, name);
  ci_attr *attr = ci_pnode_add_attr(to, name, kind_of(&a));
  if (!attr) return no_memory(n);
  attr->i = a.i, attr->f = a.f;
  if (attr->kind == CI_ATTR_STRING && !(attr->s = ci_text_copy(a.s))) return no_memory(n);
  if (attr->kind == CI_ATTR_TENSOR)
    return a.has_t ? ci_onnx_read_tensor(n->o, a.tensor, n->label, &attr->tensor)
                   : ci_fail(n->o->err, CNNIMG_CORRUPT, "%s: the attribute \"%s\" is empty", n->label, name);
  return fill_lists(n, body, &a, attr);
}

static int add_attributes(const node *n, ci_pnode *to, ci_cursor body) {
  ci_field f;
  int status = CNNIMG_OK;
  size_t count = 0;
  while (!status && ci_wire_next(&body, &f)) {
    if (!ci_wire_is(&f, N_ATTRIBUTE, CI_BYTES)) continue;
    if (count++ == 100) return ci_fail(n->o->err, CNNIMG_LIMIT, "%s: more than 100 attributes", n->label);
    status = add_attribute(n, to, f.bytes);
  }
  return status;
}

/* ---- the node ----------------------------------------------------------------------------- */

static void scan(node *n, ci_cursor c) {
  ci_field f;
  while (ci_wire_next(&c, &f)) {
    if (f.wire != CI_BYTES) continue;
    if (f.number == N_INPUT) n->n_in++;
    if (f.number == N_OUTPUT) n->n_out++;
    if (f.number == N_NAME) n->name = ci_wire_text(&f);
    if (f.number == N_TYPE) n->type = ci_wire_text(&f);
    if (f.number == N_DOMAIN) n->domain = ci_wire_text(&f);
  }
}

/* The ids of the values that it reads and makes; an empty name is one that is left out. */
static int find_values(node *n, ci_cursor c) {
  ci_field f;
  int32_t in = 0, out = 0;
  int status = CNNIMG_OK;
  while (!status && ci_wire_next(&c, &f)) {
    bool input = ci_wire_is(&f, N_INPUT, CI_BYTES);
    if (!input && !ci_wire_is(&f, N_OUTPUT, CI_BYTES)) continue;
    int32_t *id = input ? &n->in[in++] : &n->out[out++];
    ci_text text = ci_wire_text(&f);
    *id = -1;
    if (text.n) status = ci_onnx_value(n->o, text, id);
  }
  while (n->n_in && n->in[n->n_in - 1] < 0) n->n_in--;
  while (n->n_out && n->out[n->n_out - 1] < 0) n->n_out--;
  return status;
}

static void name_it(node *n, char *name, size_t room) {
  ci_text_fit(n->name, name, room);
  if (!n->name.n && n->n_out && n->out[0] >= 0) snprintf(name, room, "%s", n->o->p->values[n->out[0]].name);
}

/* An operator of our own, "Name" or "Name_2": the function that stands beside it says it to others. */
static bool is_own(const node *n, char *type) {
  if (!ci_text_is(n->domain, CI_FUNCTION_DOMAIN)) return false;
  char *end = strrchr(type, '_');
  if (end && end[1] && strspn(end + 1, "0123456789") == strlen(end + 1)) *end = 0;
  return ci_function_find(type) || !strcmp(type, "DepthToSpace"); /* in files older than its mode */
}

static int add(node *n, ci_cursor body) {
  char type[80], name[160], domain[64];
  int status = find_values(n, body);
  if (status) return status;
  ci_text_fit(n->type, type, sizeof type);
  ci_text_fit(n->domain, domain, sizeof domain);
  name_it(n, name, sizeof name);
  snprintf(n->label, sizeof n->label, "%.40s \"%.70s\"", type, name);
  bool own = is_own(n, type);
  if (!own && n->domain.n && !ci_text_is(n->domain, "ai.onnx")) /* no operation is called so: it is refused where it is needed */
    snprintf(type, sizeof type, "%.20s.%.40s", domain, n->label);
  ci_pnode *made = ci_program_add_node(n->o->p, type, name, n->in, n->n_in, n->out, n->n_out);
  if (!made) return no_memory(n);
  if (own) made->opset = CI_BUILD_OPSET;
  return add_attributes(n, made, body);
}

int ci_onnx_add_node(ci_onnx *o, size_t index) {
  node n = {.o = o};
  scan(&n, o->nodes.items[index]);
  n.in = ci_calloc((size_t)n.n_in + 1, sizeof *n.in);
  n.out = ci_calloc((size_t)n.n_out + 1, sizeof *n.out);
  int status = n.in && n.out ? add(&n, o->nodes.items[index]) : no_memory(&n);
  free(n.in);
  free(n.out);
  return status;
}
