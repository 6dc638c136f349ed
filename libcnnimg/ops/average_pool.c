/* SPDX-License-Identifier: MIT */
/* average_pool.c - the mean of the samples under a window, with or without the padding */
#include "ops/pool.h"

/* Taps that count along one axis: with count_include_pad those up to the end of the padding. */
static int32_t counted(const ci_node *n, int axis, const ci_window *w, int32_t o, int32_t t0, int32_t t1) {
  if (!n->p.count_include_pad) return t1 - t0;
  int64_t base = (int64_t)o * w->stride + w->origin, after = n->p.pads[axis + 2];
  if (n->p.auto_pad != CI_AUTO_NOTSET) return w->taps;
  int64_t room = w->size + after - base;
  int64_t taps = (room + w->dilation - 1) / w->dilation;
  return taps < w->taps ? (int32_t)taps : w->taps;
}

static void emit(const ci_row_job *job, const ci_conv_row *row) {
  int32_t count = counted(job->node, 0, &job->y, job->oy, row->ky0, row->ky1) *
                  counted(job->node, 1, &job->x, job->ox, row->kx0, row->kx1);
  job->k->pool_sum(row, count > 0 ? 1.0f / (float)count : 0);
}

static void run(const ci_call *c) { ci_pooling_run(c, emit); }

const ci_op ci_op_average_pool = {"AveragePool",   ci_pool_shape, ci_pool_need, ci_pack_act,
                                  ci_pool_scratch, run,           NULL,         NULL, NULL, NULL};
