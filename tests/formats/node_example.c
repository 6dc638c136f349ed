/* SPDX-License-Identifier: MIT */
/* node_example.c - one of ONNX's examples: a small model, its inputs and the outputs that the standard wants */
#include "tests/formats/node_example.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void say(char *room, size_t size, const char *format, ...) {
  va_list v;
  va_start(v, format);
  vsnprintf(room, size, format, v);
  va_end(v);
}

/* ---- an example ------------------------------------------------------------------------- */

/* What a ValueInfoProto says: the name, and whether the value is a tensor at all. */
static void read_value(value *v, proto_bytes info) {
  proto_bytes name = {NULL, NULL}, type, tensor;
  proto_find(info, 1, &name);
  say(v->name, sizeof v->name, "%.*s", (int)(name.end - name.p), (const char *)name.p);
  v->is_tensor = proto_find(info, 2, &type) && proto_find(type, 1, &tensor);
  if (v->is_tensor) v->type = (int)proto_number(tensor, 1, 0);
}

/* bfloat16 lies in the files as uint16 of the same bits: a copy that says what it is. */
static void set_type(value *v) {
  proto_out t = {NULL, 0, 0};
  proto_bytes b = {v->file, v->file + v->file_size};
  proto_field f;
  while (proto_next(&b, &f))
    if (f.number != 2) proto_put(&t, f.whole.p, (size_t)(f.whole.end - f.whole.p));
  proto_put_varint(&t, 2, (uint64_t)v->type);
  free(v->file);
  v->file = t.p, v->file_size = t.n;
}

static void read_given(const example *e, value *v, const char *what, size_t i) {
  char path[640];
  say(path, sizeof path, "%s/test_data_set_0/%s_%zu.pb", e->path, what, i);
  v->file = proto_load(path, &v->file_size);
  v->is_given = v->file && v->is_tensor;
  if (!v->is_given) return;
  v->tensor = proto_read_tensor((proto_bytes){v->file, v->file + v->file_size});
  if (v->type != PROTO_BFLOAT16 || v->tensor.type != PROTO_UINT16) return;
  free(v->tensor.v);
  set_type(v);
  v->tensor = proto_read_tensor((proto_bytes){v->file, v->file + v->file_size});
}

static void read_op(example *e, proto_bytes node) {
  proto_bytes type = {NULL, NULL};
  proto_find(node, 4, &type);
  if (e->n_ops < MAX_OPS)
    say(e->ops[e->n_ops++], sizeof *e->ops, "%.*s", (int)(type.end - type.p), (const char *)type.p);
}

static bool is_initializer(proto_bytes graph, const char *name) {
  proto_field f;
  proto_bytes n;
  while (proto_next(&graph, &f))
    if (f.number == 5 && f.wire == 2 && proto_find(f.body, 8, &n) && proto_is(n, name)) return true;
  return false;
}

bool open_example(example *e) {
  char path[640];
  proto_field f;
  say(path, sizeof path, "%s/model.onnx", e->path);
  e->file = proto_load(path, &e->size);
  if (!e->file || !proto_find((proto_bytes){e->file, e->file + e->size}, 7, &e->graph)) return false;
  for (proto_bytes b = e->graph; proto_next(&b, &f);) {
    if (f.number == 1) read_op(e, f.body);
    if (f.number == 11 && e->n_in < MAX_VALUES) read_value(&e->in[e->n_in], f.body);
    if (f.number == 11 && e->n_in < MAX_VALUES && !is_initializer(e->graph, e->in[e->n_in].name)) e->n_in++;
    if (f.number == 12 && e->n_out < MAX_VALUES) read_value(&e->out[e->n_out++], f.body);
  }
  for (size_t i = 0; i < e->n_in; i++) read_given(e, &e->in[i], "input", i);
  for (size_t i = 0; i < e->n_out; i++) read_given(e, &e->out[i], "output", i);
  for (size_t i = 0; i < e->n_in; i++) e->rank_5 |= e->in[i].tensor.rank >= 5;
  return true;
}

void close_example(example *e) {
  for (size_t i = 0; i < e->n_in; i++) free(e->in[i].file), free(e->in[i].tensor.v);
  for (size_t i = 0; i < e->n_out; i++) free(e->out[i].file), free(e->out[i].tensor.v);
  free(e->file);
  *e = (example){.n_in = 0};
}

/* ---- the model with inputs as constants --------------------------------------------------- */

bool is_free(way w, size_t i) { return w == ALL_FREE || (w == FIRST_FREE && i == 0); }

/* The input's TensorProto under the input's name. */
static void put_constant(proto_out *graph, const value *v) {
  proto_out t = {NULL, 0, 0};
  proto_bytes b = {v->file, v->file + v->file_size};
  proto_field f;
  while (proto_next(&b, &f))
    if (f.number != 8) proto_put(&t, f.whole.p, (size_t)(f.whole.end - f.whole.p));
  proto_put_bytes(&t, 8, v->name, strlen(v->name));
  proto_put_bytes(graph, 5, t.p, t.n);
  free(t.p);
}

proto_out bind_constants(const example *e, way w) {
  proto_out graph = {NULL, 0, 0}, file = {NULL, 0, 0};
  proto_bytes b = {e->file, e->file + e->size};
  proto_field f;
  proto_put(&graph, e->graph.p, (size_t)(e->graph.end - e->graph.p));
  for (size_t i = 0; i < e->n_in; i++)
    if (!is_free(w, i) && e->in[i].is_given) put_constant(&graph, &e->in[i]);
  while (proto_next(&b, &f))
    if (f.number == 7) proto_put_bytes(&file, 7, graph.p, graph.n);
    else proto_put(&file, f.whole.p, (size_t)(f.whole.end - f.whole.p));
  free(graph.p);
  return file;
}
