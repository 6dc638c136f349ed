/* SPDX-License-Identifier: MIT */
/* test_nn.c - what the neural network's tensor operations refuse, and what they do with hostile values */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness.h"

#define N(...) ((int64_t[]){__VA_ARGS__})
#define COUNT(...) ((int32_t)(sizeof N(__VA_ARGS__) / sizeof(int64_t)))
#define IN(e, ...) example_in(e, CI_FLOAT, COUNT(__VA_ARGS__), N(__VA_ARGS__), NULL, false)
#define INTS(e, name, ...) example_ints(e, name, COUNT(__VA_ARGS__), N(__VA_ARGS__))
#define LIST(e, ...) example_list(e, COUNT(__VA_ARGS__), N(__VA_ARGS__))
#define HUGE_SIZE ((int64_t)1 << 62)

static void numbers(example *e, int32_t n, const double *v) { example_in(e, CI_FLOAT, 1, N(n), v, true); }

/* ---- convolution ----------------------------------------------------------------- */

static example conv(int64_t cin, int64_t cout) {
  example e;
  example_begin(&e, "Conv", 11);
  IN(&e, 2, 4, 5, 6);
  IN(&e, cout, cin, 3, 3);
  return e;
}

/* One attribute, of two numbers, that is out of range. */
static void bad_conv(const char *name, int64_t a, int64_t b, int code, const char *text) {
  example e = conv(4, 4);
  INTS(&e, name, a, b);
  example_refused(&e, code, text);
}

static void test_conv_attributes(void **state) {
  (void)state;
  bad_conv("strides", 0, 1, CNNIMG_CORRUPT, "strides of 0");
  bad_conv("strides", 1, -1, CNNIMG_CORRUPT, "strides of -1");
  bad_conv("strides", 1, HUGE_SIZE, CNNIMG_CORRUPT, "strides");
  bad_conv("dilations", 0, 1, CNNIMG_CORRUPT, "dilations of 0");
  bad_conv("dilations", 1, INT64_MAX, CNNIMG_CORRUPT, "dilations");
  bad_conv("dilations", 1, 9, CNNIMG_BADARG, "a window of 19 does not fit into 6");
  bad_conv("pads", 1, 1, CNNIMG_CORRUPT, "pads has 2 numbers where 4");
  bad_conv("kernel_shape", 3, 5, CNNIMG_CORRUPT, "kernel_shape says 5, the weights 3");
  example e = conv(4, 4);
  INTS(&e, "pads", -1, 0, 0, 0);
  example_refused(&e, CNNIMG_CORRUPT, "pads of -1");
  e = conv(4, 4);
  INTS(&e, "pads", 0, 0, 0, INT64_MAX);
  example_refused(&e, CNNIMG_CORRUPT, "pads");
  e = conv(4, 4);
  example_string(&e, "auto_pad", "SAME");
  example_refused(&e, CNNIMG_UNSUPPORTED, "auto_pad \"SAME\"");
  e = conv(4, 4);
  example_int(&e, "colour", 1);
  example_refused(&e, CNNIMG_UNSUPPORTED, "\"colour\" is not known");
}

static void bad_group(int64_t cin, int64_t cout, int64_t group, const char *text) {
  example e = conv(cin, cout);
  example_int(&e, "group", group);
  example_refused(&e, CNNIMG_CORRUPT, text);
}

static void test_conv_channels(void **state) {
  (void)state;
  bad_group(4, 4, 0, "group of 0");
  bad_group(4, 4, -1, "group of -1");
  bad_group(3, 4, 1, "do not fit 4 channels");
  bad_group(2, 3, 2, "in 2 groups");
  bad_group(1, 3, 3, "in 3 groups");
  bad_group(0, 4, 1, "weights of 4 dimensions");
  example e = conv(4, 4);
  IN(&e, 3);
  example_refused(&e, CNNIMG_CORRUPT, "input 2 has 3 numbers where 4");
  example_begin(&e, "Conv", 11);
  IN(&e, 1, 2);
  IN(&e, 1, 2);
  example_refused(&e, CNNIMG_UNSUPPORTED, "2 dimensions");
  example_begin(&e, "Conv", 11);
  IN(&e, 1, 1, 2, 2, 2, 2);
  IN(&e, 1, 1, 2, 2, 2, 2);
  example_refused(&e, CNNIMG_UNSUPPORTED, "6 dimensions");
  example_begin(&e, "Conv", 11);
  example_in(&e, CI_INT, 3, N(1, 1, 4), NULL, false);
  IN(&e, 1, 1, 2);
  example_refused(&e, CNNIMG_UNSUPPORTED, "not of floats");
}

