/* SPDX-License-Identifier: MIT */
/* jpegmeta.h - metadata in the segments of a JPEG file */
#ifndef CI_JPEGMETA_H
#define CI_JPEGMETA_H

#include "image/image.h"

/* Collects EXIF, XMP, ICC and comments that stand before the pixels. What is malformed is left out. */
int ci_jpeg_meta_read(const ci_source *src, ci_meta *meta, cnnimg_error *err);
/* Calls emit for each segment, in order; what does not fit into segments is left out. scratch holds at least
 * CI_JPEG_SEGMENT bytes. */
#define CI_JPEG_SEGMENT 65533
typedef void (*ci_jpeg_emit)(void *user, int marker, const uint8_t *data, unsigned size);
void ci_jpeg_meta_write(const ci_meta *meta, uint8_t *scratch, ci_jpeg_emit emit, void *user);

#endif
