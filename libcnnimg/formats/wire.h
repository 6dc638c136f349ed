/* SPDX-License-Identifier: MIT */
/* wire.h - the protobuf wire format: fields, numbers, texts */
#ifndef CI_WIRE_H
#define CI_WIRE_H

#include "base/cursor.h"

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

/* The next field; false at the end, or where the bytes make no sense (c->bad tells). */
bool ci_wire_next(ci_cursor *c, ci_field *f);
bool ci_wire_is(const ci_field *f, uint64_t number, ci_wire wire);
/* Appends the number(s) of a repeated integer field, packed or not, while *n < max; *n counts all. */
void ci_wire_ints(ci_field *f, int64_t *out, size_t max, size_t *n);
void ci_wire_floats(ci_field *f, float *out, size_t max, size_t *n); /* the same of floats */
ci_text ci_wire_text(const ci_field *f);
bool ci_text_is(ci_text t, const char *s);
int ci_text_compare(ci_text a, ci_text b);
char *ci_text_copy(ci_text t); /* NULL: no memory */
/* Into a fixed room, cut where it is too long. */
void ci_text_fit(ci_text t, char *out, size_t room);

#endif
