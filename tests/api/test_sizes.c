/* SPDX-License-Identifier: MIT */
/* test_sizes.c - networks that eat borders, want certain sizes, or more inputs than the picture */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/api/door.h"

static int setup(void **state) {
  *state = door_context(2);
  return 0;
}

static int teardown(void **state) {
  cnnimg_close(*state);
  return 0;
}

static float *read_floats(const char *net, uint32_t width, uint32_t height, size_t n) {
  char name[64], path[1024];
  snprintf(name, sizeof name, "%s-%ux%u.f32", net, width, height);
  door_path(name, path, sizeof path);
  FILE *f = fopen(path, "rb");
  float *v = malloc(n * sizeof *v);
  if (!f || fread(v, sizeof *v, n, f) != n) fail_msg("%s cannot be read", path);
  fclose(f);
  return v;
}

typedef struct answer {
  const char *net;
  uint32_t scale;
} answer;

static void check_answer(cnnimg_context *context, const answer *a, uint32_t w, uint32_t h) {
  const cnnimg_format f = door_format(w, h, 3, 0, CNNIMG_U8),
                      g = door_format(w * a->scale, h * a->scale, 3, 0, CNNIMG_F32);
  cnnimg_model *m = door_model(context, a->net, NULL);
  cnnimg_session *s = door_session(context, m, &f, 0);
  cnnimg_view src, dst;
  void *p = door_picture(&f, &src), *q = door_empty(&g, &dst);
  assert_int_equal(cnnimg_session_cost(s)->width, g.width);
  assert_int_equal(cnnimg_session_cost(s)->height, g.height);
  OK(cnnimg_run(s, &src, &dst, err));
  float *want = read_floats(a->net, w, h, (size_t)3 * g.width * g.height), *have = q;
  for (size_t k = 0; k < (size_t)3 * g.width * g.height; k++)
    if (!(fabsf(want[k] - have[k]) < 1e-5f))
      fail_msg("%s %ux%u, number %zu: %g, not %g", a->net, w, h, k, (double)have[k], (double)want[k]);
  cnnimg_session_free(s);
  cnnimg_model_unref(m);
  free(want), free(p), free(q);
}

/* What ONNX Runtime makes of the mirrored picture, for pictures of one pixel, odd and even ones. */
static void test_lost_borders_are_made_up(void **state) {
  static const answer nets[] = {{"valid", 1}, {"upvalid", 2}, {"odd", 1}};
  for (size_t i = 0; i < COUNT(nets); i++) {
    check_answer(*state, &nets[i], 13, 9);
    check_answer(*state, &nets[i], 1, 1);
    check_answer(*state, &nets[i], 40, 21);
  }
}

/* Each channel of a colour picture, or its luma, as the card says. */
static void test_grey_networks_take_colours(void **state) {
  static const answer nets[] = {{"grey", 1}, {"luma", 2}, {"studio", 2}};
  for (size_t i = 0; i < COUNT(nets); i++) {
    check_answer(*state, &nets[i], 13, 9);
    check_answer(*state, &nets[i], 40, 21);
  }
}

/* Larger and smaller pictures than the one that the exporter had; other programs would refuse them. */
static void test_sizes_of_an_export_are_open(void **state) {
  static const answer net = {"fixed", 3};
  check_answer(*state, &net, 13, 9);
  check_answer(*state, &net, 40, 21);
}

/* A multiple that the card says, or one that is asked for, changes nothing but the padding on the right and below. */
static void test_a_multiple_may_be_said(void **state) {
  static const char *const options[] = {"multiple=16", "scale=1", NULL};
  const cnnimg_format f = door_format(13, 9, 3, 0, CNNIMG_F32);
  cnnimg_model *m = door_model(*state, "halves", options);
  cnnimg_session *s = door_session(*state, m, &f, 0);
  cnnimg_view src, dst;
  float *p = door_picture(&f, &src), *q = door_empty(&f, &dst);
  OK(cnnimg_run(s, &src, &dst, err));
  for (size_t k = 0; k < 13 * 9 * 3; k++) assert_true(q[k] == p[k] * (k % 3 ? 1 : 0.5f));
  cnnimg_session_free(s);
  cnnimg_model_unref(m);
  free(p);
  free(q);
}

