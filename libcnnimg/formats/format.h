/* SPDX-License-Identifier: MIT */
/* format.h - weight files: told by their bytes, read into a program or into named tensors */
#ifndef CI_FORMAT_H
#define CI_FORMAT_H

#include "base/source.h"
#include "net/program.h"
#include "net/store.h"

/* What a file holds: one of the two, the other is NULL. */
typedef struct ci_loaded {
  ci_program *program; /* finished */
  ci_store *store;     /* finished; an architecture (archs/) makes the program */
} ci_loaded;

typedef struct ci_format {
  const char *name; /* "onnx" */
  /* 0..100: how sure this format is that the bytes are its own. Reads at most what is there. */
  int (*bid)(const uint8_t *data, size_t size);
  /* The bytes outlive what is made of them: weights may point into them. Other files that weights point into are kept by
   * it (ci_keep). Errors name the file. On failure both are NULL. */
  int (*load)(const ci_source *src, ci_loaded *out, cnnimg_error *err);
} ci_format;

extern const ci_format *const ci_formats[]; /* NULL-terminated, from formats.inc */
/* The best bid loads. Unknown bytes are CNNIMG_UNSUPPORTED, with what was seen. */
int ci_format_load(const ci_source *src, ci_loaded *out, const char **format_name, cnnimg_error *err);
void ci_loaded_free(ci_loaded *l);

#endif
