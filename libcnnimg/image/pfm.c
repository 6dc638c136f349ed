/* SPDX-License-Identifier: MIT */
/* pfm.c - PFM: float samples, bottom row first, either byte order; values are not touched */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/spool.h"
#include "image/pnm.h"

#define SPOOL_MEMORY ((size_t)64 << 20)

/* ---- reading ---- */
typedef struct decoder {
  const char *name;
  const uint8_t *last; /* the file's last row, which is the picture's first */
  size_t samples;      /* a row */
  bool big;
} decoder;

static int bid(const uint8_t *head, size_t size) {
  return size >= 3 && head[0] == 'P' && (head[1] == 'F' || head[1] == 'f') &&
         (head[2] == '\n' || head[2] == '\r' || head[2] == ' ');
}

/* The third word is a scale: its sign says the byte order, its size is ignored, as nearly all programs do. */
static bool read_header(ci_cursor *c, uint64_t *width, uint64_t *height, bool *big) {
  char word[32];
  if (!ci_pnm_number(c, UINT32_MAX, width) || !ci_pnm_number(c, UINT32_MAX, height)) return false;
  if (!ci_pnm_word(c, word, sizeof word)) return false;
  const char *digits = word + (word[0] == '-' || word[0] == '+');
  *big = word[0] != '-';
  size_t n = strspn(digits, "0123456789.eE+-");
  return n > 0 && digits[n] == 0 && strpbrk(digits, "123456789");
}

static int open_pfm(const ci_source *src, const ci_limits *limits, cnnimg_info *info, ci_meta *meta,
                    void **state, cnnimg_error *err) {
  (void)meta; /* it carries none */
  ci_cursor c = ci_cursor_make(src->data + 2, src->size - 2);
  uint64_t width, height;
  size_t samples, row, all, colours = src->data[1] == 'F' ? 3 : 1;
  bool big;
  if (!read_header(&c, &width, &height, &big))
    return ci_fail(err, CNNIMG_CORRUPT, "%s: the PFM header is damaged or cut off", src->name);
  int rc = ci_limits_check(limits, src->name, width, height, err);
  if (rc != CNNIMG_OK) return rc;
  if (!ci_mul((size_t)width, colours, &samples) || !ci_mul(samples, sizeof(float), &row) ||
      !ci_mul(row, (size_t)height, &all) || all > ci_cursor_left(&c))
    return ci_fail(err, CNNIMG_CORRUPT, "%s: ends after %zu bytes of pixels, %llux%llu need more", src->name,
                   ci_cursor_left(&c), (unsigned long long)width, (unsigned long long)height);
  decoder *d = ci_calloc(1, sizeof *d);
  if (!d) return ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory", src->name);
  *d = (decoder){src->name, c.p + (all - row), samples, big};
  info->format = (cnnimg_format){
      .width = (uint32_t)width, .height = (uint32_t)height, .colours = (uint8_t)colours, .sample = CNNIMG_F32};
  info->bits = 32;
  *state = d;
  return CNNIMG_OK;
}

static int row_pfm(void *state, void *row, cnnimg_error *err) {
  decoder *d = state;
  ci_cursor c = ci_cursor_make(d->last, d->samples * sizeof(float));
  uint32_t *bits = row;
  for (size_t i = 0; i < d->samples; i++) bits[i] = ci_cursor_u32(&c, d->big);
  d->last -= d->samples * sizeof(float);
  (void)err;
  return CNNIMG_OK;
}

static void close_pfm(void *state) { free(state); }

/* ---- writing ---- */
typedef struct encoder {
  ci_write_job job;
  off_t start;     /* of the pixels in a file that can be sought; else -1 */
  ci_spool *spool; /* then the rows wait here */
  uint32_t next;
  uint8_t *line;
} encoder;

static void drop(void *state) {
  encoder *e = state;
  if (!e) return;
  ci_spool_free(e->spool);
  free(e->line);
  free(e);
}

/* Where the pixels begin, if rows can be written in any order: not to a pipe, not when appending. */
static off_t seekable_start(FILE *file) {
  int flags = fcntl(fileno(file), F_GETFL);
  if (flags < 0 || (flags & O_APPEND) || fflush(file) != 0) return -1;
  return ftello(file);
}

static int begin(const ci_write_job *job, void **state, cnnimg_error *err) {
  const cnnimg_format *f = &job->format;
  char text[64];
  encoder *e = ci_calloc(1, sizeof *e);
  if (e) e->line = ci_calloc(1, ci_row_bytes(f));
  if (!e || !e->line) {
    drop(e);
    return ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory for a row", job->name);
  }
  *state = e;
  e->job = *job;
  snprintf(text, sizeof text, "P%c\n%u %u\n-1.0\n", f->colours == 3 ? 'F' : 'f', f->width, f->height);
  int rc = ci_pnm_write(job, text, strlen(text), err);
  if (rc != CNNIMG_OK) return rc;
  e->start = seekable_start(job->file);
  return e->start >= 0 ? CNNIMG_OK : ci_spool_new(&e->spool, f->height, ci_row_bytes(f), SPOOL_MEMORY, err);
}

static int put(void *state, const void *row, cnnimg_error *err) {
  encoder *e = state;
  const uint32_t *v = row;
  size_t bytes = ci_row_bytes(&e->job.format);
  uint32_t y = e->job.format.height - 1 - e->next++; /* as the file counts */
  for (size_t i = 0; i < bytes; i++) e->line[i] = (uint8_t)(v[i / 4] >> 8 * (i % 4));
  if (e->spool) return ci_spool_put(e->spool, y, e->line, err);
  if (fseeko(e->job.file, e->start + (off_t)(y * bytes), SEEK_SET) != 0)
    return ci_fail_errno(err, e->job.name, "cannot write");
  return ci_pnm_write(&e->job, e->line, bytes, err);
}

static int end(void *state, cnnimg_error *err) {
  encoder *e = state;
  size_t bytes = ci_row_bytes(&e->job.format);
  int rc = CNNIMG_OK;
  for (uint32_t y = 0; e->spool && rc == CNNIMG_OK && y < e->job.format.height; y++) {
    rc = ci_spool_get(e->spool, y, 0, bytes, e->line, err);
    if (rc == CNNIMG_OK) rc = ci_pnm_write(&e->job, e->line, bytes, err);
  }
  if (rc != CNNIMG_OK) return rc;
  if (!e->spool && fseeko(e->job.file, 0, SEEK_END) != 0)
    return ci_fail_errno(err, e->job.name, "cannot write");
  return fflush(e->job.file) == 0 ? CNNIMG_OK : ci_fail_errno(err, e->job.name, "cannot write");
}

extern const ci_codec ci_codec_pfm;
const ci_codec ci_codec_pfm = {.name = "pfm",
                               .suffixes = "pfm",
                               .word = "pfm",
                               .max_dimension = UINT32_MAX,
                               .samples = CNNIMG_F32,
                               .bid = bid,
                               .open = open_pfm,
                               .row = row_pfm,
                               .close = close_pfm,
                               .begin = begin,
                               .put = put,
                               .end = end,
                               .drop = drop};
