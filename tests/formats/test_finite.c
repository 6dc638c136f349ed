/* SPDX-License-Identifier: MIT */
/* test_finite.c - a weight that is NaN or infinite is refused in every format, by a sentence that names it and the file */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "archs/weights.h"
#include "net/build.h"
#include "net/finite.h"
#include "tests/formats/folder.h"

/* ---- files: the floats of a fixture's first large weight are found by their bytes, and one is changed -------------- */

/* A float32 weight of the file as it lies there: of the largest constant of the program that does. */
static size_t place_of(const ci_source *s, const ci_program *p) {
  size_t best = 0, at = 0;
  for (size_t i = 0; i < p->n_values; i++) {
    const ci_tensor *t = p->values[i].tensor;
    if (!t || t->dtype != CI_F32 || t->count <= best || t->count < 16) continue;
    for (size_t k = 0; k + 8 <= t->count; k++) {
      const uint8_t *found = memmem(s->data, s->size, (const float *)t->data + k, sizeof(float));
      const float *v = (const float *)t->data + k;
      if (!found || v[0] == 0 || !isfinite(v[0]) || fabsf(v[0]) == 1) continue;
      at = (size_t)(found - s->data), best = t->count;
      break;
    }
  }
  return at;
}

static void refused(const char *folder_name, const char *name, float with, const char *tensor,
                    const char *word) {
  char path[700];
  ci_source s, bad;
  ci_program *p = NULL;
  cnnimg_error err = {0};
  snprintf(path, sizeof path, "%s/tests/formats/data/%s/%s", getenv("abs_top_srcdir"), folder_name, name);
  assert_int_equal(ci_source_open(&s, path, 0, &err), CNNIMG_OK);
  if (ci_weights_load(&s, &p, NULL, &err)) fail_msg("%s", err.text);
  size_t at = place_of(&s, p);
  assert_true(at > 0);
  ci_program_free(p);
  uint8_t *copy = malloc(s.size);
  memcpy(copy, s.data, s.size);
  memcpy(copy + at, &with, sizeof with);
  ci_source_memory(&bad, copy, s.size, name);
  bad.path = strdup(path); /* second halves lie there */
  int status = ci_weights_load(&bad, &p, NULL, &err);
  if (status != CNNIMG_CORRUPT || !strstr(err.text, name) || !strstr(err.text, tensor) ||
      !strstr(err.text, word))
    fail_msg("%s: status %d, \"%s\" does not say \"%s\"", name, status, err.text, tensor);
  ci_program_free(p);
  ci_source_close(&bad);
  ci_source_close(&s);
  free(copy);
}

static void test_files(void **state) {
  (void)state;
  static const struct {
    const char *folder, *name, *tensor;
  } files[] = {{"architectures", "srvgg-x3.safetensors", "\"body.6.weight\""},
               {"architectures", "ircnn-levels.pth", ".weight\""},
               {"architectures", "span-x2.safetensors", "\""},
               {"tensorflow", "layers.pb", "\"Conv2D"},
               {"caffe", "layers.caffemodel", "\"up:"},
               {"onnx", "classes.onnx", "\""}};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    refused(files[i].folder, files[i].name, NAN, files[i].tensor, "NaN");
    refused(files[i].folder, files[i].name, -INFINITY, files[i].tensor, "infinite");
  }
}

/* ---- what may be infinite --------------------------------------------------------------------------------- */

/* x of 1 channel, by `type` with a constant of those numbers. */
static int judge(const char *type, const float *v, size_t n, cnnimg_error *err) {
  ci_build b;
  ci_program *p = NULL;
  const int64_t dim[4] = {1, (int64_t)n, 1, 1};
  assert_int_equal(ci_build_init(&b, NULL, err), CNNIMG_OK);
  int32_t x = ci_build_input(&b, "image", 1);
  ci_tensor *t = ci_tensor_new(CI_F32, 4, dim);
  memcpy(t->owned, v, n * sizeof *v);
  ci_build_layer(&b, "first");
  int32_t y = ci_build_op1(&b, "Identity", ci_build_tensor(&b, t));
  if (strcmp(type, "Clip")) x = ci_build_op2(&b, type, x, y);
  else x = ci_build_op2(&b, "Clip", x, ci_build_scalar(&b, v[0]));
  assert_int_equal(ci_build_finish(&b, x, &p), CNNIMG_OK);
  int status = ci_program_finite(p, NULL, err);
  ci_program_free(p);
  return status;
}

static void test_constants(void **state) {
  (void)state;
  static const struct {
    const char *type;
    float v;
    bool passes;
  } cases[] = {{"Conv", 3.4e38f, true},  {"Conv", INFINITY, false},  {"Conv", NAN, false},
               {"MatMul", NAN, false},   {"Add", -INFINITY, true},   {"Add", NAN, false},
               {"Mul", NAN, false},      {"PRelu", INFINITY, false}, {"Max", -INFINITY, true},
               {"Clip", INFINITY, true}, {"Mul", -0.0f, true}};
  enum { MOST = 9000 };
  static float v[MOST];
  static const size_t counts[] = {1, 7, 8, 9, 4095, 4096, 4097, MOST};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    for (size_t k = 0; k < sizeof counts / sizeof *counts; k++)
      for (size_t at = 0; at < counts[k]; at += counts[k] < 10 ? 1 : counts[k] - 1) {
        cnnimg_error err = {0};
        char where[40];
        memset(v, 0, sizeof v);
        v[at] = cases[i].v;
        if (!strcmp(cases[i].type, "Clip")) v[0] = cases[i].v;
        int status = judge(cases[i].type, v, counts[k], &err);
        snprintf(where, sizeof where, "(its number %zu)", at);
        if (!status != cases[i].passes ||
            (status && (!strstr(err.text, where) || !strstr(err.text, "\"first:"))))
          fail_msg("%s, %zu of %zu: %d %s", cases[i].type, at, counts[k], status, err.text);
      }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_files), cmocka_unit_test(test_constants)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
