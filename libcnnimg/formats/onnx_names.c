/* SPDX-License-Identifier: MIT */
/* onnx_names.c - the graph's table of contents: who makes which name; names as values of the program */
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "formats/onnx.h"

enum { G_NODE = 1, G_TENSOR = 5, G_INPUT = 11, G_OUTPUT = 12, G_SPARSE = 15 }; /* GraphProto */
enum {
  N_INPUT = 1,
  N_OUTPUT = 2,
  TENSOR_NAME = 8,
  INFO_NAME = 1
}; /* NodeProto, TensorProto, ValueInfoProto */

static int push(ci_onnx *o, ci_cursors *list, ci_cursor item) {
  if (list->n >= CI_ONNX_MANY)
    return ci_fail(o->err, CNNIMG_LIMIT, "the file has more than %d nodes, constants or inputs",
                   CI_ONNX_MANY);
  if (!ci_grow((void **)&list->items, &list->cap, list->n + 1, sizeof *list->items))
    return ci_fail(o->err, CNNIMG_NOMEM, "no memory for the file's table of contents");
  list->items[list->n++] = item;
  return CNNIMG_OK;
}

static int collect_parts(ci_onnx *o) {
  ci_cursor c = o->body;
  ci_field f;
  int status = CNNIMG_OK;
  while (!status && ci_wire_next(&c, &f)) {
    if (f.wire != CI_BYTES) continue;
    if (f.number == G_NODE) status = push(o, &o->nodes, f.bytes);
    if (f.number == G_TENSOR) status = push(o, &o->tensors, f.bytes);
    if (f.number == G_SPARSE) status = ci_fail(o->err, CNNIMG_UNSUPPORTED, "sparse constants are not read");
    if (f.number == G_INPUT) status = push(o, &o->inputs, f.bytes);
    if (f.number == G_OUTPUT) status = push(o, &o->outputs, f.bytes);
  }
  if (!status && c.bad) status = ci_fail(o->err, CNNIMG_CORRUPT, "the graph's bytes are damaged");
  return status;
}

static int add_name(ci_onnx *o, ci_text text, ci_onnx_from from, size_t index) {
  if (!text.n) return CNNIMG_OK;
  if (o->n_names >= 4 * CI_ONNX_MANY)
    return ci_fail(o->err, CNNIMG_LIMIT, "the file has more than %d names", 4 * CI_ONNX_MANY);
  if (!ci_grow((void **)&o->names, &o->cap_names, o->n_names + 1, sizeof *o->names))
    return ci_fail(o->err, CNNIMG_NOMEM, "no memory for the file's names");
  o->names[o->n_names++] = (ci_onnx_name){text, from, (int32_t)index, -1};
  return CNNIMG_OK;
}

/* Every field `number` in the list's items is a name. */
static int name_all(ci_onnx *o, const ci_cursors *list, uint64_t number, ci_onnx_from from) {
  int status = CNNIMG_OK;
  for (size_t i = 0; i < list->n && !status; i++) {
    ci_cursor c = list->items[i];
    ci_field f;
    while (!status && ci_wire_next(&c, &f))
      if (ci_wire_is(&f, number, CI_BYTES)) status = add_name(o, ci_wire_text(&f), from, i);
    if (!status && c.bad)
      status = ci_fail(o->err, CNNIMG_CORRUPT, "%s %zu of the graph is damaged",
                       from == CI_FROM_NODE    ? "node"
                       : from == CI_FROM_INPUT ? "input"
                                               : "constant",
                       i);
  }
  return status;
}

static int by_name(const void *a, const void *b) {
  const ci_onnx_name *x = a, *y = b;
  int order = ci_text_compare(x->text, y->text);
  return order ? order : x->from != y->from ? x->from - y->from : x->index - y->index;
}

/* Old files list constants as inputs too: the constant wins. Anything else must have one maker. */
static int drop_doubles(ci_onnx *o) {
  size_t n = 0;
  for (size_t i = 0; i < o->n_names; i++) {
    const ci_onnx_name *last = n ? &o->names[n - 1] : NULL, *now = &o->names[i];
    if (!last || ci_text_compare(last->text, now->text)) {
      o->names[n++] = *now;
    } else if (last->from != CI_FROM_TENSOR || now->from != CI_FROM_INPUT) {
      char shown[80];
      ci_text_fit(now->text, shown, sizeof shown);
      return ci_fail(o->err, CNNIMG_CORRUPT, "the name \"%s\" is given to two things", shown);
    }
  }
  o->n_names = n;
  return CNNIMG_OK;
}

int ci_onnx_collect(ci_onnx *o) {
  int status = collect_parts(o);
  if (!status) status = name_all(o, &o->tensors, TENSOR_NAME, CI_FROM_TENSOR);
  if (!status) status = name_all(o, &o->nodes, N_OUTPUT, CI_FROM_NODE);
  if (!status) status = name_all(o, &o->inputs, INFO_NAME, CI_FROM_INPUT);
  if (status) return status;
  if (o->n_names) qsort(o->names, o->n_names, sizeof *o->names, by_name);
  return drop_doubles(o);
}

ci_onnx_name *ci_onnx_find(const ci_onnx *o, ci_text name) {
  size_t lo = 0, hi = o->n_names;
  while (lo < hi) {
    size_t mid = lo + (hi - lo) / 2;
    int order = ci_text_compare(name, o->names[mid].text);
    if (!order) return &o->names[mid];
    if (order < 0) hi = mid;
    else lo = mid + 1;
  }
  return NULL;
}

/* ---- values -------------------------------------------------------------------------------- */

static int read_constant(ci_onnx *o, const ci_onnx_name *name, const char *shown, ci_tensor **t) {
  *t = NULL;
  if (name->from != CI_FROM_TENSOR) return CNNIMG_OK;
  return ci_onnx_read_tensor(o, o->tensors.items[name->index], shown, t);
}

int ci_onnx_value(ci_onnx *o, ci_text text, int32_t *value) {
  ci_onnx_name *name = ci_onnx_find(o, text);
  ci_tensor *t;
  char shown[80];
  ci_text_fit(text, shown, sizeof shown);
  if (!name) return ci_fail(o->err, CNNIMG_CORRUPT, "nothing in the file makes the value \"%s\"", shown);
  if (name->value < 0) {
    int status = read_constant(o, name, shown, &t);
    if (status) return status;
    char *copy = ci_text_copy(text);
    if (!copy) ci_tensor_free(t);
    name->value = copy ? ci_program_add_value(o->p, copy, t) : -1;
    free(copy);
    if (name->value < 0) return ci_fail(o->err, CNNIMG_NOMEM, "no memory for the network");
  }
  *value = name->value;
  return CNNIMG_OK;
}
