/* SPDX-License-Identifier: MIT */
/* bleed.c - gives pixels that are wholly transparent the colour of the nearest ones that are not */
#include "tasks/bleed.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "exec/pixels.h"

#define NONE INT8_MAX /* no visible pixel within reach */
#define SLOTS 96      /* rows that are kept: what one row looks at, and as much as two readers are apart */

/* A row of the source as floats, and for each pixel how many columns away the nearest visible one of the row is. */
typedef struct kept {
  bool there, clear; /* clear: some pixel is transparent */
  uint32_t y, x0, n;
  float *pixels;
  int8_t *offset;
} kept;

struct ci_bleed {
  uint32_t width, height;
  int32_t channels; /* colours, then alpha */
  float *pixels, *filled;
  int8_t *offsets;
  kept row[SLOTS];
};

/* ---- rows of the source -------------------------------------------------------------------- */

static void find_offsets(const ci_bleed *b, kept *k) {
  int32_t n = (int32_t)k->n, c = b->channels;
  k->clear = false;
  for (int32_t x = 0, last = -NONE; x < n; x++) {
    if (k->pixels[x * c + c - 1] > 0) last = x;
    else k->clear = true;
    k->offset[x] = x - last <= CI_BLEED_REACH ? (int8_t)(last - x) : NONE;
  }
  for (int32_t x = n - 1, last = n + NONE; k->clear && x >= 0; x--) {
    if (k->pixels[x * c + c - 1] > 0) last = x;
    int32_t left = k->offset[x] == NONE ? NONE : -k->offset[x], right = last - x;
    if (right <= CI_BLEED_REACH && right < left) k->offset[x] = (int8_t)right;
  }
}

static int load(ci_bleed *b, kept *k, ci_picture *p, int block, uint32_t y, cnnimg_error *err) {
  ci_line line;
  k->there = false;
  int status = ci_picture_plain_line(p, block, y, &line, err);
  if (status) return status;
  k->y = y, k->x0 = line.x0, k->n = line.row.format.width;
  ci_pixels_load_raw(&line.row, 0, k->n, k->pixels, b->channels, b->channels);
  ci_pixels_load(&line.row, 0, k->n, NULL, k->pixels, b->channels - 1, b->channels);
  find_offsets(b, k);
  k->there = true;
  return CNNIMG_OK;
}

static int row_of(ci_bleed *b, ci_picture *p, int block, uint32_t y, kept **out, cnnimg_error *err) {
  kept *k = *out = &b->row[y % SLOTS];
  ci_rect r = ci_picture_columns(p, block);
  bool same = k->there && k->y == y && k->x0 == (uint32_t)r.x0 && k->n == (uint32_t)(r.x1 - r.x0);
  return same ? CNNIMG_OK : load(b, k, p, block, y, err);
}

/* ---- a row without holes ----------------------------------------------------------------------- */

/* The row dy away has a visible pixel at some offset: is it nearer than what was found? */
static void consider(const kept *k, int32_t dy, uint32_t x, int32_t *best, const kept **row, int32_t *at) {
  int32_t dx = k->offset[x], distance = dx * dx + dy * dy;
  if (dx == NONE || distance >= *best) return;
  *best = distance, *row = k, *at = (int32_t)x + dx;
}

static const kept *around(const ci_bleed *b, int64_t y) {
  return y < 0 || y >= b->height ? NULL : &b->row[y % SLOTS];
}

static void fill_pixel(const ci_bleed *b, uint32_t y, uint32_t x, float *to) {
  const kept *row = NULL;
  int32_t best = INT32_MAX, at = 0;
  for (int32_t d = 0; d <= CI_BLEED_REACH && d * d < best; d++) {
    const kept *above = around(b, (int64_t)y - d), *below = d ? around(b, (int64_t)y + d) : NULL;
    if (above) consider(above, d, x, &best, &row, &at);
    if (below) consider(below, d, x, &best, &row, &at);
  }
  for (int32_t c = 0; c < b->channels - 1; c++) to[c] = row ? row->pixels[at * b->channels + c] : 0;
}

static void fill_row(ci_bleed *b, const kept *k) {
  int32_t c = b->channels;
  memcpy(b->filled, k->pixels, (size_t)k->n * (size_t)c * sizeof *b->filled);
  for (uint32_t x = 0; x < k->n; x++)
    if (k->offset[x]) fill_pixel(b, k->y, x, b->filled + (size_t)x * (size_t)c);
}

/* The rows around are fetched before, for this reader's columns. */
static int fetch_around(ci_bleed *b, ci_picture *p, int block, uint32_t y, cnnimg_error *err) {
  uint32_t from = y > CI_BLEED_REACH ? y - CI_BLEED_REACH : 0,
           to = b->height - y > CI_BLEED_REACH ? y + CI_BLEED_REACH + 1 : b->height;
  int status = CNNIMG_OK;
  kept *unused;
  for (uint32_t i = from; !status && i < to; i++) status = row_of(b, p, block, i, &unused, err);
  return status;
}

int ci_bleed_line(ci_bleed *b, ci_picture *p, int block, uint32_t y, ci_line *line, cnnimg_error *err) {
  kept *k;
  int status = row_of(b, p, block, y, &k, err);
  if (!status && k->clear) status = fetch_around(b, p, block, y, err);
  if (status) return status;
  if (k->clear) fill_row(b, k);
  const cnnimg_format f = {k->n, 1, (uint8_t)(b->channels - 1), CNNIMG_ALPHA_STRAIGHT, CNNIMG_F32, 0};
  cnnimg_view_init(&line->row, &f, k->clear ? b->filled : k->pixels);
  line->x0 = k->x0;
  return CNNIMG_OK;
}

/* ---- life ------------------------------------------------------------------------------------------ */

size_t ci_bleed_bytes(const ci_bleed *b) {
  size_t pixel = (size_t)b->channels * sizeof(float);
  return (size_t)b->width * (SLOTS * (pixel + 1) + pixel);
}

void ci_bleed_begin(ci_bleed *b) {
  for (int i = 0; i < SLOTS; i++) b->row[i].there = false;
}

int ci_bleed_new(ci_bleed **out, const cnnimg_format *format, cnnimg_error *err) {
  *out = NULL;
  ci_bleed *b = ci_calloc(1, sizeof *b);
  if (!b) return ci_fail(err, CNNIMG_NOMEM, "no memory for colours under transparent pixels");
  b->width = format->width, b->height = format->height, b->channels = format->colours + 1;
  size_t row = (size_t)b->width * (size_t)b->channels;
  b->pixels = ci_calloc(row, SLOTS * sizeof *b->pixels);
  b->filled = ci_calloc(row, sizeof *b->filled);
  b->offsets = ci_calloc(b->width, SLOTS);
  if (!b->pixels || !b->filled || !b->offsets) {
    ci_bleed_free(b);
    return ci_fail(err, CNNIMG_NOMEM, "no memory for colours under transparent pixels");
  }
  for (size_t i = 0; i < SLOTS; i++)
    b->row[i].pixels = b->pixels + i * row, b->row[i].offset = b->offsets + i * b->width;
  *out = b;
  return CNNIMG_OK;
}

void ci_bleed_free(ci_bleed *b) {
  if (!b) return;
  free(b->pixels);
  free(b->filled);
  free(b->offsets);
  free(b);
}
