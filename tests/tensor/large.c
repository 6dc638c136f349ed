/* SPDX-License-Identifier: MIT */
/* large.c - operations on arrays that are worth sharing out, with seeded values */
#include "large.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t state_of_random;
static double sample(void) {
  state_of_random = state_of_random * 1664525u + 1013904223u;
  return (double)((int32_t)(state_of_random >> 8) - (1 << 23)) / (1 << 23);
}

/* Sizes as text: "2 300 7"; "": a number. */
static void input(example *e, const char *sizes, bool positive) {
  int64_t dim[CI_MAX_RANK];
  int32_t rank = 0;
  size_t n = 1;
  char *end;
  for (const char *p = sizes; *p; p = end) {
    dim[rank] = strtol(p, &end, 10);
    n *= (size_t)dim[rank++];
  }
  double *v = malloc(n * sizeof *v);
  for (size_t i = 0; i < n; i++) v[i] = positive ? sample() + 1.5 : sample();
  example_in(e, CI_FLOAT, rank, dim, v, false);
  free(v);
}

/* Inputs; ints: an attribute "name n n n", or NULL. */
typedef struct large {
  const char *type, *in[3], *ints, *more;
} large;

static const large matrices[] = {
    {"MatMul", {"300 210", "210 190"}, NULL, NULL},
    {"MatMul", {"2 3 65 40", "3 40 70"}, NULL, NULL},
    {"MatMul", {"40 1 64 10", "40 6 10 64"}, NULL, NULL},
    {"MatMul", {"5 30 400", "400 90"}, NULL, NULL},
    {"MatMul", {"900", "900 800"}, NULL, NULL},
    {"MatMul", {"7 800 90", "90"}, NULL, NULL},
    {"Gemm", {"130 170", "170 150", "150"}, NULL, NULL},
    {"Gemm", {"170 130", "150 170", "130 150"}, "transA 1", "transB 1"},
    {"Conv", {"2 12 40 43", "16 12 3 3", "16"}, "pads 1 1 1 1", NULL},
    {"Conv", {"1 8 60 61", "12 4 5 3", "12"}, "strides 2 3", "group 2"},
    {"Conv", {"1 6 9 30 21", "5 6 3 2 3"}, "pads 1 0 2 1 1 2", "dilations 1 2 2"},
    {"Conv", {"3 20 1000", "24 20 1"}, NULL, NULL},
};
static const large others[] = {
    {"Conv", {"2 30 70 43", "30 1 3 3", "30"}, "pads 1 1 1 1", "group 30"},
    {"ConvTranspose", {"2 8 30 31", "8 6 4 4", "6"}, "strides 2 2", NULL},
    {"Relu", {"3 50 700"}, NULL, NULL},
    {"Erf", {"100003"}, NULL, NULL},
    {"Exp", {"5 30000"}, NULL, NULL},
    {"Softmax", {"3000 49"}, NULL, NULL},
    {"Softmax", {"20 64 90"}, "axis 1", NULL},
    {"LogSoftmax", {"3000 31"}, NULL, NULL},
    {"Add", {"70 1000", "1000"}, NULL, NULL},
    {"Sub", {"1", "70 1001"}, NULL, NULL},
    {"Mul", {"40 1 700", "40 6 1"}, NULL, NULL},
    {"Div", {"9 50 333", "9 50 333"}, NULL, NULL},
    {"PRelu", {"2 60 900", "60 1"}, NULL, NULL},
    {"Max", {"60 1700", "60 1700", "1700"}, NULL, NULL},
    {"Transpose", {"300 401"}, NULL, NULL},
    {"Transpose", {"20 30 5 70"}, "perm 0 2 3 1", NULL},
    {"Transpose", {"40 64 6 10"}, "perm 0 2 1 3", NULL},
    {"Transpose", {"3 40 33 17"}, "perm 3 1 0 2", NULL},
    {"ReduceMean", {"900 130"}, "axes 1", NULL},
    {"ReduceSum", {"7 900 19"}, NULL, NULL},
    {"ReduceL2", {"50 40 60"}, "axes 1 2", NULL},
    {"ReduceMax", {"70 30 50"}, "axes 1", NULL},
    {"LayerNormalization", {"900 60", "60", "60"}, NULL, NULL},
    {"LayerNormalization", {"30 40 50", "40 50"}, "axis 1", NULL},
    {"InstanceNormalization", {"3 40 600", "40", "40"}, NULL, NULL},
    {"GroupNormalization", {"2 40 600", "40", "40"}, "num_groups 5", NULL},
};

/* The attribute's numbers: a list for the lists of ONNX, else one integer. */
static void attribute(example *e, const char *text) {
  static const char *const lists[] = {"pads", "strides", "dilations", "perm", "axes"};
  int64_t v[8];
  int32_t n = 0;
  char name[32], *end = NULL;
  if (!text || sscanf(text, "%31s", name) != 1) return;
  for (const char *p = text + strlen(name); *p && n < 8; p = end) v[n++] = strtol(p, &end, 10);
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    if (!strcmp(lists[i], name)) {
      example_ints(e, name, n, v);
      return;
    }
  example_int(e, name, v[0]);
}

bool large_begin(example *e, size_t i, bool products) {
  size_t n = sizeof matrices / sizeof *matrices;
  if (i >= n + (products ? 0 : sizeof others / sizeof *others)) return false;
  const large *l = i < n ? &matrices[i] : &others[i - n];
  bool reduces = !strncmp(l->type, "Reduce", 6), groups = !strcmp(l->type, "GroupNormalization");
  state_of_random = (uint32_t)i + 1;
  example_begin(e, l->type, groups ? 21 : reduces && l->ints ? 11 : 17);
  for (int k = 0; k < 3 && l->in[k]; k++) input(e, l->in[k], !strcmp(l->type, "Div") && k == 1);
  attribute(e, l->ints);
  attribute(e, l->more);
  return true;
}
