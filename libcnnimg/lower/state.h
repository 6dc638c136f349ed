/* SPDX-License-Identifier: MIT */
/* state.h - private to lower: what is known of each value while a graph is made */
#ifndef CI_LOWER_STATE_H
#define CI_LOWER_STATE_H

#include "lower/lower.h"
#include "tensor/held.h"

/*
 * What stands for a value of the program. A constant; or a map, a vector, or both of them (made when first asked for);
 * or nothing yet but `origin` seen with other dimensions, `axes` in another order: reshapes and transpositions wait,
 * for most are undone or are a pixel shuffle in the end.
 */
typedef struct ci_val {
  bool known; /* type and dimensions */
  ci_type type;
  int32_t rank;
  int64_t dim[CI_MAX_RANK];
  const ci_tensor *tensor; /* a constant, or NULL */
  int32_t map;             /* graph value, -1: none */
  ci_layout layout;        /* of map */
  int32_t vec;             /* graph value of a vector, -1: none */
  struct ci_origin *origin; /* or NULL */
} ci_val;

typedef struct ci_origin {
  ci_val of;                /* a map */
  ci_val *base;             /* the program's value that it is, or NULL: its vector is made once for all */
  int32_t rank;             /* seen as dim[0..rank) ... */
  int64_t dim[CI_MAX_RANK];
  int32_t axis[CI_MAX_RANK]; /* ... and dimension i of the value is dimension axis[i] of those */
  bool moved;                /* axis is not 0, 1, 2 ... */
} ci_origin;

typedef struct ci_state {
  const ci_program *p;
  ci_graph *g;
  ci_val *vals; /* one a value of the program */
  cnnimg_error *err;
  size_t budget; /* bytes that computed constants may still take: a small file stays small */
  uint64_t work; /* multiply-adds that computing them may still take */
  /* what the graph points into, kept as long as it */
  ci_tensor **made;
  size_t n_made, cap_made;
  ci_pnode **nodes;
  size_t n_nodes, cap_nodes;
  ci_origin **origins;
  size_t n_origins, cap_origins;
} ci_state;

/* A node while it is lowered. */
typedef struct ci_site {
  ci_state *s;
  const ci_pnode *n;
  ci_val *const *in; /* n_in; NULL: left out */
  int32_t n_in;
  int32_t which;  /* the output that is made: */
  ci_val *out;    /* type and dimensions are set */
} ci_site;

/* A rule makes the node of map operations and sets out->map (or vec, origin ...). It returns PASS where it cannot. */
enum { CI_LOWER_PASS = -1 };
typedef struct ci_lower_rule {
  const char *type;
  int (*lower)(ci_site *c);
} ci_lower_rule;
extern const ci_lower_rule ci_lower_point_rules[], ci_lower_window_rules[], ci_lower_space_rules[], ci_lower_shape_rules[],
    ci_lower_norm_rules[];

/* ---- values.c ------------------------------------------------------------------------------------- */
int ci_lower_nomem(ci_state *s);
/* The picture's channels, height and width of dimensions seen in a layout; false: they are no map. */
bool ci_dims_shape(int32_t rank, const int64_t *dim, ci_layout layout, ci_shape *out);
/* Which axis of a map (0: none of them, 1 channels, 2 rows, 3 columns) is axis `axis` of that rank and layout? */
int32_t ci_map_axis(int32_t rank, ci_layout layout, int32_t axis);
/* A map of the value in that layout, made if need be. PASS where there is no such map. */
int ci_as_map(ci_state *s, ci_val *v, ci_layout layout, int32_t *map);
/* Does it have a map in that layout already, or cheaply? */
bool ci_is_mapped(const ci_val *v, ci_layout layout);
/* The layout in which the value is a map by now (through an origin that is the same picture too); false: none. */
bool ci_mapped_layout(const ci_val *v, ci_layout *layout);
/* A copy that lives as long as the graph is made; NULL with a sentence. */
ci_origin *ci_lower_origin(ci_state *s, const ci_origin *like);
/* A vector of its elements, made if need be. */
int ci_as_vec(ci_state *s, ci_val *v, int32_t *vec);
/* The constant as a tensor [c, h, w] for map operations, seen with `rank` dimensions (1s in front); graph value. PASS
 * where it has too many. */
int ci_const_as_map(ci_state *s, const ci_val *v, int32_t rank, ci_layout layout, int32_t *value);
/* A graph value for a constant (not copied). */
int ci_lower_const(ci_state *s, const ci_tensor *t, int32_t *value);
/* The same seen with other dimensions. */
int ci_lower_const_as(ci_state *s, const ci_tensor *t, int32_t rank, const int64_t *dim, int32_t *value);
ci_tensor *ci_lower_tensor(ci_state *s, ci_dtype dtype, int32_t rank, const int64_t *dim); /* kept; NULL with a sentence */

/* ---- lower.c --------------------------------------------------------------------------------------- */
/* A node of the graph for the site; NULL with a sentence. */
ci_node *ci_lower_emit(ci_state *s, const char *name, ci_op_id op, const int32_t *in, int32_t n_in);
/* A node for the site; its node in *out. */
int ci_site_emit(ci_site *c, ci_op_id op, const int32_t *in, int32_t n_in, ci_node **out);
/* A held operation on vectors. */
int ci_lower_held(ci_state *s, const ci_tensor_op *op, const ci_pnode *n, int32_t which, ci_val *const *in, int32_t n_in,
                  ci_val *out);
/* The value as operations on arrays see it; NULL: an input that is left out. */
ci_array ci_lower_array(const ci_val *v);
/* out is this map. */
int ci_set_map(ci_val *out, int32_t map, ci_layout layout);
static inline const ci_tensor *ci_site_const(const ci_site *c, int32_t k) {
  return k < c->n_in && c->in[k] ? c->in[k]->tensor : NULL;
}
static inline bool ci_site_given(const ci_site *c, int32_t k) { return k < c->n_in && c->in[k]; }
static inline int64_t ci_count_of(const ci_val *v) {
  int64_t n = 1;
  for (int32_t i = 0; i < v->rank; i++) n *= v->dim[i];
  return n;
}

#endif
