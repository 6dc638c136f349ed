/* SPDX-License-Identifier: MIT */
/* proto.h - ONNX's messages for tests: a reader of its own, so that the library's reader is not its own judge */
#ifndef TEST_PROTO_H
#define TEST_PROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROTO_MAX_RANK 8

/* Numbers of TensorProto.DataType */
enum {
  PROTO_FLOAT = 1,
  PROTO_UINT8,
  PROTO_INT8,
  PROTO_UINT16,
  PROTO_INT16,
  PROTO_INT32,
  PROTO_INT64,
  PROTO_STRING,
  PROTO_BOOL,
  PROTO_FLOAT16,
  PROTO_DOUBLE,
  PROTO_UINT32,
  PROTO_UINT64,
  PROTO_COMPLEX64,
  PROTO_COMPLEX128,
  PROTO_BFLOAT16
};

/* A run of bytes, read from the front. */
typedef struct proto_bytes {
  const uint8_t *p, *end;
} proto_bytes;

typedef struct proto_field {
  uint64_t number, u;
  unsigned wire;     /* 0 varint, 1 eight bytes, 2 bytes, 5 four bytes */
  proto_bytes whole; /* tag and all, to be copied */
  proto_bytes body;  /* of wire 2 */
} proto_field;

typedef struct proto_tensor {
  int type;
  size_t rank, count;
  size_t dim[PROTO_MAX_RANK];
  double *v; /* count numbers, malloc'ed; NULL: elements that are no real numbers */
} proto_tensor;

typedef struct proto_out {
  uint8_t *p;
  size_t n, room;
} proto_out;

/* The whole file, malloc'ed, or NULL. */
uint8_t *proto_load(const char *path, size_t *size);
/* The next field; false at the end. Damaged bytes end the program: the data is another project's, and sound. */
bool proto_next(proto_bytes *b, proto_field *f);
/* The first field of that number, with wire 2. */
bool proto_find(proto_bytes b, uint64_t number, proto_bytes *out);
/* The first varint of that number, or `otherwise`. */
uint64_t proto_number(proto_bytes b, uint64_t number, uint64_t otherwise);
bool proto_is(proto_bytes text, const char *s);
proto_tensor proto_read_tensor(proto_bytes b);
const char *proto_type_name(int type);

void proto_put(proto_out *o, const void *p, size_t n);
void proto_put_bytes(proto_out *o, uint64_t number, const void *p, size_t n); /* tag, length, bytes */
void proto_put_varint(proto_out *o, uint64_t number, uint64_t v);             /* tag, number */

#endif
