/* SPDX-License-Identifier: MIT */
/* deblur.c - plans deblurring: what goes together, the job of the planes, memory */
#include "tasks/deblur.h"

#include <stdlib.h>

#include "base/error.h"
#include "tasks/deblur_kernel.h"
#include "tasks/deblur_state.h"

#define MOST_STEPS 100

/* ---- what goes together -------------------------------------------------------------------------------- */

static int check_params(const cnnimg_params *p, cnnimg_error *err) {
  if (p->deblur > MOST_STEPS)
    return ci_fail(err, CNNIMG_BADARG, "%u iterations of deblurring; there may be %d", p->deblur, MOST_STEPS);
  if (!p->kernel) return ci_fail(err, CNNIMG_BADARG, "deblurring wants params.kernel");
  if (!ci_fftw_is_there())
    return ci_fail(err, CNNIMG_UNSUPPORTED, "this build is without FFTW, which deblurring takes");
  if (p->detail > 0 || p->chroma != 1 || p->fix_color)
    return ci_fail(err, CNNIMG_BADARG,
                   "detail, chroma and colours of the blurred picture do not go with deblurring");
  if (p->sigma_map || p->mask || p->hints)
    return ci_fail(err, CNNIMG_BADARG,
                   "deblurring takes one sigma for the whole picture, no map, mask or hints");
  return CNNIMG_OK;
}

static bool same_size(const cnnimg_format *a, const cnnimg_format *b) {
  return a->width == b->width && a->height == b->height;
}

static int check_network(const ci_deblur *d, const cnnimg_format *planes, cnnimg_error *err) {
  const cnnimg_format f = ci_augment_result(d->job);
  if (!same_size(&f, planes))
    return ci_fail(err, CNNIMG_UNSUPPORTED, "deblurring wants a network that keeps the size of the picture");
  if (!ci_augment_estimates(d->job))
    return ci_fail(
        err, CNNIMG_UNSUPPORTED,
        "deblurring wants a network that is told how much noise there is; this one has no input for it");
  return CNNIMG_OK;
}

/* ---- planning ------------------------------------------------------------------------------------------------ */

/* The callback hears of all steps as one run. */
static int tell(void *user, uint64_t done, uint64_t total) {
  const ci_deblur *d = user;
  const cnnimg_params *p = &d->o.params;
  return p->progress(p->progress_user, done + d->step * total, p->deblur * total);
}

/* The network's: pictures of floats, of whatever sigma a step has. */
static ci_job_options options_of(ci_deblur *d, const cnnimg_format *planes) {
  ci_job_options o = d->o;
  o.format = *planes;
  o.limits = (ci_limits){0};
  o.params.kernel = NULL, o.params.deblur = 0;
  o.params.strength = 1, o.params.sigma = 25;
  o.params.scale_num = o.params.scale_den = o.params.result_width = o.params.result_height = 0;
  if (o.params.progress) o.params.progress = tell, o.params.progress_user = d;
  if (o.engine.memory) o.engine.memory -= d->field.bytes;
  return o;
}

/* A quarter of what may be used is for the network. */
static int check_memory(const ci_deblur *d, cnnimg_error *err) {
  const size_t all = d->o.engine.memory, own = d->field.bytes;
  if (!all || own <= all - all / 4) return CNNIMG_OK;
  return ci_fail(
      err, CNNIMG_LIMIT,
      "deblurring holds the whole picture: %zu MiB for %ux%u pixels, of the memory limit of %zu MiB it may "
      "take three quarters",
      (own >> 20) + 1, d->o.format.width, d->o.format.height, all >> 20);
}

static void set_cost(ci_deblur *d) {
  const cnnimg_format *f = &d->o.format;
  d->cost = *ci_augment_cost(d->job);
  d->cost.width = f->width, d->cost.height = f->height;
  d->cost.halo = f->width > f->height ? f->width : f->height;
  d->cost.bytes += d->field.bytes + (d->bleed ? ci_bleed_bytes(d->bleed) : 0);
  d->cost.multiply_adds *= d->o.params.deblur;
}

static int check_size(const ci_deblur *d, cnnimg_error *err) {
  const cnnimg_params *p = &d->o.params;
  const cnnimg_format *f = &d->o.format;
  bool same = p->scale_num == p->scale_den && (!p->result_width || p->result_width == f->width) &&
              (!p->result_height || p->result_height == f->height);
  return same ? CNNIMG_OK : ci_fail(err, CNNIMG_BADARG, "deblurring does not change the size of a picture");
}

static int plan_job(ci_deblur *d, ci_member *member, cnnimg_error *err) {
  const cnnimg_format planes = ci_field_view(&d->field).format;
  const ci_job_options o = options_of(d, &planes);
  int status = ci_augment_new(&d->job, &o, member, err);
  if (!status) status = check_network(d, &planes, err);
  if (!status && d->o.format.alpha) status = ci_bleed_new(&d->bleed, &d->o.format, err);
  if (!status) status = ci_engine_pool(&d->o.engine, &d->pool, err);
  return status;
}

static int plan(ci_deblur *d, ci_member *member, cnnimg_error *err) {
  const cnnimg_params *p = &d->o.params;
  ci_blur blur = {0};
  int status = ci_format_check(&d->o.format, "a picture", err);
  if (!status) status = check_params(p, err);
  if (!status) status = check_size(d, err);
  if (!status) status = ci_blur_read(&blur, p->kernel, &d->o.format, err);
  if (!status) status = ci_field_plan(&d->field, &d->o.format, blur.size, p->wrap, err);
  if (!status) status = check_memory(d, err);
  if (!status) status = plan_job(d, member, err);
  if (!status)
    status =
        ci_field_open(&d->field, blur.weights, blur.size, &d->o.engine.allocator, d->pool, p->cancel, err);
  ci_blur_fini(&blur);
  if (!status) set_cost(d);
  return status;
}

int ci_deblur_new(ci_deblur **out, const ci_job_options *o, ci_member *member, cnnimg_error *err) {
  ci_deblur *d = ci_calloc(1, sizeof *d);
  *out = NULL;
  if (!d) return ci_fail(err, CNNIMG_NOMEM, "no memory for a job");
  d->o = *o;
  d->on = o->params.deblur > 0;
  ci_sigma_set(&d->sigma, o->params.sigma);
  int status = d->on ? plan(d, member, err) : ci_augment_new(&d->job, o, member, err);
  if (status) ci_deblur_free(d);
  else *out = d;
  return status;
}

void ci_deblur_free(ci_deblur *d) {
  if (!d) return;
  ci_augment_free(d->job);
  ci_field_close(&d->field);
  ci_pool_free(d->pool);
  ci_bleed_free(d->bleed);
  free(d);
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

const cnnimg_cost *ci_deblur_cost(const ci_deblur *d) { return d->on ? &d->cost : ci_augment_cost(d->job); }
const char *ci_deblur_plan_text(const ci_deblur *d) { return ci_augment_plan_text(d->job); }
float ci_deblur_sigma(const ci_deblur *d) { return d->on ? d->sigma.used : ci_augment_sigma(d->job); }
cnnimg_format ci_deblur_result(const ci_deblur *d) { return d->on ? d->o.format : ci_augment_result(d->job); }

void ci_deblur_set_sigma(ci_deblur *d, float sigma) {
  if (d->on) ci_sigma_set(&d->sigma, sigma);
  else ci_augment_set_sigma(d->job, sigma);
}

int ci_deblur_run(ci_deblur *d, const ci_job_io *io, cnnimg_error *err) {
  return d->on ? ci_deblur_run_on(d, io, err) : ci_augment_run(d->job, io, err);
}
