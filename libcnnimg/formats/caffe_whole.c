/* SPDX-License-Identifier: MIT */
/* caffe_whole.c - are all layers there? A caffemodel that is cut off between two of them is a sound message
 *
 * Layers are the last thing in the file and nothing counts them. What tells is what was to come: a reader of every value
 * that a data or Split layer makes, and the layers that the prototxt beside names. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "formats/caffe.h"

/* ---- values that nobody reads --------------------------------------------------------------------- */

static void mark_used(ci_caffe *c) {
  for (size_t i = 0; i < c->n_layers; i++) {
    ci_cursor at = c->layers[i].body;
    ci_field f;
    while (ci_wire_next(&at, &f)) {
      ci_caffe_name *n = ci_caffe_is_bottom(&c->layers[i], &f) ? ci_caffe_find(c, ci_wire_text(&f)) : NULL;
      if (n) n->used = true;
    }
  }
}

/* Caffe puts a Split where several layers read, one top for each; labels are read by the loss, which comes last. */
static void each_is_read(ci_caffe *c, const ci_caffe_layer *l) {
  const ci_caffe_site s = {.c = c, .b = &c->b, .l = l};
  ci_cursor at = l->body;
  ci_field f;
  if (!l->type || (l->type->kind != CI_CAFFE_DATA && strcmp(l->word, "Split") != 0)) return;
  while (!c->b.status && ci_wire_next(&at, &f))
    if (ci_caffe_is_top(l, &f) && !ci_caffe_find(c, ci_wire_text(&f))->used)
      ci_caffe_fail(&s, CNNIMG_CORRUPT,
                    "makes a value that no layer reads: the file is cut off before that layer");
}

/* ---- the prototxt beside ----------------------------------------------------------------------------- */

typedef struct proto_layer {
  ci_text name, type;
  bool sometimes; /* it has a rule when it is there */
} proto_layer;

typedef struct scanner {
  const char *p, *end;
} scanner;

static bool is_word(char ch) {
  return isalnum((unsigned char)ch) || ch == '_' || ch == '.' || ch == '-' || ch == '+';
}

/* A word, a text without its quotes, or a mark; n: 0 at the end. */
static ci_text next(scanner *s) {
  while (s->p < s->end && !is_word(*s->p) && !strchr("{}<>:\"'", *s->p)) {
    if (*s->p == '#') s->p = memchr(s->p, '\n', (size_t)(s->end - s->p));
    if (!s->p) s->p = s->end;
    else if (s->p < s->end) s->p++;
  }
  const char *from = s->p;
  if (from == s->end) return (ci_text){NULL, 0};
  if (*from == '"' || *from == '\'') {
    const char *to = memchr(from + 1, *from, (size_t)(s->end - from - 1));
    s->p = to ? to + 1 : s->end;
    return (ci_text){(const uint8_t *)from + 1, (size_t)((to ? to : s->end) - from - 1)};
  }
  if (!is_word(*from)) s->p++;
  while (s->p < s->end && is_word(*from) && is_word(*s->p)) s->p++;
  return (ci_text){(const uint8_t *)from, (size_t)(s->p - from)};
}

static bool opens(ci_text t) { return ci_text_is(t, "{") || ci_text_is(t, "<"); }
static bool closes(ci_text t) { return ci_text_is(t, "}") || ci_text_is(t, ">"); }

/* The next layer of the text, whose own fields only are looked at. */
static bool next_layer(scanner *s, proto_layer *l) {
  size_t depth = 0;
  ci_text word = {NULL, 0}, before, t;
  *l = (proto_layer){.sometimes = false};
  for (bool inside = false; s->p < s->end;) {
    before = word, t = next(s);
    if (closes(t) && depth && !--depth && inside) return true;
    if (opens(t) && !depth++) inside = ci_text_is(before, "layer") || ci_text_is(before, "layers");
    else if (opens(t) && depth == 2)
      l->sometimes = l->sometimes || ci_text_is(before, "include") || ci_text_is(before, "exclude");
    if (depth == 1 && inside && ci_text_is(before, "name")) l->name = t;
    if (depth == 1 && inside && ci_text_is(before, "type")) l->type = t;
    if (!ci_text_is(t, ":")) word = t;
  }
  return false;
}

static bool has(ci_text t, const char *part) {
  size_t n = strlen(part);
  for (size_t i = 0; i + n <= t.n; i++)
    if (!strncasecmp((const char *)t.p + i, part, n)) return true;
  return false;
}

/* Layers that a network is trained with and one for use may lack, and the other way round. */
static bool may_lack(const proto_layer *l, bool has_loss) {
  static const char *const parts[] = {"Data",    "Input",   "Loss",   "Accuracy",
                                      "Silence", "Dropout", "Output", "Split"};
  if (!l->name.n || !l->type.n || l->sometimes) return true;
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    if (has(l->type, parts[i])) return true;
  return has_loss && has(l->type, "Softmax");
}

static int by_text(const void *a, const void *b) {
  return ci_text_compare(*(const ci_text *)a, *(const ci_text *)b);
}

static void compare(ci_caffe *c, const ci_source *text, const ci_text *names) {
  scanner s = {(const char *)text->data, (const char *)text->data + text->size};
  proto_layer l;
  bool has_loss = false;
  for (size_t i = 0; i < c->n_layers; i++)
    has_loss = has_loss || (c->layers[i].type && c->layers[i].type->kind == CI_CAFFE_LOSS);
  while (!c->b.status && text->size && next_layer(&s, &l)) {
    char shown[64];
    if (may_lack(&l, has_loss) || bsearch(&l.name, names, c->n_layers, sizeof *names, by_text)) continue;
    ci_text_fit(l.name, shown, sizeof shown);
    ci_build_fail(
        &c->b, CNNIMG_CORRUPT,
        "the layer \"%s\" that %.100s beside it names is not in the file: it is cut off, or another "
        "network's",
        shown, text->name);
  }
}

static void read_beside(ci_caffe *c) {
  ci_source text;
  cnnimg_error none = {0};
  if (!c->src->path || ci_source_sibling(&text, c->src, ".prototxt", &none)) return;
  ci_text *names = ci_calloc(c->n_layers + 1, sizeof *names);
  for (size_t i = 0; names && i < c->n_layers; i++) names[i] = c->layers[i].name;
  if (names) qsort(names, c->n_layers, sizeof *names, by_text);
  if (names) compare(c, &text, names);
  else ci_build_fail(&c->b, CNNIMG_NOMEM, "no memory for the network");
  free(names);
  ci_source_close(&text);
}

void ci_caffe_whole(ci_caffe *c) {
  if (c->b.status) return;
  mark_used(c);
  for (size_t i = 0; i < c->n_layers && !c->b.status; i++) each_is_read(c, &c->layers[i]);
  if (!c->b.status) read_beside(c);
}
