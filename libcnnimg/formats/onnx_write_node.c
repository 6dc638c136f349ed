/* SPDX-License-Identifier: MIT */
/* onnx_write_node.c - nodes, attributes and constants of an ONNX file that is written */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "formats/onnx_write.h"
#include "net/function.h"

enum { N_INPUT = 1, N_OUTPUT = 2, N_NAME = 3, N_TYPE = 4, N_ATTRIBUTE = 5, N_DOMAIN = 7 }; /* NodeProto */
enum {
  A_NAME = 1,
  A_F = 2,
  A_I = 3,
  A_S = 4,
  A_T = 5,
  A_FLOATS = 7,
  A_INTS = 8,
  A_TYPE = 20
};                                                                    /* AttributeProto */
enum { T_DIMS = 1, T_TYPE = 2, T_NAME = 8, T_RAW = 9 };               /* TensorProto */
enum { FLOAT = 1, INT64 = 7, BOOL = 9, FLOAT16 = 10, BFLOAT16 = 16 }; /* its DataType */

int ci_onnx_type_number(ci_type type) { return type == CI_FLOAT ? FLOAT : type == CI_INT ? INT64 : BOOL; }

/* ---- constants ------------------------------------------------------------------------------ */

typedef struct tensor_out {
  const char *name;
  const ci_tensor *t;
} tensor_out;

static bool is_bool(const ci_tensor *t) { return t->dtype == CI_I64 && t->type == CI_BOOL; }

static void elements(ci_emit *e, const ci_tensor *t) {
  size_t width = t->dtype == CI_F32 ? 4 : is_bool(t) ? 1 : 8;
  ci_emit_head(e, T_RAW, (uint64_t)t->count * width);
  if (t->dtype == CI_F32) ci_emit_floats(e, t->data, t->count);
  else if (is_bool(t)) ci_emit_bools(e, t->data, t->count);
  else ci_emit_int64s(e, t->data, t->count);
}

static void tensor(ci_emit *e, const void *arg) {
  const tensor_out *o = arg;
  const ci_tensor *t = o->t;
  for (int32_t i = 0; i < t->rank; i++) ci_emit_int(e, T_DIMS, t->dim[i]);
  ci_emit_int(e, T_TYPE, t->dtype == CI_F32 ? FLOAT : is_bool(t) ? BOOL : INT64);
  if (o->name) ci_emit_text(e, T_NAME, o->name);
  elements(e, t);
}

void ci_onnx_emit_tensor(ci_emit *e, uint32_t field, const char *name, const ci_tensor *t) {
  ci_emit_message(e, field, tensor, &(tensor_out){name, t});
}

/* ---- attributes ------------------------------------------------------------------------------- */

static void attribute(ci_emit *e, const void *arg) {
  static const int types[] = {[CI_ATTR_INT] = 2,  [CI_ATTR_FLOAT] = 1,  [CI_ATTR_STRING] = 3,
                              [CI_ATTR_INTS] = 7, [CI_ATTR_FLOATS] = 6, [CI_ATTR_TENSOR] = 4};
  const ci_attr *a = arg;
  ci_emit_text(e, A_NAME, a->name);
  if (a->kind == CI_ATTR_INT) ci_emit_int(e, A_I, a->i);
  if (a->kind == CI_ATTR_FLOAT) ci_emit_float(e, A_F, a->f);
  if (a->kind == CI_ATTR_STRING) ci_emit_text(e, A_S, a->s);
  if (a->kind == CI_ATTR_TENSOR) ci_onnx_emit_tensor(e, A_T, NULL, a->tensor);
  for (size_t i = 0; a->kind == CI_ATTR_INTS && i < a->n; i++) ci_emit_int(e, A_INTS, a->ints[i]);
  for (size_t i = 0; a->kind == CI_ATTR_FLOATS && i < a->n; i++) ci_emit_float(e, A_FLOATS, a->floats[i]);
  ci_emit_int(e, A_TYPE, types[a->kind]);
}

/* Which of our three types a DataType is; what becomes of numbers that a file would hold in another. */
static int64_t type_for(int64_t number) {
  if (number == BOOL) return BOOL;
  return number == FLOAT || number == FLOAT16 || number == 11 || number == BFLOAT16 ? FLOAT : INT64;
}

/* Does this attribute name a type of elements? */
static bool is_type(const ci_pnode *n, const ci_attr *a) {
  return a->kind == CI_ATTR_INT &&
         ((!strcmp(n->type, "Cast") && !strcmp(a->name, "to")) || !strcmp(a->name, "dtype"));
}

/* ---- nodes --------------------------------------------------------------------------------------- */

