/* SPDX-License-Identifier: MIT */
/* nn_resize.h - what a Resize is asked for, an axis at a time, and which inputs an output mixes */
#ifndef CI_TENSOR_NN_RESIZE_H
#define CI_TENSOR_NN_RESIZE_H

#include "tensor/nn.h"

enum { CI_NN_NEAREST, CI_NN_LINEAR, CI_NN_CUBIC };
enum {
  CI_NN_HALF_PIXEL,
  CI_NN_HALF_PIXEL_SYMMETRIC,
  CI_NN_PYTORCH_HALF_PIXEL,
  CI_NN_ALIGN_CORNERS,
  CI_NN_ASYMMETRIC,
  CI_NN_TF_HALF_PIXEL_FOR_NN,
  CI_NN_TF_CROP_AND_RESIZE
};
enum { CI_NN_PREFER_FLOOR, CI_NN_PREFER_CEIL, CI_NN_FLOOR, CI_NN_CEIL, CI_NN_OLD /* before opset 11 */ };

typedef struct ci_nn_scaled {
  int64_t in, out;
  double scale;
  double length;   /* in * scale: what the scales say, not cut to a whole number */
  double from, to; /* tf_crop_and_resize: the part that is shown, 0..1 is all */
  int64_t reach;   /* inputs on each side that an output mixes; 0 where it takes one */
  bool still;      /* the axis stays as it is */
} ci_nn_scaled;

typedef struct ci_nn_resize {
  int32_t mode, coordinates, nearest, rank;
  bool exclude_outside, antialias;
  double cubic_a;
  float beyond; /* extrapolation_value */
  ci_nn_scaled axis[CI_MAX_RANK];
} ci_nn_resize;

int ci_nn_resize_of(const ci_tensor_call *c, ci_nn_resize *r, cnnimg_error *err);
/* Inputs *first to *first + 2 * reach - 1 of output o (their places clamped to the axis) weigh w[]; one input, with
 * reach 0. false: the output lies beyond what is extrapolated. */
bool ci_nn_resize_taps(const ci_nn_resize *r, const ci_nn_scaled *a, int64_t o, int64_t *first, double *w);

#endif
