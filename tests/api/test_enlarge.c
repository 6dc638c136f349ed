/* SPDX-License-Identifier: MIT */
/* test_enlarge.c - results of any size: Pillow's filters, alpha without halos, the same bytes however they are asked for */
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

static cnnimg_params sized(uint32_t width, uint32_t height, float strength) {
  cnnimg_params p;
  cnnimg_params_init(&p, CNNIMG_TASK_UPSCALE);
  p.result_width = width, p.result_height = height, p.strength = strength;
  return p;
}

/* ---- what Pillow makes (tests/tasks/make_resample.py) --------------------------------------- */

static float *read_floats(FILE *f, int32_t n) {
  float *v = calloc((size_t)n, sizeof *v);
  assert_int_equal(fread(v, sizeof *v, (size_t)n, f), n);
  return v;
}

/* A network that changes nothing, then a size: by Lanczos with all of its result, by Catmull-Rom with all of the source. */
static void check_case(cnnimg_context *c, cnnimg_model *m, const int32_t *head, float *before,
                       const float *after) {
  const cnnimg_format f = door_format((uint32_t)head[1], (uint32_t)head[2], 1, 0, CNNIMG_F32),
                      g = door_format((uint32_t)head[3], (uint32_t)head[4], 1, 0, CNNIMG_F32);
  cnnimg_params p = sized(g.width, g.height, head[0] ? 0 : 1);
  cnnimg_session *s = NULL;
  cnnimg_view src, dst;
  float *q = door_empty(&g, &dst);
  cnnimg_view_init(&src, &f, before);
  OK(cnnimg_session_new(c, m, &p, &f, &s, err));
  OK(cnnimg_run(s, &src, &dst, err));
  for (uint32_t i = 0; i < g.width * g.height; i++)
    if (!(fabsf(q[i] - after[i]) < 2e-6f))
      fail_msg("filter %d, %ux%u to %ux%u, pixel %u: %g, not %g", head[0], f.width, f.height, g.width,
               g.height, i, (double)q[i], (double)after[i]);
  cnnimg_session_free(s);
  free(q);
}

static void test_pillow_agrees(void **state) {
  char path[1024];
  door_path("../../tasks/data/resample.bin", path, sizeof path);
  FILE *f = fopen(path, "rb");
  cnnimg_model *m = door_model(*state, "identity", NULL);
  int32_t head[5];
  int cases = 0;
  assert_non_null(f);
  for (; fread(head, sizeof *head, 5, f) == 5; cases++) {
    float *before = read_floats(f, head[1] * head[2]), *after = read_floats(f, head[3] * head[4]);
    bool same = head[1] == head[3] && head[2] == head[4];
    if (!same) check_case(*state, m, head, before, after);
    free(before), free(after);
  }
  assert_int_equal(cases, 24);
  fclose(f);
  cnnimg_model_unref(m);
}

/* ---- sizes ---------------------------------------------------------------------------------- */

static void test_sizes_follow(void **state) {
  static const struct {
    uint32_t w, h, num, den, width, height, W, H;
  } t[] = {{13, 9, 0, 0, 0, 0, 26, 18},  {13, 9, 2, 1, 0, 0, 26, 18},    {13, 9, 3, 2, 0, 0, 20, 14},
           {13, 9, 1, 100, 0, 0, 1, 1},  {13, 9, 0, 0, 100, 0, 100, 69}, {13, 9, 0, 0, 0, 100, 144, 100},
           {13, 9, 5, 1, 31, 7, 31, 7},  {1, 1, 8, 1, 0, 0, 8, 8},       {1, 300, 0, 0, 1, 0, 1, 300},
           {300, 1, 0, 0, 10, 0, 10, 1}, {13, 9, 1, 1, 0, 0, 13, 9}};
  cnnimg_model *m = door_model(*state, "upvalid", NULL);
  for (size_t i = 0; i < COUNT(t); i++) {
    const cnnimg_format f = door_format(t[i].w, t[i].h, 3, 1, CNNIMG_U8);
    cnnimg_params p = sized(t[i].width, t[i].height, 1);
    cnnimg_session *s = NULL;
    p.scale_num = t[i].num, p.scale_den = t[i].den;
    OK(cnnimg_session_new(*state, m, &p, &f, &s, err));
    assert_int_equal(cnnimg_session_cost(s)->width, t[i].W);
    assert_int_equal(cnnimg_session_cost(s)->height, t[i].H);
    cnnimg_session_free(s);
  }
  cnnimg_model_unref(m);
}

