/* SPDX-License-Identifier: MIT */
/* inpaint_run.c - a picture from top to bottom: windows filled before their rows, all else handed on bit for bit */
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/error.h"
#include "exec/pixels.h"
#include "tasks/inpaint_state.h"

#define STRIP_BYTES ((size_t)1 << 18) /* of rows that are handed on together */

/* ---- the source ---------------------------------------------------------------------------------- */

int ci_inpaint_fetch(ci_inpaint *j, ci_rect r, uint8_t *to, cnnimg_error *err) {
  cnnimg_format f = j->o.format;
  cnnimg_view view;
  const size_t pixel = cnnimg_pixel_bytes(&f), n = pixel * (size_t)(r.x1 - r.x0);
  f.width = (uint32_t)(r.x1 - r.x0), f.height = (uint32_t)(r.y1 - r.y0);
  cnnimg_view_init(&view, &f, to);
  if (!j->io->read_row) return ci_rects_read(&j->picture, (uint32_t)r.x0, (uint32_t)r.y0, &view, err);
  for (int32_t y = r.y0; y < r.y1; y++, to += n) {
    const void *row;
    int status = ci_rows_get(&j->rows, (uint32_t)y, &row, err);
    if (status) return status;
    memcpy(to, (const uint8_t *)row + pixel * (size_t)r.x0, n);
  }
  return CNNIMG_OK;
}

/* Over its own source a result is written row by row behind the windows that have read them. */
static bool over_itself(const ci_job_io *io) {
  return io->src && io->dst && io->src->data == io->dst->data && io->src->row_stride == io->dst->row_stride &&
         io->src->pixel_stride == io->dst->pixel_stride;
}

static int open_source(ci_inpaint *j, cnnimg_error *err) {
  const ci_job_io *io = j->io;
  const cnnimg_format *f = &j->o.format;
  const size_t memory = j->o.engine.memory ? j->o.engine.memory / 4 : SIZE_MAX / 4;
  if (over_itself(io)) {
    j->picture = ci_rects_of_view(io->src);
    return CNNIMG_OK;
  }
  if (!io->read_row) return ci_rects_open(&j->picture, f, io, memory, j->o.params.cancel, err);
  int status =
      ci_rows_init(&j->rows, f->height, cnnimg_pixel_bytes(f) * f->width, io->read_row, io->read_user, err);
  return status || j->queue ? status : ci_rows_hold(&j->rows, memory, j->o.params.cancel, err);
}

/* ---- progress ------------------------------------------------------------------------------------- */

int ci_inpaint_tell(void *user, uint64_t done, uint64_t total) {
  const ci_inpaint *j = user;
  const cnnimg_params *p = &j->o.params;
  const double part = total ? (double)done / (double)total : 0;
  const uint64_t all = (uint64_t)(j->want.x1 - j->want.x0) * (uint64_t)(j->want.y1 - j->want.y0);
  const uint64_t now = (uint64_t)(j->done + part * j->share);
  return p->progress ? p->progress(p->progress_user, now < all ? now : all, all) : 0;
}

/* ---- rows ------------------------------------------------------------------------------------------- */

/* Rows on their way to where the result goes. */
typedef struct strip {
  ci_inpaint *j;
  cnnimg_format from;
  uint8_t *raw;    /* rows of the source */
  int32_t rows;    /* that there is room for */
  cnnimg_view out; /* one row of the result */
  uint8_t *line;   /* where it is ours */
  float *colours;  /* of a row that is converted */
  bool same;       /* samples are the source's */
  double told;
} strip;

static cnnimg_view source_row(const strip *s, int32_t i) {
  cnnimg_view row;
  cnnimg_view_init(&row, &s->from, s->raw + (size_t)i * cnnimg_pixel_bytes(&s->from) * s->from.width);
  return row;
}

static void hand_on(const strip *s, const cnnimg_view *row) {
  const uint32_t n = s->from.width;
  const ci_original original = {.row = *row, .strength = 1};
  if (s->same) {
    ci_pixels_unpack(&s->out, 0, n, row->data);
    return;
  }
  const int32_t c = s->from.colours;
  ci_pixels_load(row, 0, n, NULL, s->colours, c, c);
  ci_pixels_store(&s->out, 0, n, s->colours, c, c, NULL, &original);
}

/* The filled pixels of a row; where they become opaque, alpha has no original. */
static void lay_in(const strip *s, int32_t y, const cnnimg_view *row) {
  const ci_inpaint *j = s->j;
  const ci_holes *h = &j->holes;
  for (size_t i = h->rows[y]; i < h->rows[y + 1]; i++) {
    const ci_span *span = &h->spans[i];
    const float *filled = j->filled[h->holes[span->hole].window];
    const int32_t x0 = (int32_t)span->x0 > j->want.x0 ? (int32_t)span->x0 : j->want.x0,
                  x1 = (int32_t)span->x1 < j->want.x1 ? (int32_t)span->x1 : j->want.x1;
    if (x0 >= x1) continue;
    const uint32_t x = (uint32_t)(x0 - j->want.x0);
    const ci_original original = {
        .row = j->o.params.fill_alpha ? (cnnimg_view){0} : *row, .x = x, .strength = 1};
    ci_pixels_store(&s->out, x, (uint32_t)(x1 - x0), filled + 3 * ((size_t)span->at + (size_t)x0 - span->x0),
                    s->from.colours, 3, NULL, &original);
  }
}

