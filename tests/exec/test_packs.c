/* SPDX-License-Identifier: MIT */
/* test_packs.c - the store of packed constants: what is the same, what is not, failures, waiting threads */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exec/packs.h"
#include "tests/exec/nets.h"

/* ---- a convolution, whose weights are made afresh each time ------------------------------------- */

static ci_tensor *ramp(int32_t rank, const int64_t *dim, float from) {
  ci_tensor *t = ci_tensor_new(CI_F32, rank, dim);
  assert_non_null(t);
  for (size_t i = 0; i < t->count; i++) ((float *)t->owned)[i] = from + (float)i / 64;
  return t;
}

static ci_graph *convolution(float from) {
  ci_graph *g = ci_graph_new();
  const int64_t dim[4] = {16, 16, 3, 3}, one = 16;
  assert_non_null(g);
  int32_t x = ci_graph_add_value(g, "image", NULL), in[3] = {x, -1, -1};
  assert_int_equal(ci_graph_add_input(g, x, (ci_shape){16, 0, 0}), 0);
  in[1] = ci_graph_add_value(g, "w", ramp(4, dim, from)),
  in[2] = ci_graph_add_value(g, "b", ramp(1, &one, from));
  ci_node *n = ci_graph_add_node(g, CI_OP_conv, "conv", in, 3, "out");
  assert_non_null(n);
  for (int i = 0; i < 2; i++) n->p.kernel[i] = 3;
  for (int i = 0; i < 4; i++) n->p.pads[i] = 1;
  g->output = n->out;
  assert_int_equal(ci_graph_finish(g, NULL), CNNIMG_OK);
  return g;
}

static ci_plan *plan_of(ci_packs *s, const ci_graph *g, int32_t w, int32_t h) {
  const ci_shape in = {16, h, w};
  const ci_plan_options o = {.threads = 1, .packs = s};
  ci_plan *p;
  assert_int_equal(ci_plan_new(&p, g, &in, ci_kernels_best(), &o, NULL), CNNIMG_OK);
  return p;
}

static void test_constants_are_compared_by_content(void **state) {
  ci_packs *s = ci_packs_new(NULL);
  ci_graph *a = convolution(1), *b = convolution(1), *other = convolution(2);
  (void)state;
  ci_plan *p = plan_of(s, a, 40, 30), *q = plan_of(s, b, 90, 10);
  assert_int_equal(ci_packs_get_stats(s).made, 1);
  assert_int_equal(ci_packs_get_stats(s).found, 1);
  ci_plan *r = plan_of(s, other, 40, 30);
  assert_int_equal(ci_packs_get_stats(s).made, 2);
  assert_int_equal(ci_packs_get_stats(s).packs, 2);
  ci_plan_free(p);
  ci_plan_free(q);
  ci_plan_free(r);
  assert_int_equal(ci_packs_get_stats(s).packs, 1); /* the last one's */
  ci_graph_free(a), ci_graph_free(b), ci_graph_free(other);
  ci_packs_free(s);
}

/* All that a pack depends on makes another one of it. */
static void test_what_tells_packs_apart(void **state) {
  ci_packs *s = ci_packs_new(NULL);
  (void)state;
  for (int i = 0; i < 6; i++) {
    ci_graph *g = convolution(1);
    ci_node *n = &g->nodes[0];
    ci_tensor *w = g->values[n->in[1]].tensor;
    if (i == 1) ((float *)w->owned)[w->count - 1] += 1;
    if (i == 2) n->p.value = 3;
    if (i == 3) n->in[2] = -1;
    if (i == 4) n->act.kind = CI_ACT_PRELU, n->act.slope = n->in[2];
    const ci_shape in = {16, i == 5 ? 4 : 20, 20}, out = {16, in.h, 20}, shapes[3] = {in};
    const ci_pack_ask ask = {g, n, shapes, out, ci_kernels_best(), NULL};
    ci_pack *pack, *again;
    assert_int_equal(ci_packs_get(s, &ask, &pack, NULL), CNNIMG_OK);
    assert_int_equal(ci_packs_get_stats(s).made, i + 1);
    assert_int_equal(ci_packs_get(s, &ask, &again, NULL), CNNIMG_OK);
    assert_ptr_equal(pack, again);
    assert_non_null(ci_pack_data(pack));
    ci_graph_free(g);
  }
  assert_int_equal(ci_packs_get_stats(s).packs, 6);
  ci_packs_free(s);
}

