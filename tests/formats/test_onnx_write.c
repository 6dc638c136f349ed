/* SPDX-License-Identifier: MIT */
/* test_onnx_write.c - programs as ONNX files: read again they are the same; own operators have functions beside them */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "archs/weights.h"
#include "base/error.h"
#include "base/memory.h"
#include "formats/onnx_write.h"
#include "net/build.h"
#include "net/function.h"
#include "tests/formats/proto.h"

static char folder[] = "/tmp/cnnimg-write-XXXXXX", file[64];

static int setup(void **state) {
  (void)state;
  if (!mkdtemp(folder)) return -1;
  snprintf(file, sizeof file, "%s/x.onnx", folder);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  unlink(file);
  return rmdir(folder); /* fails where a temporary file was left */
}

/* ---- an operator of our own, for this test alone: the list of the library's is not linked ----------- */

/* y = x times the attribute "factor", and then the attribute "more" ... */
static int body_of_twice(const ci_pnode *n, ci_program **out, cnnimg_error *err) {
  ci_build b;
  ci_build_init(&b, NULL, err);
  int32_t x = ci_build_input(&b, "in", 0);
  return ci_build_finish(&b, ci_build_scale(&b, x, ci_attr_float(n, "factor", 2)), out);
}

const ci_function *ci_function_find(const char *type) {
  static const ci_function twice = {"Twice", body_of_twice};
  return strcmp(type, twice.type) ? NULL : &twice;
}

/* ---- writing and reading ---------------------------------------------------------------------------- */

static int write_program(const ci_program *p, cnnimg_error *err) {
  ci_pinput *outputs = calloc(p->n_outputs, sizeof *outputs);
  for (size_t i = 0; i < p->n_outputs; i++) outputs[i] = (ci_pinput){.type = CI_FLOAT, .rank = 4};
  int status = ci_onnx_write(p, outputs, file, err);
  free(outputs);
  return status;
}

static ci_program *read_file(ci_source *s, const char *path) {
  ci_program *p;
  cnnimg_error err = {0};
  if (ci_source_open(s, path, (size_t)1 << 24, &err) || ci_weights_load(s, &p, NULL, &err))
    fail_msg("%s", err.text);
  return p;
}

static const char *name_of(const ci_program *p, int32_t v) { return v < 0 ? "" : p->values[v].name; }

static void same_tensor(const ci_tensor *a, const ci_tensor *b) {
  assert_int_equal(!a, !b);
  if (!a) return;
  assert_int_equal(a->dtype, b->dtype);
  assert_int_equal(a->type, b->type);
  assert_int_equal(a->rank, b->rank);
  for (int32_t i = 0; i < a->rank; i++) assert_int_equal(a->dim[i], b->dim[i]);
  assert_memory_equal(a->data, b->data, a->count * (a->dtype == CI_F32 ? 4 : 8));
}

static void same_values(const ci_program *p, const int32_t *a, const ci_program *q, const int32_t *b,
                        int32_t n) {
  for (int32_t i = 0; i < n; i++) {
    assert_string_equal(name_of(p, a[i]), name_of(q, b[i]));
    if (a[i] >= 0) same_tensor(p->values[a[i]].tensor, q->values[b[i]].tensor);
  }
}

static void same_attrs(const ci_pnode *a, const ci_pnode *b) {
  assert_int_equal(a->n_attrs, b->n_attrs);
  for (size_t i = 0; i < a->n_attrs; i++) {
    const ci_attr *x = &a->attrs[i], *y = ci_attr_find(b, x->name);
    assert_non_null(y);
    assert_int_equal(x->kind, y->kind);
    assert_int_equal(x->n, y->n);
    if (x->kind == CI_ATTR_INT && strcmp(x->name, "to")) assert_int_equal(x->i, y->i);
    if (x->kind == CI_ATTR_FLOAT) assert_memory_equal(&x->f, &y->f, 4);
    if (x->kind == CI_ATTR_STRING) assert_string_equal(x->s, y->s);
    if (x->n && x->kind == CI_ATTR_INTS) assert_memory_equal(x->ints, y->ints, x->n * sizeof *x->ints);
    if (x->n && x->kind == CI_ATTR_FLOATS)
      assert_memory_equal(x->floats, y->floats, x->n * sizeof *x->floats);
    same_tensor(x->tensor, y->tensor);
  }
}

