/* SPDX-License-Identifier: MIT */
/* tfjs.c - TensorFlow.js: model.json, with its weights in pieces beside it; quantised ones too */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "formats/elements.h"
#include "formats/format.h"
#include "formats/keras.h"

#define LARGEST_TEXT ((size_t)32 << 20) /* a document takes many times its text */
#define MOST_SHARDS 65536

/* ---- the bid ------------------------------------------------------------------------------- */

static bool contains(const uint8_t *data, size_t size, const char *word) {
  return memmem(data, size, word, strlen(word)) != NULL;
}

static int bid(const uint8_t *data, size_t size) {
  size_t i = 0;
  while (i < size && strchr(" \t\r\n", data[i]) && data[i]) i++;
  if (i == size || data[i] != '{') return 0;
  return contains(data, size, "\"weightsManifest\"") && contains(data, size, "\"modelTopology\"") ? 90 : 0;
}

/* ---- the pieces ------------------------------------------------------------------------------ */

/* The files of one group, as if they were one. */
typedef struct group {
  const ci_source *src;
  ci_store *store;
  cnnimg_error *err;
  ci_source **shards; /* kept by the store */
  size_t *starts;     /* n + 1 of them */
  size_t n, at;       /* at: where the next tensor begins */
} group;

static int no_memory(const group *g) { return ci_fail(g->err, CNNIMG_NOMEM, "no memory for the weights"); }

static void release_shard(void *shard) {
  ci_source_close(shard);
  free(shard);
}

static int open_shard(group *g, const char *name, size_t i) {
  ci_source *s = ci_calloc(1, sizeof *s);
  if (!s) return no_memory(g);
  int status = ci_source_beside(s, g->src, name, g->err);
  if (status) {
    free(s);
    return status;
  }
  if (ci_keep(&g->store->kept, s, release_shard)) return no_memory(g);
  g->shards[i] = s;
  if (!ci_add(g->starts[i], s->size, &g->starts[i + 1]))
    return ci_fail(g->err, CNNIMG_LIMIT, "the weights are larger than memory");
  return CNNIMG_OK;
}

static int open_shards(group *g, const ci_json *paths) {
  g->n = ci_json_size(paths);
  if (!ci_json_is_array(paths) || !g->n || g->n > MOST_SHARDS)
    return ci_fail(g->err, CNNIMG_CORRUPT, "a group of weights names %zu files", g->n);
  g->shards = ci_calloc(g->n, sizeof *g->shards), g->starts = ci_calloc(g->n + 1, sizeof *g->starts);
  int status = g->shards && g->starts ? CNNIMG_OK : no_memory(g);
  for (size_t i = 0; i < g->n && !status; i++)
    status = open_shard(g, ci_json_string(ci_json_at(paths, i), ""), i);
  return status;
}

/* The piece that the byte lies in. */
static size_t shard_of(const group *g, size_t at) {
  size_t lo = 0, hi = g->n;
  while (hi - lo > 1) {
    size_t mid = lo + (hi - lo) / 2;
    if (g->starts[mid] <= at) lo = mid;
    else hi = mid;
  }
  return lo;
}

/* n bytes from g->at on: where they lie, or put together in *own. */
static const uint8_t *bytes_of(const group *g, size_t n, uint8_t **own) {
  size_t i = shard_of(g, g->at), from = g->at - g->starts[i], got = 0;
  *own = NULL;
  if (n <= g->shards[i]->size - from) return g->shards[i]->data + from;
  *own = malloc(n);
  for (; *own && got < n; i++, from = 0) {
    size_t part = g->shards[i]->size - from < n - got ? g->shards[i]->size - from : n - got;
    if (part) memcpy(*own + got, g->shards[i]->data + from, part);
    got += part;
  }
  return *own;
}

/* ---- a tensor ---------------------------------------------------------------------------------- */

typedef struct entry {
  const char *name;
  int64_t dim[CI_MAX_RANK];
  int32_t rank;
  ci_element type; /* as stored */
  bool linear;     /* value = stored * scale + min */
  double scale, min;
  size_t count, bytes;
} entry;

static ci_element type_named(const char *word) {
  static const struct {
    const char *word;
    ci_element type;
  } types[] = {{"float32", {CI_E_FLOAT, 4}},   {"float16", {CI_E_FLOAT, 2}}, {"uint8", {CI_E_UNSIGNED, 1}},
               {"uint16", {CI_E_UNSIGNED, 2}}, {"int32", {CI_E_SIGNED, 4}},  {"bool", {CI_E_BOOL, 1}}};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (!strcmp(types[i].word, word)) return types[i].type;
  return (ci_element){CI_E_FLOAT, 0};
}

static bool read_shape(const ci_json *shape, entry *e) {
  if (!ci_json_is_array(shape) || ci_json_size(shape) > CI_MAX_RANK) return false;
  e->rank = (int32_t)ci_json_size(shape);
  for (int32_t i = 0; i < e->rank; i++) e->dim[i] = ci_json_int(ci_json_at(shape, (size_t)i), -1);
  return true;
}

