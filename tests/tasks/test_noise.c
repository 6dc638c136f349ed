/* SPDX-License-Identifier: MIT */
/* test_noise.c - eigenvalues that are known, and noise of a known level */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tasks/noise.h"

#define PI 3.14159265358979323846

/* The second-difference matrix of order n has the eigenvalues 2 - 2 cos(k pi / (n + 1)), k = 1..n. */
static void test_eigenvalues_of_a_known_matrix(void **state) {
  (void)state;
  enum { N = 20 };
  double a[N * N] = {0}, w[N];
  for (int i = 0; i < N; i++) {
    a[i * N + i] = 2;
    if (i) a[i * N + i - 1] = a[(i - 1) * N + i] = -1;
  }
  assert_int_equal(ci_symmetric_eigenvalues(a, N, w), 0);
  for (int k = 1; k <= N; k++) assert_true(fabs(w[k - 1] - (2 - 2 * cos(k * PI / (N + 1)))) < 1e-10);
}

static void test_eigenvalues_refuse_what_is_not_finite(void **state) {
  (void)state;
  double a[4] = {1, (double)NAN, (double)NAN, 1}, w[2];
  assert_int_equal(ci_symmetric_eigenvalues(a, 2, w), -1);
}

static double uniform(uint64_t *s) {
  *s = *s * 6364136223846793005u + 1442695040888963407u;
  return ((double)(*s >> 11) + 0.5) / 9007199254740992.0;
}

static double gauss(uint64_t *s) { return sqrt(-2 * log(uniform(s))) * cos(2 * PI * uniform(s)); }

typedef struct scene {
  cnnimg_format f;
  uint8_t *px;
} scene;

static int row(void *user, uint32_t y, cnnimg_view *out, cnnimg_error *err) {
  const scene *s = user;
  (void)err;
  cnnimg_view_init(out, &s->f, s->px + (size_t)y * s->f.width * s->f.colours);
  return CNNIMG_OK;
}

/* Soft shapes with some edges, noise added, rounded and clipped as a camera does. */
static float estimate(double sigma, uint8_t colours) {
  scene s = {{.width = 256, .height = 192, .colours = colours, .sample = CNNIMG_U8}, NULL};
  uint64_t seed = 11;
  float found = -1;
  s.px = malloc((size_t)256 * 192 * colours);
  for (uint32_t y = 0, at = 0; y < 192; y++)
    for (uint32_t x = 0; x < 256; x++)
      for (int c = 0; c < colours; c++) {
        double v = 128 + 60 * sin(x / 23.0 + c) * cos(y / 17.0) + ((x / 40 + y / 50) % 2 ? 25 : -25);
        s.px[at++] = (uint8_t)fmin(255, fmax(0, floor(v + sigma * gauss(&seed) + 0.5)));
      }
  assert_int_equal(ci_noise_estimate(&s.f, row, &s, &found, NULL), CNNIMG_OK);
  free(s.px);
  return found;
}

static void test_known_noise_is_found(void **state) {
  (void)state;
  static const double sigmas[] = {3, 10, 25, 50};
  for (uint8_t colours = 1; colours <= 3; colours += 2)
    for (size_t i = 0; i < 4; i++) {
      double found = (double)estimate(sigmas[i], colours), miss = fabs(found - sigmas[i]);
      if (miss > 0.3 + 0.06 * sigmas[i]) fail_msg("sigma %g, %d colours: %g", sigmas[i], colours, found);
    }
}

static void test_a_clean_picture_reads_low(void **state) {
  (void)state;
  assert_true(estimate(0, 3) < 1.0f);
}

static void test_small_pictures_read_zero(void **state) {
  (void)state;
  uint8_t px[12] = {1, 200, 3, 90, 5, 6, 70, 8, 9, 1, 2, 3};
  scene s = {{.width = 2, .height = 2, .colours = 3, .sample = CNNIMG_U8}, px};
  float found = -1;
  assert_int_equal(ci_noise_estimate(&s.f, row, &s, &found, NULL), CNNIMG_OK);
  assert_true(found == 0.0f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_eigenvalues_of_a_known_matrix),
      cmocka_unit_test(test_eigenvalues_refuse_what_is_not_finite),
      cmocka_unit_test(test_known_noise_is_found),
      cmocka_unit_test(test_a_clean_picture_reads_low),
      cmocka_unit_test(test_small_pictures_read_zero),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
