/* SPDX-License-Identifier: MIT */
/* map.c - arithmetic of rectangles */
#include "net/map.h"

static int32_t least(int32_t a, int32_t b) { return a < b ? a : b; }
static int32_t most(int32_t a, int32_t b) { return a > b ? a : b; }

/* [*lo, *hi) inside [0, n), with at least one item where n > 0. */
static void clip_span(int32_t *lo, int32_t *hi, int32_t n) {
  *lo = ci_clamp(*lo, 0, most(n - 1, 0));
  *hi = ci_clamp(*hi, least(*lo + 1, n), n);
}

ci_rect ci_rect_clip(ci_rect r, ci_shape map) {
  clip_span(&r.x0, &r.x1, map.w);
  clip_span(&r.y0, &r.y1, map.h);
  return r;
}

ci_rect ci_rect_union(ci_rect a, ci_rect b) {
  if (ci_rect_empty(a)) return b;
  if (ci_rect_empty(b)) return a;
  return (ci_rect){least(a.x0, b.x0), least(a.y0, b.y0), most(a.x1, b.x1), most(a.y1, b.y1)};
}

bool ci_rect_contains(ci_rect outer, ci_rect inner) {
  if (ci_rect_empty(inner)) return true;
  return outer.x0 <= inner.x0 && outer.y0 <= inner.y0 && outer.x1 >= inner.x1 && outer.y1 >= inner.y1;
}
