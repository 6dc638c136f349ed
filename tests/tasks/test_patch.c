/* SPDX-License-Identifier: MIT */
/* test_patch.c - patch fill: textures are restored, nothing else is touched, threads and memory do not matter */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/base/heap.h"
#include "tasks/patch.h"

typedef struct scene {
  int32_t w, h;
  float *want, *rgb; /* as it was; with a grey hole */
  uint8_t *hole, *source;
  ci_patch_params p;
} scene;

static uint32_t noise(uint32_t x) {
  x = (x ^ (x >> 16)) * 0x45d9f3bu;
  x = (x ^ (x >> 16)) * 0x45d9f3bu;
  return x ^ (x >> 16);
}

static size_t pixels(const scene *s) { return (size_t)s->w * (size_t)s->h; }

/* Random pixels, again each px columns and py rows; 0: never again. */
static scene draw(int32_t w, int32_t h, int32_t px, int32_t py) {
  scene s = {.w = w, .h = h};
  size_t n = pixels(&s);
  s.want = malloc(3 * n * sizeof(float)), s.rgb = malloc(3 * n * sizeof(float));
  s.hole = calloc(n, 1), s.source = malloc(n);
  memset(s.source, 1, n);
  for (size_t i = 0; i < 3 * n; i++) {
    uint32_t c = (uint32_t)(i % 3), x = (uint32_t)(i / 3 % (size_t)w), y = (uint32_t)(i / 3 / (size_t)w);
    if (px) x %= (uint32_t)px, y %= (uint32_t)py;
    s.want[i] = (float)(noise(c + 3 * (x + 4096 * y)) >> 24) / 255.0f;
  }
  return s;
}

static void done(scene *s) { free(s->want), free(s->rgb), free(s->hole), free(s->source); }

static void cut(scene *s, int32_t x0, int32_t y0, int32_t x1, int32_t y1) {
  for (int32_t y = y0; y < y1; y++)
    for (int32_t x = x0; x < x1; x++) s->hole[y * s->w + x] = 255;
}

static int fill(scene *s, uint32_t threads, cnnimg_error *err) {
  ci_pool *pool;
  assert_int_equal(ci_pool_new(&pool, threads, NULL), CNNIMG_OK);
  memcpy(s->rgb, s->want, 3 * pixels(s) * sizeof(float));
  for (size_t i = 0; i < 3 * pixels(s); i++)
    if (s->hole[i / 3]) s->rgb[i] = 0.5f;
  int status = ci_patch_fill(s->rgb, s->w, s->h, s->hole, s->source, &s->p, pool, err);
  ci_pool_free(pool);
  return status;
}

static void outside_is_untouched(const scene *s) {
  for (size_t i = 0; i < 3 * pixels(s); i++)
    if (!s->hole[i / 3] && memcmp(&s->rgb[i], &s->want[i], sizeof(float))) fail_msg("sample %zu changed", i);
}

static void hole_is_untouched(const scene *s) {
  for (size_t i = 0; i < 3 * pixels(s); i++)
    if (s->hole[i / 3] && s->rgb[i] != 0.5f) fail_msg("sample %zu of the hole changed", i);
}

static double worst(const scene *s) {
  double most = 0;
  for (size_t i = 0; i < 3 * pixels(s); i++) {
    double d = fabs((double)s->rgb[i] - (double)s->want[i]);
    if (!(d <= most)) most = d;
  }
  return most;
}

/* ---- what it is for ---------------------------------------------------------------------------------- */

/* In the middle, at a border and in a corner; narrow, wide, in two parts. */
static void test_periodic(void **state) {
  (void)state;
  static const int32_t holes[][4] = {
      {50, 30, 62, 41}, {40, 30, 80, 62}, {0, 20, 25, 50}, {110, 80, 130, 100}, {30, 40, 100, 43}};
  static const int32_t periods[][2] = {{7, 11}, {16, 4}, {23, 17}};
  for (size_t i = 0; i < 5; i++)
    for (size_t k = 0; k < 3; k++) {
      scene s = draw(130, 100, periods[k][0], periods[k][1]);
      cut(&s, holes[i][0], holes[i][1], holes[i][2], holes[i][3]);
      if (i == 0) cut(&s, 90, 60, 99, 70);
      assert_int_equal(fill(&s, 2, NULL), CNNIMG_OK);
      outside_is_untouched(&s);
      if (worst(&s) > 1.0 / 255) fail_msg("hole %zu, period %zu: %.2f levels", i, k, 255 * worst(&s));
      done(&s);
    }
}