/* Where pixel i lies in a picture of n that is mirrored as often as it takes. */
static uint32_t bounced(int32_t i, int32_t n, bool twice) {
  while (i < 0 || i >= n) i = i < 0 ? -i - twice : 2 * n - 2 - i + twice;
  return (uint32_t)i;
}

/* The picture with its mirror image around it. */
static void *mirrored_picture(const cnnimg_format *f, int32_t margin, bool twice, cnnimg_view *v) {
  const cnnimg_format g =
      door_format(f->width + 2 * (uint32_t)margin, f->height + 2 * (uint32_t)margin, 3, 0, CNNIMG_F32);
  void *p = door_empty(&g, v);
  for (uint32_t y = 0; y < g.height; y++)
    for (uint32_t x = 0; x < g.width; x++)
      for (uint32_t c = 0; c < 3; c++)
        door_put(v, x, y, c,
                 door_pixel(bounced((int32_t)x - margin, (int32_t)f->width, twice),
                            bounced((int32_t)y - margin, (int32_t)f->height, twice), c));
  return p;
}

static void run_with(cnnimg_context *context, const char *const *options, const cnnimg_view *src,
                     const cnnimg_view *dst) {
  cnnimg_model *m = door_model(context, "grey", options);
  cnnimg_session *s = door_session(context, m, &src->format, 0);
  OK(cnnimg_run(s, src, dst, err));
  cnnimg_session_free(s);
  cnnimg_model_unref(m);
}

/* The network pads with zeros: with a margin it answers as if its host had mirrored the picture and cut the result. */
static void test_a_margin_is_what_a_host_would_add(void **state) {
  static const char *const cards[][3] = {
      {"margin=20", NULL}, {"margin=20", "mirror=symmetric", NULL}, {"margin=5", "mirror=reflect", NULL}};
  for (size_t i = 0; i < COUNT(cards); i++) {
    const cnnimg_format f = door_format(13, 9, 3, 0, CNNIMG_F32);
    int32_t margin = i == 2 ? 5 : 20;
    cnnimg_view src, dst, large, larger;
    void *p = door_picture(&f, &src), *q = door_empty(&f, &dst);
    void *r = mirrored_picture(&f, margin, i == 1, &large), *t = door_empty(&large.format, &larger);
    run_with(*state, cards[i], &src, &dst);
    run_with(*state, NULL, &large, &larger);
    cnnimg_view middle = door_crop(&larger, (uint32_t)margin, (uint32_t)margin, 13, 9);
    door_assert_same(&dst, &middle);
    free(p), free(q), free(r), free(t);
  }
}

static void test_channels_may_come_last(void **state) {
  const cnnimg_format f = door_format(31, 17, 3, 0, CNNIMG_F32);
  cnnimg_model *m = door_model(*state, "last", NULL);
  cnnimg_session *s = door_session(*state, m, &f, 0);
  cnnimg_view src, dst;
  float *p = door_picture(&f, &src), *q = door_empty(&f, &dst);
  OK(cnnimg_run(s, &src, &dst, err));
  for (size_t k = 0; k < 31 * 17 * 3; k++) assert_true(q[k] == p[k] * (k % 3 ? 1 : 0.5f));
  cnnimg_session_free(s);
  cnnimg_model_unref(m);
  free(p);
  free(q);
}

