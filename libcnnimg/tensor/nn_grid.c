/* SPDX-License-Identifier: MIT */
/* nn_grid.c - sampling held arrays where a grid says, and making such grids: GridSample, AffineGrid */
#include <math.h>

#include "tensor/nn.h"

enum { GRID_LINEAR, GRID_NEAREST, GRID_CUBIC };
enum { GRID_ZEROS, GRID_BORDER, GRID_REFLECTION };

typedef struct grid {
  int32_t mode, padding, axes; /* axes: 1 to 3 */
  int64_t corners, size[CI_NN_SPATIAL];
} grid;

/* Which elements of an axis a point mixes; -1: zero. */
typedef struct taps {
  int32_t n;
  int64_t at[4];
  double w[4];
} taps;

/* ---- GridSample ------------------------------------------------------------------------------ */

static int grid_of(const ci_tensor_call *c, grid *g, cnnimg_error *err) {
  /* opset 16 had the first three of names, 20 the others */
  static const char *const modes[] = {"linear", "nearest", "cubic", "bilinear", "bicubic", NULL};
  static const char *const paddings[] = {"zeros", "border", "reflection", NULL};
  const ci_array *x = &c->in[0];
  int status = ci_nn_word(c, "mode", modes, &g->mode, err);
  if (!status) status = ci_nn_word(c, "padding_mode", paddings, &g->padding, err);
  if (!status) status = ci_nn_int(c, "align_corners", 0, 0, 1, &g->corners, err);
  if (g->mode > GRID_CUBIC) g->mode = g->mode == 3 ? GRID_LINEAR : GRID_CUBIC;
  g->axes = x->rank - 2;
  for (int32_t i = 0; i < g->axes && i < CI_NN_SPATIAL; i++) g->size[i] = x->dim[2 + i];
  return status;
}

static int sample_shape(const ci_tensor_call *c, cnnimg_error *err) {
  const ci_array *x = &c->in[0], *at = &c->in[1];
  grid g;
  int status = ci_nn_outputs(c, 1, err);
  if (!status) status = ci_nn_float(c, 0, 3, 2 + CI_NN_SPATIAL, err);
  if (!status) status = ci_nn_float(c, 1, 3, 2 + CI_NN_SPATIAL, err);
  if (!status) status = grid_of(c, &g, err);
  if (status) return status;
  if (at->rank != x->rank || at->dim[0] != x->dim[0] || at->dim[at->rank - 1] != g.axes)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "the grid does not fit an input of %d axes", g.axes);
  ci_array_like(c->out, x);
  for (int32_t i = 0; i < g.axes; i++) {
    c->out->dim[2 + i] = at->dim[1 + i];
    if (!g.size[i]) return ci_tensor_refuse(c, err, "an axis without elements cannot be sampled");
  }
  return CNNIMG_OK;
}

static double reflected(double x, double lo, double hi) {
  double range = hi - lo, away = x < lo ? lo - x : x > hi ? x - hi : 0;
  if (range <= 0) return lo;
  if (away == 0) return x;
  double rest = fmod(away, range);
  bool back = fmod((away - rest) / range, 2) == 0; /* an even number of turns */
  return (x < lo) == back ? lo + rest : hi - rest;
}

/* Element i of an axis, by the rule of padding. */
static int64_t element(const grid *g, int32_t axis, double i) {
  int64_t size = g->size[axis];
  double half = g->corners ? 0 : 0.5;
  if (i >= 0 && i < (double)size) return (int64_t)i;
  if (g->padding == GRID_ZEROS) return -1;
  if (g->padding == GRID_REFLECTION) i = reflected(i, -half, (double)size - 1 + half);
  return i < 0 ? 0 : i > (double)size - 1 ? size - 1 : (int64_t)i;
}

/* Keys' cubic convolution (1981), a = -0.75, of elements -1, 0, 1, 2 for a point f behind element 0. */
static void cubic(double f, double w[4]) {
  const double a = -0.75;
  for (int k = 0; k < 4; k++) {
    double d = fabs(f - (k - 1));
    w[k] = d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : ((d - 5) * d + 8) * d * a - 4 * a;
  }
}

/* The point's place on an axis, whose ends are -1 and 1: in single precision, as everybody does. */
static double place(const grid *g, int32_t axis, float v) {
  float size = (float)g->size[axis], far = 1e12f;
  float x = g->corners ? (v + 1) / 2 * (size - 1) : ((v + 1) * size - 1) / 2;
  if (g->mode == GRID_NEAREST) x = nearbyintf(x);
  return (double)(x > far ? far : x > -far ? x : -far);
}

/* A point beyond the ends mixes elements beyond them, which the rule of padding gives: as PyTorch does it. */
static void taps_of(const grid *g, int32_t axis, float v, taps *t) {
  double x = place(g, axis, v);
  double first = floor(x), f = x - first;
  t->n = g->mode == GRID_NEAREST ? 1 : g->mode == GRID_LINEAR ? 2 : 4;
  if (g->mode == GRID_NEAREST) t->w[0] = 1;
  else if (g->mode == GRID_LINEAR) t->w[0] = 1 - f, t->w[1] = f;
  else cubic(f, t->w);
  for (int32_t k = 0; k < t->n; k++) t->at[k] = element(g, axis, first + k - (t->n == 4));
}

