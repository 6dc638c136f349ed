/* SPDX-License-Identifier: MIT */
/* bleed.h - gives pixels that are wholly transparent the colour of the nearest ones that are not */
#ifndef CI_BLEED_H
#define CI_BLEED_H

#include "tasks/picture.h"

/*
 * Nobody sees a colour where alpha is 0, so files have anything there; networks and filters would carry it over to where
 * it is seen. Such pixels take the colour of the visible pixel nearest to them (of those at one distance: the nearer row,
 * then the upper one, then the left one), as far as CI_BLEED_REACH rows and columns away; where there is none they are
 * black. So a pixel depends on no more than that.
 */
#define CI_BLEED_REACH 32

typedef struct ci_bleed ci_bleed;
/* For pictures of this format, which has alpha. */
int ci_bleed_new(ci_bleed **out, const cnnimg_format *format, cnnimg_error *err);
void ci_bleed_free(ci_bleed *b); /* NULL is allowed */
size_t ci_bleed_bytes(const ci_bleed *b);
void ci_bleed_begin(ci_bleed *b); /* another picture */
/* Row y as floats (encoded, alpha straight); valid until the next call. What ci_picture_plain_line() gives must cover
 * the reach around the columns that are wanted; the line has its columns. */
int ci_bleed_line(ci_bleed *b, ci_picture *p, int block, uint32_t y, ci_line *line, cnnimg_error *err);

#endif
