/* SPDX-License-Identifier: MIT */
/* test_augment.c - the mean of eight turns, beside one that the test makes of eight runs of pictures that it turned */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/tasks/ways.h"

static int setup(void **state) {
  *state = door_context(2);
  return 0;
}

static int teardown(void **state) {
  cnnimg_close(*state);
  return 0;
}

/* ---- the eight turns, pixel by pixel ----------------------------------------------------------- */

/* A quarter turn clockwise (as many as `quarters`), after a mirror if `flip`. Pixel (x, y) of a w x h picture goes to
 * (*X, *Y). */
static void place(int quarters, bool flip, uint32_t w, uint32_t h, uint32_t x, uint32_t y, uint32_t *X,
                  uint32_t *Y) {
  if (flip) x = w - 1 - x;
  for (; quarters; quarters--) {
    uint32_t right = h - 1 - y, side = w;
    y = x, x = right;
    w = h, h = side;
  }
  *X = x, *Y = y;
}

static void *turned(const cnnimg_view *v, int quarters, bool flip, cnnimg_view *out) {
  cnnimg_format f = v->format;
  const uint32_t w = f.width, h = f.height;
  uint32_t X, Y;
  if (quarters & 1) f.width = h, f.height = w;
  void *data = door_empty(&f, out);
  for (uint32_t y = 0; y < h; y++)
    for (uint32_t x = 0; x < w; x++) {
      place(quarters, flip, w, h, x, y, &X, &Y);
      for (uint32_t c = 0; c < f.colours + (uint32_t)(f.alpha != 0); c++)
        door_put(out, X, Y, c, door_get(v, x, y, c));
    }
  return data;
}

static void add_back(const cnnimg_view *from, int quarters, bool flip, const cnnimg_view *sum) {
  const cnnimg_format *f = &sum->format;
  uint32_t X, Y;
  for (uint32_t y = 0; y < f->height; y++)
    for (uint32_t x = 0; x < f->width; x++) {
      place(quarters, flip, f->width, f->height, x, y, &X, &Y);
      for (uint32_t c = 0; c < f->colours + (uint32_t)(f->alpha != 0); c++)
        door_put(sum, x, y, c, door_get(sum, x, y, c) + door_get(from, X, Y, c) / 8);
    }
}

static uint32_t turned_wrap(uint32_t wrap) {
  return (wrap & CNNIMG_WRAP_X ? CNNIMG_WRAP_Y : 0) | (wrap & CNNIMG_WRAP_Y ? CNNIMG_WRAP_X : 0);
}

/* What augmentation must give, as floats. */
static void *by_hand(cnnimg_context *c, cnnimg_model *m, const cnnimg_params *p, const cnnimg_view *src,
                     cnnimg_view *sum) {
  void *data = NULL;
  for (int i = 0; i < 8; i++) {
    cnnimg_params own = *p;
    cnnimg_view in, out;
    own.augment = 0;
    if (i & 1) {
      own.wrap = turned_wrap(p->wrap);
      own.result_width = p->result_height, own.result_height = p->result_width;
    }
    void *a = turned(src, i & 3, i >= 4, &in), *b = ways_run(c, m, &own, &in, CNNIMG_F32, &out);
    if (!data) data = door_empty(&out.format, sum);
    add_back(&out, i & 3, i >= 4, sum);
    free(a), free(b);
  }
  return data;
}

typedef struct example {
  const char *net;
  uint32_t width, height, wrap;
  int colours, alpha, sample;
  float strength;
  uint32_t result_width, result_height;
} example;

#define BOTH (CNNIMG_WRAP_X | CNNIMG_WRAP_Y)

