/* SPDX-License-Identifier: MIT */
/* test_lineart.c - drawings: which parts strokes keep apart, whose colours they get, every way to run, what is refused */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tasks/colorize_state.h"
#include "tests/base/heap.h"
#include "tests/tasks/ways.h"

#define SIDE 128 /* what the stand-in's network sees */

/* make_lineart.py's numbers. */
static const float bare[3] = {0.6f, 0.5f, 0.3f}, share = 0.5f;

static cnnimg_params params_of(void) {
  cnnimg_params p;
  cnnimg_params_init(&p, CNNIMG_TASK_COLORIZE);
  return p;
}

/* ---- drawings ------------------------------------------------------------------------------------- */

typedef struct drawing {
  int32_t w, h;
  float *v;
} drawing;

static drawing paper(int32_t w, int32_t h) {
  drawing d = {w, h, malloc((size_t)w * (size_t)h * sizeof(float))};
  for (int32_t i = 0; i < w * h; i++) d.v[i] = 1;
  return d;
}

static void ink(drawing *d, int32_t x0, int32_t y0, int32_t x1, int32_t y1, float light) {
  for (int32_t y = y0; y < y1; y++)
    for (int32_t x = x0; x < x1; x++)
      if (x >= 0 && y >= 0 && x < d->w && y < d->h) d->v[y * d->w + x] = light;
}

/* A box of strokes so wide, with a gap in the middle of its upper side. */
static void box(drawing *d, int32_t x0, int32_t y0, int32_t x1, int32_t y1, int32_t wide, int32_t gap) {
  ink(d, x0, y0, x1, y1, 0);
  ink(d, x0 + wide, y0 + wide, x1 - wide, y1 - wide, 1);
  ink(d, (x0 + x1 - gap) / 2, y0, (x0 + x1 - gap) / 2 + gap, y0 + wide, 1);
}

static void ring(drawing *d, double cx, double cy, double r, double wide, double gap) {
  for (int32_t y = 0; y < d->h; y++)
    for (int32_t x = 0; x < d->w; x++) {
      const double dx = x - cx, dy = y - cy, off = fabs(hypot(dx, dy) - r);
      if (off < wide / 2 && !(dx > 0 && fabs(dy) < gap / 2)) d->v[y * d->w + x] = 0;
    }
}

static ci_parts parts_of(const drawing *d) {
  ci_parts p = {0};
  OK(ci_parts_find(&p, d->v, d->w, d->h, NULL, err));
  for (int32_t i = 0; i < d->w * d->h; i++) assert_true(p.part[i] < p.n);
  return p;
}

static uint32_t at(const ci_parts *p, int32_t x, int32_t y) { return p->part[y * p->w + x]; }

/* ---- parts ----------------------------------------------------------------------------------------- */

static void gaps_hold_and_openings_do_not(void **state) {
  (void)state;
  const int32_t gaps[] = {0, 1, 3, 8, 12, 40, 60}; /* of 240 a sixteenth is 15 */
  for (size_t i = 0; i < COUNT(gaps); i++) {
    drawing d = paper(320, 240);
    box(&d, 60, 60, 160, 200, 2, gaps[i]);
    ring(&d, 240, 120, 40, 2, gaps[i]);
    ci_parts p = parts_of(&d);
    const bool apart = gaps[i] < 15;
    if ((at(&p, 110, 130) != at(&p, 20, 20)) != apart || (at(&p, 240, 120) != at(&p, 20, 20)) != apart)
      fail_msg("a gap of %d %s", gaps[i], apart ? "does not hold" : "holds");
    if (!gaps[i]) assert_int_equal(p.n, 3);
    assert_int_equal(at(&p, 20, 20), at(&p, 310, 230));
    assert_int_equal(at(&p, 110, 66), at(&p, 110, 190));
    ci_parts_free(&p);
    free(d.v);
  }
}

/* Every pixel of what is drawn with single pixels belongs where a flood without any gap says. */
static void thin_strokes_aslant_are_tight(void **state) {
  (void)state;
  drawing d = paper(200, 200);
  for (int32_t i = 0; i < 80; i++) { /* a diamond of single pixels that touch at their corners */
    ink(&d, 100 + i, 20 + i, 101 + i, 21 + i, 0.4f);
    ink(&d, 100 - i, 20 + i, 101 - i, 21 + i, 0.4f);
    ink(&d, 20 + i, 100 + i, 21 + i, 101 + i, 0.4f);
    ink(&d, 180 - i, 100 + i, 181 - i, 101 + i, 0.4f);
  }
  ink(&d, 100, 180, 101, 181, 0.4f);
  ci_parts p = parts_of(&d);
  assert_int_equal(p.n, 2);
  for (int32_t y = 0; y < 200; y++)
    for (int32_t x = 0; x < 200; x++) {
      const int32_t r = abs(x - 100) + abs(y - 100);
      if (r != 80) assert_int_equal(at(&p, x, y), at(&p, r < 80 ? 100 : 0, r < 80 ? 100 : 0));
    }
  ci_parts_free(&p);
  free(d.v);
}

