/* SPDX-License-Identifier: MIT */
/* job.h - one network over one picture: rows in, rows out, everything between */
#ifndef CI_JOB_H
#define CI_JOB_H

#include "base/memory.h"
#include "base/threads.h"
#include "cnnimg.h"
#include "kernels/kernels.h"
#include "net/graph.h"

typedef struct ci_job ci_job;

typedef struct ci_job_options {
  const ci_graph *graph; /* outlives the job */
  const ci_kernels *kernels;
  cnnimg_format format;
  cnnimg_params params;
  uint32_t threads;
  size_t memory; /* working memory, 0: no cap */
  ci_allocator allocator;
} ci_job_options;

int ci_job_new(ci_job **out, const ci_job_options *o, cnnimg_error *err);
void ci_job_free(ci_job *job); /* NULL is allowed */
void ci_job_cost(const ci_job *job, cnnimg_cost *cost);
const char *ci_job_plan_text(const ci_job *job);
float ci_job_sigma(const ci_job *job);
/* The size of the result. */
cnnimg_format ci_job_result(const ci_job *job);
int ci_job_run(ci_job *job, cnnimg_read_row read, void *read_user, cnnimg_write_row write, void *write_user,
               cnnimg_error *err);

/* roles.c: what an input of a network is for, by the card ("input.<name>") or its name. */
typedef enum ci_role { CI_ROLE_IMAGE, CI_ROLE_SIGMA, CI_ROLE_UNKNOWN } ci_role;
ci_role ci_role_of(const ci_graph *g, size_t input);
/* A number of the card, or `otherwise`. */
double ci_card_number(const ci_graph *g, const char *key, double otherwise);

#endif
