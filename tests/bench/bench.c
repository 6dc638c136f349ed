/* SPDX-License-Identifier: MIT */
/* bench.c - one network at one size: seconds, memory, GFLOPS, the plan; for people or as a line of JSON */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "exec/exec.h"
#include "formats/format.h"

typedef struct options {
  const char *net;
  int width, height, threads, runs, tile, band;
  bool json;
} options;

static int usage(void) {
  fputs(
      "usage: bench --net FILE --size WxH [--threads N] [--runs N] [--tile N] [--band N] [--json]\n"
      "Inputs are noise from a fixed seed; the fastest of the runs counts. CNNIMG_CPU chooses the kernels.\n",
      stderr);
  return 2;
}

static bool number(const char *text, int *to) { return sscanf(text, "%d", to) == 1 && *to >= 0; }

static bool parse(int argc, char **argv, options *o) {
  for (int i = 1; i < argc; i++) {
    const char *a = argv[i], *v = i + 1 < argc ? argv[i + 1] : "";
    bool ok = true;
    if (!strcmp(a, "--json")) {
      o->json = true;
      continue;
    }
    if (!strcmp(a, "--net")) o->net = v;
    else if (!strcmp(a, "--size")) ok = sscanf(v, "%dx%d", &o->width, &o->height) == 2;
    else if (!strcmp(a, "--threads")) ok = number(v, &o->threads);
    else if (!strcmp(a, "--runs")) ok = number(v, &o->runs);
    else if (!strcmp(a, "--tile")) ok = number(v, &o->tile);
    else if (!strcmp(a, "--band")) ok = number(v, &o->band);
    else return false;
    if (!ok) return false;
    i++;
  }
  return o->net && o->width > 0 && o->height > 0 && o->runs > 0;
}

/* ---- measures ---------------------------------------------------------------------- */

