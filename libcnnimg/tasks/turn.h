/* SPDX-License-Identifier: MIT */
/* turn.h - the eight ways to turn a picture: views, rectangles, and rectangles read turned */
#ifndef CI_TURN_H
#define CI_TURN_H

#include "tasks/rects.h"

/*
 * A turn is a set of these, done in this order. Pixel (x, y) of the turned picture is then pixel (X, Y) of the picture:
 * transposed x and y change places, then X counts from the right, Y from below where they are mirrored.
 */
#define CI_TURN_X 1u         /* left and right */
#define CI_TURN_Y 2u         /* top and bottom */
#define CI_TURN_TRANSPOSE 4u /* rows become columns */
#define CI_TURNS 8u

/* The same pixels, seen turned. */
cnnimg_view ci_turn_view(const cnnimg_view *v, uint32_t turn);
/* Where a rectangle of a picture of that size (before it is turned) lies in the turned one, and the other way. */
ci_rect ci_turn_rect(ci_rect r, uint32_t width, uint32_t height, uint32_t turn);
ci_rect ci_turn_back(ci_rect r, uint32_t width, uint32_t height, uint32_t turn);

/* Of the source, as floats: encoded, straight, 0 to 1. */
cnnimg_format ci_turned_format(const cnnimg_format *source, uint32_t turn);
typedef struct ci_turned {
  ci_rects *picture;
  uint32_t turn;
  uint8_t *block; /* freed by who made this */
  size_t capacity;
} ci_turned;
/* A cnnimg_read_rect of that format; user is a ci_turned. */
int ci_turned_read(void *user, uint32_t x, uint32_t y, const cnnimg_view *to, cnnimg_error *err);

#endif
