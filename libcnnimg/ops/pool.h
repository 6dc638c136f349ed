/* SPDX-License-Identifier: MIT */
/* pool.h - what max_pool.c and average_pool.c share */
#ifndef CI_OPS_POOL_H
#define CI_OPS_POOL_H

#include "ops/window.h"

int ci_pool_shape(const ci_graph *g, const ci_node *n, const ci_shape *in, ci_shape *out, cnnimg_error *err);
ci_rect ci_pool_need(const ci_node *n, const ci_shape *in, ci_shape out, int32_t k, ci_rect r);
size_t ci_pool_scratch(const ci_node *n, const ci_shape *in, ci_shape out, int32_t width);
/* Each row of the rectangle through emit, then the activation. */
void ci_pooling_run(const ci_call *c, void (*emit)(const ci_row_job *job, const ci_conv_row *row));

#endif
