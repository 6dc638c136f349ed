/* SPDX-License-Identifier: MIT */
/* model.h - for check-published: a weight file as a user has it, and pictures through it */
#ifndef PUBLISHED_MODEL_H
#define PUBLISHED_MODEL_H

#include "base/source.h"
#include "tasks/card.h"
#include "tests/bench/npy.h"

typedef struct model {
  ci_source source;
  ci_program *program;
  ci_card card;
  const char *format;
  double seconds; /* to load */
} model;

/* options: "key=value", ends with NULL; may be NULL. Errors name the file. */
int model_open(model *m, const char *path, const char *const *options, cnnimg_error *err);
void model_close(model *m);
const char *model_architecture(const model *m); /* "": the file says its graph */

/* What goes in besides the picture; arrays in image scale, height x width x channels. */
typedef struct model_extra {
  double sigma; /* 0..255; < 0: none is known */
  const npy *full,
      *second; /* with all planes, where the network takes them as channels; another input. May be NULL */
} model_extra;

/* The picture's numbers are turned into the network's and back as the card says. A size that the network does not accept
 * is grown by its last row or column to the card's multiple, and cut off again. free(out->v). */
int model_run(const model *m, const npy *image, const model_extra *extra, npy *out, cnnimg_error *err);

#endif
