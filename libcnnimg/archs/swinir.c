/* SPDX-License-Identifier: MIT */
/* swinir.c - SwinIR (Liang et al. 2021, "SwinIR: Image Restoration Using Swin Transformer") in all its published forms */
#include <stdio.h>

#include "archs/transformer.h"

#define GROUP "layers.%d.residual_group.blocks"

typedef enum tail { DENOISE, SHUFFLE, DIRECT, NEAREST } tail;

typedef struct swinir {
  ci_build *b;
  int64_t window, unshuffle; /* unshuffle: pixels a side that are put into channels first */
  int64_t colours, features, scale;
  const char *first; /* the first convolution */
  tail tail;
} swinir;

static int64_t window_of(const ci_store *s) {
  int64_t side = ci_part_root(ci_store_dim(s, 0, GROUP ".0.attn.relative_position_bias_table", 0));
  return side % 2 ? (side + 1) / 2 : 0;
}

/* The three heads' names are other networks' too; the table of bias and the first convolution are not. */
static int bid(const ci_store *s) {
  bool first = ci_store_has(s, "conv_first.weight") || ci_store_has(s, "conv_first.1.weight");
  bool block = ci_store_has(s, GROUP ".0.norm1.weight", 0) &&
               ci_store_has(s, GROUP ".0.attn.qkv.weight", 0) &&
               ci_store_has(s, GROUP ".0.mlp.fc1.weight", 0);
  bool after = ci_store_has(s, "conv_after_body.weight") || ci_store_has(s, "conv_after_body.0.weight");
  return first && block && after && window_of(s) ? 80 : 0;
}

/* ---- blocks -------------------------------------------------------------------------------------- */

static int32_t block(const swinir *n, int32_t x, int32_t layer, int32_t i) {
  char name[100], part[110];
  snprintf(name, sizeof name, GROUP ".%d", layer, i);
  snprintf(part, sizeof part, "%s.attn", name);
  int32_t y = ci_build_layer_norm_2d(n->b, x, 1e-5f, "%s.norm1", name);
  x = ci_build_op2(n->b, "Add", x, ci_transformer_swin(n->b, y, n->window, i % 2, part));
  y = ci_build_layer_norm_2d(n->b, x, 1e-5f, "%s.norm2", name);
  snprintf(part, sizeof part, "%s.mlp", name);
  return ci_build_op2(n->b, "Add", x, ci_transformer_mlp(n->b, y, part, "fc1", "fc2"));
}

/* One convolution, or three with a bottleneck between them. */
static int32_t convolutions(ci_build *b, int32_t x, const char *prefix) {
  if (b->status || ci_store_has(b->s, "%s.weight", prefix)) return ci_build_conv_same(b, x, "%s", prefix);
  for (int32_t i = 0; i < 6; i += 2) {
    x = ci_build_conv_same(b, x, "%s.%d", prefix, i);
    if (i < 4) x = ci_build_leaky(b, x, 0.2f);
  }
  return x;
}

static int32_t layer(const swinir *n, int32_t x, int32_t i) {
  char blocks[100], conv[40];
  int32_t y = x;
  snprintf(blocks, sizeof blocks, "layers.%d.residual_group.blocks.%%d.norm1.weight", i);
  snprintf(conv, sizeof conv, "layers.%d.conv", i);
  for (int32_t k = 0, count = ci_store_run(n->b->s, blocks); k < count; k++) y = block(n, y, i, k);
  return ci_build_op2(n->b, "Add", x, convolutions(n->b, y, conv));
}

static int32_t body(const swinir *n, int32_t x) {
  int32_t y = x, layers = ci_store_run(n->b->s, GROUP ".0.norm1.weight");
  if (ci_store_has(n->b->s, "patch_embed.norm.weight"))
    y = ci_build_layer_norm_2d(n->b, y, 1e-5f, "patch_embed.norm");
  for (int32_t i = 0; i < layers; i++) y = layer(n, y, i);
  y = ci_build_layer_norm_2d(n->b, y, 1e-5f, "norm");
  return ci_build_op2(n->b, "Add", x, convolutions(n->b, y, "conv_after_body"));
}

/* ---- ends ------------------------------------------------------------------------------------------- */

