/* SPDX-License-Identifier: MIT */
/* tensors.c - for check-published: files without a network, whose tensors case.json lists */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "formats/format.h"
#include "tests/published/published.h"

#define DEPTH 200

typedef struct listed {
  ci_loaded *loaded;
  size_t found, missing;
  char first[100]; /* that is missing */
} listed;

/* ---- one tensor: {"tensor": "float32", "shape": [...], "data": [the first numbers], "sum": ...} -------- */

static bool has_shape(const ci_tensor *t, const ci_json *shape) {
  if ((size_t)t->rank != ci_json_size(shape)) return false;
  for (int32_t k = 0; k < t->rank; k++)
    if (t->dim[k] != ci_json_int(ci_json_at(shape, (size_t)k), -1)) return false;
  return true;
}

static double element(const ci_tensor *t, size_t i) {
  return t->dtype == CI_I64 ? (double)((const int64_t *)t->data)[i] : (double)((const float *)t->data)[i];
}

/* Numbers are kept as float: what is listed is rounded likewise. */
static bool has_numbers(const ci_tensor *t, const ci_json *v) {
  const ci_json *data = ci_json_get(v, "data");
  double sum = 0, size = 0, want = ci_json_number(ci_json_get(v, "sum"), 0);
  for (size_t i = 0; i < t->count; i++) sum += element(t, i), size += fabs(element(t, i));
  for (size_t i = 0; i < ci_json_size(data); i++)
    if (element(t, i) != (double)(float)ci_json_number(ci_json_at(data, i), NAN)) return false;
  return fabs(sum - want) <= 1e-6 * size + 1e-30;
}

static void look_for(const ci_json *v, listed *l) {
  const ci_store *s = l->loaded->store;
  const ci_json *shape = ci_json_get(v, "shape");
  size_t at = 0;
  if (ci_json_size(ci_json_get(v, "data")) == 0)
    return; /* a tensor without elements holds nothing to be read */
  for (size_t i = 0; s && i < s->n; i++)
    if (has_shape(s->entries[i].tensor, shape) && has_numbers(s->entries[i].tensor, v)) {
      l->found++;
      return;
    }
  if (l->missing++) return;
  for (size_t k = 0; k < ci_json_size(shape) && at < sizeof l->first - 1; k++)
    at += (size_t)snprintf(l->first + at, sizeof l->first - at, " %lld",
                           (long long)ci_json_int(ci_json_at(shape, k), -1));
}

/* Tensors stand somewhere in tables in tables. */
static void walk(const ci_json *v, listed *l, int depth) {
  void *iter = NULL;
  const char *key;
  const ci_json *inner;
  if (depth > DEPTH) return;
  if (ci_json_is_string(ci_json_get(v, "tensor"))) {
    look_for(v, l);
    return;
  }
  for (size_t i = 0; ci_json_is_array(v) && i < ci_json_size(v); i++) walk(ci_json_at(v, i), l, depth + 1);
  while (ci_json_next(v, &iter, &key, &inner)) walk(inner, l, depth + 1);
}

/* ---- files -------------------------------------------------------------------------------------- */

/* A file without a tensor may be refused, by a sentence. */
static void check_file(const published *c, const char *file, const ci_json *content, row *r) {
  char path[1024];
  ci_source s;
  ci_loaded loaded = {0};
  cnnimg_error err = {0};
  const char *format = "";
  listed l = {.loaded = &loaded};
  int status = ci_source_open(&s, case_path(c, file, path, sizeof path), 0, &err);
  if (!status) status = ci_format_load(&s, &loaded, &format, &err);
  walk(content, &l, 0);
  snprintf(r->format, sizeof r->format, "%s", format);
  r->failed = l.missing > 0 || !format[0] || (status && !strstr(err.text, file));
  if (r->failed && status) snprintf(r->note, sizeof r->note, "%.300s", err.text);
  else if (r->failed)
    snprintf(r->note, sizeof r->note, "%zu tensors missing, the first is%s", l.missing, l.first);
  else snprintf(r->note, sizeof r->note, "%zu tensors%s", l.found, status ? ", refused" : "");
  ci_loaded_free(&loaded);
  ci_source_close(&s);
}

void case_check_tensors(const published *c, case_report report, void *user) {
  const ci_json *files = ci_json_get(c->json, "files"), *about;
  const char *file;
  void *iter = NULL;
  while (ci_json_next(files, &iter, &file, &about)) {
    row r = {.error = -1, .seconds = -1};
    snprintf(r.name, sizeof r.name, "%.80s %.40s", c->name, file);
    check_file(c, file, ci_json_get(about, "content"), &r);
    report(&r, user);
  }
}
