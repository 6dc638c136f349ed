/* SPDX-License-Identifier: MIT */
/* job_run.c - one run: where pixels are read from, what is kept, the estimate of sigma, the executor */
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/error.h"
#include "tasks/job_state.h"

#define STRIP_ROWS 64 /* of a picture that is read by rectangles, for an estimate */

static int cancelled(const ci_job *j, cnnimg_error *err) {
  return ci_cancelled(j->o.params.cancel) ? ci_fail(err, CNNIMG_CANCELLED, "cancelled") : CNNIMG_OK;
}

static size_t half_memory(const ci_job *j) {
  return j->o.engine.memory ? j->o.engine.memory / 2 : SIZE_MAX / 2;
}

/* ---- source and result in one place ------------------------------------------------------ */

typedef struct extent {
  uintptr_t from, to;
} extent;

static void widen(extent *e, ptrdiff_t by) {
  if (by < 0) e->from += (uintptr_t)by;
  else e->to += (uintptr_t)by;
}

/* The bytes that a view lies in. */
static extent extent_of(const cnnimg_view *v) {
  const cnnimg_format *f = &v->format;
  ptrdiff_t colours = (f->colours - 1) * v->channel_stride, alpha = v->alpha_offset;
  extent e = {(uintptr_t)v->data, (uintptr_t)v->data + CNNIMG_SAMPLE_BYTES(f->sample)};
  if (f->alpha && !alpha) alpha = f->colours * v->channel_stride;
  widen(&e, (ptrdiff_t)(f->height - 1) * v->row_stride);
  widen(&e, (ptrdiff_t)(f->width - 1) * v->pixel_stride);
  ptrdiff_t low = colours < 0 ? colours : 0, high = colours > 0 ? colours : 0;
  if (f->alpha && alpha < low) low = alpha;
  if (f->alpha && alpha > high) high = alpha;
  widen(&e, low);
  widen(&e, high);
  return e;
}

bool ci_views_overlap(const cnnimg_view *a, const cnnimg_view *b) {
  extent x = extent_of(a), y = extent_of(b);
  return x.from < y.to && y.from < x.to;
}

/* Row by row, pixel by pixel over itself. */
static bool same_place(const cnnimg_view *a, const cnnimg_view *b) {
  return a->data == b->data && a->row_stride == b->row_stride && a->pixel_stride == b->pixel_stride &&
         a->format.height == b->format.height &&
         CNNIMG_SAMPLE_BYTES(a->format.sample) == CNNIMG_SAMPLE_BYTES(b->format.sample);
}

/* ---- the source ---------------------------------------------------------------------------- */

static size_t row_bytes(const cnnimg_format *f) { return cnnimg_pixel_bytes(f) * f->width; }

static int open_rows(ci_job *j, cnnimg_read_row read, void *user, bool hold, cnnimg_error *err) {
  int status = ci_rows_init(&j->source.rows, j->o.format.height, row_bytes(&j->o.format), read, user, err);
  if (!status && hold) status = ci_rows_hold(&j->source.rows, half_memory(j) / 2, j->o.params.cancel, err);
  return status;
}

static int open_source(ci_job *j, bool estimate, cnnimg_error *err) {
  const ci_job_io *io = j->io;
  bool stripes = j->cost.tiles > 1;
  j->source = (ci_picture){.format = j->o.format};
  if (io->src && !ci_views_overlap(io->src, io->dst)) {
    j->source.view = io->src;
    return CNNIMG_OK;
  }
  if (io->src) {
    j->in_place = true;
    return open_rows(j, ci_rows_of_view, (void *)(uintptr_t)io->src,
                     stripes || estimate || !j->same_size || !same_place(io->src, io->dst), err);
  }
  if (io->read_rect) {
    j->source.read = io->read_rect;
    j->source.user = io->read_user;
    return CNNIMG_OK;
  }
  return open_rows(j, io->read_row, io->read_user, stripes || estimate, err);
}

/* ---- sigma ----------------------------------------------------------------------------------- */

static int noise_row(void *user, uint32_t y, cnnimg_view *row, cnnimg_error *err) {
  ci_job *j = user;
  ci_line line;
  int status = cancelled(j, err);
  if (!status) status = ci_picture_line(&j->source, 0, y, &line, err);
  if (!status) *row = line.row;
  return status;
}

/* Rows of a picture that is read by rectangles. */
static int strip_row(void *user, uint32_t y, void *row, cnnimg_error *err) {
  ci_picture *p = user;
  int32_t h = (int32_t)p->format.height, y0 = (int32_t)(y / STRIP_ROWS * STRIP_ROWS);
  int32_t y1 = h - y0 < STRIP_ROWS ? h : y0 + STRIP_ROWS;
  ci_line line;
  int status = ci_picture_need(p, 0, (ci_rect){0, y0, (int32_t)p->format.width, y1}, err);
  if (!status) status = ci_picture_line(p, 0, y, &line, err);
  if (!status) memcpy(row, line.row.data, row_bytes(&p->format));
  return status;
}