static const example examples[] = {
    {"valid", 40, 31, 0, 3, 0, CNNIMG_U8, 1, 0, 0},
    {"valid", 33, 33, 0, 3, 0, CNNIMG_F32, 1, 0, 0},
    {"valid", 1, 1, 0, 3, 0, CNNIMG_U8, 1, 0, 0},
    {"valid", 1, 90, 0, 1, 0, CNNIMG_U16, 1, 0, 0},
    {"valid", 30, 41, 0, 3, CNNIMG_ALPHA_STRAIGHT, CNNIMG_U8, 0.5f, 0, 0},
    {"odd", 30, 41, 0, 3, CNNIMG_ALPHA_PREMULTIPLIED, CNNIMG_U16, 1, 0, 0},
    {"upvalid", 35, 22, 0, 3, 0, CNNIMG_U8, 1, 0, 0},
    {"upvalid", 35, 22, 0, 3, CNNIMG_ALPHA_STRAIGHT, CNNIMG_U16, 0.75f, 50, 31},
    {"valid", 30, 20, BOTH, 3, 0, CNNIMG_U8, 1, 0, 0},
    {"valid", 30, 30, CNNIMG_WRAP_X, 3, 0, CNNIMG_U8, 1, 0, 0},
    {"denoise", 43, 38, 0, 3, 0, CNNIMG_U8, 1, 0, 0},
    {"valid", 200, 160, 0, 3, CNNIMG_ALPHA_STRAIGHT, CNNIMG_F32, 1, 0, 0},
};

static cnnimg_params params_of(const example *e) {
  cnnimg_params p;
  cnnimg_params_init(&p, CNNIMG_TASK_NONE);
  p.sigma = 25, p.augment = 1;
  p.wrap = e->wrap, p.strength = e->strength;
  p.result_width = e->result_width, p.result_height = e->result_height;
  return p;
}

static void test_it_is_the_mean_of_eight_runs(void **state) {
  for (size_t i = 0; i < COUNT(examples); i++) {
    const example *e = &examples[i];
    const cnnimg_format f = door_format(e->width, e->height, e->colours, e->alpha, e->sample);
    const cnnimg_params p = params_of(e);
    cnnimg_model *m = door_model(*state, e->net, NULL);
    cnnimg_view src, have, want;
    char what[64];
    snprintf(what, sizeof what, "example %zu, %s %ux%u", i, e->net, e->width, e->height);
    void *a = door_picture(&f, &src), *b = ways_run(*state, m, &p, &src, CNNIMG_F32, &have),
         *c = by_hand(*state, m, &p, &src, &want);
    ways_near(&have, &want, 5e-6f, what);
    cnnimg_model_unref(m);
    free(a), free(b), free(c);
  }
}

static void test_every_way_gives_the_same_bytes(void **state) {
  static const size_t some[] = {0, 1, 3, 4, 7, 8, 11};
  for (size_t i = 0; i < COUNT(some); i++) {
    const example *e = &examples[some[i]];
    const cnnimg_format f = door_format(e->width, e->height, e->colours, e->alpha, e->sample);
    const cnnimg_params p = params_of(e);
    cnnimg_model *m = door_model(*state, e->net, NULL);
    cnnimg_view src, whole;
    void *a = door_picture(&f, &src), *b = ways_run(*state, m, &p, &src, e->sample, &whole);
    ways_check(m, &p, &src, &whole);
    cnnimg_model_unref(m);
    free(a), free(b);
  }
}

/* Bit by bit, whatever the samples are. */
static void test_alpha_comes_out_as_it_went_in(void **state) {
  static const int samples[] = {CNNIMG_U8, CNNIMG_U16, CNNIMG_F16, CNNIMG_F32};
  cnnimg_model *m = door_model(*state, "valid", NULL);
  for (size_t i = 0; i < COUNT(samples); i++) {
    const cnnimg_format f = door_format(37, 20, 3, CNNIMG_ALPHA_STRAIGHT, samples[i]);
    cnnimg_params p = params_of(&examples[0]);
    cnnimg_view src, have;
    void *a = door_picture(&f, &src);
    for (uint32_t x = 0; x < 37; x++) door_put(&src, x, 3, 3, (float)x / 36.7f);
    void *b = ways_run(*state, m, &p, &src, samples[i], &have);
    for (uint32_t y = 0; y < 20; y++)
      for (uint32_t x = 0; x < 37; x++) assert_true(door_get(&src, x, y, 3) == door_get(&have, x, y, 3));
    free(a), free(b);
  }
  cnnimg_model_unref(m);
}

/* A network of single pixels: each turn gives the same, if masks and hints are turned with the picture. */
static void test_the_other_inputs_are_turned(void **state) {
  ways_inputs(*state, 1, 0, 1e-6f);
  ways_inputs(*state, 1, BOTH, 1e-6f);
}

