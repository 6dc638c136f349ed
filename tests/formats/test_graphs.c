/* SPDX-License-Identifier: MIT */
/* test_graphs.c - hand-made attacks on the readers of Keras, TensorFlow and Caffe: each is refused in words */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "archs/weights.h"
#include "formats/format.h"
#include "formats/keras.h"
#include "formats/tf_table.h"
#include "tasks/network.h"

/* ---- bytes ------------------------------------------------------------------------------------- */

typedef struct bytes {
  uint8_t at[1 << 16];
  size_t n;
} bytes;

static void raw(bytes *b, const void *p, size_t n) {
  assert_true(b->n + n <= sizeof b->at);
  if (n) memcpy(b->at + b->n, p, n);
  b->n += n;
}

static void varint(bytes *b, uint64_t v) {
  for (; v > 127; v >>= 7) raw(b, &(uint8_t){(uint8_t)(v | 128)}, 1);
  raw(b, &(uint8_t){(uint8_t)v}, 1);
}

static void number(bytes *b, unsigned field, uint64_t v) {
  varint(b, field << 3);
  varint(b, v);
}

static void part(bytes *b, unsigned field, const void *p, size_t n) {
  varint(b, field << 3 | 2);
  varint(b, n);
  raw(b, p, n);
}

static void text(bytes *b, unsigned field, const char *s) { part(b, field, s, strlen(s)); }
static void inner(bytes *b, unsigned field, const bytes *of) { part(b, field, of->at, of->n); }

/* Everything that comes out must be an error that says the words. */
static void refused(const void *data, size_t n, const char *words) {
  cnnimg_error err = {0};
  ci_source s;
  ci_program *p = NULL;
  uint8_t *copy = malloc(n + 1);
  memcpy(copy, data, n);
  ci_source_memory(&s, copy, n, "attack");
  int status = ci_weights_load(&s, &p, NULL, &err);
  if (!status) status = ci_network_probe(p, &err);
  if (!status || !strstr(err.text, words))
    fail_msg("status %d, \"%s\" does not say \"%s\"", status, err.text, words);
  ci_program_free(p);
  ci_source_close(&s);
  free(copy);
}

static void refused_bytes(const bytes *b, const char *words) { refused(b->at, b->n, words); }

/* ---- TensorFlow: graphs ----------------------------------------------------------------------------- */

static void node(bytes *graph, const char *name, const char *op, const char *in1, const char *in2) {
  bytes n = {.n = 0};
  text(&n, 1, name);
  text(&n, 2, op);
  if (in1) text(&n, 3, in1);
  if (in2) text(&n, 3, in2);
  inner(graph, 1, &n);
}

/* A Const of floats whose shape and list of numbers are given. */
static void constant(bytes *graph, const char *name, const int64_t *dim, size_t rank, size_t numbers) {
  bytes n = {.n = 0}, t = {.n = 0}, shape = {.n = 0}, value = {.n = 0}, entry = {.n = 0};
  number(&t, 1, 1);
  for (size_t i = 0; i < rank; i++) {
    bytes d = {.n = 0};
    number(&d, 1, (uint64_t)dim[i]);
    inner(&shape, 2, &d);
  }
  inner(&t, 2, &shape);
  for (size_t i = 0; i < numbers; i++) {
    const float v = 0.5f;
    varint(&t, 5 << 3 | 5);
    raw(&t, &v, sizeof v);
  }
  inner(&value, 8, &t);
  text(&entry, 1, "value");
  inner(&entry, 2, &value);
  text(&n, 1, name);
  text(&n, 2, "Const");
  inner(&n, 5, &entry);
  inner(graph, 1, &n);
}

/* An empty library, which TensorFlow writes behind the nodes: without it the file counts as cut off. */
static void graph_refused(bytes *graph, const char *words) {
  part(graph, 2, NULL, 0);
  refused_bytes(graph, words);
}

