/* SPDX-License-Identifier: MIT */
/* job_state.h - private to the job: what planning found and running uses */
#ifndef CI_JOB_STATE_H
#define CI_JOB_STATE_H

#include "base/spool.h"
#include "exec/exec.h"
#include "tasks/bleed.h"
#include "tasks/chain.h"
#include "tasks/job.h"
#include "tasks/sigma.h"

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
  ci_rect crop;                               /* the picture's pixels in the network's */
  ci_chain *chain;                            /* what happens behind the network; NULL: nothing */
  ci_bleed *bleed;                            /* of pictures with alpha, or NULL */
  bool same_size;                             /* the network and the result have the source's */
  cnnimg_view mask, hints, sigma_map, kernel; /* copies of the params'; data NULL: none */
  ci_sigma sigma;
  bool estimates; /* an input takes sigma, and no map gives it */
  /* during a run */
  const ci_job_io *io;
  ci_picture source;
  bool in_place;
  int32_t filled; /* rows of the source that the network has taken */
  ci_rect target; /* of the result */
  int32_t stored; /* with a chain: rows of the result that are done */
  ci_rect wants;  /* of the network's picture, for the chain */
  ci_rect want;   /* of the network's map */
  /* The result, or what the chain will get, when stripes make it in another order than it is written. */
  ci_spool *held;
  uint8_t *line;  /* a row of the result */
  float *scratch; /* a row of a picture that the network holds as a vector */
  uint64_t done;
};

/* job.c: of networks for levels of noise, the one for the sigma that is used. On failure the job is as before. */
int ci_job_choose(ci_job *j, cnnimg_error *err);

/* job_run.c: have the bytes that the two lie in some in common? */
bool ci_views_overlap(const cnnimg_view *a, const cnnimg_view *b);

/* feed.c: the executor's callbacks; user is the job. */
int ci_job_fill(void *user, uint32_t i, const ci_view *v, ci_rect r, cnnimg_error *err);
int ci_job_take(void *user, const ci_view *v, ci_rect r, cnnimg_error *err);

/* deliver.c: to where the result goes. */
typedef struct ci_store {
  const float *pixels; /* step floats each */
  int32_t channels, step;
  const ci_tone *tone; /* NULL: they are colours already */
  cnnimg_view alpha;   /* a row with alpha, pixel by pixel; data NULL: none */
} ci_store;
/* n pixels of the result from (X, Y). */
int ci_job_store(ci_job *j, const ci_store *s, int32_t X, int32_t Y, int32_t n, cnnimg_error *err);
bool ci_job_wants_original(const ci_job *j);

/* deliver.c: with a chain. wants of the job is set by open. */
int ci_job_open_chain(ci_job *j, ci_rect result, cnnimg_error *err);
int ci_job_push_row(ci_job *j, const ci_view *v, int32_t y, int32_t x0, int32_t x1, cnnimg_error *err);
int ci_job_push_held(ci_job *j, cnnimg_error *err);
size_t ci_job_chain_row_bytes(const ci_job *j);

#endif