/* The network turns its 4x4 pixels and channels round; what is smaller is mirrored up to that. */
static void test_a_picture_may_be_a_vector(void **state) {
  cnnimg_model *m = door_model(*state, "reverse", NULL);
  for (uint32_t n = 3; n <= 4; n++) {
    const cnnimg_format f = door_format(n, n, 3, 0, CNNIMG_F32);
    cnnimg_session *s = door_session(*state, m, &f, 0);
    cnnimg_view src, dst;
    float *p = door_picture(&f, &src), *q = door_empty(&f, &dst);
    OK(cnnimg_run(s, &src, &dst, err));
    for (uint32_t i = 0; i < n * n * 3; i++) {
      uint32_t c = i % 3, x = i / 3 % n, y = i / 3 / n;
      uint32_t x2 = 3 - x < n ? 3 - x : 1,
               y2 = 3 - y < n ? 3 - y : 1; /* column 3 of three mirrors column 1 */
      assert_true(q[i] == door_pixel(x2, y2, 2 - c));
    }
    cnnimg_session_free(s);
    free(p);
    free(q);
  }
  const cnnimg_format big = door_format(5, 4, 3, 0, CNNIMG_F32);
  cnnimg_session *s;
  REFUSED(cnnimg_session_new(*state, m, NULL, &big, &s, err), CNNIMG_UNSUPPORTED, "made for 4x4");
  cnnimg_model_unref(m);
}

/* ---- more inputs ----------------------------------------------------------------------- */

typedef struct extras {
  cnnimg_view mask, hints, sigma_map, kernel;
  void *data[4];
} extras;

static void make_extras(extras *e, cnnimg_params *p, uint32_t w, uint32_t h) {
  const cnnimg_format mask = door_format(w, h, 1, 0, CNNIMG_U8), hints = door_format(w, h, 3, 1, CNNIMG_U16);
  const cnnimg_format sigma = door_format(w, h, 1, 0, CNNIMG_F32),
                      kernel = door_format(5, 3, 1, 0, CNNIMG_F32);
  e->data[0] = door_picture(&mask, &e->mask);
  e->data[1] = door_picture(&hints, &e->hints);
  e->data[2] = door_picture(&sigma, &e->sigma_map);
  e->data[3] = door_picture(&kernel, &e->kernel);
  cnnimg_params_init(p, CNNIMG_TASK_NONE);
  p->mask = &e->mask, p->hints = &e->hints, p->sigma_map = &e->sigma_map, p->kernel = &e->kernel;
}

static void free_extras(extras *e) {
  for (int i = 0; i < 4; i++) free(e->data[i]);
}

/* image (1 - hole) + colours' RGB times its fourth channel times hole + noise + mean of blur + code */
static float formula(const extras *e, uint32_t x, uint32_t y, uint32_t c, float sigma) {
  float hole = door_get(&e->mask, x, y, 0), blur = 0;
  for (uint32_t i = 0; i < 15; i++) blur += door_get(&e->kernel, i % 5, i / 5, 0) / 15;
  return door_pixel(x, y, c) * (1 - hole) +
         door_get(&e->hints, x, y, c) * door_get(&e->hints, x, y, 3) * hole +
         fminf(sigma < 0 ? door_get(&e->sigma_map, x, y, 0) : sigma / 255.0f, 75 / 255.0f) + blur +
         0.25f * (float)c;
}

static void test_the_networks_other_inputs(void **state) {
  static const char *const options[] = {"sigma_max=75", NULL};
  const cnnimg_format f = door_format(21, 14, 3, 0, CNNIMG_F32);
  cnnimg_model *m = door_model(*state, "inputs", options);
  static const float sigmas[] = {-1, 40, 90}; /* < 0: the map */
  for (size_t k = 0; k < COUNT(sigmas); k++) {
    extras e;
    cnnimg_params p;
    cnnimg_session *s;
    cnnimg_view src, dst;
    void *a = door_picture(&f, &src), *b = door_empty(&f, &dst);
    make_extras(&e, &p, 21, 14);
    if (sigmas[k] >= 0) p.sigma_map = NULL, p.sigma = sigmas[k];
    OK(cnnimg_session_new(*state, m, &p, &f, &s, err));
    OK(cnnimg_run(s, &src, &dst, err));
    for (uint32_t i = 0; i < 21 * 14 * 3; i++) {
      float want = formula(&e, i / 3 % 21, i / 63, i % 3, sigmas[k]), have = ((float *)b)[i];
      if (!(fabsf(want - have) < 2e-6f)) fail_msg("number %u: %g, not %g", i, (double)have, (double)want);
    }
    cnnimg_session_free(s);
    free_extras(&e);
    free(a), free(b);
  }
  cnnimg_model_unref(m);
}

