/* SPDX-License-Identifier: MIT */
/* colorize_net.c - light and hints through the network, and its answer along the edges of the small picture */
#include <stdlib.h>

#include "base/error.h"
#include "exec/pixels.h"
#include "tasks/colorize_state.h"
#include "tasks/lab.h"

int32_t ci_colorize_mirrored(int32_t i, int32_t n) {
  const int32_t period = n > 1 ? 2 * (n - 1) : 1, k = i % period;
  return k < n ? k : period - k;
}

typedef struct fill {
  ci_colorize *c;
  ci_guide guide;
} fill;

/* A row of the network's cells: its four rows of L (of drawings: of ink), and how light they are on average. */
static void light_row(void *arg, uint32_t cy, uint32_t worker) {
  ci_colorize *c = ((fill *)arg)->c;
  const ci_small *s = &c->small;
  const float *picture = c->lineart ? c->drawing.seen : c->seen_light ? c->seen_light : c->light;
  float *cells = c->cell_light + (size_t)cy * (size_t)s->cells_w;
  (void)worker;
  for (int32_t x = 0; x < s->cells_w; x++) cells[x] = 0;
  for (int32_t k = 0; k < CI_CELL; k++) {
    const int32_t y = (int32_t)cy * CI_CELL + k;
    const float *from = picture + (size_t)ci_colorize_mirrored(y, s->seen_h) * (size_t)s->seen_w;
    float *to = c->image + (size_t)y * (size_t)s->net_w;
    for (int32_t x = 0; x < s->net_w; x++) {
      const float v = from[ci_colorize_mirrored(x, s->seen_w)];
      to[x] = c->lineart ? 1 - v : ci_lab_l(ci_srgb_decode(v)) / 100;
      cells[x / CI_CELL] += v / (CI_CELL * CI_CELL);
    }
  }
}

static void fine_row(void *arg, uint32_t y, uint32_t worker) {
  const fill *f = arg;
  const ci_small *s = &f->c->small;
  const size_t at = (size_t)y * (size_t)s->w;
  (void)worker;
  ci_guide_row(&f->guide, (int32_t)y, 0, s->w, f->c->light + at, f->c->fine + 2 * at);
}

/* Planes of the network to pairs, which is how the guide reads them. */
static void pair_up(const float *planes, size_t n, float *pairs) {
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < 2; k++) pairs[2 * i + k] = planes[k * n + i] * CI_LAB_AB;
}

static int spread(fill *f, cnnimg_error *err) {
  ci_colorize *c = f->c;
  const ci_small *s = &c->small;
  const size_t n = (size_t)s->cells_w * (size_t)s->cells_h;
  float *pairs = ci_calloc(2 * n, sizeof *pairs);
  if (!pairs) return ci_fail(err, CNNIMG_NOMEM, "no memory for colours");
  pair_up(c->answer, n, pairs);
  ci_guide_init(&f->guide, pairs, c->cell_light, s->cells_w, s->cells_h, (double)s->seen_w / s->w / CI_CELL,
                (double)s->seen_h / s->h / CI_CELL);
  ci_pool_run(ci_tensors_pool(c->net), (uint32_t)s->h, fine_row, f);
  free(pairs);
  return ci_colorize_obey(c, err);
}

/* -1 at the top, 1 at the bottom: skies are above, and convolutions cannot know. */
static void tell_place(const ci_colorize *c) {
  const ci_small *s = &c->small;
  float *to = c->hint_map + (ci_colorize_numbers(c) + 1) * (size_t)s->cells_w * (size_t)s->cells_h;
  for (int32_t y = 0; y < s->cells_h; y++) {
    const float down = 2 * ((float)y + 0.5f) * CI_CELL / (float)s->seen_h - 1;
    for (int32_t x = 0; x < s->cells_w; x++) *to++ = down < 1 ? down : 1;
  }
}

int ci_colorize_think(ci_colorize *c, float *scores, cnnimg_error *err) {
  if (c->grey) return ci_colorize_grey_think(c, err);
  fill f = {.c = c};
  const size_t cells = (size_t)c->small.cells_w * (size_t)c->small.cells_h;
  ci_pool *pool = ci_tensors_pool(c->net);
  int status = c->lineart ? ci_lineart_look(c, err) : CNNIMG_OK;
  if (status) return status;
  ci_pool_run(pool, (uint32_t)c->small.cells_h, light_row, &f);
  status = ci_colorize_splat(c, err);
  if (c->place) tell_place(c);
  c->out[0].data = scores ? NULL : c->answer;
  c->out[1].data = scores;
  c->out[1].capacity = scores ? c->n_centres * cells : 0;
  if (!status) status = ci_tensors_run(c->net, c->in, c->out, err);
  if (!status && c->lineart) ci_lineart_spread(c);
  else if (!status && !scores) status = spread(&f, err);
  if (!status && ci_pool_failed(pool)) status = ci_fail(err, CNNIMG_CANCELLED, "the host's workers gave up");
  if (!scores) c->coloured = !status;
  return status;
}
