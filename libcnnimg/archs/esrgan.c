/* SPDX-License-Identifier: MIT */
/* esrgan.c - ESRGAN's RRDBNet (Wang 2018): residual in residual dense blocks, in the three namings that it has had */
#include <stdio.h>

#include "archs/arch.h"

#define MOST_UPS 4

typedef struct naming {
  const char *first, *dense, *trunk, *up, *hr, *last; /* dense: block, dense block, convolution */
} naming;

static const naming namings[] = {
    {"conv_first", "body.%d.rdb%d.conv%d", "conv_body", "conv_up%d", "conv_hr", "conv_last"},
    {"conv_first", "RRDB_trunk.%d.RDB%d.conv%d", "trunk_conv", "upconv%d", "HRconv", "conv_last"},
    {"model.0", "model.1.sub.%d.RDB%d.conv%d.0", NULL, NULL, NULL, NULL}, /* the others count their layers */
};

typedef struct shape {
  const naming *names;
  int32_t blocks, ups;
  int64_t in, out, unshuffle;
  bool plus;                /* ESRGAN+: a shortcut in every dense block */
  int32_t at[MOST_UPS + 2]; /* the counted naming: numbers of the layers behind the trunk */
} shape;

static void spell(char *room, size_t size, const char *fmt, int32_t i, int32_t j, int32_t k) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  snprintf(room, size, fmt, i, j, k);
#pragma GCC diagnostic pop
}

static bool has_dense(const ci_store *s, const naming *n, int32_t block, int32_t dense, int32_t conv) {
  char name[96];
  spell(name, sizeof name, n->dense, block, dense, conv);
  return ci_store_has(s, "%s.weight", name);
}

/* Counted layers behind the trunk: upsamplings, then two more. */
static bool find_counted(const ci_store *s, shape *h) {
  int32_t n = 0;
  for (int32_t i = 2; i < 24; i++)
    if (ci_store_has(s, "model.%d.weight", i)) {
      if (n == MOST_UPS + 2) return false;
      h->at[n++] = i;
    }
  h->ups = n - 2;
  if (n < 2) return false;
  h->out = ci_store_dim(s, 0, "model.%d.weight", h->at[n - 1]);
  return true;
}

static bool find_named(const ci_store *s, shape *h) {
  char name[32];
  for (h->ups = 0; h->ups < MOST_UPS; h->ups++) {
    spell(name, sizeof name, h->names->up, h->ups + 1, 0, 0);
    if (!ci_store_has(s, "%s.weight", name)) break;
  }
  h->out = ci_store_dim(s, 0, "%s.weight", h->names->last);
  return ci_store_has(s, "%s.weight", h->names->trunk) && ci_store_has(s, "%s.weight", h->names->hr);
}

static bool find(const ci_store *s, shape *h) {
  for (size_t i = 0; i < sizeof namings / sizeof *namings; i++) {
    *h = (shape){.names = &namings[i]};
    if (!has_dense(s, h->names, 0, 1, 5)) continue;
    while (has_dense(s, h->names, h->blocks, 1, 1)) h->blocks++;
    h->in = ci_store_dim(s, 1, "%s.weight", h->names->first);
    if (!(h->names->trunk ? find_named(s, h) : find_counted(s, h))) return false;
    h->plus = !h->names->trunk && ci_store_has(s, "model.1.sub.0.RDB1.conv1x1.weight");
    h->unshuffle = h->in == h->out * 4 ? 2 : h->in == h->out * 16 ? 4 : 1;
    return h->in > 0 && h->out > 0;
  }
  return false;
}

static int bid(const ci_store *s) {
  shape h;
  return find(s, &h) ? 95 : 0;
}

/* Each convolution sees all that came before; ESRGAN+ adds a shortcut around two of them. */
static int32_t dense_block(ci_build *b, const shape *h, int32_t x, int32_t block, int32_t dense) {
  char name[96];
  int32_t seen[5] = {x}, y = x;
  for (int32_t k = 1; k <= 5; k++) {
    spell(name, sizeof name, h->names->dense, block, dense, k);
    y = ci_build_conv_same(b, k == 1 ? x : ci_build_concat(b, seen, k), "%s", name);
    if (k == 5) break;
    y = ci_build_leaky(b, y, 0.2f);
    if (h->plus && k == 2)
      y = ci_build_op2(b, "Add", y,
                       ci_build_conv(b, x, (ci_conv_spec){0}, "model.1.sub.%d.RDB%d.conv1x1", block, dense));
    if (h->plus && k == 4) y = ci_build_op2(b, "Add", y, seen[2]);
    seen[k] = y;
  }
  return ci_build_op2(b, "Add", ci_build_scale(b, y, 0.2f), x);
}

static int32_t trunk(ci_build *b, const shape *h, int32_t x) {
  int32_t y = x;
  for (int32_t i = 0; i < h->blocks; i++) {
    int32_t r = y;
    for (int32_t j = 1; j <= 3; j++) r = dense_block(b, h, r, i, j);
    y = ci_build_op2(b, "Add", ci_build_scale(b, r, 0.2f), y);
  }
  if (h->names->trunk) y = ci_build_conv_same(b, y, "%s", h->names->trunk);
  else y = ci_build_conv_same(b, y, "model.1.sub.%d", h->blocks);
  return ci_build_op2(b, "Add", x, y);
}

static int32_t layer(ci_build *b, const shape *h, int32_t x, int32_t i) {
  char name[32];
  if (!h->names->trunk) return ci_build_conv_same(b, x, "model.%d", h->at[i]);
  if (i >= h->ups) return ci_build_conv_same(b, x, "%s", i == h->ups ? h->names->hr : h->names->last);
  spell(name, sizeof name, h->names->up, i + 1, 0, 0);
  return ci_build_conv_same(b, x, "%s", name);
}

static int32_t build(ci_build *b) {
  shape h;
  if (!find(b->s, &h)) return ci_build_fail(b, CNNIMG_UNSUPPORTED, "its layers are not complete");
  int64_t colours = h.in / (h.unshuffle * h.unshuffle);
  int32_t x = ci_build_input(b, "image", (int32_t)colours);
  if (h.unshuffle > 1) x = ci_build_pixel_unshuffle(b, x, colours, h.unshuffle);
  x = trunk(b, &h, ci_build_conv_same(b, x, "%s", h.names->first));
  for (int32_t i = 0; i < h.ups; i++) x = ci_build_leaky(b, layer(b, &h, ci_build_nearest(b, x, 2), i), 0.2f);
  x = ci_build_leaky(b, layer(b, &h, x, h.ups), 0.2f);
  ci_build_card(b, "task", (1 << h.ups) == h.unshuffle ? "restore" : "upscale");
  ci_build_card(b, "scale", "%d", (int)((1 << h.ups) / h.unshuffle));
  if (h.unshuffle > 1) ci_build_card(b, "multiple", "%d", (int)h.unshuffle);
  return layer(b, &h, x, h.ups + 1);
}

const ci_arch ci_arch_esrgan = {"ESRGAN (RRDBNet)", bid, build};
