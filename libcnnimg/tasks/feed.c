/* SPDX-License-Identifier: MIT */
/* feed.c - between the executor's maps and pictures: what each input gets, where the result goes */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "tasks/copies.h"
#include "tasks/job_state.h"

static int32_t imin(int32_t a, int32_t b) { return a < b ? a : b; }
static int32_t imax(int32_t a, int32_t b) { return a > b ? a : b; }

/* ---- mirrors ------------------------------------------------------------------------ */

static void include(int32_t i, int32_t *from, int32_t *to) {
  *from = imin(*from, i);
  *to = imax(*to, i + 1);
}

/* Pixels around the picture mirror it. The outermost one is not repeated, for that would repeat its noise (0.04 dB less),
 * unless the card says so: of pictures that were shrunk that is the better guess (Set5 x2: 0.2 dB more at 8 pixels).
 * The pixels [*from, *to) that the mirrored [a, b) comes from. */
static void mirrored_range(int32_t a, int32_t b, int32_t size, bool twice, int32_t *from, int32_t *to) {
  *from = imax(a, 0), *to = imin(b, size);
  if (*from >= *to) *from = size, *to = 0;
  for (int32_t i = a; i < imin(b, 0); i++) include(ci_mirror(i, size, twice), from, to);
  for (int32_t i = imax(a, size); i < b; i++) include(ci_mirror(i, size, twice), from, to);
}

/* ---- into the network ------------------------------------------------------------------ */

/* A picture, or a map beside it, that fills an input. */
typedef struct plane {
  ci_picture *picture;
  const ci_tone *tone;
  bool raw, twice; /* the picture's numbers as they are; the outermost pixel is repeated */
  int32_t margin;
} plane;

static void load(const plane *p, const ci_line *line, int32_t x, int32_t n, float *to, const ci_view *v) {
  uint32_t at = (uint32_t)x - line->x0;
  if (p->raw) ci_pixels_load_raw(&line->row, at, (uint32_t)n, to, v->map.c, v->cs);
  else ci_pixels_load(&line->row, at, (uint32_t)n, p->tone, to, v->map.c, v->cs);
}

static int fill_row(const plane *p, const ci_view *v, ci_rect r, int32_t y, cnnimg_error *err) {
  const cnnimg_format *f = &p->picture->format;
  int32_t w = (int32_t)f->width, m = p->margin;
  int32_t x0 = ci_clamp(m, r.x0, r.x1), x1 = ci_clamp(m + w, r.x0, r.x1);
  ci_line line;
  int status =
      ci_picture_line(p->picture, 0, (uint32_t)ci_mirror(y - m, (int32_t)f->height, p->twice), &line, err);
  if (status) return status;
  for (int32_t x = r.x0; x < x0; x++)
    load(p, &line, ci_mirror(x - m, w, p->twice), 1, ci_view_at(v, x, y), v);
  if (x0 < x1) load(p, &line, x0 - m, x1 - x0, ci_view_at(v, x0, y), v);
  for (int32_t x = imax(x1, x0); x < r.x1; x++)
    load(p, &line, ci_mirror(x - m, w, p->twice), 1, ci_view_at(v, x, y), v);
  return CNNIMG_OK;
}

static int fill_plane(const plane *p, const ci_view *v, ci_rect r, cnnimg_error *err) {
  const cnnimg_format *f = &p->picture->format;
  ci_rect from;
  mirrored_range(r.x0 - p->margin, r.x1 - p->margin, (int32_t)f->width, p->twice, &from.x0, &from.x1);
  mirrored_range(r.y0 - p->margin, r.y1 - p->margin, (int32_t)f->height, p->twice, &from.y0, &from.y1);
  int status = ci_picture_need(p->picture, 0, from, err);
  for (int32_t y = r.y0; y < r.y1 && !status; y++) status = fill_row(p, v, r, y, err);
  return status;
}

/* A row of a picture, as a map of its own. */
static ci_view row_view(ci_job *j, ci_shape s) {
  int32_t cs = ci_channel_stride(s.c);
  return (ci_view){.data = j->scratch,
                   .map = s,
                   .rect = ci_rect_whole(s),
                   .cs = cs,
                   .ring = 1,
                   .row_stride = (size_t)s.w * (size_t)cs};
}

/* Where sample c of pixel (x, y) lies in a vector. */
static size_t element(ci_shape s, bool last, int32_t c, int32_t x, int32_t y) {
  return last ? ((size_t)y * (size_t)s.w + (size_t)x) * (size_t)s.c + (size_t)c
              : ((size_t)c * (size_t)s.h + (size_t)y) * (size_t)s.w + (size_t)x;
}

/* The network holds its picture as a vector of all samples. */
static int fill_vector_image(ci_job *j, const plane *p, size_t i, float *to, cnnimg_error *err) {
  bool last = ci_lower_picture_layout(j->o.program, i) == CI_LAYOUT_NHWC;
  ci_view v = row_view(j, j->in);
  int status = CNNIMG_OK;
  for (int32_t y = 0; y < j->in.h && !status; y++) {
    status = fill_plane(p, &v, (ci_rect){0, y, j->in.w, y + 1}, err);
    for (int32_t x = 0; x < j->in.w && !status; x++)
      for (int32_t c = 0; c < j->in.c; c++) to[element(j->in, last, c, x, y)] = ci_view_at(&v, x, y)[c];
  }
  return status;
}

