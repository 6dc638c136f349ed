/* SPDX-License-Identifier: MIT */
/* fuzz_onnx.c - libFuzzer over weight files: load, lower, simplify, plan, run; what loads and plans must agree
 *
 * clang -std=gnu11 -g -O1 -fsanitize=fuzzer,address,undefined -Ilibcnnimg -I. tests/fuzz/fuzz_onnx.c \
 *   tests/lower/reference.c tests/net/interpret.c and the .c files of
 *   libcnnimg/{base,net,formats,tensor,lower,ops,kernels,exec}, then
 * ./a.out -max_len=20000 -rss_limit_mb=3000 -timeout=20 NEW-FOLDER tests/formats/data */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exec/exec.h"
#include "archs/weights.h"
#include "tests/lower/reference.h"
#include "tests/net/interpret.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST_NODES 400   /* for running: the loader itself is given everything */
#define MOST_ITEMS 20000 /* of a map */

static void check(int status, const cnnimg_error *err) {
  if (status && (!err->text[0] || err->code != status)) abort();
}

/* Open sizes are 12 x 8, three channels. */
static bool pick_inputs(const ci_program *p, ci_dims *dims) {
  for (size_t i = 0; i < p->n_inputs; i++) {
    cnnimg_error err = {0};
    int status = ci_lower_picture_dims(p, i, 3, 12, 8, &dims[i], &err);
    check(status, &err);
    if (status) return false;
  }
  return true;
}

/* ---- streamed ---------------------------------------------------------------------------------------- */

typedef struct data {
  float **in;
  float *out;
} data;

static void copy(const ci_view *v, ci_rect r, float *array, bool fill) {
  for (int32_t y = r.y0; y < r.y1; y++)
    for (int32_t x = r.x0; x < r.x1; x++)
      for (int32_t c = 0; c < v->map.c; c++) {
        float *at = array + ((size_t)c * (size_t)v->map.h + (size_t)y) * (size_t)v->map.w + (size_t)x;
        if (fill) ci_view_at(v, x, y)[c] = *at;
        else *at = ci_view_at(v, x, y)[c];
      }
}

static int fill(void *user, uint32_t i, const ci_view *v, ci_rect r, cnnimg_error *err) {
  (void)err;
  copy(v, r, ((data *)user)->in[i], true);
  return CNNIMG_OK;
}

static int take(void *user, const ci_view *v, ci_rect r, cnnimg_error *err) {
  (void)err;
  copy(v, r, ((data *)user)->out, false);
  return CNNIMG_OK;
}

/* Not bit by bit: which of two NaN goes on is not promised, and only runs of plans flush tiny numbers to zero. */
static void must_equal(const float *a, const float *b, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (memcmp(&a[i], &b[i], sizeof *a) && !(isnan(a[i]) && isnan(b[i])) && !(fabsf(a[i] - b[i]) < 1e-30f))
      abort();
}

static size_t items(ci_shape s) { return (size_t)s.c * (size_t)s.h * (size_t)s.w; }

/* Weights of an ordinary size. An infinite number beside a tile spoils it where the tile is whole, and only there. */
static bool is_tame(const ci_graph *g) {
  for (size_t i = 0; i < g->n_values; i++) {
    const ci_tensor *t = g->values[i].tensor;
    for (size_t k = 0; t && t->dtype == CI_F32 && k < t->count; k++)
      if (!(fabsf(((const float *)t->data)[k]) < 100)) return false;
  }
  return true;
}

/* In small bands and stripes, against whole maps. */
static void stream(const ci_graph *g, ci_plan *plan, ci_pool *pool) {
  data d = {ci_calloc(g->n_inputs + 1, sizeof(float *)), NULL};
  const ci_feed feed = {.user = &d, .fill = fill, .take = take};
  ci_shape out = ci_plan_get_stats(plan)->out, shape;
  float *whole = NULL;
  cnnimg_error err = {0};
  for (size_t i = 0; i < g->n_inputs; i++) {
    d.in[i] = ci_calloc(items(g->input_shapes[i]), sizeof(float));
    ci_test_noise(d.in[i], items(g->input_shapes[i]), i);
  }
  d.out = ci_calloc(items(out), sizeof(float));
  if (ci_plan_run(plan, pool, &feed, NULL, &err)) abort();
  int status =
      ci_interpret(g, &ci_kernels_ref, g->input_shapes, (const float *const *)d.in, &whole, &shape, &err);
  if (!status && is_tame(g)) must_equal(whole, d.out, items(out));
  for (size_t i = 0; i < g->n_inputs; i++) free(d.in[i]);
  free(d.in);
  free(d.out);
  free(whole);
}

