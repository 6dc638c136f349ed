/* SPDX-License-Identifier: MIT */
/* turn.c - turns pictures without moving a pixel, and reads rectangles of them turned */
#include "tasks/turn.h"

#include <stdlib.h>

#include "base/error.h"
#include "exec/pixels.h"

/* ---- views and rectangles ------------------------------------------------------------------ */

cnnimg_view ci_turn_view(const cnnimg_view *v, uint32_t turn) {
  cnnimg_view t = *v;
  uint8_t *data = t.data;
  if (turn & CI_TURN_X) data += (ptrdiff_t)(v->format.width - 1) * v->pixel_stride, t.pixel_stride *= -1;
  if (turn & CI_TURN_Y) data += (ptrdiff_t)(v->format.height - 1) * v->row_stride, t.row_stride *= -1;
  t.data = data;
  if (turn & CI_TURN_TRANSPOSE) {
    const ptrdiff_t stride = t.row_stride;
    t.row_stride = t.pixel_stride, t.pixel_stride = stride;
    t.format.width = v->format.height, t.format.height = v->format.width;
  }
  return t;
}

static ci_rect transposed(ci_rect r) { return (ci_rect){r.y0, r.x0, r.y1, r.x1}; }

static ci_rect mirrored(ci_rect r, uint32_t width, uint32_t height, uint32_t turn) {
  const int32_t w = (int32_t)width, h = (int32_t)height;
  ci_rect m = r;
  if (turn & CI_TURN_X) m.x0 = w - r.x1, m.x1 = w - r.x0;
  if (turn & CI_TURN_Y) m.y0 = h - r.y1, m.y1 = h - r.y0;
  return m;
}

ci_rect ci_turn_rect(ci_rect r, uint32_t width, uint32_t height, uint32_t turn) {
  const ci_rect m = mirrored(r, width, height, turn);
  return turn & CI_TURN_TRANSPOSE ? transposed(m) : m;
}

ci_rect ci_turn_back(ci_rect r, uint32_t width, uint32_t height, uint32_t turn) {
  return mirrored(turn & CI_TURN_TRANSPOSE ? transposed(r) : r, width, height, turn);
}

/* ---- the source turned ------------------------------------------------------------------------ */

cnnimg_format ci_turned_format(const cnnimg_format *source, uint32_t turn) {
  cnnimg_format f = *source;
  if (turn & CI_TURN_TRANSPOSE) f.width = source->height, f.height = source->width;
  if (f.alpha) f.alpha = CNNIMG_ALPHA_STRAIGHT;
  f.sample = CNNIMG_F32;
  f.transfer = CNNIMG_TRANSFER_ENCODED;
  return f;
}

/* A row of the picture's, seen turned, as floats. */
static void load_row(const cnnimg_view *row, float *to) {
  const cnnimg_format *f = &row->format;
  const int32_t colours = f->colours, samples = colours + (f->alpha != 0);
  ci_pixels_load(row, 0, f->width, NULL, to, colours, samples);
  if (!f->alpha) return;
  cnnimg_view alpha = *row;
  ptrdiff_t at = row->alpha_offset ? row->alpha_offset : colours * row->channel_stride;
  alpha.data = (uint8_t *)row->data + at;
  alpha.format.colours = 1, alpha.format.alpha = CNNIMG_ALPHA_NONE;
  ci_pixels_load_raw(&alpha, 0, f->width, to + colours, 1, samples);
}

static int reserve(ci_turned *t, size_t pixel, const cnnimg_format *f, cnnimg_error *err) {
  size_t pixels, bytes;
  if (!ci_mul(f->width, f->height, &pixels) || !ci_mul(pixels, pixel, &bytes))
    return ci_fail(err, CNNIMG_LIMIT, "a rectangle of %ux%u pixels", f->width, f->height);
  if (bytes <= t->capacity) return CNNIMG_OK;
  free(t->block);
  t->block = ci_calloc(bytes, 1);
  t->capacity = t->block ? bytes : 0;
  return t->block ? CNNIMG_OK : ci_fail(err, CNNIMG_NOMEM, "no memory for %zu bytes of pixels", bytes);
}

int ci_turned_read(void *user, uint32_t x, uint32_t y, const cnnimg_view *to, cnnimg_error *err) {
  ci_turned *t = user;
  cnnimg_format f = t->picture->format;
  const ci_rect want = {(int32_t)x, (int32_t)y, (int32_t)(x + to->format.width),
                        (int32_t)(y + to->format.height)};
  const ci_rect from = ci_turn_back(want, f.width, f.height, t->turn);
  cnnimg_view block;
  f.width = (uint32_t)(from.x1 - from.x0), f.height = (uint32_t)(from.y1 - from.y0);
  int status = reserve(t, cnnimg_pixel_bytes(&f), &f, err);
  if (status) return status;
  cnnimg_view_init(&block, &f, t->block);
  status = ci_rects_read(t->picture, (uint32_t)from.x0, (uint32_t)from.y0, &block, err);
  const cnnimg_view turned = ci_turn_view(&block, t->turn);
  for (uint32_t i = 0; i < turned.format.height && !status; i++) {
    cnnimg_view row = turned;
    row.data = (uint8_t *)turned.data + (ptrdiff_t)i * turned.row_stride;
    load_row(&row, (float *)(void *)((uint8_t *)to->data + (ptrdiff_t)i * to->row_stride));
  }
  return status;
}
