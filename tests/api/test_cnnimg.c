/* SPDX-License-Identifier: MIT */
/* test_cnnimg.c - the public door with our own denoiser: formats, strides, stripes, cancel, limits */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cnnimg.h"

typedef struct fixture {
  cnnimg_context *context;
  cnnimg_model *model;
} fixture;

static cnnimg_context *context_with(uint32_t threads) {
  cnnimg_config c;
  cnnimg_context *context;
  cnnimg_config_init(&c);
  c.threads = threads;
  assert_int_equal(cnnimg_open(&c, &context, NULL), CNNIMG_OK);
  return context;
}

static int setup(void **state) {
  static fixture f;
  char path[1024];
  cnnimg_error err = {0, ""};
  const char *dir = getenv("CNNIMG_MODELS_DIR");
  f.context = context_with(2);
  snprintf(path, sizeof path, "%s/denoise/denoise.onnx", dir ? dir : "models");
  if (cnnimg_model_load(f.context, path, &f.model, &err)) {
    fprintf(stderr, "%s\n", err.text);
    return -1;
  }
  *state = &f;
  return 0;
}

static int teardown(void **state) {
  fixture *f = *state;
  cnnimg_model_unref(f->model);
  cnnimg_close(f->context);
  return 0;
}

/* ---- pictures ----------------------------------------------------------------------- */

static double uniform(uint64_t *s) {
  *s = *s * 6364136223846793005u + 1442695040888963407u;
  return ((double)(*s >> 11) + 0.5) / 9007199254740992.0;
}

/* A smooth scene in 0..1 with edges. */
static double scene(uint32_t x, uint32_t y, int c) {
  return 0.5 + 0.25 * sin(x / 19.0 + c) * cos(y / 13.0) + ((x / 25 + y / 31) % 2 ? 0.1 : -0.1);
}

static void put(const cnnimg_format *f, void *p, size_t i, double v) {
  if (f->sample == CNNIMG_F32) ((float *)p)[i] = (float)v;
  else if (f->sample == CNNIMG_U16) ((uint16_t *)p)[i] = (uint16_t)(fmin(1, fmax(0, v)) * 65535 + 0.5);
  else ((uint8_t *)p)[i] = (uint8_t)(fmin(1, fmax(0, v)) * 255 + 0.5);
}

static double get(const cnnimg_format *f, const void *p, size_t i) {
  if (f->sample == CNNIMG_F32) return (double)((const float *)p)[i];
  return f->sample == CNNIMG_U16 ? ((const uint16_t *)p)[i] / 65535.0 : ((const uint8_t *)p)[i] / 255.0;
}

static void *noisy(const cnnimg_format *f, double sigma) {
  size_t n = (size_t)f->colours + f->alpha, at = 0;
  uint64_t seed = 5;
  void *p = calloc((size_t)f->width * f->height * n, f->sample);
  for (uint32_t y = 0; y < f->height; y++)
    for (uint32_t x = 0; x < f->width; x++)
      for (size_t c = 0; c < n; c++) {
        double g = sqrt(-2 * log(uniform(&seed))) * cos(6.283185307179586 * uniform(&seed));
        put(f, p, at++, c < f->colours ? scene(x, y, (int)c) + sigma / 255 * g : (x + y) % 7 / 7.0);
      }
  return p;
}

static double error_of(const cnnimg_format *f, const void *p) {
  size_t n = (size_t)f->colours + f->alpha;
  double sum = 0;
  for (uint32_t y = 0; y < f->height; y++)
    for (uint32_t x = 0; x < f->width; x++)
      for (size_t c = 0; c < f->colours; c++) {
        double d = get(f, p, ((size_t)y * f->width + x) * n + c) - scene(x, y, (int)c);
        sum += d * d;
      }
  return sqrt(sum / ((double)f->width * f->height * f->colours)) * 255;
}

static cnnimg_view view_of(const cnnimg_format *f, void *data) {
  ptrdiff_t px = ((ptrdiff_t)f->colours + f->alpha) * f->sample;
  return (cnnimg_view){data, *f, px * (ptrdiff_t)f->width, px, f->sample, 0};
}

static void denoise(cnnimg_context *c, cnnimg_model *m, const cnnimg_format *f, void *src, void *dst,
                    uint32_t tile, float strength) {
  cnnimg_params p;
  cnnimg_session *s;
  cnnimg_error err = {0, ""};
  cnnimg_params_init(&p, CNNIMG_TASK_DENOISE);
  p.sigma = 25;
  p.tile = tile;
  p.strength = strength;
  if (cnnimg_session_new(c, m, &p, f, &s, &err)) fail_msg("%s", err.text);
  cnnimg_view from = view_of(f, src), to = view_of(f, dst);
  if (cnnimg_run(s, &from, &to, &err)) fail_msg("%s", err.text);
  cnnimg_session_free(s);
}

