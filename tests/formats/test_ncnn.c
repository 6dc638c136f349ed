/* SPDX-License-Identifier: MIT */
/* test_ncnn.c - ncnn's files put together by hand: which words refuse what lies, which file is named */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "archs/weights.h"
#include "base/error.h"
#include "tasks/fit.h"
#include "tests/base/blob.h"

#define CONV "Convolution c 1 1 d y 0=1 1=1 6=3\n"
#define INPUT "Input i 0 1 d 2=3\n"
#define NET(counts, layers) "7767517\n" counts "\n" layers

static char folder[] = "ncnn-XXXXXX";

static void write_file(const char *name, const void *data, size_t n) {
  char path[64];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *f = fopen(path, "we");
  assert_true(f && fwrite(data, 1, n, f) == n);
  fclose(f);
}

static int load(const char *name, ci_program **p, cnnimg_error *err) {
  char path[64];
  ci_source s;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  *p = NULL;
  int status = ci_source_open(&s, path, 0, err);
  if (!status) status = ci_weights_load(&s, p, NULL, err);
  if (!status) status = ci_fit_probe(*p, err);
  ci_source_close(&s);
  return status;
}

/* A tag, then as many floats, the last of which may be special. */
static void write_bin(uint32_t tag, size_t floats, uint32_t last) {
  blob b = {0};
  blob_le(&b, tag, 4);
  for (size_t i = 0; i < floats; i++) blob_le(&b, i + 1 < floats ? 0x3f000000u : last, 4);
  write_file("x.bin", b.data, b.n);
  blob_free(&b);
}

#define HALF 0x3f000000u
#define NOT_A_NUMBER 0x7fc00000u

static const struct {
  const char *param;
  uint32_t tag;
  size_t floats;
  uint32_t last;
  int code;
  const char *words;
} refusals[] = {
    {NET("3 2", INPUT CONV), 0, 3, HALF, CNNIMG_CORRUPT, "it says 3 layers and 2 blobs"},
    {NET("1 2", INPUT CONV), 0, 3, HALF, CNNIMG_CORRUPT, "more layers than the file says"},
    {NET("2 1", INPUT CONV), 0, 3, HALF, CNNIMG_CORRUPT, "and has 2 and 2"},
    {NET("2 99999999999", INPUT CONV), 0, 3, HALF, CNNIMG_CORRUPT, "counts of layers"},
    {NET("2 2", INPUT "Convolution c 1 1 d d 0=1 1=1 6=3\n"), 0, 3, HALF, CNNIMG_CORRUPT,
     "\"d\" is made twice"},
    {NET("3 3", INPUT "Noop a 1 1 y z\n"
                      "Noop b 1 1 z y\n"),
     0, 0, 0, CNNIMG_CORRUPT, "a cycle?"},
    {NET("2 2", INPUT "ReLU r 1 1 nobody y\n"), 0, 0, 0, CNNIMG_CORRUPT, "which nothing makes"},
    {NET("2 2", INPUT "Attention r 1 1 d y\n"), 0, 0, 0, CNNIMG_UNSUPPORTED,
     "Attention \"r\": no such layer"},
    {NET("2 2", INPUT CONV), 0, 3, NOT_A_NUMBER, CNNIMG_CORRUPT,
     "the tensor \"c:v1\" of Conv"},
    {NET("2 2", INPUT CONV), 0, 2, HALF, CNNIMG_CORRUPT, "ends before its numbers do"},
    {NET("2 2", INPUT CONV), 0, 5, HALF, CNNIMG_CORRUPT, "8 of the 24 bytes of weights belong to no layer"},
    {NET("2 2", INPUT CONV), 0x000D4B38, 3, HALF, CNNIMG_UNSUPPORTED, "int8"},
    {NET("2 2", INPUT CONV), 1, 200, HALF, CNNIMG_CORRUPT, "ends before its numbers do"},
    {NET("2 2", INPUT "Convolution c 1 1 d y 0=1 1=1 6=4\n"), 0, 4, HALF, CNNIMG_CORRUPT,
     "takes 4 channels and is given 3"},
    {NET("2 2", INPUT "Convolution c 1 1 d y 0=2 1=1 6=3\n"), 0, 3, HALF, CNNIMG_CORRUPT,
     "does not go with its kernel"},
    {NET("2 2", INPUT "Convolution c 1 1 d y 0=1048576 1=4096 6=2147483647\n"), 0, 3, HALF, CNNIMG_CORRUPT,
     "does not go"},
    {NET("2 2", INPUT "Convolution c 1 1 d y 0=1 1=1 6=3 77=5\n"), 0, 3, HALF, CNNIMG_UNSUPPORTED,
     "a parameter 77"},
    {NET("2 2", INPUT "Convolution c 1 1 d y 0=1 1=1 6=3 0=2\n"), 0, 3, HALF, CNNIMG_CORRUPT, "given twice"},
    {NET("2 2", INPUT "Convolution c 1 1 d y 0=1 1=1 6=3 9=2\n"), 0, 3, HALF, CNNIMG_CORRUPT,
     "activation lacks numbers"},
    {NET("2 2", INPUT "Convolution c 1 1 d y 0=1 1=1 6=3 -23310=3,1,2\n"), 0, 3, HALF, CNNIMG_CORRUPT,
     "count is not its size"},
    {NET("2 2", INPUT "Convolution c 1 1 d y 0=1 1=1 6=nan\n"), 0, 3, HALF, CNNIMG_CORRUPT,
     "no finite number"},
    {NET("2 2", INPUT "Crop c 1 1 d y -23309=1,5 -23310=1,9 -23311=1,0\n"), 0, 0, 0, CNNIMG_CORRUPT,
     "no channel is left"},
    {NET("2 2", INPUT "Crop c 1 1 d y -23309=1,5 -23310=1,9 -23311=1,3\n"), 0, 0, 0, CNNIMG_CORRUPT,
     "dimension that its blob has not"},
    {NET("2 2", INPUT "PixelShuffle p 1 1 d y 0=2\n"), 0, 0, 0, CNNIMG_CORRUPT, "no multiple"},
    {NET("2 2", INPUT "Noop a 2 1 d\n"), 0, 0, 0, CNNIMG_CORRUPT, "fewer blobs are named"},
    {NET("2 2", INPUT "pnnx.Output a 1 0 d\n"), 0, 0, 0, CNNIMG_UNSUPPORTED, "pnnx's own graph"},
    {NET("2 2", "Input i 0 1 d 2=3\nNoop n 0 1 y\n"), 0, 0, 0, CNNIMG_CORRUPT, "another number of blobs"},
};

