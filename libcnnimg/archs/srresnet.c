/* SPDX-License-Identifier: MIT */
/* srresnet.c - MSRResNet (SRResNet without batch norm) of BasicSR and of KAIR */
#include "archs/arch.h"
#include "archs/parts.h"

#define SLOPE 0.1f

/* The two name their blocks and the layer before the last differently. */
static const char *body(const ci_store *s) {
  return ci_store_has(s, "recon_trunk.0.conv2.weight") ? "recon_trunk" : "body";
}
static const char *hr(const ci_store *s) { return ci_store_has(s, "HRconv.weight") ? "HRconv" : "conv_hr"; }

static int bid(const ci_store *s) {
  return ci_store_has(s, "%s.0.conv2.weight", body(s)) && ci_store_has(s, "conv_first.weight") &&
                 ci_store_has(s, "upconv1.weight") && ci_store_has(s, "%s.weight", hr(s)) &&
                 ci_store_has(s, "conv_last.weight")
             ? 92
             : 0;
}

static int32_t enlarge(ci_build *b, int32_t x, int64_t *scale) {
  for (int32_t i = 1; i <= 2 && ci_store_has(b->s, "upconv%d.weight", i); i++) {
    int64_t k = ci_part_factor(ci_store_dim(b->s, 1, "upconv%d.weight", i),
                               ci_store_dim(b->s, 0, "upconv%d.weight", i));
    if (k < 2) return ci_build_fail(b, CNNIMG_UNSUPPORTED, "upconv%d makes no pixels", i);
    x = ci_build_leaky(b, ci_build_pixel_shuffle(b, ci_build_conv_same(b, x, "upconv%d", i), k), SLOPE);
    *scale *= k;
  }
  return x;
}

static int32_t build(ci_build *b) {
  const char *p = body(b->s);
  int64_t scale = 1;
  int32_t image = ci_build_input(b, "image", (int32_t)ci_store_dim(b->s, 1, "conv_first.weight"));
  int32_t x = ci_build_leaky(b, ci_build_conv_same(b, image, "conv_first"), SLOPE);
  for (int32_t i = 0; ci_store_has(b->s, "%s.%d.conv1.weight", p, i); i++) {
    int32_t y = ci_build_op1(b, "Relu", ci_build_conv_same(b, x, "%s.%d.conv1", p, i));
    x = ci_build_op2(b, "Add", x, ci_build_conv_same(b, y, "%s.%d.conv2", p, i));
  }
  x = enlarge(b, x, &scale);
  x = ci_build_leaky(b, ci_build_conv_same(b, x, "%s", hr(b->s)), SLOPE);
  ci_build_card(b, "task", "upscale");
  ci_build_card(b, "scale", "%d", (int)scale);
  return ci_build_op2(b, "Add", ci_build_conv_same(b, x, "conv_last"),
                      ci_build_bilinear(b, image, (float)scale));
}

const ci_arch ci_arch_srresnet = {"MSRResNet", bid, build};