/* ---- tests ---------------------------------------------------------------------------- */

/* Every kind of picture comes back cleaner, at its own size and depth, with its alpha untouched. */
static void test_every_format_is_restored(void **state) {
  const fixture *fx = *state;
  static const uint8_t samples[] = {CNNIMG_U8, CNNIMG_U16, CNNIMG_F32};
  for (int i = 0; i < 12; i++) {
    cnnimg_format f = {
        .width = 101, .height = 67, .colours = i % 2 ? 3 : 1, .alpha = i / 2 % 2, .sample = samples[i / 4]};
    size_t n = (size_t)f.colours + f.alpha, pixels = (size_t)f.width * f.height;
    void *p = noisy(&f, 25), *before = malloc(pixels * n * f.sample);
    memcpy(before, p, pixels * n * f.sample);
    double was = error_of(&f, p);
    denoise(fx->context, fx->model, &f, p, p, 0, 1); /* in place */
    if (error_of(&f, p) > was / 2)
      fail_msg("%d colours, alpha %d, %d bytes: %.2f of %.2f", f.colours, f.alpha, f.sample, error_of(&f, p),
               was);
    for (size_t a = n - 1; f.alpha && a < pixels * n; a += n)
      assert_true(get(&f, p, a) == get(&f, before, a));
    free(p);
    free(before);
  }
}

static void test_strength_zero_gives_the_original_back(void **state) {
  const fixture *fx = *state;
  const cnnimg_format f = {.width = 40, .height = 33, .colours = 3, .sample = CNNIMG_U16};
  size_t bytes = 40 * 33 * 3 * 2;
  void *src = noisy(&f, 25), *dst = calloc(1, bytes);
  denoise(fx->context, fx->model, &f, src, dst, 0, 0);
  assert_memory_equal(src, dst, bytes);
  free(src);
  free(dst);
}

static void test_threads_and_tiles_change_no_byte(void **state) {
  const fixture *fx = *state;
  static const uint32_t ways[][2] = {{1, 0}, {3, 0}, {2, 64}, {1, 100}, {3, 37}};
  const cnnimg_format f = {.width = 203, .height = 149, .colours = 3, .sample = CNNIMG_U16};
  size_t bytes = 203 * 149 * 3 * 2;
  void *src = noisy(&f, 25), *first = calloc(1, bytes), *other = calloc(1, bytes);
  denoise(fx->context, fx->model, &f, src, first, 0, 1);
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    cnnimg_context *c = context_with(ways[i][0]);
    memset(other, 0, bytes);
    denoise(c, fx->model, &f, src, other, ways[i][1], 1);
    assert_memory_equal(first, other, bytes);
    cnnimg_close(c);
  }
  free(src);
  free(first);
  free(other);
}

/* Planar, bottom-up pixels give the same samples as interleaved ones. */
static void test_any_strides(void **state) {
  const fixture *fx = *state;
  const cnnimg_format f = {.width = 48, .height = 40, .colours = 3, .sample = CNNIMG_U8};
  size_t plane = 48 * 40;
  uint8_t *src = noisy(&f, 25), *dst = calloc(plane, 3), *planar = calloc(plane, 3);
  cnnimg_params p;
  cnnimg_session *s;
  cnnimg_params_init(&p, CNNIMG_TASK_DENOISE);
  p.sigma = 25;
  denoise(fx->context, fx->model, &f, src, dst, 0, 1);
  assert_int_equal(cnnimg_session_new(fx->context, fx->model, &p, &f, &s, NULL), CNNIMG_OK);
  cnnimg_view from = view_of(&f, src), to = {planar + 39 * 48, f, -48, 1, (ptrdiff_t)plane, 0};
  assert_int_equal(cnnimg_run(s, &from, &to, NULL), CNNIMG_OK);
  for (size_t y = 0; y < 40; y++)
    for (size_t x = 0; x < 48; x++)
      for (size_t c = 0; c < 3; c++)
        assert_int_equal(planar[c * plane + (39 - y) * 48 + x], dst[(y * 48 + x) * 3 + c]);
  cnnimg_session_free(s);
  free(src);
  free(dst);
  free(planar);
}

