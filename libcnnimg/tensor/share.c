/* SPDX-License-Identifier: MIT */
/* share.c - the work of one held operation, cut by its size and shared among threads */
#include "tensor/tensor_op.h"

#define STRETCH 32768 /* elements of a stretch, about: some microseconds */

typedef struct job {
  size_t n, stretch;
  void (*fn)(const void *arg, size_t from, size_t to);
  const void *arg;
} job;

static void run_one(void *arg, uint32_t i, uint32_t worker) {
  const job *j = arg;
  size_t from = i * j->stretch, left = j->n - from;
  (void)worker;
  j->fn(j->arg, from, from + (left < j->stretch ? left : j->stretch));
}

void ci_tensor_share(const ci_tensor_call *c, size_t n, size_t each,
                     void (*fn)(const void *arg, size_t from, size_t to), const void *arg) {
  size_t stretch = each < STRETCH ? STRETCH / (each ? each : 1) : 1, pieces;
  while ((pieces = (n + stretch - 1) / stretch) > UINT32_MAX) stretch *= 2;
  job j = {n, stretch, fn, arg};
  if (c->pool && pieces > 1) ci_pool_run(c->pool, (uint32_t)pieces, run_one, &j);
  else if (n) fn(arg, 0, n);
}
