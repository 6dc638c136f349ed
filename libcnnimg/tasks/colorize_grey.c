/* SPDX-License-Identifier: MIT */
/* colorize_grey.c - networks of others that make colours of a grey picture: what they say of light is not believed */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "exec/pixels.h"
#include "tasks/card.h"
#include "tasks/colorize_state.h"
#include "tasks/lab.h"

bool ci_colorize_is_grey(const ci_program *p) {
  const ci_pinput *in = p->inputs;
  return p->n_inputs == 1 && p->n_outputs == 1 && (in->rank < 0 || (in->rank == 4 && in->dim[1] <= 1));
}

/* A palette would be passed over in silence. */
int ci_colorize_grey_read(ci_colorize *c, cnnimg_error *err) {
  const cnnimg_params *p = &c->o.params;
  ci_card card;
  if (p->reference)
    return ci_fail(err, CNNIMG_UNSUPPORTED,
                   "the network colours by itself: it does not take a palette or reference");
  int status = ci_card_read(&card, c->o.program, err);
  if (!status) c->in_tone = card.in, c->out_tone = card.out;
  ci_card_fini(&card);
  c->grey = true;
  return status;
}

int ci_colorize_grey_check(const ci_colorize *c, cnnimg_error *err) {
  const cnnimg_tensor *t = &c->out[0];
  const ci_small *s = &c->small;
  if (t->rank == 4 && t->dim[0] == 1 && t->dim[1] == 3 && t->dim[2] == (uint64_t)s->net_h &&
      t->dim[3] == (uint64_t)s->net_w)
    return CNNIMG_OK;
  return ci_fail(err, CNNIMG_UNSUPPORTED,
                 "the network is not made for colorizing: of a grey picture it does not make "
                 "one of the same size in red, green and blue");
}

/* ab of a row of the small picture. */
static void ab_row(void *arg, uint32_t y, uint32_t worker) {
  const ci_colorize *c = arg;
  const ci_small *s = &c->small;
  const ci_tone *tone = &c->out_tone;
  const size_t plane = (size_t)s->net_w * (size_t)s->net_h;
  const float *from = c->answer + (size_t)y * (size_t)s->net_w;
  float *to = c->fine + 2 * (size_t)y * (size_t)s->w;
  (void)worker;
  for (int32_t x = 0; x < s->w; x++) {
    float rgb[3];
    for (int k = 0; k < 3; k++) {
      const int own = tone->bgr ? 2 - k : k;
      const float v = from[(size_t)own * plane + (size_t)x] * tone->gain[own] + tone->bias[own];
      rgb[k] = v > 0 ? v < 1 ? v : 1 : 0;
    }
    ci_lab_ab(rgb, to + 2 * x);
  }
}

static void light_row(void *arg, uint32_t y, uint32_t worker) {
  ci_colorize *c = arg;
  const ci_small *s = &c->small;
  const float *from = c->light + (size_t)ci_colorize_mirrored((int32_t)y, s->h) * (size_t)s->w;
  float *to = c->image + (size_t)y * (size_t)s->net_w;
  (void)worker;
  for (int32_t x = 0; x < s->net_w; x++)
    to[x] = from[ci_colorize_mirrored(x, s->w)] * c->in_tone.gain[0] + c->in_tone.bias[0];
}

/* ---- hints: the network does not know them -------------------------------------------------------- */

typedef struct cells {
  ci_colorize *c;
  float *pairs; /* mean ab of each cell */
  ci_guide guide;
  float *room; /* a worker: a row of pairs */
} cells;

static void mean_row(void *arg, uint32_t cy, uint32_t worker) {
  const cells *f = arg;
  const ci_small *s = &f->c->small;
  const size_t first = (size_t)cy * (size_t)s->cells_w;
  const float part = 1.0f / (CI_CELL * CI_CELL);
  (void)worker;
  for (int32_t x = 0; x < s->cells_w; x++)
    f->c->cell_light[first + (size_t)x] = f->pairs[2 * (first + (size_t)x)] =
        f->pairs[2 * (first + (size_t)x) + 1] = 0;
  for (int32_t k = 0; k < CI_CELL; k++)
    for (int32_t x = 0; x < s->net_w; x++) {
      const int32_t v = ci_colorize_mirrored((int32_t)cy * CI_CELL + k, s->h),
                    u = ci_colorize_mirrored(x, s->w);
      const size_t from = (size_t)v * (size_t)s->w + (size_t)u, to = first + (size_t)(x / CI_CELL);
      f->c->cell_light[to] += part * f->c->light[from];
      for (size_t i = 0; i < 2; i++) f->pairs[2 * to + i] += part * f->c->fine[2 * from + i];
    }
}

static void change_row(void *arg, uint32_t y, uint32_t worker) {
  const cells *f = arg;
  const ci_small *s = &f->c->small;
  float *change = f->room + 2 * (size_t)worker * (size_t)s->w,
        *fine = f->c->fine + 2 * (size_t)y * (size_t)s->w;
  ci_guide_row(&f->guide, (int32_t)y, 0, s->w, f->c->light + (size_t)y * (size_t)s->w, change);
  for (int32_t i = 0; i < 2 * s->w; i++) fine[i] += change[i];
}

static int take_hints(cells *f, float *change, cnnimg_error *err) {
  ci_colorize *c = f->c;
  const ci_small *s = &c->small;
  ci_pool *pool = ci_tensors_pool(c->net);
  int status = ci_colorize_splat(c, err);
  if (status) return status;
  ci_pool_run(pool, (uint32_t)s->cells_h, mean_row, f);
  status = ci_colorize_obey(c, f->pairs, change, err);
  if (status) return status;
  ci_guide_init(&f->guide, change, c->cell_light, s->cells_w, s->cells_h, 1.0 / CI_CELL, 1.0 / CI_CELL);
  ci_pool_run(pool, (uint32_t)s->h, change_row, f);
  return CNNIMG_OK;
}

static int obey(ci_colorize *c, cnnimg_error *err) {
  const size_t n = (size_t)c->small.cells_w * (size_t)c->small.cells_h;
  cells f = {.c = c, .pairs = ci_calloc(4 * n, sizeof *f.pairs)};
  f.room = ci_calloc(ci_pool_threads(ci_tensors_pool(c->net)), 2 * (size_t)c->small.w * sizeof *f.room);
  int status = f.pairs && f.room ? take_hints(&f, f.pairs + 2 * n, err)
                                 : ci_fail(err, CNNIMG_NOMEM, "no memory for hints");
  free(f.pairs);
  free(f.room);
  return status;
}

int ci_colorize_grey_think(ci_colorize *c, cnnimg_error *err) {
  ci_pool *pool = ci_tensors_pool(c->net);
  ci_pool_run(pool, (uint32_t)c->small.net_h, light_row, c);
  c->out[0].data = c->answer;
  int status = ci_tensors_run(c->net, c->in, c->out, err);
  if (!status) ci_pool_run(pool, (uint32_t)c->small.h, ab_row, c);
  if (!status && ci_colorize_has_hints(c)) status = obey(c, err);
  if (!status && ci_pool_failed(pool)) status = ci_fail(err, CNNIMG_CANCELLED, "the host's workers gave up");
  c->coloured = !status;
  return status;
}
