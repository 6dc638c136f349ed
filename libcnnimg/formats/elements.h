/* SPDX-License-Identifier: MIT */
/* elements.h - raw elements of a file, little-endian, as a tensor of floats or integers */
#ifndef CI_ELEMENTS_H
#define CI_ELEMENTS_H

#include "cnnimg.h"
#include "net/tensor.h"

typedef enum ci_element_kind {
  CI_E_FLOAT,
  CI_E_BRAIN,
  CI_E_SIGNED,
  CI_E_UNSIGNED,
  CI_E_BOOL
} ci_element_kind;

typedef struct ci_element {
  ci_element_kind kind;
  uint8_t size; /* bytes: 2, 4, 8 of a float; 1, 2, 4, 8 of an integer; 0: no such type */
} ci_element;

bool ci_element_is_float(ci_element t);
static inline bool ci_element_is(ci_element t, ci_element_kind kind, unsigned size) {
  return t.kind == kind && t.size == size;
}
/* As NumPy writes it: 'f', 4; 'i', 'u', 'b'. */
ci_element ci_element_numpy(char letter, int size);
/* One number, whose bytes are the lowest of `bits`; integers are cut to their size. */
float ci_element_float(ci_element t, uint64_t bits);
int64_t ci_element_int(ci_element t, uint64_t bits);
uint64_t ci_element_bits(ci_element t, const uint8_t *at); /* little-endian */
/* A number into element i of a tensor that is made of the type. */
void ci_element_put(ci_element t, ci_tensor *to, size_t i, uint64_t bits);
/* Elements and bytes of those dimensions; false: impossible ones (negative, or beyond CI_TENSOR_MOST, 0s left out). */
bool ci_element_count(ci_element t, int32_t rank, const int64_t *dim, size_t *count, size_t *bytes);
/* A tensor for such numbers, uninitialised, and one of the numbers at `data`, in place where they lie well: the data must
 * outlive it. NULL: no memory. */
ci_tensor *ci_element_new(ci_element t, int32_t rank, const int64_t *dim);
ci_tensor *ci_element_tensor(ci_element t, int32_t rank, const int64_t *dim, const uint8_t *data);

typedef struct ci_elements {
  ci_element type;
  const uint8_t *data; /* the first element of the storage */
  size_t bytes;        /* of the storage */
  int32_t rank;
  int64_t dim[CI_MAX_RANK];
  const int64_t *stride; /* in elements, >= 0; NULL: the last dimension fastest, without gaps */
  uint64_t offset;       /* elements before the first */
  const char *name;      /* for messages */
} ci_elements;

/*
 * Floats in place where they lie so already (then t points into the storage); else converted: floats to float, integers and
 * truth values to int64. *budget: bytes that may still be allocated, less what this one took (the same storage could be asked
 * for a million times). Errors do not name the file.
 */
int ci_elements_tensor(const ci_elements *e, size_t *budget, ci_tensor **t, cnnimg_error *err);

#endif
