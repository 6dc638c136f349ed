/* SPDX-License-Identifier: MIT */
/* exec.h - planning and running a graph: which rows when, and where in memory */
#ifndef CI_EXEC_H
#define CI_EXEC_H

#include "base/memory.h"
#include "base/threads.h"
#include "kernels/kernels.h"
#include "net/graph.h"

/*
 * The executor streams. A picture is cut into column stripes (one, unless width or memory ask for more); in a
 * stripe the result comes in bands of rows; before a band every map is brought forward to the rows that the band
 * needs, in topological order, and keeps only the rows that its readers still want (a ring). How many that is a
 * dry run over need() finds out before anything is allocated. An op that reads a whole map simply wants all of
 * its rows before its first one, so such a map is held; one that folds it (ci_fold: means, moments) is fed the rows as
 * they come, and its result stays from stripe to stripe. Maps share memory where one is read for the last time before
 * the other is begun. A map that must be held whole and does not fit under the cap lies in a temporary file.
 * Every op computes any rectangle exactly, hence the bytes do not depend on stripes, bands, threads or regions.
 */
typedef struct ci_plan ci_plan;

typedef struct ci_plan_options {
  int32_t tile;  /* width of a stripe in output pixels; 0: chosen */
  int32_t band;  /* rows of the result that come together; 0: chosen */
  /* Bytes that rings, scratch and packed weights may take; stripes get narrower until it fits; 0: no cap. Where weights
   * and scratch leave too little, it is for the rings alone. */
  size_t memory;
  uint32_t threads;
  ci_allocator allocator;
  struct ci_packs *packs; /* the model's, outlives the plan (exec/packs.h); NULL: the plan packs for itself */
} ci_plan_options;

typedef struct ci_plan_stats {
  ci_shape out;
  int32_t tile, tiles, band;
  int32_t halo; /* largest distance that a pixel of the result looks, input 0's pixels */
  size_t ring_bytes, scratch_bytes;
  size_t weight_bytes; /* of packs that the plan uses, each counted once; other plans may use them too */
  size_t spool_bytes; /* of maps in a temporary file */
  uint64_t macs; /* stripes' halos included */
} ci_plan_stats;

/* Where the pixels come from and go to. Called on the thread that runs the plan; a status other than
 * CNNIMG_OK ends the run and is returned. Stripes ask for the rows of an input again. */
typedef struct ci_feed {
  void *user;
  /* Fills rect of the view of input `i` (all channels). */
  int (*fill)(void *user, uint32_t i, const ci_view *view, ci_rect rect, cnnimg_error *err);
  /* Takes rect of the output's view. Rows in order within a stripe. */
  int (*take)(void *user, const ci_view *view, ci_rect rect, cnnimg_error *err);
  const cnnimg_cancel *cancel; /* looked at before every step; may be NULL */
} ci_feed;

/* Shapes of all values (n_values items) from those of the inputs. */
int ci_infer_shapes(const ci_graph *g, const ci_shape *inputs, ci_shape *shapes, cnnimg_error *err);

/* The graph must outlive the plan. inputs: a shape for each graph input. */
int ci_plan_new(ci_plan **out, const ci_graph *g, const ci_shape *inputs, const ci_kernels *k,
                const ci_plan_options *options, cnnimg_error *err);
void ci_plan_free(ci_plan *p); /* NULL is allowed */
const ci_plan_stats *ci_plan_get_stats(const ci_plan *p);
/* A line a node, for people; malloc'ed, NULL without memory. */
char *ci_plan_describe(const ci_plan *p);
/* One run at a time a plan. region: the rectangle of the output that is wanted, NULL: all of it; only what it needs of
 * the inputs is asked for. */
int ci_plan_run(ci_plan *p, ci_pool *pool, const ci_feed *feed, const ci_rect *region, cnnimg_error *err);

#endif
