/* SPDX-License-Identifier: MIT */
/* drunet.c - DRUNet (Zhang 2021, plug-and-play): a U-Net of residual blocks, the noise level beside the picture */
#include <stdio.h>

#include "archs/arch.h"

static int bid(const ci_store *s) {
  return ci_store_has(s, "m_head.weight") && ci_store_has(s, "m_body.0.res.0.weight") &&
                 ci_store_has(s, "m_down3.0.res.0.weight") && ci_store_has(s, "m_tail.weight") &&
                 ci_store_has(s, "m_up1.0.weight")
             ? 95
             : 0;
}

static int32_t residual(ci_build *b, int32_t x, const char *part, int32_t i) {
  int32_t y = ci_build_op1(b, "Relu", ci_build_conv_same(b, x, "%s.%d.res.0", part, i));
  return ci_build_op2(b, "Add", x, ci_build_conv_same(b, y, "%s.%d.res.2", part, i));
}

/* Blocks from number `from` on, as many as there are. */
static int32_t blocks(ci_build *b, int32_t x, const char *part, int32_t from, int32_t *next) {
  int32_t i = from;
  for (; ci_store_has(b->s, "%s.%d.res.0.weight", part, i); i++) x = residual(b, x, part, i);
  *next = i;
  return x;
}

static int32_t build(ci_build *b) {
  static const ci_conv_spec half = {.stride = 2};
  int64_t in = ci_store_dim(b->s, 1, "m_head.weight"), colours = ci_store_dim(b->s, 0, "m_tail.weight");
  int32_t level[4], next, x = ci_build_input(b, "image", (int32_t)colours);
  char part[16];
  if (in == colours + 1) {
    const int32_t both[2] = {x, ci_build_input(b, "sigma", 1)};
    x = ci_build_concat(b, both, 2);
    ci_build_card(b, "input.sigma", "sigma");
  }
  level[0] = x = ci_build_conv_same(b, x, "m_head");
  for (int32_t i = 1; i <= 3; i++) {
    snprintf(part, sizeof part, "m_down%d", i);
    x = blocks(b, x, part, 0, &next);
    level[i] = x = ci_build_conv(b, x, half, "%s.%d", part, next);
  }
  x = blocks(b, x, "m_body", 0, &next);
  for (int32_t i = 3; i >= 1; i--) {
    snprintf(part, sizeof part, "m_up%d", i);
    x = ci_build_conv_transpose(b, ci_build_op2(b, "Add", x, level[i]), half, "%s.0", part);
    x = blocks(b, x, part, 1, &next);
  }
  ci_build_card(b, "task", in == colours + 1 ? "denoise" : "restore");
  ci_build_card(b, "scale", "1");
  ci_build_card(b, "multiple", "8");
  ci_build_card(b, "colour", "%s", colours == 1 ? "grey" : "rgb");
  return ci_build_conv_same(b, ci_build_op2(b, "Add", x, level[0]), "m_tail");
}

const ci_arch ci_arch_drunet = {"DRUNet", bid, build};
