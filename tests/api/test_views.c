/* SPDX-License-Identifier: MIT */
/* test_views.c - the caller's pixels, however they lie, and the card's numbers on the way to the network */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/api/door.h"

static const uint8_t samples[] = {CNNIMG_U8, CNNIMG_U16, CNNIMG_F16, CNNIMG_F32};

typedef struct fixture {
  cnnimg_context *context;
  cnnimg_model *identity, *halves;
} fixture;

static int setup(void **state) {
  static fixture f;
  f.context = door_context(2);
  f.identity = door_model(f.context, "identity", NULL);
  f.halves = door_model(f.context, "halves", NULL);
  *state = &f;
  return 0;
}

static int teardown(void **state) {
  fixture *f = *state;
  cnnimg_model_unref(f->identity);
  cnnimg_model_unref(f->halves);
  cnnimg_close(f->context);
  return 0;
}

static void run(cnnimg_context *c, cnnimg_model *m, const cnnimg_view *src, const cnnimg_view *dst,
                uint32_t tile) {
  cnnimg_session *s = door_session(c, m, &src->format, tile);
  OK(cnnimg_run(s, src, dst, err));
  cnnimg_session_free(s);
}

static void near(float a, float b, float most, const char *what) {
  if (!(fabsf(a - b) <= most)) fail_msg("%s: %.9g, not %.9g", what, (double)a, (double)b);
}

/* ---- samples and strides --------------------------------------------------------------- */

static void test_every_sample_passes_unchanged(void **state) {
  const fixture *fx = *state;
  for (size_t i = 0; i < COUNT(samples) * 6; i++) {
    cnnimg_format f = door_format(37, 21, i % 2 ? 3 : 1, (int)(i / 2 % 3), samples[i / 6]);
    cnnimg_view src, dst;
    void *a = door_picture(&f, &src), *b = door_empty(&f, &dst);
    for (uint32_t y = 0; f.alpha == CNNIMG_ALPHA_PREMULTIPLIED && y < f.height; y++)
      for (uint32_t x = 0; x < f.width; x++) /* no colour is over its alpha */
        for (uint32_t c = 0; c < f.colours; c++)
          door_put(&src, x, y, c, fminf(door_get(&src, x, y, c), door_get(&src, x, y, f.colours)));
    run(fx->context, fx->identity, &src, &dst, 0);
    bool is_float = f.sample == CNNIMG_F16 || f.sample == CNNIMG_F32;
    if (is_float && (f.alpha == CNNIMG_ALPHA_PREMULTIPLIED || f.colours == 1)) {
      for (uint32_t x = 0; x < f.width;
           x++) /* divided and multiplied, or a mean of three: the last bits may change */
        near(door_get(&dst, x, 3, 0), door_get(&src, x, 3, 0), f.sample == CNNIMG_F16 ? 5e-4f : 2e-7f,
             "floats");
    } else {
      door_assert_same(&src, &dst);
    }
    free(a);
    free(b);
  }
}

/* The same samples, laid out in every way, into every other way. */
static void test_any_strides(void **state) {
  const fixture *fx = *state;
  enum { W = 19, H = 11, ROOM = W * H * 4 + 1000 };
  const cnnimg_format f = door_format(W, H, 3, CNNIMG_ALPHA_STRAIGHT, CNNIMG_U8);
  cnnimg_view src, want;
  void *a = door_picture(&f, &src), *b = door_empty(&f, &want);
  uint8_t *room[2] = {malloc(ROOM), malloc(ROOM)};
  const cnnimg_view ways[] = {
      {.row_stride = 4 * W, .pixel_stride = 4, .channel_stride = 1},
      {.data = (void *)2,
       .row_stride = 4 * W,
       .pixel_stride = 4,
       .channel_stride = -1,
       .alpha_offset = 1}, /* BGRA */
      {.data = (void *)1,
       .row_stride = 4 * W,
       .pixel_stride = 4,
       .channel_stride = 1,
       .alpha_offset = -1},                                          /* ARGB */
      {.row_stride = W, .pixel_stride = 1, .channel_stride = W * H}, /* planes */
      {.data = (void *)((H - 1) * W),
       .row_stride = -W,
       .pixel_stride = 1,
       .channel_stride = W * H}, /* from below */
      {.data = (void *)((W - 1) * 4),
       .row_stride = 4 * W + 5,
       .pixel_stride = -4,
       .channel_stride = 1},                                         /* mirrored */
      {.row_stride = 4, .pixel_stride = 4 * H, .channel_stride = 1}, /* columns */
  };
  run(fx->context, fx->halves, &src, &want, 0);
  for (size_t i = 0; i < COUNT(ways) * COUNT(ways); i++) {
    cnnimg_view from = ways[i / COUNT(ways)], to = ways[i % COUNT(ways)];
    from.format = to.format = f;
    from.data = room[0] + (uintptr_t)from.data, to.data = room[1] + (uintptr_t)to.data;
    for (uint32_t y = 0; y < H; y++)
      for (uint32_t x = 0; x < W; x++)
        for (uint32_t c = 0; c < 4; c++) door_put(&from, x, y, c, door_get(&src, x, y, c));
    run(fx->context, fx->halves, &from, &to, 0);
    door_assert_same(&want, &to);
  }
  free(a), free(b), free(room[0]), free(room[1]);
}

