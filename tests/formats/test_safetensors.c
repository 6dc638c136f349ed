/* SPDX-License-Identifier: MIT */
/* test_safetensors.c - safetensors files put together by hand: what is read, and which words refuse what lies */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "formats/format.h"
#include "tests/base/blob.h"

static blob file_of(const char *head, uint64_t head_bytes, size_t body) {
  blob b = {0};
  blob_le(&b, head_bytes ? head_bytes : strlen(head), 8);
  blob_text(&b, head);
  for (size_t i = 0; i < body; i++) blob_le(&b, i, 1);
  return b;
}

static int load(const blob *file, ci_loaded *l, cnnimg_error *err) {
  ci_source s;
  ci_source_memory(&s, file->data, file->n, "a file");
  int status = ci_format_load(&s, l, NULL, err);
  ci_source_close(&s);
  return status;
}

#define T(type, shape, from, to) \
  "{\"dtype\":\"" type "\",\"shape\":[" shape "],\"data_offsets\":[" #from "," #to "]}"

static void test_types(void **unused) {
  (void)unused;
  blob b =
      file_of("{\"__metadata__\":{\"licence\":\"MIT\",\"no text\":3},\"u\":" T("U8", "2", 0, 2) ",\"i\":" T(
                  "I16", "1", 2, 4) ",\"b\":" T("BOOL", "2,1", 4, 6) ",\"none\":" T("F32", "3,0", 6, 6) "}",
              0, 6);
  ci_loaded l;
  cnnimg_error err = {0};
  if (load(&b, &l, &err)) fail_msg("%s", err.text);
  assert_string_equal(ci_store_meta(l.store, "licence"), "MIT");
  assert_null(ci_store_meta(l.store, "no text"));
  const ci_tensor *u = ci_store_get(l.store, "u"), *i = ci_store_get(l.store, "i"),
                  *t = ci_store_get(l.store, "b");
  assert_int_equal(u->type, CI_INT);
  assert_int_equal(((const int64_t *)u->data)[1], 1);
  assert_int_equal(((const int64_t *)i->data)[0], 0x0302);
  assert_int_equal(t->type, CI_BOOL);
  assert_int_equal(((const int64_t *)t->data)[0], 1);
  assert_int_equal(ci_store_get(l.store, "none")->count, 0);
  ci_loaded_free(&l);
  blob_free(&b);
}

static const struct {
  const char *head;
  uint64_t head_bytes; /* 0: the head's own length */
  size_t body;
  int code;
  const char *words;
} lies[] = {
    {"{}", 1000, 4, CNNIMG_CORRUPT, "its head would have 1000 bytes"},
    {"{}", 0x7fffffffffffffff, 4, CNNIMG_UNSUPPORTED, "not a weight file"},
    {"{\"a\":", 0, 4, CNNIMG_CORRUPT, "a file: "},
    {"{\"a\":" T("F32", "1", 0, 4) ",\"a\":" T("F32", "1", 4, 8) "}", 0, 8, CNNIMG_CORRUPT, "duplicate"},
    {"{\"a\":" T("F32", "1", 0, 4) ",\"b\":" T("F32", "1", 0, 4) "}", 0, 4, CNNIMG_CORRUPT,
     "overlaps another"},
    {"{\"a\":" T("F32", "2", 0, 8) ",\"b\":" T("F32", "1", 4, 8) "}", 0, 8, CNNIMG_CORRUPT,
     "overlaps another"},
    {"{\"a\":" T("F32", "1", 4, 8) "}", 0, 8, CNNIMG_CORRUPT, "bytes that belong to none"},
    {"{\"a\":" T("F32", "1", 0, 4) "}", 0, 8, CNNIMG_CORRUPT, "4 bytes at the end belong to no tensor"},
    {"{\"a\":" T("F32", "1", 0, 4) "}", 0, 3, CNNIMG_CORRUPT, "lies outside"},
    {"{\"a\":" T("F32", "1", 4, 0) "}", 0, 4, CNNIMG_CORRUPT, "lies outside"},
    {"{\"a\":" T("F32", "1", -4, 0) "}", 0, 4, CNNIMG_CORRUPT, "lies outside"},
    {"{\"a\":" T("F32", "1", 0, 9223372036854775807) "}", 0, 4, CNNIMG_CORRUPT, "lies outside"},
    {"{\"a\":" T("F32", "2", 0, 4) "}", 0, 4, CNNIMG_CORRUPT, "larger than its 4 bytes"},
    {"{\"a\":" T("F32", "1", 0, 8) "}", 0, 8, CNNIMG_CORRUPT, "has 8 bytes for 1 elements"},
    {"{\"a\":" T("F32", "-1", 0, 4) "}", 0, 4, CNNIMG_CORRUPT, "impossible dimensions"},
    {"{\"a\":" T("F32", "4294967296,4294967296", 0, 4) "}", 0, 4, CNNIMG_CORRUPT, "impossible dimensions"},
    {"{\"a\":" T("F32", "0,4294967296,4294967296", 0, 0) "}", 0, 0, CNNIMG_CORRUPT, "impossible dimensions"},
    {"{\"a\":" T("F32", "1.5", 0, 4) "}", 0, 4, CNNIMG_CORRUPT, "impossible dimensions"},
    {"{\"a\":" T("F32", "1,1,1,1,1,1,1,1,1", 0, 4) "}", 0, 4, CNNIMG_CORRUPT, "up to 8 dimensions"},
    {"{\"a\":" T("F8_E4M3", "4", 0, 4) "}", 0, 4, CNNIMG_UNSUPPORTED, "\"F8_E4M3\", which is not read"},
    {"{\"a\":{\"dtype\":\"F32\"}}", 0, 4, CNNIMG_CORRUPT, "no shape"},
    {"{\"a\":7}", 0, 4, CNNIMG_UNSUPPORTED, "which is not read"},
};

static void test_lies(void **unused) {
  (void)unused;
  for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
    blob b = file_of(lies[i].head, lies[i].head_bytes, lies[i].body);
    ci_loaded l;
    cnnimg_error err = {0};
    int status = load(&b, &l, &err);
    if (status != lies[i].code || !strstr(err.text, lies[i].words))
      fail_msg("%s: %d \"%s\", not %d \"%s\"", lies[i].head, status, err.text, lies[i].code, lies[i].words);
    assert_null(l.store);
    blob_free(&b);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_types), cmocka_unit_test(test_lies)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
