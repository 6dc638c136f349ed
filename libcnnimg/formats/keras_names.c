/* SPDX-License-Identifier: MIT */
/* keras_names.c - tensors of Keras' HDF5 files (layer_names, weight_names) under the names of their layers */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "formats/keras_files.h"

#define NAME_ROOM 1100

typedef struct renaming {
  ci_store *raw, *to;
  const ci_json *config;  /* may be NULL */
  const char *prefix;     /* "model_weights/" or "" */
  int64_t work;           /* comparisons that are left */
  int theano, tensorflow; /* kernels whose order is plain to see */
  cnnimg_error *err;
} renaming;

/* ---- configurations ---------------------------------------------------------------------- */

const ci_json *ci_keras_layers(const ci_json *model) {
  const ci_json *config = ci_json_get(model, "config"), *layers = ci_json_get(config, "layers");
  if (ci_json_is_array(config)) return config;
  return ci_json_is_array(layers) ? layers : NULL;
}

const char *ci_keras_name(const ci_json *layer) {
  const char *own = ci_json_string(ci_json_get(ci_json_get(layer, "config"), "name"), NULL);
  return own ? own : ci_json_string(ci_json_get(layer, "name"), "");
}

const char *ci_keras_class(const ci_json *layer) {
  const char *name = ci_json_string(ci_json_get(layer, "class_name"), "");
  const char *registered = strrchr(name, '>'); /* "Package>Class" */
  return registered ? registered + 1 : name;
}

/* The layer of that name in the model itself; NULL: none, or too much work. */
static const ci_json *layer_named(renaming *r, const ci_json *model, const char *name) {
  const ci_json *layers = ci_keras_layers(model);
  size_t n = ci_json_size(layers);
  for (size_t i = 0; i < n && r->work-- > 0; i++)
    if (!strcmp(ci_keras_name(ci_json_at(layers, i)), name)) return ci_json_at(layers, i);
  return NULL;
}

/* "INNER/LAYER" for a layer anywhere inside of the model; the first that has the name. */
static bool path_inside(renaming *r, const ci_json *model, const char *name, char *room, size_t size,
                        int depth) {
  const ci_json *layers = ci_keras_layers(model);
  size_t n = ci_json_size(layers);
  if (depth > CI_KERAS_NESTED) return false;
  if (layer_named(r, model, name)) return (size_t)snprintf(room, size, "%s", name) < size;
  for (size_t i = 0; i < n && r->work-- > 0; i++) {
    const ci_json *layer = ci_json_at(layers, i);
    if (!ci_keras_layers(layer)) continue;
    int used = snprintf(room, size, "%s/", ci_keras_name(layer));
    if (used > 0 && (size_t)used < size &&
        path_inside(r, layer, name, room + used, size - (size_t)used, depth + 1))
      return true;
  }
  return false;
}

/* ---- names of weights ------------------------------------------------------------------------ */

/* The last word of a path, without ":0". */
static void leaf_of(const char *weight, char *room, size_t size) {
  const char *slash = strrchr(weight, '/'), *word = slash ? slash + 1 : weight;
  snprintf(room, size, "%.*s", (int)strcspn(word, ":"), word);
}

/* The word before the last, "" where there is none. */
static void inner_of(const char *weight, char *room, size_t size) {
  const char *end = strrchr(weight, '/'), *start = end;
  while (start && start > weight && start[-1] != '/') start--;
  snprintf(room, size, "%.*s", end ? (int)(end - start) : 0, end ? start : "");
}

static bool starts(const char *s, const char *prefix) { return !strncmp(s, prefix, strlen(prefix)); }

/* Keras 1 says "LAYER_W". */
static void modern(const char *layer, char *leaf, size_t size) {
  static const char *const words[][2] = {{"_W", "kernel"},
                                         {"_b", "bias"},
                                         {"_gamma", "gamma"},
                                         {"_beta", "beta"},
                                         {"_running_mean", "moving_mean"},
                                         {"_running_std", "moving_variance"},
                                         {"_alphas", "alpha"}};
  if (!starts(leaf, layer)) return;
  const char *rest = leaf + strlen(layer);
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (!strcmp(rest, words[i][0])) {
      snprintf(leaf, size, "%s", words[i][1]);
      return;
    }
}