/* Weights that several layers have in common are packed once, and counted once. */
static void test_layers_that_share_weights(void **state) {
  ci_graph *g = convolution(1);
  ci_packs *s = ci_packs_new(NULL);
  (void)state;
  for (int i = 0; i < 3; i++) {
    ci_node *first = &g->nodes[0];
    const int32_t in[3] = {g->output, first->in[1], first->in[2]};
    ci_params p = first->p;
    ci_node *n = ci_graph_add_node(g, CI_OP_conv, "again", in, 3, "again");
    assert_non_null(n);
    n->p = p;
    g->output = n->out;
  }
  assert_int_equal(ci_graph_finish(g, NULL), CNNIMG_OK);
  ci_plan *p = plan_of(s, g, 32, 32);
  assert_int_equal(ci_packs_get_stats(s).made, 1);
  assert_int_equal(ci_packs_get_stats(s).found, 3);
  assert_int_equal(ci_plan_get_stats(p)->weight_bytes, ci_packs_get_stats(s).bytes);
  ci_plan_free(p);
  ci_graph_free(g);
  ci_packs_free(s);
}

/* ---- a program's constants are known by where they lie ------------------------------------------- */

static void test_a_programs_constants_are_not_read(void **state) {
  const int64_t dim[4] = {16, 16, 3, 3};
  ci_program *p = ci_program_new();
  ci_graph *g = convolution(1);
  (void)state;
  ci_tensor *t = ramp(4, dim, 1), *shell = g->values[g->nodes[0].in[1]].tensor;
  assert_true(ci_program_add_value(p, "w", t) >= 0);
  free(shell->owned);
  shell->owned = NULL, shell->data = t->data;
  ci_packs *s = ci_packs_new(p);
  ci_plan *a = plan_of(s, g, 40, 30);
  ((float *)t->owned)[7] += 1; /* which no program does */
  ci_plan *b = plan_of(s, g, 40, 30);
  assert_int_equal(ci_packs_get_stats(s).made, 1);
  ci_plan_free(a);
  ci_plan_free(b);
  ci_graph_free(g);
  ci_packs_free(s);
  ci_program_free(p);
}

/* ---- failures ---------------------------------------------------------------------------------------- */

typedef struct host {
  atomic_int calls, failing; /* calls that fail from here on */
  pthread_mutex_t gate;      /* held by the test while the maker shall stay where it is */
} host;

static void *host_alloc(void *user, size_t align, size_t n) {
  host *h = user;
  atomic_fetch_add(&h->calls, 1);
  pthread_mutex_lock(&h->gate);
  pthread_mutex_unlock(&h->gate);
  if (atomic_fetch_sub(&h->failing, 1) > 0) return NULL;
  return aligned_alloc(align, (n + align - 1) / align * align);
}

static void host_release(void *user, void *p) {
  (void)user;
  free(p);
}

typedef struct asker {
  ci_packs *s;
  ci_graph *g;
  ci_allocator a;
  ci_pack *pack;
  int status;
} asker;

static void *ask(void *arg) {
  asker *k = arg;
  const ci_shape in[3] = {{16, 20, 20}}, out = {16, 20, 20};
  const ci_pack_ask what = {k->g, &k->g->nodes[0], in, out, ci_kernels_best(), &k->a};
  k->status = ci_packs_get(k->s, &what, &k->pack, NULL);
  return NULL;
}

