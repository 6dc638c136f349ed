/* SPDX-License-Identifier: MIT */
/* tf_checkpoint.c - TensorFlow's checkpoints (.index with .data beside it): tensors by name, without the optimiser's */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "formats/elements.h"
#include "formats/format.h"
#include "formats/tf_graph.h"
#include "formats/tf_table.h"

enum { H_SHARDS = 1, H_ENDIAN = 2 }; /* BundleHeaderProto */
enum {
  E_TYPE = 1,
  E_SHAPE = 2,
  E_SHARD = 3,
  E_OFFSET = 4,
  E_SIZE = 5,
  E_CRC = 6,
  E_SLICES = 7
}; /* BundleEntryProto */
#define MOST_SHARDS 1000
#define T_STRING 7

typedef struct bundle {
  const ci_source *src;
  ci_store *store;
  cnnimg_error *err;
  int64_t n_shards;   /* 0: the header has not come yet */
  ci_source **shards; /* NULL: not opened yet; kept by the store */
  size_t budget;      /* bytes that tensors may still take from the shards that are open */
} bundle;

/* A folder of one file that is called so has an end that no other has. */
static int bid(const uint8_t *data, size_t size) { return ci_tf_table_is(data, size) ? 95 : 0; }

static int no_memory(const bundle *b) { return ci_fail(b->err, CNNIMG_NOMEM, "no memory for the weights"); }

/* ---- shards ----------------------------------------------------------------------------------- */

static void release_shard(void *shard) {
  ci_source_close(shard);
  free(shard);
}

static int shard(bundle *b, int64_t i, const ci_source **out) {
  char suffix[64];
  if (i < 0 || i >= b->n_shards)
    return ci_fail(b->err, CNNIMG_CORRUPT, "a tensor lies in piece %lld of %lld", (long long)i + 1,
                   (long long)b->n_shards);
  if (!b->shards[i]) {
    ci_source *s = ci_calloc(1, sizeof *s);
    if (!s) return no_memory(b);
    snprintf(suffix, sizeof suffix, ".data-%05lld-of-%05lld", (long long)i, (long long)b->n_shards);
    int status = ci_source_sibling(s, b->src, suffix, b->err);
    if (status) {
      free(s);
      return status;
    }
    if (ci_keep(&b->store->kept, s, release_shard)) return no_memory(b);
    b->shards[i] = s;
    if (!ci_add(b->budget, s->size, &b->budget)) b->budget = SIZE_MAX;
  }
  *out = b->shards[i];
  return CNNIMG_OK;
}

static int read_header(bundle *b, ci_cursor c) {
  ci_field f;
  int64_t n = 0, endian = 0;
  while (ci_wire_next(&c, &f)) {
    if (ci_wire_is(&f, H_SHARDS, CI_VARINT)) n = (int64_t)f.u;
    if (ci_wire_is(&f, H_ENDIAN, CI_VARINT)) endian = (int64_t)f.u;
  }
  if (c.bad || n < 1 || n > MOST_SHARDS || b->n_shards)
    return ci_fail(b->err, CNNIMG_CORRUPT, "the checkpoint's header is damaged");
  if (endian) return ci_fail(b->err, CNNIMG_UNSUPPORTED, "the checkpoint is big-endian");
  b->shards = ci_calloc((size_t)n, sizeof(ci_source *));
  if (!b->shards) return no_memory(b);
  b->n_shards = n;
  return CNNIMG_OK;
}

/* ---- names ---------------------------------------------------------------------------------------- */

static bool ends(const char *name, const char *with) {
  size_t n = strlen(name), m = strlen(with);
  return n >= m && !strcmp(name + n - m, with);
}

/* What training keeps beside the weights. */
static bool is_slot(const char *name) {
  static const char *const last[] = {"/Adam",
                                     "/Adam_1",
                                     "/Momentum",
                                     "/RMSProp",
                                     "/RMSProp_1",
                                     "/Adagrad",
                                     "/Adadelta",
                                     "/Adadelta_1",
                                     "/Ftrl",
                                     "/Ftrl_1",
                                     "/ExponentialMovingAverage",
                                     "_power",
                                     "global_step",
                                     "save_counter",
                                     "/AdaMax",
                                     "/AdaMax_1",
                                     "/AMSGrad",
                                     "learning_rate"};
  for (size_t i = 0; i < sizeof last / sizeof *last; i++)
    if (ends(name, last[i])) return true;
  return strstr(name, "/.OPTIMIZER_SLOT") || strstr(name, ".OPTIMIZER_SLOT/") ||
         !strncmp(name, "optimizer/", 10) || !strncmp(name, "_CHECKPOINTABLE_OBJECT_GRAPH", 28);
}

/* Objects' names have an ending of their own. */
static void strip(char *name) {
  static const char tail[] = "/.ATTRIBUTES/VARIABLE_VALUE";
  if (ends(name, tail)) name[strlen(name) - strlen(tail)] = 0;
}

/* ---- tensors ---------------------------------------------------------------------------------------- */

