/* SPDX-License-Identifier: MIT */
/* torch_tensor.c - what a pickle says of storages and tensors */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "formats/torch.h"

#define ENTRY_COST 200 /* bytes of a tensor's records, besides name and elements */

static const ci_pk_node *at(const ci_torch *t, uint32_t i) { return ci_pk_at(t->p, i); }

/* ---- storages ---------------------------------------------------------------------------- */

/* Of torch.FloatStorage, or of torch.float32. */
static ci_element type_of(const ci_pk_node *n) {
  static const struct {
    const char *storage, *dtype;
    ci_element type;
  } types[] = {
      {"FloatStorage", "float32", {CI_E_FLOAT, 4}},     {"HalfStorage", "float16", {CI_E_FLOAT, 2}},
      {"BFloat16Storage", "bfloat16", {CI_E_BRAIN, 2}}, {"DoubleStorage", "float64", {CI_E_FLOAT, 8}},
      {"LongStorage", "int64", {CI_E_SIGNED, 8}},       {"IntStorage", "int32", {CI_E_SIGNED, 4}},
      {"ShortStorage", "int16", {CI_E_SIGNED, 2}},      {"CharStorage", "int8", {CI_E_SIGNED, 1}},
      {"ByteStorage", "uint8", {CI_E_UNSIGNED, 1}},     {"BoolStorage", "bool", {CI_E_BOOL, 1}},
      {"UInt16Storage", "uint16", {CI_E_UNSIGNED, 2}},  {"UInt32Storage", "uint32", {CI_E_UNSIGNED, 4}},
      {"UInt64Storage", "uint64", {CI_E_UNSIGNED, 8}}};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (ci_pk_is_global(n, "", types[i].storage) || ci_pk_is_global(n, "torch", types[i].dtype))
      return types[i].type;
  return (ci_element){0};
}

static bool whole(const ci_pk_node *n, uint64_t *v) {
  if (!n || n->kind != CI_PK_INT || n->i < 0) return false;
  *v = (uint64_t)n->i;
  return true;
}

/* Before 0.4 a storage could be a part of another: (its own key, first element, elements). */
static bool read_view(const ci_pickle *p, const ci_pk_node *view, ci_torch_saved *out) {
  if (!view || view->kind != CI_PK_TUPLE) return true;
  out->is_view = true;
  return view->n >= 3 && whole(ci_pk_at(p, view->items[1]), &out->from) &&
         whole(ci_pk_at(p, view->items[2]), &out->numel);
}

bool ci_torch_is_storage(const ci_pickle *p, const ci_pk_node *n, ci_torch_saved *out) {
  const ci_pk_node *a = n && n->kind == CI_PK_SAVED ? ci_pk_at(p, n->args) : NULL;
  if (!a || a->kind != CI_PK_TUPLE || a->n < 5 || !ci_pk_is(ci_pk_at(p, a->items[0]), "storage"))
    return false;
  const ci_pk_node *class = ci_pk_at(p, a->items[1]);
  *out = (ci_torch_saved){.key = ci_pk_at(p, a->items[2]),
                          .type = type_of(class),
                          .is_untyped = ci_pk_is_global(class, "", "UntypedStorage")};
  if (!whole(ci_pk_at(p, a->items[4]), &out->numel) || !out->key || out->key->kind != CI_PK_TEXT)
    return false;
  return a->n < 6 || read_view(p, ci_pk_at(p, a->items[5]), out);
}

/* The part of the storage that the view is; false: there is no such part. */
static bool narrow(const ci_torch_saved *s, ci_torch_storage *where) {
  uint64_t from, bytes;
  if (!s->is_view) return true;
  if (__builtin_mul_overflow(s->from, s->type.size, &from) ||
      __builtin_mul_overflow(s->numel, s->type.size, &bytes) || from > where->bytes ||
      bytes > where->bytes - from)
    return false;
  where->data += from, where->bytes = (size_t)bytes;
  return true;
}

/* ---- what is a tensor -------------------------------------------------------------------------- */

static const ci_pk_node *tuple(const ci_torch *t, uint32_t i, uint32_t least) {
  const ci_pk_node *a = at(t, i);
  return a && a->kind == CI_PK_TUPLE && a->n >= least ? a : NULL;
}

