/* SPDX-License-Identifier: MIT */
/* nn.h - what the neural-network operations on held arrays share: checks, windows that slide, copying */
#ifndef CI_TENSOR_NN_H
#define CI_TENSOR_NN_H

#include <string.h>

#include "tensor/tensor_op.h"

#define CI_NN_SPATIAL 3 /* axes after the picture and the channel */
#define CI_NN_STEP \
  ((int64_t)1 << 28) /* the most of a kernel, stride, dilation or pad: products fit int64_t */

/* ---- checks in shape() ------------------------------------------------------------- */
/* Only outputs 0..n-1 exist. */
int ci_nn_outputs(const ci_tensor_call *c, int32_t n, cnnimg_error *err);
/* Input k has least..most dimensions, none absurd (a zero among them may hide one). */
int ci_nn_rank(const ci_tensor_call *c, int32_t k, int32_t least, int32_t most, cnnimg_error *err);
/* ... and holds floats, not integers. */
int ci_nn_float(const ci_tensor_call *c, int32_t k, int32_t least, int32_t most, cnnimg_error *err);
/* Input k, if it is given, holds n floats in one dimension. */
int ci_nn_vector(const ci_tensor_call *c, int32_t k, int64_t n, cnnimg_error *err);
/* The attribute's place in the list of words (NULL ends it), 0 where it is absent. */
int ci_nn_word(const ci_tensor_call *c, const char *name, const char *const *words, int32_t *out,
               cnnimg_error *err);
/* An integer attribute lo <= value <= hi. */
int ci_nn_int(const ci_tensor_call *c, const char *name, int64_t otherwise, int64_t lo, int64_t hi,
              int64_t *out, cnnimg_error *err);
/* n integers of an attribute, lo <= each <= hi; all `otherwise` where it is absent. */
int ci_nn_ints(const ci_tensor_call *c, const char *name, int32_t n, int64_t otherwise, int64_t lo,
               int64_t hi, int64_t *out, cnnimg_error *err);

/* ---- windows that slide ------------------------------------------------------------- */
/* One spatial axis: tap t of output o reads input o * stride - before + t * dilation, if that lies in 0..in-1. */
typedef struct ci_nn_axis {
  int64_t in, out, taps, stride, dilation, before, after;
} ci_nn_axis;

/* A mode of padding that auto_pad names; NOTSET is the attribute pads. */
enum { CI_NN_NOTSET, CI_NN_SAME_UPPER, CI_NN_SAME_LOWER, CI_NN_VALID };

/*
 * The attributes strides, dilations, pads, auto_pad of a node whose input 0 is [picture, channel, 1 to 3 axes], with
 * the sizes of the kernel (NULL: the attribute kernel_shape). The axes lie at the end of axis[]; those before are of
 * size 1. `out` is left open.
 */
int ci_nn_steps(const ci_tensor_call *c, const int64_t *kernel, ci_nn_axis axis[CI_NN_SPATIAL],
                int32_t *auto_pad, cnnimg_error *err);
/* The same for convolution and pooling: with out, and before and after as auto_pad says. */
int ci_nn_window(const ci_tensor_call *c, const int64_t *kernel, bool ceil_mode,
                 ci_nn_axis axis[CI_NN_SPATIAL], cnnimg_error *err);
/* out: [like's pictures, channels, axes' outputs], of float type. */
void ci_nn_result(const ci_tensor_call *c, int64_t channels, const ci_nn_axis axis[CI_NN_SPATIAL]);
/* Taps *t0 <= t < *t1 of output o lie in the input. */
void ci_nn_taps(const ci_nn_axis *a, int64_t o, int64_t *t0, int64_t *t1);
/* Outputs *o0 <= o < *o1 read with tap t what lies in the input. */
void ci_nn_reach(const ci_nn_axis *a, int64_t t, int64_t *o0, int64_t *o1);
/* Taps *t0 <= t < *t1 are met by some output: far fewer than the kernel where that is absurdly large. */
void ci_nn_useful(const ci_nn_axis *a, int64_t *t0, int64_t *t1);
static inline int64_t ci_nn_at(const ci_nn_axis *a, int64_t o, int64_t t) {
  return o * a->stride - a->before + t * a->dilation;
}
static inline int64_t ci_nn_floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); } /* b > 0 */
static inline int64_t ci_nn_ceil_div(int64_t a, int64_t b) { return a / b + (a % b > 0); }  /* b > 0 */
static inline int64_t ci_nn_clamp(int64_t v, int64_t lo, int64_t hi) { return v < lo ? lo : v > hi ? hi : v; }

/* ---- elements, whatever their storage ------------------------------------------------- */
static inline const float *ci_nn_floats(const ci_tensor_call *c, int32_t k) {
  return ci_array_given(c, k) ? c->in[k].data : NULL;
}
static inline double ci_nn_number(const ci_array *a, size_t i) {
  return a->dtype == CI_F32 ? (double)((const float *)a->data)[i] : (double)((const int64_t *)a->data)[i];
}
/* out[o] = in[i]; whole numbers stay whole where both are stored so. */
static inline void ci_nn_copy_one(ci_array *out, size_t o, const ci_array *in, size_t i) {
  if (out->dtype == CI_F32) ((float *)out->data)[o] = ci_array_float(in, i);
  else ((int64_t *)out->data)[o] = ci_array_int(in, i);
}
/* out[o + k] = in[i + k * step] for k < n */
void ci_nn_copy(ci_array *out, size_t o, const ci_array *in, size_t i, size_t step, size_t n);
/* to[i] += by * from[i]; they do not overlap. Eights of a known number are what compilers vectorise at -O2. */
static inline void ci_nn_add(float *restrict to, const float *restrict from, float by, size_t n) {
  size_t i = 0;
  for (; i + 8 <= n; i += 8)
    for (size_t k = 0; k < 8; k++) to[i + k] += by * from[i + k];
  for (; i < n; i++) to[i] += by * from[i];
}
void ci_nn_fill(ci_array *out, size_t o, double v, size_t n);

#endif
