/* SPDX-License-Identifier: MIT */
/* test_refusals.c - what tensor operations refuse: axes, lists and shapes that do not fit, results that are too large */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness.h"

#define DIMS(...) \
  (int32_t)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (const int64_t[]) { __VA_ARGS__ }
#define NUMBER 0, NULL

/* An operation on floats of one shape. */
static example *one(example *e, const char *type, int64_t opset, int32_t rank, const int64_t *dim) {
  example_begin(e, type, opset);
  example_in(e, CI_FLOAT, rank, dim, NULL, false);
  return e;
}

static example *two(example *e, const char *type, int32_t rank, const int64_t *dim, int32_t rank2,
                    const int64_t *dim2) {
  one(e, type, 19, rank, dim);
  example_in(e, CI_FLOAT, rank2, dim2, NULL, false);
  return e;
}

/* ... and a known list of integers. */
static example *listed(example *e, const char *type, int32_t rank, const int64_t *dim, int32_t n,
                       const int64_t *list) {
  one(e, type, 19, rank, dim);
  example_list(e, n, list);
  return e;
}

static void test_contract(void **state) {
  (void)state;
  example e;
  assert_null(ci_tensor_find("NoSuchOperation"));
  example_begin(&e, "Relu", 19);
  example_refused(&e, CNNIMG_CORRUPT, "has 0 inputs");
  example_refused(two(&e, "Relu", DIMS(2), DIMS(2)), CNNIMG_CORRUPT, "has 2 inputs");
  one(&e, "Add", 19, DIMS(2));
  example_in(&e, CI_FLOAT, -1, NULL, NULL, false);
  example_refused(&e, CNNIMG_CORRUPT, "input 1 is missing");
  one(&e, "Sum", 19, DIMS(2));
  example_in(&e, CI_FLOAT, -1, NULL, NULL, false);
  example_refused(&e, CNNIMG_CORRUPT, "input 1 is missing");
  example_int(one(&e, "Relu", 19, DIMS(2)), "axis", 1);
  example_refused(&e, CNNIMG_UNSUPPORTED, "\"axis\" is not known");
}

static void test_elements(void **state) {
  (void)state;
  example e;
  example_refused(two(&e, "Add", DIMS(2, 3), DIMS(2)), CNNIMG_CORRUPT, "sizes 3 and 2");
  static const int64_t axes[] = {0, -2, INT64_MIN, INT64_MAX};
  for (int i = 0; i < 4; i++) {
    example_int(two(&e, "Add", DIMS(2, 3), DIMS(3)), "axis", axes[i]);
    example_refused(&e, CNNIMG_UNSUPPORTED, "as opset 6 did");
  }
  example_refused(two(&e, "PRelu", DIMS(3), DIMS(2, 3)), CNNIMG_CORRUPT, "slopes");
  example_refused(two(&e, "Clip", DIMS(3), DIMS(3)), CNNIMG_CORRUPT, "a bound of 3");
  example_string(one(&e, "Gelu", 20, DIMS(3)), "approximate", "nearly");
  example_refused(&e, CNNIMG_UNSUPPORTED, "\"nearly\"");
  example_int(one(&e, "Cast", 19, DIMS(3)), "to", 8);
  example_refused(&e, CNNIMG_UNSUPPORTED, "type 8");
  example_refused(one(&e, "Cast", 19, DIMS(3)), CNNIMG_UNSUPPORTED, "type 0");
  example_refused(one(&e, "EyeLike", 19, DIMS(2, 3, 4)), CNNIMG_CORRUPT, "3 dimensions");
  example_refused(one(&e, "Trilu", 19, DIMS(2)), CNNIMG_CORRUPT, "1 dimensions");
  example_refused(two(&e, "CumSum", DIMS(2), DIMS(3)), CNNIMG_CORRUPT, "needs one axis");
  example_refused(listed(&e, "CumSum", DIMS(2), DIMS(1)), CNNIMG_CORRUPT, "axis 1 of 1");
  example_refused(one(&e, "NonZero", 19, NUMBER), CNNIMG_UNSUPPORTED, "NonZero");
}

