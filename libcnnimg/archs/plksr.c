/* SPDX-License-Identifier: MIT */
/* plksr.c - PLKSR and RealPLKSR (Lee 2024): large kernels on a part of the channels */
#include <string.h>

#include "archs/arch.h"
#include "archs/parts.h"

#define NORM_GROUPS 4 /* no file says it; all that are published have it */

/* The first of the two spells its mixer "channe_mixer". */
static const char *mixer_of(const ci_store *s) {
  if (ci_store_has(s, "feats.1.channel_mixer.0.weight")) return "channel_mixer";
  return ci_store_has(s, "feats.1.channe_mixer.0.weight") ? "channe_mixer" : NULL;
}

static int bid(const ci_store *s) {
  return mixer_of(s) && ci_store_has(s, "feats.1.lk.conv.weight") && ci_store_has(s, "feats.0.weight") ? 95
                                                                                                       : 0;
}

/* Mean 0 and variance 1 in each group, as PyTorch exports it: a reshape to [1, groups, all], instance norm, and back. */
static int32_t group_norm(ci_build *b, int32_t x, int32_t i) {
  static const int64_t flat[3] = {0, NORM_GROUPS, -1};
  static const float one[NORM_GROUPS] = {1, 1, 1, 1}, zero[NORM_GROUPS] = {0};
  int32_t y = ci_build_op2(b, "Reshape", x, ci_build_ints(b, flat, 3));
  y = ci_build_node(
      b, "InstanceNormalization",
      (const int32_t[]){y, ci_build_floats(b, one, NORM_GROUPS), ci_build_floats(b, zero, NORM_GROUPS)}, 3);
  ci_build_attr_float(b, "epsilon", 1e-5f);
  y = ci_build_op2(b, "Reshape", y, ci_build_op1(b, "Shape", x));
  y = ci_build_op2(b, "Mul", y, ci_build_along_channels(b, ci_build_weight(b, "feats.%d.norm.weight", i)));
  return ci_build_op2(b, "Add", y, ci_build_along_channels(b, ci_build_weight(b, "feats.%d.norm.bias", i)));
}

/* The large kernel sees the first channels only. */
static int32_t large(ci_build *b, int32_t x, int32_t i, int64_t channels) {
  int64_t part = ci_store_dim(b->s, 0, "feats.%d.lk.conv.weight", i);
  const int32_t y[2] = {ci_build_conv_same(b, ci_build_channels(b, x, 0, part), "feats.%d.lk.conv", i),
                        ci_build_channels(b, x, part, channels)};
  return part == channels ? y[0] : ci_build_concat(b, y, 2);
}

static int32_t block(ci_build *b, int32_t x, int32_t i, const char *mixer, int64_t channels) {
  bool real = !strcmp(mixer, "channel_mixer");
  int32_t y = x;
  if (ci_store_has(b->s, "feats.%d.layer_norm.weight", i))
    y = ci_build_layer_norm_2d(b, y, 1e-6f, "feats.%d.layer_norm", i);
  y = ci_build_op1(b, real ? "Mish" : "Gelu", ci_build_conv_same(b, y, "feats.%d.%s.0", i, mixer));
  y = large(b, ci_build_conv_same(b, y, "feats.%d.%s.2", i, mixer), i, channels);
  if (ci_store_has(b->s, "feats.%d.attn.f.0.weight", i))
    y = ci_build_op2(b, "Mul", y,
                     ci_build_op1(b, "Sigmoid", ci_build_conv_same(b, y, "feats.%d.attn.f.0", i)));
  y = ci_build_conv_same(b, y, "feats.%d.refine", i);
  if (ci_store_has(b->s, "feats.%d.norm.weight", i)) y = group_norm(b, y, i);
  return ci_build_op2(b, "Add", y, x);
}

/* Every channel scale^2 times, so that a pixel shuffle makes the nearest neighbours of it. */
static int32_t repeat(ci_build *b, int32_t image, int64_t scale) {
  int64_t from[3 * 16 * 16];
  for (int64_t i = 0; i < 3 * scale * scale; i++) from[i] = i / (scale * scale);
  int32_t y = ci_build_op2(b, "Gather", image, ci_build_ints(b, from, (size_t)(3 * scale * scale)));
  ci_build_attr_int(b, "axis", 1);
  return y;
}

static int32_t finish(ci_build *b, int32_t x, int32_t image, int64_t scale) {
  int64_t said;
  if (ci_store_has(b->s, "to_img.init_pos")) {
    x = ci_part_dysample(b, ci_build_op2(b, "Add", x, repeat(b, image, scale)), 3 * scale * scale, "to_img",
                         &said);
    return said == scale ? x : ci_build_fail(b, CNNIMG_UNSUPPORTED, "to_img enlarges by another factor");
  }
  if (scale == 1) return ci_build_op2(b, "Add", x, image);
  return ci_build_op2(b, "Add", ci_build_pixel_shuffle(b, x, scale),
                      ci_build_nearest(b, image, (float)scale));
}

static int32_t build(ci_build *b) {
  const char *mixer = mixer_of(b->s);
  int64_t channels = ci_store_dim(b->s, 0, "feats.0.weight");
  int32_t image = ci_build_input(b, "image", 3), x = ci_build_conv_same(b, image, "feats.0"), i = 1;
  for (; ci_store_has(b->s, "feats.%d.refine.weight", i); i++) x = block(b, x, i, mixer, channels);
  int32_t last = ci_store_has(b->s, "feats.%d.weight", i) ? i : i + 1; /* RealPLKSR has a dropout between */
  int64_t scale = ci_part_factor(3, ci_store_dim(b->s, 0, "feats.%d.weight", last));
  if (!scale) return ci_build_fail(b, CNNIMG_UNSUPPORTED, "feats.%d makes no pixels", last);
  x = ci_build_conv_same(b, x, "feats.%d", last);
  ci_build_card(b, "task", scale == 1 ? "restore" : "upscale");
  ci_build_card(b, "scale", "%d", (int)scale);
  return finish(b, x, image, scale);
}

const ci_arch ci_arch_plksr = {"PLKSR", bid, build};
