/* SPDX-License-Identifier: MIT */
/* test_torch7.c - Torch7 and JSON files put together by hand: what is read, and which words refuse what lies */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "archs/weights.h"
#include "formats/format.h"
#include "formats/scan.h"

static int load_text(const char *text, size_t n, ci_loaded *l, cnnimg_error *err) {
  ci_source s;
  ci_source_memory(&s, text, n, "a file");
  int status = ci_format_load(&s, l, NULL, err);
  ci_source_close(&s);
  return status;
}

/* ---- Torch7 ---------------------------------------------------------------------------------------------- */

static void test_tensors(void **unused) {
  static const char *const names[] = {"tensors.t7", "tensors_ascii.t7"};
  const char *top = getenv("abs_top_srcdir");
  (void)unused;
  for (int i = 0; i < 2; i++) {
    char path[1024];
    ci_source s;
    ci_loaded l;
    cnnimg_error err = {0};
    snprintf(path, sizeof path, "%s/tests/formats/data/torch7/%s", top ? top : ".", names[i]);
    if (ci_source_open(&s, path, 0, &err) || ci_format_load(&s, &l, NULL, &err)) fail_msg("%s", err.text);
    assert_non_null(l.store);
    assert_int_equal(l.store->n, 4);
    const ci_tensor *t = ci_store_get(l.store, "turned"), *n = ci_store_get(l.store, "long");
    assert_int_equal(t->dim[0], 6);
    assert_true(((const float *)t->data)[1] == 6); /* column by column of the other one's rows */
    assert_true(((const int64_t *)n->data)[2] == (int64_t)1 << 40);
    assert_true(((const float *)ci_store_get(l.store, "whole")->data)[23] == 23);
    ci_loaded_free(&l);
    ci_source_close(&s);
  }
}

#define FIELDS "3\n2\n1\n2\n7\nmodules\n" /* table 2 has one key, "modules" */
#define MODULE(i, kind, n) "4\n" #i "\n3\nV 1\n" #n "\n" kind "\n"

static const struct {
  const char *text;
  int code;
  const char *words;
} refusals[] = {
    /* a row of modules that holds itself, alone and twice a level */
    {MODULE(1, "nn.Sequential", 13) FIELDS "3\n3\n1\n1\n1\n4\n1\n", CNNIMG_LIMIT, "a module in itself?"},
    {MODULE(1, "nn.Sequential", 13) FIELDS "3\n3\n2\n1\n1\n4\n1\n1\n2\n4\n1\n", CNNIMG_LIMIT,
     "a module in itself?"},
    {MODULE(1, "nn.ConcatTable", 14) FIELDS "3\n3\n2\n1\n1\n4\n1\n1\n2\n4\n1\n", CNNIMG_LIMIT,
     "a module in itself?"},
    {MODULE(1, "nn.Sequential", 13) FIELDS "3\n3\n1\n1\n1\n" MODULE(4, "nn.Strange", 10) "3\n5\n0\n",
     CNNIMG_UNSUPPORTED, "nn.Strange: no such module"},
    {MODULE(1, "nn.Sequential", 13) FIELDS "3\n3\n1\n1\n2\n5\n1\n", CNNIMG_CORRUPT, "not numbered from 1"},
    {MODULE(1, "nn.Sequential", 13) FIELDS "3\n3\n1\n1\n1\n5\n1\n", CNNIMG_UNSUPPORTED, "no module of nn"},
    {"3\n1\n1\n3\n1\n3\n1\n", CNNIMG_UNSUPPORTED, "neither a network nor a tensor"},
    {"3\n1\n2\n1\n1\n3\n7\n0\n", CNNIMG_CORRUPT, "cut off or damaged"},
    {"3\n1\n2147483647\n1\n1\n", CNNIMG_CORRUPT, "cut off or damaged"},
    {"3\n1\n1\n9\n1\n", CNNIMG_CORRUPT, "cut off or damaged"},
    {"3\n1\n0\n3\n", CNNIMG_CORRUPT, "bytes behind"},
    {MODULE(1, "torch.FloatTensor", 17) "1\n9\n1\n1\n" MODULE(2, "torch.FloatStorage", 18) "2\n1 2\n",
     CNNIMG_CORRUPT, "larger than its 8 bytes"},
    {MODULE(1, "torch.FloatTensor", 17) "1\n2\n1\n0\n" MODULE(2, "torch.FloatStorage", 18) "2\n1 2\n",
     CNNIMG_CORRUPT, "begins before its numbers"},
    {MODULE(1, "torch.FloatTensor", 17) "2\n4611686018427387904 4\n4 1\n1\n" MODULE(2, "torch.FloatStorage",
                                                                                    18) "2\n1 2\n",
     CNNIMG_CORRUPT, "damaged"},
    {MODULE(1, "torch.FloatTensor", 17) "99\n", CNNIMG_UNSUPPORTED, "more dimensions"},
    {MODULE(1, "torch.FloatTensor", 17) "1\n2\n1\n1\n" MODULE(2, "torch.FloatStorage", 18) "900000000\n1 2\n",
     CNNIMG_CORRUPT, "damaged"},
    /* JSON of waifu2x */
    {"[{\"kW\":1,\"kH\":1,\"nInputPlane\":2,\"nOutputPlane\":1,\"weight\":[[[[1]]]],\"bias\":[0]}]",
     CNNIMG_CORRUPT, "fewer weights than"},
    {"[{\"kW\":1,\"kH\":1,\"nInputPlane\":1,\"nOutputPlane\":1,\"weight\":[[[[1,2]]]],\"bias\":[0]}]",
     CNNIMG_CORRUPT, "more numbers than its sizes"},
    {"[{\"kW\":255,\"kH\":255,\"nInputPlane\":65536,\"nOutputPlane\":65536,\"weight\":[1]}]", CNNIMG_CORRUPT,
     "fewer weights"},
    {"[{\"kW\":1,\"kH\":1,\"nInputPlane\":1,\"nOutputPlane\":1,\"weight\":[[[[1e99]]]]}]", CNNIMG_CORRUPT,
     "too large"},
    {"[{\"kW\":1,\"kH\":1,\"nInputPlane\":1,\"nOutputPlane\":1,\"weight\":[[[[NaN]]]]}]", CNNIMG_CORRUPT,
     "finite number"},
    {"[{\"kW\":1,\"x\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", CNNIMG_CORRUPT, "arrays in arrays"},
    {"[{\"kW\":1,\"kH\":1,\"nInputPlane\":1,\"nOutputPlane\":1,\"weight\":[1],\"weight\":[1]}]",
     CNNIMG_CORRUPT, "twice"},
    {"[{\"kW\":1,\"class_name\":\"nn.Magic\"}]", CNNIMG_UNSUPPORTED, "nn.Magic"},
    {"[{\"kW\":1,\"kH\":1,\"nInputPlane\":1,\"nOutputPlane\":1,\"weight\":[1]}] 5", CNNIMG_CORRUPT,
     "behind the last layer"},
    /* JSON of WebSR */
    {"{\"name\":\"n\",\"layers\":{\"conv2d_tf\":{\"type\":\"conv\",\"weights\":[1,2],\"bias\":[1,2,3,4]}}}",
     CNNIMG_CORRUPT, "whole blocks"},
    {"{\"name\":\"n\",\"layers\":{\"conv2d_tf\":{\"type\":\"gru\",\"weights\":[1],\"bias\":[1,2,3,4]}}}",
     CNNIMG_UNSUPPORTED, "gru"},
    {"{\"name\":\"n\",\"layers\":{\"conv2d_tf\":{\"weights\":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],\"bias\":[1,2,"
     "3,4]}}}",
     CNNIMG_UNSUPPORTED, "fit nothing before it"},
};

