/* SPDX-License-Identifier: MIT */
/* mosr.c - MoSR (umzi 2024): gated convolutions after MambaOut, and three ways to enlarge */
#include <stdio.h>

#include "archs/arch.h"
#include "archs/parts.h"

#define EPSILON 1e-6f

static int bid(const ci_store *s) {
  return ci_store_has(s, "gblocks.0.weight") && ci_store_has(s, "gblocks.1.norm.weight") &&
                 ci_store_has(s, "gblocks.1.fc1.weight") && ci_store_has(s, "gblocks.1.fc2.weight") &&
                 ci_store_has(s, "shortcut.conv11.weight")
             ? 95
             : 0;
}

/* Half of what fc1 makes is the gate; of the other half some channels see their surroundings. */
static int32_t block(ci_build *b, int32_t x, int32_t i) {
  char name[48];
  int64_t hidden = ci_store_dim(b->s, 1, "gblocks.%d.fc2.weight", i),
          seeing = ci_store_dim(b->s, 0, "gblocks.%d.conv.weight", i);
  int32_t y = ci_build_layer_norm_2d(b, x, EPSILON, "gblocks.%d.norm", i), half[2];
  if (seeing < 1 || seeing > hidden)
    return ci_build_fail(b, CNNIMG_UNSUPPORTED, "gblocks.%d.conv sees %lld of %lld channels", i,
                         (long long)seeing, (long long)hidden);
  y = ci_build_conv_same(b, y, "gblocks.%d.fc1", i);
  int32_t gate = ci_build_op1(b, "Mish", ci_build_channels(b, y, 0, hidden));
  snprintf(name, sizeof name, "gblocks.%d.conv", i);
  half[0] = ci_build_channels(b, y, hidden, 2 * hidden - seeing);
  half[1] = ci_part_depthwise(b, ci_build_channels(b, y, 2 * hidden - seeing, 2 * hidden), name);
  y = ci_build_op2(b, "Mul", gate, seeing == hidden ? half[1] : ci_build_concat(b, half, 2));
  y = ci_build_op1(b, "Mish", ci_build_conv_same(b, y, "gblocks.%d.fc2", i));
  return ci_build_op2(b, "Add", y, ci_build_op2(b, "Sub", x, ci_build_scalar(b, 0.5f)));
}

static int32_t shortcut(ci_build *b, int32_t image) {
  int32_t x = ci_build_op1(b, "Mish", ci_build_conv_same(b, image, "shortcut.block.0"));
  x = ci_build_op1(b, "Mish", ci_build_conv_same(b, x, "shortcut.block.2"));
  x = ci_build_op2(b, "Add", x, ci_build_conv(b, image, (ci_conv_spec){0}, "shortcut.conv11"));
  return ci_build_op2(b, "Sub", x, ci_build_scalar(b, 0.5f));
}

/* Eight answers, of which the mean is taken. */
static int32_t mean_of_eight(ci_build *b, int32_t x, int64_t each) {
  int32_t sum = ci_build_channels(b, x, 0, each);
  for (int64_t i = 1; i < 8; i++)
    sum = ci_build_op2(b, "Add", sum, ci_build_channels(b, x, i * each, (i + 1) * each));
  return ci_build_scale(b, sum, 0.125f);
}

static int32_t enlarge(ci_build *b, int32_t x, int64_t colours, int64_t *scale) {
  if (ci_store_has(b->s, "upsampler.init_pos"))
    return ci_part_dysample(b, x, ci_store_dim(b->s, 1, "upsampler.offset.weight"), "upsampler", scale);
  bool eight = ci_store_has(b->s, "upsampler.in_to_k.weight");
  const char *name = eight ? "upsampler.in_to_k" : "upsampler.0";
  int64_t made = ci_store_dim(b->s, 0, "%s.weight", name) / (eight ? 8 : 1);
  *scale = ci_part_factor(colours, made);
  if (!*scale) return ci_build_fail(b, CNNIMG_UNSUPPORTED, "%s makes no pixels", name);
  x = ci_build_conv_same(b, x, "%s", name);
  if (eight) x = mean_of_eight(b, x, made);
  return *scale > 1 ? ci_build_pixel_shuffle(b, x, *scale) : x;
}

static int32_t build(ci_build *b) {
  int64_t colours = ci_store_dim(b->s, 1, "gblocks.0.weight"), scale = 1;
  int32_t image = ci_build_input(b, "image", (int32_t)colours), i = 1;
  int32_t x = ci_build_conv_same(b, image, "gblocks.0");
  for (; ci_store_has(b->s, "gblocks.%d.fc1.weight", i); i++) x = block(b, x, i);
  x = ci_build_op1(b, "Mish", ci_build_conv_same(b, x, "gblocks.%d", i));
  x = ci_build_op1(b, "Mish", ci_build_conv_same(b, x, "gblocks.%d", i + 2));
  x = ci_build_op2(b, "Add", ci_build_conv_same(b, x, "gblocks.%d", i + 4), shortcut(b, image));
  x = enlarge(b, x, colours, &scale);
  ci_build_card(b, "task", scale == 1 ? "restore" : "upscale");
  ci_build_card(b, "scale", "%d", (int)scale);
  return x;
}

const ci_arch ci_arch_mosr = {"MoSR", bid, build};
