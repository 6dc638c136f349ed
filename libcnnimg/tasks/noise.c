/* SPDX-License-Identifier: MIT */
/* noise.c - blind noise level: the smallest eigenvalues of the covariance of patches, or luma alone where chroma is silent */
#include "tasks/noise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "exec/pixels.h"

#define PATCH 5
#define MAX_DIM (PATCH * PATCH * 3)
#define WANT_PATCHES 60000.0 /* more hardly change the answer */
#define MIN_PATCHES 2000     /* fewer middling patches than this do not replace the first answer */
#define MARGIN 1.5           /* in sigmas, from either end of the range */

/* What one pass gathers. */
typedef struct gather {
  const cnnimg_format *f;
  int dim, step;
  double low, high; /* patches with a colour's mean outside are left out */
  size_t n;
  double mean[MAX_DIM];
  double *cov;  /* dim x dim, lower triangle: sums of products */
  float *rows;  /* PATCH rows, 4 floats a pixel, 0..255 */
} gather;

static const float *row_of(const gather *g, uint32_t y) { return g->rows + (size_t)(y % PATCH) * g->f->width * 4; }

/* The patch with its top left at (x, y), colour by colour; false if it is too near an end of the range. */
static bool take_patch(const gather *g, uint32_t x, uint32_t y, double *v) {
  int at = 0;
  for (int c = 0; c < g->f->colours; c++) {
    double sum = 0;
    for (uint32_t j = 0; j < PATCH; j++) {
      const float *px = row_of(g, y + j) + (size_t)x * 4 + (size_t)c;
      for (int i = 0; i < PATCH; i++) sum += v[at++] = px[i * 4];
    }
    sum /= PATCH * PATCH;
    if (!(sum > g->low && sum < g->high)) return false;
  }
  return true;
}

static void add_patch(gather *g, const double *v) {
  g->n++;
  for (int i = 0; i < g->dim; i++) {
    g->mean[i] += v[i];
    for (int j = 0; j <= i; j++) g->cov[i * g->dim + j] += v[i] * v[j];
  }
}

static int load_row(gather *g, uint32_t y, ci_noise_row get, void *user, cnnimg_error *err) {
  cnnimg_view row;
  int status = get(user, y, &row, err);
  if (status) return status;
  float *to = g->rows + (size_t)(y % PATCH) * g->f->width * 4;
  ci_pixels_load(&row, 0, g->f->width, NULL, to, g->f->colours, 4);
  for (size_t i = 0; i < (size_t)g->f->width * 4; i++) to[i] *= 255.0f;
  return CNNIMG_OK;
}

/* One pass over the picture: every step-th patch of every step-th row. */
static int gather_patches(gather *g, ci_noise_row get, void *user, cnnimg_error *err) {
  double v[MAX_DIM];
  g->n = 0;
  memset(g->mean, 0, sizeof g->mean);
  memset(g->cov, 0, sizeof *g->cov * (size_t)(g->dim * g->dim));
  for (uint32_t y = 0; y < g->f->height; y++) {
    if (y % (uint32_t)g->step >= PATCH) continue; /* no patch that is taken has this row */
    int status = load_row(g, y, get, user, err);
    if (status) return status;
    if (y + 1 < PATCH || (y + 1 - PATCH) % (uint32_t)g->step) continue;
    for (uint32_t x = 0; x + PATCH <= g->f->width; x += (uint32_t)g->step)
      if (take_patch(g, x, y + 1 - PATCH, v)) add_patch(g, v);
  }
  return CNNIMG_OK;
}

/* Sums to a whole covariance matrix. */
static void finish_covariance(gather *g) {
  double n = (double)g->n;
  for (int i = 0; i < g->dim; i++)
    for (int j = 0; j <= i; j++) {
      double c = g->cov[i * g->dim + j] / n - g->mean[i] / n * (g->mean[j] / n);
      g->cov[i * g->dim + j] = g->cov[j * g->dim + i] = c;
    }
}

/* Chen's algorithm 1: the largest set of smallest eigenvalues whose mean is no more than its median. */
static double sigma_of(const double *w, int n) {
  double sum = 0;
  for (int i = 0; i < n; i++) sum += w[i];
  for (int m = n; m > 1; sum -= w[--m]) {
    double median = m % 2 ? w[m / 2] : (w[m / 2 - 1] + w[m / 2]) / 2;
    if (sum / m <= median) return sqrt(fmax(sum / m, 0));
  }
  return sqrt(fmax(w[0], 0));
}

static int one_pass(gather *g, ci_noise_row get, void *user, double *sigma, cnnimg_error *err) {
  double w[MAX_DIM];
  int status = gather_patches(g, get, user, err);
  if (status || g->n < 2) return status;
  finish_covariance(g);
  if (ci_symmetric_eigenvalues(g->cov, g->dim, w))
    return ci_fail(err, CNNIMG_UNSUPPORTED, "the noise cannot be estimated: samples are not finite numbers");
  *sigma = sigma_of(w, g->dim);
  return CNNIMG_OK;
}

/* Clipping hides noise in patches near the ends of an integer range. */
static int refine(gather *g, ci_noise_row get, void *user, double *sigma, cnnimg_error *err) {
  for (int pass = 0; pass < 2; pass++) {
    double s = *sigma;
    g->low = MARGIN * s;
    g->high = 255 - MARGIN * s;
    int status = one_pass(g, get, user, &s, err);
    if (status) return status;
    if (g->n < MIN_PATCHES) break;
    *sigma = fmax(*sigma, s);
  }
  return CNNIMG_OK;
}

static int of_patches(const cnnimg_format *f, ci_noise_row get, void *user, double *sigma, cnnimg_error *err) {
  gather g = {.f = f, .dim = PATCH * PATCH * f->colours, .low = -INFINITY, .high = INFINITY};
  double places = (double)(f->width - PATCH + 1) * (double)(f->height - PATCH + 1);
  g.step = (int)fmax(1, floor(sqrt(places / WANT_PATCHES)));
  g.cov = ci_calloc((size_t)g.dim * (size_t)g.dim, sizeof *g.cov);
  g.rows = ci_calloc((size_t)f->width * PATCH, 4 * sizeof *g.rows);
  int status = g.cov && g.rows ? one_pass(&g, get, user, sigma, err)
                               : ci_fail(err, CNNIMG_NOMEM, "no memory for the noise estimate");
  if (!status && (f->sample == CNNIMG_U8 || f->sample == CNNIMG_U16)) status = refine(&g, get, user, sigma, err);
  free(g.cov);
  free(g.rows);
  return status;
}

int ci_noise_estimate(const cnnimg_format *f, ci_noise_row get, void *user, float *sigma, cnnimg_error *err) {
  double all = 0, luma = -1;
  *sigma = 0;
  if (f->width < PATCH || f->height < PATCH) return CNNIMG_OK;
  int status = of_patches(f, get, user, &all, err);
  if (!status) status = ci_noise_of_luma(f, get, user, &luma, err);
  if (!status) *sigma = (float)(luma < 0 ? all : luma);
  return status;
}
