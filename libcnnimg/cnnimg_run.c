/* SPDX-License-Identifier: MIT */
/* cnnimg_run.c - sessions and runs: the second half of the public door */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/threads.h"
#include "cnnimg_private.h"
#include "exec/exec.h"
#include "tasks/job.h"
#include "tasks/noise.h"

struct cnnimg_session {
  cnnimg_model *model;
  ci_job *job;
  cnnimg_format format;
};

void cnnimg_params_init(cnnimg_params *p, int task) {
  *p = (cnnimg_params){.struct_size = sizeof *p, .task = task, .strength = 1.0f, .sigma = -1.0f};
}

static int read_params(cnnimg_params *to, const cnnimg_params *from, cnnimg_error *err) {
  cnnimg_params_init(to, CNNIMG_TASK_NONE);
  if (!from) return CNNIMG_OK;
  if (from->struct_size == 0) return ci_fail(err, CNNIMG_BADARG, "cnnimg_params_init() was not called");
  memcpy(to, from, from->struct_size < sizeof *to ? from->struct_size : sizeof *to);
  to->struct_size = sizeof *to;
  if (!(to->strength >= 0 && to->strength <= 1))
    return ci_fail(err, CNNIMG_BADARG, "strength %g is not in 0..1", (double)to->strength);
  if (!(to->sigma <= 255)) return ci_fail(err, CNNIMG_BADARG, "sigma %g is over 255", (double)to->sigma);
  if (to->tile > INT32_MAX / 2) return ci_fail(err, CNNIMG_BADARG, "tiles of %u pixels", to->tile);
  return CNNIMG_OK;
}

int cnnimg_session_new(cnnimg_context *context, cnnimg_model *model, const cnnimg_params *params,
                       const cnnimg_format *format, cnnimg_session **out, cnnimg_error *err) {
  ci_job_options o = {.program = model->program,
                      .kernels = context->kernels,
                      .format = *format,
                      .threads = context->threads,
                      .memory = context->memory,
                      .allocator = context->allocator};
  *out = NULL;
  int status = read_params(&o.params, params, err);
  if (status) return status;
  const ci_limits limits = ci_context_limits(context);
  status = ci_limits_check(&limits, "the picture", format->width, format->height, err);
  cnnimg_session *s = status ? NULL : ci_calloc(1, sizeof *s);
  if (!status && !s) status = ci_fail(err, CNNIMG_NOMEM, "no memory for a session");
  if (!status) status = ci_job_new(&s->job, &o, err);
  if (status) {
    free(s);
    return status;
  }
  s->model = cnnimg_model_ref(model);
  s->format = *format;
  *out = s;
  return CNNIMG_OK;
}

void cnnimg_session_free(cnnimg_session *s) {
  if (!s) return;
  ci_job_free(s->job);
  cnnimg_model_unref(s->model);
  free(s);
}

void cnnimg_session_cost(const cnnimg_session *s, cnnimg_cost *cost) { ci_job_cost(s->job, cost); }
const char *cnnimg_session_plan(const cnnimg_session *s) { return ci_job_plan_text(s->job); }
float cnnimg_session_sigma(const cnnimg_session *s) { return ci_job_sigma(s->job); }

int cnnimg_run_rows(cnnimg_session *s, cnnimg_read_row read, void *read_user, cnnimg_write_row write,
                    void *write_user, cnnimg_error *err) {
  return ci_job_run(s->job, read, read_user, write, write_user, err);
}

/* ---- the caller's pixels ------------------------------------------------------------ */

static size_t channels(const cnnimg_format *f) { return (size_t)f->colours + f->alpha; }

static void pack_row(const cnnimg_view *v, uint32_t y, uint8_t *row) {
  const uint8_t *p = (const uint8_t *)v->data + (ptrdiff_t)y * v->row_stride;
  size_t size = v->format.sample, n = channels(&v->format);
  for (uint32_t x = 0; x < v->format.width; x++, p += v->pixel_stride)
    for (size_t c = 0; c < n; c++, row += size) memcpy(row, p + (ptrdiff_t)c * v->channel_stride, size);
}