static int fill_image(ci_job *j, size_t i, const ci_view *v, ci_rect r, cnnimg_error *err) {
  const plane p = {&j->source, j->card.plain ? NULL : &j->card.in, false, j->card.symmetric, j->fit.margin};
  if (j->net->in[i] == CI_LAYOUT_VECTOR) return fill_vector_image(j, &p, i, v->data, err);
  int status = fill_plane(&p, v, r, err);
  j->filled = imax(j->filled, r.y1 - j->fit.margin);
  return status;
}

/* The job's picture has a border of copies, so the view gets one. */
static int fill_copies(ci_job *j, const cnnimg_view *from, const ci_view *v, ci_rect r, cnnimg_error *err) {
  ci_rects rects = ci_rects_of_view(from);
  ci_copies copies = {&rects, j->o.border[0], j->o.border[1]};
  ci_picture picture = {.format = from->format, .read = ci_copies_read, .user = &copies};
  const plane p = {&picture, NULL, true, j->card.symmetric, j->fit.margin};
  picture.format.width = j->o.format.width, picture.format.height = j->o.format.height;
  int status = fill_plane(&p, v, r, err);
  ci_picture_fini(&picture);
  return status;
}

static int fill_view(ci_job *j, const cnnimg_view *from, const ci_view *v, ci_rect r, cnnimg_error *err) {
  ci_picture picture = {.format = from->format, .view = from};
  const plane p = {&picture, NULL, true, j->card.symmetric, j->fit.margin};
  if (j->o.border[0] || j->o.border[1]) return fill_copies(j, from, v, r, err);
  return fill_plane(&p, v, r, err);
}

static void fill_sigma(const ci_job *j, const ci_view *v, ci_rect r) {
  float s = j->sigma.used / 255.0f, most = j->card.sigma_max;
  if (s > most) s = most;
  for (int32_t y = r.y0; y < r.y1; y++)
    for (int32_t x = r.x0; x < r.x1; x++)
      for (int32_t c = 0; c < v->map.c; c++) ci_view_at(v, x, y)[c] = s;
}

static int fill_sigma_map(ci_job *j, const ci_view *v, ci_rect r, cnnimg_error *err) {
  float most = j->card.sigma_max;
  int status = fill_view(j, &j->sigma_map, v, r, err);
  for (int32_t y = r.y0; y < r.y1 && !status; y++)
    for (int32_t x = r.x0; x < r.x1; x++)
      for (int32_t c = 0; c < v->map.c; c++)
        if (ci_view_at(v, x, y)[c] > most) ci_view_at(v, x, y)[c] = most;
  return status;
}

static void fill_kernel(const ci_job *j, size_t i, const ci_view *v, ci_rect r) {
  const cnnimg_view *k = &j->kernel;
  cnnimg_view row = *k;
  if (j->net->in[i] == CI_LAYOUT_VECTOR) {
    for (uint32_t y = 0; y < k->format.height; y++) {
      row.data = (uint8_t *)k->data + (ptrdiff_t)y * k->row_stride;
      ci_pixels_load_raw(&row, 0, k->format.width, v->data + (size_t)y * k->format.width, 1, 1);
    }
    return;
  }
  for (int32_t y = r.y0; y < r.y1; y++) {
    row.data = (uint8_t *)k->data + (ptrdiff_t)y * k->row_stride;
    ci_pixels_load_raw(&row, (uint32_t)r.x0, (uint32_t)(r.x1 - r.x0), ci_view_at(v, r.x0, y), v->map.c,
                       v->cs);
  }
}

static void fill_numbers(const ci_job *j, size_t i, const ci_view *v, ci_rect r) {
  const float *from = j->card.vector[i];
  bool each = j->card.vector_n[i] == (size_t)v->map.c, last = j->net->in[i] == CI_LAYOUT_NHWC;
  for (int32_t y = r.y0; y < r.y1; y++)
    for (int32_t x = r.x0; x < r.x1; x++)
      for (int32_t c = 0; c < v->map.c; c++)
        ci_view_at(v, x, y)[c] = from[each ? (size_t)c : element(v->map, last, c, x, y)];
}

/* FBCNN's scale. */
static void fill_quality(const ci_job *j, const ci_view *v, ci_rect r) {
  for (int32_t y = r.y0; y < r.y1; y++)
    for (int32_t x = r.x0; x < r.x1; x++) ci_view_at(v, x, y)[0] = 1 - (float)j->o.params.jpeg_quality / 100;
}

