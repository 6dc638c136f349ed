/* SPDX-License-Identifier: MIT */
/* colorize_run.c - a picture twice: made small for the network, then row by row with the colours that it gave */
#include <stdlib.h>

#include "base/cancel.h"
#include "base/error.h"
#include "exec/pixels.h"
#include "tasks/colorize_state.h"
#include "tasks/lab.h"

/* Rows that are coloured together. */
typedef struct paint {
  ci_colorize *c;
  cnnimg_view strip; /* of the source, the columns that are wanted */
  cnnimg_view to;    /* where they go */
  float *room;       /* a worker: 3 n colours, n light, 2 n ab */
  int32_t y;         /* of the picture: the strip's first row */
} paint;

static void mix(const float *original, float strength, float *rgb) {
  for (int k = 0; strength < 1 && k < 3; k++) rgb[k] = original[k] + strength * (rgb[k] - original[k]);
}

static void colour_pixels(const ci_colorize *c, uint32_t n, const float *ab, float *rgb) {
  for (uint32_t i = 0; i < n; i++, rgb += 3, ab += 2) {
    const float s = c->o.params.saturation, wanted[2] = {ab[0] * s, ab[1] * s};
    const float original[3] = {rgb[0], rgb[1], rgb[2]};
    ci_lab_colour(ci_lab_luminance(original), wanted, rgb);
    mix(original, c->o.params.strength, rgb);
  }
}

/* The drawing lies on its paint like a glass on a picture. */
static void multiply_pixels(const ci_colorize *c, uint32_t n, const float *by, float *rgb) {
  for (uint32_t i = 0; i < n; i++, rgb += 3, by += 3) {
    const float original[3] = {rgb[0], rgb[1], rgb[2]};
    for (int k = 0; k < 3; k++) rgb[k] *= by[k];
    mix(original, c->o.params.strength, rgb);
  }
}

static cnnimg_view row_of(const cnnimg_view *v, uint32_t i) {
  cnnimg_view row = *v;
  row.data = (uint8_t *)row.data + (ptrdiff_t)i * row.row_stride;
  return row;
}

static void paint_row(void *arg, uint32_t i, uint32_t worker) {
  const paint *p = arg;
  const ci_colorize *c = p->c;
  const uint32_t n = p->strip.format.width;
  float *rgb = p->room + (size_t)worker * 6 * n, *light = rgb + 3 * (size_t)n, *ab = light + n;
  const ci_small *s = &c->small;
  const int32_t y = p->y + (int32_t)i;
  const bool whole = (uint32_t)s->w == c->result.width && (uint32_t)s->h == c->result.height;
  const float *fine = c->fine + ci_colorize_numbers(c) * ((size_t)y * (size_t)s->w + (size_t)c->want.x0);
  cnnimg_view from = row_of(&p->strip, i), to = row_of(&p->to, i);
  const ci_original alpha = {.row = c->o.format.alpha ? from : (cnnimg_view){0}, .strength = 1};
  ci_colorize_light(&from, n, rgb, light);
  if (c->lineart) {
    if (!whole) ci_lineart_row(c, y, c->want.x0, (int32_t)n, light); /* over light and ab */
    multiply_pixels(c, n, whole ? fine : light, rgb);
  } else {
    if (!whole) ci_guide_row(&c->guide, y, c->want.x0, (int32_t)n, light, ab);
    colour_pixels(c, n, whole ? fine : ab, rgb);
  }
  ci_pixels_store(&to, 0, n, rgb, 3, 3, NULL, &alpha);
}

static int hand_over(const paint *p, uint32_t rows, cnnimg_error *err) {
  const ci_job_io *io = p->c->io;
  int status = CNNIMG_OK;
  for (uint32_t i = 0; i < rows && !status && io->write; i++)
    status = io->write(io->write_user, (uint32_t)(p->y - p->c->want.y0) + i, row_of(&p->to, i).data, err);
  return status;
}

