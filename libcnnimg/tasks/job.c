/* SPDX-License-Identifier: MIT */
/* job.c - plans a network for a picture, feeds it rows and hands out the rows of the result */
#include "tasks/job.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/spool.h"
#include "exec/exec.h"
#include "exec/pixels.h"
#include "tasks/noise.h"
#include "tasks/rows.h"

struct ci_job {
  ci_job_options o;
  ci_lowered *net;
  ci_plan *plan;
  ci_pool *pool;
  char *text;
  float sigma;
  int32_t scale; /* result pixels a source pixel */
  cnnimg_format result;
  /* during a run */
  ci_rows rows;
  ci_spool *held; /* the result, when stripes make it in another order */
  uint8_t *line;  /* a row of the result */
  cnnimg_write_row write;
  void *write_user;
  uint64_t done;
};

static size_t row_bytes(const cnnimg_format *f) {
  return (size_t)f->width * ((size_t)f->colours + f->alpha) * f->sample;
}

/* ---- planning ------------------------------------------------------------------ */

static int input_dims(const ci_job *j, size_t i, ci_dims *d, cnnimg_error *err) {
  const ci_program *p = j->o.program;
  ci_role role = ci_role_of(p, i);
  double said = ci_card_number(p, "multiple", 1);
  uint32_t multiple = said >= 1 && said <= 4096 ? (uint32_t)said : 1;
  if (role == CI_ROLE_UNKNOWN)
    return ci_fail(err, CNNIMG_UNSUPPORTED, "the network's input %s is for something that is not known",
                   p->values[p->inputs[i].value].name);
  return ci_lower_picture_dims(p, i, role == CI_ROLE_SIGMA ? 1 : 3, (int32_t)ci_round_up(j->o.format.height, multiple),
                               (int32_t)ci_round_up(j->o.format.width, multiple), d, err);
}

static int check_input(const ci_job *j, size_t i, cnnimg_error *err) {
  ci_shape s = ci_network_shape(j->net, i);
  if (ci_role_of(j->o.program, i) != CI_ROLE_IMAGE) return CNNIMG_OK;
  if (j->net->in[i] == CI_LAYOUT_VECTOR)
    return ci_fail(err, CNNIMG_UNSUPPORTED, "the network takes no picture but a tensor of %d numbers", s.c);
  if (s.c != 3 && !(s.c == 1 && j->o.format.colours == 1))
    return ci_fail(err, CNNIMG_UNSUPPORTED, "the network takes %d channels, the picture has %d", s.c,
                   j->o.format.colours);
  if ((uint32_t)s.w < j->o.format.width || (uint32_t)s.h < j->o.format.height)
    return ci_fail(err, CNNIMG_UNSUPPORTED, "the network is made for %dx%d pixels, the picture has %ux%u", s.w, s.h,
                   j->o.format.width, j->o.format.height);
  return CNNIMG_OK;
}

static int find_scale(ci_job *j, cnnimg_error *err) {
  ci_shape in = ci_network_shape(j->net, 0), out = ci_plan_get_stats(j->plan)->out;
  j->scale = out.w / in.w;
  if (j->scale >= 1 && j->scale <= 64 && out.w == in.w * j->scale && out.h == in.h * j->scale) return CNNIMG_OK;
  return ci_fail(err, CNNIMG_UNSUPPORTED, "the network makes %dx%d pixels of %dx%d: no whole factor", out.w, out.h,
                 in.w, in.h);
}

