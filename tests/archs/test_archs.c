/* SPDX-License-Identifier: MIT */
/* test_archs.c - networks with attention give the same bytes in stripes and bands of any size; test_fixtures has the answers */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "archs/weights.h"
#include "base/source.h"
#include "exec/exec.h"
#include "tasks/network.h"
#include "tests/bench/npy.h"

#define MOST 512 /* networks */

static const char suffix[] = ".safetensors";

typedef struct job {
  const char *stem; /* the path without its suffix */
  ci_source source;
  ci_program *program;
  ci_lowered *net;
  npy in, want;
  float *got;
} job;

static npy array(const job *j, const char *end) {
  char path[1200];
  npy a;
  snprintf(path, sizeof path, "%s%s", j->stem, end);
  if (!npy_load(path, &a) || a.rank != 3) fail_msg("%s: no array of three dimensions", path);
  return a;
}

static void open_job(job *j, const char *stem) {
  char path[1200];
  cnnimg_error err = {0};
  *j = (job){.stem = stem};
  snprintf(path, sizeof path, "%s%s", stem, suffix);
  if (ci_source_open(&j->source, path, 0, &err) || ci_weights_load(&j->source, &j->program, NULL, &err))
    fail_msg("%s: %s", path, err.text);
  j->in = array(j, ".in.npy"), j->want = array(j, ".out.npy");
  const ci_dims dims = {4, {1, j->in.dim[2], j->in.dim[0], j->in.dim[1]}};
  if (j->program->n_inputs != 1 || ci_network_new(j->program, 0, &dims, &j->net, &err))
    fail_msg("%s: %zu inputs; %s", path, j->program->n_inputs, err.text);
  j->got = malloc(j->want.count * sizeof *j->got);
}

static void close_job(job *j) {
  free(j->in.v);
  free(j->want.v);
  free(j->got);
  ci_lowered_free(j->net);
  ci_program_free(j->program);
  ci_source_close(&j->source);
}

static size_t pixel(const npy *a, int32_t y, int32_t x) {
  return (size_t)(y * a->dim[1] + x) * (size_t)a->dim[2];
}

static int fill(void *user, uint32_t i, const ci_view *v, ci_rect r, cnnimg_error *err) {
  const job *j = user;
  (void)i, (void)err;
  for (int32_t y = r.y0; y < r.y1; y++)
    for (int32_t x = r.x0; x < r.x1; x++)
      memcpy(ci_view_at(v, x, y), j->in.v + pixel(&j->in, y, x), (size_t)v->map.c * sizeof(float));
  return CNNIMG_OK;
}

static int take(void *user, const ci_view *v, ci_rect r, cnnimg_error *err) {
  job *j = user;
  (void)err;
  for (int32_t y = r.y0; y < r.y1; y++)
    for (int32_t x = r.x0; x < r.x1; x++)
      memcpy(j->got + pixel(&j->want, y, x), ci_view_at(v, x, y), (size_t)v->map.c * sizeof(float));
  return CNNIMG_OK;
}

static void run(job *j, int32_t tile, int32_t band, uint32_t threads) {
  const ci_plan_options o = {.tile = tile, .band = band, .threads = threads};
  const ci_shape in = ci_network_shape(j->net, 0);
  const ci_feed feed = {.user = j, .fill = fill, .take = take};
  cnnimg_error err = {0};
  ci_plan *plan;
  ci_pool *pool;
  if (ci_pool_new(&pool, threads, &err) ||
      ci_plan_new(&plan, j->net->graph, &in, ci_kernels_best(), &o, &err))
    fail_msg("%s: %s", j->stem, err.text);
  ci_shape out = ci_plan_get_stats(plan)->out;
  if (out.h != j->want.dim[0] || out.w != j->want.dim[1] || out.c != j->want.dim[2])
    fail_msg("%s: the result is %d x %d x %d", j->stem, out.h, out.w, out.c);
  if (ci_plan_run(plan, pool, &feed, NULL, &err)) fail_msg("%s: %s", j->stem, err.text);
  ci_plan_free(plan);
  ci_pool_free(pool);
}

/* Stripes and bands that end anywhere give the same bytes. */
static void check(const char *stem) {
  static const int32_t cuts[][2] = {{5, 3}, {0, 1}, {17, 8}};
  job j;
  open_job(&j, stem);
  run(&j, 0, 0, 1);
  float *first = malloc(j.want.count * sizeof *first);
  memcpy(first, j.got, j.want.count * sizeof *first);
  for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
    memset(j.got, 0xff, j.want.count * sizeof *first);
    run(&j, cuts[i][0], cuts[i][1], 1 + (uint32_t)i % 3);
    if (memcmp(first, j.got, j.want.count * sizeof *first))
      fail_msg("%s: other bytes in stripes of %d and bands of %d", stem, cuts[i][0], cuts[i][1]);
  }
  free(first);
  close_job(&j);
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static size_t list(char **stems) {
  char path[1024];
  const char *top = getenv("abs_top_srcdir");
  size_t n = 0;
  snprintf(path, sizeof path, "%s/tests/formats/data/transformers", top ? top : ".");
  DIR *d = opendir(path);
  if (!d) fail_msg("cannot open %s", path);
  for (struct dirent *e; (e = readdir(d)) && n < MOST;) {
    size_t length = strlen(e->d_name);
    if (length < sizeof suffix || strcmp(e->d_name + length - sizeof suffix + 1, suffix)) continue;
    stems[n] = malloc(1100);
    snprintf(stems[n++], 1100, "%.600s/%.*s", path, (int)(length - sizeof suffix + 1), e->d_name);
  }
  closedir(d);
  qsort(stems, n, sizeof *stems, by_name);
  return n;
}

static void test_stripes(void **state) {
  (void)state;
  char *stems[MOST];
  size_t n = list(stems);
  assert_true(n >= 9);
  for (size_t i = 0; i < n; i++) {
    check(stems[i]);
    free(stems[i]);
  }
  print_message("%zu networks\n", n);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_stripes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
