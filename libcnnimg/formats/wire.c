/* SPDX-License-Identifier: MIT */
/* wire.c - the protobuf wire format: fields, numbers, texts */
#include <string.h>

#include "base/memory.h"
#include "formats/wire.h"

bool ci_wire_next(ci_cursor *c, ci_field *f) {
  if (c->bad || !ci_cursor_left(c)) return false;
  uint64_t tag = ci_cursor_varint(c);
  *f = (ci_field){.number = tag >> 3, .wire = (uint32_t)(tag & 7)};
  switch (f->wire) {
    case CI_VARINT:
      f->u = ci_cursor_varint(c);
      break;
    case CI_FIXED64:
      f->u = ci_cursor_u64(c, false);
      break;
    case CI_BYTES:
      f->bytes = ci_cursor_sub(c, ci_cursor_varint(c));
      break;
    case CI_FIXED32:
      f->u = ci_cursor_u32(c, false);
      break;
    default:
      c->bad = true; /* groups died with protobuf 2 */
  }
  if (!f->number || f->number >> 29) c->bad = true;
  return !c->bad;
}

bool ci_wire_is(const ci_field *f, uint64_t number, ci_wire wire) {
  return f->number == number && f->wire == (uint32_t)wire;
}

void ci_wire_ints(ci_field *f, int64_t *out, size_t max, size_t *n) {
  if (f->wire == CI_VARINT) {
    if (*n < max) out[*n] = (int64_t)f->u;
    ++*n;
  }
  if (f->wire != CI_BYTES) return;
  while (!f->bytes.bad && ci_cursor_left(&f->bytes)) {
    uint64_t u = ci_cursor_varint(&f->bytes);
    if (*n < max) out[*n] = (int64_t)u;
    ++*n;
  }
}

static float float_of(uint32_t bits) {
  float v;
  memcpy(&v, &bits, sizeof v);
  return v;
}

void ci_wire_floats(ci_field *f, float *out, size_t max, size_t *n) {
  if (f->wire == CI_FIXED32) {
    if (*n < max) out[*n] = float_of((uint32_t)f->u);
    ++*n;
  }
  if (f->wire != CI_BYTES) return;
  while (!f->bytes.bad && ci_cursor_left(&f->bytes)) {
    uint32_t bits = ci_cursor_u32(&f->bytes, false);
    if (*n < max) out[*n] = float_of(bits);
    ++*n;
  }
}

ci_text ci_wire_text(const ci_field *f) {
  return f->wire == CI_BYTES ? (ci_text){f->bytes.p, ci_cursor_left(&f->bytes)} : (ci_text){NULL, 0};
}

bool ci_text_is(ci_text t, const char *s) { return t.n == strlen(s) && (!t.n || !memcmp(t.p, s, t.n)); }

int ci_text_compare(ci_text a, ci_text b) {
  size_t n = a.n < b.n ? a.n : b.n;
  int order = n ? memcmp(a.p, b.p, n) : 0;
  return order ? order : a.n < b.n ? -1 : a.n > b.n;
}

char *ci_text_copy(ci_text t) { return t.n ? ci_strndup((const char *)t.p, t.n) : ci_strdup(""); }

void ci_text_fit(ci_text t, char *out, size_t room) {
  size_t n = t.n < room - 1 ? t.n : room - 1;
  if (n) memcpy(out, t.p, n);
  out[n] = 0;
}
