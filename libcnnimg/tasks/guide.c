/* SPDX-License-Identifier: MIT */
/* guide.c - a small map of colours brought to the picture's size, its edges where the picture has them */
#include "tasks/guide.h"

#include <math.h>

/*
 * Measured on four pictures of Kodak24 (512 x 768) with the true ab at a quarter of 256 pixels: 38.15 dB in RGB; bilinearly
 * 37.40; with 0.05 or 0.12 0.1 dB less; with the spline itself, not its square, 37.74: it blurs.
 */
#define STEPS 512
#define ALIKE 0.08   /* standard deviation of differences of encoded grey that are no edge */
#define UNLIKE 1e-4f /* where nothing is alike, all count a little */

void ci_guide_init(ci_guide *g, const float *ab, const float *light, int32_t w, int32_t h, double step_x,
                   double step_y) {
  *g = (ci_guide){.ab = ab, .light = light, .w = w, .h = h, .step_x = step_x, .step_y = step_y};
  for (int i = 0; i <= STEPS; i++) {
    const double d = i / (double)STEPS / ALIKE;
    g->alike[i] = (float)exp(-0.5 * d * d) + UNLIKE;
  }
}

/* Four small pixels of an axis around a large one, and what they count. */
typedef struct taps {
  int32_t at[4];
  float weight[4];
} taps;

static taps taps_of(int32_t i, double step, int32_t size) {
  const double u = (i + 0.5) * step - 0.5, floor_u = floor(u);
  const float t = (float)(u - floor_u), s = 1 - t;
  taps r = {.weight = {s * s * s, 4 + t * t * (3 * t - 6), 4 + s * s * (3 * s - 6), t * t * t}};
  for (int32_t k = 0; k < 4; k++) {
    const int32_t at = (int32_t)floor_u - 1 + k;
    r.at[k] = at < 0 ? 0 : at >= size ? size - 1 : at;
    r.weight[k] *= r.weight[k];
  }
  return r;
}

static inline float weight_of(const ci_guide *g, float light, float there) {
  const float d = fabsf(light - there) * STEPS;
  return g->alike[d < STEPS ? (int)d : STEPS];
}

static void mean_of(const ci_guide *g, const taps *rows, const taps *columns, float light, float *ab) {
  float sum = 0, a = 0, b = 0;
  for (int k = 0; k < 4; k++) {
    const float *lights = g->light + (int64_t)rows->at[k] * g->w,
                *colours = g->ab + 2 * (int64_t)rows->at[k] * g->w;
    for (int i = 0; i < 4; i++) {
      const int32_t x = columns->at[i];
      const float w = rows->weight[k] * columns->weight[i] * weight_of(g, light, lights[x]);
      sum += w;
      a += w * colours[2 * (int64_t)x];
      b += w * colours[2 * (int64_t)x + 1];
    }
  }
  ab[0] = sum > 0 ? a / sum : 0;
  ab[1] = sum > 0 ? b / sum : 0;
}

void ci_guide_row(const ci_guide *g, int32_t y, int32_t x0, int32_t n, const float *light, float *ab) {
  const taps rows = taps_of(y, g->step_y, g->h);
  for (int32_t i = 0; i < n; i++) {
    const taps columns = taps_of(x0 + i, g->step_x, g->w);
    mean_of(g, &rows, &columns, light[i], ab + 2 * (int64_t)i);
  }
}
