/* SPDX-License-Identifier: MIT */
/* exiftexts.c - texts of a PNG or a JPEG file as EXIF tags, for files that have no other place for them */
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "image/image.h"
#include "image/pngparts.h"

enum { TYPE_ASCII = 2, ENTRY = 12, HEAD = 8, TEXT_MOST = 60000 };

/* In the order of their tags, as TIFF 6.0 wants them. Of two keys for one tag the first that is there has it. */
static const struct {
  uint16_t tag;
  const char *key, *other;
} places[] = {{0x010d, "Title", NULL}, /* DocumentName */
              {0x010e, "Description", "Comment"},
              {0x0131, "Software", NULL},
              {0x013b, "Author", NULL}, /* Artist */
              {0x8298, "Copyright", NULL}};
enum { PLACES = sizeof places / sizeof *places };

/* The structure that is there, or an empty one. */
typedef struct tree {
  const uint8_t *data;
  size_t size, first, n; /* the first directory: where it is, how many entries it has */
  bool big;
} tree;

typedef struct bytes {
  uint8_t *p;
  size_t at;
  bool big;
} bytes;

static void put(bytes *b, size_t size, uint32_t v) {
  for (size_t i = 0; i < size; i++) b->p[b->at + i] = (uint8_t)(v >> 8 * (b->big ? size - 1 - i : i));
  b->at += size;
}

static uint32_t get(const tree *t, size_t at, size_t size) {
  ci_cursor c = ci_cursor_make(t->data + at, t->size - at);
  return size == 2 ? ci_cursor_u16(&c, t->big) : ci_cursor_u32(&c, t->big);
}

/* false: it is damaged, so nothing is added to it. */
static bool open_tree(tree *t, const ci_blob *exif) {
  static const uint8_t empty[] = {'I', 'I', 42, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  *t = (tree){exif->data, exif->size, 0, 0, false};
  if (!exif->size) t->data = empty, t->size = sizeof empty;
  if (t->size < sizeof empty) return false;
  t->big = memcmp(t->data, "MM\0*", 4) == 0;
  if (!t->big && memcmp(t->data, "II*\0", 4) != 0) return false;
  t->first = get(t, 4, 4);
  if (t->first < HEAD || t->first > t->size - 6) return false;
  t->n = get(t, t->first, 2);
  return t->n < UINT16_MAX - PLACES && t->size - t->first >= 6 + t->n * ENTRY;
}

static bool has_tag(const tree *t, uint32_t tag) {
  for (size_t i = 0; i < t->n; i++)
    if (get(t, t->first + 2 + i * ENTRY, 2) == tag) return true;
  return false;
}

static const char *text_of(const ci_meta *m, const char *key) {
  for (size_t i = 0; key && i < m->n_texts; i++)
    if (strcmp(m->texts[i].key, key) == 0 && *m->texts[i].value && strlen(m->texts[i].value) <= TEXT_MOST)
      return m->texts[i].value;
  return NULL;
}

/* As UTF-8, which readers expect although EXIF says ASCII; tEXt chunks are Latin-1. Returns the bytes, the NUL included. */
static size_t utf8(const char *text, uint8_t *out) {
  size_t n = 0;
  const bool is = ci_is_utf8(text);
  for (const uint8_t *p = (const uint8_t *)text; *p; p++) {
    if (*p < 0x80 || is) out[n++] = *p;
    else out[n++] = (uint8_t)(0xc0 | *p >> 6), out[n++] = (uint8_t)(0x80 | (*p & 0x3f));
  }
  out[n++] = 0;
  return n;
}

/* Values of up to four bytes stand in the entry itself. */
static void put_entry(bytes *b, uint16_t tag, const uint8_t *text, size_t size, size_t at) {
  put(b, 2, tag);
  put(b, 2, TYPE_ASCII);
  put(b, 4, (uint32_t)size);
  if (size > 4) put(b, 4, (uint32_t)at);
  else memset(b->p + b->at, 0, 4), memcpy(b->p + b->at, text, size), b->at += 4;
}

/* Old entries stay where they point to: only the directory is written anew, behind everything else. */
static void put_directory(bytes *b, const tree *t, const char *const *texts, const size_t *at,
                          const size_t *size) {
  size_t start = b->at, n = t->n, next = 0;
  b->at += 2;
  for (size_t i = 0; i <= t->n; i++) {
    const size_t old = t->first + 2 + i * ENTRY;
    const uint32_t tag = i < t->n ? get(t, old, 2) : UINT32_MAX;
    for (; next < PLACES && places[next].tag < tag; next++)
      if (texts[next]) put_entry(b, places[next].tag, b->p + at[next], size[next], at[next]), n++;
    if (i < t->n) memcpy(b->p + b->at, t->data + old, ENTRY), b->at += ENTRY;
    else put(b, 4, get(t, old, 4)); /* the thumbnail's directory */
  }
  bytes head = {b->p, start, b->big}, link = {b->p, 4, b->big};
  put(&head, 2, (uint32_t)n);
  put(&link, 4, (uint32_t)start);
}

static int add(ci_blob *exif, const tree *t, const char *const *texts, size_t room) {
  size_t at[PLACES] = {0}, size[PLACES] = {0};
  bytes b = {calloc(1, room), t->size, t->big};
  if (!b.p) return CNNIMG_NOMEM;
  memcpy(b.p, t->data, t->size);
  for (size_t i = 0; i < PLACES; i++) {
    b.at += b.at & 1;
    at[i] = b.at;
    if (texts[i]) size[i] = utf8(texts[i], b.p + b.at), b.at += size[i];
  }
  b.at += b.at & 1;
  put_directory(&b, t, texts, at, size);
  free(exif->data);
  *exif = (ci_blob){b.p, b.at};
  return CNNIMG_OK;
}

int ci_exif_add_texts(ci_meta *m) {
  tree t;
  const char *texts[PLACES] = {0};
  size_t room, any = 0;
  if (!m->n_texts || !open_tree(&t, &m->exif) || t.size > UINT32_MAX / 2) return CNNIMG_OK;
  room = t.size + 2 + (t.n + PLACES) * ENTRY + 6;
  for (size_t i = 0; i < PLACES; i++) {
    if (has_tag(&t, places[i].tag)) continue;
    texts[i] = text_of(m, places[i].key);
    if (!texts[i]) texts[i] = text_of(m, places[i].other);
    if (texts[i]) room += 2 * strlen(texts[i]) + 2, any++;
  }
  return any ? add(&m->exif, &t, texts, room) : CNNIMG_OK;
}
