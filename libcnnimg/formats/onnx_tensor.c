/* SPDX-License-Identifier: MIT */
/* onnx_tensor.c - constants: every element type to float or int64, without a copy where the bytes allow */
#include <string.h>

#include "base/error.h"
#include "formats/elements.h"
#include "formats/onnx.h"

/* TensorProto's fields */
enum {
  T_DIMS = 1,
  T_TYPE = 2,
  T_FLOATS = 4,
  T_INT32S = 5,
  T_INT64S = 7,
  T_NAME = 8,
  T_RAW = 9,
  T_DOUBLES = 10,
  T_UINT64S = 11,
  T_PLACE = 14
};

typedef struct type_info {
  int64_t id; /* TensorProto.DataType */
  ci_element element;
  uint8_t field, wire; /* where it lies when it is not raw */
} type_info;

static const type_info types[] = {
    {1, {CI_E_FLOAT, 4}, T_FLOATS, CI_FIXED32},     {2, {CI_E_UNSIGNED, 1}, T_INT32S, CI_VARINT},
    {3, {CI_E_SIGNED, 1}, T_INT32S, CI_VARINT},     {4, {CI_E_UNSIGNED, 2}, T_INT32S, CI_VARINT},
    {5, {CI_E_SIGNED, 2}, T_INT32S, CI_VARINT},     {6, {CI_E_SIGNED, 4}, T_INT32S, CI_VARINT},
    {7, {CI_E_SIGNED, 8}, T_INT64S, CI_VARINT},     {9, {CI_E_BOOL, 1}, T_INT32S, CI_VARINT},
    {10, {CI_E_FLOAT, 2}, T_INT32S, CI_VARINT},     {11, {CI_E_FLOAT, 8}, T_DOUBLES, CI_FIXED64},
    {12, {CI_E_UNSIGNED, 4}, T_UINT64S, CI_VARINT}, {13, {CI_E_UNSIGNED, 8}, T_UINT64S, CI_VARINT},
    {16, {CI_E_BRAIN, 2}, T_INT32S, CI_VARINT},
};

typedef struct proto {
  int64_t dim[CI_MAX_RANK];
  size_t rank, count, bytes;
  int64_t type;
  bool external, has_raw;
  ci_text raw;
  char name[80];
  const type_info *t;
} proto;

static int fail(ci_onnx *o, const proto *p, int code, const char *why) {
  return ci_fail(o->err, code, "the constant \"%s\" %s", p->name, why);
}

static void read_fields(proto *p, ci_cursor *c) {
  ci_field f;
  while (ci_wire_next(c, &f)) {
    if (f.number == T_DIMS) ci_wire_ints(&f, p->dim, CI_MAX_RANK, &p->rank);
    if (ci_wire_is(&f, T_TYPE, CI_VARINT)) p->type = (int64_t)f.u;
    if (ci_wire_is(&f, T_PLACE, CI_VARINT)) p->external = f.u != 0;
    if (ci_wire_is(&f, T_RAW, CI_BYTES)) p->raw = ci_wire_text(&f), p->has_raw = true;
    if (ci_wire_is(&f, T_NAME, CI_BYTES) && f.bytes.p < f.bytes.end)
      ci_text_fit(ci_wire_text(&f), p->name, sizeof p->name);
    if (f.bytes.bad) c->bad = true;
  }
}

static int check(ci_onnx *o, proto *p) {
  if (p->external)
    return fail(o, p, CNNIMG_UNSUPPORTED, "lies in another file; save the model with its weights inside");
  if (p->rank > CI_MAX_RANK) return fail(o, p, CNNIMG_UNSUPPORTED, "has more than 8 dimensions");
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (types[i].id == p->type) p->t = &types[i];
  if (!p->t)
    return ci_fail(o->err, CNNIMG_UNSUPPORTED,
                   "the constant \"%s\" has elements of type %lld, which is not read", p->name,
                   (long long)p->type);
  if (!ci_element_count(p->t->element, (int32_t)p->rank, p->dim, &p->count, &p->bytes))
    return fail(o, p, CNNIMG_CORRUPT, "has impossible dimensions");
  return CNNIMG_OK;
}

/* Elements of one field: a number, or a packed run of them. Returns how many there are; stores those that fit. */
static size_t take(const type_info *t, ci_field *f, ci_tensor *out, size_t at) {
  size_t n = 0;
  if (f->wire == t->wire && at < out->count) ci_element_put(t->element, out, at, f->u);
  if (f->wire == t->wire) return 1;
  while (f->wire == CI_BYTES && !f->bytes.bad && ci_cursor_left(&f->bytes)) {
    uint64_t u = t->wire == CI_VARINT    ? ci_cursor_varint(&f->bytes)
                 : t->wire == CI_FIXED32 ? ci_cursor_u32(&f->bytes, false)
                                         : ci_cursor_u64(&f->bytes, false);
    if (!f->bytes.bad && at + n < out->count) ci_element_put(t->element, out, at + n, u);
    n += !f->bytes.bad;
  }
  return n;
}

static size_t read_listed(const type_info *t, ci_cursor body, ci_tensor *out) {
  ci_field f;
  size_t n = 0;
  while (ci_wire_next(&body, &f))
    if (f.number == t->field) n += take(t, &f, out, n);
  return n;
}

static int check_size(ci_onnx *o, const proto *p, size_t body) {
  if (p->has_raw && p->bytes != p->raw.n)
    return ci_fail(o->err, CNNIMG_CORRUPT, "the constant \"%s\" has %zu bytes for %zu elements of %d",
                   p->name, p->raw.n, p->count, p->t->element.size);
  if (p->count > body) return fail(o, p, CNNIMG_CORRUPT, "has fewer elements than its dimensions say");
  return CNNIMG_OK;
}

/* Raw bytes stay where they are if they lie well. */
static ci_tensor *make(const proto *p) {
  const ci_element e = p->t->element;
  return p->has_raw ? ci_element_tensor(e, (int32_t)p->rank, p->dim, p->raw.p)
                    : ci_element_new(e, (int32_t)p->rank, p->dim);
}

bool ci_onnx_type(int64_t data_type, ci_type *type) {
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (types[i].id == data_type) {
      const ci_element e = types[i].element;
      *type = e.kind == CI_E_BOOL ? CI_BOOL : ci_element_is_float(e) ? CI_FLOAT : CI_INT;
      return true;
    }
  return false;
}

int ci_onnx_read_tensor(ci_onnx *o, ci_cursor body, const char *what, ci_tensor **out) {
  proto p = {.rank = 0};
  ci_cursor c = body;
  ci_text_fit((ci_text){(const uint8_t *)what, strlen(what)}, p.name, sizeof p.name);
  read_fields(&p, &c);
  if (c.bad) return fail(o, &p, CNNIMG_CORRUPT, "is damaged");
  int status = check(o, &p);
  if (!status) status = check_size(o, &p, ci_cursor_left(&body));
  if (status) return status;
  ci_tensor *t = make(&p);
  if (!t) return fail(o, &p, CNNIMG_NOMEM, "does not fit into memory");
  if (!p.has_raw && read_listed(p.t, body, t) != p.count)
    status = fail(o, &p, CNNIMG_CORRUPT, "has not as many elements as its dimensions say");
  if (status) ci_tensor_free(t);
  else *out = t;
  return status;
}
