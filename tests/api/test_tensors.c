/* SPDX-License-Identifier: MIT */
/* test_tensors.c - networks over plain arrays: names, shapes, several outputs, what is refused */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/api/door.h"

typedef struct fixture {
  cnnimg_context *context;
  cnnimg_model *arrays, *halves, *last;
} fixture;

static int setup(void **state) {
  static fixture f;
  f.context = door_context(2);
  f.arrays = door_model(f.context, "arrays", NULL);
  f.halves = door_model(f.context, "halves", NULL);
  f.last = door_model(f.context, "last", NULL);
  *state = &f;
  return 0;
}

static int teardown(void **state) {
  fixture *f = *state;
  cnnimg_model_unref(f->arrays);
  cnnimg_model_unref(f->halves);
  cnnimg_model_unref(f->last);
  cnnimg_close(f->context);
  return 0;
}

static void test_ports_say_what_there_is(void **state) {
  const fixture *fx = *state;
  const cnnimg_port *a = cnnimg_model_input(fx->arrays, 0), *b = cnnimg_model_input(fx->arrays, 1);
  assert_string_equal(a->name, "a");
  assert_string_equal(a->role, "");
  assert_int_equal(a->rank, 2);
  assert_int_equal(a->dim[0], 0);
  assert_int_equal(b->dim[1], 3);
  assert_null(cnnimg_model_input(fx->arrays, 2));
  assert_string_equal(cnnimg_model_output(fx->arrays, 0)->name, "product");
  assert_string_equal(cnnimg_model_output(fx->arrays, 1)->name, "sums");
  assert_string_equal(cnnimg_model_output(fx->arrays, 1)->role, "");
  assert_null(cnnimg_model_output(fx->arrays, 2));
  cnnimg_model *m = door_model(fx->context, "inputs", NULL);
  static const char *const roles[] = {"image", "mask", "hint", "sigma", "kernel", "vector"};
  for (size_t i = 0; i < COUNT(roles); i++) assert_string_equal(cnnimg_model_input(m, i)->role, roles[i]);
  assert_int_equal(cnnimg_model_input(m, 2)->dim[1], 4);
  assert_string_equal(cnnimg_model_output(m, 0)->role, "image");
  cnnimg_model_unref(m);
}

static float a_data[] = {1, 2, 3, 4, 5, 6, 7, 8}, b_data[] = {1, 0, 2, 0, 1, 0, 3, 0, 1, 1, 1, 1};
static const float product[] = {1 * 1 + 3 * 3 + 4, 2 + 4, 2 + 3 + 4, 5 + 7 * 3 + 8, 6 + 8, 10 + 7 + 8},
                   sums[] = {10, 26};

static cnnimg_tensor tensor(const char *name, float *data, uint32_t rank, uint64_t d0, uint64_t d1,
                            size_t capacity) {
  return (cnnimg_tensor){.name = name, .data = data, .rank = rank, .dim = {d0, d1}, .capacity = capacity};
}

static void check_product(const cnnimg_tensor *t) {
  assert_int_equal(t->rank, 2);
  assert_true(t->dim[0] == 2 && t->dim[1] == 3);
  for (size_t i = 0; i < 6; i++) assert_true(t->data[i] == product[i]);
}

static void check_sums(const cnnimg_tensor *t) {
  assert_int_equal(t->rank, 1);
  assert_true(t->dim[0] == 2 && t->data[0] == sums[0] && t->data[1] == sums[1]);
}

static void test_several_outputs_by_name_and_by_place(void **state) {
  const fixture *fx = *state;
  float p[6], s[2];
  cnnimg_tensor in[] = {tensor("b", b_data, 2, 4, 3, 0), tensor("a", a_data, 2, 2, 4, 0)};
  cnnimg_tensor out[] = {tensor("sums", s, 0, 0, 0, 2), tensor("product", p, 0, 0, 0, 6)};
  OK(cnnimg_run_tensor(fx->context, fx->arrays, 2, in, 2, out, err));
  check_sums(&out[0]);
  check_product(&out[1]);
  cnnimg_tensor in2[] = {tensor(NULL, a_data, 2, 2, 4, 0), tensor(NULL, b_data, 2, 4, 3, 0)},
                one = tensor(NULL, p, 0, 0, 0, 6);
  memset(p, 0, sizeof p);
  OK(cnnimg_run_tensor(fx->context, fx->arrays, 2, in2, 1, &one, err));
  check_product(&one);
}

static void test_shapes_can_be_asked_for(void **state) {
  const fixture *fx = *state;
  cnnimg_tensor in[] = {tensor(NULL, NULL, 2, 7, 9, 0), tensor(NULL, NULL, 2, 9, 3, 0)},
                out = tensor("product", NULL, 0, 0, 0, 0);
  OK(cnnimg_run_tensor(fx->context, fx->arrays, 2, in, 1, &out, err));
  assert_true(out.rank == 2 && out.dim[0] == 7 && out.dim[1] == 3);
}

static void test_nothing_makes_nothing(void **state) {
  const fixture *fx = *state;
  float p[1] = {7};
  cnnimg_tensor in[] = {tensor(NULL, a_data, 2, 0, 4, 0), tensor(NULL, b_data, 2, 4, 3, 0)};
  cnnimg_tensor out = tensor("product", p, 0, 0, 0, 1);
  OK(cnnimg_run_tensor(fx->context, fx->arrays, 2, in, 1, &out, err));
  assert_true(out.rank == 2 && out.dim[0] == 0 && out.dim[1] == 3 && p[0] == 7);
}

