/* SPDX-License-Identifier: MIT */
/* pnm.c - PBM, PGM, PPM (P1..P6) and PAM (P7): read with any maximum, written with 8 or 16 bits */
#include "image/pnm.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

typedef struct decoder {
  const char *name; /* the source's, which lives longer */
  ci_cursor c;      /* at the next sample */
  int kind;         /* 1..7, as after the P */
  uint64_t width, height, depth, max;
  size_t samples; /* a row */
  bool wide;      /* delivered as 16 bits */
} decoder;

static bool is_space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool ci_pnm_word(ci_cursor *c, char *word, size_t size) {
  size_t n = 0;
  uint8_t b = ci_cursor_u8(c);
  while (!c->bad && (is_space(b) || b == '#')) {
    if (b == '#')
      while (!c->bad && b != '\n' && b != '\r') b = ci_cursor_u8(c);
    b = ci_cursor_u8(c);
  }
  while (!c->bad && !is_space(b)) {
    if (n + 1 >= size) return false;
    word[n++] = (char)b;
    if (ci_cursor_left(c) == 0) break; /* the last word of a text file needs no end */
    b = ci_cursor_u8(c);
  }
  word[n] = 0;
  return !c->bad && n > 0;
}

bool ci_pnm_number(ci_cursor *c, uint64_t max, uint64_t *out) {
  char word[24];
  uint64_t v = 0;
  if (!ci_pnm_word(c, word, sizeof word)) return false;
  for (const char *p = word; *p; p++) {
    if (*p < '0' || *p > '9' || v > max / 10) return false;
    v = v * 10 + (uint64_t)(*p - '0');
  }
  *out = v;
  return v <= max;
}

int ci_pnm_write(const ci_write_job *job, const void *data, size_t size, cnnimg_error *err) {
  if (fwrite(data, 1, size, job->file) == size) return CNNIMG_OK;
  return ci_fail_errno(err, job->name, "cannot write");
}

/* ---- reading ---- */
static int bid_ppm(const uint8_t *head, size_t size) {
  return size >= 3 && head[0] == 'P' && head[1] >= '1' && head[1] <= '6' &&
         (is_space(head[2]) || head[2] == '#');
}

static int bid_pam(const uint8_t *head, size_t size) { return size >= 3 && memcmp(head, "P7\n", 3) == 0; }

static bool read_ppm_header(decoder *d) {
  d->depth = d->kind % 3 == 0 ? 3 : 1;
  d->max = 1;
  return ci_pnm_number(&d->c, UINT32_MAX, &d->width) && ci_pnm_number(&d->c, UINT32_MAX, &d->height) &&
         (d->kind % 3 == 1 || ci_pnm_number(&d->c, 65535, &d->max));
}

/* One line of a PAM header; its names may come in any order. */
static bool read_pam_field(decoder *d, const char *word, bool *end) {
  char type[32];
  *end = strcmp(word, "ENDHDR") == 0;
  if (*end) return true;
  if (strcmp(word, "WIDTH") == 0) return ci_pnm_number(&d->c, UINT32_MAX, &d->width);
  if (strcmp(word, "HEIGHT") == 0) return ci_pnm_number(&d->c, UINT32_MAX, &d->height);
  if (strcmp(word, "DEPTH") == 0) return ci_pnm_number(&d->c, UINT32_MAX, &d->depth);
  if (strcmp(word, "MAXVAL") == 0) return ci_pnm_number(&d->c, 65535, &d->max);
  return strcmp(word, "TUPLTYPE") == 0 && ci_pnm_word(&d->c, type, sizeof type); /* the depth says it all */
}

static bool read_pam_header(decoder *d) {
  char word[16];
  bool end = false;
  while (!end)
    if (!ci_pnm_word(&d->c, word, sizeof word) || !read_pam_field(d, word, &end)) return false;
  return true;
}

