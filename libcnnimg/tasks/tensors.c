/* SPDX-License-Identifier: MIT */
/* tensors.c - plans and runs a network over plain arrays, any rank, several inputs and outputs */
#include "tasks/tensors.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "exec/exec.h"

/* One output that is wanted. */
typedef struct want {
  size_t output;
  ci_lowered *net;
  ci_plan *plan;
} want;

struct ci_tensors {
  const ci_program *p;
  struct ci_packs *packs;
  ci_engine engine;
  ci_dims *dims; /* one an input of the program */
  size_t *from;  /* input i is the caller's tensor from[i] */
  want *wants;
  size_t n_wants;
  ci_pool *pool;
  const cnnimg_cancel *cancel;
  /* during a run */
  const cnnimg_tensor *in;
  cnnimg_tensor *out;
  const want *now;
};

/* ---- names and shapes ----------------------------------------------------------------- */

static const char *input_name(const ci_program *p, size_t i) { return p->values[p->inputs[i].value].name; }

static int find_input(const ci_program *p, const cnnimg_tensor *t, size_t position, size_t *out,
                      cnnimg_error *err) {
  *out = position;
  if (!t->name) return CNNIMG_OK;
  for (*out = 0; *out < p->n_inputs; ++*out)
    if (!strcmp(input_name(p, *out), t->name)) return CNNIMG_OK;
  return ci_fail(err, CNNIMG_BADARG, "the network has no input %s", t->name);
}

static int find_output(const ci_program *p, const cnnimg_tensor *t, size_t position, size_t *out,
                       cnnimg_error *err) {
  *out = position;
  if (!t->name)
    return position < p->n_outputs ? CNNIMG_OK
                                   : ci_fail(err, CNNIMG_BADARG, "the network has %zu outputs", p->n_outputs);
  for (*out = 0; *out < p->n_outputs; ++*out)
    if (!strcmp(p->values[p->outputs[*out]].name, t->name)) return CNNIMG_OK;
  return ci_fail(err, CNNIMG_BADARG, "the network has no output %s", t->name);
}

static int check_dims(const ci_program *p, size_t i, const cnnimg_tensor *t, ci_dims *out,
                      cnnimg_error *err) {
  const ci_pinput *in = &p->inputs[i];
  size_t count = sizeof(float);
  if (t->rank > CI_MAX_RANK || (in->rank >= 0 && t->rank != (uint32_t)in->rank))
    return ci_fail(err, CNNIMG_BADARG, "input %s has %d dimensions, not %u", input_name(p, i), in->rank,
                   t->rank);
  *out = (ci_dims){.rank = (int32_t)t->rank};
  for (uint32_t k = 0; k < t->rank; k++) {
    if (in->rank >= 0 && in->dim[k] && (uint64_t)in->dim[k] != t->dim[k])
      return ci_fail(err, CNNIMG_BADARG, "input %s: the network wants %lld in dimension %u, not %llu",
                     input_name(p, i), (long long)in->dim[k], k, (unsigned long long)t->dim[k]);
    if (t->dim[k] > INT32_MAX || !ci_mul(count, (size_t)t->dim[k], &count))
      return ci_fail(err, CNNIMG_BADARG, "input %s: a size of %llu", input_name(p, i),
                     (unsigned long long)t->dim[k]);
    out->dim[k] = (int64_t)t->dim[k];
  }
  return CNNIMG_OK;
}

static int match_inputs(ci_tensors *t, size_t n, const cnnimg_tensor *in, cnnimg_error *err) {
  const ci_program *p = t->p;
  if (n != p->n_inputs)
    return ci_fail(err, CNNIMG_BADARG, "the network has %zu inputs, not %zu", p->n_inputs, n);
  for (size_t i = 0; i < n; i++) t->from[i] = SIZE_MAX;
  for (size_t k = 0; k < n; k++) {
    size_t i;
    int status = find_input(p, &in[k], k, &i, err);
    if (!status && t->from[i] != SIZE_MAX)
      status = ci_fail(err, CNNIMG_BADARG, "the network's input %s is given twice", input_name(p, i));
    if (!status) status = check_dims(p, i, &in[k], &t->dims[i], err);
    if (status) return status;
    t->from[i] = k;
  }
  return CNNIMG_OK;
}

