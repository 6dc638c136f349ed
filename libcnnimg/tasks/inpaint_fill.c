/* SPDX-License-Identifier: MIT */
/* inpaint_fill.c - one window: its pixels, the smooth fill, what goes on from there, and back */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/error.h"
#include "exec/pixels.h"
#include "tasks/diffuse.h"
#include "tasks/doubt.h"
#include "tasks/inpaint_state.h"
#include "tasks/patch.h"

#define MOST_VALUE 1e5f /* of float pictures, white being 1: a half float's most is less */

/* ---- pixels ------------------------------------------------------------------------------------ */

static void close_pane(ci_pane *p) {
  free(p->raw);
  free(p->rgb);
  free(p->original);
  free(p->hole);
}

static int open_pane(ci_pane *p, ci_inpaint *j, uint32_t index, cnnimg_error *err) {
  const ci_window *w = &j->holes.windows[index];
  const cnnimg_params *o = &j->o.params;
  *p = (ci_pane){
      .j = j, .index = index, .w = w, .width = w->box.x1 - w->box.x0, .height = w->box.y1 - w->box.y0};
  p->pixels = (size_t)p->width * (size_t)p->height;
  p->raw = ci_calloc(p->pixels, cnnimg_pixel_bytes(&j->o.format));
  p->rgb = ci_calloc(p->pixels, 3 * sizeof *p->rgb);
  p->hole = ci_calloc(p->pixels, 1);
  if (o->feather > 0 || o->strength < 1) p->original = ci_calloc(p->pixels, 3 * sizeof *p->original);
  j->filled[index] = ci_calloc((size_t)w->area, 3 * sizeof *j->filled[index]);
  if (!p->raw || !p->rgb || !p->hole || ((o->feather > 0 || o->strength < 1) && !p->original) ||
      !j->filled[index])
    return ci_fail(err, CNNIMG_NOMEM, "no memory for a window of %dx%d pixels", p->width, p->height);
  return ci_inpaint_fetch(j, w->box, p->raw, err);
}

static void draw_holes(ci_pane *p) {
  const ci_holes *h = &p->j->holes;
  const ci_rect b = p->w->box;
  for (int32_t y = b.y0; y < b.y1; y++)
    for (size_t i = h->rows[y]; i < h->rows[y + 1]; i++) {
      const ci_span *s = &h->spans[i];
      const int32_t x0 = (int32_t)s->x0 > b.x0 ? (int32_t)s->x0 : b.x0,
                    x1 = (int32_t)s->x1 < b.x1 ? (int32_t)s->x1 : b.x1;
      const int whose = h->holes[s->hole].window == p->index ? CI_OWN : CI_OTHERS;
      if (x0 < x1)
        memset(p->hole + (size_t)(y - b.y0) * (size_t)p->width + (size_t)(x0 - b.x0), whose,
               (size_t)(x1 - x0));
    }
}

bool ci_pane_is_colour(const float *rgb) {
  return fabsf(rgb[0]) < MOST_VALUE && fabsf(rgb[1]) < MOST_VALUE && fabsf(rgb[2]) < MOST_VALUE;
}

/* Colours under alpha that is 0 are anything. */
static size_t hide(ci_pane *p) {
  const cnnimg_format *f = &p->j->o.format;
  const size_t bytes = cnnimg_pixel_bytes(f);
  const int32_t samples = f->colours + (f->alpha != 0);
  cnnimg_format one = *f;
  float all[4] = {0};
  cnnimg_view pixel;
  size_t known = 0;
  one.width = one.height = 1;
  for (size_t i = 0; i < p->pixels; i++) {
    if (f->alpha) {
      cnnimg_view_init(&pixel, &one, p->raw + i * bytes);
      ci_pixels_load_raw(&pixel, 0, 1, all, samples, samples);
    }
    const bool hidden = (f->alpha && !(all[samples - 1] > 0)) || !ci_pane_is_colour(p->rgb + 3 * i);
    if (p->hole[i] == CI_KNOWN && hidden) p->hole[i] = CI_HIDDEN;
    if (!ci_pane_is_colour(p->rgb + 3 * i)) p->rgb[3 * i] = p->rgb[3 * i + 1] = p->rgb[3 * i + 2] = 0;
    known += p->hole[i] == CI_KNOWN;
  }
  return known;
}

