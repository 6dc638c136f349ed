/* SPDX-License-Identifier: MIT */
/* spool.c - rows in memory, or in a file without a name that vanishes with the process */
#include "base/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

struct ci_spool {
  uint8_t *memory; /* all rows, or NULL */
  int fd;          /* else this file */
  uint32_t rows;
  size_t row_bytes;
};

/* mkstemp and unlink rather than O_TMPFILE: every file system can do it. */
static int open_file(ci_spool *s, size_t bytes, cnnimg_error *err) {
  const char *folder = getenv("TMPDIR");
  char path[4096];
  if (!folder || !*folder) folder = "/var/tmp";
  int n = snprintf(path, sizeof path, "%s/cnnimg-spool-XXXXXX", folder);
  if (n < 0 || (size_t)n >= sizeof path) return ci_fail(err, CNNIMG_IO, "the path in TMPDIR is too long");
  s->fd = mkstemp(path);
  if (s->fd < 0) return ci_fail_errno(err, folder, "cannot make a temporary file there (TMPDIR)");
  unlink(path);
  fcntl(s->fd, F_SETFD, FD_CLOEXEC);
  if ((off_t)bytes < 0 || (size_t)(off_t)bytes != bytes)
    return ci_fail(err, CNNIMG_LIMIT, "a temporary file cannot hold %zu bytes", bytes);
  if (ftruncate(s->fd, (off_t)bytes) != 0)
    return ci_fail_errno(err, folder, "cannot enlarge a temporary file there (TMPDIR)");
  return CNNIMG_OK;
}

int ci_spool_new(ci_spool **out, uint32_t rows, size_t row_bytes, size_t memory, cnnimg_error *err) {
  size_t bytes;
  *out = NULL;
  if (!ci_mul(rows, row_bytes, &bytes))
    return ci_fail(err, CNNIMG_LIMIT, "%u rows of %zu bytes are too many to keep", rows, row_bytes);
  ci_spool *s = ci_calloc(1, sizeof *s);
  if (!s) return ci_fail(err, CNNIMG_NOMEM, "not enough memory");
  s->fd = -1, s->rows = rows, s->row_bytes = row_bytes;
  if (bytes <= memory) s->memory = ci_calloc(bytes, 1);
  int rc = s->memory ? CNNIMG_OK : open_file(s, bytes, err);
  if (rc != CNNIMG_OK) {
    ci_spool_free(s);
    return rc;
  }
  *out = s;
  return CNNIMG_OK;
}

/* Refuses what lies outside; the callers' arithmetic is then safe. */
static int check(const ci_spool *s, uint32_t row, size_t from, size_t bytes, cnnimg_error *err) {
  if (row < s->rows && from <= s->row_bytes && bytes <= s->row_bytes - from) return CNNIMG_OK;
  return ci_fail(err, CNNIMG_BADARG, "spool: bytes %zu+%zu of row %u lie outside %u rows of %zu bytes", from,
                 bytes, row, s->rows, s->row_bytes);
}

/* Moves all bytes, however the system cuts them up. */
static int move(int fd, uint8_t *data, size_t bytes, off_t at, bool write, cnnimg_error *err) {
  while (bytes) {
    ssize_t n = write ? pwrite(fd, data, bytes, at) : pread(fd, data, bytes, at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ci_fail_errno(err, "temporary file", write ? "cannot write" : "cannot read");
    if (n == 0) return ci_fail(err, CNNIMG_IO, "temporary file: ends too early");
    data += n, bytes -= (size_t)n, at += n;
  }
  return CNNIMG_OK;
}

int ci_spool_patch(ci_spool *s, uint32_t row, size_t from, size_t bytes, const void *data,
                   cnnimg_error *err) {
  int rc = check(s, row, from, bytes, err);
  if (rc != CNNIMG_OK) return rc;
  size_t at = row * s->row_bytes + from;
  if (!s->memory) return move(s->fd, (uint8_t *)(uintptr_t)data, bytes, (off_t)at, true, err);
  memcpy(s->memory + at, data, bytes);
  return CNNIMG_OK;
}

int ci_spool_put(ci_spool *s, uint32_t row, const void *data, cnnimg_error *err) {
  return ci_spool_patch(s, row, 0, s->row_bytes, data, err);
}

int ci_spool_get(const ci_spool *s, uint32_t row, size_t from, size_t bytes, void *out, cnnimg_error *err) {
  int rc = check(s, row, from, bytes, err);
  if (rc != CNNIMG_OK) return rc;
  size_t at = row * s->row_bytes + from;
  if (!s->memory) return move(s->fd, out, bytes, (off_t)at, false, err);
  memcpy(out, s->memory + at, bytes);
  return CNNIMG_OK;
}

void ci_spool_free(ci_spool *s) {
  if (!s) return;
  if (s->fd >= 0) close(s->fd);
  free(s->memory);
  free(s);
}

/* What a full disk does to a mapped file is a signal, so its blocks are asked for first. */
static int map_file(int fd, size_t bytes, void **out, cnnimg_error *err) {
  int code = posix_fallocate(fd, 0, (off_t)bytes);
  if (code) {
    errno = code;
    return ci_fail_errno(err, "temporary file (TMPDIR)", "cannot reserve room");
  }
  *out = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (*out != MAP_FAILED) return CNNIMG_OK;
  *out = NULL;
  return ci_fail_errno(err, "temporary file (TMPDIR)", "cannot map it");
}

int ci_spool_map(size_t bytes, void **out, cnnimg_error *err) {
  ci_spool s = {.fd = -1};
  *out = NULL;
  int status = open_file(&s, bytes, err);
  if (!status) status = map_file(s.fd, bytes, out, err);
  if (s.fd >= 0) close(s.fd);
  return status;
}

int ci_spool_stream(FILE **out, cnnimg_error *err) {
  ci_spool s = {.fd = -1};
  int rc = open_file(&s, 0, err);
  *out = rc == CNNIMG_OK ? fdopen(s.fd, "w+b") : NULL;
  if (rc == CNNIMG_OK && !*out) rc = ci_fail_errno(err, "temporary file", "cannot open");
  if (rc != CNNIMG_OK && s.fd >= 0) close(s.fd);
  return rc;
}
