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
  int kind;   /* private: how to give it back */
} ci_source;

/* path "-" reads standard input to its end (at most `limit` bytes, else CNNIMG_LIMIT).
 * Regular files are mapped read-only and private; a folder or a device is refused with a sentence. */
int ci_source_open(ci_source *s, const char *path, size_t limit, cnnimg_error *err);
void ci_source_memory(ci_source *s, const void *data, size_t size, const char *name);
void ci_source_close(ci_source *s);

#endif
