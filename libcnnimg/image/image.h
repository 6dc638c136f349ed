/* SPDX-License-Identifier: MIT */
/* image.h - the contract of a picture codec, and what travels around the pixels */
#ifndef CI_IMAGE_H
#define CI_IMAGE_H

#include <stdio.h>

#include "base/memory.h"
#include "base/source.h"
#include "cnnimg.h"

typedef struct ci_blob {
  uint8_t *data; /* malloc'ed, or NULL */
  size_t size;
} ci_blob;

typedef struct ci_text {
  char *key, *value; /* UTF-8 or Latin-1 as found; value NUL-terminated */
} ci_text;

/* What a PNG says about its colours when it has no profile: whole numbers as in the file. */
typedef struct ci_colour {
  uint8_t srgb;              /* rendering intent + 1; 0: not said */
  int32_t gamma;             /* x 100000; 0: not said */
  int32_t chroma[8];         /* white, red, green, blue: x, y, x 100000; white x 0: not said */
  uint8_t has_cicp, cicp[4]; /* of a cICP chunk */
} ci_colour;

/* Metadata: travels around the network as bytes. */
typedef struct ci_meta {
  ci_blob icc, exif /* TIFF bytes, without "Exif\0\0" */, xmp /* the packet */;
  ci_text *texts;
  size_t n_texts, cap_texts;
  double dpi_x, dpi_y; /* 0: unknown */
  int dpi_is_aspect;   /* the pair is only an aspect ratio */
  ci_colour colour;    /* goes with the ICC profile */
  uint16_t packing;    /* TIFF's number of a lossless compression that the file uses; 0: none is known */
} ci_meta;
/* Copies the bytes (in place of what is there) and a NUL behind them; 0 or CNNIMG_NOMEM. */
int ci_blob_set(ci_blob *b, const void *data, size_t size);
/* Adds a text, cut at its first NUL; 0 or CNNIMG_NOMEM. More than CI_TEXTS_MAX are left out. */
#define CI_TEXTS_MAX 256
int ci_meta_add_text(ci_meta *m, const char *key, const char *value, size_t size);
/* Is the profile's own header right? Writers may reject others. */
int ci_icc_plausible(const ci_blob *icc);
int ci_icc_is_grey(const ci_blob *icc); /* is it for pictures of one colour? */
void ci_meta_clear(ci_meta *m);
int ci_meta_copy(ci_meta *to, const ci_meta *from, uint32_t keep); /* CNNIMG_KEEP_*; 0 or CNNIMG_NOMEM */
/* EXIF orientation 1..8 (1 when absent or malformed). */
int ci_exif_orientation(const ci_blob *exif);
/* Sets orientation to 1 in place, drops the thumbnail (IFD1) if `turned`, sets PixelX/YDimension. */
void ci_exif_normalise(ci_blob *exif, int turned, uint32_t width, uint32_t height);
/* Sets the sizes that EXIF repeats, where it does: of a picture that was enlarged. */
void ci_exif_resize(ci_blob *exif, uint32_t width, uint32_t height);
/* Drops the thumbnail (IFD1), and its bytes where they are the last ones. */
void ci_exif_drop_thumbnail(ci_blob *exif);
/* Title, description (or comment), software, author and copyright among the texts become tags, where EXIF has none of them
 * yet. 0 or CNNIMG_NOMEM. */
int ci_exif_add_texts(ci_meta *m);
/* The same tag in an XMP packet, set to 1 in place. */
void ci_xmp_normalise(ci_blob *xmp);

typedef struct ci_limits {
  uint32_t dimension;
  uint64_t pixels, memory;
} ci_limits;
/* The one place that judges a picture's size; the sentence names the limit. A limit of 0 is none. */
int ci_limits_check(const ci_limits *l, const char *name, uint64_t width, uint64_t height, cnnimg_error *err);

/* What is written, and how. */
typedef struct ci_write_job {
  FILE *file; /* open for writing, not seekable perhaps */
  const char *name;
  cnnimg_format format; /* of the rows that come */
  const ci_meta *meta;  /* lives as long as the job */
  int quality;          /* 1..100 */
  int photo;            /* it comes from a file that did not compress well: nothing repeats in it */
  int subsampling;      /* JPEG: 11, 21, 12, 22 ...; 0: by quality (4:4:4 from 90 up) */
  int lossless;         /* where the format can be both: nothing may be lost */
} ci_write_job;

