/* SPDX-License-Identifier: MIT */
/* png.c - PNG through libpng: every colour type and depth, interlace through a spool */
#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/error.h"
#include "base/spool.h"
#include "image/image.h"
#include "image/pngparts.h"

#include <png.h>

#define CHUNK_BYTES ((size_t)8 << 20)    /* of one ancillary chunk, unpacked */
#define LIBRARY_BYTES ((size_t)64 << 20) /* of all that libpng holds: many small bombs make a large one */
#define ROW_BYTES 64u                    /* a pixel of width may cost: rows, their filters */
#define TEXTS 100                        /* more are left out: each may take long to unpack */
#define RUNS_ONLY 3                      /* zlib's Z_RLE: for photographs half the time, 2 % smaller; pages of text: x 4 */
#define LEVEL 4                          /* of zlib: half the time of its own choice, 2 % larger */
#define LONG_TEXT 1024                   /* bytes; longer ones are compressed */

static const char xmp_key[] = "XML:com.adobe.xmp";

/* ---- both ways: the first words of the two states ---- */
typedef struct trouble {
  const char *name;
  cnnimg_error *err;
  int code;
} trouble;

static void on_error(png_structp png, png_const_charp text) {
  trouble *t = png_get_error_ptr(png);
  if (t->code == CNNIMG_OK) t->code = ci_fail(t->err, CNNIMG_CORRUPT, "%s: PNG: %s", t->name, text);
  png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text) { (void)png, (void)text; }

/* ---- reading ---- */
typedef struct decoder {
  trouble t;
  png_structp png;
  png_infop info;
  ci_cursor parts[CI_PNG_PARTS]; /* the file, reordered: see pngparts.h */
  unsigned part;
  cnnimg_format format;
  bool interlaced;
  ci_spool *spool; /* of an interlaced picture */
  size_t spool_memory;
  size_t used, budget; /* of libpng */
  uint32_t next;
} decoder;

static int bid(const uint8_t *head, size_t size) { return size >= 8 && png_sig_cmp(head, 0, 8) == 0; }

/* libpng's memory is counted; the size of a block stands before it. */
static png_voidp meter_alloc(png_structp png, png_alloc_size_t n) {
  decoder *d = png_get_mem_ptr(png);
  if (n > d->budget - d->used) {
    d->t.code = ci_fail(d->t.err, CNNIMG_LIMIT, "%s: PNG: its texts and profiles need more than %zu MiB",
                        d->t.name, d->budget >> 20);
    png_error(png, "too much"); /* with NULL libpng would go on to the next text, and the next */
  }
  size_t *block = malloc(n + CI_ALIGN);
  if (!block) return NULL;
  *block = n;
  d->used += n;
  return (uint8_t *)block + CI_ALIGN;
}

static void meter_free(png_structp png, png_voidp p) {
  decoder *d = png_get_mem_ptr(png);
  if (!p) return;
  size_t *block = (size_t *)(void *)((uint8_t *)p - CI_ALIGN);
  d->used -= *block;
  free(block);
}

static void on_read(png_structp png, png_bytep out, size_t n) {
  decoder *d = png_get_io_ptr(png);
  while (n) {
    while (d->part < CI_PNG_PARTS && ci_cursor_left(&d->parts[d->part]) == 0) d->part++;
    if (d->part == CI_PNG_PARTS) png_error(png, "the file ends too early");
    ci_cursor *c = &d->parts[d->part];
    size_t m = ci_cursor_left(c) < n ? ci_cursor_left(c) : n;
    memcpy(out, ci_cursor_take(c, m), m);
    out += m, n -= m;
  }
}

