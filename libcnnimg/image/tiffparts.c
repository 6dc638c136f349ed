/* SPDX-License-Identifier: MIT */
/* tiffparts.c - walks over the directories of a TIFF file and copies those that are EXIF */
#include "image/tiffparts.h"

#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/error.h"

#define EXIF_MOST ((size_t)4 << 20) /* bytes; a hostile file may say the same megabyte in every entry */
#define PAGES_MOST 64               /* directories that are looked at for another full picture */
#define VISITS_MOST (1u << 20)      /* entries that are looked at: directories may name each other */
#define DEPTH_MOST 2                /* EXIF's own directory has one for interoperability */

enum {
  TAG_SUBFILE = 254,
  TAG_WIDTH = 256,
  TAG_HEIGHT = 257,
  TAG_PHOTOMETRIC = 262,
  TAG_STRIPS = 273,
  TAG_ORIENTATION = 274,
  TAG_STRIP_BYTES = 279,
  TAG_TILES = 324,
  TAG_TILE_BYTES = 325,
  TAG_EXIF = 0x8769,
  TAG_GPS = 0x8825,
  TAG_INTEROP = 0xa005,
  TAG_DNG = 50706,
  TYPE_ASCII = 2,
  TYPE_SHORT = 3,
  TYPE_LONG = 4,
  CFA = 32803,
  LINEAR_RAW = 34892
};

/* What of the first directory is EXIF too: texts, orientation, and the two directories behind it. In order. */
static const uint16_t exif_tags[] = {0x010d, 0x010e, 0x010f, 0x0110, TAG_ORIENTATION, 0x0131,
                                     0x0132, 0x013b, 0x013c, 0x8298, TAG_EXIF,        TAG_GPS,
                                     0x9c9b, 0x9c9c, 0x9c9d, 0x9c9e, 0x9c9f};

typedef struct tree {
  const uint8_t *data;
  size_t size;
  bool big, wide; /* byte order; offsets of 8 bytes (BigTIFF) */
} tree;

typedef struct entry {
  uint16_t tag, type;
  uint64_t count;
  uint64_t at, bytes; /* of the values, wherever they lie; at may be past the end */
} entry;

typedef struct directory {
  uint64_t at, n; /* first entry, how many */
  uint64_t next;  /* the next directory, 0: none */
} directory;

static uint64_t get(const tree *t, uint64_t at, size_t bytes) {
  if (at > t->size || t->size - at < bytes) return 0;
  ci_cursor c = ci_cursor_make(t->data + at, bytes);
  if (bytes == 1) return ci_cursor_u8(&c);
  return bytes == 2   ? ci_cursor_u16(&c, t->big)
         : bytes == 4 ? ci_cursor_u32(&c, t->big)
                      : ci_cursor_u64(&c, t->big);
}

static bool holds(const tree *t, uint64_t at, uint64_t bytes) {
  return at <= t->size && bytes <= t->size - at;
}
static size_t entry_bytes(const tree *t) { return t->wide ? 20 : 12; }

static bool tree_open(tree *t, const uint8_t *data, size_t size, uint64_t *first) {
  *t = (tree){.data = data, .size = size};
  if (size < 8 || (memcmp(data, "II", 2) != 0 && memcmp(data, "MM", 2) != 0)) return false;
  t->big = data[0] == 'M';
  uint64_t version = get(t, 2, 2);
  t->wide = version == 43;
  if (t->wide && (size < 16 || get(t, 4, 2) != 8)) return false;
  *first = t->wide ? get(t, 8, 8) : get(t, 4, 4);
  return version == 42 || version == 43;
}

static size_t type_bytes(unsigned type) {
  static const uint8_t sizes[19] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8};
  return type < 19 ? sizes[type] : 0;
}