static void tone_and_grey_bound_nothing(void **state) {
  (void)state;
  drawing d = paper(320, 240);
  for (int32_t y = 0; y < 240; y += 6)
    for (int32_t x = 0; x < 160; x += 6) ink(&d, x, y, x + 3, y + 3, 0);
  ink(&d, 200, 0, 320, 120, 0.7f); /* an even wash */
  ci_parts p = parts_of(&d);
  assert_int_equal(p.n, 1);
  ci_parts_free(&p);
  ink(&d, 160, 0, 170, 240, 0); /* wider than a stroke, but black */
  p = parts_of(&d);
  assert_int_equal(p.n, 2);
  ci_parts_free(&p);
  for (int32_t i = 0; i < 320 * 240; i++)
    d.v[i] = 0.4f + 0.3f * (float)(i % 320) / 320; /* uneven dark paper */
  ink(&d, 160, 0, 163, 240, 0.3f);
  p = parts_of(&d);
  assert_int_equal(p.n, 2);
  ci_parts_free(&p);
  free(d.v);
}

/* A line of pencil fades here and there; a line that is faint all over is none. */
static void pencil_is_followed(void **state) {
  (void)state;
  for (int kind = 0; kind < 2; kind++) {
    drawing d = paper(320, 240);
    for (int32_t y = 0; y < 240; y++) ink(&d, 160, y, 163, y + 1, kind || y / 4 % 2 ? 0.82f : 0.5f);
    ci_parts p = parts_of(&d);
    assert_int_equal(p.n, kind ? 1 : 2);
    ci_parts_free(&p);
    free(d.v);
  }
}

/* Dots leave little room, but the gap leads into all of it. */
static void gaps_hold_where_there_is_tone(void **state) {
  (void)state;
  drawing d = paper(320, 240);
  box(&d, 60, 60, 200, 200, 2, 10);
  for (int32_t y = 66; y < 196; y += 6)
    for (int32_t x = 66; x < 196; x += 6) ink(&d, x, y, x + 3, y + 3, 0);
  ci_parts p = parts_of(&d);
  assert_int_equal(p.n, 2);
  assert_true(at(&p, 70, 64) != at(&p, 20, 20) && at(&p, 70, 64) == at(&p, 190, 190));
  ci_parts_free(&p);
  free(d.v);
}

static void anything_has_parts(void **state) {
  (void)state;
  static const int32_t sizes[][2] = {{1, 1}, {1, 50}, {50, 1}, {2, 3}, {64, 64}};
  for (size_t i = 0; i < COUNT(sizes); i++)
    for (int kind = 0; kind < 3; kind++) {
      drawing d = paper(sizes[i][0], sizes[i][1]);
      uint64_t seed = 1;
      for (int32_t k = 0; k < d.w * d.h; k++)
        d.v[k] = kind == 0 ? 1 : kind == 1 ? 0 : (float)door_random(&seed, 256) / 255;
      ci_parts p = parts_of(&d);
      if (kind < 2) assert_int_equal(p.n, 1);
      ci_parts_free(&p);
      free(d.v);
    }
}

static void memory_may_fail(void **state) {
  (void)state;
  if (!heap_works()) skip();
  drawing d = paper(80, 60);
  box(&d, 10, 10, 50, 50, 2, 3);
  for (long i = 0, calls = 1; i <= calls; i++) {
    ci_parts p = {0};
    cnnimg_error err = {0, ""};
    heap_start(i);
    const int status = ci_parts_find(&p, d.v, d.w, d.h, NULL, &err);
    ci_parts_free(&p);
    heap_stop();
    assert_int_equal(status, i ? CNNIMG_NOMEM : CNNIMG_OK);
    assert_int_equal(heap_left(), 0);
    if (!i) calls = heap_calls();
  }
  free(d.v);
}

/* ---- paint -------------------------------------------------------------------------------------------- */