/* A smooth shade over the texture: what is copied is lifted to where the border is. */
static void test_shade(void **state) {
  (void)state;
  double error[2];
  for (int plain = 0; plain < 2; plain++) {
    scene s = draw(130, 100, 8, 8);
    for (size_t i = 0; i < 3 * pixels(&s); i++) s.want[i] = s.want[i] / 4 + 0.5f * (float)(i / 3 % 130) / 130;
    cut(&s, 50, 35, 80, 65);
    s.p.no_blend = plain;
    assert_int_equal(fill(&s, 2, NULL), CNNIMG_OK);
    error[plain] = worst(&s);
    done(&s);
  }
  if (error[0] > 0.75 * error[1]) fail_msg("blended %.3f, plain %.3f", error[0], error[1]);
}

/* White may be copied, black may not. */
static void test_source(void **state) {
  (void)state;
  scene s = draw(80, 60, 0, 0);
  for (size_t i = 0; i < pixels(&s); i++) {
    s.source[i] = i % 80 >= 40;
    for (int c = 0; c < 3; c++) s.want[3 * i + (size_t)c] = s.source[i];
  }
  cut(&s, 10, 10, 60, 50);
  s.p.no_blend = true;
  assert_int_equal(fill(&s, 2, NULL), CNNIMG_OK);
  for (size_t i = 0; i < 3 * pixels(&s); i++)
    if (s.hole[i / 3] && s.rgb[i] != 1) fail_msg("sample %zu is %g", i, (double)s.rgb[i]);
  outside_is_untouched(&s);
  done(&s);
}

/* Every value in the hole is that of a pixel that may be copied. */
static void test_copies(void **state) {
  (void)state;
  scene s = draw(60, 50, 0, 0);
  cut(&s, 20, 15, 40, 36);
  s.p.no_blend = true;
  assert_int_equal(fill(&s, 3, NULL), CNNIMG_OK);
  for (size_t i = 0; i < pixels(&s); i++) {
    bool found = false;
    for (size_t k = 0; !found && k < pixels(&s); k++)
      found = !s.hole[k] && !memcmp(s.rgb + 3 * i, s.want + 3 * k, 3 * sizeof(float));
    if (!found) fail_msg("pixel %zu is no copy", i);
  }
  done(&s);
}

/* ---- what it does not depend on ---------------------------------------------------------------------------- */

static scene rough(void) {
  scene s = draw(200, 150, 0, 0);
  for (size_t i = 3; i < 3 * pixels(&s); i++) s.want[i] = 0.75f * s.want[i - 3] + 0.25f * s.want[i];
  cut(&s, 60, 40, 110, 90), cut(&s, 100, 80, 150, 100), cut(&s, 0, 140, 30, 150);
  return s;
}

static void test_threads(void **state) {
  (void)state;
  static const uint32_t threads[] = {2, 3, 7};
  scene s = rough();
  size_t bytes = 3 * pixels(&s) * sizeof(float);
  float *one = malloc(bytes);
  assert_int_equal(fill(&s, 1, NULL), CNNIMG_OK);
  memcpy(one, s.rgb, bytes);
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(fill(&s, threads[i], NULL), CNNIMG_OK);
    if (memcmp(one, s.rgb, bytes)) fail_msg("%u threads: other bytes than one", threads[i]);
  }
  s.p.seed = 1;
  assert_int_equal(fill(&s, 2, NULL), CNNIMG_OK);
  if (!memcmp(one, s.rgb, bytes)) fail_msg("another seed: the same bytes");
  outside_is_untouched(&s);
  free(one);
  done(&s);
}

/* From 1 x 1 to 19 x 19: a pixel, all but a corner, all. */
static void test_tiny(void **state) {
  (void)state;
  for (int32_t w = 1; w < 20; w++)
    for (int32_t h = 1; h < 20; h += w % 3 + 1)
      for (int kind = 0; kind < 3; kind++) {
        scene s = draw(w, h, 0, 0);
        cnnimg_error err = {0};
        if (kind == 0) cut(&s, w / 2, h / 2, w / 2 + 1, h / 2 + 1);
        else cut(&s, 0, 0, w, h);
        if (kind == 1) s.hole[0] = 0;
        int status = fill(&s, 2, &err);
        bool any = kind == 1 || (kind == 0 && w * h > 1);
        if (status != (any ? CNNIMG_OK : CNNIMG_BADARG))
          fail_msg("%d x %d, %d: %d %s", w, h, kind, status, err.text);
        outside_is_untouched(&s);
        for (size_t i = 0; i < 3 * pixels(&s); i++) assert_true(s.rgb[i] >= 0 && s.rgb[i] <= 1);
        done(&s);
      }
}

