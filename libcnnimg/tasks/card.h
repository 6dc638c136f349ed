/* SPDX-License-Identifier: MIT */
/* card.h - what a model's card says of its inputs, its output and the numbers that it wants */
#ifndef CI_CARD_H
#define CI_CARD_H

#include "base/source.h"
#include "exec/pixels.h"
#include "net/program.h"

/* What an input is for, by the card ("input.NAME") or its name; a first input of rank 4 is the image. */
typedef enum ci_role {
  CI_ROLE_UNKNOWN,
  CI_ROLE_IMAGE,
  CI_ROLE_SIGMA,
  CI_ROLE_MASK,
  CI_ROLE_HINT,
  CI_ROLE_KERNEL,
  CI_ROLE_QUALITY, /* one number: 0 for a JPEG file's best quality, 1 for its worst */
  CI_ROLE_VECTOR
} ci_role;

typedef struct ci_card {
  ci_role *role;  /* one an input */
  float **vector; /* CI_ROLE_VECTOR: its numbers, else NULL */
  size_t *vector_n;
  size_t n_inputs, image; /* which input is the image; n_inputs: none */
  size_t output;          /* which output is the picture */
  float *level;    /* up to which sigma (0..255) each output is for, rising; NULL: there is one network */
  size_t n_levels; /* 0, or the program's outputs */
  bool plain;      /* the tones change nothing */
  ci_tone in, out;
  int32_t multiple; /* 0: not said */
  int32_t scale;    /* 0: not said */
  int32_t margin;   /* of the mirrored picture, that the network gets around it */
  bool symmetric;   /* mirrors repeat the outermost pixel */
  float sigma_max;  /* 0..1 */
} ci_card;

/* Values that make no sense are CNNIMG_UNSUPPORTED, with the line. */
int ci_card_read(ci_card *card, const ci_program *p, cnnimg_error *err);
void ci_card_fini(ci_card *card); /* zeroed or read before */
/* The output that a picture of that noise comes from: of several networks, the first that is for as much. */
size_t ci_card_output(const ci_card *card, float sigma);

ci_role ci_role_of(const ci_program *p, size_t input);
const char *ci_role_name(ci_role role); /* "": unknown */
/* Puts "key=value" lines into the card; keys that mean nothing, and inputs and outputs that are not there, are
 * CNNIMG_BADARG. */
int ci_card_options(ci_program *p, const char *const *options, cnnimg_error *err);
/* Puts the lines of FILE.card.json, where there is one beside the file, into the card: a JSON object of texts, numbers and
 * lists of them. Any key may stand there, as in a file's own card; what is wrong is an error that names that file. */
int ci_card_file(ci_program *p, const ci_source *of, cnnimg_error *err);
size_t ci_program_input(const ci_program *p, const char *name); /* which input is called so; n_inputs: none */

#endif