static void check_pixel(const cnnimg_view *out, const drawing *d, uint32_t x, uint32_t y,
                        const float paint[3], float most) {
  for (uint32_t c = 0; c < 3; c++) {
    const float want = paint[c] * d->v[y * (uint32_t)d->w + x], have = door_get(out, x, y, c);
    if (!(fabsf(have - want) <= most))
      fail_msg("colour %u at %u,%u is %.5g, not %.5g", c, x, y, (double)have, (double)want);
  }
}

static void *run(cnnimg_context *c, cnnimg_model *m, const cnnimg_params *p, const drawing *d, int sample,
                 cnnimg_view *dst) {
  cnnimg_format f = door_format((uint32_t)d->w, (uint32_t)d->h, 1, CNNIMG_ALPHA_NONE, CNNIMG_F32);
  cnnimg_session *s = NULL;
  cnnimg_view src;
  cnnimg_view_init(&src, &f, d->v);
  OK(cnnimg_session_new(c, m, p, &f, &s, err));
  f = *cnnimg_session_format(s);
  assert_int_equal(f.colours, 3);
  f.sample = (uint8_t)sample;
  void *data = door_empty(&f, dst);
  OK(cnnimg_run(s, &src, dst, err));
  cnnimg_session_free(s);
  return data;
}

/* Two boxes, one of them with a hint: it is that colour all over, and only strokes and the network are elsewhere. */
static void a_hint_fills_its_part_and_no_other(void **state) {
  drawing d = paper(SIDE, SIDE);
  cnnimg_view out;
  cnnimg_model *m = ways_model(*state, "lineart.onnx");
  cnnimg_params p = params_of();
  const cnnimg_point hint = {30, 70, 0.2f, 0.6f, 0.9f, 0};
  const float blue[3] = {0.2f, 0.6f, 0.9f};
  float rest[3];
  box(&d, 10, 20, 60, 110, 2, 4);
  box(&d, 70, 20, 120, 110, 2, 4);
  ink(&d, 20, 40, 26, 60, 0.9f); /* a shadow in the first */
  p.points = &hint, p.n_points = 1;
  void *data = run(*state, m, &p, &d, CNNIMG_F32, &out);
  /* The part is the box and half of its strokes. */
  const float covered = 48.0f * 88.0f / (SIDE * SIDE);
  for (int c = 0; c < 3; c++) rest[c] = bare[c] + share * covered * blue[c];
  for (uint32_t y = 0; y < SIDE; y++)
    for (uint32_t x = 0; x < SIDE; x++) {
      const bool stroke = d.v[y * SIDE + x] == 0.0f, first = x >= 12 && x < 58 && y >= 22 && y < 108;
      const bool gap = y < 25 && (x < 62 || x > 68);
      if (first && y > 25) check_pixel(&out, &d, x, y, blue, 1e-3f); /* ten bits a colour */
      else if (stroke) check_pixel(&out, &d, x, y, rest, 0);         /* black */
      else if (!first && !gap) check_pixel(&out, &d, x, y, rest, 0.02f);
    }
  free(data);
  free(d.v);
  cnnimg_model_unref(m);
}

static void two_hints_share_a_part_at_its_neck(void **state) {
  drawing d = paper(240, SIDE);
  cnnimg_view out;
  cnnimg_model *m = ways_model(*state, "lineart.onnx");
  cnnimg_params p = params_of();
  /* The second is near the opening, the first far away and beside a stroke. */
  const cnnimg_point hints[] = {{30, 4, 1, 0, 0, 0}, {155, 64, 0, 1, 0, 2}};
  const float red[3] = {1, 0, 0}, green[3] = {0, 1, 0};
  ink(&d, 119, 0, 122, 58, 0);
  ink(&d, 119, 70, 122, SIDE, 0); /* an opening of 12: no gap */
  p.points = hints, p.n_points = 2;
  void *data = run(*state, m, &p, &d, CNNIMG_U8, &out);
  for (uint32_t y = 0; y < SIDE; y++)
    for (uint32_t x = 0; x < 240; x++)
      if (x < 105 || x >= 135) check_pixel(&out, &d, x, y, x < 120 ? red : green, 0);
  free(data);
  free(d.v);
  cnnimg_model_unref(m);
}

static bool is(const cnnimg_view *out, uint32_t x, uint32_t y, const float paint[3]) {
  for (uint32_t c = 0; c < 3; c++)
    if (fabsf(door_get(out, x, y, c) - paint[c]) > 1e-3f) return false;
  return true;
}