/* ---- what it refuses ------------------------------------------------------------------------------------------- */

static void test_nothing_to_copy(void **state) {
  (void)state;
  scene s = draw(40, 30, 0, 0);
  cnnimg_error err = {0};
  assert_int_equal(fill(&s, 1, &err), CNNIMG_OK); /* nothing to fill */
  cut(&s, 10, 10, 20, 20);
  memset(s.source, 0, pixels(&s));
  assert_int_equal(fill(&s, 1, &err), CNNIMG_BADARG);
  assert_non_null(strstr(err.text, "40 x 30"));
  hole_is_untouched(&s);
  s.source[0] = 1; /* one pixel will do */
  assert_int_equal(fill(&s, 1, &err), CNNIMG_OK);
  s.w = 0;
  assert_int_equal(ci_patch_fill(s.rgb, 0, 30, s.hole, NULL, &s.p, NULL, &err), CNNIMG_BADARG);
  assert_int_equal(ci_patch_fill(s.rgb, 1 << 20, 1 << 20, s.hole, NULL, &s.p, NULL, &err), CNNIMG_LIMIT);
  done(&s);
}

typedef struct watch {
  uint64_t last, total;
  int calls, stop_at;
} watch;

static int look(void *user, uint64_t at, uint64_t total) {
  watch *w = user;
  assert_true(at >= w->last && at <= total && (!w->calls || total == w->total));
  w->last = at, w->total = total;
  return ++w->calls == w->stop_at;
}

static void test_cancel(void **state) {
  (void)state;
  scene s = rough();
  cnnimg_cancel cancel = {0};
  watch w = {0};
  s.p.progress = look, s.p.progress_user = &w;
  assert_int_equal(fill(&s, 2, NULL), CNNIMG_OK);
  assert_true(w.calls > 5 && w.last == w.total);
  for (int i = 1, calls = w.calls; i <= calls; i += i < 4 ? 1 : calls / 5) {
    w = (watch){.stop_at = i};
    assert_int_equal(fill(&s, 2, NULL), CNNIMG_CANCELLED);
    assert_int_equal(w.calls, i);
    hole_is_untouched(&s);
  }
  s.p.progress = NULL, s.p.cancel = &cancel;
  cnnimg_cancel_set(&cancel);
  assert_int_equal(fill(&s, 2, NULL), CNNIMG_CANCELLED);
  hole_is_untouched(&s);
  done(&s);
}

/* The bound holds, a hole as large as can be included; each allocation fails once, and nothing is lost. */
static void test_memory(void **state) {
  (void)state;
  if (!heap_works()) skip();
  scene s = draw(150, 120, 0, 0);
  ci_pool *pool;
  cut(&s, 8, 0, 150, 120);
  s.p.iterations = 1;
  assert_int_equal(ci_pool_new(&pool, 1, NULL), CNNIMG_OK);
  memcpy(s.rgb, s.want, 3 * pixels(&s) * sizeof(float));
  long calls = 1;
  for (long i = 0; i <= calls; i++) {
    heap_start(i);
    int status = ci_patch_fill(s.rgb, s.w, s.h, s.hole, s.source, &s.p, pool, NULL);
    heap_stop();
    assert_int_equal(heap_left(), 0);
    assert_int_equal(status, i ? CNNIMG_NOMEM : CNNIMG_OK);
    if (i == 0) calls = heap_calls();
    if (heap_most() > ci_patch_bytes(s.w, s.h))
      fail_msg("%zu bytes, not %zu", heap_most(), ci_patch_bytes(s.w, s.h));
  }
  ci_pool_free(pool);
  done(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_periodic),        cmocka_unit_test(test_shade),   cmocka_unit_test(test_source),
      cmocka_unit_test(test_copies),          cmocka_unit_test(test_threads), cmocka_unit_test(test_tiny),
      cmocka_unit_test(test_nothing_to_copy), cmocka_unit_test(test_cancel),  cmocka_unit_test(test_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
