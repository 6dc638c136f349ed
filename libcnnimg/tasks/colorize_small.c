/* SPDX-License-Identifier: MIT */
/* colorize_small.c - the light of a picture, made small as its rows come, for a network that sees it as a whole */
#include <stdlib.h>

#include "base/cancel.h"
#include "base/error.h"
#include "exec/pixels.h"
#include "tasks/colorize_state.h"
#include "tasks/lab.h"
#include "tasks/resample.h"

#define STRIP_BYTES ((size_t)1 << 22)
#define STRIP_ROWS 64
#define SEEN 0.05f /* of a small pixel: with less alpha than that, its light is not known */

uint32_t ci_colorize_strip(const ci_colorize *c, size_t row_bytes) {
  const size_t fit = STRIP_BYTES / row_bytes, least = 2 * (size_t)c->o.engine.threads;
  return (uint32_t)(fit > STRIP_ROWS ? STRIP_ROWS : fit < least ? least : fit);
}

static float clamped(float v) { return v > 0 ? v < 1 ? v : 1 : 0; }

/* Of grey it is the sample itself: nothing is lost on the way. */
void ci_colorize_light(const cnnimg_view *row, uint32_t n, float *rgb, float *light) {
  ci_pixels_load(row, 0, n, NULL, rgb, 3, 3);
  for (uint32_t i = 0; i < n; i++) {
    const float *v = rgb + 3 * (size_t)i;
    light[i] = clamped(v[0] == v[1] && v[1] == v[2] ? v[0] : ci_srgb_encode(ci_lab_luminance(v)));
  }
}

/*
 * Rows are made narrow by all threads, then added up, in order, to the rows of the small picture that they are part of.
 * Where there is alpha, light counts by it: what is hidden is not looked at. Drawings lie on white paper.
 */
typedef struct shrink {
  ci_colorize *c;
  cnnimg_view strip; /* of the picture */
  int32_t *from, *count;
  float *weights; /* of columns */
  float *row_weights;
  int32_t room, planes; /* light, and alpha */
  float *wide;          /* a worker: 3 n for colours, n for light, n for alpha */
  float *narrow;        /* a row of the strip: the small width, each plane */
  float *seen;          /* how much of a small pixel is not hidden; NULL: all */
} shrink;

static void load_alpha(const cnnimg_view *row, uint32_t n, float *alpha) {
  float all[4];
  const int32_t samples = row->format.colours + 1;
  for (uint32_t x = 0; x < n; x++) {
    ci_pixels_load_raw(row, x, 1, all, samples, samples);
    alpha[x] = clamped(all[samples - 1]);
  }
}

static void narrow_row(void *arg, uint32_t i, uint32_t worker) {
  const shrink *s = arg;
  const uint32_t n = s->c->o.format.width;
  float *rgb = s->wide + (size_t)worker * 5 * n, *light = rgb + 3 * (size_t)n, *alpha = light + n;
  const int32_t w = s->c->small.w;
  float *out = s->narrow + (size_t)i * (size_t)(w * s->planes);
  cnnimg_view row = s->strip;
  row.data = (uint8_t *)row.data + (ptrdiff_t)i * row.row_stride;
  ci_colorize_light(&row, n, rgb, light);
  if (row.format.alpha) load_alpha(&row, n, alpha);
  for (uint32_t x = 0; row.format.alpha && x < n; x++)
    light[x] = light[x] * alpha[x] + (s->c->lineart ? 1 - alpha[x] : 0);
  for (int32_t p = 0; p < s->planes; p++)
    for (int32_t x = 0; x < w; x++) {
      const float *in = light + (size_t)p * n + s->from[x],
                  *weight = s->weights + (size_t)x * (size_t)s->room;
      float sum = 0;
      for (int32_t t = 0; t < s->count[x]; t++) sum += weight[t] * in[t];
      out[p * w + x] = sum;
    }
}

/* Row y of the picture belongs to small rows [*first, ...) whose taps reach it. */
static void add_row(const shrink *s, const ci_axis *axis, int32_t *first, int32_t y, const float *row) {
  const ci_small *small = &s->c->small;
  for (int32_t i = *first; i < small->h; i++) {
    int32_t from, count = ci_taps(axis, i, &from, s->row_weights);
    if (from > y) break;
    if (from + count <= y) {
      if (i == *first) ++*first;
      continue;
    }
    const float weight = s->row_weights[y - from];
    float *light = s->c->light + (size_t)i * (size_t)small->w,
          *seen = s->seen ? s->seen + (size_t)i * (size_t)small->w : NULL;
    for (int32_t x = 0; x < small->w; x++) light[x] += weight * row[x];
    for (int32_t x = 0; seen && x < small->w; x++) seen[x] += weight * row[small->w + x];
  }
}

/* What is hidden becomes as light as the rest is on average. */
static void uncover(const shrink *s) {
  const size_t n = (size_t)s->c->small.w * (size_t)s->c->small.h;
  double light = 0, seen = 0;
  for (size_t i = 0; s->seen && i < n; i++) light += (double)s->c->light[i], seen += (double)s->seen[i];
  const float mean = seen > 0 ? clamped((float)(light / seen)) : 0.5f;
  for (size_t i = 0; i < n; i++) {
    float v = s->c->light[i];
    if (s->seen) v = s->seen[i] > SEEN ? v / s->seen[i] : mean;
    s->c->light[i] = clamped(v);
  }
}

