/* SPDX-License-Identifier: MIT */
/* tiffwrite.c - writes TIFF: strips as rows come, then EXIF, then the directory; BigTIFF where it must be */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/spool.h"
#include "image/tiff.h"
#include "image/tiffopen.h"
#include "image/tiffparts.h"

#define STRIP_BYTES ((size_t)256 << 10)       /* of pixels */
#define CLASSIC_BYTES ((uint64_t)0xf0000000u) /* from here on offsets of 32 bits might not do */

typedef struct encoder {
  ci_write_job job;
  ci_tiff t;
  FILE *aside;  /* what cannot be sought gets a copy of this file at the end */
  uint8_t *row; /* libtiff may change what it is given */
  uint32_t next;
} encoder;

bool ci_tiff_keeps(unsigned compression) {
  static const uint16_t kept[] = {COMPRESSION_NONE,    COMPRESSION_LZW,  COMPRESSION_ADOBE_DEFLATE,
                                  COMPRESSION_DEFLATE, COMPRESSION_LZMA, COMPRESSION_ZSTD,
                                  COMPRESSION_PACKBITS};
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
    if (kept[i] == compression) return true;
  return false;
}

void ci_tiff_drop(void *state) {
  encoder *e = state;
  if (!e) return;
  ci_tiff_close(&e->t);
  if (e->aside) fclose(e->aside);
  free(e->row);
  free(e);
}

static uint16_t compression_for(const ci_write_job *job) {
  uint16_t c = job->meta->packing;
  if (c == 0 || c == COMPRESSION_DEFLATE || !TIFFIsCODECConfigured(c)) return COMPRESSION_ADOBE_DEFLATE;
  return c;
}

static bool set_layout(TIFF *tif, const cnnimg_format *f) {
  uint16_t alpha[1] = {EXTRASAMPLE_UNASSALPHA};
  size_t rows = STRIP_BYTES / ci_row_bytes(f);
  if (rows > f->height) rows = f->height;
  return TIFFSetField(tif, TIFFTAG_IMAGEWIDTH, f->width) &&
         TIFFSetField(tif, TIFFTAG_IMAGELENGTH, f->height) &&
         TIFFSetField(tif, TIFFTAG_BITSPERSAMPLE, (int)f->sample * 8) &&
         TIFFSetField(tif, TIFFTAG_SAMPLESPERPIXEL, f->colours + f->alpha) &&
         TIFFSetField(tif, TIFFTAG_SAMPLEFORMAT,
                      f->sample == CNNIMG_F32 ? SAMPLEFORMAT_IEEEFP : SAMPLEFORMAT_UINT) &&
         TIFFSetField(tif, TIFFTAG_PHOTOMETRIC, f->colours == 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK) &&
         TIFFSetField(tif, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) &&
         TIFFSetField(tif, TIFFTAG_ROWSPERSTRIP, rows ? (uint32_t)rows : 1u) &&
         (!f->alpha || TIFFSetField(tif, TIFFTAG_EXTRASAMPLES, 1, alpha));
}

static bool set_compression(TIFF *tif, const ci_write_job *job) {
  uint16_t c = compression_for(job);
  bool predicts = c == COMPRESSION_ADOBE_DEFLATE || c == COMPRESSION_LZW || c == COMPRESSION_ZSTD;
  if (!TIFFSetField(tif, TIFFTAG_COMPRESSION, c)) return false;
  return !predicts ||
         TIFFSetField(tif, TIFFTAG_PREDICTOR,
                      job->format.sample == CNNIMG_F32 ? PREDICTOR_FLOATINGPOINT : PREDICTOR_HORIZONTAL);
}

/* Texts that TIFF has in its own directory. */
static bool set_texts(TIFF *tif, const ci_blob *exif) {
  static const uint16_t tags[] = {TIFFTAG_DOCUMENTNAME, TIFFTAG_IMAGEDESCRIPTION, TIFFTAG_MAKE,
                                  TIFFTAG_MODEL,        TIFFTAG_SOFTWARE,         TIFFTAG_DATETIME,
                                  TIFFTAG_ARTIST,       TIFFTAG_HOSTCOMPUTER,     TIFFTAG_COPYRIGHT};
  bool ok = true;
  for (size_t i = 0; ok && i < sizeof tags / sizeof *tags; i++) {
    size_t size = 0;
    const char *text = ci_exif_text(exif, tags[i], &size);
    char *copy = text ? ci_strndup(text, size) : NULL;
    if (text) ok = copy && TIFFSetField(tif, tags[i], copy);
    free(copy);
  }
  return ok;
}

static bool set_meta(TIFF *tif, const ci_meta *m) {
  bool ok = set_texts(tif, &m->exif);
  if (m->icc.size && m->icc.size <= INT32_MAX)
    ok = ok && TIFFSetField(tif, TIFFTAG_ICCPROFILE, (uint32_t)m->icc.size, m->icc.data);
  if (m->xmp.size && m->xmp.size <= INT32_MAX)
    ok = ok && TIFFSetField(tif, TIFFTAG_XMLPACKET, (uint32_t)m->xmp.size, m->xmp.data);
  int turn = ci_exif_orientation(&m->exif);
  if (turn != 1) ok = ok && TIFFSetField(tif, TIFFTAG_ORIENTATION, turn);
  if (m->dpi_x > 0 && m->dpi_y > 0)
    ok = ok && TIFFSetField(tif, TIFFTAG_RESOLUTIONUNIT, m->dpi_is_aspect ? RESUNIT_NONE : RESUNIT_INCH) &&
         TIFFSetField(tif, TIFFTAG_XRESOLUTION, m->dpi_x) && TIFFSetField(tif, TIFFTAG_YRESOLUTION, m->dpi_y);
  return ok;
}

