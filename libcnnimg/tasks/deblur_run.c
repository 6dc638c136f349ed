/* SPDX-License-Identifier: MIT */
/* deblur_run.c - one run of deblurring: the source into planes, steps, the result out of them */
#include <math.h>
#include <stdlib.h>

#include "base/cancel.h"
#include "base/error.h"
#include "exec/pixels.h"
#include "tasks/deblur_state.h"

#define FIRST_SIGMA 49.0f /* of the noise that the first step's guess is said to have */
#define LEAST_SIGMA 0.255f
#define TRUST 0.23f /* in what was seen, against the network; all three as in DPIR */
#define STRIP 64    /* rows of the source that are read together */

static int cancelled(const ci_deblur *d, cnnimg_error *err) {
  return ci_cancelled(d->o.params.cancel) ? ci_fail(err, CNNIMG_CANCELLED, "cancelled") : CNNIMG_OK;
}

/* ---- the source --------------------------------------------------------------------------------------------- */

/* Row y can be had from the block: of the picture's columns [x0, x1). */
static int need_row(ci_deblur *d, int block, int32_t x0, int32_t x1, int32_t y, int32_t end,
                    cnnimg_error *err) {
  ci_rect r = {x0, y, x1, y + 1};
  if (ci_picture_has(&d->picture, block, r)) return CNNIMG_OK;
  r.y1 = end - y < STRIP ? end : y + STRIP;
  return ci_picture_need(&d->picture, block, r, err);
}

static int put_row(ci_deblur *d, uint32_t y, cnnimg_error *err) {
  const ci_field *f = &d->field;
  ci_line line;
  int status = need_row(d, 0, 0, (int32_t)f->width, (int32_t)y, (int32_t)f->height, err);
  if (!status) status = ci_picture_line(&d->picture, 0, y, &line, err);
  if (status) return status;
  ci_pixels_load(&line.row, 0, f->width, NULL, d->pixels, (int32_t)f->colours, (int32_t)f->colours);
  if (ci_field_observe(f, y, d->pixels)) return CNNIMG_OK;
  return ci_fail(err, CNNIMG_UNSUPPORTED, "row %u of the picture has samples that are no finite numbers", y);
}

static int read_source(ci_deblur *d, cnnimg_error *err) {
  int status = CNNIMG_OK;
  if (d->bleed) ci_bleed_begin(d->bleed);
  d->picture.bleed = d->bleed;
  for (uint32_t y = 0; y < d->field.height && !status; y++) {
    status = cancelled(d, err);
    if (!status) status = put_row(d, y, err);
  }
  return status;
}

/* ---- the steps ------------------------------------------------------------------------------------------------- */

/* Falls from the first step's to the noise's, by the same factor each time. */
static float sigma_at(uint32_t step, uint32_t steps, float noise) {
  const float first = noise > FIRST_SIGMA ? noise : FIRST_SIGMA;
  if (steps == 1) return noise;
  return first * powf(noise / first, (float)step / (float)(steps - 1));
}

static int denoise(ci_deblur *d, float sigma, cnnimg_error *err) {
  const cnnimg_view planes = ci_field_view(&d->field);
  const ci_job_io io = {.src = &planes, .dst = &planes};
  ci_augment_set_sigma(d->job, sigma);
  return ci_augment_run(d->job, &io, err);
}

static int run_steps(ci_deblur *d, cnnimg_error *err) {
  const uint32_t steps = d->o.params.deblur;
  const float noise = d->sigma.used > LEAST_SIGMA ? d->sigma.used : LEAST_SIGMA;
  int status = CNNIMG_OK;
  ci_field_begin(&d->field);
  for (d->step = 0; d->step < steps && !status; d->step++) {
    const float sigma = sigma_at(d->step, steps, noise), ratio = noise / sigma;
    status = ci_field_step(&d->field, TRUST * ratio * ratio, err);
    if (!status) status = denoise(d, sigma, err);
  }
  return status;
}

