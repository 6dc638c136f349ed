/* SPDX-License-Identifier: MIT */
/* test_patch.c - the difference of patches: whole numbers, so every table gives the same */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernels/kernels.h"

static uint32_t seed = 1;
static int32_t below(int32_t n) {
  return (int32_t)(((seed = seed * 1664525u + 1013904223u) >> 8) % (uint32_t)n);
}

static int16_t *samples(size_t n) {
  int16_t *s = malloc(n * sizeof *s);
  for (size_t i = 0; i < n; i++) s[i] = (int16_t)(below(4) ? below(1024) : 1023 * below(2));
  return s;
}

static int64_t plain(const ci_patch_pair *p) {
  int64_t sum = 0;
  for (int32_t y = 0; y < p->rows; y++)
    for (int32_t i = 0; i < p->n; i++) {
      int64_t d = p->a[y * p->a_step + i] - p->b[y * p->b_step + i];
      if (!p->keep || p->keep[y * CI_PATCH_SPARE + i]) sum += d * d;
    }
  return sum;
}

static void check(const ci_kernels *k, ci_patch_pair p, int64_t want) {
  p.stop = INT32_MAX;
  if (k->patch_distance(&p) != want) fail_msg("%s: %d rows of %d", k->name, p.rows, p.n);
  p.stop = (int32_t)want;
  if (k->patch_distance(&p) != want) fail_msg("%s: stopped at %lld", k->name, (long long)want);
  p.stop = (int32_t)(want / 2);
  if (want > 1 && k->patch_distance(&p) <= p.stop) fail_msg("%s: gave up below %d", k->name, p.stop);
}

/* Exactly as many samples as there must be, so that a sanitizer sees what is read beyond. */
static void test_distance(void **state) {
  (void)state;
  for (int turn = 0; turn < 2000; turn++) {
    ci_patch_pair p = {.rows = 1 + below(7), .n = turn & 1 ? 21 : 1 + below(21)};
    p.a_step = p.n + below(9), p.b_step = p.n + below(9);
    size_t rows = (size_t)p.rows;
    int16_t *a = samples((rows - 1) * (size_t)p.a_step + (size_t)p.n + CI_PATCH_SPARE),
            *b = samples((rows - 1) * (size_t)p.b_step + (size_t)p.n + CI_PATCH_SPARE),
            *keep = calloc(rows * CI_PATCH_SPARE, sizeof *keep);
    for (size_t i = 0; i < rows * CI_PATCH_SPARE; i++)
      keep[i] = (int16_t) - ((int32_t)(i % CI_PATCH_SPARE) < p.n && below(2));
    p.a = a, p.b = b, p.keep = turn % 3 ? NULL : keep;
    int64_t want = plain(&p);
    for (int isa = CI_ISA_REF; isa <= CI_ISA_NEON; isa++)
      if (ci_kernels_for((ci_isa)isa)) check(ci_kernels_for((ci_isa)isa), p, want);
    free(a), free(b), free(keep);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_distance)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
