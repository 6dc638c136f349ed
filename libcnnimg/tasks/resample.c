/* SPDX-License-Identifier: MIT */
/* resample.c - brings rows to another size: separable, antialiased, rows first */
#include "tasks/resample.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "kernels/resample.h"

/* ---- filters ------------------------------------------------------------------------- */

static double sinc(double x) {
  const double pi = 3.14159265358979323846;
  return x == 0 ? 1 : sin(pi * x) / (pi * x);
}

static double lanczos(double x) { return fabs(x) < 3 ? sinc(x) * sinc(x / 3) : 0; }

/* Keys' cubic of a = -1/2. */
static double cubic(double x) {
  x = fabs(x);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

static const struct {
  double (*at)(double x);
  double reach;
} filters[] = {[CI_FILTER_LANCZOS] = {lanczos, 3}, [CI_FILTER_CUBIC] = {cubic, 2}};

/* ---- taps ------------------------------------------------------------------------------ */

/* Input samples for one of the output; the filter is stretched by it where that is more than one. */
static double step_of(const ci_axis *a) { return (double)a->in / a->out; }
static double stretch_of(const ci_axis *a) { return step_of(a) > 1 ? step_of(a) : 1; }

int32_t ci_taps_most(const ci_axis *a) {
  double most = 2 * ceil(filters[a->filter].reach * stretch_of(a)) + 1;
  return most < a->in ? (int32_t)most : a->in;
}

/* Borders: taps outside the picture are left out, and the others are made to sum to one. */
void ci_taps_range(const ci_axis *a, int32_t i, int32_t *from, int32_t *to) {
  double centre = (i + 0.5) * step_of(a), reach = filters[a->filter].reach * stretch_of(a);
  if (a->in == a->out) {
    *from = i, *to = i + 1;
    return;
  }
  double low = floor(centre - reach + 0.5), high = floor(centre + reach + 0.5);
  *from = low < 0 ? 0 : (int32_t)low;
  *to = high > a->in ? a->in : (int32_t)high;
}

static double weight(const ci_axis *a, int32_t i, int32_t tap) {
  if (a->in == a->out) return 1;
  return filters[a->filter].at((tap - (i + 0.5) * step_of(a) + 0.5) / stretch_of(a));
}

int32_t ci_taps(const ci_axis *a, int32_t i, int32_t *from, float *weights) {
  int32_t to;
  double sum = 0;
  ci_taps_range(a, i, from, &to);
  for (int32_t k = *from; k < to; k++) sum += weight(a, i, k);
  for (int32_t k = *from; k < to; k++) weights[k - *from] = (float)(weight(a, i, k) / sum);
  return to - *from;
}

/* ---- the stage ---------------------------------------------------------------------------- */

typedef struct resample {
  ci_stage stage;
  ci_axis x, y;
  int32_t *from, *count; /* of columns */
  float *weights;        /* of columns, room floats each */
  int32_t room;
  const float **rows; /* the row that is made: its taps */
  float *row_weights;
  float *sum; /* that row before its columns are summed */
} resample;

static ci_rect need_of(const ci_stage *s, ci_rect r) {
  const resample *p = (const resample *)s;
  ci_rect in = {0, 0, 0, 0};
  int32_t unused;
  if (ci_rect_empty(r)) return in;
  ci_taps_range(&p->x, r.x0, &in.x0, &unused);
  ci_taps_range(&p->x, r.x1 - 1, &unused, &in.x1);
  ci_taps_range(&p->y, r.y0, &in.y0, &unused);
  ci_taps_range(&p->y, r.y1 - 1, &unused, &in.y1);
  return in;
}

static void make_row(ci_stage *s, const ci_stage_call *call) {
  resample *p = (resample *)s;
  const ci_view *in = call->in;
  const ci_rect *r = &call->out->rect;
  int32_t first, taps = ci_taps(&p->y, call->y, &first, p->row_weights);
  for (int32_t t = 0; t < taps; t++) p->rows[t] = ci_view_at(in, in->rect.x0, first + t);
  ci_sum_rows(p->rows, p->row_weights, taps, (in->rect.x1 - in->rect.x0) * in->cs, p->sum);
  const ci_column_taps columns = {p->from + r->x0, p->count + r->x0,
                                  p->weights + (size_t)r->x0 * (size_t)p->room, p->room};
  ci_sum_columns(&columns, p->sum, in->rect.x0, r->x1 - r->x0, ci_view_at(call->out, r->x0, call->y));
}

static void free_stage(ci_stage *s) {
  resample *p = (resample *)s;
  free(p->from);
  free(p->count);
  free(p->weights);
  free(p->rows);
  free(p->row_weights);
  free(p->sum);
  free(p);
}

static bool take_memory(resample *p) {
  size_t columns, width = (size_t)p->x.out, rows = (size_t)ci_taps_most(&p->y);
  p->room = ci_taps_most(&p->x);
  if (!ci_mul(width, (size_t)p->room, &columns)) return false;
  p->from = ci_calloc(width, sizeof *p->from);
  p->count = ci_calloc(width, sizeof *p->count);
  p->weights = ci_calloc(columns, sizeof *p->weights);
  p->rows = ci_calloc(rows, sizeof *p->rows);
  p->row_weights = ci_calloc(rows, sizeof *p->row_weights);
  p->sum = ci_calloc((size_t)p->x.in, 4 * sizeof *p->sum);
  return p->from && p->count && p->weights && p->rows && p->row_weights && p->sum;
}

int ci_resample_new(ci_stage **out, ci_shape from, int32_t width, int32_t height, ci_filter filter,
                    cnnimg_error *err) {
  resample *p = ci_calloc(1, sizeof *p);
  *out = NULL;
  if (!p) return ci_fail(err, CNNIMG_NOMEM, "no memory for resampling");
  p->stage = (ci_stage){.name = "resample",
                        .in = from,
                        .out = {from.c, height, width},
                        .need = need_of,
                        .make = make_row,
                        .free = free_stage};
  p->x = (ci_axis){filter, from.w, width}, p->y = (ci_axis){filter, from.h, height};
  if (!take_memory(p)) {
    free_stage(&p->stage);
    return ci_fail(err, CNNIMG_NOMEM, "no memory to bring %dx%d pixels to %dx%d", from.w, from.h, width,
                   height);
  }
  for (int32_t i = 0; i < width; i++)
    p->count[i] = ci_taps(&p->x, i, &p->from[i], p->weights + (size_t)i * (size_t)p->room);
  *out = &p->stage;
  return CNNIMG_OK;
}

/* ---- a picture at once ------------------------------------------------------------------------ */

static int32_t most_rows(const ci_stage *s) {
  int32_t rows = 1;
  for (int32_t y = 0; y < s->out.h; y++) {
    const ci_rect need = s->need(s, (ci_rect){0, y, s->out.w, y + 1});
    if (need.y1 - need.y0 > rows) rows = need.y1 - need.y0;
  }
  return rows;
}

static int make_all(ci_stage *s, const ci_view *out, ci_resample_load load, void *user, cnnimg_error *err) {
  ci_view in = {
      .map = s->in, .rect = ci_rect_whole(s->in), .cs = ci_channel_stride(s->in.c), .ring = most_rows(s)};
  size_t floats;
  in.row_stride = (size_t)in.cs * (size_t)s->in.w;
  if (ci_mul(in.row_stride, (size_t)in.ring, &floats)) in.data = ci_calloc(floats, sizeof *in.data);
  if (!in.data) return ci_fail(err, CNNIMG_NOMEM, "no memory for resampling");
  for (int32_t y = 0, next = 0; y < s->out.h; y++) {
    const ci_rect need = s->need(s, (ci_rect){0, y, s->out.w, y + 1});
    for (; next < need.y1; next++) load(user, next, ci_view_at(&in, 0, next));
    const ci_stage_call call = {&in, NULL, out, y, -1};
    s->make(s, &call);
  }
  free(in.data);
  return CNNIMG_OK;
}

int ci_resample_whole(ci_shape from, const ci_view *out, ci_filter filter, ci_resample_load load, void *user,
                      cnnimg_error *err) {
  ci_stage *stage;
  int status = ci_resample_new(&stage, from, out->map.w, out->map.h, filter, err);
  if (status) return status;
  status = make_all(stage, out, load, user, err);
  stage->free(stage);
  return status;
}

int ci_stage_resample_new(ci_stage **out, const ci_stage_spec *spec, cnnimg_error *err) {
  *out = NULL;
  if (spec->in.w == spec->result.w && spec->in.h == spec->result.h) return CNNIMG_OK;
  return ci_resample_new(out, spec->in, spec->result.w, spec->result.h, CI_FILTER_LANCZOS, err);
}
