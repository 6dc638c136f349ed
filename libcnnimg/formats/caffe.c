/* SPDX-License-Identifier: MIT */
/* caffe.c - caffemodels: the bid, layers in the order of the file, inputs and outputs; a prototxt leads to one */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "formats/caffe.h"
#include "formats/format.h"

enum {
  NET_NAME = 1,
  NET_LAYERS = 2,
  NET_INPUT = 3,
  NET_DIM = 4,
  NET_SHAPE = 8,
  NET_LAYER = 100
};                                                            /* NetParameter */
enum { L_NAME = 1, L_TYPE = 2, L_BOTTOM = 3, L_TOP = 4 };     /* LayerParameter */
enum { V1_BOTTOM = 2, V1_TOP = 3, V1_NAME = 4, V1_TYPE = 5 }; /* V1LayerParameter */

/* ---- the bid: no magic, but few things begin with a name or a layer of a known kind -------------------- */

static bool plausible(const ci_field *f) {
  if (f->number == NET_DIM) return f->wire == CI_VARINT || f->wire == CI_BYTES;
  if (f->number == 5 || f->number == 7) return f->wire == CI_VARINT;
  bool known = f->number <= NET_INPUT || f->number == 6 || f->number == NET_SHAPE || f->number == NET_LAYER;
  return known && f->wire == CI_BYTES;
}

/* A layer begins with texts: its name and type, or its bottoms. */
static bool like_layer(ci_cursor c, bool old) {
  ci_field f;
  if (!ci_wire_next(&c, &f) || f.wire != CI_BYTES) return false;
  return old ? f.number >= 2 && f.number <= 4 : f.number <= 4;
}

static int bid(const uint8_t *data, size_t size) {
  ci_cursor c = ci_cursor_make(data, size);
  ci_field f;
  int layers = 0;
  if (!size || data[0] == 0x08) return 0;
  while (ci_wire_next(&c, &f)) {
    if (!plausible(&f)) return 0;
    if (f.number != NET_LAYER && f.number != NET_LAYERS) continue;
    if (!like_layer(f.bytes, f.number == NET_LAYERS)) return 0;
    layers += f.number == NET_LAYER ? 10 : 1;
  }
  return layers >= 10 ? 75 : layers ? 60 : 0;
}

/* ---- collecting ------------------------------------------------------------------------------------------- */

static bool no_memory(ci_caffe *c) {
  ci_build_fail(&c->b, CNNIMG_NOMEM, "no memory for the network");
  return false;
}

static const ci_caffe_type *find_type(const char *word, int64_t v1) {
  static const ci_caffe_type *const tables[] = {ci_caffe_window_layers, ci_caffe_point_layers,
                                                ci_caffe_shape_layers, ci_caffe_ends};
  for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
    for (const ci_caffe_type *i = tables[t]; i->word; i++)
      if (v1 ? i->v1 == v1 : !strcmp(i->word, word)) return i;
  return NULL;
}

bool ci_caffe_is_top(const ci_caffe_layer *l, const ci_field *f) {
  return ci_wire_is(f, l->old ? V1_TOP : L_TOP, CI_BYTES);
}
bool ci_caffe_is_bottom(const ci_caffe_layer *l, const ci_field *f) {
  return ci_wire_is(f, l->old ? V1_BOTTOM : L_BOTTOM, CI_BYTES);
}

static bool add_name(ci_caffe *c, ci_text text) {
  if (c->n_names >= CI_CAFFE_MANY)
    ci_build_fail(&c->b, CNNIMG_LIMIT, "the file has more than %d names", CI_CAFFE_MANY);
  else if (!ci_grow((void **)&c->names, &c->cap_names, c->n_names + 1, sizeof *c->names)) no_memory(c);
  else c->names[c->n_names++] = (ci_caffe_name){.text = text, .value = -1};
  return !c->b.status;
}

static bool add_layer(ci_caffe *c, ci_cursor body, bool old) {
  ci_caffe_layer l = {.body = body, .old = old};
  ci_field f;
  int64_t v1 = 0;
  while (ci_wire_next(&body, &f)) {
    if (ci_wire_is(&f, old ? V1_NAME : L_NAME, CI_BYTES)) l.name = ci_wire_text(&f);
    if (!old && ci_wire_is(&f, L_TYPE, CI_BYTES)) ci_text_fit(ci_wire_text(&f), l.word, sizeof l.word);
    if (old && ci_wire_is(&f, V1_TYPE, CI_VARINT)) v1 = (int64_t)f.u;
    if (ci_caffe_is_top(&l, &f) && !add_name(c, ci_wire_text(&f))) return false;
  }
  l.type = find_type(l.word, v1);
  if (old && l.type) strcpy(l.word, l.type->word);
  if (body.bad) ci_build_fail(&c->b, CNNIMG_CORRUPT, "layer %zu is damaged", c->n_layers);
  else if (c->n_layers >= CI_CAFFE_MANY)
    ci_build_fail(&c->b, CNNIMG_LIMIT, "the file has more than %d layers", CI_CAFFE_MANY);
  else if (!ci_grow((void **)&c->layers, &c->cap_layers, c->n_layers + 1, sizeof *c->layers)) no_memory(c);
  else c->layers[c->n_layers++] = l;
  return !c->b.status;
}