static void load(ci_pane *p) {
  cnnimg_format f = p->j->o.format;
  cnnimg_view row;
  f.width = (uint32_t)p->width, f.height = 1;
  const size_t bytes = cnnimg_pixel_bytes(&f) * f.width;
  for (int32_t y = 0; y < p->height; y++) {
    cnnimg_view_init(&row, &f, p->raw + (size_t)y * bytes);
    ci_pixels_load(&row, 0, f.width, NULL, p->rgb + 3 * (size_t)y * f.width, 3, 3);
  }
  if (p->original) memcpy(p->original, p->rgb, p->pixels * 3 * sizeof *p->rgb);
  draw_holes(p);
  /* A window with nothing to be seen in it is filled from what is hidden. */
  if (!hide(p))
    for (size_t i = 0; i < p->pixels; i++)
      if (p->hole[i] == CI_HIDDEN) p->hole[i] = CI_KNOWN;
}

/* ---- patches ----------------------------------------------------------------------------------- */

static int by_patches(ci_pane *p, cnnimg_error *err) {
  const bool planned = ci_inpaint_method(p->j, p->w) == CI_BOTH && ci_inpaint_plans(p->w);
  const cnnimg_params *o = &p->j->o.params;
  const ci_patch_params params = {.seed = o->seed,
                                  .cancel = o->cancel,
                                  .progress = ci_inpaint_tell,
                                  .progress_user = p->j,
                                  .from_fill = planned,
                                  .levels = planned ? ci_inpaint_halvings(p->j, p->w) + 1 : 0};
  uint8_t *source = ci_calloc(p->pixels, 1);
  if (!source)
    return ci_fail(err, CNNIMG_NOMEM, "no memory for a window of %dx%d pixels", p->width, p->height);
  for (size_t i = 0; i < p->pixels; i++) {
    source[i] = p->hole[i] == CI_KNOWN;
    p->hole[i] = p->hole[i] == CI_OWN;
  }
  int status = ci_patch_fill(p->rgb, p->width, p->height, p->hole, source, &params, p->pool, err);
  free(source);
  return status;
}

/* ---- back ------------------------------------------------------------------------------------------ */

/* Towards the border of the hole the original shines through, inside only; strength is its share everywhere. */
static int mix(ci_pane *p, cnnimg_error *err) {
  const cnnimg_params *o = &p->j->o.params;
  int32_t *depth = p->original ? ci_calloc(p->pixels, sizeof *depth) : NULL;
  if (!p->original) return CNNIMG_OK;
  if (!depth)
    return ci_fail(err, CNNIMG_NOMEM, "no memory for a window of %dx%d pixels", p->width, p->height);
  int status = ci_hole_depth(p->hole, p->width, p->height, (int32_t)ceilf(o->feather) + 1, depth, err);
  for (size_t i = 0; i < p->pixels && !status; i++) {
    float *v = p->rgb + 3 * i;
    const float *from = p->original + 3 * i, in = sqrtf((float)depth[i]) / (o->feather + 1),
                share = o->strength * (in < 1 ? in : 1);
    if (p->hole[i] != CI_OWN || !ci_pane_is_colour(from)) continue;
    for (int c = 0; c < 3; c++) v[c] = from[c] + share * (v[c] - from[c]);
  }
  free(depth);
  return status;
}

static void take(const ci_pane *p) {
  const ci_holes *h = &p->j->holes;
  const ci_rect b = p->w->box;
  float *to = p->j->filled[p->index];
  for (int32_t y = b.y0; y < b.y1; y++)
    for (size_t i = h->rows[y]; i < h->rows[y + 1]; i++) {
      const ci_span *s = &h->spans[i];
      if (h->holes[s->hole].window != p->index) continue;
      memcpy(to + 3 * (size_t)s->at,
             p->rgb + 3 * ((size_t)(y - b.y0) * (size_t)p->width + (size_t)((int32_t)s->x0 - b.x0)),
             3 * (size_t)(s->x1 - s->x0) * sizeof *to);
    }
}

