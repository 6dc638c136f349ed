/* SPDX-License-Identifier: MIT */
/* kernels.h - the only loops over samples: one const table an instruction set, chosen once */
#ifndef CI_KERNELS_H
#define CI_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"

/* An activation as kernels take it. kind is a ci_act_kind of net/graph.h (the numbers are the same);
 * slope has ci_channel_stride(c) floats for PRELU. */
typedef struct ci_kact {
  int32_t kind;
  float a, b;
  const float *slope;
} ci_kact;

/*
 * A row segment of a convolution: `n` output pixels. Input taps are all readable: rows[ky] points at the
 * tap (ky, 0) of the first output pixel; tap (ky, kx) of output pixel i lies at
 * rows[ky] + (i * in_step + kx * tap_step) (both in floats). Every output channel is summed in the order
 * ky, kx, ci, starting from the bias, whatever n and the position.
 * weights: packed by conv_pack: for each block of `block` output channels, for ky, kx, ci: `block` floats.
 */
typedef struct ci_conv_row {
  const float *const *rows;
  float *out;
  const float *residual; /* pixel i at residual + i * residual_step, or NULL */
  const float *weights, *bias; /* bias: cout rounded up to block floats, never NULL */
  int32_t n, cin, cout, kh, kw;
  int32_t in_step, tap_step, out_step, residual_step; /* floats */
  ci_kact act, act2; /* act, + residual, act2 */
} ci_conv_row;

typedef struct ci_kernels {
  const char *name; /* "ref", "vec", "avx2", "avx512", "neon" */
  ci_isa isa;
  int32_t conv_block; /* output channels a packed weight block; out pixels hold cout rounded up to 4 */
  void (*conv)(const ci_conv_row *a);
  /* depth-wise: channel c of the output from channel c of the input; weights: for ky, kx: cs floats. */
  void (*depthwise)(const ci_conv_row *a);
  /* x[i] = act(x[i]) over pixels * cs floats */
  void (*act)(float *x, size_t pixels, int32_t cs, const ci_kact *act);
  /* out = a op b (ci_binary), n floats */
  void (*binary)(int32_t op, float *out, const float *a, const float *b, size_t n);
  /* out[p][c] = a[p][c] op v[c]; reverse: v[c] op a[p][c] */
  void (*binary_vec)(int32_t op, bool reverse, float *out, const float *a, const float *v, size_t pixels,
                     int32_t cs);
  /* out[i] = max(out[i], in[i]) and out[i] += in[i] */
  void (*max_into)(float *out, const float *in, size_t n);
  void (*add_into)(float *out, const float *in, size_t n);
  /* out[i] = in[i] * s and out[i] += in[i] * s (weighted rows and columns of resize) */
  void (*scale)(float *out, const float *in, float s, size_t n);
  void (*scale_into)(float *out, const float *in, float s, size_t n);
} ci_kernels;

const ci_kernels *ci_kernels_for(ci_isa isa); /* NULL: not compiled in or not on this processor */
const ci_kernels *ci_kernels_best(void);      /* what ci_cpu_isa() names */

#endif