static int tell(const ci_colorize *c, int32_t y, cnnimg_error *err) {
  const cnnimg_params *p = &c->o.params;
  const uint64_t w = (uint64_t)(c->want.x1 - c->want.x0);
  if (!p->progress ||
      !p->progress(p->progress_user, w * (uint64_t)(y - c->want.y0), w * (uint64_t)(c->want.y1 - c->want.y0)))
    return CNNIMG_OK;
  return ci_fail(err, CNNIMG_CANCELLED, "cancelled");
}

static int paint_strip(paint *p, uint32_t rows, cnnimg_error *err) {
  ci_colorize *c = p->c;
  ci_pool *pool = ci_tensors_pool(c->net);
  if (ci_cancelled(c->o.params.cancel)) return ci_fail(err, CNNIMG_CANCELLED, "cancelled");
  p->strip.format.height = rows;
  if (c->io->dst) p->to = row_of(c->io->dst, (uint32_t)(p->y - c->want.y0));
  int status = ci_rects_read(&c->picture, (uint32_t)c->want.x0, (uint32_t)p->y, &p->strip, err);
  if (status) return status;
  ci_pool_run(pool, rows, paint_row, p);
  if (ci_pool_failed(pool)) return ci_fail(err, CNNIMG_CANCELLED, "the host's workers gave up");
  status = hand_over(p, rows, err);
  return status ? status : tell(c, p->y + (int32_t)rows, err);
}

static int paint_rows(paint *p, uint32_t rows, cnnimg_error *err) {
  ci_colorize *c = p->c;
  int status = CNNIMG_OK;
  for (p->y = c->want.y0; p->y < c->want.y1 && !status; p->y += (int32_t)rows) {
    const uint32_t left = (uint32_t)(c->want.y1 - p->y);
    status = paint_strip(p, left < rows ? left : rows, err);
  }
  return status;
}

static int paint_picture(ci_colorize *c, cnnimg_error *err) {
  cnnimg_format from = c->o.format, to = c->result;
  from.width = to.width = (uint32_t)(c->want.x1 - c->want.x0);
  const size_t row_bytes = cnnimg_pixel_bytes(&from) * from.width,
               to_bytes = cnnimg_pixel_bytes(&to) * to.width;
  const uint32_t rows = ci_colorize_strip(c, to_bytes);
  const ci_small *s = &c->small;
  paint p = {.c = c};
  p.room = ci_calloc(ci_pool_threads(ci_tensors_pool(c->net)), 6 * (size_t)from.width * sizeof *p.room);
  void *strip = ci_calloc(rows, row_bytes), *line = c->io->dst ? NULL : ci_calloc(rows, to_bytes);
  cnnimg_view_init(&p.strip, &from, strip);
  cnnimg_view_init(&p.to, &to, line);
  ci_guide_init(&c->guide, c->fine, c->light, s->w, s->h, (double)s->w / c->result.width,
                (double)s->h / c->result.height);
  int status = p.room && strip && (c->io->dst || line)
                   ? paint_rows(&p, rows, err)
                   : ci_fail(err, CNNIMG_NOMEM, "no memory for a strip of %u rows", rows);
  free(p.room);
  free(strip);
  free(line);
  return status;
}

int ci_colorize_run(ci_colorize *c, const ci_job_io *io, cnnimg_error *err) {
  const size_t memory = c->o.engine.memory ? c->o.engine.memory / 4 : SIZE_MAX / 4;
  const ci_rect all = {0, 0, (int32_t)c->result.width, (int32_t)c->result.height};
  c->io = io;
  c->want = io->region ? *io->region : all;
  if (!io->region) ci_colorize_forget(c);
  int status = ci_rects_open(&c->picture, &c->o.format, io, memory, c->o.params.cancel, err);
  if (!status && !c->seen) status = ci_colorize_see(c, err);
  if (!status && !c->coloured) status = ci_colorize_think(c, NULL, err);
  if (!status) status = paint_picture(c, err);
  ci_rects_close(&c->picture);
  c->io = NULL;
  return status;
}
