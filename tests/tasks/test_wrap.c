/* SPDX-License-Identifier: MIT */
/* test_wrap.c - pictures that go on at their other side: as the middle of a plane of copies, which the test lays out */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/tasks/ways.h"

#define FAR 110 /* pixels: more than these networks and filters look */

static int setup(void **state) {
  *state = door_context(2);
  return 0;
}

static int teardown(void **state) {
  cnnimg_close(*state);
  return 0;
}

/* So many copies on either side that the middle one sees nothing else. */
static uint32_t copies(uint32_t size, uint32_t wraps) { return wraps ? (FAR + size - 1) / size : 0; }

static void *lay_out(const cnnimg_view *v, uint32_t nx, uint32_t ny, cnnimg_view *plane) {
  cnnimg_format f = v->format;
  f.width *= 2 * nx + 1, f.height *= 2 * ny + 1;
  void *data = door_empty(&f, plane);
  const size_t pixel = cnnimg_pixel_bytes(&f);
  for (uint32_t y = 0; y < f.height; y++)
    for (uint32_t x = 0; x < f.width; x++)
      memcpy((uint8_t *)data + ((size_t)y * f.width + x) * pixel,
             (uint8_t *)v->data +
                 ((size_t)(y % v->format.height) * v->format.width + x % v->format.width) * pixel,
             pixel);
  return data;
}

/* The middle of what the network makes of the plane. */
static void *middle(cnnimg_context *c, cnnimg_model *m, const cnnimg_params *p, const cnnimg_view *src,
                    const cnnimg_view *shape, cnnimg_view *part) {
  uint32_t nx = copies(src->format.width, p->wrap & CNNIMG_WRAP_X),
           ny = copies(src->format.height, p->wrap & CNNIMG_WRAP_Y);
  uint32_t w = shape->format.width, h = shape->format.height;
  cnnimg_params own = *p;
  cnnimg_view plane, whole;
  void *a = lay_out(src, nx, ny, &plane);
  own.wrap = 0;
  if (p->result_width) own.result_width = w * (2 * nx + 1), own.result_height = h * (2 * ny + 1);
  void *b = ways_run(c, m, &own, &plane, CNNIMG_F32, &whole);
  *part = door_crop(&whole, nx * w, ny * h, w, h);
  free(a);
  return b;
}

typedef struct texture {
  const char *net;
  uint32_t width, height, wrap;
  int alpha, sample;
  float strength;
  uint32_t result_width, result_height;
  float most; /* 0: the tiles of convolutions lie alike in both */
} texture;

#define BOTH (CNNIMG_WRAP_X | CNNIMG_WRAP_Y)
#define STRAIGHT CNNIMG_ALPHA_STRAIGHT

static const texture textures[] = {
    {"valid", 48, 36, BOTH, 0, CNNIMG_U8, 1, 0, 0, 0},
    {"valid", 48, 36, CNNIMG_WRAP_X, 0, CNNIMG_U8, 1, 0, 0, 0},
    {"valid", 48, 36, CNNIMG_WRAP_Y, 0, CNNIMG_U8, 1, 0, 0, 0},
    {"valid", 97, 71, BOTH, STRAIGHT, CNNIMG_U16, 0.5f, 0, 0, 1e-5f},
    {"valid", 5, 3, BOTH, 0, CNNIMG_F32, 1, 0, 0, 1e-5f},
    {"valid", 1, 1, BOTH, 0, CNNIMG_U8, 1, 0, 0, 1e-5f},
    {"valid", 1, 40, CNNIMG_WRAP_X, 0, CNNIMG_U8, 1, 0, 0, 1e-5f},
    {"odd", 48, 36, BOTH, CNNIMG_ALPHA_PREMULTIPLIED, CNNIMG_U16, 1, 0, 0, 1e-5f},
    {"upvalid", 48, 24, BOTH, 0, CNNIMG_U8, 1, 0, 0, 0},
    {"upvalid", 30, 20, BOTH, STRAIGHT, CNNIMG_U8, 0.5f, 45, 30, 1e-5f},
    {"valid", 50, 40, BOTH, STRAIGHT, CNNIMG_U8, 1, 35, 28, 1e-5f},
    {"valid", 31, 23, BOTH, 0, CNNIMG_U8, 1, 37, 29, 1e-5f},
    {"denoise", 60, 48, BOTH, 0, CNNIMG_U8, 1, 0, 0, 1e-5f},
    {"shift", 60, 48, BOTH, 0, CNNIMG_U8, 1, 0, 0, 0},
    {"valid", 200, 160, BOTH, STRAIGHT, CNNIMG_F32, 1, 0, 0, 1e-5f},
};