static bool add_input(ci_caffe *c, ci_text name) {
  if (c->n_inputs >= 16) ci_build_fail(&c->b, CNNIMG_LIMIT, "the network has more than 16 inputs");
  else if (!ci_grow((void **)&c->inputs, &c->cap_inputs, c->n_inputs + 1, sizeof *c->inputs)) no_memory(c);
  else c->inputs[c->n_inputs++] = name;
  return !c->b.status && add_name(c, name);
}

/* A BlobShape: the first that is said. */
static void take_shape(ci_caffe *c, ci_cursor shape) {
  ci_field f;
  int64_t dim[4] = {0};
  size_t n = 0;
  while (ci_wire_next(&shape, &f))
    if (f.number == 1) ci_wire_ints(&f, dim, 4, &n);
  if (n == 4 && !c->dim[1]) memcpy(c->dim, dim, sizeof dim);
}

static int by_name(const void *a, const void *b) {
  return ci_text_compare(((const ci_caffe_name *)a)->text, ((const ci_caffe_name *)b)->text);
}

static void sort_names(ci_caffe *c) {
  size_t n = 0;
  if (c->n_names) qsort(c->names, c->n_names, sizeof *c->names, by_name);
  for (size_t i = 0; i < c->n_names; i++)
    if (!n || by_name(&c->names[n - 1], &c->names[i])) c->names[n++] = c->names[i];
  c->n_names = n;
}

static bool collect(ci_caffe *c) {
  ci_cursor at = ci_cursor_make(c->src->data, c->src->size);
  ci_field f;
  size_t dims = 0;
  while (!c->b.status && ci_wire_next(&at, &f)) {
    if (ci_wire_is(&f, NET_NAME, CI_BYTES)) c->name = ci_wire_text(&f);
    if (ci_wire_is(&f, NET_INPUT, CI_BYTES)) add_input(c, ci_wire_text(&f));
    if (f.number == NET_DIM) ci_wire_ints(&f, c->dim, 4, &dims);
    if (ci_wire_is(&f, NET_SHAPE, CI_BYTES)) take_shape(c, f.bytes);
    if (ci_wire_is(&f, NET_LAYER, CI_BYTES) || ci_wire_is(&f, NET_LAYERS, CI_BYTES))
      add_layer(c, f.bytes, f.number == NET_LAYERS);
  }
  if (at.bad)
    ci_build_fail(&c->b, CNNIMG_CORRUPT, "the file is damaged or cut off at byte %zu", c->src->size);
  if (!c->b.status && !c->n_layers) ci_build_fail(&c->b, CNNIMG_CORRUPT, "there are no layers in the file");
  sort_names(c);
  return !c->b.status;
}

/* ---- names and values ------------------------------------------------------------------------------------------ */

int32_t ci_caffe_fail(const ci_caffe_site *s, int code, const char *why) {
  char name[64];
  ci_text_fit(s->l->name, name, sizeof name);
  return ci_build_fail(s->b, code, "the layer \"%s\" (%s) %.90s", name, s->l->word, why);
}

ci_caffe_name *ci_caffe_find(const ci_caffe *c, ci_text text) {
  ci_caffe_name key = {.text = text};
  return c->n_names ? bsearch(&key, c->names, c->n_names, sizeof key, by_name) : NULL;
}

/* Rows and columns are what the file says only where something depends on them. */
static int32_t make_input(ci_caffe *c, ci_text text) {
  char name[160];
  ci_text_fit(text, name, sizeof name);
  if (c->b.status) return -1;
  if (c->b.p->n_inputs >= 16)
    return ci_build_fail(&c->b, CNNIMG_LIMIT, "the network has more than 16 inputs");
  int32_t v = ci_build_input(&c->b, name, 0);
  for (int32_t i = 1; i < 4 && !c->b.status && c->b.p->n_inputs == 1; i++)
    if (c->dim[i] > 0 && c->dim[i] <= INT32_MAX && (i == 1 || c->sized)) c->b.p->inputs[0].dim[i] = c->dim[i];
  return v;
}

