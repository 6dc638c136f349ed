/* SPDX-License-Identifier: MIT */
/* onnx_tensor.c - constants: every element type to float or int64, without a copy where the bytes allow */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
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

#define T_BOOL 9 /* TensorProto.DataType */

typedef enum element { E_F32, E_F64, E_F16, E_BF16, E_SIGNED, E_UNSIGNED } element;

typedef struct type_info {
  int64_t id;          /* TensorProto.DataType */
  uint8_t kind, size;  /* an element; bytes in raw_data */
  uint8_t field, wire; /* where it lies when it is not raw */
} type_info;

static const type_info types[] = {
    {1, E_F32, 4, T_FLOATS, CI_FIXED32},       {2, E_UNSIGNED, 1, T_INT32S, CI_VARINT},
    {3, E_SIGNED, 1, T_INT32S, CI_VARINT},     {4, E_UNSIGNED, 2, T_INT32S, CI_VARINT},
    {5, E_SIGNED, 2, T_INT32S, CI_VARINT},     {6, E_SIGNED, 4, T_INT32S, CI_VARINT},
    {7, E_SIGNED, 8, T_INT64S, CI_VARINT},     {9, E_UNSIGNED, 1, T_INT32S, CI_VARINT},
    {10, E_F16, 2, T_INT32S, CI_VARINT},       {11, E_F64, 8, T_DOUBLES, CI_FIXED64},
    {12, E_UNSIGNED, 4, T_UINT64S, CI_VARINT}, {13, E_UNSIGNED, 8, T_UINT64S, CI_VARINT},
    {16, E_BF16, 2, T_INT32S, CI_VARINT},
};

typedef struct proto {
  int64_t dim[CI_MAX_RANK];
  size_t rank, count;
  int64_t type;
  bool external, has_raw;
  ci_text raw;
  char name[80];
  const type_info *t;
} proto;

static float half_to_float(uint32_t h) {
  uint32_t exponent = h >> 10 & 31, mantissa = h & 1023;
  float v = exponent == 31 ? (mantissa ? NAN : INFINITY)
            : exponent     ? ldexpf((float)(mantissa | 1024), (int)exponent - 25)
                           : ldexpf((float)mantissa, -24);
  return h & 0x8000 ? -v : v;
}

static float bits_to_float(uint32_t bits) {
  float v;
  memcpy(&v, &bits, sizeof v);
  return v;
}

static float as_float(const type_info *t, uint64_t u) {
  double d;
  switch (t->kind) {
    case E_F16:
      return half_to_float((uint32_t)u & 0xffff);
    case E_BF16:
      return bits_to_float((uint32_t)u << 16);
    case E_F64:
      memcpy(&d, &u, sizeof d);
      return (float)d;
    default:
      return bits_to_float((uint32_t)u);
  }
}

/* Integers are cut to their size, then get their sign back. */
static int64_t as_int(const type_info *t, uint64_t u) {
  unsigned unused = 64 - 8u * t->size;
  if (t->kind == E_SIGNED) return (int64_t)(u << unused) >> unused;
  u = u << unused >> unused;
  return u > INT64_MAX ? INT64_MAX : (int64_t)u;
}

static void store(const type_info *t, ci_tensor *out, size_t i, uint64_t u) {
  if (out->dtype == CI_F32) ((float *)out->owned)[i] = as_float(t, u);
  else ((int64_t *)out->owned)[i] = as_int(t, u);
}

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
  p->count = 1;
  bool empty = false;
  for (size_t i = 0; i < p->rank; i++) {
    empty = empty || !p->dim[i];
    if (p->dim[i] < 0 || !ci_mul(p->count, p->dim[i] ? (size_t)p->dim[i] : 1, &p->count) || p->count > CI_TENSOR_MOST)
      return fail(o, p, CNNIMG_CORRUPT, "has impossible dimensions");
  }
  if (empty) p->count = 0; /* dimensions beside the 0 are judged all the same: strides are products of them */
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (types[i].id == p->type) p->t = &types[i];
  if (!p->t)
    return ci_fail(o->err, CNNIMG_UNSUPPORTED,
                   "the constant \"%s\" has elements of type %lld, which is not read", p->name,
                   (long long)p->type);
  return CNNIMG_OK;
}

/* Elements of one field: a number, or a packed run of them. Returns how many there are; stores those that fit. */
static size_t take(const type_info *t, ci_field *f, ci_tensor *out, size_t at) {
  size_t n = 0;
  if (f->wire == t->wire && at < out->count) store(t, out, at, f->u);
  if (f->wire == t->wire) return 1;
  while (f->wire == CI_BYTES && !f->bytes.bad && ci_cursor_left(&f->bytes)) {
    uint64_t u = t->wire == CI_VARINT    ? ci_cursor_varint(&f->bytes)
                 : t->wire == CI_FIXED32 ? ci_cursor_u32(&f->bytes, false)
                                         : ci_cursor_u64(&f->bytes, false);
    if (!f->bytes.bad && at + n < out->count) store(t, out, at + n, u);
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

static void read_raw(const proto *p, ci_tensor *out) {
  ci_cursor c = ci_cursor_make(p->raw.p, p->raw.n);
  for (size_t i = 0; i < p->count; i++) {
    uint64_t u = 0;
    for (unsigned k = 0; k < p->t->size; k++) u |= (uint64_t)ci_cursor_u8(&c) << 8 * k;
    store(p->t, out, i, u);
  }
}

static bool can_stay(const proto *p) {
  return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && p->has_raw && p->t->kind == E_F32 && p->count &&
         (uintptr_t)p->raw.p % sizeof(float) == 0;
}

static ci_tensor *in_place(const proto *p) {
  ci_tensor *t = ci_calloc(1, sizeof *t);
  if (!t) return NULL;
  t->dtype = CI_F32, t->rank = (int32_t)p->rank, t->count = p->count, t->data = p->raw.p;
  memcpy(t->dim, p->dim, p->rank * sizeof *p->dim);
  return t;
}

static int check_size(ci_onnx *o, const proto *p, size_t body) {
  size_t bytes;
  if (p->has_raw && (!ci_mul(p->count, p->t->size, &bytes) || bytes != p->raw.n))
    return ci_fail(o->err, CNNIMG_CORRUPT, "the constant \"%s\" has %zu bytes for %zu elements of %d",
                   p->name, p->raw.n, p->count, p->t->size);
  if (p->count > body) return fail(o, p, CNNIMG_CORRUPT, "has fewer elements than its dimensions say");
  return CNNIMG_OK;
}

static int fill(ci_onnx *o, const proto *p, ci_cursor body, ci_tensor *t) {
  if (p->has_raw) read_raw(p, t);
  else if (read_listed(p->t, body, t) != p->count)
    return fail(o, p, CNNIMG_CORRUPT, "has not as many elements as its dimensions say");
  return CNNIMG_OK;
}

bool ci_onnx_type(int64_t data_type, ci_type *type) {
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (types[i].id == data_type) {
      *type = data_type == T_BOOL ? CI_BOOL : types[i].kind >= E_SIGNED ? CI_INT : CI_FLOAT;
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
  bool stay = can_stay(&p);
  ci_tensor *t =
      stay ? in_place(&p) : ci_tensor_new(p.t->kind >= E_SIGNED ? CI_I64 : CI_F32, (int32_t)p.rank, p.dim);
  if (!t) return fail(o, &p, CNNIMG_NOMEM, "does not fit into memory");
  if (!stay) status = fill(o, &p, body, t);
  if (p.type == T_BOOL) t->type = CI_BOOL;
  if (status) ci_tensor_free(t);
  else *out = t;
  return status;
}
