/* SPDX-License-Identifier: MIT */
/* test_threads.c - many threads at one model, cancelling from another one, the host's own workers */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/api/door.h"

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void pause_for(double seconds) {
  const struct timespec t = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
  nanosleep(&t, NULL);
}

/* ---- two threads, one model, one context ---------------------------------------------- */

typedef struct worker {
  cnnimg_context *context;
  cnnimg_model *model;
  const char *path;
  cnnimg_view src, dst;
  int status;
  cnnimg_error err;
} worker;

/* Loads a model of its own too, plans and runs several times; assertions are left to the main thread. */
static void *work(void *arg) {
  worker *w = arg;
  cnnimg_params p;
  cnnimg_params_init(&p, CNNIMG_TASK_DENOISE);
  p.sigma = 20;
  for (int i = 0; i < 3 && !w->status; i++) {
    cnnimg_session *s = NULL;
    cnnimg_model *own = NULL, *m = cnnimg_model_ref(w->model);
    w->status = cnnimg_model_load(w->context, w->path, &own, &w->err);
    if (!w->status) w->status = cnnimg_session_new(w->context, m, &p, &w->src.format, &s, &w->err);
    if (!w->status) w->status = cnnimg_run(s, &w->src, &w->dst, &w->err);
    cnnimg_model_unref(m);
    cnnimg_model_unref(own);
    cnnimg_session_free(s);
  }
  return NULL;
}

static void test_two_threads_share_a_model(void **state) {
  static const char *const nets[] = {"denoise", "odd"};
  (void)state;
  for (size_t n = 0; n < COUNT(nets); n++) {
    const cnnimg_format f = door_format(70, 50, 3, CNNIMG_ALPHA_STRAIGHT, CNNIMG_U8);
    cnnimg_context *c = door_context(2);
    cnnimg_model *m = door_model(c, nets[n], NULL); /* its sizes are asked for by whoever comes first */
    cnnimg_view src;
    void *pixels = door_picture(&f, &src), *results[3];
    worker w[3];
    pthread_t id[3];
    char path[1024];
    door_path(n ? "odd.onnx" : "denoise", path, sizeof path);
    for (int i = 0; i < 3; i++) {
      w[i] = (worker){.context = c, .model = m, .path = path, .src = src};
      results[i] = door_empty(&f, &w[i].dst);
      assert_int_equal(pthread_create(&id[i], NULL, work, &w[i]), 0);
    }
    for (int i = 0; i < 3; i++) pthread_join(id[i], NULL);
    for (int i = 0; i < 3; i++) {
      if (w[i].status) fail_msg("%s", w[i].err.text);
      door_assert_same(&w[0].dst, &w[i].dst);
    }
    for (int i = 0; i < 3; i++) free(results[i]);
    cnnimg_model_unref(m);
    cnnimg_close(c);
    free(pixels);
  }
}

/* ---- cancelling --------------------------------------------------------------------------- */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PATIENCE 2.0 /* everything takes many times as long */
#else
#define PATIENCE 0.1
#endif

enum { WIDE = 4000, HIGH = 3000 };

static int grey_row(void *user, uint32_t y, void *row, cnnimg_error *err) {
  (void)user, (void)err;
  memset(row, (int)(y % 200), WIDE * 3);
  return CNNIMG_OK;
}

static int drop_row(void *user, uint32_t y, const void *row, cnnimg_error *err) {
  (void)user, (void)y, (void)row, (void)err;
  return CNNIMG_OK;
}

typedef struct canceller {
  cnnimg_cancel *cancel;
  double after, at;
} canceller;

static void *cancel_later(void *arg) {
  canceller *c = arg;
  pause_for(c->after);
  c->at = now();
  cnnimg_cancel_set(c->cancel);
  return NULL;
}

/* Seconds from the wish to stop to the run's return. */
static double time_to_stop(cnnimg_context *c, cnnimg_model *m, double after, float sigma) {
  const cnnimg_format f = door_format(WIDE, HIGH, 3, 0, CNNIMG_U8);
  cnnimg_cancel cancel = {0};
  canceller k = {&cancel, after, 0};
  cnnimg_params p;
  cnnimg_session *s;
  pthread_t id;
  cnnimg_params_init(&p, CNNIMG_TASK_DENOISE);
  p.sigma = sigma;
  p.cancel = &cancel;
  OK(cnnimg_session_new(c, m, &p, &f, &s, err));
  assert_int_equal(pthread_create(&id, NULL, cancel_later, &k), 0);
  int status = cnnimg_run_rows(s, grey_row, NULL, drop_row, NULL, NULL);
  double end = now();
  pthread_join(id, NULL);
  assert_int_equal(status, CNNIMG_CANCELLED);
  assert_true(cnnimg_cancel_is_set(&cancel));
  cnnimg_session_free(s);
  return end - k.at;
}

