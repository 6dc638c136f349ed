/* SPDX-License-Identifier: MIT */
/* matconvnet.h - networks of MatConvNet: layers as both of its flavours have them, and what they become */
#ifndef CI_MATCONVNET_H
#define CI_MATCONVNET_H

#include "net/build.h"

/* What flows between layers. */
typedef struct ci_mcn_value {
  int32_t v;        /* of the program; -1: not made */
  int64_t channels; /* 0: not known */
  int32_t shrink;   /* a pixel of it stands for shrink x shrink of the picture's */
} ci_mcn_value;

typedef struct ci_mcn {
  ci_build b;
  const ci_store *s;
  ci_mcn_value image, sigma; /* the inputs; sigma.v < 0: there is none */
  int64_t multiple;          /* sides are grown to a multiple of it */
  int32_t size;              /* the value that holds height and width; -1: not needed */
} ci_mcn;

/* A layer: where its parameters are, and its weights in their order; NULL where it has fewer. */
typedef struct ci_mcn_layer {
  const char *name; /* for messages: "layer3" */
  const char *type; /* in SimpleNN's words: "conv" */
  const char *at;   /* "net/layers/2": pad, stride ... are below it */
  const ci_tensor *weights[3];
} ci_mcn_layer;

/* Is there such a network in the file? */
bool ci_matconvnet_is(const ci_store *s);
/* On success the program owns all that it needs; the store stays the caller's. Errors do not name the file. */
int ci_matconvnet_program(const ci_store *s, ci_program **out, cnnimg_error *err);

/* ---- for the two flavours ---------------------------------------------------------------- */
/* One layer of one input; a failure is the build's. */
ci_mcn_value ci_mcn_apply(ci_mcn *n, const ci_mcn_layer *layer, ci_mcn_value x);
/* Values side by side; the map of sigma is added where `sigma` says so. */
ci_mcn_value ci_mcn_concat(ci_mcn *n, const ci_mcn_value *x, int32_t count, bool sigma);
ci_mcn_value ci_mcn_sum(ci_mcn *n, const ci_mcn_value *x, int32_t count);
/* Makes the image's input, grown to the multiple of 1 / the product of the SubP scales below 1. */
void ci_mcn_begin(ci_mcn *n, int64_t channels, int64_t multiple);
/* The map of sigma as an input, grown like the image. */
ci_mcn_value ci_mcn_sigma(ci_mcn *n);
/* Cuts the answer to the picture's size, and writes the card. */
int32_t ci_mcn_end(ci_mcn *n, ci_mcn_value y);
/* The first of the numbers at PATH/FIELD, or `otherwise`. */
double ci_mcn_number(const ci_store *s, const char *at, const char *field, double otherwise);
/* Input channels of a filter bank of one group: its third dimension in MATLAB. */
int64_t ci_mcn_inputs(const ci_tensor *filters);

int32_t ci_mcn_dag(ci_mcn *n); /* "net/layers/type/0": DagNN; the output's value */
bool ci_mcn_is_dag(const ci_store *s);

#endif
