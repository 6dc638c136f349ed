/* SPDX-License-Identifier: MIT */
/* map.h - maps (channels x height x width), rectangles of them, and views: a rectangle that is there */
#ifndef CI_MAP_H
#define CI_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ci_shape {
  int32_t c, h, w;
} ci_shape;

/* Half open: x0 <= x < x1, y0 <= y < y1. Empty when x0 >= x1 or y0 >= y1. */
typedef struct ci_rect {
  int32_t x0, y0, x1, y1;
} ci_rect;

/* Floats a pixel takes in memory: channels padded, so that vectors load whole. What the padding lanes hold is
 * unspecified; nothing that is answered may depend on it. */
static inline int32_t ci_channel_stride(int32_t c) { return c <= 4 ? 4 : c <= 8 ? 8 : (c + 15) / 16 * 16; }

/*
 * A view is data, the rectangle that it covers, and the size of the whole map. Pixels are interleaved
 * (height, width, channel). Row y lies in slot y % ring, so a view can be a sliding window over a map that is
 * never whole in memory. An op computes any rectangle of its output from views that cover what it needs; what
 * lies outside the MAP (not outside the view) is padding.
 */
typedef struct ci_view {
  float *data;
  ci_shape map;      /* the whole map */
  ci_rect rect;      /* the part that is here */
  int32_t cs;        /* floats a pixel: ci_channel_stride(map.c) */
  int32_t ring;      /* rows in memory */
  size_t row_stride; /* floats between slots */
} ci_view;

static inline float *ci_view_at(const ci_view *v, int32_t x, int32_t y) {
  return v->data + (size_t)(y % v->ring) * v->row_stride + (size_t)(x - v->rect.x0) * (size_t)v->cs;
}
static inline bool ci_rect_empty(ci_rect r) { return r.x0 >= r.x1 || r.y0 >= r.y1; }
static inline ci_rect ci_rect_whole(ci_shape s) { return (ci_rect){0, 0, s.w, s.h}; }
static inline int32_t ci_clamp(int32_t v, int32_t lo, int32_t hi) { return v < lo ? lo : v > hi ? hi : v; }
/* Which of `size` lines is seen at i, anywhere, in mirrors at both ends; twice: the outermost line is seen two times. */
static inline int32_t ci_mirror(int32_t i, int32_t size, bool twice) {
  int32_t period = twice ? 2 * size : 2 * (size - 1);
  if (i >= 0 && i < size) return i;
  i = period ? i % period : 0;
  if (i < 0) i += period;
  return i < size ? i : period - i - twice;
}
/* The part of r inside the map; never empty for a non-empty map (the nearest pixel is kept). */
ci_rect ci_rect_clip(ci_rect r, ci_shape map);
ci_rect ci_rect_union(ci_rect a, ci_rect b); /* the smallest rectangle around both; an empty one adds nothing */
bool ci_rect_contains(ci_rect outer, ci_rect inner);

#endif
