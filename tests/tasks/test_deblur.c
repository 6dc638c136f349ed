/* SPDX-License-Identifier: MIT */
/* test_deblur.c - deblurring as NumPy and ONNX Runtime do it (make_deblur.py), every way, and what it refuses */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/fftw.h"
#include "tests/tasks/ways.h"

/* Single precision here, double there: a step that undoes a blur makes more of what is lost. */
#define MOST 1e-5f

static int setup(void **state) {
  *state = door_context(2);
  return 0;
}

static int teardown(void **state) {
  cnnimg_close(*state);
  return 0;
}

/* ---- what make_deblur.py wrote ---------------------------------------------------------------------- */

enum { COLOURS, WIDTH, HEIGHT, KERNEL_WIDTH, KERNEL_HEIGHT, WRAP, ITERATIONS, SIGMA, NUMBERS };

typedef struct example {
  int32_t n[NUMBERS];
  cnnimg_view kernel, seen, answer; /* floats, bytes, floats */
} example;

static FILE *open_examples(void) {
  char path[1024];
  const char *top = getenv("abs_top_srcdir");
  snprintf(path, sizeof path, "%s/tests/tasks/data/deblur.bin", top ? top : ".");
  FILE *f = fopen(path, "rb");
  assert_non_null(f);
  return f;
}

static cnnimg_view read_pixels(FILE *f, uint32_t w, uint32_t h, int colours, int sample) {
  const cnnimg_format format = door_format(w, h, colours, 0, sample);
  cnnimg_view v;
  void *data = door_empty(&format, &v);
  const size_t n = cnnimg_pixel_bytes(&format) * w * h;
  assert_int_equal(fread(data, 1, n, f), n);
  return v;
}

static bool read_example(FILE *f, example *e) {
  assert_int_equal(fread(e->n, sizeof *e->n, NUMBERS, f), NUMBERS);
  if (!e->n[COLOURS]) return false;
  const uint32_t w = (uint32_t)e->n[WIDTH], h = (uint32_t)e->n[HEIGHT];
  e->kernel = read_pixels(f, (uint32_t)e->n[KERNEL_WIDTH], (uint32_t)e->n[KERNEL_HEIGHT], 1, CNNIMG_F32);
  e->seen = read_pixels(f, w, h, e->n[COLOURS], CNNIMG_U8);
  e->answer = read_pixels(f, w, h, e->n[COLOURS], CNNIMG_F32);
  return true;
}

static void free_example(example *e) {
  free(e->kernel.data);
  free(e->seen.data);
  free(e->answer.data);
}

static cnnimg_params params_of(const example *e) {
  cnnimg_params p;
  cnnimg_params_init(&p, CNNIMG_TASK_DENOISE);
  p.kernel = &e->kernel;
  p.deblur = (uint32_t)e->n[ITERATIONS];
  p.wrap = (uint32_t)e->n[WRAP];
  p.sigma = (float)e->n[SIGMA] / 1000;
  return p;
}

/* ---- answers ---------------------------------------------------------------------------------------------- */

static void test_it_answers_as_the_script(void **state) {
  FILE *f = open_examples();
  cnnimg_model *m = door_model(*state, "told", NULL);
  int n = 0;
  for (example e; read_example(f, &e); n++) {
    const cnnimg_params p = params_of(&e);
    cnnimg_view have;
    char what[32];
    snprintf(what, sizeof what, "example %d", n);
    void *data = ways_run(*state, m, &p, &e.seen, CNNIMG_F32, &have);
    ways_near(&have, &e.answer, MOST, what);
    free(data);
    free_example(&e);
  }
  assert_int_equal(n, 6);
  cnnimg_model_unref(m);
  fclose(f);
}

