/* SPDX-License-Identifier: MIT */
/* onnx_write.c - a program as an ONNX file: the model, its graph, inputs and outputs, its card */
#include "formats/onnx_write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/newfile.h"
#include "net/function.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "0"
#endif

enum {
  M_IR = 1,
  M_PRODUCER = 2,
  M_PRODUCER_VERSION = 3,
  M_GRAPH = 7,
  M_OPSET = 8,
  M_METADATA = 14,
  M_FUNCTION = 25
};
enum { G_NODE = 1, G_NAME = 2, G_TENSOR = 5, G_INPUT = 11, G_OUTPUT = 12 }; /* GraphProto */
enum { F_NAME = 1, F_INPUT = 4, F_OUTPUT = 5, F_ATTRIBUTE = 6, F_NODE = 7, F_OPSET = 9, F_DOMAIN = 10 };
#define MOST ((uint64_t)INT32_MAX) /* bytes of a protobuf message */

typedef struct out {
  const ci_program *p;
  const ci_pinput *outputs;
  ci_onnx_scope scope;
  ci_onnx_functions functions;
  bool *used; /* one a value: something reads it */
} out;

/* ---- the head ------------------------------------------------------------------------------ */

typedef struct pair {
  const char *text;
  int64_t number;
  const char *value;
} pair;

static void opset(ci_emit *e, const void *arg) {
  const pair *o = arg;
  ci_emit_text(e, 1, o->text);
  ci_emit_int(e, 2, o->number);
}

static void card_line(ci_emit *e, const void *arg) {
  const pair *o = arg;
  ci_emit_text(e, 1, o->text);
  ci_emit_text(e, 2, o->value);
}

/* What is found of any file when it is loaded would be said of the wrong one. */
static bool is_remark(const char *key) {
  static const char *const found[] = {"format", "parameters", "ir_version", "opset", "producer"};
  for (size_t i = 0; i < sizeof found / sizeof *found; i++)
    if (!strcmp(key, found[i])) return false;
  return true;
}

static void card(ci_emit *e, const ci_program *p) {
  for (size_t i = 0; i < p->n_card; i++)
    if (is_remark(p->card[i].key))
      ci_emit_message(e, M_METADATA, card_line, &(pair){p->card[i].key, 0, p->card[i].value});
}

/* The oldest format that has functions, or the first one with that operator set. */
static int64_t ir_version(int64_t opset) {
  static const int64_t first[] = {19, 21, 23, 24, 25}; /* sets that came with versions 9, 10 ... */
  int64_t v = 8;
  for (size_t i = 0; i < sizeof first / sizeof *first && opset >= first[i]; i++) v++;
  return v;
}

/* ---- inputs and outputs ------------------------------------------------------------------------ */

typedef struct port {
  const char *name;
  ci_pinput in;
  bool alone; /* its rows and columns are its own */
} port;

/* The picture and what lies over it pixel by pixel share the names of their sizes. */
static void dim_name(const port *p, int32_t k, char *room, size_t size) {
  const int64_t *d = p->in.dim;
  int32_t rows = p->in.rank != 4 || p->alone ? -1 : !d[2] && !d[3] ? 2 : !d[1] && !d[2] && d[3] ? 1 : -1;
  if (rows >= 0 && (k == rows || k == rows + 1)) snprintf(room, size, k == rows ? "height" : "width");
  else snprintf(room, size, "%.200s.%d", p->name, k);
}

typedef struct dim_out {
  int64_t size;
  const char *name;
} dim_out;

static void dimension(ci_emit *e, const void *arg) {
  const dim_out *d = arg;
  if (d->size) ci_emit_int(e, 1, d->size);
  else ci_emit_text(e, 2, d->name);
}

static void shape(ci_emit *e, const void *arg) {
  const port *p = arg;
  char name[240];
  for (int32_t k = 0; k < p->in.rank; k++) {
    dim_name(p, k, name, sizeof name);
    ci_emit_message(e, 1, dimension, &(dim_out){p->in.dim[k], name});
  }
}

static void tensor_type(ci_emit *e, const void *arg) {
  const port *p = arg;
  ci_emit_int(e, 1, ci_onnx_type_number(p->in.type));
  if (p->in.rank >= 0) ci_emit_message(e, 2, shape, p);
}

static void type(ci_emit *e, const void *arg) { ci_emit_message(e, 1, tensor_type, arg); }

static void value_info(ci_emit *e, const void *arg) {
  const port *p = arg;
  ci_emit_text(e, 1, p->name);
  ci_emit_message(e, 2, type, p);
}

/* A blur kernel is a picture of its own size. */
static bool is_kernel(const ci_program *p, const char *name) {
  for (size_t i = 0; i < p->n_card; i++)
    if (!strncmp(p->card[i].key, "input.", 6) && !strcmp(p->card[i].key + 6, name))
      return !strcmp(p->card[i].value, "kernel");
  return !strcmp(name, "kernel");
}

/* ---- the graph ------------------------------------------------------------------------------------ */

static void put_nodes(ci_emit *e, uint32_t field, const ci_onnx_scope *s, const ci_onnx_functions *f) {
  for (size_t i = 0; i < s->p->n_nodes; i++) {
    const ci_pnode *n = &s->p->nodes[i];
    ci_onnx_emit_node(e, field, &(ci_onnx_node_out){s, n, f ? ci_onnx_function_of(f, n) : NULL});
  }
}