static void test_tensorflow_graphs(void **state) {
  (void)state;
  bytes g = {.n = 0};
  node(&g, "x", "Placeholder", NULL, NULL);
  node(&g, "a", "Add", "x", "b");
  node(&g, "b", "Relu", "a", NULL);
  graph_refused(&g, "circle");
  g.n = 0;
  node(&g, "x", "Placeholder", NULL, NULL);
  node(&g, "y", "Relu", "x", NULL);
  node(&g, "y", "Tanh", "x", NULL);
  graph_refused(&g, "two nodes");
  g.n = 0;
  node(&g, "x", "Placeholder", NULL, NULL);
  node(&g, "y", "Relu", "nowhere", NULL);
  graph_refused(&g, "nothing in the file makes");
  g.n = 0;
  node(&g, "x", "Placeholder", NULL, NULL);
  node(&g, "y", "PyFunc", "x", NULL);
  graph_refused(&g, "PyFunc");
  g.n = 0;
  node(&g, "x", "Placeholder", NULL, NULL);
  node(&g, "y", "Relu", "x:7", NULL);
  graph_refused(&g, "not computed");
  g.n = 0;
  node(&g, "x", "Placeholder", NULL, NULL);
  graph_refused(&g, "depends on an input");
}

static void test_tensorflow_constants(void **state) {
  (void)state;
  static const int64_t huge[4] = {1 << 20, 1 << 20, 1 << 20, 1 << 20}, large[2] = {30000, 30000},
                       minus[1] = {-4}, two[1] = {2};
  static const struct {
    const int64_t *dim;
    size_t rank, numbers;
    const char *words;
  } cases[] = {{huge, 4, 1, "impossible shape"},
               {large, 2, 1, "far larger than the file"},
               {minus, 1, 1, "impossible shape"},
               {two, 1, 3, "more numbers"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    bytes g = {.n = 0};
    node(&g, "x", "Placeholder", NULL, NULL);
    constant(&g, "c", cases[i].dim, cases[i].rank, cases[i].numbers);
    node(&g, "y", "Add", "x", "c");
    graph_refused(&g, cases[i].words);
  }
}

/* A name's length that reaches beyond its node. */
static void test_tensorflow_lengths(void **state) {
  (void)state;
  bytes g = {.n = 0}, n = {.n = 0};
  node(&g, "x", "Placeholder", NULL, NULL);
  text(&n, 1, "y");
  text(&n, 2, "Relu");
  varint(&n, 3 << 3 | 2);
  varint(&n, 1000000);
  inner(&g, 1, &n);
  graph_refused(&g, "damaged");
}

static void test_flatbuffer(void **state) {
  (void)state;
  refused("\x1c\0\0\0TFL3\0\0\0\0", 12, "TensorFlow Lite");
}

/* ---- TensorFlow: checkpoints ---------------------------------------------------------------------------- */

static void entry(bytes *block, const char *key, const bytes *value) {
  varint(block, 0);
  varint(block, strlen(key));
  varint(block, value->n);
  raw(block, key, strlen(key));
  raw(block, value->at, value->n);
}

static void little(bytes *b, uint32_t v) {
  const uint8_t at[4] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)};
  raw(b, at, 4);
}

/* One restart point, then how it is packed and the sum; where it lies and how long it is. */
static void block(bytes *file, bytes *b, uint8_t packed, bytes *handle) {
  little(b, 0);
  little(b, 1);
  handle->n = 0;
  varint(handle, file->n);
  varint(handle, b->n);
  raw(b, &packed, 1);
  little(b, ci_crc32c_masked(b->at, b->n));
  raw(file, b->at, b->n);
}

static void footer(bytes *file, const bytes *index) {
  static const uint8_t magic[8] = {0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb};
  bytes end = {.n = 0};
  raw(&end, index->at, index->n); /* of what says nothing: any will do */
  raw(&end, index->at, index->n);
  while (end.n < 40) raw(&end, "", 1);
  raw(&end, magic, 8);
  raw(file, end.at, end.n);
}

