/* SPDX-License-Identifier: MIT */
/* nafnet.c - NAFNet (Chen 2022): a U-Net of blocks without activations, with gates and channel attention */
#include <stdio.h>

#include "archs/arch.h"

#define EPSILON 1e-6f
#define DEEPEST 8

static int bid(const ci_store *s) {
  return ci_store_has(s, "intro.weight") && ci_store_has(s, "ending.weight") &&
                 ci_store_has(s, "encoders.0.0.sca.1.weight")
             ? 95
             : 0;
}

/* One half of the channels times the other. */
static int32_t gate(ci_build *b, int32_t x, int64_t channels) {
  return ci_build_op2(b, "Mul", ci_build_channels(b, x, 0, channels / 2),
                      ci_build_channels(b, x, channels / 2, channels));
}

static int32_t scaled(ci_build *b, int32_t x, const char *p, const char *by) {
  return ci_build_op2(b, "Mul", x, ci_build_along_channels(b, ci_build_weight(b, "%s.%s", p, by)));
}

static int32_t block(ci_build *b, int32_t x, const char *p) {
  int64_t wide = ci_store_dim(b->s, 0, "%s.conv1.weight", p),
          wide2 = ci_store_dim(b->s, 0, "%s.conv4.weight", p);
  int32_t y = ci_build_conv(b, ci_build_layer_norm_2d(b, x, EPSILON, "%s.norm1", p), (ci_conv_spec){0},
                            "%s.conv1", p);
  y = gate(b, ci_build_conv(b, y, (ci_conv_spec){.pad = 1, .groups = (int32_t)wide}, "%s.conv2", p), wide);
  y = ci_build_op2(b, "Mul", y,
                   ci_build_conv(b, ci_build_global_mean(b, y), (ci_conv_spec){0}, "%s.sca.1", p));
  y = ci_build_conv(b, y, (ci_conv_spec){0}, "%s.conv3", p);
  x = ci_build_op2(b, "Add", x, scaled(b, y, p, "beta"));
  y = ci_build_conv(b, ci_build_layer_norm_2d(b, x, EPSILON, "%s.norm2", p), (ci_conv_spec){0}, "%s.conv4",
                    p);
  y = ci_build_conv(b, gate(b, y, wide2), (ci_conv_spec){0}, "%s.conv5", p);
  return ci_build_op2(b, "Add", x, scaled(b, y, p, "gamma"));
}

static int32_t blocks(ci_build *b, int32_t x, const char *part) {
  char name[64];
  for (int32_t i = 0; ci_store_has(b->s, "%s.%d.conv1.weight", part, i); i++) {
    snprintf(name, sizeof name, "%s.%d", part, i);
    x = block(b, x, name);
  }
  return x;
}

static int32_t build(ci_build *b) {
  int32_t depth = ci_store_run(b->s, "downs.%d.weight"), level[DEEPEST];
  char part[32];
  if (depth > DEEPEST) return ci_build_fail(b, CNNIMG_UNSUPPORTED, "it has more than %d levels", DEEPEST);
  int32_t image = ci_build_input(b, "image", (int32_t)ci_store_dim(b->s, 1, "intro.weight"));
  int32_t x = ci_build_conv_same(b, image, "intro");
  for (int32_t i = 0; i < depth; i++) {
    snprintf(part, sizeof part, "encoders.%d", i);
    level[i] = x = blocks(b, x, part);
    x = ci_build_conv(b, x, (ci_conv_spec){.stride = 2}, "downs.%d", i);
  }
  x = blocks(b, x, "middle_blks");
  for (int32_t i = 0; i < depth; i++) {
    x = ci_build_pixel_shuffle(b, ci_build_conv(b, x, (ci_conv_spec){0}, "ups.%d.0", i), 2);
    snprintf(part, sizeof part, "decoders.%d", i);
    x = blocks(b, ci_build_op2(b, "Add", x, level[depth - 1 - i]), part);
  }
  ci_build_card(b, "task", "restore");
  ci_build_card(b, "scale", "1");
  ci_build_card(b, "multiple", "%d", 1 << depth);
  return ci_build_op2(b, "Add", ci_build_conv_same(b, x, "ending"), image);
}

const ci_arch ci_arch_nafnet = {"NAFNet", bid, build};
