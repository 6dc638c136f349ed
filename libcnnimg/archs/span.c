/* SPDX-License-Identifier: MIT */
/* span.c - SPAN (Wan 2023): convolutions with parameter-free attention */
#include <stdio.h>

#include "archs/arch.h"
#include "archs/parts.h"

#define WIDEST 1024 /* channels; merging takes their cube */

static int bid(const ci_store *s) {
  return ci_store_has(s, "conv_1.sk.weight") && ci_store_has(s, "block_1.c1_r.eval_conv.weight") &&
                 ci_store_has(s, "conv_cat.weight") && ci_store_has(s, "upsampler.0.weight")
             ? 95
             : 0;
}

/* ---- a training time's four convolutions as one ---------------------------------------------------- */

/* 1x1 from `in` to `mid`, 3x3 to `wide`, 1x1 to `out`, and a 1x1 beside them. */
typedef struct merge {
  const float *w1, *b1, *w2, *b2, *w3, *b3, *side, *side_bias;
  int64_t in, mid, wide, out;
} merge;

static const float *part(ci_build *b, const char *prefix, const char *name, int64_t o, int64_t i, int64_t k) {
  ci_entry *e = ci_store_find(b->s, "%s.%s", prefix, name);
  bool bias = !i;
  const ci_tensor *t = e ? e->tensor : NULL;
  bool fits = t && t->dtype == CI_F32 && t->dim[0] == o &&
              (bias ? t->rank == 1 : t->rank == 4 && t->dim[1] == i && t->dim[2] == k && t->dim[3] == k);
  if (!fits)
    return ci_build_fail(b, CNNIMG_UNSUPPORTED, "the tensor \"%s.%s\" is missing or of another shape", prefix,
                         name),
           NULL;
  e->used = true;
  return t->data;
}

static bool find_parts(ci_build *b, const char *p, merge *m) {
  m->in = ci_store_dim(b->s, 1, "%s.sk.weight", p), m->out = ci_store_dim(b->s, 0, "%s.sk.weight", p);
  m->mid = ci_store_dim(b->s, 0, "%s.conv.0.weight", p),
  m->wide = ci_store_dim(b->s, 0, "%s.conv.1.weight", p);
  if (m->in > WIDEST || m->out > WIDEST || m->mid > WIDEST || m->wide > WIDEST)
    return ci_build_fail(b, CNNIMG_LIMIT, "%s has more than %d channels", p, WIDEST), false;
  m->side = part(b, p, "sk.weight", m->out, m->in, 1), m->side_bias = part(b, p, "sk.bias", m->out, 0, 0);
  m->w1 = part(b, p, "conv.0.weight", m->mid, m->in, 1), m->b1 = part(b, p, "conv.0.bias", m->mid, 0, 0);
  m->w2 = part(b, p, "conv.1.weight", m->wide, m->mid, 3), m->b2 = part(b, p, "conv.1.bias", m->wide, 0, 0);
  m->w3 = part(b, p, "conv.2.weight", m->out, m->wide, 1), m->b3 = part(b, p, "conv.2.bias", m->out, 0, 0);
  return !b->status;
}

/* The last two of filter o for channel k of the middle and a tap. */
static double two(const merge *m, int64_t o, int64_t k, int tap) {
  double sum = 0;
  for (int64_t w = 0; w < m->wide; w++)
    sum += (double)m->w3[o * m->wide + w] * m->w2[(w * m->mid + k) * 9 + tap];
  return sum;
}

static void merge_filter(const merge *m, int64_t o, float *weight, float *bias) {
  double sum[WIDEST], shift = m->b3[o] + m->side_bias[o];
  for (int64_t w = 0; w < m->wide; w++) shift += (double)m->w3[o * m->wide + w] * m->b2[w];
  for (int tap = 0; tap < 9; tap++) {
    for (int64_t i = 0; i < m->in; i++) sum[i] = tap == 4 ? m->side[o * m->in + i] : 0;
    for (int64_t k = 0; k < m->mid; k++) {
      double t = two(m, o, k, tap);
      shift += t * m->b1[k];
      for (int64_t i = 0; i < m->in; i++) sum[i] += t * m->w1[k * m->in + i];
    }
    for (int64_t i = 0; i < m->in; i++) weight[(o * m->in + i) * 9 + tap] = (float)sum[i];
  }
  bias[o] = (float)shift;
}

