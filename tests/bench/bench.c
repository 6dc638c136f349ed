/* SPDX-License-Identifier: MIT */
/* bench.c - one network at one size: seconds, memory, GFLOPS, the plan, its answer; for people or as a line of JSON */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/error.h"
#include "exec/exec.h"
#include "archs/weights.h"
#include "tasks/network.h"
#include "tests/bench/npy.h"

#define MOST 16  /* inputs, outputs */
#define RUNS 100 /* whose seconds are told one by one */

typedef struct options {
  const char *net;
  const char *input[MOST], *output[MOST]; /* "name=file" or "file" */
  int inputs, outputs;
  int width, height, threads, runs, tile, band;
  bool json;
} options;

static int usage(void) {
  fputs(
      "usage: bench --net FILE [--size WxH] [--input [NAME=]X.npy]... [--output [NAME=]Y.npy]...\n"
      "             [--threads N] [--runs N] [--tile N] [--band N] [--json]\n"
      "Inputs are the arrays that are given, by name or in order, the others noise from a fixed seed at that "
      "size.\n"
      "Outputs that are asked for are computed one by one (default: the first), and their seconds added up; "
      "the\n"
      "fastest of the runs counts. CNNIMG_CPU chooses the kernels.\n",
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
    else if (!strcmp(a, "--input") && o->inputs < MOST) o->input[o->inputs++] = v;
    else if (!strcmp(a, "--output") && o->outputs < MOST) o->output[o->outputs++] = v;
    else if (!strcmp(a, "--threads")) ok = number(v, &o->threads);
    else if (!strcmp(a, "--runs")) ok = number(v, &o->runs);
    else if (!strcmp(a, "--tile")) ok = number(v, &o->tile);
    else if (!strcmp(a, "--band")) ok = number(v, &o->band);
    else return false;
    if (!ok) return false;
    i++;
  }
  if (!o->outputs) o->output[o->outputs++] = "";
  return o->net && ((o->width > 0 && o->height > 0) || o->inputs) && o->runs > 0;
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

typedef struct bench {
  ci_source source;
  ci_program *program;
  npy given[MOST]; /* one an input; v NULL: noise */
  ci_dims dims[MOST];
  ci_pool *pool;
  /* of the output that is being computed */
  ci_lowered *net;
  ci_plan *plan;
  npy answer;
  uint64_t sum;
  /* of all */
  char *words;
  uint64_t macs;
  double wall, cpu, base, peak; /* seconds of the fastest runs, bytes */
  double all[RUNS];             /* seconds of each run, of all outputs together */
} bench;

/* Where element c of pixel (x, y) lies in an array. */
static size_t place(ci_layout layout, ci_shape m, int32_t y, int32_t x, int32_t c) {
  size_t pixel = (size_t)y * (size_t)m.w + (size_t)x;
  if (layout == CI_LAYOUT_NCHW) return (size_t)c * (size_t)m.h * (size_t)m.w + pixel;
  return pixel * (size_t)m.c + (size_t)c; /* a vector has one pixel */
}

static int fill(void *user, uint32_t i, const ci_view *v, ci_rect r, cnnimg_error *err) {
  const bench *b = user;
  (void)err;
  for (int32_t y = r.y0; y < r.y1; y++)
    for (int32_t x = r.x0; x < r.x1; x++)
      for (int32_t c = 0; c < v->map.c; c++)
        ci_view_at(v, x, y)[c] =
            b->given[i].v ? b->given[i].v[place(b->net->in[i], v->map, y, x, c)] : noise(i, y, x, c);
  return CNNIMG_OK;
}

/* Also a sum of all bits, whatever order the pixels come in: equal for equal answers. */
static int take(void *user, const ci_view *v, ci_rect r, cnnimg_error *err) {
  bench *b = user;
  (void)err;
  for (int32_t y = r.y0; y < r.y1; y++)
    for (int32_t x = r.x0; x < r.x1; x++)
      for (int32_t c = 0; c < v->map.c; c++) {
        uint32_t bits;
        float value = ci_view_at(v, x, y)[c];
        memcpy(&bits, &value, sizeof bits);
        b->sum += (uint64_t)bits * (2u * (uint32_t)(y * 31 + x * 7 + c) + 1);
        if (b->answer.v) b->answer.v[place(b->net->out, v->map, y, x, c)] = value;
      }
  return CNNIMG_OK;
}

/* ---- one network ------------------------------------------------------------------------ */

/* Splits "name=file"; the value of that name, or the k-th. SIZE_MAX, with a sentence: there is none. */
static size_t find(const bench *b, const char *text, size_t k, bool output, const char **file,
                   cnnimg_error *err) {
  const char *cut = strrchr(text, '=');
  size_t n = output ? b->program->n_outputs : b->program->n_inputs;
  *file = cut ? cut + 1 : text;
  for (size_t i = 0; i < n; i++) {
    int32_t value = output ? b->program->outputs[i] : b->program->inputs[i].value;
    const char *name = b->program->values[value].name;
    if (cut ? strlen(name) == (size_t)(cut - text) && !strncmp(name, text, strlen(name)) : i == k) return i;
  }
  ci_fail(err, CNNIMG_BADARG, "the network has no %s for \"%s\"", output ? "output" : "input", text);
  return SIZE_MAX;
}

/* Open channels are taken for 3, sizes for those of the picture. */
static int load(bench *b, const options *o, cnnimg_error *err) {
  const char *format, *file;
  int status = ci_source_open(&b->source, o->net, (size_t)4 << 30, err);
  if (!status) status = ci_weights_load(&b->source, &b->program, &format, err);
  if (!status && b->program->n_inputs > MOST) status = ci_fail(err, CNNIMG_LIMIT, "too many inputs");
  for (int k = 0; !status && k < o->inputs; k++) {
    size_t i = find(b, o->input[k], (size_t)k, false, &file, err);
    if (i == SIZE_MAX || !npy_load(file, &b->given[i])) return CNNIMG_BADARG;
    b->dims[i].rank = b->given[i].rank;
    memcpy(b->dims[i].dim, b->given[i].dim, sizeof b->given[i].dim);
  }
  for (size_t i = 0; !status && i < b->program->n_inputs; i++)
    if (!b->given[i].v)
      status = ci_lower_picture_dims(b->program, i, 3, o->height, o->width, &b->dims[i], err);
  return status;
}

static int run(bench *b, const options *o, cnnimg_error *err) {
  int status = CNNIMG_OK;
  double wall_best = INFINITY, cpu_best = INFINITY;
  uint64_t before = b->sum;
  for (int i = 0; !status && i < o->runs; i++) {
    b->sum = before;
    const ci_feed feed = {b, fill, take, NULL};
    double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    status = ci_plan_run(b->plan, b->pool, &feed, NULL, err);
    wall = seconds(CLOCK_MONOTONIC) - wall;
    wall_best = fmin(wall_best, wall);
    if (i < RUNS) b->all[i] += wall;
    cpu_best = fmin(cpu_best, seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
  }
  b->wall += wall_best, b->cpu += cpu_best;
  b->peak = fmax(b->peak, memory("VmHWM:") - b->base);
  return status;
}

static int make_answer(bench *b, cnnimg_error *err) {
  b->answer = (npy){.rank = b->net->out_dims.rank, .count = 1};
  for (int32_t i = 0; i < b->answer.rank; i++)
    b->answer.dim[i] = b->net->out_dims.dim[i], b->answer.count *= (size_t)b->answer.dim[i];
  b->answer.v = malloc((b->answer.count + 1) * sizeof(float));
  return b->answer.v ? CNNIMG_OK : ci_fail(err, CNNIMG_NOMEM, "no memory for the answer");
}

static void keep_words(bench *b) {
  free(b->words);
  b->words = ci_plan_describe(b->plan);
  b->macs += ci_plan_get_stats(b->plan)->macs;
}

static int measure_output(bench *b, const options *o, size_t which, const char *file, cnnimg_error *err) {
  const ci_plan_options po = {.threads = ci_pool_threads(b->pool), .tile = o->tile, .band = o->band};
  int status = ci_network_new(b->program, which, b->dims, &b->net, err);
  if (!status && *file) status = make_answer(b, err);
  if (!status)
    status = ci_plan_new(&b->plan, b->net->graph, b->net->graph->input_shapes, ci_kernels_best(), &po, err);
  if (!status) status = ci_lowered_settle(b->net, err);
  if (!status) status = run(b, o, err);
  if (!status) keep_words(b);
  if (!status && *file && !npy_save(file, &b->answer))
    status = ci_fail(err, CNNIMG_IO, "%s was not written", file);
  free(b->answer.v);
  ci_plan_free(b->plan);
  ci_lowered_free(b->net);
  b->answer.v = NULL, b->plan = NULL, b->net = NULL;
  return status;
}

static int measure(bench *b, const options *o, cnnimg_error *err) {
  int status = load(b, o, err);
  if (!status)
    status = ci_pool_new(&b->pool, o->threads ? (uint32_t)o->threads : ci_threads_available(), err);
  b->base = memory("VmRSS:");
  for (int k = 0; !status && k < o->outputs; k++) {
    const char *file;
    size_t which = find(b, o->output[k], (size_t)k, true, &file, err);
    status = which == SIZE_MAX ? CNNIMG_BADARG : measure_output(b, o, which, file, err);
  }
  return status;
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
  double gflops = 2e-9 * (double)b->macs / b->wall;
  const char *plan = b->words;
  if (o->json) {
    printf(
        "{\"seconds\": %.6f, \"cpu_seconds\": %.6f, \"peak_bytes\": %.0f, \"gflops\": %.2f, \"sum\": "
        "\"%016llx\", "
        "\"all\": [",
        b->wall, b->cpu, b->peak, gflops, (unsigned long long)b->sum);
    for (int i = 0; i < o->runs && i < RUNS; i++) printf("%s%.6f", i ? ", " : "", b->all[i]);
    fputs("], \"plan\": ", stdout);
    print_json_text(plan ? plan : "");
    puts("}");
  } else {
    printf("%s%.4f s, %.4f s of processor time, %.1f MiB, %.1f GFLOPS, sum %016llx\n", plan ? plan : "",
           b->wall, b->cpu, b->peak / 1048576, gflops, (unsigned long long)b->sum);
  }
}

int main(int argc, char **argv) {
  options o = {.runs = 3};
  bench b = {.program = NULL};
  cnnimg_error err = {0};
  if (!parse(argc, argv, &o)) return usage();
  int status = measure(&b, &o, &err);
  if (status) fprintf(stderr, "bench: %s\n", err.text);
  else report(&b, &o);
  ci_pool_free(b.pool);
  for (int i = 0; i < MOST; i++) free(b.given[i].v);
  free(b.words);
  ci_program_free(b.program);
  ci_source_close(&b.source);
  return status ? 1 : 0;
}
