/* SPDX-License-Identifier: MIT */
/* test_arch.c - which architecture is it: the surest, no guess where two are equally sure, words for what is unknown */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "archs/arch.c" /* with the list of fake/archs/archs.inc */
#include "tests/base/heap.h"

/* ---- three architectures: how sure each is stands in the file, as a tensor's size -------------------- */

static int bid_one(const ci_store *s) { return (int)ci_store_dim(s, 0, "one"); }
static int bid_two(const ci_store *s) { return (int)ci_store_dim(s, 0, "two"); }
static int bid_three(const ci_store *s) { return (int)ci_store_dim(s, 0, "three"); }

static int32_t build_conv(ci_build *b) {
  int32_t x = ci_build_conv_same(b, ci_build_input(b, "image", 1), "conv");
  ci_build_ignore(b, "one");
  ci_build_ignore(b, "two");
  ci_build_card(b, "task", "denoise");
  return ci_build_op1(b, "Relu", x);
}

static int32_t build_nothing(ci_build *b) {
  (void)b;
  return -1;
}

const ci_arch ci_arch_one = {"First", bid_one, build_conv};
const ci_arch ci_arch_two = {"Second", bid_two, build_conv};
const ci_arch ci_arch_three = {"Third", bid_three, build_nothing};

static void add(ci_store *s, const char *name, int32_t rank, int64_t a, int64_t b, int64_t c, int64_t d) {
  const int64_t dim[4] = {a, b, c, d};
  cnnimg_error err = {0};
  ci_tensor *t = ci_tensor_new(CI_F32, rank, dim);
  memset(t->owned, 0, t->count * sizeof(float));
  assert_int_equal(ci_store_add(s, name, t, &err), CNNIMG_OK);
}

static ci_store *tensors(int64_t one, int64_t two, int64_t three) {
  ci_store *s = ci_store_new();
  cnnimg_error err = {0};
  add(s, "conv.weight", 4, 2, 1, 3, 3);
  add(s, "conv.bias", 1, 2, 0, 0, 0);
  if (one) add(s, "one", 1, one, 0, 0, 0);
  if (two) add(s, "two", 1, two, 0, 0, 0);
  if (three) add(s, "three", 1, three, 0, 0, 0);
  assert_int_equal(ci_store_finish(s, &err), CNNIMG_OK);
  return s;
}

/* Refused with these words and the file's name; the store is still ours. */
static void refused(ci_store *s, const char *words) {
  cnnimg_error err = {0};
  ci_program *p;
  assert_int_equal(ci_arch_build(s, "some.file", &p, NULL, &err), CNNIMG_UNSUPPORTED);
  assert_null(p);
  if (strncmp(err.text, "some.file: ", 11) || !strstr(err.text, words)) fail_msg("\"%s\"", err.text);
  ci_store_free(s);
}

static void built(ci_store *s, const char *by) {
  cnnimg_error err = {0};
  const char *name = NULL;
  ci_program *p;
  if (ci_arch_build(s, "some.file", &p, &name, &err)) fail_msg("%s", err.text);
  assert_string_equal(name, by);
  assert_string_equal(ci_program_get_card(p, "architecture"), by);
  assert_string_equal(ci_program_get_card(p, "task"), "denoise");
  assert_int_equal(p->n_nodes, 2);
  ci_program_free(p);
}

static void test_the_surest(void **state) {
  (void)state;
  built(tensors(60, 50, 0), "First");
  built(tensors(50, 60, 0), "Second");
  built(tensors(0, 1, 0), "Second");
}

static void test_a_tie(void **state) {
  (void)state;
  refused(tensors(50, 50, 0), "it could be First or Second");
  refused(tensors(20, 50, 50), "it could be Second or Third");
  refused(tensors(50, 50, 60), "looks like Third"); /* a surer one ends the tie */
}

static void test_unknown(void **state) {
  (void)state;
  refused(tensors(0, 0, 0),
          "2 tensors of no architecture that is known: conv.bias (2), conv.weight (2 1 3 3)");
  refused(ci_store_new(), "no tensors");
  ci_store *s = ci_store_new();
  char name[300];
  for (int i = 0; i < 300; i++) {
    memset(name, 'a' + i % 26, sizeof name - 1);
    name[i] = 0;
    add(s, name, 1, 2, 0, 0, 0);
  }
  add(s, "a scalar", 0, 0, 0, 0, 0);
  refused(s, "301 tensors of no architecture");
}

/* Every dimension as long as it can be: the sentence has room, or is cut. */
static void test_long_shapes(void **state) {
  (void)state;
  ci_store *s = ci_store_new();
  cnnimg_error err = {0};
  for (int i = 0; i < 3; i++) {
    char name[100];
    int64_t dim[CI_MAX_RANK] = {0};
    memset(name, 'x' + i, sizeof name - 1);
    name[sizeof name - 1] = 0;
    for (int k = 1; k < CI_MAX_RANK; k++) dim[k] = CI_TENSOR_MOST - 1;
    ci_tensor *t = ci_tensor_new(CI_F32, 1, dim);
    t->rank = CI_MAX_RANK;
    memcpy(t->dim, dim, sizeof dim);
    assert_int_equal(ci_store_add(s, name, t, &err), CNNIMG_OK);
  }
  assert_int_equal(ci_store_finish(s, &err), CNNIMG_OK);
  refused(s, "3 tensors of no architecture");
}

static void test_what_fails_later(void **state) {
  (void)state;
  refused(tensors(0, 0, 9),
          "it looks like Third, but 3 tensors have no place in that network, \"conv.bias\"");
  ci_store *s = tensors(9, 0, 0);
  add(s, "unexpected", 1, 1, 0, 0, 0);
  refused(s, "it looks like First, but 1 tensors have no place in that network, \"unexpected\"");
  s = ci_store_new();
  add(s, "one", 1, 7, 0, 0, 0);
  refused(s, "\"conv.weight\" is missing");
}

/* Whichever allocation fails, the store is given back once and once only. */
static void test_no_memory(void **state) {
  (void)state;
  if (!heap_works()) skip();
  int status = CNNIMG_NOMEM;
  long n = 0;
  while (status) {
    ci_store *s = tensors(9, 0, 0);
    cnnimg_error err = {0};
    ci_program *p;
    heap_start(++n);
    status = ci_arch_build(s, "some.file", &p, NULL, &err);
    heap_stop();
    assert_true(status == CNNIMG_OK || status == CNNIMG_NOMEM);
    if (status) ci_store_free(s);
    else ci_program_free(p);
  }
  assert_true(n > 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_surest),       cmocka_unit_test(test_a_tie),
      cmocka_unit_test(test_unknown),          cmocka_unit_test(test_long_shapes),
      cmocka_unit_test(test_what_fails_later), cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