/* Larger than strokes are looked for in: colours go to their side of a stroke and are nowhere mixed, however thin it is. */
static void large_drawings_are_painted_between_strokes_too(void **state) {
  drawing d = paper(2400, 1500);
  cnnimg_view out;
  cnnimg_model *m = ways_model(*state, "lineart.onnx");
  cnnimg_params p = params_of();
  const cnnimg_point hints[] = {{50, 50, 1, 0, 0, 0}, {1200, 700, 0, 0, 1, 9}};
  const float red[3] = {1, 0, 0}, blue[3] = {0, 0, 1};
  box(&d, 301, 201, 2000, 1333, 1, 0);
  p.points = hints, p.n_points = 2;
  void *data = run(*state, m, &p, &d, CNNIMG_U8, &out);
  for (uint32_t y = 0; y < 1500; y += 1 + y % 3)
    for (uint32_t x = 0; x < 2400; x++) {
      const bool inside = x >= 304 && x < 1997 && y >= 204 && y < 1330;
      const bool outside = x < 300 || x > 2000 || y < 200 || y > 1333;
      if (d.v[y * 2400 + x] > 0 && !(!outside && is(&out, x, y, blue)) && !(!inside && is(&out, x, y, red)))
        fail_msg("%u,%u is neither red nor blue, or the wrong one", x, y);
    }
  free(data);
  free(d.v);
  cnnimg_model_unref(m);
}

/* What is hidden is white paper for the eye that looks for strokes, and stays hidden. */
static void transparent_paper_is_white(void **state) {
  const cnnimg_format f = door_format(SIDE, SIDE, 1, CNNIMG_ALPHA_STRAIGHT, CNNIMG_U8);
  drawing d = paper(SIDE, SIDE);
  cnnimg_format to;
  cnnimg_view src, out;
  cnnimg_session *s = NULL;
  cnnimg_model *m = ways_model(*state, "lineart.onnx");
  cnnimg_params p = params_of();
  const cnnimg_point hint = {64, 64, 0.2f, 0.4f, 0.6f, 0};
  p.points = &hint, p.n_points = 1;
  box(&d, 20, 20, 110, 110, 2, 0);
  void *data = door_empty(&f, &src); /* black, and nothing to be seen */
  for (uint32_t i = 0; i < SIDE * SIDE; i++)
    door_put(&src, i % SIDE, i / SIDE, 1, d.v[i] > 0 ? i % SIDE > 60 && i % SIDE < 68 ? 0.2f : 0 : 1);
  for (uint32_t y = 0; y < SIDE; y++)
    for (uint32_t x = 61; x < 68; x++) door_put(&src, x, y, 0, d.v[y * SIDE + x] > 0 ? 1 : 0);
  OK(cnnimg_session_new(*state, m, &p, &f, &s, err));
  to = *cnnimg_session_format(s);
  void *result = door_empty(&to, &out);
  OK(cnnimg_run(s, &src, &out, err));
  for (uint32_t y = 0; y < SIDE; y++)
    for (uint32_t x = 0; x < SIDE; x++) {
      assert_true(door_get(&out, x, y, 3) == door_get(&src, x, y, 1));  // NOLINT
      if (x > 60 && x < 68 && y > 22 && y < 108)
        for (uint32_t c = 0; c < 3; c++)
          assert_true(fabsf(door_get(&out, x, y, c) - 0.2f * (float)(c + 1)) < 1e-6f);
      if (!(x > 60 && x < 68)) assert_true(door_get(&out, x, y, 0) <= 0);
      else if (y < 16) assert_true(door_get(&out, x, y, 0) > 0.55f); /* beyond the box it is the network's */
    }
  cnnimg_session_free(s);
  free(result);
  free(data);
  free(d.v);
  cnnimg_model_unref(m);
}

static void saturation_and_strength(void **state) {
  drawing d = paper(SIDE, SIDE);
  cnnimg_view out;
  cnnimg_model *m = ways_model(*state, "lineart.onnx");
  cnnimg_params p = params_of();
  p.saturation = 0;
  void *data = run(*state, m, &p, &d, CNNIMG_F32, &out);
  for (uint32_t c = 1; c < 3; c++)
    assert_true(fabsf(door_get(&out, 5, 5, c) - door_get(&out, 5, 5, 0)) < 1e-4f);
  free(data);
  p = params_of(), p.strength = 0.5f;
  data = run(*state, m, &p, &d, CNNIMG_F32, &out);
  for (uint32_t c = 0; c < 3; c++) assert_true(fabsf(door_get(&out, 5, 5, c) - (1 + bare[c]) / 2) < 1e-4f);
  free(data);
  free(d.v);
  cnnimg_model_unref(m);
}

