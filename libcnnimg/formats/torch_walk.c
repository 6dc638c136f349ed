/* SPDX-License-Identifier: MIT */
/* torch_walk.c - from what a pickle says to named tensors, and to remarks about modules */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "formats/torch.h"

#define NAME_ROOM 512

static const ci_pk_node *at(const ci_torch *t, uint32_t i) { return ci_pk_at(t->p, i); }

/* ---- storages ---------------------------------------------------------------------------- */

static ci_element type_of(const ci_pk_node *n) {
  static const struct {
    const char *name;
    ci_element type;
  } types[] = {{"FloatStorage", {CI_E_FLOAT, 4}},    {"HalfStorage", {CI_E_FLOAT, 2}},
               {"BFloat16Storage", {CI_E_BRAIN, 2}}, {"DoubleStorage", {CI_E_FLOAT, 8}},
               {"LongStorage", {CI_E_SIGNED, 8}},    {"IntStorage", {CI_E_SIGNED, 4}},
               {"ShortStorage", {CI_E_SIGNED, 2}},   {"CharStorage", {CI_E_SIGNED, 1}},
               {"ByteStorage", {CI_E_UNSIGNED, 1}},  {"BoolStorage", {CI_E_BOOL, 1}}};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (ci_pk_is_global(n, "", types[i].name)) return types[i].type;
  return (ci_element){0};
}

bool ci_torch_is_storage(const ci_pickle *p, const ci_pk_node *n, ci_torch_saved *out) {
  const ci_pk_node *a = n && n->kind == CI_PK_SAVED ? ci_pk_at(p, n->args) : NULL;
  if (!a || a->kind != CI_PK_TUPLE || a->n < 5 || !ci_pk_is(ci_pk_at(p, a->items[0]), "storage"))
    return false;
  const ci_pk_node *numel = ci_pk_at(p, a->items[4]);
  *out = (ci_torch_saved){ci_pk_at(p, a->items[2]), type_of(ci_pk_at(p, a->items[1])), 0};
  if (!numel || numel->kind != CI_PK_INT || numel->i < 0 || out->key->kind != CI_PK_TEXT) return false;
  out->numel = (uint64_t)numel->i;
  return true;
}

/* ---- tensors ------------------------------------------------------------------------------- */

/* The arguments of torch._utils._rebuild_tensor(_v2), or NULL. */
static const ci_pk_node *rebuilt(const ci_torch *t, const ci_pk_node *n) {
  const ci_pk_node *f = n && n->kind == CI_PK_CALL ? at(t, n->callee) : NULL;
  if (!ci_pk_is_global(f, "torch._utils", "_rebuild_tensor_v2") &&
      !ci_pk_is_global(f, "torch._utils", "_rebuild_tensor"))
    return NULL;
  const ci_pk_node *a = at(t, n->args);
  return a && a->kind == CI_PK_TUPLE && a->n >= 4 ? a : NULL;
}

/* A tensor, also inside of a Parameter: rebuilt from its data, or made empty and given a state that begins with it. */
static const ci_pk_node *tensor_of(const ci_torch *t, uint32_t i) {
  const ci_pk_node *n = at(t, i), *f = n && n->kind == CI_PK_CALL ? at(t, n->callee) : NULL;
  if (rebuilt(t, n)) return rebuilt(t, n);
  if (ci_pk_is_global(f, "torch._utils", "_rebuild_parameter") ||
      ci_pk_is_global(f, "torch._utils", "_rebuild_parameter_with_state"))
    return rebuilt(t, at(t, ci_pk_item(at(t, n->args), 0)));
  if (!ci_pk_is_global(f, "", "Parameter") && !ci_pk_is_global(f, "", "Buffer")) return NULL;
  const ci_pk_node *inside = rebuilt(t, at(t, ci_pk_item(at(t, n->args), 0)));
  return inside ? inside : rebuilt(t, at(t, ci_pk_item(at(t, n->state), 0)));
}

/* A tuple (or torch.Size of one) of numbers; how many, or -1. */
static int32_t sizes(const ci_torch *t, const ci_pk_node *n, int64_t *v) {
  if (n && n->kind == CI_PK_CALL && ci_pk_is_global(at(t, n->callee), "torch", "Size"))
    n = at(t, ci_pk_item(at(t, n->args), 0));
  if (!n || (n->kind != CI_PK_TUPLE && n->kind != CI_PK_LIST) || n->n > CI_MAX_RANK) return -1;
  for (uint32_t i = 0; i < n->n; i++) {
    const ci_pk_node *k = at(t, n->items[i]);
    if (!k || k->kind != CI_PK_INT) return -1;
    v[i] = k->i;
  }
  return (int32_t)n->n;
}

