/* SPDX-License-Identifier: MIT */
/* srvgg.c - SRVGGNetCompact of Real-ESRGAN: a plain stack of convolutions with PReLU, at low resolution */
#include "archs/arch.h"
#include "archs/parts.h"

/* body.0, body.2 ... are convolutions, body.1, body.3 ... slopes; the last convolution makes the pixels. */
static int32_t layers(const ci_store *s) {
  int32_t n = 0;
  while (ci_store_dim(s, 2, "body.%d.weight", 2 * n) == 3 && n < 4096) n++;
  return n;
}

static int64_t scale_of(const ci_store *s, int32_t n) {
  return ci_part_factor(ci_store_dim(s, 1, "body.0.weight"),
                        ci_store_dim(s, 0, "body.%d.weight", 2 * (n - 1)));
}

static int bid(const ci_store *s) {
  int32_t n = layers(s);
  const ci_tensor *slope = ci_store_get(s, "body.1.weight");
  return n >= 2 && slope && slope->rank == 1 && scale_of(s, n) && s->n == (size_t)(3 * n - 1) ? 90 : 0;
}

static int32_t build(ci_build *b) {
  int32_t n = layers(b->s);
  int64_t scale = scale_of(b->s, n);
  int32_t image = ci_build_input(b, "image", (int32_t)ci_store_dim(b->s, 1, "body.0.weight")), x = image;
  for (int32_t i = 0; i < n; i++) {
    x = ci_build_conv_same(b, x, "body.%d", 2 * i);
    if (i < n - 1) x = ci_build_prelu(b, x, "body.%d.weight", 2 * i + 1);
  }
  ci_build_card(b, "task", scale == 1 ? "restore" : "upscale");
  ci_build_card(b, "scale", "%d", (int)scale);
  if (scale == 1) return ci_build_op2(b, "Add", x, image);
  return ci_build_op2(b, "Add", ci_build_pixel_shuffle(b, x, scale),
                      ci_build_nearest(b, image, (float)scale));
}

const ci_arch ci_arch_srvgg = {"SRVGGNetCompact", bid, build};
