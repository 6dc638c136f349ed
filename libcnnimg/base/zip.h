/* SPDX-License-Identifier: MIT */
/* zip.h - reading zip archives from memory: stored members in place, deflated ones within a limit */
#ifndef CI_ZIP_H
#define CI_ZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cnnimg.h"

typedef struct ci_zip_member {
  char *name;          /* as the directory has it */
  const uint8_t *data; /* packed bytes, in the archive */
  size_t packed, size; /* bytes as they lie there, and unpacked */
  uint32_t crc;
  bool deflated;
} ci_zip_member;

typedef struct ci_zip {
  ci_zip_member *members; /* sorted by name */
  size_t n;
} ci_zip;

/*
 * Reads the central directory (zip64 too), which alone says where members lie and how large they are. Refused: members that
 * overlap or have one name, encryption, methods other than stored and deflated, archives of several parts. The bytes outlive
 * the zip. Errors do not name the file.
 */
int ci_zip_open(ci_zip *z, const void *data, size_t size, cnnimg_error *err);
void ci_zip_close(ci_zip *z);
const ci_zip_member *ci_zip_find(const ci_zip *z, const char *name); /* NULL: none */
/*
 * The member's bytes: in the archive (*owned NULL; their checksum is not looked at, that would cost more than the reading), or
 * unpacked and checked, malloc'ed at *owned, at most `most` bytes, else CNNIMG_LIMIT.
 */
int ci_zip_read(const ci_zip_member *m, size_t most, const uint8_t **data, void **owned, cnnimg_error *err);

#endif