static bool open_directory(const tree *t, uint64_t at, directory *d) {
  size_t head = t->wide ? 8 : 2;
  if (at < 8 || !holds(t, at, head)) return false;
  d->n = get(t, at, head), d->at = at + head;
  if (d->n == 0 || d->n > 65535 || !holds(t, d->at, d->n * entry_bytes(t) + (t->wide ? 8 : 4))) return false;
  d->next = get(t, d->at + d->n * entry_bytes(t), t->wide ? 8 : 4);
  return true;
}

static entry get_entry(const tree *t, const directory *d, uint64_t i) {
  uint64_t at = d->at + i * entry_bytes(t);
  size_t word = t->wide ? 8 : 4;
  entry e = {
      .tag = (uint16_t)get(t, at, 2), .type = (uint16_t)get(t, at + 2, 2), .count = get(t, at + 4, word)};
  size_t one = type_bytes(e.type);
  if (__builtin_mul_overflow(e.count, (uint64_t)one, &e.bytes)) e.bytes = UINT64_MAX;
  e.at = at + 4 + word;
  if (e.bytes > word) e.at = get(t, e.at, word);
  return e;
}

static bool find(const tree *t, const directory *d, uint16_t tag, entry *e) {
  for (uint64_t i = 0; i < d->n; i++) {
    *e = get_entry(t, d, i);
    if (e->tag == tag) return true;
  }
  return false;
}

/* The i-th whole number of an entry whose bytes are in the file. */
static uint64_t number(const tree *t, const entry *e, uint64_t i) {
  size_t one = type_bytes(e->type);
  return i < e->count && one <= 8 && one ? get(t, e->at + i * one, one) : 0;
}

static uint64_t value(const tree *t, const directory *d, uint16_t tag, uint64_t otherwise) {
  entry e;
  return find(t, d, tag, &e) && holds(t, e.at, e.bytes) && e.count ? number(t, &e, 0) : otherwise;
}

/* ---- is everything there? ---- */

/* Strips or tiles: where each begins, and how long it is, where that is said. */
static int check_pieces(const tree *t, const directory *d, uint16_t where, uint16_t how_long,
                        const char *name, cnnimg_error *err) {
  entry at, bytes = {0};
  if (!find(t, d, where, &at)) return CNNIMG_OK;
  bool known = find(t, d, how_long, &bytes);
  if (!type_bytes(at.type) ||
      (known && !type_bytes(bytes.type))) /* its count would not be bounded by the file */
    return ci_fail(err, CNNIMG_CORRUPT, "%s: TIFF: where its pieces are is not said in numbers", name);
  for (uint64_t i = 0; i < at.count; i++)
    if (!holds(t, number(t, &at, i), known ? number(t, &bytes, i) : 0))
      return ci_fail(err, CNNIMG_CORRUPT,
                     "%s: TIFF: piece %llu of the picture lies outside the file of %zu bytes", name,
                     (unsigned long long)i + 1, t->size);
  return CNNIMG_OK;
}

static int check_parts(const tree *t, const directory *d, const char *name, cnnimg_error *err) {
  for (uint64_t i = 0; i < d->n; i++) {
    entry e = get_entry(t, d, i);
    if (type_bytes(e.type) && !holds(t, e.at, e.bytes))
      return ci_fail(err, CNNIMG_CORRUPT, "%s: TIFF: the values of tag %u lie outside the file of %zu bytes",
                     name, e.tag, t->size);
  }
  int rc = check_pieces(t, d, TAG_STRIPS, TAG_STRIP_BYTES, name, err);
  return rc == CNNIMG_OK ? check_pieces(t, d, TAG_TILES, TAG_TILE_BYTES, name, err) : rc;
}

/* Is there another picture that is no smaller copy of one? */
static int look_for_more(const tree *t, uint64_t next, bool *more, const char *name, cnnimg_error *err) {
  directory d;
  for (unsigned i = 0; i < PAGES_MOST && next && !*more; i++, next = d.next) {
    if (!open_directory(t, next, &d))
      return ci_fail(err, CNNIMG_CORRUPT, "%s: TIFF: a directory behind the first is damaged or cut off",
                     name);
    *more = !(value(t, &d, TAG_SUBFILE, 0) & 1);
  }
  return CNNIMG_OK;
}

