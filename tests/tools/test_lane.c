/* SPDX-License-Identifier: MIT */
/* test_lane.c - rows through a lane: all of them, in order; failures on either side, cancelling, ending early */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "driver.h"

cnnimg_cancel drv_cancel; /* signals.c has it in the tools */
size_t drv_row_bytes(const cnnimg_format *f) { return (size_t)f->width * 3; }

enum { WIDTH = 40, HEIGHT = 300, BYTES = WIDTH * 3 };

static void dawdle(uint32_t *seed) {
  *seed = *seed * 1664525u + 1013904223u;
  const struct timespec t = {0, (long)(*seed >> 20) * 50};
  if (*seed >> 29 == 0) nanosleep(&t, NULL);
}

static void paint(uint8_t *row, uint32_t y) {
  for (uint32_t i = 0; i < BYTES; i++) row[i] = (uint8_t)(y * 31 + i * 7 + (y >> 8));
}

/* A codec: its rows, and the one that fails. */
typedef struct codec {
  uint32_t y, fails_at, seed;
  bool wrong; /* a row was not the one that was its turn */
} codec;

static int answer(codec *c, cnnimg_error *err) {
  dawdle(&c->seed);
  if (c->y++ != c->fails_at) return CNNIMG_OK;
  *err = (cnnimg_error){CNNIMG_CORRUPT, "row is torn"};
  return CNNIMG_CORRUPT;
}

static int decode(void *user, void *row, cnnimg_error *err) {
  codec *c = user;
  paint(row, c->y);
  return answer(c, err);
}

static int encode(void *user, void *row, cnnimg_error *err) {
  codec *c = user;
  uint8_t want[BYTES];
  paint(want, c->y);
  c->wrong = c->wrong || memcmp(want, row, BYTES);
  return answer(c, err);
}

static const cnnimg_format format = {.width = WIDTH, .height = HEIGHT, .colours = 3, .sample = CNNIMG_U8};

/* Rows until one fails, at most `most`; how many went well. */
static uint32_t through(drv_lane *l, bool fills, uint32_t most, uint32_t seed, cnnimg_error *err) {
  uint8_t row[BYTES], want[BYTES];
  for (uint32_t y = 0; y < most; y++) {
    paint(want, y);
    memcpy(row, want, BYTES);
    if (fills) memset(row, 0, BYTES);
    if (drv_lane_row(l, row, err)) return y;
    if (memcmp(row, want, BYTES)) fail_msg("row %u is another one", y);
    dawdle(&seed);
  }
  return most;
}

static const uint32_t slots[] = {1, 2, 3, 16, HEIGHT};

static void test_all_rows_in_order(void **state) {
  (void)state;
  for (size_t i = 0; i < 2 * sizeof slots / sizeof *slots; i++) {
    bool fills = i % 2;
    codec c = {.fails_at = UINT32_MAX, .seed = (uint32_t)i};
    cnnimg_error err = {0};
    drv_lane *l = drv_lane_start(&format, slots[i / 2], fills, fills ? decode : encode, &c);
    assert_non_null(l);
    assert_int_equal(through(l, fills, HEIGHT, (uint32_t)i + 9, &err), HEIGHT);
    assert_int_equal(drv_lane_drain(l, &err), CNNIMG_OK);
    drv_lane_end(l);
    assert_int_equal(c.y, HEIGHT);
    assert_false(c.wrong);
  }
}

/* Rows before the torn one are delivered, and the sentence is the codec's. */
static void test_a_row_that_cannot_be_read(void **state) {
  (void)state;
  for (uint32_t at = 0; at < HEIGHT; at = at * 3 + 1) {
    codec c = {.fails_at = at, .seed = at};
    cnnimg_error err = {0};
    drv_lane *l = drv_lane_start(&format, 8, true, decode, &c);
    assert_int_equal(through(l, true, HEIGHT, at, &err), at);
    assert_int_equal(err.code, CNNIMG_CORRUPT);
    assert_string_equal(err.text, "row is torn");
    drv_lane_end(l);
  }
}

/* It comes back soon after, or at the latest when all is waited for. */
static void test_a_row_that_cannot_be_written(void **state) {
  (void)state;
  for (uint32_t i = 0; i < 8; i++) {
    codec c = {.fails_at = i == 7 ? HEIGHT - 1 : i * 40, .seed = i};
    cnnimg_error err = {0};
    drv_lane *l = drv_lane_start(&format, 4, false, encode, &c);
    uint32_t done = through(l, false, HEIGHT, i, &err);
    assert_true(done >= c.fails_at && done <= c.fails_at + 5);
    err = (cnnimg_error){0};
    assert_int_equal(drv_lane_drain(l, &err), CNNIMG_CORRUPT);
    assert_string_equal(err.text, "row is torn");
    drv_lane_end(l);
    assert_int_equal(c.y, c.fails_at + 1);
  }
}

/* Whoever computes gives up: the helper stops, wherever it is. */
static void test_ending_early(void **state) {
  (void)state;
  for (uint32_t i = 0; i < 40; i++) {
    bool fills = i % 2;
    codec c = {.fails_at = UINT32_MAX, .seed = i};
    cnnimg_error err = {0};
    drv_lane *l = drv_lane_start(&format, 1 + i % 5, fills, fills ? decode : encode, &c);
    through(l, fills, i, i, &err);
    drv_lane_end(l);
    assert_true(c.y <= i + 6);
  }
  drv_lane_end(NULL);
}

static int stuck(void *user, void *row, cnnimg_error *err) {
  const struct timespec t = {0, 300000000};
  (void)user, (void)row, (void)err;
  nanosleep(&t, NULL);
  return CNNIMG_OK;
}

/* Neither a slow file nor a full lane keeps a cancelled run. */
static void test_cancelling(void **state) {
  (void)state;
  for (int fills = 0; fills < 2; fills++) {
    uint8_t row[BYTES] = {0};
    cnnimg_error err = {0};
    drv_lane *l = drv_lane_start(&format, 2, fills, stuck, NULL);
    for (int i = 0; i < 2 && !fills; i++) assert_int_equal(drv_lane_row(l, row, &err), CNNIMG_OK);
    cnnimg_cancel_set(&drv_cancel);
    assert_int_equal(drv_lane_row(l, row, &err), CNNIMG_CANCELLED);
    assert_int_equal(err.code, CNNIMG_CANCELLED);
    assert_int_equal(drv_lane_drain(l, &err), CNNIMG_CANCELLED);
    drv_lane_end(l);
    drv_cancel.stop = 0;
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_all_rows_in_order),
      cmocka_unit_test(test_a_row_that_cannot_be_read),
      cmocka_unit_test(test_a_row_that_cannot_be_written),
      cmocka_unit_test(test_ending_early),
      cmocka_unit_test(test_cancelling),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
