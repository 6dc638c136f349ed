/* SPDX-License-Identifier: MIT */
/* caffe_blob.c - parameters and blobs of Caffe's layers */
#include <string.h>

#include "base/memory.h"
#include "formats/caffe.h"
#include "formats/elements.h"

enum { B_NUM = 1, B_DATA = 5, B_SHAPE = 7, B_DOUBLES = 8 }; /* BlobProto */

/* ---- parameters ------------------------------------------------------------------------------ */

int64_t ci_caffe_int(const ci_caffe_site *s, uint64_t field, int64_t otherwise) {
  ci_cursor c = s->param;
  ci_field f;
  while (ci_wire_next(&c, &f))
    if (ci_wire_is(&f, field, CI_VARINT)) otherwise = (int64_t)f.u;
  return otherwise;
}

float ci_caffe_float(const ci_caffe_site *s, uint64_t field, float otherwise) {
  float v;
  return ci_caffe_floats(s, field, &v, 1) ? v : otherwise;
}

size_t ci_caffe_ints(const ci_caffe_site *s, uint64_t field, int64_t *out, size_t max) {
  ci_cursor c = s->param;
  ci_field f;
  size_t n = 0;
  while (ci_wire_next(&c, &f))
    if (f.number == field) ci_wire_ints(&f, out, max, &n);
  return n;
}

size_t ci_caffe_floats(const ci_caffe_site *s, uint64_t field, float *out, size_t max) {
  ci_cursor c = s->param;
  ci_field f;
  size_t n = 0;
  while (ci_wire_next(&c, &f))
    if (f.number == field) ci_wire_floats(&f, out, max, &n);
  return n;
}

/* ---- blobs -------------------------------------------------------------------------------------- */

typedef struct blob {
  int64_t dim[CI_MAX_RANK];
  size_t rank, n; /* n: numbers that are there */
  size_t runs;    /* packed runs or single numbers */
  ci_text data;   /* the last run */
  bool doubles;
} blob;

static void read_shape(ci_cursor c, blob *b) {
  ci_field f;
  b->rank = 0;
  while (ci_wire_next(&c, &f))
    if (f.number == 1) ci_wire_ints(&f, b->dim, CI_MAX_RANK, &b->rank);
}

static void look_at(ci_field *f, blob *b) {
  bool doubles = f->number == B_DOUBLES;
  size_t size = doubles ? 8 : 4;
  if (f->number >= B_NUM && f->number < B_NUM + 4 && f->wire == CI_VARINT)
    b->dim[f->number - B_NUM] = (int64_t)f->u, b->rank = 4;
  if (ci_wire_is(f, B_SHAPE, CI_BYTES)) read_shape(f->bytes, b);
  if (f->number != B_DATA && !doubles) return;
  b->runs++, b->doubles = doubles;
  b->data = ci_wire_text(f);
  b->n += f->wire == CI_BYTES ? b->data.n / size : 1;
}

static const ci_element one = {CI_E_FLOAT, 4}, two = {CI_E_FLOAT, 8};

static void copy_numbers(ci_cursor c, ci_tensor *t) {
  ci_field f;
  size_t n = 0;
  while (ci_wire_next(&c, &f)) {
    if (f.number == B_DATA) ci_wire_floats(&f, t->owned, t->count, &n);
    if (f.number != B_DOUBLES) continue;
    ci_text raw = ci_wire_text(&f);
    for (size_t i = 0; i + 8 <= raw.n && n < t->count; i += 8)
      ((float *)t->owned)[n++] = ci_element_float(two, ci_element_bits(two, raw.p + i));
  }
}

/* Blobs are 4-dimensional in old files: 1s go from the front, or all is one row. */
static void fit(ci_tensor *t, int32_t rank) {
  while (rank && t->rank > rank && t->dim[0] == 1) {
    t->rank--;
    memmove(t->dim, t->dim + 1, (size_t)t->rank * sizeof *t->dim);
  }
  if (rank == 1) t->rank = 1, t->dim[0] = (int64_t)t->count;
}

static bool find_blob(const ci_caffe_site *s, size_t i, ci_cursor *body) {
  ci_cursor c = s->l->body;
  ci_field f;
  uint64_t number = s->l->old ? 6 : 7;
  while (ci_wire_next(&c, &f))
    if (ci_wire_is(&f, number, CI_BYTES) && !i--) {
      *body = f.bytes;
      return true;
    }
  return false;
}

size_t ci_caffe_blobs(const ci_caffe_site *s) {
  ci_cursor c = s->l->body;
  ci_field f;
  size_t n = 0;
  while (ci_wire_next(&c, &f)) n += ci_wire_is(&f, s->l->old ? 6 : 7, CI_BYTES);
  return n;
}

static ci_tensor *make(const blob *b, ci_cursor body) {
  if (b->runs == 1 && !b->doubles && b->data.n == 4 * b->n)
    return ci_element_tensor(one, (int32_t)b->rank, b->dim, b->data.p);
  ci_tensor *t = ci_tensor_new(CI_F32, (int32_t)b->rank, b->dim);
  if (t) copy_numbers(body, t);
  return t;
}

ci_tensor *ci_caffe_blob(const ci_caffe_site *s, size_t i, int32_t rank) {
  blob b = {.rank = 0};
  ci_cursor body = {NULL, NULL, false}, c;
  ci_field f;
  size_t count, bytes;
  if (!find_blob(s, i, &body)) {
    ci_caffe_fail(s, CNNIMG_UNSUPPORTED, "has no weights for what it computes");
    return NULL;
  }
  c = body;
  while (ci_wire_next(&c, &f)) look_at(&f, &b);
  if (c.bad || b.rank > CI_MAX_RANK || !ci_element_count(one, (int32_t)b.rank, b.dim, &count, &bytes) ||
      count != b.n) {
    ci_caffe_fail(s, CNNIMG_CORRUPT, "has a blob whose shape and numbers do not agree");
    return NULL;
  }
  ci_tensor *t = make(&b, body);
  if (!t) ci_caffe_fail(s, CNNIMG_NOMEM, "does not fit into memory");
  else fit(t, rank);
  return t;
}
