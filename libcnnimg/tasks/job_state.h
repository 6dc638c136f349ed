/* SPDX-License-Identifier: MIT */
/* job_state.h - private to the job: what planning found and running uses */
#ifndef CI_JOB_STATE_H
#define CI_JOB_STATE_H

#include "base/spool.h"
#include "exec/exec.h"
#include "tasks/job.h"
#include "tasks/picture.h"

struct ci_job {
  ci_job_options o;
  ci_card card;
  ci_fit fit;
  ci_lowered *net;
  ci_plan *plan;
  ci_pool *pool;
  char *text;
  cnnimg_cost cost;
  cnnimg_format result;
  size_t output;                              /* of the program: which the network is for */
  ci_shape in, out;                           /* the network's picture and result */
  ci_rect crop;                               /* the result's pixels in the network's */
  cnnimg_view mask, hints, sigma_map, kernel; /* copies of the params'; data NULL: none */
  float sigma, found, used;                   /* asked for; estimated (< 0: not yet); of the last run */
  bool estimates;                             /* an input takes sigma, and no map gives it */
  /* during a run */
  const ci_job_io *io;
  ci_picture source;
  bool in_place;
  int32_t filled; /* rows of the source that the network has taken */
  ci_rect want;   /* of the network's result */
  ci_spool *held; /* the result, when stripes make it in another order than it is written */
  uint8_t *line;  /* a row of the result */
  float *scratch; /* a row of a picture that the network holds as a vector */
  uint64_t done;
};

/* job.c: of networks for levels of noise, the one for the sigma that is used. On failure the job is as before. */
int ci_job_choose(ci_job *j, cnnimg_error *err);

/* feed.c: the executor's callbacks; user is the job. */
int ci_job_fill(void *user, uint32_t i, const ci_view *v, ci_rect r, cnnimg_error *err);
int ci_job_take(void *user, const ci_view *v, ci_rect r, cnnimg_error *err);

#endif