static void test_refusals(void **unused) {
  (void)unused;
  for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
    cnnimg_error err = {0};
    ci_program *p;
    write_file("x.param", refusals[i].param, strlen(refusals[i].param));
    if (refusals[i].floats) write_bin(refusals[i].tag, refusals[i].floats, refusals[i].last);
    else write_file("x.bin", "", 0);
    int status = load("x.param", &p, &err);
    if (status != refusals[i].code || !strstr(err.text, refusals[i].words) || !strstr(err.text, "x.param"))
      fail_msg("%s: %d \"%s\", not \"%s\"", refusals[i].param, status, err.text, refusals[i].words);
    ci_program_free(p);
  }
}

/* Nothing is left of a crop beyond a map: no picture can be made of it, which shows when sizes are known. */
static void test_crop_beyond(void **unused) {
  (void)unused;
  static const char text[] = NET("2 2", INPUT "Crop c 1 1 d y -23309=1,60000 -23310=1,-233 -23311=1,1\n");
  cnnimg_error err = {0};
  ci_program *p;
  ci_card card;
  ci_fit fit;
  write_file("x.param", text, strlen(text));
  write_file("x.bin", "", 0);
  if (load("x.param", &p, &err) || ci_card_read(&card, p, &err)) fail_msg("%s", err.text);
  const ci_sizes sizes = {.program = p, .card = &card};
  assert_int_equal(ci_fit_find(&fit, &sizes, &err), CNNIMG_UNSUPPORTED);
  assert_true(err.text[0]);
  ci_card_fini(&card);
  ci_program_free(p);
}

static void test_which_file(void **unused) {
  (void)unused;
  static const char text[] = NET("2 2", INPUT CONV);
  cnnimg_error err = {0};
  ci_program *p;
  write_file("x.param", text, strlen(text));
  write_bin(0, 3, HALF);
  if (load("x.param", &p, &err)) fail_msg("%s", err.text);
  ci_program_free(p);
  if (load("x.bin", &p, &err)) fail_msg("%s", err.text); /* its .param lies beside it */
  ci_program_free(p);
  write_file("alone.bin", "\0\0\0\0\0\0\0\0", 8);
  assert_int_equal(load("alone.bin", &p, &err), CNNIMG_UNSUPPORTED);
  write_file("alone.param", text, strlen(text));
  unlink("alone.bin");
  write_file("x.param.bin", "\xdd\x85\x76\0", 4);
  assert_int_equal(load("x.param.bin", &p, &err), CNNIMG_UNSUPPORTED);
  assert_non_null(strstr(err.text, "binary .param.bin"));
}

static int in_folder(void **unused) {
  (void)unused;
  return mkdtemp(folder) ? 0 : -1;
}

static int clean(void **unused) {
  static const char *const names[] = {"x.param", "x.bin", "alone.bin", "alone.param", "x.param.bin"};
  char path[64];
  (void)unused;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    snprintf(path, sizeof path, "%s/%s", folder, names[i]);
    unlink(path);
  }
  return rmdir(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_refusals), cmocka_unit_test(test_crop_beyond),
                                     cmocka_unit_test(test_which_file)};
  return cmocka_run_group_tests(tests, in_folder, clean);
}