static void header(bytes *data_block, unsigned shards) {
  bytes h = {.n = 0};
  number(&h, 1, shards);
  entry(data_block, "", &h);
}

static bytes table_of(bytes *data_block, uint8_t packed) {
  bytes file = {.n = 0}, index = {.n = 0}, at;
  block(&file, data_block, packed, &at);
  entry(&index, "z", &at);
  block(&file, &index, 0, &at);
  footer(&file, &at);
  return file;
}

static void test_checkpoint_tables(void **state) {
  (void)state;
  bytes b = {.n = 0}, at, file;
  header(&b, 1);
  file = table_of(&b, 1);
  refused_bytes(&file, "Snappy");
  b.n = 0;
  header(&b, 1);
  file = table_of(&b, 0);
  file.at[2] ^= 1;
  refused_bytes(&file, "checksum");
  b.n = 0;
  header(&b, 0);
  file = table_of(&b, 0);
  refused_bytes(&file, "header");
  b.n = 0;
  entry(&b, "weights", &(bytes){.n = 0});
  file = table_of(&b, 0);
  refused_bytes(&file, "no header");
  /* the index names itself as a block of data: its keys are no entries, and once is enough */
  bytes self = {.n = 0}, index = {.n = 0};
  varint(&self, 0);
  varint(&self, 30);
  for (int i = 0; i < 3; i++) entry(&index, "a", &self);
  file.n = 0;
  block(&file, &index, 0, &at);
  footer(&file, &at);
  refused_bytes(&file, "the table");
}

/* Many entries of the index on one block of data: read once, or the work would grow by the square. */
static void test_checkpoint_overlap(void **state) {
  (void)state;
  bytes b = {.n = 0}, index = {.n = 0}, file = {.n = 0}, at;
  bytes h = {.n = 0};
  number(&h, 1, 1);
  block(&file, &b, 0, &at);
  for (int i = 0; i < 100; i++) entry(&index, "k", &at);
  block(&file, &index, 0, &at);
  footer(&file, &at);
  refused_bytes(&file, "table's"); /* empty blocks are refused by their sum; full ones overlap */
}

/* A tensor beyond its shard, and one whose shape says another size, with the shard beside. */
static void in_folder(const char *folder, const char *name, const void *data, size_t n) {
  char path[300];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(data, 1, n, f), n);
  fclose(f);
}

static void refused_file(const char *folder, const char *name, const char *words) {
  char path[300];
  cnnimg_error err = {0};
  ci_source s;
  ci_loaded l;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  assert_int_equal(ci_source_open(&s, path, 0, &err), CNNIMG_OK);
  int status = ci_format_load(&s, &l, NULL, &err);
  if (!status || !strstr(err.text, words))
    fail_msg("status %d, \"%s\" does not say \"%s\"", status, err.text, words);
  ci_loaded_free(&l);
  ci_source_close(&s);
}

static void tensor(bytes *b, const char *name, uint64_t n, uint64_t shard, uint64_t offset, uint64_t size) {
  bytes e = {.n = 0}, shape = {.n = 0}, dim = {.n = 0};
  number(&dim, 1, n);
  inner(&shape, 2, &dim);
  number(&e, 1, 1);
  inner(&e, 2, &shape);
  number(&e, 3, shard);
  number(&e, 4, offset);
  number(&e, 5, size);
  entry(b, name, &e);
}

