/* SPDX-License-Identifier: MIT */
/* lineart.c - a drawing as the network sees it, and paint for a row of it */
#include "tasks/lineart.h"

#include <math.h>
#include <stdlib.h>

#include "base/cancel.h"
#include "base/error.h"
#include "tasks/colorize_state.h"

int ci_lineart_take_memory(ci_colorize *c, cnnimg_error *err) {
  const ci_small *s = &c->small;
  const size_t pixels = (size_t)s->w * (size_t)s->h, seen = (size_t)s->seen_w * (size_t)s->seen_h;
  c->drawing.owner = ci_calloc(pixels, sizeof *c->drawing.owner);
  c->drawing.weight = ci_calloc(pixels, sizeof *c->drawing.weight);
  c->drawing.seen = ci_calloc(seen, sizeof *c->drawing.seen);
  if (c->drawing.owner && c->drawing.weight && c->drawing.seen) return CNNIMG_OK;
  return ci_fail(err, CNNIMG_NOMEM, "no memory for a drawing of %dx%d pixels", s->w, s->h);
}

void ci_lineart_free(ci_colorize *c) {
  ci_parts_free(&c->drawing.parts);
  free(c->drawing.owner);
  free(c->drawing.weight);
  free(c->drawing.seen);
}

/* ---- what the network sees ---------------------------------------------------------------------- */

/* Which pixels [*from, *to) of n pixel i of `small` ones covers, in part or whole. */
static void covered(int32_t i, int32_t n, int32_t small, int32_t *from, int32_t *to) {
  *from = (int32_t)((int64_t)i * n / small);
  *to = (int32_t)(((int64_t)(i + 1) * n + small - 1) / small);
}

/* Between the mean and the darkest of what a pixel covers: thin strokes would not be seen in a mean. */
static void see_row(void *arg, uint32_t y, uint32_t worker) {
  const ci_colorize *c = arg;
  const ci_small *s = &c->small;
  float *to = c->drawing.seen + (size_t)y * (size_t)s->seen_w;
  int32_t x0, x1, y0, y1;
  (void)worker;
  covered((int32_t)y, s->h, s->seen_h, &y0, &y1);
  for (int32_t x = 0; x < s->seen_w; x++) {
    float sum = 0, least = 1;
    covered(x, s->w, s->seen_w, &x0, &x1);
    for (int32_t v = y0; v < y1; v++)
      for (int32_t u = x0; u < x1; u++) {
        const float light = c->light[(size_t)v * (size_t)s->w + (size_t)u];
        sum += light;
        least = light < least ? light : least;
      }
    to[x] = (sum / (float)((x1 - x0) * (y1 - y0)) + least) / 2;
  }
}

int ci_lineart_look(ci_colorize *c, cnnimg_error *err) {
  const ci_small *s = &c->small;
  if (c->drawing.parts.part) return CNNIMG_OK;
  ci_pool_run(ci_tensors_pool(c->net), (uint32_t)s->seen_h, see_row, c);
  return ci_parts_find(&c->drawing.parts, c->light, s->w, s->h, c->o.params.cancel, err);
}

/* ---- paint -------------------------------------------------------------------------------------- */

void ci_lineart_spread(ci_colorize *c) {
  const size_t n = (size_t)c->small.w * (size_t)c->small.h;
  ci_lineart_flow(c);
  for (size_t i = 0; i < n; i++)
    if (c->drawing.owner[i]) ci_lineart_owned(c->drawing.owner[i], c->fine + 3 * i);
  ci_lineart_saturate(c);
}

/* ---- rows -------------------------------------------------------------------------------------------- */

typedef struct taps {
  int32_t at[2];
  float weight[2];
  int nearest;
} taps;

static taps taps_of(int32_t i, int32_t small, uint32_t size) {
  const double u = (i + 0.5) * small / size - 0.5, floor_u = floor(u);
  const float t = (float)(u - floor_u);
  const int32_t low = (int32_t)floor_u, high = low + 1;
  return (taps){{low < 0 ? 0 : low, high >= small ? small - 1 : high}, {1 - t, t}, t >= 0.5f};
}

/* Between the four small pixels around, those of another part than the nearest one left out. */
void ci_lineart_row(const ci_colorize *c, int32_t y, int32_t x0, int32_t n, float *paint) {
  const ci_small *s = &c->small;
  const taps rows = taps_of(y, s->h, c->result.height);
  for (int32_t i = 0; i < n; i++, paint += 3) {
    const taps columns = taps_of(x0 + i, s->w, c->result.width);
    const uint32_t own =
        c->drawing.parts
            .part[(size_t)rows.at[rows.nearest] * (size_t)s->w + (size_t)columns.at[columns.nearest]];
    float sum = 0, rgb[3] = {0, 0, 0};
    for (int k = 0; k < 4; k++) {
      const size_t at = (size_t)rows.at[k / 2] * (size_t)s->w + (size_t)columns.at[k % 2];
      const float w = c->drawing.parts.part[at] == own ? rows.weight[k / 2] * columns.weight[k % 2] : 0;
      sum += w;
      for (int j = 0; j < 3; j++) rgb[j] += w * c->fine[3 * at + (size_t)j];
    }
    for (int j = 0; j < 3; j++) paint[j] = rgb[j] / sum;
  }
}