static int add_tensor(ci_torch *t, const ci_pk_node *a, const char *name) {
  ci_torch_saved saved;
  ci_torch_storage where;
  int64_t stride[CI_MAX_RANK];
  ci_elements e = {.name = name, .stride = stride};
  ci_tensor *made;
  const ci_pk_node *offset = at(t, a->items[1]);
  if (!ci_torch_is_storage(t->p, at(t, a->items[0]), &saved) || offset->kind != CI_PK_INT || offset->i < 0)
    return ci_fail(t->err, CNNIMG_CORRUPT, "the tensor \"%s\" has no storage", name);
  e.rank = sizes(t, at(t, a->items[2]), e.dim);
  if (e.rank < 0 || sizes(t, at(t, a->items[3]), stride) != e.rank)
    return ci_fail(t->err, CNNIMG_CORRUPT, "the tensor \"%s\" has no shape of up to %d dimensions", name,
                   CI_MAX_RANK);
  if (!t->storage(t->user, saved.key, &where))
    return ci_fail(t->err, CNNIMG_CORRUPT, "the elements of the tensor \"%s\" are missing", name);
  e.type = saved.type, e.data = where.data, e.bytes = where.bytes, e.offset = (uint64_t)offset->i;
  int status = ci_elements_tensor(&e, &t->budget, &made, t->err);
  return status ? status : ci_store_add(t->store, name, made, t->err);
}

/* ---- names -------------------------------------------------------------------------------------- */

/* prefix.key; false: no name, or too long. */
static bool join(const ci_pk_node *key, const char *prefix, char *room) {
  const char *dot = prefix[0] ? "." : "";
  int n = -1;
  if (key && key->kind == CI_PK_TEXT)
    n = snprintf(room, NAME_ROOM, "%s%s%.*s", prefix, dot,
                 (int)(key->text_n < NAME_ROOM ? key->text_n : NAME_ROOM), (const char *)key->text);
  if (key && key->kind == CI_PK_INT)
    n = snprintf(room, NAME_ROOM, "%s%s%lld", prefix, dot, (long long)key->i);
  return n > 0 && n < NAME_ROOM;
}

static int walk(ci_torch *t, uint32_t i, const char *prefix, int depth);

static int walk_pairs(ci_torch *t, const ci_pk_node *n, const char *prefix, int depth) {
  int status = CNNIMG_OK;
  char name[NAME_ROOM];
  for (uint32_t k = 0; ci_pk_is_dict(n) && k + 1 < n->n && !status; k += 2)
    if (join(at(t, n->items[k]), prefix, name)) status = walk(t, n->items[k + 1], name, depth + 1);
  return status;
}

static int walk_list(ci_torch *t, const ci_pk_node *n, const char *prefix, int depth) {
  int status = CNNIMG_OK;
  char name[NAME_ROOM];
  for (uint32_t k = 0; k < n->n && !status; k++) {
    const ci_pk_node key = {.kind = CI_PK_INT, .i = k};
    if (join(&key, prefix, name)) status = walk(t, n->items[k], name, depth + 1);
  }
  return status;
}

/* ---- modules that were saved whole ---------------------------------------------------------------- */

/* The class, also behind ('module', class, file, source text). */
static const ci_pk_node *class_of(const ci_torch *t, const ci_pk_node *n) {
  const ci_pk_node *f = at(t, n->callee);
  if (f && f->kind == CI_PK_SAVED) f = at(t, ci_pk_item(at(t, f->args), 1));
  return f && f->kind == CI_PK_GLOBAL ? f : NULL;
}

static bool is_module(const ci_torch *t, const ci_pk_node *n) {
  const ci_pk_node *s = n && n->kind == CI_PK_CALL ? at(t, n->state) : NULL;
  return ci_pk_is_dict(s) && ci_pk_get(t->p, s, "_modules") != CI_PK_NONE;
}

/* A number, a truth value, a text, or a tuple of such; false: something else. */
static bool spell(const ci_torch *t, const ci_pk_node *v, char *room, size_t size) {
  if (!v) return false;
  if (v->kind == CI_PK_INT) return snprintf(room, size, "%lld", (long long)v->i) > 0;
  if (v->kind == CI_PK_BOOL) return snprintf(room, size, "%s", v->i ? "true" : "false") > 0;
  if (v->kind == CI_PK_FLOAT) return snprintf(room, size, "%.9g", v->f) > 0;
  if (v->kind == CI_PK_TEXT)
    return v->text_n < size && snprintf(room, size, "%.*s", (int)v->text_n, (const char *)v->text) >= 0;
  if (v->kind != CI_PK_TUPLE || v->n > 8) return false;
  size_t n = (size_t)snprintf(room, size, "[");
  for (uint32_t i = 0; i < v->n; i++) {
    const ci_pk_node *k = at(t, v->items[i]);
    if (!k || k->kind != CI_PK_INT || n + 24 > size) return false;
    n += (size_t)snprintf(room + n, size - n, "%s%lld", i ? ", " : "", (long long)k->i);
  }
  return snprintf(room + n, size - n, "]") > 0;
}

