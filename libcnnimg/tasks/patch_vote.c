/* SPDX-License-Identifier: MIT */
/* patch_vote.c - patch fill: each pixel of the hole from what the patches around it say */
#include <stdlib.h>
#include <string.h>

#include "tasks/patch_state.h"

#define MOST ((2 * CI_PATCH_RADIUS + 1) * (2 * CI_PATCH_RADIUS + 1))
#define BAND 8 /* rows that one thread takes at a time */

typedef struct voting {
  ci_patch_level *l;
  const ci_patch_field *f;
  uint32_t *from; /* the pixel that was copied; NULL: means are taken */
  int64_t change;
} voting;

/* What the patches around a pixel say: the pixel that each would put there, how well it fits, how deep in the hole it is. */
typedef struct ballot {
  int32_t n;
  uint32_t at[MOST];
  int32_t cost[MOST];
  uint8_t depth[MOST];
} ballot;

static void collect(const voting *v, int32_t x, int32_t y, ballot *b) {
  const ci_patch_field *f = v->f;
  int32_t r = v->l->radius, w = v->l->w;
  b->n = 0;
  for (int32_t q = y - r; q <= y + r; q++)
    for (int32_t p = x - r; p <= x + r; p++) {
      if (p < f->box.x0 || q < f->box.y0 || p >= f->box.x1 || q >= f->box.y1) continue;
      size_t i = ci_field_at(f, p, q);
      if (f->at[i] == CI_PATCH_NONE) continue;
      b->at[b->n] = (uint32_t)((int64_t)f->at[i] + (x - p) + (int64_t)(y - q) * w);
      b->depth[b->n] = v->l->depth[ci_patch_at(v->l, p, q)];
      b->cost[b->n++] = f->cost[i];
    }
}

static void swap(int32_t *a, int32_t *b) {
  int32_t t = *a;
  *a = *b, *b = t;
}

/* The k-th least of n numbers (Hoare 1961). */
static int32_t select_least(int32_t *v, int32_t n, int32_t k) {
  int32_t low = 0, high = n - 1;
  while (low < high) {
    int32_t pivot = v[(low + high) / 2], i = low, j = high;
    while (i <= j) {
      while (v[i] < pivot) i++;
      while (v[j] > pivot) j--;
      if (i <= j) swap(&v[i++], &v[j--]);
    }
    if (k <= j) high = j;
    else if (k >= i) low = i;
    else break;
  }
  return v[k];
}

/* exp(-t), t >= 0, within a hundredth, by operations that every processor rounds alike. */
static float fading(float t) { return 1 / (1 + t * (1 + t * (0.5f + t * (1.0f / 6 + t * (1.0f / 24))))); }

/* A Gaussian of the difference, as wide as half of the patches are good (Wexler et al. 2007 take three of four, which blurs
 * more), times 1.4 to the power of how many pixels nearer to the border a patch is: what is known reaches inwards. */
static void weigh(const ballot *b, float *weight) {
  static const float trust[2 * CI_PATCH_RADIUS + 1] = {1, 0.714f, 0.510f, 0.364f, 0.260f, 0.186f, 0.133f};
  int32_t sorted[MOST], least = UINT8_MAX;
  memcpy(sorted, b->cost, (size_t)b->n * sizeof *sorted);
  int32_t spread = select_least(sorted, b->n, b->n / 2);
  float scale = 0.5f / (float)(spread > 1 ? spread : 1);
  for (int32_t i = 0; i < b->n; i++)
    if (b->depth[i] < least) least = b->depth[i];
  for (int32_t i = 0; i < b->n; i++)
    weight[i] = fading((float)b->cost[i] * scale) * trust[b->depth[i] - least];
}

static int32_t best_of(const ballot *b) {
  int32_t best = 0;
  for (int32_t i = 1; i < b->n; i++)
    if (b->cost[i] < b->cost[best]) best = i;
  return best;
}

typedef struct pixel {
  float rgb[3], texture[2];
} pixel;

static void add_pixel(const ci_patch_level *l, uint32_t at, float weight, pixel *sum) {
  for (size_t c = 0; c < 3; c++) sum->rgb[c] += weight * l->rgb[3 * (size_t)at + c];
  for (size_t c = 0; c < 2; c++) sum->texture[c] += weight * (float)l->texture[2 * (size_t)at + c];
}

static pixel mean_of(const ci_patch_level *l, const ballot *b) {
  float weight[MOST], total = 0;
  pixel sum = {0};
  weigh(b, weight);
  for (int32_t i = 0; i < b->n; i++) {
    add_pixel(l, b->at[i], weight[i], &sum);
    total += weight[i];
  }
  for (int c = 0; c < 3; c++) sum.rgb[c] /= total;
  for (int c = 0; c < 2; c++) sum.texture[c] /= total;
  return sum;
}

/* How far it moved, in samples. */
static int64_t put_pixel(ci_patch_level *l, size_t at, const pixel *p) {
  int64_t change = 0;
  for (size_t c = 0; c < 3; c++) {
    int16_t sample = ci_patch_sample(p->rgb[c]);
    change += abs(sample - l->samples[3 * at + c]);
    l->rgb[3 * at + c] = p->rgb[c], l->samples[3 * at + c] = sample;
  }
  for (size_t c = 0; c < 2; c++) l->texture[2 * at + c] = (int16_t)(p->texture[c] + 0.5f);
  return change;
}

static int64_t vote_pixel(const voting *v, int32_t x, int32_t y) {
  ballot b;
  pixel p = {0};
  collect(v, x, y, &b);
  if (!b.n) return 0;
  if (v->from) add_pixel(v->l, v->from[ci_patch_at(v->l, x, y)] = b.at[best_of(&b)], 1, &p);
  else p = mean_of(v->l, &b);
  return put_pixel(v->l, ci_patch_at(v->l, x, y), &p);
}

void ci_patch_vote_one(ci_patch_level *l, const ci_patch_field *f, int32_t x, int32_t y) {
  const voting v = {.l = l, .f = f};
  vote_pixel(&v, x, y);
}

/* Only known pixels are read and only others written, so the order does not matter. */
static void vote_band(void *arg, uint32_t i, uint32_t worker) {
  voting *v = arg;
  ci_rect r = v->f->inside;
  int32_t y0 = r.y0 + (int32_t)i * BAND, y1 = y0 + BAND < r.y1 ? y0 + BAND : r.y1;
  int64_t change = 0;
  (void)worker;
  for (int32_t y = y0; y < y1; y++)
    for (int32_t x = r.x0; x < r.x1; x++)
      if (v->l->hole[ci_patch_at(v->l, x, y)]) change += vote_pixel(v, x, y);
  __atomic_fetch_add(&v->change, change, __ATOMIC_RELAXED);
}

int64_t ci_patch_vote_all(ci_patch_level *l, const ci_patch_field *f, uint32_t *from, ci_pool *pool) {
  voting v = {.l = l, .f = f, .from = from};
  ci_pool_run(pool, (uint32_t)(f->inside.y1 - f->inside.y0 + BAND - 1) / BAND, vote_band, &v);
  return v.change;
}