/* 12 million pixels. The best of some tries counts, for the machine may have other things to do. */
static void test_cancelling_is_felt_at_once(void **state) {
  cnnimg_context *c = door_context(2);
  cnnimg_model *m = door_model(c, "denoise", NULL);
  (void)state;
  for (int i = 0; i < 3; i++) {
    double best = 1e9;
    for (int k = 0; k < 5 && best > PATIENCE; k++) {
      double t = time_to_stop(c, m, i ? 0.2 : 0.05, i == 1 ? -1 : 25);
      if (t < best) best = t;
    }
    if (best > PATIENCE) fail_msg("%.3f s from the wish to the end", best);
  }
  cnnimg_model_unref(m);
  cnnimg_close(c);
}

static void test_a_run_that_is_cancelled_before_it_starts(void **state) {
  cnnimg_context *c = door_context(1);
  cnnimg_model *m = door_model(c, "identity", NULL);
  const cnnimg_format f = door_format(10, 10, 3, 0, CNNIMG_U8);
  cnnimg_cancel cancel = {0};
  cnnimg_params p;
  cnnimg_session *s;
  cnnimg_view v;
  (void)state;
  void *a = door_picture(&f, &v);
  cnnimg_params_init(&p, CNNIMG_TASK_NONE);
  p.cancel = &cancel;
  OK(cnnimg_session_new(c, m, &p, &f, &s, err));
  OK(cnnimg_run(s, &v, &v, err));
  assert_int_equal(cnnimg_cancel_is_set(&cancel), 0);
  cnnimg_cancel_set(&cancel);
  REFUSED(cnnimg_run(s, &v, &v, err), CNNIMG_CANCELLED, "cancelled");
  cnnimg_session_free(s);
  cnnimg_model_unref(m);
  cnnimg_close(c);
  free(a);
}

/* ---- the host's workers --------------------------------------------------------------------- */

typedef struct host {
  int calls, give_up_at;
} host;

typedef struct share {
  void (*fn)(void *arg, uint32_t i, uint32_t worker);
  void *arg;
  uint32_t n, worker;
} share;

enum { HOST_THREADS = 3 };

static void *do_share(void *arg) {
  share *s = arg;
  for (uint32_t i = s->worker; i < s->n; i += HOST_THREADS) s->fn(s->arg, i, s->worker);
  return NULL;
}

static int run_on_host(void *user, void (*fn)(void *arg, uint32_t i, uint32_t worker), void *arg,
                       uint32_t n) {
  host *h = user;
  share shares[HOST_THREADS];
  pthread_t id[HOST_THREADS];
  if (++h->calls == h->give_up_at) return 1;
  for (uint32_t k = 0; k < HOST_THREADS; k++) {
    shares[k] = (share){fn, arg, n, k};
    if (pthread_create(&id[k], NULL, do_share, &shares[k])) abort();
  }
  for (uint32_t k = 0; k < HOST_THREADS; k++) pthread_join(id[k], NULL);
  return 0;
}

static void test_the_host_may_bring_its_threads(void **state) {
  const cnnimg_format f = door_format(160, 90, 3, 0, CNNIMG_U8);
  cnnimg_context *own = door_context(2), *hosted;
  cnnimg_model *m = door_model(own, "denoise", NULL);
  host h = {0, 0};
  cnnimg_config config;
  cnnimg_view src, want, have;
  (void)state;
  void *a = door_picture(&f, &src), *b = door_empty(&f, &want), *d = door_empty(&f, &have);
  cnnimg_config_init(&config);
  config.parallel = run_on_host;
  config.parallel_user = &h;
  REFUSED(cnnimg_open(&config, &hosted, err), CNNIMG_BADARG, "threads");
  config.threads = HOST_THREADS;
  OK(cnnimg_open(&config, &hosted, err));
  cnnimg_session *s = door_session(own, m, &f, 0), *t = door_session(hosted, m, &f, 0);
  OK(cnnimg_run(s, &src, &want, err));
  OK(cnnimg_run(t, &src, &have, err));
  door_assert_same(&want, &have);
  assert_true(h.calls > 0);
  h = (host){0, h.calls / 2 + 1};
  REFUSED(cnnimg_run(t, &src, &have, err), CNNIMG_CANCELLED, "host");
  OK(cnnimg_run(t, &src, &have, err));
  door_assert_same(&want, &have);
  cnnimg_session_free(s);
  cnnimg_session_free(t);
  cnnimg_model_unref(m);
  cnnimg_close(own);
  cnnimg_close(hosted);
  free(a), free(b), free(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_two_threads_share_a_model),
      cmocka_unit_test(test_cancelling_is_felt_at_once),
      cmocka_unit_test(test_a_run_that_is_cancelled_before_it_starts),
      cmocka_unit_test(test_the_host_may_bring_its_threads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