static double seconds(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Bytes of anonymous memory now ("RssAnon:"), or the most of all memory so far ("VmHWM:"). */
static double memory(const char *which) {
  char line[256];
  double kib = 0;
  FILE *f = fopen("/proc/self/status", "re");
  while (f && fgets(line, sizeof line, f))
    if (!strncmp(line, which, strlen(which))) kib = atof(line + strlen(which));
  if (f) fclose(f);
  return kib * 1024;
}

/* ---- feeding ------------------------------------------------------------------------- */

/* Noise that depends on the place only, about 0.5 +- 0.29 as pixels have it. */
static float noise(uint32_t i, int32_t y, int32_t x, int32_t c) {
  uint32_t h =
      ((uint32_t)y * 73856093u) ^ ((uint32_t)x * 19349663u) ^ ((uint32_t)c * 83492791u) ^ i * 2654435761u;
  h = (h ^ (h >> 15)) * 2246822519u;
  return (float)((h ^ (h >> 13)) & 0xffffff) / 16777216.0f;
}

static int fill(void *user, uint32_t i, const ci_view *v, ci_rect r, cnnimg_error *err) {
  (void)user, (void)err;
  for (int32_t y = r.y0; y < r.y1; y++)
    for (int32_t x = r.x0; x < r.x1; x++)
      for (int32_t c = 0; c < v->map.c; c++) ci_view_at(v, x, y)[c] = noise(i, y, x, c);
  return CNNIMG_OK;
}

/* A sum of all bits, whatever order the pixels come in: equal for equal answers. */
static int take(void *user, const ci_view *v, ci_rect r, cnnimg_error *err) {
  uint64_t *sum = user;
  (void)err;
  for (int32_t y = r.y0; y < r.y1; y++)
    for (int32_t x = r.x0; x < r.x1; x++)
      for (int32_t c = 0; c < v->map.c; c++) {
        uint32_t bits;
        memcpy(&bits, ci_view_at(v, x, y) + c, sizeof bits);
        *sum += (uint64_t)bits * (2u * (uint32_t)(y * 31 + x * 7 + c) + 1);
      }
  return CNNIMG_OK;
}

/* ---- one network ------------------------------------------------------------------------ */

typedef struct bench {
  ci_source source;
  ci_graph *graph;
  ci_plan *plan;
  ci_pool *pool;
  double wall, cpu, base, peak; /* seconds of the fastest run, bytes */
  uint64_t sum;
} bench;

/* Open channels are taken for 3, sizes for those of the picture. */
static int load(bench *b, const options *o, ci_shape *in, cnnimg_error *err) {
  const char *format;
  int status = ci_source_open(&b->source, o->net, (size_t)4 << 30, err);
  if (!status) status = ci_format_load(&b->source, &b->graph, &format, err);
  for (size_t i = 0; !status && i < b->graph->n_inputs && i < 8; i++) {
    in[i] = b->graph->input_shapes[i];
    if (!in[i].c) in[i].c = 3;
    if (!in[i].h) in[i].h = o->height;
    if (!in[i].w) in[i].w = o->width;
  }
  if (status) return status;
  ci_shape *shapes = calloc(b->graph->n_values, sizeof *shapes);
  if (shapes) status = ci_infer_shapes(b->graph, in, shapes, err);
  if (!status) status = ci_graph_simplify(b->graph, shapes, err);
  free(shapes);
  return status;
}

static int run(bench *b, const options *o, cnnimg_error *err) {
  int status = CNNIMG_OK;
  b->wall = b->cpu = INFINITY;
  for (int i = 0; !status && i < o->runs; i++) {
    b->sum = 0;
    const ci_feed feed = {&b->sum, fill, take, NULL};
    double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    status = ci_plan_run(b->plan, b->pool, &feed, err);
    b->wall = fmin(b->wall, seconds(CLOCK_MONOTONIC) - wall);
    b->cpu = fmin(b->cpu, seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
  }
  b->peak = memory("VmHWM:") - b->base;
  return status;
}

static int measure(bench *b, const options *o, cnnimg_error *err) {
  ci_shape in[8] = {{0, 0, 0}};
  int status = load(b, o, in, err);
  if (status) return status;
  b->base = memory("VmRSS:");
  uint32_t threads = o->threads ? (uint32_t)o->threads : ci_threads_available();
  const ci_plan_options po = {.threads = threads, .tile = o->tile, .band = o->band};
  status = ci_pool_new(&b->pool, threads, err);
  if (!status) status = ci_plan_new(&b->plan, b->graph, in, ci_kernels_best(), &po, err);
  return status ? status : run(b, o, err);
}

static void print_json_text(const char *s) {
  putchar('"');
  for (; *s; s++)
    if (*s == '\n') fputs("\\n", stdout);
    else if (*s == '"' || *s == '\\') printf("\\%c", *s);
    else if ((unsigned char)*s >= ' ') putchar(*s);
  putchar('"');
}

/* Two operations a multiply-add of the direct sum, whatever the kernels really did. */
static void report(const bench *b, const options *o) {
  double gflops = 2e-9 * (double)ci_plan_get_stats(b->plan)->macs / b->wall;
  char *plan = ci_plan_describe(b->plan);
  if (o->json) {
    printf(
        "{\"seconds\": %.6f, \"cpu_seconds\": %.6f, \"peak_bytes\": %.0f, \"gflops\": %.2f, \"sum\": "
        "\"%016llx\", "
        "\"plan\": ",
        b->wall, b->cpu, b->peak, gflops, (unsigned long long)b->sum);
    print_json_text(plan ? plan : "");
    puts("}");
  } else {
    printf("%s%.4f s, %.4f s of processor time, %.1f MiB, %.1f GFLOPS, sum %016llx\n", plan ? plan : "",
           b->wall, b->cpu, b->peak / 1048576, gflops, (unsigned long long)b->sum);
  }
  free(plan);
}

int main(int argc, char **argv) {
  options o = {.runs = 3};
  bench b = {.graph = NULL};
  cnnimg_error err = {0};
  if (!parse(argc, argv, &o)) return usage();
  int status = measure(&b, &o, &err);
  if (status) fprintf(stderr, "bench: %s\n", err.text);
  else report(&b, &o);
  ci_plan_free(b.plan);
  ci_pool_free(b.pool);
  ci_graph_free(b.graph);
  ci_source_close(&b.source);
  return status ? 1 : 0;
}
