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
  cnnimg_cost cost;
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
  ci_job_cost(s->job, &s->cost);
  *out = s;
  return CNNIMG_OK;
}

void cnnimg_session_free(cnnimg_session *s) {
  if (!s) return;
  ci_job_free(s->job);
  cnnimg_model_unref(s->model);
  free(s);
}

const cnnimg_cost *cnnimg_session_cost(const cnnimg_session *s) { return &s->cost; }
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

int cnnimg_session_set_sigma(cnnimg_session *s, float sigma, cnnimg_error *err) {
  (void)s, (void)sigma;
  return ci_fail(err, CNNIMG_UNSUPPORTED, "not yet");
}
int cnnimg_read_view(void *user, uint32_t x, uint32_t y, const cnnimg_view *to, cnnimg_error *err) {
  (void)user, (void)x, (void)y, (void)to;
  return ci_fail(err, CNNIMG_UNSUPPORTED, "not yet");
}
int cnnimg_run_region(cnnimg_session *session, cnnimg_read_rect read, void *read_user, uint32_t x, uint32_t y,
                      const cnnimg_view *dst, cnnimg_error *err) {
  (void)session, (void)read, (void)read_user, (void)x, (void)y, (void)dst;
  return ci_fail(err, CNNIMG_UNSUPPORTED, "not yet");
}
int cnnimg_run_tensor(cnnimg_context *context, cnnimg_model *model, size_t inputs, const cnnimg_tensor *in,
                      size_t outputs, cnnimg_tensor *out, cnnimg_error *err) {
  (void)context, (void)model, (void)inputs, (void)in, (void)outputs, (void)out;
  return ci_fail(err, CNNIMG_UNSUPPORTED, "not yet");
}
int cnnimg_session_new_tensor(cnnimg_context *context, cnnimg_model *model, size_t inputs, const cnnimg_tensor *in,
                              size_t outputs, cnnimg_tensor *out, cnnimg_session **session, cnnimg_error *err) {
  (void)context, (void)model, (void)inputs, (void)in, (void)outputs, (void)out, (void)session;
  return ci_fail(err, CNNIMG_UNSUPPORTED, "not yet");
}
int cnnimg_session_run_tensor(cnnimg_session *session, const cnnimg_tensor *in, cnnimg_tensor *out,
                              cnnimg_error *err) {
  (void)session, (void)in, (void)out;
  return ci_fail(err, CNNIMG_UNSUPPORTED, "not yet");
}
