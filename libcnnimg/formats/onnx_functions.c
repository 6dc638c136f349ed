/* SPDX-License-Identifier: MIT */
/* onnx_functions.c - operators that the standard has not: a function of standard ones for each way they are used */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "formats/onnx_write.h"
#include "net/build.h"
#include "net/function.h"

#define SHUFFLE "DepthToSpace"
#define SHUFFLE_SINCE 11 /* the operator set that has its mode */
#define RESHAPE_SINCE 5  /* ... whose Reshape takes its shape as an input */

/* A pixel shuffle in a file of old: net/shuffle.h puts a newer operator where the exporter had spelt out sizes. */
static bool is_old_shuffle(const ci_program *p, const ci_pnode *n) {
  return n->opset && p->opset < SHUFFLE_SINCE && !strcmp(n->type, SHUFFLE) &&
         !strcmp(ci_attr_string(n, "mode", "DCR"), "CRD");
}

static int32_t reshape(ci_build *b, int32_t x, const int64_t *shape, size_t n) {
  return ci_build_node(b, "Reshape", (const int32_t[]){x, ci_build_ints(b, shape, n)}, 2);
}

static int32_t transpose(ci_build *b, int32_t x, const int64_t *order, size_t n) {
  int32_t y = ci_build_node(b, "Transpose", &x, 1);
  ci_build_attr_ints(b, "perm", order, n);
  return y;
}

/* Without knowing a size: 0 copies a dimension, -1 takes what is left, so one dimension is cut or joined at a time. */
static int old_shuffle_body(const ci_program *p, const ci_pnode *n, ci_program **out, cnnimg_error *err) {
  ci_build b;
  int64_t r = ci_attr_int(n, "blocksize", 0);
  if (!ci_build_init(&b, NULL, err)) b.p->opset = p->opset;
  int32_t x = ci_build_input(&b, "input", 0);
  x = transpose(&b, x, (const int64_t[]){0, 2, 3, 1}, 4);       /* n, H, W, C r r */
  x = reshape(&b, x, (const int64_t[]){0, 0, 0, -1, r, r}, 6);  /* n, H, W, C, ry, rx */
  x = transpose(&b, x, (const int64_t[]){0, 3, 1, 4, 2, 5}, 6); /* n, C, H, ry, W, rx */
  x = reshape(&b, x, (const int64_t[]){0, 0, 0, 0, -1}, 5);     /* n, C, H, ry, W rx */
  x = transpose(&b, x, (const int64_t[]){0, 1, 4, 2, 3}, 5);    /* n, C, W rx, H, ry */
  x = reshape(&b, x, (const int64_t[]){0, 0, 0, -1}, 4);        /* n, C, W rx, H ry */
  return ci_build_finish(&b, transpose(&b, x, (const int64_t[]){0, 1, 3, 2}, 4), out);
}

/* ---- which nodes, and which of them are alike ------------------------------------------------- */

static bool is_own(const ci_program *p, const ci_pnode *n) {
  return is_old_shuffle(p, n) || ci_function_find(n->type);
}

static int compare(int64_t a, int64_t b) { return a < b ? -1 : a > b; }

static int compare_bytes(const void *a, size_t n, const void *b, size_t m, size_t size) {
  int order = compare((int64_t)n, (int64_t)m);
  return order || !n ? order : memcmp(a, b, n * size);
}

static int compare_tensors(const ci_tensor *a, const ci_tensor *b) {
  int order = compare(a->dtype, b->dtype);
  if (!order) order = compare(a->type, b->type);
  if (!order) order = compare_bytes(a->dim, (size_t)a->rank, b->dim, (size_t)b->rank, sizeof *a->dim);
  return order ? order : compare_bytes(a->data, a->count, b->data, b->count, a->dtype == CI_F32 ? 4 : 8);
}

static int compare_attrs(const ci_attr *a, const ci_attr *b) {
  int order = strcmp(a->name, b->name);
  if (!order) order = compare(a->kind, b->kind);
  if (order) return order;
  if (a->kind == CI_ATTR_INT) return compare(a->i, b->i);
  if (a->kind == CI_ATTR_FLOAT) return memcmp(&a->f, &b->f, sizeof a->f);
  if (a->kind == CI_ATTR_STRING) return strcmp(a->s, b->s);
  if (a->kind == CI_ATTR_INTS) return compare_bytes(a->ints, a->n, b->ints, b->n, sizeof *a->ints);
  if (a->kind == CI_ATTR_FLOATS) return compare_bytes(a->floats, a->n, b->floats, b->n, sizeof *a->floats);
  return a->kind == CI_ATTR_TENSOR ? compare_tensors(a->tensor, b->tensor) : 0;
}

static int compare_left_out(const int32_t *a, const int32_t *b, int32_t n) {
  int order = 0;
  for (int32_t i = 0; i < n && !order; i++) order = compare(a[i] < 0, b[i] < 0);
  return order;
}

