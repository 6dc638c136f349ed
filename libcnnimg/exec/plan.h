/* SPDX-License-Identifier: MIT */
/* plan.h - private to exec: what a plan holds, shared by planning and streaming */
#ifndef CI_PLAN_H
#define CI_PLAN_H

#include "exec/exec.h"
#include "ops/op.h"

/* A node with what the plan knows of it. */
typedef struct ci_step {
  const ci_node *node;
  const ci_op *op;
  ci_shape *in; /* node->n_in shapes; zero for constants */
  ci_shape out;
  void *packed;
  uint64_t macs;  /* a pixel of the output */
  int32_t align;  /* rows and columns that come cheapest together */
  ci_view *views; /* node->n_in views, set before each run */
} ci_step;

/* A map in the stripe that is being computed. */
typedef struct ci_lane {
  int32_t x0, x1; /* columns that the stripe needs of it */
  int32_t done;   /* rows below this one have been computed */
  int32_t want;   /* rows below this one must be computed for the band */
  int32_t low;    /* the lowest row that a reader still needs */
  int32_t ring;   /* rows in memory */
  int32_t align;  /* done and want are multiples of it, or the map's height */
  size_t offset;  /* bytes into the arena */
  ci_view view;
} ci_lane;

struct ci_plan {
  const ci_graph *g;
  const ci_kernels *k;
  ci_plan_options o;
  ci_plan_stats stats;
  ci_shape *shapes; /* per value */
  ci_lane *lanes;   /* per value */
  ci_step *steps;   /* per node */
  ci_shape *in_shapes;
  ci_view *in_views;
  uint8_t *arena, *scratch;
  size_t scratch_each; /* bytes a worker */
};

/* stream.c: columns of every map for output columns [x0, x1), rows back to the start. */
void ci_stripe_begin(ci_plan *p, int32_t x0, int32_t x1);
/* Sets want and low of every map on the way to output rows below `upto`; maps far behind take several turns. */
void ci_band_targets(ci_plan *p, int32_t upto, int32_t band);
/* Rows that are wanted count as done. */
void ci_band_finish(ci_plan *p);
/* Bytes of the rings of this stripe, offsets set: the dry run. */
bool ci_stripe_measure(ci_plan *p, int32_t band, size_t *bytes);

#endif
