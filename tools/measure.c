/* SPDX-License-Identifier: MIT */
/* measure.c - what writes nothing: the noise of a picture, the time that a run would take */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver.h"

#define PROBE 192 /* pixels a side of the picture that speed is measured with */

/* The cap of --memory, or half of what the machine has. */
uint64_t drv_memory_cap(const drv_settings *s) {
  long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  if (s->config.memory_limit) return s->config.memory_limit;
  return pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page / 2 : (uint64_t)1 << 30;
}

static int read_all(cnnimg_reader *reader, cnnimg_view *view, cnnimg_error *err) {
  int status = CNNIMG_OK;
  for (uint32_t y = 0; !status && y < view->format.height; y++) {
    if (cnnimg_cancel_is_set(&drv_cancel)) return drv_fail(err, CNNIMG_CANCELLED, "cancelled");
    status = cnnimg_reader_row(reader, (char *)view->data + (ptrdiff_t)y * view->row_stride, err);
  }
  return status;
}

int drv_measure(drv_run *run, cnnimg_reader *reader, drv_result *r, cnnimg_error *err) {
  const cnnimg_format f = cnnimg_reader_info(reader)->format;
  size_t row = drv_row_bytes(&f), pixel = ((size_t)f.colours + f.alpha) * f.sample;
  if (row > drv_memory_cap(run->s) / f.height)
    return drv_fail(err, CNNIMG_LIMIT, "%s",
                "the whole picture is needed to measure it, and does not fit in memory (--memory)");
  cnnimg_view view = {.data = malloc(row * f.height),
                      .format = f,
                      .row_stride = (ptrdiff_t)row,
                      .pixel_stride = (ptrdiff_t)pixel,
                      .channel_stride = f.sample};
  int status = run->s->tool->ask ? drv_session_for(run, &f, err) : CNNIMG_OK;
  if (run->s->tool->ask) r->model = run->model_path;
  if (!status)
    status =
        view.data ? read_all(reader, &view, err) : drv_fail(err, CNNIMG_NOMEM, "no memory for the picture");
  if (!status)
    status = run->s->tool->ask ? run->s->tool->ask(run, &view, r, err)
                               : run->s->tool->measure(&view, &r->sigma, err);
  free(view.data);
  return status;
}

/* Any picture does, but flat ones might be quicker. */
static int probe_row(void *user, uint32_t y, void *row, cnnimg_error *err) {
  size_t n = drv_row_bytes(user);
  (void)err;
  for (size_t i = 0; i < n; i++) ((uint8_t *)row)[i] = (uint8_t)((y * n + i) * 2654435761u >> 24);
  return CNNIMG_OK;
}

static int drop_row(void *user, uint32_t y, const void *row, cnnimg_error *err) {
  (void)user, (void)y, (void)row, (void)err;
  return CNNIMG_OK;
}

/* A hole in the middle of it. */
static const cnnimg_view *probe_mask(cnnimg_view *mask, uint8_t *hole) {
  const cnnimg_format f = {.width = PROBE, .height = PROBE, .colours = 1, .sample = CNNIMG_U8};
  for (int i = 0; i < PROBE * PROBE; i++)
    hole[i] = abs(i % PROBE - PROBE / 2) < PROBE / 8 && abs(i / PROBE - PROBE / 2) < PROBE / 8 ? 255 : 0;
  cnnimg_view_init(mask, &f, hole);
  return mask;
}

/* Multiply-adds a second, on a small picture of noise. */
static int measure_speed(drv_run *run, cnnimg_error *err) {
  cnnimg_format f = {
      .width = PROBE, .height = PROBE, .colours = run->session_format.colours, .sample = CNNIMG_U8};
  cnnimg_params params = run->params;
  cnnimg_session *session = NULL;
  cnnimg_cost cost;
  static uint8_t hole[PROBE * PROBE];
  cnnimg_view mask;
  params.progress = NULL;
  params.sigma_map = NULL;
  params.hints = NULL, params.points = NULL, params.n_points = 0;
  if (params.mask) params.mask = probe_mask(&mask, hole);
  params.deblur = 0; /* of a kernel that may be larger; its network is the same */
  params.scale_num = params.scale_den = params.result_width = params.result_height = 0;
  if (params.sigma < 0) params.sigma = 25;
  int status = cnnimg_session_new(run->context, run->model, &params, &f, &session, err);
  for (int i = 0; !status && i < 2; i++) { /* the first one warms up */
    double start = drv_now();
    cost = *cnnimg_session_cost(session);
    status = cnnimg_run_rows(session, probe_row, &f, drop_row, NULL, err);
    double spent = drv_now() - start;
    run->speed = spent > 0 ? (double)cost.multiply_adds / spent : 0;
  }
  cnnimg_session_free(session);
  return status;
}

int drv_plan_only(drv_run *run, drv_result *r, cnnimg_error *err) {
  if (!run->model && !run->candidates.n) return CNNIMG_OK; /* without a network nobody knows */
  int status = run->speed > 0 ? CNNIMG_OK : measure_speed(run, err);
  if (!status && run->speed > 0) r->estimate = (double)r->cost.multiply_adds / run->speed;
  return status;
}
