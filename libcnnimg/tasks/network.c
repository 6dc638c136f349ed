/* SPDX-License-Identifier: MIT */
/* network.c - a program made ready for one size: lowered, checked, simplified */
#include "tasks/network.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "exec/exec.h"

ci_shape ci_network_shape(const ci_lowered *l, size_t i) { return l->graph->input_shapes[i]; }

/* Callers make room for what was said; rules of lowering that did not agree with the operator's own would overrun it. */
static int check_output(const ci_lowered *l, ci_shape s, cnnimg_error *err) {
  int64_t said = 1, made = (int64_t)s.h * s.w;
  for (int32_t i = 0; i < l->out_dims.rank; i++) said *= l->out_dims.dim[i]; /* at most CI_TENSOR_MOST */
  if (!said || (said % made == 0 && said / made == s.c)) return CNNIMG_OK;
  return ci_fail(err, CNNIMG_CORRUPT, "the result is %d x %d x %d where %lld numbers were said", s.c, s.h, s.w, (long long)said);
}

static int simplify(ci_lowered *l, cnnimg_error *err) {
  ci_graph *g = l->graph;
  ci_shape *shapes = ci_calloc(g->n_values + 1, sizeof *shapes);
  int status = shapes ? CNNIMG_OK : ci_fail(err, CNNIMG_NOMEM, "no memory for shapes");
  if (!status) status = ci_infer_shapes(g, g->input_shapes, shapes, err);
  if (!status) status = check_output(l, shapes[g->output], err);
  if (!status) status = ci_graph_simplify(g, shapes, err);
  free(shapes);
  return status;
}

int ci_network_new(const ci_program *p, size_t output, const ci_dims *inputs, ci_lowered **out,
                   cnnimg_error *err) {
  ci_lowered *l;
  *out = NULL;
  int status = ci_lower(p, output, inputs, &l, err);
  if (!status) status = simplify(l, err);
  if (status) ci_lowered_free(l);
  else *out = l;
  return status;
}

ci_shape ci_network_picture(const ci_dims *d, ci_layout layout) {
  bool last = layout == CI_LAYOUT_NHWC;
  const int64_t *n = d->dim;
  if (d->rank != 4 || n[0] != 1 || n[1] > INT32_MAX || n[2] > INT32_MAX || n[3] > INT32_MAX)
    return (ci_shape){0, 0, 0};
  return last ? (ci_shape){(int32_t)n[3], (int32_t)n[1], (int32_t)n[2]}
              : (ci_shape){(int32_t)n[1], (int32_t)n[2], (int32_t)n[3]};
}

int ci_network_check(const ci_program *p, size_t output, const ci_dims *inputs, ci_shape *out,
                     cnnimg_error *err) {
  ci_lowered *l;
  *out = (ci_shape){0, 0, 0};
  int status = ci_lower(p, output, inputs, &l, err);
  if (status) return status;
  ci_shape *shapes = ci_calloc(l->graph->n_values + 1, sizeof *shapes);
  status = shapes ? ci_infer_shapes(l->graph, l->graph->input_shapes, shapes, err)
                  : ci_fail(err, CNNIMG_NOMEM, "no memory for shapes");
  if (!status) *out = ci_network_picture(&l->out_dims, l->out);
  free(shapes);
  ci_lowered_free(l);
  return status;
}

/* Of an input that leaves them open. */
static int32_t channels_of(const ci_program *p, size_t i, int32_t picture) {
  ci_role role = ci_role_of(p, i);
  return role == CI_ROLE_SIGMA || role == CI_ROLE_MASK || role == CI_ROLE_KERNEL || role == CI_ROLE_QUALITY ? 1 : picture;
}

/* Colorizers (tasks/colorize.h) have a number of their hints for so many pixels a side. */
static int32_t step_of(const ci_program *p, size_t i) {
  const char *colour = ci_program_get_card(p, "colour"), *task = ci_program_get_card(p, "task");
  const bool small = (colour && !strcmp(colour, "lab")) || (task && !strcmp(task, "lineart"));
  return small && !strcmp(p->values[p->inputs[i].value].name, "hints") ? 4 : 1;
}

static int probe(const ci_program *p, int32_t channels, cnnimg_error *err) {
  ci_dims *dims = ci_calloc(p->n_inputs + 1, sizeof *dims);
  ci_lowered *l = NULL;
  int status = dims ? CNNIMG_OK : ci_fail(err, CNNIMG_NOMEM, "no memory for shapes");
  for (size_t i = 0; i < p->n_inputs && !status; i++)
    status = ci_lower_picture_dims(p, i, channels_of(p, i, channels), 192 / step_of(p, i), 256 / step_of(p, i), &dims[i], err);
  if (!status) status = ci_network_new(p, 0, dims, &l, err);
  ci_lowered_free(l);
  free(dims);
  return status;
}

/* A tensor whose sizes are left open can be anything: a size that we choose would prove nothing. */
static bool is_anything(const ci_program *p) {
  for (size_t i = 0; i < p->n_inputs; i++)
    for (int32_t k = 0; p->inputs[i].rank != 4 && k < p->inputs[i].rank; k++)
      if (!p->inputs[i].dim[k]) return true;
  return false;
}

int ci_network_probe(const ci_program *p, cnnimg_error *err) {
  cnnimg_error own = {0};
  int status = is_anything(p) ? CNNIMG_OK : probe(p, 3, &own);
  int second = status && status != CNNIMG_NOMEM ? probe(p, 1, NULL) : status;
  if (second == CNNIMG_NOMEM) return ci_fail(err, second, "no memory to look at the network");
  return !second || status == CNNIMG_BADARG ? CNNIMG_OK : ci_fail(err, status, "%s", own.text);
}
