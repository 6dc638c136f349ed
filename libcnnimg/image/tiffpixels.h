/* SPDX-License-Identifier: MIT */
/* tiffpixels.h - samples as a TIFF file packs them to a row as ours are */
#ifndef CI_TIFFPIXELS_H
#define CI_TIFFPIXELS_H

#include "image/cmyk.h"
#include "image/image.h"

typedef enum ci_tiff_colour {
  CI_TIFF_GREY,
  CI_TIFF_GREY_DOWN /* 0 is white */,
  CI_TIFF_RGB,
  CI_TIFF_PALETTE,
  CI_TIFF_CMYK
} ci_tiff_colour;

typedef struct ci_tiff_layout {
  uint32_t width;
  ci_tiff_colour colour;
  unsigned bits; /* of a sample in the file: 1..16, 32; floats 16, 32, 64 */
  bool is_float;
  unsigned samples;       /* of a pixel, all of them */
  int alpha;              /* which of them is alpha; -1: none */
  bool premultiplied;     /* colours were multiplied by it */
  const uint16_t *map[3]; /* of a palette: 1 << bits of each colour, 0..65535 */
  const ci_cmyk *cmyk;
} ci_tiff_layout;

/* The rows that come out: size, colours, alpha, sample. */
cnnimg_format ci_tiff_format(const ci_tiff_layout *l, uint32_t height);
/* Samples a row, all channels, as numbers between the two steps: 4 bytes each. */
size_t ci_tiff_line_bytes(const ci_tiff_layout *l);
/* width x channels samples of `packed` (most significant bits first, whole bytes in the machine's order) into every
 * step-th number of line, from `first` on. */
void ci_tiff_unpack(const ci_tiff_layout *l, const void *packed, unsigned channels, unsigned first,
                    unsigned step, void *line);
/* A line of numbers to a row. inks: room for a row of 4 samples where the colour is CMYK. */
void ci_tiff_row(const ci_tiff_layout *l, const void *line, void *inks, void *row);

#endif
