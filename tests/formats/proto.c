/* SPDX-License-Identifier: MIT */
/* proto.c - protobuf's wire format and ONNX's tensors, as small as tests need them */
#include "tests/formats/proto.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void damaged(void) {
  fputs("a message in the test data makes no sense\n", stderr);
  exit(99);
}

static void *room(size_t n, size_t size) {
  void *p = calloc(n ? n : 1, size);
  if (!p) fputs("no memory\n", stderr), exit(99);
  return p;
}

uint8_t *proto_load(const char *path, size_t *size) {
  FILE *f = fopen(path, "rbe");
  if (!f) return NULL;
  proto_out o = {NULL, 0, 0};
  uint8_t part[16384];
  size_t n;
  proto_put(&o, NULL, 0);
  while ((n = fread(part, 1, sizeof part, f))) proto_put(&o, part, n);
  fclose(f);
  *size = o.n;
  return o.p;
}

/* ---- reading ------------------------------------------------------------------------ */

static uint64_t varint(proto_bytes *b) {
  uint64_t v = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (b->p >= b->end) damaged();
    v |= (uint64_t)(*b->p & 127) << shift;
    if (!(*b->p++ & 128)) return v;
  }
  damaged();
  return 0;
}

static uint64_t little(proto_bytes *b, size_t n) {
  uint64_t v = 0;
  if ((size_t)(b->end - b->p) < n) damaged();
  for (size_t i = 0; i < n; i++) v |= (uint64_t)*b->p++ << 8 * i;
  return v;
}

bool proto_next(proto_bytes *b, proto_field *f) {
  if (b->p >= b->end) return false;
  f->whole.p = b->p;
  uint64_t tag = varint(b);
  f->number = tag >> 3, f->wire = tag & 7, f->u = 0;
  if (f->wire == 0) f->u = varint(b);
  else if (f->wire == 1) f->u = little(b, 8);
  else if (f->wire == 5) f->u = little(b, 4);
  else if (f->wire == 2) {
    uint64_t n = varint(b);
    if (n > (uint64_t)(b->end - b->p)) damaged();
    f->body = (proto_bytes){b->p, b->p + n};
    b->p += n;
  } else damaged();
  f->whole.end = b->p;
  return true;
}

bool proto_find(proto_bytes b, uint64_t number, proto_bytes *out) {
  proto_field f;
  while (proto_next(&b, &f))
    if (f.number == number && f.wire == 2) {
      *out = f.body;
      return true;
    }
  return false;
}

uint64_t proto_number(proto_bytes b, uint64_t number, uint64_t otherwise) {
  proto_field f;
  while (proto_next(&b, &f))
    if (f.number == number && f.wire == 0) return f.u;
  return otherwise;
}

bool proto_is(proto_bytes text, const char *s) {
  size_t n = (size_t)(text.end - text.p);
  return n == strlen(s) && !memcmp(text.p, s, n);
}

/* ---- tensors ------------------------------------------------------------------------- */

static const struct type {
  const char *name;
  uint8_t size, field,
      wire; /* bytes of a raw element, field and wire of a listed one; size 0: no real number */
} types[] = {
    [PROTO_FLOAT] = {"float", 4, 4, 5},
    [PROTO_UINT8] = {"uint8", 1, 5, 0},
    [PROTO_INT8] = {"int8", 1, 5, 0},
    [PROTO_UINT16] = {"uint16", 2, 5, 0},
    [PROTO_INT16] = {"int16", 2, 5, 0},
    [PROTO_INT32] = {"int32", 4, 5, 0},
    [PROTO_INT64] = {"int64", 8, 7, 0},
    [PROTO_STRING] = {"string", 0, 0, 0},
    [PROTO_BOOL] = {"bool", 1, 5, 0},
    [PROTO_FLOAT16] = {"float16", 2, 5, 0},
    [PROTO_DOUBLE] = {"double", 8, 10, 1},
    [PROTO_UINT32] = {"uint32", 4, 11, 0},
    [PROTO_UINT64] = {"uint64", 8, 11, 0},
    [PROTO_COMPLEX64] = {"complex64", 0, 0, 0},
    [PROTO_COMPLEX128] = {"complex128", 0, 0, 0},
    [PROTO_BFLOAT16] = {"bfloat16", 2, 5, 0},
};

#define N_TYPES (int)(sizeof types / sizeof *types)

const char *proto_type_name(int type) {
  return type > 0 && type < N_TYPES && types[type].name ? types[type].name : "no tensor";
}

