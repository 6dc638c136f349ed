/* SPDX-License-Identifier: MIT */
/* feather.c - how deep in a hole its pixels lie */
#include <stdlib.h>

#include "base/error.h"
#include "tasks/inpaint_state.h"

/* Rows to the nearest pixel above or below that is no hole, up to most + 1. */
static void measure_columns(const uint8_t *hole, int32_t w, int32_t h, int32_t most, int32_t *rows) {
  for (int32_t y = 0; y < h; y++)
    for (int32_t x = 0; x < w; x++) {
      const size_t at = (size_t)y * (size_t)w + (size_t)x;
      const int32_t above = y ? rows[at - (size_t)w] : most;
      rows[at] = !hole[at] ? 0 : above < most ? above + 1 : most + 1;
    }
  for (int32_t y = h - 2; y >= 0; y--)
    for (int32_t x = 0; x < w; x++) {
      const size_t at = (size_t)y * (size_t)w + (size_t)x;
      if (rows[at + (size_t)w] + 1 < rows[at]) rows[at] = rows[at + (size_t)w] + 1;
    }
}

static int32_t nearest(const int32_t *rows, int32_t x, int32_t w, int32_t most) {
  int32_t best = rows[x] > most ? INT32_MAX : rows[x] * rows[x];
  for (int32_t d = 1; d <= most && d * d < best; d++)
    for (int32_t side = -1; side <= 1; side += 2) {
      const int32_t k = x + side * d;
      if (k < 0 || k >= w || rows[k] > most) continue;
      const int32_t square = d * d + rows[k] * rows[k];
      if (square < best) best = square;
    }
  return best;
}

/* Exact, as Meijster, Roerdink and Hesselink (2000) split it: down the columns, then across; not beyond what is asked. */
int ci_hole_depth(const uint8_t *hole, int32_t w, int32_t h, int32_t most, int32_t *squares,
                  cnnimg_error *err) {
  int32_t *line = ci_calloc((size_t)w, sizeof *line);
  if (!line) return ci_fail(err, CNNIMG_NOMEM, "no memory for a row of %d pixels", w);
  measure_columns(hole, w, h, most, squares);
  for (int32_t y = 0; y < h; y++) {
    int32_t *row = squares + (size_t)y * (size_t)w;
    for (int32_t x = 0; x < w; x++) line[x] = row[x];
    for (int32_t x = 0; x < w; x++) row[x] = nearest(line, x, w, most);
  }
  free(line);
  return CNNIMG_OK;
}
