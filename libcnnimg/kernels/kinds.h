/* SPDX-License-Identifier: MIT */
/* kinds.h - the kinds of net/graph.h as kernels name them (ops/common.c checks that the numbers agree) */
#ifndef CI_KINDS_H
#define CI_KINDS_H

enum { K_NONE, K_RELU, K_LEAKY, K_PRELU, K_SIGMOID, K_TANH, K_CLIP };
enum { K_ADD, K_SUB, K_MUL };

#endif
