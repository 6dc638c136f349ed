/* SPDX-License-Identifier: MIT */
/* dcscn.c - DCSCN (Yamanaka 2017, "Fast and Accurate Image Super Resolution by Deep CNN with Skip Connection") as a TensorFlow checkpoint */
#include <math.h>
#include <stdio.h>

#include "archs/arch.h"
#include "archs/turned.h"

#define MOST_LAYERS 15 /* whose results are joined */

/* CNN1, CNN2 ...: all of their results are joined. */
static int32_t layers(const ci_store *s) {
  int32_t n = 0;
  while (n < MOST_LAYERS && ci_store_dim(s, 3, "CNN%d/conv_W", n + 1)) n++;
  return n;
}

/* What the pixel shuffle makes larger; 0: nothing that is whole. */
static int64_t scale_of(const ci_store *s) {
  int64_t out = ci_store_dim(s, 3, "Up-PS/Up-PS_CNN/conv_W"), left = ci_store_dim(s, 2, "R-CNN1/conv_W");
  for (int64_t k = 2; k <= 8 && left; k++)
    if (out == left * k * k) return k;
  return 0;
}

static int bid(const ci_store *s) {
  bool heads = ci_store_has(s, "A1/conv_W") && ci_store_has(s, "B2/conv_W");
  return layers(s) >= 2 && heads && ci_store_dim(s, 2, "CNN1/conv_W") == 1 && scale_of(s) ? 85 : 0;
}

/* NAME/conv_W, its bias and its slopes, where it has any. */
static int32_t layer(ci_build *b, int32_t x, const char *name) {
  char kernel[64], bias[64], slopes[64];
  snprintf(kernel, sizeof kernel, "%s/conv_W", name);
  snprintf(bias, sizeof bias, "%s/conv_B", name);
  snprintf(slopes, sizeof slopes, "%s/prelu/%s_prelu", name, name);
  int32_t y = ci_turned_conv(b, x, kernel, bias);
  if (b->status || !ci_store_has(b->s, "%s", slopes)) return y;
  return ci_build_op2(b, "PRelu", y, ci_turned_along(b, slopes));
}

static int32_t padded(ci_build *b, int32_t x, int64_t before, int64_t after, const char *mode) {
  const int64_t pads[8] = {0, 0, before, before, 0, 0, after, after};
  int32_t y = ci_build_op2(b, "Pad", x, ci_build_ints(b, pads, 8));
  ci_build_attr_string(b, "mode", mode);
  return y;
}

/* Rows and columns [from, to), every step-th. */
static int32_t cut(ci_build *b, int32_t x, int64_t from, int64_t to, int64_t step) {
  const int64_t start[2] = {from, from}, end[2] = {to, to}, axes[2] = {2, 3}, steps[2] = {step, step};
  const int32_t in[5] = {x, ci_build_ints(b, start, 2), ci_build_ints(b, end, 2), ci_build_ints(b, axes, 2),
                         ci_build_ints(b, steps, 2)};
  return ci_build_node(b, "Slice", in, 5);
}

/* Two more lines on every side, as in a mirror that stands on the picture's edge: b a | a b c. ONNX's mirror stands on the
 * first line, so lines are doubled, mirrored and every second one taken; joining slices instead would hold the picture. */
static int32_t mirrored(ci_build *b, int32_t x) {
  int32_t twice = padded(b, ci_build_nearest(b, x, 2), 0, 1, "edge");
  return cut(b, padded(b, twice, 3, 3, "reflect"), 0, INT64_MAX, 2);
}

/* MATLAB's enlarged picture, to which the network adds: its edges are mirrored, and Resize's are not. */
static int32_t enlarged(ci_build *b, int32_t x, int64_t scale) {
  int32_t y = ci_build_bicubic(b, mirrored(b, x), (float)scale, -0.5f);
  return cut(b, y, 2 * scale, -2 * scale, 1);
}

static int32_t features(ci_build *b, int32_t x) {
  int32_t all[MOST_LAYERS], n = layers(b->s);
  char name[16];
  for (int32_t i = 0; i < n; i++) {
    snprintf(name, sizeof name, "CNN%d", i + 1);
    all[i] = x = layer(b, x, name);
  }
  int32_t joined = ci_build_concat(b, all, n), b2 = layer(b, layer(b, joined, "B1"), "B2");
  return ci_build_concat(b, (const int32_t[]){b2, layer(b, joined, "A1")}, 2);
}

static int32_t build(ci_build *b) {
  int64_t scale = scale_of(b->s);
  int32_t image = ci_build_input(b, "image", 1);
  int32_t x = ci_turned_conv(b, features(b, image), "Up-PS/Up-PS_CNN/conv_W", "Up-PS/Up-PS_CNN/conv_B");
  x = layer(b, ci_turned_depth_to_space(b, x, scale), "R-CNN1");
  ci_build_card(b, "task", "upscale");
  ci_build_card(b, "scale", "%d", (int)scale);
  ci_build_card(b, "colour", "y");
  ci_build_card(b, "range", "255");
  return ci_build_op2(b, "Add", x, enlarged(b, image, scale));
}

const ci_arch ci_arch_dcscn = {"DCSCN", bid, build};
