/* SPDX-License-Identifier: MIT */
/* test_behind.c - what is done to the network's result at its own size: chroma, detail; and a JPEG file's quality */
#include "door.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void *open_context(void) { return door_context(2); }

static int setup(void **state) { return (*state = open_context()) == NULL; }
static int teardown(void **state) { return cnnimg_close(*state), 0; }

static cnnimg_session *session(cnnimg_context *c, cnnimg_model *m, const cnnimg_format *f, float sigma,
                               float chroma, float detail, uint32_t tile) {
  cnnimg_params p;
  cnnimg_session *s = NULL;
  cnnimg_params_init(&p, CNNIMG_TASK_DENOISE);
  p.chroma = chroma, p.detail = detail, p.tile = tile, p.sigma = sigma;
  OK(cnnimg_session_new(c, m, &p, f, &s, err));
  return s;
}

static void run_once(cnnimg_context *c, cnnimg_model *m, const cnnimg_view *src, float sigma, float chroma,
                     float detail, const cnnimg_view *dst) {
  cnnimg_session *s = session(c, m, &src->format, sigma, chroma, detail, 0);
  OK(cnnimg_run(s, src, dst, err));
  cnnimg_session_free(s);
}

static double luma(const cnnimg_view *v, uint32_t x, uint32_t y) {
  return 0.299 * (double)door_get(v, x, y, 0) + 0.587 * (double)door_get(v, x, y, 1) +
         0.114 * (double)door_get(v, x, y, 2);
}

/* halves makes chroma smaller, too. */
static void test_chroma_is_mixed_and_luma_kept(void **state) {
  const cnnimg_format f = door_format(40, 21, 3, 0, CNNIMG_F32);
  cnnimg_model *m = door_model(*state, "halves", NULL);
  cnnimg_view src, whole, mixed;
  void *a = door_picture(&f, &src), *b = door_empty(&f, &whole), *c = door_empty(&f, &mixed);
  run_once(*state, m, &src, 5.1f, 1, 0, &whole);
  for (int quarter = 0; quarter < 4; quarter++) {
    double share = quarter / 4.0;
    run_once(*state, m, &src, 5.1f, (float)share, 0, &mixed);
    for (uint32_t i = 0; i < 40 * 21; i++) {
      uint32_t x = i % 40, y = i / 40;
      double l = luma(&whole, x, y), old = luma(&src, x, y);
      assert_true(fabs(luma(&mixed, x, y) - l) < 1e-6);
      for (uint32_t k = 0; k < 3; k++) {
        double want = l + share * ((double)door_get(&whole, x, y, k) - l) +
                      (1 - share) * ((double)door_get(&src, x, y, k) - old);
        assert_true(fabs((double)door_get(&mixed, x, y, k) - want) < 1e-6);
      }
    }
  }
  cnnimg_model_unref(m);
  free(a), free(b), free(c);
}

/* ---- alpha ------------------------------------------------------------------------------- */

static bool in_disc(uint32_t x, uint32_t y) {
  int32_t u = (int32_t)x - 50, v = (int32_t)y - 40;
  return u * u + v * v < 30 * 30;
}

/* A grey disc; outside it is transparent, and the colours there are noise. */
static void *disc_over_garbage(const cnnimg_format *f, uint64_t seed, cnnimg_view *v) {
  void *p = door_empty(f, v);
  for (uint32_t y = 0; y < f->height; y++)
    for (uint32_t x = 0; x < f->width; x++) {
      for (uint32_t c = 0; c < 3; c++)
        door_put(v, x, y, c, in_disc(x, y) ? 0.5f : (float)door_random(&seed, 256) / 255);
      door_put(v, x, y, 3, in_disc(x, y));
    }
  return p;
}

