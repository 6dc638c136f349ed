/* SPDX-License-Identifier: MIT */
/* test_inpaint.c - holes: the spline, every way to run, what is outside, the network's part, what is refused */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tasks/diffuse.h"
#include "tests/tasks/ways.h"

#define GOLDEN_W 45
#define GOLDEN_H 37
#define GOLDEN (GOLDEN_W * GOLDEN_H)

static cnnimg_params params_of(int method, const cnnimg_view *mask) {
  cnnimg_params p;
  cnnimg_params_init(&p, CNNIMG_TASK_INPAINT);
  p.method = (uint32_t)method;
  p.mask = mask;
  return p;
}

/* ---- the spline -------------------------------------------------------------------------------- */

static void the_fill_is_the_spline(void **state) {
  static float rgb[3 * GOLDEN], hole[GOLDEN], want[3 * GOLDEN];
  static uint8_t unknown[GOLDEN];
  char path[4096];
  ways_path("inpaint.f32", path, sizeof path);
  FILE *f = fopen(path, "rb");
  (void)state;
  assert_non_null(f);
  assert_int_equal(fread(rgb, sizeof *rgb, COUNT(rgb), f), COUNT(rgb));
  assert_int_equal(fread(hole, sizeof *hole, COUNT(hole), f), COUNT(hole));
  assert_int_equal(fread(want, sizeof *want, COUNT(want), f), COUNT(want));
  fclose(f);
  for (size_t i = 0; i < GOLDEN; i++) {
    unknown[i] = hole[i] > 0;
    for (size_t c = 0; c < 3 && unknown[i]; c++) rgb[3 * i + c] = 77; /* not looked at */
  }
  OK(ci_diffuse(rgb, GOLDEN_W, GOLDEN_H, unknown, NULL, NULL, err));
  for (size_t i = 0; i < COUNT(rgb); i++)
    if (!(fabsf(rgb[i] - want[i]) < 5e-4f))
      fail_msg("pixel %zu,%zu is %g, not %g", i / 3 % GOLDEN_W, i / 3 / GOLDEN_W, (double)rgb[i],
               (double)want[i]);
}

/* ---- masks -------------------------------------------------------------------------------------- */

static bool in_box(uint32_t x, uint32_t y, uint32_t x0, uint32_t y0, uint32_t w, uint32_t h) {
  return x >= x0 && x < x0 + w && y >= y0 && y < y0 + h;
}

/* Corners, sides, a line from top to bottom, dust, one that is wide. */
static bool wanted(uint32_t x, uint32_t y, uint32_t w, uint32_t h) {
  return in_box(x, y, 0, 0, 5, 7) || in_box(x, y, w - 6, h - 3, 6, 3) || in_box(x, y, 40, 0, 2, h) ||
         in_box(x, y, 60, 30, 31, 27) || in_box(x, y, w - 1, 20, 1, 9) || (x % 29 == 3 && y % 17 == 5);
}

static void *make_mask(uint32_t w, uint32_t h, int sample, cnnimg_view *mask) {
  const cnnimg_format f = door_format(w, h, 1, CNNIMG_ALPHA_NONE, sample);
  void *data = door_empty(&f, mask);
  for (uint32_t y = 0; y < h; y++)
    for (uint32_t x = 0; x < w; x++) door_put(mask, x, y, 0, wanted(x, y, w, h) ? 1 : 0);
  return data;
}

static const uint8_t *pixel_of(const cnnimg_view *v, uint32_t x, uint32_t y) {
  return (const uint8_t *)v->data + (ptrdiff_t)y * v->row_stride + (ptrdiff_t)x * v->pixel_stride;
}

/* Bit for bit outside; grow: within so many pixels of the mask. How many pixels inside have changed? */
static size_t check_outside(const cnnimg_view *src, const cnnimg_view *dst, const cnnimg_view *mask,
                            int grow) {
  const int w = (int)src->format.width, h = (int)src->format.height;
  const size_t bytes = cnnimg_pixel_bytes(&src->format);
  size_t changed = 0;
  for (int y = 0; y < h; y++)
    for (int x = 0; x < w; x++) {
      bool inside = false;
      for (int dy = -grow; dy <= grow; dy++)
        for (int dx = -grow; dx <= grow; dx++)
          if (dx * dx + dy * dy <= grow * grow && x + dx >= 0 && x + dx < w && y + dy >= 0 && y + dy < h)
            inside |= door_get(mask, (uint32_t)(x + dx), (uint32_t)(y + dy), 0) >= 0.5f;
      const bool same =
          !memcmp(pixel_of(src, (uint32_t)x, (uint32_t)y), pixel_of(dst, (uint32_t)x, (uint32_t)y), bytes);
      if (!inside && !same) fail_msg("pixel %d,%d lies outside and has changed", x, y);
      changed += inside && !same;
    }
  return changed;
}