static int read_texts(decoder *d, ci_meta *meta) {
  png_textp text = NULL;
  int rc = CNNIMG_OK, n = 0;
  png_get_text(d->png, d->info, &text, &n);
  for (int i = 0; rc == CNNIMG_OK && i < n; i++) {
    size_t size =
        text[i].compression >= PNG_ITXT_COMPRESSION_NONE ? text[i].itxt_length : text[i].text_length;
    if (!text[i].key || !text[i].text) continue;
    if (strcmp(text[i].key, xmp_key) == 0) rc = ci_blob_set(&meta->xmp, text[i].text, size);
    else rc = ci_meta_add_text(meta, text[i].key, text[i].text, size);
  }
  return rc;
}

/* cICP (newer than this libpng) says that a picture is HDR: four bytes that must not be lost. */
static const png_byte cicp_name[5] = "cICP";

static void read_cicp(decoder *d, ci_meta *meta) {
  png_unknown_chunkp chunks = NULL;
  int n = png_get_unknown_chunks(d->png, d->info, &chunks);
  for (int i = 0; i < n; i++)
    if (memcmp(chunks[i].name, cicp_name, 5) == 0 && chunks[i].size == 4) {
      memcpy(meta->colour.cicp, chunks[i].data, 4);
      meta->colour.has_cicp = 1;
    }
}

static void put_cicp(png_structp png, png_infop info, const ci_meta *m) {
  png_unknown_chunk c = {.size = 4, .data = (png_bytep)(uintptr_t)m->colour.cicp, .location = PNG_HAVE_IHDR};
  if (!m->colour.has_cicp) return;
  memcpy(c.name, cicp_name, 5);
  png_set_unknown_chunks(png, info, &c, 1);
}

/* gAMA and cHRM count only where neither sRGB nor a profile says it better. */
static int read_colour(decoder *d, ci_meta *meta) {
  png_charp name;
  int method, intent;
  png_bytep profile;
  png_uint_32 size;
  png_fixed_point gamma, c[8];
  read_cicp(d, meta);
  if (png_get_iCCP(d->png, d->info, &name, &method, &profile, &size))
    return ci_blob_set(&meta->icc, profile, size);
  if (png_get_sRGB(d->png, d->info, &intent)) {
    meta->colour.srgb = (uint8_t)(intent + 1);
    return CNNIMG_OK;
  }
  if (png_get_gAMA_fixed(d->png, d->info, &gamma)) meta->colour.gamma = gamma;
  if (png_get_cHRM_fixed(d->png, d->info, &c[0], &c[1], &c[2], &c[3], &c[4], &c[5], &c[6], &c[7]))
    for (int i = 0; i < 8; i++) meta->colour.chroma[i] = c[i];
  return CNNIMG_OK;
}

static int read_meta(decoder *d, ci_meta *meta) {
  png_uint_32 x, y, size = 0;
  png_bytep exif = NULL;
  int unit;
  if (png_get_pHYs(d->png, d->info, &x, &y, &unit) && x && y) {
    meta->dpi_is_aspect = unit != PNG_RESOLUTION_METER;
    meta->dpi_x = meta->dpi_is_aspect ? x : x * 0.0254;
    meta->dpi_y = meta->dpi_is_aspect ? y : y * 0.0254;
  }
  int rc = read_colour(d, meta);
  if (rc == CNNIMG_OK && png_get_eXIf_1(d->png, d->info, &size, &exif))
    rc = ci_blob_set(&meta->exif, exif, size);
  return rc == CNNIMG_OK ? read_texts(d, meta) : rc;
}