static void test_refusals(void **unused) {
  (void)unused;
  for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
    ci_loaded l;
    cnnimg_error err = {0};
    int status = load_text(refusals[i].text, strlen(refusals[i].text), &l, &err);
    if (status != refusals[i].code || !strstr(err.text, refusals[i].words) || !strstr(err.text, "a file"))
      fail_msg("%s: %d \"%s\", not \"%s\"", refusals[i].text, status, err.text, refusals[i].words);
    ci_loaded_free(&l);
  }
}

/* Tables in tables cost no stack; tables that each promise all the rest cost no memory. */
static void test_deep(void **unused) {
  enum { N = 100000 };
  char *text = malloc((size_t)N * 24 + 1), *at = text;
  ci_loaded l;
  cnnimg_error err = {0};
  (void)unused;
  for (int i = 1; i <= N; i++) at += sprintf(at, "3\n%d\n1\n1\n1\n", i);
  at += sprintf(at, "0\n");
  assert_int_equal(load_text(text, (size_t)(at - text), &l, &err), CNNIMG_UNSUPPORTED);
  at = text;
  for (int i = 1; i <= N; i++) at += sprintf(at, "3\n%d\n%d\n", i, N / 4);
  assert_int_equal(load_text(text, (size_t)(at - text), &l, &err), CNNIMG_CORRUPT);
  free(text);
}

/* ---- numbers ------------------------------------------------------------------------------------------------ */

static void test_numbers(void **unused) {
  static const char *const texts[] = {"0",
                                      "-0.5",
                                      "1e10",
                                      "0.028829948976636",
                                      "7.640766e-05",
                                      "1e-45",
                                      "3.4e38",
                                      "123456789012345678901234567890",
                                      "0.00000000000000000000000000000123456789",
                                      ".5",
                                      "5.",
                                      "1E+2",
                                      "0.1000000000000000055511151231257827",
                                      "1e-400"};
  (void)unused;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    const char *p = texts[i], *end = p + strlen(p);
    double v, want = strtod(p, NULL);
    assert_true(ci_scan_number(&p, end, &v));
    assert_ptr_equal(p, end);
    if (!(fabs(v - want) <= 2e-16 * fabs(want))) fail_msg("%s is read as %.17g", texts[i], v);
  }
  const char *none = "-", *beyond = "1e999";
  double v;
  assert_false(ci_scan_number(&none, none + 1, &v));
  assert_false(ci_scan_number(&beyond, beyond + 5, &v));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_tensors), cmocka_unit_test(test_refusals),
                                     cmocka_unit_test(test_deep), cmocka_unit_test(test_numbers)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