static int read_entry(const group *g, const ci_json *v, entry *e) {
  const ci_json *q = ci_json_get(v, "quantization");
  const char *type = ci_json_string(ci_json_get(q ? q : v, "dtype"), "?");
  *e = (entry){.name = ci_json_string(ci_json_get(v, "name"), ""), .type = type_named(type)};
  e->linear = q && e->type.kind == CI_E_UNSIGNED;
  e->scale = ci_json_number(ci_json_get(q, "scale"), 1), e->min = ci_json_number(ci_json_get(q, "min"), 0);
  if (!e->type.size)
    return ci_fail(g->err, CNNIMG_UNSUPPORTED, "the tensor \"%.100s\" is of type %.20s, which is not read",
                   e->name, type);
  if (!read_shape(ci_json_get(v, "shape"), e) ||
      !ci_element_count(e->type, e->rank, e->dim, &e->count, &e->bytes))
    return ci_fail(g->err, CNNIMG_CORRUPT, "the tensor \"%.100s\" has an impossible shape", e->name);
  if (e->bytes > g->starts[g->n] - g->at)
    return ci_fail(g->err, CNNIMG_CORRUPT,
                   "the tensor \"%.100s\" wants %zu bytes; the weight files hold %zu more", e->name, e->bytes,
                   g->starts[g->n] - g->at);
  return CNNIMG_OK;
}

static ci_tensor *dequantised(const entry *e, const uint8_t *data) {
  ci_tensor *t = ci_tensor_new(CI_F32, e->rank, e->dim);
  for (size_t i = 0; t && i < e->count; i++)
    ((float *)t->owned)[i] =
        (float)((double)ci_element_int(e->type, ci_element_bits(e->type, data + i * e->type.size)) *
                    e->scale +
                e->min);
  return t;
}

/* What was put together for the purpose goes with the tensor. */
static ci_tensor *tensor_of(const entry *e, const uint8_t *data, uint8_t *own) {
  ci_tensor *t = e->linear ? dequantised(e, data) : ci_element_tensor(e->type, e->rank, e->dim, data);
  if (t && own && t->data == own) t->owned = own;
  else free(own);
  return t;
}

static int add_tensor(group *g, const ci_json *v) {
  entry e;
  uint8_t *own = NULL;
  int status = read_entry(g, v, &e);
  if (status) return status;
  const uint8_t *data = e.bytes ? bytes_of(g, e.bytes, &own) : (const uint8_t *)"";
  ci_tensor *t = data ? tensor_of(&e, data, own) : NULL;
  g->at += e.bytes;
  return t ? ci_store_add(g->store, e.name, t, g->err) : no_memory(g);
}

static int add_group(group *g, const ci_json *v) {
  const ci_json *weights = ci_json_get(v, "weights");
  int status = open_shards(g, ci_json_get(v, "paths"));
  for (size_t i = 0; i < ci_json_size(weights) && !status; i++)
    status = add_tensor(g, ci_json_at(weights, i));
  if (!status && g->at != g->starts[g->n])
    status = ci_fail(g->err, CNNIMG_CORRUPT, "the weight files hold %zu bytes that no tensor claims",
                     g->starts[g->n] - g->at);
  free(g->shards);
  free(g->starts);
  return status;
}

static int read_weights(const ci_source *src, const ci_json *manifest, ci_store *s, cnnimg_error *err) {
  int status = CNNIMG_OK;
  for (size_t i = 0; i < ci_json_size(manifest) && !status; i++) {
    group g = {.src = src, .store = s, .err = err};
    status = add_group(&g, ci_json_at(manifest, i));
  }
  return status ? status : ci_store_finish(s, err);
}

/* ---- the model ------------------------------------------------------------------------------------ */

/* Converted from Keras: {"model_config": {...}}; saved by TensorFlow.js: the configuration itself. */
static int build(const ci_json *doc, ci_store *s, ci_program **out, cnnimg_error *err) {
  const ci_json *topology = ci_json_get(doc, "modelTopology"),
                *config = ci_json_get(topology, "model_config");
  const char *version = ci_json_string(ci_json_get(topology, "keras_version"), NULL);
  if (ci_json_get(topology, "node"))
    return ci_fail(err, CNNIMG_UNSUPPORTED, "it is a graph-model of TensorFlow.js; layers-models are read");
  if (!config) config = topology;
  int status = version ? ci_store_set_meta(s, "keras_version", version, err) : CNNIMG_OK;
  return status ? status : ci_keras_program(config, s, out, err);
}

static int read_model(const ci_source *src, ci_program **out, cnnimg_error *err) {
  ci_json *doc = NULL;
  ci_store *s = ci_store_new();
  if (src->size > LARGEST_TEXT) {
    ci_store_free(s);
    return ci_fail(err, CNNIMG_LIMIT, "the model's text has %zu bytes, more than %zu", src->size,
                   LARGEST_TEXT);
  }
  int status = s ? ci_json_parse(src->data, src->size, &doc, err)
                 : ci_fail(err, CNNIMG_NOMEM, "no memory for the weights");
  if (!status) status = read_weights(src, ci_json_get(doc, "weightsManifest"), s, err);
  if (!status) status = build(doc, s, out, err);
  if (status) ci_store_free(s);
  ci_json_free(doc);
  return status;
}

static int load(const ci_source *src, ci_loaded *out, cnnimg_error *err) {
  cnnimg_error own = {0};
  *out = (ci_loaded){0};
  int status = read_model(src, &out->program, &own);
  return status ? ci_fail(err, status, "%s: %s", src->name, own.text) : CNNIMG_OK;
}

const ci_format ci_format_tfjs = {"tfjs", bid, load};
