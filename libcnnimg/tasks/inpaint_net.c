/* SPDX-License-Identifier: MIT */
/* inpaint_net.c - a window through the network, at its own size or made smaller, and its answer into the hole */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "tasks/inpaint_state.h"

/* What the network sees: the window halved some times, a pixel that is partly unknown being unknown. */
typedef struct view {
  int32_t w, h;
  float *rgb, *answer;
  uint8_t *unknown; /* 255, as a mask has it */
} view;

static size_t pixels_of(const view *v) { return (size_t)v->w * (size_t)v->h; }

static void close_view(view *v) {
  free(v->rgb);
  free(v->answer);
  free(v->unknown);
}

static int open_view(view *v, int32_t w, int32_t h, cnnimg_error *err) {
  *v = (view){.w = w, .h = h};
  v->rgb = ci_calloc(pixels_of(v), 3 * sizeof *v->rgb);
  v->answer = ci_calloc(pixels_of(v), 3 * sizeof *v->answer);
  v->unknown = ci_calloc(pixels_of(v), 1);
  return v->rgb && v->answer && v->unknown
             ? CNNIMG_OK
             : ci_fail(err, CNNIMG_NOMEM, "no memory for a window of %dx%d pixels", w, h);
}

/* Over all pixels of the window: each is part of one of the view's, the last ones of a row that is not full of the last. */
static void shrink(const ci_pane *p, int times, view *v) {
  const float part = 1.0f / (float)(1 << 2 * times);
  for (size_t i = 0; i < pixels_of(v); i++) v->unknown[i] = 0;
  for (int32_t y = 0; y < v->h << times; y++)
    for (int32_t x = 0; x < v->w << times; x++) {
      const int32_t row = y < p->height ? y : p->height - 1, column = x < p->width ? x : p->width - 1;
      const size_t from = (size_t)row * (size_t)p->width + (size_t)column,
                   to = (size_t)(y >> times) * (size_t)v->w + (size_t)(x >> times);
      for (size_t k = 0; k < 3; k++) v->rgb[3 * to + k] += part * p->rgb[3 * from + k];
      if (p->hole[from] != CI_KNOWN) v->unknown[to] = 255;
    }
}

static int ask(ci_inpaint *j, view *v, cnnimg_error *err) {
  cnnimg_format f = {(uint32_t)v->w,    (uint32_t)v->h, 3,
                     CNNIMG_ALPHA_NONE, CNNIMG_F32,     CNNIMG_TRANSFER_ENCODED},
                m = f;
  cnnimg_view src, dst, mask;
  cnnimg_params params;
  m.colours = 1, m.sample = CNNIMG_U8;
  cnnimg_view_init(&src, &f, v->rgb);
  cnnimg_view_init(&dst, &f, v->answer);
  cnnimg_view_init(&mask, &m, v->unknown);
  cnnimg_params_init(&params, CNNIMG_TASK_NONE);
  params.mask = &mask;
  const ci_job_io io = {.src = &src, .dst = &dst};
  int status = ci_inpaint_net(j, v->w, v->h, err);
  if (!status) status = ci_job_set_views(j->net, &params, err);
  return status ? status : ci_job_run(j->net, &io, err);
}

static int32_t clamped(int32_t i, int32_t n) { return i < 0 ? 0 : i < n ? i : n - 1; }

/* The answer at a pixel of the window, between the four around it. */
static void sample(const view *v, int times, int32_t x, int32_t y, float rgb[3]) {
  const float scale = 1.0f / (float)(1 << times), u = ((float)x + 0.5f) * scale - 0.5f,
              t = ((float)y + 0.5f) * scale - 0.5f, left = floorf(u), top = floorf(t);
  for (int k = 0; k < 3; k++) rgb[k] = 0;
  for (int32_t i = 0; i < 4; i++) {
    const int32_t column = clamped((int32_t)left + i % 2, v->w), row = clamped((int32_t)top + i / 2, v->h);
    const float part = (i % 2 ? u - left : 1 - (u - left)) * (i / 2 ? t - top : 1 - (t - top));
    const float *from = v->answer + 3 * ((size_t)row * (size_t)v->w + (size_t)column);
    for (int k = 0; k < 3 && part > 0; k++) rgb[k] += part * from[k];
  }
}

static void take(ci_pane *p, const view *v, int times) {
  float rgb[3];
  for (int32_t y = 0; y < p->height; y++)
    for (int32_t x = 0; x < p->width; x++) {
      const size_t i = (size_t)y * (size_t)p->width + (size_t)x;
      if (p->hole[i] != CI_OWN) continue;
      sample(v, times, x, y, rgb);
      if (ci_pane_is_colour(rgb)) memcpy(p->rgb + 3 * i, rgb, sizeof rgb);
    }
}

int ci_pane_ask(ci_pane *p, cnnimg_error *err) {
  const int times = ci_inpaint_halvings(p->j, p->w);
  const int32_t more = (1 << times) - 1;
  view v;
  int status = open_view(&v, (p->width + more) >> times, (p->height + more) >> times, err);
  if (!status) {
    shrink(p, times, &v);
    status = ask(p->j, &v, err);
  }
  if (!status) take(p, &v, times);
  close_view(&v);
  return status;
}