static bool is_small(const ci_graph *g, const ci_shape *shapes) {
  size_t all = 0;
  for (size_t i = 0; i < g->n_values; i++) {
    if (!ci_is_map(g, (int32_t)i)) continue;
    if (items(shapes[i]) > MOST_ITEMS) return false;
    all += items(shapes[i]);
  }
  return g->n_nodes < MOST_NODES && all < 10 * MOST_ITEMS;
}

static void plan(const ci_graph *g, const ci_shape *shapes, int32_t tile, int32_t band) {
  ci_plan *p = NULL;
  ci_plan_options o = {.memory = 16 << 20, .threads = 1, .tile = tile, .band = band};
  cnnimg_error err = {0};
  int status = ci_plan_new(&p, g, g->input_shapes, &ci_kernels_ref, &o, &err);
  check(status, &err);
  ci_pool *pool = NULL;
  if (!status && ci_plan_get_stats(p)->macs < 1 << 26 && is_small(g, shapes) && !ci_pool_new(&pool, 1, &err))
    stream(g, p, pool);
  ci_pool_free(pool);
  ci_plan_free(p);
}

/* ---- lowered ------------------------------------------------------------------------------------------- */

/* The graph's output has the elements that the program's has. */
static void check_output(const ci_lowered *l, const ci_shape *shapes) {
  ci_shape s = shapes[l->graph->output];
  const int64_t *d = l->out_dims.dim;
  bool last = l->out == CI_LAYOUT_NHWC;
  if (!ci_dims_count(&l->out_dims)) return; /* an output without elements is made as one that nobody asks for */
  if (items(s) != ci_dims_count(&l->out_dims)) abort();
  if (l->out == CI_LAYOUT_VECTOR && (s.h != 1 || s.w != 1)) abort();
  if (l->out == CI_LAYOUT_VECTOR || l->out_dims.rank != 4) return;
  if (d[last ? 3 : 1] != s.c || d[last ? 1 : 2] != s.h || d[last ? 2 : 3] != s.w) abort();
}

static void simplify(ci_lowered *l) {
  ci_graph *g = l->graph;
  cnnimg_error err = {0};
  ci_shape *shapes = ci_calloc(g->n_values + 1, sizeof *shapes), before;
  int status = ci_infer_shapes(g, g->input_shapes, shapes, &err);
  check(status, &err);
  if (!status) {
    before = shapes[g->output];
    check_output(l, shapes);
    if (ci_graph_simplify(g, shapes, &err)) abort();
    free(shapes);
    shapes = ci_calloc(g->n_values + 1, sizeof *shapes);
    if (ci_infer_shapes(g, g->input_shapes, shapes, &err) ||
        memcmp(&before, &shapes[g->output], sizeof before))
      abort();
    if (g->n_values < 10 * MOST_NODES && (int64_t)before.h * before.w < 1 << 16) {
      plan(g, shapes, 0, 0);
      plan(g, shapes, 5, 1);
    }
  }
  free(shapes);
}

static void lower(const ci_program *p, size_t output) {
  ci_dims *dims = ci_calloc(p->n_inputs + 1, sizeof *dims);
  ci_lowered *l = NULL;
  cnnimg_error err = {0};
  if (pick_inputs(p, dims)) {
    int status = ci_lower(p, output, dims, &l, &err);
    check(status, &err);
    if (!status != (l != NULL)) abort();
    if (l) simplify(l);
  }
  ci_lowered_free(l);
  free(dims);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  ci_source src;
  ci_program *p;
  cnnimg_error err = {0};
  ci_source_memory(&src, bytes, size, "fuzz");
  int status = ci_weights_load(&src, &p, NULL, &err);
  check(status, &err);
  if (!status != (p != NULL)) abort();
  for (size_t i = 0; p && i < p->n_outputs && i < 3; i++) lower(p, i);
  ci_program_free(p);
  ci_source_close(&src);
  return 0;
}
