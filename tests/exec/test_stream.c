/* SPDX-License-Identifier: MIT */
/* test_stream.c - bands, stripes and threads change no byte; memory does not grow with the height */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exec/exec.h"

/* ---- a network with everything that makes streaming hard ------------------------- */

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

/* Two levels with a skip by addition and one by concatenation, a dilated middle, pixel shuffle at both ends. */
static ci_graph *unet(int gated) {
  ci_graph *g = ci_graph_new();
  assert_non_null(g);
  seed = 7;
  int32_t x = ci_graph_add_value(g, "image", NULL);
  assert_int_equal(ci_graph_add_input(g, x, (ci_shape){3, 0, 0}), 0);
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
  g->output = binary(g, CI_ADD, s->out, x);
  assert_int_equal(ci_graph_finish(g, NULL), CNNIMG_OK);
  return g;
}

/* ---- running it --------------------------------------------------------------------- */

typedef struct picture {
  int32_t w, h;
  float *in, *out;
} picture;

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
      memcpy(p->out + ((size_t)y * (size_t)p->w + (size_t)x) * 3, ci_view_at(v, x, y), 3 * sizeof(float));
  return CNNIMG_OK;
}

static picture picture_new(int32_t w, int32_t h) {
  size_t n = (size_t)w * (size_t)h * 3;
  picture p = {w, h, calloc(n, sizeof(float)), calloc(n, sizeof(float))};
  seed = 99;
  for (size_t i = 0; i < n; i++) p.in[i] = noise();
  return p;
}

static void picture_free(picture *p) {
  free(p->in);
  free(p->out);
}

static ci_plan_stats run(const ci_graph *g, picture *p, int tile, int band, uint32_t threads) {
  const ci_plan_options o = {.tile = tile, .band = band, .threads = threads};
  const ci_feed feed = {.user = p, .fill = fill, .take = take};
  const ci_shape in = {3, p->h, p->w};
  cnnimg_error err = {0, ""};
  ci_plan *plan;
  ci_pool *pool;
  if (ci_plan_new(&plan, g, &in, ci_kernels_best(), &o, &err)) fail_msg("%s", err.text);
  assert_int_equal(ci_pool_new(&pool, threads, NULL), 0);
  if (ci_plan_run(plan, pool, &feed, NULL, &err)) fail_msg("%s", err.text);
  ci_plan_stats st = *ci_plan_get_stats(plan);
  ci_plan_free(plan);
  ci_pool_free(pool);
  return st;
}

static void same_bytes(int gated) {
  static const struct {
    int tile, band;
    uint32_t threads;
  } ways[] = {{0, 1, 1}, {0, 4, 2}, {0, 7, 3}, {0, 0, 2}, {16, 8, 1}, {50, 12, 2}, {1, 64, 3}, {68, 68, 1}};
  ci_graph *g = unet(gated);
  picture p = picture_new(68, 52);
  size_t bytes = 68 * 52 * 3 * sizeof(float);
  run(g, &p, 0, 52, 1); /* everything at once */
  float *whole = p.out;
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    p.out = calloc(1, bytes);
    run(g, &p, ways[i].tile, ways[i].band, ways[i].threads);
    assert_memory_equal(p.out, whole, bytes);
    free(p.out);
  }
  p.out = whole;
  picture_free(&p);
  ci_graph_free(g);
}

static void test_same_bytes(void **state) {
  (void)state;
  same_bytes(0);
}

static void test_same_bytes_with_a_gate(void **state) {
  (void)state;
  same_bytes(1);
}

/* The same tiles and bands on pictures of 64 and 640 rows take the same memory. */
static void test_memory_does_not_grow_with_height(void **state) {
  (void)state;
  ci_graph *g = unet(0);
  picture low = picture_new(48, 64), high = picture_new(48, 640);
  ci_plan_stats a = run(g, &low, 0, 8, 1), b = run(g, &high, 0, 8, 1);
  assert_int_equal(a.ring_bytes, b.ring_bytes);
  assert_true(a.ring_bytes < 48 * 64 * 16 * sizeof(float) * 6); /* less than the maps would take whole */
  picture_free(&low);
  picture_free(&high);
  ci_graph_free(g);
}

