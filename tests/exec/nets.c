/* SPDX-License-Identifier: MIT */
/* nets.c - random-weight networks that make streaming hard, and running them on whole pictures or parts */
#include "tests/exec/nets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- parts ---------------------------------------------------------------------------- */

static uint32_t seed;
static float noise(void) {
  seed = seed * 1664525u + 1013904223u;
  return (float)(int32_t)seed / 2147483648.0f;
}

static int32_t weights(ci_graph *g, int64_t a, int64_t b, int64_t kh, int64_t kw, float scale) {
  const int64_t dim[4] = {a, b, kh, kw};
  ci_tensor *t = ci_tensor_new(CI_F32, kh ? 4 : 1, dim);
  assert_non_null(t);
  for (size_t i = 0; i < t->count; i++) ((float *)t->owned)[i] = noise() * scale;
  return ci_graph_add_value(g, "w", t);
}

static ci_node *node(ci_graph *g, ci_op_id op, int32_t a, int32_t b, int32_t c) {
  const int32_t in[3] = {a, b, c};
  ci_node *n = ci_graph_add_node(g, op, "node", in, c >= 0 ? 3 : b >= 0 ? 2 : 1, "value");
  assert_non_null(n);
  return n;
}

static int32_t conv(ci_graph *g, int32_t x, int from, int to, int k, int stride, int dilation) {
  ci_node *n = node(g, CI_OP_conv, x, weights(g, to, from, k, k, 0.3f), weights(g, to, 0, 0, 0, 0.1f));
  for (int i = 0; i < 2; i++) n->p.kernel[i] = k, n->p.stride[i] = stride, n->p.dilation[i] = dilation;
  for (int i = 0; i < 4; i++) n->p.pads[i] = dilation * (k / 2);
  if (k == 2)
    for (int i = 0; i < 4; i++) n->p.pads[i] = 0;
  n->act.kind = CI_ACT_LEAKY;
  n->act.a = 0.1f;
  return n->out;
}

static int32_t up(ci_graph *g, int32_t x, int from, int to) {
  ci_node *n = node(g, CI_OP_conv_transpose, x, weights(g, from, to, 2, 2, 0.3f), -1);
  for (int i = 0; i < 2; i++) n->p.kernel[i] = n->p.stride[i] = 2;
  return n->out;
}

static int32_t binary(ci_graph *g, ci_binary op, int32_t a, int32_t b) {
  ci_node *n = node(g, CI_OP_binary, a, b, -1);
  n->p.mode = op;
  return n->out;
}

/* The map times its channels' means: nothing of it can be given out before all of it is there. */
static int32_t gate(ci_graph *g, int32_t x) {
  ci_node *mean = node(g, CI_OP_reduce, x, -1, -1);
  mean->p.mode = CI_REDUCE_MEAN;
  return binary(g, CI_MUL, x, mean->out);
}

static ci_graph *start(int32_t *x) {
  ci_graph *g = ci_graph_new();
  assert_non_null(g);
  seed = 7;
  *x = ci_graph_add_value(g, "image", NULL);
  assert_int_equal(ci_graph_add_input(g, *x, (ci_shape){3, 0, 0}), 0);
  return g;
}

static ci_graph *finish(ci_graph *g, int32_t out) {
  g->output = out;
  assert_int_equal(ci_graph_finish(g, NULL), CNNIMG_OK);
  return g;
}

/* ---- networks --------------------------------------------------------------------------- */

/* Two levels with a skip by addition and one by concatenation, a dilated middle, pixel shuffle at both ends. */
static ci_graph *unet_with(int gated) {
  int32_t x;
  ci_graph *g = start(&x);
  ci_node *d = node(g, CI_OP_space_to_depth, x, -1, -1);
  d->p.block = 2;
  int32_t a = conv(g, d->out, 12, 20, 3, 1, 1);
  int32_t b = conv(g, conv(g, a, 20, 24, 2, 2, 1), 24, 24, 3, 1, 2);
  if (gated) b = gate(g, b);
  int32_t c = binary(g, CI_ADD, a, up(g, b, 24, 20));
  ci_node *cat = node(g, CI_OP_concat, c, a, -1);
  cat->p.axis = 1;
  int32_t e = conv(g, conv(g, cat->out, 40, 16, 5, 1, 1), 16, 12, 3, 1, 1);
  ci_node *s = node(g, CI_OP_depth_to_space, e, -1, -1);
  s->p.block = 2;
  s->p.crd = 1;
  return finish(g, binary(g, CI_ADD, s->out, x));
}


