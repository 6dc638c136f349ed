/* SPDX-License-Identifier: MIT */
/* cmyk.h - inks to red, green, blue, as the picture's own colour profile says */
#ifndef CI_CMYK_H
#define CI_CMYK_H

#include "image/image.h"

typedef struct ci_cmyk ci_cmyk;

/* A transform from the CMYK profile in meta to sRGB: relative colorimetric, black point compensated, so that paper becomes
 * white and full ink black. meta then says sRGB in place of the profile. bytes: 1 or 2 a sample. inverted: 0 is full ink.
 * CNNIMG_UNSUPPORTED without a profile, without lcms2; CNNIMG_CORRUPT for a profile that cannot be used. */
int ci_cmyk_new(ci_cmyk **out, ci_meta *meta, const char *name, unsigned bytes, int inverted,
                cnnimg_error *err);
/* pixels x 4 samples to pixels x 3 samples of the same kind. */
void ci_cmyk_row(const ci_cmyk *t, const void *inks, void *rgb, uint32_t pixels);
void ci_cmyk_free(ci_cmyk *t); /* NULL is allowed */

#endif
