/* SPDX-License-Identifier: MIT */
/* store.c - named tensors: kept, sorted, found */
#include "net/store.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

#define NAME_ROOM 512 /* of a name that is asked for */

ci_store *ci_store_new(void) { return ci_calloc(1, sizeof(ci_store)); }

void ci_store_free(ci_store *s) {
  if (!s) return;
  for (size_t i = 0; i < s->n; i++) {
    free(s->entries[i].name);
    ci_tensor_free(s->entries[i].tensor);
  }
  for (size_t i = 0; i < s->n_meta; i++) {
    free(s->meta[i].key);
    free(s->meta[i].value);
  }
  free(s->entries);
  free(s->meta);
  ci_kept_free(s->kept);
  free(s);
}

static int no_memory(cnnimg_error *err) { return ci_fail(err, CNNIMG_NOMEM, "no memory for the weights"); }

int ci_store_add(ci_store *s, const char *name, ci_tensor *tensor, cnnimg_error *err) {
  char *copy = tensor ? ci_strdup(name) : NULL;
  bool many = s->n >= CI_STORE_MOST;
  if (copy && !many && ci_grow((void **)&s->entries, &s->cap, s->n + 1, sizeof *s->entries)) {
    s->entries[s->n++] = (ci_entry){copy, tensor, false};
    return CNNIMG_OK;
  }
  free(copy);
  ci_tensor_free(tensor);
  return many ? ci_fail(err, CNNIMG_LIMIT, "the file has more than %d tensors", CI_STORE_MOST)
              : no_memory(err);
}

static ci_card_line *line_of(const ci_store *s, const char *key) {
  for (size_t i = 0; i < s->n_meta; i++)
    if (!strcmp(s->meta[i].key, key)) return &s->meta[i];
  return NULL;
}

int ci_store_set_meta(ci_store *s, const char *key, const char *value, cnnimg_error *err) {
  ci_card_line *line = line_of(s, key);
  if (!line && s->n_meta >= CI_STORE_REMARKS)
    return ci_fail(err, CNNIMG_LIMIT, "the file has more than %d remarks", CI_STORE_REMARKS);
  char *v = ci_strdup(value), *k = line ? NULL : ci_strdup(key);
  if (!v || (!line && (!k || !ci_grow((void **)&s->meta, &s->cap_meta, s->n_meta + 1, sizeof *s->meta)))) {
    free(v);
    free(k);
    return no_memory(err);
  }
  if (line) {
    free(line->value);
    line->value = v;
  } else s->meta[s->n_meta++] = (ci_card_line){k, v};
  return CNNIMG_OK;
}

const char *ci_store_meta(const ci_store *s, const char *key) {
  const ci_card_line *line = line_of(s, key);
  return line ? line->value : NULL;
}

static int by_name(const void *a, const void *b) {
  return strcmp(((const ci_entry *)a)->name, ((const ci_entry *)b)->name);
}

int ci_store_finish(ci_store *s, cnnimg_error *err) {
  if (s->n) qsort(s->entries, s->n, sizeof *s->entries, by_name);
  for (size_t i = 1; i < s->n; i++)
    if (!strcmp(s->entries[i - 1].name, s->entries[i].name))
      return ci_fail(err, CNNIMG_CORRUPT, "the file has two tensors called \"%s\"", s->entries[i].name);
  return CNNIMG_OK;
}

int ci_store_strip(ci_store *s, const char *prefix, cnnimg_error *err) {
  size_t n = strlen(prefix);
  for (size_t i = 0; i < s->n; i++) {
    char *name = s->entries[i].name;
    if (!strncmp(name, prefix, n)) memmove(name, name + n, strlen(name + n) + 1);
  }
  return ci_store_finish(s, err);
}

static ci_entry *find(const ci_store *s, const char *name) {
  ci_entry key = {.name = (char *)(uintptr_t)name};
  return s->n ? bsearch(&key, s->entries, s->n, sizeof *s->entries, by_name) : NULL;
}

static void note(ci_store_trace *t, const char *name, bool found) {
  if (found) t->found++, t->run++;
  else {
    if (t->run > t->most) t->most = t->run, snprintf(t->missing, sizeof t->missing, "%.90s", name);
    t->run = 0;
  }
}

/* A name that does not fit is none of an architecture's. */
static ci_entry *find_va(const ci_store *s, const char *fmt, va_list args) {
  char name[NAME_ROOM];
  int n = vsnprintf(name, sizeof name, fmt, args);
  if (n < 0 || (size_t)n >= sizeof name) return NULL;
  ci_entry *e = find(s, name);
  if (s->trace) note(s->trace, name, e != NULL);
  return e;
}

ci_entry *ci_store_find(const ci_store *s, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  ci_entry *e = find_va(s, fmt, args);
  va_end(args);
  return e;
}

const ci_tensor *ci_store_get(const ci_store *s, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  ci_entry *e = find_va(s, fmt, args);
  va_end(args);
  return e ? e->tensor : NULL;
}

int64_t ci_store_dim(const ci_store *s, int32_t i, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  ci_entry *e = find_va(s, fmt, args);
  va_end(args);
  return e && i < e->tensor->rank ? e->tensor->dim[i] : 0;
}

bool ci_store_has(const ci_store *s, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  ci_entry *e = find_va(s, fmt, args);
  va_end(args);
  return e != NULL;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
int32_t ci_store_run(const ci_store *s, const char *fmt) {
  char name[NAME_ROOM];
  int32_t n = 0;
  while (n < CI_STORE_MOST) {
    int wrote = snprintf(name, sizeof name, fmt, n);
    if (wrote < 0 || (size_t)wrote >= sizeof name || !find(s, name)) break;
    n++;
  }
  return n;
}
#pragma GCC diagnostic pop