/* Four ask at once; `failing` of the attempts fail, and each of those fails one asker: the next one tries. */
static void at_once(int failing) {
  enum { N = 4 };
  ci_packs *s = ci_packs_new(NULL);
  host h = {.failing = failing, .gate = PTHREAD_MUTEX_INITIALIZER};
  asker k[N];
  pthread_t id[N];
  pthread_mutex_lock(&h.gate);
  for (int i = 0; i < N; i++) {
    k[i] = (asker){.s = s, .g = convolution(1), .a = {host_alloc, host_release, &h}};
    assert_int_equal(pthread_create(&id[i], NULL, ask, &k[i]), 0);
  }
  while (!atomic_load(&h.calls)) sched_yield();
  pthread_mutex_unlock(&h.gate);
  for (int i = 0; i < N; i++) pthread_join(id[i], NULL);
  int failed = 0;
  ci_pack *packs[N];
  for (int i = 0; i < N; i++) {
    failed += k[i].status == CNNIMG_NOMEM;
    packs[i] = k[i].pack;
    assert_int_equal(!k[i].pack, k[i].status != CNNIMG_OK);
    ci_graph_free(k[i].g);
  }
  assert_int_equal(failed, failing < N ? failing : N);
  assert_int_equal(atomic_load(&h.calls), failing < N ? failing + 1 : N);
  assert_int_equal(ci_packs_get_stats(s).packs, failing < N);
  ci_packs_give_back(s, packs, N);
  assert_int_equal(ci_packs_get_stats(s).packs, 0);
  assert_int_equal(ci_packs_get_stats(s).bytes, 0);
  ci_packs_free(s);
}

static void test_who_fails_and_who_goes_on(void **state) {
  (void)state;
  for (int failing = 0; failing < 6; failing++) at_once(failing);
}

/* ---- the cap ------------------------------------------------------------------------------------------- */

/* Rings, scratch and weights together stay under it; where weights leave too little, the rings alone. */
static void test_weights_count(void **state) {
  ci_graph *g = nets[0].make();
  const ci_shape in = {3, 256, 4096};
  ci_plan_options o = {.threads = 1};
  ci_plan *p;
  (void)state;
  assert_int_equal(ci_plan_new(&p, g, &in, ci_kernels_best(), &o, NULL), CNNIMG_OK);
  ci_plan_stats free_stats = *ci_plan_get_stats(p);
  ci_plan_free(p);
  size_t fixed = free_stats.weight_bytes + free_stats.scratch_bytes;
  assert_true(free_stats.ring_bytes > 2 * fixed);
  o.memory = 2 * fixed + free_stats.ring_bytes / 4;
  assert_int_equal(ci_plan_new(&p, g, &in, ci_kernels_best(), &o, NULL), CNNIMG_OK);
  const ci_plan_stats *st = ci_plan_get_stats(p);
  assert_true(st->ring_bytes + st->scratch_bytes + st->weight_bytes <= o.memory);
  assert_true(st->tiles > 1);
  ci_plan_free(p);
  bool whole_cap = false;
  for (size_t part = 8; part < 40; part++) { /* narrow stripes come in steps: some caps fit closely */
    o.memory = free_stats.ring_bytes / part;
    if (ci_plan_new(&p, g, &in, ci_kernels_best(), &o, NULL)) continue;
    assert_true(ci_plan_get_stats(p)->ring_bytes <= o.memory);
    whole_cap |= o.memory < fixed && ci_plan_get_stats(p)->ring_bytes > o.memory / 2;
    ci_plan_free(p);
  }
  assert_true(whole_cap);
  ci_graph_free(g);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_constants_are_compared_by_content),
      cmocka_unit_test(test_what_tells_packs_apart),
      cmocka_unit_test(test_layers_that_share_weights),
      cmocka_unit_test(test_a_programs_constants_are_not_read),
      cmocka_unit_test(test_who_fails_and_who_goes_on),
      cmocka_unit_test(test_weights_count),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
