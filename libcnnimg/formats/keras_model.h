/* SPDX-License-Identifier: MIT */
/* keras_model.h - private to the Keras reader: values, layers, calls of layers */
#ifndef CI_KERAS_MODEL_H
#define CI_KERAS_MODEL_H

#include "formats/emit.h"
#include "formats/keras.h"

#define CI_KERAS_DEPTH 8     /* of models inside of models */
#define CI_KERAS_NAME 256    /* "MODEL/LAYER" */
#define CI_KERAS_ARGS 100000 /* that one call may have */

/* A value as Keras sees it. */
typedef struct ci_kt {
  int32_t v;        /* of the program */
  int32_t rank;     /* with the batch */
  bool last;        /* Keras says [N, H, W, C], the program's value is [N, C, H, W] */
  int64_t channels; /* of rank 4; 0: not known */
  double scale;     /* how much larger than the picture */
} ci_kt;

/* What a call is given: a value, or what else stands in the file. */
typedef struct ci_karg {
  const char *key; /* NULL: by its place */
  const ci_json *json;
  bool is_value;
  const char *layer; /* of a value: whose, of which call */
  int64_t call, index;
  ci_kt t;
} ci_karg;

typedef struct ci_kargs {
  ci_karg *items;
  size_t n, cap;
} ci_kargs;

typedef struct ci_keras {
  ci_build b;
  int32_t *turned; /* one a tensor of the store: the value that is it in ONNX's order, -1: not yet */
  int32_t *order;  /* and which order that was */
  bool third;      /* Keras 3 */
  bool first;      /* pictures are [N, C, H, W] */
  bool sized;      /* something depends on the size that the inputs say */
  int depth;
  int32_t calls; /* of layers, so far: models in models multiply */
} ci_keras;

typedef struct ci_kcall {
  ci_keras *k;
  const ci_json *layer, *config;
  const char *type;   /* "Conv2D" */
  const char *name;   /* "conv1" */
  const char *prefix; /* "" or "MODEL/" */
  const ci_karg *args;
  size_t n_args;
} ci_kcall;

/* ---- keras.c --------------------------------------------------------------------------- */
ci_kt ci_keras_fail(const ci_kcall *c, int code, const char *why); /* "the layer "conv1" (Conv2D) WHY" */
/* The i-th value that the call is given; a failure where there is none. */
ci_kt ci_keras_in(const ci_kcall *c, size_t i);
size_t ci_keras_count(const ci_kcall *c); /* how many values */
/* The value as a picture [N, C, H, W] of a layer that wants channels there (by its data_format). */
ci_kt ci_keras_picture(const ci_kcall *c, ci_kt t);
ci_kt ci_keras_plain(const ci_kcall *c, ci_kt t); /* as Keras has it, dimension by dimension */
bool ci_keras_first(const ci_kcall *c);           /* does the layer want channels first? */
/* A free input of the sizes that a layer says; shape may be absent. */
ci_kt ci_keras_input(ci_keras *k, const char *name, const ci_json *shape, int64_t channels);
/* A layer or a model inside. */
ci_kt ci_keras_call(const ci_kcall *c);
/* Two integers from one, or from a list of two. */
bool ci_keras_pair(const ci_json *v, int64_t otherwise, int64_t out[2]);

/* ---- keras_weights.c ----------------------------------------------------------------------- */
/* A layer's tensor by any of the names ("kernel|W"), as the file has it; NULL: there is none. */
const ci_entry *ci_keras_tensor(const ci_kcall *c, const char *names);
/* The value of it with dimensions in that order (decimal digits: 3201; -1: as it is), made once. */
int32_t ci_keras_weight(const ci_kcall *c, const char *names, int32_t order);
int32_t ci_keras_optional(const ci_kcall *c, const char *names); /* or CI_NONE */
/* [C], along the channels of a value like t. */
int32_t ci_keras_along(const ci_kcall *c, const char *names, ci_kt t);

/* ---- keras_graph.c --------------------------------------------------------------------------- */
/* A Sequential or Functional model, called with c's values (the network itself: with none, it makes its inputs). */
ci_kt ci_keras_model(const ci_kcall *c);
bool ci_keras_is_model(const ci_kcall *c);
/* Everything that a call is given, from one node of "inbound_nodes" in any spelling. */
bool ci_keras_args(ci_build *b, const ci_json *node, ci_kargs *out);

/* ---- the layers ---------------------------------------------------------------------------------- */
typedef ci_kt ci_klayer_fn(const ci_kcall *c);
typedef struct ci_klayer {
  const char *type;
  ci_klayer_fn *call;
} ci_klayer;
extern const ci_klayer ci_keras_conv_layers[], ci_keras_norm_layers[], ci_keras_size_layers[],
    ci_keras_merge_layers[], ci_keras_act_layers[], ci_keras_op_layers[];

/* Any activation: a name, or an object. */
ci_kt ci_keras_activation(const ci_kcall *c, ci_kt t, const ci_json *activation);
/* Operations by their names: "Add", "Multiply", "nn.depth_to_space"; x and y may be numbers. */
ci_kt ci_keras_binary(const ci_kcall *c, const char *type, const ci_karg *x, const ci_karg *y);
/* Blocks of channels as pixels, in TensorFlow's order. */
ci_kt ci_keras_depth_to_space(const ci_kcall *c, ci_kt t, int64_t block);
/* All values of the call in one form, in `ids`; the first's form is the result's. */
ci_kt ci_keras_alike(const ci_kcall *c, int32_t *ids, size_t n);

#endif