static int make_plan(ci_job *j, cnnimg_error *err) {
  const ci_program *p = j->o.program;
  const ci_plan_options po = {.tile = (int32_t)j->o.params.tile,
                              .memory = j->o.memory,
                              .threads = j->o.threads,
                              .allocator = j->o.allocator};
  ci_dims *dims = ci_calloc(p->n_inputs + 1, sizeof *dims);
  int status = dims ? CNNIMG_OK : ci_fail(err, CNNIMG_NOMEM, "no memory for a plan");
  if (!status && !p->n_inputs) status = ci_fail(err, CNNIMG_UNSUPPORTED, "the network has no input");
  for (size_t i = 0; !status && i < p->n_inputs; i++) status = input_dims(j, i, &dims[i], err);
  if (!status) status = ci_network_new(p, 0, dims, &j->net, err);
  for (size_t i = 0; !status && i < p->n_inputs; i++) status = check_input(j, i, err);
  if (!status && j->net->out == CI_LAYOUT_VECTOR)
    status = ci_fail(err, CNNIMG_UNSUPPORTED, "the network makes no picture but a tensor");
  if (!status) status = ci_plan_new(&j->plan, j->net->graph, j->net->graph->input_shapes, j->o.kernels, &po, err);
  if (!status) status = find_scale(j, err);
  free(dims);
  return status;
}

/* What the picture and the network can do together. */
static int check_result(ci_job *j, cnnimg_error *err) {
  int32_t c = ci_plan_get_stats(j->plan)->out.c;
  j->result = j->o.format;
  j->result.width *= (uint32_t)j->scale;
  j->result.height *= (uint32_t)j->scale;
  if (c != 3 && c != j->o.format.colours)
    return ci_fail(err, CNNIMG_UNSUPPORTED, "the network makes %d channels, the picture has %d", c,
                   j->o.format.colours);
  if (j->scale != 1 && (j->o.params.strength != 1.0f || j->o.format.alpha))
    return ci_fail(err, CNNIMG_UNSUPPORTED, "strength and alpha need a result of the picture's own size");
  return CNNIMG_OK;
}

static int check_format(const cnnimg_format *f, cnnimg_error *err) {
  if (f->width < 1 || f->height < 1 || f->width > INT32_MAX / 128 || f->height > INT32_MAX / 128)
    return ci_fail(err, CNNIMG_BADARG, "a picture of %ux%u pixels", f->width, f->height);
  if ((f->colours != 1 && f->colours != 3) || f->alpha > 1)
    return ci_fail(err, CNNIMG_BADARG, "a picture of %d colours and %d alpha channels", f->colours, f->alpha);
  if (f->sample != CNNIMG_U8 && f->sample != CNNIMG_U16 && f->sample != CNNIMG_F32)
    return ci_fail(err, CNNIMG_BADARG, "samples of unknown type %d", f->sample);
  return CNNIMG_OK;
}

int ci_job_new(ci_job **out, const ci_job_options *o, cnnimg_error *err) {
  *out = NULL;
  int status = check_format(&o->format, err);
  if (status) return status;
  ci_job *j = ci_calloc(1, sizeof *j);
  if (!j) return ci_fail(err, CNNIMG_NOMEM, "no memory for a job");
  j->o = *o;
  j->sigma = o->params.sigma;
  status = make_plan(j, err);
  if (!status) status = check_result(j, err);
  if (!status) status = ci_pool_new(&j->pool, o->threads, err);
  if (!status && !(j->text = ci_plan_describe(j->plan))) status = ci_fail(err, CNNIMG_NOMEM, "no memory for a plan");
  if (status) ci_job_free(j);
  else *out = j;
  return status;
}

void ci_job_free(ci_job *j) {
  if (!j) return;
  ci_plan_free(j->plan);
  ci_lowered_free(j->net);
  ci_pool_free(j->pool);
  free(j->text);
  free(j);
}

void ci_job_cost(const ci_job *j, cnnimg_cost *c) {
  const ci_plan_stats *s = ci_plan_get_stats(j->plan);
  *c = (cnnimg_cost){.width = j->result.width,
                     .height = j->result.height,
                     .tile = (uint32_t)s->tile,
                     .tiles = (uint32_t)s->tiles,
                     .band = (uint32_t)s->band,
                     .halo = (uint32_t)s->halo,
                     .threads = ci_pool_threads(j->pool),
                     .bytes = s->ring_bytes + s->scratch_bytes + s->weight_bytes,
                     .weight_bytes = s->weight_bytes,
                     .multiply_adds = s->macs};
}

const char *ci_job_plan_text(const ci_job *j) { return j->text; }
float ci_job_sigma(const ci_job *j) { return j->sigma; }
cnnimg_format ci_job_result(const ci_job *j) { return j->result; }

