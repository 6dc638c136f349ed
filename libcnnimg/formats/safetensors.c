/* SPDX-License-Identifier: MIT */
/* safetensors.c - safetensors files: a length, a head in JSON, the elements */
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "formats/elements.h"
#include "formats/format.h"

#define HEAD_MOST ((uint64_t)100 << 20) /* the format's own limit */

typedef struct range {
  uint64_t from, to;
  const char *name;
} range;

static const struct {
  const char *name;
  ci_element type;
} types[] = {{"F32", {CI_E_FLOAT, 4}},    {"F16", {CI_E_FLOAT, 2}},    {"BF16", {CI_E_BRAIN, 2}},
             {"F64", {CI_E_FLOAT, 8}},    {"I8", {CI_E_SIGNED, 1}},    {"I16", {CI_E_SIGNED, 2}},
             {"I32", {CI_E_SIGNED, 4}},   {"I64", {CI_E_SIGNED, 8}},   {"U8", {CI_E_UNSIGNED, 1}},
             {"U16", {CI_E_UNSIGNED, 2}}, {"U32", {CI_E_UNSIGNED, 4}}, {"U64", {CI_E_UNSIGNED, 8}},
             {"BOOL", {CI_E_BOOL, 1}}};

/* The head's length, or 0: it is none of ours. */
static uint64_t head_size(const uint8_t *data, size_t size) {
  ci_cursor c = ci_cursor_make(data, size);
  uint64_t n = ci_cursor_u64(&c, false);
  return c.bad || !ci_cursor_left(&c) || *c.p != '{' ? 0 : n;
}

/* The length's upper bytes are 0 and a brace follows: nothing else begins so. */
static int bid(const uint8_t *data, size_t size) {
  uint64_t n = head_size(data, size);
  return n >= 2 && n <= HEAD_MOST ? (n <= size - 8 ? 95 : 60) : 0;
}

typedef struct reading {
  const uint8_t *body;
  size_t size, budget;
  ci_store *store;
  range *ranges;
  size_t n;
  cnnimg_error *err;
} reading;

static int read_shape(reading *r, const ci_json *v, ci_elements *e) {
  const ci_json *shape = ci_json_get(v, "shape");
  if (!ci_json_is_array(shape) || ci_json_size(shape) > CI_MAX_RANK)
    return ci_fail(r->err, CNNIMG_CORRUPT, "the tensor \"%s\" has no shape of up to %d dimensions", e->name,
                   CI_MAX_RANK);
  e->rank = (int32_t)ci_json_size(shape);
  for (int32_t i = 0; i < e->rank; i++) e->dim[i] = ci_json_int(ci_json_at(shape, (size_t)i), -1);
  return CNNIMG_OK;
}

static int read_range(reading *r, const ci_json *v, ci_elements *e) {
  const ci_json *o = ci_json_get(v, "data_offsets");
  int64_t from = ci_json_int(ci_json_at(o, 0), -1), to = ci_json_int(ci_json_at(o, 1), -1);
  if (ci_json_size(o) != 2 || from < 0 || to < from || (uint64_t)to > r->size)
    return ci_fail(r->err, CNNIMG_CORRUPT, "the tensor \"%s\" lies outside the file's %zu bytes of elements",
                   e->name, r->size);
  e->data = r->body + from, e->bytes = (size_t)(to - from);
  r->ranges[r->n++] = (range){(uint64_t)from, (uint64_t)to, e->name};
  return CNNIMG_OK;
}

/* All of the bytes that it says, no more. */
static int check_exact(reading *r, const ci_elements *e, const ci_tensor *t) {
  if (t->count * e->type.size == e->bytes) return CNNIMG_OK;
  return ci_fail(r->err, CNNIMG_CORRUPT, "the tensor \"%s\" has %zu bytes for %zu elements", e->name,
                 e->bytes, t->count);
}

