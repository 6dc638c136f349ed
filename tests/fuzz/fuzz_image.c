/* SPDX-License-Identifier: MIT */
/* fuzz_image.c - any bytes as a picture: read it all, write it again
 *
 * clang -fsanitize=fuzzer,address,undefined -Ilibcnnimg tests/fuzz/fuzz_image.c libcnnimg/image/[a-z]*.c \
 *   libcnnimg/base/{error,memory,cursor,source,spool,newfile}.c -lpng -ljpeg -lm && ./a.out corpus tests/image/data
 */
#include <stdlib.h>
#include <string.h>

#include "image/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t room);

static void put_u32(uint8_t *p, uint32_t v) {
  for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static uint32_t crc(const uint8_t *p, size_t n) {
  uint32_t c = ~0u;
  for (size_t i = 0; i < n; i++) {
    c ^= p[i];
    for (int k = 0; k < 8; k++) c = c >> 1 ^ (c & 1 ? 0xedb88320u : 0);
  }
  return ~c;
}

/* Damaged PNG files would all end at their checksums: these are put right, and a lost end is given back. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed) {
  size = LLVMFuzzerMutate(data, size, room);
  if (seed % 8 == 0 || size < 8 || data[0] != 0x89) return size;
  size_t at = 8;
  while (size - at >= 12) {
    size_t n = (size_t)data[at] << 24 | (size_t)data[at + 1] << 16 | (size_t)data[at + 2] << 8 | data[at + 3];
    if (n > size - at - 12) put_u32(data + at, (uint32_t)(n = size - at - 12));
    put_u32(data + at + 8 + n, crc(data + at + 4, n + 4));
    at += n + 12;
  }
  if (room - at < 12) return at;
  static const uint8_t end[12] = {0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xae, 0x42, 0x60, 0x82};
  memcpy(data + at, end, 12);
  return at + 12;
}

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
  static const char *const formats[] = {"png", "jpg", "pam", "pfm", "tiff", "webp"};
  const ci_limits limits = {5000, 200000, (uint64_t)8 << 20};
  cnnimg_write_options o = {sizeof o, formats[size % 6], 0, CNNIMG_KEEP_ALL, 1};
  cnnimg_error err = {0};
  ci_source src;
  ci_reader *r;
  ci_writer *w;
  cnnimg_format f;
  ci_source_memory(&src, data, size, "fuzz");
  const ci_codec *codec = ci_codec_for_name(o.codec);
  if (!codec) codec = ci_codec_for_name(o.codec = "png"); /* built without it */
  if (ci_reader_open_source(&r, src, &limits, 1, &err) != CNNIMG_OK) return 0;
  ci_codec_fit(codec, &ci_reader_info(r)->format, &f);
  if (ci_writer_open(&w, "/dev/null", &f, r, &o, &err) != CNNIMG_OK)
    abort(); /* what was read can be written */
  if (copy_rows(r, w, &f) != CNNIMG_OK) ci_writer_abort(w);
  else if (ci_writer_finish(w, &err) != CNNIMG_OK) abort();
  ci_reader_close(r);
  return 0;
}