static example transposed(void) {
  example e;
  example_begin(&e, "ConvTranspose", 11);
  IN(&e, 1, 2, 3, 3);
  IN(&e, 2, 1, 2, 2);
  return e;
}

static void test_conv_transpose(void **state) {
  (void)state;
  example e = transposed();
  INTS(&e, "pads", 9, 0, 9, 0);
  example_refused(&e, CNNIMG_BADARG, "leave nothing");
  e = transposed();
  INTS(&e, "output_padding", -1, 0);
  example_refused(&e, CNNIMG_CORRUPT, "output_padding of -1");
  e = transposed();
  INTS(&e, "output_shape", 3);
  example_refused(&e, CNNIMG_CORRUPT, "output_shape has 1");
  e = transposed();
  INTS(&e, "output_shape", HUGE_SIZE, 4);
  example_refused(&e, CNNIMG_LIMIT, "output_shape of");
  e = transposed();
  INTS(&e, "strides", (int64_t)1 << 28, (int64_t)1 << 28);
  example_refused(&e, CNNIMG_LIMIT, "impossible dimensions");
  e = transposed();
  example_int(&e, "group", 3);
  example_refused(&e, CNNIMG_CORRUPT, "in 3 groups");
  example_begin(&e, "ConvTranspose", 11);
  IN(&e, 1, 2, 0, 3);
  IN(&e, 2, 1, 2, 2);
  example_refused(&e, CNNIMG_UNSUPPORTED, "without elements");
}

/* ---- pooling --------------------------------------------------------------------- */

static example pool(const char *type) {
  example e;
  example_begin(&e, type, 19);
  IN(&e, 1, 2, 4, 4);
  return e;
}

static void test_pool(void **state) {
  (void)state;
  example e = pool("MaxPool");
  example_refused(&e, CNNIMG_CORRUPT, "kernel_shape of -1");
  e = pool("AveragePool");
  INTS(&e, "kernel_shape", 0, 1);
  example_refused(&e, CNNIMG_CORRUPT, "kernel_shape of 0");
  e = pool("AveragePool");
  INTS(&e, "kernel_shape", 2, INT64_MAX);
  example_refused(&e, CNNIMG_CORRUPT, "kernel_shape");
  e = pool("MaxPool");
  INTS(&e, "kernel_shape", 5, 5);
  example_refused(&e, CNNIMG_BADARG, "does not fit into 4");
  e = pool("LpPool");
  INTS(&e, "kernel_shape", 2, 2);
  example_int(&e, "p", 0);
  example_refused(&e, CNNIMG_CORRUPT, "p of 0");
  e = pool("MaxPool");
  INTS(&e, "kernel_shape", 2, 2);
  example_int(&e, "count_include_pad", 1);
  example_refused(&e, CNNIMG_UNSUPPORTED, "\"count_include_pad\" is not known");
  example_begin(&e, "GlobalMaxPool", 11);
  IN(&e, 1, 2, 0, 4);
  example_refused(&e, CNNIMG_UNSUPPORTED, "nothing to pool");
}

/* Kernels far larger than the picture cost no more than the picture: taps that meet nothing are not visited. */
static void test_pool_absurd(void **state) {
  (void)state;
  const int64_t k = 1 << 20;
  const char *const types[] = {"MaxPool", "AveragePool", "LpPool"};
  for (int i = 0; i < 3; i++) {
    ci_array out;
    example e;
    example_begin(&e, types[i], 19);
    IN(&e, 1, 1, 8);
    INTS(&e, "kernel_shape", k);
    INTS(&e, "pads", k - 1, 0);
    INTS(&e, "strides", 8);
    example_run(&e, RUNNING, 0, &out);
    assert_int_equal(out.dim[2], 1);
    assert_true(((float *)out.data)[0] == 1); /* only the first element is met */
    free(out.data);
    example_free(&e);
  }
}

