/* SPDX-License-Identifier: MIT */
/* writer.c - a picture file being written beside its place, renamed when it is whole */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/newfile.h"
#include "image/image.h"

#define DEFAULT_QUALITY 95

struct ci_writer {
  const ci_codec *codec;
  void *state; /* of the codec */
  ci_write_job job;
  ci_meta meta;
  ci_newfile out; /* its path is "standard output" where that is meant */
  uint32_t rows;  /* that were put */
  bool broken;    /* a row failed: the file cannot become whole */
};

static int open_stdout(ci_writer *w, cnnimg_error *err) {
  int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
  w->out.file = fd < 0 ? NULL : fdopen(fd, "wb");
  if (w->out.file) return CNNIMG_OK;
  int rc = ci_fail_errno(err, w->out.path, "cannot write");
  if (fd >= 0) close(fd);
  return rc;
}

/* By the option, else by the suffix, else as the source was. */
static int choose_codec(ci_writer *w, const char *path, const ci_reader *from, const cnnimg_write_options *o,
                        cnnimg_error *err) {
  const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
  bool suffix = strcmp(path, "-") != 0 && strchr(base, '.') != NULL;
  const char *word = o->codec ? o->codec : suffix ? path : from ? ci_reader_info(from)->codec : NULL;
  if (!word) return ci_fail(err, CNNIMG_BADARG, "%s: which format shall be written?", path);
  char words[80];
  w->codec = ci_codec_for_name(word);
  if (ci_codec_writes(w->codec)) return CNNIMG_OK;
  ci_codec_words(words, sizeof words);
  return ci_fail(err, CNNIMG_BADARG, "%s: no format that can be written is called so (%s)", word, words);
}

/* What the container cannot hold is said before any work is done. */
static int check_fit(const ci_codec *c, const char *path, const cnnimg_format *f, cnnimg_error *err) {
  cnnimg_format fit;
  if (f->width == 0 || f->height == 0 || (f->colours != 1 && f->colours != 3))
    return ci_fail(err, CNNIMG_BADARG, "%s: %ux%u pixels of %u colours cannot be written", path, f->width,
                   f->height, f->colours);
  int rc = ci_codec_check_size(c, path, f, err);
  if (rc != CNNIMG_OK) return rc;
  if (ci_codec_fit(c, f, &fit))
    return ci_fail(err, CNNIMG_BADARG, "%s: a %s file cannot hold %s", path, c->name,
                   fit.alpha != f->alpha       ? "an alpha channel"
                   : fit.colours != f->colours ? "one colour alone"
                                               : "samples of this kind");
  return CNNIMG_OK;
}

static int fill_job(ci_writer *w, const cnnimg_format *format, const ci_reader *from,
                    const cnnimg_write_options *o, cnnimg_error *err) {
  const cnnimg_info *info = from ? ci_reader_info(from) : NULL;
  if (o->quality < 0 || o->quality > 100)
    return ci_fail(err, CNNIMG_BADARG, "quality %d is not in 1..100", o->quality);
  w->job.format = *format;
  w->job.quality = o->quality;
  w->job.photo = from && ci_reader_is_photo(from);
  w->job.lossless = o->quality == 100 || (o->quality == 0 && (!info || info->lossless));
  if (w->job.quality == 0 && info && info->quality) {
    w->job.quality = info->quality;
    w->job.subsampling = info->subsampling;
  }
  if (w->job.quality == 0) w->job.quality = DEFAULT_QUALITY;
  int rc = from ? ci_meta_copy(&w->meta, ci_reader_meta(from), o->keep) : CNNIMG_OK;
  if (rc == CNNIMG_OK && w->codec->no_texts) rc = ci_exif_add_texts(&w->meta);
  if (rc != CNNIMG_OK)
    return ci_fail(err, CNNIMG_NOMEM, "not enough memory for the metadata");
  /* A picture that was grey and has colours now: viewers refuse the profile, or the whole file. */
  if (format->colours == 3 && ci_icc_is_grey(&w->meta.icc)) (void)ci_blob_set(&w->meta.icc, NULL, 0);
  if (info && (info->format.width != format->width || info->format.height != format->height))
    ci_exif_resize(&w->meta.exif, format->width, format->height);
  w->job.meta = &w->meta;
  return CNNIMG_OK;
}

static int open_all(ci_writer *w, const char *path, const cnnimg_format *format, const ci_reader *from,
                    const cnnimg_write_options *o, cnnimg_error *err) {
  int rc = choose_codec(w, path, from, o, err);
  if (rc == CNNIMG_OK) rc = check_fit(w->codec, path, format, err);
  if (rc == CNNIMG_OK) rc = fill_job(w, format, from, o, err);
  if (rc != CNNIMG_OK) return rc;
  if (strcmp(path, "-") == 0) {
    w->out.path = ci_strdup("standard output");
    rc = w->out.path ? open_stdout(w, err) : ci_fail(err, CNNIMG_NOMEM, "not enough memory");
  } else {
    rc = ci_newfile_open(&w->out, path, !o->overwrite, err);
  }
  if (rc != CNNIMG_OK) return rc;
  w->job.file = w->out.file;
  w->job.name = w->out.path;
  return w->codec->begin(&w->job, &w->state, err);
}

int ci_writer_open(ci_writer **out, const char *path, const cnnimg_format *format, const ci_reader *meta_from,
                   const cnnimg_write_options *options, cnnimg_error *err) {
  *out = NULL;
  ci_writer *w = ci_calloc(1, sizeof *w);
  if (!w) return ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory", path);
  int rc = open_all(w, path, format, meta_from, options, err);
  if (rc == CNNIMG_OK) *out = w;
  else ci_writer_abort(w);
  return rc;
}

int ci_writer_row(ci_writer *w, const void *row, cnnimg_error *err) {
  if (w->rows >= w->job.format.height)
    return ci_fail(err, CNNIMG_BADARG, "%s: all %u rows were written already", w->out.path, w->rows);
  if (w->broken) return ci_fail(err, CNNIMG_IO, "%s: cannot be written any further", w->out.path);
  w->rows++;
  int rc = w->codec->put(w->state, row, err);
  w->broken = rc != CNNIMG_OK;
  return rc;
}

int ci_writer_finish(ci_writer *w, cnnimg_error *err) {
  int rc = CNNIMG_OK;
  if (w->rows != w->job.format.height)
    rc = ci_fail(err, CNNIMG_BADARG, "%s: only %u of %u rows were written", w->out.path, w->rows,
                 w->job.format.height);
  else if (w->broken) rc = ci_fail(err, CNNIMG_IO, "%s: a row could not be written", w->out.path);
  if (rc == CNNIMG_OK) rc = w->codec->end(w->state, err);
  if (rc == CNNIMG_OK) rc = ci_newfile_settle(&w->out, err);
  ci_writer_abort(w); /* frees; nothing is left to throw away after success */
  return rc;
}

void ci_writer_abort(ci_writer *w) {
  if (!w) return;
  if (w->codec && w->state) w->codec->drop(w->state);
  ci_newfile_abort(&w->out);
  ci_meta_clear(&w->meta);
  free(w);
}

const char *ci_writer_temp(const ci_writer *w) { return w->out.temp; }