/* ---- every way to run ------------------------------------------------------------------------------ */

static void check_ways(void **state, int method, int colours, int alpha, int sample, uint32_t grow,
                       float feather) {
  const cnnimg_format f = door_format(171, 133, colours, alpha, sample);
  cnnimg_view src, want, mask;
  const bool both = method == CNNIMG_METHOD_AUTO && !alpha; /* patches and the network */
  cnnimg_model *m = method == CNNIMG_METHOD_NET || both ? ways_model(*state, "inpaint.onnx") : NULL;
  void *hole = make_mask(f.width, f.height, grow ? CNNIMG_F32 : CNNIMG_U8, &mask),
       *data = door_picture(&f, &src);
  cnnimg_params p = params_of(method, &mask);
  p.grow = grow, p.feather = feather;
  void *result = ways_run(*state, m, &p, &src, sample, &want);
  assert_true(check_outside(&src, &want, &mask, (int)grow) > 500);
  ways_check(m, &p, &src, &want);
  free(result);
  free(data);
  free(hole);
  cnnimg_model_unref(m);
}

static void all_ways_give_the_same_bytes(void **state) {
  check_ways(state, CNNIMG_METHOD_DIFFUSE, 3, CNNIMG_ALPHA_NONE, CNNIMG_U8, 0, 0);
  check_ways(state, CNNIMG_METHOD_DIFFUSE, 1, CNNIMG_ALPHA_NONE, CNNIMG_U16, 3, 0);
  check_ways(state, CNNIMG_METHOD_DIFFUSE, 3, CNNIMG_ALPHA_STRAIGHT, CNNIMG_U16, 0, 2.5f);
  check_ways(state, CNNIMG_METHOD_DIFFUSE, 3, CNNIMG_ALPHA_PREMULTIPLIED, CNNIMG_F32, 2, 4);
  check_ways(state, CNNIMG_METHOD_DIFFUSE, 3, CNNIMG_ALPHA_NONE, CNNIMG_F16, 0, 0);
  check_ways(state, CNNIMG_METHOD_NET, 3, CNNIMG_ALPHA_NONE, CNNIMG_U8, 0, 0);
  check_ways(state, CNNIMG_METHOD_NET, 1, CNNIMG_ALPHA_STRAIGHT, CNNIMG_U16, 1, 1);
  check_ways(state, CNNIMG_METHOD_PATCH, 3, CNNIMG_ALPHA_NONE, CNNIMG_U8, 0, 0);
  check_ways(state, CNNIMG_METHOD_AUTO, 3, CNNIMG_ALPHA_STRAIGHT, CNNIMG_U8, 0, 0);
  check_ways(state, CNNIMG_METHOD_AUTO, 3, CNNIMG_ALPHA_NONE, CNNIMG_U8, 0, 0);
  check_ways(state, CNNIMG_METHOD_AUTO, 3, CNNIMG_ALPHA_NONE, CNNIMG_U16, 22,
             0); /* so wide that the network plans */
}