/* Cast to half precision rounds, but what follows computes with floats, as we do: a second Cast leads back. */
static bool is_rounding(const ci_pnode *n) {
  int64_t to = strcmp(n->type, "Cast") ? FLOAT : ci_attr_int(n, "to", FLOAT);
  return (to == FLOAT16 || to == BFLOAT16) && n->n_out == 1 && n->out[0] >= 0;
}

typedef enum half { WHOLE, ROUND, BACK } half;

typedef struct node_out {
  const ci_onnx_node_out *o;
  half half;
} node_out;

static void rounded_name(const node_out *n, char *room, size_t size) {
  snprintf(room, size, "%.400s.rounded.%d", n->o->scope->names[n->o->node->out[0]], n->o->node->out[0]);
}

static void values(ci_emit *e, uint32_t field, const ci_onnx_scope *s, const int32_t *ids, int32_t n) {
  for (int32_t i = 0; i < n; i++) ci_emit_text(e, field, ids[i] < 0 ? "" : s->names[ids[i]]);
}

static void attributes(ci_emit *e, const node_out *n) {
  const ci_pnode *node = n->o->node;
  for (size_t i = 0; i < node->n_attrs; i++) {
    ci_attr a = node->attrs[i];
    if (n->half == BACK && strcmp(a.name, "to")) continue;
    if (is_type(node, &a) && n->half != ROUND) a.i = type_for(a.i);
    ci_emit_message(e, N_ATTRIBUTE, attribute, &a);
  }
}

static void node(ci_emit *e, const void *arg) {
  const node_out *n = arg;
  const ci_onnx_node_out *o = n->o;
  char between[440];
  if (n->half != WHOLE) rounded_name(n, between, sizeof between);
  if (n->half == BACK) ci_emit_text(e, N_INPUT, between);
  else values(e, N_INPUT, o->scope, o->node->in, o->node->n_in);
  if (n->half == ROUND) ci_emit_text(e, N_OUTPUT, between);
  else values(e, N_OUTPUT, o->scope, o->node->out, o->node->n_out);
  if (*o->node->name && n->half != BACK) ci_emit_text(e, N_NAME, o->node->name);
  ci_emit_text(e, N_TYPE, o->function ? o->function : o->node->type);
  attributes(e, n);
  if (o->function) ci_emit_text(e, N_DOMAIN, CI_FUNCTION_DOMAIN);
}

void ci_onnx_emit_node(ci_emit *e, uint32_t field, const ci_onnx_node_out *o) {
  bool two = is_rounding(o->node);
  ci_emit_message(e, field, node, &(node_out){o, two ? ROUND : WHOLE});
  if (two) ci_emit_message(e, field, node, &(node_out){o, BACK});
}

static void constant(ci_emit *e, const void *arg) {
  const tensor_out *o = arg;
  ci_attr a = {
      .name = (char *)(uintptr_t) "value", .kind = CI_ATTR_TENSOR, .tensor = (ci_tensor *)(uintptr_t)o->t};
  ci_emit_text(e, N_OUTPUT, o->name);
  ci_emit_text(e, N_TYPE, "Constant");
  ci_emit_message(e, N_ATTRIBUTE, attribute, &a);
}

void ci_onnx_emit_constant(ci_emit *e, uint32_t field, const char *name, const ci_tensor *t) {
  ci_emit_message(e, field, constant, &(tensor_out){name, t});
}

/* Names with a '.' are what the reader makes of operators of other people's domains. */
int ci_onnx_check_node(const ci_program *p, const ci_pnode *n, cnnimg_error *err) {
  char label[160];
  ci_pnode_label(n, label, sizeof label);
  if (strpbrk(n->type, ". \""))
    return ci_fail(err, CNNIMG_UNSUPPORTED, "%s: an operator of a domain that is not known cannot be saved",
                   label);
  for (size_t i = 0; i < n->n_attrs; i++)
    if (n->attrs[i].kind == CI_ATTR_OTHER || (n->attrs[i].kind == CI_ATTR_TENSOR && !n->attrs[i].tensor))
      return ci_fail(err, CNNIMG_UNSUPPORTED,
                     "%s: its attribute \"%.60s\" is not read, so it cannot be saved", label,
                     n->attrs[i].name);
  int64_t opset = ci_pnode_opset(p, n);
  if (opset != p->opset && strcmp(n->type, "DepthToSpace"))
    return ci_fail(err, CNNIMG_UNSUPPORTED,
                   "%s: it means what it does in operator set %lld, and the network is of set %lld", label,
                   (long long)opset, (long long)p->opset);
  return CNNIMG_OK;
}
