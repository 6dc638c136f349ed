/* SPDX-License-Identifier: MIT */
/* parts.c - floods the paper of a drawing from where strokes are far, and finds out which basins are one */
#include "tasks/parts.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/cancel.h"
#include "base/error.h"
#include "base/memory.h"

#define NONE UINT32_MAX
#define LEVELS 65536
#define GAPS 16 /* openings of that part of the short side are gaps in strokes, where basins are wider */
#define LEAST_GAP 4

typedef struct flood {
  ci_parts *p;
  uint32_t *order; /* pixels of the paper, those far from strokes first */
  uint32_t *up;    /* of each basin: the one that it has become part of, or itself */
  uint16_t *peak;
  uint32_t basins, paper;
  int32_t wide; /* half an opening that is no gap, thirds of pixels */
} flood;

/* ---- in which order ---------------------------------------------------------------------------- */

static void sort(flood *f, uint32_t *starts) {
  const size_t n = (size_t)f->p->w * (size_t)f->p->h;
  const uint16_t *far = f->p->far;
  uint32_t sum = 0;
  for (size_t i = 0; i < n; i++) starts[far[i]]++;
  for (int level = LEVELS - 1; level > 0; level--) {
    const uint32_t count = starts[level];
    starts[level] = sum;
    sum += count;
  }
  f->paper = sum;
  for (size_t i = 0; i < n; i++)
    if (far[i]) f->order[starts[far[i]]++] = (uint32_t)i;
}

/* ---- basins ------------------------------------------------------------------------------------ */

static uint32_t root(uint32_t *up, uint32_t k) {
  while (up[k] != k) k = up[k] = up[up[k]];
  return k;
}

/* The four neighbours' indices; those outside are the pixel itself. */
static void around(const ci_parts *p, uint32_t i, uint32_t at[4]) {
  const uint32_t w = (uint32_t)p->w, x = i % w, n = w * (uint32_t)p->h;
  at[0] = i >= w ? i - w : i;
  at[1] = x ? i - 1 : i;
  at[2] = x + 1 < w ? i + 1 : i;
  at[3] = i + w < n ? i + w : i;
}

static bool are_one(const flood *f, uint16_t opening, uint16_t smaller) {
  return opening >= f->wide || 3 * opening >= smaller;
}

static uint32_t new_basin(flood *f, uint16_t peak) {
  f->up[f->basins] = f->basins;
  f->peak[f->basins] = peak;
  return f->basins++;
}

/* Basins that meet here; the higher one has the pixel. */
static void fill(flood *f, uint32_t i) {
  uint32_t at[4], home = NONE;
  const uint16_t level = f->p->far[i];
  around(f->p, i, at);
  for (int k = 0; k < 4; k++) {
    if (f->p->part[at[k]] == NONE) continue;
    const uint32_t other = root(f->up, f->p->part[at[k]]);
    if (home == NONE) home = other;
    if (other == home) continue;
    const uint32_t high = f->peak[other] > f->peak[home] ? other : home, low = high == home ? other : home;
    if (are_one(f, level, f->peak[low])) f->up[low] = high;
    home = high;
  }
  f->p->part[i] = home == NONE ? new_basin(f, level) : home;
}

/* Numbers without gaps. */
static void number(flood *f) {
  ci_parts *p = f->p;
  uint32_t *names = f->order; /* has done its duty */
  for (uint32_t k = 0; k < f->basins; k++) names[k] = NONE;
  const size_t n = (size_t)p->w * (size_t)p->h;
  p->n = 0;
  for (size_t i = 0; i < n; i++) {
    if (p->part[i] == NONE) continue;
    uint32_t *name = &names[root(f->up, p->part[i])];
    if (*name == NONE) *name = p->n++;
    p->part[i] = *name;
  }
}

/* Strokes, from their borders inwards. What has no paper at all is one part. */
static void share_strokes(flood *f) {
  ci_parts *p = f->p;
  const size_t n = (size_t)p->w * (size_t)p->h;
  uint32_t *queue = f->order, at[4];
  size_t end = 0;
  for (size_t i = 0; i < n; i++) {
    bool beside = false;
    around(p, (uint32_t)i, at);
    for (int k = 0; k < 4; k++) beside = beside || p->part[at[k]] == NONE;
    if (p->part[i] != NONE && beside) queue[end++] = (uint32_t)i;
  }
  for (size_t first = 0; first < end; first++) {
    around(p, queue[first], at);
    for (int k = 0; k < 4; k++) {
      if (p->part[at[k]] != NONE) continue;
      p->part[at[k]] = p->part[queue[first]];
      queue[end++] = at[k];
    }
  }
  if (p->n) return;
  for (size_t i = 0; i < n; i++) p->part[i] = 0;
  p->n = 1;
}

static int find(flood *f, const float *light, uint32_t *starts, const cnnimg_cancel *cancel,
                cnnimg_error *err) {
  ci_parts *p = f->p;
  const size_t n = (size_t)p->w * (size_t)p->h;
  const int32_t shorter = p->w < p->h ? p->w : p->h,
                gap = shorter / GAPS > LEAST_GAP ? shorter / GAPS : LEAST_GAP;
  f->wide = 3 * gap / 2;
  ci_strokes_find(p, light, f->up);
  if (ci_cancelled(cancel)) return ci_fail(err, CNNIMG_CANCELLED, "cancelled");
  sort(f, starts);
  for (size_t i = 0; i < n; i++) p->part[i] = NONE;
  for (uint32_t k = 0; k < f->paper; k++) fill(f, f->order[k]);
  if (ci_cancelled(cancel)) return ci_fail(err, CNNIMG_CANCELLED, "cancelled");
  number(f);
  share_strokes(f);
  return CNNIMG_OK;
}

int ci_parts_find(ci_parts *p, const float *light, int32_t w, int32_t h, const cnnimg_cancel *cancel,
                  cnnimg_error *err) {
  const size_t n = (size_t)w * (size_t)h;
  ci_parts_free(p);
  p->w = w, p->h = h;
  p->part = ci_calloc(n, sizeof *p->part);
  p->far = ci_calloc(n, sizeof *p->far);
  flood f = {.p = p,
             .order = ci_calloc(n, sizeof *f.order),
             .up = ci_calloc(n, sizeof *f.up), /* something else at first */
             .peak = ci_calloc(n, sizeof *f.peak)};
  uint32_t *starts = ci_calloc(LEVELS, sizeof *starts);
  int status = p->part && p->far && f.order && f.up && f.peak && starts
                   ? find(&f, light, starts, cancel, err)
                   : ci_fail(err, CNNIMG_NOMEM, "no memory for the parts of a drawing");
  free(starts);
  free(f.order);
  free(f.up);
  free(f.peak);
  if (status) ci_parts_free(p);
  return status;
}

void ci_parts_free(ci_parts *p) {
  free(p->part);
  free(p->far);
  *p = (ci_parts){0};
}