/* Are all rows there? Then no later step can run out of bytes (text is checked as it is read). */
static int check_length(const decoder *d, cnnimg_error *err) {
  size_t row = d->kind == 4   ? (d->samples + 7) / 8
               : d->kind <= 3 ? d->samples
                              : d->samples * (d->max > 255 ? 2 : 1);
  size_t all, have = ci_cursor_left(&d->c);
  if (ci_mul(row, (size_t)d->height, &all) && all <= have) return CNNIMG_OK;
  return ci_fail(err, CNNIMG_CORRUPT, "%s: ends after %zu bytes of pixels, %llux%llu need more", d->name,
                 have, (unsigned long long)d->width, (unsigned long long)d->height);
}

static int judge(decoder *d, const ci_limits *limits, cnnimg_error *err) {
  int rc = ci_limits_check(limits, d->name, d->width, d->height, err);
  if (rc != CNNIMG_OK) return rc;
  if (d->depth < 1 || d->depth > 4)
    return ci_fail(err, CNNIMG_UNSUPPORTED, "%s: PAM of depth %llu; 1 to 4 are read", d->name,
                   (unsigned long long)d->depth);
  if (d->max == 0) return ci_fail(err, CNNIMG_CORRUPT, "%s: the largest value is 0", d->name);
  if (!ci_mul((size_t)d->width, (size_t)d->depth, &d->samples) || d->samples > SIZE_MAX / 8)
    return ci_fail(err, CNNIMG_LIMIT, "%s: a row is too long", d->name);
  return check_length(d, err);
}

static void close_pnm(void *state) { free(state); }

static int open_pnm(const ci_source *src, const ci_limits *limits, cnnimg_info *info, ci_meta *meta,
                    void **state, cnnimg_error *err) {
  (void)meta; /* these formats carry none */
  decoder *d = ci_calloc(1, sizeof *d);
  if (!d) return ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory", src->name);
  d->name = src->name, d->kind = src->data[1] - '0';
  d->c = ci_cursor_make(src->data + 2, src->size - 2);
  bool sane = d->kind == 7 ? read_pam_header(d) : read_ppm_header(d);
  int rc = sane
               ? judge(d, limits, err)
               : ci_fail(err, CNNIMG_CORRUPT, "%s: the P%d header is damaged or cut off", src->name, d->kind);
  if (rc != CNNIMG_OK) {
    close_pnm(d);
    return rc;
  }
  d->wide = d->max > 255;
  info->format = (cnnimg_format){.width = (uint32_t)d->width,
                                 .height = (uint32_t)d->height,
                                 .colours = d->depth >= 3 ? 3 : 1,
                                 .alpha = d->depth % 2 == 0,
                                 .sample = d->wide ? CNNIMG_U16 : CNNIMG_U8};
  info->bits = d->max == 1 ? 1 : d->wide ? 16 : 8;
  *state = d;
  return CNNIMG_OK;
}

/* The next digit of a P1 file; its digits may touch. */
static bool text_bit(ci_cursor *c, uint64_t *out) {
  uint8_t b = ci_cursor_u8(c);
  while (!c->bad && is_space(b)) b = ci_cursor_u8(c);
  *out = b == '0'; /* 1 is black */
  return !c->bad && (b == '0' || b == '1');
}

/* Sample i of the current row; p is the row of a raw file. */
static bool sample(decoder *d, const uint8_t *p, size_t i, uint64_t *v) {
  switch (d->kind) {
    case 1:
      return text_bit(&d->c, v);
    case 2:
    case 3:
      return ci_pnm_number(&d->c, d->max, v);
    case 4:
      *v = !(p[i / 8] >> (7 - i % 8) & 1);
      return true;
    default:
      *v = d->max > 255 ? (uint64_t)p[2 * i] << 8 | p[2 * i + 1] : p[i];
      return *v <= d->max;
  }
}

static int row_pnm(void *state, void *row, cnnimg_error *err) {
  decoder *d = state;
  uint64_t v = 0, top = d->wide ? 65535 : 255;
  size_t bytes = d->kind <= 3 ? 0 : d->kind == 4 ? (d->samples + 7) / 8 : d->samples * (d->wide ? 2 : 1);
  const uint8_t *p = ci_cursor_take(&d->c, bytes);
  for (size_t i = 0; i < d->samples; i++) {
    if (!p || !sample(d, p, i, &v))
      return ci_fail(err, CNNIMG_CORRUPT, "%s: a value is missing or larger than %llu", d->name,
                     (unsigned long long)d->max);
    if (d->max != top) v = (v * top + d->max / 2) / d->max;
    if (d->wide) ((uint16_t *)row)[i] = (uint16_t)v;
    else ((uint8_t *)row)[i] = (uint8_t)v;
  }
  return CNNIMG_OK;
}

