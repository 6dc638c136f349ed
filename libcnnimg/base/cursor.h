/* SPDX-License-Identifier: MIT */
/* cursor.h - a bounded reader over bytes: it cannot leave them, it remembers that it wanted to */
#ifndef CI_CURSOR_H
#define CI_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ci_cursor {
  const uint8_t *p, *end;
  bool bad; /* something was read past the end, or malformed; sticky */
} ci_cursor;

static inline ci_cursor ci_cursor_make(const void *data, size_t n) {
  const uint8_t *p = data;
  return (ci_cursor){p, p ? p + n : p, false};
}
static inline size_t ci_cursor_left(const ci_cursor *c) { return (size_t)(c->end - c->p); }
/* n bytes and forward, or NULL (then bad is set and the cursor is at its end). */
const uint8_t *ci_cursor_take(ci_cursor *c, size_t n);
uint8_t ci_cursor_u8(ci_cursor *c);
uint16_t ci_cursor_u16(ci_cursor *c, bool big);
uint32_t ci_cursor_u32(ci_cursor *c, bool big);
uint64_t ci_cursor_u64(ci_cursor *c, bool big);
/* protobuf's base-128 number; more than 10 bytes is bad. */
uint64_t ci_cursor_varint(ci_cursor *c);
/* a cursor over the next n bytes, which are skipped in c. */
ci_cursor ci_cursor_sub(ci_cursor *c, uint64_t n);

#endif