static void test_unpool_places(void **state) {
  (void)state;
  const double at[] = {-1, 4, 1e18, 2, -9e18, 99, 16, 15};
  ci_array out;
  example e;
  example_begin(&e, "MaxUnpool", 11);
  IN(&e, 1, 2, 2, 2);
  example_in(&e, CI_INT, 4, N(1, 2, 2, 2), at, false);
  INTS(&e, "kernel_shape", 2, 1);
  INTS(&e, "strides", 2, 1);
  for (int s = RUNNING; s < STORAGES; s++) {
    example_run(&e, (storage)s, 0, &out);
    const float *v = out.data;
    assert_int_equal(out.count, 16);
    for (int i = 0; i < 16; i++) assert_true(v[i] == (i == 4 ? 2 : i == 2 ? 4 : i == 15 ? 8 : 0));
    free(out.data);
  }
  example_free(&e);
  example_begin(&e, "MaxUnpool", 11);
  IN(&e, 1, 1, 2, 2);
  IN(&e, 1, 1, 2, 2);
  LIST(&e, 1, 1, 3, 4);
  INTS(&e, "kernel_shape", 2, 2);
  INTS(&e, "strides", 2, 2);
  example_refused(&e, CNNIMG_CORRUPT, "output_shape of 3 where 4");
}

/* ---- normalization ------------------------------------------------------------------- */

static example batch_norm(int64_t opset) {
  example e;
  example_begin(&e, "BatchNormalization", opset);
  IN(&e, 2, 3, 4);
  for (int i = 0; i < 4; i++) IN(&e, 3);
  return e;
}

static void test_norm(void **state) {
  (void)state;
  example e = batch_norm(15);
  example_int(&e, "training_mode", 1);
  example_refused(&e, CNNIMG_UNSUPPORTED, "training");
  e = batch_norm(7);
  example_int(&e, "spatial", 0);
  example_refused(&e, CNNIMG_UNSUPPORTED, "spatial");
  e = batch_norm(15);
  example_float(&e, "epsilon", NAN);
  example_refused(&e, CNNIMG_CORRUPT, "epsilon of");
  example_begin(&e, "InstanceNormalization", 6);
  IN(&e, 2, 3, 4);
  IN(&e, 3);
  IN(&e, 2);
  example_refused(&e, CNNIMG_CORRUPT, "input 2 has 2 numbers where 3");
  for (int64_t groups = 0; groups < 5; groups += 4) {
    example_begin(&e, "GroupNormalization", 21);
    IN(&e, 2, 6, 4);
    IN(&e, 6);
    IN(&e, 6);
    example_int(&e, "num_groups", groups);
    example_refused(&e, CNNIMG_CORRUPT, groups ? "6 channels in 4 groups" : "num_groups of 0");
  }
}

static void test_norm_axes(void **state) {
  (void)state;
  example e;
  example_begin(&e, "LayerNormalization", 17);
  IN(&e, 2, 3);
  IN(&e, 3);
  example_int(&e, "axis", 2);
  example_refused(&e, CNNIMG_CORRUPT, "axis 2");
  example_begin(&e, "LayerNormalization", 17);
  IN(&e, 2, 3);
  IN(&e, 2, 2);
  example_refused(&e, CNNIMG_CORRUPT, "sizes 2 and 3");
  example_begin(&e, "LRN", 13);
  IN(&e, 2, 3);
  example_int(&e, "size", 0);
  example_refused(&e, CNNIMG_CORRUPT, "size of 0");
  example_begin(&e, "LpNormalization", 1);
  IN(&e, 2, 3);
  example_int(&e, "p", 3);
  example_refused(&e, CNNIMG_CORRUPT, "p of 3");
  example_begin(&e, "MeanVarianceNormalization", 13);
  IN(&e, 2, 3, 4);
  INTS(&e, "axes", 1, -2);
  example_refused(&e, CNNIMG_UNSUPPORTED, "named twice");
}

/* ---- resizing ------------------------------------------------------------------------- */

static example resize(const char *mode) {
  example e;
  example_begin(&e, "Resize", 18);
  IN(&e, 1, 1, 4, 4);
  example_in(&e, CI_FLOAT, -1, NULL, NULL, false);
  example_string(&e, "mode", mode);
  return e;
}

static void bad_scale(double scale, int code, const char *text) {
  example e = resize("linear");
  numbers(&e, 4, (double[]){1, 1, scale, 1});
  example_refused(&e, code, text);
}

