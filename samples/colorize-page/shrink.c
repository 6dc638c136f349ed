/* SPDX-License-Identifier: MIT */
/* shrink.c - a picture made small while its rows come: each small pixel is the mean of those that it covers */
#include "page.h"

#include <stdlib.h>
#include <string.h>

static double sample_at(const void *row, size_t i, int kind) {
  const float v = kind == CNNIMG_U8    ? (float)((const uint8_t *)row)[i] / 255
                  : kind == CNNIMG_U16 ? (float)((const uint16_t *)row)[i] / 65535
                                       : ((const float *)row)[i];
  return v > 0 ? v < 1 ? (double)v : 1 : 0; /* floats may be anything, NaN too */
}

int pg_shrink_begin(pg_shrink *s, const cnnimg_format *from, const cnnimg_view *to) {
  *s = (pg_shrink){.from = *from, .to = to};
  s->sums = calloc(to->format.width, (to->format.colours + 1u) * sizeof *s->sums);
  return s->sums ? 0 : -1;
}

/* The sums become pixels, and begin again. */
static void finish_row(pg_shrink *s) {
  const cnnimg_format *f = &s->to->format;
  const size_t colours = f->colours;
  uint8_t *out = (uint8_t *)s->to->data + (ptrdiff_t)s->row * s->to->row_stride;
  for (uint32_t x = 0; x < f->width; x++) {
    const double *sum = s->sums + x * (colours + 1);
    for (size_t c = 0; c < colours; c++)
      out[x * colours + c] = (uint8_t)(sum[colours] > 0 ? sum[c] / sum[colours] * 255 + 0.5 : 0);
  }
  memset(s->sums, 0, f->width * (colours + 1) * sizeof *s->sums);
}

void pg_shrink_row(pg_shrink *s, uint32_t y, const void *row) {
  const uint32_t w = s->from.width, small = s->to->format.width,
                 own = (uint32_t)((uint64_t)y * s->to->format.height / s->from.height);
  const size_t colours = s->from.colours, samples = colours + (s->from.alpha ? 1 : 0);
  if (own != s->row) finish_row(s), s->row = own;
  for (uint32_t x = 0; x < w; x++) {
    double *sum = s->sums + (size_t)((uint64_t)x * small / w) * (colours + 1);
    for (size_t c = 0; c < colours; c++) sum[c] += sample_at(row, x * samples + c, s->from.sample);
    sum[colours]++;
  }
  if (y + 1 == s->from.height) finish_row(s);
}

void pg_shrink_end(pg_shrink *s) { free(s->sums); }
