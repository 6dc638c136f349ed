/* SPDX-License-Identifier: MIT */
/* keras_dncnn.c - DnCNN (Zhang 2017) as its authors trained it with Keras: batch norm inside, the noise subtracted */
#include <stdio.h>

#include "archs/arch.h"
#include "archs/turned.h"

#define EPSILON 1e-4f /* the training code's; the file does not say it */
#define MOST 1000

/* conv1, relu2, then conv3, bn4, relu5, conv6, bn7 ... and a last convolution: the number of layers counts. */
static int32_t middle(const ci_store *s) {
  int32_t n = 0;
  while (n < MOST && ci_store_has(s, "bn%d/moving_mean", 4 + 3 * n)) n++;
  return n;
}

static int bid(const ci_store *s) {
  int32_t n = middle(s);
  int64_t colours = ci_store_dim(s, 2, "conv1/kernel");
  bool closed = n && ci_store_dim(s, 3, "conv%d/kernel", 3 + 3 * n) == colours;
  return closed && (colours == 1 || colours == 3) && !ci_store_has(s, "bn%d/moving_mean", 2) ? 80 : 0;
}

static int32_t conv(ci_build *b, int32_t x, int32_t i) {
  char kernel[32], bias[32];
  snprintf(kernel, sizeof kernel, "conv%d/kernel", i);
  snprintf(bias, sizeof bias, "conv%d/bias", i);
  return ci_turned_conv(b, x, kernel, bias);
}

static int32_t build(ci_build *b) {
  char name[16];
  int32_t n = middle(b->s), colours = (int32_t)ci_store_dim(b->s, 2, "conv1/kernel");
  int32_t image = ci_build_input(b, "image", colours), x = ci_build_op1(b, "Relu", conv(b, image, 1));
  for (int32_t i = 0; i < n; i++) {
    snprintf(name, sizeof name, "bn%d", 4 + 3 * i);
    x = ci_build_op1(b, "Relu", ci_turned_batch_norm(b, conv(b, x, 3 + 3 * i), EPSILON, name));
  }
  x = conv(b, x, 3 + 3 * n);
  ci_build_card(b, "task", "denoise");
  ci_build_card(b, "scale", "1");
  ci_build_card(b, "colour", "%s", colours == 1 ? "grey" : "rgb");
  return ci_build_op2(b, "Sub", image, x);
}

const ci_arch ci_arch_keras_dncnn = {"DnCNN (Keras)", bid, build};
