/* SPDX-License-Identifier: MIT */
/* matconvnet_dag.c - MatConvNet's graphs (DagNN): layers that name the values they take and make */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "formats/matconvnet.h"

#define MOST_LAYERS 1024
#define MOST_INPUTS 16

typedef struct variable {
  const char *name;
  ci_mcn_value value;
  bool taken; /* by a layer that counts */
} variable;

typedef struct dag {
  ci_mcn *n;
  variable *vars;
  size_t n_vars, cap_vars;
} dag;

/* "net/layers/FIELD/3"; where there is one layer only, "net/layers/FIELD". */
static const char *text(const ci_store *s, const char *list, const char *field, int i, int k) {
  char key[160], end[32] = "";
  if (k >= 0) snprintf(end, sizeof end, "/%d", k);
  snprintf(key, sizeof key, "net/%s/%s/%d%s", list, field, i, end);
  const char *found = ci_store_meta(s, key);
  if (found || i) return found;
  snprintf(key, sizeof key, "net/%s/%s%s", list, field, end);
  return ci_store_meta(s, key);
}

/* A list of names; a single one may stand without a list. */
static const char *item(const ci_store *s, const char *field, int i, int k) {
  const char *found = text(s, "layers", field, i, k);
  return found || k ? found : text(s, "layers", field, i, -1);
}

bool ci_mcn_is_dag(const ci_store *s) {
  const char *type = text(s, "layers", "type", 0, -1);
  return type && text(s, "layers", "outputs", 0, 0);
}

static const ci_tensor *parameter(const ci_store *s, const char *name) {
  for (int i = 0; i < CI_STORE_REMARKS; i++) {
    const char *own = text(s, "params", "name", i, -1);
    if (!own) return NULL;
    if (strcmp(own, name)) continue;
    const ci_tensor *t = ci_store_get(s, "net/params/value/%d", i);
    return t || i ? t : ci_store_get(s, "net/params/value");
  }
  return NULL;
}

static variable *find(dag *d, const char *name) {
  for (size_t i = 0; i < d->n_vars; i++)
    if (!strcmp(d->vars[i].name, name)) return &d->vars[i];
  return NULL;
}

static variable *add(dag *d, const char *name, ci_mcn_value value) {
  if (!ci_grow((void **)&d->vars, &d->cap_vars, d->n_vars + 1, sizeof *d->vars)) {
    ci_build_fail(&d->n->b, CNNIMG_NOMEM, "no memory for the network");
    return NULL;
  }
  d->vars[d->n_vars] = (variable){name, value, false};
  return &d->vars[d->n_vars++];
}

/* "dagnn.Conv" in SimpleNN's words; NULL: it computes nothing that the answer needs (a loss, an error). */
static const char *simple_type(const char *type) {
  static const char *const words[][2] = {
      {"Conv", "conv"},       {"ConvTranspose", "convt"}, {"BatchNorm", "bnorm"}, {"ReLU", "relu"},
      {"Sigmoid", "sigmoid"}, {"SubP", "SubP"},           {"Concat", "concat"},   {"Sum", "sum"}};
  const char *dot = strrchr(type, '.'), *word = dot ? dot + 1 : type;
  size_t n = strlen(word);
  if (n >= 4 && !strcmp(word + n - 4, "Loss")) return NULL;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (!strcmp(words[i][0], word)) return words[i][1];
  return word;
}

/* ---- the inputs --------------------------------------------------------------------------------- */

static bool made(const ci_store *s, const char *name, int before) {
  for (int i = 0; i < before; i++)
    for (int k = 0; k < MOST_INPUTS; k++) {
      const char *out = item(s, "outputs", i, k);
      if (!out) break;
      if (!strcmp(out, name)) return true;
    }
  return false;
}

/* Channels of the picture: what the first filters take. */
static int64_t channels(const ci_store *s) {
  for (int i = 0; i < MOST_LAYERS && text(s, "layers", "type", i, -1); i++) {
    const char *type = simple_type(text(s, "layers", "type", i, -1)), *p = item(s, "params", i, 0);
    if (type && !strcmp(type, "conv") && p) return ci_mcn_inputs(parameter(s, p));
  }
  return 0;
}

