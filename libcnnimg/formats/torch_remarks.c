/* SPDX-License-Identifier: MIT */
/* torch_remarks.c - classes and settings of modules that were saved whole, and words beside weights, as remarks */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "formats/torch.h"

#define FIRST 256

static const ci_pk_node *at(const ci_torch *t, uint32_t i) { return ci_pk_at(t->p, i); }

/* It is asked often, of things that may be shared: a module has its parts among its first attributes. */
bool ci_torch_is_module(const ci_torch *t, const ci_pk_node *n) {
  const ci_pk_node *s = n && n->kind == CI_PK_CALL ? at(t, n->state) : NULL;
  for (uint32_t k = 0; ci_pk_is_dict(s) && k < s->n && k < 2 * FIRST; k += 2)
    if (ci_pk_is(at(t, s->items[k]), "_modules")) return true;
  return false;
}

/* The class, also behind ('module', class, file, source text), or as protocols 0 and 1 say it. */
static const ci_pk_node *class_of(const ci_torch *t, const ci_pk_node *n) {
  const ci_pk_node *f = at(t, n->callee);
  if (ci_pk_is_global(f, "", "_reconstructor")) f = at(t, ci_pk_item(at(t, n->args), 0));
  if (f && f->kind == CI_PK_SAVED) f = at(t, ci_pk_item(at(t, f->args), 1));
  return f && f->kind == CI_PK_GLOBAL ? f : NULL;
}

static bool is_torch_nn(const ci_pk_node *class) {
  static const char home[] = "torch.nn.";
  return class->text_n >= sizeof home - 1 && !memcmp(class->text, home, sizeof home - 1);
}

bool ci_torch_class(const ci_torch *t, const ci_pk_node *n, char *room, size_t size) {
  const ci_pk_node *c = class_of(t, n);
  if (!c || c->text_n >= size || c->more_n >= size - c->text_n) return false;
  int home = is_torch_nn(c) ? 0 : (int)c->text_n;
  snprintf(room, size, "%.*s%s%.*s", home, (const char *)c->text, home ? "." : "", (int)c->more_n,
           (const char *)c->more);
  return true;
}

/* ---- settings ----------------------------------------------------------------------------- */

/* The host's locale may write a comma. */
static void spell_float(double v, char *room, size_t size) {
  char text[40];
  size_t n = 0;
  bool foreign = false;
  snprintf(text, sizeof text, "%.9g", v);
  for (const char *p = text; *p && n + 1 < size; p++) {
    bool own = strchr("+-0123456789abcdefghijklmnopqrstuvwxyz.", *p) != NULL;
    if (own || !foreign) room[n++] = own ? *p : '.';
    foreign = !own;
  }
  room[n] = 0;
}

static bool spell_list(const ci_torch *t, const ci_pk_node *v, char *room, size_t size);

/* A number, a truth value, a text, nothing, or a tuple of numbers; false: something else. */
static bool spell(const ci_torch *t, const ci_pk_node *v, char *room, size_t size) {
  switch (v ? v->kind : CI_PK_MARK) {
    case CI_PK_NIL:
      return snprintf(room, size, "none") > 0;
    case CI_PK_INT:
      return snprintf(room, size, "%lld", (long long)v->i) > 0;
    case CI_PK_BOOL:
      return snprintf(room, size, "%s", v->i ? "true" : "false") > 0;
    case CI_PK_FLOAT:
      return spell_float(v->f, room, size), true;
    case CI_PK_TEXT:
      return v->text_n < size && snprintf(room, size, "%.*s", (int)v->text_n, (const char *)v->text) >= 0;
    case CI_PK_TUPLE:
    case CI_PK_LIST:
      return spell_list(t, v, room, size);
    default:
      return false;
  }
}

static bool spell_list(const ci_torch *t, const ci_pk_node *v, char *room, size_t size) {
  size_t n = (size_t)snprintf(room, size, "[");
  if (v->n > 8) return false;
  for (uint32_t i = 0; i < v->n; i++) {
    const ci_pk_node *k = at(t, v->items[i]);
    if (!k || (k->kind != CI_PK_INT && k->kind != CI_PK_FLOAT) || n + 48 > size) return false;
    n += (size_t)snprintf(room + n, size - n, "%s", i ? ", " : "");
    spell(t, k, room + n, size - n);
    n += strlen(room + n);
  }
  return snprintf(room + n, size - n, "]") > 0;
}

/* What says nothing about what a layer computes from its input: most modules have ten of these. */
static bool is_idle(const char *name) {
  static const char *const idle[] = {"training",
                                     "in_channels",
                                     "out_channels",
                                     "transposed",
                                     "inplace",
                                     "num_features",
                                     "momentum",
                                     "affine",
                                     "in_features",
                                     "out_features",
                                     "call_super_init",
                                     "num_parameters",
                                     "p",
                                     "track_running_stats",
                                     NULL};
  for (size_t i = 0; idle[i]; i++)
    if (!strcmp(name, idle[i])) return true;
  return false;
}

static int remark(ci_torch *t, const char *home, const char *path, const char *key, const char *value) {
  char name[CI_TORCH_NAME + 80];
  size_t cost;
  if (!t->remarks) return CNNIMG_OK;
  snprintf(name, sizeof name, "%s%s%s%s%s", home, path[0] ? "." : "", path, key[0] ? "." : "", key);
  cost = strlen(name) + strlen(value) + 2 * sizeof(ci_card_line);
  if (cost > t->budget)
    return ci_fail(t->err, CNNIMG_LIMIT, "its remarks would make many times the file's size in memory");
  t->budget -= cost, t->remarks--;
  return ci_store_set_meta(t->store, name, value, t->err);
}

/* The words and numbers of a dictionary. */
static int settings(ci_torch *t, const ci_pk_node *dict, uint32_t most, const char *home, const char *path) {
  char key[64], value[200];
  int status = CNNIMG_OK;
  for (uint32_t k = 0; k + 1 < dict->n && k < most && !status; k += 2) {
    const ci_pk_node *name = at(t, dict->items[k]);
    if (!name || name->kind != CI_PK_TEXT || !name->text_n || name->text_n >= sizeof key ||
        name->text[0] == '_')
      continue;
    snprintf(key, sizeof key, "%.*s", (int)name->text_n, (const char *)name->text);
    if (!is_idle(key) && spell(t, at(t, dict->items[k + 1]), value, sizeof value))
      status = remark(t, home, path, key, value);
  }
  return status;
}

int ci_torch_remark(ci_torch *t, const ci_pk_node *module, const char *path) {
  char value[200];
  int status = remark(t, "module", path, "", ci_torch_class(t, module, value, sizeof value) ? value : "");
  return status ? status : settings(t, at(t, module->state), UINT32_MAX, "module", path);
}

int ci_torch_remark_beside(ci_torch *t) {
  const ci_pk_node *root = at(t, t->p->root);
  return ci_pk_is_dict(root) ? settings(t, root, 2 * FIRST, "file", "") : CNNIMG_OK;
}
