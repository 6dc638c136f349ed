/* SPDX-License-Identifier: MIT */
/* tiff.c - TIFF through libtiff: what the tags say, and the memory that its rows take */
#include "image/tiff.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "image/tiffparts.h"
#include "image/tiffread.h"

#define BLOCK_BYTES \
  ((uint64_t)16 << 20) /* a strip or a row of tiles may take as much, whatever the memory limit is */

typedef ci_tiff_decoder decoder;

static int bid(const uint8_t *head, size_t size) {
  return size >= 4 && (memcmp(head, "II*\0", 4) == 0 || memcmp(head, "MM\0*", 4) == 0 ||
                       memcmp(head, "II+\0", 4) == 0 || memcmp(head, "MM\0+", 4) == 0);
}

static void close_tiff(void *state) {
  decoder *d = state;
  if (!d) return;
  for (unsigned i = 0; i < CI_TIFF_SAMPLES_MOST; i++) {
    ci_tiff_close(&d->planes[i].t);
    free(d->planes[i].band);
    free(d->planes[i].packed);
  }
  ci_cmyk_free(d->cmyk);
  free(d->raster);
  free(d->line);
  free(d->inks);
  free(d);
}

static uint64_t room_of(const ci_limits *limits) {
  if (limits->memory == 0) return (uint64_t)INT64_MAX;
  return limits->memory > BLOCK_BYTES ? limits->memory : BLOCK_BYTES;
}

static int refuse(const decoder *d, cnnimg_error *err, const char *what, unsigned number) {
  return ci_fail(err, CNNIMG_UNSUPPORTED, "%s: a TIFF with %s (%u), which is not read", d->planes[0].t.name,
                 what, number);
}

/* ---- what the tags say ---- */
static int read_samples(decoder *d, cnnimg_error *err) {
  TIFF *tif = d->planes[0].t.tif;
  uint16_t bits = 1, samples = 1, kind = SAMPLEFORMAT_UINT;
  ci_tiff_layout *l = &d->layout;
  TIFFGetFieldDefaulted(tif, TIFFTAG_BITSPERSAMPLE, &bits);
  TIFFGetFieldDefaulted(tif, TIFFTAG_SAMPLESPERPIXEL, &samples);
  TIFFGetFieldDefaulted(tif, TIFFTAG_SAMPLEFORMAT, &kind);
  l->bits = bits, l->samples = samples;
  l->is_float = kind == SAMPLEFORMAT_IEEEFP;
  if (samples == 0 || samples > CI_TIFF_SAMPLES_MOST)
    return refuse(d, err, "so many samples a pixel", samples);
  if (kind != SAMPLEFORMAT_UINT && kind != SAMPLEFORMAT_VOID && kind != SAMPLEFORMAT_IEEEFP)
    return refuse(d, err, "signed or complex samples: sample format", kind);
  if (l->is_float ? bits != 16 && bits != 32 && bits != 64 : bits == 0 || (bits > 16 && bits != 32))
    return refuse(d, err, l->is_float ? "floats of so many bits" : "samples of so many bits", bits);
  if (!TIFFIsCODECConfigured(d->compression))
    return refuse(d, err, "a compression that this libtiff does not know", d->compression);
  return CNNIMG_OK;
}

/* Without a photometric interpretation the number of samples says it. */
static void read_kind(decoder *d) {
  TIFF *tif = d->planes[0].t.tif;
  uint16_t planar = PLANARCONFIG_CONTIG;
  d->photometric = d->layout.samples >= 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK;
  d->compression = COMPRESSION_NONE;
  TIFFGetField(tif, TIFFTAG_PHOTOMETRIC, &d->photometric);
  TIFFGetField(tif, TIFFTAG_COMPRESSION, &d->compression);
  TIFFGetFieldDefaulted(tif, TIFFTAG_PLANARCONFIG, &planar);
  d->n_planes = planar == PLANARCONFIG_SEPARATE ? d->layout.samples : 1;
  d->tiled = TIFFIsTiled(tif);
}

