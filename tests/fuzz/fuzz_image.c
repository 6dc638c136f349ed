/* SPDX-License-Identifier: MIT */
/* fuzz_image.c - any bytes as a picture: read it all, write it again
 *
 * clang -fsanitize=fuzzer,address,undefined -Ilibcnnimg tests/fuzz/fuzz_image.c libcnnimg/image/[a-z]*.c \
 *   libcnnimg/base/{error,memory,cursor,source,spool}.c -lpng -ljpeg -lm && ./a.out corpus tests/image/data
 */
#include <stdlib.h>

#include "image/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int copy_rows(ci_reader *r, ci_writer *w, const cnnimg_format *to) {
  const cnnimg_format *from = &ci_reader_info(r)->format;
  void *a = malloc(ci_row_bytes(from)), *b = malloc(ci_row_bytes(to));
  int rc = a && b ? CNNIMG_OK : CNNIMG_NOMEM;
  for (uint32_t y = 0; rc == CNNIMG_OK && y < from->height; y++) {
    rc = ci_reader_row(r, a, NULL);
    if (rc != CNNIMG_OK) break;
    ci_convert_row(from, a, to, b);
    rc = ci_writer_row(w, b, NULL);
  }
  free(a);
  free(b);
  return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const formats[] = {"png", "jpg", "pam", "pfm"};
  const ci_limits limits = {5000, 200000, (uint64_t)8 << 20};
  cnnimg_write_options o = {sizeof o, formats[size % 4], 0, CNNIMG_KEEP_ALL, 1};
  cnnimg_error err = {0};
  ci_source src;
  ci_reader *r;
  ci_writer *w;
  cnnimg_format f;
  ci_source_memory(&src, data, size, "fuzz");
  if (ci_reader_open_source(&r, src, &limits, 1, &err) != CNNIMG_OK) return 0;
  ci_codec_fit(ci_codec_for_name(o.codec), &ci_reader_info(r)->format, &f);
  if (ci_writer_open(&w, "/dev/null", &f, r, &o, &err) != CNNIMG_OK)
    abort(); /* what was read can be written */
  if (copy_rows(r, w, &f) != CNNIMG_OK) ci_writer_abort(w);
  else if (ci_writer_finish(w, &err) != CNNIMG_OK) abort();
  ci_reader_close(r);
  return 0;
}