static double mixed(const grid *g, const taps t[CI_NN_SPATIAL], const float *plane) {
  const taps *z = &t[0], *y = &t[1], *x = &t[2];
  double sum = 0;
  for (int32_t a = 0; a < z->n; a++)
    for (int32_t b = 0; b < y->n; b++)
      for (int32_t k = 0; k < x->n; k++) {
        if (z->at[a] < 0 || y->at[b] < 0 || x->at[k] < 0) continue;
        int64_t row = z->at[a] * (g->axes > 1 ? g->size[g->axes - 2] : 1) + y->at[b];
        sum += z->w[a] * y->w[b] * x->w[k] * (double)plane[row * g->size[g->axes - 1] + x->at[k]];
      }
  return sum;
}

/* One picture: the grid's points, for every channel. */
static void sample_one(const grid *g, const float *in, const float *at, float *out, int64_t channels,
                       int64_t points) {
  int64_t plane = 1;
  taps t[CI_NN_SPATIAL];
  for (int32_t i = 0; i < g->axes; i++) plane *= g->size[i];
  for (int32_t i = 0; i < CI_NN_SPATIAL; i++) t[i] = (taps){1, {0}, {1}};
  for (int64_t p = 0; p < points; p++, at += g->axes) {
    for (int32_t i = 0; i < g->axes; i++) taps_of(g, i, at[g->axes - 1 - i], &t[CI_NN_SPATIAL - g->axes + i]);
    for (int64_t k = 0; k < channels; k++) out[k * points + p] = (float)mixed(g, t, in + k * plane);
  }
}

static void sample_run(const ci_tensor_call *c) {
  grid g;
  if (!c->out->count || grid_of(c, &g, NULL)) return;
  int64_t points = (int64_t)ci_array_product(c->out, 2, c->out->rank), channels = c->out->dim[1];
  size_t picture = ci_array_product(&c->in[0], 1, c->in[0].rank);
  for (int64_t p = 0; p < c->out->dim[0]; p++)
    sample_one(&g, (const float *)c->in[0].data + (size_t)p * picture,
               (const float *)c->in[1].data + p * points * g.axes,
               (float *)c->out->data + p * points * channels, channels, points);
}

/* ---- AffineGrid ---------------------------------------------------------------------------------- */

/* The result's sizes: [pictures, (depth,) height, width]; *n: how many. */
static int sizes_of(const ci_tensor_call *c, int64_t size[CI_MAX_RANK], int32_t *n, cnnimg_error *err) {
  int status = ci_tensor_ints(c, 1, NULL, size, CI_MAX_RANK, n, err);
  if (!status && (*n < 4 || *n > 5))
    return ci_tensor_fail(c, err, CNNIMG_UNSUPPORTED, "a size of %d numbers", *n);
  for (int32_t i = 0; i < *n && !status; i++)
    if (size[i] < 0 || size[i] > CI_TENSOR_MOST)
      return ci_tensor_fail(c, err, CNNIMG_LIMIT, "a size of %lld", (long long)size[i]);
  for (int32_t i = 1; i + 1 < *n && !status; i++) size[i] = size[i + 1]; /* the channels do not count */
  --*n;
  return status;
}

static int affine_shape(const ci_tensor_call *c, cnnimg_error *err) {
  const int64_t *theta = c->in[0].dim;
  int64_t size[CI_MAX_RANK], corners;
  int32_t n = 0;
  int status = ci_nn_outputs(c, 1, err);
  if (!status) status = ci_nn_float(c, 0, 3, 3, err);
  if (!status) status = ci_nn_int(c, "align_corners", 0, 0, 1, &corners, err);
  if (!status) status = sizes_of(c, size, &n, err);
  if (status) return status;
  if (theta[0] != size[0] || theta[1] != n - 1 || theta[2] != n)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "theta of %lld x %lld x %lld does not fit",
                          (long long)theta[0], (long long)theta[1], (long long)theta[2]);
  c->out->type = CI_FLOAT;
  c->out->rank = n + 1;
  for (int32_t i = 0; i < n; i++) c->out->dim[i] = size[i];
  c->out->dim[n] = n - 1;
  return CNNIMG_OK;
}

static double coordinate(int64_t i, int64_t size, bool corners) {
  if (corners) return size > 1 ? 2.0 * (double)i / (double)(size - 1) - 1 : 0;
  return (2.0 * (double)i + 1) / (double)size - 1;
}

static void affine_run(const ci_tensor_call *c) {
  int32_t n = c->out->rank - 2; /* axes */
  bool corners = ci_attr_int(c->node, "align_corners", 0) != 0;
  size_t points = c->out->count ? ci_array_product(c->out, 1, n + 1) : 0;
  float *out = c->out->data;
  for (size_t i = 0; i < c->out->count / (size_t)n; i++, out += n) {
    const float *theta = (const float *)c->in[0].data + i / points * (size_t)(n * (n + 1));
    double at[CI_NN_SPATIAL];
    size_t rest = i % points;
    for (int32_t k = 0; k < n; k++) { /* the last axis is the first coordinate */
      size_t size = (size_t)c->out->dim[n - k];
      at[k] = coordinate((int64_t)(rest % size), (int64_t)size, corners);
      rest /= size;
    }
    for (int32_t row = 0; row < n; row++, theta += n + 1) {
      double sum = (double)theta[n];
      for (int32_t k = 0; k < n; k++) sum += (double)theta[k] * at[k];
      out[row] = (float)sum;
    }
  }
}

const ci_tensor_op ci_tensor_nn_grid_ops[] = {
    {"GridSample", 2, 2, "align_corners mode padding_mode", sample_shape, NULL, sample_run},
    {"AffineGrid", 2, 2, "align_corners", affine_shape, NULL, affine_run},
    {NULL, 0, 0, NULL, NULL, NULL, NULL},
};
