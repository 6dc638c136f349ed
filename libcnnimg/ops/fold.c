/* SPDX-License-Identifier: MIT */
/* fold.c - ops that fold a map, run on one that is there whole */
#include "ops/common.h"

size_t ci_fold_scratch(const ci_node *n, const ci_shape *in, ci_shape out, int32_t width) {
  (void)width;
  return ci_ops[n->op]->fold->bytes(n, in, out);
}

void ci_fold_run(const ci_call *c) {
  const ci_fold *f = ci_ops[c->node->op]->fold;
  f->begin(c, c->scratch);
  f->rows(c, c->scratch, 0, c->in[0].map.h);
  f->end(c, c->scratch);
}