/* Four levels, each skip added on the way up: the lowest is an eighth as large. */
static ci_graph *deep_unet(void) {
  static const int width[4] = {8, 12, 12, 16};
  int32_t x, skip[4];
  ci_graph *g = start(&x);
  int32_t y = conv(g, x, 3, width[0], 3, 1, 1);
  for (int i = 0; i < 4; i++) {
    skip[i] = y = conv(g, y, width[i], width[i], 3, 1, 1);
    if (i < 3) y = conv(g, y, width[i], width[i + 1], 2, 2, 1);
  }
  for (int i = 2; i >= 0; i--) {
    y = binary(g, CI_ADD, up(g, y, width[i + 1], width[i]), skip[i]);
    y = conv(g, y, width[i], width[i], 3, 1, 1);
  }
  return finish(g, conv(g, y, width[0], 3, 3, 1, 1));
}

static ci_graph *unet(void) { return unet_with(0); }
static ci_graph *gated_unet(void) { return unet_with(1); }

/* Squeeze and excitation one after the other: each holds the map that it gates. */
static ci_graph *gates_of(int count) {
  int32_t x;
  ci_graph *g = start(&x);
  int32_t y = conv(g, x, 3, 16, 3, 1, 1);
  for (int i = 0; i < count; i++) y = gate(g, conv(g, y, 16, 16, 3, 1, 1));
  return finish(g, conv(g, y, 16, 3, 3, 1, 1));
}
static ci_graph *one_gate(void) { return gates_of(1); }
static ci_graph *forty_gates(void) { return gates_of(40); }

static int32_t group_norm(ci_graph *g, int32_t x, int channels, int groups) {
  ci_node *m = node(g, CI_OP_moments, x, weights(g, channels, 0, 0, 0, 1), weights(g, channels, 0, 0, 0, 1));
  m->p.group = groups;
  m->p.value = 1e-5f;
  return node(g, CI_OP_affine, x, m->out, -1)->out;
}

static ci_graph *instance_norm(void) {
  int32_t x;
  ci_graph *g = start(&x);
  int32_t y = group_norm(g, conv(g, x, 3, 12, 3, 1, 1), 12, 12);
  y = group_norm(g, conv(g, y, 12, 12, 3, 1, 1), 12, 3);
  return finish(g, binary(g, CI_ADD, conv(g, y, 12, 3, 3, 1, 1), x));
}

/* waifu2x's way: no padding, so the skip is cropped; the result is as large as the input less 8. */
static ci_graph *valid_and_crop(void) {
  int32_t x, y;
  ci_graph *g = start(&x);
  y = x;
  for (int i = 0; i < 4; i++) {
    ci_node *n = node(g, CI_OP_conv, y, weights(g, i < 3 ? 12 : 3, i ? 12 : 3, 3, 3, 0.3f), -1);
    n->p.kernel[0] = n->p.kernel[1] = 3;
    y = n->out;
  }
  ci_node *crop = node(g, CI_OP_pad, x, -1, -1);
  for (int i = 0; i < 4; i++) crop->p.pads[i] = -4;
  return finish(g, binary(g, CI_ADD, y, crop->out));
}

/* A 4x4 transposed convolution of stride 2, as in waifu2x's upconv: twice as large. */
static ci_graph *transposed(void) {
  int32_t x;
  ci_graph *g = start(&x);
  int32_t y = conv(g, x, 3, 10, 3, 1, 1);
  ci_node *n = node(g, CI_OP_conv_transpose, y, weights(g, 10, 3, 4, 4, 0.3f), -1);
  for (int i = 0; i < 2; i++) n->p.kernel[i] = 4, n->p.stride[i] = 2;
  for (int i = 0; i < 4; i++) n->p.pads[i] = 1;
  return finish(g, n->out);
}

static ci_graph *dilated(void) {
  int32_t x;
  ci_graph *g = start(&x);
  int32_t y = conv(g, x, 3, 8, 3, 1, 1);
  for (int i = 2; i <= 8; i *= 2) y = conv(g, y, 8, 8, 3, 1, i);
  return finish(g, conv(g, y, 8, 3, 5, 1, 2));
}

