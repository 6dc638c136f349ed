/* SPDX-License-Identifier: MIT */
/* wrap.c - how wide a border of copies must be, and runs of the job that has it */
#include "tasks/wrap.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "tasks/copies.h"
#include "tasks/facts.h"
#include "tasks/size.h"

#define UNLIMITED \
  64 /* pixels of border for a network that looks at the whole picture, or at an unknown part of it */
#define GRID 12 /* a multiple of both sides of Winograd's tiles: then they lie as without a border */
#define MOST_SIDE (INT32_MAX / 128)

struct ci_wrap {
  ci_job *job;
  cnnimg_format format, result; /* of the picture, not of the job */
  uint32_t border[2];           /* pixels of the source: columns, rows */
  ci_rect inside;               /* the picture's result in the job's */
  ci_sigma sigma;
  size_t memory; /* of the spool; 0: no cap */
  const cnnimg_cancel *cancel;
};

/* ---- the border --------------------------------------------------------------------------- */

static uint64_t gcd(uint64_t a, uint64_t b) {
  while (b) {
    uint64_t rest = a % b;
    a = b, b = rest;
  }
  return a;
}

/* Pixels beside the picture that a pixel of the network's result may look at, and what comes after it: a resampling filter,
 * blocks of colours, and what is bled under transparent pixels. */
static uint64_t reach(const ci_facts *f, uint64_t size, uint64_t result) {
  uint64_t shrinks = size / result + 1;
  return f->whole || f->more || f->field < 1 ? UNLIMITED : (uint64_t)f->reach + 40 * shrinks + 32;
}

/* The border's own result has whole pixels, and the network's grid lies in the picture as it does without a border. */
static uint64_t border_of(const ci_facts *f, uint64_t size, uint64_t result) {
  uint64_t whole = size / gcd(size, result), grid = (uint64_t)f->multiple * (whole == 1 ? GRID : 1);
  uint64_t step = grid / gcd(grid, whole) * whole;
  return (reach(f, size, result) + step - 1) / step * step;
}

static int set_border(ci_wrap *w, int axis, const ci_facts *f, uint32_t size, uint32_t result,
                      cnnimg_error *err) {
  uint64_t border = border_of(f, size, result);
  if (border > MOST_SIDE || (size + 2 * border) * result / size > MOST_SIDE || size + 2 * border > MOST_SIDE)
    return ci_fail(err, CNNIMG_LIMIT,
                   "a side of %u pixels is made %u, which takes a border of %llu pixels to wrap around", size,
                   result, (unsigned long long)border);
  w->border[axis] = (uint32_t)border;
  return CNNIMG_OK;
}

static uint32_t border_in(uint32_t border, uint32_t size, uint32_t result) {
  return (uint32_t)((uint64_t)border * result / size);
}

static void set_inside(ci_wrap *w) {
  const cnnimg_format *f = &w->format, *r = &w->result;
  int32_t x = (int32_t)border_in(w->border[0], f->width, r->width);
  int32_t y = (int32_t)border_in(w->border[1], f->height, r->height);
  w->inside = (ci_rect){x, y, x + (int32_t)r->width, y + (int32_t)r->height};
}

/* The result's size is judged here; the job's, which has a border, is then said by its pixels. */
static int find_result(ci_wrap *w, ci_job_options *o, int32_t scale, cnnimg_error *err) {
  const cnnimg_format *f = &w->format;
  uint32_t size[2];
  int status = ci_result_size(&o->params, f->width, f->height, scale, &o->limits, size, err);
  w->result = *f;
  w->result.width = size[0], w->result.height = size[1];
  o->limits = (ci_limits){0};
  return status;
}

static void say_size(const ci_wrap *w, ci_job_options *o) {
  o->params.result_width = w->result.width + 2 * (uint32_t)w->inside.x0;
  o->params.result_height = w->result.height + 2 * (uint32_t)w->inside.y0;
}

