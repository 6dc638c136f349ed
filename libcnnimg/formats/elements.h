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
