/* SPDX-License-Identifier: MIT */
/* inpaint.c - plans the filling of holes: the mask, its windows, by what each is filled, what it will cost */
#include "tasks/inpaint.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "tasks/card.h"
#include "tasks/diffuse.h"
#include "tasks/doubt.h"
#include "tasks/inpaint_state.h"
#include "tasks/patch.h"

#define THIN 12.0f    /* pixels of ci_window.width, which is twice a line's: wider holes want texture */
#define PLAIN 24.0f   /* the same: what the network puts into narrower holes looks sharp enough */
#define PLANNED 48    /* pixels of that width that the network sees of wider ones, at most */
#define LARGE 64.0f   /* wider ones are more than texture: patches begin from what the network says */
#define LEAST_SEEN 32 /* pixels of a window's shorter side */
#define ALONE ((int64_t)1 << 18)        /* pixels of a window that all threads work at */
#define UNASKED_BYTES ((size_t)1 << 28) /* that a window may take however little memory may be used */

/* ---- what is wanted --------------------------------------------------------------------------- */

/* Passed over in silence they would seem to do something. */
static int refuse_others(const cnnimg_params *p, cnnimg_error *err) {
  const char *what = p->augment                                            ? "the mean of flips"
                     : p->wrap                                             ? "wrapping"
                     : p->detail > 0                                       ? "detail"
                     : p->scale_num || p->result_width || p->result_height ? "another size"
                     : p->fix_color                                        ? "fix_color"
                     : p->chroma < 1                                       ? "chroma"
                                                                           : NULL;
  return what ? ci_fail(err, CNNIMG_UNSUPPORTED, "%s is not for filling holes", what) : CNNIMG_OK;
}

static int check_params(const ci_job_options *o, cnnimg_error *err) {
  const cnnimg_params *p = &o->params;
  int status = refuse_others(p, err);
  if (status) return status;
  if (p->method > CNNIMG_METHOD_DIFFUSE)
    return ci_fail(err, CNNIMG_BADARG, "method %u is not known", p->method);
  if (p->method == CNNIMG_METHOD_NET && !o->program)
    return ci_fail(err, CNNIMG_BADARG, "filling by a network wants a model");
  if (p->grow > CI_MOST_GROW)
    return ci_fail(err, CNNIMG_BADARG, "a mask grows by at most %d pixels, not %u", CI_MOST_GROW, p->grow);
  if (!(p->feather >= 0 && p->feather <= CI_MOST_FEATHER))
    return ci_fail(err, CNNIMG_BADARG, "feather %g is not in 0..%d pixels", (double)p->feather,
                   CI_MOST_FEATHER);
  if (p->invert_mask > 1 || p->fill_alpha > 1)
    return ci_fail(err, CNNIMG_BADARG, "invert_mask %u, fill_alpha %u: each is 0 or 1", p->invert_mask,
                   p->fill_alpha);
  return CNNIMG_OK;
}

static int check_mask(const ci_job_options *o, cnnimg_error *err) {
  const cnnimg_view *m = o->params.mask;
  const cnnimg_format *f = &o->format;
  if (!m || !m->data) return ci_fail(err, CNNIMG_BADARG, "filling holes wants params.mask");
  int status = ci_format_check(&m->format, "the mask", err);
  if (status) return status;
  if (m->format.colours != 1 || m->format.alpha)
    return ci_fail(err, CNNIMG_BADARG, "the mask must have one channel");
  if (m->format.width != f->width || m->format.height != f->height)
    return ci_fail(err, CNNIMG_BADARG, "the mask has %ux%u pixels, the picture has %ux%u", m->format.width,
                   m->format.height, f->width, f->height);
  return CNNIMG_OK;
}

/* ---- windows ---------------------------------------------------------------------------------- */

static size_t pixels_of(const ci_window *w) {
  return (size_t)(w->box.x1 - w->box.x0) * (size_t)(w->box.y1 - w->box.y0);
}