static void test_the_result_may_be_of_another_sample(void **state) {
  const fixture *fx = *state;
  for (size_t i = 0; i < 16; i++) {
    const cnnimg_format f = door_format(23, 9, 3, CNNIMG_ALPHA_STRAIGHT, samples[i / 4]);
    cnnimg_format g = f;
    g.sample = samples[i % 4];
    cnnimg_view src, dst;
    void *a = door_picture(&f, &src), *b = door_empty(&g, &dst);
    run(fx->context, fx->halves, &src, &dst, 0);
    for (uint32_t x = 0; x < 23; x++)
      for (uint32_t c = 0; c < 4; c++)
        near(door_get(&dst, x, 5, c), door_get(&src, x, 5, c) * (c ? 1 : 0.5f),
             g.sample == CNNIMG_U8 ? 0.00197f : 5e-4f, "another sample");
    free(a);
    free(b);
  }
}

/* Alpha that the source does not have is opaque; alpha that the result does not want is left out. */
static void test_alpha_may_come_and_go(void **state) {
  const fixture *fx = *state;
  const cnnimg_format with = door_format(8, 8, 3, CNNIMG_ALPHA_STRAIGHT, CNNIMG_U8),
                      without = door_format(8, 8, 3, 0, 1);
  cnnimg_view src, dst;
  void *a = door_picture(&without, &src), *b = door_empty(&with, &dst);
  run(fx->context, fx->identity, &src, &dst, 0);
  for (uint32_t x = 0; x < 8; x++)
    assert_true(door_get(&dst, x, 3, 3) == 1 && door_get(&dst, x, 3, 1) == door_get(&src, x, 3, 1));
  run(fx->context, fx->identity, &dst, &src, 0);
  free(a);
  free(b);
}

/* ---- alpha and light ---------------------------------------------------------------------- */

static void test_premultiplied_colours_are_divided_first(void **state) {
  const fixture *fx = *state;
  const cnnimg_format f = door_format(40, 30, 3, CNNIMG_ALPHA_PREMULTIPLIED, CNNIMG_F32);
  static const char *const add[] = {"mean=0.5", NULL}; /* halves gives (v + 0.5) / 2 then: not linear in v */
  cnnimg_model *m = door_model(fx->context, "halves", add);
  cnnimg_view src, dst;
  float *a = door_picture(&f, &src), *b = door_empty(&f, &dst);
  for (size_t i = 0; i < 40 * 30; i++)
    for (int c = 0; c < 3; c++) a[4 * i + (size_t)c] *= a[4 * i + 3];
  run(fx->context, m, &src, &dst, 0);
  for (size_t i = 0; i < 40 * 30; i++) {
    float alpha = a[4 * i + 3], straight = alpha > 0 ? a[4 * i] / alpha : 0;
    near(b[4 * i], (straight + 0.5f) / 2 * alpha, 1e-6f, "red");
    near(b[4 * i + 1], a[4 * i + 1], 1e-6f, "green");
    assert_true(b[4 * i + 3] == alpha);
  }
  cnnimg_model_unref(m);
  free(a);
  free(b);
}

static double encoded(double v) { return v <= 0.0031308 ? 12.92 * v : 1.055 * pow(v, 1 / 2.4) - 0.055; }
static double decoded(double v) { return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4); }

static void test_linear_light_is_encoded_first(void **state) {
  const fixture *fx = *state;
  cnnimg_format f = door_format(40, 30, 3, 0, CNNIMG_F32);
  cnnimg_view src, dst;
  f.transfer = CNNIMG_TRANSFER_LINEAR;
  float *a = door_picture(&f, &src), *b = door_empty(&f, &dst);
  run(fx->context, fx->halves, &src, &dst, 0);
  for (size_t i = 0; i < 40 * 30; i++) {
    near(b[3 * i], (float)decoded(encoded((double)a[3 * i]) / 2), 1e-6f, "red");
    near(b[3 * i + 1], a[3 * i + 1], 2e-6f, "green");
  }
  dst.format.transfer = CNNIMG_TRANSFER_ENCODED;
  run(fx->context, fx->identity, &src, &dst, 0);
  for (size_t i = 0; i < 40 * 30; i++) near(b[3 * i], (float)encoded((double)a[3 * i]), 1e-6f, "encoded");
  free(a);
  free(b);
}