static void unpack_row(const cnnimg_view *v, uint32_t y, const uint8_t *row) {
  uint8_t *p = (uint8_t *)v->data + (ptrdiff_t)y * v->row_stride;
  size_t size = v->format.sample, n = channels(&v->format);
  for (uint32_t x = 0; x < v->format.width; x++, p += v->pixel_stride)
    for (size_t c = 0; c < n; c++, row += size) memcpy(p + (ptrdiff_t)c * v->channel_stride, row, size);
}

static int read_view(void *user, uint32_t y, void *row, cnnimg_error *err) {
  (void)err;
  pack_row(user, y, row);
  return CNNIMG_OK;
}

static int write_view(void *user, uint32_t y, const void *row, cnnimg_error *err) {
  (void)err;
  unpack_row(user, y, row);
  return CNNIMG_OK;
}

static bool same_format(const cnnimg_format *a, const cnnimg_format *b) {
  return a->width == b->width && a->height == b->height && a->colours == b->colours && a->alpha == b->alpha &&
         a->sample == b->sample;
}

int cnnimg_run(cnnimg_session *s, const cnnimg_view *src, const cnnimg_view *dst, cnnimg_error *err) {
  cnnimg_format result = ci_job_result(s->job);
  if (!same_format(&src->format, &s->format))
    return ci_fail(err, CNNIMG_BADARG, "the source is not of the format that the session was made for");
  if (!same_format(&dst->format, &result))
    return ci_fail(err, CNNIMG_BADARG, "the destination must be %ux%u pixels in the source's format",
                   result.width, result.height);
  return ci_job_run(s->job, read_view, (void *)(uintptr_t)src, write_view, (void *)(uintptr_t)dst, err);
}

/* ---- noise ---------------------------------------------------------------------------- */

typedef struct view_rows {
  const cnnimg_view *view;
  uint8_t *row;
} view_rows;

static int noise_row(void *user, uint32_t y, const void **row, cnnimg_error *err) {
  view_rows *r = user;
  (void)err;
  pack_row(r->view, y, r->row);
  *row = r->row;
  return CNNIMG_OK;
}

int cnnimg_estimate_sigma(const cnnimg_view *view, float *sigma, cnnimg_error *err) {
  view_rows r = {view, ci_calloc(view->format.width, channels(&view->format) * view->format.sample)};
  if (!r.row) return ci_fail(err, CNNIMG_NOMEM, "no memory for a row of %u pixels", view->format.width);
  int status = ci_noise_estimate(&view->format, noise_row, &r, sigma, err);
  free(r.row);
  return status;
}

/* ---- plain tensors ---------------------------------------------------------------------- */

typedef struct tensors {
  const float *const *in;
  float *out;
} tensors;

/* Planar to interleaved. */
static int fill_tensor(void *user, uint32_t i, const ci_view *v, ci_rect r, cnnimg_error *err) {
  const tensors *t = user;
  size_t plane = (size_t)v->map.w * (size_t)v->map.h;
  (void)err;
  for (int32_t y = r.y0; y < r.y1; y++)
    for (int32_t x = r.x0; x < r.x1; x++) {
      const float *from = t->in[i] + (size_t)y * (size_t)v->map.w + (size_t)x;
      float *to = ci_view_at(v, x, y);
      for (int32_t c = 0; c < v->map.c; c++) to[c] = from[(size_t)c * plane];
    }
  return CNNIMG_OK;
}

static int take_tensor(void *user, const ci_view *v, ci_rect r, cnnimg_error *err) {
  const tensors *t = user;
  size_t plane = (size_t)v->map.w * (size_t)v->map.h;
  (void)err;
  for (int32_t y = r.y0; y < r.y1; y++)
    for (int32_t x = r.x0; x < r.x1; x++) {
      float *to = t->out + (size_t)y * (size_t)v->map.w + (size_t)x;
      const float *from = ci_view_at(v, x, y);
      for (int32_t c = 0; c < v->map.c; c++) to[(size_t)c * plane] = from[c];
    }
  return CNNIMG_OK;
}