static void same_ports(const ci_program *p, const ci_program *q) {
  assert_int_equal(p->n_inputs, q->n_inputs);
  for (size_t i = 0; i < p->n_inputs; i++) {
    const ci_pinput *a = &p->inputs[i], *b = &q->inputs[i];
    assert_string_equal(name_of(p, a->value), name_of(q, b->value));
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->rank, b->rank);
    for (int32_t k = 0; k < a->rank; k++) assert_int_equal(a->dim[k], b->dim[k]);
  }
  assert_int_equal(p->n_outputs, q->n_outputs);
  same_values(p, p->outputs, q, q->outputs, (int32_t)p->n_outputs);
}

static void same_program(const ci_program *p, const ci_program *q) {
  assert_int_equal(p->opset, q->opset);
  assert_int_equal(p->n_nodes, q->n_nodes);
  for (size_t i = 0; i < p->n_nodes; i++) {
    const ci_pnode *a = &p->nodes[i], *b = &q->nodes[i];
    assert_string_equal(a->type, b->type);
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->n_in, b->n_in);
    assert_int_equal(a->n_out, b->n_out);
    same_values(p, a->in, q, b->in, a->n_in);
    same_values(p, a->out, q, b->out, a->n_out);
    same_attrs(a, b);
  }
  same_ports(p, q);
}

static void there_and_back(const ci_program *p) {
  cnnimg_error err = {0};
  ci_source s;
  if (write_program(p, &err)) fail_msg("%s", err.text);
  ci_program *q = read_file(&s, file);
  same_program(p, q);
  ci_program_free(q);
  ci_source_close(&s);
}

/* ---- tests -------------------------------------------------------------------------------------------- */

/* Every file that ONNX Runtime's answers are there for. */
static void test_files(void **state) {
  (void)state;
  char path[1024], line[256], name[64];
  const char *top = getenv("abs_top_srcdir") ? getenv("abs_top_srcdir") : ".";
  int n = 0;
  snprintf(path, sizeof path, "%s/tests/formats/data/cases.txt", top);
  FILE *f = fopen(path, "r");
  assert_non_null(f);
  while (fscanf(f, "%255s %63s%*[^\n]", line, name) == 2) {
    if (strcmp(line, "run")) continue;
    ci_source s;
    snprintf(path, sizeof path, "%s/tests/formats/data/%s.onnx", top, name);
    ci_program *p = read_file(&s, path);
    there_and_back(p);
    ci_program_free(p);
    ci_source_close(&s);
    n++;
  }
  fclose(f);
  assert_true(n > 80);
}

static void test_card(void **state) {
  (void)state;
  ci_build b;
  ci_program *p;
  ci_source s;
  cnnimg_error err = {0};
  ci_build_init(&b, NULL, &err);
  int32_t x = ci_build_input(&b, "image", 3);
  ci_build_card(&b, "licence", "MIT");
  ci_build_card(&b, "input.image", "image");
  ci_build_card(&b, "remark", "bad \xff byte, \xc3\xa4 good one");
  ci_build_card(&b, "parameters", "7");
  ci_build_card(&b, "format", "other");
  assert_int_equal(ci_build_finish(&b, ci_build_op1(&b, "Relu", x), &p), 0);
  assert_int_equal(write_program(p, &err), 0);
  ci_program *q = read_file(&s, file);
  assert_string_equal(ci_program_get_card(q, "licence"), "MIT");
  assert_string_equal(ci_program_get_card(q, "input.image"), "image");
  assert_string_equal(ci_program_get_card(q, "remark"), "bad ? byte, \xc3\xa4 good one");
  assert_string_equal(ci_program_get_card(q, "producer"), "cnnimg");
  assert_string_equal(ci_program_get_card(q, "ir_version"), "9");
  assert_null(ci_program_get_card(q, "parameters"));
  assert_null(ci_program_get_card(q, "format"));
  ci_program_free(q);
  ci_source_close(&s);
  ci_program_free(p);
}

