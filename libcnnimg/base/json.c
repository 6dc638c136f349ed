/* SPDX-License-Identifier: MIT */
/* json.c - jansson behind a few readers that never fail */
#include "base/json.h"

#include <jansson.h>
#include <math.h>

#include "base/error.h"

static json_t *plain(const ci_json *v) { return (json_t *)(uintptr_t)v; }

int ci_json_parse(const void *text, size_t size, ci_json **out, cnnimg_error *err) {
  json_error_t e;
  *out = NULL;
  if (!size) return ci_fail(err, CNNIMG_CORRUPT, "the JSON text is empty");
  json_t *v = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);
  *out = (ci_json *)v;
  if (v) return CNNIMG_OK;
  if (json_error_code(&e) == json_error_out_of_memory)
    return ci_fail(err, CNNIMG_NOMEM, "no memory for JSON text");
  return ci_fail(err, CNNIMG_CORRUPT, "the JSON text is damaged at line %d, column %d: %s", e.line, e.column,
                 e.text);
}

void ci_json_free(ci_json *document) { json_decref((json_t *)document); }

const ci_json *ci_json_get(const ci_json *object, const char *key) {
  return (const ci_json *)json_object_get(plain(object), key);
}
const ci_json *ci_json_at(const ci_json *array, size_t i) {
  return (const ci_json *)json_array_get(plain(array), i);
}

size_t ci_json_size(const ci_json *v) {
  return json_is_object(plain(v)) ? json_object_size(plain(v)) : json_array_size(plain(v));
}

bool ci_json_is_array(const ci_json *v) { return json_is_array(plain(v)); }
bool ci_json_is_object(const ci_json *v) { return json_is_object(plain(v)); }
bool ci_json_is_null(const ci_json *v) { return !v || json_is_null(plain(v)); }
bool ci_json_is_number(const ci_json *v) { return json_is_number(plain(v)); }
bool ci_json_is_string(const ci_json *v) { return json_is_string(plain(v)); }

const char *ci_json_string(const ci_json *v, const char *otherwise) {
  return json_is_string(plain(v)) ? json_string_value(plain(v)) : otherwise;
}

double ci_json_number(const ci_json *v, double otherwise) {
  return json_is_number(plain(v)) ? json_number_value(plain(v)) : otherwise;
}

int64_t ci_json_int(const ci_json *v, int64_t otherwise) {
  if (json_is_integer(plain(v))) return json_integer_value(plain(v));
  double d = ci_json_number(v, NAN);
  return d == floor(d) && fabs(d) < 9e15 ? (int64_t)d : otherwise;
}

bool ci_json_bool(const ci_json *v, bool otherwise) {
  return json_is_boolean(plain(v)) ? json_is_true(plain(v)) : otherwise;
}

bool ci_json_next(const ci_json *object, void **iter, const char **key, const ci_json **value) {
  json_t *o = plain(object);
  *iter = *iter ? json_object_iter_next(o, *iter) : json_object_iter(o);
  if (!*iter) return false;
  *key = json_object_iter_key(*iter);
  *value = (const ci_json *)json_object_iter_value(*iter);
  return true;
}