static void test_checkpoint_tensors(void **state) {
  (void)state;
  static const struct {
    uint64_t n, shard, offset, size;
    const char *words;
  } cases[] = {{4, 0, 60, 16, "beyond the end"},
               {4, 0, 0, 12, "does not say"},
               {4, 1, 0, 16, "piece 2 of 1"},
               {1ull << 62, 0, 0, 16, "does not say"},
               {4, 0, UINT64_MAX, 16, "beyond the end"}};
  char folder[] = "test_graphs-XXXXXX";
  const uint8_t zeros[64] = {0};
  assert_non_null(mkdtemp(folder));
  in_folder(folder, "m.data-00000-of-00001", zeros, sizeof zeros);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    bytes b = {.n = 0};
    header(&b, 1);
    tensor(&b, "w", cases[i].n, cases[i].shard, cases[i].offset, cases[i].size);
    bytes file = table_of(&b, 0);
    in_folder(folder, "m.index", file.at, file.n);
    refused_file(folder, "m.index", cases[i].words);
  }
  bytes b = {.n = 0}; /* the same bytes again and again */
  header(&b, 1);
  for (char name[3] = "a"; name[0] <= 'f'; name[0]++) tensor(&b, name, 16, 0, 0, 64);
  bytes file = table_of(&b, 0);
  in_folder(folder, "m.index", file.at, file.n);
  refused_file(folder, "m.index", "where others lie");
  char path[300];
  snprintf(path, sizeof path, "%s/m.index", folder);
  unlink(path);
  snprintf(path, sizeof path, "%s/m.data-00000-of-00001", folder);
  unlink(path);
  rmdir(folder);
}

/* ---- TensorFlow.js ------------------------------------------------------------------------------------------ */

static void test_tfjs_weights(void **state) {
  (void)state;
  static const char *const head =
      "{\"modelTopology\":{\"class_name\":\"Sequential\",\"config\":{\"layers\":[]}},\"weightsManifest\":[";
  static const struct {
    const char *rest, *words;
  } cases[] = {
      {"{\"paths\":[\"w.bin\"],\"weights\":[{\"name\":\"a\",\"shape\":[100],\"dtype\":\"float32\"}]}]}",
       "hold 64 more"},
      {"{\"paths\":[\"w.bin\"],\"weights\":[{\"name\":\"a\",\"shape\":[4294967296,4294967296],\"dtype\":"
       "\"float32\"}]}]}",
       "impossible"},
      {"{\"paths\":[\"w.bin\"],\"weights\":[{\"name\":\"a\",\"shape\":[-1],\"dtype\":\"float32\"}]}]}",
       "impossible"},
      {"{\"paths\":[\"w.bin\"],\"weights\":[{\"name\":\"a\",\"shape\":[2],\"dtype\":\"complex64\"}]}]}",
       "complex64"},
      {"{\"paths\":[\"w.bin\"],\"weights\":[{\"name\":\"a\",\"shape\":[2],\"dtype\":\"float32\"}]}]}",
       "no tensor claims"},
      {"{\"paths\":[\"w.bin\"],\"weights\":[{\"name\":\"a\",\"shape\":[8],\"dtype\":\"float32\"},{\"name\":"
       "\"a\",\"shape\":[8],\"dtype\":"
       "\"float32\"}]}]}",
       "two tensors"},
      {"{\"paths\":[\"../w.bin\"],\"weights\":[]}]}", "w.bin"},
      {"{\"paths\":[\"missing.bin\"],\"weights\":[]}]}", "missing.bin"},
  };
  char folder[] = "test_graphs-XXXXXX", model[2000], path[300];
  const uint8_t zeros[64] = {0};
  assert_non_null(mkdtemp(folder));
  in_folder(folder, "w.bin", zeros, sizeof zeros);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    snprintf(model, sizeof model, "%s%s", head, cases[i].rest);
    in_folder(folder, "m.json", model, strlen(model));
    refused_file(folder, "m.json", cases[i].words);
  }
  snprintf(path, sizeof path, "%s/m.json", folder);
  unlink(path);
  snprintf(path, sizeof path, "%s/w.bin", folder);
  unlink(path);
  rmdir(folder);
}

/* ---- Keras ------------------------------------------------------------------------------------------------------ */