/* One file format. State is the codec's own. Rows are interleaved, host byte order, colours then alpha. */
typedef struct ci_codec {
  const char *name;       /* "png" */
  const char *suffixes;   /* "png" or "jpg,jpeg,jpe,jfif": -f takes them too */
  const char *word;       /* the one of them that people say */
  uint32_t max_dimension; /* what the container can hold when written */
  uint8_t samples;        /* mask of cnnimg_sample that can be written: U8 1, U16 2, F32 4; 0: none, it is not in this build */
  uint8_t alpha;          /* can it hold alpha? */
  uint8_t no_grey;        /* does it hold three colours only? */
  uint8_t no_texts;       /* has it no place for texts but EXIF? */
  uint8_t held;           /* bytes a pixel that writing takes: the whole picture is held; 0: rows go out as they come */
  int (*bid)(const uint8_t *head, size_t size); /* does it begin like ours? */
  /* Reads the header into info (format, codec, bits, quality, subsampling) and meta; no rows yet. */
  int (*open)(const ci_source *src, const ci_limits *limits, cnnimg_info *info, ci_meta *meta, void **state,
              cnnimg_error *err);
  int (*row)(void *state, void *row, cnnimg_error *err); /* the next row; damage is CNNIMG_CORRUPT */
  void (*close)(void *state);
  int (*begin)(const ci_write_job *job, void **state, cnnimg_error *err);
  int (*put)(void *state, const void *row, cnnimg_error *err);
  int (*end)(void *state, cnnimg_error *err); /* flushes what is buffered; does not close the file */
  void (*drop)(void *state);                  /* frees, whatever happened; NULL is allowed */
} ci_codec;

extern const ci_codec *const ci_codecs[]; /* NULL-terminated, from codecs.inc */
const ci_codec *ci_codec_for_bytes(const uint8_t *head, size_t size);
const ci_codec *ci_codec_for_name(const char *file_or_format); /* by suffix or bare name; NULL: none */
/* Can it be written by this build? */
static inline int ci_codec_writes(const ci_codec *c) { return c && c->samples; }
/* What this build reads and writes, for sentences: "png, jpg, ppm"; cut to size bytes. */
void ci_codec_words(char *text, size_t size);
/* Is the picture small enough for the container? The sentence names the limit. */
int ci_codec_check_size(const ci_codec *codec, const char *path, const cnnimg_format *f, cnnimg_error *err);
/* The nearest format of rows that the codec can write; 1 if it differs from `in`, else 0. */
int ci_codec_fit(const ci_codec *codec, const cnnimg_format *in, cnnimg_format *out);
/* One row from one format to another of the same width: samples rounded and clamped (NaN is 0), one colour
 * repeated for three, missing alpha opaque. Alpha that has no place is blended onto white. Equal formats are
 * copied, so that floats outside 0..1 pass. */
void ci_convert_row(const cnnimg_format *from, const void *src, const cnnimg_format *to, void *dst);
/* Bytes of a row, and of a pixel. */
size_t ci_row_bytes(const cnnimg_format *f);
size_t ci_pixel_bytes(const cnnimg_format *f);

/* reader.c: a picture file being read, orientation applied (through a spool when rows change order). */
typedef struct ci_reader ci_reader;
int ci_reader_open(ci_reader **out, const char *path, const ci_limits *limits, int rotate, cnnimg_error *err);
int ci_reader_open_source(ci_reader **out, ci_source src /* taken over */, const ci_limits *limits,
                          int rotate, cnnimg_error *err);
const cnnimg_info *ci_reader_info(const ci_reader *r);
const ci_meta *ci_reader_meta(const ci_reader *r); /* orientation already normalised */
/* Does the file's own size say that it is a photograph, not a drawing or a page? */
int ci_reader_is_photo(const ci_reader *r);
int ci_reader_row(ci_reader *r, void *row, cnnimg_error *err);
void ci_reader_close(ci_reader *r);

/* writer.c: a picture file being written to a temporary neighbour and renamed. */
typedef struct ci_writer ci_writer;
int ci_writer_open(ci_writer **out, const char *path, const cnnimg_format *format, const ci_reader *meta_from,
                   const cnnimg_write_options *options, cnnimg_error *err);
int ci_writer_row(ci_writer *w, const void *row, cnnimg_error *err);
int ci_writer_finish(ci_writer *w, cnnimg_error *err); /* frees w */
void ci_writer_abort(ci_writer *w);
const char *ci_writer_temp(const ci_writer *w);

#endif