/* libjpeg turns YCbCr into RGB; other YCbCr and CIE L*a*b* are left to libtiff's own picture of a strip or tile. */
static int choose_way(decoder *d, cnnimg_error *err) {
  bool odd = d->photometric == PHOTOMETRIC_YCBCR || d->photometric == PHOTOMETRIC_CIELAB ||
             d->compression == COMPRESSION_OJPEG;
  if (d->compression == COMPRESSION_JPEG && d->layout.bits != 8)
    return refuse(d, err, "JPEG of so many bits", d->layout.bits);
  if (d->photometric == PHOTOMETRIC_YCBCR && d->compression == COMPRESSION_JPEG && d->n_planes == 1) {
    for (unsigned i = 0; i < d->n_planes; i++)
      TIFFSetField(d->planes[i].t.tif, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    d->photometric = PHOTOMETRIC_RGB;
    return CNNIMG_OK;
  }
  if (!odd) return CNNIMG_OK;
  char why[1024];
  if (d->layout.bits != 8 || d->layout.is_float)
    return refuse(d, err, "YCbCr or L*a*b* of so many bits", d->layout.bits);
  if (!TIFFRGBAImageOK(d->planes[0].t.tif, why)) {
    ci_tiff_failed(&d->planes[0].t, why);
    return d->planes[0].t.code = ci_fail(err, CNNIMG_UNSUPPORTED, "%s: TIFF: %s", d->planes[0].t.name, why);
  }
  TIFFSetField(d->planes[0].t.tif, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT); /* ours turns */
  d->whole = true, d->n_planes = 1;
  return CNNIMG_OK;
}

static int read_palette(decoder *d, cnnimg_error *err) {
  uint16_t *map[3];
  if (d->layout.bits > 8 || d->layout.is_float)
    return refuse(d, err, "a palette for samples of so many bits", d->layout.bits);
  if (!TIFFGetField(d->planes[0].t.tif, TIFFTAG_COLORMAP, &map[0], &map[1], &map[2]))
    return ci_fail(err, CNNIMG_CORRUPT, "%s: TIFF: a palette picture without a palette", d->planes[0].t.name);
  for (unsigned i = 0; i < 3; i++) d->layout.map[i] = map[i];
  return CNNIMG_OK;
}

static int read_colour(decoder *d, unsigned *colours, cnnimg_error *err) {
  static const struct {
    uint16_t photometric;
    uint8_t colour, samples;
  } kinds[] = {{PHOTOMETRIC_MINISBLACK, CI_TIFF_GREY, 1}, {PHOTOMETRIC_MINISWHITE, CI_TIFF_GREY_DOWN, 1},
               {PHOTOMETRIC_RGB, CI_TIFF_RGB, 3},         {PHOTOMETRIC_PALETTE, CI_TIFF_PALETTE, 1},
               {PHOTOMETRIC_SEPARATED, CI_TIFF_CMYK, 4},  {PHOTOMETRIC_YCBCR, CI_TIFF_RGB, 3},
               {PHOTOMETRIC_CIELAB, CI_TIFF_RGB, 3}};
  uint16_t inks = INKSET_CMYK;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (kinds[i].photometric != d->photometric) continue;
    d->layout.colour = kinds[i].colour;
    *colours = d->whole ? 1 : kinds[i].samples; /* libtiff looks after its own */
    if (d->layout.samples < *colours) return refuse(d, err, "too few samples a pixel", d->layout.samples);
    if (d->photometric == PHOTOMETRIC_SEPARATED)
      TIFFGetFieldDefaulted(d->planes[0].t.tif, TIFFTAG_INKSET, &inks);
    if (inks != INKSET_CMYK) return refuse(d, err, "inks that are not CMYK: ink set", inks);
    if (d->layout.colour == CI_TIFF_CMYK && (d->layout.is_float || d->layout.bits > 16))
      return refuse(d, err, "CMYK samples of so many bits", d->layout.bits);
    return d->layout.colour == CI_TIFF_PALETTE ? read_palette(d, err) : CNNIMG_OK;
  }
  return refuse(d, err, "colours of another kind: photometric interpretation", d->photometric);
}