/* At least 8 bits, no palette, alpha in place of a transparent colour, the machine's byte order. */
static void set_expansion(decoder *d, int depth, int colour_type) {
  const uint16_t one = 1;
  if (colour_type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(d->png);
  if (colour_type == PNG_COLOR_TYPE_GRAY && depth < 8) png_set_expand_gray_1_2_4_to_8(d->png);
  if (png_get_valid(d->png, d->info, PNG_INFO_tRNS)) png_set_tRNS_to_alpha(d->png);
  if (depth == 16 && *(const uint8_t *)&one == 1) png_set_swap(d->png);
  if (d->interlaced) png_set_interlace_handling(d->png);
  png_read_update_info(d->png, d->info);
}

static void configure(decoder *d) {
  png_set_read_fn(d->png, d, on_read);
  png_set_user_limits(d->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX); /* ours are judged from the header */
  png_set_chunk_malloc_max(d->png, CHUNK_BYTES);
  png_set_chunk_cache_max(d->png, TEXTS + 1);
  png_set_crc_action(d->png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  png_set_keep_unknown_chunks(d->png, PNG_HANDLE_CHUNK_ALWAYS, cicp_name, 1);
  png_set_option(d->png, PNG_SKIP_sRGB_CHECK_PROFILE, PNG_OPTION_ON); /* profiles pass as bytes */
}

static int read_header(decoder *d, cnnimg_info *info, ci_meta *meta) {
  if (setjmp(png_jmpbuf(d->png))) return d->t.code;
  configure(d);
  png_read_info(d->png, d->info);
  d->budget += (size_t)png_get_image_width(d->png, d->info) * ROW_BYTES;
  int depth = png_get_bit_depth(d->png, d->info), type = png_get_color_type(d->png, d->info);
  d->interlaced = png_get_interlace_type(d->png, d->info) != PNG_INTERLACE_NONE;
  if (read_meta(d, meta) != CNNIMG_OK)
    return ci_fail(d->t.err, CNNIMG_NOMEM, "%s: not enough memory for the metadata", d->t.name);
  set_expansion(d, depth, type);
  int channels = png_get_channels(d->png, d->info);
  d->format = (cnnimg_format){.width = png_get_image_width(d->png, d->info),
                              .height = png_get_image_height(d->png, d->info),
                              .colours = channels >= 3 ? 3 : 1,
                              .alpha = channels % 2 == 0,
                              .sample = depth == 16 ? CNNIMG_U16 : CNNIMG_U8};
  if (png_get_rowbytes(d->png, d->info) != ci_row_bytes(&d->format)) png_error(d->png, "rows of an odd size");
  info->format = d->format;
  info->bits = (uint8_t)depth;
  return CNNIMG_OK;
}

static void close_png(void *state) {
  decoder *d = state;
  if (!d) return;
  png_destroy_read_struct(&d->png, &d->info, NULL);
  ci_spool_free(d->spool);
  free(d);
}

static int open_png(const ci_source *src, const ci_limits *limits, cnnimg_info *info, ci_meta *meta,
                    void **state, cnnimg_error *err) {
  int rc = ci_png_check_size(src, limits, err);
  if (rc != CNNIMG_OK) return rc;
  decoder *d = ci_calloc(1, sizeof *d);
  if (!d) return ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory", src->name);
  d->t = (trouble){src->name, err, CNNIMG_OK};
  d->spool_memory = limits->memory ? (size_t)(limits->memory / 4) : SIZE_MAX / 2;
  d->budget = LIBRARY_BYTES;
  rc = ci_png_split(src, d->parts, err);
  if (rc == CNNIMG_OK && ci_png_is_animated(d->parts[0])) info->note = "is an animation; its first picture is read";
  if (rc == CNNIMG_OK) {
    d->png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &d->t, on_error, on_warning, d, meter_alloc,
                                      meter_free);
    if (d->png) d->info = png_create_info_struct(d->png);
    rc =
        d->info ? read_header(d, info, meta) : ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory", src->name);
  }
  if (rc == CNNIMG_OK) *state = d;
  else close_png(d);
  return rc;
}

/* One of the seven passes; row is room for one. */
static int run_pass(decoder *d, int pass, void *row, cnnimg_error *err) {
  size_t bytes = ci_row_bytes(&d->format);
  for (uint32_t y = 0; y < d->format.height; y++) {
    if (!PNG_ROW_IN_INTERLACE_PASS(y, pass) || PNG_PASS_COLS(d->format.width, pass) == 0) {
      png_read_row(d->png, NULL, NULL); /* counts it */
      continue;
    }
    int rc = ci_spool_get(d->spool, y, 0, bytes, row, err);
    if (rc != CNNIMG_OK) return rc;
    png_read_row(d->png, row, NULL);
    rc = ci_spool_put(d->spool, y, row, err);
    if (rc != CNNIMG_OK) return rc;
  }
  return CNNIMG_OK;
}

static int read_passes(decoder *d, void *row, cnnimg_error *err) {
  int rc = ci_spool_new(&d->spool, d->format.height, ci_row_bytes(&d->format), d->spool_memory, err);
  for (int pass = 0; rc == CNNIMG_OK && pass < PNG_INTERLACE_ADAM7_PASSES; pass++)
    rc = run_pass(d, pass, row, err);
  if (rc == CNNIMG_OK) png_read_end(d->png, NULL);
  return rc;
}

static int row_png(void *state, void *row, cnnimg_error *err) {
  decoder *d = state;
  d->t.err = err;
  d->t.code = CNNIMG_OK;
  if (setjmp(png_jmpbuf(d->png))) return d->t.code;
  uint32_t y = d->next++;
  if (d->interlaced) {
    int rc = y == 0 ? read_passes(d, row, err) : CNNIMG_OK;
    return rc == CNNIMG_OK ? ci_spool_get(d->spool, y, 0, ci_row_bytes(&d->format), row, err) : rc;
  }
  png_read_row(d->png, row, NULL);
  if (d->next == d->format.height) png_read_end(d->png, NULL); /* the last checksums count too */
  return CNNIMG_OK;
}

/* ---- writing ---- */
typedef struct encoder {
  trouble t;
  png_structp png;
  png_infop info;
  ci_write_job job;
} encoder;

static void on_write(png_structp png, png_bytep data, size_t n) {
  encoder *e = png_get_io_ptr(png);
  if (fwrite(data, 1, n, e->job.file) == n) return;
  e->t.code = ci_fail_errno(e->t.err, e->t.name, "cannot write");
  png_error(png, "cannot write");
}

static void on_flush(png_structp png) { (void)png; }

static void drop(void *state) {
  encoder *e = state;
  if (!e) return;
  png_destroy_write_struct(&e->png, &e->info);
  free(e);
}

static void put_colour(encoder *e, const ci_meta *m) {
  const png_fixed_point *c = m->colour.chroma;
  put_cicp(e->png, e->info, m);
  if (ci_icc_plausible(&m->icc))
    png_set_iCCP(e->png, e->info, "ICC profile", PNG_COMPRESSION_TYPE_BASE, m->icc.data,
                 (png_uint_32)m->icc.size);
  else if (m->colour.srgb) png_set_sRGB(e->png, e->info, m->colour.srgb - 1);
  if (m->colour.gamma) png_set_gAMA_fixed(e->png, e->info, m->colour.gamma);
  if (c[0]) png_set_cHRM_fixed(e->png, e->info, c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7]);
}

