/* SPDX-License-Identifier: MIT */
/* writer.c - a picture file being written beside its place, renamed when it is whole */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "image/image.h"

#define DEFAULT_QUALITY 95
#define NAME_ROOM 200 /* bytes of the target's name in the temporary one: names end at 255 */
#define TRIES 100

struct ci_writer {
  const ci_codec *codec;
  void *state; /* of the codec */
  ci_write_job job;
  ci_meta meta;
  char *path; /* where it will be, links resolved; or "standard output" */
  char *temp; /* where it grows; NULL: written straight */
  FILE *file;
  uint32_t rows; /* that were put */
  bool keep_existing;
  bool broken; /* a row failed: the file cannot become whole */
};

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
static int open_temp(ci_writer *w, cnnimg_error *err) {
  const char *slash = strrchr(w->path, '/'), *base = slash ? slash + 1 : w->path;
  size_t room = strlen(w->path) + 40;
  w->temp = ci_calloc(1, room);
  if (!w->temp) return ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory", w->path);
  int fd = -1;
  for (unsigned i = 0; fd < 0 && i < TRIES; i++) {
    snprintf(w->temp, room, "%.*s.%.*s.cnnimg-%010llx", (int)(base - w->path), w->path, NAME_ROOM, base,
             scramble(i));
    fd = open(w->temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 && errno != EEXIST) break;
  }
  w->file = fd < 0 ? NULL : fdopen(fd, "w+b");
  if (w->file) return CNNIMG_OK;
  int rc = ci_fail_errno(err, w->path, "cannot write there");
  if (fd >= 0) {
    close(fd);
    unlink(w->temp);
  }
  free(w->temp);
  w->temp = NULL;
  return rc;
}

/* /dev/null, /dev/stdout, a named pipe: nothing to rename. */
static int open_straight(ci_writer *w, cnnimg_error *err) {
  w->file = fopen(w->path, "wbe");
  return w->file ? CNNIMG_OK : ci_fail_errno(err, w->path, "cannot write");
}

static int open_stdout(ci_writer *w, cnnimg_error *err) {
  int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
  w->file = fd < 0 ? NULL : fdopen(fd, "wb");
  if (w->file) return CNNIMG_OK;
  int rc = ci_fail_errno(err, w->path, "cannot write");
  if (fd >= 0) close(fd);
  return rc;
}

/* A link's target is what gets replaced, not the link. */
static int resolve(ci_writer *w, const char *path, cnnimg_error *err) {
  char *real = realpath(path, NULL);
  w->path = real ? ci_strdup(real) : ci_strdup(path);
  free(real);
  return w->path ? CNNIMG_OK : ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory", path);
}

static int open_file(ci_writer *w, const char *path, cnnimg_error *err) {
  struct stat st;
  if (stat(path, &st) != 0) {
    w->path = ci_strdup(path);
    return w->path ? open_temp(w, err) : ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory", path);
  }
  if (S_ISDIR(st.st_mode)) return ci_fail(err, CNNIMG_IO, "%s: is a folder, not a file", path);
  int rc = resolve(w, path, err);
  if (rc != CNNIMG_OK) return rc;
  if (!S_ISREG(st.st_mode)) return open_straight(w, err);
  if (w->keep_existing) return ci_fail(err, CNNIMG_IO, "%s: exists already", path);
  rc = open_temp(w, err);
  if (rc == CNNIMG_OK && fchmod(fileno(w->file), st.st_mode & 0777) != 0)
    rc = ci_fail_errno(err, path, "cannot keep its permissions");
  return rc;
}

/* By the option, else by the suffix, else as the source was. */
static int choose_codec(ci_writer *w, const char *path, const ci_reader *from, const cnnimg_write_options *o,
                        cnnimg_error *err) {
  const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
  bool suffix = strcmp(path, "-") != 0 && strchr(base, '.') != NULL;
  const char *word = o->codec ? o->codec : suffix ? path : from ? ci_reader_info(from)->codec : NULL;
  if (!word) return ci_fail(err, CNNIMG_BADARG, "%s: which format shall be written?", path);
  w->codec = ci_codec_for_name(word);
  if (w->codec) return CNNIMG_OK;
  return ci_fail(err, CNNIMG_BADARG,
                 "%s: no format that can be written is called so (png, jpg, ppm, pam, pfm)", word);
}

