/* SPDX-License-Identifier: MIT */
/* resize.h - one axis of a resized map: where outputs lie, and what inputs weigh in them */
#ifndef CI_OPS_RESIZE_H
#define CI_OPS_RESIZE_H

#include "ops/common.h"

typedef struct ci_scaled {
  const ci_params *p;
  int32_t in, out;
  int32_t taps;         /* most inputs that an output mixes */
  int64_t reach;        /* inputs on each side of a place that may weigh something; 0: nearest */
  double scale, length; /* length: in * scale, not cut to a whole number */
  double shrink;        /* antialiasing stretches the kernel by 1 / shrink */
  double from, to;      /* the part that is shown; 0, 1: all */
} ci_scaled;

ci_scaled ci_scaled_of(const ci_params *p, int which, int32_t in, int32_t out);
/* Where output o lies, in inputs. */
double ci_scaled_at(const ci_scaled *a, int32_t o);
/* false: output o lies beyond the map, where a crop takes p->value. */
bool ci_scaled_inside(const ci_scaled *a, int32_t o);
/* Inputs *lo to *hi - 1 weigh something in output o (one at least, which may weigh 0). */
void ci_scaled_span(const ci_scaled *a, int32_t o, int32_t *lo, int32_t *hi);
/* The same, with their weights: at most a->taps. Returns how many. */
int32_t ci_scaled_taps(const ci_scaled *a, int32_t o, int32_t *lo, float *weights);

#endif