static void put_text(encoder *e, const char *key, const char *value, size_t size, bool international) {
  char keyword[80] = {0}, none[] = "";
  if (!ci_png_is_keyword(key)) return;
  memcpy(keyword, key, strlen(key));
  png_text t = {.key = keyword, .text = (png_charp)(uintptr_t)value, .lang = none, .lang_key = none};
  if (international) {
    t.compression = PNG_ITXT_COMPRESSION_NONE;
    t.itxt_length = size;
  } else {
    t.compression = size > LONG_TEXT ? PNG_TEXT_COMPRESSION_zTXt : PNG_TEXT_COMPRESSION_NONE;
    t.text_length = size;
  }
  png_set_text(e->png, e->info, &t, 1);
}

static void put_meta(encoder *e, const ci_meta *m) {
  double per_unit = m->dpi_is_aspect ? 1.0 : 1.0 / 0.0254;
  double x = m->dpi_x * per_unit + 0.5, y = m->dpi_y * per_unit + 0.5;
  if (x >= 1 && x < PNG_UINT_31_MAX && y >= 1 && y < PNG_UINT_31_MAX)
    png_set_pHYs(e->png, e->info, (png_uint_32)x, (png_uint_32)y,
                 m->dpi_is_aspect ? PNG_RESOLUTION_UNKNOWN : PNG_RESOLUTION_METER);
  put_colour(e, m);
  if (m->exif.data && m->exif.size <= PNG_UINT_31_MAX)
    png_set_eXIf_1(e->png, e->info, (png_uint_32)m->exif.size, m->exif.data);
  for (size_t i = 0; i < m->n_texts; i++)
    put_text(e, m->texts[i].key, m->texts[i].value, strlen(m->texts[i].value), ci_is_utf8(m->texts[i].value));
  if (m->xmp.data) put_text(e, xmp_key, (const char *)m->xmp.data, strlen((const char *)m->xmp.data), true);
}

