/* SPDX-License-Identifier: MIT */
/* nn_resize_plan.c - reads what a Resize or Upsample of any opset asks for; coordinates and weights */
#include <math.h>

#include "tensor/nn_resize.h"

/* ---- numbers: scales, sizes, region of interest ----------------------------------------------- */

/* Up to `most` known floats of input k; *n: how many, 0 where it is not given or empty. */
static int numbers(const ci_tensor_call *c, int32_t k, double *out, int32_t most, int32_t *n,
                   cnnimg_error *err) {
  *n = 0;
  if (!ci_array_given(c, k) || !c->in[k].count) return CNNIMG_OK;
  if (!c->in[k].data)
    return ci_tensor_fail(c, err, CNNIMG_UNSUPPORTED, "input %d must be known before the network runs", k);
  if (c->in[k].count > (size_t)most)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "input %d has %zu numbers; at most %d are taken", k,
                          c->in[k].count, most);
  *n = (int32_t)c->in[k].count;
  for (int32_t i = 0; i < *n; i++) out[i] = ci_nn_number(&c->in[k], (size_t)i);
  return CNNIMG_OK;
}

static int scales_of(const ci_tensor_call *c, int32_t k, double *out, int32_t *n, cnnimg_error *err) {
  const float *v = NULL;
  int32_t have = ci_attr_floats(c->node, "scales", &v);
  if (have < 0) return numbers(c, k, out, CI_MAX_RANK, n, err);
  if (have > CI_MAX_RANK) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "%d scales", have);
  for (int32_t i = 0; i < have; i++) out[i] = (double)v[i];
  *n = have;
  return CNNIMG_OK;
}

/* ---- one axis ------------------------------------------------------------------------------------ */

static int by_scale(const ci_tensor_call *c, ci_nn_scaled *a, double scale, cnnimg_error *err) {
  if (!(scale > 1e-9 && scale < 1e9)) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "a scale of %g", scale);
  float length = (float)a->in * (float)scale; /* in single precision, as everybody does */
  if (!(length <= (float)CI_TENSOR_MOST))
    return ci_tensor_fail(c, err, CNNIMG_LIMIT, "%lld scaled by %g", (long long)a->in, scale);
  a->out = (int64_t)length;
  a->scale = scale;
  a->length = scale * (double)a->in;
  return CNNIMG_OK;
}

static int by_size(const ci_tensor_call *c, ci_nn_scaled *a, double size, cnnimg_error *err) {
  if (!(size >= 0 && size <= (double)CI_TENSOR_MOST))
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "a size of %g", size);
  a->out = (int64_t)size;
  if (!a->in && a->out) return ci_tensor_refuse(c, err, "an axis without elements cannot be resized");
  a->scale = a->in ? (double)a->out / (double)a->in : 1;
  a->length = (double)a->out;
  return CNNIMG_OK;
}

/* One scale for the axes: the smallest of theirs, or the largest. */
static int keep_aspect(const ci_tensor_call *c, ci_nn_resize *r, const int32_t *axes, int32_t n,
                       bool smallest, cnnimg_error *err) {
  double scale = r->axis[axes[0]].scale;
  for (int32_t i = 1; i < n; i++) {
    double s = r->axis[axes[i]].scale;
    if (smallest ? s < scale : s > scale) scale = s;
  }
  for (int32_t i = 0; i < n; i++) {
    ci_nn_scaled *a = &r->axis[axes[i]];
    a->scale = scale;
    a->length = scale * (double)a->in;
    if (!(a->length <= (double)CI_TENSOR_MOST) || (a->in && a->length < 0.5))
      return ci_tensor_fail(c, err, CNNIMG_LIMIT, "%lld scaled by %g", (long long)a->in, scale);
    a->out = (int64_t)floor(a->length + 0.5);
  }
  return CNNIMG_OK;
}

/* ---- the whole ------------------------------------------------------------------------------------- */