static void test_sizes_that_are_refused(void **state) {
  const cnnimg_format f = door_format(1000, 1000, 3, 0, CNNIMG_U8);
  cnnimg_model *m = door_model(*state, "upvalid", NULL);
  cnnimg_session *s;
  cnnimg_params p = sized(1u << 31, 0, 1);
  REFUSED(cnnimg_session_new(*state, m, &p, &f, &s, err), CNNIMG_LIMIT, "pixels");
  p = sized(60000, 60000, 1); /* more than the 2^31 pixels that a context allows */
  REFUSED(cnnimg_session_new(*state, m, &p, &f, &s, err), CNNIMG_LIMIT, "60000x60000");
  p = sized(0, 0, 1), p.scale_num = UINT32_MAX, p.scale_den = 1;
  REFUSED(cnnimg_session_new(*state, m, &p, &f, &s, err), CNNIMG_LIMIT, "pixels");
  p = sized(0, 0, 1), p.scale_num = 1;
  REFUSED(cnnimg_session_new(*state, m, &p, &f, &s, err), CNNIMG_BADARG, "1/0");
  p = sized(0, 0, 1), p.fix_color = 2;
  REFUSED(cnnimg_session_new(*state, m, &p, &f, &s, err), CNNIMG_BADARG, "fix_color 2");
  cnnimg_model_unref(m);
}

/* ---- the same bytes -------------------------------------------------------------------------- */

typedef struct job {
  const char *net;
  uint32_t w, h, W, H; /* W 0: the network's size */
  int colours, alpha, sample;
  float strength;
  uint32_t fix_color;
} job;

static const job jobs[] = {
    {"upvalid", 97, 71, 0, 0, 3, CNNIMG_ALPHA_STRAIGHT, CNNIMG_U8, 1, 0},
    {"upvalid", 97, 71, 130, 100, 3, 0, CNNIMG_U8, 1, 0},
    {"upvalid", 97, 71, 250, 33, 3, CNNIMG_ALPHA_PREMULTIPLIED, CNNIMG_U16, 0.5f, 1},
    {"upvalid", 97, 71, 97, 71, 3, CNNIMG_ALPHA_STRAIGHT, CNNIMG_U8, 0.25f, 1},
    {"upvalid", 97, 71, 0, 0, 1, 0, CNNIMG_F32, 0, 1},
    {"upvalid", 97, 71, 0, 0, 1, CNNIMG_ALPHA_STRAIGHT, CNNIMG_F16, 1, 1},
    {"odd", 97, 71, 20, 9, 3, CNNIMG_ALPHA_STRAIGHT, CNNIMG_U16, 1, 1},
    {"odd", 97, 71, 0, 0, 3, CNNIMG_ALPHA_STRAIGHT, CNNIMG_U8, 0.5f,
     1}, /* of the picture's own size, with a stage */
    {"double", 40, 300, 41, 299, 3, CNNIMG_ALPHA_STRAIGHT, CNNIMG_U8, 0.5f, 1},
    {"upvalid", 1, 1, 5, 3, 3, CNNIMG_ALPHA_STRAIGHT, CNNIMG_U8, 0.5f, 1},
    {"upvalid", 2, 3, 1, 1, 3, CNNIMG_ALPHA_STRAIGHT, CNNIMG_U8, 0.5f, 1},
};

/* Much of it is transparent, some in large areas. */
static void *picture_of(const job *j, cnnimg_view *v) {
  const cnnimg_format f = door_format(j->w, j->h, j->colours, j->alpha, j->sample);
  void *p = door_picture(&f, v);
  for (uint32_t y = 0; j->alpha && y < j->h; y++)
    for (uint32_t x = 0; x < j->w; x++)
      if ((x * 7 + y * 13) % 29 < 9 || (x > 30 && y > 20)) door_put(v, x, y, (uint32_t)j->colours, 0);
  return p;
}

static cnnimg_session *session_of(cnnimg_context *c, cnnimg_model *m, const job *j, uint32_t tile) {
  const cnnimg_format f = door_format(j->w, j->h, j->colours, j->alpha, j->sample);
  cnnimg_params p = sized(j->W, j->H, j->strength);
  cnnimg_session *s = NULL;
  p.fix_color = j->fix_color, p.tile = tile;
  OK(cnnimg_session_new(c, m, &p, &f, &s, err));
  return s;
}

