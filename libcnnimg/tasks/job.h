/* SPDX-License-Identifier: MIT */
/* job.h - one network over pictures of one format: pixels in, pixels out, everything between */
#ifndef CI_JOB_H
#define CI_JOB_H

#include "base/memory.h"
#include "base/threads.h"
#include "cnnimg.h"
#include "image/image.h"
#include "kernels/kernels.h"
#include "tasks/fit.h"

typedef struct ci_job ci_job;

/* What a job needs of its context. */
typedef struct ci_engine {
  const ci_kernels *kernels;
  uint32_t threads;
  size_t memory; /* working memory, 0: no cap */
  ci_allocator allocator;
  ci_parallel parallel; /* the host's workers; NULL: our own */
  void *parallel_user;
} ci_engine;
int ci_engine_pool(const ci_engine *e, ci_pool **out, cnnimg_error *err);

typedef struct ci_job_options {
  const ci_program *program; /* outlives the job */
  ci_fit_cache *fits;        /* the program's */
  struct ci_packs *packs;    /* the program's packed constants (exec/packs.h) */
  ci_engine engine;
  cnnimg_format format;
  cnnimg_params params; /* checked */
  ci_limits limits;     /* for results larger than the network makes them */
  uint32_t border[2];   /* columns, rows of copies that the picture has on either side (tasks/copies.h); views have none */
} ci_job_options;

int ci_format_check(const cnnimg_format *f, const char *what, cnnimg_error *err);
int ci_job_new(ci_job **out, const ci_job_options *o, cnnimg_error *err);
void ci_job_free(ci_job *job); /* NULL is allowed */
const cnnimg_cost *ci_job_cost(const ci_job *job);
const char *ci_job_plan_text(const ci_job *job);
float ci_job_sigma(const ci_job *job);
void ci_job_set_sigma(ci_job *job, float sigma); /* of the runs to come; < 0: estimate */
bool ci_job_estimates(const ci_job *job); /* does the network take a sigma that can be estimated? */
/* Those of the parameters for the runs to come, of the same sizes and channels. */
int ci_job_set_views(ci_job *job, const cnnimg_params *p, cnnimg_error *err);
cnnimg_format ci_job_result(const ci_job *job);

/* Where pixels come from (one of three) and go to (one of two). */
typedef struct ci_job_io {
  const cnnimg_view *src; /* may lie over dst */
  cnnimg_read_rect read_rect;
  cnnimg_read_row read_row;
  void *read_user;
  const cnnimg_view *dst; /* checked: of the result's (the region's) size */
  cnnimg_write_row write;
  void *write_user;
  const ci_rect *region; /* of the result; its rows are counted from 0; NULL: the whole */
} ci_job_io;
int ci_job_run(ci_job *job, const ci_job_io *io, cnnimg_error *err);

#endif
