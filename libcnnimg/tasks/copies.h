/* SPDX-License-Identifier: MIT */
/* copies.h - a picture with a border of copies of itself, read by rectangles */
#ifndef CI_COPIES_H
#define CI_COPIES_H

#include "tasks/rects.h"

typedef struct ci_copies {
  ci_rects *picture;
  uint32_t x, y; /* pixels of border on either side */
} ci_copies;

/* A cnnimg_read_rect of the picture and its border; user is a ci_copies. */
int ci_copies_read(void *user, uint32_t x, uint32_t y, const cnnimg_view *to, cnnimg_error *err);

#endif