int ci_inpaint_method(const ci_inpaint *j, const ci_window *w) {
  const int said = (int)j->o.params.method;
  if (said != CNNIMG_METHOD_AUTO) return said;
  if (j->o.program) return w->width <= PLAIN ? CNNIMG_METHOD_NET : CI_BOTH;
  return w->width <= THIN ? CNNIMG_METHOD_DIFFUSE : CNNIMG_METHOD_PATCH;
}

bool ci_inpaint_plans(const ci_window *w) { return w->width > LARGE; }

static int32_t shorter_side(const ci_window *w) {
  const int32_t x = w->box.x1 - w->box.x0, y = w->box.y1 - w->box.y0;
  return x < y ? x : y;
}

int ci_inpaint_halvings(const ci_inpaint *j, const ci_window *w) {
  const int method = ci_inpaint_method(j, w);
  int n = 0;
  if (method == CNNIMG_METHOD_NET) return 0;
  if (method != CI_BOTH) return -1;
  while (w->width > (float)(PLANNED << n) && shorter_side(w) >> (n + 1) >= LEAST_SEEN) n++;
  return n;
}

bool ci_inpaint_alone(const ci_inpaint *j, const ci_window *w) {
  return ci_inpaint_method(j, w) != CNNIMG_METHOD_DIFFUSE || (int64_t)pixels_of(w) > ALONE;
}

size_t ci_inpaint_bytes(const ci_inpaint *j, const ci_window *w) {
  const int method = ci_inpaint_method(j, w);
  const bool mixed = j->o.params.feather > 0 || j->o.params.strength < 1;
  /* samples, colours, hole; the original and depth; then one of two. */
  const size_t own = cnnimg_pixel_bytes(&j->o.format) + 3 * sizeof(float) + 2,
               mix = mixed ? 3 * sizeof(float) + sizeof(int32_t) : 0,
               patch = ci_inpaint_by_patches(method) ? CI_PATCH_PIXEL_BYTES + CI_DOUBT_PIXEL_BYTES : 0,
               net = method == CNNIMG_METHOD_NET || method == CI_BOTH ? 6 * sizeof(float) + 1 : 0;
  return pixels_of(w) * (own + mix + (patch > CI_DIFFUSE_PIXEL_BYTES ? patch : CI_DIFFUSE_PIXEL_BYTES) + net);
}

ci_group ci_group_next(const ci_holes *h, const uint32_t *windows, size_t n) {
  ci_group g = {.windows = windows};
  if (!n) return g;
  g.y0 = h->windows[windows[0]].box.y0, g.y1 = g.y0;
  for (; g.n < n; g.n++) {
    const ci_rect *box = &h->windows[windows[g.n]].box;
    if (g.n && box->y0 >= g.y1) break;
    if (box->y1 > g.y1) g.y1 = box->y1;
  }
  return g;
}

/* ---- the network ------------------------------------------------------------------------------ */

/* Any other network of pictures would run as well, and put nothing of use into the holes. */
static int check_network(const ci_program *p, cnnimg_error *err) {
  for (size_t i = 0; p && i < p->n_inputs; i++)
    if (ci_role_of(p, i) == CI_ROLE_MASK) return CNNIMG_OK;
  if (!p) return CNNIMG_OK;
  return ci_fail(err, CNNIMG_UNSUPPORTED,
                 "the network is not made for filling holes: it has no input for the mask");
}

int ci_inpaint_net(ci_inpaint *j, int32_t w, int32_t h, cnnimg_error *err) {
  ci_job_options o = j->o;
  if (j->net && j->net_w == w && j->net_h == h) return CNNIMG_OK;
  ci_job_free(j->net);
  j->net = NULL;
  cnnimg_params_init(&o.params, CNNIMG_TASK_NONE);
  o.format =
      (cnnimg_format){(uint32_t)w, (uint32_t)h, 3, CNNIMG_ALPHA_NONE, CNNIMG_F32, CNNIMG_TRANSFER_ENCODED};
  o.params.cancel = j->o.params.cancel;
  o.params.tile = j->o.params.tile;
  o.params.progress = ci_inpaint_tell, o.params.progress_user = j;
  cnnimg_view mask;
  cnnimg_format f = o.format;
  f.colours = 1, f.sample = CNNIMG_U8;
  cnnimg_view_init(&mask, &f, &mask); /* only its shape is looked at before a run, which brings its own */
  o.params.mask = &mask;
  int status = ci_job_new(&j->net, &o, err);
  const cnnimg_format result = status ? o.format : ci_job_result(j->net);
  if (!status && (result.width != o.format.width || result.height != o.format.height))
    status = ci_fail(err, CNNIMG_UNSUPPORTED,
                     "the network changes the size of pictures: it is not for filling holes");
  j->net_w = w, j->net_h = h;
  return status;
}

