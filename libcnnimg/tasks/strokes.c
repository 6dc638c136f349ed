/* SPDX-License-Identifier: MIT */
/* strokes.c - where a drawing has strokes, and how far away from them each pixel is */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tasks/parts.h"

#define INK 0.25f   /* darker than the paper around it by that share: a stroke */
#define FAINT 0.14f /* and so is what hangs together with one (hysteresis, Canny 1986) */
#define BLACK 0.3f
#define WIDEST \
  64 /* a stroke is at most that part of the short side wide, where it is not black; a dot as large */
#define NARROWEST 5
#define FREE 60000
#define STRAIGHT 3 /* thirds of a pixel: chamfer distances (Borgefors 1986) */
#define ASLANT 4

/* ---- the paper without what is narrow: a closing --------------------------------------------- */

/*
 * The largest of a window that begins at each number, then the smallest of one that ends there: the windows' shifts take
 * each other back. A window twice as long is two of them, so its length costs its logarithm.
 */
static void swell(float *v, ptrdiff_t count, ptrdiff_t apart, int32_t length) {
  for (int32_t have = 1, step; have < length; have += step) {
    step = have < length - have ? have : length - have;
    for (ptrdiff_t i = 0; i < count - step * apart; i++) {
      const float other = v[i + step * apart];
      v[i] = other > v[i] ? other : v[i];
    }
  }
}

static void shrink(float *v, ptrdiff_t count, ptrdiff_t apart, int32_t length) {
  for (int32_t have = 1, step; have < length; have += step) {
    step = have < length - have ? have : length - have;
    for (ptrdiff_t i = count - 1; i >= step * apart; i--) {
      const float other = v[i - step * apart];
      v[i] = other < v[i] ? other : v[i];
    }
  }
}

static int32_t widest(int32_t w, int32_t h) {
  const int32_t shorter = w < h ? w : h;
  return shorter / WIDEST > NARROWEST ? shorter / WIDEST : NARROWEST;
}

static void find_paper(float *v, int32_t w, int32_t h) {
  const int32_t length = widest(w, h);
  const ptrdiff_t n = (ptrdiff_t)w * h;
  for (int32_t y = 0; y < h; y++) swell(v + (ptrdiff_t)y * w, w, 1, length);
  swell(v, n, w, length);
  for (int32_t y = 0; y < h; y++) shrink(v + (ptrdiff_t)y * w, w, 1, length);
  shrink(v, n, w, length);
}

static float mean_of(const float *v, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += (double)v[i];
  return (float)(sum / (double)n);
}

/* ---- strokes ------------------------------------------------------------------------------------ */

#define SEEN 1 /* of a stroke's pixel: its piece has been looked at */
#define WEAK 2 /* a faint one */

typedef struct piece {
  int32_t x0, y0, x1, y1;
  size_t pixels;
  bool strong;
} piece;

static void take(uint16_t *far, int32_t w, int32_t x, int32_t y, uint32_t *queue, piece *p) {
  const ptrdiff_t at = (ptrdiff_t)y * w + x;
  if (far[at] && far[at] != WEAK) return;
  if (!far[at]) p->strong = true;
  far[at] = SEEN;
  queue[p->pixels++] = (uint32_t)at;
  if (x < p->x0) p->x0 = x;
  if (x > p->x1) p->x1 = x;
  if (y > p->y1) p->y1 = y;
}

/* All that hangs together with a pixel, which is the first in the order of rows. */
static piece follow(uint16_t *far, int32_t w, int32_t h, int32_t x, int32_t y, uint32_t *queue) {
  piece p = {x, y, x, y, 0, false};
  take(far, w, x, y, queue, &p);
  for (size_t i = 0; i < p.pixels; i++) {
    const int32_t u = (int32_t)(queue[i] % (uint32_t)w), v = (int32_t)(queue[i] / (uint32_t)w);
    for (int32_t b = v > 0 ? v - 1 : 0; b <= v + 1 && b < h; b++)
      for (int32_t a = u > 0 ? u - 1 : 0; a <= u + 1 && a < w; a++) take(far, w, a, b, queue, &p);
  }
  return p;
}

/* Dots of screentone and dirt bound nothing, nor does what is nowhere dark. */
static void drop_dots(uint16_t *far, int32_t w, int32_t h, int32_t most, uint32_t *queue) {
  const size_t n = (size_t)w * (size_t)h;
  for (int32_t y = 0; y < h; y++)
    for (int32_t x = 0; x < w; x++) {
      const uint16_t *at = far + (ptrdiff_t)y * w + x;
      if (*at && *at != WEAK) continue;
      const piece p = follow(far, w, h, x, y, queue);
      if (p.strong && (p.x1 - p.x0 >= most || p.y1 - p.y0 >= most)) continue;
      for (size_t i = 0; i < p.pixels; i++) far[queue[i]] = FREE;
    }
  for (size_t i = 0; i < n; i++)
    if (far[i] == SEEN) far[i] = 0;
}

/* ---- distances ---------------------------------------------------------------------------------- */

static inline void nearer(uint16_t *at, uint16_t there, uint16_t step) {
  if (there + step < *at) *at = (uint16_t)(there + step);
}

/* The row above (back: below) is done. */
static void measure_row(uint16_t *row, const uint16_t *done, int32_t w, bool back) {
  const int32_t dir = back ? -1 : 1;
  for (int32_t k = 0; k < w; k++) {
    const int32_t x = back ? w - 1 - k : k;
    if (done) {
      nearer(&row[x], done[x], STRAIGHT);
      if (x > 0) nearer(&row[x], done[x - 1], ASLANT);
      if (x + 1 < w) nearer(&row[x], done[x + 1], ASLANT);
    }
    if (k) nearer(&row[x], row[x - dir], STRAIGHT);
  }
}

static uint16_t mark(float light, float paper, float black) {
  if (light < black || light < (1 - INK) * paper) return 0;
  return light < (1 - FAINT) * paper ? WEAK : FREE;
}

void ci_strokes_find(ci_parts *p, const float *light, void *room) {
  const int32_t w = p->w, h = p->h;
  const size_t n = (size_t)w * (size_t)h;
  float *paper = room;
  memcpy(paper, light, n * sizeof *paper);
  find_paper(paper, w, h);
  const float black = BLACK * mean_of(paper, n);
  for (size_t i = 0; i < n; i++) p->far[i] = mark(light[i], paper[i], black);
  drop_dots(p->far, w, h, widest(w, h), room);
  for (int32_t y = 0; y < h; y++) {
    uint16_t *row = p->far + (ptrdiff_t)y * w;
    measure_row(row, y ? row - w : NULL, w, false);
  }
  for (int32_t y = h - 1; y >= 0; y--) {
    uint16_t *row = p->far + (ptrdiff_t)y * w;
    measure_row(row, y + 1 < h ? row + w : NULL, w, true);
  }
}