static void add_note(decoder *d, const char *text) {
  size_t n = strlen(d->note);
  snprintf(d->note + n, sizeof d->note - n, "%s%s", n ? "; " : "", text);
}

/* The first sample that is called alpha; one that is called nothing, if it is the only one. */
static void read_alpha(decoder *d, unsigned colours) {
  uint16_t n = 0, *kinds = NULL;
  unsigned extra = d->layout.samples - colours;
  d->layout.alpha = -1;
  if (d->whole || extra == 0) return;
  TIFFGetFieldDefaulted(d->planes[0].t.tif, TIFFTAG_EXTRASAMPLES, &n, &kinds);
  for (unsigned i = 0; i < extra && d->layout.alpha < 0; i++) {
    unsigned kind = i < n ? kinds[i] : EXTRASAMPLE_UNSPECIFIED;
    if (kind == EXTRASAMPLE_UNSPECIFIED && extra > 1) continue;
    d->layout.alpha = (int)(colours + i);
    d->layout.premultiplied = kind == EXTRASAMPLE_ASSOCALPHA;
  }
  if (extra > 1 || d->layout.alpha < 0)
    add_note(d, "channels that are neither colour nor alpha are left out");
}

/* ---- rooms ---- */
static int take(void **p, uint64_t bytes, uint64_t most, const char *name, cnnimg_error *err) {
  if (bytes == 0) return ci_fail(err, CNNIMG_CORRUPT, "%s: TIFF: pieces without size", name);
  if (bytes > most)
    return ci_fail(err, CNNIMG_LIMIT, "%s: strips or tiles of %llu MiB; the memory limit allows %llu MiB",
                   name, (unsigned long long)bytes >> 20, (unsigned long long)most >> 20);
  *p = ci_calloc(1, (size_t)bytes);
  return *p ? CNNIMG_OK : ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory for a row", name);
}

static int take_pieces(decoder *d, uint64_t most, cnnimg_error *err) {
  TIFF *tif = d->planes[0].t.tif;
  d->piece_width = d->layout.width, d->piece_height = d->height;
  if (d->tiled) {
    TIFFGetField(tif, TIFFTAG_TILEWIDTH, &d->piece_width);
    TIFFGetField(tif, TIFFTAG_TILELENGTH, &d->piece_height);
  } else {
    TIFFGetFieldDefaulted(tif, TIFFTAG_ROWSPERSTRIP, &d->piece_height);
  }
  if (!d->tiled && d->piece_height > d->height) d->piece_height = d->height;
  if (d->piece_width == 0 || d->piece_height == 0)
    return ci_fail(err, CNNIMG_CORRUPT, "%s: TIFF: pieces without size", d->planes[0].t.name);
  d->across = (uint32_t)(((uint64_t)d->layout.width + d->piece_width - 1) / d->piece_width);
  if (!d->whole) return CNNIMG_OK;
  uint64_t row = (uint64_t)d->piece_width * d->across * 4, all;
  if (__builtin_mul_overflow(row, (uint64_t)d->piece_height, &all)) all = UINT64_MAX;
  return take((void **)&d->raster, all, most, d->planes[0].t.name, err);
}