static void test_sigma_is_estimated_once(void **state) {
  const cnnimg_format f = door_format(60, 48, 3, 0, CNNIMG_U8);
  cnnimg_model *m = door_model(*state, "denoise", NULL);
  cnnimg_params p;
  cnnimg_session *s;
  cnnimg_view src, dst;
  float sigma;
  cnnimg_params_init(&p, CNNIMG_TASK_DENOISE);
  p.augment = 1;
  void *a = door_picture(&f, &src), *b = door_empty(&f, &dst);
  OK(cnnimg_estimate_sigma(&src, &sigma, err));
  OK(cnnimg_session_new(*state, m, &p, &f, &s, err));
  assert_true(cnnimg_session_sigma(s) < 0);
  OK(cnnimg_run(s, &src, &dst, err));
  assert_true(cnnimg_session_sigma(s) == sigma); /* of the 8-bit picture, clipped as it is */
  OK(cnnimg_session_set_sigma(s, 12, err));
  assert_true(cnnimg_session_sigma(s) == 12);
  cnnimg_session_free(s);
  cnnimg_model_unref(m);
  free(a), free(b);
}

/* ---- progress, cancelling, refusals ----------------------------------------------------------------- */

typedef struct story {
  uint64_t last, total;
  uint64_t stop; /* where it cancels */
} story;

static int progress(void *user, uint64_t done, uint64_t total) {
  story *s = user;
  assert_true(done >= s->last && done <= total);
  assert_true(!s->total || s->total == total);
  s->last = done, s->total = total;
  return s->stop && done >= s->stop;
}

static void test_progress_is_of_all_runs(void **state) {
  const cnnimg_format f = door_format(50, 40, 3, 0, CNNIMG_U8);
  cnnimg_model *m = door_model(*state, "valid", NULL);
  cnnimg_params p = params_of(&examples[0]);
  cnnimg_session *s;
  cnnimg_view src, dst;
  story told = {0, 0, 0};
  cnnimg_cancel cancel = {0};
  void *a = door_picture(&f, &src), *b = door_empty(&f, &dst);
  p.progress = progress, p.progress_user = &told, p.cancel = &cancel;
  OK(cnnimg_session_new(*state, m, &p, &f, &s, err));
  OK(cnnimg_run(s, &src, &dst, err));
  assert_int_equal(told.total, 8 * 50 * 40);
  assert_int_equal(told.last, told.total);
  told = (story){0, 0, 5 * 50 * 40 + 1}; /* in the sixth run */
  REFUSED(cnnimg_run(s, &src, &dst, err), CNNIMG_CANCELLED, "cancelled");
  assert_in_range(told.last, 5 * 50 * 40 + 1, 6 * 50 * 40);
  told = (story){0, 0, 0};
  OK(cnnimg_run(s, &src, &dst, err)); /* and goes on as new */
  cnnimg_cancel_set(&cancel);
  REFUSED(cnnimg_run(s, &src, &dst, err), CNNIMG_CANCELLED, "cancelled");
  cnnimg_session_free(s);
  cnnimg_model_unref(m);
  free(a), free(b);
}

static void test_odd_parameters(void **state) {
  const cnnimg_format f = door_format(4, 3, 3, 0, CNNIMG_U8);
  cnnimg_format bad = f;
  cnnimg_model *m = door_model(*state, "valid", NULL);
  cnnimg_params p = params_of(&examples[0]);
  cnnimg_session *s;
  p.augment = 2;
  REFUSED(cnnimg_session_new(*state, m, &p, &f, &s, err), CNNIMG_BADARG, "augment 2");
  p.augment = 1, bad.sample = 3;
  REFUSED(cnnimg_session_new(*state, m, &p, &bad, &s, err), CNNIMG_BADARG, "type 3");
  bad = f, bad.alpha = 3;
  REFUSED(cnnimg_session_new(*state, m, &p, &bad, &s, err), CNNIMG_BADARG, "alpha of kind 3");
  cnnimg_model_unref(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_it_is_the_mean_of_eight_runs),
      cmocka_unit_test(test_every_way_gives_the_same_bytes),
      cmocka_unit_test(test_alpha_comes_out_as_it_went_in),
      cmocka_unit_test(test_the_other_inputs_are_turned),
      cmocka_unit_test(test_sigma_is_estimated_once),
      cmocka_unit_test(test_progress_is_of_all_runs),
      cmocka_unit_test(test_odd_parameters),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
