/* SPDX-License-Identifier: MIT */
/* test_regions.c - rectangles and rows of the result: the same bytes as the whole's, and no more read than they need */
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

/* A source that notes what is read of it. */
typedef struct watched {
  cnnimg_view view;
  uint32_t x0, y0, x1, y1;
  uint64_t pixels;
  int fail_after;
} watched;

static int read_watched(void *user, uint32_t x, uint32_t y, const cnnimg_view *to, cnnimg_error *err) {
  watched *w = user;
  const cnnimg_format *f = &to->format;
  if (x < w->x0) w->x0 = x;
  if (y < w->y0) w->y0 = y;
  if (x + f->width > w->x1) w->x1 = x + f->width;
  if (y + f->height > w->y1) w->y1 = y + f->height;
  w->pixels += (uint64_t)f->width * f->height;
  if (w->fail_after && !--w->fail_after) return CNNIMG_IO;
  return cnnimg_read_view(&w->view, x, y, to, err);
}

static watched watch(const cnnimg_view *v) {
  return (watched){.view = *v, .x0 = UINT32_MAX, .y0 = UINT32_MAX};
}

typedef struct net {
  const char *name;
  uint32_t scale, halo; /* pixels around a rectangle that may be read */
  int alpha, sample;
} net;

static const net nets[] = {
    {"denoise", 1, UINT32_MAX, CNNIMG_ALPHA_STRAIGHT, CNNIMG_U8},
    {"valid", 1, 3, 0, CNNIMG_F32},
    {"upvalid", 2, 4, 0, CNNIMG_U16},
    {"odd", 1, 7 + 32, CNNIMG_ALPHA_PREMULTIPLIED, CNNIMG_U16}, /* 32: colours for what alpha hides */
    {"halves", 1, 32, CNNIMG_ALPHA_STRAIGHT, CNNIMG_F16},
    {"double", 2, 0, 0, CNNIMG_U8},
    {"last", 1, 0, 0, CNNIMG_U8},
};

static void check_rectangle(cnnimg_session *s, const net *n, const cnnimg_view *src, const cnnimg_view *whole,
                            uint64_t *seed) {
  uint32_t W = whole->format.width, H = whole->format.height;
  uint32_t w = 1 + door_random(seed, door_random(seed, 2) ? W : 20),
           h = 1 + door_random(seed, door_random(seed, 2) ? H : 20);
  uint32_t x = door_random(seed, W - w + 1), y = door_random(seed, H - h + 1);
  cnnimg_format f = whole->format;
  cnnimg_view part, want = door_crop(whole, x, y, w, h);
  watched source = watch(src);
  f.width = w, f.height = h;
  void *p = door_empty(&f, &part);
  OK(cnnimg_run_region(s, read_watched, &source, x, y, &part, err));
  door_assert_same(&want, &part);
  uint32_t x0 = x / n->scale, x1 = (x + w - 1) / n->scale + 1, y0 = y / n->scale,
           y1 = (y + h - 1) / n->scale + 1;
  if (n->halo != UINT32_MAX && ((x0 > n->halo && source.x0 < x0 - n->halo) || source.x1 > x1 + n->halo ||
                                (y0 > n->halo && source.y0 < y0 - n->halo) || source.y1 > y1 + n->halo))
    fail_msg("%s: %ux%u at %u,%u reads %u..%u, %u..%u", n->name, w, h, x, y, source.x0, source.x1, source.y0,
             source.y1);
  free(p);
}

static void test_a_rectangle_is_that_part_of_the_whole(void **state) {
  uint64_t seed = 3;
  for (size_t i = 0; i < COUNT(nets) * 2; i++) {
    const net *n = &nets[i / 2];
    const cnnimg_format f = door_format(97, 71, 3, n->alpha, n->sample);
    cnnimg_format g = f;
    cnnimg_model *m = door_model(*state, n->name, NULL);
    cnnimg_session *s = door_session(*state, m, &f, i % 2 ? 40 : 0);
    g.width *= n->scale, g.height *= n->scale;
    cnnimg_view src, whole;
    void *a = door_picture(&f, &src), *b = door_empty(&g, &whole);
    OK(cnnimg_run(s, &src, &whole, err));
    for (int k = 0; k < (i < 2 ? 8 : 25); k++) check_rectangle(s, n, &src, &whole, &seed);
    cnnimg_session_free(s);
    cnnimg_model_unref(m);
    free(a);
    free(b);
  }
}