/* What the container cannot hold is said before any work is done. */
static int check_fit(const ci_codec *c, const char *path, const cnnimg_format *f, cnnimg_error *err) {
  cnnimg_format fit;
  uint32_t longest = f->width > f->height ? f->width : f->height;
  if (longest == 0 || f->width == 0 || f->height == 0 || (f->colours != 1 && f->colours != 3))
    return ci_fail(err, CNNIMG_BADARG, "%s: %ux%u pixels of %u colours cannot be written", path, f->width,
                   f->height, f->colours);
  if (longest > c->max_dimension)
    return ci_fail(err, CNNIMG_UNSUPPORTED, "%s: %ux%u pixels; a %s file holds at most %u a side", path,
                   f->width, f->height, c->name, c->max_dimension);
  if (ci_codec_fit(c, f, &fit))
    return ci_fail(err, CNNIMG_BADARG, "%s: a %s file cannot hold %s", path, c->name,
                   fit.alpha != f->alpha ? "an alpha channel" : "samples of this kind");
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
  if (w->job.quality == 0 && info && info->quality) {
    w->job.quality = info->quality;
    w->job.subsampling = info->subsampling;
  }
  if (w->job.quality == 0) w->job.quality = DEFAULT_QUALITY;
  if (from && ci_meta_copy(&w->meta, ci_reader_meta(from), o->keep) != CNNIMG_OK)
    return ci_fail(err, CNNIMG_NOMEM, "not enough memory for the metadata");
  w->job.meta = &w->meta;
  return CNNIMG_OK;
}

static int open_all(ci_writer *w, const char *path, const cnnimg_format *format, const ci_reader *from,
                    const cnnimg_write_options *o, cnnimg_error *err) {
  int rc = choose_codec(w, path, from, o, err);
  if (rc == CNNIMG_OK) rc = check_fit(w->codec, path, format, err);
  if (rc == CNNIMG_OK) rc = fill_job(w, format, from, o, err);
  if (rc != CNNIMG_OK) return rc;
  w->keep_existing = !o->overwrite;
  if (strcmp(path, "-") == 0) {
    w->path = ci_strdup("standard output");
    rc = w->path ? open_stdout(w, err) : ci_fail(err, CNNIMG_NOMEM, "not enough memory");
  } else {
    rc = open_file(w, path, err);
  }
  if (rc != CNNIMG_OK) return rc;
  w->job.file = w->file;
  w->job.name = w->path;
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
    return ci_fail(err, CNNIMG_BADARG, "%s: all %u rows were written already", w->path, w->rows);
  if (w->broken) return ci_fail(err, CNNIMG_IO, "%s: cannot be written any further", w->path);
  w->rows++;
  int rc = w->codec->put(w->state, row, err);
  w->broken = rc != CNNIMG_OK;
  return rc;
}

/* To disk, and to its name. link() fails where rename() would replace. */
static int settle(ci_writer *w, cnnimg_error *err) {
  if (fflush(w->file) != 0) return ci_fail_errno(err, w->path, "cannot write");
  if (w->temp && fsync(fileno(w->file)) != 0) return ci_fail_errno(err, w->path, "cannot write");
  FILE *file = w->file;
  w->file = NULL;
  if (fclose(file) != 0) return ci_fail_errno(err, w->path, "cannot write");
  if (!w->temp) return CNNIMG_OK;
  if (w->keep_existing && link(w->temp, w->path) == 0) {
    unlink(w->temp);
  } else if (w->keep_existing && errno == EEXIST) {
    return ci_fail(err, CNNIMG_IO, "%s: exists already", w->path);
  } else if (rename(w->temp, w->path) != 0) {
    return ci_fail_errno(err, w->path, "cannot rename");
  }
  free(w->temp);
  w->temp = NULL;
  return CNNIMG_OK;
}

int ci_writer_finish(ci_writer *w, cnnimg_error *err) {
  int rc = CNNIMG_OK;
  if (w->rows != w->job.format.height)
    rc = ci_fail(err, CNNIMG_BADARG, "%s: only %u of %u rows were written", w->path, w->rows,
                 w->job.format.height);
  else if (w->broken) rc = ci_fail(err, CNNIMG_IO, "%s: a row could not be written", w->path);
  if (rc == CNNIMG_OK) rc = w->codec->end(w->state, err);
  if (rc == CNNIMG_OK) rc = settle(w, err);
  ci_writer_abort(w); /* frees; nothing is left to throw away after success */
  return rc;
}

void ci_writer_abort(ci_writer *w) {
  if (!w) return;
  if (w->codec && w->state) w->codec->drop(w->state);
  if (w->file) fclose(w->file);
  if (w->temp) unlink(w->temp);
  ci_meta_clear(&w->meta);
  free(w->temp);
  free(w->path);
  free(w);
}

const char *ci_writer_temp(const ci_writer *w) { return w->temp; }