static int shrink_rows(shrink *s, uint32_t rows, cnnimg_error *err) {
  ci_colorize *c = s->c;
  ci_pool *pool = ci_tensors_pool(c->net);
  const cnnimg_format *f = &c->o.format;
  const ci_axis axis = {CI_FILTER_CUBIC, (int32_t)f->height, c->small.h};
  int32_t first = 0;
  for (uint32_t y = 0; y < f->height; y += rows) {
    const uint32_t n = f->height - y < rows ? f->height - y : rows;
    if (ci_cancelled(c->o.params.cancel)) return ci_fail(err, CNNIMG_CANCELLED, "cancelled");
    s->strip.format.height = n;
    int status = ci_rects_read(&c->picture, 0, y, &s->strip, err);
    if (status) return status;
    ci_pool_run(pool, n, narrow_row, s);
    if (ci_pool_failed(pool)) return ci_fail(err, CNNIMG_CANCELLED, "the host's workers gave up");
    for (uint32_t i = 0; i < n; i++)
      add_row(s, &axis, &first, (int32_t)(y + i), s->narrow + (size_t)i * (size_t)(c->small.w * s->planes));
  }
  return CNNIMG_OK;
}

static int make_room(shrink *s, uint32_t rows, size_t row_bytes, cnnimg_error *err) {
  const ci_colorize *c = s->c;
  const ci_axis x = {CI_FILTER_CUBIC, (int32_t)c->o.format.width, c->small.w},
                y = {CI_FILTER_CUBIC, (int32_t)c->o.format.height, c->small.h};
  const size_t w = (size_t)c->small.w, planes = (size_t)s->planes;
  s->room = ci_taps_most(&x);
  s->from = ci_calloc(w, sizeof *s->from);
  s->count = ci_calloc(w, sizeof *s->count);
  s->weights = ci_calloc(w, (size_t)s->room * sizeof *s->weights);
  s->row_weights = ci_calloc((size_t)ci_taps_most(&y), sizeof *s->row_weights);
  s->wide =
      ci_calloc((size_t)c->o.format.width * ci_pool_threads(ci_tensors_pool(c->net)), 5 * sizeof *s->wide);
  s->narrow = ci_calloc(rows * w, planes * sizeof *s->narrow);
  if (planes > 1) s->seen = ci_calloc(w * (size_t)c->small.h, sizeof *s->seen);
  cnnimg_view_init(&s->strip, &c->o.format, ci_calloc(rows, row_bytes));
  if (!s->from || !s->count || !s->weights || !s->row_weights || !s->wide || !s->narrow || !s->strip.data ||
      (planes > 1 && !s->seen))
    return ci_fail(err, CNNIMG_NOMEM, "no memory for a strip of %u rows", rows);
  for (int32_t i = 0; i < c->small.w; i++)
    s->count[i] = ci_taps(&x, i, &s->from[i], s->weights + (size_t)i * (size_t)s->room);
  return CNNIMG_OK;
}

static void load_light(void *user, int32_t y, float *to) {
  const ci_colorize *c = user;
  const size_t w = (size_t)c->small.w, step = (size_t)ci_channel_stride(1);
  for (size_t x = 0; x < w; x++) to[step * x] = c->light[(size_t)y * w + x];
}

/* What the network sees of the small picture. */
static int see_less(ci_colorize *c, cnnimg_error *err) {
  const ci_small *s = &c->small;
  const ci_shape from = {1, s->h, s->w}, to = {1, s->seen_h, s->seen_w};
  ci_view out = {.map = to, .rect = ci_rect_whole(to), .cs = ci_channel_stride(1), .ring = to.h};
  out.row_stride = (size_t)out.cs * (size_t)to.w;
  out.data = ci_calloc((size_t)to.h, out.row_stride * sizeof *out.data);
  if (!out.data) return ci_fail(err, CNNIMG_NOMEM, "no memory for a small picture");
  int status = ci_resample_whole(from, &out, CI_FILTER_CUBIC, load_light, c, err);
  for (size_t i = 0; i < (size_t)to.w * (size_t)to.h; i++)
    c->seen_light[i] = clamped(out.data[i * (size_t)out.cs]);
  free(out.data);
  return status;
}

static void clean_up(shrink *s) {
  free(s->from);
  free(s->count);
  free(s->weights);
  free(s->row_weights);
  free(s->wide);
  free(s->narrow);
  free(s->seen);
  free(s->strip.data);
}

int ci_colorize_see(ci_colorize *c, cnnimg_error *err) {
  const size_t row_bytes = cnnimg_pixel_bytes(&c->o.format) * c->o.format.width,
               n = (size_t)c->small.w * (size_t)c->small.h;
  const uint32_t rows = ci_colorize_strip(c, row_bytes);
  shrink s = {.c = c, .planes = c->o.format.alpha && !c->lineart ? 2 : 1};
  ci_colorize_forget(c);
  for (size_t i = 0; i < n; i++) c->light[i] = 0;
  int status = make_room(&s, rows, row_bytes, err);
  if (!status) status = shrink_rows(&s, rows, err);
  if (!status) uncover(&s);
  if (!status && c->seen_light) status = see_less(c, err);
  c->seen = !status;
  clean_up(&s);
  return status;
}
