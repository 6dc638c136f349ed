/* SPDX-License-Identifier: MIT */
/* hat.c - HAT (Chen et al. 2023, "Activating More Pixels in Image Super-Resolution Transformer") */
#include <stdio.h>

#include "archs/transformer.h"

#define GROUP "layers.%d.residual_group"
#define CONV_SCALE 0.01f /* of all published networks; no tensor says it */

typedef struct hat {
  ci_build *b;
  int64_t window, overlap; /* overlap: pixels on each side */
} hat;

static int64_t window_of(const ci_store *s) {
  int64_t side = ci_part_root(ci_store_dim(s, 0, GROUP ".blocks.0.attn.relative_position_bias_table", 0));
  return side % 2 ? (side + 1) / 2 : 0;
}

/* SwinIR's names are among these: the overlapping attention is what makes the difference. */
static int bid(const ci_store *s) {
  bool ends = ci_store_has(s, "conv_first.weight") && ci_store_has(s, "conv_last.weight");
  bool block = ci_store_has(s, GROUP ".blocks.0.conv_block.cab.0.weight", 0) &&
               ci_store_has(s, GROUP ".overlap_attn.relative_position_bias_table", 0);
  return ends && block && window_of(s) ? 90 : 0;
}

/* ---- attention ----------------------------------------------------------------------------------- */

/*
 * The authors' index of a key dy below and dx right of a query is (dy + 1 - 2 o) side + dx + 1 - 2 o, o being the overlap,
 * counted from the end of the table where it is less than 0.
 */
static int32_t overlapping_table(const hat *n, const char *name) {
  ci_build *b = n->b;
  ci_entry *e = ci_store_find(b->s, "%s.relative_position_bias_table", name);
  int64_t side = 2 * n->window - 1 + 2 * n->overlap, heads = e ? e->tensor->dim[1] : 0;
  if (b->status) return -1;
  if (!e || e->tensor->rank != 2 || e->tensor->dtype != CI_F32 || e->tensor->dim[0] != side * side)
    return ci_build_fail(b, CNNIMG_UNSUPPORTED, "the table of \"%s\" is for other windows", name);
  const int64_t dim[3] = {heads, side, side};
  ci_tensor *t = ci_tensor_new(CI_F32, 3, dim);
  for (int64_t i = 0; t && i < heads * side * side; i++) {
    int64_t row = i / side % side, column = i % side, at = (n->window - row) * side + n->window - column;
    if (at < 0) at += side * side;
    ((float *)t->owned)[i] = ((const float *)e->tensor->data)[at * heads + i / side / side];
  }
  e->used = true;
  return ci_build_tensor(b, t);
}

/* Queries of a window look at keys around it, too. */
static int32_t overlapping(const hat *n, int32_t x, const char *name) {
  char mlp[90];
  ci_build *b = n->b;
  const ci_transformer_windows w = {.heads = ci_store_dim(b->s, 1, "%s.relative_position_bias_table", name),
                                    .size = {n->window, n->window},
                                    .overlap = {n->overlap, n->overlap},
                                    .bias = overlapping_table(n, name)};
  snprintf(mlp, sizeof mlp, "%s.mlp", name);
  int32_t y = ci_build_layer_norm_2d(b, x, 1e-5f, "%s.norm1", name);
  y = ci_transformer_attention(b, ci_transformer_linear(b, y, "%s.qkv", name), &w);
  x = ci_build_op2(b, "Add", x, ci_transformer_linear(b, y, "%s.proj", name));
  y = ci_build_layer_norm_2d(b, x, 1e-5f, "%s.norm2", name);
  return ci_build_op2(b, "Add", x, ci_transformer_mlp(b, y, mlp, "fc1", "fc2"));
}

/* ---- blocks ---------------------------------------------------------------------------------------- */

/* Two convolutions, and gates by the means of their channels. */
static int32_t convolutions(const hat *n, int32_t x, const char *name) {
  ci_build *b = n->b;
  int32_t y = ci_build_op1(b, "Gelu", ci_build_conv_same(b, x, "%s.conv_block.cab.0", name));
  y = ci_build_conv_same(b, y, "%s.conv_block.cab.2", name);
  int32_t gate = ci_build_conv_same(b, ci_build_global_mean(b, y), "%s.conv_block.cab.3.attention.1", name);
  gate = ci_build_conv_same(b, ci_build_op1(b, "Relu", gate), "%s.conv_block.cab.3.attention.3", name);
  gate = ci_build_scale(b, ci_build_op1(b, "Sigmoid", gate), CONV_SCALE);
  return ci_build_op2(b, "Mul", y, gate);
}

