/* SPDX-License-Identifier: MIT */
/* ways.c - a session run by rows, rectangles, in place, in stripes, by other threads, with little memory */
#include "tests/tasks/ways.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t ways_cap = 1 << 19;

int ways_setup(void **state) {
  *state = door_context(2);
  return 0;
}

int ways_teardown(void **state) {
  cnnimg_close(*state);
  return 0;
}

void ways_path(const char *name, char *path, size_t size) {
  const char *top = getenv("abs_top_srcdir");
  snprintf(path, size, "%s/tests/tasks/data/%s", top ? top : ".", name);
}

cnnimg_model *ways_model(cnnimg_context *c, const char *name) {
  char path[4096];
  cnnimg_model *m = NULL;
  ways_path(name, path, sizeof path);
  OK(cnnimg_model_load(c, path, &m, err));
  return m;
}

static uint8_t *row_of(const cnnimg_view *v, uint32_t y) {
  return (uint8_t *)v->data + (ptrdiff_t)y * v->row_stride;
}

static size_t row_bytes(const cnnimg_view *v) { return cnnimg_pixel_bytes(&v->format) * v->format.width; }

void ways_near(const cnnimg_view *a, const cnnimg_view *b, float most, const char *what) {
  const cnnimg_format *f = &a->format;
  assert_int_equal(f->width, b->format.width);
  assert_int_equal(f->height, b->format.height);
  for (uint32_t y = 0; y < f->height; y++)
    for (uint32_t x = 0; x < f->width; x++)
      for (uint32_t c = 0; c < f->colours + (uint32_t)(f->alpha != 0); c++) {
        float have = door_get(a, x, y, c), want = door_get(b, x, y, c);
        if (!(fabsf(have - want) <= most))
          fail_msg("%s: sample %u of pixel %u,%u is %.9g, not %.9g", what, c, x, y, (double)have,
                   (double)want);
      }
}

static cnnimg_session *session(cnnimg_context *c, cnnimg_model *m, const cnnimg_params *p,
                               const cnnimg_view *src) {
  cnnimg_session *s = NULL;
  OK(cnnimg_session_new(c, m, p, &src->format, &s, err));
  return s;
}

static cnnimg_format result_format(const cnnimg_session *s, const cnnimg_view *src, int sample) {
  cnnimg_format f = src->format;
  f.width = cnnimg_session_cost(s)->width, f.height = cnnimg_session_cost(s)->height;
  f.sample = (uint8_t)sample;
  return f;
}

void *ways_run(cnnimg_context *c, cnnimg_model *m, const cnnimg_params *p, const cnnimg_view *src, int sample,
               cnnimg_view *out) {
  cnnimg_session *s = session(c, m, p, src);
  const cnnimg_format f = result_format(s, src, sample);
  void *data = door_empty(&f, out);
  OK(cnnimg_run(s, src, out, err));
  cnnimg_session_free(s);
  return data;
}

/* ---- rows ------------------------------------------------------------------------------------ */

typedef struct pipe_ends {
  const cnnimg_view *src, *dst;
  uint32_t read, written;
} pipe_ends;

static int read_row(void *user, uint32_t y, void *row, cnnimg_error *err) {
  pipe_ends *p = user;
  (void)err;
  assert_int_equal(y, p->read++);
  memcpy(row, row_of(p->src, y), row_bytes(p->src));
  return CNNIMG_OK;
}

static int write_row(void *user, uint32_t y, const void *row, cnnimg_error *err) {
  pipe_ends *p = user;
  (void)err;
  assert_int_equal(y, p->written++);
  memcpy(row_of(p->dst, y), row, row_bytes(p->dst));
  return CNNIMG_OK;
}

static void check_rows(cnnimg_session *s, const cnnimg_view *src, const cnnimg_view *want) {
  cnnimg_view dst;
  void *data = door_empty(&want->format, &dst);
  pipe_ends p = {src, &dst, 0, 0};
  OK(cnnimg_run_rows(s, read_row, &p, write_row, &p, err));
  assert_int_equal(p.read, src->format.height);
  assert_int_equal(p.written, want->format.height);
  door_assert_same(want, &dst);
  free(data);
}