static void test_missing_inputs_are_named(void **state) {
  const cnnimg_format f = door_format(21, 14, 3, 0, CNNIMG_F32);
  cnnimg_model *m = door_model(*state, "inputs", NULL);
  cnnimg_params all, p;
  cnnimg_session *s;
  extras e;
  make_extras(&e, &all, 21, 14);
  REFUSED(cnnimg_session_new(*state, m, (p = all, p.mask = NULL, &p), &f, &s, err), CNNIMG_BADARG,
          "params.mask");
  REFUSED(cnnimg_session_new(*state, m, (p = all, p.hints = NULL, &p), &f, &s, err), CNNIMG_BADARG,
          "params.hints");
  REFUSED(cnnimg_session_new(*state, m, (p = all, p.kernel = NULL, &p), &f, &s, err), CNNIMG_BADARG,
          "params.kernel");
  REFUSED(cnnimg_session_new(*state, m, (p = all, p.hints = p.mask = p.kernel, &p), &f, &s, err),
          CNNIMG_BADARG, "5x3");
  REFUSED(cnnimg_session_new(*state, m, (p = all, p.detail = 1.5f, &p), &f, &s, err), CNNIMG_BADARG,
          "detail 1.5");
  REFUSED(cnnimg_session_new(*state, m, (p = all, p.chroma = -1, &p), &f, &s, err), CNNIMG_BADARG,
          "chroma -1");
  REFUSED(cnnimg_session_new(*state, m, (p = all, p.jpeg_quality = 101, &p), &f, &s, err), CNNIMG_BADARG,
          "quality of 101");
  REFUSED(cnnimg_session_new(*state, m, (p = all, p.augment = 8, &p), &f, &s, err), CNNIMG_BADARG, "augment");
  REFUSED(cnnimg_session_new(*state, m, (p = all, p.strength = 1.5f, &p), &f, &s, err), CNNIMG_BADARG,
          "strength");
  free_extras(&e);
  cnnimg_model_unref(m);
}

/* What only a card says is refused without it. */
static void test_an_input_without_a_role_is_named(void **state) {
  static const char *const options[] = {"input.noise=image", NULL};
  const cnnimg_format f = door_format(8, 8, 3, 0, CNNIMG_U8);
  char path[1024];
  cnnimg_model *m;
  cnnimg_session *s;
  door_path("inputs.onnx", path, sizeof path);
  REFUSED(cnnimg_model_load_opt(*state, path, options, &m, err), CNNIMG_BADARG, "two images");
  m = door_model(*state, "arrays", NULL);
  REFUSED(cnnimg_session_new(*state, m, NULL, &f, &s, err), CNNIMG_UNSUPPORTED, "no input");
  cnnimg_model_unref(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_lost_borders_are_made_up),
      cmocka_unit_test(test_grey_networks_take_colours),
      cmocka_unit_test(test_sizes_of_an_export_are_open),
      cmocka_unit_test(test_a_multiple_may_be_said),
      cmocka_unit_test(test_a_margin_is_what_a_host_would_add),
      cmocka_unit_test(test_channels_may_come_last),
      cmocka_unit_test(test_a_picture_may_be_a_vector),
      cmocka_unit_test(test_the_networks_other_inputs),
      cmocka_unit_test(test_missing_inputs_are_named),
      cmocka_unit_test(test_an_input_without_a_role_is_named),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
