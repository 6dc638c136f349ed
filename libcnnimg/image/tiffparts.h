/* SPDX-License-Identifier: MIT */
/* tiffparts.h - the directories of a TIFF file: are all of its parts there, and what of them is EXIF */
#ifndef CI_TIFFPARTS_H
#define CI_TIFFPARTS_H

#include "image/image.h"

typedef struct ci_tiff_parts {
  bool preview; /* the first picture is a small one of another */
  bool raw;     /* of a camera's sensor */
  bool more;    /* another full picture follows */
} ci_tiff_parts;

/* Judges the size of the first picture, and that every value and every strip or tile of it lies in the file: libtiff
 * leaves out what does not. exif receives what belongs there, as bytes with a header of their own. */
int ci_tiff_parts_read(const ci_source *src, const ci_limits *limits, ci_tiff_parts *parts, ci_blob *exif,
                       cnnimg_error *err);

/* EXIF on its way into a TIFF file, whose byte order must be the same. */
bool ci_exif_is_big(const ci_blob *exif);
/* A text of the EXIF's own directory, without its NUL at the end; NULL: none. */
const char *ci_exif_text(const ci_blob *exif, uint16_t tag, size_t *size);
/* The directories behind it as they must lie at offset `at` (even) of the file: bytes->data is malloc'ed or NULL, exif_at
 * and gps_at are offsets in the file, 0 where there is none. CNNIMG_OK or CNNIMG_NOMEM. */
int ci_exif_relocate(const ci_blob *exif, uint32_t at, ci_blob *bytes, uint32_t *exif_at, uint32_t *gps_at);

#endif
