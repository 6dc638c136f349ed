/* SPDX-License-Identifier: MIT */
/* tiffopen.h - libtiff's handle over our bytes or our file: its words become our sentences, nothing is printed */
#ifndef CI_TIFFOPEN_H
#define CI_TIFFOPEN_H

#include <tiffio.h>

#include "image/image.h"

/* It is named by its address, so it must not move while the handle is open. */
typedef struct ci_tiff {
  TIFF *tif;
  const char *name;
  cnnimg_error *err;   /* of the call that is running */
  int code;            /* CNNIMG_OK until libtiff reports an error */
  bool strict;         /* warnings are errors: made-up pixels */
  const uint8_t *data; /* reading: the file */
  uint64_t size, at;
  FILE *file; /* writing */
} ci_tiff;

/* most: bytes of the largest block that libtiff may ask for. CNNIMG_OK or the reason. */
int ci_tiff_open_read(ci_tiff *t, const ci_source *src, uint64_t most, cnnimg_error *err);
/* file can be sought and read, and is empty. mode: as libtiff has it, "wl8" ... */
int ci_tiff_open_write(ci_tiff *t, FILE *file, const char *name, const char *mode, cnnimg_error *err);
/* The sentence of a call that failed: libtiff's own where it said something. Returns its code. */
int ci_tiff_failed(ci_tiff *t, const char *what);
void ci_tiff_close(ci_tiff *t); /* writes nothing */

#endif