/* Samples of 16 bits, alpha, strength, an estimate: only that all ways agree. */
static void test_every_way_gives_the_same_bytes(void **state) {
  static const int alphas[] = {CNNIMG_ALPHA_NONE, CNNIMG_ALPHA_STRAIGHT, CNNIMG_ALPHA_PREMULTIPLIED};
  FILE *f = open_examples();
  cnnimg_model *m = door_model(*state, "told", NULL);
  example e;
  assert_true(read_example(f, &e));
  fclose(f);
  for (size_t i = 0; i < COUNT(alphas); i++) {
    const cnnimg_format format = door_format(40, 30, i == 2 ? 1 : 3, alphas[i], i ? CNNIMG_U16 : CNNIMG_U8);
    cnnimg_params p = params_of(&e);
    cnnimg_view src, whole;
    p.deblur = 2, p.strength = i ? 0.75f : 1, p.sigma = i ? -1 : 5;
    p.wrap = i == 2 ? CNNIMG_WRAP_Y : 0;
    void *a = door_picture(&format, &src), *b = ways_run(*state, m, &p, &src, format.sample, &whole);
    ways_check(m, &p, &src, &whole);
    for (uint32_t x = 0; alphas[i] && x < format.width; x++)
      assert_true(door_get(&whole, x, 7, format.colours) == door_get(&src, x, 7, format.colours));
    free(a), free(b);
  }
  free_example(&e);
  cnnimg_model_unref(m);
}

/* What nobody sees has no say: colours where alpha is 0. */
static void test_hidden_colours_do_not_matter(void **state) {
  const cnnimg_format f = door_format(40, 30, 3, CNNIMG_ALPHA_STRAIGHT, CNNIMG_F32);
  cnnimg_model *m = door_model(*state, "denoise", NULL);
  float weights[25];
  cnnimg_view kernel, src, have[2];
  const cnnimg_format k = door_format(5, 5, 1, 0, CNNIMG_F32);
  for (int i = 0; i < 25; i++) weights[i] = 1;
  cnnimg_view_init(&kernel, &k, weights);
  cnnimg_params p;
  cnnimg_params_init(&p, CNNIMG_TASK_DENOISE);
  p.kernel = &kernel, p.deblur = 2, p.sigma = 3;
  void *a = door_picture(&f, &src), *b[2];
  for (int i = 0; i < 2; i++) {
    for (uint32_t y = 8; y < 20; y++)
      for (uint32_t x = 10; x < 25; x++) {
        door_put(&src, x, y, 3, 0);
        for (uint32_t c = 0; c < 3; c++) door_put(&src, x, y, c, i ? 0.9f : 0.1f);
      }
    b[i] = ways_run(*state, m, &p, &src, CNNIMG_F32, &have[i]);
  }
  for (uint32_t x = 0; x < 40; x++)
    for (uint32_t y = 0; y < 30; y++)
      if (door_get(&src, x, y, 3) > 0)
        for (uint32_t c = 0; c < 3; c++)
          assert_true(door_get(&have[0], x, y, c) == door_get(&have[1], x, y, c));
  cnnimg_model_unref(m);
  free(a), free(b[0]), free(b[1]);
}

/* ---- kernels ------------------------------------------------------------------------------------------------- */

static void test_kernels_are_drawn_as_the_script_does(void **state) {
  FILE *f = open_examples();
  int32_t n[4];
  int seen = 0;
  (void)state;
  for (example e; read_example(f, &e);) free_example(&e);
  for (; fread(n, sizeof *n, 4, f) == 4 && n[0] >= 0; seen++) {
    uint32_t side = 0;
    cnnimg_view want = read_pixels(f, (uint32_t)n[3], (uint32_t)n[3], 1, CNNIMG_F32), have;
    const float a = (float)n[1] / 1000, b = (float)n[2] / 1000;
    void *data = door_empty(&want.format, &have);
    for (int pass = 0; pass < 2; pass++) {
      if (n[0]) OK(cnnimg_kernel_motion(a, b, &side, pass ? data : NULL, err));
      else OK(cnnimg_kernel_gauss(a, &side, pass ? data : NULL, err));
      assert_int_equal(side, n[3]);
    }
    ways_near(&have, &want, 3e-4f, n[0] ? "motion" : "gauss");
    free(data), free(want.data);
  }
  assert_int_equal(seen, 8);
  fclose(f);
}

static void test_kernels_that_cannot_be_drawn(void **state) {
  static const float bad[] = {0, 0.09f, 51, -1, NAN, INFINITY};
  uint32_t side;
  (void)state;
  for (size_t i = 0; i < COUNT(bad); i++)
    REFUSED(cnnimg_kernel_gauss(bad[i], &side, NULL, err), CNNIMG_BADARG, "0.1 to 50");
  REFUSED(cnnimg_kernel_motion(0.5f, 0, &side, NULL, err), CNNIMG_BADARG, "1 to 400");
  REFUSED(cnnimg_kernel_motion(401, 0, &side, NULL, err), CNNIMG_BADARG, "1 to 400");
  REFUSED(cnnimg_kernel_motion(NAN, 0, &side, NULL, err), CNNIMG_BADARG, "1 to 400");
  REFUSED(cnnimg_kernel_motion(5, INFINITY, &side, NULL, err), CNNIMG_BADARG, "degrees");
}