static void test_making(void **state) {
  (void)state;
  example e;
  example_begin(&e, "Constant", 19);
  example_refused(&e, CNNIMG_UNSUPPORTED, "needs one value");
  example_begin(&e, "ConstantOfShape", 19);
  example_list(&e, 2, (int64_t[]){3, -1});
  example_refused(&e, CNNIMG_LIMIT, "impossible dimensions (-1)");
  example_begin(&e, "ConstantOfShape", 19);
  example_list(&e, 3, (int64_t[]){1 << 20, 1 << 20, 1 << 20});
  example_refused(&e, CNNIMG_LIMIT, "impossible dimensions");
  example_begin(&e, "ConstantOfShape", 19);
  example_list(&e, 9, (int64_t[]){1, 1, 1, 1, 1, 1, 1, 1, 1});
  example_refused(&e, CNNIMG_UNSUPPORTED, "9 numbers where at most 8");
  for (int k = 0; k < 3; k++) {
    static const int64_t bounds[3][3] = {{0, 5, 0}, {INT64_MIN, INT64_MAX, 1}, {INT64_MAX, INT64_MIN, -1}};
    example_begin(&e, "Range", 19);
    for (int i = 0; i < 3; i++) example_list(&e, 1, &bounds[k][i]);
    example_refused(&e, CNNIMG_CORRUPT, "in steps of");
  }
  one(&e, "OneHot", 19, DIMS(2));
  example_list(&e, 1, (int64_t[]){-4});
  example_list(&e, 2, (int64_t[]){0, 1});
  example_refused(&e, CNNIMG_LIMIT, "(-4)");
}

static void test_views(void **state) {
  (void)state;
  example e;
  example_refused(listed(&e, "Reshape", DIMS(2, 3), DIMS(4)), CNNIMG_CORRUPT, "6 elements cannot become 4");
  example_refused(listed(&e, "Reshape", DIMS(2, 3), DIMS(4, -1)), CNNIMG_CORRUPT, "cannot be split");
  example_refused(listed(&e, "Reshape", DIMS(2, 3), DIMS(-1, -1)), CNNIMG_CORRUPT, "a size of -1");
  example_refused(listed(&e, "Reshape", DIMS(2, 3), DIMS(-2, 3)), CNNIMG_CORRUPT, "a size of -2");
  example_refused(listed(&e, "Reshape", DIMS(6), DIMS(6, 0)), CNNIMG_CORRUPT, "copies dimension 1");
  example_refused(listed(&e, "Reshape", DIMS(0), DIMS(0, -1)), CNNIMG_CORRUPT, "cannot be split");
  example_refused(listed(&e, "Reshape", DIMS(6), DIMS(INT64_MAX, INT64_MAX)), CNNIMG_CORRUPT,
                  "cannot become");
  example_int(one(&e, "Flatten", 19, DIMS(2, 3)), "axis", 3);
  example_refused(&e, CNNIMG_CORRUPT, "axis 3 of 2");
  example_refused(listed(&e, "Squeeze", DIMS(1, 3), DIMS(1)), CNNIMG_CORRUPT, "dimension 1 is 3");
  example_refused(listed(&e, "Squeeze", DIMS(1, 3), DIMS(INT64_MIN)), CNNIMG_CORRUPT,
                  "axis -9223372036854775808");
  example_refused(listed(&e, "Unsqueeze", DIMS(3), DIMS(0, -3)), CNNIMG_CORRUPT, "axis 0 twice");
  example_refused(listed(&e, "Unsqueeze", DIMS(1, 1, 1, 1, 1, 1, 1, 1), DIMS(0)), CNNIMG_UNSUPPORTED,
                  "too many dim");
  example_refused(one(&e, "Unsqueeze", 11, DIMS(3)), CNNIMG_CORRUPT, "which axes");
  example_refused(listed(&e, "Expand", DIMS(3), DIMS(4)), CNNIMG_CORRUPT, "sizes 3 and 4");
  example_refused(listed(&e, "Expand", DIMS(1), DIMS(INT64_MAX)), CNNIMG_LIMIT, "impossible dimensions");
  example_refused(listed(&e, "Tile", DIMS(2, 2), DIMS(2)), CNNIMG_CORRUPT, "repeats for 1");
  example_refused(listed(&e, "Tile", DIMS(2), DIMS(-1)), CNNIMG_LIMIT, "-1 times");
  example_refused(listed(&e, "Tile", DIMS(2), DIMS(INT64_MAX)), CNNIMG_LIMIT, "9223372036854775807 times");
  example_ints(one(&e, "Transpose", 19, DIMS(2, 3)), "perm", DIMS(0, 0));
  example_refused(&e, CNNIMG_CORRUPT, "axis 0 twice");
  example_ints(one(&e, "Transpose", 19, DIMS(2, 3)), "perm", DIMS(0, 2));
  example_refused(&e, CNNIMG_CORRUPT, "axis 2 of 2");
  example_ints(one(&e, "Transpose", 19, DIMS(2, 3)), "perm", DIMS(0));
  example_refused(&e, CNNIMG_CORRUPT, "orders 1 axes of 2");
}

