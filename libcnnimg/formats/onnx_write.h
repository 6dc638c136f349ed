/* SPDX-License-Identifier: MIT */
/* onnx_write.h - a program as an ONNX file */
#ifndef CI_ONNX_WRITE_H
#define CI_ONNX_WRITE_H

#include "formats/onnx_emit.h"
#include "net/program.h"

/*
 * Writes the program as it stands: operators, names, weights, card. Numbers are float, int64 or bool whatever the program's
 * file had. outputs: type, rank (-1: not known) and dimensions (0: open) of each output. Operators of our own get functions
 * beside them (net/function.h). The file grows beside its place and is renamed; more than 2 GB are CNNIMG_LIMIT,
 * attributes that we do not read CNNIMG_UNSUPPORTED. Errors name the file.
 */
int ci_onnx_write(const ci_program *p, const ci_pinput *outputs, const char *path, cnnimg_error *err);

/* ---- private to the writer --------------------------------------------------------------- */

typedef struct ci_onnx_scope { /* a graph, or a function's body, and what its values are called */
  const ci_program *p;
  const char **names; /* one a value; unique, UTF-8, not empty */
  char **made;        /* those that had to be made; NULL: the program's own */
} ci_onnx_scope;

/* A node that becomes a call of a function. Nodes of one group have the same function. */
typedef struct ci_onnx_call {
  const ci_pnode *node;
  size_t group;
} ci_onnx_call;

typedef struct ci_onnx_group {
  const ci_pnode *node; /* the first of them */
  char *name;           /* what the function is called */
  size_t number;        /* of its operator's functions, from 1 */
  ci_program *body;
  ci_onnx_scope scope; /* of the body */
} ci_onnx_group;

typedef struct ci_onnx_functions {
  ci_onnx_call *calls; /* in the order of the nodes */
  size_t n_calls, n_groups;
  ci_onnx_group *groups;
} ci_onnx_functions;

/* onnx_scope.c */
int ci_onnx_scope_init(ci_onnx_scope *s, const ci_program *p, cnnimg_error *err);
void ci_onnx_scope_fini(ci_onnx_scope *s);

/* onnx_functions.c: which nodes have no standard operator, and what they are in standard ones. */
int ci_onnx_functions_init(ci_onnx_functions *f, const ci_program *p, cnnimg_error *err);
void ci_onnx_functions_fini(ci_onnx_functions *f);
const char *ci_onnx_function_of(const ci_onnx_functions *f, const ci_pnode *n); /* NULL: standard */

/* onnx_write_node.c */
typedef struct ci_onnx_node_out { /* what a NodeProto is written of */
  const ci_onnx_scope *scope;
  const ci_pnode *node;
  const char *function; /* its name in our domain, or NULL */
} ci_onnx_node_out;
/* Emits field `field`: one NodeProto, or two (numbers rounded to half precision). */
void ci_onnx_emit_node(ci_emit *e, uint32_t field, const ci_onnx_node_out *n);
void ci_onnx_emit_constant(ci_emit *e, uint32_t field, const char *name,
                           const ci_tensor *t); /* a Constant node */
void ci_onnx_emit_tensor(ci_emit *e, uint32_t field, const char *name,
                         const ci_tensor *t); /* name: NULL: none */
int ci_onnx_type_number(ci_type type);        /* TensorProto.DataType */
/* Can it be written? */
int ci_onnx_check_node(const ci_program *p, const ci_pnode *n, cnnimg_error *err);

#endif
