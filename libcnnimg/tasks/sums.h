/* SPDX-License-Identifier: MIT */
/* sums.h - adds up turned pictures of floats, row by row, in memory or in a temporary file */
#ifndef CI_SUMS_H
#define CI_SUMS_H

#include "base/spool.h"
#include "tasks/turn.h"

typedef struct ci_sums {
  ci_spool *spool;
  uint32_t width, height, samples; /* of the sum; floats a pixel, without gaps */
  uint32_t turn;                   /* of the picture that comes */
  float *row;                      /* of the sum */
  float *block;                    /* transposed: rows that came, columns of the sum */
  uint32_t room, held;
} ci_sums;

int ci_sums_init(ci_sums *s, uint32_t width, uint32_t height, uint32_t samples, size_t memory,
                 cnnimg_error *err);
void ci_sums_fini(ci_sums *s); /* also of zeros */
/* The next picture begins; the first one is not transposed. */
void ci_sums_begin(ci_sums *s, uint32_t turn);
/* Row y of the turned picture; rows in order, each once. */
int ci_sums_add(ci_sums *s, uint32_t y, const float *row, cnnimg_error *err);
/* Row y of the sum, valid until the next call. */
int ci_sums_row(ci_sums *s, uint32_t y, float **row, cnnimg_error *err);

#endif
