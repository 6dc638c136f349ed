/* SPDX-License-Identifier: MIT */
/* diffuse_state.h - private to the smooth fill: a size, and the steps that solve it */
#ifndef CI_DIFFUSE_STATE_H
#define CI_DIFFUSE_STATE_H

#include <stdbool.h>

#include "base/threads.h"

typedef struct ci_level {
  float *u;      /* h rows of w pixels of three */
  uint8_t *hole; /* not 0: unknown */
  int32_t w, h;
  float *own_u; /* what is given back, or NULL */
  uint8_t *own_hole;
} ci_level;

/* Stretches of a row, [x0, x1). */
typedef struct ci_run {
  int32_t x0, x1;
} ci_run;
typedef struct ci_runs {
  ci_run *at;
  size_t *rows; /* of row y: from rows[y] to rows[y + 1] */
} ci_runs;

/*
 * Conjugate gradients (Hestenes, Stiefel 1952) for L L u + tension L u = 0, the known pixels being held. Of a direction p
 * that is 0 where pixels are known, p'(L L + tension L)p is |Lp|^2 + tension p'Lp: one pass finds both. Sums are made
 * row by row and then over rows, in order, so they are the same for any number of threads.
 */
typedef struct ci_relax {
  ci_level *l;
  float tension;
  ci_pool *pool;
  ci_runs own, ring; /* unknown pixels; these and their neighbours */
  float *p, *r, *t;  /* direction, residual, L of what is looked at */
  double *sums;      /* two a row */
  size_t unknown;
  const float *in; /* of the pass: what L is taken of */
  double step, keep;
} ci_relax;

int ci_relax_init(ci_relax *r, ci_level *l, float tension, ci_pool *pool, cnnimg_error *err);
double ci_relax_start(ci_relax *r);           /* |residual|^2 */
double ci_relax_turn(ci_relax *r, double rr); /* the next one's */
void ci_relax_fini(ci_relax *r);

#endif
