/* SPDX-License-Identifier: MIT */
/* parts.c - pieces that several architectures have: shuffles in steps, gates a channel, depthwise layers */
#include "archs/parts.h"

#include <stdio.h>
#include <string.h>

#define STEPS 6 /* of a factor */

int64_t ci_part_root(int64_t n) {
  for (int64_t r = 1; r <= 1 << 15 && r * r <= n; r++)
    if (r * r == n) return r;
  return 0;
}

int64_t ci_part_factor(int64_t in, int64_t out) {
  int64_t k = in > 0 && out % in == 0 ? ci_part_root(out / in) : 0;
  return k <= 16 ? k : 0;
}

int32_t ci_part_mean(ci_build *b) {
  static const float mean[3] = {0.4488f, 0.4371f, 0.4040f};
  static const int64_t dim[4] = {1, 3, 1, 1};
  ci_tensor *t = ci_tensor_new(CI_F32, 4, dim);
  if (t) memcpy(t->owned, mean, sizeof mean);
  return ci_build_tensor(b, t);
}

int32_t ci_part_shuffles(ci_build *b, int32_t x, const char *prefix, int64_t *scale) {
  for (int32_t i = 0; i < STEPS && ci_store_has(b->s, "%s.%d.weight", prefix, 2 * i); i++) {
    int64_t k = ci_part_factor(ci_store_dim(b->s, 1, "%s.%d.weight", prefix, 2 * i),
                               ci_store_dim(b->s, 0, "%s.%d.weight", prefix, 2 * i));
    if (k < 2) return ci_build_fail(b, CNNIMG_UNSUPPORTED, "%s.%d makes no pixels", prefix, 2 * i);
    x = ci_build_pixel_shuffle(b, ci_build_conv_same(b, x, "%s.%d", prefix, 2 * i), k);
    *scale *= k;
  }
  return x;
}

int32_t ci_part_attention(ci_build *b, int32_t x, const char *first, const char *second) {
  int32_t y = ci_build_conv(b, ci_build_global_mean(b, x), (ci_conv_spec){0}, "%s", first);
  y = ci_build_conv(b, ci_build_op1(b, "Relu", y), (ci_conv_spec){0}, "%s", second);
  return ci_build_op2(b, "Mul", x, ci_build_op1(b, "Sigmoid", y));
}

int32_t ci_part_depthwise(ci_build *b, int32_t x, const char *prefix) {
  int64_t channels = ci_store_dim(b->s, 0, "%s.weight", prefix);
  if (channels < 1 || channels > INT32_MAX || ci_store_dim(b->s, 1, "%s.weight", prefix) != 1)
    return ci_build_fail(b, CNNIMG_UNSUPPORTED, "%s does not see one channel a filter", prefix);
  return ci_build_conv(b, x,
                       (ci_conv_spec){.pad = (int32_t)ci_store_dim(b->s, 2, "%s.weight", prefix) / 2,
                                      .groups = (int32_t)channels},
                       "%s", prefix);
}