/* ---- the card ------------------------------------------------------------------------------- */

typedef struct card_case {
  const char *const options[5];
  float gain[3], bias[3]; /* what halves then does to red, green, blue */
} card_case;

static void test_the_cards_numbers_are_applied(void **state) {
  const fixture *fx = *state;
  static const card_case cases[] = {
      {{"range=255", NULL}, {0.5f, 1, 1}, {0, 0, 0}},
      {{"order=bgr", NULL}, {1, 1, 0.5f}, {0, 0, 0}},
      {{"mean=0.4, 0.3, 0.2", "std=[0.25 0.5 2]", NULL}, {0.5f, 1, 1}, {0.2f, 0, 0}},
      {{"mean=102,10,20", "range=255", "order=bgr", NULL}, {1, 1, 0.5f}, {0, 0, 10 / 255.0f}},
      {{"output.range=2", NULL}, {0.25f, 0.5f, 0.5f}, {0, 0, 0}},
      {{"range=2e0", "output.range=1", "output.mean=-1", NULL}, {1, 2, 2}, {-1, -1, -1}},
      {{"output.std=3", NULL}, {1.5f, 3, 3}, {0, 0, 0}},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    const cnnimg_format f = door_format(30, 20, 3, 0, CNNIMG_F32);
    cnnimg_model *m = door_model(fx->context, "halves", cases[i].options);
    cnnimg_view src, dst;
    float *a = door_picture(&f, &src), *b = door_empty(&f, &dst);
    run(fx->context, m, &src, &dst, 0);
    for (size_t k = 0; k < 30 * 20 * 3; k++)
      near(b[k], a[k] * cases[i].gain[k % 3] + cases[i].bias[k % 3], 1e-6f, cases[i].options[0]);
    cnnimg_model_unref(m);
    free(a);
    free(b);
  }
}

static void test_wrong_options_are_refused(void **state) {
  const fixture *fx = *state;
  static const char *const wrong[][2] = {
      {"rnage=255", "rnage"},
      {"range", "key=value"},
      {"range=high", "range=high"},
      {"range=0", "range=0"},
      {"order=gbr", "order=gbr"},
      {"mean=1,2", "mean"},
      {"multiple=2.5", "multiple"},
      {"input.picture=image", "picture"},
      {"input.image=food", "food"},
      {"output=none", "none"},
      {"margin=-1", "margin"},
      {"margin=1025", "margin"},
      {"mirror=edge", "mirror=edge"},
      {"std=1,0,1", "std"},
      {"input.image=vector:a", "vector"},
  };
  char path[1024];
  door_path("halves.onnx", path, sizeof path);
  for (size_t i = 0; i < COUNT(wrong); i++) {
    const char *const options[] = {wrong[i][0], NULL};
    cnnimg_model *m;
    REFUSED(cnnimg_model_load_opt(fx->context, path, options, &m, err), CNNIMG_BADARG, wrong[i][1]);
    assert_null(m);
  }
  static const char *const scale[] = {"scale=2", NULL};
  const cnnimg_format f = door_format(9, 9, 3, 0, CNNIMG_U8);
  cnnimg_model *m = door_model(fx->context, "halves", scale);
  cnnimg_session *s;
  REFUSED(cnnimg_session_new(fx->context, m, NULL, &f, &s, err), CNNIMG_UNSUPPORTED, "scale=2");
  cnnimg_model_unref(m);
}

/* ---- one memory ------------------------------------------------------------------------------ */

static void test_source_and_result_may_be_one(void **state) {
  const fixture *fx = *state;
  static const uint32_t tiles[] = {0, 64, 37};
  cnnimg_model *m = door_model(fx->context, "denoise", NULL), *v = door_model(fx->context, "valid", NULL);
  cnnimg_model *const models[] = {m, v};
  const cnnimg_format f = door_format(150, 97, 3, CNNIMG_ALPHA_STRAIGHT, CNNIMG_U8);
  for (size_t i = 0; i < 6; i++) {
    cnnimg_view src, dst;
    void *a = door_picture(&f, &src), *b = door_empty(&f, &dst);
    run(fx->context, models[i / 3], &src, &dst, tiles[i % 3]);
    run(fx->context, models[i / 3], &src, &src, tiles[i % 3]);
    door_assert_same(&dst, &src);
    free(a);
    free(b);
  }
  cnnimg_model_unref(m);
  cnnimg_model_unref(v);
}

