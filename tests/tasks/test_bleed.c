/* SPDX-License-Identifier: MIT */
/* test_bleed.c - colour under transparent pixels: the nearest visible one, by looking at all of them */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tasks/bleed.h"

enum { W = 150, H = 120, R = CI_BLEED_REACH };

/* Few visible pixels, of all colours; garbage elsewhere. Rows 40 to 60 are all visible. */
static void draw(uint8_t *p, uint32_t visible_in) {
  uint32_t seed = 1;
  for (int i = 0; i < W * H; i++) {
    for (int c = 0; c < 3; c++) p[4 * i + c] = (uint8_t)((seed = seed * 1664525u + 1013904223u) >> 24);
    bool seen =
        (i / W >= 40 && i / W < 60) || (seed = seed * 1664525u + 1013904223u) >> 8 < 0x1000000 / visible_in;
    p[4 * i + 3] = seen ? (uint8_t)(1 + (seed >> 24) % 255) : 0;
  }
}

/* The same pixel by trying all within reach; ties as bleed.h says. -1: none. */
static int nearest(const uint8_t *p, int x, int y) {
  int best = -1, least = 1 << 30, best_row = 0;
  if (p[4 * (y * W + x) + 3]) return y * W + x;
  for (int v = y < R ? 0 : y - R; v < H && v <= y + R; v++)
    for (int u = x < R ? 0 : x - R; u < W && u <= x + R; u++) {
      int d = (u - x) * (u - x) + (v - y) * (v - y), row = abs(v - y);
      if (!p[4 * (v * W + u) + 3] || d > least || (d == least && row >= best_row)) continue;
      least = d, best = v * W + u, best_row = row;
    }
  return best;
}

static void check_line(const uint8_t *p, const ci_line *line, int x0, int n, int y) {
  const float *row = line->row.data;
  for (int x = x0; x < x0 + n; x++) {
    const float *v = row + 4 * (x - (int)line->x0);
    int at = nearest(p, x, y);
    for (int c = 0; c < 3; c++) {
      float want = at < 0 ? 0 : (float)p[4 * at + c] / 255.0f;
      if (v[c] != want) fail_msg("pixel %d,%d colour %d: %g, not %g", x, y, c, (double)v[c], (double)want);
    }
    if (v[3] != (float)p[4 * (y * W + x) + 3] / 255.0f) fail_msg("alpha at %d,%d", x, y);
  }
}

static ci_bleed *open_bleed(const cnnimg_format *f) {
  ci_bleed *b;
  assert_int_equal(ci_bleed_new(&b, f, NULL), CNNIMG_OK);
  ci_bleed_begin(b);
  return b;
}

static const cnnimg_format format = {W, H, 3, CNNIMG_ALPHA_STRAIGHT, CNNIMG_U8, 0};

/* Two readers that are apart, as the network and the stages are. */
static void test_the_nearest_colour(void **state) {
  (void)state;
  static const uint32_t seen[] = {3, 50, 2000, 100000000};
  uint8_t *p = malloc(4 * W * H);
  cnnimg_view v;
  cnnimg_view_init(&v, &format, p);
  for (size_t i = 0; i < 4; i++) {
    ci_picture picture = {.format = format, .view = &v, .bleed = open_bleed(&format)};
    ci_line line;
    draw(p, seen[i]);
    for (int y = 0; y < H + 50; y++) {
      if (y < H)
        assert_int_equal(ci_picture_line(&picture, 0, (uint32_t)y, &line, NULL), 0),
            check_line(p, &line, 0, W, y);
      if (y >= 50)
        assert_int_equal(ci_picture_line(&picture, 1, (uint32_t)(y - 50), &line, NULL), 0),
            check_line(p, &line, 0, W, y - 50);
    }
    ci_bleed_free(picture.bleed);
  }
  free(p);
}

static int read_rect(void *user, uint32_t x, uint32_t y, const cnnimg_view *to, cnnimg_error *err) {
  const uint8_t *p = user;
  (void)err;
  for (uint32_t i = 0; i < to->format.height; i++)
    memcpy((uint8_t *)to->data + i * 4 * to->format.width, p + 4 * ((y + i) * W + x),
           4 * (size_t)to->format.width);
  return CNNIMG_OK;
}

/* A rectangle is filled as that part of the whole is. */
static void test_rectangles(void **state) {
  (void)state;
  static const ci_rect rects[] = {{0, 0, 9, 9}, {60, 30, 100, 45}, {140, 70, 150, 120}};
  uint8_t *p = malloc(4 * W * H);
  draw(p, 300);
  ci_picture picture = {.format = format, .read = read_rect, .user = p, .bleed = open_bleed(&format)};
  for (size_t i = 0; i < 6; i++) {
    ci_rect r = rects[i % 3];
    ci_line line;
    assert_int_equal(ci_picture_need(&picture, (int)(i & 1), r, NULL), CNNIMG_OK);
    for (int32_t y = r.y0; y < r.y1; y++) {
      assert_int_equal(ci_picture_line(&picture, (int)(i & 1), (uint32_t)y, &line, NULL), CNNIMG_OK);
      check_line(p, &line, r.x0, r.x1 - r.x0, y);
    }
  }
  ci_bleed_free(picture.bleed);
  picture.bleed = NULL;
  ci_picture_fini(&picture);
  free(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_nearest_colour),
                                     cmocka_unit_test(test_rectangles)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
