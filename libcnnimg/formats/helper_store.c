/* SPDX-License-Identifier: MIT */
/* helper_store.c - the helper's answer (safetensors) as a store of named tensors */
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/error.h"
#include "base/half.h"
#include "base/json.h"
#include "base/memory.h"
#include "formats/helper.h"

static const struct kind {
  const char *name;
  size_t bytes;
  ci_dtype to;
} kinds[] = {{"F32", 4, CI_F32}, {"F64", 8, CI_F32}, {"F16", 2, CI_F32}, {"BF16", 2, CI_F32},
             {"I8", 1, CI_F32},  {"U8", 1, CI_F32},  {"I16", 2, CI_F32}, {"U16", 2, CI_F32},
             {"I32", 4, CI_I64}, {"U32", 4, CI_I64}, {"I64", 8, CI_I64}, {"U64", 8, CI_I64}};

static const struct kind *kind_of(const char *name) {
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (!strcmp(kinds[i].name, name)) return &kinds[i];
  return NULL;
}

#define EACH(type, out)                        \
  for (size_t i = 0; i < n; i++) {             \
    type v;                                    \
    memcpy(&v, from + i * sizeof v, sizeof v); \
    (out)[i] = (__typeof__(*(out)))v;          \
  }                                            \
  return

/* In the order of kinds[]; the helper runs on this machine, so its numbers are in its order of bytes. */
static void convert(size_t kind, const uint8_t *from, size_t n, void *to) {
  float *f = to;
  int64_t *whole = to;
  switch (kind) {
    case 0:
      EACH(float, f);
    case 1:
      EACH(double, f);
    case 2:
      for (size_t i = 0; i < n; i++) f[i] = ci_half_to_float((uint16_t)(from[2 * i] | from[2 * i + 1] << 8));
      return;
    case 3:
      for (size_t i = 0; i < n; i++) {
        uint32_t bits = (uint32_t)from[2 * i] << 16 | (uint32_t)from[2 * i + 1] << 24;
        memcpy(&f[i], &bits, sizeof bits);
      }
      return;
    case 4:
      EACH(int8_t, f);
    case 5:
      EACH(uint8_t, f);
    case 6:
      EACH(int16_t, f);
    case 7:
      EACH(uint16_t, f);
    case 8:
      EACH(int32_t, whole);
    case 9:
      EACH(uint32_t, whole);
    default:
      EACH(int64_t, whole);
  }
}

/* Singles stay where they are; the rest becomes new memory. */
static ci_tensor *make(const struct kind *k, int32_t rank, const int64_t *dim, size_t count,
                       const uint8_t *at) {
  if (k != &kinds[0] || (uintptr_t)at % sizeof(float)) {
    ci_tensor *t = ci_tensor_new(k->to, rank, dim);
    if (t) convert((size_t)(k - kinds), at, count, t->owned);
    return t;
  }
  ci_tensor *t = ci_calloc(1, sizeof *t);
  if (!t) return NULL;
  *t = (ci_tensor){.dtype = CI_F32, .type = CI_FLOAT, .rank = rank, .count = count, .data = at};
  memcpy(t->dim, dim, (size_t)rank * sizeof *dim);
  return t;
}

static int wrong(const char *what, cnnimg_error *err) {
  return ci_fail(err, CNNIMG_CORRUPT, CI_HELPER_NAME " says of \"%.200s\" what cannot be", what);
}

static int add_tensor(ci_store *s, const char *name, const ci_json *v, ci_cursor data, cnnimg_error *err) {
  const ci_json *shape = ci_json_get(v, "shape"), *offsets = ci_json_get(v, "data_offsets");
  const struct kind *k = kind_of(ci_json_string(ci_json_get(v, "dtype"), ""));
  int64_t dim[CI_MAX_RANK], from = ci_json_int(ci_json_at(offsets, 0), -1),
                            to = ci_json_int(ci_json_at(offsets, 1), -1);
  size_t rank = ci_json_size(shape), count = 1, bytes;
  if (!k || rank > CI_MAX_RANK || from < 0 || to < from || (uint64_t)to > ci_cursor_left(&data))
    return wrong(name, err);
  for (size_t i = 0; i < rank; i++) {
    dim[i] = ci_json_int(ci_json_at(shape, i), -1);
    if (dim[i] < 0 || !ci_mul(count, (size_t)dim[i], &count)) return wrong(name, err);
  }
  if (!ci_mul(count, k->bytes, &bytes) || bytes != (size_t)(to - from)) return wrong(name, err);
  return ci_store_add(s, name, make(k, (int32_t)rank, dim, count, data.p + from), err);
}

static int add_all(ci_store *s, const ci_json *head, ci_cursor data, cnnimg_error *err) {
  const char *name;
  const ci_json *v, *texts = ci_json_get(head, "__metadata__");
  int status = CNNIMG_OK;
  for (void *at = NULL; !status && ci_json_next(texts, &at, &name, &v);)
    status = ci_store_set_meta(s, name, ci_json_string(v, ""), err);
  for (void *at = NULL; !status && ci_json_next(head, &at, &name, &v);)
    if (strcmp(name, "__metadata__")) status = add_tensor(s, name, v, data, err);
  return status;
}

int ci_helper_store(const char *file, ci_helper_answer answer, ci_store **out, cnnimg_error *err) {
  ci_cursor c = ci_cursor_make(answer.bytes, answer.size);
  cnnimg_error own = {0};
  ci_json *head = NULL;
  ci_store *s = ci_store_new();
  *out = NULL;
  if (!s) free(answer.bytes);
  if (!s || ci_keep(&s->kept, answer.bytes, free)) {
    ci_store_free(s);
    return ci_fail(err, CNNIMG_NOMEM, "%s: no memory for its tensors", file);
  }
  ci_cursor text = ci_cursor_sub(&c, ci_cursor_u64(&c, false));
  int status = c.bad ? ci_fail(&own, CNNIMG_CORRUPT, CI_HELPER_NAME " ended in the middle of its answer")
                     : ci_json_parse(text.p, ci_cursor_left(&text), &head, &own);
  if (!status) status = add_all(s, head, c, &own);
  ci_json_free(head);
  if (!status) *out = s;
  else ci_store_free(s);
  return status ? ci_fail(err, status, "%s: %s", file, own.text) : CNNIMG_OK;
}

int ci_helper_load(const ci_source *src, ci_store **out, cnnimg_error *err) {
  ci_helper_answer answer;
  *out = NULL;
  int status = ci_helper_run(src, 0, &answer, err);
  if (!status) status = ci_helper_store(src->name, answer, out, err);
  if (!status && (status = ci_store_finish(*out, err)) != CNNIMG_OK) {
    ci_store_free(*out);
    *out = NULL;
    ci_fail_in(err, status, src->name);
  }
  return status;
}
