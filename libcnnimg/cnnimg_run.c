/* SPDX-License-Identifier: MIT */
/* cnnimg_run.c - sessions and runs behind the public door */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cnnimg_private.h"
#include "exec/pixels.h"
#include "tasks/colorize.h"
#include "tasks/deblur.h"
#include "tasks/deblur_kernel.h"
#include "tasks/inpaint.h"
#include "tasks/noise.h"
#include "tasks/tensors.h"

/* One of the four. */
struct cnnimg_session {
  cnnimg_model *model; /* NULL: holes are filled without one */
  ci_deblur *job;
  ci_colorize *colorize;
  ci_inpaint *inpaint;
  ci_tensors *tensors;
  cnnimg_format format, result;
};

/* ---- parameters ---------------------------------------------------------------------- */

void cnnimg_params_init(cnnimg_params *p, int task) {
  *p = (cnnimg_params){.struct_size = sizeof *p,
                       .task = task,
                       .strength = 1.0f,
                       .sigma = -1.0f,
                       .chroma = 1.0f,
                       .saturation = 1.0f};
}

static int check_sigma(float sigma, cnnimg_error *err) {
  return sigma <= 255 ? CNNIMG_OK : ci_fail(err, CNNIMG_BADARG, "sigma %g is over 255", (double)sigma);
}

/* What later versions may do is refused by this one, not passed over. */
static int check_reserved(const cnnimg_params *p, cnnimg_error *err) {
  if (p->fix_color > 1) return ci_fail(err, CNNIMG_BADARG, "fix_color %u is neither 0 nor 1", p->fix_color);
  if (p->jpeg_quality > 100)
    return ci_fail(err, CNNIMG_BADARG, "a JPEG quality of %u, which ends at 100", p->jpeg_quality);
  if (p->augment > 1) return ci_fail(err, CNNIMG_BADARG, "augment %u is neither 0 nor 1", p->augment);
  if (p->wrap > (CNNIMG_WRAP_X | CNNIMG_WRAP_Y))
    return ci_fail(err, CNNIMG_BADARG, "wrap %u is none of 0 to 3", p->wrap);
  if (p->deblur && p->task != CNNIMG_TASK_NONE && p->task != CNNIMG_TASK_DENOISE)
    return ci_fail(err, CNNIMG_BADARG, "only where noise is removed is a blur undone, too");
  if (!p->scale_num != !p->scale_den)
    return ci_fail(err, CNNIMG_BADARG, "a factor of %u/%u", p->scale_num, p->scale_den);
  return CNNIMG_OK;
}

static int read_params(cnnimg_params *to, const cnnimg_params *from, cnnimg_error *err) {
  cnnimg_params_init(to, CNNIMG_TASK_NONE);
  if (!from) return CNNIMG_OK;
  if (from->struct_size == 0) return ci_fail(err, CNNIMG_BADARG, "cnnimg_params_init() was not called");
  memcpy(to, from, from->struct_size < sizeof *to ? from->struct_size : sizeof *to);
  to->struct_size = sizeof *to;
  if (!(to->strength >= 0 && to->strength <= 1))
    return ci_fail(err, CNNIMG_BADARG, "strength %g is not in 0..1", (double)to->strength);
  if (!(to->detail >= 0 && to->detail <= 1))
    return ci_fail(err, CNNIMG_BADARG, "detail %g is not in 0..1", (double)to->detail);
  if (!(to->chroma >= 0 && to->chroma <= 1))
    return ci_fail(err, CNNIMG_BADARG, "chroma %g is not in 0..1", (double)to->chroma);
  if (to->tile > INT32_MAX / 2) return ci_fail(err, CNNIMG_BADARG, "tiles of %u pixels", to->tile);
  int status = check_sigma(to->sigma, err);
  return status ? status : check_reserved(to, err);
}

/* ---- sessions ------------------------------------------------------------------------ */

/* Windows around holes have three colours, whatever the picture has. */
static int make_inpaint(cnnimg_model *model, ci_job_options *o, cnnimg_session *s, cnnimg_error *err) {
  ci_member *member;
  int status = model ? ci_family_get(&model->family, 3, &member, err) : CNNIMG_OK;
  if (status) return status;
  if (model) o->program = member->program, o->fits = &member->fits;
  s->result = o->format;
  return ci_inpaint_new(&s->inpaint, o, err);
}