/* ---- EXIF, copied with offsets of its new place ---- */
typedef struct copy {
  uint8_t *p;
  size_t n, capacity;
  uint32_t base; /* offset of p[0] in what it will be part of */
  unsigned visits;
  bool big, full, nomem;
} copy;

static bool reserve(copy *c, size_t bytes) {
  void *p = c->p;
  if (c->full || c->nomem || bytes > EXIF_MOST - c->n) return !(c->full = true);
  if (!ci_grow(&p, &c->capacity, c->n + bytes, 1)) return !(c->nomem = true);
  c->p = p;
  memset(c->p + c->n, 0, bytes);
  c->n += bytes;
  return true;
}

static void put(copy *c, size_t at, size_t bytes, uint64_t v) {
  for (size_t i = 0; i < bytes; i++) c->p[at + i] = (uint8_t)(v >> 8 * (c->big ? bytes - 1 - i : i));
}

static bool is_pointer(uint16_t tag) { return tag == TAG_EXIF || tag == TAG_GPS || tag == TAG_INTEROP; }

static bool wanted(const tree *t, const entry *e, bool top) {
  if (!type_bytes(e->type) || !holds(t, e->at, e->bytes) || e->count == 0) return false;
  directory d;
  if (is_pointer(e->tag)) return open_directory(t, number(t, e, 0), &d);
  if (e->type > 13) return false; /* numbers of 8 bytes are none of EXIF's */
  if (!top) return true;
  if (e->tag == TAG_ORIENTATION) return number(t, e, 0) != 1; /* which says nothing */
  for (size_t i = 0; i < sizeof exif_tags / sizeof *exif_tags; i++)
    if (exif_tags[i] == e->tag) return true;
  return false;
}

static uint32_t copy_directory(const tree *t, uint64_t at, copy *c, unsigned depth);

/* One entry into the 12 bytes at `slot`. */
static void copy_entry(const tree *t, const entry *e, copy *c, size_t slot, unsigned depth) {
  uint64_t inside = is_pointer(e->tag) ? copy_directory(t, number(t, e, 0), c, depth + 1) : 0;
  bool out_of_line = !is_pointer(e->tag) && e->bytes > 4;
  size_t there = c->n + (c->n & 1);
  if (out_of_line && (e->bytes > EXIF_MOST || !reserve(c, there - c->n + (size_t)e->bytes))) return;
  if (c->full || c->nomem) return;
  put(c, slot, 2, e->tag);
  put(c, slot + 2, 2, is_pointer(e->tag) ? TYPE_LONG : e->type);
  put(c, slot + 4, 4, is_pointer(e->tag) ? 1 : e->count);
  if (is_pointer(e->tag)) put(c, slot + 8, 4, inside);
  else if (out_of_line) put(c, slot + 8, 4, c->base + there);
  memcpy(out_of_line ? c->p + there : c->p + slot + 8, t->data + (is_pointer(e->tag) ? 0 : e->at),
         is_pointer(e->tag) ? 0 : (size_t)e->bytes);
}

/* Where the copy lies; 0: it is not there, or has nothing that is wanted. */
static uint32_t copy_directory(const tree *t, uint64_t at, copy *c, unsigned depth) {
  directory d;
  size_t n = 0, i_out = 0;
  if (depth > DEPTH_MOST || !open_directory(t, at, &d)) return 0;
  c->visits += (unsigned)d.n;
  if (c->visits > VISITS_MOST) c->full = true;
  for (uint64_t i = 0; i < d.n; i++) {
    entry e = get_entry(t, &d, i);
    n += wanted(t, &e, depth == 0);
  }
  size_t start = c->n + (c->n & 1);
  if (n == 0 || !reserve(c, start - c->n + 2 + n * 12 + 4)) return 0;
  put(c, start, 2, n);
  for (uint64_t i = 0; i < d.n && !c->full && !c->nomem; i++) {
    entry e = get_entry(t, &d, i);
    if (wanted(t, &e, depth == 0)) copy_entry(t, &e, c, start + 2 + 12 * i_out++, depth);
  }
  return c->base + (uint32_t)start;
}

