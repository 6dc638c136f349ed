/* SPDX-License-Identifier: MIT */
/* harness.h - one operation on held arrays: read from golden*.txt or made by hand, its shape asked, then run */
#ifndef TESTS_TENSOR_HARNESS_H
#define TESTS_TENSOR_HARNESS_H

#include "tensor/tensor_op.h"

#define MAX_IN 8
#define MAX_OUT 4

/* What another program says of output `which`. */
typedef struct expected {
  int32_t which;
  float tolerance; /* of the largest value that is expected; 0: the same values */
  ci_array array;
} expected;

/* An example: a node, its inputs (float as CI_F32, the others as CI_I64), and what comes out. */
typedef struct example {
  char name[80];
  ci_program *program; /* of this one node */
  int64_t opset;
  bool wide; /* integers that no float holds: not run with float storage */
  int32_t n_in, n_out;
  ci_array in[MAX_IN];
  bool known[MAX_IN]; /* shape() sees its data in every storage */
  expected out[MAX_OUT];
} example;

/*
 * How values are stored: RUNNING - float, but inputs that are known; result float. LOADING - all inputs are known,
 * integers and truth values int64, the result too. MIXED - inputs as in LOADING, result float.
 */
typedef enum storage { RUNNING, LOADING, MIXED, STORAGES } storage;
extern const char *const storage_names[STORAGES];

/* Every example of every golden*.txt beside this file, *count of them. Fails the test. */
example *examples_load(size_t *count);
void examples_free(example *e, size_t count);

/* Examples made by hand. */
void example_begin(example *e, const char *type, int64_t opset);
void example_free(example *e);
void example_outputs(example *e, int32_t n); /* of the node; 1 at first */
/* An input; values: one a element, NULL: 1, 2, 3 ... rank -1: left out. known: shape() sees it. */
void example_in(example *e, ci_type type, int32_t rank, const int64_t *dim, const double *values, bool known);
void example_list(example *e, int32_t n, const int64_t *values); /* a known list of integers */
void example_int(example *e, const char *name, int64_t v);
void example_float(example *e, const char *name, float v);
void example_string(example *e, const char *name, const char *v);
void example_ints(example *e, const char *name, int32_t n, const int64_t *v);

/* Who shares the work of runs from here on, and the kernels; at first (NULL, NULL). */
void example_with(ci_pool *pool, const ci_kernels *k);
/* Asks for the shape of output `which`; the status. */
int example_shape(const example *e, storage s, int32_t which, ci_array *out, cnnimg_error *err);
/*
 * Shape and run; fails the test where shape() fails. Result and scratch are full of a mark before, and exactly as long
 * as asked for; inputs may not change. out->data: free() it.
 */
void example_run(const example *e, storage s, int32_t which, ci_array *out);
/* Runs every output in every storage against what is expected. */
void example_check(const example *e);
/* shape() must refuse with that code, in a sentence with that text. The example is freed. */
void example_refused(example *e, int code, const char *text);

#endif
