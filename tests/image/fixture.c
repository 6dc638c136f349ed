/* SPDX-License-Identifier: MIT */
/* fixture.c - the list of small pictures, and help to read and write them */
#include "fixture.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const ci_limits roomy = {1000000, 1u << 31, (uint64_t)1 << 30};

static char scratch[64];

const char *data_path(const char *name) {
  static char path[4096];
  const char *top = getenv("abs_top_srcdir");
  snprintf(path, sizeof path, "%s/tests/image/data/%s", top ? top : ".", name);
  return path;
}

uint8_t *data_file(const char *name, size_t *size) {
  FILE *f = fopen(data_path(name), "rb");
  if (!f) fail_msg("cannot open %s", data_path(name));
  fseek(f, 0, SEEK_END);
  *size = (size_t)ftell(f);
  rewind(f);
  uint8_t *data = malloc(*size + 1);
  assert_non_null(data);
  assert_int_equal(fread(data, 1, *size, f), *size);
  fclose(f);
  return data;
}

const char *missing_for(const char *name) {
  const char *dot = strrchr(name, '.');
  if (!CNNIMG_WEBP && dot && strcmp(dot, ".webp") == 0) return "libwebp";
  if (!CNNIMG_TIFF && dot && strcmp(dot, ".tif") == 0) return "libtiff";
  if (!CNNIMG_LCMS2 && strncmp(name, "cmyk", 4) == 0 && strcmp(name, "cmyk.jpg") != 0) return "lcms2";
  return NULL;
}

size_t fixtures(fixture list[MAX_FIXTURES]) {
  size_t n = 0, size;
  char *text = (char *)data_file("good.tsv", &size), *save = NULL;
  text[size] = 0;
  for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
    fixture *f = &list[n++];
    assert_true(n < MAX_FIXTURES);
    int fields = sscanf(line, "%63s %7s %u %u %hhu %hhu %hhu %u %u %u %u %u %11s %11s %11s %u %lf", f->name,
                        f->codec, &f->format.width, &f->format.height, &f->format.colours, &f->format.alpha,
                        &f->format.sample, &f->bits, &f->orientation, &f->quality, &f->subsampling,
                        &f->tolerance, f->icc, f->exif, f->xmp, &f->texts, &f->dpi);
    assert_int_equal(fields, 17);
  }
  free(text);
  assert_true(n > 90);
  return n;
}

const char *scratch_path(const char *name) {
  static char paths[4][256];
  static unsigned turn;
  if (!*scratch) {
    strcpy(scratch, "image-test-XXXXXX");
    assert_non_null(mkdtemp(scratch));
  }
  char *path = paths[turn++ % 4];
  snprintf(path, sizeof paths[0], "%s/%s", scratch, name);
  return path;
}

static size_t walk(bool removing) {
  size_t n = 0;
  DIR *d = *scratch ? opendir(scratch) : NULL;
  for (struct dirent *e; d && (e = readdir(d));) {
    if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
    n++;
    if (removing) unlink(scratch_path(e->d_name));
  }
  if (d) closedir(d);
  return n;
}

size_t scratch_count(void) { return walk(false); }

void scratch_remove(void) {
  walk(true);
  if (*scratch) rmdir(scratch);
  *scratch = 0;
}

bool same_format(const cnnimg_format *a, const cnnimg_format *b) {
  return a->width == b->width && a->height == b->height && a->colours == b->colours && a->alpha == b->alpha &&
         a->sample == b->sample;
}

void crc_text(const ci_blob *b, char out[12]) {
  uint32_t crc = ~0u;
  for (size_t i = 0; i < b->size; i++) {
    crc ^= b->data[i];
    for (int k = 0; k < 8; k++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
  }
  snprintf(out, 12, b->size ? "%08x" : "-", ~crc);
}

static int read_all(ci_reader *r, uint8_t **pixels, cnnimg_error *err) {
  const cnnimg_format *f = &ci_reader_info(r)->format;
  size_t row = ci_row_bytes(f);
  int rc = CNNIMG_OK;
  *pixels = malloc(row * f->height);
  assert_non_null(*pixels);
  for (uint32_t y = 0; rc == CNNIMG_OK && y < f->height; y++) rc = ci_reader_row(r, *pixels + y * row, err);
  if (rc == CNNIMG_OK) assert_int_equal(ci_reader_row(r, *pixels, NULL), CNNIMG_BADARG); /* no more of them */
  if (rc != CNNIMG_OK) {
    free(*pixels);
    *pixels = NULL;
  }
  return rc;
}

int decode(const void *data, size_t size, const char *name, const ci_limits *limits, cnnimg_info *info,
           uint8_t **pixels, cnnimg_error *err) {
  ci_source src;
  ci_reader *r = NULL;
  ci_source_memory(&src, data, size, name);
  *pixels = NULL;
  int rc = ci_reader_open_source(&r, src, limits, 1, err);
  if (rc != CNNIMG_OK) {
    assert_null(r);
    return rc;
  }
  *info = *ci_reader_info(r);
  rc = read_all(r, pixels, err);
  ci_reader_close(r);
  return rc;
}

int decode_path(const char *path, cnnimg_info *info, uint8_t **pixels, cnnimg_error *err) {
  ci_reader *r = NULL;
  *pixels = NULL;
  int rc = ci_reader_open(&r, path, &roomy, 1, err);
  if (rc != CNNIMG_OK) return rc;
  *info = *ci_reader_info(r);
  rc = read_all(r, pixels, err);
  ci_reader_close(r);
  return rc;
}
