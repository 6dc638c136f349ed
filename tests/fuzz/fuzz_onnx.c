/* SPDX-License-Identifier: MIT */
/* fuzz_onnx.c - libFuzzer over weight files: load, infer shapes, simplify, plan; what loads and plans must agree
 * clang -std=gnu11 -g -O1 -fsanitize=fuzzer,address,undefined -Ilibcnnimg tests/fuzz/fuzz_onnx.c and the .c files of
 * libcnnimg/{base,net,formats,ops,kernels,exec}, then ./a.out NEW-FOLDER tests/formats/data */
#include <stdlib.h>
#include <string.h>

#include "exec/exec.h"
#include "formats/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST_VALUES 4000 /* for the planner: the loader itself is given everything */

static void check(int status, const cnnimg_error *err) {
  if (status && (!err->text[0] || err->code != status)) abort();
}

/* Open sizes are 12 x 8. */
static ci_shape *pick_inputs(const ci_graph *g) {
  ci_shape *s = ci_calloc(g->n_inputs, sizeof *s);
  for (size_t i = 0; i < g->n_inputs; i++) {
    s[i] = g->input_shapes[i];
    if (!s[i].c) s[i].c = 3;
    if (!s[i].h) s[i].h = 12;
    if (!s[i].w) s[i].w = 8;
  }
  return s;
}

static void plan(const ci_graph *g, const ci_shape *inputs) {
  ci_plan *p = NULL;
  ci_plan_options o = {.memory = 16 << 20, .threads = 1};
  cnnimg_error err = {0};
  check(ci_plan_new(&p, g, inputs, &ci_kernels_ref, &o, &err), &err);
  ci_plan_free(p);
}

static void simplify(ci_graph *g) {
  cnnimg_error err = {0};
  ci_shape *inputs = pick_inputs(g), *shapes = ci_calloc(g->n_values, sizeof *shapes);
  int status = ci_infer_shapes(g, inputs, shapes, &err);
  check(status, &err);
  ci_shape before = shapes[g->output];
  if (ci_graph_simplify(g, status ? NULL : shapes, &err)) abort();
  free(shapes);
  shapes = ci_calloc(g->n_values, sizeof *shapes);
  if (!status) {
    if (ci_infer_shapes(g, inputs, shapes, &err)) abort();
    if (memcmp(&before, &shapes[g->output], sizeof before)) abort();
    if (g->n_values < MOST_VALUES && (int64_t)before.h * before.w < 1 << 16) plan(g, inputs);
  }
  free(inputs);
  free(shapes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  ci_source src;
  ci_graph *g;
  cnnimg_error err = {0};
  ci_source_memory(&src, data, size, "fuzz");
  int status = ci_format_load(&src, &g, NULL, &err);
  check(status, &err);
  if (!status != (g != NULL)) abort();
  if (g) simplify(g);
  ci_graph_free(g);
  ci_source_close(&src);
  return 0;
}
