/* SPDX-License-Identifier: MIT */
/* blob.c - for tests: bytes put together by hand, and zip archives that may lie */
#include "tests/base/blob.h"

#include <stdlib.h>
#include <string.h>

void blob_put(blob *b, const void *data, size_t n) {
  if (b->n + n > b->cap) {
    b->cap = 2 * (b->n + n);
    b->data = realloc(b->data, b->cap);
    if (!b->data) abort();
  }
  if (n) memcpy(b->data + b->n, data, n);
  b->n += n;
}

void blob_text(blob *b, const char *text) { blob_put(b, text, strlen(text)); }

void blob_le(blob *b, uint64_t v, int bytes) {
  for (int i = 0; i < bytes; i++) blob_put(b, &(uint8_t){(uint8_t)(v >> 8 * i)}, 1);
}

void blob_be(blob *b, uint64_t v, int bytes) {
  while (bytes-- > 0) blob_put(b, &(uint8_t){(uint8_t)(v >> 8 * bytes)}, 1);
}

void blob_free(blob *b) {
  free(b->data);
  *b = (blob){0};
}

uint32_t blob_crc(const void *data, size_t n) {
  uint32_t crc = ~0u;
  for (size_t i = 0; i < n; i++) {
    crc ^= ((const uint8_t *)data)[i];
    for (int k = 0; k < 8; k++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
  }
  return ~crc;
}

/* ---- zip ----------------------------------------------------------------------------------- */

/* PyTorch's way: no sizes here, they stand in the directory. */
static uint64_t local_head(blob *b, const zip_part *p) {
  uint64_t at = b->n;
  size_t name = strlen(p->name),
         gap = p->align ? (p->align - (at + 30 + name + 4) % p->align) % p->align + 4 : 0;
  blob_le(b, 0x04034b50, 4), blob_le(b, 20, 2), blob_le(b, p->flags | 0x0808, 2), blob_le(b, p->method, 2);
  blob_le(b, 0, 4), blob_le(b, 0, 4), blob_le(b, 0, 4), blob_le(b, 0, 4);
  blob_le(b, name, 2), blob_le(b, gap, 2);
  blob_text(b, p->name);
  if (gap) blob_text(b, "FB"), blob_le(b, gap - 4, 2);
  for (size_t i = 4; i < gap; i++) blob_text(b, "Z");
  return at;
}

static void central_head(blob *b, const zip_part *p, uint64_t at) {
  uint64_t packed = p->packed ? p->packed : p->n, size = p->size ? p->size : packed;
  uint32_t crc = p->crc ? p->crc : blob_crc(p->data, p->n), most = ~0u;
  if (p->at) at = p->at - 1;
  blob_le(b, 0x02014b50, 4), blob_le(b, 20, 2), blob_le(b, 20, 2);
  blob_le(b, p->flags | 0x0808, 2), blob_le(b, p->method, 2), blob_le(b, 0, 4), blob_le(b, crc, 4);
  blob_le(b, p->wide ? most : packed, 4), blob_le(b, p->wide ? most : size, 4);
  blob_le(b, strlen(p->name), 2), blob_le(b, p->wide ? 28 : 0, 2), blob_le(b, 0, 2);
  blob_le(b, 0, 2), blob_le(b, 0, 2), blob_le(b, 0, 4), blob_le(b, p->wide ? most : at, 4);
  blob_text(b, p->name);
  if (p->wide)
    blob_le(b, 1, 2), blob_le(b, 24, 2), blob_le(b, size, 8), blob_le(b, packed, 8), blob_le(b, at, 8);
}

blob zip_make(const zip_part *parts, size_t n) {
  blob b = {0}, directory = {0};
  for (size_t i = 0; i < n; i++) {
    uint64_t at = local_head(&b, &parts[i]);
    blob_put(&b, parts[i].data, parts[i].n);
    central_head(&directory, &parts[i], at);
  }
  size_t at = b.n;
  blob_put(&b, directory.data, directory.n);
  blob_le(&b, 0x06054b50, 4), blob_le(&b, 0, 4), blob_le(&b, n, 2), blob_le(&b, n, 2);
  blob_le(&b, directory.n, 4), blob_le(&b, at, 4), blob_le(&b, 0, 2);
  blob_free(&directory);
  return b;
}