/* Do two weights of the layer end in the same word? Then it has layers inside. */
static bool repeats(const ci_json *weights) {
  size_t n = ci_json_size(weights);
  char a[NAME_ROOM], b[NAME_ROOM];
  if (n > 64) return true;
  for (size_t i = 0; i < n; i++) {
    leaf_of(ci_json_string(ci_json_at(weights, i), ""), a, sizeof a);
    for (size_t k = 0; k < i; k++) {
      leaf_of(ci_json_string(ci_json_at(weights, k), ""), b, sizeof b);
      if (!strcmp(a, b)) return true;
    }
  }
  return false;
}

/* "LAYER/kernel", "MODEL/LAYER/kernel". `model`: the layer's configuration where it is a model. */
static int new_name(renaming *r, const char *layer, const ci_json *model, bool inside, const char *weight,
                    char *room, size_t size) {
  char leaf[NAME_ROOM], inner[NAME_ROOM], path[NAME_ROOM];
  leaf_of(weight, leaf, sizeof leaf);
  inner_of(weight, inner, sizeof inner);
  modern(layer, leaf, sizeof leaf);
  if (model && !path_inside(r, model, inner, path, sizeof path, 0))
    return ci_fail(r->err, CNNIMG_CORRUPT, "\"%.100s\" of \"%.100s\" is no layer's of the configuration",
                   weight, layer);
  bool deep = inside && strcmp(inner, layer) && inner[0];
  int n = model  ? snprintf(room, size, "%s/%s/%s", layer, path, leaf)
          : deep ? snprintf(room, size, "%s/%s/%s", layer, inner, leaf)
                 : snprintf(room, size, "%s/%s", layer, leaf);
  return n > 0 && (size_t)n < size
             ? CNNIMG_OK
             : ci_fail(r->err, CNNIMG_LIMIT, "a name has more than %d bytes", NAME_ROOM);
}

/* ---- lists of names ------------------------------------------------------------------------------ */

/* PATH@KEY as a list; NULL: there is none. Lists of more than 64 KB are PATH@KEY0, PATH@KEY1 ...: `part` >= 0. */
static int list_of(renaming *r, const char *path, const char *key, int part, ci_json **out) {
  char name[NAME_ROOM * 2];
  *out = NULL;
  if (part < 0) snprintf(name, sizeof name, "%s@%s", path, key);
  else snprintf(name, sizeof name, "%s@%s%d", path, key, part);
  const char *text = ci_store_meta(r->raw, name);
  if (!text) return CNNIMG_OK;
  return ci_json_parse(text, strlen(text), out, r->err);
}

typedef int each_fn(renaming *r, const ci_json *list, const char *layer);

/* Calls each for the list, or for its parts. */
static int walk_list(renaming *r, const char *path, const char *key, each_fn *each, const char *layer) {
  int status = CNNIMG_OK;
  bool more = true;
  for (int part = -1; more && !status && part < 4096; part++) {
    ci_json *list;
    status = list_of(r, path, key, part, &list);
    more = list || part < 0;
    if (list) status = each(r, list, layer);
    ci_json_free(list);
    if (part < 0 && list) break;
  }
  return status;
}

/* ---- moving -------------------------------------------------------------------------------------------- */

int ci_keras_move(ci_entry *from, ci_store *to, const char *name, cnnimg_error *err) {
  ci_tensor *t = from->tensor;
  if (!t) return ci_fail(err, CNNIMG_CORRUPT, "the tensor \"%.200s\" belongs to two layers", from->name);
  from->tensor = NULL;
  return ci_store_add(to, name, t, err);
}

/* Keras 1 has kernels O, I, H, W (Theano) or H, W, I, O; a bias of as many elements as there are outputs tells. */
static void look_at_order(renaming *r, const char *layer, const char *weight, const ci_tensor *kernel) {
  size_t n = strlen(weight);
  if (!kernel || kernel->rank != 4 || n < 2 || strcmp(weight + n - 2, "_W")) return;
  int64_t bias = ci_store_dim(r->raw, 0, "%s%s/%.*s_b", r->prefix, layer, (int)(n - 2), weight);
  if (bias == kernel->dim[0] && bias != kernel->dim[3]) r->theano++;
  if (bias == kernel->dim[3] && bias != kernel->dim[0]) r->tensorflow++;
}