static void tell_dims(const ci_dims *d, cnnimg_tensor *t) {
  t->rank = (uint32_t)d->rank;
  for (int32_t k = 0; k < 8; k++) t->dim[k] = k < d->rank ? (uint64_t)d->dim[k] : 0;
}

static int make_want(ci_tensors *t, size_t k, cnnimg_tensor *result, cnnimg_error *err) {
  want *w = &t->wants[k];
  int status = find_output(t->p, result, k, &w->output, err);
  if (!status) status = ci_network_new(t->p, w->output, t->dims, &w->net, err);
  if (!status) tell_dims(&w->net->out_dims, result);
  return status;
}

/* ---- life ---------------------------------------------------------------------------------- */

int ci_tensors_new(ci_tensors **out, const ci_program *p, struct ci_packs *packs, const ci_engine *e, size_t n_in,
                   const cnnimg_tensor *in, size_t n_out, cnnimg_tensor *results, cnnimg_error *err) {
  *out = NULL;
  ci_tensors *t = ci_calloc(1, sizeof *t);
  if (!t) return ci_fail(err, CNNIMG_NOMEM, "no memory for a session");
  t->p = p;
  t->packs = packs;
  t->engine = *e;
  t->dims = ci_calloc(p->n_inputs + 1, sizeof *t->dims);
  t->from = ci_calloc(p->n_inputs + 1, sizeof *t->from);
  t->wants = ci_calloc(n_out + 1, sizeof *t->wants);
  int status =
      t->dims && t->from && t->wants ? CNNIMG_OK : ci_fail(err, CNNIMG_NOMEM, "no memory for a session");
  if (!status && n_out < 1) status = ci_fail(err, CNNIMG_BADARG, "no output is asked for");
  if (!status) status = match_inputs(t, n_in, in, err);
  for (; !status && t->n_wants < n_out; t->n_wants++)
    status = make_want(t, t->n_wants, &results[t->n_wants], err);
  if (status) ci_tensors_free(t);
  else *out = t;
  return status;
}

void ci_tensors_free(ci_tensors *t) {
  if (!t) return;
  for (size_t k = 0; k < t->n_wants; k++) {
    ci_plan_free(t->wants[k].plan);
    ci_lowered_free(t->wants[k].net);
  }
  ci_pool_free(t->pool);
  free(t->wants);
  free(t->from);
  free(t->dims);
  free(t);
}

/* ---- runs ---------------------------------------------------------------------------------- */

/* Planar arrays to interleaved maps; the other layouts are the map's own order. */
static int fill(void *user, uint32_t i, const ci_view *v, ci_rect r, cnnimg_error *err) {
  const ci_tensors *t = user;
  const float *data = t->in[t->from[i]].data;
  bool planar = t->now->net->in[i] == CI_LAYOUT_NCHW;
  size_t plane = (size_t)v->map.w * (size_t)v->map.h, c_step = planar ? plane : 1,
         x_step = planar ? 1 : (size_t)v->map.c;
  (void)err;
  for (int32_t y = r.y0; y < r.y1; y++)
    for (int32_t x = r.x0; x < r.x1; x++) {
      const float *from = data + ((size_t)y * (size_t)v->map.w + (size_t)x) * x_step;
      float *to = ci_view_at(v, x, y);
      for (int32_t c = 0; c < v->map.c; c++) to[c] = from[(size_t)c * c_step];
    }
  return CNNIMG_OK;
}

static int take(void *user, const ci_view *v, ci_rect r, cnnimg_error *err) {
  const ci_tensors *t = user;
  float *data = t->out->data;
  bool planar = t->now->net->out == CI_LAYOUT_NCHW;
  size_t plane = (size_t)v->map.w * (size_t)v->map.h, c_step = planar ? plane : 1,
         x_step = planar ? 1 : (size_t)v->map.c;
  (void)err;
  for (int32_t y = r.y0; y < r.y1; y++)
    for (int32_t x = r.x0; x < r.x1; x++) {
      float *to = data + ((size_t)y * (size_t)v->map.w + (size_t)x) * x_step;
      const float *from = ci_view_at(v, x, y);
      for (int32_t c = 0; c < v->map.c; c++) to[(size_t)c * c_step] = from[c];
    }
  return CNNIMG_OK;
}

