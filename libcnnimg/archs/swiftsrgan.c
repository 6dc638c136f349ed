/* SPDX-License-Identifier: MIT */
/* swiftsrgan.c - Swift-SRGAN (Krishnan 2021): SRGAN of depthwise and pointwise convolutions */
#include <stdio.h>

#include "archs/arch.h"
#include "archs/parts.h"

#define EPSILON 1e-5f

static int bid(const ci_store *s) {
  return ci_store_has(s, "initial.cnn.depthwise.weight") &&
                 ci_store_has(s, "convblock.cnn.pointwise.weight") &&
                 ci_store_has(s, "final_conv.pointwise.weight")
             ? 95
             : 0;
}

static int32_t separable(ci_build *b, int32_t x, const char *prefix) {
  char name[96];
  snprintf(name, sizeof name, "%.80s.depthwise", prefix);
  return ci_build_conv(b, ci_part_depthwise(b, x, name), (ci_conv_spec){0}, "%s.pointwise", prefix);
}

/* The convolution, its batch norm and its slopes, as far as they are there. */
static int32_t layer(ci_build *b, int32_t x, const char *prefix, bool acts) {
  char name[96];
  snprintf(name, sizeof name, "%.80s.cnn", prefix);
  x = separable(b, x, name);
  if (ci_store_has(b->s, "%s.bn.running_var", prefix))
    x = ci_build_batch_norm(b, x, EPSILON, "%s.bn", prefix);
  return acts ? ci_build_prelu(b, x, "%s.act.weight", prefix) : x;
}

static int32_t residual(ci_build *b, int32_t x, int32_t i) {
  char first[48], second[48];
  snprintf(first, sizeof first, "residual.%d.block1", i);
  snprintf(second, sizeof second, "residual.%d.block2", i);
  return ci_build_op2(b, "Add", layer(b, layer(b, x, first, true), second, false), x);
}

static int32_t enlarge(ci_build *b, int32_t x, int32_t i) {
  char name[48];
  snprintf(name, sizeof name, "upsampler.%d.conv", i);
  return ci_build_prelu(b, ci_build_pixel_shuffle(b, separable(b, x, name), 2), "upsampler.%d.act.weight", i);
}

static int32_t build(ci_build *b) {
  int32_t n = ci_store_run(b->s, "upsampler.%d.act.weight");
  if (n > 4) return ci_build_fail(b, CNNIMG_UNSUPPORTED, "it doubles the size %d times", n);
  int32_t x = ci_build_input(b, "image", (int32_t)ci_store_dim(b->s, 0, "initial.cnn.depthwise.weight"));
  int32_t first = layer(b, x, "initial", true);
  x = first;
  for (int32_t i = 0; ci_store_has(b->s, "residual.%d.block1.cnn.depthwise.weight", i); i++)
    x = residual(b, x, i);
  x = ci_build_op2(b, "Add", layer(b, x, "convblock", false), first);
  for (int32_t i = 0; i < n; i++) x = enlarge(b, x, i);
  x = ci_build_op1(b, "Tanh", separable(b, x, "final_conv"));
  ci_build_ignore(b, ".bn.num_batches_tracked");
  ci_build_ignore(b, ".block2.act.weight"); /* saved, not used */
  ci_build_ignore(b, "convblock.act.weight");
  ci_build_card(b, "task", n ? "upscale" : "restore");
  ci_build_card(b, "scale", "%d", 1 << n);
  return ci_build_scale(b, ci_build_op2(b, "Add", x, ci_build_scalar(b, 1)), 0.5f);
}

const ci_arch ci_arch_swiftsrgan = {"Swift-SRGAN", bid, build};
