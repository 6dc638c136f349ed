/* SPDX-License-Identifier: MIT */
/* network.h - a program made ready for one size */
#ifndef CI_NETWORK_H
#define CI_NETWORK_H

#include "lower/lower.h"
#include "tasks/card.h"

/* Lowers, checks every node at these sizes, and simplifies. */
int ci_network_new(const ci_program *p, size_t output, const ci_dims *inputs, ci_lowered **out, cnnimg_error *err);
/* Can it be lowered at some size? Errors that are about sizes only do not count. */
int ci_network_probe(const ci_program *p, cnnimg_error *err);
/* Does it accept these sizes? *out: the result's, seen as a picture (0 0 0 where it is none). */
int ci_network_check(const ci_program *p, size_t output, const ci_dims *inputs, ci_shape *out, cnnimg_error *err);
/* The shape of the map that input i of these dimensions is. */
ci_shape ci_network_shape(const ci_lowered *l, size_t i);
/* Channels, rows, columns of dimensions that are a picture in that layout (a vector: channels first); 0 0 0: none. */
ci_shape ci_network_picture(const ci_dims *d, ci_layout layout);

#endif