/* Lists that shape() needs, and does not know. */
static void test_unknown(void **state) {
  (void)state;
  static const char *const types[] = {"Reshape",   "Expand", "Tile",      "Squeeze",
                                      "Unsqueeze", "Split",  "ReduceSum", "TopK"};
  for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
    example e;
    ci_array out;
    cnnimg_error err = {0};
    one(&e, types[t], 19, DIMS(2));
    example_in(&e, CI_INT, DIMS(1), (double[]){1}, false);
    assert_int_equal(example_shape(&e, RUNNING, 0, &out, &err), CNNIMG_UNSUPPORTED);
    assert_string_equal(strstr(err.text, "input"), "input 1 must be known before the network runs");
    example_free(&e);
  }
}

static example *sliced(example *e, int64_t start, int64_t end, int64_t axis, int64_t step) {
  one(e, "Slice", 19, DIMS(2, 3));
  const int64_t v[] = {start, end, axis, step};
  for (int k = 0; k < 4; k++) example_list(e, 1, &v[k]);
  return e;
}

static void test_cuts(void **state) {
  (void)state;
  example e;
  example_refused(sliced(&e, 0, 1, 2, 1), CNNIMG_CORRUPT, "axis 2 of 2");
  example_refused(sliced(&e, 0, 1, 0, 0), CNNIMG_CORRUPT, "a step of 0");
  listed(&e, "Slice", DIMS(2, 3), DIMS(0, 0));
  example_list(&e, 1, (int64_t[]){1});
  example_refused(&e, CNNIMG_CORRUPT, "lists of 2, 1");
  example_refused(one(&e, "Slice", 19, DIMS(2)), CNNIMG_CORRUPT, "lists of -1");
  example_refused(listed(&e, "Split", DIMS(4), DIMS(1, 2)), CNNIMG_CORRUPT, "2 parts of together 3 of 4");
  example_refused(listed(&e, "Split", DIMS(4), DIMS(INT64_MAX, INT64_MAX)), CNNIMG_CORRUPT, "a part of");
  example_refused(listed(&e, "Split", DIMS(4), DIMS(-1, 5)), CNNIMG_CORRUPT, "a part of -1 of 4");
  example_outputs(one(&e, "Split", 13, DIMS(4)), 3);
  example_refused(&e, CNNIMG_CORRUPT, "4 in 3 equal parts");
  example_int(two(&e, "Concat", DIMS(2, 3), DIMS(3, 3)), "axis", 1);
  example_refused(&e, CNNIMG_CORRUPT, "sizes 2 and 3");
  example_int(two(&e, "Concat", DIMS(2, 3), DIMS(3)), "axis", 1);
  example_refused(&e, CNNIMG_CORRUPT, "1 dimensions beside 2");
  example_refused(two(&e, "Concat", DIMS(2, 3), DIMS(2, 3)), CNNIMG_CORRUPT, "axis");
  example_refused(listed(&e, "Compress", DIMS(2), DIMS(1, 1, 1)), CNNIMG_CORRUPT, "a condition on 3 of 2");
  example_refused(listed(&e, "ReverseSequence", DIMS(2, 3), DIMS(1)), CNNIMG_CORRUPT, "1 lengths of 3");
  example_refused(listed(&e, "ReverseSequence", DIMS(2, 1), DIMS(3)), CNNIMG_CORRUPT, "a length of 3");
}

