/* SPDX-License-Identifier: MIT */
/* peak.c - the processor's peak of fused multiply-adds in float, at the level that CNNIMG_CPU allows; a line of JSON */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/cpu.h"

#define CHAINS 12
#define STEPS 200000
#define MOST 256 /* threads */

#define TWELVE(each) \
  each(0) each(1) each(2) each(3) each(4) each(5) each(6) each(7) each(8) each(9) each(10) each(11)
#define BEGIN(i) v x##i = a * i;
#define STEP(i) x##i = x##i * m + a;
#define END(i) +x##i

/* Twelve chains of x = x * m + a, which wait for nobody but themselves: more than latency times ports of any processor
 * here, few enough for 16 registers. They run towards 1, so that no number is slow. */
#define PEAK(name, bytes, attributes)                    \
  attributes static float name(long steps) {             \
    typedef float v __attribute__((vector_size(bytes))); \
    v m = (v){0} + 0.999f, a = (v){0} + 0.001f;          \
    TWELVE(BEGIN)                                        \
    for (long s = 0; s < steps; s++) {                   \
      TWELVE(STEP)                                       \
    }                                                    \
    return (TWELVE(END))[0];                             \
  }

#if defined(__x86_64__)
PEAK(avx2, 32, __attribute__((target("avx2,fma"))))
PEAK(avx512, 64, __attribute__((target("avx512f"))))
#endif
PEAK(vec, 16, )

typedef struct level {
  const char *name;
  float (*run)(long steps);
  int lanes;
} level;

static level choose(void) {
#if defined(__x86_64__)
  if (ci_cpu_isa() == CI_ISA_AVX512) return (level){"avx512", avx512, 16};
  if (ci_cpu_isa() == CI_ISA_AVX2) return (level){"avx2", avx2, 8};
#endif
  return (level){ci_cpu_isa() == CI_ISA_NEON ? "neon" : "vec", vec, 4};
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

typedef struct worker {
  level use;
  pthread_barrier_t *start;
  double until, best; /* seconds to measure for; GFLOPS */
} worker;

/* The best of many short runs: what disturbs it only lowers it. */
static void *measure(void *user) {
  worker *w = user;
  volatile float sink;
  sink = w->use.run(STEPS); /* wakes the wide units */
  pthread_barrier_wait(w->start);
  double begun = seconds();
  for (double now = begun; now - begun < w->until;) {
    sink = w->use.run(STEPS);
    double then = seconds(), rate = 2e-9 * w->use.lanes * CHAINS * STEPS / (then - now);
    if (rate > w->best) w->best = rate;
    now = then;
  }
  (void)sink;
  return NULL;
}

int main(int argc, char **argv) {
  int threads = argc > 1 ? atoi(argv[1]) : 1;
  if (threads < 1 || threads > MOST || argc > 2) return fputs("usage: peak [THREADS]\n", stderr), 2;
  worker w[MOST];
  pthread_t t[MOST];
  pthread_barrier_t start;
  double sum = 0;
  pthread_barrier_init(&start, NULL, (unsigned)threads);
  for (int i = 0; i < threads; i++) {
    w[i] = (worker){choose(), &start, 0.5, 0};
    if (pthread_create(&t[i], NULL, measure, &w[i])) return fputs("peak: no thread\n", stderr), 1;
  }
  for (int i = 0; i < threads; i++) pthread_join(t[i], NULL), sum += w[i].best;
  pthread_barrier_destroy(&start);
  printf("{\"level\": \"%s\", \"threads\": %d, \"gflops\": %.1f}\n", choose().name, threads, sum);
  return 0;
}
