/* SPDX-License-Identifier: MIT */
/* large.h - operations on arrays that are worth sharing out, with seeded values */
#ifndef TESTS_TENSOR_LARGE_H
#define TESTS_TENSOR_LARGE_H

#include "harness.h"

/* Example `i` begins in *e; false: there are no more. products: those of matrices only. */
bool large_begin(example *e, size_t i, bool products);

#endif
