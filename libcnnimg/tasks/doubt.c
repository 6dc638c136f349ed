/* SPDX-License-Identifier: MIT */
/* doubt.c - how much two fillings differ around a pixel in what is larger than texture, and a mean of them by that */
#include "tasks/doubt.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"

#define FINE 5   /* pixels each way, twice: what is smaller is texture, about which nobody argues */
#define AROUND 8 /* the same: how far a difference counts */
#define HALF (60.0f / (255.0f * 255.0f)) /* mean square difference at which a quarter is smooth */
#define MOST 0.5f                        /* of the smooth filling */

typedef struct maps {
  int32_t w, h;
  float *differ; /* square difference, of three channels */
  float *one;    /* difference of a channel */
  float *count;  /* pixels of the hole around each */
  float *row;    /* a line of work */
} maps;

/* Sums over 2 r + 1 samples of a line, those that lie beyond its ends left out. */
static void sum_line(float *line, size_t step, int32_t n, int32_t r, float *copy) {
  double sum = 0;
  for (int32_t i = 0; i < n; i++) copy[i] = line[(size_t)i * step];
  for (int32_t i = 0; i < r && i < n; i++) sum += (double)copy[i];
  for (int32_t i = 0; i < n; i++) {
    if (i + r < n) sum += (double)copy[i + r];
    if (i > r) sum -= (double)copy[i - r - 1];
    line[(size_t)i * step] = (float)sum;
  }
}

static void sum_around(const maps *m, float *map, int32_t r) {
  for (int turn = 0; turn < 2; turn++) {
    for (int32_t y = 0; y < m->h; y++) sum_line(map + (size_t)y * (size_t)m->w, 1, m->w, r, m->row);
    for (int32_t x = 0; x < m->w; x++) sum_line(map + x, (size_t)m->w, m->h, r, m->row);
  }
}

static void count_around(const maps *m, const uint8_t *hole, int32_t r) {
  const size_t n = (size_t)m->w * (size_t)m->h;
  for (size_t i = 0; i < n; i++) m->count[i] = hole[i] != 0;
  sum_around(m, m->count, r);
}

static void find_differences(const maps *m, const float *rgb, const float *smooth, const uint8_t *hole) {
  const size_t n = (size_t)m->w * (size_t)m->h;
  count_around(m, hole, FINE);
  for (size_t k = 0; k < 3; k++) {
    for (size_t i = 0; i < n; i++) m->one[i] = hole[i] ? rgb[3 * i + k] - smooth[3 * i + k] : 0;
    sum_around(m, m->one, FINE);
    for (size_t i = 0; i < n; i++) {
      const float mean = hole[i] ? m->one[i] / m->count[i] : 0;
      m->differ[i] += mean * mean / 3;
    }
  }
  sum_around(m, m->differ, AROUND);
  count_around(m, hole, AROUND);
}

static void mix(const maps *m, float *rgb, const float *smooth, const uint8_t *hole) {
  const size_t n = (size_t)m->w * (size_t)m->h;
  for (size_t i = 0; i < n; i++) {
    if (!hole[i]) continue;
    const float differ = m->differ[i] > 0 ? m->differ[i] / m->count[i] : 0,
                share = MOST * differ / (differ + HALF);
    for (size_t k = 3 * i; k < 3 * i + 3; k++) rgb[k] += share * (smooth[k] - rgb[k]);
  }
}

int ci_doubt_mix(float *rgb, const float *smooth, const uint8_t *hole, int32_t w, int32_t h,
                 cnnimg_error *err) {
  const size_t n = (size_t)w * (size_t)h;
  maps m = {.w = w,
            .h = h,
            .differ = ci_calloc(n, sizeof *m.differ),
            .one = ci_calloc(n, sizeof *m.one),
            .count = ci_calloc(n, sizeof *m.count),
            .row = ci_calloc((size_t)(w > h ? w : h), sizeof *m.row)};
  const int status =
      m.differ && m.one && m.count && m.row ? CNNIMG_OK : ci_fail(err, CNNIMG_NOMEM, "no memory for a hole");
  if (!status) {
    find_differences(&m, rgb, smooth, hole);
    mix(&m, rgb, smooth, hole);
  }
  free(m.differ);
  free(m.one);
  free(m.count);
  free(m.row);
  return status;
}
