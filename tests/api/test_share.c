/* SPDX-License-Identifier: MIT */
/* test_share.c - sessions of one model share its packed weights: packed once, whatever the sizes and threads */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "cnnimg_private.h"
#include "tests/api/door.h"

/* ---- a host that counts ------------------------------------------------------------------- */

typedef struct host {
  atomic_size_t bytes, blocks; /* asked for so far; alive */
} host;

static void *host_alloc(void *user, size_t align, size_t n) {
  host *h = user;
  atomic_fetch_add(&h->bytes, n);
  atomic_fetch_add(&h->blocks, 1);
  return aligned_alloc(align, (n + align - 1) / align * align);
}

static void host_release(void *user, void *p) {
  atomic_fetch_sub(&((host *)user)->blocks, 1);
  free(p);
}

static cnnimg_context *context_of(host *h) {
  cnnimg_config config;
  cnnimg_context *c;
  cnnimg_config_init(&config);
  config.threads = 1;
  config.alloc = host_alloc, config.release = host_release, config.alloc_user = h;
  OK(cnnimg_open(&config, &c, err));
  return c;
}

static cnnimg_format format_of(uint32_t w, uint32_t h) { return door_format(w, h, 3, 0, CNNIMG_U8); }

/* The result of a session that shares nothing. */
static void *alone(const char *net, const cnnimg_format *f, cnnimg_view *dst) {
  cnnimg_context *c = door_context(1);
  cnnimg_model *m = door_model(c, net, NULL);
  cnnimg_session *s = door_session(c, m, f, 0);
  cnnimg_view src;
  void *from = door_picture(f, &src), *to = door_empty(f, dst);
  OK(cnnimg_run(s, &src, dst, err));
  cnnimg_session_free(s);
  cnnimg_model_unref(m);
  cnnimg_close(c);
  free(from);
  return to;
}

static void check_run(cnnimg_session *s, const char *net, const cnnimg_format *f) {
  cnnimg_view src, have, want;
  void *a = door_picture(f, &src), *b = door_empty(f, &have), *c = alone(net, f, &want);
  OK(cnnimg_run(s, &src, &have, err));
  door_assert_same(&want, &have);
  free(a), free(b), free(c);
}

/* ---- two sessions ------------------------------------------------------------------------------ */

/* The second one takes the memory that it costs but for the weights, and calls no pack(). */
static void test_the_second_session_brings_no_weights(void **state) {
  const cnnimg_format small = format_of(150, 130), large = format_of(200, 170);
  host h = {0};
  cnnimg_context *c = context_of(&h);
  cnnimg_model *m = door_model(c, "denoise", NULL);
  (void)state;
  cnnimg_session *one = door_session(c, m, &small, 0);
  size_t first = atomic_load(&h.bytes);
  ci_packs_stats before = ci_packs_get_stats(m->family.packs);
  cnnimg_session *two = door_session(c, m, &large, 0);
  size_t second = atomic_load(&h.bytes) - first;
  ci_packs_stats after = ci_packs_get_stats(m->family.packs);
  const cnnimg_cost *a = cnnimg_session_cost(one), *b = cnnimg_session_cost(two);
  assert_true(before.made > 10);
  assert_int_equal(before.made, after.made);
  assert_int_equal(after.found, before.found + before.made);
  assert_int_equal(a->weight_bytes, b->weight_bytes);
  assert_int_equal(a->weight_bytes, after.bytes);
  assert_true(b->weight_bytes > 1 << 20);
  assert_true(first > a->bytes);
  if (second > b->bytes - b->weight_bytes + 4096)
    fail_msg("the second session took %zu bytes, %llu of them weights", second,
             (unsigned long long)b->weight_bytes);
  check_run(two, "denoise", &large);
  cnnimg_session_free(one);
  check_run(two, "denoise", &large);
  cnnimg_session_free(two);
  assert_int_equal(atomic_load(&h.blocks), 0); /* the model lives, the host's blocks do not */
  assert_int_equal(ci_packs_get_stats(m->family.packs).packs, 0);
  cnnimg_close(c);
  cnnimg_model_unref(m);
}

/* Two hosts do not get each other's blocks. */
static void test_contexts_with_allocators_of_their_own(void **state) {
  const cnnimg_format f = format_of(40, 30);
  host h[2] = {{0}, {0}};
  cnnimg_context *c[2] = {context_of(&h[0]), context_of(&h[1])};
  cnnimg_model *m = door_model(c[0], "odd", NULL);
  (void)state;
  cnnimg_session *one = door_session(c[0], m, &f, 0), *two = door_session(c[1], m, &f, 0);
  assert_int_equal(atomic_load(&h[0].blocks), atomic_load(&h[1].blocks));
  cnnimg_session_free(one);
  cnnimg_close(c[0]);
  assert_int_equal(atomic_load(&h[0].blocks), 0);
  check_run(two, "odd", &f);
  cnnimg_session_free(two);
  assert_int_equal(atomic_load(&h[1].blocks), 0);
  cnnimg_close(c[1]);
  cnnimg_model_unref(m);
}