/* ---- rectangles, in place ----------------------------------------------------------------------- */

static void check_rectangles(cnnimg_session *s, const cnnimg_view *src, const cnnimg_view *want) {
  uint64_t seed = 11;
  for (int i = 0; i < 3; i++) {
    const uint32_t W = want->format.width, H = want->format.height;
    cnnimg_format f = want->format;
    f.width = 1 + door_random(&seed, W), f.height = 1 + door_random(&seed, H);
    uint32_t x = door_random(&seed, W - f.width + 1), y = door_random(&seed, H - f.height + 1);
    const cnnimg_view part = door_crop(want, x, y, f.width, f.height);
    cnnimg_view dst;
    void *data = door_empty(&f, &dst);
    OK(cnnimg_run_region(s, cnnimg_read_view, (void *)(uintptr_t)src, x, y, &dst, err));
    door_assert_same(&part, &dst);
    free(data);
  }
}

static void check_in_place(cnnimg_session *s, const cnnimg_view *src, const cnnimg_view *want) {
  cnnimg_view place;
  if (want->format.width != src->format.width || want->format.height != src->format.height) return;
  void *data = door_empty(&src->format, &place);
  memcpy(data, src->data, row_bytes(src) * src->format.height);
  OK(cnnimg_run(s, &place, &place, err));
  door_assert_same(want, &place);
  free(data);
}

static cnnimg_context *small_context(void) {
  cnnimg_config config;
  cnnimg_context *c = NULL;
  cnnimg_config_init(&config);
  config.threads = 1;
  config.memory_limit = ways_cap; /* rows and sums of larger pictures than 100 x 100 go to temporary files */
  OK(cnnimg_open(&config, &c, err));
  return c;
}

void ways_check(cnnimg_model *m, const cnnimg_params *p, const cnnimg_view *src, const cnnimg_view *want) {
  cnnimg_context *contexts[] = {door_context(3), small_context()};
  cnnimg_params own = *p;
  for (size_t i = 0; i < COUNT(contexts); i++) {
    own.tile = i ? 0 : 20;
    cnnimg_session *s = session(contexts[i], m, &own, src);
    check_rows(s, src, want);
    check_rectangles(s, src, want);
    check_in_place(s, src, want);
    cnnimg_session_free(s);
    cnnimg_close(contexts[i]);
  }
}

void ways_inputs(cnnimg_context *c, uint32_t augment, uint32_t wrap, float most) {
  const cnnimg_format f = door_format(21, 14, 3, 0, CNNIMG_F32), one = door_format(21, 14, 1, 0, CNNIMG_U8),
                      hints = door_format(21, 14, 3, 1, CNNIMG_U16),
                      blur = door_format(5, 3, 1, 0, CNNIMG_F32);
  cnnimg_model *m = door_model(c, "inputs", NULL);
  cnnimg_view src, have, want, mask, hint, kernel;
  cnnimg_params p;
  void *data[] = {door_picture(&one, &mask),
                  door_picture(&hints, &hint),
                  door_picture(&blur, &kernel),
                  door_picture(&f, &src),
                  NULL,
                  NULL};
  cnnimg_params_init(&p, CNNIMG_TASK_NONE);
  p.sigma_map = p.mask = &mask, p.hints = &hint, p.kernel = &kernel;
  data[4] = ways_run(c, m, &p, &src, CNNIMG_F32, &want);
  p.augment = augment, p.wrap = wrap;
  data[5] = ways_run(c, m, &p, &src, CNNIMG_F32, &have);
  if (most > 0) ways_near(&have, &want, most, "inputs");
  else door_assert_same(&want, &have);
  for (size_t i = 0; i < sizeof data / sizeof *data; i++) free(data[i]);
  cnnimg_model_unref(m);
}