typedef struct entry {
  int64_t type, dim[CI_MAX_RANK], shard, offset, size;
  int32_t rank;
  uint32_t crc;
  bool has_crc, sliced;
} entry;

static bool read_entry(ci_cursor c, entry *e) {
  ci_field f;
  while (ci_wire_next(&c, &f)) {
    if (ci_wire_is(&f, E_TYPE, CI_VARINT)) e->type = (int64_t)f.u;
    if (ci_wire_is(&f, E_SHAPE, CI_BYTES)) e->rank = ci_tf_read_shape(f.bytes, e->dim);
    if (ci_wire_is(&f, E_SHARD, CI_VARINT)) e->shard = (int64_t)f.u;
    if (ci_wire_is(&f, E_OFFSET, CI_VARINT)) e->offset = (int64_t)f.u;
    if (ci_wire_is(&f, E_SIZE, CI_VARINT)) e->size = (int64_t)f.u;
    if (ci_wire_is(&f, E_CRC, CI_FIXED32)) e->crc = (uint32_t)f.u, e->has_crc = true;
    if (f.number == E_SLICES) e->sliced = true;
  }
  return !c.bad;
}

static int check(const bundle *b, const char *name, const entry *e, ci_element type) {
  size_t count, bytes;
  if (e->sliced) return ci_fail(b->err, CNNIMG_UNSUPPORTED, "the tensor \"%.100s\" is kept in slices", name);
  if (!type.size)
    return ci_fail(b->err, CNNIMG_UNSUPPORTED, "the tensor \"%.100s\" is of type %lld, which is not read",
                   name, (long long)e->type);
  if (!ci_element_count(type, e->rank, e->dim, &count, &bytes) || (uint64_t)e->size != bytes)
    return ci_fail(b->err, CNNIMG_CORRUPT,
                   "the tensor \"%.100s\" has %lld bytes, which its shape does not say", name,
                   (long long)e->size);
  return CNNIMG_OK;
}

static int bytes_of(bundle *b, const char *name, const entry *e, const uint8_t **data) {
  const ci_source *s = NULL;
  int status = shard(b, e->shard, &s);
  if (status) return status;
  if (e->offset < 0 || (uint64_t)e->offset > s->size || (uint64_t)e->size > s->size - (uint64_t)e->offset)
    return ci_fail(b->err, CNNIMG_CORRUPT, "the tensor \"%.100s\" lies at %lld, beyond the end of %.60s",
                   name, (long long)e->offset, s->name);
  if ((uint64_t)e->size > b->budget)
    return ci_fail(b->err, CNNIMG_CORRUPT, "the tensor \"%.100s\" lies where others lie", name);
  b->budget -= (size_t)e->size;
  *data = e->size ? s->data + e->offset : (const uint8_t *)"";
  if (e->has_crc && ci_crc32c_masked(*data, (size_t)e->size) != e->crc)
    return ci_fail(b->err, CNNIMG_CORRUPT, "the tensor \"%.100s\" has another checksum than it says", name);
  return CNNIMG_OK;
}

static int add_tensor(bundle *b, char *name, ci_cursor value) {
  entry e = {.type = 0};
  const uint8_t *data = NULL;
  if (!read_entry(value, &e))
    return ci_fail(b->err, CNNIMG_CORRUPT, "the entry of \"%.100s\" is damaged", name);
  if (e.type == T_STRING || is_slot(name)) return CNNIMG_OK;
  strip(name);
  if (is_slot(name)) return CNNIMG_OK;
  ci_element type = ci_tf_element(e.type);
  int status = check(b, name, &e, type);
  if (!status) status = bytes_of(b, name, &e, &data);
  if (status) return status;
  ci_tensor *t = ci_element_tensor(type, e.rank, e.dim, data);
  return t ? ci_store_add(b->store, name, t, b->err) : no_memory(b);
}

static int add_entry(void *user, const uint8_t *key, size_t n, ci_cursor value) {
  bundle *b = user;
  if (!n) return read_header(b, value);
  if (!b->n_shards) return ci_fail(b->err, CNNIMG_CORRUPT, "the checkpoint has no header");
  char *name = ci_strndup((const char *)key, n);
  int status = name ? add_tensor(b, name, value) : no_memory(b);
  free(name);
  return status;
}

static int load(const ci_source *src, ci_loaded *out, cnnimg_error *err) {
  cnnimg_error own = {0};
  bundle b = {.src = src, .store = ci_store_new(), .err = &own};
  *out = (ci_loaded){0};
  int status = b.store ? ci_tf_table_walk(src->data, src->size, add_entry, &b, &own) : no_memory(&b);
  if (!status) status = ci_store_finish(b.store, &own);
  free(b.shards);
  if (!status) out->store = b.store;
  else ci_store_free(b.store);
  return status ? ci_fail(err, status, "%s: %s", src->name, own.text) : CNNIMG_OK;
}

const ci_format ci_format_tf_checkpoint = {"tensorflow-checkpoint", bid, load};