/* ---- refusals -------------------------------------------------------------------------------------------------- */

typedef struct want {
  cnnimg_context *c;
  cnnimg_model *m;
  cnnimg_params p;
  cnnimg_format f;
} want;

static void refused(const want *w, int status, const char *word) {
  cnnimg_session *s = NULL;
  REFUSED(cnnimg_session_new(w->c, w->m, &w->p, &w->f, &s, err), status, word);
  assert_null(s);
}

static void test_kernels_that_are_none(void **state) {
  float weights[16] = {0};
  cnnimg_format k = door_format(4, 4, 1, 0, CNNIMG_F32);
  cnnimg_view kernel;
  want w = {*state, door_model(*state, "denoise", NULL), {0}, door_format(20, 20, 3, 0, CNNIMG_U8)};
  cnnimg_params_init(&w.p, CNNIMG_TASK_DENOISE);
  w.p.deblur = 8;
  refused(&w, CNNIMG_BADARG, "params.kernel");
  cnnimg_view_init(&kernel, &k, weights);
  w.p.kernel = &kernel;
  refused(&w, CNNIMG_BADARG, "all weights of the kernel are 0");
  weights[3] = 1, weights[4] = -1;
  refused(&w, CNNIMG_BADARG, "add up to nothing");
  weights[4] = NAN;
  refused(&w, CNNIMG_BADARG, "no finite numbers");
  weights[4] = 0;
  w.f.width = 3;
  refused(&w, CNNIMG_BADARG, "the kernel has 4x4 pixels, more than the picture, which has 3x20");
  w.f.width = 20;
  kernel.format.alpha = CNNIMG_ALPHA_STRAIGHT;
  refused(&w, CNNIMG_BADARG, "one channel");
  kernel.format.alpha = 0, kernel.format.width = 1024;
  w.f.width = 2000;
  refused(&w, CNNIMG_LIMIT, "1023 a side");
  kernel.format.width = 4, kernel.data = NULL;
  refused(&w, CNNIMG_BADARG, "no pixels");
  cnnimg_model_unref(w.m);
}

/* What a parameter that does not go along is called in the sentence. */
static void test_what_does_not_go_together(void **state) {
  float weights[9] = {0, 0, 0, 0, 1};
  const cnnimg_format k = door_format(3, 3, 1, 0, CNNIMG_F32);
  cnnimg_view kernel;
  cnnimg_view_init(&kernel, &k, weights);
  want w = {*state, door_model(*state, "denoise", NULL), {0}, door_format(20, 20, 3, 0, CNNIMG_U8)};
  cnnimg_params_init(&w.p, CNNIMG_TASK_DENOISE);
  w.p.deblur = 8, w.p.kernel = &kernel;
  const want good = w;
  w.p.deblur = 101, refused(&w, CNNIMG_BADARG, "101 iterations"), w = good;
  w.p.detail = 0.5f, refused(&w, CNNIMG_BADARG, "detail"), w = good;
  w.p.chroma = 0.5f, refused(&w, CNNIMG_BADARG, "chroma"), w = good;
  w.p.sigma_map = &kernel, refused(&w, CNNIMG_BADARG, "map"), w = good;
  w.p.scale_num = 2, w.p.scale_den = 1, refused(&w, CNNIMG_BADARG, "size"), w = good;
  w.p.result_width = 40, refused(&w, CNNIMG_BADARG, "size"), w = good;
  cnnimg_model_unref(w.m);
  w.m = door_model(*state, "valid", NULL);
  refused(&w, CNNIMG_UNSUPPORTED, "told how much noise");
  cnnimg_model_unref(w.m);
  w.m = door_model(*state, "double", NULL);
  refused(&w, CNNIMG_UNSUPPORTED, "keeps the size");
  cnnimg_model_unref(w.m);
}

