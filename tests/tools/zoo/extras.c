/* SPDX-License-Identifier: MIT */
/* extras.c - EXIF with maker notes and a thumbnail, XMP, a colour profile: made as they go in and must come out */
#include <stdlib.h>
#include <string.h>

#include "zoo.h"

#define NOTES 300 /* bytes of maker notes */
#define THUMB 90

typedef struct out {
  uint8_t *at;
  size_t n;
  bool big;
} out;

static void number(out *o, unsigned bytes, uint32_t v) {
  for (unsigned i = 0; i < bytes; i++) o->at[o->n++] = (uint8_t)(v >> 8 * (o->big ? bytes - 1 - i : i));
}

static void entry(out *o, unsigned tag, unsigned type, uint32_t count, uint32_t v) {
  number(o, 2, tag), number(o, 2, type), number(o, 4, count);
  if (type == 3) number(o, 2, v), number(o, 2, 0);
  else number(o, 4, v);
}

/* Bytes that look like nothing: those of a maker are a secret. */
static void noise(out *o, size_t n) {
  uint64_t state = 4711;
  for (size_t i = 0; i < n; i++) o->at[o->n++] = (uint8_t)zoo_random(&state, 256);
}

zoo_bytes zoo_exif_make(const zoo_exif *e) {
  enum {
    SUB = 8 + 2 + 3 * 12 + 4,
    NOTE = SUB + 2 + 3 * 12 + 4,
    NEXT = NOTE + NOTES,
    SMALL = NEXT + 2 + 2 * 12 + 4
  };
  out o = {zoo_alloc(SMALL + THUMB + 1), 0, e->big};
  memcpy(o.at, e->big ? "MM\0*" : "II*\0", 4);
  o.n = 4;
  number(&o, 4, 8);
  number(&o, 2, 3);
  entry(&o, 0x10f, 2, 4, e->big ? 0x5a6f6f00 : 0x006f6f5a); /* Make: "Zoo" */
  entry(&o, 0x112, 3, 1, e->turned ? 1 : (uint32_t)e->orientation);
  entry(&o, 0x8769, 4, 1, SUB);
  number(&o, 4, e->thumbnail && !e->turned ? NEXT : 0);
  number(&o, 2, 3);
  entry(&o, 0x927c, 7, NOTES, NOTE);
  entry(&o, 0xa002, 4, 1, e->width);
  entry(&o, 0xa003, 3, 1, e->height);
  number(&o, 4, 0);
  noise(&o, NOTES);
  if (e->thumbnail) {
    number(&o, 2, 2);
    entry(&o, 0x201, 4, 1, SMALL);
    entry(&o, 0x202, 4, 1, THUMB);
    number(&o, 4, 0);
  }
  if (e->thumbnail && !e->turned) noise(&o, THUMB);
  return (zoo_bytes){o.at, o.n};
}

static uint32_t take(const zoo_bytes *b, size_t at, unsigned bytes) {
  uint32_t v = 0;
  bool big = b->at[0] == 'M';
  if (at > b->size || bytes > b->size - at) return 0;
  for (unsigned i = 0; i < bytes; i++) v |= (uint32_t)b->at[at + i] << 8 * (big ? bytes - 1 - i : i);
  return v;
}

/* The value of a tag of one number; 0: it is not there. */
static uint32_t tag(const zoo_bytes *b, size_t ifd, uint32_t wanted) {
  for (uint32_t i = 0, n = take(b, ifd, 2); i < n; i++) {
    size_t at = ifd + 2 + (size_t)i * 12;
    if (take(b, at, 2) == wanted) return take(b, at + 8, take(b, at + 2, 2) == 3 ? 2 : 4);
  }
  return 0;
}

void zoo_exif_size(const zoo_bytes *exif, uint32_t *width, uint32_t *height) {
  *width = *height = 0;
  if (exif->size < 8) return;
  size_t sub = tag(exif, take(exif, 4, 4), 0x8769);
  if (!sub) return;
  *width = tag(exif, sub, 0xa002);
  *height = tag(exif, sub, 0xa003);
}

zoo_bytes zoo_xmp_make(int orientation) {
  char text[400];
  int n =
      snprintf(text, sizeof text,
               "<?xpacket begin=\"\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?><x:xmpmeta xmlns:x=\"adobe:ns:meta/\">"
               "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description "
               "xmlns:tiff=\"http://ns.adobe.com/tiff/1.0/\" tiff:Orientation=\"%d\"/></rdf:RDF></x:xmpmeta>"
               "<?xpacket end=\"w\"?>",
               orientation);
  return zoo_copy(text, (size_t)n);
}

/* A display's profile as far as its header goes; then one tag that is as long as the whole shall be. */
zoo_bytes zoo_icc_make(size_t size) {
  static const uint8_t d50[12] = {0, 0, 0xf6, 0xd6, 0, 1, 0, 0, 0, 0, 0xd3, 0x2d};
  out o = {zoo_alloc(size + 1), 0, true};
  uint64_t state = 99;
  number(&o, 4, (uint32_t)size);
  memcpy(o.at + 4, "zoo \2\x40\0\0mntrRGB XYZ ", 20);
  memcpy(o.at + 36, "acsp", 4);
  memcpy(o.at + 68, d50, sizeof d50);
  o.n = 128;
  number(&o, 4, 1);
  memcpy(o.at + o.n, "wtpt", 4), o.n += 4;
  number(&o, 4, 144);
  number(&o, 4, (uint32_t)size - 144);
  while (o.n < size) o.at[o.n++] = (uint8_t)zoo_random(&state, 256);
  return (zoo_bytes){o.at, o.n};
}
