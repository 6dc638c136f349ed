/* SPDX-License-Identifier: MIT */
/* waifu2x_torch.c - waifu2x's vgg_7 and upconv_7 as nunif saves them: layers without padding, LeakyReLU 0.1 */
#include "archs/arch.h"

/* net.0, net.2 ... net.12. */
static int bid(const ci_store *s) {
  for (int32_t i = 0; i < 6; i++)
    if (ci_store_dim(s, 2, "net.%d.weight", 2 * i) != 3) return 0;
  int64_t kernel = ci_store_dim(s, 2, "net.12.weight");
  return s->n == 14 && (kernel == 3 || kernel == 4) ? 85 : 0;
}

static int32_t build(ci_build *b) {
  static const ci_conv_spec twofold = {.stride = 2, .pad = 3};
  bool enlarges = ci_store_dim(b->s, 2, "net.12.weight") == 4;
  int32_t x = ci_build_input(b, "image", (int32_t)ci_store_dim(b->s, 1, "net.0.weight"));
  for (int32_t i = 0; i < 6; i++)
    x = ci_build_leaky(b, ci_build_conv(b, x, (ci_conv_spec){0}, "net.%d", 2 * i), 0.1f);
  x = enlarges ? ci_build_conv_transpose(b, x, twofold, "net.12")
               : ci_build_conv(b, x, (ci_conv_spec){0}, "net.12");
  ci_build_card(b, "task", enlarges ? "upscale" : "denoise");
  ci_build_card(b, "scale", enlarges ? "2" : "1");
  return ci_build_node(b, "Clip", (const int32_t[]){x, ci_build_scalar(b, 0), ci_build_scalar(b, 1)}, 3);
}

const ci_arch ci_arch_waifu2x_torch = {"waifu2x vgg_7/upconv_7 (nunif)", bid, build};
