/* SPDX-License-Identifier: MIT */
/* keras_resnetsr.c - Distilled ResNetSR of titu1994's Image-Super-Resolution: residual blocks, enlarged by repeating pixels */
#include <stdio.h>

#include "archs/arch.h"
#include "archs/turned.h"

#define EPSILON 1e-3f /* Keras' own; the file does not say it */
#define MOST 1000

static int32_t blocks(const ci_store *s) {
  int32_t n = 0;
  while (n < MOST && ci_store_has(s, "student_sr_res_conv_%d_2/kernel", n + 1)) n++;
  return n;
}

static int32_t steps(const ci_store *s) {
  int32_t n = 0;
  while (n < 4 && ci_store_has(s, "student_sr_res_filter%d_1/kernel", n + 1)) n++;
  return n;
}

static int bid(const ci_store *s) {
  bool ends = ci_store_dim(s, 2, "student_sr_res_conv1/kernel") == 3 &&
              ci_store_dim(s, 3, "student_sr_res_conv_final/kernel") == 3;
  return ends && blocks(s) && steps(s) ? 85 : 0;
}

static int32_t conv(ci_build *b, int32_t x, const char *layer) {
  char kernel[80], bias[80];
  snprintf(kernel, sizeof kernel, "%s/kernel", layer);
  snprintf(bias, sizeof bias, "%s/bias", layer);
  return ci_turned_conv(b, x, kernel, bias);
}

/* Convolution and batch norm `which` of a block. */
static int32_t half_block(ci_build *b, int32_t x, int32_t block, int which) {
  char name[64];
  snprintf(name, sizeof name, "student_sr_res_conv_%d_%d", block, which);
  x = conv(b, x, name);
  snprintf(name, sizeof name, "student_sr_res_batchnorm_%d_%d", block, which);
  return ci_turned_batch_norm(b, x, EPSILON, name);
}

static int32_t build(ci_build *b) {
  char name[64];
  int32_t n = blocks(b->s), ups = steps(b->s), image = ci_build_input(b, "image", 3);
  int32_t first = ci_build_op1(b, "Relu", conv(b, image, "student_sr_res_conv1")), x = first;
  for (int32_t i = 1; i <= n; i++) {
    int32_t y = ci_build_op1(b, "Relu", half_block(b, x, i, 1));
    x = ci_build_op2(b, "Add", half_block(b, y, i, 2), x);
  }
  x = ci_build_op2(b, "Add", x, first);
  for (int32_t i = 1; i <= ups; i++) {
    snprintf(name, sizeof name, "student_sr_res_filter%d_1", i);
    x = ci_build_op1(b, "Relu", conv(b, ci_build_nearest(b, x, 2), name));
  }
  ci_build_card(b, "task", "upscale");
  ci_build_card(b, "scale", "%d", 1 << ups);
  ci_build_card(b, "colour", "rgb");
  return conv(b, x, "student_sr_res_conv_final");
}

const ci_arch ci_arch_keras_resnetsr = {"Distilled ResNetSR (Keras)", bid, build};
