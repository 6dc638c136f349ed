/* SPDX-License-Identifier: MIT */
/* keras_vars.c - tensors of Keras 3 weights (layers/conv2d_1/vars/0), named after the configuration's layers */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "formats/keras_files.h"

#define NAME_ROOM 1100

typedef struct walk {
  ci_store *raw, *to;
  int64_t work;
  cnnimg_error *err;
} walk;

/* ---- how Keras spells a class in a path ------------------------------------------------------ */

/* "Conv2DTranspose": conv2d_transpose, "PReLU": p_re_lu; by two replacements, each from left to right. */
static void snake(const char *class, char *room, size_t size) {
  char first[200];
  size_t n = 0, m = 0;
  for (const char *p = class; *p && n + 3 < sizeof first; p++) {
    first[n++] = *p;
    if (!isupper((unsigned char)p[1]) || !islower((unsigned char)p[2])) continue;
    first[n++] = '_', first[n++] = *++p;
    while (islower((unsigned char)p[1]) && n + 3 < sizeof first) first[n++] = *++p;
  }
  first[n] = 0;
  for (const char *p = first; *p && m + 3 < size; p++) {
    room[m++] = (char)tolower((unsigned char)*p);
    if (!islower((unsigned char)p[0]) || !isupper((unsigned char)p[1])) continue;
    room[m++] = '_', room[m++] = (char)tolower((unsigned char)*++p);
  }
  room[m] = 0;
}

typedef struct counter {
  char name[200];
  int n;
} counter;

typedef struct counters {
  counter *items;
  size_t n, cap;
} counters;

/* "conv2d", "conv2d_1", "conv2d_2" ... */
static int unique(walk *w, counters *seen, const char *class, char *room, size_t size) {
  char name[200];
  snake(class, name, sizeof name);
  for (size_t i = 0; i < seen->n && w->work-- > 0; i++)
    if (!strcmp(seen->items[i].name, name)) {
      snprintf(room, size, "%s_%d", name, ++seen->items[i].n);
      return CNNIMG_OK;
    }
  if (w->work <= 0) return ci_fail(w->err, CNNIMG_LIMIT, "it has too many layers");
  if (!ci_grow((void **)&seen->items, &seen->cap, seen->n + 1, sizeof *seen->items))
    return ci_fail(w->err, CNNIMG_NOMEM, "no memory for the layers");
  counter *c = &seen->items[seen->n++];
  *c = (counter){.n = 0};
  memcpy(c->name, name, sizeof name);
  snprintf(room, size, "%s", name);
  return CNNIMG_OK;
}

/* ---- the order of a layer's variables ---------------------------------------------------------- */

static bool said(const ci_json *layer, const char *key) {
  return ci_json_bool(ci_json_get(ci_json_get(layer, "config"), key), true);
}

/* Its index-th variable: those that are trained first. */
static const char *variable(const ci_json *layer, size_t index) {
  const char *class = ci_keras_class(layer), *names[4];
  size_t n = 0;
  if (strstr(class, "Normalization")) {
    if (said(layer, "scale")) names[n++] = "gamma";
    if (said(layer, "center")) names[n++] = "beta";
    if (!strcmp(class, "BatchNormalization")) names[n++] = "moving_mean", names[n++] = "moving_variance";
  } else if (!strncmp(class, "Separable", 9)) {
    names[n++] = "depthwise_kernel", names[n++] = "pointwise_kernel", names[n++] = "bias";
  } else if (!strncmp(class, "Depthwise", 9)) {
    names[n++] = "depthwise_kernel", names[n++] = "bias";
  } else if (!strcmp(class, "PReLU")) {
    names[n++] = "alpha";
  } else if (!strcmp(class, "Embedding")) {
    names[n++] = "embeddings";
  } else {
    names[n++] = "kernel", names[n++] = "bias";
  }
  return index < n ? names[index] : NULL;
}

/* ---- the walk ------------------------------------------------------------------------------------- */