static int put_rows(strip *s, int32_t y, int32_t n, cnnimg_error *err) {
  ci_inpaint *j = s->j;
  const ci_job_io *io = j->io;
  int status = ci_inpaint_fetch(j, (ci_rect){j->want.x0, y, j->want.x1, y + n}, s->raw, err);
  for (int32_t i = 0; i < n && !status; i++) {
    const cnnimg_view row = source_row(s, i);
    const int32_t to = y + i - j->want.y0;
    if (io->dst) s->out.data = (uint8_t *)io->dst->data + (ptrdiff_t)to * io->dst->row_stride;
    hand_on(s, &row);
    lay_in(s, y + i, &row);
    if (io->write) status = io->write(io->write_user, (uint32_t)to, s->line, err);
  }
  ci_rows_let_go(&j->rows, (uint32_t)(y + n));
  return status;
}

/* Progress never goes back: what the windows of these rows were worth has been told already. */
static int put_until(strip *s, int32_t y, int32_t end, bool told, cnnimg_error *err) {
  ci_inpaint *j = s->j;
  int status = CNNIMG_OK;
  for (int32_t n; y < end && !status; y += n) {
    n = end - y < s->rows ? end - y : s->rows;
    if (ci_cancelled(j->o.params.cancel)) return ci_fail(err, CNNIMG_CANCELLED, "cancelled");
    status = put_rows(s, y, n, err);
    j->share = 0;
    j->done += (double)n * (j->want.x1 - j->want.x0);
    if (!status && (!told || y + n == end) && ci_inpaint_tell(j, 0, 1))
      status = ci_fail(err, CNNIMG_CANCELLED, "cancelled");
  }
  return status;
}

/* ---- the picture -------------------------------------------------------------------------------------- */

/* Windows whose holes are in the rectangle that is wanted. */
static size_t choose(const ci_inpaint *j, uint32_t *windows) {
  size_t n = 0;
  for (size_t i = 0; i < j->holes.n_windows; i++) {
    const ci_rect *h = &j->holes.windows[i].hole, *w = &j->want;
    if (h->x0 < w->x1 && w->x0 < h->x1 && h->y0 < w->y1 && w->y0 < h->y1) windows[n++] = (uint32_t)i;
  }
  return n;
}

static int32_t within(const ci_inpaint *j, int32_t y) {
  return y < j->want.y0 ? j->want.y0 : y > j->want.y1 ? j->want.y1 : y;
}

static void forget(ci_inpaint *j, const ci_group *g) {
  for (size_t i = 0; i < g->n; i++) {
    free(j->filled[g->windows[i]]);
    j->filled[g->windows[i]] = NULL;
  }
}

static int go_through(strip *s, const uint32_t *windows, size_t n, cnnimg_error *err) {
  ci_inpaint *j = s->j;
  int32_t y = j->want.y0;
  int status = CNNIMG_OK;
  for (size_t i = 0; i < n && !status;) {
    const ci_group g = ci_group_next(&j->holes, windows + i, n - i);
    const int32_t y0 = within(j, g.y0), y1 = within(j, g.y1);
    status = put_until(s, y, y0, false, err);
    if (!status) status = ci_inpaint_fill(j, &g, err);
    if (!status) status = put_until(s, y0, y1, true, err);
    forget(j, &g);
    y = y1;
    i += g.n;
  }
  return status ? status : put_until(s, y, j->want.y1, false, err);
}

static int open_strip(strip *s, ci_inpaint *j, cnnimg_error *err) {
  const cnnimg_view *dst = j->io->dst;
  *s = (strip){.j = j, .from = j->o.format};
  s->from.width = (uint32_t)(j->want.x1 - j->want.x0), s->from.height = 1;
  const size_t bytes = cnnimg_pixel_bytes(&s->from) * s->from.width, fit = STRIP_BYTES / bytes;
  s->rows = fit < 1 ? 1 : fit > 64 ? 64 : (int32_t)fit;
  s->raw = ci_calloc((size_t)s->rows, bytes);
  s->colours = ci_calloc(s->from.width, 3 * sizeof *s->colours);
  s->line = dst ? NULL : ci_calloc(1, bytes);
  cnnimg_view_init(&s->out, &s->from, s->line);
  if (dst) s->out = *dst;
  const cnnimg_format *f = &s->out.format;
  s->same = f->sample == s->from.sample && f->alpha == s->from.alpha && f->transfer == s->from.transfer;
  return s->raw && s->colours && (dst || s->line)
             ? CNNIMG_OK
             : ci_fail(err, CNNIMG_NOMEM, "no memory for rows of %u pixels", s->from.width);
}

static int run(ci_inpaint *j, cnnimg_error *err) {
  strip s;
  uint32_t *windows = ci_calloc(j->holes.n_windows + 1, sizeof *windows);
  j->filled = ci_calloc(j->holes.n_windows + 1, sizeof *j->filled);
  int status = open_strip(&s, j, err);
  if (!status && !(windows && j->filled)) status = ci_fail(err, CNNIMG_NOMEM, "no memory for windows");
  if (!status) status = go_through(&s, windows, choose(j, windows), err);
  for (size_t i = 0; i < j->holes.n_windows && j->filled; i++) free(j->filled[i]);
  free(j->filled);
  free(windows);
  free(s.raw);
  free(s.line);
  free(s.colours);
  j->filled = NULL;
  return status;
}

int ci_inpaint_run(ci_inpaint *j, const ci_job_io *io, cnnimg_error *err) {
  const ci_rect all = {0, 0, (int32_t)j->o.format.width, (int32_t)j->o.format.height};
  j->io = io;
  j->want = io->region ? *io->region : all;
  j->done = j->share = 0;
  int status = open_source(j, err);
  if (!status) status = run(j, err);
  if (io->read_row) ci_rows_fini(&j->rows);
  else if (!over_itself(io)) ci_rects_close(&j->picture);
  j->io = NULL;
  return status;
}
