/* SPDX-License-Identifier: MIT */
/* test_function.c - operators of our own: what their bodies in standard operators compute is what the node computes */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/build.h"
#include "net/function.h"
#include "tests/lower/reference.h"
#include "tests/net/interpret.h"

#define MOST ((size_t)1 << 24)

typedef struct example {
  const char *name;
  int64_t heads, window[2], shift[2], overlap[2], channels, size[2];
  bool bias, scale;
} example;

static const example examples[] = {
    {"whole windows", 2, {4, 4}, {0, 0}, {0, 0}, 8, {8, 12}, true, false},
    {"shifted", 2, {4, 4}, {2, 2}, {0, 0}, 8, {12, 8}, true, false},
    {"shifted columns", 1, {2, 6}, {0, 1}, {0, 0}, 5, {4, 12}, true, true},
    {"one window", 3, {6, 5}, {3, 2}, {0, 0}, 9, {6, 5}, true, false},
    {"without bias", 2, {3, 3}, {1, 1}, {0, 0}, 4, {6, 9}, false, false},
    {"overlapping", 2, {4, 2}, {0, 0}, {1, 2}, 4, {8, 6}, true, false},
    {"overlapping, without bias", 1, {2, 2}, {0, 0}, {1, 0}, 3, {4, 6}, false, true},
};

static ci_program *node_alone(const example *e) {
  ci_build b;
  cnnimg_error err = {0};
  ci_program *p;
  assert_int_equal(ci_build_init(&b, NULL, &err), CNNIMG_OK);
  int32_t in[2] = {ci_build_input(&b, "qkv", 0), CI_NONE};
  if (e->bias) {
    ci_pinput bias = {.value = ci_program_add_value(b.p, "bias", NULL), .type = CI_FLOAT, .rank = 3};
    assert_int_equal(ci_program_add_input(b.p, &bias), CNNIMG_OK);
    in[1] = bias.value;
  }
  int32_t y = ci_build_node(&b, "WindowAttention", in, 2);
  ci_build_attr_int(&b, "heads", e->heads);
  ci_build_attr_ints(&b, "window", e->window, 2);
  ci_build_attr_ints(&b, "shift", e->shift, 2);
  ci_build_attr_ints(&b, "overlap", e->overlap, 2);
  if (e->scale) ci_build_attr_float(&b, "scale", 0.75f);
  if (ci_build_finish(&b, y, &p)) fail_msg("%s: %s", e->name, err.text);
  return p;
}

static ci_dims dims_of(const example *e, int input) {
  ci_dims d = {4, {1, 3 * e->channels, e->size[0], e->size[1]}};
  if (input)
    d = (ci_dims){3,
                  {e->heads, 2 * (e->window[0] + e->overlap[0]) - 1, 2 * (e->window[1] + e->overlap[1]) - 1}};
  return d;
}

static float *run(const example *e, const ci_program *p, size_t *n) {
  ci_dims dims[2] = {dims_of(e, 0), dims_of(e, 1)}, out;
  float *in[2], *y;
  cnnimg_error err = {0};
  for (int i = 0; i < 2; i++) {
    size_t count = ci_dims_count(&dims[i]);
    in[i] = malloc(count * sizeof(float));
    ci_test_noise(in[i], count, (uint64_t)i + 1);
    for (size_t k = 0; k < count; k++) in[i][k] *= 3;
  }
  const float *const given[2] = {in[0], in[1]};
  if (ci_reference(p, 0, dims, given, MOST, &y, &out, &err)) fail_msg("%s: %s", e->name, err.text);
  *n = ci_dims_count(&out);
  free(in[0]);
  free(in[1]);
  return y;
}

static void check(const example *e) {
  ci_program *whole = node_alone(e), *body;
  const ci_function *f = ci_function_find("WindowAttention");
  cnnimg_error err = {0};
  size_t n, m;
  assert_non_null(f);
  if (f->body(&whole->nodes[0], &body, &err)) fail_msg("%s: %s", e->name, err.text);
  assert_int_equal(body->n_inputs, e->bias ? 2 : 1);
  assert_int_equal(body->n_outputs, 1);
  float *a = run(e, whole, &n), *b = run(e, body, &m);
  assert_int_equal(n, (size_t)(e->channels * e->size[0] * e->size[1]));
  assert_int_equal(n, m);
  for (size_t i = 0; i < n; i++)
    if (!(fabsf(a[i] - b[i]) <= 1e-5f))
      fail_msg("%s: element %zu is %g and %g", e->name, i, (double)a[i], (double)b[i]);
  free(a);
  free(b);
  ci_program_free(body);
  ci_program_free(whole);
}

static void test_bodies(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) check(&examples[i]);
  assert_null(ci_function_find("Conv"));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_bodies)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
