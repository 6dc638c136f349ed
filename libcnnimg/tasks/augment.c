/* SPDX-License-Identifier: MIT */
/* augment.c - runs the eight turns of a picture and writes their mean */
#include "tasks/augment.h"

#include <stdlib.h>

#include "base/cancel.h"
#include "base/error.h"
#include "exec/pixels.h"
#include "tasks/sums.h"

#define VIEWS 4 /* mask, hints, sigma_map, kernel */

struct ci_augment {
  ci_job_options o; /* as asked for */
  ci_wrap *upright; /* all there is without augmentation */
  ci_wrap *turned;  /* of the transposed picture; upright where that is the same */
  cnnimg_format result;
  cnnimg_cost cost;
  ci_sigma sigma;
  cnnimg_view views[VIEWS], seen[VIEWS]; /* of the parameters, and turned; data NULL: none */
  /* during a run */
  const ci_job_io *io;
  ci_rects picture;
  ci_sums sums;
  ci_rect want;  /* of the result */
  uint32_t turn; /* that is being run */
  uint8_t *line; /* a row of the result */
  uint8_t *source_line;
};

/* ---- the parameters of a turn ----------------------------------------------------------------- */

static void keep_view(cnnimg_view *to, const cnnimg_view *from) {
  if (from) *to = *from;
}

static void keep_views(ci_augment *a) {
  const cnnimg_params *p = &a->o.params;
  keep_view(&a->views[0], p->mask);
  keep_view(&a->views[1], p->hints);
  keep_view(&a->views[2], p->sigma_map);
  keep_view(&a->views[3], p->kernel);
}

static const cnnimg_view *see(ci_augment *a, size_t i, uint32_t turn) {
  if (!a->views[i].data) return NULL;
  a->seen[i] = ci_turn_view(&a->views[i], turn);
  return &a->seen[i];
}

static void turn_views(ci_augment *a, uint32_t turn, cnnimg_params *p) {
  p->mask = see(a, 0, turn);
  p->hints = see(a, 1, turn);
  p->sigma_map = see(a, 2, turn);
  p->kernel = see(a, 3, turn);
}

/* The callback hears of eight runs as one. */
static int tell(void *user, uint64_t done, uint64_t total) {
  const ci_augment *a = user;
  const cnnimg_params *p = &a->o.params;
  return p->progress(p->progress_user, done + a->turn * total, CI_TURNS * total);
}

static ci_job_options options_of(ci_augment *a, uint32_t turn) {
  ci_job_options o = a->o;
  o.format = ci_turned_format(&a->o.format, turn);
  if (o.params.progress) o.params.progress = tell, o.params.progress_user = a;
  turn_views(a, turn, &o.params);
  if (!(turn & CI_TURN_TRANSPOSE)) return o;
  const uint32_t w = a->o.params.wrap;
  o.params.wrap = (w & CNNIMG_WRAP_X ? CNNIMG_WRAP_Y : 0) | (w & CNNIMG_WRAP_Y ? CNNIMG_WRAP_X : 0);
  return o;
}

/* ---- planning ------------------------------------------------------------------------------------ */

static bool square(uint32_t width, uint32_t height) { return width == height; }

/* Is the job of the transposed picture the same one? */
static bool is_symmetrical(const ci_augment *a) {
  const cnnimg_format *f = &a->o.format, *k = &a->views[3].format;
  const cnnimg_params *p = &a->o.params;
  const uint32_t wrap = p->wrap;
  return square(f->width, f->height) && square(p->result_width, p->result_height) &&
         (!wrap || wrap == (CNNIMG_WRAP_X | CNNIMG_WRAP_Y)) &&
         (!a->views[3].data || square(k->width, k->height));
}

static void set_cost(ci_augment *a) {
  a->cost = ci_wrap_cost(a->upright);
  if (!a->o.params.augment) return;
  const cnnimg_cost t = ci_wrap_cost(a->turned);
  a->cost.multiply_adds = CI_TURNS / 2 * (a->cost.multiply_adds + t.multiply_adds);
  if (a->turned != a->upright) a->cost.bytes += t.bytes - t.weight_bytes;
}

