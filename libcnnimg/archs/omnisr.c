/* SPDX-License-Identifier: MIT */
/* omnisr.c - OmniSR (Wang et al. 2023, "Omni Aggregation Networks for Lightweight Image Super-Resolution") */
#include <stdio.h>

#include "archs/transformer.h"

/*
 * Attention of pixels within windows streams. Its twin takes each window's pixels from all over the map, and attention of
 * channels needs a product a window: those are written in standard operators, and their maps are held.
 */
typedef struct omnisr {
  ci_build *b;
  int64_t window, heads, scale, colours;
  int32_t channels; /* of the features */
} omnisr;

#define PLACE "residual_layer.%d.residual_layer"

static int64_t window_of(const ci_store *s) {
  int64_t side = ci_part_root(ci_store_dim(s, 0, PLACE ".0.layer.2.fn.rel_pos_bias.weight", 0));
  return side % 2 ? (side + 1) / 2 : 0;
}

static int bid(const ci_store *s) {
  bool ends =
      ci_store_has(s, "input.weight") && ci_store_has(s, "output.weight") && ci_store_has(s, "up.0.weight");
  return ends && ci_store_has(s, PLACE ".0.layer.0.fn.0.weight", 0) &&
                 ci_store_has(s, "residual_layer.0.esa.conv1.weight")
             ? 80
             : 0;
}

/* ---- shapes: maps as blocks of pixels ---------------------------------------------------------------- */

static int32_t number(const omnisr *n, int64_t v) { return ci_build_ints(n->b, &v, 1); }

static int32_t list(const omnisr *n, const int32_t *v, int32_t count) {
  int32_t y = ci_build_node(n->b, "Concat", v, count);
  ci_build_attr_int(n->b, "axis", 0);
  return y;
}

static int32_t transpose(const omnisr *n, int32_t x, const int64_t *order, size_t count) {
  int32_t y = ci_build_op1(n->b, "Transpose", x);
  ci_build_attr_ints(n->b, "perm", order, count);
  return y;
}

/* Dimension `axis` of x, [1]. */
static int32_t size_of(const omnisr *n, int32_t x, int64_t axis) {
  const int32_t in[3] = {ci_build_op1(n->b, "Shape", x), number(n, axis), number(n, axis + 1)};
  return ci_build_node(n->b, "Slice", in, 3);
}

/* How many windows there are down (2) or across (3). */
static int32_t windows(const omnisr *n, int32_t x, int64_t axis) {
  return ci_build_op2(n->b, "Div", size_of(n, x, axis), number(n, n->window));
}

/* From [1, k, outer, inner, outer, inner] with its blocks turned inside out, and back to a map. */
static int32_t turn(const omnisr *n, int32_t x, int32_t channels, bool back) {
  static const int64_t order[6] = {0, 1, 3, 2, 5, 4};
  ci_build *b = n->b;
  int32_t h = windows(n, x, 2), w = windows(n, x, 3), ws = number(n, n->window), k = number(n, channels);
  const int32_t blocks[6] = {number(n, 1), k, back ? h : ws, back ? ws : h, back ? w : ws, back ? ws : w};
  const int32_t map[4] = {blocks[0], k, size_of(n, x, 2), size_of(n, x, 3)};
  int32_t y = ci_build_op2(b, "Reshape", x, list(n, blocks, 6));
  return ci_build_op2(b, "Reshape", transpose(n, y, order, 6), list(n, map, 4));
}

/* ---- attention of pixels --------------------------------------------------------------------------------- */

static int32_t pixels(const omnisr *n, int32_t x, const char *name, bool grid) {
  ci_build *b = n->b;
  bool biased = ci_store_has(b->s, "%s.fn.rel_pos_bias.weight", name);
  ci_transformer_windows w = {.heads = n->heads, .size = {n->window, n->window}, .bias = CI_NONE};
  if (biased) w.bias = ci_transformer_table(b, n->window, n->window, "%s.fn.rel_pos_bias.weight", name);
  int32_t y = ci_build_layer_norm_2d(b, x, 1e-5f, "%s.norm", name);
  y = ci_transformer_linear(b, y, "%s.fn.to_qkv", name);
  if (grid) y = turn(n, y, 3 * n->channels, false);
  y = ci_transformer_attention(b, y, &w);
  if (grid) y = turn(n, y, n->channels, true);
  return ci_build_op2(b, "Add", x, ci_transformer_linear(b, y, "%s.fn.to_out.0", name));
}

/* ---- attention of channels -------------------------------------------------------------------------------- */

/* Part 0, 1, 2 of [3, ...]. */
static int32_t part(const omnisr *n, int32_t x, int64_t i) {
  const int32_t in[4] = {x, number(n, i), number(n, i + 1), number(n, 0)};
  return ci_build_node(n->b, "Slice", in, 4);
}

/* Divided by the length of the last dimension. */
static int32_t unit(const omnisr *n, int32_t x) {
  ci_build *b = n->b;
  int32_t length = ci_build_op2(b, "ReduceL2", x, number(n, -1));
  return ci_build_op2(b, "Div", x, ci_build_op2(b, "Max", length, ci_build_scalar(b, 1e-12f)));
}