/* Numbers that are none, and those that no other sample could hold, are nobody's business outside. */
static void odd_floats_stay_as_they_are(void **state) {
  const cnnimg_format f = door_format(90, 60, 3, CNNIMG_ALPHA_NONE, CNNIMG_F32);
  cnnimg_view src, dst, mask;
  void *hole = make_mask(f.width, f.height, CNNIMG_U8, &mask), *data = door_picture(&f, &src);
  const float odd[] = {NAN, INFINITY, -0.0f, -3, 1e30f, 1e-40f};
  for (uint32_t i = 0; i < 6; i++) ((float *)data)[3 * (14 * 90 + 46 + 7 * i)] = odd[i];
  ((float *)data)[3 * (40 * 90 + 70)] = NAN; /* in the hole */
  cnnimg_params p = params_of(CNNIMG_METHOD_DIFFUSE, &mask);
  p.feather = 3;
  void *result = ways_run(*state, NULL, &p, &src, CNNIMG_F32, &dst);
  assert_true(check_outside(&src, &dst, &mask, 0) > 500);
  for (uint32_t y = 0; y < 60; y++)
    for (uint32_t x = 0; x < 90; x++)
      if (wanted(x, y, 90, 60) && !(fabsf(door_get(&dst, x, y, 0)) < 2))
        fail_msg("pixel %u,%u is no colour", x, y);
  free(result);
  free(data);
  free(hole);
}

/* ---- what the parameters do ---------------------------------------------------------------------------- */

/* A slope, whose hole is black: the fill is the slope again. */
static void *slope(uint32_t w, uint32_t h, int alpha, const cnnimg_view *mask, cnnimg_view *src) {
  const cnnimg_format f = door_format(w, h, 3, alpha, CNNIMG_F32);
  void *data = door_empty(&f, src);
  for (uint32_t y = 0; y < h; y++)
    for (uint32_t x = 0; x < w; x++) {
      const bool hole = door_get(mask, x, y, 0) >= 0.5f;
      for (uint32_t c = 0; c < 3; c++) door_put(src, x, y, c, hole ? 0 : (float)(x + 2 * y) / 500);
      if (alpha) door_put(src, x, y, 3, hole ? 0.25f : 1);
    }
  return data;
}

static void the_original_fades_in(void **state) {
  const cnnimg_format one = door_format(80, 60, 1, CNNIMG_ALPHA_NONE, CNNIMG_U8);
  cnnimg_view src, dst, mask;
  void *hole = door_empty(&one, &mask);
  for (uint32_t y = 20; y < 41; y++)
    for (uint32_t x = 30; x < 51; x++) door_put(&mask, x, y, 0, 1);
  void *data = slope(80, 60, CNNIMG_ALPHA_NONE, &mask, &src);
  cnnimg_params p = params_of(CNNIMG_METHOD_DIFFUSE, &mask);
  p.feather = 3, p.strength = 0.5f;
  void *result = ways_run(*state, NULL, &p, &src, CNNIMG_F32, &dst);
  for (uint32_t x = 30; x < 51; x++) { /* along the middle row the left and right sides are nearest */
    const float depth = (float)(x < 40 ? x - 29 : 51 - x), share = 0.5f * (depth < 4 ? depth / 4 : 1);
    const float want = share * (float)(x + 60) / 500, have = door_get(&dst, x, 30, 1);
    if (!(fabsf(have - want) < 1e-3f)) fail_msg("pixel %u is %g, not %g", x, (double)have, (double)want);
  }
  free(result);
  free(data);
  free(hole);
}

static void alpha_is_kept_or_filled(void **state) {
  for (uint32_t fill = 0; fill < 2; fill++) {
    cnnimg_view src, dst, mask;
    void *hole = make_mask(171, 133, CNNIMG_U8, &mask),
         *data = slope(171, 133, CNNIMG_ALPHA_STRAIGHT, &mask, &src);
    cnnimg_params p = params_of(CNNIMG_METHOD_DIFFUSE, &mask);
    p.fill_alpha = fill;
    void *result = ways_run(*state, NULL, &p, &src, CNNIMG_F32, &dst);
    check_outside(&src, &dst, &mask, 0);
    for (uint32_t y = 31; y < 56; y++)
      for (uint32_t x = 61; x < 90; x++) {
        assert_true(door_get(&dst, x, y, 3) == (fill ? 1 : 0.25f));
        assert_true(fabsf(door_get(&dst, x, y, 0) - (float)(x + 2 * y) / 500) < 0.02f);
      }
    free(result);
    free(data);
    free(hole);
  }
}

