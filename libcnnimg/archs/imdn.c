/* SPDX-License-Identifier: MIT */
/* imdn.c - IMDN (Hui 2019): information multi-distillation, with contrast-aware channel attention, and its small IMDN_RTC */
#include <stdio.h>

#include "archs/arch.h"
#include "archs/parts.h"

#define SLOPE 0.05f

/* Mean and standard deviation of each channel, two layers, a gate. */
static int32_t contrast_attention(ci_build *b, int32_t x, const char *prefix) {
  int32_t mean = ci_build_global_mean(b, x), off = ci_build_op2(b, "Sub", x, mean);
  int32_t deviation = ci_build_op1(b, "Sqrt", ci_build_global_mean(b, ci_build_op2(b, "Mul", off, off)));
  int32_t y = ci_build_op2(b, "Add", deviation, mean);
  y = ci_build_op1(b, "Relu", ci_build_conv(b, y, (ci_conv_spec){0}, "%s.cca.conv_du.0", prefix));
  y = ci_build_op1(b, "Sigmoid", ci_build_conv(b, y, (ci_conv_spec){0}, "%s.cca.conv_du.2", prefix));
  return ci_build_op2(b, "Mul", x, y);
}

/* Of each layer's channels some are kept for the end, the rest goes on. */
static int32_t block(ci_build *b, int32_t x, const char *prefix) {
  int64_t all = ci_store_dim(b->s, 0, "%s.c1.weight", prefix),
          rest = ci_store_dim(b->s, 1, "%s.c2.weight", prefix);
  int32_t kept[4], y = x;
  if (rest < 1 || rest >= all)
    return ci_build_fail(b, CNNIMG_UNSUPPORTED, "%s keeps %lld of %lld channels", prefix,
                         (long long)(all - rest), (long long)all);
  for (int32_t i = 0; i < 3; i++) {
    y = ci_build_leaky(b, ci_build_conv_same(b, y, "%s.c%d", prefix, i + 1), SLOPE);
    kept[i] = ci_build_channels(b, y, 0, all - rest);
    y = ci_build_channels(b, y, all - rest, all);
  }
  kept[3] = ci_build_conv_same(b, y, "%s.c4", prefix);
  y = ci_build_concat(b, kept, 4);
  if (ci_store_has(b->s, "%s.cca.conv_du.0.weight", prefix)) y = contrast_attention(b, y, prefix);
  return ci_build_op2(b, "Add", ci_build_conv(b, y, (ci_conv_spec){0}, "%s.c5", prefix), x);
}

static int32_t finish(ci_build *b, int32_t x, int64_t in, const char *last) {
  int64_t scale = ci_part_factor(in, ci_store_dim(b->s, 0, "%s.weight", last));
  if (!scale) return ci_build_fail(b, CNNIMG_UNSUPPORTED, "%s makes no pixels", last);
  ci_build_card(b, "task", "upscale");
  ci_build_card(b, "scale", "%d", (int)scale);
  x = ci_build_conv_same(b, x, "%s", last);
  return scale > 1 ? ci_build_pixel_shuffle(b, x, scale) : x;
}

/* ---- IMDN ------------------------------------------------------------------------------------ */

static int bid(const ci_store *s) {
  return ci_store_has(s, "fea_conv.weight") && ci_store_has(s, "IMDB1.c5.weight") &&
                 ci_store_has(s, "LR_conv.weight")
             ? 95
             : 0;
}

static int32_t build(ci_build *b) {
  int64_t in = ci_store_dim(b->s, 1, "fea_conv.weight");
  int32_t out[16], n = 0;
  int32_t first = ci_build_conv_same(b, ci_build_input(b, "image", (int32_t)in), "fea_conv"), x = first;
  for (; n < 16 && ci_store_has(b->s, "IMDB%d.c1.weight", n + 1); n++) {
    char name[16];
    snprintf(name, sizeof name, "IMDB%d", n + 1);
    out[n] = x = block(b, x, name);
  }
  x = ci_build_leaky(b, ci_build_conv(b, ci_build_concat(b, out, n), (ci_conv_spec){0}, "c.0"), SLOPE);
  x = ci_build_op2(b, "Add", ci_build_conv_same(b, x, "LR_conv"), first);
  return finish(b, x, in, "upsampler.0");
}

const ci_arch ci_arch_imdn = {"IMDN", bid, build};

/* ---- IMDN_RTC -------------------------------------------------------------------------------- */

static int rtc_bid(const ci_store *s) {
  return ci_store_has(s, "model.0.weight") && ci_store_has(s, "model.1.sub.0.c5.weight") &&
                 ci_store_has(s, "model.2.weight")
             ? 95
             : 0;
}

static int32_t rtc_build(ci_build *b) {
  int64_t in = ci_store_dim(b->s, 1, "model.0.weight");
  int32_t first = ci_build_conv_same(b, ci_build_input(b, "image", (int32_t)in), "model.0"), x = first, n = 0;
  for (; n < 64 && ci_store_has(b->s, "model.1.sub.%d.c1.weight", n); n++) {
    char name[32];
    snprintf(name, sizeof name, "model.1.sub.%d", n);
    x = block(b, x, name);
  }
  x = ci_build_op2(b, "Add", ci_build_conv_same(b, x, "model.1.sub.%d", n), first);
  return finish(b, x, in, "model.2");
}

const ci_arch ci_arch_imdn_rtc = {"IMDN_RTC", rtc_bid, rtc_build};