/* ---- one after another --------------------------------------------------------------------------- */

/* Nothing is packed again, and what is kept for nobody does not grow. */
static void test_a_hundred_sizes(void **state) {
  cnnimg_context *c = door_context(1);
  cnnimg_model *m = door_model(c, "odd", NULL);
  uint64_t made = 0;
  (void)state;
  for (uint32_t i = 0; i < 100; i++) {
    const cnnimg_format f = format_of(20 + i, 120 - i);
    cnnimg_session *s = door_session(c, m, &f, 0);
    size_t weights = cnnimg_session_cost(s)->weight_bytes;
    cnnimg_session_free(s);
    ci_packs_stats st = ci_packs_get_stats(m->family.packs);
    assert_int_equal(st.bytes, weights);
    if (i == 0) made = st.made;
    assert_int_equal(st.made, made);
  }
  cnnimg_model_unref(m);
  cnnimg_close(c);
}

/* Sizes that want other forms: what the last session used stays, what it did not goes. */
static void test_other_forms_replace_each_other(void **state) {
  cnnimg_context *c = door_context(1);
  cnnimg_model *m = door_model(c, "denoise", NULL);
  uint64_t bytes[2] = {0, 0};
  (void)state;
  for (int i = 0; i < 6; i++) {
    const cnnimg_format f = i % 2 ? format_of(64, 64) : format_of(3, 2);
    cnnimg_session *s = door_session(c, m, &f, 0);
    bytes[i % 2] = cnnimg_session_cost(s)->weight_bytes;
    cnnimg_session_free(s);
    assert_int_equal(ci_packs_get_stats(m->family.packs).bytes, bytes[i % 2]);
  }
  assert_true(bytes[0] != bytes[1]); /* else the sizes were badly chosen */
  cnnimg_model_unref(m);
  cnnimg_close(c);
}

/* ---- at once ---------------------------------------------------------------------------------------- */

typedef struct worker {
  cnnimg_context *context;
  cnnimg_model *model;
  cnnimg_view src, dst;
  int status;
  cnnimg_error err;
} worker;

static void *work(void *arg) {
  worker *w = arg;
  cnnimg_params p;
  cnnimg_params_init(&p, CNNIMG_TASK_DENOISE);
  p.sigma = 25;
  for (int i = 0; i < 3 && !w->status; i++) {
    cnnimg_session *s = NULL;
    w->status = cnnimg_session_new(w->context, w->model, &p, &w->src.format, &s, &w->err);
    if (!w->status) w->status = cnnimg_run(s, &w->src, &w->dst, &w->err);
    cnnimg_session_free(s);
  }
  return NULL;
}

static void test_threads_pack_once(void **state) {
  enum { N = 4 };
  static const char *const nets[] = {"odd", "denoise"};
  (void)state;
  for (size_t n = 0; n < COUNT(nets); n++) {
    host h = {0};
    cnnimg_context *c = n ? context_of(&h) : door_context(1);
    cnnimg_model *m = door_model(c, nets[n], NULL);
    worker w[N];
    pthread_t id[N];
    cnnimg_format f[N];
    void *from[N], *to[N];
    for (uint32_t i = 0; i < N; i++) {
      f[i] = format_of(40 + 8 * i, 60 - 5 * i);
      w[i] = (worker){.context = c, .model = m};
      from[i] = door_picture(&f[i], &w[i].src), to[i] = door_empty(&f[i], &w[i].dst);
    }
    cnnimg_session *held =
        n ? door_session(c, m, &f[0], 0) : NULL; /* or the host's blocks would come and go */
    for (int i = 0; i < N; i++) assert_int_equal(pthread_create(&id[i], NULL, work, &w[i]), 0);
    for (int i = 0; i < N; i++) pthread_join(id[i], NULL);
    for (int i = 0; i < N; i++) {
      cnnimg_view want;
      if (w[i].status) fail_msg("%s", w[i].err.text);
      void *expected = alone(nets[n], &f[i], &want);
      door_assert_same(&want, &w[i].dst);
      free(expected), free(from[i]), free(to[i]);
    }
    ci_packs_stats st = ci_packs_get_stats(m->family.packs);
    assert_int_equal(st.made, st.packs);
    assert_int_equal(st.made + st.found, (3 * N + n) * st.packs);
    cnnimg_session_free(held);
    cnnimg_model_unref(m);
    cnnimg_close(c);
    assert_int_equal(atomic_load(&h.blocks), 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_second_session_brings_no_weights),
      cmocka_unit_test(test_contexts_with_allocators_of_their_own),
      cmocka_unit_test(test_a_hundred_sizes),
      cmocka_unit_test(test_other_forms_replace_each_other),
      cmocka_unit_test(test_threads_pack_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
