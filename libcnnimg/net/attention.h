/* SPDX-License-Identifier: MIT */
/* attention.h - the program node "WindowAttention": what its attributes mean, and where its windows lie */
#ifndef CI_ATTENTION_H
#define CI_ATTENTION_H

#include <stdint.h>

/*
 * WindowAttention of domain org.cnnimg: multi-head attention of pixels within windows of a map.
 *   input 0   [n, 3 C, H, W]: queries, keys and values, C channels each; head h has channels h C / heads and on of each
 *   input 1   (may be left out) [heads, 2 wh - 1 + 2 oh, 2 ww - 1 + 2 ow]: what is added to the product of a query at (qy, qx)
 *             of its window and a key at (ky, kx): element [h][qy - ky + wh - 1 + oh][qx - kx + ww - 1 + ow]. Positions count
 *             from the window's first pixel, so keys of the border have negative ones too
 *   output    [n, C, H, W]: softmax over the window's keys of (scale q . k + bias), times their values
 *   heads     1 by default; it divides C
 *   window    (wh, ww); H and W are multiples of them
 *   shift     (sh, sw), 0 by default: windows begin at rows sh + i wh, and what is left above and below makes smaller ones.
 *             Networks say it as a map that is rolled by -shift, with a mask between pixels that were no neighbours; bias
 *             takes the first, smaller windows for the ends of whole ones, as rolling does
 *   overlap   (oh, ow), 0 by default: keys and values also of so many pixels around the window; beyond the map they are 0,
 *             and count. Not together with shift
 *   scale     1 / sqrt(C / heads) by default
 */
#define CI_ATTENTION_KEYS 4096 /* most of a window */

/* Along one axis. */
typedef struct ci_attention_axis {
  int32_t size, window, shift, overlap;
} ci_attention_axis;

/* The first position of the window that `at` lies in; below 0 where a shifted map begins with a part of a window. */
static inline int32_t ci_attention_start(const ci_attention_axis *a, int32_t at) {
  int32_t lead = a->shift ? a->window - a->shift : 0;
  return (at + lead) / a->window * a->window - lead;
}
/* Keys of the window that begins at `start`: first, and behind the last. */
static inline int32_t ci_attention_first(const ci_attention_axis *a, int32_t start) {
  return a->overlap ? start - a->overlap : start > 0 ? start : 0;
}
static inline int32_t ci_attention_end(const ci_attention_axis *a, int32_t start) {
  int32_t end = start + a->window;
  return a->overlap ? end + a->overlap : end < a->size ? end : a->size;
}
/* Rows (or columns) of the bias. */
static inline int32_t ci_attention_table(const ci_attention_axis *a) {
  return 2 * a->window - 1 + 2 * a->overlap;
}

#endif
