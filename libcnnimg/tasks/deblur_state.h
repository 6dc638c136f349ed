/* SPDX-License-Identifier: MIT */
/* deblur_state.h - private to deblurring: what planning found and running uses */
#ifndef CI_DEBLUR_STATE_H
#define CI_DEBLUR_STATE_H

#include "tasks/bleed.h"
#include "tasks/deblur.h"
#include "tasks/deblur_field.h"
#include "tasks/rects.h"

struct ci_deblur {
  ci_job_options o; /* as asked for */
  bool on;
  ci_augment *job; /* of the planes; all there is where it is not on */
  cnnimg_cost cost;
  ci_sigma sigma;
  ci_field field;
  ci_pool *pool;
  ci_bleed *bleed; /* of pictures with alpha, or NULL */
  /* during a run */
  uint32_t step;
  const ci_job_io *io;
  ci_rects source;
  ci_picture picture; /* of it */
  ci_rect want;       /* of the result */
  float *pixels;      /* a row of them */
  uint8_t *line;      /* a row of the result */
};

/* deblur_run.c */
int ci_deblur_run_on(ci_deblur *d, const ci_job_io *io, cnnimg_error *err);

#endif
