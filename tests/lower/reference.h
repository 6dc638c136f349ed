/* SPDX-License-Identifier: MIT */
/* reference.h - for tests: runs a program operator by operator on held arrays, as nothing else in it is lowered */
#ifndef CI_TEST_REFERENCE_H
#define CI_TEST_REFERENCE_H

#include "lower/lower.h"

/* in[i]: all elements of input i, rows last. *out is malloc'ed: the output's elements; *dims its dimensions. Arrays of
 * more than `most` elements are refused (CNNIMG_LIMIT). */
int ci_reference(const ci_program *p, size_t output, const ci_dims *inputs, const float *const *in,
                 size_t most, float **out, ci_dims *dims, cnnimg_error *err);

/* What ci_lower() makes of it, by ci_interpret(), in the order of the file: comparable to the above. The graph's
 * inputs are filled from `in` as their layouts have it. */
int ci_lowered_run(const ci_lowered *l, const ci_dims *inputs, const float *const *in, float **out,
                   cnnimg_error *err);
/* Elements of a value of that layout and shape between the order of the file and channels first. */
void ci_reorder(ci_layout layout, ci_shape s, bool to_file, const float *from, float *to);
size_t ci_dims_count(const ci_dims *d);

#endif
