/* SPDX-License-Identifier: MIT */
/* scunet.c - SCUNet (Zhang et al. 2022, "Practical Blind Denoising via Swin-Conv-UNet and Data Synthesis") */
#include <stdio.h>

#include "archs/transformer.h"

#define LEVELS 3 /* on the way down, and up */

static int64_t window_of(const ci_store *s, const char *block) {
  return (ci_store_dim(s, 1, "%s.trans_block.msa.relative_position_params", block) + 1) / 2;
}

static int bid(const ci_store *s) {
  bool ends = ci_store_has(s, "m_head.0.weight") && ci_store_has(s, "m_tail.0.weight");
  bool blocks = ci_store_has(s, "m_body.0.trans_block.msa.relative_position_params") &&
                ci_store_has(s, "m_body.0.conv_block.0.weight");
  return ends && blocks ? 80 : 0;
}

/* Half of the channels by attention ... */
static int32_t transform(ci_build *b, int32_t x, const char *block, bool shifted) {
  char mlp[80];
  int64_t size = window_of(b->s, block), half = shifted ? size / 2 : 0;
  snprintf(mlp, sizeof mlp, "%s.trans_block.mlp", block);
  int32_t y = ci_build_layer_norm_2d(b, x, 1e-5f, "%s.trans_block.ln1", block);
  y = ci_transformer_linear(b, y, "%s.trans_block.msa.embedding_layer", block);
  const ci_transformer_windows w = {
      .heads = ci_store_dim(b->s, 0, "%s.trans_block.msa.relative_position_params", block),
      .size = {size, size},
      .shift = {half, half},
      .bias = ci_build_weight(b, "%s.trans_block.msa.relative_position_params", block)};
  y = ci_transformer_attention(b, y, &w);
  x = ci_build_op2(b, "Add", x, ci_transformer_linear(b, y, "%s.trans_block.msa.linear", block));
  y = ci_build_layer_norm_2d(b, x, 1e-5f, "%s.trans_block.ln2", block);
  return ci_build_op2(b, "Add", x, ci_transformer_mlp(b, y, mlp, "0", "2"));
}

/* ... and half by convolutions. */
static int32_t convolve(ci_build *b, int32_t x, const char *block) {
  int32_t y = ci_build_op1(b, "Relu", ci_build_conv_same(b, x, "%s.conv_block.0", block));
  return ci_build_op2(b, "Add", ci_build_conv_same(b, y, "%s.conv_block.2", block), x);
}

static int32_t block(ci_build *b, int32_t x, const char *name, bool shifted) {
  int64_t half = ci_store_dim(b->s, 0, "%s.conv_block.0.weight", name);
  int64_t all = ci_store_dim(b->s, 0, "%s.conv1_1.weight", name);
  int32_t y = ci_build_conv_same(b, x, "%s.conv1_1", name), both[2];
  both[0] = convolve(b, ci_build_channels(b, y, 0, half), name);
  both[1] = transform(b, ci_build_channels(b, y, half, all), name, shifted);
  y = ci_build_concat(b, both, 2);
  return ci_build_op2(b, "Add", x, ci_build_conv_same(b, y, "%s.conv1_2", name));
}

/* Blocks part.from, part.(from + 1) ... as long as there are any; windows of every second one are shifted. */
static int32_t blocks(ci_build *b, int32_t x, const char *part, int32_t from, int32_t *end) {
  char name[40];
  *end = from;
  while (!b->status && ci_store_has(b->s, "%s.%d.conv1_1.weight", part, *end)) {
    snprintf(name, sizeof name, "%s.%d", part, *end);
    x = block(b, x, name, (*end - from) % 2);
    ++*end;
  }
  return x;
}

static int32_t build(ci_build *b) {
  char part[16];
  int32_t end, way[LEVELS + 1], colours = (int32_t)ci_store_dim(b->s, 1, "m_head.0.weight");
  if (colours != 1 && colours != 3)
    return ci_build_fail(b, CNNIMG_UNSUPPORTED, "it takes %d channels", colours);
  int32_t x = way[0] = ci_build_conv_same(b, ci_build_input(b, "image", colours), "m_head.0");
  for (int32_t i = 1; i <= LEVELS; i++) {
    snprintf(part, sizeof part, "m_down%d", i);
    x = blocks(b, x, part, 0, &end);
    way[i] = x = ci_build_conv(b, x, (ci_conv_spec){.stride = 2}, "%s.%d", part, end);
  }
  x = blocks(b, x, "m_body", 0, &end);
  for (int32_t i = LEVELS; i > 0; i--) {
    snprintf(part, sizeof part, "m_up%d", i);
    x = ci_build_conv_transpose(b, ci_build_op2(b, "Add", x, way[i]), (ci_conv_spec){.stride = 2}, "%s.0",
                                part);
    x = blocks(b, x, part, 1, &end);
  }
  ci_build_card(b, "task", "denoise");
  ci_build_card(b, "scale", "1");
  ci_build_card(b, "colour", "%s", colours == 1 ? "grey" : "rgb");
  ci_build_card(b, "multiple", "%lld", (long long)window_of(b->s, "m_body.0") << LEVELS);
  return ci_build_conv_same(b, ci_build_op2(b, "Add", x, way[0]), "m_tail.0");
}

const ci_arch ci_arch_scunet = {"SCUNet", bid, build};
