/* SPDX-License-Identifier: MIT */
/* caffe.h - private to the reader of caffemodels: layers, blobs, parameters */
#ifndef CI_CAFFE_H
#define CI_CAFFE_H

#include "base/source.h"
#include "formats/emit.h"
#include "formats/wire.h"

#define CI_CAFFE_MANY (1 << 17) /* more layers, or names, are refused */

/* A blob's name: what it stands for changes, for layers may work in place. */
typedef struct ci_caffe_name {
  ci_text text;
  int32_t value; /* -1: not made yet */
  size_t layer;  /* which made it */
  bool read;     /* since then */
  bool given;    /* it is an input, or was made of nothing */
  bool used;     /* some layer reads it, be it one that is dropped (caffe_whole.c) */
} ci_caffe_name;

typedef struct ci_caffe_layer {
  ci_cursor body;
  bool old; /* V1LayerParameter */
  ci_text name;
  const struct ci_caffe_type *type;
  char word[48]; /* the type as the file says it */
} ci_caffe_layer;

typedef struct ci_caffe {
  const ci_source *src;
  ci_build b;
  ci_text name;
  ci_caffe_layer *layers;
  size_t n_layers, cap_layers;
  ci_caffe_name *names; /* sorted */
  size_t n_names, cap_names;
  bool sized;      /* something depends on the size that an input says */
  int64_t dim[4];  /* of the inputs, where the file says them; 0: not */
  ci_text *inputs; /* "input:" of old files */
  size_t n_inputs, cap_inputs;
} ci_caffe;

/* A layer while it is translated. */
typedef struct ci_caffe_site {
  ci_caffe *c;
  ci_build *b; /* c's */
  const ci_caffe_layer *l;
  ci_cursor param; /* the layer's own parameters */
  int32_t in[16];  /* its bottoms; more are fetched by ci_caffe_bottom() */
  size_t n_in, n_out;
  int32_t *out; /* n_out tops; the first is what the function returns, the others are preset to -1 */
} ci_caffe_site;

typedef int32_t ci_caffe_fn(ci_caffe_site *s);

enum { CI_CAFFE_LAYER, CI_CAFFE_DATA, CI_CAFFE_DROPPED, CI_CAFFE_LOSS };
typedef struct ci_caffe_type {
  const char *word;
  int32_t v1;            /* LayerType of V1, 0: none */
  int32_t field, field1; /* of its parameters, in LayerParameter and in V1LayerParameter */
  int32_t kind;
  ci_caffe_fn *translate;
} ci_caffe_type;
extern const ci_caffe_type ci_caffe_window_layers[], ci_caffe_point_layers[], ci_caffe_shape_layers[],
    ci_caffe_ends[];

int32_t ci_caffe_fail(const ci_caffe_site *s, int code, const char *why);
int32_t ci_caffe_bottom(const ci_caffe_site *s, size_t i); /* value of the i-th bottom */
/* Parameters: numbers and floats under a field, with a default. */
int64_t ci_caffe_int(const ci_caffe_site *s, uint64_t field, int64_t otherwise);
float ci_caffe_float(const ci_caffe_site *s, uint64_t field, float otherwise);
/* A repeated field; how many there are, of which at most `max` are stored. */
size_t ci_caffe_ints(const ci_caffe_site *s, uint64_t field, int64_t *out, size_t max);
size_t ci_caffe_floats(const ci_caffe_site *s, uint64_t field, float *out, size_t max);
/* The layer's i-th blob as a constant of its own; rank 0 in `rank`: as the file has it, else joined or widened to that rank
 * (1: all in a row). NULL: the build failed. */
ci_tensor *ci_caffe_blob(const ci_caffe_site *s, size_t i, int32_t rank);
size_t ci_caffe_blobs(const ci_caffe_site *s); /* how many there are */
/* caffe.c: the value that is called so; NULL: none is. Is the field a name of what the layer makes, or reads? */
ci_caffe_name *ci_caffe_find(const ci_caffe *c, ci_text text);
bool ci_caffe_is_top(const ci_caffe_layer *l, const ci_field *f);
bool ci_caffe_is_bottom(const ci_caffe_layer *l, const ci_field *f);
/* caffe_whole.c: fails the build where something tells that layers are missing at the end of the file. */
void ci_caffe_whole(ci_caffe *c);

#endif