static void test_a_cap_makes_stripes(void **state) {
  (void)state;
  ci_graph *g = unet(0);
  const ci_shape in = {3, 64, 2048};
  ci_plan_options o = {.threads = 1};
  ci_plan *plan;
  cnnimg_error err = {0, ""};
  assert_int_equal(ci_plan_new(&plan, g, &in, ci_kernels_best(), &o, NULL), 0);
  assert_int_equal(ci_plan_get_stats(plan)->tiles, 1);
  o.memory = ci_plan_get_stats(plan)->ring_bytes / 16;
  ci_plan_free(plan);
  assert_int_equal(ci_plan_new(&plan, g, &in, ci_kernels_best(), &o, NULL), 0);
  assert_true(ci_plan_get_stats(plan)->tiles > 1);
  assert_true(ci_plan_get_stats(plan)->ring_bytes <= o.memory);
  ci_plan_free(plan);
  o.memory = 1000;
  assert_int_equal(ci_plan_new(&plan, g, &in, ci_kernels_best(), &o, &err), CNNIMG_LIMIT);
  assert_non_null(strstr(err.text, "memory"));
  assert_null(plan);
  ci_graph_free(g);
}

static void test_wrong_shapes_are_sentences(void **state) {
  (void)state;
  ci_graph *g = unet(0);
  const ci_shape grey = {1, 64, 64};
  const ci_plan_options o = {.threads = 1};
  cnnimg_error err = {0, ""};
  ci_plan *plan;
  assert_int_not_equal(ci_plan_new(&plan, g, &grey, ci_kernels_best(), &o, &err), CNNIMG_OK);
  assert_non_null(strstr(err.text, "image"));
  ci_graph_free(g);
}

static int stop_at_once(void *user, const ci_view *v, ci_rect r, cnnimg_error *err) {
  (void)v, (void)r, (void)err;
  ++*(int *)user;
  return CNNIMG_IO;
}

static int fill_nothing(void *user, uint32_t i, const ci_view *v, ci_rect r, cnnimg_error *err) {
  (void)user, (void)i, (void)v, (void)r, (void)err;
  return CNNIMG_OK;
}

static void test_a_callback_ends_the_run(void **state) {
  (void)state;
  ci_graph *g = unet(0);
  const ci_shape in = {3, 64, 64};
  const ci_plan_options o = {.threads = 1, .band = 8};
  int calls = 0;
  cnnimg_cancel cancel = {0};
  ci_feed feed = {.user = &calls, .fill = fill_nothing, .take = stop_at_once, .cancel = &cancel};
  ci_plan *plan;
  ci_pool *pool;
  assert_int_equal(ci_plan_new(&plan, g, &in, ci_kernels_best(), &o, NULL), 0);
  assert_int_equal(ci_pool_new(&pool, 1, NULL), 0);
  assert_int_equal(ci_plan_run(plan, pool, &feed, NULL, NULL), CNNIMG_IO);
  assert_int_equal(calls, 1);
  cancel.stop = 1;
  assert_int_equal(ci_plan_run(plan, pool, &feed, NULL, NULL), CNNIMG_CANCELLED);
  assert_int_equal(calls, 1);
  ci_plan_free(plan);
  ci_pool_free(pool);
  ci_graph_free(g);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_same_bytes),
      cmocka_unit_test(test_same_bytes_with_a_gate),
      cmocka_unit_test(test_memory_does_not_grow_with_height),
      cmocka_unit_test(test_a_cap_makes_stripes),
      cmocka_unit_test(test_wrong_shapes_are_sentences),
      cmocka_unit_test(test_a_callback_ends_the_run),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