typedef struct rows {
  const cnnimg_view *src, *dst;
  uint32_t read, written;
} rows;

static int read_row(void *user, uint32_t y, void *row, cnnimg_error *err) {
  rows *r = user;
  (void)err;
  assert_int_equal(y, r->read++);
  memcpy(row, (char *)r->src->data + (ptrdiff_t)y * r->src->row_stride, (size_t)r->src->row_stride);
  return CNNIMG_OK;
}

static int write_row(void *user, uint32_t y, const void *row, cnnimg_error *err) {
  rows *r = user;
  (void)err;
  assert_int_equal(y, r->written++);
  memcpy((char *)r->dst->data + (ptrdiff_t)y * r->dst->row_stride, row, (size_t)r->dst->row_stride);
  return CNNIMG_OK;
}

static void check_rows(cnnimg_session *s, const cnnimg_view *src, const cnnimg_view *want) {
  cnnimg_view dst;
  void *p = door_empty(&want->format, &dst);
  rows r = {src, &dst, 0, 0};
  OK(cnnimg_run_rows(s, read_row, &r, write_row, &r, err));
  assert_int_equal(r.written, want->format.height);
  door_assert_same(want, &dst);
  free(p);
}

static void check_regions(cnnimg_session *s, const cnnimg_view *src, const cnnimg_view *want,
                          uint64_t *seed) {
  uint32_t W = want->format.width, H = want->format.height;
  for (int k = 0; k < 20; k++) {
    uint32_t w = 1 + door_random(seed, k & 1    ? W
                                       : W < 20 ? W
                                                : 20),
             h = 1 + door_random(seed, k & 2    ? H
                                       : H < 20 ? H
                                                : 20);
    uint32_t x = door_random(seed, W - w + 1), y = door_random(seed, H - h + 1);
    cnnimg_format f = want->format;
    cnnimg_view part, crop = door_crop(want, x, y, w, h);
    f.width = w, f.height = h;
    void *p = door_empty(&f, &part);
    OK(cnnimg_run_region(s, cnnimg_read_view, (void *)(uintptr_t)src, x, y, &part, err));
    door_assert_same(&crop, &part);
    free(p);
  }
}

/* The result has the source's size: it may be written over it. */
static void check_in_place(cnnimg_session *s, const job *j, const cnnimg_view *want) {
  cnnimg_view v;
  if (want->format.width != j->w || want->format.height != j->h) return;
  void *p = picture_of(j, &v);
  OK(cnnimg_run(s, &v, &v, err));
  door_assert_same(want, &v);
  free(p);
}

static cnnimg_context *small_context(uint32_t threads) {
  cnnimg_config config;
  cnnimg_context *c = NULL;
  cnnimg_config_init(&config);
  config.threads = threads, config.memory_limit = 1 << 20;
  OK(cnnimg_open(&config, &c, err));
  return c;
}

static void check_job(const job *j, uint64_t *seed) {
  cnnimg_view src, want = {0};
  void *p = picture_of(j, &src), *q = NULL;
  for (uint32_t way = 0; way < 5; way++) {
    cnnimg_context *c = way == 4 ? small_context(2) : door_context(1 + way % 3);
    cnnimg_model *m = door_model(c, j->net, NULL);
    cnnimg_session *s = session_of(c, m, j, way < 2 || way == 4 ? 0 : way * 16);
    cnnimg_format f = src.format;
    f.width = cnnimg_session_cost(s)->width, f.height = cnnimg_session_cost(s)->height;
    cnnimg_view dst;
    void *r = door_empty(&f, &dst);
    OK(cnnimg_run(s, &src, &dst, err));
    if (way) door_assert_same(&want, &dst), free(r);
    else want = dst, q = r;
    check_rows(s, &src, &want);
    check_regions(s, &src, &want, seed);
    check_in_place(s, j, &want);
    cnnimg_session_free(s);
    cnnimg_model_unref(m);
    cnnimg_close(c);
  }
  free(p), free(q);
}

static void test_the_same_bytes(void **state) {
  uint64_t seed = 11;
  (void)state;
  for (size_t i = 0; i < COUNT(jobs); i++) {
    print_message("  %s %ux%u to %ux%u\n", jobs[i].net, jobs[i].w, jobs[i].h, jobs[i].W, jobs[i].H);
    check_job(&jobs[i], &seed);
  }
}

