/* SPDX-License-Identifier: MIT */
/* pngparts.h - what is known of a PNG file from the frames of its chunks alone */
#ifndef CI_PNGPARTS_H
#define CI_PNGPARTS_H

#include "base/cursor.h"
#include "image/image.h"

#define CI_PNG_PARTS 4

/* Judges the size in IHDR, before libpng is asked and allocates. */
int ci_png_check_size(const ci_source *src, const ci_limits *limits, cnnimg_error *err);
/* Metadata may stand behind the pixels, but is wanted before them: the parts are head, tail (what stands between the
 * last IDAT and IEND), pixels, end. Read in this order they are the same picture. A file that is cut off anywhere is
 * found out here. */
int ci_png_split(const ci_source *src, ci_cursor parts[CI_PNG_PARTS], cnnimg_error *err);
/* Has it more pictures behind the first (an APNG's acTL chunk before the pixels)? */
bool ci_png_is_animated(ci_cursor head);
/* Is it UTF-8 beyond ASCII? Such text needs iTXt; anything else is taken for Latin-1. */
bool ci_is_utf8(const char *s);
/* May it name a text? libpng gives the whole file up where nothing of a keyword may be written. */
bool ci_png_is_keyword(const char *key);

#endif
