/* SPDX-License-Identifier: MIT */
/* shapes.c - the shape of every value, by asking the ops in topological order */
#include <stdlib.h>

#include "base/error.h"
#include "exec/exec.h"
#include "ops/op.h"

static int infer_node(const ci_graph *g, const ci_node *n, ci_shape *shapes, cnnimg_error *err) {
  ci_shape *in = ci_calloc((size_t)n->n_in + 1, sizeof *in);
  if (!in) return ci_fail(err, CNNIMG_NOMEM, "no memory for the shapes of %s", n->name);
  for (int32_t k = 0; k < n->n_in; k++)
    if (ci_is_map(g, n->in[k])) in[k] = shapes[n->in[k]];
  int status = ci_ops[n->op]->shape(g, n, in, &shapes[n->out], err);
  ci_shape s = status ? (ci_shape){0, 0, 0} : shapes[n->out];
  if (!status && n->residual >= 0) {
    ci_shape r = in[n->residual];
    if (r.c != s.c || r.h != s.h || r.w != s.w)
      status = ci_fail(err, CNNIMG_CORRUPT, "%s: adds a map of %dx%dx%d to one of %dx%dx%d", n->name, r.c,
                       r.h, r.w, s.c, s.h, s.w);
  }
  free(in);
  return status;
}

int ci_infer_shapes(const ci_graph *g, const ci_shape *inputs, ci_shape *shapes, cnnimg_error *err) {
  for (size_t i = 0; i < g->n_inputs; i++) {
    ci_shape want = g->input_shapes[i], have = inputs[i];
    const char *name = g->values[g->inputs[i]].name;
    if (have.c < 1 || have.h < 1 || have.w < 1)
      return ci_fail(err, CNNIMG_BADARG, "input %s: a map of %dx%dx%d is empty", name, have.c, have.h,
                     have.w);
    if ((want.c && want.c != have.c) || (want.h && want.h != have.h) || (want.w && want.w != have.w))
      return ci_fail(err, CNNIMG_BADARG, "input %s: the network wants %dx%dx%d (0: any), not %dx%dx%d", name,
                     want.c, want.h, want.w, have.c, have.h, have.w);
    shapes[g->inputs[i]] = have;
  }
  for (size_t i = 0; i < g->n_nodes; i++) {
    int status = infer_node(g, &g->nodes[i], shapes, err);
    if (status) return status;
  }
  return CNNIMG_OK;
}
