/* SPDX-License-Identifier: MIT */
/* test_hostile.c - every tensor operation with random shapes, attributes and values: refused, or run without harm */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness.h"

#define CI_TENSOR_TABLE(id) extern const ci_tensor_op ci_tensor_##id##_ops[];
#include "tensor/tables.inc"
#undef CI_TENSOR_TABLE

static const ci_tensor_op *const tables[] = {
#define CI_TENSOR_TABLE(id) ci_tensor_##id##_ops,
#include "tensor/tables.inc"
#undef CI_TENSOR_TABLE
};

static uint32_t below(uint32_t *seed, uint32_t n) {
  *seed = *seed * 1664525u + 1013904223u;
  return (*seed >> 8) % n;
}

/* Mostly small, now and then at the end of what there is. */
static int64_t number(uint32_t *seed) {
  static const int64_t ends[] = {INT64_MIN, INT64_MIN + 1, INT32_MIN, INT32_MAX, INT64_MAX - 1, INT64_MAX};
  return below(seed, 8) ? (int64_t)below(seed, 8) - 3 : ends[below(seed, 6)];
}

static double value(uint32_t *seed, ci_type type) {
  static const double odd[] = {NAN, INFINITY, -INFINITY, 3e38, -1e-45, -0.0};
  if (type == CI_FLOAT && !below(seed, 8)) return odd[below(seed, 6)];
  return (double)number(seed);
}

/* alike: of the first one's shape. */
static void add_input(example *e, bool alike, uint32_t *seed) {
  static const int64_t sizes[] = {1, 2, 3, 2, 1, 3, 0, 4};
  int64_t dim[CI_MAX_RANK];
  double values[4096];
  int32_t rank = (int32_t)below(seed, below(seed, 6) ? 4 : 6);
  ci_type type = (ci_type)below(seed, 3);
  for (int32_t i = 0; i < rank; i++) dim[i] = sizes[below(seed, 8)];
  if (alike) rank = e->in[0].rank, memcpy(dim, e->in[0].dim, sizeof dim);
  for (int i = 0; i < 4096; i++) values[i] = type == CI_BOOL ? below(seed, 2) : value(seed, type);
  example_in(e, type, rank, dim, values, below(seed, 3) > 0);
  ci_array *a = &e->in[e->n_in - 1];
  for (size_t i = 0; a->dtype == CI_I64 && i < a->count; i++) /* doubles do not hold the ends */
    if (fabs(values[i]) > 9e18) ((int64_t *)a->data)[i] = values[i] < 0 ? INT64_MIN : INT64_MAX;
}

static void add_attribute(example *e, const char *name, uint32_t *seed) {
  static const char *const words[] = {"none", "add",   "max",  "tanh",    "ij,jk->ik",
                                      "i",    "ii->i", "ij->", "i,j->ji", "..."};
  int64_t list[4];
  int32_t n = (int32_t)below(seed, 5);
  for (int i = 0; i < 4; i++) list[i] = number(seed);
  switch (below(seed, 5)) {
    case 0:
      example_ints(e, name, n, list);
      return;
    case 1:
      example_string(e, name, words[below(seed, 10)]);
      return;
    case 2:
      example_float(e, name, (float)value(seed, CI_FLOAT));
      return;
    default:
      example_int(e, name, number(seed));
      return;
  }
}

static void make(example *e, const ci_tensor_op *op, uint32_t *seed) {
  char name[64];
  example_begin(e, op->type, 7 + below(seed, 16));
  example_outputs(e, 1 + (int32_t)below(seed, 3));
  int32_t most = op->most < 0 || op->most > 5 ? 5 : op->most;
  int32_t n = op->least + (int32_t)below(seed, (uint32_t)(most - op->least + 1));
  bool alike = below(seed, 2); /* gets further */
  for (int32_t k = 0; k < n; k++) add_input(e, alike && k, seed);
  for (const char *p = op->attributes; *p; p += strspn(p, " ")) {
    size_t length = strcspn(p, " ");
    memcpy(name, p, length);
    name[length] = 0;
    if (below(seed, 2)) add_attribute(e, name, seed);
    p += length;
  }
}

/* Whether it ran; what comes out does not matter. */
static bool try(const example *e, storage s, int32_t which) {
  ci_array out;
  cnnimg_error err = {0};
  if (example_shape(e, s, which, &out, &err)) {
    assert_true(err.code && err.text[0]);
    return false;
  }
  if (out.count > 1 << 16) return false;
  example_run(e, s, which, &out);
  free(out.data);
  return true;
}

static void test_hostile(void **state) {
  (void)state;
  uint32_t seed = 7;
  for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
    for (const ci_tensor_op *op = tables[t]; op->type; op++) {
      int ran = 0;
      for (int i = 0; i < 400; i++) {
        example e;
        make(&e, op, &seed);
        for (int s = RUNNING; s < STORAGES; s++) ran += try(&e, (storage)s, (int32_t)below(&seed, 2));
        example_free(&e);
      }
      if (getenv("CNNIMG_TEST_VERBOSE")) print_message("%s ran %d times\n", op->type, ran);
    }
}

/* Indices that shape() does not see are taken into range. */
static void test_unknown_indices(void **state) {
  (void)state;
  static const char *const types[] = {"Gather", "GatherElements", "ScatterElements", "Scatter", "OneHot"};
  const double far[] = {9e18, -9e18, NAN, 3}, four[] = {4};
  for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
    example e;
    example_begin(&e, types[t], 19);
    bool hot = !strcmp(types[t], "OneHot");
    if (!hot) example_in(&e, CI_FLOAT, 1, (int64_t[]){4}, NULL, false);
    example_in(&e, CI_FLOAT, 1, (int64_t[]){4}, far, false);
    if (hot) example_in(&e, CI_INT, 0, NULL, four, true);
    if (hot) example_in(&e, CI_FLOAT, 1, (int64_t[]){2}, NULL, false);
    if (types[t][0] == 'S') example_in(&e, CI_FLOAT, 1, (int64_t[]){4}, NULL, false);
    assert_true(try(&e, RUNNING, 0));
    example_free(&e);
  }
}

/* Lists of indices, negative counts, lengths and axes, none of them seen by shape(). */
static void test_unknown_lists(void **state) {
  (void)state;
  const double far[] = {9e18, -9e18, NAN, 3, 1, -7};
  static const char *const types[] = {"GatherND", "ScatterND", "ReverseSequence", "CumSum", "Trilu"};
  for (size_t t = 0; t < sizeof types / sizeof *types; t++)
    for (int v = 0; v < 6; v++) {
      example e;
      example_begin(&e, types[t], 19);
      example_in(&e, CI_FLOAT, 2, (int64_t[]){2, 3}, NULL, false);
      if (t < 2) example_in(&e, CI_FLOAT, 2, (int64_t[]){3, 2}, far, false);
      else if (t == 2) example_in(&e, CI_FLOAT, 1, (int64_t[]){3}, far + v / 2, false);
      else example_in(&e, CI_FLOAT, 0, NULL, far + v, false);
      if (t == 1) example_in(&e, CI_FLOAT, 1, (int64_t[]){3}, NULL, false);
      assert_true(try(&e, RUNNING, 0));
      example_free(&e);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_hostile), cmocka_unit_test(test_unknown_indices),
                                     cmocka_unit_test(test_unknown_lists)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
