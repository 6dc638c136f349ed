/* SPDX-License-Identifier: MIT */
/* subpixel.h - a transposed convolution as a convolution and a pixel shuffle, for window.c */
#ifndef CI_LOWER_SUBPIXEL_H
#define CI_LOWER_SUBPIXEL_H

#include "lower/state.h"

/* The site's transposed convolution of `map` with parameters p (pads settled). PASS where that is not faster, or no
 * such convolution. */
int ci_lower_subpixel(ci_site *c, const ci_params *p, int32_t map);

#endif
