/* SPDX-License-Identifier: MIT */
/* ncnn_param.c - ncnn's .param: lines of layers, blobs by name, numbered parameters */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "formats/ncnn.h"
#include "formats/scan.h"

#define MOST_BYTES ((size_t)64 << 20)
#define MOST_ID 1000
#define ARRAY_ID (-23300)

/* A word of the text and the blob that it names. */
typedef struct word {
  const char *name;
  int32_t layer, at;
} word;

typedef struct reading {
  ci_ncnn_graph *g;
  char *at, *end;
  size_t line;
  word *made, *taken; /* outputs and inputs of layers, in the file's order */
  size_t n_made, n_taken, n_params, n_numbers;
  cnnimg_error *err;
} reading;

static int corrupt(const reading *r, const char *what) {
  return ci_fail(r->err, CNNIMG_CORRUPT, "line %zu: %s", r->line, what);
}

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/* The next word of the line, which ends with 0 from then on; NULL: the line has no more. */
static char *next_word(reading *r) {
  while (r->at < r->end && is_space(*r->at)) r->at++;
  if (r->at >= r->end || *r->at == '\n' || !*r->at) return NULL;
  char *from = r->at;
  while (r->at < r->end && !is_space(*r->at) && *r->at != '\n') r->at++;
  if (r->at < r->end && *r->at != '\n') *r->at++ = 0;
  return from;
}

/* Words end with 0 or at the line's end. */
static char *word_end(char *w) { return w + strcspn(w, "\n"); }

static bool whole(char *w, int64_t least, int64_t most, int64_t *out) {
  const char *p = w;
  double v;
  if (!w || !ci_scan_number(&p, word_end(w), &v) || p != word_end(w)) return false;
  if (!(v >= (double)least && v <= (double)most && v == floor(v))) return false;
  *out = (int64_t)v;
  return true;
}

static void end_line(reading *r) {
  while (r->at < r->end && *r->at != '\n') r->at++;
  if (r->at < r->end) *r->at++ = 0; /* the last word ends too */
  r->line++;
}

/* ---- parameters --------------------------------------------------------------------------------------------- */

/* "1.5", or "2,0.1,0.2" with the count first, or the newer "0.1,0.2". */
static int read_values(reading *r, ci_ncnn_param *p, const char *from, const char *end, bool counted) {
  double v, count = 0;
  p->v = r->g->numbers + r->n_numbers;
  if (*from == '"') {
    p->n = -1;
    return CNNIMG_OK;
  }
  if (counted) {
    if (!ci_scan_number(&from, end, &count)) return corrupt(r, "an array has no count");
    if (from < end && *from == ',') from++;
  }
  while (from < end) {
    if (!ci_scan_number(&from, end, &v)) return corrupt(r, "a parameter is no finite number");
    r->g->numbers[r->n_numbers++] = v;
    p->n++;
    if (from < end && *from++ != ',') return corrupt(r, "a parameter is no number");
  }
  if (counted ? count != p->n : p->n < 1) return corrupt(r, "an array's count is not its size");
  return CNNIMG_OK;
}

static int read_param(reading *r, ci_ncnn_layer *l, char *w) {
  const char *p = w, *end = word_end(w);
  double id;
  if (!ci_scan_number(&p, end, &id) || p >= end || *p != '=' || id != floor(id))
    return corrupt(r, "a parameter is wanted as number=value");
  bool counted = id <= ARRAY_ID;
  if (counted) id = ARRAY_ID - id;
  if (id < 0 || id > MOST_ID) return corrupt(r, "there is no parameter of that number");
  for (int32_t i = 0; i < l->n_params; i++)
    if (l->params[i].id == (int32_t)id) return corrupt(r, "a parameter is given twice");
  if (l->n_params >= 64) return corrupt(r, "a layer has more than 64 parameters");
  ci_ncnn_param *param = &l->params[l->n_params++];
  r->n_params++;
  *param = (ci_ncnn_param){.id = (int32_t)id};
  return read_values(r, param, p + 1, end, counted);
}

/* ---- layers ------------------------------------------------------------------------------------------------- */

static int read_names(reading *r, int64_t count, word *to, size_t *n) {
  int32_t layer = r->g->n_layers - 1;
  for (int64_t i = 0; i < count; i++) {
    char *w = next_word(r);
    if (!w) return corrupt(r, "fewer blobs are named than the layer says");
    to[(*n)++] = (word){w, layer, (int32_t)i};
  }
  return CNNIMG_OK;
}

static int read_layer(reading *r, char *type) {
  ci_ncnn_layer *l = &r->g->layers[r->g->n_layers++];
  int64_t n_in, n_out;
  *l = (ci_ncnn_layer){.type = type, .name = next_word(r), .params = r->g->params + r->n_params};
  if (!l->name || !whole(next_word(r), 0, 1 << 16, &n_in) || !whole(next_word(r), 0, 1 << 16, &n_out))
    return corrupt(r, "a layer is wanted as: type, name, how many inputs, how many outputs ...");
  if (strchr(type, '.'))
    return ci_fail(r->err, CNNIMG_UNSUPPORTED,
                   "\"%.60s\" is a layer of pnnx's own graph; the file for ncnn that pnnx wrote beside it "
                   "(.ncnn.param) is read",
                   type);
  l->n_in = (int32_t)n_in, l->n_out = (int32_t)n_out;
  int status = read_names(r, n_in, r->taken, &r->n_taken);
  if (!status) status = read_names(r, n_out, r->made, &r->n_made);
  for (char *w; !status && (w = next_word(r));) status = read_param(r, l, w);
  return status;
}