static int read_tensor(reading *r, const char *name, const ci_json *v) {
  const char *type = ci_json_string(ci_json_get(v, "dtype"), "");
  ci_elements e = {.name = name};
  ci_tensor *t = NULL;
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (!strcmp(types[i].name, type)) e.type = types[i].type;
  if (!e.type.size)
    return ci_fail(r->err, CNNIMG_UNSUPPORTED,
                   "the tensor \"%s\" has elements of type \"%s\", which is not read", name, type);
  int status = read_shape(r, v, &e);
  if (!status) status = read_range(r, v, &e);
  if (!status) status = ci_elements_tensor(&e, &r->budget, &t, r->err);
  if (!status && (status = check_exact(r, &e, t))) ci_tensor_free(t);
  return status ? status : ci_store_add(r->store, name, t, r->err);
}

static int read_metadata(reading *r, const ci_json *v) {
  void *iter = NULL;
  const char *key;
  const ci_json *value;
  int status = CNNIMG_OK;
  while (!status && ci_json_next(v, &iter, &key, &value))
    if (ci_json_is_string(value))
      status = ci_store_set_meta(r->store, key, ci_json_string(value, ""), r->err);
  return status;
}

static int by_place(const void *a, const void *b) {
  const range *x = a, *y = b;
  return x->from != y->from ? (x->from > y->from) - (x->from < y->from) : (x->to > y->to) - (x->to < y->to);
}

/* The format wants every byte to belong to one tensor: what does not was made by somebody with something in mind. */
static int check_ranges(reading *r) {
  uint64_t at = 0;
  if (r->n) qsort(r->ranges, r->n, sizeof *r->ranges, by_place);
  for (size_t i = 0; i < r->n; i++) {
    if (r->ranges[i].from != at)
      return ci_fail(r->err, CNNIMG_CORRUPT, "the tensor \"%s\" %s", r->ranges[i].name,
                     r->ranges[i].from < at ? "overlaps another" : "comes after bytes that belong to none");
    at = r->ranges[i].to;
  }
  return at == r->size ? CNNIMG_OK
                       : ci_fail(r->err, CNNIMG_CORRUPT, "%zu bytes at the end belong to no tensor",
                                 r->size - (size_t)at);
}

static int read_head(reading *r, const ci_json *head) {
  void *iter = NULL;
  const char *key;
  const ci_json *value;
  int status = CNNIMG_OK;
  if (!ci_json_is_object(head)) return ci_fail(r->err, CNNIMG_CORRUPT, "its head is no JSON object");
  r->ranges = ci_calloc(ci_json_size(head) + 1, sizeof *r->ranges);
  if (!r->ranges) return ci_fail(r->err, CNNIMG_NOMEM, "no memory for %zu tensors", ci_json_size(head));
  while (!status && ci_json_next(head, &iter, &key, &value))
    status = strcmp(key, "__metadata__") ? read_tensor(r, key, value) : read_metadata(r, value);
  if (!status) status = check_ranges(r);
  return status ? status : ci_store_finish(r->store, r->err);
}

/* The file's first eight bytes are there. */
static int read_file(reading *r, const ci_source *src) {
  uint64_t n = head_size(src->data, src->size);
  ci_json *head;
  if (n < 2 || n > HEAD_MOST || n > src->size - 8)
    return ci_fail(r->err, CNNIMG_CORRUPT, "its head would have %llu bytes; the file has %zu",
                   (unsigned long long)n, src->size);
  int status = ci_json_parse(src->data + 8, (size_t)n, &head, r->err);
  if (status) return status;
  r->body = src->data + 8 + n, r->size = src->size - 8 - (size_t)n;
  r->budget = 16 * src->size + 4096;
  status = read_head(r, head);
  ci_json_free(head);
  return status;
}

static int load(const ci_source *src, ci_loaded *out, cnnimg_error *err) {
  cnnimg_error own = {0};
  reading r = {.store = ci_store_new(), .err = &own};
  *out = (ci_loaded){0};
  int status = r.store ? read_file(&r, src) : ci_fail(&own, CNNIMG_NOMEM, "no memory for the weights");
  free(r.ranges);
  if (!status) out->store = r.store;
  else ci_store_free(r.store);
  return status ? ci_fail(err, status, "%s: %s", src->name, own.text) : CNNIMG_OK;
}

const ci_format ci_format_safetensors = {"safetensors", bid, load};
