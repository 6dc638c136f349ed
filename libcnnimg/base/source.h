/* SPDX-License-Identifier: MIT */
/* source.h - the bytes of an input: a mapped file, memory, or a pipe read to its end */
#ifndef CI_SOURCE_H
#define CI_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cnnimg.h"

typedef struct ci_source {
  const uint8_t *data; /* size bytes, NULL only when size == 0 */
  size_t size;
  char *name; /* for messages */
  char *path; /* of a file; NULL: a pipe, or memory */
  int kind;   /* private: how to give it back */
  int fd;     /* private: of a mapped file that may change */
} ci_source;

/* path "-" reads standard input to its end (at most `limit` bytes, else CNNIMG_LIMIT).
 * Regular files are mapped read-only and private; a folder or a device is refused with a sentence. */
int ci_source_open(ci_source *s, const char *path, size_t limit, cnnimg_error *err);
/* The same for files that others may still be writing to: up to `copied` bytes are copied, since a mapped file that is
 * shortened ends the program with a signal. Before a larger one is touched again, ci_source_check() looks. */
int ci_source_open_changing(ci_source *s, const char *path, size_t limit, size_t copied, cnnimg_error *err);
/* CNNIMG_IO where the file has been shortened since it was opened; nothing is to be read from it then. */
int ci_source_check(const ci_source *s, cnnimg_error *err);
void ci_source_memory(ci_source *s, const void *data, size_t size, const char *name);
/* A file in the folder of `of`, for formats that are several files: "weights.bin", or, with suffix, the name of `of` with
 * its own suffix replaced (".bin"). Names with a path in them are refused; where `of` is no file, CNNIMG_UNSUPPORTED. */
int ci_source_beside(ci_source *s, const ci_source *of, const char *file, cnnimg_error *err);
int ci_source_sibling(ci_source *s, const ci_source *of, const char *suffix, cnnimg_error *err);
/* The file that is called as `of` with `end` behind its whole name. *there: false where there is none, or `of` is no
 * file: then there is nothing to close. */
int ci_source_appended(ci_source *s, const ci_source *of, const char *end, bool *there, cnnimg_error *err);
void ci_source_close(ci_source *s);

#endif
