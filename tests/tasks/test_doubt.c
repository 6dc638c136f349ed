/* SPDX-License-Identifier: MIT */
/* test_doubt.c - where patches and the smooth filling agree but for texture patches stay; elsewhere neither wins */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tasks/doubt.h"

#define W 96
#define H 64

static cnnimg_error err;
static float rgb[3 * W * H], smooth[3 * W * H];
static uint8_t hole[W * H];

/* Grey all over; the hole is the middle, and patches have put a texture there, `more` lighter on its right half. */
static void draw(float more) {
  for (int i = 0; i < W * H; i++) {
    const int x = i % W, y = i / W;
    hole[i] = x >= 16 && x < 80 && y >= 8 && y < 56 ? 255 : 0;
    for (int k = 0; k < 3; k++) {
      smooth[3 * i + k] = 0.5f;
      rgb[3 * i + k] = 0.5f + (hole[i] ? ((x + y) % 2 ? 0.1f : -0.1f) + (x >= 48 ? more : 0) : 0);
    }
  }
}

static float at(int x, int y) { return rgb[3 * (y * W + x)]; }

#define NEAR(a, b, most) \
  if (!(fabsf((a) - (b)) <= (most))) fail_msg("%s is %g, not %g", #a, (double)(a), (double)(b))

static void texture_stays(void **state) {
  (void)state;
  draw(0);
  assert_int_equal(ci_doubt_mix(rgb, smooth, hole, W, H, &err), CNNIMG_OK);
  for (int y = 20; y < 44; y++)
    for (int x = 28; x < 68; x++) NEAR(at(x, y), (x + y) % 2 ? 0.6f : 0.4f, 0.01f);
}

static void what_differs_becomes_the_mean(void **state) {
  (void)state;
  draw(0.4f);
  assert_int_equal(ci_doubt_mix(rgb, smooth, hole, W, H, &err), CNNIMG_OK);
  NEAR((at(70, 30) + at(71, 30)) / 2, 0.7f, 0.02f);
  NEAR((at(20, 30) + at(21, 30)) / 2, 0.5f, 0.02f); /* far from it */
  NEAR(at(20, 30), 0.4f, 0.02f);
}

static void outside_is_not_touched(void **state) {
  static float before[3 * W * H];
  (void)state;
  draw(0.4f);
  for (size_t i = 0; i < 3 * W * H; i++)
    if (!hole[i / 3]) rgb[i] = NAN;
  memcpy(before, rgb, sizeof rgb);
  assert_int_equal(ci_doubt_mix(rgb, smooth, hole, W, H, &err), CNNIMG_OK);
  for (size_t i = 0; i < 3 * W * H; i++)
    if (!hole[i / 3]) assert_memory_equal(&rgb[i], &before[i], sizeof *rgb);
    else assert_true(isfinite(rgb[i]));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(texture_stays),
                                     cmocka_unit_test(what_differs_becomes_the_mean),
                                     cmocka_unit_test(outside_is_not_touched)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
