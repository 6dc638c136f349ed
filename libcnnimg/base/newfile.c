/* SPDX-License-Identifier: MIT */
/* newfile.c - a file that grows beside its place and gets its name when it is whole */
#include "base/newfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

#define NAME_ROOM 200 /* bytes of the target's name in the temporary one: names end at 255 */
#define TRIES 100

/* Only differs from try to try; O_EXCL does the rest. */
static unsigned long long scramble(unsigned attempt) {
  struct timespec now = {0};
  clock_gettime(CLOCK_REALTIME, &now);
  unsigned long long x = (unsigned long long)now.tv_nsec + (unsigned long long)now.tv_sec * 1000000007ull;
  x ^= (unsigned long long)getpid() << 32 ^ attempt * 0x9e3779b97f4a7c15ull;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
  return (x ^ x >> 27) & 0xffffffffffull;
}

/* A new file beside the target. open() and not mkstemp(), for the permissions that the umask leaves. */
static int open_temp(ci_newfile *f, cnnimg_error *err) {
  const char *slash = strrchr(f->path, '/'), *base = slash ? slash + 1 : f->path;
  size_t room = strlen(f->path) + 40;
  f->temp = ci_calloc(1, room);
  if (!f->temp) return ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory", f->path);
  int fd = -1;
  for (unsigned i = 0; fd < 0 && i < TRIES; i++) {
    snprintf(f->temp, room, "%.*s.%.*s.cnnimg-%010llx", (int)(base - f->path), f->path, NAME_ROOM, base,
             scramble(i));
    fd = open(f->temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 && errno != EEXIST) break;
  }
  f->file = fd < 0 ? NULL : fdopen(fd, "w+b");
  if (f->file) return CNNIMG_OK;
  int rc = ci_fail_errno(err, f->path, "cannot write there");
  if (fd >= 0) {
    close(fd);
    unlink(f->temp);
  }
  free(f->temp);
  f->temp = NULL;
  return rc;
}

/* /dev/null, /dev/stdout, a named pipe: nothing to rename. */
static int open_straight(ci_newfile *f, cnnimg_error *err) {
  f->file = fopen(f->path, "wbe");
  return f->file ? CNNIMG_OK : ci_fail_errno(err, f->path, "cannot write");
}

/* A link's target is what gets replaced, not the link. */
static int resolve(ci_newfile *f, const char *path, cnnimg_error *err) {
  char *real = realpath(path, NULL);
  f->path = real ? ci_strdup(real) : ci_strdup(path);
  free(real);
  return f->path ? CNNIMG_OK : ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory", path);
}

/* Nothing is there. What rename() would stumble over is found before any work is done. */
static int open_new(ci_newfile *f, const char *path, cnnimg_error *err) {
  struct stat st;
  if (errno != ENOENT) return ci_fail_errno(err, path, "cannot write there");
  if (lstat(path, &st) == 0) return ci_fail(err, CNNIMG_IO, "%s: is a link to nowhere", path);
  f->path = ci_strdup(path);
  return f->path ? open_temp(f, err) : ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory", path);
}

static int open_file(ci_newfile *f, const char *path, cnnimg_error *err) {
  struct stat st;
  if (stat(path, &st) != 0) return open_new(f, path, err);
  if (S_ISDIR(st.st_mode)) return ci_fail(err, CNNIMG_IO, "%s: is a folder, not a file", path);
  int rc = resolve(f, path, err);
  if (rc != CNNIMG_OK) return rc;
  if (!S_ISREG(st.st_mode)) return open_straight(f, err);
  if (f->keep_existing) return ci_fail(err, CNNIMG_IO, "%s: exists already", path);
  if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0) /* rename() asks the folder only */
    return ci_fail_errno(err, path, "cannot be replaced");
  rc = open_temp(f, err);
  if (rc == CNNIMG_OK && fchmod(fileno(f->file), st.st_mode & 0777) != 0)
    rc = ci_fail_errno(err, path, "cannot keep its permissions");
  return rc;
}

int ci_newfile_open(ci_newfile *f, const char *path, bool keep_existing, cnnimg_error *err) {
  *f = (ci_newfile){.keep_existing = keep_existing};
  int rc = open_file(f, path, err);
  if (rc != CNNIMG_OK) ci_newfile_abort(f);
  return rc;
}

/* link() fails where rename() would replace. */
static int give_name(ci_newfile *f, cnnimg_error *err) {
  if (f->keep_existing && link(f->temp, f->path) == 0) {
    unlink(f->temp);
  } else if (f->keep_existing && errno == EEXIST) {
    return ci_fail(err, CNNIMG_IO, "%s: exists already", f->path);
  } else if (rename(f->temp, f->path) != 0) {
    return ci_fail_errno(err, f->path, "cannot rename");
  }
  free(f->temp);
  f->temp = NULL;
  return CNNIMG_OK;
}

int ci_newfile_settle(ci_newfile *f, cnnimg_error *err) {
  if (fflush(f->file) != 0) return ci_fail_errno(err, f->path, "cannot write");
  if (f->temp && fsync(fileno(f->file)) != 0) return ci_fail_errno(err, f->path, "cannot write");
  FILE *file = f->file;
  f->file = NULL;
  if (fclose(file) != 0) return ci_fail_errno(err, f->path, "cannot write");
  return f->temp ? give_name(f, err) : CNNIMG_OK;
}

void ci_newfile_abort(ci_newfile *f) {
  if (f->file) fclose(f->file);
  if (f->temp) unlink(f->temp);
  free(f->temp);
  free(f->path);
  *f = (ci_newfile){0};
}
