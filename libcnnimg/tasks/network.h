/* SPDX-License-Identifier: MIT */
/* network.h - a program made ready for one size, and what its inputs are for */
#ifndef CI_NETWORK_H
#define CI_NETWORK_H

#include "lower/lower.h"

/* Lowers, checks every node at these sizes, and simplifies. */
int ci_network_new(const ci_program *p, size_t output, const ci_dims *inputs, ci_lowered **out, cnnimg_error *err);
/* Can it be lowered at some size? Errors that are about sizes only do not count. */
int ci_network_probe(const ci_program *p, cnnimg_error *err);
/* The shape of the map that input i of these dimensions is. */
ci_shape ci_network_shape(const ci_lowered *l, size_t i);

/* What an input of a network is for, by the card ("input.<name>") or its name. */
typedef enum ci_role { CI_ROLE_IMAGE, CI_ROLE_SIGMA, CI_ROLE_UNKNOWN } ci_role;
ci_role ci_role_of(const ci_program *p, size_t input);
/* A number of the card, or `otherwise`. */
double ci_card_number(const ci_program *p, const char *key, double otherwise);

#endif
