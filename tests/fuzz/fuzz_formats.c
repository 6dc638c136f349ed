/* SPDX-License-Identifier: MIT */
/* fuzz_formats.c - libFuzzer over weight files of every format and architecture: load, and ask for which pictures
 *
 * In a folder of its own, with the library as an archive that reports what it covers:
 * ../configure CC=clang --disable-shared CFLAGS='-g -O1 -fsanitize=fuzzer-no-link,address,undefined' && make libcnnimg/libci.la
 * clang -std=gnu11 -g -O1 -D_GNU_SOURCE= -fsanitize=fuzzer,address,undefined -I../libcnnimg ../tests/fuzz/fuzz_formats.c \
 *   libcnnimg/.libs/libci.a -ljansson -lz -lpng -ljpeg -lm -ldl -lpthread, then
 * ./a.out -max_len=20000 -rss_limit_mb=3000 -timeout=20 NEW-FOLDER ../tests/formats/data/FORMAT
 * (Vector kernels take clang many minutes with sanitizers: kernels/libavx2.la and libavx512.la may be made without.)
 * FUZZ_PATH=tests/formats/data/ncnn/NAME.param stands for the path of what is tried, so that second files are found.
 * What a network computes is fuzz_onnx.c's business. */
#include <stdlib.h>
#include <string.h>

#include "archs/weights.h"
#include "tasks/fit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int status, const cnnimg_error *err) {
  if (status && (!err->text[0] || err->code != status)) abort();
}

/* What a session asks before it makes anything: does it lower, at which sizes, what does its card say? */
static void ask(ci_program *p) {
  cnnimg_error err = {0};
  ci_card card;
  int status = ci_card_read(&card, p, &err);
  check(status, &err);
  if (!status) ci_card_fini(&card);
  err = (cnnimg_error){0};
  status = ci_fit_open(p, &err);
  check(status, &err);
  err = (cnnimg_error){0};
  if (!status) check(ci_fit_probe(p, &err), &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  const char *path = getenv("FUZZ_PATH"), *format = NULL;
  ci_source src;
  ci_program *p;
  cnnimg_error err = {0};
  ci_source_memory(&src, bytes, size, "fuzz");
  if (path) src.path = strdup(path);
  int status = ci_weights_load(&src, &p, &format, &err);
  check(status, &err);
  if (!status != (p != NULL)) abort();
  if (p) ask(p);
  ci_program_free(p);
  ci_source_close(&src);
  return 0;
}