/* Of [3, groups, heads, channels a head, pixels of a group]. */
static int32_t attend(const omnisr *n, int32_t x, const char *name) {
  static const int64_t last[5] = {0, 1, 2, 4, 3};
  ci_build *b = n->b;
  int32_t q = unit(n, part(n, x, 0)), k = unit(n, part(n, x, 1));
  int32_t y = ci_build_op2(b, "MatMul", q, transpose(n, k, last, 5));
  y = ci_build_op2(b, "Mul", y, ci_build_weight(b, "%s.fn.temperature", name));
  y = ci_build_op1(b, "Softmax", y);
  ci_build_attr_int(b, "axis", -1);
  return ci_build_op2(b, "MatMul", y, part(n, x, 2));
}

/* A group is a window's pixels, or, of a grid, the pixels at one place of all windows. */
static int32_t grouped(const omnisr *n, int32_t x, const char *name, bool grid) {
  static const int64_t split[2][7] = {{0, 3, 5, 1, 2, 4, 6}, {0, 4, 6, 1, 2, 3, 5}};
  static const int64_t join[2][6] = {{2, 3, 0, 4, 1, 5}, {2, 3, 4, 0, 5, 1}};
  ci_build *b = n->b;
  int32_t h = windows(n, x, 2), w = windows(n, x, 3), ws = number(n, n->window), any = number(n, -1);
  int32_t area = number(n, n->window * n->window), heads = number(n, n->heads),
          each = number(n, n->channels / n->heads);
  int32_t height = size_of(n, x, 2), width = size_of(n, x, 3), three = number(n, 3);
  int32_t y = ci_build_op2(b, "Reshape", x, list(n, (const int32_t[]){three, heads, each, h, ws, w, ws}, 7));
  y = transpose(n, y, split[grid], 7);
  const int32_t groups[5] = {three, grid ? area : any, heads, each, grid ? any : area};
  y = attend(n, ci_build_op2(b, "Reshape", y, list(n, groups, 5)), name);
  const int32_t blocks[6] = {grid ? ws : h, grid ? ws : w, heads, each, grid ? h : ws, grid ? w : ws};
  y = transpose(n, ci_build_op2(b, "Reshape", y, list(n, blocks, 6)), join[grid], 6);
  const int32_t map[4] = {number(n, 1), number(n, n->channels), height, width};
  return ci_build_op2(b, "Reshape", y, list(n, map, 4));
}

static ci_conv_spec each_channel(int32_t channels) { return (ci_conv_spec){.pad = 1, .groups = channels}; }

static int32_t channels(const omnisr *n, int32_t x, const char *name, bool grid) {
  ci_build *b = n->b;
  int32_t y = ci_build_layer_norm_2d(b, x, 1e-6f, "%s.norm", name);
  y = ci_build_conv_same(b, y, "%s.fn.qkv", name);
  y = ci_build_conv(b, y, each_channel(3 * n->channels), "%s.fn.qkv_dwconv", name);
  y = grouped(n, y, name, grid);
  return ci_build_op2(b, "Add", x, ci_build_conv_same(b, y, "%s.fn.project_out", name));
}

/* ---- convolutions ------------------------------------------------------------------------------------------- */

/* A wide depth-wise layer, and gates by the means of its channels. */
static int32_t gated(const omnisr *n, int32_t x, const char *name) {
  ci_build *b = n->b;
  int32_t wide = (int32_t)ci_store_dim(b->s, 0, "%s.0.weight", name);
  int32_t y = ci_build_op1(b, "Gelu", ci_build_conv_same(b, x, "%s.0", name));
  y = ci_build_op1(b, "Gelu", ci_build_conv(b, y, each_channel(wide), "%s.2", name));
  int32_t gate = ci_transformer_linear(b, ci_build_global_mean(b, y), "%s.4.gate.1", name);
  gate = ci_build_op2(b, "Mul", gate, ci_build_op1(b, "Sigmoid", gate));
  gate = ci_build_op1(b, "Sigmoid", ci_transformer_linear(b, gate, "%s.4.gate.3", name));
  y = ci_build_conv_same(b, ci_build_op2(b, "Mul", y, gate), "%s.5", name);
  return ci_build_op2(b, "Add", x, y);
}

static int32_t forward(const omnisr *n, int32_t x, const char *name) {
  ci_build *b = n->b;
  int64_t wide = ci_store_dim(b->s, 0, "%s.fn.project_in.weight", name);
  int32_t y = ci_build_layer_norm_2d(b, x, 1e-6f, "%s.norm", name);
  y = ci_build_conv(b, ci_build_conv_same(b, y, "%s.fn.project_in", name), each_channel((int32_t)wide),
                    "%s.fn.dwconv", name);
  int32_t gate = ci_build_op1(b, "Gelu", ci_build_channels(b, y, 0, wide / 2));
  y = ci_build_op2(b, "Mul", gate, ci_build_channels(b, y, wide / 2, wide));
  return ci_build_op2(b, "Add", x, ci_build_conv_same(b, y, "%s.fn.project_out", name));
}

