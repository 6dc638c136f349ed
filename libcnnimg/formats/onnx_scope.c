/* SPDX-License-Identifier: MIT */
/* onnx_scope.c - names for a file's values: the program's own where they will do */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "formats/onnx_write.h"

typedef struct named {
  const char *name;
  size_t id;
} named;

static int by_name(const void *a, const void *b) {
  const named *x = a, *y = b;
  int order = strcmp(x->name, y->name);
  return order ? order : x->id < y->id ? -1 : x->id > y->id;
}

static bool is_utf8(const char *s) {
  for (int n; *s; s += n)
    if (!(n = ci_utf8_length(s))) return false;
  return true;
}

static bool taken(const named *sorted, size_t n, const char *name) {
  named key = {name, 0};
  size_t lo = 0, hi = n;
  while (lo < hi) {
    size_t mid = lo + (hi - lo) / 2;
    int order = strcmp(key.name, sorted[mid].name);
    if (!order) return true;
    if (order < 0) hi = mid;
    else lo = mid + 1;
  }
  return false;
}

/* "name.12", longer while something is called so; '.' and the value's own number keep new names apart. */
static char *make(const named *sorted, size_t n, size_t id, const char *name) {
  char *now = ci_strdup(is_utf8(name) ? name : "value");
  while (now) {
    size_t room = strlen(now) + 24;
    char *longer = ci_calloc(room, 1);
    if (longer) snprintf(longer, room, "%s.%zu", *now ? now : "value", id);
    free(now);
    now = longer;
    if (now && !taken(sorted, n, now)) break;
  }
  return now;
}

static int give_names(ci_onnx_scope *s, const named *sorted) {
  for (size_t i = 0; i < s->p->n_values; i++) {
    const char *name = sorted[i].name;
    size_t id = sorted[i].id;
    bool fine = *name && (!i || strcmp(name, sorted[i - 1].name)) && is_utf8(name);
    if (!fine && !(s->made[id] = make(sorted, s->p->n_values, id, name))) return CNNIMG_NOMEM;
    s->names[id] = fine ? name : s->made[id];
  }
  return CNNIMG_OK;
}

int ci_onnx_scope_init(ci_onnx_scope *s, const ci_program *p, cnnimg_error *err) {
  named *sorted = ci_calloc(p->n_values + 1, sizeof *sorted);
  *s = (ci_onnx_scope){p, ci_calloc(p->n_values + 1, sizeof *s->names),
                       ci_calloc(p->n_values + 1, sizeof *s->made)};
  int status = sorted && s->names && s->made ? CNNIMG_OK : CNNIMG_NOMEM;
  for (size_t i = 0; !status && i < p->n_values; i++) sorted[i] = (named){p->values[i].name, i};
  if (!status && p->n_values) qsort(sorted, p->n_values, sizeof *sorted, by_name);
  if (!status) status = give_names(s, sorted);
  free(sorted);
  return status ? ci_fail(err, status, "no memory for the names of a network") : CNNIMG_OK;
}

void ci_onnx_scope_fini(ci_onnx_scope *s) {
  for (size_t i = 0; s->made && i < s->p->n_values; i++) free(s->made[i]);
  free(s->made);
  free(s->names);
  *s = (ci_onnx_scope){0};
}