static int plan_turned(ci_augment *a, ci_member *member, size_t memory, cnnimg_error *err) {
  const cnnimg_format r = ci_wrap_result(a->upright);
  ci_job_options o = options_of(a, CI_TURN_TRANSPOSE);
  o.params.result_width = r.height, o.params.result_height = r.width;
  cnnimg_error own = {0};
  o.engine.memory = memory;
  int status = ci_wrap_new(&a->turned, &o, member, &own);
  return status ? ci_fail(err, status, "for the picture turned by 90 degrees, which augmentation wants: %s",
                          own.text)
                : CNNIMG_OK;
}

/* Two jobs share what memory there is. */
static int plan_turns(ci_augment *a, ci_member *member, cnnimg_error *err) {
  const bool one = is_symmetrical(a);
  ci_job_options o = options_of(a, 0);
  size_t memory = o.engine.memory;
  if (!one && memory) memory = memory / 2 + memory % 2;
  o.engine.memory = memory;
  int status = ci_wrap_new(&a->upright, &o, member, err);
  if (status) return status;
  a->turned = a->upright;
  return one ? CNNIMG_OK : (a->turned = NULL, plan_turned(a, member, memory, err));
}

static int plan(ci_augment *a, ci_member *member, cnnimg_error *err) {
  keep_views(a);
  int status =
      a->o.params.augment ? plan_turns(a, member, err) : ci_wrap_new(&a->upright, &a->o, member, err);
  if (status) return status;
  const cnnimg_format r = ci_wrap_result(a->upright);
  a->result = a->o.format;
  a->result.width = r.width, a->result.height = r.height;
  set_cost(a);
  return CNNIMG_OK;
}

int ci_augment_new(ci_augment **out, const ci_job_options *o, ci_member *member, cnnimg_error *err) {
  ci_augment *a = ci_calloc(1, sizeof *a);
  *out = NULL;
  if (!a) return ci_fail(err, CNNIMG_NOMEM, "no memory for a job");
  a->o = *o;
  ci_sigma_set(&a->sigma, o->params.sigma);
  int status = ci_format_check(&o->format, "a picture", err);
  if (!status) status = plan(a, member, err);
  if (status) ci_augment_free(a);
  else *out = a;
  return status;
}

void ci_augment_free(ci_augment *a) {
  if (!a) return;
  if (a->turned != a->upright) ci_wrap_free(a->turned);
  ci_wrap_free(a->upright);
  free(a);
}

const cnnimg_cost *ci_augment_cost(const ci_augment *a) { return &a->cost; }
const char *ci_augment_plan_text(const ci_augment *a) { return ci_wrap_plan_text(a->upright); }
cnnimg_format ci_augment_result(const ci_augment *a) { return a->result; }

bool ci_augment_estimates(const ci_augment *a) { return ci_wrap_estimates(a->upright); }

float ci_augment_sigma(const ci_augment *a) {
  return a->o.params.augment ? a->sigma.used : ci_wrap_sigma(a->upright);
}

void ci_augment_set_sigma(ci_augment *a, float sigma) {
  ci_sigma_set(&a->sigma, sigma);
  ci_wrap_set_sigma(a->upright, sigma);
}

/* ---- the turns -------------------------------------------------------------------------------------- */

static int take_row(void *user, uint32_t y, const void *row, cnnimg_error *err) {
  ci_augment *a = user;
  return ci_sums_add(&a->sums, y, row, err);
}

static int run_turn(ci_augment *a, ci_turned *source, cnnimg_error *err) {
  ci_wrap *job = a->turn & CI_TURN_TRANSPOSE ? a->turned : a->upright;
  const ci_rect part = ci_turn_rect(a->want, a->result.width, a->result.height, a->turn);
  const ci_job_io io = {
      .read_rect = ci_turned_read, .read_user = source, .write = take_row, .write_user = a, .region = &part};
  const ci_job_options o = options_of(a, a->turn);
  source->turn = a->turn;
  int status = ci_wrap_set_views(job, &o.params, err);
  if (status) return status;
  ci_wrap_set_sigma(job, a->sigma.used);
  ci_sums_begin(&a->sums, a->turn);
  return ci_wrap_run(job, &io, err);
}

static int run_turns(ci_augment *a, cnnimg_error *err) {
  ci_turned source = {.picture = &a->picture};
  int status = CNNIMG_OK;
  for (a->turn = 0; a->turn < CI_TURNS && !status; a->turn++) status = run_turn(a, &source, err);
  free(source.block);
  return status;
}

/* ---- the mean ------------------------------------------------------------------------------------------ */

static uint32_t width_of(ci_rect r) { return (uint32_t)(r.x1 - r.x0); }
static uint32_t height_of(ci_rect r) { return (uint32_t)(r.y1 - r.y0); }

