/* SPDX-License-Identifier: MIT */
/* deliver.c - the network's rows through the stages, and to where the result goes */
#include "base/cancel.h"
#include "base/error.h"
#include "tasks/job_state.h"

/* ---- where rows go ------------------------------------------------------------------------ */

/* Row Y of the result, as a row that pixels are stored into; *at: which of its pixels is the result's pixel X. */
static cnnimg_view destination(const ci_job *j, int32_t X, int32_t Y, uint32_t *at) {
  const ci_job_io *io = j->io;
  cnnimg_view to;
  *at = (uint32_t)(X - j->target.x0);
  if (!io->dst) {
    cnnimg_view_init(&to, &j->result, j->line);
    return to;
  }
  to = *io->dst;
  to.data = (uint8_t *)to.data + (ptrdiff_t)(Y - j->target.y0) * to.row_stride;
  return to;
}

/* What has been stored goes on to a callback. */
static int hand_over(ci_job *j, int32_t X, int32_t Y, int32_t n, cnnimg_error *err) {
  size_t pixel = cnnimg_pixel_bytes(&j->result), from = (size_t)(X - j->target.x0) * pixel;
  uint32_t row = (uint32_t)(Y - j->target.y0);
  if (j->io->dst) return CNNIMG_OK;
  if (!j->held || j->chain) return j->io->write(j->io->write_user, row, j->line, err);
  return ci_spool_patch(j->held, row, from, (size_t)n * pixel, j->line + from, err);
}

#define STRIP 64 /* rows of a rectangle that is read at a time */

/* Rectangles from a callback are asked for some rows at a time. */
static int need_rows(ci_job *j, int block, ci_rect all, int32_t y, cnnimg_error *err) {
  ci_rect row = {all.x0, y, all.x1, y + 1};
  if (ci_picture_has(&j->source, block, row)) return CNNIMG_OK;
  row.y1 = all.y1 - y < STRIP ? all.y1 : y + STRIP;
  return ci_picture_need(&j->source, block, row, err);
}

/* Less noise than a quarter of a step of 255 is less than rounding to 8 bits makes: drawings, screens. There is nothing to
 * be removed, and a network that was never shown such pictures would change their edges all the same. */
#define NO_NOISE 0.25f

static float strength_of(const ci_job *j) {
  return j->estimates && !j->card.n_levels && j->sigma.used >= 0 && j->sigma.used < NO_NOISE
             ? 0
             : j->o.params.strength;
}

/* Strength and alpha look at the source's pixels. */
bool ci_job_wants_original(const ci_job *j) {
  return j->same_size && (strength_of(j) != 1.0f || j->o.format.alpha);
}

/* The pixels as they are: strength mixes them, and alpha is copied. Behind a chain, what the chain reads is elsewhere. */
static int source_row(ci_job *j, int32_t X, int32_t Y, int32_t n, ci_line *line, cnnimg_error *err) {
  int block = j->chain ? 2 : 1;
  ci_rect all = {X, Y, X + n, j->io->region ? j->io->region->y1 : Y + 1};
  int status = j->chain ? need_rows(j, block, all, Y, err) : CNNIMG_OK;
  return status ? status : ci_picture_plain_line(&j->source, block, (uint32_t)Y, line, err);
}

int ci_job_store(ci_job *j, const ci_store *s, int32_t X, int32_t Y, int32_t n, cnnimg_error *err) {
  ci_original original = {.strength = strength_of(j)};
  ci_line line;
  uint32_t at;
  if (ci_job_wants_original(j) || j->in_place) { /* in place: a row is read before it is written over */
    int status = source_row(j, X, Y, n, &line, err);
    if (status) return status;
    if (ci_job_wants_original(j)) original.row = line.row, original.x = (uint32_t)X - line.x0;
  }
  if (!ci_job_wants_original(j) && s->alpha.data) original.row = s->alpha, original.strength = 1;
  cnnimg_view to = destination(j, X, Y, &at);
  ci_pixels_store(&to, at, (uint32_t)n, s->pixels, s->channels, s->step, s->tone, &original);
  return hand_over(j, X, Y, n, err);
}

/* ---- the ends of the chain ------------------------------------------------------------------ */