/* ---- the result -------------------------------------------------------------------------------------------------- */

/* Strength and alpha look at the source's own pixels. */
static int find_original(ci_deblur *d, uint32_t y, ci_original *o, cnnimg_error *err) {
  ci_line line;
  *o = (ci_original){.strength = d->o.params.strength};
  if (o->strength == 1.0f && !d->o.format.alpha) return CNNIMG_OK;
  int status = need_row(d, 1, d->want.x0, d->want.x1, (int32_t)y, d->want.y1, err);
  if (!status) status = ci_picture_plain_line(&d->picture, 1, y, &line, err);
  if (!status) o->row = line.row, o->x = (uint32_t)d->want.x0 - line.x0;
  return status;
}

static int write_row(ci_deblur *d, uint32_t y, cnnimg_error *err) {
  const ci_job_io *io = d->io;
  const int32_t colours = (int32_t)d->field.colours;
  const uint32_t n = (uint32_t)(d->want.x1 - d->want.x0), row = y - (uint32_t)d->want.y0;
  ci_original original;
  cnnimg_view to;
  int status = find_original(d, y, &original, err);
  if (status) return status;
  if (io->dst) to = *io->dst, to.data = (uint8_t *)to.data + (ptrdiff_t)row * to.row_stride;
  else cnnimg_view_init(&to, &d->o.format, d->line);
  ci_field_row(&d->field, y, d->pixels);
  ci_pixels_store(&to, 0, n, d->pixels + (ptrdiff_t)d->want.x0 * colours, colours, colours, NULL, &original);
  return io->dst ? CNNIMG_OK : io->write(io->write_user, row, d->line, err);
}

static int write_result(ci_deblur *d, cnnimg_error *err) {
  int status = CNNIMG_OK;
  d->picture.bleed = NULL; /* as they are */
  for (int32_t y = d->want.y0; y < d->want.y1 && !status; y++) {
    status = cancelled(d, err);
    if (!status) status = write_row(d, (uint32_t)y, err);
  }
  return status;
}

/* ---- a run ---------------------------------------------------------------------------------------------------------- */

static int open_source(ci_deblur *d, cnnimg_error *err) {
  const cnnimg_format *f = &d->o.format;
  const size_t memory = d->o.engine.memory ? (d->o.engine.memory - d->field.bytes) / 4 : SIZE_MAX / 4;
  int status = ci_rects_open(&d->source, f, d->io, memory, d->o.params.cancel, err);
  if (!status) status = ci_rects_sigma(&d->source, &d->sigma, true, d->io->region, d->o.params.cancel, err);
  d->picture = (ci_picture){.format = *f, .read = ci_rects_read, .user = &d->source};
  if (status) return status;
  d->pixels = ci_calloc((size_t)f->width * f->colours, sizeof *d->pixels);
  d->line = ci_calloc(f->width, cnnimg_pixel_bytes(f));
  return d->pixels && d->line ? CNNIMG_OK : ci_fail(err, CNNIMG_NOMEM, "no memory for a row");
}

static void clean_up(ci_deblur *d) {
  ci_picture_fini(&d->picture);
  ci_rects_close(&d->source);
  free(d->pixels);
  free(d->line);
  d->pixels = NULL, d->line = NULL, d->io = NULL;
}

int ci_deblur_run_on(ci_deblur *d, const ci_job_io *io, cnnimg_error *err) {
  const cnnimg_format *f = &d->o.format;
  d->io = io;
  d->want = io->region ? *io->region : (ci_rect){0, 0, (int32_t)f->width, (int32_t)f->height};
  int status = cancelled(d, err);
  if (!status) status = open_source(d, err);
  if (!status) status = read_source(d, err);
  if (!status) status = run_steps(d, err);
  if (!status) status = write_result(d, err);
  clean_up(d);
  return status;
}