static int make_job(cnnimg_context *context, cnnimg_model *model, const cnnimg_params *params,
                    const cnnimg_format *format, cnnimg_session *s, cnnimg_error *err) {
  ci_job_options o = {.packs = model ? model->family.packs : NULL, .engine = context->engine, .format = *format};
  ci_member *member;
  const ci_limits limits = o.limits = ci_context_limits(context);
  int status = read_params(&o.params, params, err);
  if (!status) status = ci_limits_check(&limits, "the picture", format->width, format->height, err);
  if (!status && o.params.task == CNNIMG_TASK_INPAINT) return make_inpaint(model, &o, s, err);
  if (!status && !model) status = ci_fail(err, CNNIMG_BADARG, "there is no model");
  if (!status && o.params.task == CNNIMG_TASK_COLORIZE) {
    o.program = model->program;
    status = ci_colorize_new(&s->colorize, &o, err);
    s->result = status ? *format : *ci_colorize_result(s->colorize);
    return status;
  }
  if (!status) status = ci_family_get(&model->family, format->colours, &member, err);
  if (status) return status;
  o.program = member->program, o.fits = &member->fits;
  status = ci_deblur_new(&s->job, &o, member, err);
  s->result = status ? *format : ci_deblur_result(s->job);
  return status;
}

int cnnimg_session_new(cnnimg_context *context, cnnimg_model *model, const cnnimg_params *params,
                       const cnnimg_format *format, cnnimg_session **out, cnnimg_error *err) {
  *out = NULL;
  cnnimg_session *s = ci_calloc(1, sizeof *s);
  if (!s) return ci_fail(err, CNNIMG_NOMEM, "no memory for a session");
  int status = make_job(context, model, params, format, s, err);
  if (status) {
    free(s);
    return status;
  }
  s->model = model ? cnnimg_model_ref(model) : NULL;
  s->format = *format;
  *out = s;
  return CNNIMG_OK;
}

void cnnimg_session_free(cnnimg_session *s) {
  if (!s) return;
  ci_deblur_free(s->job);
  ci_colorize_free(s->colorize);
  ci_inpaint_free(s->inpaint);
  ci_tensors_free(s->tensors);
  cnnimg_model_unref(s->model);
  free(s);
}

const cnnimg_cost *cnnimg_session_cost(const cnnimg_session *s) {
  static const cnnimg_cost nothing = {0};
  if (s->inpaint) return ci_inpaint_cost(s->inpaint);
  return s->colorize ? ci_colorize_cost(s->colorize) : s->job ? ci_deblur_cost(s->job) : &nothing;
}

const cnnimg_format *cnnimg_session_format(const cnnimg_session *s) { return &s->result; }

const char *cnnimg_session_plan(const cnnimg_session *s) {
  if (s->inpaint) return ci_inpaint_plan_text(s->inpaint);
  return s->colorize ? ci_colorize_plan_text(s->colorize) : s->job ? ci_deblur_plan_text(s->job) : "";
}
float cnnimg_session_sigma(const cnnimg_session *s) { return s->job ? ci_deblur_sigma(s->job) : -1; }

static int want_pictures(const cnnimg_session *s, cnnimg_error *err) {
  return s->tensors ? ci_fail(err, CNNIMG_BADARG, "the session is for tensors, not for pictures") : CNNIMG_OK;
}

int cnnimg_session_set_sigma(cnnimg_session *s, float sigma, cnnimg_error *err) {
  int status = want_pictures(s, err);
  if (!status) status = check_sigma(sigma, err);
  if (!status && s->colorize) ci_colorize_forget(s->colorize);
  else if (!status && s->job) ci_deblur_set_sigma(s->job, sigma);
  return status;
}

static int want_colours(const cnnimg_session *s, cnnimg_error *err) {
  return s->colorize ? CNNIMG_OK : ci_fail(err, CNNIMG_BADARG, "the session is not for colorizing");
}

int cnnimg_session_set_points(cnnimg_session *s, const cnnimg_point *points, size_t n, cnnimg_error *err) {
  int status = want_colours(s, err);
  return status ? status : ci_colorize_set_points(s->colorize, points, n, err);
}

