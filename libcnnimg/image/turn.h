/* SPDX-License-Identifier: MIT */
/* turn.h - rows of a picture in the order that its EXIF orientation asks for */
#ifndef CI_TURN_H
#define CI_TURN_H

#include "cnnimg.h"

typedef struct ci_turn ci_turn;

/* in: the format of the rows that are put. At most `memory` bytes of pixels are held, else a file. */
int ci_turn_new(ci_turn **out, int orientation, const cnnimg_format *in, size_t memory, cnnimg_error *err);
/* The rows from the file, in order; then all of them can be had in the new order. */
int ci_turn_put(ci_turn *t, const void *row, cnnimg_error *err);
int ci_turn_get(const ci_turn *t, uint32_t y, void *row, cnnimg_error *err);
void ci_turn_free(ci_turn *t); /* NULL is allowed */
/* Swaps left and right in place. */
void ci_row_mirror(const cnnimg_format *f, void *row);

#endif
