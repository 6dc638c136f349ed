/* SPDX-License-Identifier: MIT */
/* tf_tensor.c - TensorFlow's constants: raw bytes, or lists of numbers whose last stands for the rest */
#include <string.h>

#include "formats/tf_graph.h"

enum { T_TYPE = 1, T_SHAPE = 2, T_CONTENT = 4 };         /* TensorProto */
enum { SHAPE_DIM = 2, SHAPE_UNKNOWN = 3, DIM_SIZE = 1 }; /* TensorShapeProto */
#define LEAST_REPEATED ((size_t)1 << 16)                 /* elements that one number may always stand for */

typedef struct type_info {
  int64_t id; /* DataType */
  ci_element element;
  uint8_t field; /* of the list, where there are no raw bytes */
  ci_wire wire;
} type_info;

static const type_info types[] = {
    {1, {CI_E_FLOAT, 4}, 5, CI_FIXED32},  {2, {CI_E_FLOAT, 8}, 6, CI_FIXED64},
    {3, {CI_E_SIGNED, 4}, 7, CI_VARINT},  {4, {CI_E_UNSIGNED, 1}, 7, CI_VARINT},
    {5, {CI_E_SIGNED, 2}, 7, CI_VARINT},  {6, {CI_E_SIGNED, 1}, 7, CI_VARINT},
    {9, {CI_E_SIGNED, 8}, 10, CI_VARINT}, {10, {CI_E_BOOL, 1}, 11, CI_VARINT},
    {14, {CI_E_BRAIN, 2}, 13, CI_VARINT}, {17, {CI_E_UNSIGNED, 2}, 7, CI_VARINT},
    {19, {CI_E_FLOAT, 2}, 13, CI_VARINT},
};

static const type_info *info(int64_t id) {
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (types[i].id == id) return &types[i];
  return NULL;
}

ci_element ci_tf_element(int64_t data_type) {
  const type_info *t = info(data_type);
  return t ? t->element : (ci_element){CI_E_FLOAT, 0};
}

static int64_t read_dim(ci_cursor c) {
  ci_field f;
  int64_t v = 0;
  while (ci_wire_next(&c, &f))
    if (ci_wire_is(&f, DIM_SIZE, CI_VARINT)) v = (int64_t)f.u;
  return v;
}

int32_t ci_tf_read_shape(ci_cursor c, int64_t dim[CI_MAX_RANK]) {
  ci_field f;
  int32_t rank = 0;
  while (ci_wire_next(&c, &f)) {
    if (ci_wire_is(&f, SHAPE_UNKNOWN, CI_VARINT) && f.u) return -1;
    if (!ci_wire_is(&f, SHAPE_DIM, CI_BYTES)) continue;
    if (rank < CI_MAX_RANK) dim[rank] = read_dim(f.bytes);
    if (rank <= CI_MAX_RANK) rank++;
  }
  return rank;
}

typedef struct proto {
  const type_info *t;
  int64_t type, dim[CI_MAX_RANK];
  int32_t rank;
  ci_text content;
  size_t count, bytes;
  char name[80];
} proto;

static ci_tensor *fail(ci_tf *g, const proto *p, int code, const char *why) {
  ci_build_fail(&g->b, code, "the constant \"%s\" %s", p->name, why);
  return NULL;
}

/* Numbers of one field; returns how many, stores those that fit. */
static size_t take(const type_info *t, ci_field *f, ci_tensor *out, size_t at) {
  size_t n = 0;
  if (f->wire == (uint32_t)t->wire) {
    if (at < out->count) ci_element_put(t->element, out, at, f->u);
    return 1;
  }
  while (f->wire == CI_BYTES && !f->bytes.bad && ci_cursor_left(&f->bytes)) {
    uint64_t u = t->wire == CI_VARINT    ? ci_cursor_varint(&f->bytes)
                 : t->wire == CI_FIXED32 ? ci_cursor_u32(&f->bytes, false)
                                         : ci_cursor_u64(&f->bytes, false);
    if (!f->bytes.bad && at + n < out->count) ci_element_put(t->element, out, at + n, u);
    n += !f->bytes.bad;
  }
  return n;
}

static void repeat_last(ci_tensor *t, size_t n) {
  for (size_t i = n; i < t->count; i++) {
    if (t->dtype == CI_F32) ((float *)t->owned)[i] = n ? ((float *)t->owned)[n - 1] : 0;
    else ((int64_t *)t->owned)[i] = n ? ((int64_t *)t->owned)[n - 1] : 0;
  }
}

static ci_tensor *listed(ci_tf *g, const proto *p, ci_cursor body) {
  size_t most = g->src->size > LEAST_REPEATED ? g->src->size : LEAST_REPEATED, n = 0;
  ci_field f;
  if (p->count > most) return fail(g, p, CNNIMG_LIMIT, "is far larger than the file");
  ci_tensor *t = ci_element_new(p->t->element, p->rank, p->dim);
  if (!t) return fail(g, p, CNNIMG_NOMEM, "does not fit into memory");
  while (ci_wire_next(&body, &f))
    if (f.number == p->t->field) n += take(p->t, &f, t, n);
  if (n > t->count) {
    ci_tensor_free(t);
    return fail(g, p, CNNIMG_CORRUPT, "has more numbers than its shape");
  }
  repeat_last(t, n);
  return t;
}

static void read_fields(proto *p, ci_cursor *c) {
  ci_field f;
  while (ci_wire_next(c, &f)) {
    if (ci_wire_is(&f, T_TYPE, CI_VARINT)) p->type = (int64_t)f.u;
    if (ci_wire_is(&f, T_SHAPE, CI_BYTES)) p->rank = ci_tf_read_shape(f.bytes, p->dim);
    if (ci_wire_is(&f, T_CONTENT, CI_BYTES)) p->content = ci_wire_text(&f);
  }
  p->t = info(p->type);
}

ci_tensor *ci_tf_tensor(ci_tf *g, ci_cursor body, ci_text name) {
  proto p = {.rank = 0};
  ci_cursor c = body;
  ci_text_fit(name, p.name, sizeof p.name);
  read_fields(&p, &c);
  if (c.bad) return fail(g, &p, CNNIMG_CORRUPT, "is damaged");
  if (!p.t) return fail(g, &p, CNNIMG_UNSUPPORTED, "is of a type that is not read");
  if (!ci_element_count(p.t->element, p.rank, p.dim, &p.count, &p.bytes))
    return fail(g, &p, CNNIMG_CORRUPT, "has an impossible shape");
  if (!p.content.n) return listed(g, &p, body);
  if (p.content.n != p.bytes) return fail(g, &p, CNNIMG_CORRUPT, "has not as many bytes as its shape says");
  ci_tensor *t = ci_element_tensor(p.t->element, p.rank, p.dim, p.content.p);
  return t ? t : fail(g, &p, CNNIMG_NOMEM, "does not fit into memory");
}