static void test_indices(void **state) {
  (void)state;
  example e;
  example_refused(listed(&e, "Gather", DIMS(2, 3), DIMS(2)), CNNIMG_CORRUPT, "index 2 of 2");
  example_refused(listed(&e, "Gather", DIMS(2, 3), DIMS(-3)), CNNIMG_CORRUPT, "index -3 of 2");
  example_refused(listed(&e, "Gather", DIMS(0, 3), DIMS(0)), CNNIMG_CORRUPT, "a dimension of 0");
  example_refused(listed(&e, "Gather", NUMBER, DIMS(0)), CNNIMG_CORRUPT, "axis 0 of 0");
  example_refused(two(&e, "Gather", DIMS(2, 1, 1, 1, 1), DIMS(1, 1, 1, 1, 1)), CNNIMG_UNSUPPORTED,
                  "too many dim");
  example_refused(listed(&e, "GatherElements", DIMS(2, 3), DIMS(0)), CNNIMG_CORRUPT,
                  "indices of 1 dimensions for 2");
  example_refused(two(&e, "GatherElements", DIMS(2, 3), DIMS(2, 4)), CNNIMG_CORRUPT, "indices for 4 of 3");
  example_refused(listed(&e, "GatherND", DIMS(2, 3), DIMS(0, 3)), CNNIMG_CORRUPT, "index 3 of 3");
  example_refused(listed(&e, "GatherND", DIMS(2), DIMS(0, 0)), CNNIMG_CORRUPT, "indices of 2 numbers for 1");
  example_int(two(&e, "GatherND", DIMS(2, 3), DIMS(3, 1)), "batch_dims", 1);
  example_refused(&e, CNNIMG_CORRUPT, "batches");
  listed(&e, "ScatterElements", DIMS(3), DIMS(3));
  example_in(&e, CI_FLOAT, DIMS(1), NULL, false);
  example_refused(&e, CNNIMG_CORRUPT, "index 3 of 3");
  listed(&e, "ScatterElements", DIMS(3), DIMS(2));
  example_in(&e, CI_FLOAT, DIMS(2), NULL, false);
  example_refused(&e, CNNIMG_CORRUPT, "1 indices and 2 updates");
  example_string(listed(&e, "ScatterElements", DIMS(3), DIMS(2)), "reduction", "xor");
  example_in(&e, CI_FLOAT, DIMS(1), NULL, false);
  example_refused(&e, CNNIMG_UNSUPPORTED, "\"xor\"");
  listed(&e, "ScatterND", DIMS(3, 2), DIMS(2));
  example_in(&e, CI_FLOAT, DIMS(3), NULL, false);
  example_refused(&e, CNNIMG_CORRUPT, "another shape");
}

static void test_sums(void **state) {
  (void)state;
  example e;
  example_refused(listed(&e, "ReduceSum", DIMS(2, 3), DIMS(2)), CNNIMG_CORRUPT, "axis 2 of 2");
  example_int(one(&e, "ArgMax", 19, DIMS(2, 3)), "axis", -3);
  example_refused(&e, CNNIMG_CORRUPT, "axis -3 of 2");
  example_refused(one(&e, "ArgMax", 19, DIMS(0)), CNNIMG_CORRUPT, "nothing to choose");
  example_refused(listed(&e, "TopK", DIMS(2), DIMS(3)), CNNIMG_CORRUPT, "3 of 2");
  example_refused(listed(&e, "TopK", DIMS(2), DIMS(-1)), CNNIMG_CORRUPT, "-1 of 2");
  example_refused(one(&e, "Softmax", 19, NUMBER), CNNIMG_CORRUPT, "axis -1 of 0");
  example_refused(two(&e, "MatMul", DIMS(2, 3), DIMS(2, 3)), CNNIMG_CORRUPT, "3 columns times 2 rows");
  example_refused(two(&e, "MatMul", DIMS(2, 2, 3), DIMS(3, 3, 2)), CNNIMG_CORRUPT, "sizes 2 and 3");
  example_refused(two(&e, "MatMul", DIMS(2), NUMBER), CNNIMG_CORRUPT, "a number");
  example_refused(two(&e, "MatMul", DIMS(1 << 20, 0), DIMS(0, 1 << 20)), CNNIMG_LIMIT,
                  "impossible dimensions");
  example_refused(two(&e, "Gemm", DIMS(2, 3), DIMS(2, 3)), CNNIMG_CORRUPT, "3 columns times 2 rows");
  example_refused(two(&e, "Gemm", DIMS(2, 3), DIMS(3)), CNNIMG_CORRUPT, "2 and 1 dimensions");
  two(&e, "Gemm", DIMS(2, 3), DIMS(3, 2));
  example_in(&e, CI_FLOAT, DIMS(3), NULL, false);
  example_refused(&e, CNNIMG_CORRUPT, "what is added");
}