/* What the network sees of a window. */
static ci_shape seen(const ci_inpaint *j, const ci_window *w) {
  const int n = ci_inpaint_halvings(j, w);
  if (n < 0) return (ci_shape){0};
  return (ci_shape){.c = 3,
                    .h = (w->box.y1 - w->box.y0 + (1 << n) - 1) >> n,
                    .w = (w->box.x1 - w->box.x0 + (1 << n) - 1) >> n};
}

/* The largest view of all windows says what it costs. */
static int plan_network(ci_inpaint *j, size_t *bytes, cnnimg_error *err) {
  ci_shape most = {0};
  double pixels = 0;
  for (size_t i = 0; i < j->holes.n_windows; i++) {
    const ci_shape s = seen(j, &j->holes.windows[i]);
    pixels += (double)s.w * s.h;
    if ((double)s.w * s.h > (double)most.w * most.h) most = s;
  }
  *bytes = 0;
  if (!most.w) return CNNIMG_OK;
  int status = ci_inpaint_net(j, most.w, most.h, err);
  if (status) return status;
  const cnnimg_cost *c = ci_job_cost(j->net);
  *bytes = (size_t)c->bytes;
  j->cost.weight_bytes = c->weight_bytes;
  j->cost.multiply_adds = (uint64_t)((double)c->multiply_adds * pixels / ((double)most.w * most.h));
  return CNNIMG_OK;
}

/* ---- what it costs ---------------------------------------------------------------------------- */

static int check_window(const ci_inpaint *j, const ci_window *w, size_t bytes, cnnimg_error *err) {
  const size_t cap = j->o.engine.memory > UNASKED_BYTES ? j->o.engine.memory : UNASKED_BYTES;
  if (!j->o.engine.memory || bytes <= cap) return CNNIMG_OK;
  return ci_fail(err, CNNIMG_LIMIT,
                 "a hole of %dx%d pixels takes %zu MB, more than the %zu MB that may be used",
                 w->hole.x1 - w->hole.x0, w->hole.y1 - w->hole.y0, bytes >> 20, cap >> 20);
}

/* Bytes of the largest window that all threads work at, and of the largest that is filled beside others. */
static int measure_windows(const ci_inpaint *j, size_t *alone, size_t *small, int32_t *around,
                           cnnimg_error *err) {
  int status = CNNIMG_OK;
  *alone = *small = 0, *around = 0;
  for (size_t i = 0; i < j->holes.n_windows && !status; i++) {
    const ci_window *w = &j->holes.windows[i];
    const int32_t x = w->box.x1 - w->box.x0, y = w->box.y1 - w->box.y0, longer = x > y ? x : y;
    const size_t bytes = ci_inpaint_bytes(j, w);
    size_t *most = ci_inpaint_alone(j, w) ? alone : small;
    if (bytes > *most) *most = bytes;
    if (longer > *around) *around = longer;
    status = check_window(j, w, bytes, err);
  }
  return status;
}

static int32_t tallest_group(const ci_holes *h, uint32_t *order) {
  int32_t most = 0;
  for (size_t i = 0; i < h->n_windows; i++) order[i] = (uint32_t)i;
  for (size_t i = 0; i < h->n_windows;) {
    const ci_group g = ci_group_next(h, order + i, h->n_windows - i);
    if (g.y1 - g.y0 > most) most = g.y1 - g.y0;
    i += g.n;
  }
  return most;
}

