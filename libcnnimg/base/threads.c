/* SPDX-License-Identifier: MIT */
/* threads.c - the pool: workers take numbers from one counter, the caller works too */
#include "base/threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include "base/error.h"
#include "base/memory.h"

#define SPINS 4000        /* some microseconds: bands follow each other fast */
#define MAX_THREADS 1024u /* more is a mistake in a configuration */

struct ci_pool {
  uint32_t threads; /* the caller included */
  pthread_t *ids;
  uint32_t started;
  pthread_mutex_t lock;
  pthread_cond_t wake, done;
  atomic_uint generation; /* one more for each run; workers wait for a change */
  atomic_uint next;       /* the next number to take */
  atomic_uint busy;       /* workers that have not finished this generation */
  atomic_int quit;
  atomic_uint names; /* worker numbers given out */
  uint32_t n;
  void (*fn)(void *arg, uint32_t i, uint32_t worker);
  void *arg;
  ci_parallel parallel; /* the host's, or NULL: our own threads */
  void *parallel_user;
  atomic_int failed;
};

/* ---- how many ------------------------------------------------------------ */

/* A cgroup v2 quota ("max 100000" or "150000 100000") in whole processors, 0: none. */
static uint32_t quota_of(const char *folder) {
  char path[512];
  char quota[32];
  unsigned long period = 0;
  int n = snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", folder);
  FILE *f = n > 0 && (size_t)n < sizeof path ? fopen(path, "re") : NULL;
  if (!f) return 0;
  int got = fscanf(f, "%31s %lu", quota, &period);
  fclose(f);
  if (got != 2 || !strcmp(quota, "max") || period == 0) return 0;
  unsigned long cpus = (strtoul(quota, NULL, 10) + period - 1) / period;
  return cpus < 1 ? 1 : (uint32_t)cpus;
}

/* The cgroup of this process, "" when it cannot be read. */
static void own_cgroup(char *out, size_t size) {
  char line[480];
  *out = 0;
  FILE *f = fopen("/proc/self/cgroup", "re");
  while (f && fgets(line, sizeof line, f))
    if (!strncmp(line, "0::", 3)) {
      line[strcspn(line, "\n")] = 0;
      snprintf(out, size, "%s", line + 3);
    }
  if (f) fclose(f);
}

uint32_t ci_threads_available(void) {
  cpu_set_t set;
  char group[480];
  uint32_t n = 1;
  if (!sched_getaffinity(0, sizeof set, &set) && CPU_COUNT(&set) > 0) n = (uint32_t)CPU_COUNT(&set);
  own_cgroup(group, sizeof group);
  uint32_t outer = quota_of(""), inner = *group ? quota_of(group) : 0;
  if (outer && outer < n) n = outer;
  if (inner && inner < n) n = inner;
  return n;
}

/* ---- floating point mode --------------------------------------------------- */

/* Denormals are flushed to zero: they are slow and below any answer. Returns the mode before. */
static uint64_t float_mode_set(void) {
#if defined(__x86_64__)
  unsigned before = _mm_getcsr();
  _mm_setcsr(before | 0x8040u); /* flush to zero, denormals are zero */
  return before;
#elif defined(__aarch64__)
  uint64_t before;
  __asm__ volatile("mrs %0, fpcr" : "=r"(before));
  __asm__ volatile("msr fpcr, %0" ::"r"(before | (1u << 24)));
  return before;
#else
  return 0;
#endif
}

static void float_mode_restore(uint64_t mode) {
#if defined(__x86_64__)
  _mm_setcsr((unsigned)mode);
#elif defined(__aarch64__)
  __asm__ volatile("msr fpcr, %0" ::"r"(mode));
#else
  (void)mode;
#endif
}

