/* SPDX-License-Identifier: MIT */
/* patch_level.c - patch fill: one size of the picture, what may be copied from it, and its texture */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "tasks/patch_state.h"

#define ENOUGH 64 /* patches; with fewer to choose from, smaller ones are taken */

static int no_memory(cnnimg_error *err) {
  return ci_fail(err, CNNIMG_NOMEM, "no memory to fill a hole with patches");
}

/* ---- what lies near a pixel ------------------------------------------------------------------ */

/* out[x] = how many of in[x - r] to in[x + r] are set, to 255 at most: is there one? */
static void spread_line(const uint8_t *in, ptrdiff_t step, int32_t n, int32_t r, uint8_t *out) {
  int32_t count = 0;
  for (int32_t x = 0; x < r && x < n; x++) count += in[x * step];
  for (int32_t x = 0; x < n; x++) {
    if (x + r < n) count += in[(x + r) * step];
    if (x > r) count -= in[(x - r - 1) * step];
    out[x] = count > 0;
  }
}

int ci_patch_spread(const uint8_t *mask, int32_t w, int32_t h, int32_t r, uint8_t *out, cnnimg_error *err) {
  uint8_t *line = ci_calloc((size_t)h, 1);
  if (!line) return no_memory(err);
  for (int32_t y = 0; y < h; y++)
    spread_line(mask + (size_t)y * (size_t)w, 1, w, r, out + (size_t)y * (size_t)w);
  for (int32_t x = 0; x < w; x++) {
    spread_line(out + x, w, h, r, line);
    for (int32_t y = 0; y < h; y++) out[(size_t)y * (size_t)w + (size_t)x] = line[y];
  }
  free(line);
  return CNNIMG_OK;
}

/* ---- what may be copied ------------------------------------------------------------------------- */

static uint32_t count_sources(ci_patch_level *l, const uint8_t *bad, int32_t r) {
  uint32_t n = 0;
  memset(l->ok, 0, (size_t)l->w * (size_t)l->h);
  for (int32_t y = r; y < l->h - r; y++)
    for (int32_t x = r; x < l->w - r; x++) {
      size_t i = ci_patch_at(l, x, y);
      l->ok[i] = !bad[i];
      n += l->ok[i];
    }
  return n;
}

static int list_sources(ci_patch_level *l, cnnimg_error *err) {
  l->centres = ci_calloc(l->sources, sizeof *l->centres);
  if (!l->centres) return no_memory(err);
  size_t n = (size_t)l->w * (size_t)l->h;
  uint32_t to = 0;
  for (size_t i = 0; i < n; i++)
    if (l->ok[i]) l->centres[to++] = (uint32_t)i;
  return CNNIMG_OK;
}

int ci_patch_level_sources(ci_patch_level *l, cnnimg_error *err) {
  size_t n = (size_t)l->w * (size_t)l->h;
  uint8_t *closed = ci_calloc(n, 2), *bad = closed + n;
  int status = closed ? CNNIMG_OK : no_memory(err);
  for (size_t i = 0; !status && i < n; i++) closed[i] = !l->source[i];
  for (l->radius = CI_PATCH_RADIUS; !status; l->radius--) {
    status = ci_patch_spread(closed, l->w, l->h, l->radius, bad, err);
    if (!status) l->sources = count_sources(l, bad, l->radius);
    if (l->sources >= ENOUGH || l->radius == 0) break;
  }
  free(closed);
  return status || !l->sources ? status : list_sources(l, err);
}

static int32_t least(int32_t a, int32_t b) { return a < b ? a : b; }

/* Chessboard distance to the nearest pixel that is not hole, in two passes (Rosenfeld and Pfaltz 1966). */
static int32_t find_depth(const ci_patch_level *l, int32_t *d) {
  const int32_t far = INT32_MAX - 1, w = l->w;
  for (int32_t y = 0; y < l->h; y++)
    for (int32_t x = 0; x < w; x++) {
      int32_t *p = d + ci_patch_at(l, x, y), near = far;
      if (x > 0) near = least(near, p[-1]);
      if (y > 0)
        near = least(near, least(p[-w], least(x > 0 ? p[-w - 1] : far, x + 1 < w ? p[-w + 1] : far)));
      *p = l->hole[ci_patch_at(l, x, y)] ? near == far ? far : near + 1 : 0;
    }
  int32_t most = 0;
  for (int32_t y = l->h - 1; y >= 0; y--)
    for (int32_t x = w - 1; x >= 0; x--) {
      int32_t *p = d + ci_patch_at(l, x, y), near = far;
      if (x + 1 < w) near = least(near, p[1]);
      if (y + 1 < l->h)
        near = least(near, least(p[w], least(x > 0 ? p[w - 1] : far, x + 1 < w ? p[w + 1] : far)));
      if (near < far) *p = least(*p, near + 1);
      if (*p > most) most = *p;
    }
  return most;
}