int cnnimg_session_suggest(cnnimg_session *s, cnnimg_read_rect read, void *read_user, uint32_t x, uint32_t y,
                           cnnimg_suggestion *out, size_t room, size_t *n, cnnimg_error *err) {
  int status = want_colours(s, err);
  *n = 0;
  return status ? status : ci_colorize_suggest(s->colorize, read, read_user, x, y, out, room, n, err);
}

/* ---- the caller's pixels --------------------------------------------------------------- */

static bool same_format(const cnnimg_format *a, const cnnimg_format *b) {
  return a->width == b->width && a->height == b->height && a->colours == b->colours && a->alpha == b->alpha &&
         a->sample == b->sample && a->transfer == b->transfer;
}

static bool is_sample(uint8_t s) {
  return s == CNNIMG_U8 || s == CNNIMG_U16 || s == CNNIMG_F32 || s == CNNIMG_F16;
}

/* Where a result of that size and of the session's colours may go. */
static int check_destination(const cnnimg_session *s, const cnnimg_view *v, uint32_t width, uint32_t height,
                             cnnimg_error *err) {
  const cnnimg_format *f = &v->format;
  if (!v->data) return ci_fail(err, CNNIMG_BADARG, "the destination has no data");
  if (f->width != width || f->height != height || f->colours != s->result.colours)
    return ci_fail(err, CNNIMG_BADARG, "the destination must be %ux%u pixels of %d colours, not %ux%u of %d",
                   width, height, s->result.colours, f->width, f->height, f->colours);
  if (!is_sample(f->sample) || f->alpha > CNNIMG_ALPHA_PREMULTIPLIED || f->transfer > CNNIMG_TRANSFER_LINEAR)
    return ci_fail(err, CNNIMG_BADARG, "the destination's sample %d, alpha %d, transfer %d is not known",
                   f->sample, f->alpha, f->transfer);
  return CNNIMG_OK;
}

static int run_job(cnnimg_session *s, const ci_job_io *io, cnnimg_error *err) {
  if (s->inpaint) return ci_inpaint_run(s->inpaint, io, err);
  return s->colorize ? ci_colorize_run(s->colorize, io, err) : ci_deblur_run(s->job, io, err);
}

int cnnimg_run(cnnimg_session *s, const cnnimg_view *src, const cnnimg_view *dst, cnnimg_error *err) {
  const ci_job_io io = {.src = src, .dst = dst};
  int status = want_pictures(s, err);
  if (status) return status;
  const cnnimg_format result = s->result;
  if (!src->data || !same_format(&src->format, &s->format))
    return ci_fail(err, CNNIMG_BADARG, "the source is not of the format that the session was made for");
  status = check_destination(s, dst, result.width, result.height, err);
  return status ? status : run_job(s, &io, err);
}

int cnnimg_read_view(void *user, uint32_t x, uint32_t y, const cnnimg_view *to, cnnimg_error *err) {
  const cnnimg_view *from = user;
  const cnnimg_format *f = &from->format, *t = &to->format;
  if (t->colours != f->colours || !t->alpha != !f->alpha || t->sample != f->sample)
    return ci_fail(err, CNNIMG_BADARG, "the picture is not of the format that the session was made for");
  if (x > f->width || t->width > f->width - x || y > f->height || t->height > f->height - y)
    return ci_fail(err, CNNIMG_BADARG, "%ux%u pixels at %u,%u lie outside a picture of %ux%u", t->width,
                   t->height, x, y, f->width, f->height);
  for (uint32_t i = 0; i < t->height; i++) {
    cnnimg_view row = *from;
    row.data = (uint8_t *)from->data + (ptrdiff_t)(y + i) * from->row_stride;
    ci_pixels_pack(&row, x, t->width, (uint8_t *)to->data + (ptrdiff_t)i * to->row_stride);
  }
  return CNNIMG_OK;
}

