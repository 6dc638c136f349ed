/* SPDX-License-Identifier: MIT */
/* packs.c - a model's store of packed constants: found by content, counted, let go */
#include "exec/packs.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* MAKING: a thread is at it, without the lock; GONE: it could not, or there was nothing to pack: not in the table any
 * more. */
typedef enum state { MAKING, READY, GONE } state;

struct ci_pack {
  ci_pack *next; /* in its bucket */
  uint64_t hash;
  uint8_t *key;
  size_t key_bytes;
  state state;
  uint32_t users; /* steps of plans, and threads that wait */
  uint64_t idle;  /* no users: the number of the session that was the last one */
  ci_allocator allocator;
  void *data;
  size_t bytes;
};

struct ci_packs {
  pthread_mutex_t lock;
  pthread_cond_t settled; /* a pack is READY or GONE */
  ci_addresses fixed;     /* not changed once the store is there */
  ci_pack **buckets;      /* a power of two */
  size_t n_buckets;
  uint64_t sessions; /* that were given back */
  ci_packs_stats stats;
};

/* ---- one pack -------------------------------------------------------------------------------- */

static uint64_t hash_of(const uint8_t *key, size_t size) {
  uint64_t h = size, word;
  for (size_t i = 0; i < size; i += sizeof word) {
    word = 0;
    memcpy(&word, key + i, size - i < sizeof word ? size - i : sizeof word);
    h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    h ^= h >> 32;
  }
  return h;
}

static ci_pack *pack_new(const ci_pack_ask *ask, const ci_addresses *fixed) {
  ci_pack *p = ci_calloc(1, sizeof *p);
  if (!p) return NULL;
  p->key = ci_pack_key(ask, fixed, &p->key_bytes);
  if (!p->key) {
    free(p);
    return NULL;
  }
  p->hash = hash_of(p->key, p->key_bytes);
  p->users = 1;
  if (ask->allocator) p->allocator = *ask->allocator;
  return p;
}

static void pack_free(ci_pack *p) {
  ci_big_free(&p->allocator, p->data);
  free(p->key);
  free(p);
}

const void *ci_pack_data(const ci_pack *p) { return p ? p->data : NULL; }
size_t ci_pack_bytes(const ci_pack *p) { return p ? p->bytes : 0; }

/* ---- the table ----------------------------------------------------------------------------------- */

static ci_pack **bucket_of(const ci_packs *s, uint64_t hash) {
  return &s->buckets[hash & (s->n_buckets - 1)];
}

static ci_pack *find(const ci_packs *s, const ci_pack *like) {
  for (ci_pack *p = *bucket_of(s, like->hash); p; p = p->next)
    if (p->hash == like->hash && p->key_bytes == like->key_bytes && !memcmp(p->key, like->key, p->key_bytes))
      return p;
  return NULL;
}

/* Without memory for more buckets the chains get longer, which is all. */
static void widen(ci_packs *s) {
  ci_packs wide = {.n_buckets = s->n_buckets * 2};
  if (s->stats.packs < s->n_buckets || !(wide.buckets = ci_calloc(wide.n_buckets, sizeof *wide.buckets)))
    return;
  for (size_t i = 0; i < s->n_buckets; i++)
    for (ci_pack *p = s->buckets[i], *next; p; p = next) {
      ci_pack **b = bucket_of(&wide, p->hash);
      next = p->next;
      p->next = *b;
      *b = p;
    }
  free(s->buckets);
  s->buckets = wide.buckets;
  s->n_buckets = wide.n_buckets;
}

static void insert(ci_packs *s, ci_pack *p) {
  widen(s);
  ci_pack **b = bucket_of(s, p->hash);
  p->next = *b;
  *b = p;
  s->stats.packs++;
}

static void take_out(ci_packs *s, ci_pack **link) {
  ci_pack *p = *link;
  *link = p->next;
  s->stats.packs--;
  s->stats.bytes -= p->bytes;
}

static void remove_pack(ci_packs *s, ci_pack *p) {
  ci_pack **link = bucket_of(s, p->hash);
  while (*link != p) link = &(*link)->next;
  take_out(s, link);
}

/* ---- asking ---------------------------------------------------------------------------------------- */

/* With the lock. The pack that is like p, ready; NULL: there is none (who was making it made none). */
static ci_pack *wait_for(ci_packs *s, const ci_pack *like) {
  ci_pack *p = find(s, like);
  if (!p) return NULL;
  p->users++;
  while (p->state == MAKING) pthread_cond_wait(&s->settled, &s->lock);
  if (p->state == READY) {
    s->stats.found++;
    return p;
  }
  if (--p->users == 0) pack_free(p);
  return NULL;
}