static int start(encoder *e) {
  static const int types[2][2] = {{PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA},
                                  {PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA}};
  const cnnimg_format *f = &e->job.format;
  const uint16_t one = 1;
  if (setjmp(png_jmpbuf(e->png))) return e->t.code;
  png_set_write_fn(e->png, e, on_write, on_flush);
  png_set_user_limits(e->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_benign_errors(e->png, 1); /* odd metadata is left out, not fatal */
  png_set_keep_unknown_chunks(e->png, PNG_HANDLE_CHUNK_ALWAYS, cicp_name, 1);
  png_set_option(e->png, PNG_SKIP_sRGB_CHECK_PROFILE, PNG_OPTION_ON);
  png_set_IHDR(e->png, e->info, f->width, f->height, f->sample * 8, types[f->colours == 3][f->alpha],
               PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  put_meta(e, e->job.meta);
  png_set_compression_level(e->png, LEVEL);
  if (e->job.photo) png_set_compression_strategy(e->png, RUNS_ONLY);
  png_write_info(e->png, e->info);
  if (f->sample == CNNIMG_U16 && *(const uint8_t *)&one == 1) png_set_swap(e->png);
  return CNNIMG_OK;
}

static int begin(const ci_write_job *job, void **state, cnnimg_error *err) {
  encoder *e = ci_calloc(1, sizeof *e);
  if (!e) return ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory", job->name);
  *state = e; /* dropped by the caller, whatever happens */
  e->job = *job;
  e->t = (trouble){job->name, err, CNNIMG_OK};
  e->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &e->t, on_error, on_warning);
  if (e->png) e->info = png_create_info_struct(e->png);
  return e->info ? start(e) : ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory", job->name);
}

static int put(void *state, const void *row, cnnimg_error *err) {
  encoder *e = state;
  e->t.err = err;
  if (setjmp(png_jmpbuf(e->png))) return e->t.code;
  png_write_row(e->png, row);
  return CNNIMG_OK;
}

static int end(void *state, cnnimg_error *err) {
  encoder *e = state;
  e->t.err = err;
  if (setjmp(png_jmpbuf(e->png))) return e->t.code;
  png_write_end(e->png, NULL);
  return fflush(e->job.file) == 0 ? CNNIMG_OK : ci_fail_errno(err, e->t.name, "cannot write");
}

extern const ci_codec ci_codec_png;
const ci_codec ci_codec_png = {.name = "png",
                               .suffixes = "png",
                               .word = "png",
                               .max_dimension = PNG_UINT_31_MAX,
                               .samples = CNNIMG_U8 | CNNIMG_U16,
                               .alpha = 1,
                               .bid = bid,
                               .open = open_png,
                               .row = row_png,
                               .close = close_png,
                               .begin = begin,
                               .put = put,
                               .end = end,
                               .drop = drop};