static cnnimg_params params_of(const texture *t) {
  cnnimg_params p;
  cnnimg_params_init(&p, CNNIMG_TASK_NONE);
  p.sigma = 25;
  p.wrap = t->wrap, p.strength = t->strength;
  p.result_width = t->result_width, p.result_height = t->result_height;
  return p;
}

static void test_it_is_the_middle_of_a_plane_of_copies(void **state) {
  for (size_t i = 0; i < COUNT(textures); i++) {
    const texture *t = &textures[i];
    const cnnimg_format f = door_format(t->width, t->height, 3, t->alpha, t->sample);
    const cnnimg_params p = params_of(t);
    cnnimg_model *m = door_model(*state, t->net, NULL);
    cnnimg_view src, have, want;
    char what[64];
    snprintf(what, sizeof what, "%s %ux%u", t->net, t->width, t->height);
    void *a = door_picture(&f, &src), *b = ways_run(*state, m, &p, &src, CNNIMG_F32, &have);
    void *c = middle(*state, m, &p, &src, &have, &want);
    ways_near(&have, &want, t->most, what);
    cnnimg_model_unref(m);
    free(a), free(b), free(c);
  }
}

static void test_every_way_gives_the_same_bytes(void **state) {
  static const size_t some[] = {1, 3, 6, 9, 10, 14};
  for (size_t i = 0; i < COUNT(some); i++) {
    const texture *t = &textures[some[i]];
    const cnnimg_format f = door_format(t->width, t->height, 3, t->alpha, t->sample);
    const cnnimg_params p = params_of(t);
    cnnimg_model *m = door_model(*state, t->net, NULL);
    cnnimg_view src, whole;
    void *a = door_picture(&f, &src), *b = ways_run(*state, m, &p, &src, t->sample, &whole);
    ways_check(m, &p, &src, &whole);
    cnnimg_model_unref(m);
    free(a), free(b);
  }
}

/* Far from the border nothing changes, byte by byte. */
static void test_only_the_border_changes(void **state) {
  const texture t = {"valid", 60, 50, BOTH, 0, CNNIMG_U8, 1, 0, 0, 0};
  const cnnimg_format f = door_format(t.width, t.height, 3, 0, CNNIMG_U8);
  cnnimg_params p = params_of(&t), plain = p;
  cnnimg_model *m = door_model(*state, "valid", NULL);
  cnnimg_view src, have, want;
  plain.wrap = 0;
  void *a = door_picture(&f, &src), *b = ways_run(*state, m, &p, &src, CNNIMG_F32, &have),
       *c = ways_run(*state, m, &plain, &src, CNNIMG_F32, &want);
  const cnnimg_view inner = door_crop(&have, 3, 3, 54, 44), other = door_crop(&want, 3, 3, 54, 44);
  door_assert_same(&inner, &other);
  assert_memory_not_equal(have.data, want.data, 60 * 12);
  cnnimg_model_unref(m);
  free(a), free(b), free(c);
}

