/* SPDX-License-Identifier: MIT */
/* winograd_pack.c - transforms 3x3 weights and puts them where the products of F(4x4, 3x3) read them */
#include "kernels/kernels.h"
#include "kernels/points.h"

static int32_t vectors_of(const ci_kernels *k, int32_t cout) { return (cout + k->lanes - 1) / k->lanes; }

/* Vectors a block: what the products hold in registers, and no more than CI_WINO_WIDTH channels. */
static int32_t block_vectors(const ci_kernels *k) {
  int32_t most = CI_WINO_WIDTH / k->lanes;
  return k->conv_vecs < most ? k->conv_vecs : most;
}

int32_t ci_wino_blocks(const ci_kernels *k, int32_t cout) {
  return (vectors_of(k, cout) + block_vectors(k) - 1) / block_vectors(k);
}

int32_t ci_wino_block_first(const ci_kernels *k, int32_t cout, int32_t b) {
  return ci_conv_block_first(vectors_of(k, cout), ci_wino_blocks(k, cout), b);
}

size_t ci_wino_packed_floats(const ci_kernels *k, int32_t cout, int32_t cin) {
  size_t n = (size_t)vectors_of(k, cout) * (size_t)k->lanes * (size_t)cin * CI_WINO_PLANES;
  return (n + CI_SLOPE_PAD - 1) / CI_SLOPE_PAD * CI_SLOPE_PAD;
}

/* Six samples of three weights in a line. */
static void transform_line(const double g[3], double to[6]) {
  const double p[5] = {0, WINO_A, -WINO_A, WINO_B, -WINO_B};
  for (int i = 0; i < 5; i++) {
    double below = 1;
    for (int j = 0; j < 5; j++)
      if (j != i) below *= p[i] - p[j];
    to[i] = (g[0] + p[i] * g[1] + p[i] * p[i] * g[2]) / below;
  }
  to[5] = g[2];
}

/* The 36 samples of the weights from input channel i to output channel o, `step` floats apart. */
static void transform(const ci_conv_weights *w, int32_t o, int32_t i, float *to, size_t step) {
  double g[9], rows[3][6], turned[6][3], line[6];
  for (int y = 0; y < 3; y++)
    for (int x = 0; x < 3; x++) g[y * 3 + x] = w->w[o * w->so + i * w->si + y * w->sy + x * w->sx];
  for (int y = 0; y < 3; y++) transform_line(g + y * 3, rows[y]);
  for (int y = 0; y < 3; y++)
    for (int x = 0; x < 6; x++) turned[x][y] = rows[y][x];
  for (int x = 0; x < 6; x++) {
    transform_line(turned[x], line);
    for (int y = 0; y < 6; y++) to[(size_t)(y * 6 + x) * step] = (float)line[y];
  }
}

/* A block: for each plane, for each input channel, the block's output channels; those past cout stay zero. */
void ci_wino_pack(const ci_kernels *k, const ci_conv_weights *w, float *to) {
  for (int32_t b = 0; b < ci_wino_blocks(k, w->cout); b++) {
    int32_t c0 = ci_wino_block_first(k, w->cout, b) * k->lanes;
    int32_t c1 = ci_wino_block_first(k, w->cout, b + 1) * k->lanes;
    size_t width = (size_t)(c1 - c0), plane = width * (size_t)w->cin;
    for (int32_t i = 0; i < w->cin; i++)
      for (int32_t c = c0; c < c1 && c < w->cout; c++)
        transform(w, c, i, to + (size_t)i * width + (size_t)(c - c0), plane);
    to += plane * CI_WINO_PLANES;
  }
}
