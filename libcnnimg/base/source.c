/* SPDX-License-Identifier: MIT */
/* source.c - maps a file, or reads a pipe to its end */
#include "base/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

enum { BORROWED, MAPPED, OWNED, WATCHED /* mapped, and its descriptor is kept */ };

#define NEVER_COPIED ((size_t)0)

#define FIRST_CHUNK ((size_t)64 << 10)

/* Reads fd to its end into a growing block; more than limit bytes are refused. */
static int slurp(ci_source *s, int fd, size_t limit, cnnimg_error *err) {
  void *data = NULL;
  size_t size = 0, capacity = 0;
  int rc = CNNIMG_OK;
  for (;;) {
    if (size == capacity && !ci_grow(&data, &capacity, size + FIRST_CHUNK, 1)) {
      rc = ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory for %zu bytes", s->name, size + FIRST_CHUNK);
      break;
    }
    ssize_t n = read(fd, (uint8_t *)data + size, capacity - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) rc = ci_fail_errno(err, s->name, "cannot read");
    if (n <= 0) break;
    size += (size_t)n;
    if (size > limit) {
      rc = ci_fail(err, CNNIMG_LIMIT, "%s: more than %zu bytes, the limit for a pipe", s->name, limit);
      break;
    }
  }
  if (rc != CNNIMG_OK || size == 0) {
    free(data);
    return rc;
  }
  s->data = data, s->size = size, s->kind = OWNED;
  return CNNIMG_OK;
}

static int map(ci_source *s, int fd, off_t length, cnnimg_error *err) {
  if (length == 0) return CNNIMG_OK;
  if ((uintmax_t)length > SIZE_MAX / 2)
    return ci_fail(err, CNNIMG_LIMIT, "%s: %jd bytes are more than this machine can address", s->name,
                   (intmax_t)length);
  void *data = mmap(NULL, (size_t)length, PROT_READ, MAP_PRIVATE, fd, 0);
  if (data == MAP_FAILED) return ci_fail_errno(err, s->name, "cannot map the file");
  s->data = data, s->size = (size_t)length, s->kind = MAPPED;
  return CNNIMG_OK;
}

/* The file's bytes as they are now. What it loses meanwhile is missing at the end, as in any cut file. */
static int copy(ci_source *s, int fd, size_t length, cnnimg_error *err) {
  uint8_t *data = malloc(length);
  size_t size = 0;
  ssize_t n = data ? 1 : 0;
  if (!data) return ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory for %zu bytes", s->name, length);
  while (size < length && n) {
    n = read(fd, data + size, length - size);
    if (n > 0) size += (size_t)n;
    else if (n < 0 && errno != EINTR) break;
  }
  int rc = n < 0 ? ci_fail_errno(err, s->name, "cannot read") : CNNIMG_OK;
  if (rc != CNNIMG_OK || size == 0) {
    free(data);
    return rc;
  }
  s->data = data, s->size = size, s->kind = OWNED;
  return CNNIMG_OK;
}

/* Maps what is too large to be copied; its descriptor stays for ci_source_check(). */
static int copy_or_map(ci_source *s, int fd, off_t length, size_t copied, cnnimg_error *err) {
  if (length > 0 && (uintmax_t)length <= copied) return copy(s, fd, (size_t)length, err);
  int rc = map(s, fd, length, err);
  if (rc != CNNIMG_OK || copied == NEVER_COPIED) return rc;
  s->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (s->fd >= 0) s->kind = WATCHED;
  return s->fd >= 0 ? CNNIMG_OK : ci_fail_errno(err, s->name, "cannot open");
}

int ci_source_check(const ci_source *s, cnnimg_error *err) {
  struct stat st;
  if (s->kind != WATCHED) return CNNIMG_OK;
  if (fstat(s->fd, &st) == 0 && (uintmax_t)st.st_size >= s->size) return CNNIMG_OK;
  return ci_fail(err, CNNIMG_IO, "%s: was shortened while it was read", s->name);
}

/* A sentence for what is neither a file nor a pipe; opening a device could already have effects. */
static int judge_kind(const char *path, const struct stat *st, cnnimg_error *err) {
  if (S_ISDIR(st->st_mode)) return ci_fail(err, CNNIMG_IO, "%s: is a folder, not a file", path);
  if (S_ISREG(st->st_mode) || S_ISFIFO(st->st_mode)) return CNNIMG_OK;
  return ci_fail(err, CNNIMG_IO, "%s: is a device or a socket, not a file", path);
}

