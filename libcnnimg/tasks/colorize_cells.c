/* SPDX-License-Identifier: MIT */
/* colorize_cells.c - the cells of the ab plane that a network tells apart: the card's, a reference's shares, likely ones */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "exec/pixels.h"
#include "tasks/colorize_state.h"
#include "tasks/lab.h"
#include "tasks/resample.h"

#define MOST_CELLS 1024
#define MOST_AB 200
#define POOLED \
  16 /* pixels a side, from which on a reference is a picture, whose cells are of CI_CELL pixels */
#define ANNEAL 0.38f /* temperature of the mean (Zhang 2016, section 2.3) */
#define LEAST 0.005f /* less than that is not worth saying */
#define APART 25.0f  /* of ab: colours nearer than that are suggested as one */

/* ---- the card ------------------------------------------------------------------------------ */

/* "a,b", whole numbers. Returns what is behind it, or NULL. */
static const char *read_pair(const char *text, float *pair) {
  char *end;
  const long a = strtol(text, &end, 10);
  if (end == text || *end != ',') return NULL;
  text = end + 1;
  const long b = strtol(text, &end, 10);
  if (end == text || labs(a) > MOST_AB || labs(b) > MOST_AB) return NULL;
  pair[0] = (float)a, pair[1] = (float)b;
  return end + strspn(end, " \t\n");
}

int ci_cells_read(const char *text, float **centres, size_t *n, cnnimg_error *err) {
  float *at = ci_calloc(MOST_CELLS, 2 * sizeof *at);
  size_t count = 0;
  *centres = NULL, *n = 0;
  if (!at) return ci_fail(err, CNNIMG_NOMEM, "no memory for a card");
  while (text && *text && count < MOST_CELLS) text = read_pair(text, &at[2 * count++]);
  if (text && !*text && count) {
    *centres = at, *n = count;
    return CNNIMG_OK;
  }
  free(at);
  return ci_fail(err, CNNIMG_UNSUPPORTED,
                 "the model's card says cells=..., which is no list of up to %d pairs of whole numbers a,b",
                 MOST_CELLS);
}

static size_t nearest(const float *centres, size_t n, const float ab[2]) {
  size_t best = 0;
  float least = INFINITY;
  for (size_t i = 0; i < n; i++) {
    const float a = centres[2 * i] - ab[0], b = centres[2 * i + 1] - ab[1], d = a * a + b * b;
    if (d < least) least = d, best = i;
  }
  return best;
}

/* ---- a reference ------------------------------------------------------------------------------ */

/* Colours and alpha, 4 floats a pixel. */
static void load_row(void *user, int32_t y, float *to) {
  const cnnimg_view *v = user;
  const uint32_t n = v->format.width;
  cnnimg_view row = *v;
  row.data = (uint8_t *)row.data + (ptrdiff_t)y * row.row_stride;
  ci_pixels_load(&row, 0, n, NULL, to, 3, 4);
  for (uint32_t x = 0; x < n; x++) {
    float all[4] = {0, 0, 0, 1};
    if (v->format.alpha) ci_pixels_load_raw(&row, x, 1, all, v->format.colours + 1, 4);
    to[4 * (size_t)x + 3] = v->format.alpha ? all[v->format.colours] : 1;
  }
}

static int32_t scaled(uint32_t n, double factor) { return n * factor < 1 ? 1 : (int32_t)lround(n * factor); }

static int load(const cnnimg_view *v, int32_t side, ci_view *out, cnnimg_error *err) {
  const cnnimg_format *f = &v->format;
  const uint32_t shorter = f->width < f->height ? f->width : f->height,
                 longer = f->width ^ f->height ^ shorter;
  const double factor = shorter > (uint32_t)side ? (double)side / shorter : 1, most = 16.0 * side / longer;
  const double by =
      factor < most ? factor : most; /* a strip of any length is no larger than sixteen squares */
  const ci_shape from = {4, (int32_t)f->height, (int32_t)f->width},
                 to = {4, by < 1 ? scaled(f->height, by) : from.h, by < 1 ? scaled(f->width, by) : from.w};
  *out =
      (ci_view){.map = to, .rect = ci_rect_whole(to), .cs = 4, .ring = to.h, .row_stride = 4 * (size_t)to.w};
  out->data = ci_calloc((size_t)to.h, out->row_stride * sizeof *out->data);
  if (!out->data) return ci_fail(err, CNNIMG_NOMEM, "no memory for the reference");
  cnnimg_view row = *v;
  if (by < 1) return ci_resample_whole(from, out, CI_FILTER_CUBIC, load_row, &row, err);
  for (int32_t y = 0; y < to.h; y++) load_row(&row, y, ci_view_at(out, 0, y));
  return CNNIMG_OK;
}

