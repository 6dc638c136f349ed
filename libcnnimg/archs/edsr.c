/* SPDX-License-Identifier: MIT */
/* edsr.c - EDSR (Lim 2017) and RCAN (Zhang 2018), in their authors' naming and in BasicSR's */
#include <math.h>
#include <stdio.h>

#include "archs/arch.h"
#include "archs/parts.h"

#define WIDE \
  256 /* channels from which on EDSR's blocks are damped: no file says it, all that are published do so */

/* How a naming calls its layers; blocks are below a trunk's prefix. */
typedef struct naming {
  const char *first, *last, *ups;
  const char *conv[2], *gate[2];     /* of a block */
  const char *group;                 /* between a group's prefix and its blocks */
  const char *trunk_end, *group_end; /* NULL: the number behind the last block */
} naming;

static const naming authors = {.first = "head.0",
                               .last = "tail.1",
                               .ups = "tail.0",
                               .conv = {"body.0", "body.2"},
                               .gate = {"body.3.conv_du.0", "body.3.conv_du.2"},
                               .group = "body"};
static const naming unshuffled = {.first = "head.1",
                                  .last = "tail.1",
                                  .ups = "tail.0",
                                  .conv = {"body.0", "body.2"},
                                  .gate = {"body.3.conv_du.0", "body.3.conv_du.2"},
                                  .group = "body"};
static const naming basic = {.first = "conv_first",
                             .last = "conv_last",
                             .ups = "upsample",
                             .conv = {"conv1", "conv2"},
                             .trunk_end = "conv_after_body"};
static const naming basic_groups = {.first = "conv_first",
                                    .last = "conv_last",
                                    .ups = "upsample",
                                    .conv = {"rcab.0", "rcab.2"},
                                    .gate = {"rcab.3.attention.1", "rcab.3.attention.3"},
                                    .group = "residual_group",
                                    .trunk_end = "conv_after_body",
                                    .group_end = "conv"};

/* A naming is told by its first layer, its last and its first block. */
static bool is(const ci_store *s, const naming *n, const char *block, bool gates) {
  return ci_store_has(s, "%s.weight", n->first) && ci_store_has(s, "%s.weight", n->last) &&
         ci_store_has(s, "%s.%s.weight", block, n->conv[0]) &&
         ci_store_has(s, "%s.%s.weight", block, n->conv[1]) &&
         (!gates || ci_store_has(s, "%s.%s.weight", block, n->gate[1])) &&
         (!n->trunk_end || ci_store_has(s, "%s.weight", n->trunk_end));
}

/* ---- what both have around their trunk --------------------------------------------------------------- */

/* The authors' files shift colours by DIV2K's mean, which also says the range of the numbers. */
static float range_of(const ci_store *s) {
  const ci_tensor *t = ci_store_get(s, "sub_mean.bias");
  if (!t || t->dtype != CI_F32 || !t->count) return 1;
  return fabsf(*(const float *)t->data) > 1 ? 255 : 1;
}

static int32_t begin(ci_build *b, const naming *n, int64_t *unshuffle) {
  int64_t in = ci_store_dim(b->s, 1, "%s.weight", n->first),
          out = ci_store_dim(b->s, 0, "%s.weight", n->last);
  *unshuffle = ci_part_factor(out, in);
  if (!*unshuffle || out > 16)
    return ci_build_fail(b, CNNIMG_UNSUPPORTED, "%s takes %lld channels for %lld", n->first, (long long)in,
                         (long long)out);
  int32_t x = ci_build_input(b, "image", (int32_t)out);
  if (ci_store_has(b->s, "sub_mean.weight")) {
    x = ci_build_conv(b, x, (ci_conv_spec){0}, "sub_mean");
    if (range_of(b->s) > 1) ci_build_card(b, "range", "255");
  } else if (n->trunk_end && out == 3) { /* BasicSR keeps the same numbers in its program */
    ci_build_card(b, "range", "255");
    ci_build_card(b, "mean", "114.444, 111.4605, 103.02");
  }
  if (*unshuffle > 1) x = ci_build_pixel_unshuffle(b, x, out, *unshuffle);
  return ci_build_conv_same(b, x, "%s", n->first);
}

static int32_t finish(ci_build *b, const naming *n, int32_t x, int64_t unshuffle) {
  int64_t scale = 1;
  x = ci_build_conv_same(b, ci_part_shuffles(b, x, n->ups, &scale), "%s", n->last);
  if (ci_store_has(b->s, "add_mean.weight")) x = ci_build_conv(b, x, (ci_conv_spec){0}, "add_mean");
  if (scale % unshuffle)
    return ci_build_fail(b, CNNIMG_UNSUPPORTED, "it enlarges by %lld and makes smaller by %lld",
                         (long long)scale, (long long)unshuffle);
  ci_build_card(b, "task", scale == unshuffle ? "restore" : "upscale");
  ci_build_card(b, "scale", "%d", (int)(scale / unshuffle));
  if (unshuffle > 1) ci_build_card(b, "multiple", "%d", (int)unshuffle);
  return x;
}

