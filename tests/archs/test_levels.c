/* SPDX-License-Identifier: MIT */
/* test_levels.c - a file of networks for levels of noise: the session takes the one for the picture's */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "cnnimg.h"
#include "tasks/card.h"
#include "tests/bench/npy.h"

#define WORST 2e-5

static cnnimg_context *context;
static npy image;

static void path_of(char *to, size_t room, const char *end) {
  const char *top = getenv("abs_top_srcdir");
  snprintf(to, room, "%s/tests/formats/data/architectures/ircnn-levels%s", top ? top : ".", end);
}

static npy array(const char *end) {
  char path[1024];
  npy a;
  path_of(path, sizeof path, end);
  if (!npy_load(path, &a)) fail_msg("cannot read %s", path);
  return a;
}

static int start(void **state) {
  cnnimg_error err = {0};
  (void)state;
  image = array(".in.npy");
  return cnnimg_open(NULL, &context, &err);
}

static int stop(void **state) {
  (void)state;
  cnnimg_close(context);
  free(image.v);
  return 0;
}

static cnnimg_model *open_model(const char *option) {
  char path[1024];
  const char *const options[] = {option, NULL};
  cnnimg_error err = {0};
  cnnimg_model *m;
  path_of(path, sizeof path, ".pth");
  if (cnnimg_model_load_opt(context, path, options, &m, &err)) fail_msg("%s", err.text);
  return m;
}

static cnnimg_session *open_session(cnnimg_model *m, float sigma, uint8_t colours) {
  const cnnimg_format f = {.width = (uint32_t)image.dim[1],
                           .height = (uint32_t)image.dim[0],
                           .colours = colours,
                           .sample = CNNIMG_F32};
  cnnimg_params p;
  cnnimg_error err = {0};
  cnnimg_session *s;
  cnnimg_params_init(&p, CNNIMG_TASK_DENOISE);
  p.sigma = sigma;
  if (cnnimg_session_new(context, m, &p, &f, &s, &err)) fail_msg("%s", err.text);
  return s;
}

/* The session's answer beside that of the network for `level`; the grey picture in every channel. */
static void gives(cnnimg_session *s, const char *level, uint8_t colours) {
  const cnnimg_format f = {.width = (uint32_t)image.dim[1],
                           .height = (uint32_t)image.dim[0],
                           .colours = colours,
                           .sample = CNNIMG_F32};
  cnnimg_view from, to;
  cnnimg_error err = {0};
  npy want = array(level);
  float *in = malloc(image.count * colours * sizeof *in), *out = malloc(image.count * colours * sizeof *out);
  for (size_t i = 0; i < image.count * colours; i++) in[i] = image.v[i / colours];
  cnnimg_view_init(&from, &f, in);
  cnnimg_view_init(&to, &f, out);
  if (cnnimg_run(s, &from, &to, &err)) fail_msg("%s", err.text);
  for (size_t i = 0; i < image.count * colours; i++)
    if (!(fabsf(out[i] - want.v[i / colours]) <= WORST))
      fail_msg("%s: %g at %zu instead of %g", level, (double)out[i], i, (double)want.v[i / colours]);
  free(in);
  free(out);
  free(want.v);
}

static void test_sigma_of_the_session(void **state) {
  static const struct {
    float sigma;
    const char *level;
  } cases[] = {{0, ".s0.out.npy"}, {2, ".s2.out.npy"},      {4.5f, ".s5.out.npy"}, {5, ".s5.out.npy"},
               {6, ".s5.out.npy"}, {48.5f, ".s50.out.npy"}, {50, ".s50.out.npy"},  {75, ".s75.out.npy"}};
  (void)state;
  cnnimg_model *m = open_model(NULL);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    for (uint8_t colours = 1; colours <= 3; colours += 2) {
      cnnimg_session *s = open_session(m, cases[i].sigma, colours);
      gives(s, cases[i].level, colours);
      cnnimg_session_free(s);
    }
  cnnimg_model_unref(m);
}