static void graph(ci_emit *e, const void *arg) {
  const out *o = arg;
  const ci_program *p = o->p;
  const char *name = ci_program_get_card(p, "name");
  put_nodes(e, G_NODE, &o->scope, &o->functions);
  ci_emit_text(e, G_NAME, name && *name ? name : "network");
  for (size_t i = 0; i < p->n_values; i++)
    if (o->used[i] && p->values[i].tensor)
      ci_onnx_emit_tensor(e, G_TENSOR, o->scope.names[i], p->values[i].tensor);
  for (size_t i = 0; i < p->n_inputs; i++) {
    const char *called = o->scope.names[p->inputs[i].value];
    ci_emit_message(e, G_INPUT, value_info, &(port){called, p->inputs[i], is_kernel(p, called)});
  }
  for (size_t i = 0; i < p->n_outputs; i++)
    ci_emit_message(e, G_OUTPUT, value_info, &(port){o->scope.names[p->outputs[i]], o->outputs[i], true});
}

/* Functions have no constants of their own: nodes make them. */
static void function(ci_emit *e, const void *arg) {
  const ci_onnx_group *g = arg;
  const ci_program *b = g->body;
  ci_emit_text(e, F_NAME, g->name);
  for (size_t i = 0; i < b->n_inputs; i++) ci_emit_text(e, F_INPUT, g->scope.names[b->inputs[i].value]);
  for (size_t i = 0; i < b->n_outputs; i++) ci_emit_text(e, F_OUTPUT, g->scope.names[b->outputs[i]]);
  for (size_t i = 0; i < g->node->n_attrs; i++) ci_emit_text(e, F_ATTRIBUTE, g->node->attrs[i].name);
  for (size_t i = 0; i < b->n_values; i++)
    if (b->values[i].tensor) ci_onnx_emit_constant(e, F_NODE, g->scope.names[i], b->values[i].tensor);
  put_nodes(e, F_NODE, &g->scope, NULL);
  ci_emit_message(e, F_OPSET, opset, &(pair){"", b->opset, NULL});
  ci_emit_text(e, F_DOMAIN, CI_FUNCTION_DOMAIN);
}

static void model(ci_emit *e, const void *arg) {
  const out *o = arg;
  ci_emit_int(e, M_IR, ir_version(o->p->opset));
  ci_emit_text(e, M_PRODUCER, "cnnimg");
  ci_emit_text(e, M_PRODUCER_VERSION, PACKAGE_VERSION);
  ci_emit_message(e, M_GRAPH, graph, o);
  ci_emit_message(e, M_OPSET, opset, &(pair){"", o->p->opset, NULL});
  if (o->functions.n_groups) ci_emit_message(e, M_OPSET, opset, &(pair){CI_FUNCTION_DOMAIN, 1, NULL});
  card(e, o->p);
  for (size_t i = 0; i < o->functions.n_groups; i++)
    ci_emit_message(e, M_FUNCTION, function, &o->functions.groups[i]);
}

/* ---- the file --------------------------------------------------------------------------------------- */

static int find_used(out *o, cnnimg_error *err) {
  const ci_program *p = o->p;
  o->used = ci_calloc(p->n_values + 1, sizeof *o->used);
  if (!o->used) return ci_fail(err, CNNIMG_NOMEM, "no memory to save a network");
  for (size_t i = 0; i < p->n_nodes; i++)
    for (int32_t k = 0; k < p->nodes[i].n_in; k++)
      if (p->nodes[i].in[k] >= 0) o->used[p->nodes[i].in[k]] = true;
  for (size_t i = 0; i < p->n_outputs; i++) o->used[p->outputs[i]] = true;
  return CNNIMG_OK;
}

static int prepare(out *o, cnnimg_error *err) {
  int status = CNNIMG_OK;
  for (size_t i = 0; i < o->p->n_nodes && !status; i++)
    status = ci_onnx_check_node(o->p, &o->p->nodes[i], err);
  if (!status) status = find_used(o, err);
  if (!status) status = ci_onnx_scope_init(&o->scope, o->p, err);
  if (!status) status = ci_onnx_functions_init(&o->functions, o->p, err);
  uint64_t bytes = status ? 0 : ci_emit_size(model, o);
  if (bytes > MOST)
    status = ci_fail(err, CNNIMG_LIMIT, "%llu bytes; an ONNX file holds 2 GB", (unsigned long long)bytes);
  return status;
}

static int put(const out *o, ci_newfile *f, cnnimg_error *err) {
  ci_emit e = {.file = f->file};
  model(&e, o);
  if (!e.error) return ci_newfile_settle(f, err);
  errno = e.error;
  return ci_fail_errno(err, f->path, "cannot write");
}

int ci_onnx_write(const ci_program *p, const ci_pinput *outputs, const char *path, cnnimg_error *err) {
  out o = {.p = p, .outputs = outputs};
  ci_newfile f = {0};
  cnnimg_error own = {0};
  int status = prepare(&o, &own);
  if (status) ci_fail(err, status, "%s: %s", path, own.text);
  if (!status) status = ci_newfile_open(&f, path, false, err);
  if (!status) status = put(&o, &f, err);
  ci_newfile_abort(&f);
  ci_onnx_functions_fini(&o.functions);
  ci_onnx_scope_fini(&o.scope);
  free(o.used);
  return status;
}