/* Colours that nobody sees are not continued. */
static void hidden_colours_are_not_looked_at(void **state) {
  const cnnimg_format f = door_format(60, 40, 3, CNNIMG_ALPHA_STRAIGHT, CNNIMG_U8),
                      one = door_format(60, 40, 1, CNNIMG_ALPHA_NONE, CNNIMG_U8);
  cnnimg_view src, dst, mask;
  void *hole = door_empty(&one, &mask), *data = door_empty(&f, &src);
  for (uint32_t y = 0; y < 40; y++)
    for (uint32_t x = 0; x < 60; x++) {
      const bool in = in_box(x, y, 20, 10, 20, 20), hidden = x >= 30;
      for (uint32_t c = 0; c < 3; c++) door_put(&src, x, y, c, hidden ? 1 : 0.2f);
      door_put(&src, x, y, 3, hidden && !in ? 0 : 1);
      door_put(&mask, x, y, 0, in);
    }
  cnnimg_params p = params_of(CNNIMG_METHOD_DIFFUSE, &mask);
  void *result = ways_run(*state, NULL, &p, &src, CNNIMG_U8, &dst);
  check_outside(&src, &dst, &mask, 0);
  assert_true(fabsf(door_get(&dst, 39, 20, 0) - 0.2f) < 0.01f);
  free(result);
  free(data);
  free(hole);
}

static void the_mask_turns_round(void **state) {
  const cnnimg_format one = door_format(171, 133, 1, CNNIMG_ALPHA_NONE, CNNIMG_U8),
                      f = door_format(171, 133, 3, 0, CNNIMG_U8);
  cnnimg_view src, have, want, mask, inverse;
  void *a = make_mask(171, 133, CNNIMG_U8, &mask), *b = door_empty(&one, &inverse),
       *data = door_picture(&f, &src);
  for (uint32_t y = 0; y < 133; y++)
    for (uint32_t x = 0; x < 171; x++) door_put(&inverse, x, y, 0, 1 - door_get(&mask, x, y, 0));
  cnnimg_params p = params_of(CNNIMG_METHOD_DIFFUSE, &mask);
  void *one_way = ways_run(*state, NULL, &p, &src, CNNIMG_U8, &want);
  p.mask = &inverse, p.invert_mask = 1;
  void *other_way = ways_run(*state, NULL, &p, &src, CNNIMG_U8, &have);
  door_assert_same(&want, &have);
  free(one_way);
  free(other_way);
  free(a);
  free(b);
  free(data);
}

static void the_network_adds_to_the_fill(void **state) {
  const cnnimg_format f = door_format(171, 133, 3, CNNIMG_ALPHA_NONE, CNNIMG_F32);
  cnnimg_view src, smooth, have, mask;
  cnnimg_model *m = ways_model(*state, "inpaint.onnx");
  void *hole = make_mask(171, 133, CNNIMG_U8, &mask), *data = door_picture(&f, &src);
  cnnimg_params p = params_of(CNNIMG_METHOD_DIFFUSE, &mask);
  void *a = ways_run(*state, NULL, &p, &src, CNNIMG_F32, &smooth);
  p.method = CNNIMG_METHOD_NET;
  void *b = ways_run(*state, m, &p, &src, CNNIMG_F32, &have);
  for (uint32_t y = 0; y < 133; y++)
    for (uint32_t x = 0; x < 171; x++)
      for (uint32_t c = 0; c < 3; c++) {
        const float fill = door_get(&smooth, x, y, 2 - c), want = 0.25f + 0.75f * fill;
        if (wanted(x, y, 171, 133) && !(fabsf(door_get(&have, x, y, c) - want) < 1e-5f))
          fail_msg("sample %u of pixel %u,%u is %g, not %g", c, x, y, (double)door_get(&have, x, y, c),
                   (double)want);
      }
  free(a);
  free(b);
  free(data);
  free(hole);
  cnnimg_model_unref(m);
}

/* ---- large pictures, many holes --------------------------------------------------------------------------- */

typedef struct counted {
  uint64_t pixels; /* that were asked for */
  uint32_t w, h;
} counted;

static int read_rect(void *user, uint32_t x, uint32_t y, const cnnimg_view *to, cnnimg_error *err) {
  counted *c = user;
  (void)err;
  c->pixels += (uint64_t)to->format.width * to->format.height;
  for (uint32_t i = 0; i < to->format.height; i++)
    for (uint32_t k = 0; k < 3 * to->format.width; k++)
      ((uint8_t *)to->data)[(ptrdiff_t)i * to->row_stride + k] = (uint8_t)((x * 3 + k) / 97 + (y + i) / 50);
  return CNNIMG_OK;
}