int cnnimg_run_region(cnnimg_session *s, cnnimg_read_rect read, void *read_user, uint32_t x, uint32_t y,
                      const cnnimg_view *dst, cnnimg_error *err) {
  int status = want_pictures(s, err);
  if (status) return status;
  const cnnimg_format result = s->result;
  uint32_t w = dst->format.width, h = dst->format.height;
  if (w < 1 || h < 1 || x >= result.width || w > result.width - x || y >= result.height ||
      h > result.height - y)
    return ci_fail(err, CNNIMG_BADARG, "%ux%u pixels at %u,%u lie outside the result of %ux%u", w, h, x, y,
                   result.width, result.height);
  const ci_rect region = {(int32_t)x, (int32_t)y, (int32_t)(x + w), (int32_t)(y + h)};
  const ci_job_io io = {.read_rect = read, .read_user = read_user, .dst = dst, .region = &region};
  status = check_destination(s, dst, w, h, err);
  return status ? status : run_job(s, &io, err);
}

int cnnimg_run_rows(cnnimg_session *s, cnnimg_read_row read, void *read_user, cnnimg_write_row write,
                    void *write_user, cnnimg_error *err) {
  const ci_job_io io = {.read_row = read, .read_user = read_user, .write = write, .write_user = write_user};
  int status = want_pictures(s, err);
  return status ? status : run_job(s, &io, err);
}

/* ---- kernels ------------------------------------------------------------------------------ */

int cnnimg_kernel_gauss(float sigma, uint32_t *side, float *weights, cnnimg_error *err) {
  return ci_blur_gauss(sigma, side, weights, err);
}

int cnnimg_kernel_motion(float length, float degrees, uint32_t *side, float *weights, cnnimg_error *err) {
  return ci_blur_motion(length, degrees, side, weights, err);
}

/* ---- noise ---------------------------------------------------------------------------- */

static int noise_row(void *user, uint32_t y, cnnimg_view *row, cnnimg_error *err) {
  (void)err;
  *row = *(const cnnimg_view *)user;
  row->data = (uint8_t *)row->data + (ptrdiff_t)y * row->row_stride;
  return CNNIMG_OK;
}

int cnnimg_estimate_sigma(const cnnimg_view *view, float *sigma, cnnimg_error *err) {
  const cnnimg_format *f = &view->format;
  *sigma = -1;
  if (!view->data || !is_sample(f->sample) || (f->colours != 1 && f->colours != 3) ||
      f->alpha > CNNIMG_ALPHA_PREMULTIPLIED || f->transfer > CNNIMG_TRANSFER_LINEAR)
    return ci_fail(err, CNNIMG_BADARG, "a picture of %d colours, alpha %d, sample %d, transfer %d",
                   f->colours, f->alpha, f->sample, f->transfer);
  return ci_noise_estimate(f, noise_row, (void *)(uintptr_t)view, sigma, err);
}

/* ---- plain tensors ---------------------------------------------------------------------- */

int cnnimg_session_new_tensor(cnnimg_context *context, cnnimg_model *model, size_t inputs,
                              const cnnimg_tensor *in, size_t outputs, cnnimg_tensor *out,
                              cnnimg_session **session, cnnimg_error *err) {
  *session = NULL;
  cnnimg_session *s = ci_calloc(1, sizeof *s);
  if (!s) return ci_fail(err, CNNIMG_NOMEM, "no memory for a session");
  int status = ci_tensors_new(&s->tensors, model->program, model->family.packs, &context->engine, inputs, in,
                              outputs, out, err);
  if (status) {
    free(s);
    return status;
  }
  s->model = cnnimg_model_ref(model);
  *session = s;
  return CNNIMG_OK;
}

int cnnimg_session_run_tensor(cnnimg_session *s, const cnnimg_tensor *in, cnnimg_tensor *out,
                              cnnimg_error *err) {
  if (!s->tensors) return ci_fail(err, CNNIMG_BADARG, "the session is for pictures, not for tensors");
  return ci_tensors_run(s->tensors, in, out, err);
}

int cnnimg_run_tensor(cnnimg_context *context, cnnimg_model *model, size_t inputs, const cnnimg_tensor *in,
                      size_t outputs, cnnimg_tensor *out, cnnimg_error *err) {
  cnnimg_session *s;
  int status = cnnimg_session_new_tensor(context, model, inputs, in, outputs, out, &s, err);
  if (!status) status = cnnimg_session_run_tensor(s, in, out, err);
  cnnimg_session_free(s);
  return status;
}
