/* SPDX-License-Identifier: MIT */
/* tf_graph.h - private to the reader of TensorFlow's frozen graphs: nodes, attributes, constants, operations */
#ifndef CI_TF_GRAPH_H
#define CI_TF_GRAPH_H

#include "base/source.h"
#include "formats/elements.h"
#include "formats/emit.h"
#include "formats/wire.h"

#define CI_TF_MANY (1 << 20) /* more nodes, or more inputs, are refused */

typedef struct ci_tf_ref {
  int32_t node, port;
} ci_tf_ref;

typedef struct ci_tf_node {
  ci_text name, op;
  ci_cursor body;
  size_t first; /* its inputs */
  int32_t n_in;
  int32_t *out; /* values of the program, once it is translated */
  int32_t n_out;
  uint8_t state;               /* while they are sorted */
  bool consumed, live, needed; /* read by another; depends on an input; an output depends on it */
} ci_tf_node;

typedef struct ci_tf {
  const ci_source *src;
  ci_build b;
  ci_tf_node *nodes; /* sorted by name */
  size_t n_nodes, cap_nodes;
  ci_tf_ref *refs;
  size_t n_refs, cap_refs;
  int32_t *sorted; /* nodes after what they read */
  size_t n_sorted;
  int32_t *turned; /* of a constant: the one with its dimensions in another order; 0: none yet */
  size_t cap_turned;
  bool sized; /* something depends on the sizes that inputs declare */
} ci_tf;

/* ---- tf_graph.c: the table of nodes ---------------------------------------------------------- */
int ci_tf_collect(ci_tf *g); /* nodes and what they read; duplicates and readers of nothing are refused */
int ci_tf_sort(ci_tf *g);    /* sorted, live, needed; a circle is refused */
void ci_tf_free(ci_tf *g);

/* ---- tf_attr.c --------------------------------------------------------------------------------- */
int64_t ci_tf_int(const ci_tf_node *n, const char *name, int64_t otherwise); /* types and truth values too */
float ci_tf_float(const ci_tf_node *n, const char *name, float otherwise);
ci_text ci_tf_text(const ci_tf_node *n, const char *name);                /* n: 0: absent */
bool ci_tf_word(const ci_tf_node *n, const char *name, const char *word); /* is the attribute that word? */
/* A list of integers: how many there are, of which at most `max` are stored; -1: absent. */
int32_t ci_tf_ints(const ci_tf_node *n, const char *name, int64_t *out, int32_t max);
/* A TensorShapeProto: rank, or -1: not said; open sizes are -1. */
int32_t ci_tf_shape(const ci_tf_node *n, const char *name, int64_t dim[CI_MAX_RANK]);
bool ci_tf_has_tensor(const ci_tf_node *n, const char *name, ci_cursor *body);

/* ---- tf_tensor.c --------------------------------------------------------------------------------- */
ci_element ci_tf_element(int64_t data_type); /* DataType; size 0: not read */
/* A TensorProto; NULL: the build has failed. */
ci_tensor *ci_tf_tensor(ci_tf *g, ci_cursor body, ci_text name);
/* A TensorShapeProto's content. */
int32_t ci_tf_read_shape(ci_cursor c, int64_t dim[CI_MAX_RANK]);

/* ---- operations ------------------------------------------------------------------------------------ */
typedef struct ci_tf_site {
  ci_tf *g;
  ci_build *b; /* g's */
  ci_tf_node *n;
} ci_tf_site;

/* The translated node's (first) value. Operations of several results set n->out themselves and return out[0]. */
typedef int32_t ci_tf_op_fn(const ci_tf_site *s);
typedef struct ci_tf_op {
  const char *type;
  ci_tf_op_fn *translate;
} ci_tf_op;
extern const ci_tf_op ci_tf_window_ops[], ci_tf_array_ops[], ci_tf_slice_ops[], ci_tf_point_ops[];

int32_t ci_tf_fail(const ci_tf_site *s, int code, const char *why); /* "the node "conv1" (Conv2D) WHY"; -1 */
int32_t ci_tf_in(const ci_tf_site *s, int32_t i);             /* value of the i-th input; a failure: none */
const ci_tensor *ci_tf_const(const ci_tf_site *s, int32_t i); /* of it, where it is a constant */
/* The integers of a constant input, at most CI_MAX_RANK * 2; -1: it is none. */
int32_t ci_tf_const_ints(const ci_tf_site *s, int32_t i, int64_t out[2 * CI_MAX_RANK]);
/* The constant with dimensions order[0], order[1] ..., made once. */
int32_t ci_tf_turned(const ci_tf_site *s, int32_t i, const int32_t order[4]);

#endif