static void test_resize(void **state) {
  (void)state;
  bad_scale(0, CNNIMG_CORRUPT, "a scale of 0");
  bad_scale(-2, CNNIMG_CORRUPT, "a scale of -2");
  bad_scale((double)NAN, CNNIMG_CORRUPT, "a scale of");
  bad_scale((double)INFINITY, CNNIMG_CORRUPT, "a scale of inf");
  bad_scale(1e30, CNNIMG_CORRUPT, "a scale of");
  bad_scale(9e8, CNNIMG_LIMIT, "too large");
  example e = resize("lanczos");
  numbers(&e, 4, (double[]){1, 1, 2, 2});
  example_refused(&e, CNNIMG_UNSUPPORTED, "mode \"lanczos\"");
  e = resize("linear");
  numbers(&e, 2, (double[]){2, 2});
  example_refused(&e, CNNIMG_CORRUPT, "2 scales and 0 sizes for 4 axes");
  e = resize("linear");
  numbers(&e, 4, (double[]){1, 1, 2, 2});
  LIST(&e, 1, 1, 8, 8);
  example_refused(&e, CNNIMG_CORRUPT, "4 scales and 4 sizes");
  e = resize("linear");
  example_in(&e, CI_FLOAT, -1, NULL, NULL, false);
  LIST(&e, 1, 1, 8, HUGE_SIZE);
  example_refused(&e, CNNIMG_CORRUPT, "a size of");
  e = resize("nearest");
  example_in(&e, CI_FLOAT, -1, NULL, NULL, false);
  LIST(&e, 8, 8);
  INTS(&e, "axes", 2, -2);
  example_refused(&e, CNNIMG_UNSUPPORTED, "named twice");
  e = resize("linear");
  numbers(&e, 4, (double[]){1, 1, 2, 2});
  example_string(&e, "coordinate_transformation_mode", "tf_crop_and_resize");
  example_refused(&e, CNNIMG_CORRUPT, "roi has 0 numbers");
}

/* What lies between two passes may be larger than input and result. */
static void test_resize_between(void **state) {
  (void)state;
  example e;
  example_begin(&e, "Resize", 18);
  IN(&e, 1, 1 << 20);
  example_in(&e, CI_FLOAT, -1, NULL, NULL, false);
  example_in(&e, CI_FLOAT, -1, NULL, NULL, false);
  LIST(&e, 1 << 20, 1);
  example_string(&e, "mode", "linear");
  example_refused(&e, CNNIMG_LIMIT, "too large");
}

static void test_resize_region(void **state) {
  (void)state;
  const double nowhere[] = {0, 0, (double)NAN, -1e30, 1, 1, 1, 1e30};
  const char *const modes[] = {"nearest", "linear", "cubic"};
  for (int m = 0; m < 3; m++) {
    ci_array out;
    example e;
    example_begin(&e, "Resize", 13);
    IN(&e, 1, 1, 4, 4);
    numbers(&e, 8, nowhere);
    numbers(&e, 4, (double[]){1, 1, 2, 2});
    example_string(&e, "mode", modes[m]);
    example_string(&e, "coordinate_transformation_mode", "tf_crop_and_resize");
    example_float(&e, "extrapolation_value", 5);
    example_run(&e, RUNNING, 0, &out);
    for (size_t i = 0; i < out.count; i++) assert_true(((float *)out.data)[i] == 5);
    free(out.data);
    example_free(&e);
  }
}

/* ---- space ---------------------------------------------------------------------------------- */

static void bad_block(const char *type, int64_t block, const char *text) {
  example e;
  example_begin(&e, type, 13);
  IN(&e, 1, 4, 4, 6);
  example_int(&e, "blocksize", block);
  example_refused(&e, CNNIMG_CORRUPT, text);
}

static void test_space(void **state) {
  (void)state;
  const char *const types[] = {"DepthToSpace", "SpaceToDepth"};
  for (int i = 0; i < 2; i++) {
    bad_block(types[i], 0, "blocksize of 0");
    bad_block(types[i], -2, "blocksize of -2");
    bad_block(types[i], INT64_MAX, "blocksize of");
    bad_block(types[i], 1 << 28, "blocks of");
    bad_block(types[i], 3, "blocks of 3");
  }
}

