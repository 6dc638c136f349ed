/* SPDX-License-Identifier: MIT */
/* feed.c - for tests: arrays through a program, as a session would compute them */
#include "tests/formats/feed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "exec/exec.h"
#include "tasks/network.h"

typedef struct job {
  const ci_lowered *net;
  float **in; /* in the order of the dimensions */
  npy *out;
} job;

/* ---- pictures: height x width x channels outside, the network's order inside ------------------------- */

static bool is_picture(const ci_program *p, size_t i, const npy *a) {
  return a->rank == 3 && (p->inputs[i].rank == 4 || p->inputs[i].rank < 0);
}

bool feed_dims(const ci_program *p, size_t i, const npy *a, ci_dims *dims) {
  int32_t rank = p->inputs[i].rank;
  if (is_picture(p, i, a)) {
    bool last = ci_lower_picture_layout(p, i) == CI_LAYOUT_NHWC;
    *dims = (ci_dims){4, {1, a->dim[0], a->dim[1], a->dim[2]}};
    if (!last) dims->dim[1] = a->dim[2], dims->dim[2] = a->dim[0], dims->dim[3] = a->dim[1];
    return true;
  }
  int32_t batch = rank == a->rank + 1;
  *dims = (ci_dims){a->rank + batch, {1}};
  for (int32_t k = 0; k < a->rank && k + batch < CI_MAX_RANK; k++) dims->dim[k + batch] = a->dim[k];
  return (rank < 0 || rank == a->rank + batch) && dims->rank <= CI_MAX_RANK;
}

/* a: h x w x c. To channels first, or back. */
static void turn(const float *from, float *to, int64_t h, int64_t w, int64_t c, bool back) {
  for (int64_t y = 0; y < h * w; y++)
    for (int64_t k = 0; k < c; k++)
      if (back) to[y * c + k] = from[k * h * w + y];
      else to[k * h * w + y] = from[y * c + k];
}

static float *in_order(const ci_program *p, size_t i, const feed_input *f, const ci_dims *dims) {
  size_t n = 1;
  for (int32_t k = 0; k < dims->rank; k++) n *= (size_t)dims->dim[k];
  float *v = calloc(n + 1, sizeof *v);
  const npy *a = f->array;
  if (!v) return NULL;
  if (!a)
    for (size_t k = 0; k < n; k++) v[k] = f->value;
  else if (is_picture(p, i, a) && ci_lower_picture_layout(p, i) != CI_LAYOUT_NHWC)
    turn(a->v, v, a->dim[0], a->dim[1], a->dim[2], false);
  else memcpy(v, a->v, n * sizeof *v);
  return v;
}

/* ---- the run -------------------------------------------------------------------------------- */

/* Where element c of pixel (x, y) lies in an array of the network's order. */
static size_t place(ci_layout layout, ci_shape m, int32_t y, int32_t x, int32_t c) {
  size_t pixel = (size_t)y * (size_t)m.w + (size_t)x;
  if (layout == CI_LAYOUT_NCHW) return (size_t)c * (size_t)m.h * (size_t)m.w + pixel;
  return pixel * (size_t)m.c + (size_t)c;
}

static int fill(void *user, uint32_t i, const ci_view *v, ci_rect r, cnnimg_error *err) {
  const job *j = user;
  (void)err;
  for (int32_t y = r.y0; y < r.y1; y++)
    for (int32_t x = r.x0; x < r.x1; x++)
      for (int32_t c = 0; c < v->map.c; c++)
        ci_view_at(v, x, y)[c] = j->in[i][place(j->net->in[i], v->map, y, x, c)];
  return CNNIMG_OK;
}

static int take(void *user, const ci_view *v, ci_rect r, cnnimg_error *err) {
  const job *j = user;
  (void)err;
  for (int32_t y = r.y0; y < r.y1; y++)
    for (int32_t x = r.x0; x < r.x1; x++)
      for (int32_t c = 0; c < v->map.c; c++)
        j->out->v[place(j->net->out, v->map, y, x, c)] = ci_view_at(v, x, y)[c];
  return CNNIMG_OK;
}

