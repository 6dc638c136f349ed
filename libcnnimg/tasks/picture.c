/* SPDX-License-Identifier: MIT */
/* picture.c - one door to pixels in memory, in a queue of rows, or behind a callback */
#include "tasks/picture.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "tasks/bleed.h"

void ci_picture_fini(ci_picture *p) {
  free(p->blocks[0].data);
  free(p->blocks[1].data);
  free(p->blocks[2].data);
  ci_rows_fini(&p->rows);
  *p = (ci_picture){0};
}

static int reserve(ci_block *b, size_t bytes, cnnimg_error *err) {
  if (bytes <= b->capacity) return CNNIMG_OK;
  free(b->data);
  b->data = ci_calloc(bytes, 1);
  b->capacity = b->data ? bytes : 0;
  return b->data ? CNNIMG_OK : ci_fail(err, CNNIMG_NOMEM, "no memory for %zu bytes of pixels", bytes);
}

static cnnimg_view view_of(const ci_picture *p, const ci_block *b) {
  cnnimg_format f = p->format;
  cnnimg_view v;
  f.width = (uint32_t)(b->rect.x1 - b->rect.x0), f.height = (uint32_t)(b->rect.y1 - b->rect.y0);
  cnnimg_view_init(&v, &f, b->data);
  return v;
}

int32_t ci_picture_reach(const ci_picture *p) { return p->bleed ? CI_BLEED_REACH : 0; }

static ci_rect widened(const ci_picture *p, ci_rect r) {
  int32_t by = ci_picture_reach(p);
  return ci_rect_clip((ci_rect){r.x0 - by, r.y0 - by, r.x1 + by, r.y1 + by},
                      (ci_shape){1, (int32_t)p->format.height, (int32_t)p->format.width});
}

bool ci_picture_has(const ci_picture *p, int which, ci_rect r) {
  ci_rect there = p->blocks[which].rect;
  if (p->view || !p->read || ci_rect_empty(r)) return true;
  return !ci_rect_empty(there) && ci_rect_contains(there, p->bleed ? widened(p, r) : r);
}

ci_rect ci_picture_columns(const ci_picture *p, int which) {
  if (!p->view && p->read) return p->blocks[which].rect;
  return (ci_rect){0, 0, (int32_t)p->format.width, (int32_t)p->format.height};
}

int ci_picture_need(ci_picture *p, int which, ci_rect r, cnnimg_error *err) {
  ci_block *b = &p->blocks[which];
  size_t pixels, bytes;
  if (ci_picture_has(p, which, r)) return CNNIMG_OK;
  if (p->bleed) r = widened(p, r);
  b->rect = (ci_rect){0, 0, 0, 0};
  if (!ci_mul((size_t)(r.x1 - r.x0), (size_t)(r.y1 - r.y0), &pixels) ||
      !ci_mul(pixels, cnnimg_pixel_bytes(&p->format), &bytes))
    return ci_fail(err, CNNIMG_LIMIT, "a rectangle of %dx%d pixels", r.x1 - r.x0, r.y1 - r.y0);
  int status = reserve(b, bytes, err);
  if (status) return status;
  b->rect = r;
  cnnimg_view to = view_of(p, b);
  status = p->read(p->user, (uint32_t)r.x0, (uint32_t)r.y0, &to, err);
  if (status) b->rect = (ci_rect){0, 0, 0, 0};
  return status;
}

int ci_picture_line(ci_picture *p, int which, uint32_t y, ci_line *line, cnnimg_error *err) {
  return p->bleed ? ci_bleed_line(p->bleed, p, which, y, line, err) : ci_picture_plain_line(p, which, y, line, err);
}

int ci_picture_plain_line(ci_picture *p, int which, uint32_t y, ci_line *line, cnnimg_error *err) {
  const void *row = NULL;
  line->x0 = 0;
  if (p->view) {
    line->row = *p->view;
    line->row.data = (uint8_t *)p->view->data + (ptrdiff_t)y * p->view->row_stride;
    return CNNIMG_OK;
  }
  if (p->read) {
    const ci_block *b = &p->blocks[which];
    line->row = view_of(p, b);
    line->row.data = b->data + (size_t)((int32_t)y - b->rect.y0) * (size_t)line->row.row_stride;
    line->x0 = (uint32_t)b->rect.x0;
    return CNNIMG_OK;
  }
  int status = ci_rows_get(&p->rows, y, &row, err);
  cnnimg_view_init(&line->row, &p->format, (void *)(uintptr_t)row);
  return status;
}
