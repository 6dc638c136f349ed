/* SPDX-License-Identifier: MIT */
/* transformer.c - what networks with attention share: linear layers of pixels, tables of bias, attention within windows */
#include "archs/transformer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

#define NAME_ROOM 400

#define SPELL(name, fmt)                           \
  char name[NAME_ROOM];                            \
  {                                                \
    va_list spell_args;                            \
    va_start(spell_args, fmt);                     \
    vsnprintf(name, sizeof name, fmt, spell_args); \
    va_end(spell_args);                            \
  }

/* ---- linear layers ------------------------------------------------------------------------- */

/* The store's matrix as a kernel of 1x1, without a copy. */
static int32_t kernel(ci_build *b, const char *prefix) {
  ci_entry *e = b->status ? NULL : ci_store_find(b->s, "%s.weight", prefix);
  if (b->status) return -1;
  if (!e) return ci_build_fail(b, CNNIMG_UNSUPPORTED, "the tensor \"%s.weight\" is missing", prefix);
  if (e->tensor->rank == 4) return ci_build_weight(b, "%s.weight", prefix);
  if (e->tensor->rank != 2)
    return ci_build_fail(b, CNNIMG_UNSUPPORTED, "the tensor \"%s.weight\" is no matrix", prefix);
  ci_tensor *t = ci_calloc(1, sizeof *t);
  if (!t) return ci_build_fail(b, CNNIMG_NOMEM, "no memory for the network");
  *t = *e->tensor;
  t->owned = NULL, t->rank = 4, t->dim[2] = t->dim[3] = 1;
  e->used = true;
  int32_t v = ci_program_add_value(b->p, e->name, t);
  return v < 0 ? ci_build_fail(b, CNNIMG_NOMEM, "no memory for the network") : v;
}

int32_t ci_transformer_linear(ci_build *b, int32_t x, const char *prefix, ...) {
  SPELL(name, prefix);
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
  SPELL(spelt, name);
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

/* ---- sizes ---------------------------------------------------------------------------------------- */

int64_t ci_transformer_root(int64_t n) {
  for (int64_t r = 1; r <= 1 << 15 && r * r <= n; r++)
    if (r * r == n) return r;
  return 0;
}

int32_t ci_transformer_upsample(ci_build *b, int32_t x, const char *prefix, int64_t *scale) {
  *scale = 1;
  for (int32_t i = 0; !b->status && i < 20 && ci_store_has(b->s, "%s.%d.weight", prefix, i); i += 2) {
    int64_t out = ci_store_dim(b->s, 0, "%s.%d.weight", prefix, i),
            in = ci_store_dim(b->s, 1, "%s.%d.weight", prefix, i);
    int64_t step = in > 0 && out % in == 0 ? ci_transformer_root(out / in) : 0;
    if (step < 2 || step > 8 || *scale > 64)
      return ci_build_fail(b, CNNIMG_UNSUPPORTED, "\"%s.%d\" enlarges by no whole number", prefix, i);
    x = ci_build_pixel_shuffle(b, ci_build_conv_same(b, x, "%s.%d", prefix, i), step);
    *scale *= step;
  }
  return x;
}

int32_t ci_transformer_mean(ci_build *b) {
  static const float mean[3] = {0.4488f, 0.4371f, 0.4040f};
  static const int64_t dim[4] = {1, 3, 1, 1};
  ci_tensor *t = ci_tensor_new(CI_F32, 4, dim);
  for (int i = 0; t && i < 3; i++) ((float *)t->owned)[i] = mean[i];
  return ci_build_tensor(b, t);
}