/* The first entry whose name starts so; raw->n: none. */
static size_t first_under(const ci_store *s, const char *prefix) {
  size_t low = 0, high = s->n, n = strlen(prefix);
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (strcmp(s->entries[middle].name, prefix) < 0) low = middle + 1;
    else high = middle;
  }
  return low < s->n && !strncmp(s->entries[low].name, prefix, n) ? low : s->n;
}

/* Everything under "PATH/": variables of the layer by their names, what its parts hold ("PATH/query/vars/0") by theirs. */
static int take_layer(walk *w, const ci_json *layer, const char *path, const char *target) {
  char prefix[NAME_ROOM + 8], name[NAME_ROOM * 2];
  size_t n = (size_t)snprintf(prefix, sizeof prefix, "%.1090s/", path);
  int status = CNNIMG_OK;
  for (size_t i = first_under(w->raw, prefix); i < w->raw->n && !status; i++) {
    ci_entry *e = &w->raw->entries[i];
    if (strncmp(e->name, prefix, n)) break;
    const char *rest = e->name + n;
    char *end = NULL;
    unsigned long index = !strncmp(rest, "vars/", 5) && rest[5] ? strtoul(rest + 5, &end, 10) : 0;
    const char *known = end && !*end ? variable(layer, index) : NULL;
    e->used = true;
    if (!strncmp(rest, "seed_generator/", 15)) continue;
    snprintf(name, sizeof name, "%s/%s", target, known ? known : rest);
    status = ci_keras_move(e, w->to, name, w->err);
  }
  return status;
}

static int take_model(walk *w, const ci_json *model, const char *path, const char *target, int depth) {
  char inside[NAME_ROOM], own[NAME_ROOM], under[NAME_ROOM], word[220];
  const ci_json *layers = ci_keras_layers(model);
  counters seen = {0};
  int status = CNNIMG_OK;
  if (depth > CI_KERAS_NESTED)
    return ci_fail(w->err, CNNIMG_LIMIT, "more than %d models lie in one another", CI_KERAS_NESTED);
  snprintf(under, sizeof under, "%.1000slayers/", path);
  bool old = first_under(w->raw, under) == w->raw->n;
  size_t n = ci_json_size(layers);
  for (size_t i = 0; i < n && !status; i++) {
    const ci_json *layer = ci_json_at(layers, i);
    status = unique(w, &seen, ci_keras_class(layer), word, sizeof word);
    int a = snprintf(inside, sizeof inside, "%s%s%s", path,
                     old ? "_layer_checkpoint_dependencies/" : "layers/", word);
    int b = snprintf(own, sizeof own, "%s%s", target, ci_keras_name(layer));
    if (a < 0 || b < 0 || a >= NAME_ROOM - 2 || b >= NAME_ROOM - 2)
      status = ci_fail(w->err, CNNIMG_LIMIT, "a name has more than %d bytes", NAME_ROOM);
    if (status) break;
    if (!ci_keras_layers(layer)) {
      status = take_layer(w, layer, inside, own);
      continue;
    }
    strcat(inside, "/");
    strcat(own, "/");
    status = take_model(w, layer, inside, own, depth + 1);
  }
  free(seen.items);
  return status;
}

int ci_keras_rename_vars(ci_store *raw, const ci_json *config, ci_store *to, cnnimg_error *err) {
  walk w = {raw, to, CI_KERAS_WORK, err};
  for (size_t i = 0; i < raw->n; i++) raw->entries[i].used = !strncmp(raw->entries[i].name, "optimizer/", 10);
  int status = take_model(&w, config, "", "", 0);
  for (size_t i = 0; i < raw->n && !status; i++)
    if (!raw->entries[i].used)
      status = ci_fail(err, CNNIMG_CORRUPT, "the tensor \"%.200s\" is no layer's of the configuration",
                       raw->entries[i].name);
  if (!status) status = ci_store_set_meta(to, "keras_version", "3", err);
  return status;
}
