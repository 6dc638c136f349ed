/* SPDX-License-Identifier: MIT */
/* format.h - weight files: told by their bytes, read into a program */
#ifndef CI_FORMAT_H
#define CI_FORMAT_H

#include "base/source.h"
#include "net/program.h"

typedef struct ci_format {
  const char *name; /* "onnx" */
  /* 0..100: how sure this format is that the bytes are its own. Reads at most what is there. */
  int (*bid)(const uint8_t *data, size_t size);
  /* A new program (finished). The bytes outlive it: weights may point into them. */
  int (*load)(const ci_source *src, ci_program **out, cnnimg_error *err);
} ci_format;

extern const ci_format *const ci_formats[]; /* NULL-terminated, from formats.inc */
/* The best bid loads. Unknown bytes are CNNIMG_UNSUPPORTED, with what was seen. */
int ci_format_load(const ci_source *src, ci_program **out, const char **format_name, cnnimg_error *err);

#endif