static int read_lines(reading *r) {
  int64_t magic, layers, blobs;
  char *w = next_word(r);
  if (!whole(w, 0, INT32_MAX, &magic) || magic != atoi(CI_NCNN_MAGIC))
    return corrupt(r, "it does not begin with ncnn's " CI_NCNN_MAGIC);
  end_line(r);
  if (!whole(next_word(r), 1, 1 << 20, &layers) || !whole(next_word(r), 0, 1 << 24, &blobs))
    return corrupt(r, "the counts of layers and blobs are wanted");
  end_line(r);
  for (int status; r->at < r->end; end_line(r)) {
    if (!(w = next_word(r))) continue;
    if (r->g->n_layers >= layers) return corrupt(r, "there are more layers than the file says");
    if ((status = read_layer(r, w))) return status;
  }
  if (r->g->n_layers != layers || (int64_t)r->n_made > blobs)
    return ci_fail(r->err, CNNIMG_CORRUPT, "it says %lld layers and %lld blobs, and has %d and %zu",
                   (long long)layers, (long long)blobs, r->g->n_layers, r->n_made);
  return CNNIMG_OK;
}

/* ---- blobs -------------------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b) {
  const word *x = a, *y = b;
  return strcmp(x->name, y->name);
}

/* Who makes each blob, by its place among the sorted names. */
static int number_made(reading *r) {
  ci_ncnn_graph *g = r->g;
  if (r->n_made) qsort(r->made, r->n_made, sizeof *r->made, by_name);
  for (size_t i = 0; i < r->n_made; i++) {
    const word *w = &r->made[i];
    if (i && !strcmp(w->name, w[-1].name))
      return ci_fail(r->err, CNNIMG_CORRUPT, "the blob \"%.60s\" is made twice", w->name);
    g->blobs[i] = w->name;
    g->layers[w->layer].out[w->at] = (int32_t)i;
  }
  g->n_blobs = (int32_t)r->n_made;
  return CNNIMG_OK;
}

static int number_taken(reading *r) {
  ci_ncnn_graph *g = r->g;
  for (size_t i = 0; i < r->n_taken; i++) {
    const word *w = &r->taken[i];
    const word *from = r->n_made ? bsearch(w, r->made, r->n_made, sizeof *w, by_name) : NULL;
    if (!from || from->layer >= w->layer)
      return ci_fail(r->err, CNNIMG_CORRUPT, "the layer \"%.60s\" takes the blob \"%.60s\", which %s",
                     g->layers[w->layer].name, w->name,
                     from ? "is made only later (a cycle?)" : "nothing makes");
    int32_t blob = (int32_t)(from - r->made);
    g->layers[w->layer].in[w->at] = blob;
    g->consumed[blob] = true;
  }
  return CNNIMG_OK;
}

static int number(reading *r) {
  ci_ncnn_graph *g = r->g;
  g->ids = ci_calloc(r->n_made + r->n_taken + 1, sizeof *g->ids);
  g->blobs = ci_calloc(r->n_made + 1, sizeof *g->blobs);
  g->consumed = ci_calloc(r->n_made + 1, sizeof *g->consumed);
  if (!g->ids || !g->blobs || !g->consumed) return ci_fail(r->err, CNNIMG_NOMEM, "no memory for the graph");
  int32_t *at = g->ids;
  for (int32_t i = 0; i < g->n_layers; i++) {
    g->layers[i].in = at, at += g->layers[i].n_in;
    g->layers[i].out = at, at += g->layers[i].n_out;
  }
  int status = number_made(r);
  return status ? status : number_taken(r);
}

/* Room for the most that so many bytes can say: a word takes two, a parameter five, a layer eight. */
static int make_room(reading *r, size_t size) {
  ci_ncnn_graph *g = r->g;
  g->layers = ci_calloc(size / 8 + 1, sizeof *g->layers);
  g->params = ci_calloc(size / 4 + 1, sizeof *g->params);
  g->numbers = ci_calloc(size / 2 + 1, sizeof *g->numbers);
  r->made = ci_calloc(size / 2 + 1, sizeof *r->made);
  r->taken = ci_calloc(size / 2 + 1, sizeof *r->taken);
  return g->layers && g->params && g->numbers && r->made && r->taken
             ? CNNIMG_OK
             : ci_fail(r->err, CNNIMG_NOMEM, "no memory for the graph");
}

int ci_ncnn_read(ci_ncnn_graph *g, const void *text, size_t size, cnnimg_error *err) {
  *g = (ci_ncnn_graph){0};
  if (size > MOST_BYTES) return ci_fail(err, CNNIMG_LIMIT, "a .param of more than 64 MB");
  if (memchr(text, 0, size)) return ci_fail(err, CNNIMG_CORRUPT, "a .param with a byte 0 in it");
  g->text = ci_strndup(text, size);
  if (!g->text) return ci_fail(err, CNNIMG_NOMEM, "no memory for the graph");
  reading r = {.g = g, .at = g->text, .end = g->text + size, .line = 1, .err = err};
  int status = make_room(&r, size);
  if (!status) status = read_lines(&r);
  if (!status) status = number(&r);
  free(r.made);
  free(r.taken);
  if (status) ci_ncnn_free(g);
  return status;
}

void ci_ncnn_free(ci_ncnn_graph *g) {
  free(g->text);
  free(g->layers);
  free(g->blobs);
  free(g->consumed);
  free(g->params);
  free(g->numbers);
  free(g->ids);
  *g = (ci_ncnn_graph){0};
}
