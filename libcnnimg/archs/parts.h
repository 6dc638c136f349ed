/* SPDX-License-Identifier: MIT */
/* parts.h - pieces that several architectures have */
#ifndef CI_PARTS_H
#define CI_PARTS_H

#include "net/build.h"

/* The whole number whose square n is; 0: there is none up to 2^15. */
int64_t ci_part_root(int64_t n);
/* The factor k of a pixel shuffle that makes `out` = k * k * in channels `in` of them; 0: there is none up to 16. */
int64_t ci_part_factor(int64_t in, int64_t out);
/* prefix.0, prefix.2, prefix.4 ...: convolutions, each with a pixel shuffle behind it. *scale is multiplied by what they
 * make. */
int32_t ci_part_shuffles(ci_build *b, int32_t x, const char *prefix, int64_t *scale);
/* [1, 3, 1, 1]: the mean colour of the DIV2K pictures, which many networks take away first and add last. */
int32_t ci_part_mean(ci_build *b);
/* x times a gate a channel: the map's mean, a layer, ReLU, a layer, sigmoid (squeeze and excitation). */
int32_t ci_part_attention(ci_build *b, int32_t x, const char *first, const char *second);
/* How many groups prefix.weight has follows from the channels that one filter sees. Padding keeps the size. */
int32_t ci_part_depthwise(ci_build *b, int32_t x, const char *prefix);
/* DySample (Liu 2023) on `channels` channels: enlarges by looking up pixels where prefix.offset and prefix.scope say.
 * prefix.end_conv, where it is there, makes the picture. *scale is what the weights say. */
int32_t ci_part_dysample(ci_build *b, int32_t x, int64_t channels, const char *prefix, int64_t *scale);

#endif
