/* SPDX-License-Identifier: MIT */
/* held.c - the block that a graph's node keeps of a tensor operation */
#include "tensor/held.h"

#include <stdlib.h>

#include "base/memory.h"

ci_held *ci_held_new(int32_t n_in) {
  size_t inputs, bytes;
  if (n_in < 0 || !ci_mul((size_t)n_in, sizeof(ci_array), &inputs) || !ci_add(inputs, sizeof(ci_held), &bytes)) return NULL;
  ci_held *h = ci_calloc(1, bytes);
  if (!h) return NULL;
  h->n_in = n_in;
  h->in = (ci_array *)(void *)(h + 1);
  return h;
}

void ci_held_free(ci_held *h) { free(h); }
