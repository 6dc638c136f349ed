/* SPDX-License-Identifier: MIT */
/* npy.h - arrays in numpy's files, as far as measuring needs them */
#ifndef BENCH_NPY_H
#define BENCH_NPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NPY_MAX_RANK 8

typedef struct npy {
  int32_t rank;
  int64_t dim[NPY_MAX_RANK];
  size_t count;
  float *v; /* malloc'ed */
} npy;

/* Floats and integers of any size, little-endian, C order. False, with a line on standard error. */
bool npy_load(const char *path, npy *out);
bool npy_save(const char *path, const npy *a); /* float32 */

#endif
