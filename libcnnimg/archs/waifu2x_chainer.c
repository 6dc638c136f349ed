/* SPDX-License-Identifier: MIT */
/* waifu2x_chainer.c - waifu2x's vgg_7 and upconv_7 as Chainer saves them: layers without padding, LeakyReLU 0.1 */
#include "archs/arch.h"

static bool plain(const ci_store *s, int32_t i) {
  return ci_store_dim(s, 2, "conv%d/W", i) == 3 && ci_store_has(s, "conv%d/b", i);
}

static int bid(const ci_store *s) {
  for (int32_t i = 1; i <= 6; i++)
    if (!plain(s, i)) return 0;
  return s->n == 14 && (plain(s, 7) || ci_store_dim(s, 2, "conv7/W") == 4) ? 85 : 0;
}

static int32_t layer(ci_build *b, int32_t x, int32_t i) {
  return ci_build_conv_values(b, x, (ci_conv_spec){0}, ci_build_weight(b, "conv%d/W", i),
                              ci_build_weight(b, "conv%d/b", i));
}

/* The last of upconv_7 is a transposed convolution whose kernel has its channels the other way round. */
static int32_t up(ci_build *b, int32_t x) {
  static const int64_t strides[2] = {2, 2}, pads[4] = {3, 3, 3, 3};
  const int32_t in[3] = {x, ci_build_weight(b, "conv7/W"), ci_build_weight(b, "conv7/b")};
  int32_t y = ci_build_node(b, "ConvTranspose", in, 3);
  ci_build_attr_ints(b, "strides", strides, 2);
  ci_build_attr_ints(b, "pads", pads, 4);
  return y;
}

static int32_t build(ci_build *b) {
  bool enlarges = ci_store_dim(b->s, 2, "conv7/W") == 4;
  int64_t in = ci_store_dim(b->s, 1, "conv1/W");
  int32_t x = ci_build_input(b, "image", (int32_t)in);
  for (int32_t i = 1; i <= 6; i++) x = ci_build_leaky(b, layer(b, x, i), 0.1f);
  ci_build_card(b, "task", enlarges ? "upscale" : "denoise");
  ci_build_card(b, "scale", enlarges ? "2" : "1");
  if (in == 1) ci_build_card(b, "colour", "y");
  return enlarges ? up(b, x) : layer(b, x, 7);
}

const ci_arch ci_arch_waifu2x_chainer = {"waifu2x vgg_7/upconv_7", bid, build};
