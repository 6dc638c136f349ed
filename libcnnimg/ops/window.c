/* SPDX-License-Identifier: MIT */
/* window.c - ops that slide a window: which taps lie in the map, and rows of pixels through a kernel */
#include "ops/window.h"

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }
static int64_t ceil_div(int64_t a, int64_t b) { return -floor_div(-a, b); }
static int64_t clamp64(int64_t v, int64_t lo, int64_t hi) { return v < lo ? lo : v > hi ? hi : v; }

static int64_t pooled(const ci_params *p, int64_t room, int64_t stride, int64_t size, int64_t before) {
  int64_t out = (p->ceil_mode ? ceil_div(room, stride) : floor_div(room, stride)) + 1;
  if (out < 1) return 0;
  /* A window that would start in the padding behind the map is left out. */
  if (p->ceil_mode && (out - 1) * stride >= size + before) out--;
  return out;
}

ci_window ci_window_of(const ci_params *p, int axis, int32_t size, int64_t *out) {
  int64_t before = p->pads[axis], after = p->pads[axis + 2], stride = p->stride[axis];
  int64_t reach = (int64_t)(p->kernel[axis] - 1) * p->dilation[axis] + 1;
  if (p->auto_pad == CI_AUTO_VALID) before = after = 0;
  if (p->auto_pad == CI_AUTO_SAME_UPPER || p->auto_pad == CI_AUTO_SAME_LOWER) {
    *out = ceil_div(size, stride);
    int64_t total = (*out - 1) * stride + reach - size;
    if (total < 0) total = 0;
    before = p->auto_pad == CI_AUTO_SAME_UPPER ? total / 2 : total - total / 2;
  } else {
    *out = pooled(p, size + before + after - reach, stride, size, before);
  }
  return (ci_window){size, p->kernel[axis], p->stride[axis], p->dilation[axis], -before};
}

int ci_window_check(const ci_node *n, cnnimg_error *err) {
  const ci_params *p = &n->p;
  for (int i = 0; i < 2; i++) {
    if (p->kernel[i] < 1 || p->kernel[i] > CI_MAX_TAPS || p->kernel[0] * (int64_t)p->kernel[1] > CI_MAX_TAPS)
      return ci_op_fail(n, err, CNNIMG_LIMIT, "a kernel of %d x %d; the area may be 1 to %d", p->kernel[0],
                        p->kernel[1], CI_MAX_TAPS);
    if (p->stride[i] < 1 || p->stride[i] > CI_MAX_STEP || p->dilation[i] < 1 || p->dilation[i] > CI_MAX_STEP)
      return ci_op_fail(n, err, CNNIMG_LIMIT, "strides %d, %d and dilations %d, %d; each may be 1 to %d",
                        p->stride[0], p->stride[1], p->dilation[0], p->dilation[1], CI_MAX_STEP);
  }
  for (int i = 0; i < 4; i++)
    if (p->pads[i] < 0 || p->pads[i] > CI_MAX_SIZE)
      return ci_op_fail(n, err, CNNIMG_UNSUPPORTED, "pads of %d, %d, %d, %d", p->pads[0], p->pads[1],
                        p->pads[2], p->pads[3]);
  if (p->auto_pad < CI_AUTO_NOTSET || p->auto_pad > CI_AUTO_VALID)
    return ci_op_fail(n, err, CNNIMG_UNSUPPORTED, "auto_pad %d is unknown", p->auto_pad);
  return CNNIMG_OK;
}

void ci_window_taps(const ci_window *w, int32_t o, int32_t *t0, int32_t *t1) {
  int64_t base = (int64_t)o * w->stride + w->origin;
  *t0 = (int32_t)clamp64(ceil_div(-base, w->dilation), 0, w->taps);
  *t1 = (int32_t)clamp64(ceil_div(w->size - base, w->dilation), *t0, w->taps);
}

void ci_window_inside(const ci_window *w, int32_t o0, int32_t o1, int32_t *a, int32_t *b) {
  int64_t reach = w->taps ? (int64_t)(w->taps - 1) * w->dilation : 0;
  int64_t first = ceil_div(-w->origin, w->stride);
  int64_t last = floor_div(w->size - 1 - reach - w->origin, w->stride);
  *a = (int32_t)clamp64(first, o0, o1);
  *b = (int32_t)clamp64(last + 1, *a, o1);
}

void ci_window_need(const ci_window *w, int32_t o0, int32_t o1, int64_t *i0, int64_t *i1) {
  *i0 = (int64_t)o0 * w->stride + w->origin;
  *i1 = (int64_t)(o1 - 1) * w->stride + w->origin + (int64_t)(w->taps - 1) * w->dilation + 1;
}

ci_rect ci_rect_from(int64_t x0, int64_t y0, int64_t x1, int64_t y1, ci_shape map) {
  const int64_t far = INT32_MAX;
  ci_rect r = {(int32_t)clamp64(x0, -far, far), (int32_t)clamp64(y0, -far, far),
               (int32_t)clamp64(x1, -far, far), (int32_t)clamp64(y1, -far, far)};
  return ci_rect_clip(r, map);
}

/* n pixels from output ox whose taps kx0 to kx1 lie in the map. */
static void segment(ci_row_job *j, ci_conv_row *r, int32_t oy, int32_t ox, int32_t n) {
  r->n = n;
  j->oy = oy;
  j->ox = ox;
  ci_window_taps(&j->y, oy, &r->ky0, &r->ky1);
  ci_window_taps(&j->x, ox, &r->kx0, &r->kx1);
  if (r->kx0 == r->kx1) r->ky0 = r->ky1 = 0; /* nothing but padding */
  int64_t ix = (int64_t)ox * j->x.stride + j->x.origin + (int64_t)r->kx0 * j->x.dilation;
  for (int32_t t = r->ky0; t < r->ky1; t++) {
    int64_t iy = (int64_t)oy * j->y.stride + j->y.origin + (int64_t)t * j->y.dilation;
    j->rows[t] = ci_view_at(j->in, (int32_t)ix, (int32_t)iy) + j->channel;
  }
  j->emit(j, r);
}

void ci_row_job_run(ci_row_job *j, int32_t oy, int32_t ox0, int32_t ox1, float *out, const float *residual) {
  int32_t a, b, n;
  ci_window_inside(&j->x, ox0, ox1, &a, &b);
  ci_conv_row r = j->row;
  r.rows = j->rows;
  r.in_step = j->x.stride * j->in->cs;
  r.tap_step = j->x.dilation * j->in->cs;
  for (int32_t ox = ox0; ox < ox1; ox += n) {
    n = ox == a && b > a ? b - a : 1;
    r.out = out + (ptrdiff_t)(ox - ox0) * r.out_step;
    r.residual = residual ? residual + (ptrdiff_t)(ox - ox0) * r.residual_step : NULL;
    segment(j, &r, oy, ox, n);
  }
}

void ci_emit_conv(const ci_row_job *job, const ci_conv_row *row) { job->k->conv(row); }
void ci_emit_depthwise(const ci_row_job *job, const ci_conv_row *row) { job->k->depthwise(row); }
