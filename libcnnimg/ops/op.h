/* SPDX-License-Identifier: MIT */
/* op.h - the contract of an operation: shape, need, pack, scratch, run */
#ifndef CI_OP_H
#define CI_OP_H

#include "base/memory.h"
#include "base/threads.h"
#include "kernels/kernels.h"
#include "net/graph.h"

/* One call of run(): compute `rect` of the output. in[k] is the view of node->in[k] (zeroed where that is a
 * constant or absent) and covers at least need(k, rect). Rows and columns of `out` outside rect stay untouched.
 * The bytes of a pixel do not depend on which rectangle it was computed in. */
typedef struct ci_call {
  const ci_node *node;
  const void *packed; /* what pack() made, or NULL */
  const ci_kernels *k;
  const ci_view *in;
  const ci_view *out;
  ci_rect rect;
  void *scratch; /* scratch() bytes, CI_ALIGN-aligned, this worker's own; not zeroed */
  ci_pool *
      pool; /* where rect comes in one piece: the pool is free, and run() may share its work out; else NULL */
} ci_call;

/*
 * Ops that fold input 0, whole, into one pixel take its rows as they come, so that the map need not be held for them:
 * begin, then rows in order, each once, whatever bands they come in, then end, which writes the output. All on one
 * thread; sums are taken row by row in double, so the bytes do not depend on the bands.
 */
typedef struct ci_fold {
  size_t (*bytes)(const ci_node *n, const ci_shape *in, ci_shape out); /* of state */
  void (*begin)(const ci_call *c, void *state);                        /* in[0]'s rows are not there yet */
  void (*rows)(const ci_call *c, void *state, int32_t y0, int32_t y1);
  void (*end)(const ci_call *c, void *state);
} ci_fold;

typedef struct ci_op {
  const char *name;
  /* The output's shape from the inputs' (in[k] is {0,0,0} for constants). Everything that can be wrong with
   * the node (constants missing or of the wrong shape, limits) is found here, with a sentence. */
  int (*shape)(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape *out, cnnimg_error *err);
  /* Which rectangle of input k does rectangle r of the output read? Clipped to the input map; monotone in r:
   * a larger or lower r never needs less or higher rows. k is an index into node->in of a map. */
  ci_rect (*need)(const ci_node *n, const ci_shape *in, ci_shape out, int32_t k, ci_rect r);
  /* Constants in the order that the kernels want, in one block from ci_big_alloc(a). NULL: nothing to pack. Of the
   * shapes it reads the channels, and the rest through form() only. */
  int (*pack)(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape out, const ci_kernels *k,
              const ci_allocator *a, void **packed, size_t *bytes, cnnimg_error *err);
  /* Bytes of scratch for a rectangle `width` pixels wide. NULL: none. */
  size_t (*scratch)(const ci_node *n, const ci_shape *in, ci_shape out, int32_t width);
  void (*run)(const ci_call *c);
  /* Multiply-adds a pixel of the output (an estimate where it varies). NULL: 0. */
  uint64_t (*macs)(const ci_node *n, const ci_graph *g, const ci_shape *in, ci_shape out);
  /* Rows (axis 0) or columns (1) of the output that come cheapest together: rectangles whose sides are multiples of them
   * (or the map's own) waste nothing. NULL: 1. */
  int32_t (*align)(const ci_node *n, const ci_shape *in, ci_shape out, int axis);
  /* NULL: none. Where there is one, run() is the same on a map that is there whole (ci_fold_run), and need() of
   * input 0 is all of it. */
  const ci_fold *fold;
  /* Which form of its constants pack() makes at these sizes: sessions of one model share a pack where node, channels,
   * kernels and form agree, whatever their rows and columns are. NULL: it looks at channels only. */
  uint32_t (*form)(const ci_node *n, const ci_shape *in, ci_shape out);
} ci_op;

extern const ci_op *const ci_ops[CI_OP_COUNT]; /* by ci_op_id */

#endif
