/* SPDX-License-Identifier: MIT */
/* job.h - one network over one picture: rows in, rows out, everything between */
#ifndef CI_JOB_H
#define CI_JOB_H

#include "base/memory.h"
#include "base/threads.h"
#include "cnnimg.h"
#include "kernels/kernels.h"
#include "tasks/network.h"

typedef struct ci_job ci_job;

typedef struct ci_job_options {
  const ci_program *program; /* outlives the job */
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

#endif
