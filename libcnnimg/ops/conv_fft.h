/* SPDX-License-Identifier: MIT */
/* conv_fft.h - convolutions with large kernels by tiles in Fourier space, for conv.c */
#ifndef CI_CONV_FFT_H
#define CI_CONV_FFT_H

#include "ops/common.h"

/*
 * The size of the tiles, or 0: this node is computed directly. By node and shapes only, so that bytes depend on nothing
 * else; the reference table computes everything directly (ci_fft_runs) and needs no more than the others.
 */
int32_t ci_fft_size(const ci_node *n, ci_shape in, ci_shape out);
bool ci_fft_runs(const ci_kernels *k, int32_t size);
/* What tiles of this size would cost against a direct sum's 1. */
double ci_fft_cost(const ci_node *n, ci_shape in, ci_shape out, int32_t size);
/* Rows and columns of the output that a tile gives. */
int32_t ci_fft_reach(const ci_node *n, int32_t size);
/* The rest as in ci_op. Part 0 of what is packed has ci_fft_weights() floats, filled by ci_fft_weights_pack(). */
ci_rect ci_fft_need(const ci_node *n, ci_shape in, ci_rect r, int32_t size);
size_t ci_fft_scratch(const ci_node *n, ci_shape in, ci_shape out, int32_t size);
size_t ci_fft_weights(const ci_node *n, ci_shape in, ci_shape out, const ci_kernels *k, int32_t size);
void ci_fft_weights_pack(const ci_node *n, ci_shape in, ci_shape out, const ci_kernels *k, int32_t size,
                         const float *w, float *to);
void ci_fft_run(const ci_call *c, int32_t size);

#endif
