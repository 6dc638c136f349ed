/* SPDX-License-Identifier: MIT */
/* tiffread.h - a TIFF file that is being read: what its tags say (tiff.c), and its rows (tiffrows.c) */
#ifndef CI_TIFFREAD_H
#define CI_TIFFREAD_H

#include "image/cmyk.h"
#include "image/tiffopen.h"
#include "image/tiffpixels.h"

#define CI_TIFF_SAMPLES_MOST 8 /* of a pixel */

/* A plane has a handle of its own, so that each is decoded once from top to bottom. Interleaved samples are one plane. */
typedef struct ci_tiff_plane {
  ci_tiff t;
  uint8_t *band;   /* a row of tiles */
  uint8_t *packed; /* a row */
} ci_tiff_plane;

typedef struct ci_tiff_decoder {
  ci_tiff_layout layout;
  uint32_t height, next;
  ci_tiff_plane planes[CI_TIFF_SAMPLES_MOST];
  unsigned n_planes;
  uint16_t compression, photometric;
  bool tiled, whole; /* whole: libtiff turns pieces into RGBA, for what has its own ways with colour */
  uint32_t piece_width, piece_height;
  uint32_t *raster; /* then: such a piece, or a row of them; bottom row first */
  size_t tile_bytes, tile_row_bytes;
  uint32_t across; /* tiles */
  void *line, *inks;
  ci_cmyk *cmyk;
  char note[120];
} ci_tiff_decoder;

/* The next row of what ci_codec_tiff's open made. */
int ci_tiff_next_row(void *state, void *row, cnnimg_error *err);

#endif
