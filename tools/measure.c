/* SPDX-License-Identifier: MIT */
/* measure.c - what writes nothing: the noise of a picture, the time that a run would take */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver.h"

#define PROBE 192 /* pixels a side of the picture that speed is measured with */

static int fail(cnnimg_error *err, int status, const char *sentence) {
  err->code = status;
  snprintf(err->text, sizeof err->text, "%s", sentence);
  return status;
}

/* The cap of --memory, or half of what the machine has. */
static uint64_t memory_cap(const drv_settings *s) {
  long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  if (s->config.memory_limit) return s->config.memory_limit;
  return pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page / 2 : (uint64_t)1 << 30;
}

static int read_all(cnnimg_reader *reader, cnnimg_view *view, cnnimg_error *err) {
  int status = CNNIMG_OK;
  for (uint32_t y = 0; !status && y < view->format.height; y++) {
    if (drv_cancel.stop) return fail(err, CNNIMG_CANCELLED, "cancelled");
    status = cnnimg_reader_row(reader, (char *)view->data + (ptrdiff_t)y * view->row_stride, err);
  }
  return status;
}

int drv_measure(drv_run *run, cnnimg_reader *reader, drv_result *r, cnnimg_error *err) {
  const cnnimg_format f = cnnimg_reader_info(reader)->format;
  size_t row = drv_row_bytes(&f), pixel = ((size_t)f.colours + f.alpha) * f.sample;
  if (row > memory_cap(run->s) / f.height)
    return fail(err, CNNIMG_LIMIT,
                "the whole picture is needed to measure it, and does not fit in memory (--memory)");
  cnnimg_view view = {.data = malloc(row * f.height),
                      .format = f,
                      .row_stride = (ptrdiff_t)row,
                      .pixel_stride = (ptrdiff_t)pixel,
                      .channel_stride = f.sample};
  int status =
      view.data ? read_all(reader, &view, err) : fail(err, CNNIMG_NOMEM, "no memory for the picture");
  if (!status) status = run->s->tool->measure(&view, &r->sigma, err);
  free(view.data);
  return status;
}

/* Runs what the session was made for, on noise; seconds, or below 0 and err. */
static double time_run(cnnimg_session *session, const cnnimg_format *f, cnnimg_error *err) {
  const cnnimg_cost *cost = cnnimg_session_cost(session);
  cnnimg_format g = *f;
  g.width = cost->width;
  g.height = cost->height;
  size_t bytes = drv_row_bytes(f) * f->height;
  uint8_t *in = malloc(bytes), *out = calloc(g.height, drv_row_bytes(&g));
  double spent = -1;
  if (in && out) {
    cnnimg_view from, to;
    for (size_t i = 0; i < bytes; i++) in[i] = (uint8_t)(i * 2654435761u >> 24);
    cnnimg_view_init(&from, f, in);
    cnnimg_view_init(&to, &g, out);
    double start = drv_now();
    if (!cnnimg_run(session, &from, &to, err)) spent = drv_now() - start;
  } else {
    fail(err, CNNIMG_NOMEM, "no memory to measure the speed with");
  }
  free(in);
  free(out);
  return spent;
}

/* Multiply-adds a second, on a small picture of noise. */
static int measure_speed(drv_run *run, cnnimg_error *err) {
  const cnnimg_format f = {
      .width = PROBE, .height = PROBE, .colours = run->session_format.colours, .sample = CNNIMG_U8};
  cnnimg_params params = run->params;
  cnnimg_session *session = NULL;
  params.progress = NULL;
  if (params.sigma < 0) params.sigma = 25;
  int status = cnnimg_session_new(run->context, run->model, &params, &f, &session, err);
  for (int i = 0; !status && i < 2; i++) { /* the first one warms up */
    double spent = time_run(session, &f, err);
    if (spent < 0) status = err->code;
    run->speed = spent > 0 ? (double)cnnimg_session_cost(session)->multiply_adds / spent : 0;
  }
  cnnimg_session_free(session);
  return status;
}

int drv_plan_only(drv_run *run, drv_result *r, cnnimg_error *err) {
  int status = run->speed > 0 ? CNNIMG_OK : measure_speed(run, err);
  if (!status && run->speed > 0) r->estimate = (double)r->cost.multiply_adds / run->speed;
  return status;
}
