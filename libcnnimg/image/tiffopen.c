/* SPDX-License-Identifier: MIT */
/* tiffopen.c - what libtiff calls to read, write, seek and complain */
#include "image/tiffopen.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

/* ---- complaints: handlers of the handle, not of the process ---- */
static int on_error(TIFF *tif, void *user, const char *module, const char *format, va_list args) {
  ci_tiff *t = user;
  char text[300];
  (void)tif, (void)module;
  if (t->code != CNNIMG_OK) return 1; /* the first one is the cause */
  vsnprintf(text, sizeof text, format, args);
  t->code = ci_fail(t->err, CNNIMG_CORRUPT, "%s: TIFF: %s", t->name, text);
  return 1;
}

static int on_warning(TIFF *tif, void *user, const char *module, const char *format, va_list args) {
  ci_tiff *t = user;
  return t->strict ? on_error(tif, user, module, format, args) : 1;
}

int ci_tiff_failed(ci_tiff *t, const char *what) {
  if (t->code == CNNIMG_OK) t->code = ci_fail(t->err, CNNIMG_CORRUPT, "%s: TIFF: %s", t->name, what);
  return t->code;
}

/* ---- reading: the file lies in memory ---- */
static tmsize_t read_bytes(thandle_t handle, void *to, tmsize_t n) {
  ci_tiff *t = handle;
  uint64_t left = t->at < t->size ? t->size - t->at : 0;
  if (n < 0) return 0;
  if ((uint64_t)n > left) n = (tmsize_t)left;
  memcpy(to, t->data + t->at, (size_t)n);
  t->at += (uint64_t)n;
  return n;
}

static tmsize_t write_nothing(thandle_t handle, void *from, tmsize_t n) {
  (void)handle, (void)from, (void)n;
  return 0;
}

static toff_t seek_bytes(thandle_t handle, toff_t offset, int from) {
  ci_tiff *t = handle;
  t->at = from == SEEK_SET ? offset : from == SEEK_CUR ? t->at + offset : t->size + offset;
  return t->at;
}

static int close_nothing(thandle_t handle) {
  (void)handle;
  return 0;
}

static toff_t size_bytes(thandle_t handle) { return ((ci_tiff *)handle)->size; }

static int map_bytes(thandle_t handle, void **base, toff_t *size) {
  ci_tiff *t = handle;
  *base = (void *)(uintptr_t)t->data; /* it only reads there */
  *size = t->size;
  return 1;
}

static void unmap_nothing(thandle_t handle, void *base, toff_t size) { (void)handle, (void)base, (void)size; }

/* ---- writing ---- */
static tmsize_t read_file(thandle_t handle, void *to, tmsize_t n) {
  ci_tiff *t = handle;
  return n < 0 ? 0 : (tmsize_t)fread(to, 1, (size_t)n, t->file);
}

static tmsize_t write_file(thandle_t handle, void *from, tmsize_t n) {
  ci_tiff *t = handle;
  size_t done = n < 0 ? 0 : fwrite(from, 1, (size_t)n, t->file);
  if (done != (size_t)n && t->code == CNNIMG_OK) t->code = ci_fail_errno(t->err, t->name, "cannot write");
  return (tmsize_t)done;
}

static toff_t seek_file(thandle_t handle, toff_t offset, int from) {
  ci_tiff *t = handle;
  if (fseeko(t->file, (off_t)offset, from) == 0) return (toff_t)ftello(t->file);
  if (t->code == CNNIMG_OK) t->code = ci_fail_errno(t->err, t->name, "cannot write");
  return (toff_t)-1;
}

static toff_t size_file(thandle_t handle) {
  ci_tiff *t = handle;
  off_t here = ftello(t->file), end = fseeko(t->file, 0, SEEK_END) == 0 ? ftello(t->file) : 0;
  fseeko(t->file, here, SEEK_SET);
  return (toff_t)end;
}

static int map_nothing(thandle_t handle, void **base, toff_t *size) {
  (void)handle, (void)base, (void)size;
  return 0;
}

/* ---- both ---- */
static TIFFOpenOptions *options_for(ci_tiff *t, uint64_t most) {
  TIFFOpenOptions *o = TIFFOpenOptionsAlloc();
  if (!o) return NULL;
  TIFFOpenOptionsSetErrorHandlerExtR(o, on_error, t);
  TIFFOpenOptionsSetWarningHandlerExtR(o, on_warning, t);
  if (most) TIFFOpenOptionsSetMaxSingleMemAlloc(o, most < INT64_MAX ? (tmsize_t)most : INT64_MAX);
  return o;
}

int ci_tiff_open_read(ci_tiff *t, const ci_source *src, uint64_t most, cnnimg_error *err) {
  *t = (ci_tiff){.name = src->name, .err = err, .data = src->data, .size = src->size};
  TIFFOpenOptions *o = options_for(t, most);
  if (!o) return ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory", src->name);
  t->tif = TIFFClientOpenExt(src->name, "rM", t, read_bytes, write_nothing, seek_bytes, close_nothing,
                             size_bytes, map_bytes, unmap_nothing, o);
  TIFFOpenOptionsFree(o);
  return t->tif ? CNNIMG_OK : ci_tiff_failed(t, "cannot be opened");
}

int ci_tiff_open_write(ci_tiff *t, FILE *file, const char *name, const char *mode, cnnimg_error *err) {
  *t = (ci_tiff){.name = name, .err = err, .file = file};
  TIFFOpenOptions *o = options_for(t, 0);
  if (!o) return ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory", name);
  t->tif = TIFFClientOpenExt(name, mode, t, read_file, write_file, seek_file, close_nothing, size_file,
                             map_nothing, unmap_nothing, o);
  TIFFOpenOptionsFree(o);
  return t->tif ? CNNIMG_OK : ci_tiff_failed(t, "cannot be started");
}

void ci_tiff_close(ci_tiff *t) {
  if (t->tif) TIFFCleanup(t->tif);
  t->tif = NULL;
}
