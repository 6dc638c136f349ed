/* SPDX-License-Identifier: MIT */
/* rects.c - the source by rectangles: from memory, from a callback, or from a spool of its rows */
#include "tasks/rects.h"

#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/error.h"
#include "exec/pixels.h"
#include "tasks/job_state.h"

#define BLOCK ((size_t)1 << 20) /* bytes that are asked of a callback together, at least a row */
#define STRIP_ROWS 64           /* that an estimate reads together */

/* ---- open and close ---------------------------------------------------------------------- */

static int hold(ci_rects *r, cnnimg_read_row read, void *user, size_t memory, const cnnimg_cancel *cancel,
                cnnimg_error *err) {
  size_t bytes = cnnimg_pixel_bytes(&r->format) * r->format.width;
  int status = ci_rows_init(&r->rows, r->format.height, bytes, read, user, err);
  return status ? status : ci_rows_hold(&r->rows, memory, cancel, err);
}

int ci_rects_open(ci_rects *r, const cnnimg_format *format, const ci_job_io *io, size_t memory,
                  const cnnimg_cancel *cancel, cnnimg_error *err) {
  *r = (ci_rects){.format = *format, .read = io->read_rect, .user = io->read_user};
  if (io->read_rect) return CNNIMG_OK;
  if (!io->src) return hold(r, io->read_row, io->read_user, memory, cancel, err);
  if (ci_views_overlap(io->src, io->dst))
    return hold(r, ci_rows_of_view, (void *)(uintptr_t)io->src, memory, cancel, err);
  r->view = io->src;
  return CNNIMG_OK;
}

ci_rects ci_rects_of_view(const cnnimg_view *view) {
  return (ci_rects){.format = view->format, .view = view};
}

void ci_rects_close(ci_rects *r) {
  ci_rows_fini(&r->rows);
  free(r->block);
  *r = (ci_rects){0};
}

/* ---- reading ------------------------------------------------------------------------------- */

static uint8_t *row_of(const cnnimg_view *to, uint32_t i) {
  return (uint8_t *)to->data + (ptrdiff_t)i * to->row_stride;
}

static void copy_view(const cnnimg_view *from, uint32_t x, uint32_t y, const cnnimg_view *to) {
  for (uint32_t i = 0; i < to->format.height; i++) {
    cnnimg_view row = *from;
    row.data = row_of(from, y + i);
    ci_pixels_pack(&row, x, to->format.width, row_of(to, i));
  }
}

static int copy_spool(const ci_rects *r, uint32_t x, uint32_t y, const cnnimg_view *to, cnnimg_error *err) {
  size_t pixel = cnnimg_pixel_bytes(&r->format);
  int status = CNNIMG_OK;
  for (uint32_t i = 0; i < to->format.height && !status; i++)
    status = ci_spool_get(r->rows.spool, y + i, x * pixel, to->format.width * pixel, row_of(to, i), err);
  return status;
}

static int reserve(ci_rects *r, size_t bytes, cnnimg_error *err) {
  if (bytes <= r->capacity) return CNNIMG_OK;
  free(r->block);
  r->block = ci_calloc(bytes, 1);
  r->capacity = r->block ? bytes : 0;
  return r->block ? CNNIMG_OK : ci_fail(err, CNNIMG_NOMEM, "no memory for %zu bytes of pixels", bytes);
}

/* A host's callback fills rows without gaps. */
static int read_block(ci_rects *r, uint32_t x, uint32_t y, const cnnimg_view *to, cnnimg_error *err) {
  size_t row = cnnimg_pixel_bytes(&r->format) * to->format.width, fit = BLOCK / row;
  cnnimg_format f = to->format;
  cnnimg_view block;
  int status = CNNIMG_OK;
  for (uint32_t i = 0; i < to->format.height && !status; i += f.height) {
    uint32_t left = to->format.height - i;
    f.height = !fit ? 1 : left < fit ? left : (uint32_t)fit;
    status = reserve(r, row * f.height, err);
    if (status) return status;
    cnnimg_view_init(&block, &f, r->block);
    status = r->read(r->user, x, y + i, &block, err);
    for (uint32_t k = 0; k < f.height && !status; k++) memcpy(row_of(to, i + k), row_of(&block, k), row);
  }
  return status;
}

int ci_rects_read(void *user, uint32_t x, uint32_t y, const cnnimg_view *to, cnnimg_error *err) {
  ci_rects *r = user;
  size_t gapless = cnnimg_pixel_bytes(&r->format) * to->format.width;
  if (r->view) return copy_view(r->view, x, y, to), CNNIMG_OK;
  if (!r->read) return copy_spool(r, x, y, to, err);
  if (to->row_stride == (ptrdiff_t)gapless) return r->read(r->user, x, y, to, err);
  return read_block(r, x, y, to, err);
}

/* ---- sigma ------------------------------------------------------------------------------------ */

typedef struct strip {
  ci_rects *rects;
  const cnnimg_cancel *cancel;
  cnnimg_view view; /* rows from y on */
  uint32_t y, room;
  bool filled;
} strip;

static int fill_strip(strip *s, uint32_t y, cnnimg_error *err) {
  uint32_t left = s->rects->format.height - y;
  if (ci_cancelled(s->cancel)) return ci_fail(err, CNNIMG_CANCELLED, "cancelled");
  s->y = y;
  s->view.format.height = left < s->room ? left : s->room;
  int status = ci_rects_read(s->rects, 0, y, &s->view, err);
  s->filled = !status;
  return status;
}

static int strip_row(void *user, uint32_t y, cnnimg_view *row, cnnimg_error *err) {
  strip *s = user;
  bool here = s->filled && y >= s->y && y - s->y < s->view.format.height;
  int status = here ? CNNIMG_OK : fill_strip(s, y, err);
  *row = s->view;
  row->data = row_of(&s->view, y - s->y);
  return status;
}

static int estimate(ci_rects *r, ci_sigma *sigma, const cnnimg_cancel *cancel, cnnimg_error *err) {
  const cnnimg_format f = r->format;
  strip s = {.rects = r, .cancel = cancel, .room = f.height < STRIP_ROWS ? f.height : STRIP_ROWS};
  size_t bytes;
  if (!ci_mul(cnnimg_pixel_bytes(&f) * f.width, s.room, &bytes))
    return ci_fail(err, CNNIMG_LIMIT, "a picture %u pixels wide", f.width);
  uint8_t *rows = ci_calloc(bytes, 1);
  if (!rows) return ci_fail(err, CNNIMG_NOMEM, "no memory for the noise estimate");
  cnnimg_view_init(&s.view, &f, rows);
  int status = ci_sigma_find(sigma, true, &f, strip_row, &s, err);
  free(rows);
  return status;
}

int ci_rects_sigma(ci_rects *r, ci_sigma *s, bool wanted, bool keep, const cnnimg_cancel *cancel,
                   cnnimg_error *err) {
  if (ci_sigma_is_open(s, wanted, keep)) return estimate(r, s, cancel, err);
  return ci_sigma_find(s, false, &r->format, NULL, NULL, err);
}