/* The mean ab of a square of pixels; what is hidden does not count. */
static bool mean_of(const ci_view *v, int32_t x, int32_t y, int32_t side, float ab[2]) {
  int32_t n = 0;
  ab[0] = ab[1] = 0;
  for (int32_t k = 0; k < side * side; k++) {
    const float *p = ci_view_at(v, x * side + k % side, y * side + k / side);
    float rgb[3], one[2];
    if (!(p[3] >= 0.5f)) continue;
    for (int c = 0; c < 3; c++) rgb[c] = p[c] > 0 ? p[c] < 1 ? p[c] : 1 : 0;
    ci_lab_ab(rgb, one);
    ab[0] += one[0], ab[1] += one[1], n++;
  }
  if (n) ab[0] /= (float)n, ab[1] /= (float)n;
  return n > 0;
}

static int add_up(const float *centres, size_t n, const ci_view *v, float *palette, cnnimg_error *err) {
  const int32_t side = v->map.w >= POOLED && v->map.h >= POOLED ? CI_CELL : 1;
  double chroma = 0, count = 0;
  for (size_t i = 0; i < n + 2; i++) palette[i] = 0;
  for (int32_t y = 0; y < v->map.h / side; y++)
    for (int32_t x = 0; x < v->map.w / side; x++) {
      float ab[2];
      if (!mean_of(v, x, y, side, ab)) continue;
      palette[nearest(centres, n, ab)] += 1;
      chroma += (double)hypotf(ab[0], ab[1]), count++;
    }
  if (count == 0) return ci_fail(err, CNNIMG_BADARG, "the reference has no pixel that can be seen");
  for (size_t i = 0; i < n; i++) palette[i] = (float)((double)palette[i] / count);
  palette[n] = (float)(chroma / count) / CI_LAB_AB, palette[n + 1] = 1;
  return CNNIMG_OK;
}

int ci_cells_palette(const float *centres, size_t n, const cnnimg_view *reference, int32_t side,
                     float *palette, cnnimg_error *err) {
  ci_view v = {0};
  int status = ci_format_check(&reference->format, "the reference", err);
  if (!status && !reference->data) status = ci_fail(err, CNNIMG_BADARG, "a reference without data");
  if (!status) status = load(reference, side, &v, err);
  if (!status) status = add_up(centres, n, &v, palette, err);
  free(v.data);
  return status;
}

/* ---- what is likely ------------------------------------------------------------------------------ */

static void softmax(const float *scores, size_t step, size_t n, float temperature, float *share) {
  float top = -INFINITY, sum = 0;
  for (size_t i = 0; i < n; i++) top = scores[i * step] > top ? scores[i * step] : top;
  for (size_t i = 0; i < n; i++) sum += share[i] = expf((scores[i * step] - top) / temperature);
  for (size_t i = 0; i < n; i++) share[i] /= sum;
}

static cnnimg_suggestion suggestion(float luminance, const float ab[2], float share) {
  float rgb[3];
  ci_lab_colour(luminance, ab, rgb);
  return (cnnimg_suggestion){rgb[0], rgb[1], rgb[2], share};
}

/* The likeliest cell, and what is likely around it, which is then used up. */
static float take_likeliest(const float *centres, float *share, size_t n, float ab[2]) {
  size_t best = 0;
  float sum = 0;
  for (size_t i = 1; i < n; i++)
    if (share[i] > share[best]) best = i;
  ab[0] = centres[2 * best], ab[1] = centres[2 * best + 1];
  for (size_t i = 0; i < n; i++)
    if (hypotf(centres[2 * i] - ab[0], centres[2 * i + 1] - ab[1]) < APART) sum += share[i], share[i] = 0;
  return sum;
}

