/* SPDX-License-Identifier: MIT */
/* torch_walk.c - from a pickle's root to all tensors below it, by their names */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "formats/torch.h"

#define FIRST 64 /* things among which weights are looked for: each may be the same large one */

static const ci_pk_node *at(const ci_torch *t, uint32_t i) { return ci_pk_at(t->p, i); }

/* ---- names -------------------------------------------------------------------------------- */

/* prefix.key; false: no name, or too long. */
static bool join(const ci_pk_node *key, const char *prefix, char *room) {
  const char *dot = prefix[0] ? "." : "";
  int n = -1;
  if (key && key->kind == CI_PK_TEXT)
    n = snprintf(room, CI_TORCH_NAME, "%s%s%.*s", prefix, dot,
                 (int)(key->text_n < CI_TORCH_NAME ? key->text_n : CI_TORCH_NAME), (const char *)key->text);
  if (key && key->kind == CI_PK_INT)
    n = snprintf(room, CI_TORCH_NAME, "%s%s%lld", prefix, dot, (long long)key->i);
  return n > 0 && n < CI_TORCH_NAME;
}

/* ---- the walk ------------------------------------------------------------------------------- */

static int walk(ci_torch *t, uint32_t i, const char *prefix, int depth);

static int walk_pairs(ci_torch *t, const ci_pk_node *n, const char *prefix, int depth) {
  int status = CNNIMG_OK;
  char name[CI_TORCH_NAME];
  for (uint32_t k = 0; ci_pk_is_dict(n) && k + 1 < n->n && !status; k += 2)
    if (join(at(t, n->items[k]), prefix, name)) status = walk(t, n->items[k + 1], name, depth + 1);
  return status;
}

static int walk_list(ci_torch *t, const ci_pk_node *n, const char *prefix, int depth) {
  int status = CNNIMG_OK;
  char name[CI_TORCH_NAME];
  for (uint32_t k = 0; k < n->n && !status; k++) {
    const ci_pk_node key = {.kind = CI_PK_INT, .i = k};
    if (join(&key, prefix, name)) status = walk(t, n->items[k], name, depth + 1);
  }
  return status;
}

static int walk_module(ci_torch *t, const ci_pk_node *n, const char *path, int depth) {
  static const char *const parts[3] = {"_parameters", "_buffers", "_modules"};
  const ci_pk_node *state = at(t, n->state);
  int status = ci_torch_remark(t, n, path);
  for (int i = 0; i < 3 && !status; i++)
    status = walk_pairs(t, at(t, ci_pk_get(t->p, state, parts[i])), path, depth);
  return status;
}

/* TorchScript's modules hold tensors and each other by name; what they compute is in its code, which is not read. */
static int walk_other(ci_torch *t, const ci_pk_node *n, const char *path, int depth) {
  const ci_pk_node *state = n->kind == CI_PK_CALL ? at(t, n->state) : NULL;
  if (n->kind == CI_PK_LIST || n->kind == CI_PK_TUPLE) return walk_list(t, n, path, depth);
  if (ci_pk_is_dict(n)) return walk_pairs(t, n, path, depth);
  return ci_pk_is_dict(state) ? walk_pairs(t, state, path, depth) : CNNIMG_OK;
}

/* Looking at a thing costs as much as it has in it: its items are read, its state is searched. */
static bool pay(ci_torch *t, const ci_pk_node *n) {
  const ci_pk_node *state = n->kind == CI_PK_CALL ? at(t, n->state) : NULL;
  size_t cost = 1 + (state && ci_pk_is_dict(state) ? state->n : 0);
  if (cost > t->looks) return false;
  t->looks -= cost;
  return true;
}

/* What is neither tensor nor holds one is passed over: counters, names, optimizers' options; and the one counter that is a
 * tensor, of torch.optim.swa_utils. */
static int walk(ci_torch *t, uint32_t i, const char *name, int depth) {
  const ci_pk_node *n = at(t, i), *what;
  if (!n || !strcmp(name, "n_averaged")) return CNNIMG_OK;
  if (depth > CI_PK_DEEPEST)
    return ci_fail(t->err, CNNIMG_LIMIT, "things in the pickle hold each other more than %d deep",
                   CI_PK_DEEPEST);
  if (!pay(t, n)) return ci_fail(t->err, CNNIMG_LIMIT, "the pickle says the same things too often");
  switch (ci_torch_kind_of(t, i, &what)) {
    case CI_TORCH_TENSOR:
      return ci_torch_add_tensor(t, what, name);
    case CI_TORCH_ARRAY:
      return ci_torch_add_array(t, what, name);
    case CI_TORCH_STRANGE:
      return ci_fail(t->err, CNNIMG_UNSUPPORTED,
                     "the tensor \"%s\" is of a kind that is not read (quantised, sparse, on a device)",
                     name);
    default:
      return ci_torch_is_module(t, n) ? walk_module(t, n, name, depth) : walk_other(t, n, name, depth);
  }
}

