/* SPDX-License-Identifier: MIT */
/* threads.h - one pool of workers that share numbered pieces of work */
#ifndef CI_THREADS_H
#define CI_THREADS_H

#include <stdint.h>

#include "cnnimg.h"

typedef struct ci_pool ci_pool;

/* What the affinity mask and the cgroup's CPU quota allow, at least 1. */
uint32_t ci_threads_available(void);
/* threads counts the caller of ci_pool_run, so threads == 1 starts none. */
int ci_pool_new(ci_pool **out, uint32_t threads, cnnimg_error *err);
/* The host's own runner of numbered pieces instead of our threads: calls fn(arg, i, worker) once for each i < n on
 * whatever threads, worker < threads and never the same at once, and returns when all are done; not 0: it gave up. */
typedef int (*ci_parallel)(void *user, void (*fn)(void *arg, uint32_t i, uint32_t worker), void *arg, uint32_t n);
int ci_pool_new_host(ci_pool **out, uint32_t threads, ci_parallel parallel, void *user, cnnimg_error *err);
/* Has the host's runner given up since this was last asked? What was computed is then worth nothing. */
int ci_pool_failed(ci_pool *pool);
void ci_pool_free(ci_pool *pool); /* NULL is allowed */
uint32_t ci_pool_threads(const ci_pool *pool);
/* Calls fn(arg, i, worker) once for each i < n, worker < threads, and returns when all are done. Runs with
 * flush-to-zero set; the caller's floating-point mode is restored. One caller at a time a pool. */
void ci_pool_run(ci_pool *pool, uint32_t n, void (*fn)(void *arg, uint32_t i, uint32_t worker), void *arg);

#endif
