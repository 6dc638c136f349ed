/* SPDX-License-Identifier: MIT */
/* feed.h - for tests: arrays through a program, as a session would compute them */
#ifndef CI_TEST_FEED_H
#define CI_TEST_FEED_H

#include "lower/lower.h"
#include "net/program.h"
#include "tests/bench/npy.h"

typedef struct feed_input {
  const npy *
      array; /* a picture is height x width x channels; else as the network takes it, with its batch of 1 or not */
  float value;  /* without an array: everywhere */
  ci_dims dims; /* without an array */
} feed_input;

/* The dimensions that an array is for input i. False: the ranks do not go together. */
bool feed_dims(const ci_program *p, size_t i, const npy *a, ci_dims *dims);
/* One feed_input an input. *out: a picture as height x width x channels, else the network's dimensions; free(out->v). */
int feed_run(const ci_program *p, size_t output, const feed_input *in, npy *out, cnnimg_error *err);
/* The largest difference; infinite where the number of elements differs or something is not a number. */
double feed_difference(const npy *a, const npy *b);

#endif
