/* SPDX-License-Identifier: MIT */
/* node_example.h - one of ONNX's examples: a small model, its inputs and the outputs that the standard wants */
#ifndef TEST_NODE_EXAMPLE_H
#define TEST_NODE_EXAMPLE_H

#include "tests/formats/proto.h"

#define MAX_VALUES 16
#define MAX_OPS 64

/* Which inputs stay free; the others become initializers. */
typedef enum way { FIRST_FREE, ALL_CONSTANT, ALL_FREE } way;

typedef struct value {
  char name[128];
  bool is_tensor, is_given;
  int type;      /* as the graph declares it */
  uint8_t *file; /* its TensorProto */
  size_t file_size;
  proto_tensor tensor;
} value;

typedef struct example {
  char path[512];
  uint8_t *file;
  size_t size;
  proto_bytes graph;
  value in[MAX_VALUES], out[MAX_VALUES];
  size_t n_in, n_out;
  char ops[MAX_OPS][48];
  size_t n_ops;
  bool rank_5;
} example;

/* e->path is set. False: there is no model. */
bool open_example(example *e);
void close_example(example *e);
bool is_free(way w, size_t input);
/* The file as it is, but for initializers at the end of its graph; p is malloc'ed. */
proto_out bind_constants(const example *e, way w);
/* snprintf() that may cut. */
void say(char *room, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
