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
#define MOST_CHANNELS 65536

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
    status = ci_graph_set_card(o->g, k, v);
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
  if (o->g->n_card >= MOST_CARD_LINES)
    return ci_fail(o->err, CNNIMG_LIMIT, "the file has more than %d lines of metadata", MOST_CARD_LINES);
  return key.n ? add_line(o, key, value) : CNNIMG_OK;
}

static int add_number(ci_onnx *o, const char *key, int64_t v) {
  char text[32];
  snprintf(text, sizeof text, "%lld", (long long)v);
  return ci_graph_set_card(o->g, key, text) ? ci_fail(o->err, CNNIMG_NOMEM, "no memory for the card")
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
  if (!status && !ci_graph_get_card(o->g, "ir_version")) status = add_number(o, "ir_version", o->ir);
  if (!status && !ci_graph_get_card(o->g, "opset")) status = add_number(o, "opset", o->opset);
  if (!status && producer.n && !ci_graph_get_card(o->g, "producer"))
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
  int64_t type, dim[4]; /* dim 0: open */
  int32_t rank;
  bool shaped;
} info;

/* One Dimension: dim_value, or a name or nothing for an open one. */
static int64_t read_dim(ci_cursor c) {
  ci_field f;
  int64_t v = 0;
  while (ci_wire_next(&c, &f))
    if (ci_wire_is(&f, 1, CI_VARINT)) v = (int64_t)f.u;
  return v;
}

/* Walks down name, type.tensor_type, shape, dim: four fixed levels, no recursion. */
static info read_info(ci_cursor c) {
  info i = {.rank = 0};
  ci_field a, b, t, d;
  while (ci_wire_next(&c, &a)) {
    if (ci_wire_is(&a, 1, CI_BYTES)) i.name = ci_wire_text(&a);
    if (!ci_wire_is(&a, 2, CI_BYTES)) continue;
    while (ci_wire_next(&a.bytes, &b)) {
      if (!ci_wire_is(&b, 1, CI_BYTES)) continue;
      while (ci_wire_next(&b.bytes, &t)) {
        if (ci_wire_is(&t, 1, CI_VARINT)) i.type = (int64_t)t.u;
        if (!ci_wire_is(&t, 2, CI_BYTES)) continue;
        i.shaped = true;
        while (ci_wire_next(&t.bytes, &d)) {
          if (!ci_wire_is(&d, 1, CI_BYTES)) continue;
          if (i.rank < 4) i.dim[i.rank] = read_dim(d.bytes);
          if (i.rank < 5) i.rank++;
        }
      }
    }
  }
  return i;
}

static int check_input(const ci_onnx *o, const info *i, const char *name) {
  if (i->type != 1)
    return ci_fail(o->err, CNNIMG_UNSUPPORTED, "the input \"%s\" is not of 32-bit floats", name);
  if (!i->shaped || (i->rank != 4 && i->rank != 2))
    return ci_fail(o->err, CNNIMG_UNSUPPORTED, "the input \"%s\" is not batch x channels x height x width",
                   name);
  if (i->dim[0] != 0 && i->dim[0] != 1 && i->dim[0] != -1)
    return ci_fail(o->err, CNNIMG_UNSUPPORTED, "the input \"%s\" wants %lld pictures at once, only 1 is done",
                   name, (long long)i->dim[0]);
  for (int32_t k = 1; k < i->rank; k++)
    if (i->dim[k] < -1 || i->dim[k] > INT32_MAX)
      return ci_fail(o->err, CNNIMG_CORRUPT, "the input \"%s\" has a size of %lld", name,
                     (long long)i->dim[k]);
  if (i->dim[1] > MOST_CHANNELS)
    return ci_fail(o->err, CNNIMG_LIMIT, "the input \"%s\" has %lld channels, at most %d are done", name,
                   (long long)i->dim[1], MOST_CHANNELS);
  return CNNIMG_OK;
}

static int32_t open_or(int64_t dim) { return dim < 0 ? 0 : (int32_t)dim; }

static int add_input(ci_onnx *o, size_t index) {
  info i = read_info(o->inputs.items[index]);
  ci_onnx_name *name = ci_onnx_find(o, i.name);
  char shown[80];
  ci_text_fit(i.name, shown, sizeof shown);
  if (!name) return ci_fail(o->err, CNNIMG_CORRUPT, "input %zu of the graph has no name", index);
  if (name->from != CI_FROM_INPUT) return CNNIMG_OK; /* a constant, listed as files of old did */
  int status = check_input(o, &i, shown);
  if (status) return status;
  ci_shape s = {open_or(i.dim[1]), i.rank == 4 ? open_or(i.dim[2]) : 1, i.rank == 4 ? open_or(i.dim[3]) : 1};
  name->value = ci_onnx_value(o, i.name, NULL, i.rank, s.c);
  if (name->value < 0 || ci_graph_add_input(o->g, name->value, s))
    return ci_fail(o->err, CNNIMG_NOMEM, "no memory for the graph");
  return CNNIMG_OK;
}

/* An output that is an input, or a constant, or nothing. */
static int settle_output(ci_onnx *o) {
  int32_t v = o->g->output;
  if (ci_const(o->g, v) || o->g->values[v].producer >= 0) return CNNIMG_OK;
  ci_node *copy = ci_graph_add_node(o->g, CI_OP_activation, "copy", &v, 1, "copy");
  if (!copy) return ci_fail(o->err, CNNIMG_NOMEM, "no memory for the graph");
  o->g->output = copy->out;
  return CNNIMG_OK;
}

static int build(ci_onnx *o) {
  int status = read_head(o);
  if (!status) status = check_head(o);
  if (!status) status = ci_onnx_collect(o);
  for (size_t i = 0; i < o->inputs.n && !status; i++) status = add_input(o, i);
  if (status) return status;
  if (o->outputs.n != 1)
    return ci_fail(o->err, o->outputs.n ? CNNIMG_UNSUPPORTED : CNNIMG_CORRUPT,
                   "the network has %zu outputs, exactly 1 is expected", o->outputs.n);
  info out = read_info(o->outputs.items[0]);
  status = ci_onnx_make(o, out.name, &o->g->output);
  if (!status) status = settle_output(o);
  return status ? status : ci_graph_finish(o->g, o->err);
}

static void fini(ci_onnx *o) {
  free(o->nodes.items);
  free(o->tensors.items);
  free(o->inputs.items);
  free(o->outputs.items);
  free(o->names);
  free(o->known);
  if (o->g) ci_graph_free(o->g);
}

static int load(const ci_source *src, ci_graph **out, cnnimg_error *err) {
  cnnimg_error own = {0};
  ci_onnx o = {.src = src, .err = &own, .g = ci_graph_new()};
  *out = NULL;
  o.budget = src->size < SIZE_MAX / 64 ? src->size * 32 + (1 << 20) : SIZE_MAX;
  int status = o.g ? build(&o) : ci_fail(&own, CNNIMG_NOMEM, "no memory for the graph");
  if (!status) *out = o.g, o.g = NULL;
  fini(&o);
  return status ? ci_fail(err, status, "%s: %s", src->name, own.text) : CNNIMG_OK;
}

const ci_format ci_format_onnx = {"onnx", bid, load};