static int modes_of(const ci_tensor_call *c, ci_nn_resize *r, cnnimg_error *err) {
  static const char *const modes[] = {"nearest", "linear", "cubic", NULL};
  static const char *const coordinates[] = {
      "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
      "asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize", NULL};
  static const char *const nearest[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil", NULL};
  int64_t exclude = 0, antialias = 0;
  int status = ci_nn_word(c, "mode", modes, &r->mode, err);
  if (!status) status = ci_nn_word(c, "coordinate_transformation_mode", coordinates, &r->coordinates, err);
  if (!status) status = ci_nn_word(c, "nearest_mode", nearest, &r->nearest, err);
  if (!status) status = ci_nn_int(c, "exclude_outside", 0, 0, 1, &exclude, err);
  if (!status) status = ci_nn_int(c, "antialias", 0, 0, 1, &antialias, err);
  r->exclude_outside = exclude != 0;
  r->antialias = antialias != 0 && r->mode != CI_NN_NEAREST;
  r->cubic_a = (double)ci_attr_float(c->node, "cubic_coeff_a", -0.75f);
  r->beyond = ci_attr_float(c->node, "extrapolation_value", 0);
  if (c->opset < 11 || c->node->type[0] == 'U') r->coordinates = CI_NN_ASYMMETRIC, r->nearest = CI_NN_OLD;
  if (!status && !(fabs(r->cubic_a) < 16))
    status = ci_tensor_fail(c, err, CNNIMG_CORRUPT, "cubic_coeff_a is %g", r->cubic_a);
  return status;
}

/* The axes that the numbers are for: all, unless the attribute says. */
static int axes_of(const ci_tensor_call *c, int32_t axes[CI_MAX_RANK], int32_t *n, cnnimg_error *err) {
  const int64_t *v = NULL;
  int32_t rank = c->in[0].rank, have = ci_attr_ints(c->node, "axes", &v);
  bool taken[CI_MAX_RANK] = {false};
  *n = have < 0 ? rank : have;
  if (*n > rank || *n < 1) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "%d axes of %d", *n, rank);
  for (int32_t i = 0; i < *n; i++) {
    int status = ci_tensor_axis(c, have < 0 ? i : v[i], rank, &axes[i], err);
    if (status) return status;
    if (taken[axes[i]]) return ci_tensor_refuse(c, err, "an axis is named twice");
    taken[axes[i]] = true;
  }
  return CNNIMG_OK;
}

static int region(const ci_tensor_call *c, ci_nn_resize *r, const int32_t *axes, int32_t n,
                  cnnimg_error *err) {
  double roi[2 * CI_MAX_RANK];
  int32_t have;
  int status = numbers(c, 1, roi, 2 * CI_MAX_RANK, &have, err);
  if (!status && have != 2 * n)
    status = ci_tensor_fail(c, err, CNNIMG_CORRUPT, "roi has %d numbers for %d axes", have, n);
  for (int32_t i = 0; i < n && !status; i++) r->axis[axes[i]].from = roi[i], r->axis[axes[i]].to = roi[n + i];
  return status;
}

static int extents(const ci_tensor_call *c, ci_nn_resize *r, const int32_t *axes, int32_t n,
                   cnnimg_error *err) {
  static const char *const policies[] = {"stretch", "not_larger", "not_smaller", NULL};
  bool old = c->opset < 11 || c->node->type[0] == 'U';
  double scale[CI_MAX_RANK], size[CI_MAX_RANK];
  int32_t scales, sizes = 0, policy = 0;
  int status = scales_of(c, old ? 1 : 2, scale, &scales, err);
  if (!status && !old) status = numbers(c, 3, size, CI_MAX_RANK, &sizes, err);
  if (!status) status = ci_nn_word(c, "keep_aspect_ratio_policy", policies, &policy, err);
  if (status) return status;
  if ((scales != 0) == (sizes != 0) || scales + sizes != n)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "%d scales and %d sizes for %d axes", scales, sizes, n);
  for (int32_t i = 0; i < n && !status; i++)
    status =
        scales ? by_scale(c, &r->axis[axes[i]], scale[i], err) : by_size(c, &r->axis[axes[i]], size[i], err);
  if (!status && sizes && policy) status = keep_aspect(c, r, axes, n, policy == 1, err);
  return status;
}

/* Antialiasing stretches the kernel over what one output covers. */
static void reach_of(const ci_nn_resize *r, ci_nn_scaled *a) {
  bool crop = r->coordinates == CI_NN_TF_CROP_AND_RESIZE && (a->from != 0 || a->to != 1);
  double half = r->mode == CI_NN_CUBIC ? 2 : 1;
  if (r->antialias && a->scale < 1) half /= a->scale;
  a->reach = r->mode == CI_NN_NEAREST ? 0 : half < 1e12 ? (int64_t)ceil(half) : (int64_t)1e12;
  a->still = a->in == a->out && fabs(a->scale - 1) < 1e-9 && !crop;
}

