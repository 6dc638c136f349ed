/* SPDX-License-Identifier: MIT */
/* values.c - the forms of a value: map, vector, constant; one made of another when it is asked for */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "lower/state.h"

int ci_lower_nomem(ci_state *s) { return ci_fail(s->err, CNNIMG_NOMEM, "no memory for the network's graph"); }

/* ---- dimensions and layouts ------------------------------------------------------------------ */

bool ci_dims_shape(int32_t rank, const int64_t *dim, ci_layout layout, ci_shape *out) {
  int64_t c = rank > 1 ? dim[layout == CI_LAYOUT_NHWC ? rank - 1 : 1] : 0, h = 1, w = 1;
  const int64_t *space = dim + (layout == CI_LAYOUT_NHWC ? 1 : 2);
  if (rank < 2 || rank > 4 || dim[0] != 1 || layout == CI_LAYOUT_VECTOR) return false;
  if (rank == 4) h = space[0], w = space[1];
  if (rank == 3) w = space[0];
  if (c < 1 || h < 1 || w < 1 || c > INT32_MAX || h > INT32_MAX || w > INT32_MAX) return false;
  *out = (ci_shape){(int32_t)c, (int32_t)h, (int32_t)w};
  return true;
}

int32_t ci_map_axis(int32_t rank, ci_layout layout, int32_t axis) {
  if (axis < 1 || axis >= rank || rank > 4) return 0;
  if (layout == CI_LAYOUT_NHWC) {
    if (axis == rank - 1) return 1;
    return rank == 3 ? 3 : axis + 1;
  }
  if (axis == 1) return 1;
  return rank == 3 ? 3 : axis;
}

bool ci_is_mapped(const ci_val *v, ci_layout layout) {
  ci_shape s;
  if (v->map >= 0) return v->layout == layout;
  return v->vec >= 0 && ci_dims_shape(v->rank, v->dim, layout, &s) && s.h == 1 && s.w == 1;
}

bool ci_mapped_layout(const ci_val *v, ci_layout *layout) {
  if (v->map < 0) return false;
  *layout = v->layout;
  return true;
}

int ci_set_map(ci_val *out, int32_t map, ci_layout layout) {
  out->map = map;
  out->layout = layout;
  return CNNIMG_OK;
}

/* ---- constants ------------------------------------------------------------------------------------ */

static int keep_tensor(ci_state *s, ci_tensor *t) {
  if (t && ci_grow((void **)&s->made, &s->cap_made, s->n_made + 1, sizeof *s->made)) {
    s->made[s->n_made++] = t;
    return CNNIMG_OK;
  }
  ci_tensor_free(t);
  return ci_lower_nomem(s);
}

ci_tensor *ci_lower_tensor(ci_state *s, ci_dtype dtype, int32_t rank, const int64_t *dim) {
  size_t bytes = 256, count = dtype == CI_I64 ? sizeof(int64_t) : sizeof(float);
  bool fits = true;
  for (int32_t i = 0; i < rank && fits; i++) fits = dim[i] >= 0 && ci_mul(count, (size_t)dim[i], &count);
  if (!fits || !ci_add(bytes, count, &bytes) || bytes > s->budget) {
    ci_fail(s->err, CNNIMG_LIMIT, "the network's constants grow far beyond its file");
    return NULL;
  }
  s->budget -= bytes;
  ci_tensor *t = ci_tensor_new(dtype, rank, dim);
  return keep_tensor(s, t) ? NULL : t;
}

int ci_lower_const_as(ci_state *s, const ci_tensor *t, int32_t rank, const int64_t *dim, int32_t *value) {
  ci_tensor *shell = ci_calloc(1, sizeof *shell);
  if (!shell) return ci_lower_nomem(s);
  *shell = *t;
  shell->owned = NULL;
  shell->rank = rank;
  for (int32_t i = 0; i < rank; i++) shell->dim[i] = dim[i];
  *value = ci_graph_add_value(s->g, "constant", shell);
  return *value < 0 ? ci_lower_nomem(s) : CNNIMG_OK;
}

int ci_lower_const(ci_state *s, const ci_tensor *t, int32_t *value) {
  return ci_lower_const_as(s, t, t->rank, t->dim, value);
}