static int32_t block(const hat *n, int32_t x, const char *name, bool shifted) {
  char part[90];
  ci_build *b = n->b;
  int32_t y = ci_build_layer_norm_2d(b, x, 1e-5f, "%s.norm1", name);
  snprintf(part, sizeof part, "%s.attn", name);
  x = ci_build_op2(b, "Add", x, ci_transformer_swin(b, y, n->window, shifted, part));
  x = ci_build_op2(b, "Add", x, convolutions(n, y, name));
  y = ci_build_layer_norm_2d(b, x, 1e-5f, "%s.norm2", name);
  snprintf(part, sizeof part, "%s.mlp", name);
  return ci_build_op2(b, "Add", x, ci_transformer_mlp(b, y, part, "fc1", "fc2"));
}

static int32_t group(const hat *n, int32_t x, int32_t i) {
  char name[80], norms[90];
  int32_t y = x;
  snprintf(norms, sizeof norms, GROUP ".blocks.%%d.norm1.weight", i);
  for (int32_t k = 0, count = ci_store_run(n->b->s, norms); k < count; k++) {
    snprintf(name, sizeof name, GROUP ".blocks.%d", i, k);
    y = block(n, y, name, k % 2);
  }
  snprintf(name, sizeof name, GROUP ".overlap_attn", i);
  y = overlapping(n, y, name);
  if (ci_store_has(n->b->s, "layers.%d.conv.weight", i)) y = ci_build_conv_same(n->b, y, "layers.%d.conv", i);
  return ci_build_op2(n->b, "Add", x, y);
}

static int32_t body(const hat *n, int32_t x) {
  int32_t y = x, groups = ci_store_run(n->b->s, GROUP ".overlap_attn.norm1.weight");
  if (ci_store_has(n->b->s, "patch_embed.norm.weight"))
    y = ci_build_layer_norm_2d(n->b, y, 1e-5f, "patch_embed.norm");
  for (int32_t i = 0; i < groups; i++) y = group(n, y, i);
  y = ci_build_layer_norm_2d(n->b, y, 1e-5f, "norm");
  if (ci_store_has(n->b->s, "conv_after_body.weight")) y = ci_build_conv_same(n->b, y, "conv_after_body");
  return ci_build_op2(n->b, "Add", x, y);
}

static int32_t build(ci_build *b) {
  hat n = {.b = b, .window = window_of(b->s)};
  int64_t scale = 1, colours = ci_store_dim(b->s, 1, "conv_first.weight");
  int64_t side = ci_part_root(ci_store_dim(b->s, 0, GROUP ".overlap_attn.relative_position_bias_table", 0));
  n.overlap = (side - 2 * n.window + 1) / 2;
  if ((colours != 1 && colours != 3) || n.overlap < 0 || side != 2 * n.window - 1 + 2 * n.overlap)
    return ci_build_fail(b, CNNIMG_UNSUPPORTED, "it has %lld colours, and windows of %lld",
                         (long long)colours, (long long)n.window);
  ci_build_ignore(b, "relative_position_index_SA"); /* they follow from the sizes */
  ci_build_ignore(b, "relative_position_index_OCA");
  int32_t mean = colours == 3 ? ci_part_mean(b) : -1, x = ci_build_input(b, "image", (int32_t)colours);
  if (colours == 3) x = ci_build_op2(b, "Sub", x, mean);
  x = body(&n, ci_build_conv_same(b, x, "conv_first"));
  x = ci_build_leaky(b, ci_build_conv_same(b, x, "conv_before_upsample.0"), 0.01f);
  x = ci_build_conv_same(b, ci_part_shuffles(b, x, "upsample", &scale), "conv_last");
  ci_build_card(b, "task", scale > 1 ? "upscale" : "denoise");
  ci_build_card(b, "scale", "%lld", (long long)scale);
  ci_build_card(b, "colour", "%s", colours == 1 ? "grey" : "rgb");
  ci_build_card(b, "multiple", "%lld", (long long)n.window);
  return colours == 3 ? ci_build_op2(b, "Add", x, mean) : x;
}

const ci_arch ci_arch_hat = {"HAT", bid, build};