/* A session goes from one to another and back. */
static void test_sigma_that_changes(void **state) {
  (void)state;
  cnnimg_error err = {0};
  cnnimg_model *m = open_model(NULL);
  cnnimg_session *s = open_session(m, 50, 1);
  gives(s, ".s50.out.npy", 1);
  assert_int_equal(cnnimg_session_set_sigma(s, 5, &err), CNNIMG_OK);
  gives(s, ".s5.out.npy", 1);
  assert_int_equal(cnnimg_session_set_sigma(s, 60, &err), CNNIMG_OK);
  gives(s, ".s50.out.npy", 1);
  assert_true(cnnimg_session_sigma(s) == 60);
  cnnimg_session_free(s);
  cnnimg_model_unref(m);
}

/* Who does not say sigma has it estimated: what was found chooses. */
static void test_estimate(void **state) {
  const cnnimg_format f = {
      .width = (uint32_t)image.dim[1], .height = (uint32_t)image.dim[0], .colours = 1, .sample = CNNIMG_F32};
  (void)state;
  cnnimg_error err = {0};
  cnnimg_view v;
  float sigma = -1;
  cnnimg_view_init(&v, &f, image.v);
  assert_int_equal(cnnimg_estimate_sigma(&v, &sigma, &err), CNNIMG_OK);
  cnnimg_model *m = open_model(NULL);
  cnnimg_session *s = open_session(m, -1, 1), *said = open_session(m, sigma, 1);
  float *a = malloc(image.count * sizeof *a), *b = malloc(image.count * sizeof *b);
  cnnimg_view to;
  cnnimg_view_init(&to, &f, a);
  assert_int_equal(cnnimg_run(s, &v, &to, &err), CNNIMG_OK);
  cnnimg_view_init(&to, &f, b);
  assert_int_equal(cnnimg_run(said, &v, &to, &err), CNNIMG_OK);
  assert_true(cnnimg_session_sigma(s) == sigma);
  assert_memory_equal(a, b, image.count * sizeof *a);
  free(a);
  free(b);
  cnnimg_session_free(s);
  cnnimg_session_free(said);
  cnnimg_model_unref(m);
}

/* Which network is for what; a card that does not fit to the outputs is refused. */
static ci_program *outputs(size_t n, const char *sigmas) {
  ci_program *p = ci_program_new();
  const ci_pinput in = {.value = ci_program_add_value(p, "image", NULL), .type = CI_FLOAT, .rank = 4};
  assert_int_equal(ci_program_add_input(p, &in), 0);
  for (size_t i = 0; i < n; i++) assert_int_equal(ci_program_add_output(p, in.value), 0);
  assert_int_equal(ci_program_set_card(p, "output.sigma", sigmas), 0);
  return p;
}

static void test_card(void **state) {
  static const char *const wrong[] = {"5, 10", "5, 10, 15, 20", "5, 10, 10", "5, ten, 15", "", NULL};
  (void)state;
  ci_card card;
  cnnimg_error err = {0};
  ci_program *p = outputs(3, "5, 10, 15");
  assert_int_equal(ci_card_read(&card, p, &err), CNNIMG_OK);
  assert_int_equal(ci_card_output(&card, -1), 0);
  assert_int_equal(ci_card_output(&card, 5), 0);
  assert_int_equal(ci_card_output(&card, 5.5f), 1);
  assert_int_equal(ci_card_output(&card, 15), 2);
  assert_int_equal(ci_card_output(&card, 99), 2);
  ci_card_fini(&card);
  assert_int_equal(ci_program_set_card(p, "output", "image"), 0); /* whoever names one wants it */
  assert_int_equal(ci_card_read(&card, p, &err), CNNIMG_OK);
  assert_int_equal(ci_card_output(&card, 99), 0);
  ci_card_fini(&card);
  ci_program_free(p);
  for (int i = 0; wrong[i]; i++) {
    p = outputs(3, wrong[i]);
    assert_int_equal(ci_card_read(&card, p, &err), CNNIMG_UNSUPPORTED);
    assert_non_null(strstr(err.text, "rising"));
    ci_program_free(p);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sigma_of_the_session),
      cmocka_unit_test(test_sigma_that_changes),
      cmocka_unit_test(test_estimate),
      cmocka_unit_test(test_card),
  };
  return cmocka_run_group_tests(tests, start, stop);
}