/* The file's own eval_conv is what it was when last trained, which nothing promises to be up to date. */
static int32_t conv3xc(ci_build *b, int32_t x, const char *p) {
  merge m;
  if (b->status || !find_parts(b, p, &m)) return -1;
  const int64_t dim[4] = {m.out, m.in, 3, 3};
  ci_tensor *w = ci_tensor_new(CI_F32, 4, dim), *shift = ci_tensor_new(CI_F32, 1, dim);
  for (int64_t o = 0; w && shift && o < m.out; o++) merge_filter(&m, o, w->owned, shift->owned);
  int32_t weight = ci_build_tensor(b, w), bias = ci_build_tensor(b, shift);
  return ci_build_conv_values(b, x, (ci_conv_spec){.pad = 1}, weight, bias);
}

/* ---- the network --------------------------------------------------------------------------------------- */

static int32_t silu(ci_build *b, int32_t x) {
  return ci_build_op2(b, "Mul", x, ci_build_op1(b, "Sigmoid", x));
}

/* *first: what the block's first convolution makes, activated (the authors' activation works in place). */
static int32_t block(ci_build *b, int32_t x, int32_t i, int32_t *first) {
  char name[32];
  snprintf(name, sizeof name, "block_%d.c1_r", i);
  int32_t y = *first = silu(b, conv3xc(b, x, name));
  snprintf(name, sizeof name, "block_%d.c2_r", i);
  y = conv3xc(b, y, name);
  snprintf(name, sizeof name, "block_%d.c3_r", i);
  y = conv3xc(b, silu(b, y), name);
  int32_t attention = ci_build_op2(b, "Sub", ci_build_op1(b, "Sigmoid", y), ci_build_scalar(b, 0.5f));
  return ci_build_op2(b, "Mul", ci_build_op2(b, "Add", y, x), attention);
}

/* Colours less their mean, in 0..255, unless the file says otherwise. */
static int32_t normalise(ci_build *b, int32_t x, int64_t colours) {
  if (ci_store_has(b->s, "no_norm") || colours != 3) return x;
  return ci_build_scale(b, ci_build_op2(b, "Sub", x, ci_part_mean(b)), 255);
}

static int32_t build(ci_build *b) {
  int64_t colours = ci_store_dim(b->s, 1, "conv_1.sk.weight"),
          scale = ci_part_factor(colours, ci_store_dim(b->s, 0, "upsampler.0.weight"));
  if (!scale) return ci_build_fail(b, CNNIMG_UNSUPPORTED, "upsampler.0 makes no pixels");
  int32_t seen[4], first = -1, x = ci_build_input(b, "image", (int32_t)colours);
  seen[0] = x = conv3xc(b, normalise(b, x, colours), "conv_1");
  for (int32_t i = 1; i <= 6; i++) {
    x = block(b, x, i, &first);
    if (i == 1) seen[2] = x;
  }
  seen[1] = conv3xc(b, x, "conv_2");
  seen[3] = first;
  x = ci_build_conv(b, ci_build_concat(b, seen, 4), (ci_conv_spec){0}, "conv_cat");
  ci_build_ignore(b, ".eval_conv.weight");
  ci_build_ignore(b, ".eval_conv.bias");
  ci_build_ignore(b, "no_norm");
  ci_build_card(b, "task", scale == 1 ? "restore" : "upscale");
  ci_build_card(b, "scale", "%d", (int)scale);
  x = ci_build_conv_same(b, x, "upsampler.0");
  return scale > 1 ? ci_build_pixel_shuffle(b, x, scale) : x;
}

const ci_arch ci_arch_span = {"SPAN", bid, build};