/* ---- writing ---- */
typedef struct encoder {
  ci_write_job job;
  uint8_t *line; /* 16 bits, most significant byte first */
} encoder;

static void drop_pnm(void *state) {
  encoder *e = state;
  if (e) free(e->line);
  free(e);
}

static int begin(const ci_write_job *job, const char *header, void **state, cnnimg_error *err) {
  encoder *e = ci_calloc(1, sizeof *e);
  if (e) e->line = ci_calloc(1, ci_row_bytes(&job->format));
  if (!e || !e->line) {
    drop_pnm(e);
    return ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory for a row", job->name);
  }
  e->job = *job;
  *state = e;
  return ci_pnm_write(job, header, strlen(header), err);
}

static int begin_ppm(const ci_write_job *job, void **state, cnnimg_error *err) {
  char text[64];
  snprintf(text, sizeof text, "P%d\n%u %u\n%d\n", job->format.colours == 3 ? 6 : 5, job->format.width,
           job->format.height, job->format.sample == CNNIMG_U16 ? 65535 : 255);
  return begin(job, text, state, err);
}

static int begin_pam(const ci_write_job *job, void **state, cnnimg_error *err) {
  const cnnimg_format *f = &job->format;
  char text[160];
  snprintf(text, sizeof text, "P7\nWIDTH %u\nHEIGHT %u\nDEPTH %d\nMAXVAL %d\nTUPLTYPE %s%s\nENDHDR\n",
           f->width, f->height, f->colours + f->alpha, f->sample == CNNIMG_U16 ? 65535 : 255,
           f->colours == 3 ? "RGB" : "GRAYSCALE", f->alpha ? "_ALPHA" : "");
  return begin(job, text, state, err);
}

static int put_pnm(void *state, const void *row, cnnimg_error *err) {
  encoder *e = state;
  size_t bytes = ci_row_bytes(&e->job.format);
  if (e->job.format.sample == CNNIMG_U8) return ci_pnm_write(&e->job, row, bytes, err);
  const uint16_t *v = row;
  for (size_t i = 0; i < bytes / 2; i++) {
    e->line[2 * i] = (uint8_t)(v[i] >> 8);
    e->line[2 * i + 1] = (uint8_t)v[i];
  }
  return ci_pnm_write(&e->job, e->line, bytes, err);
}

static int end_pnm(void *state, cnnimg_error *err) {
  encoder *e = state;
  return fflush(e->job.file) == 0 ? CNNIMG_OK : ci_fail_errno(err, e->job.name, "cannot write");
}

extern const ci_codec ci_codec_ppm, ci_codec_pam;
const ci_codec ci_codec_ppm = {.name = "ppm",
                               .suffixes = "ppm,pgm,pnm,pbm",
                               .word = "ppm",
                               .max_dimension = UINT32_MAX,
                               .samples = CNNIMG_U8 | CNNIMG_U16,
                               .bid = bid_ppm,
                               .open = open_pnm,
                               .row = row_pnm,
                               .close = close_pnm,
                               .begin = begin_ppm,
                               .put = put_pnm,
                               .end = end_pnm,
                               .drop = drop_pnm};
const ci_codec ci_codec_pam = {.name = "pam",
                               .suffixes = "pam",
                               .word = "pam",
                               .max_dimension = UINT32_MAX,
                               .samples = CNNIMG_U8 | CNNIMG_U16,
                               .alpha = 1,
                               .bid = bid_pam,
                               .open = open_pnm,
                               .row = row_pnm,
                               .close = close_pnm,
                               .begin = begin_pam,
                               .put = put_pnm,
                               .end = end_pnm,
                               .drop = drop_pnm};
