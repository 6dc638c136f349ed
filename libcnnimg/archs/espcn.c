/* SPDX-License-Identifier: MIT */
/* espcn.c - ESPCN (Shi 2016) as PyTorch's example has it: four convolutions, a pixel shuffle, luma only */
#include "archs/arch.h"
#include "archs/parts.h"

static int64_t scale_of(const ci_store *s) {
  return ci_part_factor(ci_store_dim(s, 1, "conv1.weight"), ci_store_dim(s, 0, "conv4.weight"));
}

static int bid(const ci_store *s) {
  bool shapes = ci_store_dim(s, 2, "conv1.weight") == 5 && ci_store_dim(s, 2, "conv2.weight") == 3 &&
                ci_store_dim(s, 2, "conv3.weight") == 3 && ci_store_dim(s, 2, "conv4.weight") == 3;
  return shapes && s->n == 8 && scale_of(s) > 1 ? 85 : 0;
}

static int32_t build(ci_build *b) {
  int64_t scale = scale_of(b->s), in = ci_store_dim(b->s, 1, "conv1.weight");
  int32_t x = ci_build_input(b, "image", (int32_t)in);
  for (int32_t i = 1; i <= 4; i++) {
    x = ci_build_conv_same(b, x, "conv%d", i);
    if (i < 4) x = ci_build_op1(b, "Relu", x);
  }
  ci_build_card(b, "task", "upscale");
  ci_build_card(b, "scale", "%d", (int)scale);
  ci_build_card(b, "colour", "%s", in == 1 ? "y" : "rgb");
  return ci_build_pixel_shuffle(b, x, scale);
}

const ci_arch ci_arch_espcn = {"ESPCN", bid, build};