static int32_t block(const omnisr *n, int32_t x, const char *name) {
  char layer[100];
  for (int i = 0; i < 13; i++) {
    snprintf(layer, sizeof layer, "%s.layer.%d", name, i);
    if (i == 2 || i == 8) x = pixels(n, x, layer, i == 8);
    if (i == 5 || i == 11) x = channels(n, x, layer, i == 11);
    if (i == 4 || i == 6 || i == 10 || i == 12) x = forward(n, x, layer);
    snprintf(layer, sizeof layer, "%s.layer.0.fn", name);
    if (i == 0) x = gated(n, x, layer);
  }
  return x;
}

/* Gates by a coarse map of what is around (enhanced spatial attention, Liu et al. 2020). */
static int32_t spatial_gates(const omnisr *n, int32_t x, const char *name) {
  static const int64_t kernel[2] = {7, 7}, step[2] = {3, 3};
  ci_build *b = n->b;
  int32_t fine = ci_build_conv_same(b, x, "%s.conv1", name);
  int32_t y = ci_build_conv(b, fine, (ci_conv_spec){.stride = 2}, "%s.conv2", name);
  y = ci_build_op1(b, "MaxPool", y);
  ci_build_attr_ints(b, "kernel_shape", kernel, 2);
  ci_build_attr_ints(b, "strides", step, 2);
  y = ci_build_conv_same(b, y, "%s.conv3", name);
  const int32_t size[4] = {size_of(n, y, 0), size_of(n, y, 1), size_of(n, x, 2), size_of(n, x, 3)};
  y = ci_build_node(b, "Resize", (const int32_t[]){y, CI_NONE, CI_NONE, list(n, size, 4)}, 4);
  ci_build_attr_string(b, "mode", "linear");
  ci_build_attr_string(b, "coordinate_transformation_mode", "half_pixel");
  y = ci_build_op2(b, "Add", y, ci_build_conv_same(b, fine, "%s.conv_f", name));
  return ci_build_op2(b, "Mul", x, ci_build_op1(b, "Sigmoid", ci_build_conv_same(b, y, "%s.conv4", name)));
}

/* ---- all of it ------------------------------------------------------------------------------------------------- */

static int32_t group(const omnisr *n, int32_t x, int32_t i) {
  char name[80];
  int32_t y = x, k = 0;
  for (;; k++) {
    snprintf(name, sizeof name, PLACE ".%d", i, k);
    if (n->b->status || !ci_store_has(n->b->s, "%s.layer.0.fn.0.weight", name)) break;
    y = block(n, y, name);
  }
  y = ci_build_op2(n->b, "Add", ci_build_conv_same(n->b, y, "%s", name), x);
  snprintf(name, sizeof name, "residual_layer.%d.esa", i);
  return spatial_gates(n, y, name);
}

static bool measure(omnisr *n) {
  const ci_store *s = n->b->s;
  n->window = window_of(s) ? window_of(s) : 8; /* that of all published networks */
  n->channels = (int32_t)ci_store_dim(s, 0, "input.weight");
  n->heads = ci_store_dim(s, 0, PLACE ".0.layer.5.fn.temperature", 0);
  n->colours = ci_store_dim(s, 1, "input.weight");
  int64_t out = ci_store_dim(s, 0, "up.0.weight");
  n->scale = ci_part_factor(n->colours, out);
  if ((n->colours == 1 || n->colours == 3) && n->scale && n->scale <= 16 && n->heads > 0 &&
      n->channels % n->heads == 0)
    return true;
  ci_build_fail(n->b, CNNIMG_UNSUPPORTED, "it has %d channels, %lld heads, and makes %lld channels of %lld",
                n->channels, (long long)n->heads, (long long)out, (long long)n->colours);
  return false;
}

static int32_t build(ci_build *b) {
  omnisr n = {.b = b};
  if (!measure(&n)) return -1;
  ci_build_ignore(b, "total_ops"); /* left behind by those who counted them */
  ci_build_ignore(b, "total_params");
  int32_t x = ci_build_conv_same(b, ci_build_input(b, "image", (int32_t)n.colours), "input"), y = x;
  for (int32_t i = 0, count = ci_store_run(b->s, "residual_layer.%d.esa.conv1.weight"); i < count; i++)
    y = group(&n, y, i);
  y = ci_build_op2(b, "Add", ci_build_conv_same(b, y, "output"), x);
  ci_build_card(b, "task", n.scale > 1 ? "upscale" : "denoise");
  ci_build_card(b, "scale", "%lld", (long long)n.scale);
  ci_build_card(b, "colour", "%s", n.colours == 1 ? "grey" : "rgb");
  ci_build_card(b, "multiple", "%lld", (long long)n.window);
  return ci_build_pixel_shuffle(b, ci_build_conv_same(b, y, "up.0"), n.scale);
}

const ci_arch ci_arch_omnisr = {"OmniSR", bid, build};
