/* SPDX-License-Identifier: MIT */
/* keras_weights.c - a Keras layer's tensors: found by name, in ONNX's order of dimensions, made once */
#include <stdio.h>
#include <string.h>

#include "formats/keras_model.h"
#include "net/permute.h"

#define ALONG -3 /* an order: as [C, 1, 1] */

/* "LAYER/kernel"; where models are inside, files name it with or without the models. */
static const ci_entry *find(const ci_kcall *c, const char *name, size_t n) {
  const ci_store *s = c->k->b.s;
  const ci_entry *e = s ? ci_store_find(s, "%s%s/%.*s", c->prefix, c->name, (int)n, name) : NULL;
  if (!e && s && c->prefix[0]) e = ci_store_find(s, "%s/%.*s", c->name, (int)n, name);
  return e;
}

const ci_entry *ci_keras_tensor(const ci_kcall *c, const char *names) {
  while (*names && !c->k->b.status) {
    size_t n = strcspn(names, "|");
    const ci_entry *e = find(c, names, n);
    if (e) return e;
    names += n + (names[n] == '|');
  }
  return NULL;
}

/* The digits of `order` as a permutation of that rank. */
static bool spelt(int32_t order, int32_t rank, int32_t *to) {
  unsigned seen = 0;
  for (int32_t i = rank; i-- > 0; order /= 10) {
    to[i] = order % 10;
    if (to[i] < rank) seen |= 1u << to[i];
  }
  return !order && seen == (1u << rank) - 1;
}

static int32_t make(const ci_kcall *c, ci_entry *e, int32_t order) {
  int32_t to[CI_MAX_RANK];
  if (e->tensor->dtype != CI_F32)
    return ci_build_fail(&c->k->b, CNNIMG_UNSUPPORTED, "the tensor \"%.100s\" holds integers", e->name);
  if (order == ALONG) {
    const int64_t dim[3] = {(int64_t)e->tensor->count, 1, 1};
    e->used = true;
    return ci_build_tensor(&c->k->b, ci_tensor_reshaped(e->tensor, 3, dim));
  }
  if (order < 0) return ci_build_weight(&c->k->b, "%s", e->name);
  if (!spelt(order, e->tensor->rank, to))
    return ci_build_fail(&c->k->b, CNNIMG_CORRUPT, "the tensor \"%.100s\" has %d dimensions", e->name,
                         e->tensor->rank);
  e->used = true;
  return ci_build_tensor(&c->k->b, ci_tensor_permuted(e->tensor, to));
}

int32_t ci_keras_weight(const ci_kcall *c, const char *names, int32_t order) {
  ci_keras *k = c->k;
  const ci_entry *e = ci_keras_tensor(c, names);
  if (k->b.status) return -1;
  if (!e)
    return ci_build_fail(&k->b, CNNIMG_UNSUPPORTED, "the tensor \"%.60s%.60s/%.*s\" is missing", c->prefix,
                         c->name, (int)strcspn(names, "|"), names);
  size_t at = (size_t)(e - k->b.s->entries);
  if (k->turned[at] < 0) {
    k->turned[at] = make(c, &k->b.s->entries[at], order);
    k->order[at] = order;
  } else if (k->order[at] != order)
    return ci_build_fail(&k->b, CNNIMG_UNSUPPORTED, "the tensor \"%.100s\" is two layers' of different kinds",
                         e->name);
  return k->turned[at];
}

int32_t ci_keras_optional(const ci_kcall *c, const char *names) {
  return ci_keras_tensor(c, names) ? ci_keras_weight(c, names, -1) : CI_NONE;
}

int32_t ci_keras_along(const ci_kcall *c, const char *names, ci_kt t) {
  return ci_keras_weight(c, names, t.rank == 4 ? ALONG : -1);
}