/* ---- progress, colours, alpha ------------------------------------------------------------------- */

typedef struct told {
  uint64_t done, total;
} told;

static int tell(void *user, uint64_t done, uint64_t total) {
  told *t = user;
  assert_true(done >= t->done && done <= total && (!t->total || total == t->total));
  *t = (told){done, total};
  return 0;
}

static void test_progress_counts_the_result(void **state) {
  const cnnimg_format f = door_format(60, 50, 3, 0, CNNIMG_U8), g = door_format(77, 33, 3, 0, CNNIMG_U8);
  cnnimg_model *m = door_model(*state, "upvalid", NULL);
  cnnimg_params p = sized(g.width, g.height, 1);
  cnnimg_session *s = NULL;
  cnnimg_view src, dst;
  told t = {0, 0};
  void *a = door_picture(&f, &src), *b = door_empty(&g, &dst);
  p.progress = tell, p.progress_user = &t;
  OK(cnnimg_session_new(*state, m, &p, &f, &s, err));
  OK(cnnimg_run(s, &src, &dst, err));
  assert_true(t.done == 77 * 33 && t.total == 77 * 33);
  cnnimg_session_free(s);
  cnnimg_model_unref(m);
  free(a), free(b);
}

/* A network that shifts its colours (output.mean) gives white back as white, to the last bit of 8. */
static void test_white_stays_white(void **state) {
  static const char *const shifted[] = {"output.mean=-0.06,0.02,0.05", NULL};
  const cnnimg_format f = door_format(70, 45, 3, 0, CNNIMG_U8), g = door_format(140, 90, 3, 0, CNNIMG_U8);
  cnnimg_model *m = door_model(*state, "double", shifted);
  for (uint32_t fix = 0; fix < 2; fix++) {
    cnnimg_params p = sized(0, 0, 1);
    cnnimg_session *s = NULL;
    cnnimg_view src, dst;
    uint8_t *a = door_empty(&f, &src), *b = door_empty(&g, &dst);
    size_t off = 0;
    memset(a, 255, (size_t)3 * f.width * f.height);
    p.fix_color = fix;
    OK(cnnimg_session_new(*state, m, &p, &f, &s, err));
    OK(cnnimg_run(s, &src, &dst, err));
    for (size_t i = 0; i < (size_t)3 * g.width * g.height; i++) off += b[i] != 255;
    if (fix) assert_int_equal(off, 0);
    else assert_true(off > 0);
    cnnimg_session_free(s);
    free(a), free(b);
  }
  cnnimg_model_unref(m);
}

/* A ramp, x and y in pixels of the source. */
static float ramp(float x, float y) { return 0.1f + 0.008f * x + 0.004f * y; }

/* Of a network that gives black everywhere all that is seen is what the colours were made to be: means of blocks, between
 * which a ramp goes on as it was. */
static void test_colours_go_on_between_blocks(void **state) {
  static const char *const black[] = {"output.range=1e9", NULL};
  const cnnimg_format f = door_format(64, 48, 1, 0, CNNIMG_F32), g = door_format(128, 96, 1, 0, CNNIMG_F32);
  cnnimg_model *m = door_model(*state, "double", black);
  cnnimg_params p = sized(0, 0, 1);
  cnnimg_session *s = NULL;
  cnnimg_view src, dst;
  void *a = door_empty(&f, &src), *b = door_empty(&g, &dst);
  for (uint32_t i = 0; i < 64 * 48; i++)
    door_put(&src, i % 64, i / 64, 0, ramp((float)(i % 64), (float)(i / 64)));
  p.fix_color = 1;
  OK(cnnimg_session_new(*state, m, &p, &f, &s, err));
  OK(cnnimg_run(s, &src, &dst, err));
  for (uint32_t y = 32; y < 64; y++) /* where no block around is at the border */
    for (uint32_t x = 32; x < 96; x++) {
      float want = ramp(((float)x + 0.5f) / 2 - 0.5f, ((float)y + 0.5f) / 2 - 0.5f);
      if (!(fabsf(door_get(&dst, x, y, 0) - want) < 1e-4f))
        fail_msg("pixel %u,%u: %g, not %g", x, y, (double)door_get(&dst, x, y, 0), (double)want);
    }
  cnnimg_session_free(s);
  cnnimg_model_unref(m);
  free(a), free(b);
}

