/* SPDX-License-Identifier: MIT */
/* test_fixtures.c - every weight file in data/ that has NAME.in.npy and NAME.out.npy beside it gives that answer */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "archs/weights.h"
#include "tests/formats/feed.h"
#include "tests/formats/folder.h"

#define WORST 1e-5 /* of the largest value, where NAME.tol says no other */
#define INPUTS 8

typedef struct tally {
  size_t right, wrong;
} tally;

/* HDF5 and MAT are read by a program that may be built without the one or the other, or not at all. */
static bool is_left_out(int status, const cnnimg_error *err) {
  return status == CNNIMG_UNSUPPORTED && (strstr(err->text, "which is not there; build cnnimg with") ||
                                          strstr(err->text, "cnnimg was built without"));
}

static double tolerance(const folder *f, const char *stem) {
  char path[1024];
  double worst = WORST;
  folder_join(path, sizeof path, f, stem, ".tol");
  FILE *words = fopen(path, "re");
  if (words && fscanf(words, "%lf", &worst) != 1) worst = 0;
  if (words) fclose(words);
  return worst;
}

/* NAME.in.npy, and NAME.in2.npy, NAME.in3.npy ... where the network has more inputs. */
static bool load_inputs(const folder *f, const char *stem, size_t n, npy *arrays, feed_input *in) {
  char path[1024], suffix[32] = ".in.npy";
  for (size_t i = 0; i < n; i++) {
    if (i) snprintf(suffix, sizeof suffix, ".in%zu.npy", i + 1);
    folder_join(path, sizeof path, f, stem, suffix);
    if (!npy_load(path, &arrays[i])) return false;
    in[i].array = &arrays[i];
  }
  return true;
}

static bool compare(const folder *f, const char *name, const char *stem, const npy *got) {
  char path[1024];
  npy want;
  double top = 1, worst = tolerance(f, stem);
  folder_join(path, sizeof path, f, stem, ".out.npy");
  if (!npy_load(path, &want)) return false;
  for (size_t i = 0; i < want.count; i++) top = fmax(top, fabs((double)want.v[i]));
  double error = feed_difference(got, &want);
  bool shape = got->rank != 3 || want.rank != 3 || !memcmp(got->dim, want.dim, 3 * sizeof *want.dim);
  if (!shape || !(error <= worst * top))
    print_error("%s/%s: %s off by %.3g (at most %.3g)\n", f->name, name, shape ? "" : "another shape,", error,
                worst * top);
  free(want.v);
  return shape && error <= worst * top;
}

static bool run_fixture(const folder *f, const char *name, const char *stem) {
  npy arrays[INPUTS] = {{0}}, out = {0};
  feed_input in[INPUTS] = {{0}};
  char path[1024];
  ci_source s;
  ci_program *p = NULL;
  cnnimg_error err = {0};
  folder_join(path, sizeof path, f, name, "");
  if (ci_source_open(&s, path, 0, &err)) return false;
  int status = ci_weights_load(&s, &p, NULL, &err);
  if (is_left_out(status, &err)) {
    print_message("%s/%s: left out\n", f->name, name);
    ci_source_close(&s);
    return true;
  }
  bool good = !status && p->n_inputs <= INPUTS && load_inputs(f, stem, p->n_inputs, arrays, in);
  if (good) status = feed_run(p, 0, in, &out, &err);
  if (status) print_error("%s/%s: %s\n", f->name, name, err.text);
  good = good && !status && compare(f, name, stem, &out);
  for (size_t i = 0; i < INPUTS; i++) free(arrays[i].v);
  free(out.v);
  ci_program_free(p);
  ci_source_close(&s);
  return good;
}

static void walk(const folder *f, void *user) {
  tally *t = user;
  char stem[512], first[512];
  for (size_t i = 0; i < f->n; i++) {
    if (!folder_stem(f, f->file[i], stem, sizeof stem)) continue;
    if (folder_second(f, f->file[i], first, sizeof first)) continue;
    if (run_fixture(f, f->file[i], stem)) t->right++;
    else t->wrong++;
  }
}

static void test_answers(void **state) {
  (void)state;
  tally t = {0};
  assert_true(folder_each(walk, &t) > 0);
  print_message("%zu fixtures\n", t.right);
  assert_int_equal(t.wrong, 0);
  assert_true(t.right >= 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_answers)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
