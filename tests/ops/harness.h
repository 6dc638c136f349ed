/* SPDX-License-Identifier: MIT */
/* harness.h - one-node graphs for tests: read from golden.txt, filled from seeds, run on any rectangle */
#ifndef TESTS_OPS_HARNESS_H
#define TESTS_OPS_HARNESS_H

#include "ops/op.h"

#define MAX_IN 8

/* An example of an op: the node, its inputs, and what another program says the result is. */
typedef struct example {
  char name[80];
  ci_graph *g;
  ci_node *n;
  ci_shape in[MAX_IN]; /* zero where that is a constant or absent */
  float *data[MAX_IN]; /* maps: channel, row, column */
  bool loose;          /* need() is a little larger than what single rows read, to stay monotone */
  bool flat;           /* small changes of the inputs change nothing (comparisons, roundings) */
  float tolerance;     /* of the largest value that is expected */
  ci_shape out;
  float *expected; /* channel, row, column; or NULL */
  uint32_t seed;   /* for the next random values */
} example;

/* Every example of `folder`/golden.txt with its values from golden.bin; *count of them. Fails the test. */
example *examples_load(size_t *count);
void examples_free(example *e, size_t count);
/* Examples made by hand. */
void example_begin(example *e, const char *name, uint32_t seed);
void example_map(example *e, int32_t c, int32_t h, int32_t w, const float *values); /* NULL: random */
void example_const(example *e, int32_t rank, const int64_t *dim, const float *values);
/* The node, with the inputs so far; then set its parameters. */
ci_node *example_node(example *e, ci_op_id op);
void example_finish(example *e); /* e->out by shape(), which must agree */
void example_free(example *e);

/* -1 <= x < 1, the same sequence as make_golden.py's. */
float next_random(uint32_t *seed);
uint32_t next_below(uint32_t *seed, uint32_t n);

/*
 * Computes r of the output with these kernels. data: the maps, as in example (changed ones perhaps). The op sees
 * views that hold need(r) and nothing more, padding lanes full of NaN, and exactly the scratch that it asked for;
 * around r nothing may be written. result: channel, row, column of r.
 */
void example_run(const example *e, const ci_kernels *k, ci_rect r, float *const *data, float *result);
/* "ref", "vec" ... that run on this processor; returns how many. */
int tables(const ci_kernels *out[8]);
static inline size_t rect_floats(ci_shape s, ci_rect r) {
  return (size_t)s.c * (size_t)(r.x1 - r.x0) * (size_t)(r.y1 - r.y0);
}

#endif