/* The value of a bottom; inputs are made when they are first read. */
static int32_t read_name(const ci_caffe_site *s, ci_text text) {
  ci_caffe_name *n = ci_caffe_find(s->c, text);
  if (n && n->given && n->value < 0) n->value = make_input(s->c, text);
  if (!n || n->value < 0) return ci_caffe_fail(s, CNNIMG_CORRUPT, "reads what no layer before it makes");
  n->read = true;
  return n->value;
}

int32_t ci_caffe_bottom(const ci_caffe_site *s, size_t i) {
  ci_cursor c = s->l->body;
  ci_field f;
  if (i < sizeof s->in / sizeof *s->in)
    return i < s->n_in ? s->in[i] : ci_caffe_fail(s, CNNIMG_CORRUPT, "has too few bottoms");
  while (ci_wire_next(&c, &f))
    if (ci_caffe_is_bottom(s->l, &f) && !i--) return read_name(s, ci_wire_text(&f));
  return ci_caffe_fail(s, CNNIMG_CORRUPT, "has too few bottoms");
}

/* ---- layers -------------------------------------------------------------------------------------------------------- */

static void read_bottoms(ci_caffe_site *s) {
  ci_cursor c = s->l->body;
  ci_field f;
  uint64_t param = (uint64_t)(s->l->old ? s->l->type->field1 : s->l->type->field);
  while (ci_wire_next(&c, &f) && !s->b->status) {
    if (ci_caffe_is_top(s->l, &f)) s->n_out++;
    if (param && ci_wire_is(&f, param, CI_BYTES)) s->param = f.bytes;
    if (!ci_caffe_is_bottom(s->l, &f)) continue;
    if (s->l->type->kind == CI_CAFFE_LOSS && s->n_in) continue; /* labels */
    int32_t v = read_name(s, ci_wire_text(&f));
    if (s->n_in < sizeof s->in / sizeof *s->in) s->in[s->n_in] = v;
    s->n_in++;
  }
}

static void write_tops(ci_caffe_site *s, size_t index) {
  ci_cursor c = s->l->body;
  ci_field f;
  size_t i = 0;
  while (ci_wire_next(&c, &f) && !s->b->status) {
    if (!ci_caffe_is_top(s->l, &f)) continue;
    ci_caffe_name *n = ci_caffe_find(s->c, ci_wire_text(&f));
    if (n->value >= 0 && !n->read) ci_caffe_fail(s, CNNIMG_CORRUPT, "makes what another layer has made");
    if (s->out[i] < 0) ci_caffe_fail(s, CNNIMG_UNSUPPORTED, "has more tops than are known");
    *n = (ci_caffe_name){n->text, s->out[i++], index, false, false, false};
  }
}

static void run_layer(ci_caffe *c, size_t index) {
  char name[64];
  ci_caffe_site s = {.c = c, .b = &c->b, .l = &c->layers[index]};
  ci_text_fit(s.l->name, name, sizeof name);
  ci_build_layer(&c->b, name);
  read_bottoms(&s);
  if (!c->b.status && !s.n_in) ci_caffe_fail(&s, CNNIMG_CORRUPT, "reads nothing");
  if (!c->b.status && c->b.p->n_nodes >= CI_EMIT_NODES) ci_caffe_fail(&s, CNNIMG_LIMIT, "is one too many");
  s.out = ci_calloc(s.n_out + 1, sizeof *s.out);
  if (!s.out) no_memory(c);
  for (size_t i = 0; s.out && i < s.n_out; i++) s.out[i] = -1;
  int32_t v = c->b.status ? -1 : s.l->type->translate(&s);
  if (s.out && s.n_out) s.out[0] = v;
  if (!c->b.status) write_tops(&s, index);
  free(s.out);
}

/* What data layers deliver is an input where a layer reads it. */
static void run_data(ci_caffe *c, const ci_caffe_layer *l) {
  ci_cursor at = l->body, shape;
  ci_field f, inner;
  while (ci_wire_next(&at, &f)) {
    if (ci_caffe_is_top(l, &f)) ci_caffe_find(c, ci_wire_text(&f))->given = true;
    if (!l->old && f.number == 143 && f.wire == CI_BYTES)
      for (shape = f.bytes; ci_wire_next(&shape, &inner);)
        if (ci_wire_is(&inner, 1, CI_BYTES)) take_shape(c, inner.bytes);
  }
}

