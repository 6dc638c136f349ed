/* SPDX-License-Identifier: MIT */
/* transformer.c - what networks with attention share: linear layers of pixels, tables of bias, attention within windows */
#include "archs/transformer.h"

/* ---- linear layers ------------------------------------------------------------------------- */

/* The store's matrix as a kernel of 1x1, without a copy. */
static int32_t kernel(ci_build *b, const char *prefix) {
  ci_entry *e = b->status ? NULL : ci_store_find(b->s, "%s.weight", prefix);
  if (b->status) return -1;
  if (!e) return ci_build_fail(b, CNNIMG_UNSUPPORTED, "the tensor \"%s.weight\" is missing", prefix);
  if (e->tensor->rank == 4) return ci_build_weight(b, "%s.weight", prefix);
  if (e->tensor->rank != 2)
    return ci_build_fail(b, CNNIMG_UNSUPPORTED, "the tensor \"%s.weight\" is no matrix", prefix);
  ci_tensor *t = ci_tensor_borrow(e->tensor);
  if (!t) return ci_build_fail(b, CNNIMG_NOMEM, "no memory for the network");
  t->rank = 4, t->dim[2] = t->dim[3] = 1;
  e->used = true;
  int32_t v = ci_program_add_value(b->p, e->name, t);
  return v < 0 ? ci_build_fail(b, CNNIMG_NOMEM, "no memory for the network") : v;
}

int32_t ci_transformer_linear(ci_build *b, int32_t x, const char *prefix, ...) {
  CI_SPELL(name, prefix);
  int32_t w = kernel(b, name);
  bool has = !b->status && ci_store_has(b->s, "%s.bias", name);
  int32_t bias = has ? ci_build_weight(b, "%s.bias", name) : CI_NONE;
  return ci_build_conv_values(b, x, (ci_conv_spec){0}, w, bias);
}

int32_t ci_transformer_mlp(ci_build *b, int32_t x, const char *prefix, const char *first,
                           const char *second) {
  x = ci_transformer_linear(b, x, "%s.%s", prefix, first);
  return ci_transformer_linear(b, ci_build_op1(b, "Gelu", x), "%s.%s", prefix, second);
}

/* ---- attention ------------------------------------------------------------------------------ */

/* [places, heads] turned. */
static ci_tensor *turned(const ci_tensor *t, int64_t rows, int64_t columns) {
  const int64_t dim[3] = {t->dim[1], rows, columns};
  ci_tensor *to = ci_tensor_new(CI_F32, 3, dim);
  size_t heads = (size_t)t->dim[1], places = (size_t)t->dim[0];
  for (size_t h = 0; to && h < heads; h++)
    for (size_t i = 0; i < places; i++)
      ((float *)to->owned)[h * places + i] = ((const float *)t->data)[i * heads + h];
  return to;
}

int32_t ci_transformer_table(ci_build *b, int64_t h, int64_t w, const char *name, ...) {
  CI_SPELL(spelt, name);
  ci_entry *e = b->status ? NULL : ci_store_find(b->s, "%s", spelt);
  int64_t rows = 2 * h - 1, columns = 2 * w - 1;
  if (b->status) return -1;
  if (!e) return ci_build_fail(b, CNNIMG_UNSUPPORTED, "the tensor \"%s\" is missing", spelt);
  const ci_tensor *t = e->tensor;
  if (t->rank != 2 || t->dtype != CI_F32 || h < 1 || w < 1 || h > 4096 || w > 4096 ||
      t->dim[0] != rows * columns)
    return ci_build_fail(b, CNNIMG_UNSUPPORTED, "the tensor \"%s\" is no table for windows of %lld x %lld",
                         spelt, (long long)h, (long long)w);
  e->used = true;
  return ci_build_tensor(b, turned(t, rows, columns));
}

int32_t ci_transformer_attention(ci_build *b, int32_t qkv, const ci_transformer_windows *w) {
  const int32_t in[2] = {qkv, w->bias};
  int32_t y = ci_build_node(b, "WindowAttention", in, 2);
  ci_build_attr_int(b, "heads", w->heads);
  ci_build_attr_ints(b, "window", w->size, 2);
  if (w->shift[0] || w->shift[1]) ci_build_attr_ints(b, "shift", w->shift, 2);
  if (w->overlap[0] || w->overlap[1]) ci_build_attr_ints(b, "overlap", w->overlap, 2);
  if (w->scale != 0) ci_build_attr_float(b, "scale", w->scale);
  return y;
}

int32_t ci_transformer_swin(ci_build *b, int32_t x, int64_t window, bool shifted, const char *prefix) {
  int64_t half = shifted ? window / 2 : 0;
  const ci_transformer_windows w = {
      .heads = ci_store_dim(b->s, 1, "%s.relative_position_bias_table", prefix),
      .size = {window, window},
      .shift = {half, half},
      .bias = ci_transformer_table(b, window, window, "%s.relative_position_bias_table", prefix)};
  x = ci_transformer_attention(b, ci_transformer_linear(b, x, "%s.qkv", prefix), &w);
  return ci_transformer_linear(b, x, "%s.proj", prefix);
}
