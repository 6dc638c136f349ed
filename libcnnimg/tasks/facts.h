/* SPDX-License-Identifier: MIT */
/* facts.h - what is found out about a network by looking at it at some sizes */
#ifndef CI_FACTS_H
#define CI_FACTS_H

#include "tasks/family.h"

typedef struct ci_facts {
  int32_t scale;    /* 0: not known */
  int32_t multiple; /* of pixels that its grid has; 0: not known */
  double macs;      /* multiply-adds a pixel of the network's picture; below 0: not known */
  int32_t field;    /* rows or columns of the picture that a pixel of the result depends on; 0: not known */
  int32_t reach;    /* how far from its own place it looks, where the field is known */
  bool whole;       /* it depends on the whole picture */
  bool more;        /* it depends on more than `field` */
  bool nomem;
} ci_facts;

/* What cannot be found out stays not known; nomem says that memory was the reason. For any thread: the member's cache has a lock. */
void ci_facts_find(ci_facts *f, ci_member *m);
/* Types and dimensions of the program's outputs (n_outputs items; value is not set): 0 where they depend on the picture's
 * size, rank -1 where they cannot be found. */
void ci_facts_outputs(ci_member *m, ci_pinput *outputs);

#endif
