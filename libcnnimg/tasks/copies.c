/* SPDX-License-Identifier: MIT */
/* copies.c - rectangles of a picture with a border of copies of itself, piece by piece */
#include "tasks/copies.h"

/* Where pixel i of the bordered picture lies in one of `size` pixels, and how many follow it there, at most `most`. */
static uint32_t place(uint32_t i, uint32_t border, uint32_t size, uint32_t most, uint32_t *n) {
  uint32_t first = size - border % size; /* where border pixels before the picture begin, or size */
  uint32_t at = (uint32_t)(((uint64_t)i + first) % size);
  *n = size - at < most ? size - at : most;
  return at;
}

/* The columns of some rows that lie together in the picture. */
static int read_rows(const ci_copies *c, uint32_t x, uint32_t y, const cnnimg_view *to, cnnimg_error *err) {
  uint32_t w = to->format.width, n;
  cnnimg_view part = *to;
  int status = 0;
  for (uint32_t i = 0; i < w && !status; i += n) {
    uint32_t at = place(x + i, c->x, c->picture->format.width, w - i, &n);
    part.format.width = n;
    part.data = (uint8_t *)to->data + (ptrdiff_t)i * to->pixel_stride;
    status = ci_rects_read(c->picture, at, y, &part, err);
  }
  return status;
}

int ci_copies_read(void *user, uint32_t x, uint32_t y, const cnnimg_view *to, cnnimg_error *err) {
  const ci_copies *c = user;
  uint32_t h = to->format.height, n;
  cnnimg_view part = *to;
  int status = 0;
  for (uint32_t i = 0; i < h && !status; i += n) {
    uint32_t at = place(y + i, c->y, c->picture->format.height, h - i, &n);
    part.format.height = n;
    part.data = (uint8_t *)to->data + (ptrdiff_t)i * to->row_stride;
    status = read_rows(c, x, at, &part, err);
  }
  return status;
}
