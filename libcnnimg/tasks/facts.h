/* SPDX-License-Identifier: MIT */
/* facts.h - what is found out about a network by looking at it at some sizes */
#ifndef CI_FACTS_H
#define CI_FACTS_H

#include "tasks/family.h"

/* What cannot be found out stays not known; nomem says that memory was the reason. For any thread: what was found is
 * kept in the member, whose cache has a lock. */
void ci_facts_find(ci_facts *f, ci_member *m);
/* Types and dimensions of the program's outputs (n_outputs items; value is not set): 0 where they depend on the picture's
 * size, rank -1 where they cannot be found. */
void ci_facts_outputs(ci_member *m, ci_pinput *outputs);

#endif