/* The estimate is of the whole picture, made once, and given up when it is told so. */
static void test_rectangles_share_an_estimate(void **state) {
  cnnimg_model *m = door_model(*state, "denoise", NULL);
  const cnnimg_format f = door_format(120, 90, 3, 0, CNNIMG_U8), g = door_format(24, 16, 3, 0, CNNIMG_U8);
  cnnimg_view src, whole, part;
  void *a = door_picture(&f, &src), *b = door_empty(&f, &whole), *c = door_empty(&g, &part);
  cnnimg_session *s;
  OK(cnnimg_session_new(*state, m, NULL, &f, &s, err));
  assert_true(cnnimg_session_sigma(s) < 0);
  watched source = watch(&src);
  OK(cnnimg_run_region(s, read_watched, &source, 8, 8, &part, err));
  float sigma = cnnimg_session_sigma(s), own;
  OK(cnnimg_estimate_sigma(&src, &own, err));
  assert_true(sigma == own && sigma > 1);
  assert_true(source.pixels >= 120 * 90);
  OK(cnnimg_run(s, &src, &whole, err));
  cnnimg_view want = door_crop(&whole, 8, 8, 24, 16);
  door_assert_same(&want, &part);
  memset(a, 99, 120 * 90 * 3); /* another picture */
  OK(cnnimg_run_region(s, read_watched, &source, 8, 8, &part, err));
  assert_true(cnnimg_session_sigma(s) == sigma);
  OK(cnnimg_session_set_sigma(s, -1, err));
  OK(cnnimg_run_region(s, read_watched, &source, 8, 8, &part, err));
  assert_true(cnnimg_session_sigma(s) < 1);
  OK(cnnimg_session_set_sigma(s, 30, err));
  OK(cnnimg_run_region(s, read_watched, &source, 8, 8, &part, err));
  assert_true(cnnimg_session_sigma(s) == 30);
  REFUSED(cnnimg_session_set_sigma(s, 300, err), CNNIMG_BADARG, "300");
  cnnimg_session_free(s);
  cnnimg_model_unref(m);
  free(a), free(b), free(c);
}

static void test_rectangles_outside_are_refused(void **state) {
  static const uint32_t places[][4] = {
      {90, 0, 11, 5}, {0, 70, 5, 11}, {100, 0, 1, 1}, {UINT32_MAX, 0, 2, 1}, {0, 0, 0, 5}};
  cnnimg_model *m = door_model(*state, "identity", NULL);
  const cnnimg_format f = door_format(100, 80, 3, 0, CNNIMG_U8);
  cnnimg_session *s = door_session(*state, m, &f, 0);
  cnnimg_view src;
  void *a = door_picture(&f, &src), *b = malloc(1000);
  for (size_t i = 0; i < COUNT(places); i++) {
    const cnnimg_format g = door_format(places[i][2], places[i][3], 3, 0, CNNIMG_U8);
    cnnimg_view part;
    cnnimg_view_init(&part, &g, b);
    REFUSED(cnnimg_run_region(s, cnnimg_read_view, &src, places[i][0], places[i][1], &part, err),
            CNNIMG_BADARG, "outside");
  }
  cnnimg_session_free(s);
  cnnimg_model_unref(m);
  free(a);
  free(b);
}

static void test_a_sources_failure_is_passed_on(void **state) {
  cnnimg_model *m = door_model(*state, "valid", NULL);
  const cnnimg_format f = door_format(60, 200, 3, 0, CNNIMG_U8);
  cnnimg_session *s = door_session(*state, m, &f, 0);
  cnnimg_view src, dst;
  void *a = door_picture(&f, &src), *b = door_empty(&f, &dst);
  for (int i = 1; i <= 2; i++) {
    watched source = watch(&src);
    source.fail_after = i;
    assert_int_equal(cnnimg_run_region(s, read_watched, &source, 0, 0, &dst, NULL), CNNIMG_IO);
  }
  const cnnimg_format other = door_format(60, 200, 1, 0, CNNIMG_U8);
  cnnimg_view grey = src;
  grey.format = other;
  REFUSED(cnnimg_run_region(s, cnnimg_read_view, &grey, 0, 0, &dst, err), CNNIMG_BADARG, "format");
  cnnimg_session_free(s);
  cnnimg_model_unref(m);
  free(a);
  free(b);
}

