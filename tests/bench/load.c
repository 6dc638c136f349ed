/* SPDX-License-Identifier: MIT */
/* load.c - what loading a weight file costs: seconds beside reading its bytes from the page cache, memory beside its size
 *
 * load FILE [RUNS]: the least of RUNS (default 5) of each, in turns. load.py makes files of 70 MB. "memory" is what the
 * load allocated at once, mapped files not counted; "copies" that in sizes of the file. Packing is not part of loading. */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "archs/weights.h"
#include "tests/base/heap.h"

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* read() into one block, as a program does that wants the bytes. */
static double read_it(const char *path, size_t size) {
  char *block = malloc(size);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  double start = now();
  size_t at = 0;
  ssize_t n = 1;
  while (block && at < size && (n = read(fd, block + at, size - at)) > 0) at += (size_t)n;
  double took = now() - start;
  if (fd >= 0) close(fd);
  free(block);
  return at == size ? took : NAN;
}

/* Every weight is looked at once: a mapped file that nobody has touched has not been loaded. */
static double touch(const ci_program *p) {
  double sum = 0;
  for (size_t i = 0; i < p->n_values; i++) {
    const ci_tensor *t = p->values[i].tensor;
    const unsigned char *data = t ? t->data : NULL;
    size_t bytes = t ? t->count * (t->dtype == CI_I64 ? sizeof(int64_t) : sizeof(float)) : 0;
    for (size_t k = 0; k < bytes; k += 4096) sum += data[k];
  }
  return sum;
}

static double load_it(const char *path, size_t *memory, size_t *size, cnnimg_error *err) {
  ci_source s;
  ci_program *p;
  const char *format;
  if (ci_source_open(&s, path, 0, err)) return NAN;
  *size = s.size;
  heap_start(0);
  double start = now();
  int status = ci_weights_load(&s, &p, &format, err);
  volatile double sum = status ? 0 : touch(p);
  double took = status ? NAN : now() - start;
  (void)sum;
  heap_stop();
  *memory = heap_most();
  ci_program_free(p);
  ci_source_close(&s);
  return took;
}

int main(int argc, char **argv) {
  int runs = argc > 2 ? atoi(argv[2]) : 5;
  size_t memory = 0, size = 0;
  double reading = INFINITY, loading = INFINITY;
  cnnimg_error err = {0};
  if (argc < 2) return fputs("usage: load FILE [RUNS]\n", stderr), 2;
  for (int i = 0; i < runs; i++) {
    double took = load_it(argv[1], &memory, &size, &err);
    if (isnan(took)) return fprintf(stderr, "%s\n", err.text), 1;
    loading = fmin(loading, took);
    reading = fmin(reading, read_it(argv[1], size));
  }
  printf("%s: %.1f MB, read in %.4f s, loaded in %.4f s: %.2f times; memory %.1f MB: %.2f copies%s\n",
         argv[1], (double)size / 1e6, reading, loading, loading / reading, (double)memory / 1e6,
         (double)memory / (double)size, heap_works() ? "" : " (not counted here)");
  return 0;
}