/* A soft-edged disc of one colour in a sea of garbage that nobody sees. */
static void draw_disc(const cnnimg_view *v, bool premultiplied) {
  static const float colour[3] = {200 / 255.0f, 100 / 255.0f, 50 / 255.0f};
  uint64_t seed = 1;
  for (uint32_t y = 0; y < v->format.height; y++)
    for (uint32_t x = 0; x < v->format.width; x++) {
      float d = 20.5f - hypotf((float)x - 32, (float)y - 30), a = d < 0 ? 0 : d > 1 ? 1 : d;
      a = roundf(a * 255) / 255;
      door_put(v, x, y, 3, a);
      for (uint32_t c = 0; c < 3; c++) {
        float hidden = (float)door_random(&seed, 2); /* black, white, or any mixture of them */
        door_put(v, x, y, c, a > 0 ? premultiplied ? colour[c] * a : colour[c] : premultiplied ? 0 : hidden);
      }
    }
}

/* Seen on white and on black the disc has its own colour up to its edge, and no ripples in its alpha. */
static void check_disc(cnnimg_context *c, cnnimg_model *m, int alpha, uint32_t W, uint32_t H) {
  static const float colour[3] = {200 / 255.0f, 100 / 255.0f, 50 / 255.0f};
  const cnnimg_format f = door_format(64, 60, 3, alpha, CNNIMG_U16),
                      g = door_format(W, H, 3, CNNIMG_ALPHA_STRAIGHT, CNNIMG_F32);
  cnnimg_params p = sized(W, H, 1);
  cnnimg_session *s = NULL;
  cnnimg_view src, dst;
  void *a = door_empty(&f, &src), *b = door_empty(&g, &dst);
  draw_disc(&src, alpha == CNNIMG_ALPHA_PREMULTIPLIED);
  OK(cnnimg_session_new(c, m, &p, &f, &s, err));
  OK(cnnimg_run(s, &src, &dst, err));
  for (uint32_t y = 0; y < H; y++)
    for (uint32_t x = 0; x < W; x++) {
      float A = door_get(&dst, x, y, 3), X = ((float)x + 0.5f) * 64 / (float)W - 0.5f,
            Y = ((float)y + 0.5f) * 60 / (float)H - 0.5f;
      float r = hypotf(X - 32, Y - 30);
      if (!(A >= 0 && A <= 1)) fail_msg("alpha %g at %u,%u", (double)A, x, y);
      if (r < 15 && A < 1 - 1e-6f) fail_msg("alpha %g at %u,%u, inside", (double)A, x, y);
      if (r > 25 && A > 1e-5f) fail_msg("alpha %g at %u,%u, outside", (double)A, x, y);
      for (uint32_t k = 0; k < 3; k++)
        if (fabsf(door_get(&dst, x, y, k) - colour[k]) * A > 1.5f / 255)
          fail_msg("colour %u at %u,%u is %g under alpha %g, not %g", k, x, y,
                   (double)door_get(&dst, x, y, k), (double)A, (double)colour[k]);
    }
  cnnimg_session_free(s);
  free(a), free(b);
}

static void test_no_halos(void **state) {
  cnnimg_model *twice = door_model(*state, "double", NULL), *own = door_model(*state, "identity", NULL),
               *real = door_model(*state, "upscale-x2", NULL);
  for (int alpha = CNNIMG_ALPHA_STRAIGHT; alpha <= CNNIMG_ALPHA_PREMULTIPLIED; alpha++) {
    check_disc(*state, twice, alpha, 128, 120);
    check_disc(*state, twice, alpha, 91, 200);
    check_disc(*state, own, alpha, 40, 37);
    check_disc(*state, real, alpha, 128, 120);
    check_disc(*state, real, alpha, 192, 180);
  }
  cnnimg_model_unref(twice), cnnimg_model_unref(own), cnnimg_model_unref(real);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_pillow_agrees, setup, teardown),
      cmocka_unit_test_setup_teardown(test_sizes_follow, setup, teardown),
      cmocka_unit_test_setup_teardown(test_sizes_that_are_refused, setup, teardown),
      cmocka_unit_test(test_the_same_bytes),
      cmocka_unit_test_setup_teardown(test_progress_counts_the_result, setup, teardown),
      cmocka_unit_test_setup_teardown(test_white_stays_white, setup, teardown),
      cmocka_unit_test_setup_teardown(test_colours_go_on_between_blocks, setup, teardown),
      cmocka_unit_test_setup_teardown(test_no_halos, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
