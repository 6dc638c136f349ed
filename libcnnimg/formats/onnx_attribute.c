/* SPDX-License-Identifier: MIT */
/* onnx_attribute.c - attributes of a node, looked up by name in its bytes */
#include <string.h>

#include "base/error.h"
#include "formats/onnx.h"

enum {
  NODE_ATTRIBUTE = 5,
  ATT_NAME = 1,
  ATT_F = 2,
  ATT_I = 3,
  ATT_S = 4,
  ATT_T = 5,
  ATT_FLOATS = 7,
  ATT_INTS = 8
};

static ci_text attribute_name(ci_cursor body) {
  ci_field f;
  ci_text name = {NULL, 0};
  while (ci_wire_next(&body, &f))
    if (ci_wire_is(&f, ATT_NAME, CI_BYTES)) name = ci_wire_text(&f);
  return name;
}

static bool find_attribute(const ci_onnx_node *n, const char *name, ci_cursor *out) {
  ci_cursor c = n->body;
  ci_field f;
  while (ci_wire_next(&c, &f)) {
    if (!ci_wire_is(&f, NODE_ATTRIBUTE, CI_BYTES)) continue;
    if (ci_text_is(attribute_name(f.bytes), name)) {
      *out = f.bytes;
      return true;
    }
  }
  return false;
}

/* The last field of that number and kind, as protobuf has it. */
static bool last_field(const ci_onnx_node *n, const char *name, uint64_t number, ci_wire wire,
                       ci_field *out) {
  ci_cursor c;
  ci_field f;
  bool found = false;
  if (!find_attribute(n, name, &c)) return false;
  while (ci_wire_next(&c, &f))
    if (ci_wire_is(&f, number, wire)) *out = f, found = true;
  return found;
}

bool ci_onnx_has(const ci_onnx_node *n, const char *name) {
  ci_cursor c;
  return find_attribute(n, name, &c);
}

int64_t ci_onnx_int(const ci_onnx_node *n, const char *name, int64_t otherwise) {
  ci_field f;
  return last_field(n, name, ATT_I, CI_VARINT, &f) ? (int64_t)f.u : otherwise;
}

static float float_of(uint32_t bits) {
  float v;
  memcpy(&v, &bits, sizeof v);
  return v;
}

float ci_onnx_float(const ci_onnx_node *n, const char *name, float otherwise) {
  ci_field f;
  return last_field(n, name, ATT_F, CI_FIXED32, &f) ? float_of((uint32_t)f.u) : otherwise;
}

ci_text ci_onnx_string(const ci_onnx_node *n, const char *name) {
  ci_field f;
  return last_field(n, name, ATT_S, CI_BYTES, &f) ? ci_wire_text(&f) : (ci_text){NULL, 0};
}

bool ci_onnx_tensor_attribute(const ci_onnx_node *n, const char *name, ci_cursor *body) {
  ci_field f;
  if (!last_field(n, name, ATT_T, CI_BYTES, &f)) return false;
  *body = f.bytes;
  return true;
}

int32_t ci_onnx_ints(const ci_onnx_node *n, const char *name, int64_t *out, int32_t max) {
  ci_cursor c;
  ci_field f;
  size_t count = 0;
  if (!find_attribute(n, name, &c)) return -1;
  while (ci_wire_next(&c, &f))
    if (f.number == ATT_INTS) ci_wire_ints(&f, out, (size_t)max, &count);
  return count > INT32_MAX ? INT32_MAX : (int32_t)count;
}

int32_t ci_onnx_floats(const ci_onnx_node *n, const char *name, float *out, int32_t max) {
  ci_cursor c;
  ci_field f;
  int32_t count = 0;
  if (!find_attribute(n, name, &c)) return -1;
  while (ci_wire_next(&c, &f)) {
    if (f.number != ATT_FLOATS) continue;
    if (f.wire == CI_FIXED32 && count++ < max) out[count - 1] = float_of((uint32_t)f.u);
    while (f.wire == CI_BYTES && !f.bytes.bad && ci_cursor_left(&f.bytes) && count < INT32_MAX) {
      uint32_t bits = ci_cursor_u32(&f.bytes, false);
      if (count++ < max) out[count - 1] = float_of(bits);
    }
  }
  return count;
}

/* Is the word one of the list? */
static bool listed(ci_text word, const char *list) {
  while (*list) {
    size_t n = strcspn(list, " ");
    if (n == word.n && n && !memcmp(word.p, list, n)) return true;
    list += n + (list[n] == ' ');
  }
  return false;
}

int ci_onnx_check_attributes(const ci_onnx_node *n, const char *list) {
  ci_cursor c = n->body;
  ci_field f;
  while (ci_wire_next(&c, &f)) {
    if (!ci_wire_is(&f, NODE_ATTRIBUTE, CI_BYTES)) continue;
    ci_text name = attribute_name(f.bytes);
    char shown[64];
    if (listed(name, list)) continue;
    ci_text_fit(name, shown, sizeof shown);
    return ci_fail(n->o->err, CNNIMG_UNSUPPORTED, "%s: the attribute \"%s\" is not known", n->label, shown);
  }
  return CNNIMG_OK;
}

int ci_onnx_range(const ci_onnx_node *n, const char *what, int64_t v, int64_t lo, int64_t hi, int32_t *out) {
  if (v < lo || v > hi)
    return ci_fail(n->o->err, CNNIMG_UNSUPPORTED, "%s: %s is %lld, not within %lld and %lld", n->label, what,
                   (long long)v, (long long)lo, (long long)hi);
  *out = (int32_t)v;
  return CNNIMG_OK;
}
