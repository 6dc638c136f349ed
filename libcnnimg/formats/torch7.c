/* SPDX-License-Identifier: MIT */
/* torch7.c - Torch7's files: a network of nn's modules, or the tensors that lie in them */
#include "formats/torch7.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "formats/format.h"

#define GROWTH 8   /* bytes of tensors for a byte of the file */
#define HIGHEST 12 /* parts of a tensor's name */
#define NAME_ROOM 320

/* ---- bid ---------------------------------------------------------------------------------------------------------- */

static bool starts(const uint8_t *data, size_t size, const char *with, size_t n) {
  return size >= n && !memcmp(data, with, n);
}

/* Object number 1, its version; or table number 1; or function number 1, of Lua's bytecode. */
static int bid(const uint8_t *data, size_t size) {
  if (starts(data, size, "\4\0\0\0\1\0\0\0\3\0\0\0V ", 14) || starts(data, size, "4\n1\n3\nV ", 8)) return 90;
  if (starts(data, size, "\10\0\0\0\1\0\0\0", 8) && size > 14 && data[12] == 27) return 60;
  if (starts(data, size, "3\n1\n", 4) && size > 6 && data[4] >= '0' && data[4] <= '9') return 50;
  bool table = starts(data, size, "\3\0\0\0\1\0\0\0", 8) && size >= 16 && data[11] == 0;
  return table && data[12] <= 8 && !data[13] && !data[14] && !data[15] ? 55 : 0;
}

/* ---- nodes --------------------------------------------------------------------------------------------------------- */

const ci_t7_node *ci_t7_item(const ci_t7 *t, const ci_t7_node *n, uint32_t i) {
  uint32_t node = n && i < n->n ? t->items[n->items + i] : CI_T7_NONE;
  return node == CI_T7_NONE ? NULL : &t->nodes[node];
}

bool ci_t7_is(const ci_t7_node *n, const char *text) {
  return n && (n->kind == CI_T7_STRING || n->kind == CI_T7_OBJECT) && n->text_n == strlen(text) &&
         !memcmp(n->text, text, n->text_n);
}

const ci_t7_node *ci_t7_get(const ci_t7 *t, const ci_t7_node *n, const char *key) {
  if (n && n->kind == CI_T7_OBJECT) n = ci_t7_item(t, n, 0);
  if (!n || n->kind != CI_T7_TABLE) return NULL;
  for (uint32_t i = 0; i + 1 < n->n; i += 2)
    if (ci_t7_is(ci_t7_item(t, n, i), key)) return ci_t7_item(t, n, i + 1);
  return NULL;
}

int ci_t7_numbers(const ci_t7 *t, const ci_t7_node *n, const char *name, size_t *budget, ci_tensor **out,
                  cnnimg_error *err) {
  const ci_t7_tensor *x = &t->tensors[n->extra];
  const ci_t7_node *storage = ci_t7_item(t, n, 0);
  const ci_t7_storage *s = storage && storage->kind == CI_T7_STORAGE ? &t->storages[storage->extra] : NULL;
  *out = NULL;
  if (!s || !x->rank) return CNNIMG_OK;
  if (x->offset < 0) return ci_fail(err, CNNIMG_CORRUPT, "the tensor \"%s\" begins before its numbers", name);
  ci_elements e = {.type = s->type,
                   .data = s->data,
                   .bytes = s->bytes,
                   .rank = x->rank,
                   .stride = x->stride,
                   .offset = (uint64_t)x->offset,
                   .name = name};
  memcpy(e.dim, x->dim, sizeof e.dim);
  return ci_elements_tensor(&e, budget, out, err);
}

/* ---- tensors by name ------------------------------------------------------------------------------------------------ */

/* The part of a name that an item adds: its key; the fields of an object add none of their own. */
static void part(const ci_t7 *t, const ci_t7_node *n, char *to, size_t room) {
  const ci_t7_node *parent = &t->nodes[n->parent];
  const ci_t7_node *key = n->place % 2 ? ci_t7_item(t, parent, n->place - 1) : NULL;
  to[0] = 0;
  if (parent->kind == CI_T7_LIST) snprintf(to, room, "%u.", n->place + 1);
  if (parent->kind != CI_T7_TABLE) return;
  if (key && key->kind == CI_T7_STRING)
    snprintf(to, room, "%.*s.", key->text_n < 60 ? (int)key->text_n : 60, key->text);
  else if (key && key->kind == CI_T7_NUMBER) snprintf(to, room, "%.15g.", key->number);
  else snprintf(to, room, "#%u.", n->place);
}