/* What is hidden changes nothing, no halo of it is seen, and it is hidden there still: in place and by stripes, too. */
static void test_hidden_colours_stay_hidden(void **state) {
  const cnnimg_format f = door_format(97, 81, 3, CNNIMG_ALPHA_STRAIGHT, CNNIMG_U8);
  cnnimg_model *m = door_model(*state, "denoise", NULL);
  cnnimg_view src[2], dst[2];
  void *p[2], *q[2];
  for (int i = 0; i < 2; i++) {
    p[i] = disc_over_garbage(&f, 3 + (uint64_t)i, &src[i]), q[i] = door_empty(&f, &dst[i]);
    cnnimg_session *s = session(*state, m, &f, 25, 1, 0, i ? 37 : 0);
    if (i) memcpy(q[1], p[1], (size_t)97 * 81 * 4); /* in place */
    OK(cnnimg_run(s, i ? &dst[1] : &src[0], &dst[i], err));
    cnnimg_session_free(s);
  }
  for (uint32_t i = 0; i < 97 * 81 * 3; i++) {
    uint32_t x = i / 3 % 97, y = i / 291, c = i % 3;
    float v = door_get(&dst[0], x, y, c), w = door_get(&dst[1], x, y, c);
    assert_true(door_get(&dst[0], x, y, 3) == (float)in_disc(x, y));
    if (in_disc(x, y)) {
      assert_true(v == w);
      if (!(fabsf(v - 0.5f) < 2.6f / 255)) fail_msg("pixel %u,%u: %g, not 0.5", x, y, (double)v);
    } else {
      assert_true(v == door_get(&src[0], x, y, c) && w == door_get(&src[1], x, y, c));
    }
  }
  cnnimg_model_unref(m);
  for (int i = 0; i < 2; i++) free(p[i]), free(q[i]);
}

/* Where nothing is transparent, colours come out as without alpha, bit by bit. */
static void test_opaque_alpha_changes_nothing(void **state) {
  const cnnimg_format f = door_format(97, 81, 3, CNNIMG_ALPHA_STRAIGHT, CNNIMG_U8),
                      g = door_format(97, 81, 3, 0, CNNIMG_U8);
  static const char *const options[] = {"range=255", "mean=3,7,11", NULL};
  for (int i = 0; i < 2; i++) {
    cnnimg_model *m = door_model(*state, i ? "halves" : "denoise", i ? options : NULL);
    cnnimg_view src, dst, plain, want;
    void *a = door_picture(&f, &src), *b = door_empty(&f, &dst), *c = door_picture(&g, &plain),
         *d = door_empty(&g, &want);
    for (uint32_t k = 0; k < 97 * 81; k++) door_put(&src, k % 97, k / 97, 3, k % 5 ? 1 : 0.25f);
    run_once(*state, m, &src, 25, 1, 0, &dst);
    run_once(*state, m, &plain, 25, 1, 0, &want);
    for (uint32_t k = 0; k < 97 * 81 * 3; k++)
      assert_true(door_get(&dst, k / 3 % 97, k / 291, k % 3) == door_get(&want, k / 3 % 97, k / 291, k % 3));
    cnnimg_model_unref(m);
    free(a), free(b), free(c), free(d);
  }
}

/* ---- detail ------------------------------------------------------------------------------ */

#define SIDE 128

static double normal(uint64_t *seed) {
  double sum = -6;
  for (int i = 0; i < 12; i++) sum += door_random(seed, 1 << 20) / (double)(1 << 20);
  return sum;
}

/* From a column and row on. */
static double stripes(uint32_t x, uint32_t y, uint32_t from) {
  return x >= from && y >= from ? 0.2 * cos(2 * acos(-1) * (x + y) / 5.0) : 0;
}

/* Grey with noise, and stripes. */
static void *noisy_stripes(cnnimg_view *v, uint32_t from) {
  const cnnimg_format f = door_format(SIDE, SIDE, 1, 0, CNNIMG_F32);
  void *p = door_empty(&f, v);
  uint64_t seed = 5;
  for (uint32_t y = 0; y < SIDE; y++)
    for (uint32_t x = 0; x < SIDE; x++)
      door_put(v, x, y, 0, (float)(stripes(x, y, from) + 0.02 * normal(&seed)));
  return p;
}

/* What comes back of them where a network takes everything away, so that the residual is the picture. */
static void *all_comes_back(cnnimg_context *c, uint32_t from, cnnimg_view *dst) {
  static const char *const nothing[] = {"output.range=1e9", NULL};
  cnnimg_model *m = door_model(c, "identity", nothing);
  cnnimg_view src;
  void *a = noisy_stripes(&src, from), *b = door_empty(&src.format, dst);
  run_once(c, m, &src, 5.1f, 1, 1, dst);
  cnnimg_model_unref(m);
  free(a);
  return b;
}

