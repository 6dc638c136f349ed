/* SPDX-License-Identifier: MIT */
/* test_torch.c - PyTorch's files put together by hand: what is read, what is refused in which words, what never happens */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "formats/format.h"
#include "tests/base/blob.h"
#include "tests/base/heap.h"

#define NEVER "test_torch_was_run" /* a file that a pickle which is run would make */

/* ---- pickles, protocol 2 --------------------------------------------------------------------------- */

static void p_text(blob *b, const char *text) {
  blob_text(b, "X");
  blob_le(b, strlen(text), 4);
  blob_text(b, text);
}
static void p_int(blob *b, int64_t v) {
  blob_le(b, 0x8a, 1), blob_le(b, 8, 1);
  blob_le(b, (uint64_t)v, 8);
}
static void p_global(blob *b, const char *module, const char *name) {
  blob_text(b, "c"), blob_text(b, module), blob_text(b, "\n"), blob_text(b, name), blob_text(b, "\n");
}
static void p_ints(blob *b, const int64_t *v, size_t n) {
  blob_text(b, "(");
  for (size_t i = 0; i < n; i++) p_int(b, v[i]);
  blob_text(b, "t");
}

typedef struct made {
  const char *maker, *storage, *key;
  int64_t numel, offset, dim[9], stride[9];
  size_t rank;
} made;

static const made plain = {"_rebuild_tensor_v2", "FloatStorage", "0", 6, 0, {2, 3}, {3, 1}, 2};

static void p_tensor(blob *b, const made *m) {
  p_global(b, "torch._utils", m->maker);
  blob_text(b, "((");
  p_text(b, "storage"), p_global(b, "torch", m->storage), p_text(b, m->key), p_text(b, "cpu"),
      p_int(b, m->numel);
  blob_text(b, "tQ");
  p_int(b, m->offset);
  p_ints(b, m->dim, m->rank), p_ints(b, m->stride, m->rank);
  blob_text(b, "\x89NtR");
}

static void p_begin(blob *b) { blob_text(b, "\x80\x02"); }
static void p_end(blob *b) { blob_text(b, "."); }

/* ---- files ------------------------------------------------------------------------------------------- */

static const float numbers[6] = {1, 2, 3, 4, 5, 6};

static blob zip_file(const blob *pickle) {
  const zip_part parts[] = {{.name = "m/data.pkl", .data = pickle->data, .n = pickle->n, .align = 64},
                            {.name = "m/data/0", .data = numbers, .n = sizeof numbers, .align = 64},
                            {.name = "m/version", .data = "3\n", .n = 2}};
  return zip_make(parts, 3);
}

static void legacy_head(blob *b) {
  blob_put(b, "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.\x80\x02}.", 25);
}

static blob legacy_file(const blob *pickle, const char *key, int64_t numel) {
  blob b = {0};
  legacy_head(&b);
  blob_put(&b, pickle->data, pickle->n);
  if (!memmem(pickle->data, pickle->n, "storage", 7)) {
    blob_text(&b, "\x80\x02].");
    return b;
  }
  blob_text(&b, "\x80\x02]"), p_text(&b, key), blob_text(&b, "a.");
  blob_le(&b, (uint64_t)numel, 8);
  blob_put(&b, numbers, sizeof numbers);
  return b;
}

static int load(const blob *file, ci_loaded *l, cnnimg_error *err) {
  ci_source s;
  ci_source_memory(&s, file->data, file->n, "a file");
  int status = ci_format_load(&s, l, NULL, err);
  ci_source_close(&s);
  return status;
}

/* Both containers of that pickle say the same. */
static void refuse(blob *pickle, int code, const char *words) {
  for (int old = 0; old < 2; old++) {
    blob b = old ? legacy_file(pickle, "0", 6) : zip_file(pickle);
    ci_loaded l;
    cnnimg_error err = {0};
    int status = load(&b, &l, &err);
    if (status != code || !strstr(err.text, words))
      fail_msg("%d \"%s\", not %d \"%s\" (legacy: %d)", status, err.text, code, words, old);
    assert_null(l.store);
    blob_free(&b);
  }
  blob_free(pickle);
}

