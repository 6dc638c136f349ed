/* SPDX-License-Identifier: MIT */
/* onnx.c - ONNX files: the bid, the model's head, inputs and outputs, the card */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "formats/format.h"
#include "formats/onnx.h"

/* ModelProto */
enum { M_IR = 1, M_PRODUCER = 2, M_PRODUCER_VERSION = 3, M_GRAPH = 7, M_OPSET = 8, M_METADATA = 14 };
#define MOST_CARD_LINES 1000
#define MOST_INPUTS 256 /* free ones */

/* ---- the bid: ONNX has no magic, but only so many things look like a ModelProto --------- */

static bool plausible(const ci_field *f) {
  if (f->number == M_IR || f->number == 5) return f->wire == CI_VARINT;
  bool known = f->number <= M_OPSET || f->number == M_METADATA || f->number == 20 || f->number == 25 ||
               f->number == 26;
  return known && f->wire == CI_BYTES;
}

static int bid(const uint8_t *data, size_t size) {
  ci_cursor c = ci_cursor_make(data, size);
  ci_field f;
  bool ir = false, graph = false;
  while (ci_wire_next(&c, &f)) {
    if (!plausible(&f)) return 0;
    if (f.number == M_IR) ir = f.u >= 1 && f.u < 1000;
    if (f.number == M_GRAPH) graph = true;
  }
  if (ir) return graph ? 90 : c.bad ? 50 : 30;
  return graph && !c.bad ? 70 : 0;
}

/* ---- the card ------------------------------------------------------------------------------ */

/* Files come from anywhere and cards are printed: nothing may steer a terminal. */
static void clean(char *s) {
  for (; *s; s++)
    if (((unsigned char)*s < 0x20 && *s != '\n' && *s != '\t') || *s == 0x7f) *s = '?';
}

static int add_line(ci_onnx *o, ci_text key, ci_text value) {
  char *k = ci_text_copy(key), *v = ci_text_copy(value);
  int status = k && v ? CNNIMG_OK : CNNIMG_NOMEM;
  if (!status) {
    clean(k);
    clean(v);
    status = ci_program_set_card(o->p, k, v);
  }
  free(k);
  free(v);
  return status ? ci_fail(o->err, status, "no memory for the card") : CNNIMG_OK;
}

static int add_metadata(ci_onnx *o, ci_cursor c) {
  ci_field f;
  ci_text key = {NULL, 0}, value = {NULL, 0};
  while (ci_wire_next(&c, &f)) {
    if (ci_wire_is(&f, 1, CI_BYTES)) key = ci_wire_text(&f);
    if (ci_wire_is(&f, 2, CI_BYTES)) value = ci_wire_text(&f);
  }
  if (c.bad) return ci_fail(o->err, CNNIMG_CORRUPT, "the metadata are damaged");
  if (o->p->n_card >= MOST_CARD_LINES)
    return ci_fail(o->err, CNNIMG_LIMIT, "the file has more than %d lines of metadata", MOST_CARD_LINES);
  return key.n ? add_line(o, key, value) : CNNIMG_OK;
}

static int add_number(ci_onnx *o, const char *key, int64_t v) {
  char text[32];
  snprintf(text, sizeof text, "%lld", (long long)v);
  return ci_program_set_card(o->p, key, text) ? ci_fail(o->err, CNNIMG_NOMEM, "no memory for the card")
                                            : CNNIMG_OK;
}

/* ---- the head ------------------------------------------------------------------------------- */

/* The version of the standard operators, where this OperatorSetId is theirs. */
static void read_opset(ci_onnx *o, ci_cursor c) {
  ci_field f;
  ci_text domain = {NULL, 0};
  int64_t version = 0;
  while (ci_wire_next(&c, &f)) {
    if (ci_wire_is(&f, 1, CI_BYTES)) domain = ci_wire_text(&f);
    if (ci_wire_is(&f, 2, CI_VARINT)) version = (int64_t)f.u;
  }
  if (!domain.n || ci_text_is(domain, "ai.onnx")) o->opset = version;
}

static int read_head(ci_onnx *o) {
  ci_cursor c = ci_cursor_make(o->src->data, o->src->size);
  ci_field f;
  ci_text producer = {NULL, 0};
  int status = CNNIMG_OK;
  while (!status && ci_wire_next(&c, &f)) {
    if (ci_wire_is(&f, M_IR, CI_VARINT)) o->ir = (int64_t)f.u;
    if (f.wire != CI_BYTES) continue;
    if (f.number == M_PRODUCER) producer = ci_wire_text(&f);
    if (f.number == M_GRAPH) o->body = f.bytes, o->has_body = true;
    if (f.number == M_OPSET) read_opset(o, f.bytes);
    if (f.number == M_METADATA) status = add_metadata(o, f.bytes);
  }
  if (!status && c.bad)
    return ci_fail(o->err, CNNIMG_CORRUPT, "the file is damaged or cut off at byte %zu", o->src->size);
  if (!status && !ci_program_get_card(o->p, "ir_version")) status = add_number(o, "ir_version", o->ir);
  if (!status && !ci_program_get_card(o->p, "opset")) status = add_number(o, "opset", o->opset);
  if (!status && producer.n && !ci_program_get_card(o->p, "producer"))
    status = add_line(o, (ci_text){(const uint8_t *)"producer", 8}, producer);
  return status;
}

static int check_head(const ci_onnx *o) {
  if (!o->has_body) return ci_fail(o->err, CNNIMG_CORRUPT, "there is no graph in the file");
  if (!o->opset)
    return ci_fail(o->err, CNNIMG_CORRUPT, "the file does not say its operator set; it may be cut off");
  if (o->opset < CI_ONNX_OLDEST || o->opset > CI_ONNX_NEWEST)
    return ci_fail(o->err, CNNIMG_UNSUPPORTED, "operator set %lld; %d to %d are known", (long long)o->opset,
                   CI_ONNX_OLDEST, CI_ONNX_NEWEST);
  return CNNIMG_OK;
}

