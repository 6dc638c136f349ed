/* SPDX-License-Identifier: MIT */
/* zip.c - reading zip archives from memory: the directory, stored and deflated members */
#include "base/zip.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/cursor.h"
#include "base/error.h"
#include "base/memory.h"

/* APPNOTE.TXT 6.3.10, 4.3 */
#define LOCAL 0x04034b50u
#define CENTRAL 0x02014b50u
#define END 0x06054b50u
#define END64 0x06064b50u
#define LOCATOR64 0x07064b50u
#define END_BYTES 22
#define LOCATOR_BYTES 20
#define LOCAL_BYTES 30
#define CENTRAL_BYTES 46
#define MOST_MEMBERS (1u << 20)
#define WIDE 0xffffffffu /* the number stands in a zip64 field */

typedef struct archive {
  const uint8_t *data;
  size_t size;
  uint64_t at, bytes, n; /* of the central directory */
  cnnimg_error *err;
} archive;

static int damaged(const archive *a, const char *what) {
  return ci_fail(a->err, CNNIMG_CORRUPT, "the zip archive is damaged: %s", what);
}

static ci_cursor cursor_at(const archive *a, uint64_t at) {
  ci_cursor c = ci_cursor_make(a->data, a->size);
  ci_cursor_sub(&c, at);
  return c;
}

/* ---- where the directory is --------------------------------------------------------------- */

/* The end record is last but for a comment of up to 64 KiB, which it gives the length of. */
static bool find_end(const archive *a, size_t *at) {
  size_t deepest = a->size > END_BYTES + 0xffff ? a->size - END_BYTES - 0xffff : 0;
  if (a->size < END_BYTES) return false;
  for (size_t i = a->size - END_BYTES + 1; i-- > deepest;) {
    ci_cursor c = cursor_at(a, i);
    if (ci_cursor_u32(&c, false) != END) continue;
    ci_cursor comment = cursor_at(a, i + 20);
    if (ci_cursor_u16(&comment, false) == a->size - i - END_BYTES) return *at = i, true;
  }
  return false;
}

static int read_end64(archive *a, size_t end) {
  ci_cursor c = cursor_at(a, end < LOCATOR_BYTES ? 0 : end - LOCATOR_BYTES);
  if (end < LOCATOR_BYTES || ci_cursor_u32(&c, false) != LOCATOR64)
    return damaged(a, "its zip64 directory is missing");
  ci_cursor_u32(&c, false);
  c = cursor_at(a, ci_cursor_u64(&c, false));
  if (ci_cursor_u32(&c, false) != END64) return damaged(a, "its zip64 directory is missing");
  ci_cursor_sub(&c, 28); /* the record's size, versions, parts, members in this part */
  a->n = ci_cursor_u64(&c, false), a->bytes = ci_cursor_u64(&c, false), a->at = ci_cursor_u64(&c, false);
  return c.bad ? damaged(a, "its zip64 directory is cut off") : CNNIMG_OK;
}

static int read_end(archive *a) {
  size_t end;
  if (!find_end(a, &end)) return damaged(a, "it has no directory; it may be cut off");
  ci_cursor c = cursor_at(a, end + 4);
  uint32_t part = ci_cursor_u32(&c, false);
  ci_cursor_u16(&c, false);
  a->n = ci_cursor_u16(&c, false), a->bytes = ci_cursor_u32(&c, false), a->at = ci_cursor_u32(&c, false);
  if (a->n == 0xffff || a->bytes == WIDE || a->at == WIDE) {
    int status = read_end64(a, end);
    if (status) return status;
  } else if (part) return ci_fail(a->err, CNNIMG_UNSUPPORTED, "the zip archive is one of several parts");
  if (a->at > end || a->bytes > end - a->at || a->n > a->bytes / CENTRAL_BYTES)
    return damaged(a, "its directory lies outside of it");
  return a->n <= MOST_MEMBERS
             ? CNNIMG_OK
             : ci_fail(a->err, CNNIMG_LIMIT, "the zip archive has more than %u members", MOST_MEMBERS);
}

/* ---- members ---------------------------------------------------------------------------------- */

/* Numbers that did not fit, in the order in which they did not. */
static void read_extra64(ci_cursor extra, uint64_t *size, uint64_t *packed, uint64_t *at) {
  while (!extra.bad && ci_cursor_left(&extra) >= 4) {
    uint16_t id = ci_cursor_u16(&extra, false);
    ci_cursor f = ci_cursor_sub(&extra, ci_cursor_u16(&extra, false));
    if (id != 1) continue;
    if (*size == WIDE) *size = ci_cursor_u64(&f, false);
    if (*packed == WIDE) *packed = ci_cursor_u64(&f, false);
    if (*at == WIDE) *at = ci_cursor_u64(&f, false);
  }
}

/* The bytes behind the member's local head, whose own sizes may be 0. They end before the directory begins. */
static int locate(archive *a, ci_zip_member *m, uint64_t at) {
  ci_cursor c = ci_cursor_make(a->data, (size_t)a->at);
  ci_cursor_sub(&c, at);
  if (ci_cursor_u32(&c, false) != LOCAL) return damaged(a, "a member is not where the directory says");
  ci_cursor_sub(&c, 22);
  uint16_t name = ci_cursor_u16(&c, false), extra = ci_cursor_u16(&c, false);
  ci_cursor_sub(&c, (uint64_t)name + extra);
  m->data = ci_cursor_sub(&c, m->packed).p;
  return c.bad ? damaged(a, "a member is cut off") : CNNIMG_OK;
}

