/* SPDX-License-Identifier: MIT */
/* luma.c - early networks on luma: SRCNN (Dong 2014), FSRCNN (Dong 2016), VDSR (Kim 2016), as PyTorch users write them */
#include "archs/arch.h"

static void describe(ci_build *b, int64_t channels, int32_t scale) {
  ci_build_card(b, "task", scale > 1 ? "upscale" : "restore");
  ci_build_card(b, "scale", "%d", scale);
  if (channels == 1) ci_build_card(b, "colour", "y");
}

/* ---- SRCNN: three layers on a picture that was enlarged before ------------------------------------------ */

static int srcnn_bid(const ci_store *s) {
  return s->n == 6 && ci_store_dim(s, 2, "conv1.weight") == 9 && ci_store_has(s, "conv2.weight") &&
                 ci_store_dim(s, 2, "conv3.weight") == 5 &&
                 ci_store_dim(s, 0, "conv3.weight") == ci_store_dim(s, 1, "conv1.weight")
             ? 85
             : 0;
}

static int32_t srcnn_build(ci_build *b) {
  int64_t channels = ci_store_dim(b->s, 1, "conv1.weight");
  int32_t x = ci_build_input(b, "image", (int32_t)channels);
  for (int32_t i = 1; i <= 3; i++) {
    x = ci_build_conv_same(b, x, "conv%d", i);
    if (i < 3) x = ci_build_op1(b, "Relu", x);
  }
  describe(b, channels, 1);
  return x;
}

const ci_arch ci_arch_srcnn = {"SRCNN", srcnn_bid, srcnn_build};

/* ---- VDSR: a deep stack whose answer is added to the enlarged picture ------------------------------------ */

static int vdsr_bid(const ci_store *s) {
  return ci_store_has(s, "input.weight") && ci_store_has(s, "residual_layer.0.conv.weight") &&
                 ci_store_has(s, "output.weight") &&
                 ci_store_dim(s, 0, "output.weight") == ci_store_dim(s, 1, "input.weight")
             ? 90
             : 0;
}

static int32_t vdsr_build(ci_build *b) {
  int64_t channels = ci_store_dim(b->s, 1, "input.weight");
  int32_t n = ci_store_run(b->s, "residual_layer.%d.conv.weight");
  int32_t image = ci_build_input(b, "image", (int32_t)channels);
  int32_t x = ci_build_op1(b, "Relu", ci_build_conv_same(b, image, "input"));
  for (int32_t i = 0; i < n; i++)
    x = ci_build_op1(b, "Relu", ci_build_conv_same(b, x, "residual_layer.%d.conv", i));
  describe(b, channels, 1);
  return ci_build_op2(b, "Add", ci_build_conv_same(b, x, "output"), image);
}

const ci_arch ci_arch_vdsr = {"VDSR", vdsr_bid, vdsr_build};

/* ---- FSRCNN: enlarges at the end, by a factor that no tensor shows --------------------------------------- */

static int fsrcnn_bid(const ci_store *s) {
  return ci_store_dim(s, 2, "first_part.0.weight") == 5 && ci_store_has(s, "first_part.1.weight") &&
                 ci_store_has(s, "mid_part.0.weight") && ci_store_dim(s, 2, "last_part.weight") == 9
             ? 90
             : 0;
}

static int32_t fsrcnn_build(ci_build *b) {
  int64_t channels = ci_store_dim(b->s, 1, "first_part.0.weight");
  int32_t scale = b->s->scale, n = ci_store_run(b->s, "mid_part.%d.weight");
  if (scale < 2 || scale > 4)
    return ci_build_fail(
        b, CNNIMG_UNSUPPORTED,
        "its tensors do not show the factor: say scale=2, scale=3 or scale=4 (model option)");
  int32_t x = ci_build_conv_same(b, ci_build_input(b, "image", (int32_t)channels), "first_part.0");
  x = ci_build_prelu(b, x, "first_part.1.weight");
  for (int32_t i = 0; i < n; i += 2) {
    x = ci_build_conv_same(b, x, "mid_part.%d", i);
    x = ci_build_prelu(b, x, "mid_part.%d.weight", i + 1);
  }
  describe(b, channels, scale);
  const ci_conv_spec last = {.stride = scale, .pad = 4, .out_pad = scale - 1};
  return ci_build_conv_transpose(b, x, last, "last_part");
}

const ci_arch ci_arch_fsrcnn = {"FSRCNN", fsrcnn_bid, fsrcnn_build};