/* A value that no layer makes: the picture, and behind it the map of sigma. */
static variable *input(dag *d, const char *name) {
  ci_mcn *n = d->n;
  if (!d->n_vars) return add(d, name, n->image);
  if (n->sigma.v < 0) return add(d, name, ci_mcn_sigma(n));
  ci_build_fail(&n->b, CNNIMG_UNSUPPORTED,
                "the network has more inputs than a picture and a map of sigma (%.100s)", name);
  return NULL;
}

/* ---- layers --------------------------------------------------------------------------------------- */

static int32_t gather(dag *d, int i, ci_mcn_value *x) {
  int32_t count = 0;
  for (const char *name; count < MOST_INPUTS && (name = item(d->n->s, "inputs", i, count)); count++) {
    variable *v = find(d, name);
    if (!v && made(d->n->s, name, MOST_LAYERS)) {
      ci_build_fail(&d->n->b, CNNIMG_UNSUPPORTED, "the value \"%.100s\" is used before it is made", name);
      return 0;
    }
    if (!v) v = input(d, name);
    if (!v) return 0;
    v->taken = true;
    x[count] = v->value;
  }
  return count;
}

static ci_mcn_value compute(dag *d, int i, const char *type, const ci_mcn_value *x, int32_t count) {
  ci_mcn *n = d->n;
  char at[64], index[24];
  snprintf(index, sizeof index, "%d", i);
  bool several = text(n->s, "layers", "type", 1, -1) != NULL;
  snprintf(at, sizeof at, "net/layers/block%s%s", several ? "/" : "", several ? index : "");
  const char *name = text(n->s, "layers", "name", i, -1);
  ci_mcn_layer layer = {.name = name ? name : index, .type = type, .at = at};
  for (int k = 0; k < 3; k++) {
    const char *p = item(n->s, "params", i, k);
    layer.weights[k] = p ? parameter(n->s, p) : NULL;
  }
  if (!strcmp(type, "concat")) return ci_mcn_concat(n, x, count, false);
  if (!strcmp(type, "sum")) return ci_mcn_sum(n, x, count);
  return ci_mcn_apply(n, &layer, x[0]);
}

static void one(dag *d, int i, const char *type) {
  ci_mcn_value x[MOST_INPUTS];
  int32_t count = gather(d, i, x);
  const char *out = item(d->n->s, "outputs", i, 0);
  if (!d->n->b.status && (!count || !out || find(d, out)))
    ci_build_fail(&d->n->b, CNNIMG_CORRUPT, "layer %d takes nothing, or makes what is there already", i + 1);
  if (!d->n->b.status) add(d, out, compute(d, i, type, x, count));
}

/* The one value that nothing takes. */
static int32_t finish(dag *d) {
  const variable *last = NULL;
  for (size_t i = 0; i < d->n_vars; i++) {
    if (d->vars[i].taken) continue;
    if (last)
      return ci_build_fail(&d->n->b, CNNIMG_UNSUPPORTED,
                           "the network has two answers, \"%.60s\" and \"%.60s\"", last->name,
                           d->vars[i].name);
    last = &d->vars[i];
  }
  if (!last) return ci_build_fail(&d->n->b, CNNIMG_CORRUPT, "the network has no answer");
  ci_build_card(&d->n->b, "architecture", "MatConvNet graph");
  return ci_mcn_end(d->n, last->value);
}

int32_t ci_mcn_dag(ci_mcn *n) {
  dag d = {.n = n};
  ci_mcn_begin(n, channels(n->s), 1);
  for (int i = 0; i < MOST_LAYERS && !n->b.status; i++) {
    const char *full = text(n->s, "layers", "type", i, -1), *type = full ? simple_type(full) : NULL;
    if (!full) break;
    if (type) one(&d, i, type);
  }
  int32_t y = n->b.status ? -1 : finish(&d);
  free(d.vars);
  return y;
}
