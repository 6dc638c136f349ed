/* SPDX-License-Identifier: MIT */
/* chain.h - the stages between the network and the result, streaming: rows are pushed in, rows come out */
#ifndef CI_CHAIN_H
#define CI_CHAIN_H

#include <stddef.h>

#include "tasks/stage.h"

typedef struct ci_chain ci_chain;

/* What is around a chain. A status other than CNNIMG_OK ends the run and is returned. */
typedef struct ci_chain_ends {
  void *user;
  /* Fills row y of the view's columns from the source (colours, alpha), rows in order, each once. */
  int (*source)(void *user, const ci_view *v, int32_t y, cnnimg_error *err);
  /* Takes row y of the result; rows in order. */
  int (*result)(void *user, const ci_view *v, int32_t y, cnnimg_error *err);
} ci_chain_ends;

/* spec: as the first stage gets it. *out = NULL where no stage is asked for. */
int ci_chain_new(ci_chain **out, const ci_stage_spec *spec, cnnimg_error *err);
void ci_chain_free(ci_chain *c); /* NULL is allowed */
/* Memory of a run over the whole picture. */
size_t ci_chain_bytes(const ci_chain *c);
ci_shape ci_chain_result(const ci_chain *c);

/* A run over a rectangle of the result begins: *wants is the rectangle of the network's picture that is to be pushed. */
int ci_chain_begin(ci_chain *c, ci_rect result, const ci_chain_ends *ends, float sigma, ci_rect *wants,
                   cnnimg_error *err);
/* Where the next row is to be written: row *y of the view, all columns of its rectangle. */
const ci_view *ci_chain_next(const ci_chain *c, int32_t *y);
/* It has been written: makes what can be made. */
int ci_chain_push(ci_chain *c, cnnimg_error *err);
/* Rows of the source above this one will not be asked for. */
int32_t ci_chain_low(const ci_chain *c);

#endif