static int open_path(ci_source *s, const char *path, size_t limit, size_t copied, cnnimg_error *err) {
  struct stat st;
  if (stat(path, &st) != 0) return ci_fail_errno(err, path, "cannot open");
  int rc = judge_kind(path, &st, err);
  if (rc != CNNIMG_OK) return rc;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return ci_fail_errno(err, path, "cannot open");
  if (fstat(fd, &st) != 0) rc = ci_fail_errno(err, path, "cannot open");
  else if (S_ISREG(st.st_mode) && st.st_size > 0) rc = copy_or_map(s, fd, st.st_size, copied, err);
  else if ((rc = judge_kind(path, &st, err)) == CNNIMG_OK)
    rc = slurp(s, fd, limit, err); /* files of /proc say that they have no bytes */
  close(fd);
  return rc;
}

/* A path of "-" is standard input where that is asked for. */
static int open_named(ci_source *s, const char *path, int is_stdin, size_t limit, size_t copied,
                      cnnimg_error *err) {
  memset(s, 0, sizeof *s);
  s->name = ci_strdup(is_stdin ? "standard input" : path);
  if (!s->name) return ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory", path);
  int rc = is_stdin ? slurp(s, STDIN_FILENO, limit, err) : open_path(s, path, limit, copied, err);
  if (rc == CNNIMG_OK && !is_stdin && !(s->path = ci_strdup(path)))
    rc = ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory", path);
  if (rc != CNNIMG_OK) ci_source_close(s);
  return rc;
}

int ci_source_open(ci_source *s, const char *path, size_t limit, cnnimg_error *err) {
  return open_named(s, path, strcmp(path, "-") == 0, limit, NEVER_COPIED, err);
}

int ci_source_open_changing(ci_source *s, const char *path, size_t limit, size_t copied, cnnimg_error *err) {
  return open_named(s, path, strcmp(path, "-") == 0, limit, copied ? copied : 1, err);
}

/* The first `n` bytes of of's path with `end` behind them; NULL: no memory. */
static char *path_near(const ci_source *of, size_t n, const char *end) {
  char *path = ci_calloc(n + strlen(end) + 1, 1);
  if (!path) return NULL;
  memcpy(path, of->path, n);
  memcpy(path + n, end, strlen(end));
  return path;
}

/* A file called "-" is a file. */
static int open_near(ci_source *s, const ci_source *of, size_t n, const char *end, cnnimg_error *err) {
  char *path = path_near(of, n, end);
  if (!path) return ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory", of->name);
  int rc = open_named(s, path, 0, 0, NEVER_COPIED, err);
  free(path);
  return rc;
}

static int needs_another(const ci_source *of, const char *file, cnnimg_error *err) {
  return ci_fail(err, CNNIMG_UNSUPPORTED, "%s: it needs a second file (%s), so give its path", of->name,
                 file);
}

int ci_source_beside(ci_source *s, const ci_source *of, const char *file, cnnimg_error *err) {
  memset(s, 0, sizeof *s);
  if (!of->path) return needs_another(of, file, err);
  if (!file[0] || strchr(file, '/') || !strcmp(file, "."))
    return ci_fail(err, CNNIMG_CORRUPT, "%s: it names a file in another folder (%s)", of->name, file);
  const char *slash = strrchr(of->path, '/');
  return open_near(s, of, slash ? (size_t)(slash + 1 - of->path) : 0, file, err);
}

int ci_source_sibling(ci_source *s, const ci_source *of, const char *suffix, cnnimg_error *err) {
  memset(s, 0, sizeof *s);
  if (!of->path) return needs_another(of, suffix, err);
  const char *slash = strrchr(of->path, '/'), *dot = strrchr(of->path, '.');
  bool has = dot && dot != of->path && (!slash || dot > slash + 1);
  return open_near(s, of, has ? (size_t)(dot - of->path) : strlen(of->path), suffix, err);
}

int ci_source_appended(ci_source *s, const ci_source *of, const char *end, bool *there, cnnimg_error *err) {
  struct stat st;
  memset(s, 0, sizeof *s);
  *there = false;
  char *path = of->path ? path_near(of, strlen(of->path), end) : NULL;
  if (of->path && !path) return ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory", of->name);
  int rc = CNNIMG_OK;
  if (path && !stat(path, &st)) {
    rc = ci_source_open(s, path, 0, err);
    *there = rc == CNNIMG_OK;
  }
  free(path);
  return rc;
}

void ci_source_memory(ci_source *s, const void *data, size_t size, const char *name) {
  *s = (ci_source){.data = data, .size = size, .name = ci_strdup(name ? name : "memory"), .kind = BORROWED};
}

void ci_source_close(ci_source *s) {
  if (s->kind == WATCHED) close(s->fd);
  if (s->kind == MAPPED || s->kind == WATCHED) munmap((void *)(uintptr_t)s->data, s->size);
  if (s->kind == OWNED) free((void *)(uintptr_t)s->data);
  free(s->name);
  free(s->path);
  memset(s, 0, sizeof *s);
}
