/* SPDX-License-Identifier: MIT */
/* turn.c - turns a picture on its way through a spool, a block of rows at a time */
#include "image/turn.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/spool.h"
#include "image/image.h"

#define BLOCK_BYTES ((size_t)4 << 20)
#define BLOCK_ROWS ((size_t)64)

/* EXIF 2.32, table 6: orientations 5..8 swap rows and columns. What was row 0 ends at the right in 6 and 7, at
 * the bottom in 3 and 4; what was column 0 ends at the bottom in 7 and 8, at the right in 2 and 3. */
struct ci_turn {
  cnnimg_format in;
  int orientation;
  ci_spool *spool; /* rows of the result */
  uint8_t *block;  /* orientations 5..8: input rows that wait */
  uint8_t *strip;  /* one column of the block */
  size_t pixel, block_rows, waiting;
  uint32_t done; /* rows that were put */
};

static bool swaps(int orientation) { return orientation >= 5; }
static bool first_row_last(int o) { return o == 3 || o == 4 || o == 6 || o == 7; }
static bool first_column_last(int o) { return o == 2 || o == 3 || o == 7 || o == 8; }

int ci_turn_new(ci_turn **out, int orientation, const cnnimg_format *in, size_t memory, cnnimg_error *err) {
  size_t row = ci_row_bytes(in);
  uint32_t rows = swaps(orientation) ? in->width : in->height;
  *out = NULL;
  ci_turn *t = ci_calloc(1, sizeof *t);
  if (!t) return ci_fail(err, CNNIMG_NOMEM, "not enough memory");
  t->in = *in, t->orientation = orientation, t->pixel = ci_pixel_bytes(in);
  t->block_rows = BLOCK_BYTES / row;
  if (t->block_rows > BLOCK_ROWS) t->block_rows = BLOCK_ROWS;
  if (t->block_rows == 0 || !swaps(orientation)) t->block_rows = 1;
  size_t out_row = swaps(orientation) ? in->height * t->pixel : row;
  t->block = ci_calloc(t->block_rows, row);
  t->strip = ci_calloc(t->block_rows, t->pixel);
  int rc = t->block && t->strip ? ci_spool_new(&t->spool, rows, out_row, memory, err)
                                : ci_fail(err, CNNIMG_NOMEM, "not enough memory to turn a picture");
  if (rc == CNNIMG_OK) *out = t;
  else ci_turn_free(t);
  return rc;
}

/* Writes the waiting rows as columns. */
static int flush(ci_turn *t, cnnimg_error *err) {
  size_t row = ci_row_bytes(&t->in), n = t->waiting;
  bool reverse = first_row_last(t->orientation);
  size_t first = reverse ? t->in.height - t->done : t->done - n;
  for (uint32_t x = 0; x < t->in.width; x++) {
    for (size_t i = 0; i < n; i++)
      memcpy(t->strip + (reverse ? n - 1 - i : i) * t->pixel, t->block + i * row + x * t->pixel, t->pixel);
    uint32_t y = first_column_last(t->orientation) ? t->in.width - 1 - x : x;
    int rc = ci_spool_patch(t->spool, y, first * t->pixel, n * t->pixel, t->strip, err);
    if (rc != CNNIMG_OK) return rc;
  }
  t->waiting = 0;
  return CNNIMG_OK;
}

int ci_turn_put(ci_turn *t, const void *row, cnnimg_error *err) {
  size_t bytes = ci_row_bytes(&t->in);
  memcpy(t->block + t->waiting * bytes, row, bytes);
  uint32_t y = t->done++;
  if (swaps(t->orientation)) {
    t->waiting++;
    return t->waiting == t->block_rows || t->done == t->in.height ? flush(t, err) : CNNIMG_OK;
  }
  if (first_column_last(t->orientation)) ci_row_mirror(&t->in, t->block);
  return ci_spool_put(t->spool, first_row_last(t->orientation) ? t->in.height - 1 - y : y, t->block, err);
}

int ci_turn_get(const ci_turn *t, uint32_t y, void *row, cnnimg_error *err) {
  size_t bytes = swaps(t->orientation) ? t->in.height * t->pixel : ci_row_bytes(&t->in);
  return ci_spool_get(t->spool, y, 0, bytes, row, err);
}

void ci_turn_free(ci_turn *t) {
  if (!t) return;
  ci_spool_free(t->spool);
  free(t->block);
  free(t->strip);
  free(t);
}

void ci_row_mirror(const cnnimg_format *f, void *row) {
  uint8_t *p = row, keep[16];
  size_t n = ci_pixel_bytes(f);
  for (size_t a = 0, b = f->width; a + 1 < b; a++) {
    b--;
    memcpy(keep, p + a * n, n);
    memcpy(p + a * n, p + b * n, n);
    memcpy(p + b * n, keep, n);
  }
}