/* The job's options: the picture with its border. */
static int widen(ci_wrap *w, ci_job_options *o, ci_member *member, cnnimg_error *err) {
  const uint32_t wrap = o->params.wrap;
  ci_facts facts;
  int status = CNNIMG_OK;
  ci_facts_find(&facts, member);
  if (facts.nomem) return ci_fail(err, CNNIMG_NOMEM, "no memory to look at the network");
  if (!facts.scale) return CNNIMG_OK; /* no network of pictures: the job says why */
  status = find_result(w, o, facts.scale, err);
  if (!status && wrap & CNNIMG_WRAP_X)
    status = set_border(w, 0, &facts, o->format.width, w->result.width, err);
  if (!status && wrap & CNNIMG_WRAP_Y)
    status = set_border(w, 1, &facts, o->format.height, w->result.height, err);
  if (status) return status;
  set_inside(w);
  say_size(w, o);
  o->border[0] = w->border[0], o->border[1] = w->border[1];
  o->format.width += 2 * w->border[0], o->format.height += 2 * w->border[1];
  return CNNIMG_OK;
}

/* ---- life ------------------------------------------------------------------------------------ */

static bool wraps(const ci_wrap *w) { return w->border[0] || w->border[1]; }

int ci_wrap_new(ci_wrap **out, const ci_job_options *o, ci_member *member, cnnimg_error *err) {
  ci_job_options own = *o;
  ci_wrap *w = ci_calloc(1, sizeof *w);
  *out = NULL;
  if (!w) return ci_fail(err, CNNIMG_NOMEM, "no memory for a job");
  w->format = o->format;
  w->memory = o->engine.memory;
  w->cancel = o->params.cancel;
  ci_sigma_set(&w->sigma, o->params.sigma);
  int status = ci_format_check(&o->format, "a picture", err);
  if (!status && o->params.wrap) status = widen(w, &own, member, err);
  if (!status) status = ci_job_new(&w->job, &own, err);
  if (!status && o->params.wrap && !wraps(w))
    status = ci_fail(err, CNNIMG_UNSUPPORTED,
                     "how far the network looks is not known, so pictures cannot wrap around");
  if (status) ci_wrap_free(w);
  else *out = w;
  return status;
}

void ci_wrap_free(ci_wrap *w) {
  if (!w) return;
  ci_job_free(w->job);
  free(w);
}

cnnimg_format ci_wrap_result(const ci_wrap *w) {
  cnnimg_format f = ci_job_result(w->job);
  if (wraps(w)) f.width = w->result.width, f.height = w->result.height;
  return f;
}

cnnimg_cost ci_wrap_cost(const ci_wrap *w) {
  cnnimg_cost cost = *ci_job_cost(w->job);
  const cnnimg_format f = ci_wrap_result(w);
  cost.width = f.width, cost.height = f.height;
  return cost;
}

const char *ci_wrap_plan_text(const ci_wrap *w) { return ci_job_plan_text(w->job); }
bool ci_wrap_estimates(const ci_wrap *w) { return ci_job_estimates(w->job); }
float ci_wrap_sigma(const ci_wrap *w) { return wraps(w) ? w->sigma.used : ci_job_sigma(w->job); }
int ci_wrap_set_views(ci_wrap *w, const cnnimg_params *p, cnnimg_error *err) {
  return ci_job_set_views(w->job, p, err);
}

void ci_wrap_set_sigma(ci_wrap *w, float sigma) {
  ci_sigma_set(&w->sigma, sigma);
  ci_job_set_sigma(w->job, sigma);
}

/* ---- runs --------------------------------------------------------------------------------------- */

static int run_inside(ci_wrap *w, ci_rects *picture, const ci_job_io *io, cnnimg_error *err) {
  ci_copies copies = {picture, w->border[0], w->border[1]};
  ci_rect part = w->inside;
  if (io->region)
    part = (ci_rect){part.x0 + io->region->x0, part.y0 + io->region->y0, part.x0 + io->region->x1,
                     part.y0 + io->region->y1};
  const ci_job_io inner = {.read_rect = ci_copies_read,
                           .read_user = &copies,
                           .dst = io->dst,
                           .write = io->write,
                           .write_user = io->write_user,
                           .region = &part};
  ci_job_set_sigma(w->job, w->sigma.used);
  return ci_job_run(w->job, &inner, err);
}

int ci_wrap_run(ci_wrap *w, const ci_job_io *io, cnnimg_error *err) {
  ci_rects picture;
  if (!wraps(w)) return ci_job_run(w->job, io, err);
  size_t spool = w->memory ? w->memory / 4 : SIZE_MAX / 4;
  int status = ci_rects_open(&picture, &w->format, io, spool, w->cancel, err);
  if (!status)
    status = ci_rects_sigma(&picture, &w->sigma, ci_job_estimates(w->job), io->region, w->cancel, err);
  if (!status) status = run_inside(w, &picture, io, err);
  ci_rects_close(&picture);
  return status;
}
