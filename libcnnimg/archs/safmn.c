/* SPDX-License-Identifier: MIT */
/* safmn.c - SAFMN (Sun 2023): spatially-adaptive feature modulation */
#include "archs/arch.h"
#include "archs/parts.h"

#define LEVELS 4
#define EPSILON 1e-6f

static int bid(const ci_store *s) {
  return ci_store_has(s, "to_feat.weight") && ci_store_has(s, "feats.0.safm.mfr.3.weight") &&
                 ci_store_has(s, "feats.0.ccm.ccm.2.weight") && ci_store_has(s, "to_img.0.weight")
             ? 95
             : 0;
}

static int32_t max_pool(ci_build *b, int32_t x, int64_t k) {
  const int64_t both[2] = {k, k};
  int32_t y = ci_build_op1(b, "MaxPool", x);
  ci_build_attr_ints(b, "kernel_shape", both, 2);
  ci_build_attr_ints(b, "strides", both, 2);
  return y;
}

/* A quarter of the channels each at half, a quarter, an eighth of the size. */
static int32_t modulate(ci_build *b, int32_t x, int32_t i) {
  int64_t part = ci_store_dim(b->s, 0, "feats.%d.safm.mfr.0.weight", i);
  int32_t y[LEVELS];
  for (int32_t k = 0; k < LEVELS; k++) {
    y[k] = ci_build_channels(b, x, k * part, (k + 1) * part);
    if (k) y[k] = max_pool(b, y[k], 1 << k);
    y[k] = ci_build_conv(b, y[k], (ci_conv_spec){.pad = 1, .groups = (int32_t)part}, "feats.%d.safm.mfr.%d",
                         i, k);
    if (k) y[k] = ci_build_nearest(b, y[k], (float)(1 << k));
  }
  int32_t all = ci_build_conv(b, ci_build_concat(b, y, LEVELS), (ci_conv_spec){0}, "feats.%d.safm.aggr", i);
  return ci_build_op2(b, "Mul", ci_build_op1(b, "Gelu", all), x);
}

static int32_t block(ci_build *b, int32_t x, int32_t i) {
  x = ci_build_op2(b, "Add", modulate(b, ci_build_layer_norm_2d(b, x, EPSILON, "feats.%d.norm1", i), i), x);
  int32_t y = ci_build_layer_norm_2d(b, x, EPSILON, "feats.%d.norm2", i);
  y = ci_build_op1(b, "Gelu", ci_build_conv_same(b, y, "feats.%d.ccm.ccm.0", i));
  return ci_build_op2(b, "Add", ci_build_conv_same(b, y, "feats.%d.ccm.ccm.2", i), x);
}

static int32_t build(ci_build *b) {
  int64_t scale = ci_part_factor(3, ci_store_dim(b->s, 0, "to_img.0.weight"));
  int32_t n = ci_store_run(b->s, "feats.%d.norm1.weight");
  if (!scale) return ci_build_fail(b, CNNIMG_UNSUPPORTED, "to_img.0 makes no pixels");
  int32_t first = ci_build_conv_same(b, ci_build_input(b, "image", 3), "to_feat"), x = first;
  for (int32_t i = 0; i < n; i++) x = block(b, x, i);
  x = ci_build_conv_same(b, ci_build_op2(b, "Add", x, first), "to_img.0");
  ci_build_card(b, "task", scale == 1 ? "restore" : "upscale");
  ci_build_card(b, "scale", "%d", (int)scale);
  ci_build_card(b, "multiple", "8");
  return scale > 1 ? ci_build_pixel_shuffle(b, x, scale) : x;
}

const ci_arch ci_arch_safmn = {"SAFMN", bid, build};