/* Tiles side by side make a row only where theirs end with a whole byte. */
static int take_rows(decoder *d, uint64_t most, cnnimg_error *err) {
  unsigned channels = d->n_planes == 1 ? d->layout.samples : 1;
  const char *name = d->planes[0].t.name;
  TIFF *tif = d->planes[0].t.tif;
  uint64_t row = d->tiled ? TIFFTileRowSize64(tif) * d->across : TIFFScanlineSize64(tif);
  d->tile_row_bytes = d->tiled ? (size_t)TIFFTileRowSize64(tif) : 0;
  uint64_t tile = d->tiled ? TIFFTileSize64(tif) : 0, all = 0;
  d->tile_bytes = (size_t)tile;
  if (d->tiled && d->across > 1 && (uint64_t)d->piece_width * channels * d->layout.bits % 8)
    return refuse(d, err, "tiles of an odd width", d->piece_width);
  if (row < ((uint64_t)d->layout.width * channels * d->layout.bits + 7) / 8)
    return ci_fail(err, CNNIMG_CORRUPT, "%s: TIFF: rows of an odd size", name);
  if (__builtin_mul_overflow(tile, (uint64_t)d->across * d->n_planes, &all)) all = UINT64_MAX;
  if (d->tiled && all > most) return take((void **)&d->planes[0].band, all, most, name, err);
  int rc = CNNIMG_OK;
  for (unsigned i = 0; rc == CNNIMG_OK && i < d->n_planes; i++) {
    rc = take((void **)&d->planes[i].packed, row, most, name, err);
    if (rc == CNNIMG_OK && d->tiled)
      rc = take((void **)&d->planes[i].band, tile * d->across, most, name, err);
  }
  return rc;
}

static int take_rooms(decoder *d, uint64_t most, cnnimg_error *err) {
  int rc = take_pieces(d, most, err);
  if (rc != CNNIMG_OK || d->whole) return rc;
  rc = take_rows(d, most, err);
  if (rc == CNNIMG_OK) rc = take(&d->line, ci_tiff_line_bytes(&d->layout), most, d->planes[0].t.name, err);
  if (rc == CNNIMG_OK && d->cmyk)
    rc = take(&d->inks, (uint64_t)d->layout.width * 8, most, d->planes[0].t.name, err);
  return rc;
}

/* ---- metadata ---- */
static int read_meta(decoder *d, ci_meta *meta, cnnimg_error *err) {
  TIFF *tif = d->planes[0].t.tif;
  uint32_t size = 0;
  uint16_t unit = RESUNIT_INCH;
  void *data = NULL;
  float x = 0, y = 0;
  int rc = CNNIMG_OK;
  if (TIFFGetField(tif, TIFFTAG_ICCPROFILE, &size, &data) && size && d->photometric != PHOTOMETRIC_CIELAB)
    rc = ci_blob_set(&meta->icc, data, size);
  if (rc == CNNIMG_OK && TIFFGetField(tif, TIFFTAG_XMLPACKET, &size, &data) && size)
    rc = ci_blob_set(&meta->xmp, data, size);
  TIFFGetFieldDefaulted(tif, TIFFTAG_RESOLUTIONUNIT, &unit);
  if (TIFFGetField(tif, TIFFTAG_XRESOLUTION, &x) && TIFFGetField(tif, TIFFTAG_YRESOLUTION, &y) && x > 0 &&
      y > 0) {
    double factor = unit == RESUNIT_CENTIMETER ? 2.54 : 1.0;
    meta->dpi_x = x * factor, meta->dpi_y = y * factor;
    meta->dpi_is_aspect = unit == RESUNIT_NONE;
  }
  if (ci_tiff_keeps(d->compression)) meta->packing = d->compression;
  return rc == CNNIMG_OK ? rc
                         : ci_fail(err, rc, "%s: not enough memory for the metadata", d->planes[0].t.name);
}

static int open_inks(decoder *d, ci_meta *meta, cnnimg_error *err) {
  if (d->layout.colour != CI_TIFF_CMYK) return CNNIMG_OK;
  int rc = ci_cmyk_new(&d->cmyk, meta, d->planes[0].t.name, d->layout.bits > 8 ? 2 : 1, 0, err);
  d->layout.cmyk = d->cmyk;
  return rc;
}

/* ---- opening ---- */
static int open_planes(decoder *d, const ci_source *src, uint64_t most, cnnimg_error *err) {
  int rc = CNNIMG_OK;
  for (unsigned i = 1; rc == CNNIMG_OK && i < d->n_planes; i++)
    rc = ci_tiff_open_read(&d->planes[i].t, src, most, err);
  return rc;
}