static void a_hole_costs_what_it_needs(void **state) {
  const uint32_t w = 6000, h = 5000;
  const cnnimg_format f = door_format(w, h, 3, CNNIMG_ALPHA_NONE, CNNIMG_U8),
                      one = door_format(w, h, 1, 0, CNNIMG_U8);
  cnnimg_format small = door_format(50, 40, 3, CNNIMG_ALPHA_NONE, CNNIMG_U8);
  cnnimg_view mask, part;
  cnnimg_session *s = NULL;
  counted c = {0, w, h};
  void *hole = door_empty(&one, &mask), *data = door_empty(&small, &part);
  for (uint32_t i = 0; i < 3; i++)
    for (uint32_t y = 0; y < 30; y++)
      for (uint32_t x = 0; x < 40; x++) door_put(&mask, 1000 + 1500 * i + x, 4000 - 1700 * i + y, 0, 1);
  const cnnimg_params p = params_of(CNNIMG_METHOD_DIFFUSE, &mask);
  OK(cnnimg_session_new(*state, NULL, &p, &f, &s, err));
  assert_true(cnnimg_session_cost(s)->bytes < (uint64_t)24 << 20);
  free(hole); /* it was looked at */
  OK(cnnimg_run_region(s, read_rect, &c, 990, 3990, &part, err));
  assert_true(c.pixels < 250 * 250 + 2 * 50 * 40);
  c.pixels = 0;
  OK(cnnimg_run_region(s, read_rect, &c, 0, 0, &part, err));
  assert_int_equal(c.pixels, 50 * 40);
  cnnimg_session_free(s);
  free(data);
}

/* Dust all over: as many windows as its places need, none as large as the picture. */
static void dust_is_no_large_hole(void **state) {
  const uint32_t w = 3000, h = 3000;
  const cnnimg_format f = door_format(w, h, 1, CNNIMG_ALPHA_NONE, CNNIMG_U8);
  cnnimg_view mask;
  cnnimg_session *s = NULL;
  uint64_t seed = 5;
  void *hole = door_empty(&f, &mask);
  for (int i = 0; i < 30000; i++) door_put(&mask, door_random(&seed, w), door_random(&seed, h), 0, 1);
  const cnnimg_params p = params_of(CNNIMG_METHOD_DIFFUSE, &mask);
  OK(cnnimg_session_new(*state, NULL, &p, &f, &s, err));
  assert_true(cnnimg_session_cost(s)->bytes < (uint64_t)96 << 20);
  cnnimg_session_free(s);
  free(hole);
}

/* ---- stopping ------------------------------------------------------------------------------------------------ */

typedef struct progress {
  uint64_t last, total;
  int calls, stop_at;
} progress;

static int tick(void *user, uint64_t done, uint64_t total) {
  progress *p = user;
  assert_true(done >= p->last && done <= total);
  p->last = done, p->total = total;
  return ++p->calls == p->stop_at;
}

static void progress_rises_and_stops(void **state) {
  const cnnimg_format f = door_format(171, 133, 3, CNNIMG_ALPHA_NONE, CNNIMG_U8);
  cnnimg_view src, dst, mask;
  cnnimg_session *s = NULL;
  progress told = {0};
  cnnimg_cancel cancel = {0};
  void *hole = make_mask(171, 133, CNNIMG_U8, &mask), *data = door_picture(&f, &src),
       *to = door_empty(&f, &dst);
  cnnimg_params p = params_of(CNNIMG_METHOD_DIFFUSE, &mask);
  p.progress = tick, p.progress_user = &told, p.cancel = &cancel;
  OK(cnnimg_session_new(*state, NULL, &p, &f, &s, err));
  OK(cnnimg_run(s, &src, &dst, err));
  assert_int_equal(told.last, told.total);
  told = (progress){.stop_at = 1};
  REFUSED(cnnimg_run(s, &src, &dst, err), CNNIMG_CANCELLED, "cancelled");
  told = (progress){0};
  cnnimg_cancel_set(&cancel);
  REFUSED(cnnimg_run(s, &src, &dst, err), CNNIMG_CANCELLED, "cancelled");
  cancel.stop = 0;
  OK(cnnimg_run(s, &src, &dst, err));
  cnnimg_session_free(s);
  free(to);
  free(data);
  free(hole);
}

