/* SPDX-License-Identifier: MIT */
/* test_build.c - networks written by name give PyTorch's numbers (test_build.txt); what goes wrong is told once */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lower/lower.h"
#include "net/build.h"
#include "tests/net/interpret.h"

#define HEIGHT 4
#define WIDTH 6
#define CHANNELS 8
#define WORST 2e-5f /* of the largest value; the file has seven digits */

/* ---- weights -------------------------------------------------------------------------------- */

typedef struct weight {
  const char *name;
  int32_t rank;
  int64_t dim[4];
  uint64_t seed;
} weight;

static const weight weights[] = {
    {"conv.weight", 4, {6, 8, 3, 3}, 1},
    {"conv.bias", 1, {6}, 5},
    {"same.weight", 4, {6, 8, 5, 5}, 2},
    {"same.bias", 1, {6}, 6},
    {"group.weight", 4, {4, 4, 3, 3}, 3},
    {"up.weight", 4, {8, 3, 3, 3}, 4},
    {"up.bias", 1, {3}, 7},
    {"norm.weight", 1, {8}, 8},
    {"norm.bias", 1, {8}, 9},
    {"norm.running_mean", 1, {8}, 10},
    {"norm.running_var", 1, {8}, 11},
    {"slope", 1, {8}, 12},
    {"one", 1, {1}, 13},
};

static ci_tensor *noise(const weight *w) {
  ci_tensor *t = ci_tensor_new(CI_F32, w->rank, w->dim);
  ci_test_noise(t->owned, t->count, w->seed);
  for (size_t i = 0; i < t->count && strstr(w->name, "_var"); i++)
    ((float *)t->owned)[i] = fabsf(((float *)t->owned)[i]) + 0.25f;
  return t;
}

static ci_store *all_weights(void) {
  ci_store *s = ci_store_new();
  cnnimg_error err = {0};
  for (size_t i = 0; i < sizeof weights / sizeof *weights; i++)
    assert_int_equal(ci_store_add(s, weights[i].name, noise(&weights[i]), &err), CNNIMG_OK);
  assert_int_equal(ci_store_finish(s, &err), CNNIMG_OK);
  return s;
}

/* ---- networks: the cases of make_build.py ------------------------------------------------------ */

static int32_t conv(ci_build *b, int32_t x) {
  return ci_build_conv(b, x, (ci_conv_spec){.stride = 2, .pad = 1}, "%s", "conv");
}
static int32_t conv_group(ci_build *b, int32_t x) {
  return ci_build_conv(b, x, (ci_conv_spec){.pad = 2, .dilation = 2, .groups = 2}, "group");
}
static int32_t conv_same(ci_build *b, int32_t x) { return ci_build_conv_same(b, x, "same"); }
static int32_t conv_transpose(ci_build *b, int32_t x) {
  return ci_build_conv_transpose(b, x, (ci_conv_spec){.stride = 2, .pad = 1, .out_pad = 1}, "up");
}
static int32_t conv_values(ci_build *b, int32_t x) {
  return ci_build_conv_values(b, x, (ci_conv_spec){.pad = 1}, ci_build_weight(b, "conv.%s", "weight"),
                              CI_NONE);
}
static int32_t leaky(ci_build *b, int32_t x) { return ci_build_leaky(b, x, 0.1f); }
static int32_t prelu(ci_build *b, int32_t x) { return ci_build_prelu(b, x, "slope"); }
static int32_t prelu_one(ci_build *b, int32_t x) { return ci_build_prelu(b, x, "%s", "one"); }
static int32_t batch_norm(ci_build *b, int32_t x) { return ci_build_batch_norm(b, x, 1e-3f, "norm"); }
static int32_t layer_norm_2d(ci_build *b, int32_t x) { return ci_build_layer_norm_2d(b, x, 1e-6f, "norm"); }
static int32_t pixel_shuffle(ci_build *b, int32_t x) { return ci_build_pixel_shuffle(b, x, 2); }
static int32_t pixel_unshuffle(ci_build *b, int32_t x) { return ci_build_pixel_unshuffle(b, x, CHANNELS, 2); }
static int32_t nearest(ci_build *b, int32_t x) { return ci_build_nearest(b, x, 3); }
static int32_t bilinear(ci_build *b, int32_t x) { return ci_build_bilinear(b, x, 2); }
static int32_t bicubic(ci_build *b, int32_t x) { return ci_build_bicubic(b, x, 2, -0.75f); }
static int32_t global_mean(ci_build *b, int32_t x) { return ci_build_global_mean(b, x); }
static int32_t channels(ci_build *b, int32_t x) { return ci_build_channels(b, x, 2, 5); }
static int32_t concat(ci_build *b, int32_t x) {
  const int32_t parts[3] = {x, ci_build_scale(b, x, 0.5f), ci_build_op1(b, "Tanh", x)};
  return ci_build_concat(b, parts, 3);
}
/* An optional input that is left out, a constant, and a node of two inputs. */
static int32_t subtract(ci_build *b, int32_t x) {
  const int32_t in[3] = {x, CI_NONE, ci_build_scalar(b, 0.25f)};
  return ci_build_op2(b, "Sub", x, ci_build_node(b, "Clip", in, 3));
}