int ci_nn_resize_of(const ci_tensor_call *c, ci_nn_resize *r, cnnimg_error *err) {
  int32_t axes[CI_MAX_RANK], n = 0;
  *r = (ci_nn_resize){.rank = c->in[0].rank};
  int status = ci_nn_rank(c, 0, 1, CI_MAX_RANK, err);
  if (!status) status = modes_of(c, r, err);
  if (!status) status = axes_of(c, axes, &n, err);
  if (status) return status;
  for (int32_t i = 0; i < r->rank; i++)
    r->axis[i] = (ci_nn_scaled){c->in[0].dim[i], c->in[0].dim[i], 1, (double)c->in[0].dim[i], 0, 1, 0, true};
  status = extents(c, r, axes, n, err);
  if (!status && r->coordinates == CI_NN_TF_CROP_AND_RESIZE) status = region(c, r, axes, n, err);
  for (int32_t i = 0; i < r->rank; i++) reach_of(r, &r->axis[i]);
  return status;
}

/* ---- coordinates and weights ------------------------------------------------------------------------- */

/* Where output o lies in the input. Lengths that scales make are not whole: ONNX's own tests take them so. */
static double position(const ci_nn_resize *r, const ci_nn_scaled *a, int64_t o) {
  double y = (double)o, in = (double)a->in;
  switch (r->coordinates) {
    case CI_NN_HALF_PIXEL_SYMMETRIC:
      return in / 2 * (1 - (double)a->out / a->length) + (y + 0.5) / a->scale - 0.5;
    case CI_NN_PYTORCH_HALF_PIXEL:
      return a->out > 1 ? (y + 0.5) / a->scale - 0.5 : 0;
    case CI_NN_ALIGN_CORNERS:
      return a->length == 1 ? 0 : y * (in - 1) / (a->length - 1);
    case CI_NN_ASYMMETRIC:
      return y / a->scale;
    case CI_NN_TF_HALF_PIXEL_FOR_NN:
      return (y + 0.5) / a->scale;
    case CI_NN_TF_CROP_AND_RESIZE:
      if (a->length == 1) return (a->from + a->to) / 2 * (in - 1);
      return a->from * (in - 1) + y * (a->to - a->from) * (in - 1) / (a->length - 1);
    default:
      return (y + 0.5) / a->scale - 0.5;
  }
}

static double whole(const ci_nn_resize *r, const ci_nn_scaled *a, double x) {
  switch (r->nearest) {
    case CI_NN_PREFER_FLOOR:
      return ceil(x - 0.5);
    case CI_NN_PREFER_CEIL:
      return floor(x + 0.5);
    case CI_NN_CEIL:
      return ceil(x);
    case CI_NN_OLD: /* what ONNX's tests of opset 10 had, and ONNX Runtime has */
      return a->scale < 1 ? ceil(x) : floor(x);
    default:
      return floor(x);
  }
}

/* The kernel at distance d: a triangle, or Keys' cubic convolution (1981). */
static double kernel(const ci_nn_resize *r, double d) {
  double a = r->cubic_a;
  d = fabs(d);
  if (r->mode == CI_NN_LINEAR) return d < 1 ? 1 - d : 0;
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((d - 5) * d + 8) * d * a - 4 * a : 0;
}

bool ci_nn_resize_taps(const ci_nn_resize *r, const ci_nn_scaled *a, int64_t o, int64_t *first, double *w) {
  const double far = 1e15; /* no place of an array, but still a whole number */
  double x = position(r, a, o), sum = 0, shrink = r->antialias && a->scale < 1 ? a->scale : 1;
  if (r->coordinates == CI_NN_TF_CROP_AND_RESIZE && !(x >= 0 && x <= (double)a->in - 1)) return false;
  x = x > far ? far : x > -far ? x : -far;
  *first = (int64_t)(a->reach ? floor(x) : whole(r, a, x));
  w[0] = 1;
  if (!a->reach) return true;
  *first -= a->reach - 1;
  for (int64_t k = 0; k < 2 * a->reach; k++) {
    bool outside = *first + k < 0 || *first + k >= a->in;
    w[k] = outside && r->exclude_outside ? 0 : kernel(r, shrink * ((double)(*first + k) - x));
    sum += w[k];
  }
  for (int64_t k = 0; k < 2 * a->reach && sum != 0 && (r->exclude_outside || r->antialias); k++) w[k] /= sum;
  return true;
}