static ci_store *accept(const blob *file) {
  ci_loaded l;
  cnnimg_error err = {0};
  if (load(file, &l, &err)) fail_msg("%s", err.text);
  assert_null(l.program);
  return l.store;
}

/* {"w": tensor} */
static blob state(const made *m) {
  blob b = {0};
  p_begin(&b);
  blob_text(&b, "}"), p_text(&b, "w"), p_tensor(&b, m), blob_text(&b, "s");
  p_end(&b);
  return b;
}

/* ---- what is read ------------------------------------------------------------------------------------- */

static void test_in_place(void **unused) {
  (void)unused;
  blob pickle = state(&plain), b = zip_file(&pickle);
  ci_store *s = accept(&b);
  const ci_tensor *t = ci_store_get(s, "w");
  assert_non_null(t);
  assert_int_equal(t->rank, 2);
  assert_null(t->owned);
  assert_true((const uint8_t *)t->data > b.data && (const uint8_t *)t->data < b.data + b.n);
  assert_memory_equal(t->data, numbers, sizeof numbers);
  ci_store_free(s);
  blob_free(&b), blob_free(&pickle);
}

static void expect(const made *m, const float *want, size_t n) {
  blob pickle = state(m);
  for (int old = 0; old < 2; old++) {
    blob b = old ? legacy_file(&pickle, "0", 6) : zip_file(&pickle);
    ci_store *s = accept(&b);
    const ci_tensor *t = ci_store_get(s, "w");
    assert_int_equal(t->count, n);
    if (n) assert_memory_equal(t->data, want, n * sizeof *want);
    ci_store_free(s);
    blob_free(&b);
  }
  blob_free(&pickle);
}

static void test_strides(void **unused) {
  (void)unused;
  static const float turned[6] = {1, 4, 2, 5, 3, 6}, same[4] = {3, 3, 3, 3}, part[2] = {3, 4};
  made m = plain;
  memcpy(m.dim, (int64_t[]){3, 2}, 16), memcpy(m.stride, (int64_t[]){1, 3}, 16);
  expect(&m, turned, 6);
  memcpy(m.dim, (int64_t[]){2, 2}, 16), memcpy(m.stride, (int64_t[]){0, 0}, 16), m.offset = 2;
  expect(&m, same, 4);
  memcpy(m.dim, (int64_t[]){2, 1}, 16), memcpy(m.stride, (int64_t[]){1, 77}, 16);
  expect(&m, part, 2);
  memcpy(m.dim, (int64_t[]){0, 9}, 16);
  expect(&m, NULL, 0);
  m = plain, m.maker = "_rebuild_tensor";
  expect(&m, numbers, 6);
}

/* ---- what lies ------------------------------------------------------------------------------------------ */

static void refuse_tensor(const made *m, int code, const char *words) {
  blob b = state(m);
  refuse(&b, code, words);
}

static void test_shapes_that_lie(void **unused) {
  (void)unused;
  made m = plain;
  m.dim[0] = 3;
  refuse_tensor(&m, CNNIMG_CORRUPT, "larger than its 24 bytes");
  m = plain, m.offset = 1;
  refuse_tensor(&m, CNNIMG_CORRUPT, "larger than its 24 bytes");
  m = plain, m.offset = INT64_MAX;
  refuse_tensor(&m, CNNIMG_CORRUPT, "larger than its 24 bytes");
  m = plain, m.offset = -1;
  refuse_tensor(&m, CNNIMG_CORRUPT, "no storage");
  m = plain, m.stride[0] = 4;
  refuse_tensor(&m, CNNIMG_CORRUPT, "larger than its 24 bytes");
  m = plain, m.stride[1] = -1;
  refuse_tensor(&m, CNNIMG_CORRUPT, "larger than its 24 bytes");
  m = plain, m.stride[0] = INT64_MAX;
  refuse_tensor(&m, CNNIMG_CORRUPT, "larger than its 24 bytes");
  m = plain, m.dim[0] = m.dim[1] = INT64_C(1) << 40;
  refuse_tensor(&m, CNNIMG_CORRUPT, "impossible dimensions");
  m = plain, m.dim[0] = INT64_C(1) << 32, m.dim[1] = INT64_C(1) << 32; /* the product is 0 in 64 bits */
  refuse_tensor(&m, CNNIMG_CORRUPT, "impossible dimensions");
  m = plain, m.dim[0] = -2;
  refuse_tensor(&m, CNNIMG_CORRUPT, "impossible dimensions");
  m = plain, m.dim[0] = 1 << 30, m.dim[1] = 4,
  m.stride[0] = m.stride[1] = 0; /* one number, four billion times */
  refuse_tensor(&m, CNNIMG_LIMIT, "many times the file's size");
  m = plain, m.rank = 9;
  for (int i = 0; i < 9; i++) m.dim[i] = m.stride[i] = 1;
  refuse_tensor(&m, CNNIMG_CORRUPT, "up to 8 dimensions");
  m = plain, m.key = "1";
  blob pickle = state(&m), b = zip_file(&pickle);
  ci_loaded l;
  cnnimg_error err = {0};
  assert_int_equal(load(&b, &l, &err), CNNIMG_CORRUPT);
  assert_non_null(strstr(err.text, "missing"));
  blob_free(&b), blob_free(&pickle);
}

