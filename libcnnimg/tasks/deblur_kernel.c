/* SPDX-License-Identifier: MIT */
/* deblur_kernel.c - what a point of light became: read from a view, or drawn from a formula */
#include "tasks/deblur_kernel.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "exec/pixels.h"

#define LEAST_SIGMA 0.1f
#define MOST_SIGMA 50.0f
#define TAIL 4 /* sigmas: what is further out is a 16,000th of the whole */
#define MOST_LENGTH 400.0f
#define STEPS 64 /* that a pixel's part of a line is summed in */
#define DEGREE (3.14159265358979323846 / 180)

/* ---- a kernel that somebody brings ------------------------------------------------------------------- */

static int check(const cnnimg_view *k, const cnnimg_format *picture, cnnimg_error *err) {
  const cnnimg_format *f = &k->format;
  if (!k->data || !f->width || !f->height) return ci_fail(err, CNNIMG_BADARG, "the kernel has no pixels");
  if (f->colours != 1 || f->alpha || f->transfer != CNNIMG_TRANSFER_ENCODED)
    return ci_fail(err, CNNIMG_BADARG,
                   "the kernel has %d colours; it has one channel, encoded, without alpha", f->colours);
  if (f->width > CI_BLUR_MOST || f->height > CI_BLUR_MOST)
    return ci_fail(err, CNNIMG_LIMIT, "a kernel of %ux%u pixels; there may be %d a side", f->width, f->height,
                   CI_BLUR_MOST);
  if (f->width > picture->width || f->height > picture->height)
    return ci_fail(err, CNNIMG_BADARG, "the kernel has %ux%u pixels, more than the picture, which has %ux%u",
                   f->width, f->height, picture->width, picture->height);
  return CNNIMG_OK;
}

/* The sum is judged, too: rounding must not be all that is left of it. */
static int normalise(float *w, size_t n, cnnimg_error *err) {
  double sum = 0, all = 0;
  for (size_t i = 0; i < n; i++) sum += (double)w[i], all += fabs((double)w[i]);
  if (!isfinite(all)) return ci_fail(err, CNNIMG_BADARG, "the kernel has weights that are no finite numbers");
  if (all == 0) return ci_fail(err, CNNIMG_BADARG, "all weights of the kernel are 0");
  if (!(sum > 1e-3 * all))
    return ci_fail(err, CNNIMG_BADARG, "the weights of the kernel add up to nothing above 0");
  for (size_t i = 0; i < n; i++) w[i] = (float)((double)w[i] / sum);
  return CNNIMG_OK;
}

int ci_blur_read(ci_blur *b, const cnnimg_view *kernel, const cnnimg_format *picture, cnnimg_error *err) {
  *b = (ci_blur){0};
  int status = check(kernel, picture, err);
  if (status) return status;
  b->size[0] = kernel->format.width, b->size[1] = kernel->format.height;
  const size_t n = (size_t)b->size[0] * b->size[1];
  b->weights = ci_calloc(n, sizeof *b->weights);
  if (!b->weights) return ci_fail(err, CNNIMG_NOMEM, "no memory for a kernel");
  cnnimg_view row = *kernel;
  for (uint32_t y = 0; y < b->size[1]; y++) {
    row.data = (uint8_t *)kernel->data + (ptrdiff_t)y * kernel->row_stride;
    ci_pixels_load_raw(&row, 0, b->size[0], b->weights + (size_t)y * b->size[0], 1, 1);
  }
  status = normalise(b->weights, n, err);
  if (status) ci_blur_fini(b);
  return status;
}

void ci_blur_fini(ci_blur *b) {
  free(b->weights);
  *b = (ci_blur){0};
}

/* ---- formulas -------------------------------------------------------------------------------------------- */

int ci_blur_gauss(float sigma, uint32_t *side, float *weights, cnnimg_error *err) {
  if (!(sigma >= LEAST_SIGMA && sigma <= MOST_SIGMA))
    return ci_fail(err, CNNIMG_BADARG, "a Gaussian kernel of sigma %g, which is from %g to %g", (double)sigma,
                   (double)LEAST_SIGMA, (double)MOST_SIGMA);
  const int r = (int)ceilf(TAIL * sigma);
  *side = 2 * (uint32_t)r + 1;
  if (!weights) return CNNIMG_OK;
  for (int y = -r; y <= r; y++)
    for (int x = -r; x <= r; x++)
      *weights++ = (float)exp(-(double)(x * x + y * y) / (2 * (double)sigma * (double)sigma));
  return normalise(weights - (size_t)*side * *side, (size_t)*side * *side, err);
}

/* A line through the middle, of which each pixel along it covers a piece, shared between the two pixels across that are
 * nearest: along counts the longer way, across the other, slope is how far it goes across for a pixel along. */
typedef struct line {
  double half; /* of the length, along */
  double slope;
} line;

/* What pixel (along, across) gets, in the middle of STEPS pieces of its part of the line. */
static double share(const line *l, int along, int across) {
  const double from = fmax(along - 0.5, -l->half), to = fmin(along + 0.5, l->half);
  double sum = 0;
  for (int i = 0; i < STEPS && to > from; i++) {
    double at = from + (to - from) * (i + 0.5) / STEPS, off = fabs(at * l->slope - across);
    if (off < 1) sum += (1 - off) * (to - from) / STEPS;
  }
  return sum;
}

static double clean(double v) { return fabs(v) < 1e-9 ? 0 : v; }

int ci_blur_motion(float length, float degrees, uint32_t *side, float *weights, cnnimg_error *err) {
  if (!(length >= 1 && length <= MOST_LENGTH) || !isfinite(degrees))
    return ci_fail(err, CNNIMG_BADARG, "a motion of %g pixels at %g degrees; its length is from 1 to %g",
                   (double)length, (double)degrees, (double)MOST_LENGTH);
  const double turn = fmod((double)degrees, 360) * DEGREE, c = clean(cos(turn)),
               s = clean(-sin(turn)); /* rows go down */
  const bool steep = fabs(s) > fabs(c);
  const double most = steep ? fabs(s) : fabs(c);
  const line l = {(double)length * most / 2, steep ? c / s : s / c};
  const int along = (int)ceil(l.half + 0.5) - 1, across = (int)ceil(l.half * fabs(l.slope) + 1) - 1;
  const int r = along > across ? along : across;
  *side = 2 * (uint32_t)r + 1;
  if (!weights) return CNNIMG_OK;
  for (int y = -r; y <= r; y++)
    for (int x = -r; x <= r; x++) *weights++ = (float)(steep ? share(&l, y, x) : share(&l, x, y));
  return normalise(weights - (size_t)*side * *side, (size_t)*side * *side, err);
}
