/* SPDX-License-Identifier: MIT */
/* transformer.h - what networks with attention share: linear layers of pixels, tables of bias, attention within windows */
#ifndef CI_TRANSFORMER_H
#define CI_TRANSFORMER_H

#include "archs/arch.h"
#include "archs/parts.h"

/* A linear layer of each pixel's channels, which is a convolution of 1x1: prefix.weight [O, I] (or [O, I, 1, 1]), and
 * prefix.bias where the file has it. */
int32_t ci_transformer_linear(ci_build *b, int32_t x, const char *prefix, ...)
    __attribute__((format(printf, 3, 4)));
/* first, GELU, second: both linear layers. */
int32_t ci_transformer_mlp(ci_build *b, int32_t x, const char *prefix, const char *first, const char *second);
/* The tensor [(2 h - 1) (2 w - 1), heads] of relative positions as WindowAttention wants it (net/attention.h). */
int32_t ci_transformer_table(ci_build *b, int64_t h, int64_t w, const char *name, ...)
    __attribute__((format(printf, 4, 5)));

typedef struct ci_transformer_windows {
  int64_t heads, size[2], shift[2], overlap[2];
  float scale;  /* 0: one over the square root of a head's channels */
  int32_t bias; /* as of ci_transformer_table(), or CI_NONE */
} ci_transformer_windows;
/* Of queries, keys and values side by side. */
int32_t ci_transformer_attention(ci_build *b, int32_t qkv, const ci_transformer_windows *w);

/* Swin's: prefix.qkv, attention within square windows with prefix.relative_position_bias_table, prefix.proj. Where shifted,
 * windows lie half of their size lower and to the right. */
int32_t ci_transformer_swin(ci_build *b, int32_t x, int64_t window, bool shifted, const char *prefix);

#endif
