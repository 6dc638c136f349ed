/* SPDX-License-Identifier: MIT */
/* torch.h - private to the PyTorch reader: storages, tensors, and the walk from a pickle to them by name */
#ifndef CI_TORCH_H
#define CI_TORCH_H

#include "formats/elements.h"
#include "formats/pickle.h"
#include "net/store.h"

#define CI_TORCH_NAME 512 /* room for a tensor's name; longer ones are passed over */

/* Where the elements of a storage lie. */
typedef struct ci_torch_storage {
  const uint8_t *data;
  size_t bytes;
} ci_torch_storage;

typedef struct ci_torch {
  const ci_pickle *p;
  ci_store *store;
  /* The storage of that key; false: there is none. */
  bool (*storage)(void *user, const ci_pk_node *key, ci_torch_storage *out);
  void *user;
  size_t budget; /* bytes that may be allocated for elements, names and remarks */
  size_t
      looks; /* nodes that may still be looked at: a pickle can say the same million things a million times */
  size_t remarks; /* that may still be made */
  cnnimg_error *err;
} ci_torch;

/* What ('storage', torch.FloatStorage, key, place, numel, view) says. */
typedef struct ci_torch_saved {
  const ci_pk_node *key; /* a text */
  ci_element type;       /* size 0: not read, or bytes of no type */
  uint64_t from, numel;  /* of a view, in elements */
  bool is_view, is_untyped;
} ci_torch_saved;
bool ci_torch_is_storage(const ci_pickle *p, const ci_pk_node *n, ci_torch_saved *out);

/* ---- things in the pickle (torch_tensor.c, torch_numpy.c) --------------------------------- */
/* Is it a tensor, a Parameter of one, or an array of NumPy's? Then *what is what it is made of. */
typedef enum ci_torch_kind {
  CI_TORCH_OTHER,
  CI_TORCH_TENSOR,
  CI_TORCH_ARRAY,
  CI_TORCH_STRANGE
} ci_torch_kind;
ci_torch_kind ci_torch_kind_of(const ci_torch *t, uint32_t i, const ci_pk_node **what);
int ci_torch_add_tensor(ci_torch *t, const ci_pk_node *what, const char *name);
int ci_torch_add_array(ci_torch *t, const ci_pk_node *what, const char *name);
bool ci_torch_is_array(const ci_torch *t, const ci_pk_node *n);
/* A tuple, list or torch.Size of whole numbers; how many, or -1. */
int32_t ci_torch_sizes(const ci_torch *t, const ci_pk_node *n, int64_t *v);
/* Into the store, the name's bytes too paid from the budget. */
int ci_torch_put(ci_torch *t, const ci_elements *e);

/* ---- modules that were saved whole (torch_remarks.c) --------------------------------------- */
bool ci_torch_is_module(const ci_torch *t, const ci_pk_node *n);
/* Class without its module: "Conv2d" of torch.nn, "__main__.Network" of others; false: none. */
bool ci_torch_class(const ci_torch *t, const ci_pk_node *n, char *room, size_t size);
/* "module.PATH" = class, "module.PATH.stride" = "[1, 1]" ...; the root's path is "". */
int ci_torch_remark(ci_torch *t, const ci_pk_node *module, const char *path);
/* Words and numbers that were saved beside the weights: "file.nunif_model" = "1". */
int ci_torch_remark_beside(ci_torch *t);

/*
 * All tensors below the root into the store. Of the usual wrappings the best is taken (params_ema before params, state_dict,
 * model ...), and "module." before every name goes. Modules that were saved whole give their tensors and remarks.
 */
int ci_torch_walk(ci_torch *t);

#endif
