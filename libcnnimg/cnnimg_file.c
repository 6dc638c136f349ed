/* SPDX-License-Identifier: MIT */
/* cnnimg_file.c - picture files behind the public door: readers, writers, conversion of rows */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cnnimg_private.h"

struct cnnimg_reader {
  ci_reader *file;
};

struct cnnimg_writer {
  ci_writer *file;
  cnnimg_format given, stored; /* rows as they come, and as the codec takes them */
  uint8_t *row;                /* NULL: the same */
};

int cnnimg_reader_open(cnnimg_context *context, const char *path, int rotate, cnnimg_reader **out,
                       cnnimg_error *err) {
  const ci_limits limits = ci_context_limits(context);
  *out = NULL;
  cnnimg_reader *r = ci_calloc(1, sizeof *r);
  if (!r) return ci_fail(err, CNNIMG_NOMEM, "%s: no memory for a reader", path);
  int status = ci_reader_open(&r->file, path, &limits, rotate, err);
  if (status) free(r);
  else *out = r;
  return status;
}

const cnnimg_info *cnnimg_reader_info(const cnnimg_reader *r) { return ci_reader_info(r->file); }
int cnnimg_reader_row(cnnimg_reader *r, void *row, cnnimg_error *err) {
  return ci_reader_row(r->file, row, err);
}

void cnnimg_reader_close(cnnimg_reader *r) {
  if (!r) return;
  ci_reader_close(r->file);
  free(r);
}

void cnnimg_write_options_init(cnnimg_write_options *o) {
  *o = (cnnimg_write_options){.struct_size = sizeof *o, .keep = CNNIMG_KEEP_ALL, .overwrite = 1};
}

static int read_options(cnnimg_write_options *to, const cnnimg_write_options *from, cnnimg_error *err) {
  cnnimg_write_options_init(to);
  if (!from) return CNNIMG_OK;
  if (from->struct_size == 0)
    return ci_fail(err, CNNIMG_BADARG, "cnnimg_write_options_init() was not called");
  memcpy(to, from, from->struct_size < sizeof *to ? from->struct_size : sizeof *to);
  to->struct_size = sizeof *to;
  return CNNIMG_OK;
}

/* Does the last part of the path have a suffix? */
static bool has_suffix(const char *path) {
  const char *name = strrchr(path, '/');
  const char *dot = strrchr(name ? name : path, '.');
  return dot && dot[1] && dot != path && dot[-1] != '/';
}

/* What is asked for, what the name says; what the source was, for a name without suffix. */
static const ci_codec *choose_codec(const char *path, const cnnimg_reader *meta_from,
                                    const cnnimg_write_options *o) {
  if (o->codec) return ci_codec_for_name(o->codec);
  if (has_suffix(path) || !meta_from) return ci_codec_for_name(path);
  return ci_codec_for_name(ci_reader_info(meta_from->file)->codec);
}

/* Formats that are compressed as a whole take their memory at the end, when all has been computed: it is judged before. */
static int check_held(const cnnimg_context *context, const ci_codec *codec, const char *path,
                      const cnnimg_format *f, cnnimg_error *err) {
  uint64_t bytes = (uint64_t)f->width * f->height * codec->held,
           limit = context ? ci_context_limits(context).memory : 0;
  if (!limit || bytes <= limit) return CNNIMG_OK;
  return ci_fail(
      err, CNNIMG_LIMIT,
      "%s: to write a %s file of %ux%u pixels takes %llu MiB, more than the memory limit of %llu MiB", path,
      codec->word, f->width, f->height, (unsigned long long)bytes >> 20, (unsigned long long)limit >> 20);
}

static int open_file(cnnimg_writer *w, cnnimg_context *context, const char *path,
                     const cnnimg_reader *meta_from, cnnimg_write_options *o, cnnimg_error *err) {
  const ci_codec *codec = choose_codec(path, meta_from, o);
  if (!ci_codec_writes(codec) && o->codec)
    return ci_fail(err, CNNIMG_BADARG, "%s: no picture format is called %s", path, o->codec);
  if (!ci_codec_writes(codec))
    return ci_fail(err, CNNIMG_BADARG, "%s: its name does not say which picture format to write", path);
  o->codec = codec->name;
  if (ci_codec_fit(codec, &w->given, &w->stored)) {
    w->row = ci_calloc(1, ci_row_bytes(&w->stored));
    if (!w->row) return ci_fail(err, CNNIMG_NOMEM, "%s: no memory for a row", path);
  }
  int status = check_held(context, codec, path, &w->stored, err);
  if (status) return status;
  return ci_writer_open(&w->file, path, &w->stored, meta_from ? meta_from->file : NULL, o, err);
}

int cnnimg_writer_open(cnnimg_context *context, const char *path, const cnnimg_format *format,
                       const cnnimg_reader *meta_from, const cnnimg_write_options *options,
                       cnnimg_writer **out, cnnimg_error *err) {
  cnnimg_write_options o;
  *out = NULL;
  int status = read_options(&o, options, err);
  if (status) return status;
  cnnimg_writer *w = ci_calloc(1, sizeof *w);
  if (!w) return ci_fail(err, CNNIMG_NOMEM, "%s: no memory for a writer", path);
  w->given = *format;
  status = open_file(w, context, path, meta_from, &o, err);
  if (status) cnnimg_writer_abort(w);
  else *out = w;
  return status;
}

int cnnimg_writer_row(cnnimg_writer *w, const void *row, cnnimg_error *err) {
  if (!w->row) return ci_writer_row(w->file, row, err);
  ci_convert_row(&w->given, row, &w->stored, w->row);
  return ci_writer_row(w->file, w->row, err);
}

int cnnimg_writer_finish(cnnimg_writer *w, cnnimg_error *err) {
  int status = ci_writer_finish(w->file, err);
  w->file = NULL;
  cnnimg_writer_abort(w);
  return status;
}

void cnnimg_writer_abort(cnnimg_writer *w) {
  if (!w) return;
  if (w->file) ci_writer_abort(w->file);
  free(w->row);
  free(w);
}

const char *cnnimg_writer_temp(const cnnimg_writer *w) { return ci_writer_temp(w->file); }
int cnnimg_can_write(const char *name) { return ci_codec_writes(ci_codec_for_name(name)); }

const char *cnnimg_codec_word(size_t i) {
  for (const ci_codec *const *c = ci_codecs; *c; c++)
    if (ci_codec_writes(*c) && i-- == 0) return (*c)->word;
  return NULL;
}

int cnnimg_codec_fit(const char *name, const cnnimg_format *given, cnnimg_format *held, cnnimg_error *err) {
  const ci_codec *codec = ci_codec_for_name(name);
  *held = *given;
  if (!ci_codec_writes(codec))
    return ci_fail(err, CNNIMG_BADARG, "%s: no format that can be written is called so", name);
  ci_codec_fit(codec, given, held);
  return ci_codec_check_size(codec, name, given, err);
}

int cnnimg_looks_like_picture(const char *name) {
  const char *dot = strrchr(name, '.');
  return dot && dot[1] && ci_codec_for_name(name) != NULL;
}
