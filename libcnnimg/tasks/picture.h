/* SPDX-License-Identifier: MIT */
/* picture.h - the source's pixels wherever they are: the caller's memory, rows from a callback, rectangles from one */
#ifndef CI_PICTURE_H
#define CI_PICTURE_H

#include "net/map.h"
#include "tasks/rows.h"

/* A row, or part of it: row.data is pixel x0. */
typedef struct ci_line {
  cnnimg_view row;
  uint32_t x0;
} ci_line;

/* A rectangle that was read. */
typedef struct ci_block {
  ci_rect rect;
  uint8_t *data;
  size_t capacity;
} ci_block;

/* The first of these that is set is where pixels come from. */
typedef struct ci_picture {
  cnnimg_format format; /* of the whole picture */
  const cnnimg_view *view;
  cnnimg_read_rect read;
  void *user;
  ci_block blocks[3]; /* read: for the network, for what is behind it, for the store: they are at different places */
  ci_rows rows;
  struct ci_bleed *bleed; /* fills what is transparent, or NULL; not owned */
} ci_picture;

/* All pixels of the rectangle, which must be of the picture, can be had from ci_picture_line() with this block. */
int ci_picture_need(ci_picture *p, int block, ci_rect r, cnnimg_error *err);
/* Can they be had already? */
bool ci_picture_has(const ci_picture *p, int block, ci_rect r);
/* Row y; valid until the next call. */
int ci_picture_line(ci_picture *p, int block, uint32_t y, ci_line *line, cnnimg_error *err);
/* The same, but transparent pixels are as they are. */
int ci_picture_plain_line(ci_picture *p, int block, uint32_t y, ci_line *line, cnnimg_error *err);
/* The columns [x0, x1) that lines have. */
ci_rect ci_picture_columns(const ci_picture *p, int block);
/* Rows above and below one, which must be there besides, for it to be had. */
int32_t ci_picture_reach(const ci_picture *p);
void ci_picture_fini(ci_picture *p);

#endif