/* Names that cannot stay get new ones; nothing else may change. */
static void test_names(void **state) {
  (void)state;
  ci_source s;
  cnnimg_error err = {0};
  ci_program *p = ci_program_new();
  const char *const names[] = {"same", "same", "", "same.1", "bad\xff", "last"};
  int32_t v[6];
  for (int i = 0; i < 6; i++) v[i] = ci_program_add_value(p, names[i], NULL);
  p->opset = 17;
  const ci_pinput in = {.value = v[0], .type = CI_FLOAT, .rank = 4, .dim = {1, 3, 0, 0}};
  assert_int_equal(ci_program_add_input(p, &in), 0);
  for (int i = 0; i < 5; i++) assert_non_null(ci_program_add_node(p, "Relu", "", &v[i], 1, &v[i + 1], 1));
  assert_int_equal(ci_program_add_output(p, v[5]), 0);
  assert_int_equal(ci_program_finish(p, &err), 0);
  assert_int_equal(write_program(p, &err), 0);
  ci_program *q = read_file(&s, file);
  assert_int_equal(q->n_nodes, 5);
  assert_string_equal(name_of(q, q->inputs[0].value), "same");
  assert_string_equal(name_of(q, q->outputs[0]), "last");
  for (int i = 0; i < 5; i++)
    assert_string_equal(name_of(q, q->nodes[i].in[0]), i ? name_of(q, q->nodes[i - 1].out[0]) : "same");
  ci_program_free(q);
  ci_source_close(&s);
  ci_program_free(p);
}

/* How many functions the file has; their names into `names`, their own domain looked at. */
static int functions(char names[][40], int most) {
  size_t size;
  uint8_t *data = proto_load(file, &size);
  proto_bytes b = {data, data + size}, text;
  proto_field f;
  int n = 0;
  assert_non_null(data);
  while (proto_next(&b, &f)) {
    if (f.number != 25) continue;
    assert_true(n < most && proto_find(f.body, 10, &text) && proto_is(text, CI_FUNCTION_DOMAIN));
    assert_true(proto_find(f.body, 1, &text));
    snprintf(names[n++], 40, "%.*s", (int)(text.end - text.p), (const char *)text.p);
    assert_true(proto_find(f.body, 4, &text) && proto_find(f.body, 5, &text) && proto_find(f.body, 7, &text));
  }
  free(data);
  return n;
}

static int32_t twice(ci_build *b, int32_t x, float factor, float last) {
  int32_t y = ci_build_op1(b, "Twice", x);
  ci_build_attr_float(b, "factor", factor);
  ci_build_attr_ints(b, "sizes", (const int64_t[]){1, -2, 3}, 3);
  ci_build_attr_string(b, "mode", "a");
  ci_pnode *n = &b->p->nodes[b->p->n_nodes - 1];
  ci_attr *a = ci_pnode_add_attr(n, "weights", CI_ATTR_FLOATS), *t = a;
  a->floats = ci_calloc(2, sizeof *a->floats), a->n = 2, a->floats[1] = last;
  t = ci_pnode_add_attr(n, "table", CI_ATTR_TENSOR);
  t->tensor = ci_tensor_new(CI_I64, 1, (const int64_t[]){2});
  memset(t->tensor->owned, 0, 16);
  return y;
}

static void test_functions(void **state) {
  (void)state;
  char names[4][40];
  ci_build b;
  ci_program *p;
  cnnimg_error err = {0};
  ci_build_init(&b, NULL, &err);
  int32_t x = ci_build_input(&b, "image", 3);
  x = twice(&b, x, 2, 5);
  x = twice(&b, x, 3, 5);
  x = twice(&b, x, 2, 5);
  x = twice(&b, x, 2, 6);
  assert_int_equal(ci_build_finish(&b, x, &p), 0);
  there_and_back(p);
  assert_int_equal(functions(names, 4), 3);
  assert_string_equal(names[0], "Twice");
  assert_string_equal(names[1], "Twice_2");
  assert_string_equal(names[2], "Twice_3");
  ci_program_free(p);
}

