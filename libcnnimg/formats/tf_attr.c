/* SPDX-License-Identifier: MIT */
/* tf_attr.c - attributes of TensorFlow's nodes */
#include <string.h>

#include "formats/tf_graph.h"

enum { NODE_ATTR = 5, KEY = 1, VALUE = 2 };
enum {
  A_LIST = 1,
  A_S = 2,
  A_I = 3,
  A_F = 4,
  A_B = 5,
  A_TYPE = 6,
  A_SHAPE = 7,
  A_TENSOR = 8
}; /* AttrValue */

/* The AttrValue of that name. */
static bool find(const ci_tf_node *n, const char *name, ci_cursor *value) {
  ci_cursor c = n->body, entry;
  ci_field f, part;
  while (ci_wire_next(&c, &f)) {
    if (!ci_wire_is(&f, NODE_ATTR, CI_BYTES)) continue;
    bool same = false;
    for (entry = f.bytes; ci_wire_next(&entry, &part);) {
      if (ci_wire_is(&part, KEY, CI_BYTES)) same = ci_text_is(ci_wire_text(&part), name);
      if (ci_wire_is(&part, VALUE, CI_BYTES)) *value = part.bytes;
    }
    if (same) return true;
  }
  return false;
}

/* The last field that is one of three numbers. */
static bool last(const ci_tf_node *n, const char *name, uint64_t a, uint64_t b, uint64_t d, ci_field *out) {
  ci_cursor c = {NULL, NULL, false};
  ci_field f;
  bool found = false;
  if (!find(n, name, &c)) return false;
  while (ci_wire_next(&c, &f))
    if (f.number == a || f.number == b || f.number == d) *out = f, found = true;
  return found;
}

int64_t ci_tf_int(const ci_tf_node *n, const char *name, int64_t otherwise) {
  ci_field f;
  return last(n, name, A_I, A_B, A_TYPE, &f) && f.wire == CI_VARINT ? (int64_t)f.u : otherwise;
}

float ci_tf_float(const ci_tf_node *n, const char *name, float otherwise) {
  ci_field f;
  float v = otherwise;
  size_t count = 0;
  if (last(n, name, A_F, A_F, A_F, &f) && f.wire == CI_FIXED32) ci_wire_floats(&f, &v, 1, &count);
  return v;
}

ci_text ci_tf_text(const ci_tf_node *n, const char *name) {
  ci_field f;
  return last(n, name, A_S, A_S, A_S, &f) ? ci_wire_text(&f) : (ci_text){NULL, 0};
}

bool ci_tf_word(const ci_tf_node *n, const char *name, const char *word) {
  return ci_text_is(ci_tf_text(n, name), word);
}

int32_t ci_tf_ints(const ci_tf_node *n, const char *name, int64_t *out, int32_t max) {
  ci_field f, item;
  size_t count = 0;
  if (!last(n, name, A_LIST, A_LIST, A_LIST, &f) || f.wire != CI_BYTES) return -1;
  while (ci_wire_next(&f.bytes, &item))
    if (item.number == A_I) ci_wire_ints(&item, out, (size_t)max, &count);
  return count > INT32_MAX ? INT32_MAX : (int32_t)count;
}

int32_t ci_tf_shape(const ci_tf_node *n, const char *name, int64_t dim[CI_MAX_RANK]) {
  ci_field f;
  if (!last(n, name, A_SHAPE, A_SHAPE, A_SHAPE, &f) || f.wire != CI_BYTES) return -1;
  return ci_tf_read_shape(f.bytes, dim);
}

bool ci_tf_has_tensor(const ci_tf_node *n, const char *name, ci_cursor *body) {
  ci_field f;
  if (!last(n, name, A_TENSOR, A_TENSOR, A_TENSOR, &f) || f.wire != CI_BYTES) return false;
  *body = f.bytes;
  return true;
}
