/* SPDX-License-Identifier: MIT */
/* reader.c - a picture file being read: its codec is told by its bytes, its orientation is applied */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "image/image.h"
#include "image/turn.h"

#define COPIED_BYTES \
  ((size_t)256 << 20) /* of a file, and an eighth of the memory: what is larger is mapped */

struct ci_reader {
  ci_source src;
  ci_limits limits;
  const ci_codec *codec;
  void *state; /* of the codec */
  cnnimg_info info;
  ci_meta meta;
  cnnimg_format stored; /* the rows as the codec delivers them */
  int turn;             /* the orientation that is applied; 1: none */
  ci_turn *turned;      /* filled at the first row where rows change their order */
  uint32_t next;
  bool broken; /* a row failed: those after it would be made up */
};

/* How many bytes of pixels may wait in memory, and how many of a pipe. */
static size_t share(const ci_limits *l, unsigned part) {
  uint64_t n = l->memory ? l->memory / part : SIZE_MAX / 2;
  return n < SIZE_MAX / 2 ? (size_t)n : SIZE_MAX / 2;
}

/* Clears the orientation, since it will have been applied. */
static void turn_info(ci_reader *r) {
  cnnimg_format *f = &r->info.format;
  if (r->turn >= 5) f->width = r->stored.height, f->height = r->stored.width;
  if (r->turn >= 5) {
    double dpi = r->meta.dpi_x;
    r->meta.dpi_x = r->meta.dpi_y, r->meta.dpi_y = dpi;
    r->info.subsampling = (uint8_t)(r->info.subsampling % 10 * 10 + r->info.subsampling / 10);
  }
  ci_exif_normalise(&r->meta.exif, 1, f->width, f->height);
  ci_xmp_normalise(&r->meta.xmp);
}

static int open_codec(ci_reader *r, int rotate, cnnimg_error *err) {
  if (r->src.size == 0) return ci_fail(err, CNNIMG_CORRUPT, "%s: is empty", r->src.name);
  r->codec = ci_codec_for_bytes(r->src.data, r->src.size);
  if (!r->codec) {
    char words[80];
    ci_codec_words(words, sizeof words);
    return ci_fail(err, CNNIMG_UNSUPPORTED, "%s: is not a picture that can be read (%s)", r->src.name, words);
  }
  r->info.codec = r->codec->name;
  r->info.lossless = 1; /* codecs that lose say so */
  int rc = r->codec->open(&r->src, &r->limits, &r->info, &r->meta, &r->state, err);
  if (rc != CNNIMG_OK) return rc;
  r->stored = r->info.format;
  r->info.has_icc = r->meta.icc.size > 0;
  r->info.has_exif = r->meta.exif.size > 0;
  r->info.has_xmp = r->meta.xmp.size > 0;
  r->info.orientation = (uint8_t)ci_exif_orientation(&r->meta.exif);
  r->turn = rotate ? r->info.orientation : 1;
  if (r->turn != 1) turn_info(r);
  return CNNIMG_OK;
}

int ci_reader_open_source(ci_reader **out, ci_source src, const ci_limits *limits, int rotate,
                          cnnimg_error *err) {
  ci_reader *r = ci_calloc(1, sizeof *r);
  *out = NULL;
  if (!r || !src.name) {
    free(r);
    ci_source_close(&src);
    return ci_fail(err, CNNIMG_NOMEM, "not enough memory");
  }
  r->src = src, r->limits = *limits, r->turn = 1;
  int rc = open_codec(r, rotate, err);
  if (rc == CNNIMG_OK) *out = r;
  else ci_reader_close(r);
  return rc;
}

int ci_reader_open(ci_reader **out, const char *path, const ci_limits *limits, int rotate,
                   cnnimg_error *err) {
  ci_source src;
  *out = NULL;
  size_t copied = share(limits, 8) < COPIED_BYTES ? share(limits, 8) : COPIED_BYTES;
  int rc = ci_source_open_changing(&src, path, share(limits, 1), copied, err);
  return rc == CNNIMG_OK ? ci_reader_open_source(out, src, limits, rotate, err) : rc;
}

const cnnimg_info *ci_reader_info(const ci_reader *r) { return &r->info; }
const ci_meta *ci_reader_meta(const ci_reader *r) { return &r->meta; }

/* What loses leaves no two places alike; a PNG of a drawing or a page is a tenth of its pixels or less. */
int ci_reader_is_photo(const ci_reader *r) {
  if (strcmp(r->codec->name, "png") != 0) return !r->info.lossless;
  return r->src.size / r->stored.height >= ci_row_bytes(&r->stored) / 4;
}

/* Decodes everything into the turned order. */
static int turn_all(ci_reader *r, cnnimg_error *err) {
  int rc = ci_turn_new(&r->turned, r->turn, &r->stored, share(&r->limits, 4), err);
  if (rc != CNNIMG_OK) return rc;
  void *row = ci_calloc(1, ci_row_bytes(&r->stored));
  if (!row) return ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory for a row", r->src.name);
  for (uint32_t y = 0; rc == CNNIMG_OK && y < r->stored.height; y++) {
    rc = r->codec->row(r->state, row, err);
    if (rc == CNNIMG_OK) rc = ci_turn_put(r->turned, row, err);
  }
  free(row);
  return rc;
}

static int next_row(ci_reader *r, void *row, cnnimg_error *err) {
  if (r->turn <= 2) {
    int rc = r->codec->row(r->state, row, err);
    if (rc == CNNIMG_OK && r->turn == 2) ci_row_mirror(&r->stored, row);
    return rc;
  }
  int rc = r->turned ? CNNIMG_OK : turn_all(r, err);
  return rc == CNNIMG_OK ? ci_turn_get(r->turned, r->next, row, err) : rc;
}

int ci_reader_row(ci_reader *r, void *row, cnnimg_error *err) {
  if (r->next >= r->info.format.height)
    return ci_fail(err, CNNIMG_BADARG, "%s: row %u of %u was asked for", r->src.name, r->next + 1,
                   r->info.format.height);
  if (r->broken) return ci_fail(err, CNNIMG_CORRUPT, "%s: cannot be read any further", r->src.name);
  int rc = ci_source_check(&r->src, err);
  if (rc == CNNIMG_OK) rc = next_row(r, row, err);
  if (rc == CNNIMG_OK) r->next++;
  else r->broken = true;
  return rc;
}

void ci_reader_close(ci_reader *r) {
  if (!r) return;
  if (r->state) r->codec->close(r->state);
  ci_turn_free(r->turned);
  ci_meta_clear(&r->meta);
  ci_source_close(&r->src);
  free(r);
}