/* A pixel shuffle newer than the file's operator set, as net/shuffle.h puts it there. */
static void test_old_shuffle(void **state) {
  (void)state;
  char names[2][40];
  ci_build b;
  ci_program *p;
  ci_source s;
  cnnimg_error err = {0};
  ci_build_init(&b, NULL, &err);
  b.p->opset = 9;
  int32_t x = ci_build_op1(&b, "DepthToSpace", ci_build_input(&b, "image", 4));
  ci_build_attr_int(&b, "blocksize", 2);
  ci_build_attr_string(&b, "mode", "CRD");
  b.p->nodes[0].opset = 13;
  assert_int_equal(ci_build_finish(&b, x, &p), 0);
  there_and_back(p);
  assert_int_equal(functions(names, 2), 1);
  assert_string_equal(names[0], "DepthToSpace");
  ci_program *q = read_file(&s, file);
  assert_true(q->nodes[0].opset >= 11);
  p->opset = 11;
  assert_int_equal(write_program(p, &err), 0);
  assert_int_equal(functions(names, 2), 0);
  ci_program_free(q);
  ci_source_close(&s);
  ci_program_free(p);
}

/* ---- what cannot be written ------------------------------------------------------------------------- */

static ci_program *one_node(const char *type) {
  ci_build b;
  ci_program *p;
  ci_build_init(&b, NULL, NULL);
  int32_t x = ci_build_op1(&b, type, ci_build_input(&b, "image", 3));
  assert_int_equal(ci_build_finish(&b, x, &p), 0);
  return p;
}

/* Nothing is left, and what was there stays. */
static void refused(ci_program *p, int want, const char *words) {
  cnnimg_error err = {0};
  FILE *f = fopen(file, "w");
  fputs("old", f);
  fclose(f);
  int status = write_program(p, &err);
  if (status != want || !strstr(err.text, words) || !strstr(err.text, file))
    fail_msg("status %d, \"%s\" does not say \"%s\"", status, err.text, words);
  size_t size;
  uint8_t *data = proto_load(file, &size);
  assert_int_equal(size, 3);
  assert_memory_equal(data, "old", 3);
  free(data);
  unlink(file);
  ci_program_free(p);
}

static void test_refusals(void **state) {
  (void)state;
  refused(one_node("com.other.Relu \"x\""), CNNIMG_UNSUPPORTED, "domain");
  ci_program *p = one_node("Relu");
  ci_pnode_add_attr(&p->nodes[0], "body", CI_ATTR_OTHER);
  refused(p, CNNIMG_UNSUPPORTED, "\"body\"");
  p = one_node("Relu");
  p->nodes[0].opset = 5;
  refused(p, CNNIMG_UNSUPPORTED, "set 5");
  p = one_node("Twice");
  p->opset = 17, p->nodes[0].opset = 17; /* its function is of another set */
  refused(p, CNNIMG_UNSUPPORTED, "operator set 17");
}

/* Weights are counted, not touched. */
static void test_too_large(void **state) {
  (void)state;
  ci_program *p = one_node("Relu");
  ci_tensor *t = ci_calloc(1, sizeof *t);
  *t = (ci_tensor){.dtype = CI_F32, .rank = 1, .dim = {(int64_t)1 << 29}, .count = (size_t)1 << 29};
  p->values[p->nodes[0].in[0]].tensor = t;
  refused(p, CNNIMG_LIMIT, "2 GB");
}

static void test_no_place(void **state) {
  (void)state;
  cnnimg_error err = {0};
  ci_program *p = one_node("Relu");
  const ci_pinput out = {.rank = -1};
  assert_int_equal(ci_onnx_write(p, &out, "/nowhere/x.onnx", &err), CNNIMG_IO);
  assert_non_null(strstr(err.text, "/nowhere/x.onnx"));
  assert_int_equal(ci_onnx_write(p, &out, folder, &err), CNNIMG_IO);
  if (!access("/dev/full", W_OK)) {
    assert_int_equal(ci_onnx_write(p, &out, "/dev/full", &err), CNNIMG_IO);
    assert_non_null(strstr(err.text, "/dev/full"));
  }
  ci_program_free(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_files),     cmocka_unit_test(test_card),        cmocka_unit_test(test_names),
      cmocka_unit_test(test_functions), cmocka_unit_test(test_old_shuffle), cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_too_large), cmocka_unit_test(test_no_place),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
