/* SPDX-License-Identifier: MIT */
/* fit.h - how the size of a network's result follows from the size of its picture */
#ifndef CI_FIT_H
#define CI_FIT_H

#include <pthread.h>

#include "tasks/network.h"

/*
 * Networks accept sizes n = rest (mod multiple) and make scale * n - loss pixels of them (loss: what convolutions
 * without padding eat). What lies left of and above the picture is margin; what is right of and below it is margin and
 * what the multiple asks for. Found once a model by asking the network at several sizes.
 */
typedef struct ci_fit {
  int32_t scale, loss, multiple, rest;
  int32_t margin;   /* pixels around the picture: the loss is made up, and what the card wants besides */
  int32_t skip;     /* pixels of the network's result left of and above the picture's */
  int32_t channels; /* of the picture, where the file leaves them open */
  int32_t safe;     /* a size that is known to be accepted; 0: the file fixes the size */
} ci_fit;

/* What inputs other than the picture need to know: dimensions of input i for a network picture of that size. */
typedef struct ci_sizes {
  const ci_program *program;
  const ci_card *card;
  int32_t picture_channels; /* where the file leaves them open; ci_fit_find() finds it where it is 0 */
  int32_t hint_channels;    /* where the file leaves them open */
  uint32_t kernel_width, kernel_height; /* 0: no kernel */
} ci_sizes;
int ci_sizes_dims(const ci_sizes *s, int32_t height, int32_t width, ci_dims *dims, cnnimg_error *err);

int ci_fit_find(ci_fit *fit, const ci_sizes *s, cnnimg_error *err);
/* What was found for a program, for any thread that asks later. */
typedef struct ci_fit_cache {
  pthread_mutex_t lock;
  bool known;
  ci_fit fit;
} ci_fit_cache;
int ci_fit_get(ci_fit_cache *cache, const ci_sizes *s, ci_fit *fit, cnnimg_error *err);
/* Many exporters write the size of their example into the file. Where a picture of another size does as well, the size is
 * left open from here on; else nothing changes. CNNIMG_NOMEM is the only error. */
int ci_fit_open(ci_program *p, cnnimg_error *err);
/* Can the network be lowered at some size? Of several errors, the first is told. */
int ci_fit_probe(const ci_program *p, cnnimg_error *err);
/* The network's size for `pixels` pixels of a picture. */
int32_t ci_fit_size(const ci_fit *fit, int32_t pixels);

#endif