/* Elements in the order h, w, c as c, h, w; integers as floats. */
static void turn(const ci_tensor *t, const int64_t shape[3], bool channels_last, float *to) {
  size_t c = (size_t)shape[0], area = (size_t)shape[1] * (size_t)shape[2];
  for (size_t k = 0; k < c; k++)
    for (size_t i = 0; i < area; i++) {
      size_t from = channels_last ? i * c + k : k * area + i;
      to[k * area + i] = t->dtype == CI_F32 ? ((const float *)t->data)[from] : (float)((const int64_t *)t->data)[from];
    }
}

int ci_const_as_map(ci_state *s, const ci_val *v, int32_t rank, ci_layout layout, int32_t *value) {
  int64_t dim[CI_MAX_RANK], shape[3];
  ci_shape m;
  if (v->rank > rank || rank > 4) return CI_LOWER_PASS;
  for (int32_t i = 0; i < rank; i++) dim[i] = i < rank - v->rank ? 1 : v->dim[i - (rank - v->rank)];
  if (v->tensor->count == 1 && v->tensor->dtype == CI_F32) return ci_lower_const_as(s, v->tensor, 0, dim, value);
  if (!ci_dims_shape(rank, dim, layout, &m)) return CI_LOWER_PASS;
  shape[0] = m.c, shape[1] = m.h, shape[2] = m.w;
  bool still = v->tensor->dtype == CI_F32 && (layout == CI_LAYOUT_NCHW || m.c == 1 || (m.h == 1 && m.w == 1));
  if (still) return ci_lower_const_as(s, v->tensor, 3, shape, value);
  ci_tensor *t = ci_lower_tensor(s, CI_F32, 3, shape);
  if (!t) return s->err->code;
  turn(v->tensor, shape, layout == CI_LAYOUT_NHWC, t->owned);
  return ci_lower_const(s, t, value);
}

/* ---- nodes of our own ------------------------------------------------------------------------------- */

/* A node that is in no file. */
static ci_pnode *new_node(ci_state *s, const char *type) {
  ci_pnode *n = ci_calloc(1, sizeof *n);
  if (n) n->type = ci_strdup(type), n->name = ci_strdup("");
  if (n && n->type && n->name && ci_grow((void **)&s->nodes, &s->cap_nodes, s->n_nodes + 1, sizeof *s->nodes)) {
    s->nodes[s->n_nodes++] = n;
    return n;
  }
  if (n) ci_pnode_fini(n);
  free(n);
  ci_lower_nomem(s);
  return NULL;
}

static int hold(ci_state *s, const ci_pnode *n, ci_val *in, ci_val *out) {
  ci_val *const ins[1] = {in};
  return ci_lower_held(s, ci_tensor_find(n->type), n, 0, ins, 1, out);
}

/* out: the vector `in` with its axes in another order. */
static int transpose(ci_state *s, ci_val *in, const int32_t *axis, ci_val *out) {
  ci_pnode *n = new_node(s, "Transpose");
  ci_attr *a = n ? ci_pnode_add_attr(n, "perm", CI_ATTR_INTS) : NULL;
  if (!a || !(a->ints = ci_calloc((size_t)in->rank, sizeof *a->ints))) return ci_lower_nomem(s);
  a->n = (size_t)in->rank;
  out->rank = in->rank;
  for (int32_t i = 0; i < in->rank; i++) a->ints[i] = axis[i], out->dim[i] = in->dim[axis[i]];
  return hold(s, n, in, out);
}

/* ---- vectors ---------------------------------------------------------------------------------------- */

/* A map as a vector in the order c, h, w. */
static int flatten(ci_state *s, int32_t map, ci_shape m, int32_t *vec) {
  *vec = map;
  if (m.h == 1 && m.w == 1) return CNNIMG_OK;
  ci_node *n = ci_lower_emit(s, "flatten", CI_OP_flatten, &map, 1);
  if (!n) return s->err->code;
  *vec = n->out;
  return CNNIMG_OK;
}