/* The host's rectangles are asked for once, and what the estimate reads again is kept meanwhile. */
static int find_sigma(ci_job *j, bool estimate, cnnimg_error *err) {
  ci_picture source = j->source;
  const bool keep = estimate && source.read;
  int status = CNNIMG_OK;
  if (keep) {
    j->source = (ci_picture){.format = j->o.format};
    status = open_rows(j, strip_row, &source, true, err);
  }
  if (!status) status = ci_sigma_find(&j->sigma, estimate, &j->o.format, noise_row, j, err);
  if (!keep) return status;
  ci_picture_fini(&j->source);
  j->source = source;
  return status;
}

/* ---- the run --------------------------------------------------------------------------------- */

static uint32_t target_rows(const ci_job *j) { return (uint32_t)(j->target.y1 - j->target.y0); }

static size_t target_row_bytes(const ci_job *j) {
  return cnnimg_pixel_bytes(&j->result) * (size_t)(j->target.x1 - j->target.x0);
}

static int make_room(ci_job *j, cnnimg_error *err) {
  bool in_vector = j->net->in[j->card.image] == CI_LAYOUT_VECTOR,
       out_vector = j->net->out == CI_LAYOUT_VECTOR;
  size_t in = (size_t)j->in.w * (size_t)ci_channel_stride(j->in.c),
         out = (size_t)j->out.w * (size_t)ci_channel_stride(j->out.c);
  if (in_vector || out_vector) j->scratch = ci_calloc(in > out ? in : out, sizeof *j->scratch);
  if (j->io->write) j->line = ci_calloc(1, target_row_bytes(j));
  if (((in_vector || out_vector) && !j->scratch) || (j->io->write && !j->line))
    return ci_fail(err, CNNIMG_NOMEM, "no memory for a row");
  if ((!j->io->write && !j->chain) || j->cost.tiles == 1) return CNNIMG_OK;
  if (j->chain)
    return ci_spool_new(&j->held, (uint32_t)(j->wants.y1 - j->wants.y0), ci_job_chain_row_bytes(j),
                        half_memory(j) / 2, err);
  return ci_spool_new(&j->held, target_rows(j), target_row_bytes(j), half_memory(j) / 2, err);
}

/* The held result, row by row. */
static int write_held(ci_job *j, cnnimg_error *err) {
  int status = CNNIMG_OK;
  for (uint32_t y = 0; !status && y < target_rows(j); y++) {
    status = cancelled(j, err);
    if (!status) status = ci_spool_get(j->held, y, 0, target_row_bytes(j), j->line, err);
    if (!status) status = j->io->write(j->io->write_user, y, j->line, err);
  }
  return status;
}

static ci_rect shifted(ci_rect r, ci_rect by) {
  return (ci_rect){r.x0 + by.x0, r.y0 + by.y0, r.x1 + by.x0, r.y1 + by.y0};
}

/* The part of the network's map that the result, or a rectangle of it, is made of. */
static int set_want(ci_job *j, cnnimg_error *err) {
  const ci_rect whole = {0, 0, (int32_t)j->result.width, (int32_t)j->result.height};
  j->target = j->io->region ? *j->io->region : whole;
  int status = j->chain ? ci_job_open_chain(j, j->target, err) : CNNIMG_OK;
  j->want = shifted(j->chain ? j->wants : j->target, j->crop);
  return status;
}

static int run_plan(ci_job *j, cnnimg_error *err) {
  const ci_feed feed = {.user = j, .fill = ci_job_fill, .take = ci_job_take, .cancel = j->o.params.cancel};
  bool whole = j->want.x0 == 0 && j->want.y0 == 0 && j->want.x1 == j->out.w && j->want.y1 == j->out.h;
  bool vector = j->net->out == CI_LAYOUT_VECTOR; /* has no rectangles */
  return ci_plan_run(j->plan, j->pool, &feed, whole || vector ? NULL : &j->want, err);
}

static void clean_up(ci_job *j) {
  ci_picture_fini(&j->source);
  ci_spool_free(j->held);
  free(j->line);
  free(j->scratch);
  j->held = NULL, j->line = NULL, j->scratch = NULL, j->io = NULL;
}

int ci_job_run(ci_job *j, const ci_job_io *io, cnnimg_error *err) {
  bool estimate = ci_sigma_is_open(&j->sigma, j->estimates, io->region);
  j->io = io;
  j->in_place = false;
  j->filled = 0;
  j->done = 0;
  int status = cancelled(j, err);
  if (!status) status = open_source(j, estimate, err);
  if (!status) status = find_sigma(j, estimate, err);
  if (!status) status = ci_job_choose(j, err);
  if (!status && j->bleed) ci_bleed_begin(j->source.bleed = j->bleed);
  if (!status) status = set_want(j, err);
  if (!status) status = make_room(j, err);
  if (!status) status = run_plan(j, err);
  if (!status && j->held) status = j->chain ? ci_job_push_held(j, err) : write_held(j, err);
  clean_up(j);
  return status;
}