static void refused_config(const char *json, const char *words) {
  cnnimg_error err = {0};
  ci_json *doc;
  ci_program *p = NULL;
  ci_store *s = ci_store_new();
  assert_int_equal(ci_json_parse(json, strlen(json), &doc, &err), CNNIMG_OK);
  assert_int_equal(ci_store_finish(s, &err), CNNIMG_OK);
  int status = ci_keras_program(doc, s, &p, &err);
  if (!status || !strstr(err.text, words))
    fail_msg("status %d, \"%s\" does not say \"%s\"", status, err.text, words);
  assert_null(p);
  ci_store_free(s);
  ci_json_free(doc);
}

#define INPUT                                                                                            \
  "{\"class_name\":\"InputLayer\",\"name\":\"i\",\"config\":{\"batch_input_shape\":[null,null,null,3]}," \
  "\"inbound_nodes\":[]}"
#define GRAPH(layers, output)                                                               \
  "{\"class_name\":\"Functional\",\"config\":{\"name\":\"m\",\"layers\":[" INPUT "," layers \
  "],\"input_layers\":[[\"i\",0,0]],\"output_layers\":[[\"" output "\",0,0]]}}"
#define LAYER(type, name, from)                                                                   \
  "{\"class_name\":\"" type "\",\"name\":\"" name "\",\"config\":{},\"inbound_nodes\":[[[\"" from \
  "\",0,0,{}]]]}"

static void test_keras_graphs(void **state) {
  (void)state;
  refused_config(GRAPH(LAYER("Dropout", "a", "b") "," LAYER("Dropout", "b", "a"), "b"), "circle");
  refused_config(GRAPH(LAYER("Dropout", "a", "i") "," LAYER("Dropout", "a", "i"), "a"), "two layers");
  refused_config(GRAPH(LAYER("Dropout", "a", "nowhere"), "a"), "no layer");
  refused_config(GRAPH(LAYER("LSTM", "a", "i"), "a"), "not known");
  refused_config(GRAPH(LAYER("Lambda", "a", "i"), "a"), "Python code");
  refused_config(GRAPH(LAYER("Conv2D", "a", "i"), "a"), "kernel");
  refused_config(
      GRAPH("{\"class_name\":\"Dropout\",\"name\":\"a\",\"config\":{},\"inbound_nodes\":[[[\"i\",5,0,{}]]]}",
            "a"),
      "called");
  refused_config(GRAPH("{\"class_name\":\"Add\",\"name\":\"a\",\"config\":{},\"inbound_nodes\":[]}", "a"),
                 "called with nothing");
  refused_config("[]", "no network");
  refused_config("{\"class_name\":\"Sequential\",\"config\":{\"layers\":[]}}", "no layers");
}

/* Models in models in models, and lists in lists. */
static void test_keras_depth(void **state) {
  (void)state;
  size_t room = 1 << 16, n = 0;
  char *json = malloc(room);
  for (int i = 0; i < 30; i++)
    n += (size_t)snprintf(json + n, room - n,
                          "{\"class_name\":\"Sequential\",\"config\":{\"name\":\"m\",\"layers\":[");
  for (int i = 0; i < 30; i++) n += (size_t)snprintf(json + n, room - n, "]}}");
  refused_config(json, "too many models");
  n = (size_t)snprintf(
      json, room, "%s",
      "{\"class_name\":\"Functional\",\"config\":{\"layers\":[],\"input_layers\":[],\"output_layers\":");
  for (int i = 0; i < 40; i++) n += (size_t)snprintf(json + n, room - n, "[\"\",");
  n += (size_t)snprintf(json + n, room - n, "\"\"");
  for (int i = 0; i < 40; i++) n += (size_t)snprintf(json + n, room - n, "]");
  snprintf(json + n, room - n, "}}");
  refused_config(json, "deep");
  free(json);
}