/* libtiff goes back to the head of its file: a file at its beginning, not a pipe, not one that is appended to. */
static bool can_go_back(FILE *file) {
  int flags = fcntl(fileno(file), F_GETFL);
  return flags >= 0 && (flags & O_ACCMODE) == O_RDWR && !(flags & O_APPEND) && ftello(file) == 0 &&
         fseeko(file, 0, SEEK_END) == 0 && ftello(file) == 0;
}

static bool must_be_wide(const ci_write_job *job) {
  uint64_t bytes = (uint64_t)ci_row_bytes(&job->format) * job->format.height;
  return bytes + job->meta->icc.size + job->meta->xmp.size + job->meta->exif.size > CLASSIC_BYTES;
}

int ci_tiff_begin(const ci_write_job *job, void **state, cnnimg_error *err) {
  encoder *e = ci_calloc(1, sizeof *e);
  if (e) e->row = ci_calloc(1, ci_row_bytes(&job->format));
  if (!e || !e->row) {
    free(e);
    return ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory for a row", job->name);
  }
  *state = e; /* dropped by the caller, whatever happens */
  e->job = *job;
  char mode[5] = {'w', ci_exif_is_big(&job->meta->exif) ? 'b' : 'l', must_be_wide(job) ? '8' : 0};
  int rc = can_go_back(job->file) ? CNNIMG_OK : ci_spool_stream(&e->aside, err);
  if (rc == CNNIMG_OK) rc = ci_tiff_open_write(&e->t, e->aside ? e->aside : job->file, job->name, mode, err);
  if (rc != CNNIMG_OK) return rc;
  TIFF *tif = e->t.tif;
  if (set_layout(tif, &job->format) && set_compression(tif, job) && set_meta(tif, job->meta))
    return CNNIMG_OK;
  return ci_tiff_failed(&e->t, "its tags cannot be set");
}

int ci_tiff_put(void *state, const void *row, cnnimg_error *err) {
  encoder *e = state;
  e->t.err = err;
  memcpy(e->row, row, ci_row_bytes(&e->job.format));
  if (TIFFWriteScanline(e->t.tif, e->row, e->next++, 0) == 1 && e->t.code == CNNIMG_OK) return CNNIMG_OK;
  return ci_tiff_failed(&e->t, "a row cannot be written");
}

/* EXIF behind the pixels, at an even place, and its address into the directory. A BigTIFF's would be other ones. */
static int put_exif(encoder *e, cnnimg_error *err) {
  FILE *file = e->t.file;
  ci_blob bytes;
  uint32_t exif_at, gps_at;
  if (!e->job.meta->exif.size || must_be_wide(&e->job)) return CNNIMG_OK;
  if (!TIFFFlushData(e->t.tif)) return ci_tiff_failed(&e->t, "a row cannot be written");
  off_t at = fseeko(file, 0, SEEK_END) == 0 ? ftello(file) : -1;
  if (at < 0 || ((at & 1) && fputc(0, file) == EOF)) return ci_fail_errno(err, e->job.name, "cannot write");
  if (ci_exif_relocate(&e->job.meta->exif, (uint32_t)(at + (at & 1)), &bytes, &exif_at, &gps_at) != CNNIMG_OK)
    return ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory for the metadata", e->job.name);
  bool ok = !bytes.size || fwrite(bytes.data, 1, bytes.size, file) == bytes.size;
  free(bytes.data);
  if (!ok) return ci_fail_errno(err, e->job.name, "cannot write");
  if (exif_at) ok = TIFFSetField(e->t.tif, TIFFTAG_EXIFIFD, (uint64_t)exif_at);
  if (ok && gps_at) ok = TIFFSetField(e->t.tif, TIFFTAG_GPSIFD, (uint64_t)gps_at);
  return ok ? CNNIMG_OK : ci_tiff_failed(&e->t, "EXIF cannot be set");
}

static int copy_aside(encoder *e, cnnimg_error *err) {
  uint8_t block[65536];
  size_t n;
  if (fflush(e->aside) != 0 || fseeko(e->aside, 0, SEEK_SET) != 0)
    return ci_fail_errno(err, "temporary file", "cannot write");
  while ((n = fread(block, 1, sizeof block, e->aside)) > 0)
    if (fwrite(block, 1, n, e->job.file) != n) return ci_fail_errno(err, e->job.name, "cannot write");
  return ferror(e->aside) ? ci_fail_errno(err, "temporary file", "cannot read") : CNNIMG_OK;
}

int ci_tiff_end(void *state, cnnimg_error *err) {
  encoder *e = state;
  e->t.err = err;
  int rc = put_exif(e, err);
  if (rc != CNNIMG_OK) return rc;
  if (!TIFFWriteDirectory(e->t.tif) || e->t.code != CNNIMG_OK)
    return ci_tiff_failed(&e->t, "its directory cannot be written");
  if (e->aside) rc = copy_aside(e, err);
  if (rc != CNNIMG_OK) return rc;
  return fflush(e->job.file) == 0 ? CNNIMG_OK : ci_fail_errno(err, e->job.name, "cannot write");
}