static void test_any_size_works(void **state) {
  const fixture *fx = *state;
  static const uint32_t sizes[][2] = {{1, 1}, {1, 9}, {7, 1}, {8, 8}, {17, 3}, {3, 65}};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    cnnimg_format f = {.width = sizes[i][0], .height = sizes[i][1], .colours = 3, .sample = CNNIMG_F32};
    float *src = noisy(&f, 0), *dst = calloc((size_t)f.width * f.height * 3, sizeof *dst);
    denoise(fx->context, fx->model, &f, src, dst, 0, 1);
    for (size_t k = 0; k < (size_t)f.width * f.height * 3; k++) assert_true(dst[k] > -0.5f && dst[k] < 1.5f);
    free(src);
    free(dst);
  }
}

static int cancel_at_once(void *user, uint64_t done, uint64_t total) {
  ++*(int *)user;
  return done <= total;
}

static void test_progress_can_cancel(void **state) {
  const fixture *fx = *state;
  const cnnimg_format f = {.width = 64, .height = 300, .colours = 3, .sample = CNNIMG_U8};
  uint8_t *src = noisy(&f, 10);
  cnnimg_params p;
  cnnimg_session *s;
  int calls = 0;
  cnnimg_params_init(&p, CNNIMG_TASK_DENOISE);
  p.sigma = 10;
  p.progress = cancel_at_once;
  p.progress_user = &calls;
  assert_int_equal(cnnimg_session_new(fx->context, fx->model, &p, &f, &s, NULL), CNNIMG_OK);
  cnnimg_view v = view_of(&f, src);
  assert_int_equal(cnnimg_run(s, &v, &v, NULL), CNNIMG_CANCELLED);
  assert_int_equal(calls, 1);
  cnnimg_session_free(s);
  free(src);
}

static void test_limits_are_named(void **state) {
  const fixture *fx = *state;
  cnnimg_config c;
  cnnimg_context *small;
  cnnimg_params p;
  cnnimg_session *s;
  cnnimg_error err = {0, ""};
  const cnnimg_format f = {.width = 2000, .height = 1000, .colours = 3, .sample = CNNIMG_U8};
  cnnimg_config_init(&c);
  c.pixel_limit = 1000000;
  assert_int_equal(cnnimg_open(&c, &small, NULL), CNNIMG_OK);
  cnnimg_params_init(&p, CNNIMG_TASK_DENOISE);
  assert_int_equal(cnnimg_session_new(small, fx->model, &p, &f, &s, &err), CNNIMG_LIMIT);
  assert_non_null(strstr(err.text, "1000000"));
  assert_null(s);
  cnnimg_close(small);
}

static void test_the_wrong_destination_is_refused(void **state) {
  const fixture *fx = *state;
  const cnnimg_format f = {.width = 16, .height = 16, .colours = 3, .sample = CNNIMG_U8};
  cnnimg_format g = f;
  uint8_t *src = noisy(&f, 10);
  cnnimg_session *s;
  g.width = 15;
  assert_int_equal(cnnimg_session_new(fx->context, fx->model, NULL, &f, &s, NULL), CNNIMG_OK);
  cnnimg_view from = view_of(&f, src), to = view_of(&g, src);
  assert_int_equal(cnnimg_run(s, &from, &to, NULL), CNNIMG_BADARG);
  cnnimg_session_free(s);
  free(src);
}

static void test_a_model_says_what_it_is(void **state) {
  const fixture *fx = *state;
  assert_string_equal(cnnimg_model_get(fx->model, "task"), "denoise");
  assert_string_equal(cnnimg_model_get(fx->model, "format"), "onnx");
  assert_true(atol(cnnimg_model_get(fx->model, "parameters")) <= 1000000);
  assert_null(cnnimg_model_get(fx->model, "no such line"));
}

static void test_what_is_no_model_is_refused(void **state) {
  const fixture *fx = *state;
  cnnimg_model *m;
  cnnimg_error err = {0, ""};
  assert_int_not_equal(cnnimg_model_load(fx->context, "/nonexistent.onnx", &m, &err), CNNIMG_OK);
  assert_non_null(strstr(err.text, "nonexistent.onnx"));
  assert_null(m);
  assert_int_not_equal(cnnimg_model_load_memory(fx->context, "this is text, not a network", 27, &m, &err),
                       CNNIMG_OK);
  assert_null(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_format_is_restored),
      cmocka_unit_test(test_strength_zero_gives_the_original_back),
      cmocka_unit_test(test_threads_and_tiles_change_no_byte),
      cmocka_unit_test(test_any_strides),
      cmocka_unit_test(test_any_size_works),
      cmocka_unit_test(test_progress_can_cancel),
      cmocka_unit_test(test_limits_are_named),
      cmocka_unit_test(test_the_wrong_destination_is_refused),
      cmocka_unit_test(test_a_model_says_what_it_is),
      cmocka_unit_test(test_what_is_no_model_is_refused),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
