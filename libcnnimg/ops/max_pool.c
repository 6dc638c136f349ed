/* SPDX-License-Identifier: MIT */
/* max_pool.c - the largest sample under a window; padding never wins */
#include "ops/pool.h"

static void emit(const ci_row_job *job, const ci_conv_row *row) { job->k->pool_max(row); }
static void run(const ci_call *c) { ci_pooling_run(c, emit); }

const ci_op ci_op_max_pool = {"MaxPool",       ci_pool_shape, ci_pool_need, ci_pack_act,
                              ci_pool_scratch, run,           NULL,         NULL, NULL, NULL};
