/* SPDX-License-Identifier: MIT */
/* fuzz_onnx.c - libFuzzer over the weight file formats: load, infer shapes, simplify, plan nothing
 * clang -g -O1 -fsanitize=fuzzer,address,undefined -Ilibcnnimg tests/fuzz/fuzz_onnx.c libcnnimg/{base,net,formats}/?*.c
 * then ./a.out tests/formats/data */
#include <stdlib.h>

#include "formats/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Shapes that agree in pairs, so that additions get fused without the ops. */
static void guess_shapes(const ci_graph *g, ci_shape *shapes) {
  for (size_t v = 0; v < g->n_values; v++) shapes[v] = (ci_shape){3, 8, 8};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  ci_source src;
  ci_graph *g;
  cnnimg_error err = {0};
  ci_source_memory(&src, data, size, "fuzz");
  int status = ci_format_load(&src, &g, NULL, &err);
  if (!status != (g != NULL) || (status && (!err.text[0] || err.code != status))) abort();
  if (g) {
    ci_shape *shapes = calloc(g->n_values, sizeof *shapes);
    guess_shapes(g, shapes);
    if (ci_graph_simplify(g, shapes, &err)) abort();
    free(shapes);
  }
  ci_graph_free(g);
  ci_source_close(&src);
  return 0;
}