static double half(uint64_t h) {
  int exponent = (int)(h >> 10 & 31);
  double mantissa = (double)(h & 1023);
  double v = exponent == 31 ? (mantissa != 0 ? NAN : INFINITY)
             : exponent     ? ldexp(mantissa + 1024, exponent - 25)
                            : ldexp(mantissa, -24);
  return h & 0x8000 ? -v : v;
}

static double element(int type, uint64_t u) {
  unsigned unused = 64 - 8u * types[type].size;
  uint32_t single = type == PROTO_BFLOAT16 ? (uint32_t)u << 16 : (uint32_t)u;
  float f;
  double d;
  switch (type) {
    case PROTO_FLOAT:
    case PROTO_BFLOAT16:
      memcpy(&f, &single, sizeof f);
      return (double)f;
    case PROTO_DOUBLE:
      memcpy(&d, &u, sizeof d);
      return d;
    case PROTO_FLOAT16:
      return half(u);
    case PROTO_INT8:
    case PROTO_INT16:
    case PROTO_INT32:
    case PROTO_INT64:
      return (double)((int64_t)(u << unused) >> unused);
    default:
      return (double)(u << unused >> unused);
  }
}

/* Elements of a listed field, one or a packed run. */
static size_t take(proto_tensor *t, const proto_field *f, size_t at) {
  const struct type *k = &types[t->type];
  if (f->wire != 2) {
    if (at >= t->count) damaged();
    t->v[at] = element(t->type, f->u);
    return at + 1;
  }
  for (proto_bytes b = f->body; b.p < b.end; at++) {
    uint64_t u = k->wire ? little(&b, k->wire == 1 ? 8 : 4) : varint(&b);
    if (at >= t->count) damaged();
    t->v[at] = element(t->type, u);
  }
  return at;
}

static size_t take_raw(proto_tensor *t, proto_bytes b) {
  size_t at = 0;
  for (; b.p < b.end && at < t->count; at++) t->v[at] = element(t->type, little(&b, types[t->type].size));
  return b.p == b.end ? at : SIZE_MAX;
}

static void read_head(proto_tensor *t, proto_bytes b) {
  proto_field f;
  while (proto_next(&b, &f)) {
    if (f.number == 2) t->type = (int)f.u;
    if (f.number != 1) continue;
    proto_bytes dims = f.body;
    for (bool first = true; f.wire == 2 ? dims.p < dims.end : first; first = false) {
      if (t->rank >= PROTO_MAX_RANK) damaged();
      t->dim[t->rank++] = (size_t)(f.wire == 2 ? varint(&dims) : f.u);
    }
  }
  t->count = 1;
  for (size_t i = 0; i < t->rank; i++) t->count *= t->dim[i];
}

proto_tensor proto_read_tensor(proto_bytes b) {
  proto_tensor t = {.rank = 0};
  proto_field f;
  size_t n = 0;
  read_head(&t, b);
  if (t.type <= 0 || t.type >= N_TYPES || !types[t.type].size) return t;
  t.v = room(t.count, sizeof *t.v);
  while (proto_next(&b, &f)) {
    if (f.number == 9 && f.wire == 2) n = take_raw(&t, f.body);
    if (f.number == types[t.type].field) n = take(&t, &f, n);
  }
  if (n != t.count) damaged();
  return t;
}

/* ---- writing -------------------------------------------------------------------------- */

void proto_put(proto_out *o, const void *p, size_t n) {
  if (o->n + n >= o->room) {
    o->room = 2 * (o->n + n) + 64;
    uint8_t *grown = realloc(o->p, o->room);
    if (!grown) fputs("no memory\n", stderr), exit(99);
    o->p = grown;
  }
  if (n) memcpy(o->p + o->n, p, n);
  o->n += n;
}

static void put_number(proto_out *o, uint64_t v) {
  for (; v > 127; v >>= 7) proto_put(o, &(uint8_t){(uint8_t)(v | 128)}, 1);
  proto_put(o, &(uint8_t){(uint8_t)v}, 1);
}

void proto_put_bytes(proto_out *o, uint64_t number, const void *p, size_t n) {
  put_number(o, number << 3 | 2);
  put_number(o, n);
  proto_put(o, p, n);
}

void proto_put_varint(proto_out *o, uint64_t number, uint64_t v) {
  put_number(o, number << 3);
  put_number(o, v);
}
