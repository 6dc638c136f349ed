/* SPDX-License-Identifier: MIT */
/* onnx.h - private to the ONNX reader: names, tensors, nodes */
#ifndef CI_ONNX_H
#define CI_ONNX_H

#include "base/source.h"
#include "formats/wire.h"
#include "net/program.h"

#define CI_ONNX_OLDEST 1
#define CI_ONNX_NEWEST 28
#define CI_ONNX_MANY (1 << 20) /* more nodes, constants or names than this are refused */

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
