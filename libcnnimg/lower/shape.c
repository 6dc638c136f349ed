/* SPDX-License-Identifier: MIT */
/* shape.c - reshapes and transpositions: most move nothing, or are a pixel shuffle in the end */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "lower/state.h"

ci_origin *ci_lower_origin(ci_state *s, const ci_origin *like) {
  ci_origin *o = ci_calloc(1, sizeof *o);
  if (!o || !ci_grow((void **)&s->origins, &s->cap_origins, s->n_origins + 1, sizeof *s->origins)) {
    ci_lower_nomem(s);
    free(o);
    return NULL;
  }
  *o = *like;
  s->origins[s->n_origins++] = o;
  return o;
}

static bool same_shape(ci_shape a, ci_shape b) { return a.c == b.c && a.h == b.h && a.w == b.w; }

/* Is the map, seen with the result's dimensions, the same picture? */
static bool is_same_picture(const ci_val *map, const ci_val *out) {
  ci_shape a, b;
  return ci_dims_shape(map->rank, map->dim, map->layout, &a) && ci_dims_shape(out->rank, out->dim, map->layout, &b) &&
         same_shape(a, b) && (map->rank == out->rank || map->layout == CI_LAYOUT_NCHW);
}

static void take_forms(ci_val *out, const ci_val *from) {
  out->map = from->map, out->layout = from->layout, out->vec = from->vec;
}

/* ---- pixel shuffles ------------------------------------------------------------------------------ */

static bool axes_are(const ci_origin *o, int32_t rank, const char *order) {
  if (o->rank != rank) return false;
  for (int32_t i = 0; i < rank; i++)
    if (o->axis[i] != order[i] - '0') return false;
  return true;
}

static bool dims_are(const ci_val *v, int64_t a, int64_t b, int64_t c, int64_t d) {
  return v->rank == 4 && v->dim[0] == a && v->dim[1] == b && v->dim[2] == c && v->dim[3] == d;
}

static int emit_blocks(ci_site *c, const ci_val *from, ci_op_id op, int64_t block, int32_t crd, int32_t *out) {
  if (block < 1 || block > 256) return CI_LOWER_PASS;
  ci_node *n = ci_lower_emit(c->s, c->n->name, op, &from->map, 1);
  if (!n) return c->s->err->code;
  n->p.block = (int32_t)block, n->p.crd = crd;
  *out = n->out;
  return CNNIMG_OK;
}

/* Channel j * g + i of the result is channel i * k + j of the map. */
static int emit_pick(ci_site *c, int32_t map, int64_t g, int64_t k, int32_t *out) {
  const int64_t dim[1] = {g * k};
  ci_tensor *t = ci_lower_tensor(c->s, CI_I64, 1, dim);
  int32_t in[2] = {map, -1};
  if (!t) return c->s->err->code;
  for (int64_t j = 0; j < k; j++)
    for (int64_t i = 0; i < g; i++) ((int64_t *)t->owned)[j * g + i] = i * k + j;
  int status = ci_lower_const(c->s, t, &in[1]);
  ci_node *n = status ? NULL : ci_lower_emit(c->s, c->n->name, CI_OP_pick, in, 2);
  if (!n) return status ? status : c->s->err->code;
  *out = n->out;
  return CNNIMG_OK;
}

/* The map seen as [1, c, r, r, h, w] or the like, turned, and joined again. PASS: none of those known. */
static int shuffle_first(ci_site *c, const ci_origin *o, ci_shape m, int32_t *out) {
  const int64_t *d = o->dim;
  const ci_val *r = c->out;
  bool tail = o->rank == 6 && d[0] == 1 && d[4] == m.h && d[5] == m.w;
  if (tail && axes_are(o, 6, "014253") && d[2] == d[3] && dims_are(r, 1, d[1], m.h * d[2], m.w * d[2]))
    return emit_blocks(c, &o->of, CI_OP_depth_to_space, d[2], 1, out);
  if (tail && axes_are(o, 6, "034152") && d[1] == d[2] && dims_are(r, 1, d[3], m.h * d[1], m.w * d[1]))
    return emit_blocks(c, &o->of, CI_OP_depth_to_space, d[1], 0, out);
  bool cut = o->rank == 6 && d[0] == 1 && d[1] == m.c && d[3] == d[5] && d[2] * d[3] == m.h && d[4] * d[5] == m.w &&
             dims_are(r, 1, m.c * d[3] * d[3], d[2], d[4]);
  if (cut && axes_are(o, 6, "035124")) return emit_blocks(c, &o->of, CI_OP_space_to_depth, d[3], 0, out);
  if (cut && axes_are(o, 6, "013524")) {
    int status = emit_blocks(c, &o->of, CI_OP_space_to_depth, d[3], 0, out);
    return status ? status : emit_pick(c, *out, d[3] * d[3], m.c, out);
  }
  bool groups = (axes_are(o, 5, "02134") && d[3] == m.h && d[4] == m.w) || (axes_are(o, 4, "0213") && d[3] == (int64_t)m.h * m.w);
  if (groups && d[0] == 1 && d[1] * d[2] == m.c && dims_are(r, 1, m.c, m.h, m.w)) return emit_pick(c, o->of.map, d[1], d[2], out);
  return CI_LOWER_PASS;
}

