/* SPDX-License-Identifier: MIT */
/* turned.h - convolutions whose kernels lie as TensorFlow and Keras have them: H, W, I, O */
#ifndef CI_TURNED_H
#define CI_TURNED_H

#include "net/build.h"

/* The size is kept: stride 1, zeros around. `bias` may be NULL, or name a tensor that is not there: then there is none. */
int32_t ci_turned_conv(ci_build *b, int32_t x, const char *kernel, const char *bias);
/* Along channels: the tensor [C] as a value [C, 1, 1]. */
int32_t ci_turned_along(ci_build *b, const char *name);
/* Of a BatchNormalization: gamma, beta, moving_mean, moving_variance under the layer's name. */
int32_t ci_turned_batch_norm(ci_build *b, int32_t x, float epsilon, const char *layer);
/* Blocks of channels as pixels in TensorFlow's order. */
int32_t ci_turned_depth_to_space(ci_build *b, int32_t x, int64_t block);

#endif