/* A network whose result does not look at the rows where it is written: they are read before that all the same. */
static void test_rows_are_read_before_they_are_written_over(void **state) {
  const fixture *fx = *state;
  const cnnimg_format f = door_format(20, 100, 3, 0, CNNIMG_U8);
  cnnimg_model *m = door_model(fx->context, "shift", NULL);
  cnnimg_view v;
  void *a = door_picture(&f, &v);
  run(fx->context, m, &v, &v, 0);
  for (uint32_t i = 0; i < 20 * 100; i++)
    near(door_get(&v, i % 20, i / 20, 1), i / 20 < 40 ? 0 : door_pixel(i % 20, i / 20 - 40, 1), 1e-6f,
         "moved down");
  cnnimg_model_unref(m);
  free(a);
}

/* The result lies some rows further down in the source's own memory, or some up. */
static void test_source_and_result_may_overlap(void **state) {
  const fixture *fx = *state;
  const cnnimg_format f = door_format(40, 300, 3, 0, CNNIMG_U8), tall = door_format(40, 500, 3, 0, CNNIMG_U8);
  cnnimg_model *m = door_model(fx->context, "valid", NULL);
  for (int i = 0; i < 2; i++) {
    cnnimg_view all, src, dst, want;
    void *a = door_picture(&tall, &all), *b = door_empty(&f, &want);
    src = door_crop(&all, 0, i ? 200 : 0, 40, 300), dst = door_crop(&all, 0, i ? 0 : 200, 40, 300);
    run(fx->context, m, &src, &want, 0);
    run(fx->context, m, &src, &dst, 0);
    door_assert_same(&want, &dst);
    free(a);
    free(b);
  }
  cnnimg_model_unref(m);
}

static void test_strength_mixes(void **state) {
  const fixture *fx = *state;
  const cnnimg_format f = door_format(20, 10, 3, 0, CNNIMG_F32);
  cnnimg_params p;
  cnnimg_session *s;
  cnnimg_view src, dst;
  float *a = door_picture(&f, &src), *b = door_empty(&f, &dst);
  cnnimg_params_init(&p, CNNIMG_TASK_NONE);
  p.strength = 0.25f;
  OK(cnnimg_session_new(fx->context, fx->halves, &p, &f, &s, err));
  OK(cnnimg_run(s, &src, &dst, err));
  for (size_t i = 0; i < 200; i++) near(b[3 * i], a[3 * i] * 0.875f, 1e-6f, "red");
  cnnimg_session_free(s);
  free(a);
  free(b);
}

static void test_wrong_views_are_refused(void **state) {
  const fixture *fx = *state;
  const cnnimg_format f = door_format(9, 9, 3, 0, CNNIMG_U8);
  cnnimg_format bad[] = {f, f, f, f, f, f};
  cnnimg_view src, dst, other;
  cnnimg_session *s = door_session(fx->context, fx->identity, &f, 0), *none;
  void *a = door_picture(&f, &src), *b = door_empty(&f, &dst);
  bad[0].width = 8, bad[1].colours = 1, bad[2].sample = 7, bad[3].alpha = 3, bad[4].transfer = 2,
  bad[5].height = 0;
  for (size_t i = 0; i < COUNT(bad); i++) {
    other = dst;
    other.format = bad[i];
    REFUSED(cnnimg_run(s, &src, &other, err), CNNIMG_BADARG, "destination");
    REFUSED(cnnimg_run(s, &other, &dst, err), CNNIMG_BADARG, "source");
    if (i > 1 && i < 5)
      REFUSED(cnnimg_session_new(fx->context, fx->identity, NULL, &bad[i], &none, err), CNNIMG_BADARG,
              "a picture");
  }
  other = dst, other.data = NULL;
  REFUSED(cnnimg_run(s, &src, &other, err), CNNIMG_BADARG, "data");
  cnnimg_session_free(s);
  free(a);
  free(b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_sample_passes_unchanged),
      cmocka_unit_test(test_any_strides),
      cmocka_unit_test(test_the_result_may_be_of_another_sample),
      cmocka_unit_test(test_alpha_may_come_and_go),
      cmocka_unit_test(test_premultiplied_colours_are_divided_first),
      cmocka_unit_test(test_linear_light_is_encoded_first),
      cmocka_unit_test(test_the_cards_numbers_are_applied),
      cmocka_unit_test(test_wrong_options_are_refused),
      cmocka_unit_test(test_source_and_result_may_be_one),
      cmocka_unit_test(test_rows_are_read_before_they_are_written_over),
      cmocka_unit_test(test_source_and_result_may_overlap),
      cmocka_unit_test(test_strength_mixes),
      cmocka_unit_test(test_wrong_views_are_refused),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
