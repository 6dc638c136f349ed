/* SPDX-License-Identifier: MIT */
/* test_npz.c - NumPy's arrays put together by hand: what is read, and which words refuse what lies */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "formats/format.h"
#include "tests/base/blob.h"

static const float numbers[6] = {1, 2, 3, 4, 5, 6};

static blob array_of(const char *head, int version) {
  blob b = {0};
  blob_text(&b, "\x93NUMPY");
  blob_le(&b, (uint64_t)version, 2), blob_le(&b, strlen(head), version == 1 ? 2 : 4);
  blob_text(&b, head);
  blob_put(&b, numbers, sizeof numbers);
  return b;
}

/* As "a.npy" of an archive with another member that is no array. */
static blob archive_of(const char *head, int version) {
  blob a = array_of(head, version);
  const zip_part parts[] = {{.name = "conv/a.npy", .data = a.data, .n = a.n, .align = 64},
                            {.name = "notes.txt", .data = "x", .n = 1}};
  blob b = zip_make(parts, 2);
  blob_free(&a);
  return b;
}

static int load(const blob *file, ci_loaded *l, cnnimg_error *err) {
  ci_source s;
  ci_source_memory(&s, file->data, file->n, "a file");
  int status = ci_format_load(&s, l, NULL, err);
  ci_source_close(&s);
  return status;
}

#define HEAD(type, order, shape) "{'descr': '" type "', 'fortran_order': " order ", 'shape': (" shape "), }\n"

static void expect(const char *head, int version, const float *want, size_t n) {
  blob b = archive_of(head, version);
  ci_loaded l;
  cnnimg_error err = {0};
  if (load(&b, &l, &err)) fail_msg("%s: %s", head, err.text);
  const ci_tensor *t = ci_store_get(l.store, "conv/a");
  assert_int_equal(t ? t->count : 0, n);
  if (want) assert_memory_equal(t->data, want, n * sizeof *want);
  ci_loaded_free(&l);
  blob_free(&b);
}

static void test_sound(void **unused) {
  (void)unused;
  static const float turned[6] = {1, 3, 5, 2, 4, 6};
  for (int version = 1; version <= 3; version++) expect(HEAD("<f4", "False", "2, 3"), version, numbers, 6);
  expect(HEAD("<f4", "True", "2, 3"), 1, turned, 6);
  expect(HEAD("<f4", "False", "6,"), 1, numbers, 6);
  expect(HEAD("<f4", "False", "6L,"), 1, numbers, 6); /* Python 2 */
  expect(HEAD("<f4", "False", ""), 1, numbers, 1);
  expect(HEAD("|u1", "False", "24,"), 1, NULL, 24);
  expect(HEAD("|O", "False", "6,"), 1, NULL, 0); /* no weights: passed over */
  expect(HEAD("<U4", "False", "6,"), 1, NULL, 0);
  expect("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (6,), }", 1, NULL, 0);
}

static const struct {
  const char *head;
  int code;
  const char *words;
} lies[] = {{HEAD("<f4", "False", "7,"), CNNIMG_CORRUPT, "larger than its 24 bytes"},
            {HEAD("<f4", "True", "7, 1"), CNNIMG_CORRUPT, "larger than its 24 bytes"},
            {HEAD("<f4", "False", "4294967296, 4294967296"), CNNIMG_CORRUPT, "impossible dimensions"},
            {HEAD("<f4", "True", "4294967296, 4294967296"), CNNIMG_CORRUPT, "impossible dimensions"},
            {HEAD("<f4", "False", "99999999999999999999,"), CNNIMG_CORRUPT, "impossible dimensions"},
            {HEAD("<f4", "False", "-1,"), CNNIMG_UNSUPPORTED, "not of numbers that are read"},
            {HEAD("<f4", "False", "1,1,1,1,1,1,1,1,1"), CNNIMG_UNSUPPORTED, "not of numbers that are read"},
            {HEAD(">f4", "False", "6,"), CNNIMG_UNSUPPORTED, "not of numbers that are read"},
            {HEAD("<c8", "False", "3,"), CNNIMG_UNSUPPORTED, "not of numbers that are read"},
            {HEAD("<f3", "False", "6,"), CNNIMG_UNSUPPORTED, "not of numbers that are read"},
            {"{'descr': '<f4', 'shape': (6", CNNIMG_UNSUPPORTED, "not of numbers that are read"},
            {"{}", CNNIMG_UNSUPPORTED, "not of numbers that are read"}};

static void refuse(const blob *b, int code, const char *words) {
  ci_loaded l;
  cnnimg_error err = {0};
  int status = load(b, &l, &err);
  if (status != code || !strstr(err.text, words))
    fail_msg("%d \"%s\", not %d \"%s\"", status, err.text, code, words);
  assert_null(l.store);
}

static void test_lies(void **unused) {
  (void)unused;
  for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
    blob alone = array_of(lies[i].head, 1), packed = archive_of(lies[i].head, 1);
    refuse(&alone, lies[i].code, lies[i].words);
    refuse(&packed, lies[i].code, lies[i].words);
    blob_free(&alone), blob_free(&packed);
  }
  blob b = array_of(HEAD("<f4", "False", "6,"), 1);
  b.data[9] = 0xff; /* the head's length */
  refuse(&b, CNNIMG_CORRUPT, "the head of the array");
  blob_free(&b);
  b = array_of(HEAD("<f4", "False", "6,"), 2);
  b.data[11] = 0x7f;
  refuse(&b, CNNIMG_CORRUPT, "the head of the array");
  blob_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_sound), cmocka_unit_test(test_lies)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