/* The share of the stripes that is missing, from a column and row on. */
static double lost(const cnnimg_view *v, uint32_t stripes_from, uint32_t from) {
  double off = 0, all = 0;
  for (uint32_t y = from; y < SIDE - 8; y++)
    for (uint32_t x = from; x < SIDE - 8; x++) {
      double texture = stripes(x, y, stripes_from), d = (double)door_get(v, x, y, 0) - texture;
      off += d * d, all += texture * texture;
    }
  return off / all;
}

/* Of noise alone a block now and then gives a wave back; lone weak ones in every third block would be seen as hatching. */
static void test_texture_comes_back_and_noise_does_not(void **state) {
  cnnimg_view dst;
  void *p = all_comes_back(*state, SIDE / 2, &dst);
  double share = lost(&dst, SIDE / 2, SIDE / 2 + 8), grain = 0;
  int waves = 0, flat = 0;
  for (uint32_t y = 8; y < SIDE - 8; y++)
    for (uint32_t x = 8; x < SIDE - 8; x++) {
      double got = (double)door_get(&dst, x, y, 0);
      if (x >= SIDE / 2 - 8 && y >= SIDE / 2 - 8) continue;
      grain += got * got, waves += fabs(got) > 0.0005, flat++;
    }
  if (share > 0.05) fail_msg("%g of the stripes is lost", share);
  assert_true(sqrt(grain / (SIDE * SIDE)) < 0.003); /* of 0.02 */
  if (waves > flat / 20) fail_msg("%d of %d pixels without texture get waves of noise back", waves, flat);
  free(p);
}

/* Where everything around is texture, what the network was told says how much of it is noise. */
static void test_texture_everywhere_comes_back(void **state) {
  cnnimg_view dst;
  void *p = all_comes_back(*state, 0, &dst);
  double share = lost(&dst, 0, 8);
  if (share > 0.05) fail_msg("%g of the stripes is lost", share);
  free(p);
}

static void test_nothing_comes_back_where_nothing_was_taken(void **state) {
  const cnnimg_format f = door_format(40, 21, 3, CNNIMG_ALPHA_STRAIGHT, CNNIMG_U8);
  cnnimg_model *m = door_model(*state, "identity", NULL);
  cnnimg_view src, dst;
  void *a = door_picture(&f, &src), *b = door_empty(&f, &dst);
  run_once(*state, m, &src, 5.1f, 0, 1, &dst);
  door_assert_same(&src, &dst);
  cnnimg_model_unref(m);
  free(a), free(b);
}

static void test_detail_needs_the_pictures_own_size(void **state) {
  const cnnimg_format f = door_format(8, 8, 3, 0, CNNIMG_U8);
  cnnimg_model *m = door_model(*state, "double", NULL);
  cnnimg_params p;
  cnnimg_session *s = NULL;
  cnnimg_params_init(&p, CNNIMG_TASK_UPSCALE);
  p.detail = 1;
  REFUSED(cnnimg_session_new(*state, m, &p, &f, &s, err), CNNIMG_UNSUPPORTED, "own size (8x8, not 16x16)");
  cnnimg_model_unref(m);
}

/* ---- the same bytes --------------------------------------------------------------------------- */

static void check_rectangle(cnnimg_session *s, const cnnimg_view *src, const cnnimg_view *whole,
                            uint64_t *seed) {
  uint32_t W = whole->format.width, H = whole->format.height;
  uint32_t w = 1 + door_random(seed, W < 50 ? W : 50), h = 1 + door_random(seed, H < 50 ? H : 50);
  uint32_t x = door_random(seed, W - w + 1), y = door_random(seed, H - h + 1);
  cnnimg_format f = whole->format;
  cnnimg_view dst, want = door_crop(whole, x, y, w, h);
  f.width = w, f.height = h;
  void *p = door_empty(&f, &dst);
  OK(cnnimg_run_region(s, cnnimg_read_view, (void *)(uintptr_t)src, x, y, &dst, err));
  door_assert_same(&want, &dst);
  free(p);
}

