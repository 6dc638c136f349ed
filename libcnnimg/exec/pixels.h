/* SPDX-License-Identifier: MIT */
/* pixels.h - rows of pictures to rows of maps and back */
#ifndef CI_PIXELS_H
#define CI_PIXELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cnnimg.h"

/* Numbers of a network for colours of 0 to 1: network = colour * gain + bias, channel by channel as the network has
 * them, and colour = network * gain + bias on the way out. NULL stands for gain 1, bias 0, red first. */
typedef struct ci_tone {
  bool bgr; /* the network's first channel is blue */
  float gain[3], bias[3];
} ci_tone;

/*
 * Rows are views whose data is the row's first pixel; height and row_stride are not looked at. What the network gets
 * is encoded and not premultiplied.
 */

/* n pixels from pixel x of a row into a map's row of `channels` (1 or 3), cs floats a pixel. One colour is repeated for
 * three channels; of three colours one channel takes the mean. */
void ci_pixels_load(const cnnimg_view *row, uint32_t x, uint32_t n, const ci_tone *tone, float *out,
                    int32_t channels, int32_t cs);
/* The same for what is no picture: channel k takes sample k (alpha is the last), a lone sample is repeated. */
void ci_pixels_load_raw(const cnnimg_view *row, uint32_t x, uint32_t n, float *out, int32_t channels,
                        int32_t cs);

/* n pixels of a map's row to colours of a picture, out_step floats apart. */
void ci_pixels_answer(const float *in, uint32_t n, int32_t channels, int32_t cs, const ci_tone *tone, float *out,
                      int32_t colours, int32_t out_step);

/* The source's pixels at the same places; row.data NULL: none are needed. */
typedef struct ci_original {
  cnnimg_view row;
  uint32_t x;
  float strength; /* its colours are mixed in by 1 - strength */
} ci_original;
/* n pixels of a map's row into a row from pixel x. Integers are rounded and clamped, NaN is 0. Alpha is the original's,
 * bit by bit where the samples are of one type; opaque where it has none. Where it is 0 the colours are the original's, too. */
void ci_pixels_store(const cnnimg_view *row, uint32_t x, uint32_t n, const float *in, int32_t channels,
                     int32_t cs, const ci_tone *tone, const ci_original *original);

/* n pixels, as they are, into interleaved ones without gaps, and back. */
void ci_pixels_pack(const cnnimg_view *row, uint32_t x, uint32_t n, void *out);
void ci_pixels_unpack(const cnnimg_view *row, uint32_t x, uint32_t n, const void *in);

/* sRGB's curve (IEC 61966-2-1), odd below 0, going on above 1. */
float ci_srgb_encode(float linear);
float ci_srgb_decode(float encoded);

#endif
