/* SPDX-License-Identifier: MIT */
/* network.c - a program made ready for one size: lowered, checked, simplified */
#include "tasks/network.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "exec/exec.h"

ci_shape ci_network_shape(const ci_lowered *l, size_t i) { return l->graph->input_shapes[i]; }

static int simplify(ci_graph *g, cnnimg_error *err) {
  ci_shape *shapes = ci_calloc(g->n_values + 1, sizeof *shapes);
  int status = shapes ? CNNIMG_OK : ci_fail(err, CNNIMG_NOMEM, "no memory for shapes");
  if (!status) status = ci_infer_shapes(g, g->input_shapes, shapes, err);
  if (!status) status = ci_graph_simplify(g, shapes, err);
  free(shapes);
  return status;
}

int ci_network_new(const ci_program *p, size_t output, const ci_dims *inputs, ci_lowered **out, cnnimg_error *err) {
  ci_lowered *l;
  *out = NULL;
  int status = ci_lower(p, output, inputs, &l, err);
  if (!status) status = simplify(l->graph, err);
  if (status) ci_lowered_free(l);
  else *out = l;
  return status;
}

static int probe(const ci_program *p, int32_t channels, cnnimg_error *err) {
  ci_dims *dims = ci_calloc(p->n_inputs + 1, sizeof *dims);
  ci_lowered *l = NULL;
  int status = dims ? CNNIMG_OK : ci_fail(err, CNNIMG_NOMEM, "no memory for shapes");
  for (size_t i = 0; i < p->n_inputs && !status; i++)
    status = ci_lower_picture_dims(p, i, ci_role_of(p, i) == CI_ROLE_SIGMA ? 1 : channels, 192, 256, &dims[i], err);
  if (!status) status = ci_network_new(p, 0, dims, &l, err);
  ci_lowered_free(l);
  free(dims);
  return status;
}

int ci_network_probe(const ci_program *p, cnnimg_error *err) {
  cnnimg_error own = {0};
  int status = probe(p, 3, &own);
  if (status && status != CNNIMG_NOMEM && !probe(p, 1, NULL)) status = CNNIMG_OK;
  return status == CNNIMG_OK || status == CNNIMG_BADARG ? CNNIMG_OK : ci_fail(err, status, "%s", own.text);
}