static example *summed(example *e, const char *equation) {
  two(e, "Einsum", DIMS(2, 3), DIMS(3, 4));
  example_string(e, "equation", equation);
  return e;
}

static void test_equations(void **state) {
  (void)state;
  example e;
  example_refused(summed(&e, ""), CNNIMG_CORRUPT, "input 0 has 2 dimensions");
  example_refused(summed(&e, "ij"), CNNIMG_CORRUPT, "has 2 inputs");
  example_refused(summed(&e, "ij,jk,kl"), CNNIMG_CORRUPT, "has 2 inputs");
  example_refused(summed(&e, "ij,ij->i"), CNNIMG_CORRUPT, "'i' is 2 and 3");
  example_refused(summed(&e, "ij,jk->x"), CNNIMG_CORRUPT, "the result of");
  example_refused(summed(&e, "ij,jk->ii"), CNNIMG_CORRUPT, "the result of");
  example_refused(summed(&e, "...j...,jk->k"), CNNIMG_CORRUPT, "input 0 has 2 dimensions");
  example_refused(summed(&e, "...ijk,jk->k"), CNNIMG_CORRUPT, "input 0 has 2 dimensions");
  example_refused(summed(&e, "...,..."), CNNIMG_CORRUPT, "is 2 and 3");
  example_refused(summed(&e, "0j,jk->k"), CNNIMG_CORRUPT, "'0' in its equation");
  example_refused(summed(&e, "ijk,jk->i"), CNNIMG_CORRUPT, "input 0 has 2 dimensions");
  example_refused(summed(&e, "i\xe9,jk->i"), CNNIMG_UNSUPPORTED, "in its equation");
}

static example *attention(example *e, int32_t rank, const int64_t *bias) {
  static const int64_t window[2] = {4, 2};
  two(e, "WindowAttention", DIMS(1, 12, 8, 6), rank, bias);
  example_ints(e, "window", 2, window);
  return e;
}

static void test_attention(void **state) {
  (void)state;
  example e;
  example_int(attention(&e, DIMS(2, 7, 3)), "heads", 3);
  example_refused(&e, CNNIMG_CORRUPT, "12 channels of queries, keys and values for 3 heads");
  example_int(attention(&e, DIMS(2, 7, 3)), "heads", 0);
  example_refused(&e, CNNIMG_CORRUPT, "heads of 0");
  example_int(attention(&e, DIMS(2, 7, 4)), "heads", 2);
  example_refused(&e, CNNIMG_CORRUPT, "bias is 2 x 7 x 4 instead of 2 x 7 x 3");
  example_ints(attention(&e, DIMS(1, 7, 3)), "shift", 2, (const int64_t[2]){4, 0});
  example_refused(&e, CNNIMG_UNSUPPORTED, "shifted too far");
  example_ints(attention(&e, DIMS(1, 7, 3)), "shift", 1, (const int64_t[1]){1});
  example_refused(&e, CNNIMG_CORRUPT, "shift has 1 numbers");
  example_ints(attention(&e, DIMS(1, 7, 3)), "overlap", 2, (const int64_t[2]){1000, 1000});
  example_refused(&e, CNNIMG_LIMIT, "more than 4096 pixels");
  example_refused(attention(&e, DIMS(7, 3)), CNNIMG_UNSUPPORTED, "input 1 has 2 dimensions");
  example_ints(two(&e, "WindowAttention", DIMS(1, 12, 8, 6), DIMS(1, 9, 3)), "window", 2, (const int64_t[2]){5, 2});
  example_refused(&e, CNNIMG_BADARG, "8 pixels do not consist of windows of 5");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_contract), cmocka_unit_test(test_attention), cmocka_unit_test(test_elements), cmocka_unit_test(test_making),
      cmocka_unit_test(test_views),    cmocka_unit_test(test_unknown),  cmocka_unit_test(test_cuts),
      cmocka_unit_test(test_indices),  cmocka_unit_test(test_sums),     cmocka_unit_test(test_equations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
