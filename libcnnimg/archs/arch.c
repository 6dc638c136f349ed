/* SPDX-License-Identifier: MIT */
/* arch.c - the second auction: which architecture do these tensors belong to? */
#include "archs/arch.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

#define LEAST_LIKENESS 1 /* names in common that are worth a word */

#define CI_ARCH(id) extern const ci_arch ci_arch_##id;
#include "archs/archs.inc"
#undef CI_ARCH

const ci_arch *const ci_archs[] = {
#define CI_ARCH(id) &ci_arch_##id,
#include "archs/archs.inc"
#undef CI_ARCH
    NULL};

/* "conv1.weight (64 3 3 3), ...": the first few tensors. */
static void describe(const ci_store *s, char *text, size_t room) {
  size_t at = 0;
  text[0] = 0;
  for (size_t i = 0; i < s->n && i < 3 && at + 1 < room; i++) {
    const ci_tensor *t = s->entries[i].tensor;
    at += (size_t)snprintf(text + at, room - at, "%s%.40s (", i ? ", " : "", s->entries[i].name);
    for (int32_t k = 0; k < t->rank && at + 1 < room; k++)
      at += (size_t)snprintf(text + at, room - at, "%s%lld", k ? " " : "", (long long)t->dim[k]);
    if (at + 1 < room) at += (size_t)snprintf(text + at, room - at, ")");
  }
}

/* The architecture most of whose questions the file answers, and the name that it did not find. */
static const ci_arch *nearest(ci_store *s, ci_store_trace *best) {
  const ci_arch *found = NULL;
  *best = (ci_store_trace){.found = LEAST_LIKENESS - 1};
  for (size_t i = 0; ci_archs[i]; i++) {
    ci_store_trace t = {0};
    s->trace = &t;
    ci_archs[i]->bid(s);
    s->trace = NULL;
    if (t.found > best->found) *best = t, found = ci_archs[i];
  }
  return found;
}

static int unknown(ci_store *s, const char *file, cnnimg_error *err) {
  char seen[200], likeness[200] = "";
  ci_store_trace t;
  if (!s->n) return ci_fail(err, CNNIMG_UNSUPPORTED, "%s: there are no tensors in it", file);
  const ci_arch *a = nearest(s, &t);
  describe(s, seen, sizeof seen);
  if (a && t.missing[0])
    snprintf(likeness, sizeof likeness, "; nearest is %.60s, but there is no \"%s\"", a->name, t.missing);
  else if (a) snprintf(likeness, sizeof likeness, "; nearest is %.60s, but shapes differ", a->name);
  return ci_fail(err, CNNIMG_UNSUPPORTED, "%s: %zu tensors of no architecture that is known: %s%s", file,
                 s->n, seen, likeness);
}

static int build(const ci_arch *a, ci_store *s, const char *file, ci_program **out, cnnimg_error *err) {
  cnnimg_error own = {0};
  ci_build b;
  int status = ci_build_init(&b, s, &own);
  int32_t y = status ? -1 : a->build(&b);
  ci_build_card(&b, "architecture", "%s", a->name);
  status = ci_build_finish(&b, y, out);
  return status ? ci_fail(err, status, "%s: it looks like %s, but %s", file, a->name, own.text) : CNNIMG_OK;
}

int ci_arch_build(ci_store *s, const char *file, ci_program **out, const char **arch_name,
                  cnnimg_error *err) {
  const ci_arch *best = NULL, *other = NULL;
  int most = 0;
  *out = NULL;
  for (size_t i = 0; ci_archs[i]; i++) {
    int bid = ci_archs[i]->bid(s);
    if (bid > most) best = ci_archs[i], other = NULL, most = bid;
    else if (bid == most && best) other = ci_archs[i];
  }
  if (!best) return unknown(s, file, err);
  if (other)
    return ci_fail(err, CNNIMG_UNSUPPORTED, "%s: it could be %s or %s", file, best->name, other->name);
  if (arch_name) *arch_name = best->name;
  return build(best, s, file, out, err);
}