static int run_plan(job *j, cnnimg_error *err) {
  uint32_t threads = ci_threads_available();
  const ci_plan_options o = {.threads = threads};
  const ci_feed feed = {j, fill, take, NULL};
  ci_graph *g = j->net->graph;
  ci_plan *plan = NULL;
  ci_pool *pool = NULL;
  int status = ci_plan_new(&plan, g, g->input_shapes, ci_kernels_best(), &o, err);
  if (!status) status = ci_pool_new(&pool, threads, err);
  if (!status) status = ci_plan_run(plan, pool, &feed, NULL, err);
  ci_pool_free(pool);
  ci_plan_free(plan);
  return status;
}

/* A picture leaves as height x width x channels, whichever way the network has it. */
static bool finish_picture(const ci_program *p, const ci_lowered *l, npy *out) {
  bool last = l->out == CI_LAYOUT_NHWC;
  if (l->out == CI_LAYOUT_VECTOR) last = ci_lower_picture_layout(p, 0) == CI_LAYOUT_NHWC;
  if (out->rank != 4 || out->dim[0] != 1) return true;
  int64_t *d = out->dim, h = d[last ? 1 : 2], w = d[last ? 2 : 3], c = d[last ? 3 : 1];
  float *v = last ? NULL : malloc((out->count + 1) * sizeof *v);
  if (!last && !v) return false;
  if (v) {
    turn(out->v, v, h, w, c, true);
    free(out->v);
    out->v = v;
  }
  out->rank = 3, d[0] = h, d[1] = w, d[2] = c;
  return true;
}

static int run_network(const ci_program *p, job *j, npy *out, cnnimg_error *err) {
  *out = (npy){.rank = j->net->out_dims.rank, .count = 1};
  for (int32_t k = 0; k < out->rank; k++)
    out->dim[k] = j->net->out_dims.dim[k], out->count *= (size_t)out->dim[k];
  out->v = calloc(out->count + 1, sizeof *out->v);
  int status = out->v ? run_plan(j, err) : CNNIMG_NOMEM;
  if (!status && !finish_picture(p, j->net, out)) status = CNNIMG_NOMEM;
  return status;
}

int feed_run(const ci_program *p, size_t output, const feed_input *in, npy *out, cnnimg_error *err) {
  ci_dims *dims = calloc(p->n_inputs + 1, sizeof *dims);
  ci_lowered *net = NULL;
  job j = {.in = calloc(p->n_inputs + 1, sizeof(float *)), .out = out};
  int status = dims && j.in ? CNNIMG_OK : CNNIMG_NOMEM;
  *out = (npy){.rank = 0};
  for (size_t i = 0; !status && i < p->n_inputs; i++) {
    dims[i] = in[i].dims;
    if (in[i].array && !feed_dims(p, i, in[i].array, &dims[i]))
      status = ci_fail(err, CNNIMG_BADARG, "input %zu has rank %d, the array %d", i, p->inputs[i].rank,
                       in[i].array->rank);
    else if (!(j.in[i] = in_order(p, i, &in[i], &dims[i]))) status = CNNIMG_NOMEM;
  }
  if (!status) status = ci_network_new(p, output, dims, &net, err);
  j.net = net;
  if (!status) status = run_network(p, &j, out, err);
  for (size_t i = 0; j.in && i < p->n_inputs; i++) free(j.in[i]);
  free(j.in);
  free(dims);
  ci_lowered_free(net);
  if (status) free(out->v), out->v = NULL;
  return status;
}

double feed_difference(const npy *a, const npy *b) {
  double most = 0;
  if (a->count != b->count) return INFINITY;
  for (size_t i = 0; i < a->count; i++) {
    double d = fabs((double)a->v[i] - b->v[i]);
    if (!(d <= most)) most = d == d ? d : INFINITY;
  }
  return most;
}