/* ---- rows -------------------------------------------------------------------------------- */

typedef struct rows {
  const cnnimg_view *src, *dst;
  uint32_t read, written;
  uint32_t fail_read, fail_write;
  uint32_t ahead; /* most rows read before they were written */
} rows;

static int read_row(void *user, uint32_t y, void *row, cnnimg_error *err) {
  rows *r = user;
  (void)err;
  assert_int_equal(y, r->read++);
  if (y == r->fail_read) return CNNIMG_CORRUPT;
  memcpy(row, (char *)r->src->data + (ptrdiff_t)y * r->src->row_stride, (size_t)r->src->row_stride);
  return CNNIMG_OK;
}

static int write_row(void *user, uint32_t y, const void *row, cnnimg_error *err) {
  rows *r = user;
  (void)err;
  assert_int_equal(y, r->written++);
  if (y == r->fail_write) return CNNIMG_IO;
  if (r->read - y > r->ahead) r->ahead = r->read - y;
  memcpy((char *)r->dst->data + (ptrdiff_t)y * r->dst->row_stride, row, (size_t)r->dst->row_stride);
  return CNNIMG_OK;
}

static void test_rows_are_those_of_the_whole(void **state) {
  for (size_t i = 0; i < COUNT(nets) * 2; i++) {
    const net *n = &nets[i / 2];
    const cnnimg_format f = door_format(83, 150, 3, n->alpha, n->sample);
    cnnimg_format g = f;
    cnnimg_model *m = door_model(*state, n->name, NULL);
    cnnimg_session *s = door_session(*state, m, &f, i % 2 ? 40 : 0);
    g.width *= n->scale, g.height *= n->scale;
    cnnimg_view src, whole, other;
    void *a = door_picture(&f, &src), *b = door_empty(&g, &whole), *c = door_empty(&g, &other);
    rows r = {&src, &other, 0, 0, UINT32_MAX, UINT32_MAX, 0};
    OK(cnnimg_run(s, &src, &whole, err));
    OK(cnnimg_run_rows(s, read_row, &r, write_row, &r, err));
    door_assert_same(&whole, &other);
    assert_int_equal(r.read, f.height);
    if (!(i % 2) && n->halo < 10 && n->scale == 1 && r.ahead > 100)
      fail_msg("%s: %u rows are read ahead", n->name, r.ahead);
    cnnimg_session_free(s);
    cnnimg_model_unref(m);
    free(a), free(b), free(c);
  }
}

static void test_a_callbacks_failure_is_passed_on(void **state) {
  cnnimg_model *m = door_model(*state, "valid", NULL);
  const cnnimg_format f = door_format(60, 70, 3, 0, CNNIMG_U8);
  for (uint32_t i = 0; i < 12; i++) {
    cnnimg_session *s = door_session(*state, m, &f, i % 2 ? 16 : 0);
    cnnimg_view src, dst;
    void *a = door_picture(&f, &src), *b = door_empty(&f, &dst);
    uint32_t at = i / 4 * 34;
    bool reading = i / 2 % 2;
    rows r = {&src, &dst, 0, 0, reading ? at : UINT32_MAX, reading ? UINT32_MAX : at, 0};
    assert_int_equal(cnnimg_run_rows(s, read_row, &r, write_row, &r, NULL),
                     reading ? CNNIMG_CORRUPT : CNNIMG_IO);
    r = (rows){&src, &dst, 0, 0, UINT32_MAX, UINT32_MAX, 0}; /* and the session still works */
    OK(cnnimg_run_rows(s, read_row, &r, write_row, &r, err));
    cnnimg_session_free(s);
    free(a);
    free(b);
  }
  cnnimg_model_unref(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_rectangle_is_that_part_of_the_whole),
      cmocka_unit_test(test_rectangles_share_an_estimate),
      cmocka_unit_test(test_rectangles_outside_are_refused),
      cmocka_unit_test(test_a_sources_failure_is_passed_on),
      cmocka_unit_test(test_rows_are_those_of_the_whole),
      cmocka_unit_test(test_a_callbacks_failure_is_passed_on),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
