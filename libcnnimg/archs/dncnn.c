/* SPDX-License-Identifier: MIT */
/* dncnn.c - DnCNN (Zhang 2017, "Beyond a Gaussian Denoiser") as KAIR writes it: batch norm merged, the noise is the answer */
#include "archs/arch.h"

/* model.0, model.2, ... model.32: convolutions with ReLU between them. */
static int32_t layers(const ci_store *s) {
  int32_t n = 0;
  while (ci_store_dim(s, 2, "model.%d.weight", 2 * n) == 3) n++;
  return n;
}

static int bid(const ci_store *s) {
  int32_t n = layers(s);
  int64_t colours = ci_store_dim(s, 1, "model.0.weight");
  bool closed = n >= 3 && ci_store_dim(s, 0, "model.%d.weight", 2 * (n - 1)) == colours;
  return closed && (colours == 1 || colours == 3) && s->n == 2 * (size_t)n ? 80 : 0;
}

static int32_t build(ci_build *b) {
  int32_t n = layers(b->s), colours = (int32_t)ci_store_dim(b->s, 1, "model.0.weight");
  int32_t image = ci_build_input(b, "image", colours), x = image;
  for (int32_t i = 0; i < n; i++) {
    x = ci_build_conv_same(b, x, "model.%d", 2 * i);
    if (i < n - 1) x = ci_build_op1(b, "Relu", x);
  }
  ci_build_card(b, "task", "denoise");
  ci_build_card(b, "scale", "1");
  ci_build_card(b, "colour", "%s", colours == 1 ? "grey" : "rgb");
  return ci_build_op2(b, "Sub", image, x);
}

const ci_arch ci_arch_dncnn = {"DnCNN", bid, build};
