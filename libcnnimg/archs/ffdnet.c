/* SPDX-License-Identifier: MIT */
/* ffdnet.c - FFDNet (Zhang 2018) as KAIR has it: a plain stack at half the resolution, the noise level beside it */
#include "archs/arch.h"

/* model.0, model.2 ...: convolutions with ReLU between them. */
static int32_t layers(const ci_store *s) {
  int32_t n = 0;
  while (ci_store_dim(s, 2, "model.%d.weight", 2 * n) == 3 && n < 4096) n++;
  return n;
}

static int bid(const ci_store *s) {
  int32_t n = layers(s);
  int64_t in = ci_store_dim(s, 1, "model.0.weight"), out = ci_store_dim(s, 0, "model.%d.weight", 2 * (n - 1));
  return n >= 3 && out % 4 == 0 && in == out + 1 && (out == 4 || out == 12) && s->n == 2 * (size_t)n ? 90 : 0;
}

static int32_t build(ci_build *b) {
  static const int64_t two[2] = {2, 2};
  int32_t n = layers(b->s);
  int64_t colours = (ci_store_dim(b->s, 1, "model.0.weight") - 1) / 4;
  int32_t image = ci_build_input(b, "image", (int32_t)colours), sigma = ci_build_input(b, "sigma", 1);
  sigma = ci_build_op1(b, "AveragePool", sigma);
  ci_build_attr_ints(b, "kernel_shape", two, 2);
  ci_build_attr_ints(b, "strides", two, 2);
  const int32_t both[2] = {ci_build_pixel_unshuffle(b, image, colours, 2), sigma};
  int32_t x = ci_build_concat(b, both, 2);
  for (int32_t i = 0; i < n; i++) {
    x = ci_build_conv_same(b, x, "model.%d", 2 * i);
    if (i < n - 1) x = ci_build_op1(b, "Relu", x);
  }
  ci_build_card(b, "task", "denoise");
  ci_build_card(b, "scale", "1");
  ci_build_card(b, "multiple", "2");
  ci_build_card(b, "input.sigma", "sigma");
  ci_build_card(b, "colour", "%s", colours == 1 ? "grey" : "rgb");
  return ci_build_pixel_shuffle(b, x, 2);
}

const ci_arch ci_arch_ffdnet = {"FFDNet", bid, build};
