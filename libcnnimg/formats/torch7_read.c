/* SPDX-License-Identifier: MIT */
/* torch7_read.c - Torch7's files read as data: tables, strings, tensors, objects; functions are bytes that nobody runs */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/error.h"
#include "base/memory.h"
#include "formats/scan.h"
#include "formats/torch7.h"

enum { NIL, NUMBER, STRING, TABLE, TORCH, BOOLEAN, FUNCTION, OLD_FUNCTION, NEW_FUNCTION };

/* A container whose items have not all come. */
typedef struct open_node {
  uint32_t node, filled;
} open_node;

typedef struct reading {
  ci_t7 *t;
  ci_cursor c;
  bool ascii;
  open_node *open;
  size_t n_open, cap_open;
  size_t
      owed; /* items that open containers still want: each takes bytes, so what lies about counts is seen at once */
  cnnimg_error *err;
  int status;
} reading;

static int fail(reading *r, int code, const char *what) {
  if (!r->status) r->status = ci_fail(r->err, code, "%s", what);
  return r->status;
}

static void damaged(reading *r) { fail(r, CNNIMG_CORRUPT, "a Torch7 file that is cut off or damaged"); }

/* ---- numbers and bytes ------------------------------------------------------------------------------------------ */

static bool is_space(uint8_t c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

static void skip_space(reading *r) {
  while (r->c.p < r->c.end && is_space(*r->c.p)) r->c.p++;
}

/* In ASCII a line ends after each piece that was written. */
static void end_piece(reading *r) {
  if (r->ascii && r->c.p < r->c.end && *r->c.p == '\n') r->c.p++;
}

/* C's printf writes what is no number, and infinities, as words. */
static bool word(reading *r, double *v) {
  const uint8_t *p = r->c.p;
  size_t left = ci_cursor_left(&r->c), sign = left && (*p == '-' || *p == '+');
  if (left < sign + 3) return false;
  *v = !memcmp(p + sign, "nan", 3) ? NAN : sign && *p == '-' ? -INFINITY : INFINITY;
  if (memcmp(p + sign, "nan", 3) && memcmp(p + sign, "inf", 3)) return false;
  r->c.p += sign + 3;
  return true;
}

static double text_number(reading *r) {
  double v = 0;
  skip_space(r);
  const char *p = (const char *)r->c.p;
  if (ci_scan_number(&p, (const char *)r->c.end, &v)) r->c.p = (const uint8_t *)p;
  else if (!word(r, &v)) damaged(r);
  return r->status ? 0 : v;
}

static int64_t text_int(reading *r) {
  double v = text_number(r);
  if (!(v >= -0x1p53 && v <= 0x1p53) || v != floor(v)) return damaged(r), 0;
  return (int64_t)v;
}

static int64_t take_int(reading *r) {
  if (!r->ascii) return (int32_t)ci_cursor_u32(&r->c, false);
  int64_t v = text_int(r);
  end_piece(r);
  return v;
}

static int64_t take_long(reading *r) {
  if (!r->ascii) return (int64_t)ci_cursor_u64(&r->c, false);
  int64_t v = text_int(r);
  end_piece(r);
  return v;
}

static double take_double(reading *r) {
  double v;
  if (r->ascii) {
    v = text_number(r);
    end_piece(r);
    return v;
  }
  uint64_t bits = ci_cursor_u64(&r->c, false);
  memcpy(&v, &bits, sizeof v);
  return v;
}

static const char *take_string(reading *r, uint32_t *n) {
  int64_t size = take_int(r);
  *n = 0;
  if (size < 0 || (uint64_t)size > ci_cursor_left(&r->c)) return damaged(r), "";
  const char *p = (const char *)ci_cursor_take(&r->c, (size_t)size);
  if (size) end_piece(r);
  *n = (uint32_t)size;
  return p ? p : "";
}

/* ---- nodes --------------------------------------------------------------------------------------------------------- */

static uint32_t add(reading *r, ci_t7_kind kind) {
  ci_t7 *t = r->t;
  if (r->status) return CI_T7_NONE;
  if (t->n >= CI_T7_NONE - 1 || !ci_grow((void **)&t->nodes, &t->cap, t->n + 1, sizeof *t->nodes)) {
    fail(r, CNNIMG_NOMEM, "no memory for the file's tables");
    return CI_T7_NONE;
  }
  t->nodes[t->n] = (ci_t7_node){.kind = kind, .parent = CI_T7_NONE};
  return (uint32_t)t->n++;
}

/* The node will have n items, which come next. */
static void open_items(reading *r, uint32_t node, int64_t n) {
  ci_t7 *t = r->t;
  size_t least = r->ascii ? 2 : 4;
  if (r->status || n == 0) return;
  if (n < 0 || (uint64_t)n > ci_cursor_left(&r->c) ||
      r->owed + (size_t)n > ci_cursor_left(&r->c) / least + 1) {
    damaged(r);
    return;
  }
  size_t all = t->n_items + (size_t)n;
  if (all >= CI_T7_NONE || !ci_grow((void **)&t->items, &t->cap_items, all, sizeof *t->items) ||
      !ci_grow((void **)&r->open, &r->cap_open, r->n_open + 1, sizeof *r->open)) {
    fail(r, CNNIMG_NOMEM, "no memory for the file's tables");
    return;
  }
  t->nodes[node].items = (uint32_t)t->n_items, t->nodes[node].n = (uint32_t)n;
  for (size_t i = t->n_items; i < all; i++) t->items[i] = CI_T7_NONE;
  t->n_items = all;
  r->open[r->n_open++] = (open_node){node, 0};
  r->owed += (size_t)n;
}

/* ---- tensors and storages ---------------------------------------------------------------------------------------------- */

static const struct {
  const char *name;
  ci_element type;
} types[] = {
    {"Float", {CI_E_FLOAT, 4}},      {"Double", {CI_E_FLOAT, 8}},     {"Cuda", {CI_E_FLOAT, 4}},
    {"CudaDouble", {CI_E_FLOAT, 8}}, {"Half", {CI_E_FLOAT, 2}},       {"CudaHalf", {CI_E_FLOAT, 2}},
    {"Byte", {CI_E_UNSIGNED, 1}},    {"Char", {CI_E_SIGNED, 1}},      {"Short", {CI_E_SIGNED, 2}},
    {"Int", {CI_E_SIGNED, 4}},       {"Long", {CI_E_SIGNED, 8}},      {"CudaByte", {CI_E_UNSIGNED, 1}},
    {"CudaChar", {CI_E_SIGNED, 1}},  {"CudaShort", {CI_E_SIGNED, 2}}, {"CudaInt", {CI_E_SIGNED, 4}},
    {"CudaLong", {CI_E_SIGNED, 8}}};

/* "torch.FloatTensor" with suffix "Tensor"; size 0: it is none. */
static ci_element type_of(const char *name, uint32_t n, const char *suffix) {
  size_t tail = strlen(suffix), head = strlen("torch.");
  if (n <= head + tail || memcmp(name, "torch.", head) || memcmp(name + n - tail, suffix, tail))
    return (ci_element){CI_E_FLOAT, 0};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (strlen(types[i].name) == n - head - tail && !memcmp(name + head, types[i].name, n - head - tail))
      return types[i].type;
  return (ci_element){CI_E_FLOAT, 0};
}

static void read_longs(reading *r, int64_t *to, int32_t n) {
  for (int32_t i = 0; i < n; i++) to[i] = r->ascii ? text_int(r) : take_long(r);
  if (n) end_piece(r);
}

static void read_tensor(reading *r, uint32_t node) {
  ci_t7 *t = r->t;
  ci_t7_tensor x = {0};
  int64_t rank = take_int(r);
  if (rank < 0 || rank > CI_MAX_RANK) {
    fail(r, CNNIMG_UNSUPPORTED, "a tensor of more dimensions than are supported");
    return;
  }
  x.rank = (int32_t)rank;
  read_longs(r, x.dim, x.rank);
  read_longs(r, x.stride, x.rank);
  x.offset = take_long(r); /* Lua counts from 1 */
  x.offset = x.offset > 0 ? x.offset - 1 : -1;
  if (r->status || r->c.bad) return;
  if (!ci_grow((void **)&t->tensors, &t->cap_tensors, t->n_tensors + 1, sizeof *t->tensors)) {
    fail(r, CNNIMG_NOMEM, "no memory for the file's tensors");
    return;
  }
  t->nodes[node].extra = t->n_tensors;
  t->tensors[t->n_tensors++] = x;
  open_items(r, node, 1);
}

/* Numbers as text become floats, or long integers. */
static void read_text_elements(reading *r, ci_t7_storage *s, size_t n) {
  bool is_float = s->type.kind == CI_E_FLOAT;
  size_t size = is_float ? sizeof(float) : sizeof(int64_t);
  if (n > ci_cursor_left(&r->c) / 2 + 1) {
    damaged(r);
    return;
  }
  s->type = (ci_element){is_float ? CI_E_FLOAT : CI_E_SIGNED, (uint8_t)size};
  s->bytes = n * size;
  s->data = s->owned = ci_calloc(n + 1, size);
  if (!s->owned) fail(r, CNNIMG_NOMEM, "no memory for the file's tensors");
  for (size_t i = 0; i < n && !r->status; i++)
    if (is_float) ((float *)s->owned)[i] = (float)text_number(r);
    else ((int64_t *)s->owned)[i] = text_int(r);
  if (n) end_piece(r);
}

static void read_storage(reading *r, uint32_t node, ci_element type) {
  ci_t7 *t = r->t;
  ci_t7_storage s = {.type = type};
  int64_t n = take_long(r);
  if (r->status || n < 0 || (uint64_t)n > ci_cursor_left(&r->c)) {
    damaged(r);
    return;
  }
  if (!ci_grow((void **)&t->storages, &t->cap_storages, t->n_storages + 1, sizeof *t->storages)) {
    fail(r, CNNIMG_NOMEM, "no memory for the file's tensors");
    return;
  }
  if (r->ascii && type.size > 1) {
    read_text_elements(r, &s, (size_t)n);
  } else {
    if (!ci_mul((size_t)n, type.size, &s.bytes)) damaged(r);
    s.data = ci_cursor_take(&r->c, s.bytes);
    if (n) end_piece(r);
  }
  t->nodes[node].extra = t->n_storages;
  t->storages[t->n_storages++] = s;
}

/* ---- values -------------------------------------------------------------------------------------------------------------- */

static void read_object(reading *r, uint32_t node) {
  uint32_t n;
  const char *name = take_string(r, &n);
  if (n > 2 && !memcmp(name, "V ", 2))
    name = take_string(r, &n); /* older files have no version before the class */
  if (r->status) return;
  ci_element tensor = type_of(name, n, "Tensor"), storage = type_of(name, n, "Storage");
  ci_t7_node *x = &r->t->nodes[node];
  x->text = name, x->text_n = n;
  if (tensor.size) {
    x->kind = CI_T7_TENSOR;
    read_tensor(r, node);
  } else if (storage.size) {
    x->kind = CI_T7_STORAGE;
    read_storage(r, node, storage);
  } else if (ci_t7_is(x, "tds.Hash") || ci_t7_is(x, "tds.Vec")) {
    bool hash = ci_t7_is(x, "tds.Hash");
    int64_t count = take_long(r);
    x->kind = hash ? CI_T7_TABLE : CI_T7_LIST;
    open_items(r, node, count < 0 || count > INT32_MAX ? -1 : hash ? 2 * count : count);
  } else {
    open_items(r, node, 1);
  }
}

static void read_function(reading *r, uint32_t node) {
  uint32_t n;
  take_string(r, &n);
  open_items(r, node, 1);
}

/* Objects have numbers, from 1 in the order in which they begin; a number that is known stands for that object. */
static uint32_t read_numbered(reading *r, int64_t type) {
  ci_t7 *t = r->t;
  int64_t index = take_int(r);
  if (r->c.bad || index < 1 || (uint64_t)index > t->n_objects + 1) return damaged(r), CI_T7_NONE;
  if ((uint64_t)index <= t->n_objects) return t->objects[index - 1];
  uint32_t node = add(r, type == TABLE ? CI_T7_TABLE : type == TORCH ? CI_T7_OBJECT : CI_T7_FUNCTION);
  if (node == CI_T7_NONE) return node;
  if (!ci_grow((void **)&t->objects, &t->cap_objects, t->n_objects + 1, sizeof *t->objects)) {
    fail(r, CNNIMG_NOMEM, "no memory for the file's tables");
    return CI_T7_NONE;
  }
  t->objects[t->n_objects++] = node;
  if (type == TORCH) read_object(r, node);
  else if (type != TABLE) read_function(r, node);
  else open_items(r, node, 2 * take_int(r));
  return node;
}

static uint32_t read_string(reading *r) {
  uint32_t node = add(r, CI_T7_STRING), n;
  const char *text = take_string(r, &n);
  if (!r->status) r->t->nodes[node].text = text, r->t->nodes[node].text_n = n;
  return node;
}

static uint32_t read_value(reading *r) {
  int64_t type = take_int(r);
  uint32_t node;
  switch (r->c.bad ? -1 : type) {
    case NIL:
      return add(r, CI_T7_NIL);
    case NUMBER:
      if ((node = add(r, CI_T7_NUMBER)) != CI_T7_NONE) r->t->nodes[node].number = take_double(r);
      return node;
    case STRING:
      return read_string(r);
    case BOOLEAN:
      if ((node = add(r, CI_T7_BOOL)) != CI_T7_NONE) r->t->nodes[node].number = take_int(r) == 1;
      return node;
    case FUNCTION:
      if ((node = add(r, CI_T7_FUNCTION)) != CI_T7_NONE) read_function(r, node);
      return node;
    case TABLE:
    case TORCH:
    case OLD_FUNCTION:
    case NEW_FUNCTION:
      return read_numbered(r, type);
    default:
      damaged(r);
      return CI_T7_NONE;
  }
}

/* The next item of the innermost container that wants one. It is filled before it is read, since reading opens others. */
static void read_item(reading *r) {
  ci_t7 *t = r->t;
  open_node *o = &r->open[r->n_open - 1];
  uint32_t owner = o->node, place = o->filled++;
  r->owed--;
  if (o->filled == t->nodes[owner].n) r->n_open--;
  uint32_t item = read_value(r);
  if (r->status || item == CI_T7_NONE) return;
  t->items[t->nodes[owner].items + place] = item;
  if (item && t->nodes[item].parent == CI_T7_NONE)
    t->nodes[item].parent = owner, t->nodes[item].place = place;
}

int ci_t7_read(ci_t7 *t, const void *data, size_t size, cnnimg_error *err) {
  const uint8_t *p = data;
  *t = (ci_t7){0};
  reading r = {.t = t, .c = ci_cursor_make(data, size), .ascii = size && *p >= '0' && *p <= '9', .err = err};
  read_value(&r);
  while (r.n_open && !r.status && !r.c.bad) read_item(&r);
  if (r.c.bad) damaged(&r);
  if (r.ascii) skip_space(&r);
  if (!r.status && ci_cursor_left(&r.c))
    fail(&r, CNNIMG_CORRUPT, "a Torch7 file with bytes behind its value");
  free(r.open);
  if (r.status) ci_t7_free(t);
  return r.status;
}

void ci_t7_free(ci_t7 *t) {
  for (size_t i = 0; i < t->n_storages; i++) free(t->storages[i].owned);
  free(t->nodes);
  free(t->items);
  free(t->tensors);
  free(t->storages);
  free(t->objects);
  *t = (ci_t7){0};
}
