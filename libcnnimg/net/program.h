/* SPDX-License-Identifier: MIT */
/* program.h - a network as its file says it: ONNX's operators on values of any rank, sizes still open */
#ifndef CI_PROGRAM_H
#define CI_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/keep.h"
#include "cnnimg.h"
#include "net/tensor.h"

/*
 * Loaders make a program; lower/ makes of it, for inputs of known sizes, a graph of maps and held tensors. Nothing in
 * a program depends on the size of a picture. Operators have ONNX's names, attributes and meaning at `opset`.
 */
typedef enum ci_attr_kind {
  CI_ATTR_INT, CI_ATTR_FLOAT, CI_ATTR_STRING, CI_ATTR_INTS, CI_ATTR_FLOATS, CI_ATTR_TENSOR,
  CI_ATTR_OTHER /* neither numbers nor a name: not read */
} ci_attr_kind;

typedef struct ci_attr {
  char *name;
  ci_attr_kind kind;
  int64_t i;
  float f;
  char *s;           /* ends with 0 */
  int64_t *ints;     /* n of them */
  float *floats;     /* n of them */
  size_t n;
  ci_tensor *tensor;
} ci_attr;

typedef struct ci_pnode {
  char *name; /* for messages, may be empty */
  char *type; /* "Conv" */
  int32_t *in, *out; /* value ids, -1: left out */
  int32_t n_in, n_out;
  ci_attr *attrs;
  size_t n_attrs;
  int64_t opset; /* what it means; 0: as the program's others */
} ci_pnode;

typedef struct ci_pvalue {
  char *name;
  ci_tensor *tensor; /* a constant, or NULL */
  int32_t producer;  /* node, or -1: an input or a constant */
} ci_pvalue;

/* A free input as declared. */
typedef struct ci_pinput {
  int32_t value;
  ci_type type;
  int32_t rank;             /* -1: not said */
  int64_t dim[CI_MAX_RANK]; /* 0: open */
} ci_pinput;

typedef struct ci_card_line {
  char *key, *value;
} ci_card_line;

typedef struct ci_program {
  int64_t opset;
  ci_pvalue *values;
  size_t n_values, cap_values;
  ci_pnode *nodes; /* in topological order, only those that an output needs, once ci_program_finish() has run */
  size_t n_nodes, cap_nodes;
  ci_pinput *inputs;
  size_t n_inputs, cap_inputs;
  int32_t *outputs; /* value ids */
  size_t n_outputs, cap_outputs;
  ci_card_line *card;
  size_t n_card, cap_card;
  ci_kept *kept; /* what constants point into, besides the file */
} ci_program;

ci_program *ci_program_new(void); /* NULL: no memory */
void ci_program_free(ci_program *p); /* NULL is allowed */
/* A new value; the tensor (may be NULL) is owned by the program from here on, also on failure. -1: no memory. */
int32_t ci_program_add_value(ci_program *p, const char *name, ci_tensor *tensor);
/* A new node; its inputs and outputs are copied. NULL: no memory. Valid until the next is added. */
ci_pnode *ci_program_add_node(ci_program *p, const char *type, const char *name, const int32_t *in, int32_t n_in,
                              const int32_t *out, int32_t n_out);
void ci_pnode_fini(ci_pnode *n); /* frees what the node holds */
/* A new attribute of the node, zeroed but for its name. NULL: no memory. */
ci_attr *ci_pnode_add_attr(ci_pnode *n, const char *name, ci_attr_kind kind);
int ci_program_add_input(ci_program *p, const ci_pinput *input); /* 0, or CNNIMG_NOMEM */
int ci_program_add_output(ci_program *p, int32_t value);
int ci_program_set_card(ci_program *p, const char *key, const char *value);
const char *ci_program_get_card(const ci_program *p, const char *key); /* NULL: none */
/* Sorts the nodes, drops those that no output needs, refuses cycles and undefined values. */
int ci_program_finish(ci_program *p, cnnimg_error *err);

/* ---- attributes of a node -------------------------------------------------------------- */
const ci_attr *ci_attr_find(const ci_pnode *n, const char *name); /* NULL: absent */
int64_t ci_attr_int(const ci_pnode *n, const char *name, int64_t otherwise);
float ci_attr_float(const ci_pnode *n, const char *name, float otherwise);
const char *ci_attr_string(const ci_pnode *n, const char *name, const char *otherwise);
/* A list of integers: how many, or -1: absent. *v points into the node. */
int32_t ci_attr_ints(const ci_pnode *n, const char *name, const int64_t **v);
int32_t ci_attr_floats(const ci_pnode *n, const char *name, const float **v);
int64_t ci_pnode_opset(const ci_program *p, const ci_pnode *n);
/* "Conv "body.head"", for messages. */
const char *ci_pnode_label(const ci_pnode *n, char *room, size_t size);

#endif
