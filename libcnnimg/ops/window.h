/* SPDX-License-Identifier: MIT */
/* window.h - ops that slide a window: which taps lie in the map, and rows of pixels through a kernel */
#ifndef CI_OPS_WINDOW_H
#define CI_OPS_WINDOW_H

#include "ops/common.h"

/* One axis: tap t of output o reads input o * stride + origin + t * dilation, if that lies in 0..size-1. */
typedef struct ci_window {
  int32_t size, taps, stride, dilation;
  int64_t origin;
} ci_window;

/* Axis 0 (rows) or 1 (columns) of a convolution or pooling, with auto_pad and ceil_mode; *out: its output size,
 * which is < 1 where the window does not fit. */
ci_window ci_window_of(const ci_params *p, int axis, int32_t size, int64_t *out);
/* Refuses kernels, strides, dilations and pads out of range. */
int ci_window_check(const ci_node *n, cnnimg_error *err);
/* Taps t0 <= t < t1 of output o lie in the map. */
void ci_window_taps(const ci_window *w, int32_t o, int32_t *t0, int32_t *t1);
/* Outputs *a <= o < *b, of o0 <= o < o1, have all their taps in the map. */
void ci_window_inside(const ci_window *w, int32_t o0, int32_t o1, int32_t *a, int32_t *b);
/* Inputs that outputs o0 <= o < o1 read, not clipped. */
void ci_window_need(const ci_window *w, int32_t o0, int32_t o1, int64_t *i0, int64_t *i1);
/* The clipped rectangle from unclipped 64-bit sides. */
ci_rect ci_rect_from(int64_t x0, int64_t y0, int64_t x1, int64_t y1, ci_shape map);

/* A row of outputs: segments with the same taps go to emit, which calls the kernel. */
typedef struct ci_row_job {
  const ci_view *in;
  int32_t channel; /* the first channel of the input that is read */
  ci_window y, x;
  const ci_kernels *k;
  const float **rows;  /* scratch: y.taps pointers */
  ci_conv_row row;     /* all but n, rows, taps, out and residual of the segment */
  const ci_node *node; /* for emit, as are the first output of the segment: */
  int32_t oy, ox;
  void (*emit)(const struct ci_row_job *job, const ci_conv_row *row);
} ci_row_job;
/* Outputs ox0 <= ox < ox1 of row oy; pixel ox goes to out + (ox - ox0) * row.out_step. */
void ci_row_job_run(ci_row_job *job, int32_t oy, int32_t ox0, int32_t ox1, float *out, const float *residual);
/* emit for plain kernels */
void ci_emit_conv(const ci_row_job *job, const ci_conv_row *row);
void ci_emit_depthwise(const ci_row_job *job, const ci_conv_row *row);

#endif