static int make_plan(ci_tensors *t, want *w, cnnimg_error *err) {
  const ci_engine *e = &t->engine;
  const ci_plan_options o = {.threads = e->threads, .memory = e->memory, .allocator = e->allocator, .packs = t->packs};
  int status = t->pool ? CNNIMG_OK : ci_engine_pool(e, &t->pool, err);
  if (status || w->plan) return status;
  status = ci_plan_new(&w->plan, w->net->graph, w->net->graph->input_shapes, e->kernels, &o, err);
  return status ? status : ci_lowered_settle(w->net, err);
}

int ci_tensors_plan(ci_tensors *t, size_t k, const cnnimg_cancel *cancel, const struct ci_plan_stats **stats,
                    cnnimg_error *err) {
  want *w = &t->wants[k];
  t->cancel = cancel;
  int status = make_plan(t, w, err);
  *stats = status ? NULL : ci_plan_get_stats(w->plan);
  return status;
}

ci_pool *ci_tensors_pool(const ci_tensors *t) { return t->pool; }

static size_t element_count(const ci_dims *d) {
  size_t n = 1;
  for (int32_t k = 0; k < d->rank; k++)
    if (!ci_mul(n, (size_t)d->dim[k], &n)) return SIZE_MAX;
  return n;
}

static int check_room(const want *w, const cnnimg_tensor *out, const char *name, cnnimg_error *err) {
  size_t n = element_count(&w->net->out_dims);
  if (n <= out->capacity) return CNNIMG_OK;
  return ci_fail(err, CNNIMG_BADARG, "output %s has %zu numbers, there is room for %zu", name, n,
                 out->capacity);
}

static bool same_dims(const ci_dims *d, const cnnimg_tensor *t) {
  if ((uint32_t)d->rank != t->rank) return false;
  for (int32_t k = 0; k < d->rank; k++)
    if ((uint64_t)d->dim[k] != t->dim[k]) return false;
  return true;
}

static int check_inputs(const ci_tensors *t, const cnnimg_tensor *in, cnnimg_error *err) {
  for (size_t i = 0; i < t->p->n_inputs; i++) {
    const cnnimg_tensor *have = &in[t->from[i]];
    if (!same_dims(&t->dims[i], have))
      return ci_fail(err, CNNIMG_BADARG, "input %s is not of the shape that the session was made for",
                     input_name(t->p, i));
    if (!have->data) return ci_fail(err, CNNIMG_BADARG, "input %s has no data", input_name(t->p, i));
  }
  return CNNIMG_OK;
}

static int run_one(ci_tensors *t, size_t k, cnnimg_tensor *result, cnnimg_error *err) {
  const ci_feed feed = {.user = t, .fill = fill, .take = take, .cancel = t->cancel};
  want *w = &t->wants[k];
  tell_dims(&w->net->out_dims, result);
  if (!result->data || !element_count(&w->net->out_dims)) return CNNIMG_OK;
  int status = check_room(w, result, t->p->values[t->p->outputs[w->output]].name, err);
  if (!status) status = make_plan(t, w, err);
  t->out = result;
  t->now = w;
  return status ? status : ci_plan_run(w->plan, t->pool, &feed, NULL, err);
}

int ci_tensors_run(ci_tensors *t, const cnnimg_tensor *in, cnnimg_tensor *results, cnnimg_error *err) {
  bool any = false;
  for (size_t k = 0; k < t->n_wants; k++) any = any || results[k].data;
  int status = any ? check_inputs(t, in, err) : CNNIMG_OK;
  t->in = in;
  for (size_t k = 0; k < t->n_wants && !status; k++) status = run_one(t, k, &results[k], err);
  return status;
}
