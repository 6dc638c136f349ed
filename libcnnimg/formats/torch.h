/* SPDX-License-Identifier: MIT */
/* torch.h - private to the PyTorch reader: storages, and the walk from a pickle to named tensors */
#ifndef CI_TORCH_H
#define CI_TORCH_H

#include "formats/elements.h"
#include "formats/pickle.h"
#include "net/store.h"

/* Where the elements of a storage lie; found by key. false: there is none. */
typedef struct ci_torch_storage {
  const uint8_t *data;
  size_t bytes;
} ci_torch_storage;

typedef struct ci_torch {
  const ci_pickle *p;
  ci_store *store;
  bool (*storage)(void *user, const ci_pk_node *key, ci_torch_storage *out);
  void *user;
  size_t budget; /* bytes that may be allocated for elements */
  size_t
      visits; /* nodes that may still be looked at: a pickle can say the same million things a million times */
  cnnimg_error *err;
} ci_torch;

/* What ('storage', torch.FloatStorage, key, place, numel, ...) says; size 0: elements of no type that is read. */
typedef struct ci_torch_saved {
  const ci_pk_node *key;
  ci_element type;
  uint64_t numel;
} ci_torch_saved;
bool ci_torch_is_storage(const ci_pickle *p, const ci_pk_node *n, ci_torch_saved *out);

/*
 * All tensors below the root into the store. Of the usual wrappings the best is taken (params_ema before params, state_dict,
 * model ...), and "module." before every name goes. Modules that were saved whole give their tensors, and remarks "module.PATH" =
 * class, "module.PATH.stride" = "[1, 1]" ..., with "module" itself for the root.
 */
int ci_torch_walk(ci_torch *t);

#endif
