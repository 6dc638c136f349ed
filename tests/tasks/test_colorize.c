/* SPDX-License-Identifier: MIT */
/* test_colorize.c - colours: the recipe's own numbers, every way to run, what a session keeps, what it refuses */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tasks/colorize_state.h"
#include "tests/tasks/ways.h"

#define CELLS 259
#define SIDE 32

static cnnimg_params params_of(void) {
  cnnimg_params p;
  cnnimg_params_init(&p, CNNIMG_TASK_COLORIZE);
  return p;
}

static void read_golden(float *palette, float *rgb) {
  char path[4096];
  ways_path("colorize.f32", path, sizeof path);
  FILE *f = fopen(path, "rb");
  assert_non_null(f);
  assert_int_equal(fread(palette, sizeof *palette, CELLS + 2, f), CELLS + 2);
  assert_int_equal(fread(rgb, sizeof *rgb, SIDE * SIDE * 3, f), SIDE * SIDE * 3);
  fclose(f);
}

/* ---- the recipe's numbers ------------------------------------------------------------------ */

static void the_palette_is_the_recipes(void **state) {
  float want[CELLS + 2], have[CELLS + 2], rgb[SIDE * SIDE * 3], *centres;
  const cnnimg_format f = door_format(64, 48, 3, CNNIMG_ALPHA_NONE, CNNIMG_U8);
  cnnimg_view v;
  size_t n;
  cnnimg_model *m = ways_model(*state, "colorize.onnx");
  void *data = door_picture(&f, &v);
  read_golden(want, rgb);
  OK(ci_cells_read(cnnimg_model_get(m, "cells"), &centres, &n, err));
  assert_int_equal(n, CELLS);
  OK(ci_cells_palette(centres, n, &v, 256, have, err));
  for (size_t i = 0; i < CELLS + 2; i++)
    if (!(fabsf(have[i] - want[i]) < 1e-4f))
      fail_msg("number %zu is %g, not %g", i, (double)have[i], (double)want[i]);
  free(centres);
  free(data);
  cnnimg_model_unref(m);
}

static void colours_are_the_recipes(void **state) {
  float palette[CELLS + 2], want[SIDE * SIDE * 3], have[SIDE * SIDE * 3];
  cnnimg_format f = door_format(SIDE, SIDE, 1, CNNIMG_ALPHA_NONE, CNNIMG_F32), to;
  cnnimg_view src, dst;
  cnnimg_session *s = NULL;
  cnnimg_model *m = ways_model(*state, "colorize.onnx");
  const cnnimg_params p = params_of();
  void *data = door_empty(&f, &src);
  for (uint32_t i = 0; i < SIDE * SIDE; i++)
    door_put(&src, i % SIDE, i / SIDE, 0, 0.3f + 0.4f * door_pixel(i % SIDE, i / SIDE, 0));
  read_golden(palette, want);
  OK(cnnimg_session_new(*state, m, &p, &f, &s, err));
  to = *cnnimg_session_format(s);
  assert_int_equal(to.colours, 3);
  cnnimg_view_init(&dst, &to, have);
  OK(cnnimg_run(s, &src, &dst, err));
  for (size_t i = 0; i < SIDE * SIDE * 3; i++)
    if (!(fabsf(have[i] - want[i]) < 1e-4f))
      fail_msg("sample %zu is %g, not %g", i, (double)have[i], (double)want[i]);
  cnnimg_session_free(s);
  free(data);
  cnnimg_model_unref(m);
}

/* ---- every way to run ------------------------------------------------------------------------- */

static const cnnimg_point points[] = {
    {20, 30, 0.9f, 0.2f, 0.1f, 6}, {200, 100, 0.1f, 0.2f, 0.9f, 0}, {24, 30, 0.1f, 0.8f, 0.2f, 4}};

static void check_ways(void **state, uint32_t w, uint32_t h, int alpha, int sample, float strength) {
  const cnnimg_format f = door_format(w, h, 3, alpha, sample);
  cnnimg_view src, want;
  cnnimg_params p = params_of();
  cnnimg_model *m = ways_model(*state, "colorize.onnx");
  void *data = door_picture(&f, &src);
  ways_cap = 1 << 22; /* the network needs more than the others' */
  p.points = points, p.n_points = w > 200 ? 3 : 1;
  p.strength = strength, p.saturation = 1.5f;
  void *result = ways_run(*state, m, &p, &src, sample, &want);
  ways_check(m, &p, &src, &want);
  free(result);
  free(data);
  cnnimg_model_unref(m);
}

static void all_ways_give_the_same_bytes(void **state) {
  check_ways(state, 301, 187, CNNIMG_ALPHA_NONE, CNNIMG_U8, 1);
  check_ways(state, 301, 187, CNNIMG_ALPHA_STRAIGHT, CNNIMG_U16, 0.6f);
  check_ways(state, 61, 43, CNNIMG_ALPHA_PREMULTIPLIED, CNNIMG_F32, 1);
}

/* ---- what a session keeps --------------------------------------------------------------------------- */

typedef struct counted {
  cnnimg_view picture;
  uint64_t pixels; /* that were read */
} counted;

static int read_counted(void *user, uint32_t x, uint32_t y, const cnnimg_view *to, cnnimg_error *err) {
  counted *c = user;
  c->pixels += (uint64_t)to->format.width * to->format.height;
  return cnnimg_read_view(&c->picture, x, y, to, err);
}