/* The numbers of elements behind the old container's pickles. */
static void test_tails_that_lie(void **unused) {
  (void)unused;
  static const int64_t numels[] = {7, -1, INT64_C(1) << 61, INT64_C(1) << 62, INT64_MAX, INT64_MIN};
  for (size_t i = 0; i < sizeof numels / sizeof *numels; i++) {
    blob pickle = state(&plain), b = legacy_file(&pickle, "0", numels[i]);
    ci_loaded l;
    cnnimg_error err = {0};
    assert_int_equal(load(&b, &l, &err), CNNIMG_CORRUPT);
    assert_non_null(strstr(err.text, "cut off"));
    blob_free(&b), blob_free(&pickle);
  }
}

static void test_types(void **unused) {
  (void)unused;
  made m = plain;
  m.storage = "QInt8Storage", m.maker = "_rebuild_qtensor";
  blob pickle = state(&m), b = zip_file(&pickle);
  ci_loaded l;
  cnnimg_error err = {0};
  assert_int_equal(load(&b, &l, &err), CNNIMG_UNSUPPORTED);
  assert_non_null(strstr(err.text, "of a kind that is not read"));
  blob_free(&b), blob_free(&pickle);
  m = plain, m.storage = "ComplexFloatStorage";
  refuse_tensor(&m, CNNIMG_UNSUPPORTED, "of a type that is not read");
}

static void test_twice(void **unused) {
  (void)unused;
  blob b = {0};
  p_begin(&b);
  blob_text(&b, "}(");
  for (int i = 0; i < 2; i++) p_text(&b, "w"), p_tensor(&b, &plain);
  blob_text(&b, "u");
  p_end(&b);
  refuse(&b, CNNIMG_CORRUPT, "two tensors called \"w\"");
}

/* ---- what would do something ---------------------------------------------------------------------------- */

/* REDUCE, INST, OBJ and NEWOBJ of things that pickles have been misused for; the tensor beside them is read. */
static void test_nothing_runs(void **unused) {
  (void)unused;
  static const char *const calls[] = {"cos\nsystem\n(S'touch " NEVER "'\ntR",
                                      "(S'touch " NEVER "'\nios\nsystem\n",
                                      "(cos\nsystem\nS'touch " NEVER "'\no",
                                      "cbuiltins\nexec\n(S'open(\"" NEVER "\", \"w\")'\ntR",
                                      "cbuiltins\neval\n(S'open(\"" NEVER "\", \"w\")'\nt\x81",
                                      "cposix\nsystem\n)R(S'touch " NEVER "'\ntb"};
  unlink(NEVER);
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    blob pickle = {0};
    p_begin(&pickle);
    blob_text(&pickle, "}("), p_text(&pickle, "evil"), blob_text(&pickle, calls[i]);
    p_text(&pickle, "w"), p_tensor(&pickle, &plain), blob_text(&pickle, "u");
    p_end(&pickle);
    for (int old = 0; old < 2; old++) {
      blob b = old ? legacy_file(&pickle, "0", 6) : zip_file(&pickle);
      ci_store *s = accept(&b);
      assert_int_equal(s->n, 1);
      ci_store_free(s);
      blob_free(&b);
    }
    blob_free(&pickle);
  }
  assert_int_not_equal(access(NEVER, F_OK), 0);
}

