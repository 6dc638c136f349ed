/* SPDX-License-Identifier: MIT */
/* onnx.h - private to the ONNX reader: fields of the wire format, names, nodes being converted */
#ifndef CI_ONNX_H
#define CI_ONNX_H

#include "base/cursor.h"
#include "base/source.h"
#include "net/graph.h"

#define CI_ONNX_OLDEST 7
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
  int32_t value; /* id in the graph, -1: not made yet */
} ci_onnx_name;

typedef struct ci_cursors {
  ci_cursor *items;
  size_t n, cap;
} ci_cursors;

typedef struct ci_onnx {
  const ci_source *src;
  cnnimg_error *err;
  ci_graph *g; /* what is being built */
  int64_t ir, opset;
  ci_cursor body; /* the GraphProto */
  bool has_body;
  ci_cursors nodes, tensors, inputs, outputs;
  ci_onnx_name *names;
  size_t n_names, cap_names;
  struct ci_known { /* beside the graph's values */
    int32_t rank;     /* as in the file, batch included */
    int32_t channels; /* 0: not known while loading */
  } *known;
  size_t cap_known;
  size_t budget; /* bytes that folding constants may still take: a small file stays small */
} ci_onnx;

/* A node while it is converted. */
typedef struct ci_onnx_node {
  ci_onnx *o;
  ci_cursor body;
  ci_text name, type, domain;
  char label[120]; /* for messages: Conv "body.head" */
  int32_t *in;     /* value ids, -1: left out */
  int32_t n_in;
  ci_text *out; /* n 0: left out */
  int32_t n_out;
} ci_onnx_node;

/* ---- onnx_wire.c: the protobuf wire format ------------------------------------------- */
/* The next field; false at the end, or where the bytes make no sense (c->bad tells). */
bool ci_wire_next(ci_cursor *c, ci_field *f);
bool ci_wire_is(const ci_field *f, uint64_t number, ci_wire wire);
/* Appends the number(s) of a repeated integer field, packed or not, while *n < max; *n counts all. */
void ci_wire_ints(ci_field *f, int64_t *out, size_t max, size_t *n);
ci_text ci_wire_text(const ci_field *f);
bool ci_text_is(ci_text t, const char *s);
int ci_text_compare(ci_text a, ci_text b);
char *ci_text_copy(ci_text t); /* NULL: no memory */
/* Into a fixed room, cut where it is too long. */
void ci_text_fit(ci_text t, char *out, size_t room);

/* ---- onnx_attribute.c: attributes of a node ------------------------------------------ */
bool ci_onnx_has(const ci_onnx_node *n, const char *name);
int64_t ci_onnx_int(const ci_onnx_node *n, const char *name, int64_t otherwise);
float ci_onnx_float(const ci_onnx_node *n, const char *name, float otherwise);
ci_text ci_onnx_string(const ci_onnx_node *n, const char *name); /* p NULL: absent */
/* At most max numbers; the count that is there, or -1: absent. */
int32_t ci_onnx_ints(const ci_onnx_node *n, const char *name, int64_t *out, int32_t max);
int32_t ci_onnx_floats(const ci_onnx_node *n, const char *name, float *out, int32_t max);
bool ci_onnx_tensor_attribute(const ci_onnx_node *n, const char *name, ci_cursor *body);
/* Refuses attributes that are not in the list (names separated by blanks): what is not known could
 * change the result. */
int ci_onnx_check_attributes(const ci_onnx_node *n, const char *list);
/* *out = v where lo <= v <= hi, else a sentence. */
int ci_onnx_range(const ci_onnx_node *n, const char *what, int64_t v, int64_t lo, int64_t hi, int32_t *out);

/* ---- onnx_tensor.c ------------------------------------------------------------------- */
/* A TensorProto. `what` names it in messages where it has no name. */
int ci_onnx_read_tensor(ci_onnx *o, ci_cursor body, const char *what, ci_tensor **out);

/* ---- onnx_names.c: names, and the order in which nodes are converted ------------------ */
/* Fills nodes, tensors, inputs, outputs, names from the graph's body. */
int ci_onnx_collect(ci_onnx *o);
ci_onnx_name *ci_onnx_find(const ci_onnx *o, ci_text name); /* NULL: none */
/* Converts all that the value `name` needs, and itself. */
int ci_onnx_make(ci_onnx *o, ci_text name, int32_t *value);