int ci_patch_level_depth(ci_patch_level *l, int32_t *most, cnnimg_error *err) {
  size_t n = (size_t)l->w * (size_t)l->h;
  int32_t *d = ci_calloc(n, sizeof *d);
  if (!d) return no_memory(err);
  *most = find_depth(l, d);
  for (size_t i = 0; i < n; i++) l->depth[i] = (uint8_t)least(d[i], UINT8_MAX);
  free(d);
  return CNNIMG_OK;
}

/* ---- texture ---------------------------------------------------------------------------------------- */

typedef struct change {
  uint32_t across, down, n;
} change;

static int32_t luma(const int16_t *s) { return (s[0] + 2 * s[1] + s[2]) / 4; }

static void add_change(change *to, const change *c, int sign) {
  to->across += (uint32_t)sign * c->across;
  to->down += (uint32_t)sign * c->down;
  to->n += (uint32_t)sign * c->n;
}

/* Between a pixel and those to its right and below, where all three are known. */
static change change_at(const ci_patch_level *l, int32_t x, int32_t y) {
  size_t i = ci_patch_at(l, x, y), w = (size_t)l->w;
  if (x + 1 >= l->w || y + 1 >= l->h || l->hole[i] || l->hole[i + 1] || l->hole[i + w]) return (change){0};
  const int16_t *s = l->samples + 3 * i;
  int32_t here = luma(s);
  return (change){(uint32_t)abs(luma(s + 3) - here), (uint32_t)abs(luma(s + 3 * w) - here), 1};
}

static void sum_across(const ci_patch_level *l, int32_t y, int32_t reach, change *line, change *to) {
  change sum = {0};
  for (int32_t x = 0; x < l->w; x++) line[x] = change_at(l, x, y);
  for (int32_t x = 0; x < reach && x < l->w; x++) add_change(&sum, &line[x], 1);
  for (int32_t x = 0; x < l->w; x++) {
    if (x + reach < l->w) add_change(&sum, &line[x + reach], 1);
    if (x > reach) add_change(&sum, &line[x - reach - 1], -1);
    to[x] = sum;
  }
}

static int16_t mean_change(uint32_t sum, uint32_t n) {
  uint32_t mean = (uint32_t)(4 * (uint64_t)sum / n);
  return (int16_t)(mean < CI_PATCH_TEXTURE_MOST ? mean : CI_PATCH_TEXTURE_MOST);
}

static void put_texture(ci_patch_level *l, int32_t y, const change *sum) {
  int16_t *t = l->texture + 2 * ci_patch_at(l, 0, y);
  for (int32_t x = 0; x < l->w; x++, t += 2) {
    t[0] = t[1] = -1;
    if (sum[x].n) t[0] = mean_change(sum[x].across, sum[x].n), t[1] = mean_change(sum[x].down, sum[x].n);
  }
}

int ci_patch_level_texture(ci_patch_level *l, int32_t reach, cnnimg_error *err) {
  size_t w = (size_t)l->w, n = w * (size_t)l->h;
  change *rows = ci_calloc(n + 2 * w, sizeof *rows), *sum = rows + n, *line = sum + w;
  if (!rows) return no_memory(err);
  for (int32_t y = 0; y < l->h; y++) sum_across(l, y, reach, line, rows + (size_t)y * w);
  for (int32_t y = -reach; y < l->h; y++) {
    for (size_t x = 0; x < w; x++) {
      if (y + reach < l->h) add_change(&sum[x], &rows[(size_t)(y + reach) * w + x], 1);
      if (y > reach) add_change(&sum[x], &rows[(size_t)(y - reach - 1) * w + x], -1);
    }
    if (y >= 0) put_texture(l, y, sum);
  }
  free(rows);
  return CNNIMG_OK;
}

static void take_texture(int16_t *t, const int16_t *from) {
  if (t[0] < 0) t[0] = from[0], t[1] = from[1];
}

