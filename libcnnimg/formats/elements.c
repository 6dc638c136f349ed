/* SPDX-License-Identifier: MIT */
/* elements.c - raw elements of a file, little-endian, as a tensor of floats or integers */
#include "formats/elements.h"

#include <string.h>

#include "base/error.h"
#include "base/half.h"
#include "base/memory.h"

/* ---- one number --------------------------------------------------------------------------- */

static inline uint64_t bits_at(const uint8_t *p, unsigned size) {
  uint64_t u = 0;
  for (unsigned k = 0; k < size; k++) u |= (uint64_t)p[k] << 8 * k;
  return u;
}

static inline float single(uint32_t bits) {
  float v;
  memcpy(&v, &bits, sizeof v);
  return v;
}

static inline float as_float(ci_element t, uint64_t u) {
  double d;
  if (t.kind == CI_E_BRAIN) return single((uint32_t)u << 16);
  if (t.size == 2) return ci_half_to_float((uint16_t)u);
  if (t.size == 4) return single((uint32_t)u);
  memcpy(&d, &u, sizeof d);
  return (float)d;
}

/* Integers are cut to their size, then get their sign back. */
static inline int64_t as_int(ci_element t, uint64_t u) {
  unsigned unused = 64 - 8u * t.size;
  if (t.kind == CI_E_BOOL) return u != 0;
  if (t.kind == CI_E_SIGNED) return (int64_t)(u << unused) >> unused;
  u = u << unused >> unused;
  return u > INT64_MAX ? INT64_MAX : (int64_t)u;
}

bool ci_element_is_float(ci_element t) { return t.kind == CI_E_FLOAT || t.kind == CI_E_BRAIN; }
float ci_element_float(ci_element t, uint64_t bits) { return as_float(t, bits); }
int64_t ci_element_int(ci_element t, uint64_t bits) { return as_int(t, bits); }
uint64_t ci_element_bits(ci_element t, const uint8_t *at) { return bits_at(at, t.size); }

void ci_element_put(ci_element t, ci_tensor *to, size_t i, uint64_t bits) {
  if (to->dtype == CI_F32) ((float *)to->owned)[i] = as_float(t, bits);
  else ((int64_t *)to->owned)[i] = as_int(t, bits);
}

ci_element ci_element_numpy(char letter, int size) {
  static const struct {
    char letter;
    ci_element_kind kind;
  } kinds[] = {{'f', CI_E_FLOAT}, {'i', CI_E_SIGNED}, {'u', CI_E_UNSIGNED}, {'b', CI_E_BOOL}};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (kinds[i].letter == letter && (size == 1 || size == 2 || size == 4 || size == 8) &&
        (letter != 'f' || size > 1))
      return (ci_element){kinds[i].kind, (uint8_t)size};
  return (ci_element){CI_E_FLOAT, 0};
}

/* ---- dimensions ----------------------------------------------------------------------------- */

/* Those beside a 0 are judged all the same: strides are products of them. */
bool ci_element_count(ci_element t, int32_t rank, const int64_t *dim, size_t *count, size_t *bytes) {
  bool empty = false;
  *count = 1;
  if (rank < 0 || rank > CI_MAX_RANK) return false;
  for (int32_t i = 0; i < rank; i++) {
    empty = empty || !dim[i];
    if (dim[i] < 0 || !ci_mul(*count, dim[i] ? (size_t)dim[i] : 1, count) || *count > (size_t)CI_TENSOR_MOST)
      return false;
  }
  if (empty) *count = 0;
  return ci_mul(*count, t.size, bytes);
}

/* Dimensions of 1 have strides that mean nothing. */
static bool has_gaps(const ci_elements *e) {
  int64_t want = 1;
  for (int32_t i = e->rank; e->stride && i-- > 0; want *= e->dim[i])
    if (e->dim[i] > 1 && e->stride[i] != want) return true;
  return false;
}

/* One behind the last element that is read, from the storage's first; false: no number holds it. */
static bool last_of(const ci_elements *e, size_t n, size_t *last) {
  size_t end = (size_t)e->offset;
  if (e->offset > SIZE_MAX / 2) return false;
  if (!n) return *last = end, true;
  if (!has_gaps(e)) return ci_add(end, n, last);
  for (int32_t i = 0; i < e->rank; i++) {
    size_t reach;
    if (e->stride[i] < 0 || !ci_mul((size_t)(e->dim[i] - 1), (size_t)e->stride[i], &reach) ||
        !ci_add(end, reach, &end))
      return false;
  }
  return ci_add(end, 1, last);
}