/* Of auto: where what patches say differs much from the smooth filling, some of that. */
static int by_doubt(ci_pane *p, cnnimg_error *err) {
  float *smooth = ci_calloc(p->pixels, 3 * sizeof *smooth);
  if (!smooth)
    return ci_fail(err, CNNIMG_NOMEM, "no memory for a window of %dx%d pixels", p->width, p->height);
  memcpy(smooth, p->rgb, p->pixels * 3 * sizeof *smooth);
  int status = by_patches(p, err);
  if (!status) status = ci_doubt_mix(p->rgb, smooth, p->hole, p->width, p->height, err);
  free(smooth);
  return status;
}

static void fill_pane(ci_pane *p) {
  const bool automatic = p->j->o.params.method == CNNIMG_METHOD_AUTO,
             patches = ci_inpaint_by_patches(ci_inpaint_method(p->j, p->w));
  load(p);
  p->status = ci_diffuse(p->rgb, p->width, p->height, p->hole, p->pool, p->j->o.params.cancel, &p->err);
  if (!p->status && ci_inpaint_halvings(p->j, p->w) >= 0) p->status = ci_pane_ask(p, &p->err);
  if (!p->status && patches) p->status = automatic ? by_doubt(p, &p->err) : by_patches(p, &p->err);
  if (!p->status) p->status = mix(p, &p->err);
  if (!p->status) take(p);
}

/* ---- windows side by side, or one with all threads ---------------------------------------------------- */

static int result_of(const ci_pane *p, cnnimg_error *err) {
  return p->status ? ci_fail(err, p->status, "%s", p->err.text) : CNNIMG_OK;
}

static int fill_alone(ci_inpaint *j, uint32_t index, cnnimg_error *err) {
  ci_pane p;
  int status = open_pane(&p, j, index, err);
  p.pool = j->pool;
  if (!status) {
    fill_pane(&p);
    status = result_of(&p, err);
  }
  close_pane(&p);
  return status;
}

static void fill_one(void *arg, uint32_t i, uint32_t worker) {
  (void)worker;
  fill_pane((ci_pane *)arg + i);
}

static int fill_beside(ci_inpaint *j, const uint32_t *windows, size_t n, cnnimg_error *err) {
  ci_pane *panes = ci_calloc(n, sizeof *panes);
  int status = panes ? CNNIMG_OK : ci_fail(err, CNNIMG_NOMEM, "no memory for %zu windows", n);
  for (size_t i = 0; i < n && !status; i++) status = open_pane(&panes[i], j, windows[i], err);
  if (!status) {
    ci_pool_run(j->pool, (uint32_t)n, fill_one, panes);
    if (ci_pool_failed(j->pool)) status = ci_fail(err, CNNIMG_CANCELLED, "the host's workers gave up");
  }
  for (size_t i = 0; i < n && panes; i++) {
    if (!status) status = result_of(&panes[i], err);
    close_pane(&panes[i]);
  }
  free(panes);
  return status;
}

/* Of the rows of the group, what the next windows are worth. */
static void weigh(ci_inpaint *j, const ci_group *g, size_t i, size_t n) {
  double all = 0, some = 0;
  for (size_t k = 0; k < g->n; k++) {
    const ci_rect *b = &j->holes.windows[g->windows[k]].box;
    const double pixels = (double)(b->x1 - b->x0) * (b->y1 - b->y0);
    all += pixels;
    if (k >= i && k < i + n) some += pixels;
  }
  j->share = (double)(g->y1 - g->y0) * (j->want.x1 - j->want.x0) * some / all;
}

int ci_inpaint_fill(ci_inpaint *j, const ci_group *g, cnnimg_error *err) {
  int status = CNNIMG_OK;
  const double before = j->done;
  for (size_t i = 0, n; i < g->n && !status; i += n) {
    const bool alone = ci_inpaint_alone(j, &j->holes.windows[g->windows[i]]);
    for (n = 1; !alone && n < j->beside && i + n < g->n; n++)
      if (ci_inpaint_alone(j, &j->holes.windows[g->windows[i + n]])) break;
    weigh(j, g, i, n);
    if (ci_cancelled(j->o.params.cancel)) return ci_fail(err, CNNIMG_CANCELLED, "cancelled");
    status = alone ? fill_alone(j, g->windows[i], err) : fill_beside(j, g->windows + i, n, err);
    if (!status && ci_inpaint_tell(j, 1, 1)) status = ci_fail(err, CNNIMG_CANCELLED, "cancelled");
    j->done += j->share;
  }
  j->done = before;
  return status;
}