/* The maker's word; false: there is no pack. */
static bool settle(ci_packs *s, ci_pack *p) {
  pthread_mutex_lock(&s->lock);
  bool made = p->data;
  p->state = made ? READY : GONE;
  s->stats.made += made;
  s->stats.bytes += p->bytes;
  if (!made) remove_pack(s, p);
  bool last = !made && --p->users == 0;
  pthread_cond_broadcast(&s->settled);
  pthread_mutex_unlock(&s->lock);
  if (last) pack_free(p);
  return made;
}

/* Host code (its allocator) is called without the lock. */
static int make(ci_packs *s, const ci_pack_ask *ask, ci_pack *p, ci_pack **out, cnnimg_error *err) {
  int status = ci_ops[ask->node->op]->pack(ask->g, ask->node, ask->in, ask->out, ask->k, ask->allocator,
                                           &p->data, &p->bytes, err);
  if (status) p->data = NULL;
  if (!p->data) p->bytes = 0;
  *out = settle(s, p) ? p : NULL;
  return status;
}

int ci_packs_get(ci_packs *s, const ci_pack_ask *ask, ci_pack **out, cnnimg_error *err) {
  ci_pack *own = pack_new(ask, &s->fixed), *there;
  *out = NULL;
  if (!own) return ci_fail(err, CNNIMG_NOMEM, "%s: no memory for its constants", ask->node->name);
  pthread_mutex_lock(&s->lock);
  while (!(there = wait_for(s, own)) && find(s, own)) {
  } /* it failed, and another one tries by now */
  if (!there) insert(s, own);
  pthread_mutex_unlock(&s->lock);
  if (there) {
    pack_free(own);
    *out = there;
    return CNNIMG_OK;
  }
  return make(s, ask, own, out, err);
}

/* ---- giving back ------------------------------------------------------------------------------------- */

static bool must_go(const ci_packs *s, const ci_pack *p) {
  return !p->users && (p->allocator.alloc || p->idle != s->sessions);
}

/* Takes out what must go; a list. */
static ci_pack *sweep(ci_packs *s) {
  ci_pack *gone = NULL;
  for (size_t i = 0; i < s->n_buckets; i++)
    for (ci_pack **link = &s->buckets[i]; *link;) {
      ci_pack *p = *link;
      if (!must_go(s, p)) {
        link = &p->next;
        continue;
      }
      take_out(s, link);
      p->next = gone;
      gone = p;
    }
  return gone;
}

static void free_list(ci_pack *p) {
  for (ci_pack *next; p; p = next) {
    next = p->next;
    pack_free(p);
  }
}

void ci_packs_give_back(ci_packs *s, ci_pack *const *packs, size_t n) {
  pthread_mutex_lock(&s->lock);
  s->sessions++;
  for (size_t i = 0; i < n; i++)
    if (packs[i] && --packs[i]->users == 0) packs[i]->idle = s->sessions;
  ci_pack *gone = sweep(s);
  pthread_mutex_unlock(&s->lock);
  free_list(gone);
}

ci_packs_stats ci_packs_get_stats(ci_packs *s) {
  pthread_mutex_lock(&s->lock);
  ci_packs_stats stats = s->stats;
  pthread_mutex_unlock(&s->lock);
  return stats;
}

/* ---- life ------------------------------------------------------------------------------------------------ */

ci_packs *ci_packs_new(const ci_program *program) {
  ci_packs *s = ci_calloc(1, sizeof *s);
  if (!s) return NULL;
  pthread_mutex_init(&s->lock, NULL);
  pthread_cond_init(&s->settled, NULL);
  s->n_buckets = 64;
  s->buckets = ci_calloc(s->n_buckets, sizeof *s->buckets);
  if (s->buckets && (!program || ci_addresses_of(program, &s->fixed))) return s;
  ci_packs_free(s);
  return NULL;
}

void ci_packs_free(ci_packs *s) {
  if (!s) return;
  for (size_t i = 0; s->buckets && i < s->n_buckets; i++) free_list(s->buckets[i]);
  free(s->buckets);
  free(s->fixed.at);
  pthread_cond_destroy(&s->settled);
  pthread_mutex_destroy(&s->lock);
  free(s);
}
