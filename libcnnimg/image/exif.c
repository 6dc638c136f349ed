/* SPDX-License-Identifier: MIT */
/* exif.c - the few EXIF tags that must change with the pixels, patched in place */
#include <string.h>

#include "base/cursor.h"
#include "image/image.h"

enum {
  TAG_WIDTH = 0x0100,
  TAG_HEIGHT = 0x0101,
  TAG_ORIENTATION = 0x0112,
  TAG_THUMB_AT = 0x0201,
  TAG_THUMB_SIZE = 0x0202,
  TAG_EXIF_IFD = 0x8769,
  TAG_PIXEL_X = 0xa002,
  TAG_PIXEL_Y = 0xa003,
  TYPE_SHORT = 3,
  TYPE_LONG = 4,
  ENTRY = 12 /* bytes: tag, type, count, value */
};

/* The bytes of a TIFF structure. Offsets count from its start. */
typedef struct tiff {
  uint8_t *data;
  size_t size;
  bool big;
} tiff;

static uint32_t get(const tiff *t, size_t at, size_t bytes) {
  if (at > t->size) return 0;
  ci_cursor c = ci_cursor_make(t->data + at, t->size - at);
  return bytes == 2 ? ci_cursor_u16(&c, t->big) : ci_cursor_u32(&c, t->big);
}

static void put(const tiff *t, size_t at, size_t bytes, uint32_t v) {
  if (at > t->size || bytes > t->size - at) return;
  for (size_t i = 0; i < bytes; i++) t->data[at + i] = (uint8_t)(v >> 8 * (t->big ? bytes - 1 - i : i));
}

static bool tiff_open(tiff *t, const ci_blob *exif) {
  if (exif->size < 8) return false;
  bool big = memcmp(exif->data, "MM\0*", 4) == 0;
  if (!big && memcmp(exif->data, "II*\0", 4) != 0) return false;
  *t = (tiff){exif->data, exif->size, big};
  return true;
}

/* How many entries of the IFD at `at` are whole. */
static size_t entries(const tiff *t, size_t at) {
  if (at < 8 || at > t->size || t->size - at < 2) return 0;
  size_t n = get(t, at, 2), room = (t->size - at - 2) / ENTRY;
  return n < room ? n : room;
}

/* The offset of a single SHORT or LONG's value in an IFD, or 0. *bytes receives 2 or 4. */
static size_t find(const tiff *t, size_t ifd, uint32_t tag, size_t *bytes) {
  for (size_t i = 0, n = entries(t, ifd); i < n; i++) {
    size_t at = ifd + 2 + i * ENTRY;
    uint32_t type = get(t, at + 2, 2);
    if (get(t, at, 2) != tag || get(t, at + 4, 4) != 1) continue;
    if (type != TYPE_SHORT && type != TYPE_LONG) continue;
    *bytes = type == TYPE_SHORT ? 2 : 4;
    return at + 8;
  }
  return 0;
}

static uint32_t value(const tiff *t, size_t ifd, uint32_t tag) {
  size_t bytes, at = find(t, ifd, tag, &bytes);
  return at ? get(t, at, bytes) : 0;
}

static void set(const tiff *t, size_t ifd, uint32_t tag, uint32_t v) {
  size_t bytes, at = find(t, ifd, tag, &bytes);
  if (at && (bytes == 4 || v <= UINT16_MAX)) put(t, at, bytes, v);
}

int ci_exif_orientation(const ci_blob *exif) {
  tiff t;
  if (!tiff_open(&t, exif)) return 1;
  uint32_t v = value(&t, get(&t, 4, 4), TAG_ORIENTATION);
  return v >= 1 && v <= 8 ? (int)v : 1;
}

void ci_exif_drop_thumbnail(ci_blob *exif) {
  tiff t;
  if (!tiff_open(&t, exif)) return;
  size_t ifd0 = get(&t, 4, 4), n = entries(&t, ifd0);
  if (n == 0 || n != get(&t, ifd0, 2)) return; /* cut short: no link to IFD1 */
  size_t link = ifd0 + 2 + n * ENTRY, ifd1 = get(&t, link, 4);
  size_t at = value(&t, ifd1, TAG_THUMB_AT), size = value(&t, ifd1, TAG_THUMB_SIZE);
  put(&t, link, 4, 0);
  /* Other tags keep their offsets, so only the tail can be cut off. */
  if (at > link + 4 && at < exif->size && size == exif->size - at) exif->size = at;
}

void ci_exif_resize(ci_blob *exif, uint32_t width, uint32_t height) {
  tiff t;
  if (!tiff_open(&t, exif)) return;
  size_t ifd0 = get(&t, 4, 4), sub = value(&t, ifd0, TAG_EXIF_IFD);
  set(&t, ifd0, TAG_WIDTH, width);
  set(&t, ifd0, TAG_HEIGHT, height);
  set(&t, sub, TAG_PIXEL_X, width);
  set(&t, sub, TAG_PIXEL_Y, height);
}

void ci_exif_normalise(ci_blob *exif, int turned, uint32_t width, uint32_t height) {
  tiff t;
  if (!tiff_open(&t, exif)) return;
  set(&t, get(&t, 4, 4), TAG_ORIENTATION, 1);
  ci_exif_resize(exif, width, height);
  if (turned) ci_exif_drop_thumbnail(exif);
}

/* XMP repeats the orientation as tiff:Orientation="6" or <tiff:Orientation>6<: one digit. */
void ci_xmp_normalise(ci_blob *xmp) {
  static const char tag[] = "tiff:Orientation";
  size_t n = sizeof tag - 1;
  for (size_t i = 0; xmp->data && i + n + 4 <= xmp->size; i++) {
    uint8_t *p = xmp->data + i;
    if (*p != 't' || memcmp(p, tag, n) != 0) continue;
    p += n;
    bool attribute = p[0] == '=' && (p[1] == '"' || p[1] == '\'') && p[1] == p[3];
    if (attribute && p[2] >= '1' && p[2] <= '8') p[2] = '1';
    if (p[0] == '>' && p[1] >= '1' && p[1] <= '8' && p[2] == '<') p[1] = '1';
  }
}