static void hints_change_without_reading_again(void **state) {
  const cnnimg_format f = door_format(301, 187, 3, CNNIMG_ALPHA_NONE, CNNIMG_U8);
  cnnimg_format small = f;
  counted source = {0};
  cnnimg_view whole, part;
  cnnimg_session *s = NULL;
  cnnimg_model *m = ways_model(*state, "colorize.onnx");
  cnnimg_params p = params_of();
  void *data = door_picture(&f, &source.picture), *all = door_empty(&f, &whole);
  small.width = 50, small.height = 40;
  void *some = door_empty(&small, &part);
  OK(cnnimg_session_new(*state, m, &p, &f, &s, err));
  OK(cnnimg_run_region(s, read_counted, &source, 0, 10, &part, err));
  assert_true(source.pixels >= (uint64_t)f.width * f.height);
  source.pixels = 0;
  OK(cnnimg_session_set_points(s, points, 3, err));
  OK(cnnimg_run_region(s, read_counted, &source, 0, 10, &part, err));
  assert_int_equal(source.pixels, 50 * 40);
  OK(cnnimg_run(s, &source.picture, &whole, err));
  cnnimg_view crop = door_crop(&whole, 0, 10, 50, 40);
  door_assert_same(&part, &crop);
  source.pixels = 0;
  OK(cnnimg_session_set_sigma(s, -1, err)); /* another picture */
  OK(cnnimg_run_region(s, read_counted, &source, 0, 10, &part, err));
  assert_true(source.pixels > 50 * 40);
  const cnnimg_point outside = {301, 0, 0, 0, 0, 0};
  REFUSED(cnnimg_session_set_points(s, &outside, 1, err), CNNIMG_BADARG, "lies outside");
  cnnimg_session_free(s);
  free(some);
  free(all);
  free(data);
  cnnimg_model_unref(m);
}

static void suggestions_are_the_networks(void **state) {
  const cnnimg_format f = door_format(64, 64, 1, CNNIMG_ALPHA_NONE, CNNIMG_F32);
  cnnimg_view src;
  cnnimg_session *s = NULL;
  cnnimg_model *m = ways_model(*state, "colorize.onnx");
  cnnimg_params p = params_of();
  cnnimg_suggestion found[8];
  size_t n;
  void *data = door_empty(&f, &src);
  for (uint32_t i = 0; i < 64 * 64; i++) door_put(&src, i % 64, i / 64, 0, 0.5f);
  OK(cnnimg_session_new(*state, m, &p, &f, &s, err));
  OK(cnnimg_session_suggest(s, cnnimg_read_view, &src, 10, 10, found, 8, &n, err));
  assert_true(n >= 2 && found[0].share == 0 && found[1].share > 0.5f && found[1].share <= 1);
  for (size_t i = 2; i < n; i++) assert_true(found[i].share <= found[i - 1].share);
  /* Brown, 6 14 in ab, of that light: the recipe's lab_to_rgb says 0.5755 0.4833 0.4072. */
  assert_true(fabsf(found[0].red - 0.5755f) < 0.02f && fabsf(found[0].blue - 0.4072f) < 0.02f);
  OK(cnnimg_session_suggest(s, cnnimg_read_view, &src, 10, 10, found, 1, &n, err));
  assert_int_equal(n, 1);
  REFUSED(cnnimg_session_suggest(s, cnnimg_read_view, &src, 64, 0, found, 8, &n, err), CNNIMG_BADARG,
          "lies outside");
  cnnimg_session_free(s);
  free(data);
  cnnimg_model_unref(m);
}

/* ---- refusals -------------------------------------------------------------------------------------------- */

static void refuse(void **state, cnnimg_model *m, const cnnimg_params *p, int status, const char *word) {
  const cnnimg_format f = door_format(64, 64, 1, CNNIMG_ALPHA_NONE, CNNIMG_U8);
  cnnimg_session *s;
  REFUSED(cnnimg_session_new(*state, m, p, &f, &s, err), status, word);
  assert_null(s);
}

static void what_makes_no_sense_is_refused(void **state) {
  cnnimg_model *m = ways_model(*state, "colorize.onnx"), *other = door_model(*state, "identity", NULL);
  cnnimg_params p = params_of();
  const cnnimg_point bad[] = {{64, 0, 0, 0, 0, 0},
                              {0, 0, 2, 0, 0, 0},
                              {0, 0, NAN, 0, 0, 0},
                              {0, 0, 0, 0, 0, -1},
                              {0, 0, 0, 0, 0, INFINITY}};
  for (size_t i = 0; i < COUNT(bad); i++) {
    p.points = &bad[i], p.n_points = 1;
    refuse(state, m, &p, CNNIMG_BADARG, "the hint at");
  }
  p.n_points = 5000;
  refuse(state, m, &p, CNNIMG_BADARG, "5000 points");
  p = params_of(), p.saturation = NAN;
  refuse(state, m, &p, CNNIMG_BADARG, "saturation");
  p = params_of(), p.augment = 1;
  refuse(state, m, &p, CNNIMG_UNSUPPORTED, "not for colorizing");
  p = params_of();
  refuse(state, other, &p, CNNIMG_UNSUPPORTED, "not made for colorizing");
  cnnimg_model_unref(other);
  cnnimg_model_unref(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_palette_is_the_recipes),   cmocka_unit_test(colours_are_the_recipes),
      cmocka_unit_test(all_ways_give_the_same_bytes), cmocka_unit_test(hints_change_without_reading_again),
      cmocka_unit_test(suggestions_are_the_networks), cmocka_unit_test(what_makes_no_sense_is_refused),
  };
  return cmocka_run_group_tests(tests, ways_setup, ways_teardown);
}
