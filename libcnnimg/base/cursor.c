/* SPDX-License-Identifier: MIT */
/* cursor.c - bounded reads of numbers; after the first bad one all are zero */
#include "base/cursor.h"

const uint8_t *ci_cursor_take(ci_cursor *c, size_t n) {
  if (c->bad || n > ci_cursor_left(c)) {
    c->bad = true;
    c->p = c->end;
    return NULL;
  }
  const uint8_t *p = c->p;
  if (n) c->p += n; /* an empty cursor's pointer may be NULL */
  return p;
}

/* n bytes as a number, most significant first if big. */
static uint64_t number(ci_cursor *c, size_t n, bool big) {
  const uint8_t *p = ci_cursor_take(c, n);
  uint64_t v = 0;
  if (!p) return 0;
  for (size_t i = 0; i < n; i++) v = v << 8 | p[big ? i : n - 1 - i];
  return v;
}

uint8_t ci_cursor_u8(ci_cursor *c) { return (uint8_t)number(c, 1, true); }
uint16_t ci_cursor_u16(ci_cursor *c, bool big) { return (uint16_t)number(c, 2, big); }
uint32_t ci_cursor_u32(ci_cursor *c, bool big) { return (uint32_t)number(c, 4, big); }
uint64_t ci_cursor_u64(ci_cursor *c, bool big) { return number(c, 8, big); }

uint64_t ci_cursor_varint(ci_cursor *c) {
  uint64_t v = 0;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    uint8_t b = ci_cursor_u8(c);
    if (c->bad) return 0;
    if (shift == 63 && b > 1) break; /* more than 64 bits */
    v |= (uint64_t)(b & 0x7f) << shift;
    if (b < 0x80) return v;
  }
  c->bad = true;
  c->p = c->end;
  return 0;
}

ci_cursor ci_cursor_sub(ci_cursor *c, uint64_t n) {
  const uint8_t *p = NULL;
  if (n <= ci_cursor_left(c)) p = ci_cursor_take(c, (size_t)n);
  else c->bad = true, c->p = c->end;
  if (c->bad) return (ci_cursor){c->end, c->end, true};
  return ci_cursor_make(p, (size_t)n);
}