static void test_a_session_runs_many_times(void **state) {
  const fixture *fx = *state;
  float p[6], s[2];
  cnnimg_tensor in[] = {tensor(NULL, NULL, 2, 2, 4, 0), tensor(NULL, NULL, 2, 4, 3, 0)};
  cnnimg_tensor out[] = {tensor("product", NULL, 0, 0, 0, 0), tensor("sums", NULL, 0, 0, 0, 0)};
  cnnimg_session *session;
  OK(cnnimg_session_new_tensor(fx->context, fx->arrays, 2, in, 2, out, &session, err));
  REFUSED(cnnimg_session_run_tensor(session, in, (out[0].data = p, out[0].capacity = 6, out), err),
          CNNIMG_BADARG, "no data");
  in[0].data = a_data, in[1].data = b_data, out[1].data = s, out[1].capacity = 2;
  for (int i = 0; i < 3; i++) {
    memset(p, 0, sizeof p), memset(s, 0, sizeof s);
    OK(cnnimg_session_run_tensor(session, in, out, err));
    check_product(&out[0]);
    check_sums(&out[1]);
  }
  in[0].dim[0] = 1;
  REFUSED(cnnimg_session_run_tensor(session, in, out, err), CNNIMG_BADARG, "shape");
  cnnimg_view v = {0};
  REFUSED(cnnimg_run(session, &v, &v, err), CNNIMG_BADARG, "tensors");
  assert_string_equal(cnnimg_session_plan(session), "");
  assert_int_equal(cnnimg_session_cost(session)->width, 0);
  cnnimg_session_free(session);
}

/* Pictures as arrays, channels first and last. */
static void test_maps_are_arrays_too(void **state) {
  const fixture *fx = *state;
  float x[2 * 3 * 5 * 4], y[3 * 5 * 4];
  for (size_t i = 0; i < 60; i++) x[i] = (float)i;
  for (int last = 0; last < 2; last++) {
    cnnimg_tensor in = {
        .name = "image", .data = x, .rank = 4, .dim = {1, last ? 5 : 3, last ? 4 : 5, last ? 3 : 4}};
    cnnimg_tensor out = {.name = "result", .data = y, .capacity = 60};
    OK(cnnimg_run_tensor(fx->context, last ? fx->last : fx->halves, 1, &in, 1, &out, err));
    assert_true(out.rank == 4 && !memcmp(out.dim, in.dim, sizeof out.dim));
    for (size_t i = 0; i < 60; i++) assert_true(y[i] == x[i] * ((last ? i % 3 : i / 20) ? 1 : 0.5f));
  }
}

static void test_what_does_not_fit_is_refused(void **state) {
  const fixture *fx = *state;
  float p[6];
  const cnnimg_tensor good[] = {tensor("a", a_data, 2, 2, 4, 0), tensor("b", b_data, 2, 4, 3, 0)};
  cnnimg_tensor in[2], out = tensor("product", p, 0, 0, 0, 6);
#define WITH(change) (memcpy(in, good, sizeof in), change, in)
  REFUSED(cnnimg_run_tensor(fx->context, fx->arrays, 1, good, 1, &out, err), CNNIMG_BADARG, "2 inputs");
  REFUSED(cnnimg_run_tensor(fx->context, fx->arrays, 2, WITH(in[0].name = "c"), 1, &out, err), CNNIMG_BADARG,
          "no input c");
  REFUSED(cnnimg_run_tensor(fx->context, fx->arrays, 2, WITH(in[0].name = "b"), 1, &out, err), CNNIMG_BADARG,
          "wants 3");
  REFUSED(cnnimg_run_tensor(fx->context, fx->arrays, 2, WITH(in[0] = in[1]), 1, &out, err), CNNIMG_BADARG,
          "twice");
  REFUSED(cnnimg_run_tensor(fx->context, fx->arrays, 2, WITH(in[0].rank = 3), 1, &out, err), CNNIMG_BADARG,
          "2 dimensions");
  REFUSED(cnnimg_run_tensor(fx->context, fx->arrays, 2, WITH(in[0].rank = 99), 1, &out, err), CNNIMG_BADARG,
          "dimensions");
  REFUSED(cnnimg_run_tensor(fx->context, fx->arrays, 2, WITH(in[0].dim[0] = UINT64_MAX), 1, &out, err),
          CNNIMG_BADARG, "size");
  REFUSED(cnnimg_run_tensor(fx->context, fx->arrays, 2, WITH(in[0].dim[1] = 3), 1, &out, err), CNNIMG_CORRUPT,
          "");
  REFUSED(cnnimg_run_tensor(fx->context, fx->arrays, 2, good, 1, (out.capacity = 5, &out), err),
          CNNIMG_BADARG, "6 numbers");
  REFUSED(cnnimg_run_tensor(fx->context, fx->arrays, 2, good, 1, (out.name = "a", &out), err), CNNIMG_BADARG,
          "no output a");
  REFUSED(cnnimg_run_tensor(fx->context, fx->arrays, 2, good, 0, &out, err), CNNIMG_BADARG, "no output");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_ports_say_what_there_is),
      cmocka_unit_test(test_several_outputs_by_name_and_by_place),
      cmocka_unit_test(test_shapes_can_be_asked_for),
      cmocka_unit_test(test_nothing_makes_nothing),
      cmocka_unit_test(test_a_session_runs_many_times),
      cmocka_unit_test(test_maps_are_arrays_too),
      cmocka_unit_test(test_what_does_not_fit_is_refused),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
