/* SPDX-License-Identifier: MIT */
/* tf_table.c - LevelDB's tables, as TensorFlow's checkpoints use them: blocks of keys that share their beginnings */
#include "formats/tf_table.h"

#include <string.h>

#include "base/error.h"

#define LONGEST_KEY 4096
#define TRAILER 5 /* behind a block: how it is packed, and its checksum */

static const uint8_t magic[8] = {0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb};

/* ---- checksums --------------------------------------------------------------------------------- */

/* Castagnoli's polynomial, four bits at a time: the table is small enough to be written down. */
static const uint32_t nibbles[16] = {0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
                                     0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
                                     0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75};

uint32_t ci_crc32c(const uint8_t *p, size_t n) {
  uint32_t crc = 0xffffffffu;
  for (size_t i = 0; i < n; i++) {
    crc ^= p[i];
    crc = crc >> 4 ^ nibbles[crc & 15];
    crc = crc >> 4 ^ nibbles[crc & 15];
  }
  return ~crc;
}

uint32_t ci_crc32c_masked(const uint8_t *p, size_t n) {
  uint32_t crc = ci_crc32c(p, n);
  return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

/* ---- blocks ---------------------------------------------------------------------------------------- */

bool ci_tf_table_is(const uint8_t *data, size_t size) {
  return size >= CI_TF_FOOTER && !memcmp(data + size - sizeof magic, magic, sizeof magic);
}

typedef int each_fn(void *user, const uint8_t *key, size_t n, ci_cursor value);

typedef struct table {
  const uint8_t *data;
  size_t size, seen; /* seen: bytes of blocks that were walked; each belongs to one entry of the index */
  each_fn *each;
  void *user;
  cnnimg_error *err;
} table;

static int corrupt(const table *t, const char *what) {
  return ci_fail(t->err, CNNIMG_CORRUPT, "the table's %s", what);
}

/* A BlockHandle's bytes, checked against its sum; what is packed is not read. */
static int open_block(const table *t, ci_cursor *handle, ci_cursor *block) {
  uint64_t at = ci_cursor_varint(handle), n = ci_cursor_varint(handle);
  if (handle->bad || at > t->size || n > t->size - at || t->size - at - n < TRAILER)
    return corrupt(t, "blocks lie outside of it");
  const uint8_t *p = t->data + at;
  ci_cursor sum = ci_cursor_make(p + n + 1, 4);
  if (p[n] != 0)
    return ci_fail(t->err, CNNIMG_UNSUPPORTED, "the table is packed by Snappy, which is not read");
  if (ci_crc32c_masked(p, (size_t)n + 1) != ci_cursor_u32(&sum, false))
    return corrupt(t, "block has another checksum than it says");
  *block = ci_cursor_make(p, (size_t)n);
  return CNNIMG_OK;
}

/* The entries stop where the list of restart points begins. */
static bool cut_restarts(ci_cursor *block) {
  size_t n = ci_cursor_left(block);
  if (n < 4) return false;
  ci_cursor last = ci_cursor_make(block->end - 4, 4);
  uint64_t points = ci_cursor_u32(&last, false);
  if (points > (n - 4) / 4) return false;
  block->end -= 4 + 4 * points;
  return true;
}

static int walk_block(const table *t, ci_cursor block, each_fn *each, void *user) {
  uint8_t key[LONGEST_KEY];
  size_t n = 0;
  if (!cut_restarts(&block)) return corrupt(t, "block is damaged");
  while (ci_cursor_left(&block)) {
    uint64_t shared = ci_cursor_varint(&block), more = ci_cursor_varint(&block),
             size = ci_cursor_varint(&block);
    if (block.bad || shared > n || more > LONGEST_KEY - shared) return corrupt(t, "key is damaged");
    const uint8_t *rest = ci_cursor_take(&block, (size_t)more);
    ci_cursor value = ci_cursor_sub(&block, size);
    if (block.bad) return corrupt(t, "entry is damaged");
    if (more) memcpy(key + shared, rest, (size_t)more);
    n = (size_t)(shared + more);
    int status = each(user, key, n, value);
    if (status) return status;
  }
  return CNNIMG_OK;
}

/* An entry of the index: the last key of a block, and where that is. */
static int walk_index(void *user, const uint8_t *key, size_t n, ci_cursor value) {
  table *t = user;
  ci_cursor block;
  (void)key;
  (void)n;
  int status = open_block(t, &value, &block);
  if (status) return status;
  t->seen += ci_cursor_left(&block) + TRAILER;
  if (t->seen > t->size) return corrupt(t, "blocks overlap");
  return walk_block(t, block, t->each, t->user);
}

int ci_tf_table_walk(const uint8_t *data, size_t size, each_fn *each, void *user, cnnimg_error *err) {
  table t = {data, size, 0, each, user, err};
  ci_cursor block;
  if (!ci_tf_table_is(data, size)) return corrupt(&t, "end is missing; it may be cut off");
  ci_cursor footer = ci_cursor_make(data + size - CI_TF_FOOTER, CI_TF_FOOTER - sizeof magic);
  (void)ci_cursor_varint(&footer); /* of what says nothing to us */
  (void)ci_cursor_varint(&footer);
  int status = open_block(&t, &footer, &block);
  return status ? status : walk_block(&t, block, walk_index, &t);
}