static void run(ci_caffe *c, size_t index) {
  const ci_caffe_layer *l = &c->layers[index];
  const ci_caffe_site s = {.c = c, .b = &c->b, .l = l};
  if (!l->type) ci_caffe_fail(&s, CNNIMG_UNSUPPORTED, "is of a type that is not known");
  else if (l->type->kind == CI_CAFFE_DATA) run_data(c, l);
  else if (l->type->translate) run_layer(c, index);
}

/* ---- the network ----------------------------------------------------------------------------------------------------- */

/* Tops that no layer reads, in the order of the layers; all but the last are added here. */
static int32_t outputs(ci_caffe *c) {
  int32_t v = -1;
  for (size_t i = 0; i < c->n_layers && !c->b.status; i++) {
    ci_cursor at = c->layers[i].body;
    ci_field f;
    while (ci_wire_next(&at, &f)) {
      ci_caffe_name *n = ci_caffe_is_top(&c->layers[i], &f) ? ci_caffe_find(c, ci_wire_text(&f)) : NULL;
      if (!n || n->value < 0 || n->read || n->given || n->layer != i) continue;
      if (v >= 0 && ci_program_add_output(c->b.p, v)) no_memory(c);
      v = n->value, n->read = true;
    }
  }
  if (v < 0) ci_build_fail(&c->b, CNNIMG_CORRUPT, "the network has no output");
  return v;
}

static bool any_sized(const ci_caffe *c) {
  for (size_t i = 0; i < c->n_layers; i++)
    if (!strcmp(c->layers[i].word, "InnerProduct") || !strcmp(c->layers[i].word, "Reshape")) return true;
  return false;
}

static int32_t network(ci_caffe *c) {
  char name[80];
  if (!collect(c)) return -1;
  c->sized = any_sized(c);
  for (size_t i = 0; i < c->n_inputs; i++) ci_caffe_find(c, c->inputs[i])->given = true;
  for (size_t i = 0; i < c->n_layers && !c->b.status; i++) run(c, i);
  ci_text_fit(c->name, name, sizeof name);
  for (char *p = name; *p; p++)
    if ((unsigned char)*p < 0x20 || *p == 0x7f) *p = '?';
  if (name[0]) ci_build_card(&c->b, "architecture", "%s", name);
  ci_build_card(&c->b, "producer", "Caffe");
  int32_t v = outputs(c);
  ci_caffe_whole(c);
  return v;
}

static int build(const ci_source *src, ci_program **out, cnnimg_error *err) {
  ci_caffe c = {.src = src};
  int32_t v = ci_build_init(&c.b, NULL, err) ? -1 : network(&c);
  free(c.layers);
  free(c.names);
  free(c.inputs);
  return ci_build_finish(&c.b, v, out);
}

static int load(const ci_source *src, ci_loaded *out, cnnimg_error *err) {
  cnnimg_error own = {0};
  *out = (ci_loaded){0};
  int status = build(src, &out->program, &own);
  return status ? ci_fail(err, status, "%s: %s", src->name, own.text) : CNNIMG_OK;
}

const ci_format ci_format_caffe = {"caffe", bid, load};

/* ---- a prototxt ---------------------------------------------------------------------------------------------------------- */

/* Text, in which layers are opened; weight files of other formats are none. */
static int bid_prototxt(const uint8_t *data, size_t size) {
  size_t n = size < 65536 ? size : 65536;
  for (size_t i = 0; i < n; i++)
    if (data[i] < 9 || (data[i] > 13 && data[i] < 32)) return 0;
  bool layer = memmem(data, n, "layer {", 7) || memmem(data, n, "layer{", 6) ||
               memmem(data, n, "layers {", 8) || memmem(data, n, "layers{", 7);
  return layer && (memmem(data, n, "bottom:", 7) || memmem(data, n, "top:", 4)) ? 70 : 0;
}

static void release(void *src) {
  ci_source_close(src);
  free(src);
}

/* The weights lie beside, and say the network too. */
static int load_prototxt(const ci_source *src, ci_loaded *out, cnnimg_error *err) {
  ci_source *weights = ci_calloc(1, sizeof *weights);
  *out = (ci_loaded){0};
  if (!weights) return ci_fail(err, CNNIMG_NOMEM, "%s: no memory", src->name);
  int status = ci_source_sibling(weights, src, ".caffemodel", err);
  if (status) {
    free(weights);
    return status;
  }
  status = load(weights, out, err);
  if (status) release(weights);
  else if (ci_keep(&out->program->kept, weights, release)) {
    ci_loaded_free(out);
    status = ci_fail(err, CNNIMG_NOMEM, "%s: no memory", src->name);
  }
  return status;
}

const ci_format ci_format_prototxt = {"caffe-prototxt", bid_prototxt, load_prototxt};
