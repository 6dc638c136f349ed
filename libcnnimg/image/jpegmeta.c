/* SPDX-License-Identifier: MIT */
/* jpegmeta.c - EXIF, XMP, ICC and comments: in which segments of a JPEG file they live */
#include "image/jpegmeta.h"

#include <string.h>

#include "base/cursor.h"
#include "base/error.h"

enum { APP1 = 0xe1, APP2 = 0xe2, COM = 0xfe, SOS = 0xda, EOI = 0xd9 };

static const char exif_head[] = "Exif\0"; /* and the literal's own NUL */
static const char xmp_head[] = "http://ns.adobe.com/xap/1.0/";
static const char icc_head[] = "ICC_PROFILE";
#define ICC_HEAD (sizeof icc_head + 2) /* then the number of this piece, and how many there are */

/* The pieces of an ICC profile, as found. */
typedef struct pieces {
  const uint8_t *data[256];
  size_t size[256];
  unsigned count; /* how many there should be */
  bool bad;
} pieces;

static bool starts(const uint8_t *p, size_t n, const void *head, size_t size) {
  return n >= size && memcmp(p, head, size) == 0;
}

static void take_icc(pieces *icc, const uint8_t *p, size_t n) {
  unsigned number = p[ICC_HEAD - 2], count = p[ICC_HEAD - 1];
  if (number == 0 || number > count || icc->data[number] || (icc->count && icc->count != count))
    icc->bad = true;
  if (icc->bad) return;
  icc->count = count;
  icc->data[number] = p + ICC_HEAD;
  icc->size[number] = n - ICC_HEAD;
}

static int take_segment(ci_meta *m, pieces *icc, int marker, const uint8_t *p, size_t n) {
  if (marker == COM) return ci_meta_add_text(m, "Comment", (const char *)p, n);
  if (marker == APP1 && starts(p, n, exif_head, sizeof exif_head) && !m->exif.data)
    return ci_blob_set(&m->exif, p + sizeof exif_head, n - sizeof exif_head);
  if (marker == APP1 && starts(p, n, xmp_head, sizeof xmp_head) && !m->xmp.data)
    return ci_blob_set(&m->xmp, p + sizeof xmp_head, n - sizeof xmp_head);
  if (marker == APP2 && n >= ICC_HEAD && starts(p, n, icc_head, sizeof icc_head)) take_icc(icc, p, n);
  return CNNIMG_OK;
}

/* A profile with a piece missing is none. */
static int join_icc(ci_meta *m, const pieces *icc) {
  size_t all = 0, at = 0;
  for (unsigned i = 1; i <= icc->count; i++) {
    if (!icc->data[i]) return CNNIMG_OK;
    all += icc->size[i];
  }
  if (all == 0 || icc->bad) return CNNIMG_OK;
  m->icc.data = ci_calloc(1, all);
  if (!m->icc.data) return CNNIMG_NOMEM;
  for (unsigned i = 1; i <= icc->count; at += icc->size[i++])
    memcpy(m->icc.data + at, icc->data[i], icc->size[i]);
  m->icc.size = all;
  return CNNIMG_OK;
}

/* The next segment before the pixels; false where there is none. */
static bool next_segment(ci_cursor *c, int *marker, const uint8_t **p, size_t *n) {
  for (;;) {
    int b = ci_cursor_u8(c);
    while (!c->bad && b != 0xff) b = ci_cursor_u8(c); /* stray bytes, as libjpeg skips them */
    while (!c->bad && b == 0xff) b = ci_cursor_u8(c);
    if (c->bad || b == SOS || b == EOI) return false;
    if (b == 0 || b == 1 || (b >= 0xd0 && b <= 0xd8)) continue; /* these have no length */
    size_t length = ci_cursor_u16(c, true);
    *marker = b;
    *n = length < 2 ? 0 : length - 2;
    *p = ci_cursor_take(c, *n);
    return *p != NULL && length >= 2;
  }
}

int ci_jpeg_meta_read(const ci_source *src, ci_meta *meta, cnnimg_error *err) {
  ci_cursor c = ci_cursor_make(src->data, src->size);
  pieces icc = {0};
  const uint8_t *p;
  size_t n;
  int marker, rc = CNNIMG_OK;
  while (rc == CNNIMG_OK && next_segment(&c, &marker, &p, &n)) rc = take_segment(meta, &icc, marker, p, n);
  if (rc == CNNIMG_OK) rc = join_icc(meta, &icc);
  return rc == CNNIMG_OK ? rc : ci_fail(err, rc, "%s: not enough memory for the metadata", src->name);
}

/* head, then data, in one segment if they fit. */
static void emit_one(uint8_t *scratch, ci_jpeg_emit emit, void *user, int marker, const void *head,
                     size_t head_size, const ci_blob *b) {
  if (!b->data || b->size > CI_JPEG_SEGMENT - head_size) return;
  memcpy(scratch, head, head_size);
  memcpy(scratch + head_size, b->data, b->size);
  emit(user, marker, scratch, (unsigned)(head_size + b->size));
}

static void emit_icc(const ci_blob *icc, uint8_t *scratch, ci_jpeg_emit emit, void *user) {
  size_t room = CI_JPEG_SEGMENT - ICC_HEAD, count = (icc->size + room - 1) / room;
  if (!icc->data || count > 255) return;
  for (size_t i = 0; i < count; i++) {
    size_t n = i + 1 < count ? room : icc->size - i * room;
    memcpy(scratch, icc_head, sizeof icc_head);
    scratch[ICC_HEAD - 2] = (uint8_t)(i + 1);
    scratch[ICC_HEAD - 1] = (uint8_t)count;
    memcpy(scratch + ICC_HEAD, icc->data + i * room, n);
    emit(user, APP2, scratch, (unsigned)(ICC_HEAD + n));
  }
}

/* "key: value", or the bare value of what was a comment. */
static void emit_text(const ci_text *t, uint8_t *scratch, ci_jpeg_emit emit, void *user) {
  bool bare = strcmp(t->key, "Comment") == 0;
  int n =
      snprintf((char *)scratch, CI_JPEG_SEGMENT, "%s%s%s", bare ? "" : t->key, bare ? "" : ": ", t->value);
  if (n > 0 && n < CI_JPEG_SEGMENT) emit(user, COM, scratch, (unsigned)n);
}

void ci_jpeg_meta_write(const ci_meta *meta, uint8_t *scratch, ci_jpeg_emit emit, void *user) {
  emit_one(scratch, emit, user, APP1, exif_head, sizeof exif_head, &meta->exif);
  emit_one(scratch, emit, user, APP1, xmp_head, sizeof xmp_head, &meta->xmp);
  emit_icc(&meta->icc, scratch, emit, user);
  for (size_t i = 0; i < meta->n_texts; i++) emit_text(&meta->texts[i], scratch, emit, user);
}