static bool measure(swinir *n) {
  const ci_store *s = n->b->s;
  n->first = ci_store_has(s, "conv_first.1.weight") ? "conv_first.1" : "conv_first";
  n->window = window_of(s);
  n->tail = ci_store_has(s, "conv_up1.weight")                 ? NEAREST
            : ci_store_has(s, "conv_before_upsample.0.weight") ? SHUFFLE
            : ci_store_has(s, "upsample.0.weight")             ? DIRECT
                                                               : DENOISE;
  int64_t in = ci_store_dim(s, 1, "%s.weight", n->first);
  n->colours = n->tail == DIRECT ? in : ci_store_dim(s, 0, "conv_last.weight");
  n->unshuffle = ci_part_factor(n->colours, in);
  n->scale = 1;
  if ((n->colours == 1 || n->colours == 3) && n->unshuffle) return true;
  ci_build_fail(n->b, CNNIMG_UNSUPPORTED, "it makes %lld channels of %lld", (long long)n->colours,
                (long long)in);
  return false;
}

static int32_t nearest(swinir *n, int32_t x) {
  ci_build *b = n->b;
  for (int32_t i = 1; i < 8 && ci_store_has(b->s, "conv_up%d.weight", i); i++, n->scale *= 2)
    x = ci_build_leaky(b, ci_build_conv_same(b, ci_build_nearest(b, x, 2), "conv_up%d", i), 0.2f);
  return ci_build_conv_same(b, ci_build_leaky(b, ci_build_conv_same(b, x, "conv_hr"), 0.2f), "conv_last");
}

static int32_t direct(swinir *n, int32_t x) {
  int64_t out = ci_store_dim(n->b->s, 0, "upsample.0.weight");
  n->scale = ci_part_factor(n->colours, out);
  if (!n->scale) return ci_build_fail(n->b, CNNIMG_UNSUPPORTED, "it enlarges by no whole number");
  return ci_build_pixel_shuffle(n->b, ci_build_conv_same(n->b, x, "upsample.0"), n->scale);
}

static int32_t ending(swinir *n, int32_t image, int32_t x) {
  ci_build *b = n->b;
  if (n->tail == DIRECT) return direct(n, x);
  if (n->tail == DENOISE) return ci_build_op2(b, "Add", image, ci_build_conv_same(b, x, "conv_last"));
  x = ci_build_leaky(b, ci_build_conv_same(b, x, "conv_before_upsample.0"), 0.01f);
  if (n->tail == NEAREST) return nearest(n, x);
  x = ci_part_shuffles(b, x, "upsample", &n->scale);
  return ci_build_conv_same(b, x, "conv_last");
}

/* Windows of 7 are those of the networks against JPEG's blocks, which were trained on samples of 0 to 255. */
static void write_card(const swinir *n) {
  ci_build *b = n->b;
  if (n->scale % n->unshuffle) ci_build_fail(b, CNNIMG_UNSUPPORTED, "it enlarges by no whole number");
  ci_build_card(b, "task", n->tail != DENOISE ? "upscale" : n->window == 7 ? "deblock" : "denoise");
  ci_build_card(b, "scale", "%lld", (long long)(n->scale / n->unshuffle));
  ci_build_card(b, "colour", "%s", n->colours == 1 ? "grey" : "rgb");
  ci_build_card(b, "multiple", "%lld", (long long)(n->window * n->unshuffle));
}

static int32_t build(ci_build *b) {
  swinir n = {.b = b};
  if (!measure(&n)) return -1;
  int32_t mean = n.colours == 3 ? ci_part_mean(b) : -1, x = ci_build_input(b, "image", (int32_t)n.colours);
  ci_build_ignore(b, ".attn.relative_position_index");
  ci_build_ignore(b, ".attn_mask");
  if (n.colours == 3) x = ci_build_op2(b, "Sub", x, mean);
  if (n.window == 7) x = ci_build_scale(b, x, 255);
  if (n.unshuffle > 1) x = ci_build_pixel_unshuffle(b, x, n.colours, n.unshuffle);
  int32_t y = ending(&n, x, body(&n, ci_build_conv_same(b, x, "%s", n.first)));
  if (n.window == 7) y = ci_build_scale(b, y, 1.0f / 255);
  if (n.colours == 3) y = ci_build_op2(b, "Add", y, mean);
  write_card(&n);
  return y;
}

const ci_arch ci_arch_swinir = {"SwinIR", bid, build};
