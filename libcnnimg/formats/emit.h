/* SPDX-License-Identifier: MIT */
/* emit.h - what readers of graphs write in common: windows with any padding, changes of layout, many operands */
#ifndef CI_EMIT_H
#define CI_EMIT_H

#include "net/build.h"

#define CI_EMIT_NODES (1 << 17) /* that one file may become: shared parts multiply */

/* A window as files say it; pairs are rows, columns. */
typedef struct ci_frame {
  int64_t kernel[2], stride[2], dilation[2];
  int64_t pads[4]; /* top, left, bottom, right */
  bool same; /* TensorFlow's SAME instead of pads: as large as the input by the stride, the odd one behind */
  int64_t groups;
} ci_frame;

void ci_frame_init(ci_frame *w); /* 1x1, stride 1, no padding */
/* Sizes from 1 on, pads from 0 on, none absurd; the build fails otherwise. */
bool ci_frame_check(ci_build *b, const ci_frame *w, const char *what);

/* Values in ONNX's order: weight [O, I / groups, h, w]; bias may be CI_NONE. */
int32_t ci_put_conv(ci_build *b, int32_t x, const ci_frame *w, int32_t weight, int32_t bias);
/* weight [I, O / groups, h, w]. With `same` the output is the input by the stride; else all that the window touches, less
 * the pads, plus out_pads behind. `cover`: at least a whole stride a pixel (TensorFlow's VALID). */
int32_t ci_put_deconv(ci_build *b, int32_t x, const ci_frame *w, const int64_t out_pads[2], bool cover,
                      int32_t weight, int32_t bias);
/* "MaxPool" or "AveragePool"; ceil: a last window that is not whole counts too. */
int32_t ci_put_pool(ci_build *b, const char *type, int32_t x, const ci_frame *w, bool ceil, bool count_pads);
int32_t ci_put_transpose(ci_build *b, int32_t x, const int64_t *order, size_t n);
int32_t ci_put_to_last(ci_build *b, int32_t x);  /* [N, C, H, W] as [N, H, W, C] */
int32_t ci_put_to_first(ci_build *b, int32_t x); /* and back */
int32_t ci_put_many(ci_build *b, const char *type, const int32_t *in, size_t n); /* any number of inputs */
int32_t ci_put_reshape(ci_build *b, int32_t x, const int64_t *dim, size_t n);
/* [starts, ends) along the axes; INT64_MAX as an end: to the last. */
int32_t ci_put_slice(ci_build *b, int32_t x, const int64_t *starts, const int64_t *ends, const int64_t *axes,
                     size_t n);
int32_t ci_put_clip(ci_build *b, int32_t x, float lo, float hi);
/* A map, rows and columns by factors: mode "nearest" (the pixel below), "linear" (half-pixel centres). */
int32_t ci_put_resize(ci_build *b, int32_t x, float rows, float columns, const char *mode);
/* n numbers along channels: [n, 1, 1]. */
int32_t ci_put_per_channel(ci_build *b, const float *v, size_t n);
int32_t ci_put_filled(ci_build *b, size_t n, float v); /* [n], all the same */

#endif
