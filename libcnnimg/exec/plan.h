/* SPDX-License-Identifier: MIT */
/* plan.h - private to exec: what a plan holds, shared by planning and streaming */
#ifndef CI_PLAN_H
#define CI_PLAN_H

#include "exec/exec.h"
#include "exec/packs.h"
#include "ops/op.h"

/* A node with what the plan knows of it. */
typedef struct ci_step {
  const ci_node *node;
  const ci_op *op;
  ci_shape *in; /* node->n_in shapes; zero for constants */
  ci_shape out;
  const void *packed;
  uint64_t macs;    /* a pixel of the output */
  int32_t align[2]; /* rows, columns that come cheapest together */
  int32_t rows;     /* a multiple of align[0]: so many rows are worth reading the weights for */
  size_t state;     /* op->fold: its state's offset in the plan's states */
  ci_view *views;   /* node->n_in views, set before each run */
} ci_step;

/* A map in the stripe that is being computed. */
typedef struct ci_lane {
  int32_t x0, x1;        /* columns that the stripe needs of it */
  int32_t first, last;   /* rows that it needs */
  int32_t done;          /* rows below this one have been computed */
  int32_t want;          /* rows below this one must be computed for the band */
  int32_t low;           /* the lowest row that a reader still needs */
  int32_t ring;          /* rows in memory */
  int32_t align;         /* done and want are multiples of it, or the map's height */
  bool kept;             /* computed by an earlier stripe of this run */
  uint64_t birth, death; /* dry run: when it is first written and last read */
  size_t bytes, offset;  /* of the ring, in the arena (or in the file) */
  ci_view view;
} ci_lane;

struct ci_plan {
  const ci_graph *g;
  const ci_kernels *k;
  ci_plan_options o;
  ci_plan_stats stats;
  ci_shape *shapes;      /* per value */
  ci_lane *lanes;        /* per value */
  bool starved;          /* measuring failed for want of memory, not because of a size */
  uint8_t *spooled;      /* per value: in the file */
  uint8_t *folded;       /* per value: made by an op that folds */
  ci_step *steps;        /* per node */
  ci_packs *store, *own; /* where packs come from; own: made for this plan alone */
  ci_pack **packs;       /* per node, NULL: has none */
  size_t n_packs;        /* nodes that have been asked for */
  ci_shape *in_shapes;
  ci_view *in_views;
  uint8_t *arena, *scratch, *states, *file; /* file: mapped */
  size_t arena_bytes, file_bytes;
  size_t scratch_each; /* bytes a worker */
  size_t state_bytes;
};

static inline bool ci_lane_needed(const ci_lane *l) { return l->x1 > l->x0; }

/* bands.c: rows and columns of every map for rect of the output, rows back to the start. first: no stripe came before,
 * so nothing is kept. */
void ci_stripe_begin(ci_plan *p, ci_rect rect, bool first);
/* Sets want and low of every map on the way to output rows below `upto`; maps far behind take several turns. */
void ci_band_targets(ci_plan *p, int32_t upto, int32_t band);
/* The end of the band that the output is in. */
int32_t ci_band_next(const ci_plan *p, int32_t band);
/* Rows that are wanted count as done. */
void ci_band_finish(ci_plan *p);

/* memory.c: bytes of this stripe's maps in memory and in the file, offsets set: the dry run. */
bool ci_stripe_measure(ci_plan *p, int32_t band, size_t *arena, size_t *file);
/* Sends the largest map that is held whole to the file; false: there is none. */
bool ci_stripe_spool_one(ci_plan *p);
/* Arena and file at least as large. */
int ci_plan_reserve(ci_plan *p, size_t arena, size_t file, cnnimg_error *err);
void ci_plan_release(ci_plan *p);

#endif