/* ---- what would take all memory, or all time -------------------------------------------------------------- */

static void refuse_raw(const char *bytes, size_t n, const char *words) {
  blob b = {0};
  p_begin(&b);
  blob_put(&b, bytes, n);
  p_end(&b);
  heap_start(0);
  refuse(&b, CNNIMG_CORRUPT, words);
  heap_stop();
  if (heap_works()) assert_true(heap_most() < 1 << 20);
}
#define REFUSE_RAW(bytes, words) refuse_raw(bytes, sizeof(bytes) - 1, words)

static void test_damaged_pickles(void **unused) {
  (void)unused;
  REFUSE_RAW("Nr\xff\xff\xff\xff", "remembers more"); /* the memo's four billionth place */
  REFUSE_RAW("Np99999999999999999999\n", "remembers more");
  REFUSE_RAW("j\x05\0\0\0", "has not remembered");
  REFUSE_RAW("g7\n", "has not remembered");
  REFUSE_RAW("X\xff\xff\xff\xff", "cut off"); /* a text of four billion letters */
  REFUSE_RAW("\x8e\xff\xff\xff\xff\xff\xff\xff\xff", "cut off");
  REFUSE_RAW("\x8b\xff\xff\xff\x7f", "cut off");
  REFUSE_RAW("0", "more from its stack");
  REFUSE_RAW("\x87", "more from its stack");
  REFUSE_RAW("a", "more from its stack");
  REFUSE_RAW("t", "mark missing");
  REFUSE_RAW("o", "mark missing");
  REFUSE_RAW("(o", "no class");
  REFUSE_RAW("ios\nsystem\n", "mark missing");
  REFUSE_RAW("(Q", "a mark where a value");
  REFUSE_RAW("NNNs", "items where none");
  REFUSE_RAW("(Nd", "a key without a value");
  REFUSE_RAW("NNb", "a state to what can have none");
  REFUSE_RAW("NN\x93", "by no text");
  REFUSE_RAW("I12x\n", "a number that is none");
  REFUSE_RAW("Sabc\n", "without quotes");
  REFUSE_RAW("cos", "cut off");
}

/* A list that holds itself, and one that is deeper than anybody looks. */
static void test_recursion(void **unused) {
  (void)unused;
  blob b = {0};
  p_begin(&b);
  blob_text(&b, "]q"), blob_le(&b, 0, 1), blob_text(&b, "h"), blob_le(&b, 0, 1), blob_text(&b, "a");
  p_end(&b);
  refuse(&b, CNNIMG_LIMIT, "hold each other more than");
  p_begin(&b);
  for (int i = 0; i < 100000; i++) blob_text(&b, "]");
  for (int i = 1; i < 100000; i++) blob_text(&b, "a");
  p_end(&b);
  refuse(&b, CNNIMG_LIMIT, "hold each other more than");
}

/* Lists of eight times the list before: 8^20 things. Also of dictionaries, which are looked through for weights. */
static void test_laughs(void **unused) {
  (void)unused;
  for (int pairs = 0; pairs < 2; pairs++) {
    blob b = {0};
    p_begin(&b);
    blob_text(&b, pairs ? "}q" : "]q"), blob_le(&b, 0, 1), blob_text(&b, "0");
    for (uint64_t i = 1; i <= 20; i++) {
      blob_text(&b, pairs ? "}(" : "](");
      for (int k = 0; k < 8; k++) {
        if (pairs) blob_text(&b, "K"), blob_le(&b, (uint64_t)k, 1);
        blob_text(&b, "h"), blob_le(&b, i - 1, 1);
      }
      blob_text(&b, pairs ? "uq" : "eq"), blob_le(&b, i, 1);
      if (i < 20) blob_text(&b, "0");
    }
    p_end(&b);
    refuse(&b, CNNIMG_LIMIT, "the same things too often");
  }
}