/* 0: one function will do for both. */
static int compare_nodes(const ci_pnode *a, const ci_pnode *b) {
  int order = strcmp(a->type, b->type);
  if (!order) order = compare(a->n_in, b->n_in);
  if (!order) order = compare(a->n_out, b->n_out);
  if (!order) order = compare((int64_t)a->n_attrs, (int64_t)b->n_attrs);
  if (!order) order = compare_left_out(a->in, b->in, a->n_in);
  for (size_t i = 0; i < a->n_attrs && !order; i++) order = compare_attrs(&a->attrs[i], &b->attrs[i]);
  return order;
}

static int by_kind(const void *a, const void *b) {
  const ci_onnx_call *x = a, *y = b;
  int order = compare_nodes(x->node, y->node);
  return order ? order : x->node < y->node ? -1 : x->node > y->node;
}

static int by_place(const void *a, const void *b) {
  const ci_onnx_call *x = a, *y = b;
  return x->node < y->node ? -1 : x->node > y->node;
}

static void find_calls(ci_onnx_functions *f, const ci_program *p) {
  for (size_t i = 0; i < p->n_nodes; i++)
    if (is_own(p, &p->nodes[i])) f->calls[f->n_calls++].node = &p->nodes[i];
  if (f->n_calls) qsort(f->calls, f->n_calls, sizeof *f->calls, by_kind);
  for (size_t i = 0; i < f->n_calls; i++) {
    if (!i || compare_nodes(f->calls[i - 1].node, f->calls[i].node))
      f->groups[f->n_groups++].node = f->calls[i].node;
    f->calls[i].group = f->n_groups - 1;
  }
  if (f->n_calls) qsort(f->calls, f->n_calls, sizeof *f->calls, by_place);
}

/* ---- the functions ------------------------------------------------------------------------------- */

static int check_body(const ci_program *p, const ci_onnx_group *g, cnnimg_error *err) {
  const ci_program *body = g->body;
  char label[160];
  ci_pnode_label(g->node, label, sizeof label);
  if (body->opset != p->opset || p->opset < RESHAPE_SINCE)
    return ci_fail(err, CNNIMG_UNSUPPORTED, "%s cannot be said in operator set %lld", label,
                   (long long)p->opset);
  if (body->n_inputs != (size_t)g->node->n_in || body->n_outputs != (size_t)g->node->n_out)
    return ci_fail(err, CNNIMG_UNSUPPORTED, "%s has %d inputs and %d outputs, its function %zu and %zu",
                   label, g->node->n_in, g->node->n_out, body->n_inputs, body->n_outputs);
  int status = CNNIMG_OK;
  for (size_t i = 0; i < body->n_nodes && !status; i++)
    status = ci_onnx_check_node(body, &body->nodes[i], err);
  return status;
}

/* "WindowAttention", then "WindowAttention_2", ... */
static char *name_of(ci_onnx_functions *f, size_t i) {
  ci_onnx_group *g = &f->groups[i];
  const char *type = g->node->type;
  size_t room = strlen(type) + 24;
  g->number = i && !strcmp(f->groups[i - 1].node->type, type) ? f->groups[i - 1].number + 1 : 1;
  char *name = ci_calloc(room, 1);
  if (name) snprintf(name, room, g->number > 1 ? "%s_%zu" : "%s", type, g->number);
  return name;
}

static int make_group(ci_onnx_functions *f, const ci_program *p, size_t i, cnnimg_error *err) {
  ci_onnx_group *g = &f->groups[i];
  const ci_function *own = ci_function_find(g->node->type);
  g->name = name_of(f, i);
  if (!g->name) return ci_fail(err, CNNIMG_NOMEM, "no memory for a function");
  int status = own ? own->body(g->node, &g->body, err) : old_shuffle_body(p, g->node, &g->body, err);
  if (!status) status = check_body(p, g, err);
  return status ? status : ci_onnx_scope_init(&g->scope, g->body, err);
}

int ci_onnx_functions_init(ci_onnx_functions *f, const ci_program *p, cnnimg_error *err) {
  size_t n = 0;
  for (size_t i = 0; i < p->n_nodes; i++) n += is_own(p, &p->nodes[i]);
  *f = (ci_onnx_functions){.calls = ci_calloc(n + 1, sizeof *f->calls),
                           .groups = ci_calloc(n + 1, sizeof *f->groups)};
  if (!f->calls || !f->groups) return ci_fail(err, CNNIMG_NOMEM, "no memory for functions");
  find_calls(f, p);
  int status = CNNIMG_OK;
  for (size_t i = 0; i < f->n_groups && !status; i++) status = make_group(f, p, i, err);
  return status;
}

void ci_onnx_functions_fini(ci_onnx_functions *f) {
  for (size_t i = 0; f->groups && i < f->n_groups; i++) {
    free(f->groups[i].name);
    ci_onnx_scope_fini(&f->groups[i].scope);
    ci_program_free(f->groups[i].body);
  }
  free(f->calls);
  free(f->groups);
  *f = (ci_onnx_functions){0};
}

const char *ci_onnx_function_of(const ci_onnx_functions *f, const ci_pnode *n) {
  ci_onnx_call key = {.node = n};
  const ci_onnx_call *found =
      f->n_calls ? bsearch(&key, f->calls, f->n_calls, sizeof *f->calls, by_place) : NULL;
  return found ? f->groups[found->group].name : NULL;
}