static int read_tags(decoder *d, const ci_source *src, const ci_limits *limits, cnnimg_error *err) {
  TIFF *tif = d->planes[0].t.tif;
  unsigned colours = 0;
  uint16_t samples = 1;
  if (!TIFFGetField(tif, TIFFTAG_IMAGEWIDTH, &d->layout.width) ||
      !TIFFGetField(tif, TIFFTAG_IMAGELENGTH, &d->height))
    return ci_fail(err, CNNIMG_CORRUPT, "%s: TIFF: its size is not said", src->name);
  int rc = ci_limits_check(limits, src->name, d->layout.width, d->height, err);
  TIFFGetFieldDefaulted(tif, TIFFTAG_SAMPLESPERPIXEL, &samples);
  d->layout.samples = samples;
  read_kind(d);
  if (rc == CNNIMG_OK) rc = read_samples(d, err);
  if (rc == CNNIMG_OK) rc = choose_way(d, err);
  if (rc == CNNIMG_OK) rc = read_colour(d, &colours, err);
  if (rc == CNNIMG_OK) read_alpha(d, colours);
  return rc == CNNIMG_OK ? open_planes(d, src, room_of(limits), err) : rc;
}

static int read_parts(decoder *d, const ci_source *src, const ci_limits *limits, ci_meta *meta,
                      cnnimg_error *err) {
  ci_tiff_parts parts;
  int rc = ci_tiff_parts_read(src, limits, &parts, &meta->exif, err);
  if (rc != CNNIMG_OK) return rc;
  if (parts.raw)
    return ci_fail(err, CNNIMG_UNSUPPORTED,
                   "%s: is a camera's raw file (DNG or alike); develop it with another program first",
                   src->name);
  if (parts.preview)
    return ci_fail(
        err, CNNIMG_UNSUPPORTED,
        "%s: its first picture is a small copy of another, as in cameras' raw files, which are not read",
        src->name);
  if (parts.more) add_note(d, "of its pages the first is read");
  return CNNIMG_OK;
}

static int open_all(decoder *d, const ci_source *src, const ci_limits *limits, cnnimg_info *info,
                    ci_meta *meta, cnnimg_error *err) {
  int rc = read_parts(d, src, limits, meta, err);
  if (rc == CNNIMG_OK) rc = ci_tiff_open_read(&d->planes[0].t, src, room_of(limits), err);
  if (rc == CNNIMG_OK) rc = read_tags(d, src, limits, err);
  if (rc == CNNIMG_OK) rc = read_meta(d, meta, err);
  if (rc == CNNIMG_OK) rc = open_inks(d, meta, err);
  if (rc == CNNIMG_OK) rc = take_rooms(d, room_of(limits), err);
  if (rc != CNNIMG_OK) return rc;
  info->format = ci_tiff_format(&d->layout, d->height);
  info->bits = (uint8_t)d->layout.bits;
  info->lossless = d->compression != COMPRESSION_JPEG && d->compression != COMPRESSION_OJPEG &&
                   d->compression != COMPRESSION_WEBP && d->compression != COMPRESSION_LERC;
  if (*d->note) info->note = d->note;
  return CNNIMG_OK;
}

static int open_tiff(const ci_source *src, const ci_limits *limits, cnnimg_info *info, ci_meta *meta,
                     void **state, cnnimg_error *err) {
  decoder *d = ci_calloc(1, sizeof *d);
  if (!d) return ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory", src->name);
  int rc = open_all(d, src, limits, info, meta, err);
  if (rc == CNNIMG_OK) *state = d;
  else close_tiff(d);
  return rc;
}

extern const ci_codec ci_codec_tiff;
const ci_codec ci_codec_tiff = {.name = "tiff",
                                .suffixes = "tiff,tif",
                                .word = "tiff",
                                .max_dimension = INT32_MAX,
                                .samples = CNNIMG_U8 | CNNIMG_U16 | CNNIMG_F32,
                                .alpha = 1,
                                .no_texts = 1,
                                .bid = bid,
                                .open = open_tiff,
                                .row = ci_tiff_next_row,
                                .close = close_tiff,
                                .begin = ci_tiff_begin,
                                .put = ci_tiff_put,
                                .end = ci_tiff_end,
                                .drop = ci_tiff_drop};