static int vec_of_map(ci_state *s, ci_val *v) {
  static const int32_t to_nhwc[2][4] = {{0, 2, 1, 0}, {0, 2, 3, 1}};
  ci_shape m;
  int32_t vec;
  if (!ci_dims_shape(v->rank, v->dim, v->layout, &m)) return ci_fail(s->err, CNNIMG_UNSUPPORTED, "a map of rank %d", v->rank);
  int status = flatten(s, v->map, m, &vec);
  if (status || v->layout == CI_LAYOUT_NCHW || m.c == 1 || (m.h == 1 && m.w == 1)) {
    v->vec = vec;
    return status;
  }
  ci_val from = {.known = true, .type = v->type, .rank = v->rank, .map = -1, .vec = vec}, to = from;
  const int64_t nchw[4] = {1, m.c, v->rank == 4 ? m.h : m.w, m.w};
  memcpy(from.dim, nchw, sizeof nchw);
  status = transpose(s, &from, to_nhwc[v->rank == 4], &to);
  v->vec = to.vec;
  return status;
}

static int vec_of_origin(ci_state *s, ci_val *v) {
  ci_origin *o = v->origin;
  int32_t vec;
  int status = ci_as_vec(s, o->base ? o->base : &o->of, &vec);
  ci_val from = {.known = true, .type = v->type, .rank = o->rank, .map = -1, .vec = vec}, to = from;
  memcpy(from.dim, o->dim, sizeof from.dim);
  if (!status && o->moved) status = transpose(s, &from, o->axis, &to);
  v->vec = to.vec;
  return status;
}

static int vec_of_const(ci_state *s, ci_val *v) {
  ci_pnode *n = new_node(s, "Identity");
  ci_val out = *v;
  if (!n) return s->err->code;
  int status = hold(s, n, v, &out);
  v->vec = out.vec;
  return status;
}

int ci_as_vec(ci_state *s, ci_val *v, int32_t *vec) {
  int status = CNNIMG_OK;
  if (v->vec < 0) {
    if (v->tensor) status = vec_of_const(s, v);
    else if (v->map >= 0) status = vec_of_map(s, v);
    else if (v->origin) status = vec_of_origin(s, v);
    else status = ci_fail(s->err, CNNIMG_CORRUPT, "a value is read before it is made");
  }
  *vec = v->vec;
  return status;
}

/* ---- maps ------------------------------------------------------------------------------------------------ */

static int unflatten(ci_state *s, int32_t vec, ci_shape m, int32_t *map) {
  *map = vec;
  if (m.h == 1 && m.w == 1) return CNNIMG_OK;
  ci_node *n = ci_lower_emit(s, "unflatten", CI_OP_unflatten, &vec, 1);
  if (!n) return s->err->code;
  n->p.shape[0] = m.c, n->p.shape[1] = m.h, n->p.shape[2] = m.w;
  *map = n->out;
  return CNNIMG_OK;
}

/* The vector, as a channels-last picture, as one of channels first. */
static int channels_first(ci_state *s, ci_val *v, int32_t *vec) {
  static const int32_t to_nchw[2][4] = {{0, 2, 1, 0}, {0, 3, 1, 2}};
  ci_val from = {.known = true, .type = v->type, .rank = v->rank, .map = -1, .vec = *vec}, to = from;
  memcpy(from.dim, v->dim, sizeof from.dim);
  int status = transpose(s, &from, to_nchw[v->rank == 4], &to);
  *vec = to.vec;
  return status;
}

int ci_as_map(ci_state *s, ci_val *v, ci_layout layout, int32_t *map) {
  ci_shape m;
  int32_t vec;
  if (!ci_dims_shape(v->rank, v->dim, layout, &m)) return CI_LOWER_PASS;
  *map = v->map;
  if (v->map >= 0 && v->layout == layout) return CNNIMG_OK;
  int status = ci_as_vec(s, v, &vec);
  if (!status && layout == CI_LAYOUT_NHWC && m.c > 1 && (m.h > 1 || m.w > 1)) status = channels_first(s, v, &vec);
  if (!status) status = unflatten(s, vec, m, map);
  if (!status && v->map < 0) ci_set_map(v, *map, layout);
  return status;
}
