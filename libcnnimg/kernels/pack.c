/* SPDX-License-Identifier: MIT */
/* pack.c - puts a convolution's weights in the order in which a kernel reads them */
#include "kernels/kernels.h"

static int32_t vectors_of(const ci_kernels *k, int32_t cout) { return (cout + k->lanes - 1) / k->lanes; }

size_t ci_conv_packed_floats(const ci_kernels *k, int32_t cout, int32_t cin, int32_t taps) {
  size_t n = (size_t)vectors_of(k, cout) * (size_t)k->lanes * (size_t)cin * (size_t)taps;
  return (n + CI_SLOPE_PAD - 1) / CI_SLOPE_PAD * CI_SLOPE_PAD;
}

/* One block: for ky, kx, ci: the channels c0 to c0 + width; those past cout stay zero. */
static float *pack_block(const ci_conv_weights *w, int32_t c0, int32_t width, float *to) {
  int32_t there = width < w->cout - c0 ? width : w->cout - c0;
  for (int32_t y = 0; y < w->kh; y++)
    for (int32_t x = 0; x < w->kw; x++)
      for (int32_t i = 0; i < w->cin; i++, to += width)
        for (int32_t c = 0; c < there; c++)
          to[c] = w->w[(c0 + c) * w->so + i * w->si + y * w->sy + x * w->sx];
  return to;
}

void ci_conv_pack(const ci_kernels *k, const ci_conv_weights *w, float *to) {
  int32_t vectors = vectors_of(k, w->cout), blocks = (vectors + k->conv_vecs - 1) / k->conv_vecs;
  for (int32_t b = 0; b < blocks; b++) {
    int32_t first = ci_conv_block_first(vectors, blocks, b);
    int32_t last = ci_conv_block_first(vectors, blocks, b + 1);
    to = pack_block(w, first * k->lanes, (last - first) * k->lanes, to);
  }
}
