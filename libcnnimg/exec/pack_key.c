/* SPDX-License-Identifier: MIT */
/* pack_key.c - all that packed constants depend on, as a string of bytes to be compared */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "exec/packs.h"

/* ---- addresses of a program's constants ------------------------------------------------------ */

static int by_address(const void *a, const void *b) {
  uintptr_t x = (uintptr_t) * (const void *const *)a, y = (uintptr_t) * (const void *const *)b;
  return (x > y) - (x < y);
}

static bool add_address(ci_addresses *a, const ci_tensor *t) {
  if (!t) return true;
  if (!ci_grow((void **)&a->at, &a->cap, a->n + 1, sizeof *a->at)) return false;
  a->at[a->n++] = t->data;
  return true;
}

bool ci_addresses_of(const ci_program *p, ci_addresses *out) {
  bool ok = true;
  *out = (ci_addresses){0};
  for (size_t i = 0; ok && i < p->n_values; i++) ok = add_address(out, p->values[i].tensor);
  for (size_t i = 0; ok && i < p->n_nodes; i++)
    for (size_t k = 0; ok && k < p->nodes[i].n_attrs; k++) ok = add_address(out, p->nodes[i].attrs[k].tensor);
  if (out->n) qsort(out->at, out->n, sizeof *out->at, by_address);
  return ok;
}

static bool is_fixed(const ci_addresses *a, const ci_tensor *t) {
  return a->n && bsearch(&t->data, a->at, a->n, sizeof *a->at, by_address);
}

/* ---- the key ------------------------------------------------------------------------------------ */

/* Zeroed before it is filled, so that gaps between fields compare equal. */
typedef struct head {
  const void *op, *kernels;
  ci_allocator allocator;
  uint32_t form;
  int32_t out_channels, residual, n_in;
  ci_params params;
  ci_act act, act2; /* slope: is there one? */
} head;

enum { ABSENT, MAP, FIXED, MADE };

/* An input, or the slopes of an activation. */
typedef struct item {
  int32_t kind, channels, type, rank;
  int64_t dim[CI_MAX_RANK];
  const void *address; /* FIXED */
  uint64_t hash[2];    /* MADE */
} item;

static size_t bytes_of(const ci_tensor *t) {
  return t->count * (t->dtype == CI_I64 ? sizeof(int64_t) : sizeof(float));
}

static uint64_t mix(uint64_t h, uint64_t word, uint64_t factor) {
  h = (h ^ word) * factor;
  return h ^ h >> 29;
}

/* 128 bits that stand for the bytes: to keep those would double a network's memory. Two constants of one file that agree
 * by chance are not to be expected; a file that is made so that they agree gets the answer that it asked for. */
static void hash(const ci_tensor *t, uint64_t to[2]) {
  size_t bytes = bytes_of(t), whole = bytes / 8 * 8;
  uint64_t word = 0;
  to[0] = bytes, to[1] = ~bytes;
  for (size_t i = 0; i < whole; i += 8) {
    memcpy(&word, (const uint8_t *)t->data + i, 8);
    to[0] = mix(to[0], word, 0x9e3779b97f4a7c15u);
    to[1] = mix(to[1], word, 0xc2b2ae3d27d4eb4fu);
  }
  word = 0;
  if (bytes > whole) memcpy(&word, (const uint8_t *)t->data + whole, bytes - whole);
  to[0] = mix(to[0], word, 0xff51afd7ed558ccdu);
  to[1] = mix(to[1], word, 0xc4ceb9fe1a85ec53u);
}

static void fill_item(item *to, const ci_tensor *t, const ci_addresses *fixed) {
  to->kind = is_fixed(fixed, t) ? FIXED : MADE;
  to->type = t->dtype;
  to->rank = t->rank;
  for (int32_t i = 0; i < t->rank; i++) to->dim[i] = t->dim[i];
  if (to->kind == FIXED) to->address = t->data;
  else hash(t, to->hash);
}

static uint8_t *put_item(uint8_t *at, const ci_graph *g, int32_t v, int32_t channels,
                         const ci_addresses *fixed) {
  const ci_tensor *t = ci_const(g, v);
  item it;
  memset(&it, 0, sizeof it);
  if (t) fill_item(&it, t, fixed);
  else if (v >= 0) it.kind = MAP, it.channels = channels;
  memcpy(at, &it, sizeof it);
  return at + sizeof it;
}

static uint8_t *put_head(uint8_t *at, const ci_pack_ask *a) {
  const ci_node *n = a->node;
  const ci_op *op = ci_ops[n->op];
  head h;
  memset(&h, 0, sizeof h);
  h.op = op;
  h.kernels = a->k;
  if (a->allocator) h.allocator = *a->allocator;
  h.form = op->form ? op->form(n, a->in, a->out) : 0;
  h.out_channels = a->out.c;
  h.residual = n->residual;
  h.n_in = n->n_in;
  h.params = n->p;
  h.act = n->act, h.act.slope = n->act.slope >= 0;
  h.act2 = n->act2, h.act2.slope = n->act2.slope >= 0;
  memcpy(at, &h, sizeof h);
  return at + sizeof h;
}

uint8_t *ci_pack_key(const ci_pack_ask *a, const ci_addresses *fixed, size_t *size) {
  const ci_node *n = a->node;
  *size = sizeof(head) + ((size_t)n->n_in + 2) * sizeof(item);
  uint8_t *key = malloc(*size), *at = key;
  if (!key) return NULL;
  at = put_head(at, a);
  for (int32_t k = 0; k < n->n_in; k++) at = put_item(at, a->g, n->in[k], a->in[k].c, fixed);
  at = put_item(at, a->g, n->act.slope, 0, fixed);
  put_item(at, a->g, n->act2.slope, 0, fixed);
  return key;
}