/* Means and extremes of the whole picture, added to each pixel. */
static ci_graph *global_pooling(void) {
  int32_t x;
  ci_graph *g = start(&x);
  int32_t y = conv(g, x, 3, 3, 3, 1, 1);
  for (int mode = CI_REDUCE_SUM; mode <= CI_REDUCE_LOG_SUM_EXP; mode++) {
    if (mode == CI_REDUCE_LOG_SUM) continue; /* of numbers below 0 it is none */
    ci_node *r = node(g, CI_OP_reduce, y, -1, -1);
    r->p.mode = mode;
    ci_node *bound = node(g, CI_OP_activation, r->out, -1, -1);
    bound->act.kind = CI_ACT_TANH;
    y = binary(g, CI_ADD, y, bound->out);
  }
  return finish(g, y);
}

/* Tiles in Fourier space of several sizes, one behind the other. */
static ci_graph *large_kernels(void) {
  int32_t x;
  ci_graph *g = start(&x);
  int32_t a = conv(g, conv(g, x, 3, 16, 9, 1, 1), 16, 12, 21, 1, 1);
  ci_node *each = node(g, CI_OP_conv, a, weights(g, 12, 1, 13, 13, 0.3f), weights(g, 12, 0, 0, 0, 0.1f));
  each->p.group = 12;
  for (int i = 0; i < 2; i++) each->p.kernel[i] = 13;
  for (int i = 0; i < 4; i++) each->p.pads[i] = 6;
  return finish(g, conv(g, each->out, 12, 3, 5, 1, 1));
}

const net nets[] = {
    {"a U-Net with skips", unet},      {"the same with a gate", gated_unet}, {"one gate", one_gate},
    {"forty gates", forty_gates},      {"instance norm", instance_norm},     {"valid convolutions and a crop", valid_and_crop},
    {"a transposed convolution", transposed}, {"dilated convolutions", dilated}, {"global pooling", global_pooling},
    {"a U-Net of four levels", deep_unet},   {"large kernels", large_kernels},
    {NULL, NULL},
};

/* ---- running it --------------------------------------------------------------------- */

static int fill(void *user, uint32_t i, const ci_view *v, ci_rect r, cnnimg_error *err) {
  const picture *p = user;
  (void)i, (void)err;
  for (int32_t y = r.y0; y < r.y1; y++)
    for (int32_t x = r.x0; x < r.x1; x++)
      memcpy(ci_view_at(v, x, y), p->in + ((size_t)y * (size_t)p->w + (size_t)x) * 3, 3 * sizeof(float));
  return CNNIMG_OK;
}

static int take(void *user, const ci_view *v, ci_rect r, cnnimg_error *err) {
  const picture *p = user;
  (void)err;
  for (int32_t y = r.y0; y < r.y1; y++)
    for (int32_t x = r.x0; x < r.x1; x++)
      memcpy(p->out + ((size_t)(y - p->part.y0) * (size_t)(p->part.x1 - p->part.x0) + (size_t)(x - p->part.x0)) * 3, ci_view_at(v, x, y),
             3 * sizeof(float));
  return CNNIMG_OK;
}

picture picture_new(int32_t w, int32_t h) {
  size_t n = (size_t)w * (size_t)h * 3;
  picture p = {.w = w, .h = h, .in = calloc(n, sizeof(float))};
  seed = 99;
  for (size_t i = 0; i < n; i++) p.in[i] = noise();
  return p;
}

void picture_free(picture *p) {
  free(p->in);
  free(p->out);
}

/* out: of the plan's whole result, or of the region. */
ci_plan_stats run(const ci_graph *g, picture *p, const ci_plan_options *o, const ci_rect *region) {
  const ci_feed feed = {.user = p, .fill = fill, .take = take};
  const ci_shape in = {3, p->h, p->w};
  cnnimg_error err = {0, ""};
  ci_plan *plan;
  ci_pool *pool;
  if (ci_plan_new(&plan, g, &in, ci_kernels_best(), o, &err)) fail_msg("%s", err.text);
  assert_int_equal(ci_pool_new(&pool, o->threads, NULL), 0);
  ci_plan_stats st = *ci_plan_get_stats(plan);
  p->part = region ? *region : ci_rect_whole(st.out);
  p->bytes = (size_t)(p->part.x1 - p->part.x0) * (size_t)(p->part.y1 - p->part.y0) * 3 * sizeof(float);
  free(p->out);
  p->out = calloc(1, p->bytes);
  if (ci_plan_run(plan, pool, &feed, region, &err)) fail_msg("%s", err.text);
  ci_plan_free(plan);
  ci_pool_free(pool);
  return st;
}