/* What is not known yet, from the neighbours: down and to the right, then back. */
void ci_patch_level_texture_rest(ci_patch_level *l) {
  ptrdiff_t w = l->w, n = w * l->h;
  for (ptrdiff_t i = 0; i < n; i++) {
    int16_t *t = l->texture + 2 * i;
    if (i % w) take_texture(t, t - 2);
    if (i >= w) take_texture(t, t - 2 * w);
  }
  for (ptrdiff_t i = n - 1; i >= 0; i--) {
    int16_t *t = l->texture + 2 * i;
    if (i % w != w - 1) take_texture(t, t + 2);
    if (i < n - w) take_texture(t, t + 2 * w);
    if (t[0] < 0) t[0] = t[1] = 0;
  }
}

/* ---- life ------------------------------------------------------------------------------------------------ */

static int make(ci_patch_level *l, int32_t w, int32_t h, cnnimg_error *err) {
  size_t n = (size_t)w * (size_t)h;
  l->w = w, l->h = h;
  l->rgb = ci_calloc(n, 3 * sizeof *l->rgb);
  l->hole = ci_calloc(n, 4);
  l->samples = ci_calloc(3 * n + CI_PATCH_SPARE, sizeof *l->samples);
  l->texture = ci_calloc(n, 2 * sizeof *l->texture);
  if (!l->rgb || !l->hole || !l->samples || !l->texture) return no_memory(err);
  l->source = l->hole + n, l->ok = l->source + n, l->depth = l->ok + n;
  return CNNIMG_OK;
}

void ci_patch_level_release(ci_patch_level *l) {
  free(l->samples);
  free(l->texture);
  free(l->centres);
  l->samples = l->texture = NULL, l->centres = NULL;
}

void ci_patch_level_fini(ci_patch_level *l) {
  ci_patch_level_release(l);
  free(l->rgb);
  free(l->hole);
  *l = (ci_patch_level){0};
}

/* NaN becomes 0. */
int16_t ci_patch_sample(float v) {
  float s = v * CI_PATCH_STEPS + 0.5f;
  return (int16_t)(s > 0 ? s < CI_PATCH_STEPS ? s : CI_PATCH_STEPS : 0);
}

static void set_samples(ci_patch_level *l) {
  size_t n = 3 * (size_t)l->w * (size_t)l->h;
  for (size_t i = 0; i < n; i++) l->samples[i] = ci_patch_sample(l->rgb[i]);
}

int ci_patch_level_first(ci_patch_level *l, const float *rgb, int32_t w, int32_t h, const uint8_t *hole,
                         const uint8_t *source, cnnimg_error *err) {
  int status = make(l, w, h, err);
  if (status) return status;
  size_t n = (size_t)w * (size_t)h;
  memcpy(l->rgb, rgb, 3 * n * sizeof *rgb);
  for (size_t i = 0; i < n; i++) {
    l->hole[i] = !!hole[i], l->source[i] = !hole[i] && (!source || source[i]);
    l->pixels += l->hole[i];
  }
  set_samples(l);
  return CNNIMG_OK;
}

/* A pixel of half the size is the mean of those that it covers, and as known as the least known of them. */
static void halve_pixel(ci_patch_level *l, const ci_patch_level *from, int32_t x, int32_t y) {
  size_t to = ci_patch_at(l, x, y);
  int32_t x1 = least(2 * x + 2, from->w), y1 = least(2 * y + 2, from->h), n = 0, known = 0, texture[2] = {0};
  float sum[3] = {0};
  l->source[to] = 1;
  for (int32_t v = 2 * y; v < y1; v++)
    for (int32_t u = 2 * x; u < x1; u++, n++) {
      size_t i = ci_patch_at(from, u, v);
      for (int c = 0; c < 3; c++) sum[c] += from->rgb[3 * i + (size_t)c];
      l->hole[to] |= from->hole[i];
      l->source[to] &= from->source[i];
      if (from->texture[2 * i] < 0) continue;
      texture[0] += from->texture[2 * i], texture[1] += from->texture[2 * i + 1], known++;
    }
  for (int c = 0; c < 3; c++) l->rgb[3 * to + (size_t)c] = sum[c] / (float)n;
  for (int c = 0; c < 2; c++) l->texture[2 * to + (size_t)c] = (int16_t)(known ? texture[c] / known : -1);
}

int ci_patch_level_half(ci_patch_level *l, const ci_patch_level *from, cnnimg_error *err) {
  int status = make(l, (from->w + 1) / 2, (from->h + 1) / 2, err);
  for (int32_t y = 0; !status && y < l->h; y++)
    for (int32_t x = 0; x < l->w; x++) {
      halve_pixel(l, from, x, y);
      l->pixels += l->hole[ci_patch_at(l, x, y)];
    }
  if (!status) set_samples(l);
  return status;
}