/* The picture's own noise, not its copies'. */
static void test_sigma_is_the_pictures(void **state) {
  const cnnimg_format f = door_format(60, 48, 3, 0, CNNIMG_U8), g = door_format(9, 7, 3, 0, CNNIMG_U8);
  cnnimg_model *m = door_model(*state, "denoise", NULL);
  cnnimg_params p;
  cnnimg_session *s;
  cnnimg_view src, dst, part;
  float sigma;
  cnnimg_params_init(&p, CNNIMG_TASK_DENOISE);
  p.wrap = BOTH;
  void *a = door_picture(&f, &src), *b = door_empty(&f, &dst), *c = door_empty(&g, &part);
  OK(cnnimg_estimate_sigma(&src, &sigma, err));
  OK(cnnimg_session_new(*state, m, &p, &f, &s, err));
  assert_true(cnnimg_session_sigma(s) < 0);
  OK(cnnimg_run_region(s, cnnimg_read_view, &src, 40, 30, &part, err));
  assert_true(cnnimg_session_sigma(s) == sigma);
  OK(cnnimg_run(s, &src, &dst, err));
  assert_true(cnnimg_session_sigma(s) == sigma);
  const cnnimg_view want = door_crop(&dst, 40, 30, 9, 7);
  door_assert_same(&want, &part);
  OK(cnnimg_session_set_sigma(s, 30, err));
  OK(cnnimg_run(s, &src, &dst, err));
  assert_true(cnnimg_session_sigma(s) == 30);
  cnnimg_session_free(s);
  cnnimg_model_unref(m);
  free(a), free(b), free(c);
}

/* A network of single pixels: where a mask or a hint lay wrong, its result would be another. */
static void test_the_other_inputs_wrap_too(void **state) { ways_inputs(*state, 0, BOTH, 0); }

static void test_odd_parameters(void **state) {
  const cnnimg_format f = door_format(40, 30, 3, 0, CNNIMG_U8), thin = door_format(1, 30, 3, 0, CNNIMG_U8);
  cnnimg_model *m = door_model(*state, "valid", NULL), *fixed = door_model(*state, "reverse", NULL);
  cnnimg_format none = f, small = door_format(4, 4, 3, 0, CNNIMG_U8);
  cnnimg_params p;
  cnnimg_session *s;
  cnnimg_params_init(&p, CNNIMG_TASK_NONE);
  p.wrap = 4;
  REFUSED(cnnimg_session_new(*state, m, &p, &f, &s, err), CNNIMG_BADARG, "wrap 4");
  p.wrap = UINT32_MAX;
  REFUSED(cnnimg_session_new(*state, m, &p, &f, &s, err), CNNIMG_BADARG, "wrap");
  p.wrap = BOTH, none.width = 0;
  REFUSED(cnnimg_session_new(*state, m, &p, &none, &s, err), CNNIMG_CORRUPT, "0x30"); /* as without wrap */
  REFUSED(cnnimg_session_new(*state, fixed, &p, &small, &s, err), CNNIMG_UNSUPPORTED, "4x4");
  p.result_width = 900000, p.result_height = 30; /* a border of as many pixels each */
  REFUSED(cnnimg_session_new(*state, m, &p, &thin, &s, err), CNNIMG_LIMIT, "900000");
  p.struct_size = offsetof(cnnimg_params, wrap),
  p.result_width = p.result_height = 0; /* a program that does not know of it */
  OK(cnnimg_session_new(*state, m, &p, &f, &s, err));
  assert_int_equal(cnnimg_session_cost(s)->width, 40);
  cnnimg_session_free(s);
  cnnimg_model_unref(m);
  cnnimg_model_unref(fixed);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_it_is_the_middle_of_a_plane_of_copies),
      cmocka_unit_test(test_every_way_gives_the_same_bytes),
      cmocka_unit_test(test_only_the_border_changes),
      cmocka_unit_test(test_sigma_is_the_pictures),
      cmocka_unit_test(test_the_other_inputs_wrap_too),
      cmocka_unit_test(test_odd_parameters),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