/* ---- what was saved beside the weights ---------------------------------------------------------- */

/* Are there weights in it, among the first things? Dictionaries of settings are called "model" and "net" as well. */
static bool has_tensor(const ci_torch *t, uint32_t i) {
  const ci_pk_node *n = at(t, i), *what;
  if (ci_torch_is_module(t, n)) return true;
  for (uint32_t k = 1; ci_pk_is_dict(n) && k < n->n && k < 2 * FIRST; k += 2) {
    ci_torch_kind kind = ci_torch_kind_of(t, n->items[k], &what);
    if (kind == CI_TORCH_TENSOR || kind == CI_TORCH_STRANGE) return true;
  }
  return false;
}

/* Most of what it has are tensors: then it is the weights, and not what was saved beside them. */
static bool is_weights(const ci_torch *t, const ci_pk_node *n) {
  const ci_pk_node *what;
  uint32_t tensors = 0, others = 0;
  for (uint32_t k = 1; ci_pk_is_dict(n) && k < n->n && k < 2 * FIRST; k += 2)
    if (ci_torch_kind_of(t, n->items[k], &what) == CI_TORCH_OTHER) others++;
    else tensors++;
  return tensors > others;
}

/* Has it, or a dictionary in it, weights? */
static bool has_weights(const ci_torch *t, uint32_t i) {
  const ci_pk_node *n = at(t, i);
  bool has = has_tensor(t, i);
  for (uint32_t k = 1; !has && ci_pk_is_dict(n) && k < n->n && k < 2 * FIRST; k += 2)
    has = has_tensor(t, n->items[k]);
  return has;
}

/* The one dictionary of weights among other things, whatever it is called; optimizers have their tensors deeper. */
static uint32_t only_weights(const ci_torch *t, const ci_pk_node *n) {
  uint32_t found = CI_PK_NONE;
  for (uint32_t k = 1; ci_pk_is_dict(n) && k < n->n && k < 2 * FIRST; k += 2) {
    if (!has_tensor(t, n->items[k])) continue;
    if (found != CI_PK_NONE) return CI_PK_NONE;
    found = n->items[k];
  }
  return found;
}

static uint32_t inside_of(const ci_torch *t, uint32_t i) {
  static const char *const keys[] = {
      "params_ema", "params", "state_dict_ema", "model_ema", "ema", "state_dict", "model_state_dict",
      "model",      "net",    "generator",      "g",         "G",   "net_g_ema",  "net_g",
      "netG",       "gen",    "network",        "weights",   NULL};
  const ci_pk_node *n = at(t, i);
  if (n && ci_torch_is_module(t, n)) { /* DataParallel's wrapping */
    char class[128];
    const ci_pk_node *parts = at(t, ci_pk_get(t->p, at(t, n->state), "_modules"));
    bool wraps = ci_torch_class(t, n, class, sizeof class) &&
                 (!strcmp(class, "DataParallel") || !strcmp(class, "DistributedDataParallel"));
    return wraps ? ci_pk_get(t->p, parts, "module") : CI_PK_NONE;
  }
  if (is_weights(t, n)) return CI_PK_NONE;
  for (size_t k = 0; keys[k] && ci_pk_is_dict(n); k++) {
    uint32_t inside = ci_pk_get(t->p, n, keys[k]);
    if (inside != CI_PK_NONE && has_weights(t, inside)) return inside;
  }
  return only_weights(t, n);
}

static uint32_t choose(const ci_torch *t, uint32_t i) {
  for (int depth = 0; depth < 4; depth++) {
    uint32_t inside = inside_of(t, i);
    if (inside == CI_PK_NONE) break;
    i = inside;
  }
  return i;
}

/* ---- prefixes that say nothing ---------------------------------------------------------------------- */

static bool all_begin_with(const ci_store *s, const char *prefix) {
  for (size_t i = 0; i < s->n; i++)
    if (strncmp(s->entries[i].name, prefix, strlen(prefix))) return false;
  return s->n > 0;
}

/* DataParallel's, and torch.compile's. */
int ci_torch_walk(ci_torch *t) {
  static const char *const wrappings[] = {"module.", "_orig_mod.", "module."};
  int status = walk(t, choose(t, t->p->root), "", 0);
  for (size_t i = 0; i < sizeof wrappings / sizeof *wrappings && !status; i++)
    if (all_begin_with(t->store, wrappings[i])) status = ci_store_strip(t->store, wrappings[i], t->err);
  if (!status) status = ci_torch_remark_beside(t);
  return status ? status : ci_store_finish(t->store, t->err);
}