static const struct {
  const char *name;
  int32_t (*build)(ci_build *b, int32_t x);
} networks[] = {
    {"conv", conv},
    {"conv_group", conv_group},
    {"conv_same", conv_same},
    {"conv_transpose", conv_transpose},
    {"conv_values", conv_values},
    {"leaky", leaky},
    {"prelu", prelu},
    {"prelu_one", prelu_one},
    {"batch_norm", batch_norm},
    {"layer_norm_2d", layer_norm_2d},
    {"pixel_shuffle", pixel_shuffle},
    {"pixel_unshuffle", pixel_unshuffle},
    {"nearest", nearest},
    {"bilinear", bilinear},
    {"bicubic", bicubic},
    {"global_mean", global_mean},
    {"channels", channels},
    {"concat", concat},
    {"subtract", subtract},
};
enum { NETWORKS = sizeof networks / sizeof *networks };

/* ---- answers ---------------------------------------------------------------------------------- */

static ci_program *write_down(size_t k) {
  cnnimg_error err = {0};
  ci_build b;
  ci_program *p;
  assert_int_equal(ci_build_init(&b, all_weights(), &err), CNNIMG_OK);
  int32_t y = networks[k].build(&b, ci_build_input(&b, "image", CHANNELS));
  ci_build_ignore(&b, ""); /* each takes its own weights only */
  if (ci_build_finish(&b, y, &p)) fail_msg("%s: %s", networks[k].name, err.text);
  return p;
}

static float *compute(size_t k, ci_shape *out) {
  static const ci_shape in = {CHANNELS, HEIGHT, WIDTH};
  const ci_dims dims = {4, {1, CHANNELS, HEIGHT, WIDTH}};
  float x[CHANNELS * HEIGHT * WIDTH], *got;
  const float *const inputs[1] = {x};
  cnnimg_error err = {0};
  ci_program *p = write_down(k);
  ci_lowered *l;
  ci_test_noise(x, sizeof x / sizeof *x, 0);
  if (ci_lower(p, 0, &dims, &l, &err)) fail_msg("%s: %s", networks[k].name, err.text);
  if (ci_interpret(l->graph, ci_kernels_best(), &in, inputs, &got, out, &err))
    fail_msg("%s: %s", networks[k].name, err.text);
  ci_lowered_free(l);
  ci_program_free(p);
  return got;
}

static void compare(const char *name, const float *got, ci_shape out, FILE *f) {
  ci_shape want;
  float top = 1, v;
  assert_int_equal(fscanf(f, "%d %d %d", &want.c, &want.h, &want.w), 3);
  if (out.c != want.c || out.h != want.h || out.w != want.w)
    fail_msg("%s: %dx%dx%d instead of %dx%dx%d", name, out.c, out.h, out.w, want.c, want.h, want.w);
  for (int32_t i = 0; i < out.c * out.h * out.w; i++) {
    assert_int_equal(fscanf(f, "%f", &v), 1);
    top = fmaxf(top, fabsf(v));
    if (!(fabsf(got[i] - v) <= WORST * top))
      fail_msg("%s: item %d is %.7g instead of %.7g", name, i, got[i], v);
  }
}

static void test_answers(void **state) {
  (void)state;
  char path[1024], name[64];
  snprintf(path, sizeof path, "%s/tests/net/test_build.txt", getenv("abs_top_srcdir"));
  FILE *f = fopen(path, "re");
  assert_non_null(f);
  for (size_t k = 0; k < NETWORKS; k++) {
    ci_shape out;
    assert_int_equal(fscanf(f, "%63s", name), 1);
    assert_string_equal(name, networks[k].name);
    float *got = compute(k, &out);
    compare(name, got, out, f);
    free(got);
  }
  assert_int_equal(fscanf(f, "%63s", name), EOF);
  fclose(f);
}

/* ---- what goes wrong ----------------------------------------------------------------------------- */

static ci_build start(ci_store *s, cnnimg_error *err) {
  ci_build b;
  *err = (cnnimg_error){0};
  assert_int_equal(ci_build_init(&b, s, err), CNNIMG_OK);
  return b;
}

/* The network is refused with these words, and the store is still ours. */
static void refused(ci_build *b, int32_t y, ci_store *s, int code, const char *words) {
  ci_program *p;
  const cnnimg_error *err = b->err;
  assert_int_equal(ci_build_finish(b, y, &p), code);
  assert_null(p);
  if (!strstr(err->text, words)) fail_msg("\"%s\" does not say \"%s\"", err->text, words);
  if (s) assert_true(ci_store_has(s, "conv.weight"));
  ci_store_free(s);
}

