/* SPDX-License-Identifier: MIT */
/* spread.h - changes asked for at some cells, carried to all that belong to them */
#ifndef CI_SPREAD_H
#define CI_SPREAD_H

#include "base/threads.h"
#include "cnnimg.h"

/*
 * A cell takes the mean of the changes, weighed by how near they are. Near is what can be reached without crossing an edge
 * (after Yatziv and Sapiro: "Fast image and video colorization using chrominance blending", IEEE TIP 2006): a way is as long as
 * its steps and what light changes on them; how much the light of both ends differs counts besides. Where a change was asked
 * for it holds as it is, and what is far from all stays as it was.
 */
typedef struct ci_spread {
  const float *light; /* h rows of w: how light, 0..1 */
  int32_t w, h;
  ci_pool *pool;
  const cnnimg_cancel *cancel; /* may be NULL */
} ci_spread;

typedef struct ci_change {
  int32_t x, y;
  float v[2];
} ci_change;

/* out: pairs, h rows of w. The same bytes for any pool. */
int ci_spread_run(const ci_spread *s, const ci_change *changes, size_t n, float *out, cnnimg_error *err);

#endif
