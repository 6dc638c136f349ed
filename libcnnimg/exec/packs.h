/* SPDX-License-Identifier: MIT */
/* packs.h - what ops packed of a model's constants, once for all its sessions */
#ifndef CI_PACKS_H
#define CI_PACKS_H

#include "net/program.h"
#include "ops/op.h"

/*
 * A model has one store; every plan of the model asks it, from any thread. A session has a graph of its own, so what
 * tells packs apart is content: the op, its parameters, the channels, the form that it chose, kernels, allocator, and
 * the constants. Those of the program are known by their address (they never change while the model lives); those that
 * lowering or folding made afresh by 128 bits that are made of all their bytes.
 *
 * What no session uses stays until another session is given back, or the model goes: pictures of a thousand sizes, one
 * after the other, are packed for once, and what is kept for nobody is never more than one session had. Blocks of a
 * host's own allocator go with the last session that uses them, for the allocator need not outlive its context.
 */
typedef struct ci_packs ci_packs;
typedef struct ci_pack ci_pack; /* of one node; several nodes may share it */

/* program: where constants never move (it outlives the store); NULL: all are told by content. */
ci_packs *ci_packs_new(const ci_program *program); /* NULL: no memory */
void ci_packs_free(ci_packs *s);                   /* no session is left; NULL is allowed */

typedef struct ci_pack_ask {
  const ci_graph *g;
  const ci_node *node;
  const ci_shape *in;
  ci_shape out;
  const ci_kernels *k;
  const ci_allocator *allocator;
} ci_pack_ask;

/* The pack of a node whose op packs: found, waited for while another thread makes it, or made. *out NULL: there was
 * nothing to pack, or it failed. */
int ci_packs_get(ci_packs *s, const ci_pack_ask *ask, ci_pack **out, cnnimg_error *err);
/* What pack() made, and its size (p NULL: NULL and 0). They do not change. */
const void *ci_pack_data(const ci_pack *p);
size_t ci_pack_bytes(const ci_pack *p);
/* A session ends: n packs (some NULL) go back. */
void ci_packs_give_back(ci_packs *s, ci_pack *const *packs, size_t n);

typedef struct ci_packs_stats {
  size_t packs, bytes;  /* there now: how many, and bytes that pack() made */
  uint64_t made, found; /* since the store was made: calls of pack(), and how often none was needed */
} ci_packs_stats;
ci_packs_stats ci_packs_get_stats(ci_packs *s);

/* pack_key.c: the bytes that tell this pack from others; malloc'ed, *size of them. NULL: no memory. fixed: addresses of
 * the program's constants, sorted. */
typedef struct ci_addresses {
  const void **at;
  size_t n, cap;
} ci_addresses;
uint8_t *ci_pack_key(const ci_pack_ask *ask, const ci_addresses *fixed, size_t *size);
/* Of all constants of a program; false: no memory. */
bool ci_addresses_of(const ci_program *p, ci_addresses *out);

#endif
