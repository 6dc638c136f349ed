/* SPDX-License-Identifier: MIT */
/* pngparts.c - walks the chunks of a PNG file without looking into them */
#include "image/pngparts.h"

#include <string.h>

#include "base/error.h"

int ci_png_check_size(const ci_source *src, const ci_limits *limits, cnnimg_error *err) {
  ci_cursor c = ci_cursor_make(src->data, src->size);
  ci_cursor_take(&c, 12);
  const uint8_t *type = ci_cursor_take(&c, 4);
  uint32_t width = ci_cursor_u32(&c, true), height = ci_cursor_u32(&c, true);
  if (c.bad || memcmp(type, "IHDR", 4) != 0)
    return ci_fail(err, CNNIMG_CORRUPT, "%s: PNG: the header is damaged or cut off", src->name);
  return ci_limits_check(limits, src->name, width, height, err);
}

int ci_png_split(const ci_source *src, ci_cursor parts[CI_PNG_PARTS], cnnimg_error *err) {
  ci_cursor c = ci_cursor_make(src->data, src->size);
  const uint8_t *start = src->data, *first = NULL, *last = NULL, *at = NULL;
  ci_cursor_take(&c, 8);
  for (;;) {
    at = c.p;
    uint32_t size = ci_cursor_u32(&c, true);
    const uint8_t *type = ci_cursor_take(&c, 4);
    ci_cursor_sub(&c, (uint64_t)size + 4);
    if (c.bad || !type)
      return ci_fail(err, CNNIMG_CORRUPT, "%s: PNG: the file ends in the middle", src->name);
    if (memcmp(type, "IEND", 4) == 0) break;
    if (memcmp(type, "IDAT", 4) != 0) continue;
    if (last && at != last)
      return ci_fail(err, CNNIMG_CORRUPT, "%s: PNG: its IDAT chunks are torn apart", src->name);
    if (!first) first = at;
    last = c.p;
  }
  if (!first) return ci_fail(err, CNNIMG_CORRUPT, "%s: PNG: it holds no pixels", src->name);
  parts[0] = ci_cursor_make(start, (size_t)(first - start));
  parts[1] = ci_cursor_make(last, (size_t)(at - last));
  parts[2] = ci_cursor_make(first, (size_t)(last - first));
  parts[3] = ci_cursor_make(at, (size_t)(c.p - at));
  return CNNIMG_OK;
}

bool ci_png_is_animated(ci_cursor head) {
  ci_cursor_take(&head, 8);
  for (;;) {
    uint32_t size = ci_cursor_u32(&head, true);
    const uint8_t *type = ci_cursor_take(&head, 4);
    if (head.bad || !type) return false;
    if (memcmp(type, "acTL", 4) == 0) return size == 8 && ci_cursor_u32(&head, true) > 1;
    ci_cursor_sub(&head, (uint64_t)size + 4);
  }
}

/* How many bytes follow the first one of a character; -1: none begins so. */
static int followers(unsigned char c) {
  if (c < 0x80) return 0;
  if (c >= 0xc2 && c < 0xe0) return 1;
  if (c >= 0xe0 && c < 0xf0) return 2;
  return c >= 0xf0 && c < 0xf5 ? 3 : -1;
}

bool ci_is_utf8(const char *s) {
  bool beyond = false;
  for (const unsigned char *p = (const unsigned char *)s; *p;) {
    int more = followers(*p++);
    if (more < 0) return false;
    if (more > 0) beyond = true;
    for (; more > 0; more--, p++)
      if ((*p & 0xc0) != 0x80) return false;
  }
  return beyond;
}

/* 1 to 79 characters of ISO 8859-1, not of spaces alone. */
bool ci_png_is_keyword(const char *key) {
  bool letter = false;
  for (const unsigned char *p = (const unsigned char *)key; *p; p++)
    letter = letter || (*p > 32 && *p < 127) || *p > 160;
  return letter && strlen(key) <= 79;
}
