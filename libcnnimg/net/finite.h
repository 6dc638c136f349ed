/* SPDX-License-Identifier: MIT */
/* finite.h - weights that are no numbers, or infinite: a network with one gives a black picture */
#ifndef CI_FINITE_H
#define CI_FINITE_H

#include "net/store.h"

/*
 * Of a finished program: constants that layers (convolutions, dense layers, normalisations) take as their weights must be
 * finite, what is added or multiplied must be a number. Bounds of Clip and masks may be infinite and are not looked at.
 * The sentence names the tensor, with the store (may be NULL) by its name there, and the layer, but not the file.
 */
int ci_program_finite(const ci_program *p, const ci_store *s, cnnimg_error *err);

#endif
