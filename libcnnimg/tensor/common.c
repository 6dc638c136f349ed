/* SPDX-License-Identifier: MIT */
/* common.c - finding tensor operations; sentences, lists of integers, axes, broadcasting */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "tensor/tensor_op.h"

#define CI_TENSOR_TABLE(id) extern const ci_tensor_op ci_tensor_##id##_ops[];
#include "tensor/tables.inc"
#undef CI_TENSOR_TABLE

static const ci_tensor_op *const tables[] = {
#define CI_TENSOR_TABLE(id) ci_tensor_##id##_ops,
#include "tensor/tables.inc"
#undef CI_TENSOR_TABLE
    NULL};

const ci_tensor_op *ci_tensor_find(const char *type) {
  for (size_t i = 0; tables[i]; i++)
    for (const ci_tensor_op *op = tables[i]; op->type; op++)
      if (!strcmp(op->type, type)) return op;
  return NULL;
}

/* ---- sentences ------------------------------------------------------------------ */

int ci_tensor_fail(const ci_tensor_call *c, cnnimg_error *err, int code, const char *fmt, ...) {
  char label[160], text[300];
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  return ci_fail(err, code, "%s: %s", ci_pnode_label(c->node, label, sizeof label), text);
}

int ci_tensor_refuse(const ci_tensor_call *c, cnnimg_error *err, const char *why) {
  return ci_tensor_fail(c, err, CNNIMG_UNSUPPORTED, "%s", why);
}

/* ---- checks before shape() ---------------------------------------------------------- */

static bool listed(const char *word, const char *list) {
  size_t n = strlen(word);
  while (*list) {
    size_t k = strcspn(list, " ");
    if (k == n && n && !memcmp(word, list, n)) return true;
    list += k + (list[k] == ' ');
  }
  return false;
}

/* ONNX's names mean the same kind everywhere, but for "value"; those that are not listed are whole numbers. */
static bool right_kind(const ci_attr *a) {
  static const char *const reals = "alpha beta gamma epsilon momentum bias lambd cubic_coeff_a extrapolation_value ratio value_float min max scale";
  static const char *const words = "mode auto_pad approximate reduction padding_mode coordinate_transformation_mode nearest_mode "
                                   "keep_aspect_ratio_policy round_mode equation";
  static const char *const lists = "axes pads strides dilations kernel_shape split perm starts ends output_padding output_shape shape value_ints "
                                   "window shift overlap";
  if (!strcmp(a->name, "value")) return a->kind == CI_ATTR_TENSOR || a->kind == CI_ATTR_FLOAT;
  if (listed(a->name, "scales value_floats")) return a->kind == CI_ATTR_FLOATS;
  if (listed(a->name, reals)) return a->kind == CI_ATTR_FLOAT;
  if (listed(a->name, words)) return a->kind == CI_ATTR_STRING;
  return a->kind == (listed(a->name, lists) ? CI_ATTR_INTS : CI_ATTR_INT);
}

static int check_attributes(const ci_tensor_op *op, const ci_tensor_call *c, cnnimg_error *err) {
  for (size_t i = 0; i < c->node->n_attrs; i++) {
    const ci_attr *a = &c->node->attrs[i];
    if (!listed(a->name, op->attributes))
      return ci_tensor_fail(c, err, CNNIMG_UNSUPPORTED, "the attribute \"%.60s\" is not known", a->name);
    if (!right_kind(a)) /* whoever asks for another kind would take it for absent */
      return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "the attribute \"%.60s\" is of the wrong kind", a->name);
  }
  return CNNIMG_OK;
}

