/* SPDX-License-Identifier: MIT */
/* blob.h - for tests: bytes put together by hand, and zip archives that may lie */
#ifndef CI_TEST_BLOB_H
#define CI_TEST_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct blob {
  uint8_t *data;
  size_t n, cap;
} blob;

void blob_put(blob *b, const void *data, size_t n);
void blob_text(blob *b, const char *text); /* without its 0 */
void blob_le(blob *b, uint64_t v, int bytes);
void blob_be(blob *b, uint64_t v, int bytes);
void blob_free(blob *b);
uint32_t blob_crc(const void *data, size_t n); /* zip's */

/* A member; what is 0 is as it should be. */
typedef struct zip_part {
  const char *name;
  const void *data;
  size_t n;        /* bytes in the archive */
  uint64_t size;   /* what the directory says of the unpacked size */
  uint64_t packed; /* and of the packed one */
  uint32_t crc;    /* and of the checksum */
  uint16_t method, flags;
  size_t align; /* of the data, by the extra field */
  uint64_t at;  /* 1 + where the directory says that it lies */
  bool wide;    /* its numbers stand in a zip64 field */
} zip_part;

/* The archive; size, packed and crc of 0 are as the data are. */
blob zip_make(const zip_part *parts, size_t n);

#endif