/* The same of a channels-last map: [1, h, w, r, r, c]. */
static int shuffle_last(ci_site *c, const ci_origin *o, ci_shape m, int32_t *out) {
  const int64_t *d = o->dim;
  if (axes_are(o, 6, "013245") && d[0] == 1 && d[1] == m.h && d[2] == m.w && d[3] == d[4] &&
      dims_are(c->out, 1, m.h * d[3], m.w * d[3], d[5]))
    return emit_blocks(c, &o->of, CI_OP_depth_to_space, d[3], 0, out);
  return CI_LOWER_PASS;
}

static int shuffle(ci_site *c, const ci_origin *o) {
  ci_shape m;
  int32_t out;
  if (o->of.map < 0 || !ci_dims_shape(o->of.rank, o->of.dim, o->of.layout, &m)) return CI_LOWER_PASS;
  int status = o->of.layout == CI_LAYOUT_NCHW ? shuffle_first(c, o, m, &out) : shuffle_last(c, o, m, &out);
  return status ? status : ci_set_map(c->out, out, o->of.layout);
}

/* ---- reshapes ---------------------------------------------------------------------------------------- */

/* The result waits: it is the map seen with its own dimensions. */
static int wait_as(ci_site *c, const ci_val *map, ci_val *base) {
  ci_origin o = {.of = *map, .base = base, .rank = c->out->rank};
  for (int32_t i = 0; i < o.rank; i++) o.dim[i] = c->out->dim[i], o.axis[i] = i;
  c->out->origin = ci_lower_origin(c->s, &o);
  return c->out->origin ? CNNIMG_OK : c->s->err->code;
}

static int reshape_origin(ci_site *c, const ci_origin *o) {
  if (o->moved) return shuffle(c, o);
  if (is_same_picture(&o->of, c->out)) {
    take_forms(c->out, &o->of);
    return CNNIMG_OK;
  }
  return wait_as(c, &o->of, o->base);
}

static int lower_reshape(ci_site *c) {
  ci_val *x = c->in[0];
  if (x->map >= 0 && is_same_picture(x, c->out)) {
    take_forms(c->out, x);
    return CNNIMG_OK;
  }
  if (x->vec >= 0) {
    c->out->vec = x->vec;
    return CNNIMG_OK;
  }
  int status = x->map >= 0 ? wait_as(c, x, x) : x->origin ? reshape_origin(c, x->origin) : CI_LOWER_PASS;
  return status == CI_LOWER_PASS ? ci_as_vec(c->s, x, &c->out->vec) : status;
}

/* ---- transpositions ------------------------------------------------------------------------------------ */

static void read_perm(const ci_site *c, int32_t *perm) {
  const int64_t *v;
  int32_t rank = c->in[0]->rank, n = ci_attr_ints(c->n, "perm", &v);
  for (int32_t i = 0; i < rank; i++) perm[i] = n == rank ? (int32_t)v[i] : rank - 1 - i;
}

static bool is_order(const int32_t *perm, int32_t rank, const char *order) {
  for (int32_t i = 0; i < rank; i++)
    if (perm[i] != order[i] - '0') return false;
  return true;
}

/* Channels first to channels last and back: the map stays. */
static bool turn_layout(ci_site *c, const int32_t *perm) {
  const ci_val *x = c->in[0];
  bool first = x->layout == CI_LAYOUT_NCHW;
  if (x->map < 0 || (x->rank != 3 && x->rank != 4)) return false;
  if (!is_order(perm, x->rank, x->rank == 3 ? "021" : first ? "0231" : "0312")) return false;
  ci_set_map(c->out, x->map, first ? CI_LAYOUT_NHWC : CI_LAYOUT_NCHW);
  return true;
}

/* Only dimensions of 1 change their places. */
static bool moves_nothing(const ci_val *x, const int32_t *perm) {
  int32_t last = -1;
  for (int32_t i = 0; i < x->rank; i++) {
    if (x->dim[perm[i]] == 1) continue;
    if (perm[i] < last) return false;
    last = perm[i];
  }
  return true;
}

static int wait_turned(ci_site *c, const int32_t *perm) {
  ci_val *x = c->in[0];
  ci_origin o = {.of = *x, .base = x, .rank = x->rank};
  if (x->map < 0) o = *x->origin;
  else
    for (int32_t i = 0; i < x->rank; i++) o.dim[i] = x->dim[i], o.axis[i] = i;
  int32_t axis[CI_MAX_RANK] = {0};
  for (int32_t i = 0; i < o.rank; i++) axis[i] = o.axis[perm[i]];
  memcpy(o.axis, axis, sizeof axis);
  o.moved = false;
  for (int32_t i = 0; i < o.rank; i++) o.moved = o.moved || axis[i] != i;
  if (!o.moved && is_same_picture(&o.of, c->out)) {
    take_forms(c->out, &o.of);
    return CNNIMG_OK;
  }
  c->out->origin = ci_lower_origin(c->s, &o);
  return c->out->origin ? CNNIMG_OK : c->s->err->code;
}

static int lower_transpose(ci_site *c) {
  ci_val *x = c->in[0];
  int32_t perm[CI_MAX_RANK];
  read_perm(c, perm);
  if (turn_layout(c, perm)) return CNNIMG_OK;
  if (moves_nothing(x, perm)) return ci_as_vec(c->s, x, &c->out->vec);
  return x->map >= 0 || (x->vec < 0 && x->origin) ? wait_turned(c, perm) : CI_LOWER_PASS;
}

const ci_lower_rule ci_lower_shape_rules[] = {
    {"Reshape", lower_reshape},   {"Flatten", lower_reshape},     {"Squeeze", lower_reshape},
    {"Unsqueeze", lower_reshape}, {"Transpose", lower_transpose}, {NULL, NULL},
};