static int check(const ci_elements *e, size_t *n, cnnimg_error *err) {
  size_t last, bytes;
  if (!e->type.size)
    return ci_fail(err, CNNIMG_UNSUPPORTED, "the tensor \"%s\" has elements of a type that is not read",
                   e->name);
  if (!ci_element_count(e->type, e->rank, e->dim, n, &bytes))
    return ci_fail(err, CNNIMG_CORRUPT, "the tensor \"%s\" has impossible dimensions", e->name);
  if (!last_of(e, *n, &last) || !ci_mul(last, e->type.size, &bytes) || bytes > e->bytes)
    return ci_fail(err, CNNIMG_CORRUPT, "the tensor \"%s\" is larger than its %zu bytes", e->name, e->bytes);
  return CNNIMG_OK;
}

/* ---- tensors --------------------------------------------------------------------------------- */

static bool stays(ci_element t, size_t n, const uint8_t *data) {
  return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && ci_element_is(t, CI_E_FLOAT, sizeof(float)) && n &&
         (uintptr_t)data % sizeof(float) == 0;
}

/* Element `from` of the storage to element i of the tensor. */
static inline void put(const ci_elements *e, ci_element type, ci_tensor *t, size_t i, size_t from) {
  const uint64_t u = bits_at(e->data + from * type.size, type.size);
  if (t->dtype == CI_F32) ((float *)t->owned)[i] = as_float(type, u);
  else ((int64_t *)t->owned)[i] = as_int(type, u);
}

/* A loop for each type of weights: in the general one most of the time goes into asking which it is. */
static void copy_run(const ci_elements *e, ci_tensor *t) {
  const ci_element half = {CI_E_FLOAT, 2}, brain = {CI_E_BRAIN, 2}, one = {CI_E_FLOAT, 4},
                   two = {CI_E_FLOAT, 8};
  const size_t from = (size_t)e->offset;
  if (e->type.kind == CI_E_BRAIN)
    for (size_t i = 0; i < t->count; i++) put(e, brain, t, i, from + i);
  else if (e->type.kind == CI_E_FLOAT && e->type.size == 2)
    for (size_t i = 0; i < t->count; i++) put(e, half, t, i, from + i);
  else if (e->type.kind == CI_E_FLOAT && e->type.size == 4)
    for (size_t i = 0; i < t->count; i++) put(e, one, t, i, from + i);
  else if (e->type.kind == CI_E_FLOAT)
    for (size_t i = 0; i < t->count; i++) put(e, two, t, i, from + i);
  else
    for (size_t i = 0; i < t->count; i++) put(e, e->type, t, i, from + i);
}

/* Counts through all indices as an odometer does. */
static void gather(const ci_elements *e, ci_tensor *t) {
  int64_t at[CI_MAX_RANK] = {0};
  size_t from = (size_t)e->offset;
  for (size_t i = 0; i < t->count; i++) {
    put(e, e->type, t, i, from);
    for (int32_t k = e->rank; k-- > 0;) {
      from += (size_t)e->stride[k];
      if (++at[k] < e->dim[k]) break;
      from -= (size_t)(e->stride[k] * e->dim[k]);
      at[k] = 0;
    }
  }
}

static void convert(const ci_elements *e, ci_tensor *t) {
  if (has_gaps(e)) gather(e, t);
  else copy_run(e, t);
}

ci_tensor *ci_element_new(ci_element type, int32_t rank, const int64_t *dim) {
  ci_tensor *t = ci_tensor_new(ci_element_is_float(type) ? CI_F32 : CI_I64, rank, dim);
  if (t && type.kind == CI_E_BOOL) t->type = CI_BOOL;
  return t;
}

int ci_elements_tensor(const ci_elements *e, size_t *budget, ci_tensor **t, cnnimg_error *err) {
  size_t n, bytes;
  *t = NULL;
  int status = check(e, &n, err);
  if (status) return status;
  if (stays(e->type, n, e->data) && !has_gaps(e))
    *t = ci_tensor_lent(CI_F32, e->rank, e->dim, e->data + e->offset * sizeof(float));
  else {
    if (!ci_mul(n, ci_element_is_float(e->type) ? sizeof(float) : sizeof(int64_t), &bytes) || bytes > *budget)
      return ci_fail(err, CNNIMG_LIMIT, "the tensor \"%s\" would make many times the file's size in memory",
                     e->name);
    *budget -= bytes;
    *t = ci_element_new(e->type, e->rank, e->dim);
    if (*t) convert(e, *t);
  }
  return *t ? CNNIMG_OK : ci_fail(err, CNNIMG_NOMEM, "no memory for the tensor \"%s\"", e->name);
}

ci_tensor *ci_element_tensor(ci_element type, int32_t rank, const int64_t *dim, const uint8_t *data) {
  ci_elements e = {.type = type, .data = data, .rank = rank, .name = ""};
  size_t count;
  if (!ci_element_count(type, rank, dim, &count, &e.bytes)) return NULL;
  if (stays(type, count, data)) return ci_tensor_lent(CI_F32, rank, dim, data);
  for (int32_t i = 0; i < rank; i++) e.dim[i] = dim[i];
  ci_tensor *t = ci_element_new(type, rank, dim);
  if (t) copy_run(&e, t);
  return t;
}
