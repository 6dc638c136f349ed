/* SPDX-License-Identifier: MIT */
/* keras_pair.c - a configuration and the weights beside it: found by their names, proved by the layers */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "formats/helper.h"
#include "formats/keras_files.h"

#define MOST_NAMES 4096 /* of a folder that are looked at */
#define MOST_FILES 16   /* of a folder that are read */
#define MOST_CONFIG ((size_t)8 << 20)

bool ci_keras_is_config(const uint8_t *data, size_t size) {
  size_t head = size < 4096 ? size : 4096, at = 0;
  while (at < head && strchr(" \t\r\n", data[at]) && data[at]) at++;
  if (at == head || data[at] != '{') return false;
  return memmem(data, head, "\"class_name\"", 12) && memmem(data, head, "\"config\"", 8) &&
         (memmem(data, head, "\"Sequential\"", 12) || memmem(data, head, "\"Functional\"", 12) ||
          memmem(data, head, "\"Model\"", 7)) &&
         !memmem(data, head, "\"modelTopology\"", 15);
}

/* Does the renaming go through? It is tried on names alone. */
bool ci_keras_fits(const ci_store *raw, const ci_json *config) {
  ci_store *names = ci_store_new(), *to = NULL;
  cnnimg_error err;
  bool ok = names != NULL;
  for (size_t i = 0; ok && i < raw->n; i++) {
    ok = !ci_store_add(names, raw->entries[i].name, ci_tensor_borrow(raw->entries[i].tensor), &err);
  }
  for (size_t i = 0; ok && i < raw->n_meta; i++)
    ok = !ci_store_set_meta(names, raw->meta[i].key, raw->meta[i].value, &err);
  ok = ok && !ci_store_finish(names, &err) && !ci_keras_rename(names, config, &to, &err);
  ci_store_free(to);
  ci_store_free(names);
  return ok;
}

/* ---- the folder ----------------------------------------------------------------------------------- */

typedef struct names {
  char *items[MOST_FILES];
  size_t n;
} names;

static bool ends(const char *name, const char *suffix) {
  size_t n = strlen(name), m = strlen(suffix);
  return n > m && !strcmp(name + n - m, suffix);
}

static void free_names(names *l) {
  for (size_t i = 0; i < l->n; i++) free(l->items[i]);
  l->n = 0;
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* Files of the folder of src that end so, in alphabetical order; the first MOST_FILES that come. */
static void list(const ci_source *src, const char *suffix, names *out) {
  const char *slash = src->path ? strrchr(src->path, '/') : NULL, *own = slash ? slash + 1 : src->path;
  char *folder = !src->path ? NULL
                 : slash    ? ci_strndup(src->path, (size_t)(slash + 1 - src->path))
                            : ci_strdup(".");
  DIR *dir = folder ? opendir(folder) : NULL;
  out->n = 0;
  for (int i = 0; dir && i < MOST_NAMES && out->n < MOST_FILES; i++) {
    const struct dirent *e = readdir(dir);
    if (!e) break;
    if (!ends(e->d_name, suffix) || !strcmp(e->d_name, own)) continue;
    if ((out->items[out->n] = ci_strdup(e->d_name)) != NULL) out->n++;
  }
  if (dir) closedir(dir);
  free(folder);
  if (out->n) qsort(out->items, out->n, sizeof *out->items, by_text);
}

/* The name of `path` without folder and suffix: of "x/net.weights.h5" it is "net". */
static size_t stem(const char *name) {
  size_t n = strlen(name);
  const char *const suffixes[] = {".weights.h5", ".h5", ".json", ".hdf5"};
  for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
    if (ends(name, suffixes[i])) return n - strlen(suffixes[i]);
  return n;
}

static bool same_stem(const ci_source *src, const char *name) {
  const char *slash = strrchr(src->path, '/'), *own = slash ? slash + 1 : src->path;
  return stem(own) == stem(name) && !strncmp(own, name, stem(own));
}

static int two(const ci_source *src, const char *a, const char *b, const char *what, cnnimg_error *err) {
  return ci_fail(err, CNNIMG_UNSUPPORTED, "%s: both %.100s and %.100s beside it could be its %s", src->name,
                 a, b, what);
}

/* ---- a configuration for weights --------------------------------------------------------------------- */

/* NULL: not one that fits. */
static ci_json *try_config(const ci_source *src, const char *name, const ci_store *raw) {
  ci_source file;
  cnnimg_error err;
  ci_json *config = NULL;
  if (ci_source_beside(&file, src, name, &err)) return NULL;
  if (file.size <= MOST_CONFIG && ci_keras_is_config(file.data, file.size) &&
      !ci_json_parse(file.data, file.size, &config, &err) && !ci_keras_fits(raw, config)) {
    ci_json_free(config);
    config = NULL;
  }
  ci_source_close(&file);
  return config;
}

int ci_keras_config_beside(const ci_source *src, const ci_store *raw, ci_json **out, cnnimg_error *err) {
  names l;
  const char *found = NULL;
  int status = CNNIMG_OK;
  *out = NULL;
  list(src, ".json", &l);
  for (int own = 1; own >= 0 && !*out; own--) /* one of the same name goes before */
    for (size_t i = 0; i < l.n && !status; i++) {
      ci_json *config = same_stem(src, l.items[i]) == (own == 1) ? try_config(src, l.items[i], raw) : NULL;
      if (config && *out) {
        status = two(src, found, l.items[i], "configuration", err);
        ci_json_free(config);
      } else if (config) *out = config, found = l.items[i];
    }
  free_names(&l);
  if (status) {
    ci_json_free(*out);
    *out = NULL;
  }
  return status;
}

/* ---- weights for a configuration ------------------------------------------------------------------------ */

/* NULL: not weights alone, or of other layers; *trouble keeps the last reason why one could not be read. */
static ci_store *try_weights(const ci_source *src, const char *name, const ci_json *config,
                             cnnimg_error *trouble) {
  ci_source file;
  ci_store *raw = NULL;
  if (ci_source_beside(&file, src, name, trouble)) return NULL;
  bool ok = !ci_helper_load(&file, &raw, trouble);
  ci_source_close(&file);
  if (ok && !ci_store_meta(raw, "@model_config") && ci_keras_kind_of(raw) != CI_KERAS_NONE &&
      ci_keras_fits(raw, config))
    return raw;
  ci_store_free(raw);
  return NULL;
}

int ci_keras_weights_beside(const ci_source *src, const ci_json *config, ci_store **raw, cnnimg_error *err) {
  names l;
  const char *found = NULL;
  cnnimg_error trouble = {0};
  int status = CNNIMG_OK;
  *raw = NULL;
  list(src, ".h5", &l);
  for (int own = 1; own >= 0 && !*raw; own--)
    for (size_t i = 0; i < l.n && !status; i++) {
      ci_store *s =
          same_stem(src, l.items[i]) == (own == 1) ? try_weights(src, l.items[i], config, &trouble) : NULL;
      if (s && *raw) {
        status = two(src, found, l.items[i], "weights", err);
        ci_store_free(s);
      } else if (s) *raw = s, found = l.items[i];
    }
  if (!status && !*raw)
    status = trouble.text[0]
                 ? ci_fail(err, trouble.code, "%s: its weights: %.300s", src->name, trouble.text)
                 : ci_fail(err, CNNIMG_UNSUPPORTED,
                           "%s: a Keras configuration, and no .h5 beside it holds weights for its layers",
                           src->name);
  free_names(&l);
  if (status) {
    ci_store_free(*raw);
    *raw = NULL;
  }
  return status;
}
