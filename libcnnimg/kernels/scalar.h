/* SPDX-License-Identifier: MIT */
/* scalar.h - activations and binary operations of one sample: the truth, and the way of those that are no vectors */
#ifndef CI_SCALAR_H
#define CI_SCALAR_H

#include <stdint.h>

/* kind: any but PRELU; a, b: the activation's parameters (net/graph.h says what each computes). */
float ci_scalar_act(float x, int32_t kind, float a, float b);
float ci_scalar_binary(int32_t op, float a, float b);

#endif