static void bad_pad(const char *mode, int64_t before, int64_t after, int code, const char *text) {
  example e;
  example_begin(&e, "Pad", 19);
  IN(&e, 2, 3);
  LIST(&e, 0, before, 0, after);
  example_string(&e, "mode", mode);
  example_refused(&e, code, text);
}

static void test_pad(void **state) {
  (void)state;
  bad_pad("constant", -2, -2, CNNIMG_BADARG, "crop more than 3");
  bad_pad("constant", INT64_MIN, 0, CNNIMG_LIMIT, "pads of");
  bad_pad("constant", INT64_MAX, INT64_MAX, CNNIMG_LIMIT, "pads of");
  bad_pad("constant", (int64_t)1 << 33, 0, CNNIMG_LIMIT, "impossible dimensions");
  bad_pad("reflect", -3, 2, CNNIMG_UNSUPPORTED, "nothing to repeat");
  bad_pad("mirror", 1, 1, CNNIMG_UNSUPPORTED, "mode \"mirror\"");
  example e;
  example_begin(&e, "Pad", 19);
  IN(&e, 2, 3);
  LIST(&e, 1, 1);
  example_refused(&e, CNNIMG_CORRUPT, "2 pads for 2 axes");
  example_begin(&e, "CenterCropPad", 18);
  IN(&e, 2, 3);
  LIST(&e, -1, 3);
  example_refused(&e, CNNIMG_LIMIT, "a size of -1");
  example_begin(&e, "Pad", 10);
  IN(&e, 2, 3);
  example_refused(&e, CNNIMG_CORRUPT, "-1 pads for 2 axes");
}

/* What decides the shape must be known before running. */
static void test_unknown(void **state) {
  (void)state;
  struct {
    const char *type;
    int32_t input;
  } const ops[] = {{"Pad", 1},    {"CenterCropPad", 1}, {"Resize", 2},
                   {"Resize", 3}, {"MaxUnpool", 2},     {"AffineGrid", 1}};
  for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
    ci_array out;
    cnnimg_error err = {0};
    example e;
    example_begin(&e, ops[i].type, 20);
    if (!strcmp(ops[i].type, "AffineGrid")) IN(&e, 1, 2, 3);
    else IN(&e, 1, 1, 2, 2);
    for (int32_t k = 1; k < ops[i].input; k++) {
      if (!strcmp(ops[i].type, "MaxUnpool")) IN(&e, 1, 1, 2, 2);
      else example_in(&e, CI_FLOAT, -1, NULL, NULL, false);
    }
    IN(&e, 4);
    if (!strcmp(ops[i].type, "MaxUnpool")) INTS(&e, "kernel_shape", 2, 2);
    int status = example_shape(&e, RUNNING, 0, &out, &err);
    if (status != CNNIMG_UNSUPPORTED || !strstr(err.text, "must be known"))
      fail_msg("%s: %d \"%s\"", ops[i].type, status, err.text);
    example_free(&e);
  }
}

/* ---- grids ------------------------------------------------------------------------------------- */

static void test_grid(void **state) {
  (void)state;
  example e;
  example_begin(&e, "GridSample", 20);
  IN(&e, 1, 1, 2, 2);
  IN(&e, 1, 3, 3, 3);
  example_refused(&e, CNNIMG_CORRUPT, "does not fit");
  example_begin(&e, "GridSample", 20);
  IN(&e, 1, 1, 0, 2);
  IN(&e, 1, 3, 3, 2);
  example_refused(&e, CNNIMG_UNSUPPORTED, "without elements");
  example_begin(&e, "AffineGrid", 20);
  IN(&e, 1, 2, 3);
  LIST(&e, 1, 1, -4, 4);
  example_refused(&e, CNNIMG_LIMIT, "a size of -4");
  example_begin(&e, "AffineGrid", 20);
  IN(&e, 2, 2, 3);
  LIST(&e, 1, 1, 4, 4);
  example_refused(&e, CNNIMG_CORRUPT, "does not fit");
}

