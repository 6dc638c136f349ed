/* SPDX-License-Identifier: MIT */
/* adapt.h - a network of one channel made one of three */
#ifndef CI_ADAPT_H
#define CI_ADAPT_H

#include "net/program.h"

typedef enum ci_colour_way {
  CI_COLOUR_EACH, /* every channel goes through the network: noise is in all of them */
  CI_COLOUR_LUMA, /* the luma goes through it, the rest is enlarged by bicubic interpolation: sharpness is in the luma */
  CI_COLOUR_STUDIO /* the same for networks that were trained on luma of 16 to 235 of 255 */
} ci_colour_way;

/* How the result's size follows from the picture's: scale * n - loss. */
typedef struct ci_colour_spec {
  ci_colour_way way;
  size_t image, output; /* which input, which output */
  bool levels;          /* all outputs, in their order, for levels of noise */
  int32_t scale, loss;
  bool in_last, out_last; /* channels are the last dimension of p's picture, of its result */
} ci_colour_spec;

/*
 * A new program (finished) that takes [1, 3, H, W] where p takes [1, 1, H, W]. Its constants lie in p, which must outlive
 * it. With luma Y (ITU-R BT.601) the result is bicubic(x) + network(Y) - bicubic(Y) for each channel x: what turning to
 * Y, Cb, Cr, enlarging and turning back comes to, for all of that is linear.
 */
int ci_program_in_colour(const ci_program *p, const ci_colour_spec *spec, ci_program **out,
                         cnnimg_error *err);

#endif
