/* SPDX-License-Identifier: MIT */
/* test_resample.c - another size: Pillow's answers (make_resample.py), and rows as they stream */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tasks/resample.h"

/* Pillow sums doubles, we sum floats. */
#define BOUND 1e-6f

typedef struct picture {
  int32_t w, h;
  float *v;
} picture;

static picture read_picture(FILE *f, int32_t w, int32_t h) {
  picture p = {w, h, calloc((size_t)w * (size_t)h, sizeof *p.v)};
  assert_int_equal(fread(p.v, sizeof *p.v, (size_t)w * (size_t)h, f), (size_t)w * (size_t)h);
  return p;
}

/* A grey picture as a view whose other channels must not matter. */
static float *to_view(const picture *p, ci_view *v) {
  *v = (ci_view){.map = {1, p->h, p->w},
                 .rect = {0, 0, p->w, p->h},
                 .cs = 4,
                 .ring = p->h,
                 .row_stride = (size_t)p->w * 4};
  v->data = calloc((size_t)p->h * v->row_stride, sizeof *v->data);
  for (int32_t y = 0; y < p->h; y++)
    for (int32_t x = 0; x < p->w; x++) ci_view_at(v, x, y)[0] = p->v[y * p->w + x];
  return v->data;
}

static float resample(ci_filter filter, const picture *from, const picture *want) {
  ci_stage *s;
  ci_view in, out;
  picture blank = {want->w, want->h, calloc((size_t)want->w * (size_t)want->h, sizeof(float))};
  float *a = to_view(from, &in), *b = to_view(&blank, &out), worst = 0;
  assert_int_equal(ci_resample_new(&s, in.map, want->w, want->h, filter, NULL), CNNIMG_OK);
  for (int32_t y = 0; y < want->h; y++) {
    const ci_stage_call call = {.in = &in, .out = &out, .y = y};
    s->make(s, &call);
  }
  for (int32_t y = 0; y < want->h; y++)
    for (int32_t x = 0; x < want->w; x++)
      worst = fmaxf(worst, fabsf(ci_view_at(&out, x, y)[0] - want->v[y * want->w + x]));
  s->free(s);
  free(a), free(b), free(blank.v);
  return worst;
}

static void test_pillow_agrees(void **state) {
  (void)state;
  char path[1024];
  const char *top = getenv("abs_top_srcdir");
  snprintf(path, sizeof path, "%s/tests/tasks/data/resample.bin", top ? top : "..");
  FILE *f = fopen(path, "rb");
  int32_t head[5];
  int cases = 0;
  assert_non_null(f);
  for (; fread(head, sizeof *head, 5, f) == 5; cases++) {
    picture before = read_picture(f, head[1], head[2]), after = read_picture(f, head[3], head[4]);
    float worst = resample((ci_filter)head[0], &before, &after);
    if (!(worst <= BOUND))
      fail_msg("filter %d, %dx%d to %dx%d: %g", head[0], head[1], head[2], head[3], head[4], (double)worst);
    free(before.v), free(after.v);
  }
  fclose(f);
  assert_int_equal(cases, 24);
}

/* Only rows and columns that need() names are looked at: all others are NaN. */
static void test_need_is_enough(void **state) {
  (void)state;
  static const int32_t sizes[][4] = {{31, 17, 70, 40}, {31, 17, 12, 5}, {31, 17, 31, 50}, {200, 100, 9, 3}};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    const int32_t *z = sizes[i];
    picture from = {z[0], z[1], calloc((size_t)(z[0] * z[1]), sizeof(float))},
            to = {z[2], z[3], calloc((size_t)(z[2] * z[3]), sizeof(float))};
    ci_stage *s;
    ci_view in, out;
    float *a = to_view(&from, &in), *b = to_view(&to, &out);
    assert_int_equal(ci_resample_new(&s, in.map, z[2], z[3], CI_FILTER_LANCZOS, NULL), CNNIMG_OK);
    for (int32_t y = 0; y < z[3]; y++) {
      ci_rect r = {z[2] / 3, y, z[2] / 2 + 1, y + 1}, need = s->need(s, r);
      for (int32_t v = 0; v < z[1]; v++)
        for (int32_t x = 0; x < z[0]; x++)
          ci_view_at(&in, x, v)[0] = v >= need.y0 && v < need.y1 && x >= need.x0 && x < need.x1 ? 1 : NAN;
      out.rect = r;
      const ci_stage_call call = {.in = &in, .out = &out, .y = y};
      s->make(s, &call);
      for (int32_t x = r.x0; x < r.x1; x++) assert_float_equal(ci_view_at(&out, x, y)[0], 1, 1e-6);
    }
    s->free(s);
    free(a), free(b), free(from.v), free(to.v);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_pillow_agrees),
                                     cmocka_unit_test(test_need_is_enough)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