int ci_job_fill(void *user, uint32_t i, const ci_view *v, ci_rect r, cnnimg_error *err) {
  ci_job *j = user;
  switch (j->card.role[i]) {
    case CI_ROLE_IMAGE:
      return fill_image(j, i, v, r, err);
    case CI_ROLE_SIGMA:
      if (j->sigma_map.data) return fill_sigma_map(j, v, r, err);
      fill_sigma(j, v, r);
      return CNNIMG_OK;
    case CI_ROLE_MASK:
      return fill_view(j, &j->mask, v, r, err);
    case CI_ROLE_HINT:
      return fill_view(j, &j->hints, v, r, err);
    case CI_ROLE_QUALITY:
      fill_quality(j, v, r);
      return CNNIMG_OK;
    case CI_ROLE_KERNEL:
      fill_kernel(j, i, v, r);
      return CNNIMG_OK;
    default:
      fill_numbers(j, i, v, r);
      return CNNIMG_OK;
  }
}

/* ---- out of the network -------------------------------------------------------------------- */

/* Row y of the network's result, columns [x0, x1), to where the picture's pixels go. */
static int put_row(ci_job *j, const ci_view *v, int32_t y, int32_t x0, int32_t x1, cnnimg_error *err) {
  const ci_store s = {ci_view_at(v, x0, y), v->map.c, v->cs, j->card.plain ? NULL : &j->card.out, {0}};
  if (j->chain) return ci_job_push_row(j, v, y, x0, x1, err);
  return ci_job_store(j, &s, x0 - j->crop.x0, y - j->crop.y0, x1 - x0, err);
}

/* Pixels of the network's result as pixels of the result. */
static uint64_t of_result(const ci_job *j, uint64_t n, uint64_t all) {
  const ci_rect *t = &j->target;
  uint64_t result = (uint64_t)(t->x1 - t->x0) * (uint64_t)(t->y1 - t->y0);
  return !j->chain ? n : n == all ? result : (uint64_t)((double)n / (double)all * (double)result);
}

static int tell_progress(ci_job *j, uint64_t more, cnnimg_error *err) {
  const cnnimg_params *p = &j->o.params;
  uint64_t all = (uint64_t)(j->want.x1 - j->want.x0) * (uint64_t)(j->want.y1 - j->want.y0);
  j->done += more;
  if (p->progress && p->progress(p->progress_user, of_result(j, j->done, all), of_result(j, all, all)))
    return ci_fail(err, CNNIMG_CANCELLED, "cancelled");
  return CNNIMG_OK;
}

/* The first row of the source that a result which has come to row y of the network's picture may still ask for. */
static int32_t still_wanted(const ci_job *j, int32_t y) {
  if (!j->chain) return y / j->fit.scale;
  int32_t low = ci_chain_low(j->chain);
  return ci_job_wants_original(j) || j->in_place ? imin(low, j->stored) : low;
}

/* Rows above that are done with, but for those that the network has yet to take, and the last ones, which the padding
 * mirrors. */
static void let_go(ci_job *j, int32_t y) {
  int32_t h = (int32_t)j->o.format.height, padding = j->in.h - j->fit.margin - h;
  int32_t mirrored = imax(h - padding - 1, 0), row = still_wanted(j, y);
  if (!j->source.view && !j->source.read && !j->source.rows.spool)
    ci_rows_let_go(&j->source.rows,
                   (uint32_t)imax(imin(imin(row, mirrored), j->filled) - ci_picture_reach(&j->source), 0));
}

static int take_rows(ci_job *j, const ci_view *v, ci_rect r, cnnimg_error *err) {
  ci_rect before = {r.x0 - j->crop.x0, r.y0 - j->crop.y0, r.x1 - j->crop.x0, r.y1 - j->crop.y0};
  int status =
      !j->chain && ci_job_wants_original(j) ? ci_picture_need(&j->source, 1, before, err) : CNNIMG_OK;
  for (int32_t y = r.y0; y < r.y1 && !status; y++) {
    status = put_row(j, v, y, r.x0, r.x1, err);
    if (!status) let_go(j, y - j->crop.y0 + 1);
  }
  return status ? status : tell_progress(j, (uint64_t)(r.x1 - r.x0) * (uint64_t)(r.y1 - r.y0), err);
}

/* The network's result is a vector of all samples. */
static int take_vector(ci_job *j, const float *from, cnnimg_error *err) {
  bool last = j->net->out == CI_LAYOUT_NHWC;
  ci_view v = row_view(j, j->out);
  ci_rect r = j->want;
  int status = CNNIMG_OK;
  for (int32_t y = r.y0; y < r.y1 && !status; y++) {
    for (int32_t x = r.x0; x < r.x1; x++)
      for (int32_t c = 0; c < j->out.c; c++) ci_view_at(&v, x, y)[c] = from[element(j->out, last, c, x, y)];
    status = take_rows(j, &v, (ci_rect){r.x0, y, r.x1, y + 1}, err);
  }
  return status;
}

int ci_job_take(void *user, const ci_view *v, ci_rect r, cnnimg_error *err) {
  ci_job *j = user;
  if (j->net->out == CI_LAYOUT_VECTOR) return take_vector(j, v->data, err);
  r = (ci_rect){imax(r.x0, j->want.x0), imax(r.y0, j->want.y0), imin(r.x1, j->want.x1),
                imin(r.y1, j->want.y1)};
  return ci_rect_empty(r) ? CNNIMG_OK : take_rows(j, v, r, err);
}