/* The product of the dimensions. Those beside a 0 are judged too: strides are products of them. */
static int count(const ci_tensor_call *c, cnnimg_error *err) {
  size_t n = 1;
  bool empty = false;
  if (c->out->rank < 0 || c->out->rank > CI_MAX_RANK)
    return ci_tensor_fail(c, err, CNNIMG_UNSUPPORTED, "the result has more than %d dimensions", CI_MAX_RANK);
  for (int32_t i = 0; i < c->out->rank; i++) {
    int64_t d = c->out->dim[i];
    empty = empty || !d;
    if (d < 0 || !ci_mul(n, d ? (size_t)d : 1, &n) || n > (size_t)CI_TENSOR_MOST)
      return ci_tensor_fail(c, err, CNNIMG_LIMIT, "the result has impossible dimensions (%lld)", (long long)d);
  }
  c->out->count = empty ? 0 : n;
  return CNNIMG_OK;
}

int ci_tensor_shape(const ci_tensor_op *op, const ci_tensor_call *c, cnnimg_error *err) {
  if (c->n_in < op->least || (op->most >= 0 && c->n_in > op->most))
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "has %d inputs", c->n_in);
  for (int32_t k = 0; k < op->least; k++)
    if (!ci_array_given(c, k)) return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "input %d is missing", k);
  int status = check_attributes(op, c, err);
  if (!status) status = op->shape(c, err);
  return status ? status : count(c, err);
}

/* ---- what ops share -------------------------------------------------------------------- */

int64_t ci_array_int(const ci_array *a, size_t i) {
  if (a->dtype == CI_I64) return ((const int64_t *)a->data)[i];
  return ci_cut((double)((const float *)a->data)[i]);
}

int ci_tensor_ints(const ci_tensor_call *c, int32_t k, const char *name, int64_t *out, int32_t most, int32_t *n,
                   cnnimg_error *err) {
  const int64_t *v = NULL;
  int32_t have = -1;
  if (ci_array_given(c, k)) {
    if (!c->in[k].data)
      return ci_tensor_fail(c, err, CNNIMG_UNSUPPORTED, "input %d must be known before the network runs", k);
    have = c->in[k].count > INT32_MAX ? INT32_MAX : (int32_t)c->in[k].count;
    for (int32_t i = 0; i < have && i < most; i++) out[i] = ci_array_int(&c->in[k], (size_t)i);
  } else if (name) {
    have = ci_attr_ints(c->node, name, &v);
    for (int32_t i = 0; i < have && i < most; i++) out[i] = v[i];
  }
  *n = have;
  if (have > most)
    return ci_tensor_fail(c, err, CNNIMG_UNSUPPORTED, "a list of %d numbers where at most %d are taken", have, most);
  return CNNIMG_OK;
}

int ci_tensor_axis(const ci_tensor_call *c, int64_t axis, int32_t rank, int32_t *out, cnnimg_error *err) {
  if (axis < -rank || axis >= rank)
    return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "axis %lld of %d dimensions", (long long)axis, rank);
  *out = (int32_t)(axis < 0 ? axis + rank : axis);
  return CNNIMG_OK;
}

void ci_array_like(ci_array *out, const ci_array *like) {
  out->type = like->type;
  out->rank = like->rank;
  out->count = like->count;
  memcpy(out->dim, like->dim, sizeof out->dim);
}

size_t ci_array_product(const ci_array *a, int32_t from, int32_t to) {
  size_t n = 1;
  for (int32_t i = from; i < to; i++) n *= (size_t)a->dim[i];
  return n;
}

int ci_tensor_broadcast(const ci_tensor_call *c, int32_t first, int32_t count_, ci_array *out, cnnimg_error *err) {
  out->rank = 0;
  for (int32_t k = first; k < first + count_; k++)
    if (c->in[k].rank > out->rank) out->rank = c->in[k].rank;
  for (int32_t i = 0; i < out->rank; i++) {
    int64_t d = 1;
    for (int32_t k = first; k < first + count_; k++) {
      int32_t own = i - (out->rank - c->in[k].rank);
      int64_t e = own < 0 ? 1 : c->in[k].dim[own];
      if (d != e && d != 1 && e != 1)
        return ci_tensor_fail(c, err, CNNIMG_CORRUPT, "sizes %lld and %lld do not match", (long long)d,
                              (long long)e);
      if (d == 1) d = e;
    }
    out->dim[i] = d;
  }
  return CNNIMG_OK;
}
