/* SPDX-License-Identifier: MIT */
/* tensors.h - a network over plain arrays */
#ifndef CI_TENSORS_H
#define CI_TENSORS_H

#include "tasks/job.h"

/* A plan for one shape of every input, and as many graphs as outputs are wanted. */
typedef struct ci_tensors ci_tensors;

/* Shapes and names are looked at; the outputs' rank and dim are set. The program and its packs outlive it. */
int ci_tensors_new(ci_tensors **out, const ci_program *p, struct ci_packs *packs, const ci_engine *e, size_t n_in,
                   const cnnimg_tensor *in, size_t n_out, cnnimg_tensor *results, cnnimg_error *err);
void ci_tensors_free(ci_tensors *t); /* NULL is allowed */
/* Makes plans where there are none yet, and runs those whose outputs have data. */
int ci_tensors_run(ci_tensors *t, const cnnimg_tensor *in, cnnimg_tensor *results, cnnimg_error *err);
/* Makes the plan of the k-th output now, so that what it costs is known: owned by t. Runs then look at cancel (may be NULL,
 * outlives t) and share the pool, which others may use between runs. */
struct ci_plan_stats;
int ci_tensors_plan(ci_tensors *t, size_t k, const cnnimg_cancel *cancel, const struct ci_plan_stats **stats,
                    cnnimg_error *err);
ci_pool *ci_tensors_pool(const ci_tensors *t);

#endif
