/* SPDX-License-Identifier: MIT */
/* keras_args.c - what a layer is called with, in the three spellings that Keras had */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "formats/keras_model.h"

#define DEEPEST 8 /* lists in lists */

static bool push(ci_build *b, ci_kargs *out, ci_karg a) {
  if (out->n >= CI_KERAS_ARGS)
    ci_build_fail(b, CNNIMG_LIMIT, "a layer is called with more than %d values", CI_KERAS_ARGS);
  else if (!ci_grow((void **)&out->items, &out->cap, out->n + 1, sizeof *out->items))
    ci_build_fail(b, CNNIMG_NOMEM, "no memory for the network");
  else out->items[out->n++] = a;
  return !b->status;
}

/* ["conv1", 0, 0] or ["conv1", 0, 0, {...}] */
static bool is_reference(const ci_json *v) {
  return ci_json_size(v) >= 3 && ci_json_is_string(ci_json_at(v, 0)) && ci_json_is_number(ci_json_at(v, 1));
}

static bool push_reference(ci_build *b, ci_kargs *out, const char *key, const ci_json *v) {
  ci_karg a = {.key = key, .json = v, .is_value = true, .layer = ci_json_string(ci_json_at(v, 0), "")};
  a.call = ci_json_int(ci_json_at(v, 1), -1), a.index = ci_json_int(ci_json_at(v, 2), -1);
  if (!strcmp(a.layer, "_CONSTANT_VALUE")) a.is_value = false, a.json = ci_json_at(v, 2);
  return push(b, out, a);
}

static bool walk(ci_build *b, ci_kargs *out, const char *key, const ci_json *v, int depth);

static bool walk_named(ci_build *b, ci_kargs *out, const ci_json *object, int depth) {
  void *iter = NULL;
  const char *key;
  const ci_json *value;
  while (ci_json_next(object, &iter, &key, &value))
    if (!ci_json_is_null(value) && !walk(b, out, key, value, depth + 1)) return false;
  return true;
}

/* Keras 3's objects: a value of the network, or a constant. */
static bool walk_object(ci_build *b, ci_kargs *out, const char *key, const ci_json *v, int depth) {
  const char *type = ci_json_string(ci_json_get(v, "class_name"), "");
  const ci_json *config = ci_json_get(v, "config");
  if (!strcmp(type, "__keras_tensor__")) {
    const ci_json *from = ci_json_get(config, "keras_history");
    if (is_reference(from)) return push_reference(b, out, key, from);
    ci_build_fail(b, CNNIMG_CORRUPT, "a layer is called with a value of nobody");
    return false;
  }
  if (!strcmp(type, "__tensor__") || !strcmp(type, "__numpy__"))
    return walk(b, out, key, ci_json_get(config, "value"), depth + 1);
  return walk_named(b, out, v, depth);
}

/* A list without values in it is one argument; others are looked through. */
static bool is_plain(const ci_json *v) {
  for (size_t i = 0; i < ci_json_size(v); i++)
    if (!ci_json_is_number(ci_json_at(v, i))) return false;
  return true;
}

static bool walk(ci_build *b, ci_kargs *out, const char *key, const ci_json *v, int depth) {
  if (depth > DEEPEST) {
    ci_build_fail(b, CNNIMG_LIMIT, "a layer is called with lists more than %d deep", DEEPEST);
    return false;
  }
  if (is_reference(v))
    return push_reference(b, out, key, v) && walk_named(b, out, ci_json_at(v, 3), depth + 1);
  if (ci_json_is_object(v)) return walk_object(b, out, key, v, depth);
  if (!ci_json_is_array(v) || is_plain(v)) {
    ci_karg a = {.key = key, .json = v};
    return ci_json_size(v) || !ci_json_is_array(v) ? push(b, out, a) : true;
  }
  for (size_t i = 0; i < ci_json_size(v); i++)
    if (!walk(b, out, key, ci_json_at(v, i), depth + 1)) return false;
  return true;
}

bool ci_keras_args(ci_build *b, const ci_json *node, ci_kargs *out) {
  if (b->status || !node) return !b->status;
  if (!ci_json_get(node, "args")) return walk(b, out, NULL, node, 0);
  const ci_json *args = ci_json_get(node, "args");
  for (size_t i = 0; i < ci_json_size(args); i++)
    if (!walk(b, out, NULL, ci_json_at(args, i), 1)) return false;
  return walk_named(b, out, ci_json_get(node, "kwargs"), 1);
}