/* Colours as the network sees them, and alpha as it is. */
static int fill_source(void *user, const ci_view *v, int32_t y, cnnimg_error *err) {
  ci_job *j = user;
  ci_line line;
  int32_t x0 = v->rect.x0, n = v->rect.x1 - x0;
  int status = need_rows(j, 1, v->rect, y, err);
  if (!status) status = ci_picture_line(&j->source, 1, (uint32_t)y, &line, err);
  if (status) return status;
  uint32_t at = (uint32_t)x0 - line.x0;
  float *to = ci_view_at(v, x0, y);
  if (v->map.c > j->o.format.colours) ci_pixels_load_raw(&line.row, at, (uint32_t)n, to, v->map.c, v->cs);
  ci_pixels_load(&line.row, at, (uint32_t)n, NULL, to, j->o.format.colours, v->cs);
  return CNNIMG_OK;
}

/* A row of floats as a row of a picture. */
static cnnimg_view as_picture(const ci_view *v, int32_t y) {
  int32_t alpha = v->map.c & 1 ? CNNIMG_ALPHA_NONE : CNNIMG_ALPHA_STRAIGHT;
  return (cnnimg_view){.data = ci_view_at(v, v->rect.x0, y),
                       .format = {.width = (uint32_t)(v->rect.x1 - v->rect.x0),
                                  .height = 1,
                                  .colours = (uint8_t)(alpha ? v->map.c - 1 : v->map.c),
                                  .alpha = (uint8_t)alpha,
                                  .sample = CNNIMG_F32},
                       .pixel_stride = v->cs * (ptrdiff_t)sizeof(float),
                       .channel_stride = (ptrdiff_t)sizeof(float)};
}

static int store_result(void *user, const ci_view *v, int32_t y, cnnimg_error *err) {
  ci_job *j = user;
  cnnimg_view row = as_picture(v, y);
  ci_store s = {row.data, row.format.colours, v->cs, NULL, {0}};
  if (row.format.alpha) s.alpha = row;
  int status = ci_job_store(j, &s, v->rect.x0, y, v->rect.x1 - v->rect.x0, err);
  j->stored = y + 1;
  return status;
}

/* ---- rows into the chain ----------------------------------------------------------------------- */

int ci_job_open_chain(ci_job *j, ci_rect result, cnnimg_error *err) {
  const ci_chain_ends ends = {j, fill_source, store_result};
  j->stored = result.y0;
  return ci_chain_begin(j->chain, result, &ends, j->sigma.used, &j->wants, err);
}

static int push(ci_job *j, cnnimg_error *err) { return ci_chain_push(j->chain, err); }

/* Row y of the network's map, columns [x0, x1), whose first pixel is the picture's X. */
int ci_job_push_row(ci_job *j, const ci_view *v, int32_t y, int32_t x0, int32_t x1, cnnimg_error *err) {
  int32_t at, X = x0 - j->crop.x0, Y = y - j->crop.y0, colours = j->o.format.colours;
  const ci_view *to = ci_chain_next(j->chain, &at);
  const ci_tone *tone = j->card.plain ? NULL : &j->card.out;
  float *row = ci_view_at(to, X, at);
  ci_pixels_answer(ci_view_at(v, x0, y), (uint32_t)(x1 - x0), v->map.c, v->cs, tone, row, colours, to->cs);
  if (!j->held) return push(j, err);
  size_t pixel = (size_t)to->cs * sizeof(float), from = (size_t)(X - j->wants.x0) * pixel;
  return ci_spool_patch(j->held, (uint32_t)(Y - j->wants.y0), from, (size_t)(x1 - x0) * pixel, row, err);
}

size_t ci_job_chain_row_bytes(const ci_job *j) {
  int32_t y;
  return ci_chain_next(j->chain, &y)->row_stride * sizeof(float);
}

/* What stripes have left in the spool, in order. */
int ci_job_push_held(ci_job *j, cnnimg_error *err) {
  int status = CNNIMG_OK;
  int32_t rows = j->wants.y1 - j->wants.y0, at;
  for (int32_t y = 0; !status && y < rows; y++) {
    const ci_view *to = ci_chain_next(j->chain, &at);
    if (ci_cancelled(j->o.params.cancel)) return ci_fail(err, CNNIMG_CANCELLED, "cancelled");
    status = ci_spool_get(j->held, (uint32_t)y, 0, ci_job_chain_row_bytes(j), ci_view_at(to, to->rect.x0, at),
                          err);
    if (!status) status = push(j, err);
  }
  return status;
}
