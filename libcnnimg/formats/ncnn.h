/* SPDX-License-Identifier: MIT */
/* ncnn.h - ncnn's networks: what the files ncnn*.c share */
#ifndef CI_NCNN_H
#define CI_NCNN_H

#include "base/cursor.h"
#include "net/build.h"

#define CI_NCNN_MAGIC "7767517"
#define CI_NCNN_REST (-233) /* "to the end", "as it comes" */

/* ---- .param: layers with numbered parameters ------------------------------------------------------------- */

typedef struct ci_ncnn_param {
  int32_t id, n; /* n numbers; -1: words, which no layer reads */
  const double *v;
  bool used; /* what a layer did not ask for may change its meaning, so it is refused */
} ci_ncnn_param;

typedef struct ci_ncnn_layer {
  const char *type, *name;
  int32_t n_in, n_out;
  int32_t *in, *out; /* blobs */
  ci_ncnn_param *params;
  int32_t n_params;
} ci_ncnn_layer;

typedef struct ci_ncnn_graph {
  char *text; /* cut into words */
  ci_ncnn_layer *layers;
  int32_t n_layers;
  const char **blobs; /* names */
  int32_t n_blobs;
  bool *consumed;        /* one a blob */
  ci_ncnn_param *params; /* pools that layers point into */
  double *numbers;
  int32_t *ids;
} ci_ncnn_graph;

/* Every blob has one layer that makes it, and that comes before those that take it. Errors without the file's name. */
int ci_ncnn_read(ci_ncnn_graph *g, const void *text, size_t size, cnnimg_error *err);
void ci_ncnn_free(ci_ncnn_graph *g);

/* ---- the network ------------------------------------------------------------------------------------------ */

/* ncnn has no batch. A blob of three dimensions is a map [1, C, H, W], one of two [1, H, W]; one of a single dimension is
 * [1, C, 1, 1], since that is how ncnn has it meet maps. */
typedef struct ci_ncnn_blob {
  int32_t value, dims;
  int64_t c;      /* channels, or elements of a single dimension; 0: not known */
  double ratio;   /* of its height to the picture's; 0: has none */
  int32_t origin; /* input whose channels these are, or -1 */
} ci_ncnn_blob;

typedef struct ci_ncnn_net {
  ci_build *b;
  ci_ncnn_graph *g;
  ci_ncnn_blob *blobs;
  ci_cursor bin;
  size_t bin_size;
} ci_ncnn_net;

/* A network of a graph and its weights, all of them. */
int ci_ncnn_translate(ci_ncnn_graph *g, const void *bin, size_t size, const char *file, ci_program **out,
                      cnnimg_error *err);

typedef void (*ci_ncnn_rule)(ci_ncnn_net *n, ci_ncnn_layer *l);
typedef struct ci_ncnn_named {
  const char *type;
  ci_ncnn_rule rule;
  int32_t n_in; /* what it wants; -1: one or more */
} ci_ncnn_named;
extern const ci_ncnn_named ci_ncnn_weighted[], ci_ncnn_pointwise[], ci_ncnn_spatial[], ci_ncnn_shaping[];

/* ---- for the rules ---------------------------------------------------------------------------------------- */

void ci_ncnn_refuse(ci_ncnn_net *n, const ci_ncnn_layer *l, int code, const char *what);
double ci_ncnn_num(ci_ncnn_layer *l, int32_t id, double otherwise);
int32_t ci_ncnn_int(ci_ncnn_net *n, ci_ncnn_layer *l, int32_t id, int32_t otherwise);
/* A whole number in [least, most], else the layer is refused. */
int32_t ci_ncnn_within(ci_ncnn_net *n, ci_ncnn_layer *l, int32_t id, int32_t otherwise, int32_t least,
                       int32_t most);
const double *ci_ncnn_list(ci_ncnn_layer *l, int32_t id, int32_t *count); /* NULL: none */

ci_ncnn_blob *ci_ncnn_in(ci_ncnn_net *n, const ci_ncnn_layer *l, int32_t i);
void ci_ncnn_put(ci_ncnn_net *n, const ci_ncnn_layer *l, int32_t i, ci_ncnn_blob blob);
/* The first input with another value, put as the first output. */
void ci_ncnn_map(ci_ncnn_net *n, const ci_ncnn_layer *l, int32_t value);
/* This many channels are wanted of the blob: an input whose file does not say learns them so. */
void ci_ncnn_channels(ci_ncnn_net *n, const ci_ncnn_layer *l, ci_ncnn_blob *blob, int64_t c);

/* Weights from the file: with a tag that says how they are stored, or plain floats. -1: refused. */
int32_t ci_ncnn_tagged(ci_ncnn_net *n, const ci_ncnn_layer *l, int32_t rank, const int64_t *dim);
int32_t ci_ncnn_plain(ci_ncnn_net *n, const ci_ncnn_layer *l, int32_t rank, const int64_t *dim);
/* [c, 1, 1] of plain floats */
int32_t ci_ncnn_plain_channels(ci_ncnn_net *n, const ci_ncnn_layer *l, int64_t c);

int32_t ci_ncnn_clip(ci_build *b, int32_t x, double low, double high);
/* What layers with weights do last (parameters 9 and 10). */
int32_t ci_ncnn_activate(ci_ncnn_net *n, ci_ncnn_layer *l, int32_t x);

#endif
