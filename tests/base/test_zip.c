/* SPDX-License-Identifier: MIT */
/* test_zip.c - zip archives: what is found in sound ones, and with which words those that lie are refused */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/zip.h"
#include "tests/base/blob.h"

#define ROOM ((size_t)1 << 20)

/* "hello hello hello hello hello", deflated by Python's zlib (raw, level 9) */
static const uint8_t packed_hello[] = {0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x57, 0xc8, 0xc0, 0x4e, 0x02, 0x00};
static const char hello[] = "hello hello hello hello hello";
#define HELLO (sizeof hello - 1)

static zip_part deflated(const char *name) {
  return (zip_part){.name = name,
                    .data = packed_hello,
                    .n = sizeof packed_hello,
                    .size = HELLO,
                    .crc = blob_crc(hello, HELLO),
                    .method = 8};
}

/* ---- sound ones ------------------------------------------------------------------------------- */

static void read_sound(const blob *b) {
  ci_zip z;
  cnnimg_error err = {0};
  const uint8_t *data;
  void *owned;
  if (ci_zip_open(&z, b->data, b->n, &err)) fail_msg("%s", err.text);
  assert_int_equal(z.n, 2);
  const ci_zip_member *stored = ci_zip_find(&z, "a/stored"), *packed = ci_zip_find(&z, "a/packed");
  assert_non_null(stored);
  assert_non_null(packed);
  assert_null(ci_zip_find(&z, "a/store"));
  assert_int_equal(ci_zip_read(stored, 0, &data, &owned, &err), CNNIMG_OK);
  assert_null(owned); /* it lies in the archive */
  assert_true(data > b->data && data < b->data + b->n);
  assert_memory_equal(data, "bytes", 5);
  assert_int_equal(ci_zip_read(packed, HELLO, &data, &owned, &err), CNNIMG_OK);
  assert_memory_equal(data, hello, HELLO);
  free(owned);
  assert_int_equal(ci_zip_read(packed, HELLO - 1, &data, &owned, &err), CNNIMG_LIMIT);
  assert_null(owned);
  ci_zip_close(&z);
}

static void test_sound(void **state) {
  (void)state;
  for (int wide = 0; wide < 2; wide++) {
    zip_part parts[2] = {{.name = "a/stored", .data = "bytes", .n = 5, .align = 64}, deflated("a/packed")};
    parts[0].wide = parts[1].wide = wide;
    blob b = zip_make(parts, 2);
    read_sound(&b);
    b.data[b.n - 2] = 7; /* the comment's length */
    blob_text(&b, "comment");
    read_sound(&b);
    blob_free(&b);
  }
}

/* Of 64 bits: the end record says nothing, another one before it does. */
static void test_end64(void **state) {
  (void)state;
  const zip_part parts[2] = {{.name = "a/stored", .data = "bytes", .n = 5}, deflated("a/packed")};
  blob b = zip_make(parts, 2);
  const uint8_t *end = b.data + b.n - 22;
  uint32_t bytes, at;
  memcpy(&bytes, end + 12, 4);
  memcpy(&at, end + 16, 4);
  b.n -= 22;
  size_t record = b.n;
  blob_le(&b, 0x06064b50, 4), blob_le(&b, 44, 8), blob_le(&b, 0, 4), blob_le(&b, 0, 8), blob_le(&b, 2, 8);
  blob_le(&b, 2, 8), blob_le(&b, bytes, 8), blob_le(&b, at, 8);
  blob_le(&b, 0x07064b50, 4), blob_le(&b, 0, 4), blob_le(&b, record, 8), blob_le(&b, 1, 4);
  blob_le(&b, 0x06054b50, 4), blob_le(&b, 0, 4), blob_le(&b, 0xffff, 2), blob_le(&b, 0xffff, 2);
  blob_le(&b, ~0u, 4), blob_le(&b, ~0u, 4), blob_le(&b, 0, 2);
  read_sound(&b);
  blob_free(&b);
}

/* ---- those that lie --------------------------------------------------------------------------------- */