/* channels x height x width as the program declares the input: [1, c, h, w], turned round, or as many as it has. */
static int check_dims(const ci_program *p, uint32_t inputs, const uint32_t (*dims)[3], ci_dims *out, cnnimg_error *err) {
  if (inputs != p->n_inputs)
    return ci_fail(err, CNNIMG_BADARG, "the network has %zu inputs, not %u", p->n_inputs, inputs);
  for (uint32_t i = 0; i < inputs; i++) {
    const ci_pinput *in = &p->inputs[i];
    for (int k = 0; k < 3; k++)
      if (dims[i][k] < 1 || dims[i][k] > 1u << 30)
        return ci_fail(err, CNNIMG_BADARG, "input %u: a size of %u", i, dims[i][k]);
    out[i] = (ci_dims){in->rank < 0 ? 4 : in->rank, {1}};
    bool last = ci_lower_picture_layout(p, i) == CI_LAYOUT_NHWC;
    if (out[i].rank == 4)
      out[i].dim[1] = dims[i][last ? 1 : 0], out[i].dim[2] = dims[i][last ? 2 : 1], out[i].dim[3] = dims[i][last ? 0 : 2];
    else if (out[i].rank == 2) out[i].dim[1] = dims[i][0];
    else return ci_fail(err, CNNIMG_UNSUPPORTED, "input %u has %d dimensions", i, in->rank);
    for (int32_t k = 0; k < out[i].rank; k++)
      if (in->rank > 0 && in->dim[k] && in->dim[k] != out[i].dim[k])
        return ci_fail(err, CNNIMG_BADARG, "input %u: the network wants %lld in dimension %d, not %lld", i,
                       (long long)in->dim[k], k, (long long)out[i].dim[k]);
  }
  return CNNIMG_OK;
}

static int run_planned(const cnnimg_context *context, ci_plan *plan, const float *const *in, float *out,
                       size_t out_size, uint32_t dims_out[3], cnnimg_error *err) {
  tensors t = {in, out};
  const ci_feed feed = {.user = &t, .fill = fill_tensor, .take = take_tensor};
  ci_shape s = ci_plan_get_stats(plan)->out;
  size_t plane, need;
  dims_out[0] = (uint32_t)s.c, dims_out[1] = (uint32_t)s.h, dims_out[2] = (uint32_t)s.w;
  if (!out) return CNNIMG_OK;
  if (!ci_mul((size_t)s.h, (size_t)s.w, &plane) || !ci_mul(plane, (size_t)s.c, &need) || need > out_size)
    return ci_fail(err, CNNIMG_BADARG, "the answer has %dx%dx%d numbers, there is room for %zu", s.c, s.h, s.w,
                   out_size);
  ci_pool *pool;
  int status = ci_pool_new(&pool, context->threads, err);
  if (!status) status = ci_plan_run(plan, pool, &feed, NULL, err);
  ci_pool_free(pool);
  return status;
}

int cnnimg_run_tensor(cnnimg_context *context, cnnimg_model *model, uint32_t inputs, const float *const *in,
                      const uint32_t (*dims_in)[3], float *out, size_t out_size, uint32_t dims_out[3],
                      cnnimg_error *err) {
  const ci_plan_options o = {.threads = context->threads, .memory = context->memory, .allocator = context->allocator};
  ci_plan *plan = NULL;
  ci_lowered *net = NULL;
  ci_dims *dims = ci_calloc((size_t)inputs + 1, sizeof *dims);
  if (!dims) return ci_fail(err, CNNIMG_NOMEM, "no memory for %u inputs", inputs);
  int status = check_dims(model->program, inputs, dims_in, dims, err);
  if (!status) status = ci_network_new(model->program, 0, dims, &net, err);
  if (!status) status = ci_plan_new(&plan, net->graph, net->graph->input_shapes, context->kernels, &o, err);
  if (!status) status = run_planned(context, plan, in, out, out_size, dims_out, err);
  ci_plan_free(plan);
  ci_lowered_free(net);
  free(dims);
  return status;
}