/* ---- every way to run, and what a session keeps ------------------------------------------------------------ */

static const cnnimg_point points[] = {
    {20, 30, 0.9f, 0.2f, 0.1f, 6}, {200, 100, 0.1f, 0.2f, 0.9f, 0}, {24, 30, 0.1f, 0.8f, 0.2f, 4}};

static void check_ways(void **state, uint32_t w, uint32_t h, int alpha, int sample, float strength) {
  const cnnimg_format f = door_format(w, h, 3, alpha, sample);
  cnnimg_view src, want;
  cnnimg_params p = params_of();
  cnnimg_model *m = ways_model(*state, "lineart.onnx");
  void *data = door_picture(&f, &src);
  ways_cap = 1 << 22;
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

static void hints_change_between_runs(void **state) {
  const cnnimg_format f = door_format(301, 187, 3, CNNIMG_ALPHA_NONE, CNNIMG_U8);
  cnnimg_view src, first, again, want;
  cnnimg_session *s = NULL;
  cnnimg_model *m = ways_model(*state, "lineart.onnx");
  cnnimg_params p = params_of();
  void *data = door_picture(&f, &src), *a = door_empty(&f, &first), *b = door_empty(&f, &again);
  void *plain = ways_run(*state, m, &p, &src, CNNIMG_U8, &want);
  p.points = points, p.n_points = 3;
  OK(cnnimg_session_new(*state, m, &p, &f, &s, err));
  OK(cnnimg_run_region(s, cnnimg_read_view, &src, 0, 0, &first, err));
  assert_true(memcmp(a, plain, 301 * 187 * 3) != 0);
  OK(cnnimg_session_set_points(s, NULL, 0, err));
  OK(cnnimg_run_region(s, cnnimg_read_view, &src, 0, 0, &again, err));
  door_assert_same(&again, &want);
  cnnimg_session_free(s);
  free(plain);
  free(b);
  free(a);
  free(data);
  cnnimg_model_unref(m);
}

/* ---- refusals ------------------------------------------------------------------------------------------------ */

static void what_makes_no_sense_is_refused(void **state) {
  static const char *const says[] = {"task=lineart", NULL};
  const cnnimg_format f = door_format(64, 64, 1, CNNIMG_ALPHA_NONE, CNNIMG_U8);
  cnnimg_view src;
  cnnimg_model *m = ways_model(*state, "lineart.onnx"), *other = door_model(*state, "identity", says);
  cnnimg_params p = params_of();
  cnnimg_session *s = NULL;
  cnnimg_suggestion found[2];
  size_t n;
  void *data = door_picture(&f, &src);
  REFUSED(cnnimg_session_new(*state, other, &p, &f, &s, err), CNNIMG_UNSUPPORTED, "output paint");
  assert_null(s);
  OK(cnnimg_session_new(*state, m, &p, &f, &s, err));
  REFUSED(cnnimg_session_suggest(s, cnnimg_read_view, &src, 1, 1, found, 2, &n, err), CNNIMG_UNSUPPORTED,
          "likely");
  cnnimg_session_free(s);
  free(data);
  cnnimg_model_unref(other);
  cnnimg_model_unref(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gaps_hold_and_openings_do_not),
      cmocka_unit_test(thin_strokes_aslant_are_tight),
      cmocka_unit_test(tone_and_grey_bound_nothing),
      cmocka_unit_test(pencil_is_followed),
      cmocka_unit_test(gaps_hold_where_there_is_tone),
      cmocka_unit_test(anything_has_parts),
      cmocka_unit_test(memory_may_fail),
      cmocka_unit_test(a_hint_fills_its_part_and_no_other),
      cmocka_unit_test(two_hints_share_a_part_at_its_neck),
      cmocka_unit_test(large_drawings_are_painted_between_strokes_too),
      cmocka_unit_test(transparent_paper_is_white),
      cmocka_unit_test(saturation_and_strength),
      cmocka_unit_test(all_ways_give_the_same_bytes),
      cmocka_unit_test(hints_change_between_runs),
      cmocka_unit_test(what_makes_no_sense_is_refused),
  };
  return cmocka_run_group_tests(tests, ways_setup, ways_teardown);
}