/* A row of the mean, as a row of a picture. */
static cnnimg_view as_picture(const ci_augment *a, float *mean) {
  cnnimg_format f = ci_turned_format(&a->o.format, 0);
  cnnimg_view v;
  f.width = width_of(a->want), f.height = 1;
  cnnimg_view_init(&v, &f, mean);
  return v;
}

/* The source's own alpha where there is a pixel for a pixel; else what the eight runs say. */
static int find_alpha(ci_augment *a, uint32_t y, float *mean, ci_original *o, cnnimg_error *err) {
  const cnnimg_format *f = &a->o.format;
  *o = (ci_original){.strength = 1};
  if (!f->alpha) return CNNIMG_OK;
  o->row = as_picture(a, mean);
  if (f->width != a->result.width || f->height != a->result.height) return CNNIMG_OK;
  cnnimg_format row = *f;
  row.width = width_of(a->want), row.height = 1;
  cnnimg_view_init(&o->row, &row, a->source_line);
  return ci_rects_read(&a->picture, (uint32_t)a->want.x0, (uint32_t)a->want.y0 + y, &o->row, err);
}

static int write_row(ci_augment *a, uint32_t y, cnnimg_error *err) {
  const int32_t samples = (int32_t)a->sums.samples;
  const uint32_t n = width_of(a->want);
  float *mean;
  ci_original original;
  cnnimg_view to;
  int status = ci_sums_row(&a->sums, y, &mean, err);
  if (status) return status;
  for (size_t i = 0; i < (size_t)n * a->sums.samples; i++) mean[i] *= 1.0f / CI_TURNS;
  status = find_alpha(a, y, mean, &original, err);
  if (status) return status;
  if (a->io->dst) to = *a->io->dst, to.data = (uint8_t *)to.data + (ptrdiff_t)y * to.row_stride;
  else cnnimg_view_init(&to, &a->result, a->line);
  ci_pixels_store(&to, 0, n, mean, a->o.format.colours, samples, NULL, &original);
  return a->io->dst ? CNNIMG_OK : a->io->write(a->io->write_user, y, a->line, err);
}

static int write_mean(ci_augment *a, cnnimg_error *err) {
  int status = CNNIMG_OK;
  for (uint32_t y = 0; y < height_of(a->want) && !status; y++) {
    if (ci_cancelled(a->o.params.cancel)) return ci_fail(err, CNNIMG_CANCELLED, "cancelled");
    status = write_row(a, y, err);
  }
  return status;
}

/* ---- a run ------------------------------------------------------------------------------------------------ */

static int make_room(ci_augment *a, size_t memory, cnnimg_error *err) {
  const cnnimg_format *f = &a->o.format;
  size_t n = width_of(a->want), pixel = cnnimg_pixel_bytes(f);
  a->line = ci_calloc(n, pixel);
  a->source_line = ci_calloc(n, pixel);
  if (!a->line || !a->source_line) return ci_fail(err, CNNIMG_NOMEM, "no memory for a row");
  return ci_sums_init(&a->sums, width_of(a->want), height_of(a->want), f->colours + (f->alpha != 0u), memory,
                      err);
}

static void clean_up(ci_augment *a) {
  ci_rects_close(&a->picture);
  ci_sums_fini(&a->sums);
  free(a->line);
  free(a->source_line);
  a->line = a->source_line = NULL, a->io = NULL;
}

int ci_augment_run(ci_augment *a, const ci_job_io *io, cnnimg_error *err) {
  if (!a->o.params.augment) return ci_wrap_run(a->upright, io, err);
  const cnnimg_cancel *cancel = a->o.params.cancel;
  const size_t memory = a->o.engine.memory ? a->o.engine.memory / 4 : SIZE_MAX / 4;
  a->io = io;
  a->want = io->region ? *io->region : (ci_rect){0, 0, (int32_t)a->result.width, (int32_t)a->result.height};
  int status = ci_rects_open(&a->picture, &a->o.format, io, memory, cancel, err);
  if (!status)
    status = ci_rects_sigma(&a->picture, &a->sigma, ci_wrap_estimates(a->upright), io->region, cancel, err);
  if (!status) status = make_room(a, memory, err);
  if (!status) status = run_turns(a, err);
  if (!status) status = write_mean(a, err);
  clean_up(a);
  return status;
}