static void refuse(const zip_part *parts, size_t n, int code, const char *words) {
  blob b = zip_make(parts, n);
  ci_zip z;
  cnnimg_error err = {0};
  int status = ci_zip_open(&z, b.data, b.n, &err);
  const uint8_t *data;
  void *owned = NULL;
  for (size_t i = 0; !status && i < z.n; i++) {
    status = ci_zip_read(&z.members[i], ROOM, &data, &owned, &err);
    free(owned);
  }
  if (status != code || !strstr(err.text, words))
    fail_msg("%d \"%s\", not %d \"%s\"", status, err.text, code, words);
  ci_zip_close(&z);
  blob_free(&b);
}

static void test_lies(void **state) {
  (void)state;
  const zip_part plain = {.name = "a", .data = "bytes", .n = 5};
  zip_part p = plain;
  p.packed = p.size = 1 << 20;
  refuse(&p, 1, CNNIMG_CORRUPT, "larger than the file");
  p.packed = p.size = 60;
  refuse(&p, 1, CNNIMG_CORRUPT, "cut off"); /* it would reach into the directory */
  p = plain, p.size = 6;
  refuse(&p, 1, CNNIMG_CORRUPT, "two sizes");
  p = plain, p.flags = 1;
  refuse(&p, 1, CNNIMG_UNSUPPORTED, "encrypted");
  p = plain, p.method = 12;
  refuse(&p, 1, CNNIMG_UNSUPPORTED, "method 12");
  p = plain, p.at = 1 + 3;
  refuse(&p, 1, CNNIMG_CORRUPT, "not where the directory says");
  p = plain, p.wide = true, p.packed = p.size = UINT64_MAX;
  refuse(&p, 1, CNNIMG_CORRUPT, "larger than the file");
  p = plain, p.wide = true, p.at = UINT64_MAX;
  refuse(&p, 1, CNNIMG_CORRUPT, "not where the directory says");
  refuse((const zip_part[]){plain, {.name = "a", .data = "other", .n = 5}}, 2, CNNIMG_CORRUPT, "one name");
}

static void test_bombs(void **state) {
  (void)state;
  zip_part p = deflated("a");
  p.size = ROOM + 1;
  refuse(&p, 1, CNNIMG_LIMIT, "would unpack to");
  p.wide = true, p.size = UINT64_MAX / 4;
  refuse(&p, 1, CNNIMG_LIMIT, "would unpack to");
  p = deflated("a"), p.size = HELLO - 1; /* there is more than it says */
  refuse(&p, 1, CNNIMG_CORRUPT, "damaged");
  p = deflated("a"), p.size = HELLO + 1;
  refuse(&p, 1, CNNIMG_CORRUPT, "damaged");
  p = deflated("a"), p.crc = 1;
  refuse(&p, 1, CNNIMG_CORRUPT, "damaged");
  p = deflated("a"), p.n--;
  refuse(&p, 1, CNNIMG_CORRUPT, "damaged");
  zip_part both[2] = {deflated("a"), deflated("b")}; /* two members of the same bytes */
  both[1].at = 1;
  refuse(both, 2, CNNIMG_CORRUPT, "overlap");
}

static void test_prefixes(void **state) {
  (void)state;
  const zip_part parts[2] = {{.name = "a/stored", .data = "bytes", .n = 5, .align = 64},
                             deflated("a/packed")};
  blob b = zip_make(parts, 2);
  for (size_t n = 0; n < b.n; n++) {
    ci_zip z;
    cnnimg_error err = {0};
    uint8_t *copy = malloc(n + 1); /* so that a sanitizer sees a byte too many */
    copy = realloc(copy, n ? n : 1);
    if (n) memcpy(copy, b.data, n);
    assert_int_equal(ci_zip_open(&z, copy, n, &err), CNNIMG_CORRUPT);
    assert_true(err.text[0]);
    assert_null(z.members);
    free(copy);
  }
  blob_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_sound), cmocka_unit_test(test_end64),
                                     cmocka_unit_test(test_lies), cmocka_unit_test(test_bombs),
                                     cmocka_unit_test(test_prefixes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
