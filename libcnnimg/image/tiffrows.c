/* SPDX-License-Identifier: MIT */
/* tiffrows.c - rows of a TIFF file: of strips or of tiles, interleaved or a plane a colour, or of libtiff's own pictures */
#include <string.h>

#include "image/tiffread.h"

static int read_band(ci_tiff_decoder *d, unsigned i, uint32_t y) {
  ci_tiff_plane *p = &d->planes[i];
  for (uint32_t a = 0; a < d->across; a++) {
    uint32_t tile = TIFFComputeTile(p->t.tif, a * d->piece_width, y, 0, (uint16_t)i);
    tmsize_t n = TIFFReadEncodedTile(p->t.tif, tile, p->band + a * d->tile_bytes, (tmsize_t)d->tile_bytes);
    if (n != (tmsize_t)d->tile_bytes || p->t.code != CNNIMG_OK)
      return ci_tiff_failed(&p->t, "a tile is damaged");
  }
  return CNNIMG_OK;
}

static int read_packed(ci_tiff_decoder *d, unsigned i, uint32_t y) {
  ci_tiff_plane *p = &d->planes[i];
  if (!d->tiled) {
    if (TIFFReadScanline(p->t.tif, p->packed, y, (uint16_t)i) == 1 && p->t.code == CNNIMG_OK)
      return CNNIMG_OK;
    return ci_tiff_failed(&p->t, "a row is damaged");
  }
  int rc = y % d->piece_height == 0 ? read_band(d, i, y) : CNNIMG_OK;
  const uint8_t *from = p->band + y % d->piece_height * d->tile_row_bytes;
  for (uint32_t a = 0; rc == CNNIMG_OK && a < d->across; a++)
    memcpy(p->packed + a * d->tile_row_bytes, from + a * d->tile_bytes, d->tile_row_bytes);
  return rc;
}

/* A row of pieces into the raster, one behind the other. */
static int read_raster(ci_tiff_decoder *d, uint32_t y) {
  ci_tiff *t = &d->planes[0].t;
  size_t piece = (size_t)d->piece_width * d->piece_height;
  for (uint32_t a = 0; a < d->across; a++) {
    int ok = d->tiled ? TIFFReadRGBATileExt(t->tif, a * d->piece_width, y, d->raster + a * piece, 1)
                      : TIFFReadRGBAStripExt(t->tif, y, d->raster, 1);
    if (!ok || t->code != CNNIMG_OK) return ci_tiff_failed(t, "a piece of the picture is damaged");
  }
  return CNNIMG_OK;
}

static int whole_row(ci_tiff_decoder *d, uint32_t y, uint8_t *row) {
  uint32_t in = y % d->piece_height, rows = d->piece_height;
  int rc = in == 0 ? read_raster(d, y) : CNNIMG_OK;
  if (rc != CNNIMG_OK) return rc;
  if (!d->tiled && rows > d->height - (y - in)) rows = d->height - (y - in);
  for (uint32_t x = 0; x < d->layout.width; x++) {
    size_t piece = (size_t)(x / d->piece_width) * d->piece_width * d->piece_height;
    uint32_t v = d->raster[piece + (size_t)(rows - 1 - in) * d->piece_width + x % d->piece_width];
    *row++ = (uint8_t)TIFFGetR(v), *row++ = (uint8_t)TIFFGetG(v), *row++ = (uint8_t)TIFFGetB(v);
  }
  return CNNIMG_OK;
}

/* A damaged fax or JPEG goes on with made-up pixels after a warning. */
static bool warns_of_damage(const ci_tiff_decoder *d) {
  return d->compression == COMPRESSION_JPEG ||
         (d->compression >= COMPRESSION_CCITTRLE && d->compression <= COMPRESSION_CCITTFAX4) ||
         d->compression == COMPRESSION_CCITTRLEW;
}

int ci_tiff_next_row(void *state, void *row, cnnimg_error *err) {
  ci_tiff_decoder *d = state;
  uint32_t y = d->next++;
  unsigned channels = d->n_planes == 1 ? d->layout.samples : 1, step = d->layout.samples;
  for (unsigned i = 0; i < d->n_planes; i++)
    d->planes[i].t.err = err, d->planes[i].t.strict = warns_of_damage(d);
  if (d->whole) return whole_row(d, y, row);
  for (unsigned i = 0; i < d->n_planes; i++) {
    int rc = read_packed(d, i, y);
    if (rc != CNNIMG_OK) return rc;
    ci_tiff_unpack(&d->layout, d->planes[i].packed, channels, i, step, d->line);
  }
  ci_tiff_row(&d->layout, d->line, d->inks, row);
  return CNNIMG_OK;
}
