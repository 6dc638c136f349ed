/* SPDX-License-Identifier: MIT */
/* format.c - the auction: every format looks at the bytes, the one that is surest reads them */
#include "formats/format.h"

#include <stdio.h>

#include "base/error.h"

#define CI_FORMAT(id) extern const ci_format ci_format_##id;
#include "formats/formats.inc"
#undef CI_FORMAT

const ci_format *const ci_formats[] = {
#define CI_FORMAT(id) &ci_format_##id,
#include "formats/formats.inc"
#undef CI_FORMAT
    NULL};

/* The first bytes in hexadecimal, for the sentence about unknown ones. */
static void describe(const ci_source *src, char *text, size_t room) {
  size_t n = src->size < 8 ? src->size : 8, at = 0;
  for (size_t i = 0; i < n; i++) at += (size_t)snprintf(text + at, room - at, " %02x", src->data[i]);
}

void ci_loaded_free(ci_loaded *l) {
  ci_program_free(l->program);
  ci_store_free(l->store);
  *l = (ci_loaded){0};
}

int ci_format_load(const ci_source *src, ci_loaded *out, const char **format_name, cnnimg_error *err) {
  const ci_format *best = NULL;
  int most = 0;
  *out = (ci_loaded){0};
  for (size_t i = 0; ci_formats[i]; i++) {
    int bid = src->size ? ci_formats[i]->bid(src->data, src->size) : 0;
    if (bid > most) best = ci_formats[i], most = bid;
  }
  if (best) {
    if (format_name) *format_name = best->name;
    return best->load(src, out, err);
  }
  char seen[32] = "";
  describe(src, seen, sizeof seen);
  if (!src->size) return ci_fail(err, CNNIMG_CORRUPT, "%s: the weight file is empty", src->name);
  return ci_fail(err, CNNIMG_UNSUPPORTED, "%s: not a weight file that is known; it starts with the bytes%s",
                 src->name, seen);
}
