/* SPDX-License-Identifier: MIT */
/* holes.h - what a mask says is to be filled: stretches of rows, the holes they make up, the windows to look at them in */
#ifndef CI_HOLES_H
#define CI_HOLES_H

#include <stdbool.h>

#include "net/map.h"
#include "cnnimg.h"

#define CI_MOST_GROW 255

/* Pixels [x0, x1) of a row, all of one hole. */
typedef struct ci_span {
  uint32_t x0, x1;
  uint32_t hole;
  uint32_t at; /* of the window's unknown pixels, row by row: how many are before */
} ci_span;

/* Pixels that touch, diagonally too. */
typedef struct ci_hole {
  ci_rect box;
  uint64_t area, edge; /* pixels; sides of pixels that lie on its border */
  uint32_t window;
} ci_hole;

/* A part of the picture in which some holes are filled together, with what lies around them. Windows may overlap: those of
 * another window's holes are unknown here, and not filled from here. */
typedef struct ci_window {
  ci_rect box;  /* with what lies around */
  ci_rect hole; /* of its holes */
  uint64_t area;
  float
      width; /* of its widest hole, pixels: four times area by border: a disc's or a square's own, twice a line's */
} ci_window;

typedef struct ci_holes {
  uint32_t width, height;
  size_t *rows; /* spans of row y: from rows[y] to rows[y + 1], from left to right */
  ci_span *spans;
  ci_hole *holes;
  size_t n_holes;
  ci_window *windows; /* from top to bottom */
  size_t n_windows;
  uint64_t area;
} ci_holes;

/*
 * mask: one channel of the picture's size, from one half on to be filled (invert: below it), and all that is at most grow
 * pixels away. CNNIMG_BADARG: nothing or everything is to be filled. CNNIMG_LIMIT, CNNIMG_NOMEM.
 */
int ci_holes_find(ci_holes *h, const cnnimg_view *mask, bool invert, uint32_t grow, cnnimg_error *err);
void ci_holes_free(ci_holes *h);

/* windows.c: sets windows and the holes' and spans' places in them. */
int ci_windows_find(ci_holes *h, cnnimg_error *err);

#endif
