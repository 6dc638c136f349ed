/* SPDX-License-Identifier: MIT */
/* test_openblas.c - products by OpenBLAS: the same bytes whatever OPENBLAS_NUM_THREADS says; a process each */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernels/gemm.h"
#include "large.h"

static const char *program;

/* FNV-1a */
static uint64_t hash(uint64_t h, const void *data, size_t n) {
  for (const uint8_t *p = data; n--; p++) h = (h ^ *p) * 1099511628211u;
  return h;
}

/* Prints what all products come to on three threads, whether OpenBLAS made them, and its threads. */
static int child(void) {
  uint64_t h = 14695981039346656037u;
  ci_pool *pool;
  example e;
  if (ci_pool_new(&pool, 3, NULL)) return 1;
  example_with(pool, &ci_kernels_vec);
  for (size_t i = 0; large_begin(&e, i, true); i++) {
    ci_array out;
    example_run(&e, RUNNING, 0, &out);
    h = hash(h, out.data, out.count * sizeof(float));
    free(out.data);
    example_free(&e);
  }
  printf("%d %016llx\n", ci_gemm_by_openblas(&ci_kernels_vec), (unsigned long long)h);
  ci_pool_free(pool);
  return 0;
}

static void ask(const char *threads, char *line, size_t size) {
  char command[4096];
  snprintf(command, sizeof command, "OPENBLAS_NUM_THREADS=%s '%s' child", threads, program);
  FILE *f = popen(command, "r");
  assert_non_null(f);
  if (!fgets(line, (int)size, f)) *line = 0;
  assert_int_equal(pclose(f), 0);
}

static void test_environment(void **state) {
  static const char *const counts[] = {"4", "8", "2"};
  char one[64], other[64];
  (void)state;
  ask("1", one, sizeof one);
#if CNNIMG_OPENBLAS
  assert_int_equal(one[0], '1'); /* it is what this test is for */
#else
  assert_int_equal(one[0], '0');
#endif
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    ask(counts[i], other, sizeof other);
    assert_string_equal(one, other);
  }
}

int main(int argc, char **argv) {
  program = argv[0];
  if (argc > 1 && !strcmp(argv[1], "child")) return child();
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_environment)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
