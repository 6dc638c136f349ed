/* SPDX-License-Identifier: MIT */
/* test_stream.c - bands, stripes, threads, caps and regions change no byte; memory does not grow with the height */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/exec/nets.h"

static const ci_plan_options at_once = {.band = 1 << 20, .threads = 1};

static void check_same(const net *n, const picture *p, const float *whole, const ci_plan_options *o) {
  if (memcmp(p->out, whole, p->bytes))
    fail_msg("%s: tile %d, band %d, %u threads, memory %zu: other bytes than at once", n->name, o->tile, o->band,
             o->threads, o->memory);
}

/* ---- the same bytes ------------------------------------------------------------------------ */

static void same_bytes(const net *n) {
  static const ci_plan_options ways[] = {
      {.band = 1, .threads = 1},              {.band = 4, .threads = 2},  {.band = 7, .threads = 3},
      {.threads = 2},                         {.tile = 16, .band = 8, .threads = 1}, {.tile = 50, .band = 12, .threads = 2},
      {.tile = 1, .band = 64, .threads = 3},  {.tile = 72, .band = 72, .threads = 1}};
  ci_graph *g = n->make();
  picture p = picture_new(72, 56);
  run(g, &p, &at_once, NULL);
  float *whole = p.out;
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    p.out = NULL;
    run(g, &p, &ways[i], NULL);
    check_same(n, &p, whole, &ways[i]);
    free(p.out);
  }
  p.out = whole;
  picture_free(&p);
  ci_graph_free(g);
}

static void test_same_bytes(void **state) {
  (void)state;
  for (const net *n = nets; n->name; n++) same_bytes(n);
}

/* ---- regions --------------------------------------------------------------------------------- */

static uint32_t next(uint32_t *seed, uint32_t below) {
  *seed = *seed * 1664525u + 1013904223u;
  return (*seed >> 8) % below;
}

static ci_rect random_rect(uint32_t *seed, int32_t w, int32_t h) {
  ci_rect r = {(int32_t)next(seed, (uint32_t)w), (int32_t)next(seed, (uint32_t)h), 0, 0};
  r.x1 = r.x0 + 1 + (int32_t)next(seed, (uint32_t)(w - r.x0));
  r.y1 = r.y0 + 1 + (int32_t)next(seed, (uint32_t)(h - r.y0));
  return r;
}

static void check_region(const net *n, const picture *p, const float *whole, int32_t w) {
  size_t row = (size_t)(p->part.x1 - p->part.x0) * 3;
  for (int32_t y = p->part.y0; y < p->part.y1; y++)
    if (memcmp(p->out + (size_t)(y - p->part.y0) * row, whole + ((size_t)y * (size_t)w + (size_t)p->part.x0) * 3,
               row * sizeof(float)))
      fail_msg("%s: row %d of the region %d,%d to %d,%d is not that of the whole", n->name, y, p->part.x0, p->part.y0,
               p->part.x1, p->part.y1);
}

static void regions(const net *n, uint32_t seed) {
  ci_graph *g = n->make();
  picture p = picture_new(72, 96);
  ci_plan_stats st = run(g, &p, &at_once, NULL);
  float *whole = p.out;
  for (int i = 0; i < 12; i++) {
    const ci_plan_options o = {.tile = i % 3 ? 0 : 24, .band = i % 2 ? 8 : 0, .threads = 1 + (uint32_t)i % 3};
    ci_rect r = random_rect(&seed, st.out.w, st.out.h);
    if (i == 0) r = (ci_rect){st.out.w - 1, st.out.h - 1, st.out.w, st.out.h};
    p.out = NULL;
    run(g, &p, &o, &r);
    check_region(n, &p, whole, st.out.w);
    free(p.out);
  }
  p.out = whole;
  picture_free(&p);
  ci_graph_free(g);
}

static void test_regions(void **state) {
  (void)state;
  for (const net *n = nets; n->name; n++) regions(n, (uint32_t)(n - nets) + 1);
}

/* A small region far down asks for few rows, and for none of the first ones. */
static int32_t lowest, highest;
static int fill_and_note(void *user, uint32_t i, const ci_view *v, ci_rect r, cnnimg_error *err) {
  (void)user, (void)i, (void)v, (void)err;
  if (r.y0 < lowest) lowest = r.y0;
  if (r.y1 > highest) highest = r.y1;
  return CNNIMG_OK;
}

static int take_nothing(void *user, const ci_view *v, ci_rect r, cnnimg_error *err) {
  (void)user, (void)v, (void)r, (void)err;
  return CNNIMG_OK;
}

static void test_a_region_reads_what_it_needs(void **state) {
  (void)state;
  ci_graph *g = nets[7].make(); /* dilated: it looks 15 + 4 pixels far */
  const ci_shape in = {3, 400, 64};
  const ci_plan_options o = {.threads = 1};
  const ci_feed feed = {.fill = fill_and_note, .take = take_nothing};
  const ci_rect r = {10, 300, 20, 310}, outside = {10, 300, 20, 401};
  ci_plan *plan;
  ci_pool *pool;
  assert_string_equal(nets[7].name, "dilated convolutions");
  assert_int_equal(ci_plan_new(&plan, g, &in, ci_kernels_best(), &o, NULL), 0);
  assert_int_equal(ci_pool_new(&pool, 1, NULL), 0);
  lowest = INT32_MAX, highest = 0;
  assert_int_equal(ci_plan_run(plan, pool, &feed, &r, NULL), CNNIMG_OK);
  assert_in_range(lowest, 300 - 30, 300 - 19);
  assert_in_range(highest, 310 + 19, 310 + 30);
  assert_int_equal(ci_plan_run(plan, pool, &feed, &outside, NULL), CNNIMG_BADARG);
  ci_plan_free(plan);
  ci_pool_free(pool);
  ci_graph_free(g);
}