static int remark(ci_torch *t, const char *path, const char *key, const char *value) {
  char name[NAME_ROOM + 80];
  snprintf(name, sizeof name, "module%s%s%s%s", path[0] ? "." : "", path, key[0] ? "." : "", key);
  return ci_store_set_meta(t->store, name, value, t->err);
}

static int remarks(ci_torch *t, const ci_pk_node *class, const ci_pk_node *state, const char *path) {
  char key[64], value[200];
  snprintf(value, sizeof value, "%.*s", (int)(class && class->more_n < 190 ? class->more_n : 0),
           class ? (const char *)class->more : "");
  int status = remark(t, path, "", value);
  for (uint32_t k = 0; k + 1 < state->n && !status; k += 2) {
    const ci_pk_node *name = at(t, state->items[k]);
    if (!name || name->kind != CI_PK_TEXT || !name->text_n || name->text_n >= sizeof key ||
        name->text[0] == '_')
      continue;
    snprintf(key, sizeof key, "%.*s", (int)name->text_n, (const char *)name->text);
    if (spell(t, at(t, state->items[k + 1]), value, sizeof value)) status = remark(t, path, key, value);
  }
  return status;
}

static int walk_module(ci_torch *t, const ci_pk_node *n, const char *path, int depth) {
  static const char *const parts[3] = {"_parameters", "_buffers", "_modules"};
  const ci_pk_node *state = at(t, n->state);
  int status = remarks(t, class_of(t, n), state, path);
  for (int i = 0; i < 3 && !status; i++)
    status = walk_pairs(t, at(t, ci_pk_get(t->p, state, parts[i])), path, depth);
  return status;
}

/* ---- the walk ------------------------------------------------------------------------------------------ */

/* What is neither tensor nor holds one is passed over: counters, names, optimizers' options. */
static int walk(ci_torch *t, uint32_t i, const char *name, int depth) {
  const ci_pk_node *n = at(t, i), *tensor = tensor_of(t, i);
  if (!n) return CNNIMG_OK;
  if (depth > CI_PK_DEEPEST)
    return ci_fail(t->err, CNNIMG_LIMIT, "things in the pickle hold each other more than %d deep",
                   CI_PK_DEEPEST);
  if (!t->visits--)
    return t->visits = 0, ci_fail(t->err, CNNIMG_LIMIT, "the pickle says the same things too often");
  if (tensor) return add_tensor(t, tensor, name);
  if (is_module(t, n)) return walk_module(t, n, name, depth);
  if (ci_pk_is_dict(n)) return walk_pairs(t, n, name, depth);
  return n->kind == CI_PK_LIST || n->kind == CI_PK_TUPLE ? walk_list(t, n, name, depth) : CNNIMG_OK;
}

/* The weights among what was saved with them. */
static uint32_t choose(const ci_torch *t, uint32_t i) {
  static const char *const keys[] = {"params_ema", "params",    "state_dict", "model_state_dict", "model",
                                     "net",        "generator", "g",          "net_g_ema",        "net_g",
                                     "network",    "weights",   NULL};
  for (int depth = 0; depth < 4; depth++) {
    const ci_pk_node *n = at(t, i);
    uint32_t inside = CI_PK_NONE;
    for (size_t k = 0; keys[k] && inside == CI_PK_NONE && ci_pk_is_dict(n); k++) {
      inside = ci_pk_get(t->p, n, keys[k]);
      if (!ci_pk_is_dict(at(t, inside)) && !is_module(t, at(t, inside))) inside = CI_PK_NONE;
    }
    if (inside == CI_PK_NONE) return i;
    i = inside;
  }
  return i;
}

/* DataParallel's wrapping. */
static bool all_begin_with(const ci_store *s, const char *prefix) {
  for (size_t i = 0; i < s->n; i++)
    if (strncmp(s->entries[i].name, prefix, strlen(prefix))) return false;
  return s->n > 0;
}

int ci_torch_walk(ci_torch *t) {
  int status = walk(t, choose(t, t->p->root), "", 0);
  if (status) return status;
  return all_begin_with(t->store, "module.") ? ci_store_strip(t->store, "module.", t->err)
                                             : ci_store_finish(t->store, t->err);
}