/* Wherever a grid points, only the picture is read: zeros or one of its numbers, which are all 1. */
static void test_grid_values(void **state) {
  (void)state;
  const double far[] = {
      (double)NAN, 0, (double)INFINITY, -(double)INFINITY, 1e38, -1e38, 3, (double)NAN, -1e9, 1e9, 1e5, -77};
  const double ones[] = {1, 1, 1, 1, 1, 1};
  const char *const modes[] = {"nearest", "linear", "cubic"}, *const paddings[] = {"zeros", "border",
                                                                                   "reflection"};
  for (int i = 0; i < 18; i++) {
    ci_array out;
    example e;
    example_begin(&e, "GridSample", 20);
    example_in(&e, CI_FLOAT, 4, N(1, 1, i % 2 ? 1 : 3, i % 2 ? 6 : 2), ones, false);
    example_in(&e, CI_FLOAT, 4, N(1, 2, 3, 2), far, false);
    example_string(&e, "mode", modes[i / 2 % 3]);
    example_string(&e, "padding_mode", paddings[i / 6]);
    example_int(&e, "align_corners", i % 2);
    example_run(&e, RUNNING, 0, &out);
    for (size_t k = 0; k < out.count; k++) {
      float v = ((float *)out.data)[k];
      assert_true(i < 6 ? v == 0 : fabsf(v - 1) < 1e-5f);
    }
    free(out.data);
    example_free(&e);
  }
}

/* ---- empty and absurd arrays --------------------------------------------------------------------- */

/* No pictures, but all else as usual: an empty result. Dimensions that a zero hides are refused. */
static void test_empty(void **state) {
  (void)state;
  const char *const types[] = {"Conv",
                               "MaxPool",
                               "AveragePool",
                               "GlobalAveragePool",
                               "LRN",
                               "LpNormalization",
                               "Pad",
                               "Resize",
                               "DepthToSpace",
                               "SpaceToDepth",
                               "MeanVarianceNormalization",
                               "InstanceNormalization",
                               "LayerNormalization"};
  for (size_t i = 0; i < 2 * sizeof types / sizeof *types; i++) {
    const char *type = types[i / 2];
    ci_array out;
    cnnimg_error err = {0};
    example e;
    example_begin(&e, type, 18);
    IN(&e, 0, 4, 4, i % 2 ? HUGE_SIZE : 4);
    if (!strcmp(type, "Conv")) IN(&e, 4, 4, 3, 3);
    if (strstr(type, "Pool") && type[0] != 'G') INTS(&e, "kernel_shape", 2, 2);
    if (strstr(type, "Space") || strstr(type, "Depth")) example_int(&e, "blocksize", 2);
    if (!strcmp(type, "LRN")) example_int(&e, "size", 3);
    if (!strcmp(type, "Pad")) LIST(&e, 0, 0, 1, 1, 0, 0, 1, 1);
    if (!strcmp(type, "Resize"))
      example_in(&e, CI_FLOAT, -1, NULL, NULL, false), numbers(&e, 4, (double[]){1, 1, 2, 2});
    if (!strcmp(type, "InstanceNormalization")) IN(&e, 4), IN(&e, 4);
    if (!strcmp(type, "LayerNormalization")) IN(&e, 1);
    if (i % 2) {
      int status = example_shape(&e, RUNNING, 0, &out, &err);
      if (status != CNNIMG_LIMIT || !strstr(err.text, "dimension of"))
        fail_msg("%s: %d \"%s\"", type, status, err.text);
    } else {
      example_run(&e, RUNNING, 0, &out);
      assert_int_equal(out.count, 0);
      free(out.data);
    }
    example_free(&e);
  }
}

static void test_outputs(void **state) {
  (void)state;
  ci_array out;
  cnnimg_error err = {0};
  example e = conv(4, 4);
  assert_int_equal(example_shape(&e, RUNNING, 1, &out, &err), CNNIMG_UNSUPPORTED);
  assert_non_null(strstr(err.text, "output 1 is not computed"));
  example_free(&e);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_conv_attributes),
      cmocka_unit_test(test_conv_channels),
      cmocka_unit_test(test_conv_transpose),
      cmocka_unit_test(test_pool),
      cmocka_unit_test(test_pool_absurd),
      cmocka_unit_test(test_unpool_places),
      cmocka_unit_test(test_norm),
      cmocka_unit_test(test_norm_axes),
      cmocka_unit_test(test_resize),
      cmocka_unit_test(test_resize_between),
      cmocka_unit_test(test_resize_region),
      cmocka_unit_test(test_space),
      cmocka_unit_test(test_pad),
      cmocka_unit_test(test_unknown),
      cmocka_unit_test(test_grid),
      cmocka_unit_test(test_grid_values),
      cmocka_unit_test(test_empty),
      cmocka_unit_test(test_outputs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