/* ---- rows in ---------------------------------------------------------------------- */

/* Columns and rows past the picture mirror it (repeating an edge would repeat its noise: 0.04 dB less). */
static uint32_t mirror(int32_t i, int32_t size) {
  int32_t period = 2 * (size - 1);
  if (i < size) return (uint32_t)i;
  i = period ? i % period : 0;
  return (uint32_t)(i < size ? i : period - i);
}

static int fill_image(ci_job *j, const ci_view *v, ci_rect r, cnnimg_error *err) {
  const cnnimg_format *f = &j->o.format;
  int32_t w = (int32_t)f->width, inside = r.x1 < w ? r.x1 : w;
  for (int32_t y = r.y0; y < r.y1; y++) {
    const void *row;
    int status = ci_rows_get(&j->rows, mirror(y, (int32_t)f->height), &row, err);
    if (status) return status;
    if (r.x0 < inside)
      ci_pixels_load(f, row, (uint32_t)r.x0, (uint32_t)(inside - r.x0), ci_view_at(v, r.x0, y), v->map.c, v->cs);
    for (int32_t x = r.x0 < inside ? inside : r.x0; x < r.x1; x++)
      ci_pixels_load(f, row, mirror(x, w), 1, ci_view_at(v, x, y), v->map.c, v->cs);
  }
  return CNNIMG_OK;
}

static void fill_sigma(const ci_job *j, const ci_view *v, ci_rect r) {
  float most = (float)ci_card_number(j->o.program, "sigma_max", 255);
  float s = (j->sigma < most ? j->sigma : most) / 255.0f;
  for (int32_t y = r.y0; y < r.y1; y++)
    for (int32_t x = r.x0; x < r.x1; x++)
      for (int32_t c = 0; c < v->map.c; c++) ci_view_at(v, x, y)[c] = s;
}

static int fill(void *user, uint32_t i, const ci_view *v, ci_rect r, cnnimg_error *err) {
  ci_job *j = user;
  if (ci_role_of(j->o.program, i) == CI_ROLE_IMAGE) return fill_image(j, v, r, err);
  fill_sigma(j, v, r);
  return CNNIMG_OK;
}

/* ---- rows out --------------------------------------------------------------------- */

/* Columns [x0, x1) of row y of the result, into the line. */
static int make_line(ci_job *j, const ci_view *v, int32_t y, int32_t x0, int32_t x1, cnnimg_error *err) {
  const void *original = NULL;
  if (j->scale == 1) {
    int status = ci_rows_get(&j->rows, (uint32_t)y, &original, err);
    if (status) return status;
  }
  ci_pixels_store(&j->result, ci_view_at(v, x0, y), v->map.c, v->cs, (uint32_t)x0, (uint32_t)(x1 - x0), original,
                  j->o.params.strength, j->line);
  if (original) ci_pixels_copy_alpha(&j->result, original, (uint32_t)x0, (uint32_t)(x1 - x0), j->line);
  return CNNIMG_OK;
}

static int put_line(ci_job *j, int32_t y, int32_t x0, int32_t x1, cnnimg_error *err) {
  size_t pixel = row_bytes(&j->result) / j->result.width;
  size_t from = (size_t)x0 * pixel, n = (size_t)(x1 - x0) * pixel;
  if (!j->held) return j->write(j->write_user, (uint32_t)y, j->line, err);
  return ci_spool_patch(j->held, (uint32_t)y, from, n, j->line + from, err);
}

static int tell_progress(ci_job *j, uint64_t more, cnnimg_error *err) {
  const cnnimg_params *p = &j->o.params;
  j->done += more;
  if (p->progress && p->progress(p->progress_user, j->done, (uint64_t)j->result.width * j->result.height))
    return ci_fail(err, CNNIMG_CANCELLED, "cancelled");
  return CNNIMG_OK;
}