/* One module, its ten thousand settings looked through under ten thousand names. */
static void test_modules_again(void **unused) {
  (void)unused;
  blob b = {0};
  p_begin(&b);
  p_global(&b, "a", "b");
  blob_text(&b, ")\x81}("), p_text(&b, "_modules"), blob_text(&b, "}");
  for (int i = 0; i < 10000; i++) blob_text(&b, "C\1xN");
  blob_text(&b, "ubr"), blob_le(&b, 1, 4), blob_text(&b, "0}(");
  for (uint64_t i = 0; i < 10000; i++)
    blob_text(&b, "M"), blob_le(&b, i, 2), blob_text(&b, "j"), blob_le(&b, 1, 4);
  blob_text(&b, "u");
  p_end(&b);
  refuse(&b, CNNIMG_LIMIT, "the same things too often");
}

/* One tensor under a million names: they cost more than the file. */
static void test_names(void **unused) {
  (void)unused;
  char name[400];
  memset(name, 'x', sizeof name - 1), name[sizeof name - 1] = 0;
  blob b = {0};
  p_begin(&b);
  blob_text(&b, "("); /* things that are there, so that there may be looked as often */
  for (int i = 0; i < 50000; i++) blob_text(&b, "N");
  blob_text(&b, "l0");
  p_tensor(&b, &plain), blob_text(&b, "q"), blob_le(&b, 1, 1), blob_text(&b, "0}");
  p_text(&b, name), blob_text(&b, "](");
  for (int i = 0; i < 50000; i++) blob_text(&b, "h"), blob_le(&b, 1, 1);
  blob_text(&b, "es");
  p_end(&b);
  refuse(&b, CNNIMG_LIMIT, "many times the file's size");
}

/* ---- other containers ---------------------------------------------------------------------------------------- */

static void refuse_file(blob *b, int code, const char *words) {
  ci_loaded l;
  cnnimg_error err = {0};
  int status = load(b, &l, &err);
  if (status != code || !strstr(err.text, words))
    fail_msg("%d \"%s\", not %d \"%s\"", status, err.text, code, words);
  blob_free(b);
}

static void test_containers(void **unused) {
  (void)unused;
  blob tar = {0}, big = {0}, pickle = state(&plain);
  uint8_t block[1024] = "pickle";
  memcpy(block + 257, "ustar\0", 6);
  blob_put(&tar, block, sizeof block);
  refuse_file(&tar, CNNIMG_UNSUPPORTED, "tar archive");
  blob_put(&big, "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.", 21);
  blob_text(&big, "\x80\x02}"), p_text(&big, "little_endian"), blob_text(&big, "\x89s.");
  refuse_file(&big, CNNIMG_UNSUPPORTED, "most significant byte first");
  const zip_part parts[] = {{.name = "m/data.pkl", .data = pickle.data, .n = pickle.n},
                            {.name = "m/data/0", .data = numbers, .n = sizeof numbers},
                            {.name = "m/byteorder", .data = "big", .n = 3}};
  big = zip_make(parts, 3);
  refuse_file(&big, CNNIMG_UNSUPPORTED, "most significant byte first");
  big = zip_make(parts + 1, 1);
  refuse_file(&big, CNNIMG_UNSUPPORTED, "neither PyTorch's");
  big = zip_make(parts, 1); /* the storage is not there */
  refuse_file(&big, CNNIMG_CORRUPT, "are missing");
  blob_free(&pickle);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_in_place),        cmocka_unit_test(test_strides),
      cmocka_unit_test(test_shapes_that_lie), cmocka_unit_test(test_tails_that_lie),
      cmocka_unit_test(test_types),           cmocka_unit_test(test_twice),
      cmocka_unit_test(test_nothing_runs),    cmocka_unit_test(test_recursion),
      cmocka_unit_test(test_damaged_pickles), cmocka_unit_test(test_laughs),
      cmocka_unit_test(test_modules_again),   cmocka_unit_test(test_names),
      cmocka_unit_test(test_containers)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
