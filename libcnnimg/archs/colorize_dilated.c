/* SPDX-License-Identifier: MIT */
/* colorize_dilated.c - a grey picture to red, green, blue by four dilated convolutions */
#include "archs/arch.h"

static int bid(const ci_store *s) {
  for (int32_t i = 1; i <= 4; i++)
    if (ci_store_dim(s, 2, "conv%d.weight", i) != 5) return 0;
  return s->n == 8 && ci_store_dim(s, 1, "conv1.weight") == 1 && ci_store_dim(s, 0, "conv4.weight") == 3 ? 80
                                                                                                         : 0;
}

static int32_t build(ci_build *b) {
  int32_t x = ci_build_input(b, "image", 1);
  for (int32_t i = 1; i <= 4; i++) {
    x = ci_build_conv(b, x, (ci_conv_spec){.pad = 4, .dilation = 2}, "conv%d", i);
    x = ci_build_op1(b, i < 4 ? "Relu" : "Sigmoid", x);
  }
  ci_build_card(b, "task", "colorize");
  ci_build_card(b, "scale", "1");
  return x;
}

const ci_arch ci_arch_colorize_dilated = {"dilated colorizer", bid, build};