static int plan_cost(ci_inpaint *j, cnnimg_error *err) {
  const cnnimg_format *f = &j->o.format;
  const size_t row = cnnimg_pixel_bytes(f) * f->width,
               memory = j->o.engine.memory ? j->o.engine.memory : SIZE_MAX / 4;
  size_t alone, small, net;
  int32_t around;
  uint32_t *order = ci_calloc(j->holes.n_windows + 1, sizeof *order);
  if (!order) return ci_fail(err, CNNIMG_NOMEM, "no memory for windows");
  const size_t waiting = row * (size_t)tallest_group(&j->holes, order);
  free(order);
  j->cost = (cnnimg_cost){.width = f->width, .height = f->height, .tile = f->width, .tiles = 1, .band = 16};
  int status = measure_windows(j, &alone, &small, &around, err);
  if (!status) status = plan_network(j, &net, err);
  if (status) return status;
  const size_t fit = small ? memory / 2 / small : 1;
  j->beside = fit < 1 ? 1 : fit < j->o.engine.threads ? (uint32_t)fit : j->o.engine.threads;
  j->queue = waiting <= memory / 4;
  small *= j->beside;
  j->cost.halo = (uint32_t)around;
  j->cost.threads = j->o.engine.threads;
  j->cost.bytes = (alone > small ? alone : small) + net + (j->queue ? waiting : memory / 4) +
                  j->holes.area * 3 * sizeof(float) + j->holes.rows[f->height] * sizeof(ci_span) +
                  j->holes.n_holes * sizeof(ci_hole);
  return CNNIMG_OK;
}

static char *describe(const ci_inpaint *j) {
  size_t by[CI_BOTH + 1] = {0};
  char text[300];
  const ci_holes *h = &j->holes;
  for (size_t i = 0; i < h->n_windows; i++) by[ci_inpaint_method(j, &h->windows[i])]++;
  snprintf(
      text, sizeof text,
      "%zu holes of %llu pixels in %zu windows, the longest side of one being %u: %zu by diffusion, %zu by "
      "patches, %zu by the network, %zu by both\n",
      h->n_holes, (unsigned long long)h->area, h->n_windows, j->cost.halo, by[CNNIMG_METHOD_DIFFUSE],
      by[CNNIMG_METHOD_PATCH], by[CNNIMG_METHOD_NET], by[CI_BOTH]);
  return ci_strdup(text);
}

/* ---- life ------------------------------------------------------------------------------------- */

static int plan(ci_inpaint *j, cnnimg_error *err) {
  const cnnimg_params *p = &j->o.params;
  int status = ci_format_check(&j->o.format, "a picture", err);
  if (!status) status = check_params(&j->o, err);
  if (!status) status = check_mask(&j->o, err);
  if (!status) status = check_network(j->o.program, err);
  if (!status) status = ci_holes_find(&j->holes, p->mask, p->invert_mask, p->grow, err);
  if (!status) status = ci_engine_pool(&j->o.engine, &j->pool, err);
  if (!status) status = plan_cost(j, err);
  j->o.params.mask = NULL; /* it need not be there any more */
  return status;
}

int ci_inpaint_new(ci_inpaint **out, const ci_job_options *o, cnnimg_error *err) {
  ci_inpaint *j = ci_calloc(1, sizeof *j);
  *out = NULL;
  if (!j) return ci_fail(err, CNNIMG_NOMEM, "no memory for a job");
  j->o = *o;
  int status = plan(j, err);
  if (!status && !(j->text = describe(j))) status = ci_fail(err, CNNIMG_NOMEM, "no memory for a plan");
  if (status) ci_inpaint_free(j);
  else *out = j;
  return status;
}

void ci_inpaint_free(ci_inpaint *j) {
  if (!j) return;
  ci_job_free(j->net);
  ci_pool_free(j->pool);
  ci_holes_free(&j->holes);
  free(j->text);
  free(j);
}

const cnnimg_cost *ci_inpaint_cost(const ci_inpaint *j) { return &j->cost; }
const char *ci_inpaint_plan_text(const ci_inpaint *j) { return j->text; }
