/* SPDX-License-Identifier: MIT */
/* pixels.h - rows of pictures to rows of maps and back */
#ifndef CI_PIXELS_H
#define CI_PIXELS_H

#include <stddef.h>
#include <stdint.h>

#include "cnnimg.h"

/* n pixels from column x of a row into a map's row of `channels` (1 or 3), cs floats a pixel. Integers are
 * divided by their largest value, floats pass. One colour is repeated for three channels; of three colours one
 * channel takes the mean. */
void ci_pixels_load(const cnnimg_format *f, const void *row, uint32_t x, uint32_t n, float *out,
                    int32_t channels, int32_t cs);
/* The colours of n pixels of a map's row into a row from column x; alpha is not touched. Integers are rounded
 * and clamped. original: the same pixels before (`f`, whole row), mixed in by 1 - strength; NULL with strength 1. */
void ci_pixels_store(const cnnimg_format *f, const float *in, int32_t channels, int32_t cs, uint32_t x,
                     uint32_t n, const void *original, float strength, void *row);
/* Copies the alpha of n pixels from column x. */
void ci_pixels_copy_alpha(const cnnimg_format *f, const void *from, uint32_t x, uint32_t n, void *to);

#endif
