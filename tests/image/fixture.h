/* SPDX-License-Identifier: MIT */
/* fixture.h - the list of small pictures, and help to read and write them */
#ifndef TEST_FIXTURE_H
#define TEST_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "image/image.h"

#define MAX_FIXTURES 400

/* A line of good.tsv; see data/README.md. */
typedef struct fixture {
  char name[64], codec[8];
  cnnimg_format format;
  unsigned bits, orientation, quality, subsampling, tolerance, texts;
  char icc[12], exif[12], xmp[12]; /* CRC-32, or "-" */
  double dpi;
} fixture;

extern const ci_limits roomy;

/* Reads good.tsv; how many there are. */
size_t fixtures(fixture list[MAX_FIXTURES]);
/* What is missing in this build that the file needs ("libtiff" ...), or NULL. */
const char *missing_for(const char *name);
/* A file of the data folder, malloc'ed. */
uint8_t *data_file(const char *name, size_t *size);
/* Its path, static until the next call. */
const char *data_path(const char *name);
/* A folder of this process's own, removed by scratch_remove. */
const char *scratch_path(const char *name);
void scratch_remove(void);
/* How many directory entries the folder has. */
size_t scratch_count(void);
bool same_format(const cnnimg_format *a, const cnnimg_format *b);
/* CRC-32 as zlib's, in hexadecimal, or "-" for nothing. */
void crc_text(const ci_blob *b, char out[12]);
/* Decodes a memory block; on success *pixels is malloc'ed. */
int decode(const void *data, size_t size, const char *name, const ci_limits *limits, cnnimg_info *info,
           uint8_t **pixels, cnnimg_error *err);
int decode_path(const char *path, cnnimg_info *info, uint8_t **pixels, cnnimg_error *err);

#endif