/* Of a sigma that is no bound: the noise is the cells'. */
static void check_size(cnnimg_context *c, cnnimg_model *m, uint32_t width, uint32_t height, int colours) {
  const cnnimg_format f = door_format(width, height, colours, 0, CNNIMG_F32);
  cnnimg_view src, whole, again;
  void *a = door_picture(&f, &src), *b = door_empty(&f, &whole), *d = door_empty(&f, &again);
  uint64_t seed = 9;
  for (uint32_t y = 0; y < height; y++)
    for (uint32_t x = 0; x < width; x++)
      for (uint32_t k = 0; k < (uint32_t)colours; k++)
        door_put(&src, x, y, k,
                 0.5f + (float)((x / 24 + y / 24) % 3 ? 0 : 0.4 * cos(2 * acos(-1) * (x + y) / 5.0)) +
                     0.02f * (float)normal(&seed));
  run_once(c, m, &src, 60, 0.3f, 0.8f, &whole);
  cnnimg_session *s = session(c, m, &f, 60, 0.3f, 0.8f, 40);
  OK(cnnimg_run(s, &src, &again, err));
  door_assert_same(&whole, &again);
  for (int k = 0; k < 12; k++) check_rectangle(s, &src, &whole, &seed);
  cnnimg_session_free(s);
  free(a), free(b), free(d);
}

static void test_any_rectangle_is_the_same_bytes(void **state) {
  static const uint32_t sizes[][2] = {{210, 190}, {97, 31}, {300, 5}, {1, 1}, {2, 40}, {17, 16}};
  cnnimg_model *m = door_model(*state, "valid", NULL);
  for (size_t i = 0; i < COUNT(sizes) * 2; i++)
    check_size(*state, m, sizes[i / 2][0], sizes[i / 2][1], i % 2 ? 1 : 3);
  cnnimg_model_unref(m);
}

/* ---- quality ---------------------------------------------------------------------------------------- */

static void test_quality_reaches_the_network(void **state) {
  const cnnimg_format f = door_format(9, 5, 3, 0, CNNIMG_F32);
  cnnimg_model *m = door_model(*state, "quality", NULL);
  cnnimg_view src, dst;
  void *a = door_picture(&f, &src), *b = door_empty(&f, &dst);
  cnnimg_params p;
  cnnimg_session *s = NULL;
  cnnimg_params_init(&p, CNNIMG_TASK_NONE);
  REFUSED(cnnimg_session_new(*state, m, &p, &f, &s, err), CNNIMG_BADARG, "params.jpeg_quality");
  p.jpeg_quality = 40;
  OK(cnnimg_session_new(*state, m, &p, &f, &s, err));
  OK(cnnimg_run(s, &src, &dst, err));
  for (uint32_t y = 0; y < 5; y++)
    for (uint32_t x = 0; x < 9; x++)
      assert_true(fabsf(door_get(&dst, x, y, 1) - door_get(&src, x, y, 1) - 0.6f) < 1e-6f);
  cnnimg_session_free(s);
  cnnimg_model_unref(m);
  free(a), free(b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_chroma_is_mixed_and_luma_kept, setup, teardown),
      cmocka_unit_test_setup_teardown(test_hidden_colours_stay_hidden, setup, teardown),
      cmocka_unit_test_setup_teardown(test_opaque_alpha_changes_nothing, setup, teardown),
      cmocka_unit_test_setup_teardown(test_texture_comes_back_and_noise_does_not, setup, teardown),
      cmocka_unit_test_setup_teardown(test_texture_everywhere_comes_back, setup, teardown),
      cmocka_unit_test_setup_teardown(test_nothing_comes_back_where_nothing_was_taken, setup, teardown),
      cmocka_unit_test_setup_teardown(test_detail_needs_the_pictures_own_size, setup, teardown),
      cmocka_unit_test_setup_teardown(test_any_rectangle_is_the_same_bytes, setup, teardown),
      cmocka_unit_test_setup_teardown(test_quality_reaches_the_network, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