static int read_member(archive *a, ci_cursor *c, ci_zip_member *m) {
  if (ci_cursor_u32(c, false) != CENTRAL) return damaged(a, "its directory is cut off");
  ci_cursor_u32(c, false);
  uint16_t flags = ci_cursor_u16(c, false), method = ci_cursor_u16(c, false);
  ci_cursor_u32(c, false);
  m->crc = ci_cursor_u32(c, false);
  uint64_t packed = ci_cursor_u32(c, false), size = ci_cursor_u32(c, false);
  uint16_t name = ci_cursor_u16(c, false), extra = ci_cursor_u16(c, false), comment = ci_cursor_u16(c, false);
  ci_cursor_u64(c, false);
  uint64_t at = ci_cursor_u32(c, false);
  ci_cursor text = ci_cursor_sub(c, name);
  read_extra64(ci_cursor_sub(c, extra), &size, &packed, &at);
  ci_cursor_sub(c, comment);
  if (c->bad) return damaged(a, "its directory is cut off");
  if (packed > a->size || size > SIZE_MAX / 2) return damaged(a, "a member is larger than the file");
  m->packed = (size_t)packed, m->size = (size_t)size, m->deflated = method == Z_DEFLATED;
  m->name = ci_strndup((const char *)text.p, name);
  if (!m->name) return ci_fail(a->err, CNNIMG_NOMEM, "no memory for a zip archive's directory");
  if (flags & 1 || (method && method != Z_DEFLATED))
    return ci_fail(a->err, CNNIMG_UNSUPPORTED,
                   "the zip archive's \"%.80s\" is encrypted, or packed by method %u", m->name, method);
  if (!m->deflated && m->packed != m->size) return damaged(a, "a stored member has two sizes");
  return locate(a, m, at);
}

/* ---- the directory as a whole -------------------------------------------------------------------- */

static int by_place(const void *a, const void *b) {
  const ci_zip_member *x = a, *y = b;
  return (x->data > y->data) - (x->data < y->data);
}
static int by_name(const void *a, const void *b) {
  return strcmp(((const ci_zip_member *)a)->name, ((const ci_zip_member *)b)->name);
}

/* Bombs let a thousand members share the same bytes. */
static int check_members(archive *a, ci_zip *z) {
  if (!z->n) return CNNIMG_OK;
  qsort(z->members, z->n, sizeof *z->members, by_place);
  const uint8_t *end = a->data;
  for (size_t i = 0; i < z->n; i++) {
    if (z->members[i].packed && z->members[i].data < end) return damaged(a, "two members overlap");
    if (z->members[i].packed) end = z->members[i].data + z->members[i].packed;
  }
  qsort(z->members, z->n, sizeof *z->members, by_name);
  for (size_t i = 1; i < z->n; i++)
    if (!strcmp(z->members[i - 1].name, z->members[i].name)) return damaged(a, "two members have one name");
  return CNNIMG_OK;
}

static int read_directory(archive *a, ci_zip *z) {
  ci_cursor c = cursor_at(a, a->at), directory = ci_cursor_sub(&c, a->bytes);
  int status = CNNIMG_OK;
  z->members = ci_calloc((size_t)a->n + 1, sizeof *z->members);
  if (!z->members) return ci_fail(a->err, CNNIMG_NOMEM, "no memory for a zip archive's directory");
  while (!status && z->n < a->n) {
    status = read_member(a, &directory, &z->members[z->n]);
    z->n++;
  }
  return status ? status : check_members(a, z);
}

int ci_zip_open(ci_zip *z, const void *data, size_t size, cnnimg_error *err) {
  archive a = {.data = data, .size = size, .err = err};
  *z = (ci_zip){0};
  int status = read_end(&a);
  if (!status) status = read_directory(&a, z);
  if (status) ci_zip_close(z);
  return status;
}

void ci_zip_close(ci_zip *z) {
  for (size_t i = 0; i < z->n; i++) free(z->members[i].name);
  free(z->members);
  *z = (ci_zip){0};
}

const ci_zip_member *ci_zip_find(const ci_zip *z, const char *name) {
  const ci_zip_member key = {.name = (char *)(uintptr_t)name};
  return z->n ? bsearch(&key, z->members, z->n, sizeof *z->members, by_name) : NULL;
}

/* ---- bytes ------------------------------------------------------------------------------------------ */

static bool inflate_all(const ci_zip_member *m, uint8_t *out) {
  z_stream s = {.next_in = (Bytef *)(uintptr_t)m->data,
                .avail_in = (uInt)m->packed,
                .next_out = out,
                .avail_out = (uInt)m->size};
  if (inflateInit2(&s, -MAX_WBITS) != Z_OK) return false;
  int rc = inflate(&s, Z_FINISH);
  bool whole = rc == Z_STREAM_END && s.total_out == m->size;
  inflateEnd(&s);
  return whole && crc32(crc32(0, NULL, 0), out, (uInt)m->size) == m->crc;
}

int ci_zip_read(const ci_zip_member *m, size_t most, const uint8_t **data, void **owned, cnnimg_error *err) {
  *data = m->data, *owned = NULL;
  if (!m->deflated) return CNNIMG_OK;
  if (m->size > most || m->size > UINT_MAX || m->packed > UINT_MAX)
    return ci_fail(err, CNNIMG_LIMIT,
                   "the zip archive's \"%.80s\" would unpack to %zu bytes, %zu are allowed", m->name, m->size,
                   most);
  uint8_t *room = malloc(m->size ? m->size : 1);
  if (!room) return ci_fail(err, CNNIMG_NOMEM, "no memory to unpack \"%.80s\"", m->name);
  if (!inflate_all(m, room)) {
    free(room);
    return ci_fail(err, CNNIMG_CORRUPT, "the zip archive's \"%.80s\" is damaged", m->name);
  }
  *data = *owned = room;
  return CNNIMG_OK;
}
