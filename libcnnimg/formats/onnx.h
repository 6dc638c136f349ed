/* SPDX-License-Identifier: MIT */
/* onnx.h - private to the ONNX reader: fields of the wire format, names, tensors, nodes */
#ifndef CI_ONNX_H
#define CI_ONNX_H

#include "base/cursor.h"
#include "base/source.h"
#include "net/program.h"

#define CI_ONNX_OLDEST 1
#define CI_ONNX_NEWEST 28
#define CI_ONNX_MANY (1 << 20) /* more nodes, constants or names than this are refused */

/* Bytes in the file; no end mark. */
typedef struct ci_text {
  const uint8_t *p;
  size_t n;
} ci_text;

typedef enum ci_wire { CI_VARINT = 0, CI_FIXED64 = 1, CI_BYTES = 2, CI_FIXED32 = 5 } ci_wire;

typedef struct ci_field {
  uint64_t number;
  uint32_t wire;   /* a ci_wire */
  uint64_t u;      /* numbers of any width */
  ci_cursor bytes; /* CI_BYTES: the content */
} ci_field;

typedef enum ci_onnx_from { CI_FROM_TENSOR, CI_FROM_NODE, CI_FROM_INPUT } ci_onnx_from;

/* Everything in the graph that has a name; sorted by it. */
typedef struct ci_onnx_name {
  ci_text text;
  int32_t from;  /* a ci_onnx_from */
  int32_t index; /* of the tensor, node or input */
  int32_t value; /* id in the program, -1: not made yet */
} ci_onnx_name;

typedef struct ci_cursors {
  ci_cursor *items;
  size_t n, cap;
} ci_cursors;

typedef struct ci_onnx {
  const ci_source *src;
  cnnimg_error *err;
  ci_program *p; /* what is being built */
  int64_t ir, opset;
  ci_cursor body; /* the GraphProto */
  bool has_body;
  ci_cursors nodes, tensors, inputs, outputs;
  ci_onnx_name *names;
  size_t n_names, cap_names;
} ci_onnx;

/* ---- onnx_wire.c: the protobuf wire format ------------------------------------------- */
/* The next field; false at the end, or where the bytes make no sense (c->bad tells). */
bool ci_wire_next(ci_cursor *c, ci_field *f);
bool ci_wire_is(const ci_field *f, uint64_t number, ci_wire wire);
/* Appends the number(s) of a repeated integer field, packed or not, while *n < max; *n counts all. */
void ci_wire_ints(ci_field *f, int64_t *out, size_t max, size_t *n);
void ci_wire_floats(ci_field *f, float *out, size_t max, size_t *n); /* the same of floats */
ci_text ci_wire_text(const ci_field *f);
bool ci_text_is(ci_text t, const char *s);
int ci_text_compare(ci_text a, ci_text b);
char *ci_text_copy(ci_text t); /* NULL: no memory */
/* Into a fixed room, cut where it is too long. */
void ci_text_fit(ci_text t, char *out, size_t room);

/* ---- onnx_tensor.c ------------------------------------------------------------------- */
/* A TensorProto. `what` names it in messages where it has no name. */
int ci_onnx_read_tensor(ci_onnx *o, ci_cursor body, const char *what, ci_tensor **out);
/* What an element of TensorProto.DataType means; false: not read. */
bool ci_onnx_type(int64_t data_type, ci_type *type);

/* ---- onnx_names.c: the table of contents, and names as values ---------------------------- */
/* Fills nodes, tensors, inputs, outputs, names from the graph's body. */
int ci_onnx_collect(ci_onnx *o);
ci_onnx_name *ci_onnx_find(const ci_onnx *o, ci_text name); /* NULL: none */
/* The program's value of that name, made (and, a constant, read) when it is first asked for. */
int ci_onnx_value(ci_onnx *o, ci_text name, int32_t *value);

/* ---- onnx_node.c ---------------------------------------------------------------------------- */
/* Node `index` of the file, with its attributes, into the program. */
int ci_onnx_add_node(ci_onnx *o, size_t index);

#endif