static inline void relax(void) {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/* ---- workers ----------------------------------------------------------------- */

static void take_numbers(ci_pool *p, uint32_t worker) {
  for (;;) {
    uint32_t i = atomic_fetch_add_explicit(&p->next, 1, memory_order_relaxed);
    if (i >= p->n) return;
    p->fn(p->arg, i, worker);
  }
}

/* Spins a little, then sleeps, until the generation is another one. */
static unsigned wait_for_work(ci_pool *p, unsigned seen) {
  for (int s = 0; s < SPINS; s++) {
    unsigned now = atomic_load_explicit(&p->generation, memory_order_acquire);
    if (now != seen) return now;
    relax();
  }
  pthread_mutex_lock(&p->lock);
  while (atomic_load(&p->generation) == seen) pthread_cond_wait(&p->wake, &p->lock);
  pthread_mutex_unlock(&p->lock);
  return atomic_load(&p->generation);
}

static void *work(void *arg) {
  ci_pool *p = arg;
  uint32_t worker = 1 + atomic_fetch_add(&p->names, 1);
  unsigned seen = 0;
  float_mode_set();
  for (;;) {
    seen = wait_for_work(p, seen);
    if (atomic_load(&p->quit)) return NULL;
    take_numbers(p, worker);
    if (atomic_fetch_sub_explicit(&p->busy, 1, memory_order_acq_rel) == 1) {
      pthread_mutex_lock(&p->lock);
      pthread_cond_signal(&p->done);
      pthread_mutex_unlock(&p->lock);
    }
  }
}

static void announce(ci_pool *p) {
  pthread_mutex_lock(&p->lock);
  atomic_fetch_add_explicit(&p->generation, 1, memory_order_release);
  pthread_cond_broadcast(&p->wake);
  pthread_mutex_unlock(&p->lock);
}

static void wait_for_workers(ci_pool *p) {
  for (int s = 0; s < SPINS; s++) {
    if (!atomic_load_explicit(&p->busy, memory_order_acquire)) return;
    relax();
  }
  pthread_mutex_lock(&p->lock);
  while (atomic_load(&p->busy)) pthread_cond_wait(&p->done, &p->lock);
  pthread_mutex_unlock(&p->lock);
}

/* A piece on one of the host's threads, whose floating-point mode is its own. */
static void host_piece(void *arg, uint32_t i, uint32_t worker) {
  ci_pool *p = arg;
  uint64_t mode = float_mode_set();
  p->fn(p->arg, i, worker);
  float_mode_restore(mode);
}

static void run_on_host(ci_pool *p, uint32_t n, void (*fn)(void *arg, uint32_t i, uint32_t worker), void *arg) {
  p->fn = fn;
  p->arg = arg;
  if (p->parallel(p->parallel_user, host_piece, p, n)) atomic_store(&p->failed, 1);
}

void ci_pool_run(ci_pool *p, uint32_t n, void (*fn)(void *arg, uint32_t i, uint32_t worker), void *arg) {
  if (p->parallel && n > 1) {
    run_on_host(p, n, fn, arg);
    return;
  }
  uint64_t mode = float_mode_set();
  if (p->threads == 1 || n <= 1) {
    for (uint32_t i = 0; i < n; i++) fn(arg, i, 0);
  } else {
    p->n = n;
    p->fn = fn;
    p->arg = arg;
    atomic_store(&p->next, 0);
    atomic_store(&p->busy, p->started);
    announce(p);
    take_numbers(p, 0);
    wait_for_workers(p);
  }
  float_mode_restore(mode);
}

uint32_t ci_pool_threads(const ci_pool *p) { return p->threads; }

int ci_pool_failed(ci_pool *p) { return atomic_exchange(&p->failed, 0); }

static int start_workers(ci_pool *p) {
  p->ids = ci_calloc(p->threads, sizeof *p->ids);
  if (!p->ids) return -1;
  for (; p->started + 1 < p->threads; p->started++)
    if (pthread_create(&p->ids[p->started], NULL, work, p)) break;
  p->threads = p->started + 1; /* fewer than asked for still do the work */
  return 0;
}

int ci_pool_new(ci_pool **out, uint32_t threads, cnnimg_error *err) {
  return ci_pool_new_host(out, threads, NULL, NULL, err);
}

int ci_pool_new_host(ci_pool **out, uint32_t threads, ci_parallel parallel, void *user, cnnimg_error *err) {
  *out = NULL;
  ci_pool *p = ci_calloc(1, sizeof *p);
  if (!p) return ci_fail(err, CNNIMG_NOMEM, "no memory for a pool of threads");
  p->threads = threads < 1 ? 1 : threads > MAX_THREADS ? MAX_THREADS : threads;
  p->parallel = parallel, p->parallel_user = user;
  pthread_mutex_init(&p->lock, NULL);
  pthread_cond_init(&p->wake, NULL);
  pthread_cond_init(&p->done, NULL);
  if (!parallel && start_workers(p)) {
    ci_pool_free(p);
    return ci_fail(err, CNNIMG_NOMEM, "no memory for %u threads", threads);
  }
  *out = p;
  return CNNIMG_OK;
}

void ci_pool_free(ci_pool *p) {
  if (!p) return;
  atomic_store(&p->quit, 1);
  announce(p);
  for (uint32_t i = 0; i < p->started; i++) pthread_join(p->ids[i], NULL);
  pthread_cond_destroy(&p->done);
  pthread_cond_destroy(&p->wake);
  pthread_mutex_destroy(&p->lock);
  free(p->ids);
  free(p);
}