/* ---- onnx_node.c: what converters are made of ------------------------------------------ */
int ci_onnx_convert(ci_onnx *o, ci_cursor body);
/* Adds a value with what is known of it; takes the tensor. -1: no memory, with a sentence. */
int32_t ci_onnx_value(ci_onnx *o, ci_text name, ci_tensor *tensor, int32_t rank, int32_t channels);
int ci_onnx_know(ci_onnx *o, int32_t value, int32_t rank, int32_t channels);
/* Output k of the node is that value. */
int ci_onnx_bind(ci_onnx_node *n, int32_t k, int32_t value);
/* A new node whose result is output 0 (rank and channels as the first input's), NULL with a sentence. */
ci_node *ci_onnx_emit(ci_onnx_node *n, ci_op_id op, const int32_t *in, int32_t n_in);
/* The same without binding an output. */
ci_node *ci_onnx_emit_loose(ci_onnx_node *n, ci_op_id op, const int32_t *in, int32_t n_in, ci_text out);
int ci_onnx_set_channels(ci_onnx_node *n, int32_t value, int64_t channels);
/* Output 0 is `value` seen with this rank. */
int ci_onnx_alias(ci_onnx_node *n, int32_t value, int32_t rank);
bool ci_onnx_given(const ci_onnx_node *n, int32_t k); /* input k is there */
bool ci_onnx_all_constant(const ci_onnx_node *n);
/* Input k must be a map of rank 4 (or of any rank >= 2 where any). */
int ci_onnx_want_map(const ci_onnx_node *n, int32_t k, bool any);
/* Input k must be a constant of that type. */
int ci_onnx_want_const(const ci_onnx_node *n, int32_t k, ci_dtype dtype, const char *what,
                       const ci_tensor **out);
int32_t ci_onnx_rank(const ci_onnx_node *n, int32_t k);
int32_t ci_onnx_channels(const ci_onnx_node *n, int32_t k);
/* A converter's own tensor: what it may take is limited. NULL with a sentence. */
ci_tensor *ci_onnx_new_tensor(ci_onnx_node *n, ci_dtype dtype, int32_t rank, const int64_t *dim);
/* Output 0 is this constant. */
int ci_onnx_bind_const(ci_onnx_node *n, ci_tensor *t);
/* Axis of the file (negative: from the end) as 0..rank-1. */
int ci_onnx_axis(const ci_onnx_node *n, int64_t axis, int32_t rank, int32_t *out);
int ci_onnx_refuse(const ci_onnx_node *n, const char *why); /* CNNIMG_UNSUPPORTED */

/* ---- converters: a table a file, ended by a NULL type ----------------------------------- */
typedef struct ci_onnx_rule {
  const char *type;
  int32_t least, most; /* inputs; most -1: any number */
  const char *attributes;
  int (*convert)(ci_onnx_node *n);
} ci_onnx_rule;

extern const ci_onnx_rule ci_onnx_conv_rules[];  /* onnx_conv.c: convolutions, pooling, batch-norm */
extern const ci_onnx_rule ci_onnx_point_rules[]; /* onnx_point.c: activations, arithmetic, dense */
extern const ci_onnx_rule ci_onnx_space_rules[]; /* onnx_space.c: depth and space, resize, pad */
extern const ci_onnx_rule ci_onnx_cut_rules[];   /* onnx_cut.c: concat, slice, split, shapes */
extern const ci_onnx_rule ci_onnx_fold_rules[];  /* onnx_fold.c: what works on constants only */

/* onnx_fold.c: the same operation where all inputs are constants. */
int ci_onnx_fold_binary(ci_onnx_node *n);
int ci_onnx_fold_concat(ci_onnx_node *n);
int ci_onnx_fold_slice(ci_onnx_node *n, const int64_t *start, const int64_t *end, const int64_t *step,
                       const int32_t *axis, int32_t count);
int ci_onnx_fold_reshape(ci_onnx_node *n, int32_t rank, const int64_t *dim);

#endif