/* ---- memory ------------------------------------------------------------------------------------ */

/* Forty gates take the memory of a few held maps: each is let go when it has been gated. */
static void test_held_maps_share_memory(void **state) {
  (void)state;
  ci_graph *one = nets[2].make(), *forty = nets[3].make();
  picture p = picture_new(64, 256);
  const ci_plan_options o = {.band = 8, .threads = 1};
  size_t map = 64 * 256 * 16 * sizeof(float);
  assert_string_equal(nets[3].name, "forty gates");
  ci_plan_stats a = run(one, &p, &o, NULL), b = run(forty, &p, &o, NULL);
  assert_true(a.ring_bytes > map && a.ring_bytes < 2 * map);
  assert_true(b.ring_bytes > map && b.ring_bytes < 3 * map);
  picture_free(&p);
  ci_graph_free(one);
  ci_graph_free(forty);
}

/* What is folded is not held: a mean of a picture however high takes a band. */
static void test_folding_holds_nothing(void **state) {
  (void)state;
  ci_graph *g = ci_graph_new();
  int32_t x = ci_graph_add_value(g, "image", NULL);
  assert_int_equal(ci_graph_add_input(g, x, (ci_shape){3, 0, 0}), 0);
  ci_node *n = ci_graph_add_node(g, CI_OP_reduce, "mean", &x, 1, "mean");
  n->p.mode = CI_REDUCE_MEAN;
  g->output = n->out;
  assert_int_equal(ci_graph_finish(g, NULL), CNNIMG_OK);
  const ci_shape in = {3, 20000, 100};
  const ci_plan_options o = {.threads = 1};
  ci_plan *plan;
  assert_int_equal(ci_plan_new(&plan, g, &in, ci_kernels_best(), &o, NULL), 0);
  assert_true(ci_plan_get_stats(plan)->ring_bytes < (size_t)1 << 20); /* the map has 32 MB */
  ci_plan_free(plan);
  ci_graph_free(g);
}

/* A cap below the held maps sends them to a file; the bytes stay. */
static void test_spool(void **state) {
  (void)state;
  for (size_t i = 1; i <= 4; i++) {
    ci_graph *g = nets[i].make();
    picture p = picture_new(200, 400);
    ci_plan_options o = {.threads = 2};
    ci_plan_stats free_stats = run(g, &p, &o, NULL);
    float *whole = p.out;
    o.memory = (size_t)3 << 20;
    p.out = NULL;
    ci_plan_stats st = run(g, &p, &o, NULL);
    check_same(&nets[i], &p, whole, &o);
    if (free_stats.spool_bytes || !st.spool_bytes || st.ring_bytes > o.memory)
      fail_msg("%s: %zu bytes in memory, %zu in the file; without a cap %zu and %zu", nets[i].name, st.ring_bytes,
               st.spool_bytes, free_stats.ring_bytes, free_stats.spool_bytes);
    free(whole);
    picture_free(&p);
    ci_graph_free(g);
  }
}

/* The same tiles and bands on pictures of 64 and 640 rows take the same memory, but for where the last rows fall in tiles
 * of several heights. */
static void test_memory_does_not_grow_with_height(void **state) {
  (void)state;
  ci_graph *g = nets[0].make();
  picture low = picture_new(48, 64), high = picture_new(48, 640);
  const ci_plan_options o = {.band = 8, .threads = 1};
  ci_plan_stats a = run(g, &low, &o, NULL), b = run(g, &high, &o, NULL);
  assert_true(b.ring_bytes < a.ring_bytes + a.ring_bytes / 32 && a.ring_bytes < b.ring_bytes + b.ring_bytes / 32);
  assert_true(a.ring_bytes < 48 * 64 * 16 * sizeof(float) * 6); /* less than the maps would take whole */
  picture_free(&low);
  picture_free(&high);
  ci_graph_free(g);
}

static void test_a_cap_makes_stripes(void **state) {
  (void)state;
  ci_graph *g = nets[0].make();
  const ci_shape in = {3, 64, 2048};
  ci_plan_options o = {.threads = 1};
  ci_plan *plan;
  cnnimg_error err = {0, ""};
  assert_int_equal(ci_plan_new(&plan, g, &in, ci_kernels_best(), &o, NULL), 0);
  assert_int_equal(ci_plan_get_stats(plan)->tiles, 1);
  o.memory = ci_plan_get_stats(plan)->ring_bytes / 4;
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
  ci_graph *g = nets[0].make();
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
  ci_graph *g = nets[0].make();
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
      cmocka_unit_test(test_regions),
      cmocka_unit_test(test_a_region_reads_what_it_needs),
      cmocka_unit_test(test_held_maps_share_memory),
      cmocka_unit_test(test_folding_holds_nothing),
      cmocka_unit_test(test_spool),
      cmocka_unit_test(test_memory_does_not_grow_with_height),
      cmocka_unit_test(test_a_cap_makes_stripes),
      cmocka_unit_test(test_wrong_shapes_are_sentences),
      cmocka_unit_test(test_a_callback_ends_the_run),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