/* "modules.1.weight"; where that climbs too high, the number of a node stands for the rest. */
static void name_of(const ci_t7 *t, const ci_t7_node *n, char *to, size_t room) {
  char one[80];
  size_t at = room - 1;
  to[at] = 0;
  for (int parts = 0; n->parent != CI_T7_NONE; n = &t->nodes[n->parent]) {
    part(t, n, one, sizeof one);
    if (parts++ == 2 * HIGHEST || strlen(one) + 16 > at) {
      snprintf(one, sizeof one, "#%zu.", (size_t)(n - t->nodes));
      at -= strlen(one);
      memcpy(to + at, one, strlen(one));
      break;
    }
    at -= strlen(one);
    memcpy(to + at, one, strlen(one));
  }
  memmove(to, to + at, room - at);
  size_t length = strlen(to);
  if (length) to[length - 1] = 0;
  else snprintf(to, room, "tensor");
  for (char *c = to; *c; c++)
    if ((unsigned char)*c < ' ') *c = '?';
}

static int store_tensors(const ci_t7 *t, ci_store *s, size_t *budget, cnnimg_error *err) {
  char name[NAME_ROOM];
  for (size_t i = 0; i < t->n; i++) {
    ci_tensor *numbers;
    if (t->nodes[i].kind != CI_T7_TENSOR) continue;
    name_of(t, &t->nodes[i], name, sizeof name);
    int status = ci_t7_numbers(t, &t->nodes[i], name, budget, &numbers, err);
    if (!status && numbers) status = ci_store_add(s, name, numbers, err);
    if (status) return status;
  }
  return ci_store_finish(s, err);
}

/* ---- files ----------------------------------------------------------------------------------------------------------- */

static void release(void *t) {
  ci_t7_free(t);
  free(t);
}

static int no_memory(cnnimg_error *err) { return ci_fail(err, CNNIMG_NOMEM, "no memory for the weights"); }

/* Tensors of a file in ASCII point into what was read, so that is kept; on success t is no longer the caller's. */
static int make_store(ci_t7 *t, size_t *budget, ci_store **out, cnnimg_error *err) {
  ci_store *s = ci_store_new();
  int status = s ? store_tensors(t, s, budget, err) : no_memory(err);
  if (!status && !s->n) status = ci_fail(err, CNNIMG_UNSUPPORTED, "neither a network nor a tensor is in it");
  if (!status) {
    const ci_t7_node *root = &t->nodes[0];
    if (root->kind == CI_T7_OBJECT) {
      char text[80];
      snprintf(text, sizeof text, "%.*s", root->text_n < 60 ? (int)root->text_n : 60, root->text);
      status = ci_store_set_meta(s, "class", text, err);
    }
  }
  if (!status && ci_keep(&s->kept, t, release)) {
    ci_store_free(s);
    return -1;
  }
  if (status) ci_store_free(s);
  else *out = s;
  return status;
}

static int make_program(ci_t7 *t, const ci_t7_node *module, size_t *budget, ci_program **out,
                        cnnimg_error *err) {
  int status = ci_t7_program(t, module, budget, out, err);
  if (status || !ci_keep(&(*out)->kept, t, release)) return status;
  ci_program_free(*out);
  *out = NULL;
  return -1;
}

static int load(const ci_source *src, ci_loaded *out, cnnimg_error *err) {
  cnnimg_error own = {0};
  size_t budget = GROWTH * src->size + 4096;
  ci_t7 *t = ci_calloc(1, sizeof *t);
  *out = (ci_loaded){0};
  int status = t ? ci_t7_read(t, src->data, src->size, &own) : no_memory(&own);
  const ci_t7_node *module = status ? NULL : ci_t7_find_module(t);
  if (!status)
    status = module ? make_program(t, module, &budget, &out->program, &own)
                    : make_store(t, &budget, &out->store, &own);
  if (status == -1) t = NULL, status = no_memory(&own); /* it went with what could not keep it */
  if (!status) return CNNIMG_OK;
  if (t) release(t);
  return ci_fail(err, status, "%s: %s", src->name, own.text);
}

const ci_format ci_format_torch7 = {"Torch7", bid, load};
