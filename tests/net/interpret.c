/* SPDX-License-Identifier: MIT */
/* interpret.c - for tests: runs a finished graph node by node on whole maps */
#include "interpret.h"

#include <stdlib.h>

#include "base/error.h"
#include "ops/op.h"

void ci_test_noise(float *to, size_t n, uint64_t seed) {
  for (size_t i = 0; i < n; i++) {
    uint64_t h = (i + 1 + 1000 * seed) * 2654435761u & 0xffffffffu;
    to[i] = (float)((double)(h >> 16) / 32768 - 1);
  }
}

static void node_shapes(const ci_graph *g, const ci_node *n, const ci_shape *shapes, ci_shape *in) {
  for (int32_t k = 0; k < n->n_in; k++)
    in[k] = ci_is_map(g, n->in[k]) ? shapes[n->in[k]] : (ci_shape){0, 0, 0};
}

int ci_interpret_shapes(const ci_graph *g, const ci_shape *inputs, ci_shape *shapes, cnnimg_error *err) {
  int status = CNNIMG_OK;
  for (size_t i = 0; i < g->n_inputs; i++) shapes[g->inputs[i]] = inputs[i];
  for (size_t i = 0; i < g->n_nodes && !status; i++) {
    const ci_node *n = &g->nodes[i];
    ci_shape *in = ci_calloc((size_t)n->n_in + 1, sizeof *in);
    node_shapes(g, n, shapes, in);
    status = ci_ops[n->op]->shape(g, n, in, &shapes[n->out], err);
    free(in);
  }
  return status;
}

static int make_view(ci_shape s, ci_view *v, cnnimg_error *err) {
  if ((uint64_t)s.c * (uint64_t)s.h * (uint64_t)s.w > 1 << 24)
    return ci_fail(err, CNNIMG_LIMIT, "too large for a test");
  *v = (ci_view){
      NULL, s, ci_rect_whole(s), ci_channel_stride(s.c), s.h, (size_t)ci_channel_stride(s.c) * (size_t)s.w};
  v->data = ci_aligned_zero((size_t)s.h * v->row_stride * sizeof(float));
  return v->data ? CNNIMG_OK : ci_fail(err, CNNIMG_NOMEM, "no memory");
}

static void load_view(const ci_view *v, const float *from) {
  for (int32_t c = 0; c < v->map.c; c++)
    for (int32_t y = 0; y < v->map.h; y++)
      for (int32_t x = 0; x < v->map.w; x++) ci_view_at(v, x, y)[c] = *from++;
}

static float *dump_view(const ci_view *v) {
  float *out = ci_calloc((size_t)v->map.c * (size_t)v->map.h * (size_t)v->map.w, sizeof *out), *to = out;
  for (int32_t c = 0; out && c < v->map.c; c++)
    for (int32_t y = 0; y < v->map.h; y++)
      for (int32_t x = 0; x < v->map.w; x++) *to++ = ci_view_at(v, x, y)[c];
  return out;
}

static int run_node(const ci_graph *g, const ci_node *n, const ci_kernels *k, const ci_shape *shapes,
                    ci_view *views, cnnimg_error *err) {
  const ci_op *op = ci_ops[n->op];
  ci_shape *in = ci_calloc((size_t)n->n_in + 1, sizeof *in), out = shapes[n->out];
  ci_view *in_views = ci_calloc((size_t)n->n_in + 1, sizeof *in_views);
  void *packed = NULL, *scratch = NULL;
  size_t bytes = 0;
  node_shapes(g, n, shapes, in);
  for (int32_t i = 0; i < n->n_in; i++)
    if (ci_is_map(g, n->in[i])) in_views[i] = views[n->in[i]];
  int status = op->pack ? op->pack(g, n, in, out, k, NULL, &packed, &bytes, err) : CNNIMG_OK;
  if (!status) status = make_view(out, &views[n->out], err);
  if (!status) {
    scratch = ci_aligned_zero((op->scratch ? op->scratch(n, in, out, out.w) : 0) + CI_ALIGN);
    ci_call c = {.node = n,
                 .packed = packed,
                 .k = k,
                 .in = in_views,
                 .out = &views[n->out],
                 .rect = ci_rect_whole(out),
                 .scratch = scratch};
    op->run(&c);
  }
  ci_aligned_free(scratch);
  ci_big_free(NULL, packed);
  free(in);
  free(in_views);
  return status;
}

static int run_all(const ci_graph *g, const ci_kernels *k, const ci_shape *in_shapes, const float *const *in,
                   ci_shape *shapes, ci_view *views, cnnimg_error *err) {
  int status = ci_interpret_shapes(g, in_shapes, shapes, err);
  for (size_t i = 0; i < g->n_inputs && !status; i++) {
    status = make_view(in_shapes[i], &views[g->inputs[i]], err);
    if (!status) load_view(&views[g->inputs[i]], in[i]);
  }
  for (size_t i = 0; i < g->n_nodes && !status; i++)
    status = run_node(g, &g->nodes[i], k, shapes, views, err);
  return status;
}

int ci_interpret(const ci_graph *g, const ci_kernels *k, const ci_shape *in_shapes, const float *const *in,
                 float **out, ci_shape *out_shape, cnnimg_error *err) {
  ci_shape *shapes = ci_calloc(g->n_values, sizeof *shapes);
  ci_view *views = ci_calloc(g->n_values, sizeof *views);
  int status = run_all(g, k, in_shapes, in, shapes, views, err);
  *out = NULL;
  if (!status) {
    *out_shape = shapes[g->output];
    *out = dump_view(&views[g->output]);
  }
  for (size_t v = 0; v < g->n_values; v++) ci_aligned_free(views[v].data);
  free(views);
  free(shapes);
  return status;
}
