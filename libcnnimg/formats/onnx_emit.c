/* SPDX-License-Identifier: MIT */
/* onnx_emit.c - writing the protobuf wire format, or counting what it would take */
#include "formats/onnx_emit.h"

#include <errno.h>
#include <string.h>

enum { VARINT = 0, BYTES = 2, FIXED32 = 5 };
#define CHUNK 512 /* elements that are turned round at a time */

void ci_emit_raw(ci_emit *e, const void *p, size_t n) {
  e->bytes += n;
  if (!e->file || e->error || !n) return;
  if (fwrite(p, 1, n, e->file) != n) e->error = errno ? errno : EIO;
}

static void varint(ci_emit *e, uint64_t v) {
  uint8_t room[10];
  size_t n = 0;
  for (; v >= 0x80; v >>= 7) room[n++] = (uint8_t)(v | 0x80);
  room[n++] = (uint8_t)v;
  ci_emit_raw(e, room, n);
}

static void tag(ci_emit *e, uint32_t field, uint32_t wire) { varint(e, (uint64_t)field << 3 | wire); }

uint64_t ci_emit_size(ci_emit_body body, const void *arg) {
  ci_emit counted = {0};
  body(&counted, arg);
  return counted.bytes;
}

void ci_emit_int(ci_emit *e, uint32_t field, int64_t v) {
  tag(e, field, VARINT);
  varint(e, (uint64_t)v);
}

static void little(uint8_t *to, uint64_t v, int bytes) {
  for (int i = 0; i < bytes; i++) to[i] = (uint8_t)(v >> 8 * i);
}

static uint32_t bits_of(float v) {
  uint32_t u;
  memcpy(&u, &v, sizeof u);
  return u;
}

void ci_emit_float(ci_emit *e, uint32_t field, float v) {
  uint8_t room[4];
  tag(e, field, FIXED32);
  little(room, bits_of(v), 4);
  ci_emit_raw(e, room, sizeof room);
}

void ci_emit_head(ci_emit *e, uint32_t field, uint64_t n) {
  tag(e, field, BYTES);
  varint(e, n);
}

void ci_emit_message(ci_emit *e, uint32_t field, ci_emit_body body, const void *arg) {
  uint64_t n = ci_emit_size(body, arg);
  ci_emit_head(e, field, n);
  if (e->file) body(e, arg);
  else e->bytes += n;
}

/* ---- texts ---------------------------------------------------------------------------- */

/* RFC 3629: no surrogates, nothing overlong. */
int ci_utf8_length(const char *s) {
  const unsigned char *p = (const unsigned char *)s;
  if (p[0] < 0x80) return 1;
  int n = p[0] >= 0xc2 && p[0] <= 0xdf ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 : p[0] >= 0xf0 && p[0] <= 0xf4 ? 4 : 0;
  for (int i = 1; i < n; i++)
    if ((p[i] & 0xc0) != 0x80) return 0;
  if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f)) return 0;
  return (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f) ? 0 : n;
}

void ci_emit_text(ci_emit *e, uint32_t field, const char *s) {
  ci_emit_head(e, field, strlen(s));
  while (*s) {
    int n = ci_utf8_length(s);
    ci_emit_raw(e, n ? s : "?", n ? (size_t)n : 1);
    s += n ? n : 1;
  }
}

/* ---- elements --------------------------------------------------------------------------- */

static const bool is_little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;

void ci_emit_floats(ci_emit *e, const float *v, size_t n) {
  uint8_t room[CHUNK * 4];
  if (is_little || !e->file) {
    ci_emit_raw(e, v, n * sizeof *v);
    return;
  }
  for (size_t i = 0, k; i < n; i += k) {
    for (k = 0; k < CHUNK && i + k < n; k++) little(room + 4 * k, bits_of(v[i + k]), 4);
    ci_emit_raw(e, room, 4 * k);
  }
}

static void integers(ci_emit *e, const int64_t *v, size_t n, int bytes) {
  uint8_t room[CHUNK * 8];
  for (size_t i = 0, k; i < n; i += k) {
    for (k = 0; k < CHUNK && i + k < n; k++)
      little(room + (size_t)bytes * k, bytes == 1 ? v[i + k] != 0 : (uint64_t)v[i + k], bytes);
    ci_emit_raw(e, room, (size_t)bytes * k);
  }
}

void ci_emit_int64s(ci_emit *e, const int64_t *v, size_t n) {
  if (is_little || !e->file) ci_emit_raw(e, v, n * sizeof *v);
  else integers(e, v, n, 8);
}

void ci_emit_bools(ci_emit *e, const int64_t *v, size_t n) {
  if (e->file) integers(e, v, n, 1);
  else e->bytes += n;
}