/* The first error stays; from then on everything is taken and does nothing. */
static void test_the_first_error_stays(void **state) {
  (void)state;
  cnnimg_error err;
  ci_store *s = all_weights();
  ci_build b = start(s, &err);
  int32_t x = ci_build_input(&b, "image", CHANNELS);
  assert_int_equal(ci_build_conv_same(&b, x, "nothing.%d", 7), -1);
  for (size_t k = 0; k < NETWORKS; k++) assert_int_equal(networks[k].build(&b, -1), -1);
  assert_int_equal(ci_build_input(&b, "second", 1), -1);
  assert_int_equal(ci_build_tensor(&b, noise(&weights[0])), -1);
  assert_int_equal(ci_build_fail(&b, CNNIMG_NOMEM, "later"), -1);
  ci_build_card(&b, "task", "denoise");
  ci_build_attr_ints(&b, "axes", (const int64_t[]){1}, 1);
  refused(&b, -1, s, CNNIMG_UNSUPPORTED, "\"nothing.7.weight\" is missing");
}

static void test_tensors_left_over(void **state) {
  (void)state;
  cnnimg_error err;
  ci_store *s = all_weights();
  ci_build b = start(s, &err);
  int32_t x = ci_build_input(&b, "image", CHANNELS);
  x = ci_build_batch_norm(
      &b,
      ci_build_conv_values(&b, x, (ci_conv_spec){.pad = 1}, ci_build_weight(&b, "conv.weight"),
                           ci_build_weight(&b, "conv.bias")),
      1e-5f, "norm");
  ci_build_ignore(&b, ".weight");
  refused(&b, x, s, CNNIMG_UNSUPPORTED, "4 tensors have no place in that network, \"one\" is the first");
}

static void test_no_output(void **state) {
  (void)state;
  cnnimg_error err;
  ci_store *s = all_weights();
  ci_build b = start(s, &err);
  ci_build_input(&b, "image", 1);
  ci_build_ignore(&b, "");
  refused(&b, -1, s, CNNIMG_UNSUPPORTED, "no output");
  b = start(NULL, &err);
  assert_int_equal(ci_build_weight(&b, "conv.weight"), -1); /* without a store there is no weight */
  refused(&b, -1, NULL, CNNIMG_UNSUPPORTED, "is missing");
}

static void test_hostile_sizes(void **state) {
  (void)state;
  static const int64_t sizes[][2] = {
      {1LL << 40, 1LL << 40}, {3, 1LL << 33}, {INT64_MAX, 2}, {-4, 2}, {0, 2}, {3, 0}, {3, -2}, {257, 2}};
  cnnimg_error err;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    ci_build b = start(NULL, &err);
    int32_t x = ci_build_input(&b, "image", 3);
    refused(&b, ci_build_pixel_unshuffle(&b, x, sizes[i][0], sizes[i][1]), NULL, CNNIMG_UNSUPPORTED,
            "unshuffle");
  }
  ci_build b = start(NULL, &err);
  int32_t many[200] = {ci_build_input(&b, "image", 3)};
  for (size_t i = 1; i < 200; i++) many[i] = many[0];
  refused(&b, ci_build_concat(&b, many, 200), NULL, CNNIMG_UNSUPPORTED, "Concat with more than");
}

/* Whole numbers where slopes should be are not read as floats. */
static void test_slopes_are_floats(void **state) {
  (void)state;
  cnnimg_error err = {0};
  const int64_t dim[1] = {8};
  ci_store *s = ci_store_new();
  ci_tensor *t = ci_tensor_new(CI_I64, 1, dim);
  memset(t->owned, 1, 64);
  ci_store_add(s, "conv.weight", noise(&weights[0]), &err);
  ci_store_add(s, "slope", t, &err);
  ci_store_finish(s, &err);
  ci_build b = start(s, &err);
  refused(&b, ci_build_prelu(&b, ci_build_input(&b, "image", 8), "slope"), s, CNNIMG_UNSUPPORTED,
          "no floats");
}

/* A weight that two layers share is one value; the program owns the store, its card and what it is made of. */
static void test_what_the_program_holds(void **state) {
  (void)state;
  cnnimg_error err;
  ci_store *s = all_weights();
  ci_build b = start(s, &err);
  ci_program *p;
  int32_t x = ci_build_input(&b, "image", 0), w = ci_build_weight(&b, "conv.weight");
  assert_int_equal(w, ci_build_weight(&b, "conv.weight"));
  assert_ptr_equal(b.p->values[w].tensor->data, ci_store_get(s, "conv.weight")->data);
  ci_build_card(&b, "scale", "%d", 4);
  ci_build_card(&b, "scale", "%d", 2);
  ci_build_ignore(&b, "");
  assert_int_equal(ci_build_finish(&b, ci_build_conv_values(&b, x, (ci_conv_spec){.pad = 1}, w, CI_NONE), &p),
                   CNNIMG_OK);
  assert_string_equal(ci_program_get_card(p, "scale"), "2");
  assert_int_equal(p->opset, CI_BUILD_OPSET);
  assert_int_equal(p->inputs[0].dim[0], 1);
  assert_int_equal(p->inputs[0].dim[1], 0);
  ci_program_free(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_answers),
      cmocka_unit_test(test_the_first_error_stays),
      cmocka_unit_test(test_tensors_left_over),
      cmocka_unit_test(test_no_output),
      cmocka_unit_test(test_hostile_sizes),
      cmocka_unit_test(test_slopes_are_floats),
      cmocka_unit_test(test_what_the_program_holds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
