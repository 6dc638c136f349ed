/* SPDX-License-Identifier: MIT */
/* test_tensor.c - every example of golden*.txt in every storage; no operation without one */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness.h"

#define CI_TENSOR_TABLE(id) extern const ci_tensor_op ci_tensor_##id##_ops[];
#include "tensor/tables.inc"
#undef CI_TENSOR_TABLE

static const ci_tensor_op *const tables[] = {
#define CI_TENSOR_TABLE(id) ci_tensor_##id##_ops,
#include "tensor/tables.inc"
#undef CI_TENSOR_TABLE
};

static void test_golden(void **state) {
  (void)state;
  size_t count;
  example *e = examples_load(&count);
  for (size_t i = 0; i < count; i++) example_check(&e[i]);
  examples_free(e, count);
}

static bool has_example(const char *type, const example *e, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (!strcmp(e[i].program->nodes[0].type, type)) return true;
  return false;
}

static void test_all_have_examples(void **state) {
  (void)state;
  size_t count;
  example *e = examples_load(&count);
  for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
    for (const ci_tensor_op *op = tables[t]; op->type; op++) {
      if (!has_example(op->type, e, count)) fail_msg("%s has no example", op->type);
      if (ci_tensor_find(op->type) != op) fail_msg("%s is there twice", op->type);
    }
  examples_free(e, count);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden), cmocka_unit_test(test_all_have_examples)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
