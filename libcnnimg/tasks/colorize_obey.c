/* SPDX-License-Identifier: MIT */
/* colorize_obey.c - a hint's colour is had where it was given, whatever the network made of it */
#include <stdlib.h>

#include "base/error.h"
#include "tasks/colorize_state.h"

typedef struct obeying {
  ci_colorize *c;
  float *light;  /* of each block */
  float *pairs;  /* its mean ab, */
  float *change; /* and what is added to it */
  float *room;   /* a worker: pairs of a row of the small picture */
  ci_guide guide;
} obeying;

static void mean_row(void *arg, uint32_t row, uint32_t worker) {
  const obeying *o = arg;
  const ci_small *s = &o->c->small;
  const float part = 1.0f / (float)(s->block * s->block);
  const size_t first = (size_t)row * (size_t)s->blocks_w;
  (void)worker;
  for (int32_t k = 0; k < s->block; k++)
    for (int32_t x = 0; x < s->blocks_w * s->block; x++) {
      const int32_t v = ci_colorize_mirrored((int32_t)row * s->block + k, s->h),
                    u = ci_colorize_mirrored(x, s->w);
      const size_t from = (size_t)v * (size_t)s->w + (size_t)u, to = first + (size_t)(x / s->block);
      o->light[to] += part * o->c->light[from];
      for (size_t i = 0; i < 2; i++) o->pairs[2 * to + i] += part * o->c->fine[2 * from + i];
    }
}

static void change_row(void *arg, uint32_t y, uint32_t worker) {
  const obeying *o = arg;
  const ci_small *s = &o->c->small;
  float *fine = o->c->fine + 2 * (size_t)y * (size_t)s->w, *change = o->change + 2 * (size_t)y * (size_t)s->w;
  if (s->block > 1) {
    change = o->room + 2 * (size_t)worker * (size_t)s->w;
    ci_guide_row(&o->guide, (int32_t)y, 0, s->w, o->c->light + (size_t)y * (size_t)s->w, change);
  }
  for (int32_t i = 0; i < 2 * s->w; i++) fine[i] += change[i];
}

/* asked says colours; what is carried on is how far these are from what is there. */
static int carry(obeying *o, cnnimg_error *err) {
  ci_colorize *c = o->c;
  const ci_small *s = &c->small;
  ci_pool *pool = ci_tensors_pool(c->net);
  const ci_spread spread = {
      .light = o->light, .w = s->blocks_w, .h = s->blocks_h, .pool = pool, .cancel = c->o.params.cancel};
  ci_pool_run(pool, (uint32_t)s->blocks_h, mean_row, o);
  for (size_t i = 0; i < c->n_asked; i++)
    for (int k = 0; k < 2; k++)
      c->asked[i].v[k] -= o->pairs[2 * (c->asked[i].y * s->blocks_w + c->asked[i].x) + k];
  int status = ci_spread_run(&spread, c->asked, c->n_asked, o->change, err);
  if (status) return status;
  ci_guide_init(&o->guide, o->change, o->light, s->blocks_w, s->blocks_h, 1.0 / s->block, 1.0 / s->block);
  ci_pool_run(pool, (uint32_t)s->h, change_row, o);
  return CNNIMG_OK;
}

int ci_colorize_obey(ci_colorize *c, cnnimg_error *err) {
  const size_t n = (size_t)c->small.blocks_w * (size_t)c->small.blocks_h;
  if (!c->n_asked) return CNNIMG_OK;
  obeying o = {
      .c = c,
      .light = ci_calloc(n, sizeof *o.light),
      .pairs = ci_calloc(n, 2 * sizeof *o.pairs),
      .change = ci_calloc(n, 2 * sizeof *o.change),
      .room = ci_calloc(ci_pool_threads(ci_tensors_pool(c->net)), 2 * (size_t)c->small.w * sizeof *o.room)};
  int status = o.light && o.pairs && o.change && o.room ? carry(&o, err)
                                                        : ci_fail(err, CNNIMG_NOMEM, "no memory for hints");
  free(o.light);
  free(o.pairs);
  free(o.change);
  free(o.room);
  return status;
}