static int each_weight(renaming *r, const ci_json *list, const char *layer) {
  const ci_json *own = r->config ? layer_named(r, r->config, layer) : NULL,
                *model = ci_keras_layers(own) ? own : NULL;
  bool inside = repeats(list);
  char name[NAME_ROOM];
  int status = CNNIMG_OK;
  size_t n = ci_json_size(list);
  for (size_t i = 0; i < n && !status; i++) {
    const char *weight = ci_json_string(ci_json_at(list, i), "");
    ci_entry *e = ci_store_find(r->raw, "%s%s/%s", r->prefix, layer, weight);
    if (!e)
      return ci_fail(r->err, CNNIMG_CORRUPT, "the tensor \"%.100s\" of \"%.100s\" is missing", weight, layer);
    look_at_order(r, layer, weight, e->tensor);
    status = new_name(r, layer, model, inside, weight, name, sizeof name);
    if (!status) status = ci_keras_move(e, r->to, name, r->err);
  }
  return status;
}

static int each_layer(renaming *r, const ci_json *list, const char *unused) {
  (void)unused;
  int status = CNNIMG_OK;
  size_t n = ci_json_size(list);
  for (size_t i = 0; i < n && !status; i++) {
    char path[NAME_ROOM];
    const char *layer = ci_json_string(ci_json_at(list, i), "");
    if (r->config && !layer_named(r, r->config, layer))
      return r->work <= 0
                 ? ci_fail(r->err, CNNIMG_LIMIT, "it has too many layers")
                 : ci_fail(r->err, CNNIMG_CORRUPT, "the layer \"%.200s\" is not in the configuration", layer);
    snprintf(path, sizeof path, "%s%.1000s", r->prefix, layer);
    status = walk_list(r, path, "weight_names", each_weight, layer);
  }
  return status;
}

/* ---- the file ------------------------------------------------------------------------------------------- */

static const char *legacy_prefix(const ci_store *raw) {
  if (ci_store_meta(raw, "model_weights@layer_names") || ci_store_meta(raw, "model_weights@layer_names0"))
    return "model_weights/";
  return ci_store_meta(raw, "@layer_names") || ci_store_meta(raw, "@layer_names0") ? "" : NULL;
}

ci_keras_kind ci_keras_kind_of(const ci_store *raw) {
  if (legacy_prefix(raw)) return CI_KERAS_LEGACY;
  for (size_t i = 0; i < raw->n; i++)
    if (strstr(raw->entries[i].name, "/vars/") &&
        (starts(raw->entries[i].name, "layers/") ||
         starts(raw->entries[i].name, "_layer_checkpoint_dependencies/")))
      return CI_KERAS_VARS;
  return CI_KERAS_NONE;
}

static int copy_remark(renaming *r, const char *key, const char *as) {
  char inside[80];
  snprintf(inside, sizeof inside, "%.*s@%s", (int)(r->prefix[0] ? strlen(r->prefix) - 1 : 0), r->prefix, key);
  const char *value = ci_store_meta(r->raw, inside);
  return value ? ci_store_set_meta(r->to, as, value, r->err) : CNNIMG_OK;
}

static int legacy(renaming *r) {
  r->prefix = legacy_prefix(r->raw);
  char root[20];
  snprintf(root, sizeof root, "%.*s", (int)(r->prefix[0] ? strlen(r->prefix) - 1 : 0), r->prefix);
  int status = walk_list(r, root, "layer_names", each_layer, "");
  if (!status) status = copy_remark(r, "keras_version", "keras_version");
  if (!status) status = copy_remark(r, "backend", "backend");
  if (!status) status = copy_remark(r, "layer_names", "keras.layer_names");
  if (!status && r->theano && !r->tensorflow)
    status = ci_store_set_meta(r->to, "keras.order", "theano", r->err);
  return status;
}

int ci_keras_rename(ci_store *raw, const ci_json *config, ci_store **out, cnnimg_error *err) {
  renaming r = {.raw = raw, .to = ci_store_new(), .config = config, .work = CI_KERAS_WORK, .err = err};
  *out = NULL;
  if (!r.to) return ci_fail(err, CNNIMG_NOMEM, "no memory for its tensors");
  int status =
      ci_keras_kind_of(raw) == CI_KERAS_LEGACY ? legacy(&r) : ci_keras_rename_vars(raw, config, r.to, err);
  if (!status) status = ci_store_finish(r.to, err);
  if (status) ci_store_free(r.to);
  else {
    r.to->kept = raw->kept;
    raw->kept = NULL;
    *out = r.to;
  }
  return status;
}