static int read_exif(const tree *t, uint64_t first, ci_blob *exif) {
  copy c = {.big = t->big};
  uint32_t at = 0;
  if (reserve(&c, 8)) {
    memcpy(c.p, t->big ? "MM\0*" : "II*\0", 4);
    at = copy_directory(t, first, &c, 0);
    put(&c, 4, 4, at);
  }
  int rc = c.nomem ? CNNIMG_NOMEM : CNNIMG_OK;
  if (rc == CNNIMG_OK && !c.full && at) rc = ci_blob_set(exif, c.p, c.n);
  free(c.p);
  return rc;
}

int ci_tiff_parts_read(const ci_source *src, const ci_limits *limits, ci_tiff_parts *parts, ci_blob *exif,
                       cnnimg_error *err) {
  tree t;
  uint64_t first;
  directory d;
  if (!tree_open(&t, src->data, src->size, &first) || !open_directory(&t, first, &d))
    return ci_fail(err, CNNIMG_CORRUPT, "%s: TIFF: its directory is damaged or cut off", src->name);
  int rc = ci_limits_check(limits, src->name, value(&t, &d, TAG_WIDTH, 0), value(&t, &d, TAG_HEIGHT, 0), err);
  if (rc == CNNIMG_OK) rc = check_parts(&t, &d, src->name, err);
  if (rc != CNNIMG_OK) return rc;
  uint64_t photometric = value(&t, &d, TAG_PHOTOMETRIC, 0);
  entry dng;
  parts->preview = value(&t, &d, TAG_SUBFILE, 0) & 1;
  parts->raw = find(&t, &d, TAG_DNG, &dng) || photometric == CFA || photometric == LINEAR_RAW;
  parts->more = false;
  rc = look_for_more(&t, d.next, &parts->more, src->name, err);
  if (rc != CNNIMG_OK) return rc;
  rc = read_exif(&t, first, exif);
  return rc == CNNIMG_OK ? rc : ci_fail(err, rc, "%s: not enough memory for the metadata", src->name);
}

/* ---- into a file ---- */
static bool exif_open(const ci_blob *exif, tree *t, directory *d) {
  uint64_t first;
  return exif->size && tree_open(t, exif->data, exif->size, &first) && !t->wide &&
         open_directory(t, first, d);
}

bool ci_exif_is_big(const ci_blob *exif) { return exif->size && exif->data[0] == 'M'; }

const char *ci_exif_text(const ci_blob *exif, uint16_t tag, size_t *size) {
  tree t;
  directory d;
  entry e;
  if (!exif_open(exif, &t, &d) || !find(&t, &d, tag, &e) || e.type != TYPE_ASCII || !holds(&t, e.at, e.bytes))
    return NULL;
  *size = strnlen((const char *)t.data + e.at, (size_t)e.bytes);
  return *size ? (const char *)t.data + e.at : NULL;
}

int ci_exif_relocate(const ci_blob *exif, uint32_t at, ci_blob *bytes, uint32_t *exif_at, uint32_t *gps_at) {
  tree t;
  directory d;
  copy c = {.base = at, .big = ci_exif_is_big(exif)};
  *exif_at = *gps_at = 0;
  *bytes = (ci_blob){NULL, 0};
  if (!exif_open(exif, &t, &d)) return CNNIMG_OK;
  *exif_at = copy_directory(&t, value(&t, &d, TAG_EXIF, 0), &c, 1);
  *gps_at = copy_directory(&t, value(&t, &d, TAG_GPS, 0), &c, 1);
  if (c.full || c.nomem || c.n > UINT32_MAX - at) {
    free(c.p);
    *exif_at = *gps_at = 0;
    return c.nomem ? CNNIMG_NOMEM : CNNIMG_OK;
  }
  *bytes = (ci_blob){c.p, c.n};
  return CNNIMG_OK;
}