/* ---- trunks ---------------------------------------------------------------------------------------------- */

static int32_t block(ci_build *b, const naming *n, int32_t x, const char *prefix, float damp) {
  char first[160], second[160];
  int32_t y = ci_build_op1(b, "Relu", ci_build_conv_same(b, x, "%s.%s", prefix, n->conv[0]));
  y = ci_build_conv_same(b, y, "%s.%s", prefix, n->conv[1]);
  if (n->gate[0] && ci_store_has(b->s, "%s.%s.weight", prefix, n->gate[0])) {
    snprintf(first, sizeof first, "%s.%s", prefix, n->gate[0]);
    snprintf(second, sizeof second, "%s.%s", prefix, n->gate[1]);
    y = ci_part_attention(b, y, first, second);
  }
  return ci_build_op2(b, "Add", damp < 1 ? ci_build_scale(b, y, damp) : y, x);
}

/* prefix.0, prefix.1 ...: as many as there are; *next is the number behind them. */
static int32_t blocks(ci_build *b, const naming *n, int32_t x, const char *prefix, float damp,
                      int32_t *next) {
  char name[96];
  int32_t i = 0;
  for (; ci_store_has(b->s, "%s.%d.%s.weight", prefix, i, n->conv[0]); i++) {
    snprintf(name, sizeof name, "%.64s.%d", prefix, i);
    x = block(b, n, x, name, damp);
  }
  *next = i;
  return x;
}

static int32_t trunk_end(ci_build *b, const naming *n, int32_t x, int32_t next) {
  return n->trunk_end ? ci_build_conv_same(b, x, "%s", n->trunk_end)
                      : ci_build_conv_same(b, x, "body.%d", next);
}

/* ---- EDSR ---------------------------------------------------------------------------------------------------- */

static const naming *edsr_naming(const ci_store *s) {
  return is(s, &authors, "body.0", false) ? &authors : is(s, &basic, "body.0", false) ? &basic : NULL;
}

static int edsr_bid(const ci_store *s) { return edsr_naming(s) ? 90 : 0; }

static int32_t edsr_build(ci_build *b) {
  const naming *n = edsr_naming(b->s);
  int64_t unshuffle;
  int32_t next, first = begin(b, n, &unshuffle);
  float damp = ci_store_dim(b->s, 0, "%s.weight", n->first) >= WIDE ? 0.1f : 1;
  int32_t x = blocks(b, n, first, "body", damp, &next);
  return b->status ? -1 : finish(b, n, ci_build_op2(b, "Add", trunk_end(b, n, x, next), first), unshuffle);
}

const ci_arch ci_arch_edsr = {"EDSR", edsr_bid, edsr_build};

/* ---- RCAN: groups of blocks with channel attention --------------------------------------------------------------- */

static const naming *rcan_naming(const ci_store *s) {
  if (is(s, &authors, "body.0.body.0", true)) return &authors;
  if (is(s, &unshuffled, "body.0.body.0", true)) return &unshuffled;
  return is(s, &basic_groups, "body.0.residual_group.0", true) ? &basic_groups : NULL;
}

static int rcan_bid(const ci_store *s) { return rcan_naming(s) ? 95 : 0; }

static int32_t group(ci_build *b, const naming *n, int32_t x, int32_t i) {
  char prefix[48];
  int32_t next, y;
  snprintf(prefix, sizeof prefix, "body.%d.%s", i, n->group);
  y = blocks(b, n, x, prefix, 1, &next);
  y = n->group_end ? ci_build_conv_same(b, y, "body.%d.%s", i, n->group_end)
                   : ci_build_conv_same(b, y, "%s.%d", prefix, next);
  return ci_build_op2(b, "Add", y, x);
}

static int32_t rcan_build(ci_build *b) {
  const naming *n = rcan_naming(b->s);
  int64_t unshuffle;
  int32_t first = begin(b, n, &unshuffle), x = first, i = 0;
  for (; ci_store_has(b->s, "body.%d.%s.0.%s.weight", i, n->group, n->conv[0]); i++) x = group(b, n, x, i);
  return b->status ? -1 : finish(b, n, ci_build_op2(b, "Add", trunk_end(b, n, x, i), first), unshuffle);
}

const ci_arch ci_arch_rcan = {"RCAN", rcan_bid, rcan_build};
