/* SPDX-License-Identifier: MIT */
/* keras_srcnn.c - SRCNN (Dong 2014) as titu1994's Image-Super-Resolution trained it with Keras: the picture comes enlarged */
#include <stdio.h>

#include "archs/arch.h"
#include "archs/turned.h"

static const char *const layers[] = {"level1", "level2", "output"};

/* Keras 1 on Theano had O, I, H, W: there are as many biases as outputs. */
static bool is_theano(const ci_store *s, const char *layer) {
  int64_t bias = ci_store_dim(s, 0, "%s/bias", layer);
  return bias == ci_store_dim(s, 0, "%s/kernel", layer) && bias != ci_store_dim(s, 3, "%s/kernel", layer);
}

static int64_t inputs(const ci_store *s, const char *layer) {
  return ci_store_dim(s, is_theano(s, layer) ? 1 : 2, "%s/kernel", layer);
}

static int64_t outputs(const ci_store *s, const char *layer) {
  return ci_store_dim(s, is_theano(s, layer) ? 0 : 3, "%s/kernel", layer);
}

static int bid(const ci_store *s) {
  int64_t colours = inputs(s, "level1");
  bool chain = outputs(s, "level1") == inputs(s, "level2") && outputs(s, "level2") == inputs(s, "output");
  return s->n == 6 && chain && (colours == 1 || colours == 3) && outputs(s, "output") == colours ? 80 : 0;
}

static int32_t conv(ci_build *b, int32_t x, const char *layer) {
  char kernel[32], bias[32];
  snprintf(kernel, sizeof kernel, "%s/kernel", layer);
  snprintf(bias, sizeof bias, "%s/bias", layer);
  if (!is_theano(b->s, layer)) return ci_turned_conv(b, x, kernel, bias);
  int64_t size = ci_store_dim(b->s, 2, "%s", kernel);
  if (size % 2 != 1 || size != ci_store_dim(b->s, 3, "%s", kernel))
    return ci_build_fail(b, CNNIMG_UNSUPPORTED, "the kernel \"%s\" has no middle", kernel);
  int32_t weight = ci_build_weight(b, "%s", kernel), add = ci_build_weight(b, "%s", bias);
  return ci_build_conv_values(b, x, (ci_conv_spec){.pad = (int32_t)(size / 2)}, weight, add);
}

static int32_t build(ci_build *b) {
  int32_t colours = (int32_t)inputs(b->s, "level1"), x = ci_build_input(b, "image", colours);
  for (size_t i = 0; i < 3 && !b->status; i++) {
    x = conv(b, x, layers[i]);
    if (i < 2) x = ci_build_op1(b, "Relu", x);
  }
  ci_build_card(b, "task", "upscale");
  ci_build_card(b, "scale", "1");
  ci_build_card(b, "colour", "%s", colours == 1 ? "y" : "rgb");
  return x;
}

const ci_arch ci_arch_keras_srcnn = {"SRCNN (Keras)", bid, build};