/* The arguments of torch._utils._rebuild_tensor, _v2 or _v3, also behind the class of a subclass; else NULL. */
static const ci_pk_node *rebuilt(const ci_torch *t, uint32_t i) {
  static const char *const makers[] = {"_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3"};
  const ci_pk_node *n = at(t, i);
  if (!n || n->kind != CI_PK_CALL) return NULL;
  const ci_pk_node *f = at(t, n->callee), *a = tuple(t, n->args, 3);
  if (a && (ci_pk_is_global(f, "torch._tensor", "_rebuild_from_type_v2") ||
            ci_pk_is_global(f, "torch._tensor", "_rebuild_from_type")))
    f = at(t, a->items[0]), a = tuple(t, a->items[2], 3);
  for (int k = 0; k < 3; k++)
    if (ci_pk_is_global(f, "torch._utils", makers[k])) return a && a->n >= (k == 2 ? 7 : 4) ? a : NULL;
  return NULL;
}

static bool starts_with(const ci_pk_node *f, const char *name) {
  return f && f->kind == CI_PK_GLOBAL && f->more_n >= strlen(name) && !memcmp(f->more, name, strlen(name));
}

ci_torch_kind ci_torch_kind_of(const ci_torch *t, uint32_t i, const ci_pk_node **what) {
  const ci_pk_node *n = at(t, i);
  if (!n || n->kind != CI_PK_CALL) return CI_TORCH_OTHER;
  const ci_pk_node *f = at(t, n->callee);
  *what = rebuilt(t, i);
  if (!*what && starts_with(f, "_rebuild_parameter")) *what = rebuilt(t, ci_pk_item(at(t, n->args), 0));
  if (!*what && (ci_pk_is_global(f, "", "Parameter") || ci_pk_is_global(f, "", "Buffer"))) {
    *what = rebuilt(
        t, ci_pk_item(at(t, n->args), 0)); /* made of its data, or made empty and given them as its state */
    if (!*what) *what = rebuilt(t, ci_pk_item(at(t, n->state), 0));
  }
  if (*what) return CI_TORCH_TENSOR;
  *what = n;
  if (ci_torch_is_array(t, n)) return CI_TORCH_ARRAY;
  return starts_with(f, "_rebuild_") ? CI_TORCH_STRANGE : CI_TORCH_OTHER;
}

int32_t ci_torch_sizes(const ci_torch *t, const ci_pk_node *n, int64_t *v) {
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

/* ---- into the store ---------------------------------------------------------------------------- */

int ci_torch_put(ci_torch *t, const ci_elements *e) {
  size_t cost = strlen(e->name) + ENTRY_COST;
  ci_tensor *made;
  if (cost > t->budget)
    return ci_fail(t->err, CNNIMG_LIMIT, "its tensors would make many times the file's size in memory");
  t->budget -= cost;
  int status = ci_elements_tensor(e, &t->budget, &made, t->err);
  return status ? status : ci_store_add(t->store, e->name, made, t->err);
}

int ci_torch_add_tensor(ci_torch *t, const ci_pk_node *a, const char *name) {
  ci_torch_saved saved;
  ci_torch_storage where;
  int64_t stride[CI_MAX_RANK];
  ci_elements e = {.name = name, .stride = stride};
  if (!ci_torch_is_storage(t->p, at(t, a->items[0]), &saved) || !whole(at(t, a->items[1]), &e.offset))
    return ci_fail(t->err, CNNIMG_CORRUPT, "the tensor \"%s\" has no storage", name);
  e.rank = ci_torch_sizes(t, at(t, a->items[2]), e.dim);
  if (e.rank < 0 || ci_torch_sizes(t, at(t, a->items[3]), stride) != e.rank)
    return ci_fail(t->err, CNNIMG_CORRUPT, "the tensor \"%s\" has no shape of up to %d dimensions", name,
                   CI_MAX_RANK);
  if (saved.is_untyped && a->n >= 7) saved.type = type_of(at(t, a->items[6]));
  if (!t->storage(t->user, saved.key, &where) || !narrow(&saved, &where))
    return ci_fail(t->err, CNNIMG_CORRUPT, "the elements of the tensor \"%s\" are missing", name);
  e.type = saved.type, e.data = where.data, e.bytes = where.bytes;
  return ci_torch_put(t, &e);
}
