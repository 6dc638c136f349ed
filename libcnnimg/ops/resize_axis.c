/* SPDX-License-Identifier: MIT */
/* resize_axis.c - coordinates and weights of ONNX's Resize along one axis */
#include <math.h>

#include "ops/resize.h"

ci_scaled ci_scaled_of(const ci_params *p, int which, int32_t in, int32_t out) {
  bool scaled = p->scale[which] > 0;
  ci_scaled a = {.p = p,
                 .in = in,
                 .out = out,
                 .shrink = 1,
                 .from = (double)p->roi[which],
                 .to = (double)p->roi[which + 2]};
  a.scale = scaled ? (double)p->scale[which] : (double)out / in;
  a.length = scaled ? a.scale * in : out;
  if (p->antialias && a.scale < 1) a.shrink = a.scale;
  double half = p->mode == CI_RESIZE_NEAREST ? 0 : ceil((p->mode == CI_RESIZE_CUBIC ? 2 : 1) / a.shrink);
  a.reach = (int64_t)half; /* at most 2^31: an output stands for the whole map */
  a.taps = a.reach == 0 ? 1 : 2 * a.reach < in ? (int32_t)(2 * a.reach) : in;
  return a;
}

double ci_scaled_at(const ci_scaled *a, int32_t o) {
  double in = a->in;
  switch (a->p->coord) {
    case CI_COORD_ALIGN_CORNERS:
      return a->out > 1 ? o * (in - 1) / (a->out - 1) : 0;
    case CI_COORD_ASYMMETRIC:
      return o / a->scale;
    case CI_COORD_PYTORCH_HALF_PIXEL:
      return a->out > 1 ? (o + 0.5) / a->scale - 0.5 : 0;
    case CI_COORD_HALF_PIXEL_SYMMETRIC:
      return in / 2 * (1 - a->out / a->length) + (o + 0.5) / a->scale - 0.5;
    case CI_COORD_TF_HALF_PIXEL_FOR_NN:
      return (o + 0.5) / a->scale;
    case CI_COORD_TF_CROP_AND_RESIZE:
      if (a->out == 1) return (a->from + a->to) / 2 * (in - 1);
      return a->from * (in - 1) + o * (a->to - a->from) * (in - 1) / (a->out - 1);
    default:
      return (o + 0.5) / a->scale - 0.5;
  }
}

bool ci_scaled_inside(const ci_scaled *a, int32_t o) {
  if (a->p->coord != CI_COORD_TF_CROP_AND_RESIZE) return true;
  double x = ci_scaled_at(a, o);
  return x >= 0 && x <= a->in - 1;
}

static double nearest(const ci_params *p, double x) {
  switch (p->nearest) {
    case CI_NEAREST_FLOOR:
      return floor(x);
    case CI_NEAREST_CEIL:
      return ceil(x);
    case CI_NEAREST_PREFER_CEIL:
      return floor(x + 0.5);
    default:
      return ceil(x - 0.5);
  }
}

/* The kernel at distance d: a triangle, or Keys' cubic convolution (1981). */
static double kernel(const ci_params *p, double d) {
  double a = (double)p->cubic_a;
  d = fabs(d);
  if (p->mode == CI_RESIZE_LINEAR) return d < 1 ? 1 - d : 0;
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((d - 5) * d + 8) * d * a - 4 * a : 0;
}

/* Places `first` to `last` around output o; those outside the map count as its nearest input, or not at all. */
typedef struct around {
  const ci_scaled *a;
  double x, first, last;
} around;

static around around_of(const ci_scaled *a, int32_t o) {
  double x = ci_scaled_at(a, o), at = a->reach ? floor(x) : nearest(a->p, x);
  return (around){a, x, at - (double)(a->reach ? a->reach - 1 : 0), at + (double)a->reach};
}

static double sum_of(const around *r, double first, double last) {
  double sum = 0;
  for (double i = first; i <= last; i++) sum += kernel(r->a->p, r->a->shrink * (i - r->x));
  return sum;
}

static double weight(const around *r, int32_t i) {
  if (!r->a->reach) return 1;
  if (r->a->p->exclude_outside) return sum_of(r, i, i);
  return sum_of(r, i == 0 ? r->first : fmax(i, r->first), i == r->a->in - 1 ? r->last : fmin(i, r->last));
}

static int32_t inside(double x, int32_t size) { return x < 0 ? 0 : x > size - 1 ? size - 1 : (int32_t)x; }

/* Weights that are 0 but for rounding do not count. */
static bool counts(const around *r, int32_t i) { return fabs(weight(r, i)) > 1e-10; }

static void span(const around *r, int32_t *lo, int32_t *hi) {
  *lo = inside(r->first, r->a->in);
  *hi = inside(r->last, r->a->in);
  while (*lo < *hi && !counts(r, *lo)) ++*lo;
  while (*hi > *lo && !counts(r, *hi)) --*hi;
  ++*hi;
}

void ci_scaled_span(const ci_scaled *a, int32_t o, int32_t *lo, int32_t *hi) {
  around r = around_of(a, o);
  span(&r, lo, hi);
}

int32_t ci_scaled_taps(const ci_scaled *a, int32_t o, int32_t *lo, float *weights) {
  around r = around_of(a, o);
  int32_t hi;
  double total = 0;
  span(&r, lo, &hi);
  for (int32_t i = *lo; i < hi; i++) {
    double w = weight(&r, i);
    weights[i - *lo] = (float)w;
    total += w;
  }
  if (a->reach && total != 0 && (a->p->exclude_outside || a->shrink < 1))
    for (int32_t i = *lo; i < hi; i++) weights[i - *lo] = (float)(weight(&r, i) / total);
  return hi - *lo;
}
