/* SPDX-License-Identifier: MIT */
/* carn.c - CARN and CARN-M (Ahn 2018): cascading residual blocks, one file for several factors */
#include <stdio.h>

#include "archs/arch.h"

typedef struct carn {
  ci_build *b;
  bool shared; /* CARN-M: a block's three residual blocks are one */
} carn;

/* How many groups a convolution has follows from the channels that one filter sees. */
static int32_t grouped(ci_build *b, int32_t x, int64_t channels, const char *name) {
  int64_t seen = ci_store_dim(b->s, 1, "%s.weight", name);
  if (seen < 1 || channels % seen)
    return ci_build_fail(b, CNNIMG_UNSUPPORTED, "%s does not fit to %lld channels", name,
                         (long long)channels);
  return ci_build_conv(b, x,
                       (ci_conv_spec){.pad = (int32_t)ci_store_dim(b->s, 2, "%s.weight", name) / 2,
                                      .groups = (int32_t)(channels / seen)},
                       "%s", name);
}

static int32_t residual(const carn *c, int32_t x, const char *prefix) {
  ci_build *b = c->b;
  int64_t channels = ci_store_dim(b->s, 0, "%s.body.0.weight", prefix);
  char name[80];
  int32_t y = x;
  for (int32_t i = 0; i <= 4; i += 2) {
    snprintf(name, sizeof name, "%.60s.body.%d", prefix, i);
    if (i == 4 && !ci_store_has(b->s, "%s.weight", name)) break;
    if (i) y = ci_build_op1(b, "Relu", y);
    y = grouped(b, y, channels, name);
  }
  return ci_build_op1(b, "Relu", ci_build_op2(b, "Add", y, x));
}

/* Three steps, each of which sees all before; what a step is, `inner` says. */
static int32_t cascade(const carn *c, int32_t x, const char *prefix,
                       int32_t (*inner)(const carn *, int32_t, const char *)) {
  ci_build *b = c->b;
  int32_t seen[4] = {x};
  for (int32_t i = 1; i <= 3; i++) {
    char name[64];
    bool same = inner == residual && c->shared;
    snprintf(name, sizeof name, "%s%sb%d", prefix, prefix[0] ? "." : "", same ? 1 : i);
    seen[i] = inner(c, x, name);
    x = ci_build_op1(b, "Relu",
                     ci_build_conv(b, ci_build_concat(b, seen, i + 1), (ci_conv_spec){0}, "%s%sc%d.body.0",
                                   prefix, prefix[0] ? "." : "", i));
  }
  return x;
}

static int32_t block(const carn *c, int32_t x, const char *prefix) { return cascade(c, x, prefix, residual); }

static int bid(const ci_store *s) {
  return ci_store_has(s, "entry.weight") && ci_store_has(s, "b1.b1.body.0.weight") &&
                 ci_store_has(s, "c3.body.0.weight") && ci_store_has(s, "exit.weight")
             ? 95
             : 0;
}

static bool has_scale(const ci_store *s, int32_t k) {
  return ci_store_has(s, "upsample.up%d.body.0.weight", k) || ci_store_has(s, "upsample.up.body.0.weight");
}

/* The one that was asked for, or the least that is there. */
static int32_t choose_scale(const ci_build *b) {
  if (b->s->scale) return has_scale(b->s, b->s->scale) ? b->s->scale : 0;
  for (int32_t k = 2; k <= 4; k++)
    if (has_scale(b->s, k)) return k;
  return 0;
}

static int32_t enlarge(ci_build *b, int32_t x, int32_t scale) {
  int64_t channels = ci_store_dim(b->s, 0, "entry.weight");
  char name[64];
  for (int32_t i = 0; i < (scale == 4 ? 2 : 1); i++) {
    snprintf(name, sizeof name, "upsample.up%d.body.%d", scale, 3 * i);
    x = ci_build_op1(b, "Relu", grouped(b, x, channels, name));
    x = ci_build_pixel_shuffle(b, x, scale == 3 ? 3 : 2);
  }
  return x;
}

static int32_t build(ci_build *b) {
  int32_t scale = choose_scale(b);
  const carn c = {b, !ci_store_has(b->s, "b1.b2.body.0.weight")};
  if (!scale) return ci_build_fail(b, CNNIMG_UNSUPPORTED, "it has no layers for a factor of %d", b->s->scale);
  int32_t x = ci_build_input(b, "image", (int32_t)ci_store_dim(b->s, 1, "entry.weight"));
  x = ci_build_conv(b, x, (ci_conv_spec){0}, "sub_mean.shifter");
  x = cascade(&c, ci_build_conv_same(b, x, "entry"), "", block);
  x = ci_build_conv_same(b, enlarge(b, x, scale), "exit");
  for (int32_t k = 2; k <= 4; k++) /* the factors that were not asked for */
    for (int32_t i = 0; i <= 3; i += 3) {
      char name[64];
      snprintf(name, sizeof name, "upsample.up%d.body.%d.weight", k, i);
      ci_build_ignore(b, name);
      snprintf(name, sizeof name, "upsample.up%d.body.%d.bias", k, i);
      ci_build_ignore(b, name);
    }
  ci_build_card(b, "task", "upscale");
  ci_build_card(b, "scale", "%d", scale);
  return ci_build_conv(b, x, (ci_conv_spec){0}, "add_mean.shifter");
}

const ci_arch ci_arch_carn = {"CARN", bid, build};