/* What is around a cell may outweigh what is around a likelier one. The first of all is the mean. */
static void put_by_share(cnnimg_suggestion *out, size_t k, cnnimg_suggestion one) {
  for (; k > 1 && out[k - 1].share < one.share; k--) out[k] = out[k - 1];
  out[k] = one;
}

static size_t suggest(const ci_colorize *c, const float *scores, size_t step, float luminance, float *share,
                      cnnimg_suggestion *out, size_t room) {
  float mean[2] = {0, 0}, ab[2];
  size_t k = 0;
  softmax(scores, step, c->n_centres, ANNEAL, share);
  for (size_t i = 0; i < c->n_centres; i++)
    mean[0] += share[i] * c->centres[2 * i], mean[1] += share[i] * c->centres[2 * i + 1];
  if (k < room) out[k++] = suggestion(luminance, mean, 0);
  softmax(scores, step, c->n_centres, 1, share);
  while (k < room) {
    const float sum = take_likeliest(c->centres, share, c->n_centres, ab);
    if (!(sum >= LEAST)) break;
    put_by_share(out, k++, suggestion(luminance, ab, sum));
  }
  return k;
}

/* The light at the pixel, from the picture itself. */
static int light_at(ci_colorize *c, uint32_t x, uint32_t y, float *luminance, cnnimg_error *err) {
  cnnimg_format f = c->o.format;
  cnnimg_view one;
  float pixel[4], rgb[3];
  f.width = f.height = 1;
  cnnimg_view_init(&one, &f, pixel);
  int status = ci_rects_read(&c->picture, x, y, &one, err);
  if (status) return status;
  ci_pixels_load(&one, 0, 1, NULL, rgb, 3, 3);
  *luminance = ci_lab_luminance(rgb);
  return CNNIMG_OK;
}

static int think(ci_colorize *c, float *scores, float *share, uint32_t x, uint32_t y, cnnimg_suggestion *out,
                 size_t room, size_t *n, cnnimg_error *err) {
  const ci_small *s = &c->small;
  const size_t cells = (size_t)s->cells_w * (size_t)s->cells_h;
  const size_t cx = (size_t)((x + 0.5) * s->seen_w / c->result.width) / CI_CELL,
               cy = (size_t)((y + 0.5) * s->seen_h / c->result.height) / CI_CELL;
  float luminance;
  int status = c->seen ? CNNIMG_OK : ci_colorize_see(c, err);
  if (!status) status = light_at(c, x, y, &luminance, err);
  if (!status) status = ci_colorize_think(c, scores, err);
  if (!status) *n = suggest(c, scores + cy * (size_t)s->cells_w + cx, cells, luminance, share, out, room);
  return status;
}

int ci_colorize_suggest(ci_colorize *c, cnnimg_read_rect read, void *user, uint32_t x, uint32_t y,
                        cnnimg_suggestion *out, size_t room, size_t *n, cnnimg_error *err) {
  const ci_job_io io = {.read_rect = read, .read_user = user};
  const size_t cells = (size_t)c->small.cells_w * (size_t)c->small.cells_h;
  *n = 0;
  if (x >= c->result.width || y >= c->result.height)
    return ci_fail(err, CNNIMG_BADARG, "%u,%u lies outside the picture, which has %ux%u pixels", x, y,
                   c->result.width, c->result.height);
  if (!c->has_cells)
    return ci_fail(err, CNNIMG_UNSUPPORTED, "the network does not say which colours are likely");
  float *scores = ci_calloc(cells, c->n_centres * sizeof *scores),
        *share = ci_calloc(c->n_centres, sizeof *share);
  int status = scores && share ? ci_rects_open(&c->picture, &c->o.format, &io, 0, NULL, err)
                               : ci_fail(err, CNNIMG_NOMEM, "no memory for likely colours");
  if (!status) status = think(c, scores, share, x, y, out, room, n, err);
  ci_rects_close(&c->picture);
  free(scores);
  free(share);
  return status;
}