/* ---- refusals ------------------------------------------------------------------------------------------------- */

static void refuse(void **state, cnnimg_model *m, const cnnimg_params *p, int status, const char *word) {
  const cnnimg_format f = door_format(171, 133, 3, CNNIMG_ALPHA_NONE, CNNIMG_U8);
  cnnimg_session *s;
  REFUSED(cnnimg_session_new(*state, m, p, &f, &s, err), status, word);
  assert_null(s);
}

static void masks_that_make_no_sense_are_refused(void **state) {
  const cnnimg_format one = door_format(171, 133, 1, 0, CNNIMG_U8),
                      other = door_format(170, 133, 1, 0, CNNIMG_U8),
                      three = door_format(171, 133, 3, 0, CNNIMG_U8);
  cnnimg_view mask;
  void *data = door_empty(&one, &mask);
  cnnimg_params p = params_of(CNNIMG_METHOD_DIFFUSE, &mask);
  refuse(state, NULL, &p, CNNIMG_BADARG, "empty");
  p.invert_mask = 1;
  refuse(state, NULL, &p, CNNIMG_BADARG, "covers the whole picture");
  door_put(&mask, 80, 60, 0, 1);
  p.invert_mask = 0, p.grow = 255;
  refuse(state, NULL, &p, CNNIMG_BADARG, "covers the whole picture");
  cnnimg_view_init(&mask, &other, data);
  refuse(state, NULL, &p, CNNIMG_BADARG, "the mask has 170x133 pixels, the picture has 171x133");
  mask.data = NULL;
  refuse(state, NULL, &p, CNNIMG_BADARG, "mask");
  free(data);
  data = door_empty(&three, &mask);
  refuse(state, NULL, &p, CNNIMG_BADARG, "one channel");
  free(data);
}

static void parameters_that_make_no_sense_are_refused(void **state) {
  cnnimg_view mask;
  cnnimg_model *other = door_model(*state, "identity", NULL);
  void *data = make_mask(171, 133, CNNIMG_U8, &mask);
  cnnimg_params p = params_of(CNNIMG_METHOD_NET, &mask);
  refuse(state, NULL, &p, CNNIMG_BADARG, "wants a model");
  refuse(state, other, &p, CNNIMG_UNSUPPORTED, "not made for filling holes");
  p = params_of(9, &mask);
  refuse(state, NULL, &p, CNNIMG_BADARG, "method 9");
  p = params_of(0, &mask), p.grow = 256;
  refuse(state, NULL, &p, CNNIMG_BADARG, "256");
  p = params_of(0, &mask), p.feather = NAN;
  refuse(state, NULL, &p, CNNIMG_BADARG, "feather");
  p = params_of(0, &mask), p.invert_mask = 2;
  refuse(state, NULL, &p, CNNIMG_BADARG, "invert_mask");
  p = params_of(0, NULL);
  refuse(state, NULL, &p, CNNIMG_BADARG, "params.mask");
  p = params_of(0, &mask), p.augment = 1;
  refuse(state, NULL, &p, CNNIMG_UNSUPPORTED, "not for filling holes");
  cnnimg_params_init(&p, CNNIMG_TASK_DENOISE);
  refuse(state, NULL, &p, CNNIMG_BADARG, "no model");
  free(data);
  cnnimg_model_unref(other);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_fill_is_the_spline),
      cmocka_unit_test(all_ways_give_the_same_bytes),
      cmocka_unit_test(odd_floats_stay_as_they_are),
      cmocka_unit_test(the_original_fades_in),
      cmocka_unit_test(alpha_is_kept_or_filled),
      cmocka_unit_test(hidden_colours_are_not_looked_at),
      cmocka_unit_test(the_mask_turns_round),
      cmocka_unit_test(the_network_adds_to_the_fill),
      cmocka_unit_test(a_hole_costs_what_it_needs),
      cmocka_unit_test(dust_is_no_large_hole),
      cmocka_unit_test(progress_rises_and_stops),
      cmocka_unit_test(masks_that_make_no_sense_are_refused),
      cmocka_unit_test(parameters_that_make_no_sense_are_refused),
  };
  return cmocka_run_group_tests(tests, ways_setup, ways_teardown);
}
