/* SPDX-License-Identifier: MIT */
/* keras_merge.c - Keras layers of several values: sums, products, joined channels; numbers among them */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "formats/keras_model.h"

static const ci_kt nothing = {.v = -1};

/* The form of the first; values of other ranks are another thing. */
ci_kt ci_keras_alike(const ci_kcall *c, int32_t *ids, size_t n) {
  ci_kt first = ci_keras_in(c, 0);
  for (size_t k = 0, i = 0; k < c->n_args && i < n && !c->k->b.status; k++) {
    if (!c->args[k].is_value) continue;
    ci_kt t = c->args[k].t;
    if (t.rank != first.rank) return ci_keras_fail(c, CNNIMG_UNSUPPORTED, "joins values of different ranks");
    if (t.last && !first.last) t = ci_keras_plain(c, t);
    if (first.last && !t.last) t.v = ci_put_to_first(&c->k->b, t.v);
    ids[i++] = t.v;
    if (t.channels > first.channels) first.channels = t.channels; /* the others are one channel wide */
    if (t.scale > first.scale) first.scale = t.scale;
  }
  return first;
}

/* ---- numbers ------------------------------------------------------------------------------------- */

/* A value, a number, or one number a channel of t. */
static int32_t operand(const ci_kcall *c, const ci_karg *a, ci_kt t) {
  float list[1024];
  size_t n = ci_json_size(a->json);
  if (a->is_value) return a->t.last == t.last && a->t.rank == t.rank ? a->t.v : -1;
  if (ci_json_is_number(a->json)) return ci_build_scalar(&c->k->b, (float)ci_json_number(a->json, 0));
  for (size_t i = 0; i < n && i < 1024; i++) list[i] = (float)ci_json_number(ci_json_at(a->json, i), 0);
  if (!n || n > 1024) return -1;
  return t.last ? ci_put_per_channel(&c->k->b, list, n) : ci_build_floats(&c->k->b, list, n);
}

ci_kt ci_keras_binary(const ci_kcall *c, const char *type, const ci_karg *x, const ci_karg *y) {
  ci_kt t = x->is_value ? x->t : y->t;
  if (x->is_value && y->is_value) {
    int32_t ids[2] = {-1, -1};
    t = ci_keras_alike(c, ids, 2);
    t.v = ci_build_op2(&c->k->b, type, ids[0], ids[1]);
    return t;
  }
  int32_t a = operand(c, x, t), b = operand(c, y, t);
  if (a < 0 || b < 0) return ci_keras_fail(c, CNNIMG_UNSUPPORTED, "computes with what is not known");
  t.v = ci_build_op2(&c->k->b, type, a, b);
  return t;
}

/* Is it an operation on a value and a number ("x * 0.2"), and not a layer that joins values? */
static bool has_number(const ci_kcall *c) {
  for (size_t i = 0; i < c->n_args && i < 2; i++)
    if (!c->args[i].is_value && (ci_json_is_number(c->args[i].json) || ci_json_is_array(c->args[i].json)))
      return true;
  return false;
}

static ci_kt join(const ci_kcall *c, const char *type) {
  size_t n = ci_keras_count(c);
  if (has_number(c) && n == 1 && c->n_args >= 2) return ci_keras_binary(c, type, &c->args[0], &c->args[1]);
  int32_t *ids = ci_calloc(n + 1, sizeof *ids);
  ci_kt t = ids ? ci_keras_alike(c, ids, n) : ci_keras_fail(c, CNNIMG_NOMEM, "has no memory");
  if (!c->k->b.status && n > 1) t.v = ci_put_many(&c->k->b, type, ids, n);
  free(ids);
  return t;
}

/* ---- layers ------------------------------------------------------------------------------------------ */

static ci_kt add(const ci_kcall *c) { return join(c, ci_keras_count(c) > 2 ? "Sum" : "Add"); }
static ci_kt maximum(const ci_kcall *c) { return join(c, "Max"); }
static ci_kt minimum(const ci_kcall *c) { return join(c, "Min"); }

/* ONNX has no product of many: one by one. */
static ci_kt multiply(const ci_kcall *c) {
  size_t n = ci_keras_count(c);
  if (n <= 2) return join(c, "Mul");
  int32_t *ids = ci_calloc(n, sizeof *ids);
  ci_kt t = ids ? ci_keras_alike(c, ids, n) : ci_keras_fail(c, CNNIMG_NOMEM, "has no memory");
  for (size_t i = 0; i < n && !c->k->b.status; i++)
    t.v = i ? ci_build_op2(&c->k->b, "Mul", t.v, ids[i]) : ids[0];
  free(ids);
  return t;
}

static ci_kt subtract(const ci_kcall *c) {
  if (ci_keras_count(c) > 2) return ci_keras_fail(c, CNNIMG_CORRUPT, "subtracts more than two values");
  return join(c, "Sub");
}

/* Not ONNX's Mean, which is held. */
static ci_kt average(const ci_kcall *c) {
  size_t n = ci_keras_count(c);
  ci_kt t = add(c);
  if (n > 1) t.v = ci_build_scale(&c->k->b, t.v, 1 / (float)n);
  return t;
}

/* Keras' axis as the program's value has it. */
static int64_t axis_of(ci_kt t, int64_t axis) {
  if (axis < 0) axis += t.rank;
  if (!t.last) return axis;
  return axis == 3 ? 1 : axis ? axis + 1 : 0;
}

static int64_t all_channels(const ci_kcall *c) {
  int64_t sum = 0;
  for (size_t i = 0; i < c->n_args; i++) {
    if (!c->args[i].is_value) continue;
    if (c->args[i].t.channels < 1 || c->args[i].t.channels > INT32_MAX) return 0;
    sum += c->args[i].t.channels;
  }
  return sum;
}

static ci_kt concatenate_along(const ci_kcall *c, int64_t axis) {
  ci_kt t = join(c, "Concat");
  if (c->k->b.status || ci_keras_count(c) < 2) return c->k->b.status ? nothing : t;
  ci_build_attr_int(&c->k->b, "axis", axis_of(t, axis));
  if (axis_of(t, axis) == 1) t.channels = all_channels(c);
  return t;
}

static ci_kt concatenate(const ci_kcall *c) {
  int64_t axis = ci_json_int(ci_json_get(c->config, "axis"), -1);
  for (size_t i = 0; i < c->n_args; i++)
    if (c->args[i].key && !strcmp(c->args[i].key, "axis")) axis = ci_json_int(c->args[i].json, axis);
  return concatenate_along(c, axis);
}

/* Keras 1. */
static ci_kt merge(const ci_kcall *c) {
  const char *mode = ci_json_string(ci_json_get(c->config, "mode"), "");
  if (!strcmp(mode, "sum")) return add(c);
  if (!strcmp(mode, "mul")) return multiply(c);
  if (!strcmp(mode, "ave")) return average(c);
  if (!strcmp(mode, "max")) return maximum(c);
  if (!strcmp(mode, "concat"))
    return concatenate_along(c, ci_json_int(ci_json_get(c->config, "concat_axis"), -1));
  return ci_keras_fail(c, CNNIMG_UNSUPPORTED, "merges in a way that is not known");
}

const ci_klayer ci_keras_merge_layers[] = {
    {"Add", add},         {"Subtract", subtract}, {"Multiply", multiply},       {"Average", average},
    {"Maximum", maximum}, {"Minimum", minimum},   {"Concatenate", concatenate}, {"Merge", merge},
    {NULL, NULL},
};