/* A model of twenty models of twenty models ...: 20^6 layers of a few kilobytes. */
static void test_keras_multiplied(void **state) {
  (void)state;
  size_t room = 1 << 20, half = room / 2;
  char *model = malloc(room), *outer = malloc(room);
  snprintf(model, room, "%s", "{\"class_name\":\"Dropout\",\"config\":{\"name\":\"d\"}}");
  for (int depth = 0; depth < 6; depth++) {
    size_t n = (size_t)snprintf(
        outer, room, "{\"class_name\":\"Sequential\",\"config\":{\"name\":\"m%d\",\"layers\":[", depth);
    for (int i = 0; i < 20 && n + strlen(model) < half; i++)
      n += (size_t)snprintf(outer + n, room - n, "%s%s", i ? "," : "", model);
    snprintf(outer + n, room - n, "]}}");
    char *swap = model;
    model = outer, outer = swap;
  }
  cnnimg_error err = {0};
  ci_json *doc;
  ci_program *p = NULL;
  assert_int_equal(ci_json_parse(model, strlen(model), &doc, &err), CNNIMG_OK);
  ci_store *s = ci_store_new();
  ci_store_finish(s, &err);
  if (ci_keras_program(doc, s, &p, &err)) ci_store_free(s);
  ci_program_free(p);
  ci_json_free(doc);
  free(model);
  free(outer);
}

/* ---- Caffe ---------------------------------------------------------------------------------------------------------- */

static void caffe_layer(bytes *net, const char *type, const char *bottom, const char *top,
                        const bytes *blob) {
  bytes l = {.n = 0};
  text(&l, 1, "layer");
  text(&l, 2, type);
  if (bottom) text(&l, 3, bottom);
  if (top) text(&l, 4, top);
  if (blob) inner(&l, 7, blob);
  inner(net, 100, &l);
}

static void blob(bytes *b, const uint64_t *dim, size_t rank, size_t numbers) {
  bytes shape = {.n = 0};
  static const float zeros[64] = {0};
  b->n = 0;
  for (size_t i = 0; i < rank; i++) number(&shape, 1, dim[i]);
  inner(b, 7, &shape);
  part(b, 5, zeros, 4 * numbers);
}

static void test_caffe(void **state) {
  (void)state;
  static const uint64_t right[4] = {1, 1, 3, 3}, huge[4] = {1u << 31, 1u << 31, 1u << 31, 3}, flat[1] = {9};
  bytes net = {.n = 0}, b;
  caffe_layer(&net, "Input", NULL, "data", NULL);
  size_t start = net.n;
  caffe_layer(&net, "ReLU", "nowhere", "y", NULL);
  refused_bytes(&net, "no layer before it makes");
  net.n = start;
  caffe_layer(&net, "ReLU", "data", "y", NULL);
  caffe_layer(&net, "TanH", "data", "y", NULL);
  refused_bytes(&net, "another layer has made");
  net.n = start;
  caffe_layer(&net, "Python", "data", "y", NULL);
  refused_bytes(&net, "Python");
  net.n = start;
  caffe_layer(&net, "Convolution", "data", "y", NULL);
  refused_bytes(&net, "no weights");
  static const struct {
    const uint64_t *dim;
    size_t rank, numbers;
    const char *words;
  } cases[] = {{right, 4, 8, "do not agree"}, {huge, 4, 9, "do not agree"}, {flat, 1, 9, "4 dimensions"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    net.n = start;
    blob(&b, cases[i].dim, cases[i].rank, cases[i].numbers);
    caffe_layer(&net, "Convolution", "data", "y", &b);
    refused_bytes(&net, cases[i].words);
  }
  net.n = start;
  refused_bytes(&net, "no output");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tensorflow_graphs),  cmocka_unit_test(test_tensorflow_constants),
      cmocka_unit_test(test_tensorflow_lengths), cmocka_unit_test(test_flatbuffer),
      cmocka_unit_test(test_checkpoint_tables),  cmocka_unit_test(test_checkpoint_overlap),
      cmocka_unit_test(test_checkpoint_tensors), cmocka_unit_test(test_tfjs_weights),
      cmocka_unit_test(test_keras_graphs),       cmocka_unit_test(test_keras_depth),
      cmocka_unit_test(test_keras_multiplied),   cmocka_unit_test(test_caffe),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
