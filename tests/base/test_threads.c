/* SPDX-License-Identifier: MIT */
/* test_threads.c - every piece of work is done once, whoever does it; the caller's floats stay as they were */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/threads.h"

#define PIECES 257u

typedef struct tally {
  atomic_uint times[PIECES];
  atomic_uint odd; /* workers with an impossible number */
  uint32_t threads;
  volatile float tiny;
  atomic_uint kept; /* denormals that were not flushed */
} tally;

static void count(void *arg, uint32_t i, uint32_t worker) {
  tally *t = arg;
  atomic_fetch_add(&t->times[i], 1);
  if (worker >= t->threads) atomic_fetch_add(&t->odd, 1);
  volatile float half = t->tiny * 0.5f;
  if (half != 0.0f) atomic_fetch_add(&t->kept, 1);
}

static void every_piece_is_done_once(void **state) {
  (void)state;
  for (uint32_t threads = 1; threads <= 5; threads++) {
    tally t = {.threads = threads, .tiny = 1.2e-38f};
    ci_pool *pool;
    assert_int_equal(ci_pool_new(&pool, threads, NULL), CNNIMG_OK);
    assert_int_equal(ci_pool_threads(pool), threads);
    for (uint32_t run = 0; run < 200; run++) ci_pool_run(pool, run % (PIECES + 1), count, &t);
    for (uint32_t i = 0; i < PIECES; i++) assert_int_equal(t.times[i], i < 199 ? 199 - i : 0);
    assert_int_equal(t.odd, 0);
#if defined(__x86_64__) || defined(__aarch64__)
    assert_int_equal(t.kept, 0); /* flushed to zero at work ... */
    volatile float half = t.tiny * 0.5f;
    assert_true(half != 0.0f); /* ... but not here */
#endif
    ci_pool_free(pool);
  }
  ci_pool_free(NULL);
}

static void there_is_always_one_thread(void **state) {
  (void)state;
  assert_true(ci_threads_available() >= 1);
}

static void the_environment_lowers_the_level(void **state) {
  (void)state;
  ci_isa best = ci_cpu_isa();
  setenv("CNNIMG_CPU", "ref", 1);
  assert_int_equal(ci_cpu_isa(), CI_ISA_REF);
  setenv("CNNIMG_CPU", "vec", 1);
  assert_int_equal(ci_cpu_isa(), CI_ISA_VEC);
  setenv("CNNIMG_CPU", "avx512", 1);
  assert_true(ci_cpu_isa() <= best || best == CI_ISA_NEON);
  setenv("CNNIMG_CPU", "neon", 1); /* the best of its family, unknown to others */
  assert_int_equal(ci_cpu_isa(), best);
  unsetenv("CNNIMG_CPU");
  assert_int_equal(ci_cpu_isa(), best);
}

int main(void) {
  unsetenv("CNNIMG_CPU");
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_piece_is_done_once),
      cmocka_unit_test(there_is_always_one_thread),
      cmocka_unit_test(the_environment_lowers_the_level),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
