/* SPDX-License-Identifier: MIT */
/* test_spread.c - changes hold where they were asked for, fill what is alike, stop at edges, and take any number of threads */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tasks/spread.h"

#define W 48
#define H 32
#define WALL 24 /* a dark line from top to bottom; both sides are as light */
#define DOOR 3  /* rows that the line leaves open in `open` */

static cnnimg_error err;
static float light[W * H];

static void draw(int open) {
  for (int y = 0; y < H; y++)
    for (int x = 0; x < W; x++) light[y * W + x] = x == WALL && (!open || y >= DOOR) ? 0.1f : 0.6f;
}

static void run(const ci_change *changes, size_t n, uint32_t threads, float *out) {
  ci_pool *pool;
  assert_int_equal(ci_pool_new(&pool, threads, &err), CNNIMG_OK);
  const ci_spread s = {.light = light, .w = W, .h = H, .pool = pool};
  assert_int_equal(ci_spread_run(&s, changes, n, out, &err), CNNIMG_OK);
  ci_pool_free(pool);
}

static float at(const float *out, int x, int y, int k) { return out[2 * (y * W + x) + k]; }

#define NEAR(a, b, most) \
  if (!(fabsf((a) - (b)) <= (most))) fail_msg("%s is %g, not %g", #a, (double)(a), (double)(b))

static void nothing_asked_changes_nothing(void **state) {
  float out[2 * W * H];
  (void)state;
  draw(0);
  memset(out, 255, sizeof out);
  run(NULL, 0, 1, out);
  for (size_t i = 0; i < 2 * W * H; i++) assert_true(out[i] == 0);
}

static void a_change_fills_its_side_and_stops(void **state) {
  const ci_change c = {10, 16, {40, -20}};
  float out[2 * W * H];
  (void)state;
  draw(0);
  run(&c, 1, 1, out);
  NEAR(at(out, 10, 16, 0), 40, 0.01f);
  NEAR(at(out, 10, 16, 1), -20, 0.01f);
  for (int y = 12; y < 21; y++) NEAR(at(out, 14, y, 0), 40, 4);
  for (int y = 0; y < H; y++)
    for (int x = WALL; x < W; x++) NEAR(at(out, x, y, 0), 0, 2);
}

static void ways_go_round_through_a_door(void **state) {
  const ci_change c = {WALL - 1, 0, {40, 0}};
  float out[2 * W * H];
  (void)state;
  draw(1);
  run(&c, 1, 1, out);
  NEAR(at(out, WALL + 1, 0, 0), 40, 2);
  draw(0);
  run(&c, 1, 1, out);
  NEAR(at(out, WALL + 1, 0, 0), 0, 2);
}

/* Each holds its own, though they touch. */
static void neighbours_keep_their_own(void **state) {
  const ci_change c[2] = {{8, 8, {50, 0}}, {9, 8, {-50, 10}}};
  float out[2 * W * H];
  (void)state;
  draw(0);
  run(c, 2, 1, out);
  NEAR(at(out, 8, 8, 0), 50, 8);
  NEAR(at(out, 9, 8, 0), -50, 8);
  NEAR(at(out, 0, 8, 0), 25, 25);
  NEAR(at(out, 20, 8, 0), -25, 25);
}

static void any_pool_gives_the_same_bytes(void **state) {
  ci_change c[40];
  float one[2 * W * H], three[2 * W * H];
  (void)state;
  draw(1);
  for (int i = 0; i < W * H; i++) light[i] += (float)(i * 7919 % 101) / 900;
  for (int i = 0; i < 40; i++)
    c[i] = (ci_change){i * 31 % W, i * 17 % H, {(float)(i % 9) * 9 - 30, (float)(i % 7) * 8 - 20}};
  run(c, 40, 1, one);
  run(c, 40, 3, three);
  assert_memory_equal(one, three, sizeof one);
}

static void a_wish_to_stop_is_heard(void **state) {
  const ci_change c = {1, 1, {1, 1}};
  const cnnimg_cancel stop = {1};
  ci_pool *pool;
  float out[2 * W * H];
  (void)state;
  assert_int_equal(ci_pool_new(&pool, 1, &err), CNNIMG_OK);
  const ci_spread s = {.light = light, .w = W, .h = H, .pool = pool, .cancel = &stop};
  assert_int_equal(ci_spread_run(&s, &c, 1, out, &err), CNNIMG_CANCELLED);
  ci_pool_free(pool);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_asked_changes_nothing), cmocka_unit_test(a_change_fills_its_side_and_stops),
      cmocka_unit_test(ways_go_round_through_a_door),  cmocka_unit_test(neighbours_keep_their_own),
      cmocka_unit_test(any_pool_gives_the_same_bytes), cmocka_unit_test(a_wish_to_stop_is_heard),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