static void test_what_is_too_large_or_no_number(void **state) {
  float weights[9] = {0, 0, 0, 0, 1};
  const cnnimg_format k = door_format(3, 3, 1, 0, CNNIMG_F32), f = door_format(20, 20, 3, 0, CNNIMG_F32);
  cnnimg_view kernel, src;
  cnnimg_config config;
  cnnimg_context *c;
  cnnimg_session *s = NULL;
  cnnimg_view_init(&kernel, &k, weights);
  want w = {*state, door_model(*state, "denoise", NULL), {0}, f};
  cnnimg_params_init(&w.p, CNNIMG_TASK_DENOISE);
  w.p.deblur = 8, w.p.kernel = &kernel;
  cnnimg_config_init(&config);
  config.memory_limit = 100 << 20;
  OK(cnnimg_open(&config, &c, err));
  w.c = c;
  w.f = door_format(2000, 2000, 3, 0, CNNIMG_U8);
  refused(&w, CNNIMG_LIMIT, "MiB for 2000x2000 pixels, of the memory limit of 100 MiB");
  cnnimg_close(c);
  OK(cnnimg_session_new(*state, w.m, &w.p, &f, &s, err));
  void *data = door_picture(&f, &src);
  door_put(&src, 4, 9, 1, INFINITY);
  REFUSED(cnnimg_run(s, &src, &src, err), CNNIMG_UNSUPPORTED,
          "row 9 of the picture has samples that are no finite numbers");
  cnnimg_session_free(s);
  cnnimg_model_unref(w.m);
  free(data);
}

static int stop(void *user, uint64_t done, uint64_t total) {
  uint64_t *last = user;
  assert_true(done >= *last && done <= total);
  *last = done;
  return done > total / 2;
}

static void test_it_can_be_stopped(void **state) {
  float weights[9] = {0, 0, 0, 0, 1};
  const cnnimg_format k = door_format(3, 3, 1, 0, CNNIMG_F32), f = door_format(64, 64, 3, 0, CNNIMG_U8);
  cnnimg_view kernel, src;
  cnnimg_model *m = door_model(*state, "denoise", NULL);
  cnnimg_session *s = NULL;
  cnnimg_params p;
  uint64_t last = 0;
  cnnimg_view_init(&kernel, &k, weights);
  cnnimg_params_init(&p, CNNIMG_TASK_DENOISE);
  p.deblur = 4, p.kernel = &kernel, p.progress = stop, p.progress_user = &last;
  OK(cnnimg_session_new(*state, m, &p, &f, &s, err));
  void *data = door_picture(&f, &src);
  REFUSED(cnnimg_run(s, &src, &src, err), CNNIMG_CANCELLED, "");
  assert_true(last > 0);
  cnnimg_session_free(s);
  cnnimg_model_unref(m);
  free(data);
}

static void test_there_is_no_fftw(void **state) {
  float weights[1] = {1};
  const cnnimg_format k = door_format(1, 1, 1, 0, CNNIMG_F32);
  cnnimg_view kernel;
  cnnimg_view_init(&kernel, &k, weights);
  want w = {*state, door_model(*state, "denoise", NULL), {0}, door_format(20, 20, 3, 0, CNNIMG_U8)};
  cnnimg_params_init(&w.p, CNNIMG_TASK_DENOISE);
  w.p.deblur = 8, w.p.kernel = &kernel;
  refused(&w, CNNIMG_UNSUPPORTED, "without FFTW");
  cnnimg_model_unref(w.m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_it_answers_as_the_script),
      cmocka_unit_test(test_every_way_gives_the_same_bytes),
      cmocka_unit_test(test_hidden_colours_do_not_matter),
      cmocka_unit_test(test_kernels_are_drawn_as_the_script_does),
      cmocka_unit_test(test_kernels_that_cannot_be_drawn),
      cmocka_unit_test(test_kernels_that_are_none),
      cmocka_unit_test(test_what_does_not_go_together),
      cmocka_unit_test(test_what_is_too_large_or_no_number),
      cmocka_unit_test(test_it_can_be_stopped),
  };
  const struct CMUnitTest without[] = {cmocka_unit_test(test_there_is_no_fftw)};
  return ci_fftw_is_there() ? cmocka_run_group_tests(tests, setup, teardown)
                            : cmocka_run_group_tests(without, setup, teardown);
}