/* Rows below y are done with, but for the last ones, which the padding mirrors. */
static uint32_t still_wanted(const ci_job *j, uint32_t y) {
  uint32_t h = j->o.format.height, padding = (uint32_t)(ci_plan_get_stats(j->plan)->out.h / j->scale) - h;
  uint32_t mirrored = h > padding + 1 ? h - padding - 1 : 0;
  return y < mirrored ? y : mirrored;
}

static int take(void *user, const ci_view *v, ci_rect r, cnnimg_error *err) {
  ci_job *j = user;
  int32_t x1 = r.x1 < (int32_t)j->result.width ? r.x1 : (int32_t)j->result.width;
  int32_t y1 = r.y1 < (int32_t)j->result.height ? r.y1 : (int32_t)j->result.height;
  if (r.x0 >= x1) return CNNIMG_OK;
  for (int32_t y = r.y0; y < y1; y++) {
    int status = make_line(j, v, y, r.x0, x1, err);
    if (!status) status = put_line(j, y, r.x0, x1, err);
    if (status) return status;
    if (!j->rows.spool) ci_rows_let_go(&j->rows, still_wanted(j, (uint32_t)(y + 1) / (uint32_t)j->scale));
  }
  return r.y0 < y1 ? tell_progress(j, (uint64_t)(x1 - r.x0) * (uint64_t)(y1 - r.y0), err) : CNNIMG_OK;
}

/* The held result, row by row. */
static int write_held(ci_job *j, cnnimg_error *err) {
  int status = CNNIMG_OK;
  for (uint32_t y = 0; !status && y < j->result.height; y++) {
    status = ci_spool_get(j->held, y, 0, row_bytes(&j->result), j->line, err);
    if (!status) status = j->write(j->write_user, y, j->line, err);
  }
  return status;
}

/* ---- the run ---------------------------------------------------------------------- */

static int row_for_noise(void *user, uint32_t y, const void **row, cnnimg_error *err) {
  ci_job *j = user;
  const cnnimg_cancel *cancel = j->o.params.cancel;
  if (cancel && cancel->stop) return ci_fail(err, CNNIMG_CANCELLED, "cancelled");
  return ci_rows_get(&j->rows, y, row, err);
}

static bool wants_sigma(const ci_job *j) {
  for (size_t i = 0; i < j->o.program->n_inputs; i++)
    if (ci_role_of(j->o.program, i) == CI_ROLE_SIGMA) return true;
  return false;
}

/* Stripes ask for rows again, and an estimate needs the whole picture first. */
static int prepare(ci_job *j, cnnimg_error *err) {
  bool estimate = j->o.params.sigma < 0 && wants_sigma(j), stripes = ci_plan_get_stats(j->plan)->tiles > 1;
  size_t memory = j->o.memory ? j->o.memory / 2 : SIZE_MAX / 2;
  int status = CNNIMG_OK;
  j->line = ci_calloc(1, row_bytes(&j->result));
  if (!j->line) return ci_fail(err, CNNIMG_NOMEM, "no memory for a row");
  if (estimate || stripes) status = ci_rows_hold(&j->rows, memory / 2, j->o.params.cancel, err);
  if (!status && estimate) status = ci_noise_estimate(&j->o.format, row_for_noise, j, &j->sigma, err);
  if (!status && stripes)
    status = ci_spool_new(&j->held, j->result.height, row_bytes(&j->result), memory / 2, err);
  return status;
}

int ci_job_run(ci_job *j, cnnimg_read_row read, void *read_user, cnnimg_write_row write, void *write_user,
               cnnimg_error *err) {
  const ci_feed feed = {.user = j, .fill = fill, .take = take, .cancel = j->o.params.cancel};
  int status = ci_rows_init(&j->rows, j->o.format.height, row_bytes(&j->o.format), read, read_user, err);
  if (status) return status;
  j->write = write;
  j->write_user = write_user;
  j->done = 0;
  status = prepare(j, err);
  if (!status) status = ci_plan_run(j->plan, j->pool, &feed, NULL, err);
  if (!status && j->held) status = write_held(j, err);
  ci_rows_fini(&j->rows);
  ci_spool_free(j->held);
  j->held = NULL;
  free(j->line);
  j->line = NULL;
  return status;
}
