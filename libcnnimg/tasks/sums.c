/* SPDX-License-Identifier: MIT */
/* sums.c - a picture of floats that turned pictures are added to */
#include "tasks/sums.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

#define BLOCK ((size_t)2 << 20) /* bytes of rows that are transposed together, */
#define LEAST 4                 /* at least so many, */
#define MOST 64                 /* at most so many */

static size_t row_bytes(const ci_sums *s) { return (size_t)s->width * s->samples * sizeof(float); }

int ci_sums_init(ci_sums *s, uint32_t width, uint32_t height, uint32_t samples, size_t memory,
                 cnnimg_error *err) {
  size_t column, room;
  *s = (ci_sums){.width = width, .height = height, .samples = samples};
  if (!ci_mul(height, samples * sizeof(float), &column))
    return ci_fail(err, CNNIMG_LIMIT, "a result %u pixels high", height);
  room = BLOCK / column;
  s->room = room < LEAST ? LEAST : room > MOST ? MOST : (uint32_t)room;
  s->row = ci_calloc(width, samples * sizeof(float));
  s->block = ci_calloc(s->room, column);
  if (!s->row || !s->block)
    return ci_fail(err, CNNIMG_NOMEM, "no memory for sums of %ux%u pixels", width, height);
  return ci_spool_new(&s->spool, height, row_bytes(s), memory, err);
}

void ci_sums_fini(ci_sums *s) {
  ci_spool_free(s->spool);
  free(s->row);
  free(s->block);
  *s = (ci_sums){0};
}

void ci_sums_begin(ci_sums *s, uint32_t turn) { s->turn = turn, s->held = 0; }

int ci_sums_row(ci_sums *s, uint32_t y, float **row, cnnimg_error *err) {
  *row = s->row;
  return ci_spool_get(s->spool, y, 0, row_bytes(s), s->row, err);
}

/* ---- upright ------------------------------------------------------------------------------ */

/* n pixels to the sum's, from the last one on where they are mirrored. */
static void add_pixels(const ci_sums *s, const float *from, uint32_t n, bool mirrored) {
  const size_t c = s->samples;
  for (size_t x = 0; x < n; x++) {
    float *to = s->row + (mirrored ? n - 1 - x : x) * c;
    for (size_t k = 0; k < c; k++) to[k] += from[x * c + k];
  }
}

static int add_upright(ci_sums *s, uint32_t y, const float *row, cnnimg_error *err) {
  uint32_t at = s->turn & CI_TURN_Y ? s->height - 1 - y : y;
  float *sum;
  int status = CNNIMG_OK;
  if (s->turn) status = ci_sums_row(s, at, &sum, err);
  else memset(s->row, 0, row_bytes(s));
  if (status) return status;
  add_pixels(s, row, s->width, s->turn & CI_TURN_X);
  return ci_spool_put(s->spool, at, s->row, err);
}

/* ---- transposed ------------------------------------------------------------------------------- */

/* The held rows as columns [x, x + held) of the sum's row y. */
static int add_columns(ci_sums *s, uint32_t x, uint32_t y, cnnimg_error *err) {
  const size_t c = s->samples, pixel = c * sizeof(float), bytes = s->held * pixel;
  uint32_t at = s->turn & CI_TURN_Y ? s->height - 1 - y : y;
  int status = ci_spool_get(s->spool, y, x * pixel, bytes, s->row, err);
  for (uint32_t i = 0; i < s->held && !status; i++) {
    uint32_t held = s->turn & CI_TURN_X ? s->held - 1 - i : i;
    const float *from = s->block + ((size_t)held * s->height + at) * c;
    for (size_t k = 0; k < c; k++) s->row[i * c + k] += from[k];
  }
  return status ? status : ci_spool_patch(s->spool, y, x * pixel, bytes, s->row, err);
}

/* A row of the file is worth some columns at once. */
static int add_transposed(ci_sums *s, uint32_t y, const float *row, cnnimg_error *err) {
  const size_t column = (size_t)s->height * s->samples;
  int status = CNNIMG_OK;
  memcpy(s->block + s->held++ * column, row, column * sizeof *row);
  if (s->held < s->room && y + 1 < s->width) return CNNIMG_OK;
  uint32_t x = s->turn & CI_TURN_X ? s->width - 1 - y : y + 1 - s->held;
  for (uint32_t i = 0; i < s->height && !status; i++) status = add_columns(s, x, i, err);
  s->held = 0;
  return status;
}

int ci_sums_add(ci_sums *s, uint32_t y, const float *row, cnnimg_error *err) {
  return s->turn & CI_TURN_TRANSPOSE ? add_transposed(s, y, row, err) : add_upright(s, y, row, err);
}
