/* SPDX-License-Identifier: MIT */
/* nets.h - random-weight networks that make streaming hard, and running them on whole pictures or parts */
#ifndef TESTS_EXEC_NETS_H
#define TESTS_EXEC_NETS_H

#include "exec/exec.h"

typedef struct net {
  const char *name;
  ci_graph *(*make)(void); /* three channels in and out, any size that is a multiple of 8 */
} net;
extern const net nets[]; /* ended by a NULL name */

typedef struct picture {
  int32_t w, h;
  float *in, *out; /* rows of pixels of three floats */
  ci_rect part;    /* what out covers of the result */
  size_t bytes;    /* of out */
} picture;
picture picture_new(int32_t w, int32_t h);
void picture_free(picture *p);
/* Plans and runs; region NULL: all of the result. */
ci_plan_stats run(const ci_graph *g, picture *p, const ci_plan_options *o, const ci_rect *region);

#endif