/* ---- inputs and outputs ------------------------------------------------------------------------ */

typedef struct info { /* ValueInfoProto */
  ci_text name;
  int64_t type; /* TensorProto.DataType; 0: no tensor */
  ci_pinput in;
} info;

/* One Dimension: dim_value, or a name or nothing for an open one. */
static int64_t read_dim(ci_cursor c) {
  ci_field f;
  int64_t v = 0;
  while (ci_wire_next(&c, &f))
    if (ci_wire_is(&f, 1, CI_VARINT)) v = (int64_t)f.u;
  return v < 0 ? 0 : v;
}

/* TensorShapeProto */
static void read_shape(ci_cursor c, ci_pinput *in) {
  ci_field f;
  in->rank = 0;
  while (ci_wire_next(&c, &f)) {
    if (!ci_wire_is(&f, 1, CI_BYTES)) continue;
    if (in->rank < CI_MAX_RANK) in->dim[in->rank] = read_dim(f.bytes);
    if (in->rank <= CI_MAX_RANK) in->rank++;
  }
}

/* Walks down name, type.tensor_type, shape, dim: fixed levels, no recursion. */
static info read_info(ci_cursor c) {
  info i = {.in.rank = -1};
  ci_field a, b, t;
  while (ci_wire_next(&c, &a)) {
    if (ci_wire_is(&a, 1, CI_BYTES)) i.name = ci_wire_text(&a);
    if (!ci_wire_is(&a, 2, CI_BYTES)) continue;
    while (ci_wire_next(&a.bytes, &b)) {
      if (!ci_wire_is(&b, 1, CI_BYTES)) continue;
      while (ci_wire_next(&b.bytes, &t)) {
        if (ci_wire_is(&t, 1, CI_VARINT)) i.type = (int64_t)t.u;
        if (ci_wire_is(&t, 2, CI_BYTES)) read_shape(t.bytes, &i.in);
      }
    }
  }
  return i;
}

static int check_input(const ci_onnx *o, info *i, const char *name) {
  if (!ci_onnx_type(i->type, &i->in.type))
    return ci_fail(o->err, CNNIMG_UNSUPPORTED, "the input \"%s\" is not of numbers that are known (type %lld)", name,
                   (long long)i->type);
  if (i->in.rank > CI_MAX_RANK)
    return ci_fail(o->err, CNNIMG_UNSUPPORTED, "the input \"%s\" has more than %d dimensions", name, CI_MAX_RANK);
  for (int32_t k = 0; k < i->in.rank; k++)
    if (i->in.dim[k] > INT32_MAX)
      return ci_fail(o->err, CNNIMG_CORRUPT, "the input \"%s\" has a size of %lld", name, (long long)i->in.dim[k]);
  return CNNIMG_OK;
}

static int add_input(ci_onnx *o, size_t index) {
  info i = read_info(o->inputs.items[index]);
  const ci_onnx_name *name = ci_onnx_find(o, i.name);
  char shown[80];
  ci_text_fit(i.name, shown, sizeof shown);
  if (!name) return ci_fail(o->err, CNNIMG_CORRUPT, "input %zu of the graph has no name", index);
  if (name->from != CI_FROM_INPUT) return CNNIMG_OK; /* a constant, listed as files of old did */
  int status = o->p->n_inputs < MOST_INPUTS ? check_input(o, &i, shown)
                                            : ci_fail(o->err, CNNIMG_LIMIT, "the network has more than %d inputs", MOST_INPUTS);
  if (!status) status = ci_onnx_value(o, i.name, &i.in.value);
  if (!status && ci_program_add_input(o->p, &i.in)) status = ci_fail(o->err, CNNIMG_NOMEM, "no memory for the network");
  return status;
}

static int add_output(ci_onnx *o, size_t index) {
  info i = read_info(o->outputs.items[index]);
  int32_t value;
  int status = ci_onnx_value(o, i.name, &value);
  if (!status && ci_program_add_output(o->p, value)) status = ci_fail(o->err, CNNIMG_NOMEM, "no memory for the network");
  return status;
}

static int build(ci_onnx *o) {
  int status = read_head(o);
  if (!status) status = check_head(o);
  if (!status) status = ci_onnx_collect(o);
  for (size_t i = 0; i < o->inputs.n && !status; i++) status = add_input(o, i);
  for (size_t i = 0; i < o->nodes.n && !status; i++) status = ci_onnx_add_node(o, i);
  for (size_t i = 0; i < o->outputs.n && !status; i++) status = add_output(o, i);
  if (status) return status;
  if (!o->outputs.n) return ci_fail(o->err, CNNIMG_CORRUPT, "the network has no output");
  o->p->opset = o->opset;
  return ci_program_finish(o->p, o->err);
}

static void fini(ci_onnx *o) {
  free(o->nodes.items);
  free(o->tensors.items);
  free(o->inputs.items);
  free(o->outputs.items);
  free(o->names);
  ci_program_free(o->p);
}

static int load(const ci_source *src, ci_loaded *out, cnnimg_error *err) {
  cnnimg_error own = {0};
  ci_onnx o = {.src = src, .err = &own, .p = ci_program_new()};
  *out = (ci_loaded){0};
  int status = o.p ? build(&o) : ci_fail(&own, CNNIMG_NOMEM, "no memory for the network");
  if (!status) out->program = o.p, o.p = NULL;
  fini(&o);
  return status ? ci_fail(err, status, "%s: %s", src->name, own.text) : CNNIMG_OK;
}

const ci_format ci_format_onnx = {"onnx", bid, load};
