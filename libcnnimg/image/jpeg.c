/* SPDX-License-Identifier: MIT */
/* jpeg.c - JPEG through libjpeg-turbo: damage is an error, and no error leaves this file */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "image/cmyk.h"
#include "image/image.h"
#include "image/jpegmeta.h"

#include <jpeglib.h>
#include <jerror.h>

#define MAX_SCANS 100              /* real files have some 10; each costs a pass over the picture */
#define OPTIMISE_BYTES (16u << 20) /* optimal Huffman codes hold all coefficients: only up to here */
#define HIGH_QUALITY 90            /* from here on colour keeps its full resolution */

/* What libjpeg calls when something is wrong. */
typedef struct trouble {
  struct jpeg_error_mgr mgr; /* first: libjpeg knows only this */
  jmp_buf jump;              /* set by whoever entered this file last */
  const char *name;
  cnnimg_error *err;
  int code;
} trouble;

static int code_of(int message) {
  switch (message) {
    case JERR_OUT_OF_MEMORY:
      return CNNIMG_NOMEM;
    case JERR_NO_BACKING_STORE:
      return CNNIMG_LIMIT;
    case JERR_FILE_WRITE:
      return CNNIMG_IO;
    case JERR_BAD_PRECISION:
    case JERR_SOF_UNSUPPORTED:
    case JERR_NOT_COMPILED:
    case JERR_CONVERSION_NOTIMPL:
      return CNNIMG_UNSUPPORTED;
    default:
      return CNNIMG_CORRUPT;
  }
}

static void on_error(j_common_ptr c) {
  trouble *t = (trouble *)c->err;
  char text[JMSG_LENGTH_MAX];
  t->code = code_of(t->mgr.msg_code);
  if (t->code == CNNIMG_IO) {
    ci_fail_errno(t->err, t->name, "cannot write");
  } else {
    t->mgr.format_message(c, text);
    ci_fail(t->err, t->code, "%s: JPEG: %s", t->name, text);
  }
  longjmp(t->jump, 1);
}

/* Warnings mean that pixels are made up, but for a few that touch no pixel. */
static void on_message(j_common_ptr c, int level) {
  int message = c->err->msg_code;
  if (level >= 0) return;
  if (message == JWRN_EXTRANEOUS_DATA || message == JWRN_ADOBE_XFORM || message == JWRN_JFIF_MAJOR) return;
  on_error(c);
}

static void on_output(j_common_ptr c) { (void)c; }

static struct jpeg_error_mgr *trouble_init(trouble *t, const char *name, cnnimg_error *err) {
  jpeg_std_error(&t->mgr);
  t->mgr.error_exit = on_error;
  t->mgr.emit_message = on_message;
  t->mgr.output_message = on_output;
  t->name = name;
  t->err = err;
  return &t->mgr;
}

/* ---- reading ---- */
typedef struct decoder {
  struct jpeg_decompress_struct c;
  trouble t;
  struct jpeg_progress_mgr progress;
  bool started;
  ci_cmyk *cmyk; /* NULL: libjpeg delivers grey or RGB */
  uint8_t *inks; /* a row of them */
} decoder;

static int bid(const uint8_t *head, size_t size) {
  return size >= 3 && head[0] == 0xff && head[1] == 0xd8 && head[2] == 0xff;
}

static void close_jpeg(void *state) {
  decoder *d = state;
  if (!d) return;
  jpeg_destroy_decompress(&d->c);
  ci_cmyk_free(d->cmyk);
  free(d->inks);
  free(d);
}

/* Called for every row of blocks: a small file can ask for any number of passes. */
static void on_progress(j_common_ptr c) {
  decoder *d = (decoder *)c;
  if (d->c.input_scan_number <= MAX_SCANS) return;
  d->t.code = ci_fail(d->t.err, CNNIMG_LIMIT, "%s: JPEG: more than %d scans", d->t.name, MAX_SCANS);
  longjmp(d->t.jump, 1);
}

static unsigned table_distance(const JQUANT_TBL *a, const JQUANT_TBL *b) {
  unsigned sum = 0;
  for (int i = 0; i < DCTSIZE2; i++) sum += (unsigned)abs((int)a->quantval[i] - (int)b->quantval[i]);
  return sum;
}

/* The quality whose standard tables are nearest to those of the file: exact for files of libjpeg. The first
 * table of the two belongs to luma, the second to chroma. */
static int estimate_quality(const decoder *d, struct jpeg_compress_struct *model) {
  int best = 0;
  unsigned best_distance = UINT_MAX;
  for (int q = 100; q >= 1; q--) {
    unsigned distance = 0;
    jpeg_set_quality(model, q, TRUE);
    for (int i = 0; i < d->c.num_components && i < 2; i++) {
      int n = d->c.comp_info[i].quant_tbl_no;
      const JQUANT_TBL *table = n >= 0 && n < NUM_QUANT_TBLS ? d->c.quant_tbl_ptrs[n] : NULL;
      if (!table) return 0;
      distance += table_distance(table, model->quant_tbl_ptrs[i]);
    }
    if (distance < best_distance) best_distance = distance, best = q;
  }
  return best;
}

static int quality_of(decoder *d) {
  struct jpeg_compress_struct model = {0};
  model.err = &d->t.mgr; /* a failure here leaves through the caller's jump; only memory can be short */
  jpeg_create_compress(&model);
  int quality = estimate_quality(d, &model);
  jpeg_destroy_compress(&model);
  return quality;
}

static int subsampling_of(const decoder *d) {
  const jpeg_component_info *c = d->c.comp_info;
  if (d->c.num_components != 3 || c[1].h_samp_factor != c[2].h_samp_factor ||
      c[1].v_samp_factor != c[2].v_samp_factor)
    return 0;
  if (c[0].h_samp_factor % c[1].h_samp_factor || c[0].v_samp_factor % c[1].v_samp_factor) return 0;
  return c[0].h_samp_factor / c[1].h_samp_factor * 10 + c[0].v_samp_factor / c[1].v_samp_factor;
}

/* JFIF's density; 1:1 without a unit says nothing. */
static void read_density(const decoder *d, ci_meta *meta) {
  if (!d->c.saw_JFIF_marker || d->c.X_density == 0 || d->c.Y_density == 0) return;
  if (d->c.density_unit == 0 && d->c.X_density == d->c.Y_density) return;
  double unit = d->c.density_unit == 2 ? 2.54 : 1.0;
  meta->dpi_x = d->c.X_density * unit;
  meta->dpi_y = d->c.Y_density * unit;
  meta->dpi_is_aspect = d->c.density_unit == 0;
}

/* Several scans: libjpeg holds all coefficients. */
static int check_memory(decoder *d, const ci_limits *limits, cnnimg_error *err) {
  uint64_t bytes = 0;
  if (!jpeg_has_multiple_scans(&d->c)) return CNNIMG_OK;
  for (int i = 0; i < d->c.num_components; i++) {
    const jpeg_component_info *c = &d->c.comp_info[i];
    bytes += (uint64_t)c->width_in_blocks * c->height_in_blocks * sizeof(JBLOCK);
  }
  if (limits->memory == 0 || bytes <= limits->memory) return CNNIMG_OK;
  return ci_fail(
      err, CNNIMG_LIMIT,
      "%s: a progressive JPEG of %ux%u pixels needs %llu MiB, more than the memory limit of %llu MiB",
      d->t.name, d->c.image_width, d->c.image_height, (unsigned long long)bytes >> 20,
      (unsigned long long)limits->memory >> 20);
}

static int choose_colours(decoder *d, cnnimg_error *err) {
  switch (d->c.jpeg_color_space) {
    case JCS_GRAYSCALE:
      d->c.out_color_space = JCS_GRAYSCALE;
      return CNNIMG_OK;
    case JCS_RGB:
    case JCS_YCbCr:
      d->c.out_color_space = JCS_RGB;
      return CNNIMG_OK;
    case JCS_CMYK:
    case JCS_YCCK:
      d->c.out_color_space = JCS_CMYK;
      return CNNIMG_OK;
    default:
      return ci_fail(err, CNNIMG_UNSUPPORTED, "%s: JPEG of %d components in an unknown colour space",
                     d->t.name, d->c.num_components);
  }
}

/* Whatever writes Adobe's marker writes inks upside down, as Photoshop does: 255 is none. */
static int open_inks(decoder *d, ci_meta *meta, cnnimg_error *err) {
  if (d->c.out_color_space != JCS_CMYK) return CNNIMG_OK;
  int rc = ci_cmyk_new(&d->cmyk, meta, d->t.name, 1, d->c.saw_Adobe_marker, err);
  if (rc != CNNIMG_OK) return rc;
  d->inks = ci_calloc(d->c.image_width, 4);
  return d->inks ? CNNIMG_OK : ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory for a row", d->t.name);
}

static int read_header(decoder *d, const ci_source *src, const ci_limits *limits, cnnimg_info *info,
                       ci_meta *meta, cnnimg_error *err) {
  if (setjmp(d->t.jump)) return d->t.code;
  jpeg_create_decompress(&d->c);
  d->c.mem->max_memory_to_use = limits->memory && limits->memory < LONG_MAX ? (long)limits->memory : LONG_MAX;
  d->c.progress = &d->progress;
  d->progress.progress_monitor = on_progress;
  jpeg_mem_src(&d->c, src->data, src->size);
  jpeg_read_header(&d->c, TRUE);
  int rc = ci_limits_check(limits, src->name, d->c.image_width, d->c.image_height, err);
  if (rc == CNNIMG_OK) rc = choose_colours(d, err);
  if (rc == CNNIMG_OK) rc = check_memory(d, limits, err);
  if (rc != CNNIMG_OK) return rc;
  info->format = (cnnimg_format){.width = d->c.image_width,
                                 .height = d->c.image_height,
                                 .colours = d->c.out_color_space == JCS_GRAYSCALE ? 1 : 3,
                                 .sample = CNNIMG_U8};
  info->bits = 8;
  info->lossless = 0;
  info->quality = (uint8_t)quality_of(d);
  info->subsampling = (uint8_t)subsampling_of(d);
  read_density(d, meta);
  rc = ci_jpeg_meta_read(src, meta, err);
  return rc == CNNIMG_OK ? open_inks(d, meta, err) : rc;
}

static int open_jpeg(const ci_source *src, const ci_limits *limits, cnnimg_info *info, ci_meta *meta,
                     void **state, cnnimg_error *err) {
  decoder *d = ci_calloc(1, sizeof *d);
  if (!d) return ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory", src->name);
  d->c.err = trouble_init(&d->t, src->name, err);
  int rc = read_header(d, src, limits, info, meta, err);
  if (rc == CNNIMG_OK) *state = d;
  else close_jpeg(d);
  return rc;
}

static int row_jpeg(void *state, void *row, cnnimg_error *err) {
  decoder *d = state;
  JSAMPROW rows[1] = {d->cmyk ? d->inks : row};
  d->t.err = err;
  if (setjmp(d->t.jump)) return d->t.code;
  if (!d->started) {
    d->started = true;
    jpeg_start_decompress(&d->c);
  }
  if (jpeg_read_scanlines(&d->c, rows, 1) != 1)
    return ci_fail(err, CNNIMG_CORRUPT, "%s: JPEG: a row is missing", d->t.name);
  if (d->cmyk) ci_cmyk_row(d->cmyk, d->inks, row, d->c.output_width);
  if (d->c.output_scanline == d->c.output_height)
    jpeg_finish_decompress(&d->c); /* the end must be there too */
  return CNNIMG_OK;
}

/* ---- writing ---- */
typedef struct encoder {
  struct jpeg_compress_struct c;
  trouble t;
  uint8_t *scratch; /* a segment */
} encoder;

static void drop(void *state) {
  encoder *e = state;
  if (!e) return;
  jpeg_destroy_compress(&e->c);
  free(e->scratch);
  free(e);
}

static void set_density(encoder *e, const ci_meta *m) {
  if (!(m->dpi_x >= 1 && m->dpi_x <= 65535 && m->dpi_y >= 1 && m->dpi_y <= 65535)) return;
  e->c.density_unit = m->dpi_is_aspect ? 0 : 1;
  e->c.X_density = (UINT16)(m->dpi_x + 0.5);
  e->c.Y_density = (UINT16)(m->dpi_y + 0.5);
}

/* How much finer luma is sampled than chroma; what libjpeg cannot do is not asked of it. */
static void set_sampling(encoder *e, const ci_write_job *job) {
  int s = job->subsampling, h = s / 10, v = s % 10;
  if (job->format.colours != 3) return;
  if (h < 1 || h > 4 || v < 1 || v > 4 || h * v > 8) h = v = job->quality >= HIGH_QUALITY ? 1 : 2;
  e->c.comp_info[0].h_samp_factor = h;
  e->c.comp_info[0].v_samp_factor = v;
}

/* Three samples a pixel at most, two bytes a coefficient. */
static boolean can_optimise(const cnnimg_format *f) {
  return (uint64_t)f->width * f->height * f->colours * 2 <= OPTIMISE_BYTES;
}

static void emit(void *user, int marker, const uint8_t *data, unsigned size) {
  encoder *e = user;
  jpeg_write_marker(&e->c, marker, data, size);
}

static int start(encoder *e, const ci_write_job *job) {
  if (setjmp(e->t.jump)) return e->t.code;
  jpeg_create_compress(&e->c);
  jpeg_stdio_dest(&e->c, job->file);
  e->c.image_width = job->format.width;
  e->c.image_height = job->format.height;
  e->c.input_components = job->format.colours;
  e->c.in_color_space = job->format.colours == 3 ? JCS_RGB : JCS_GRAYSCALE;
  jpeg_set_defaults(&e->c);
  jpeg_set_quality(&e->c, job->quality, TRUE);
  set_sampling(e, job);
  set_density(e, job->meta);
  e->c.optimize_coding = can_optimise(&job->format);
  jpeg_start_compress(&e->c, TRUE);
  ci_jpeg_meta_write(job->meta, e->scratch, emit, e);
  return CNNIMG_OK;
}

static int begin(const ci_write_job *job, void **state, cnnimg_error *err) {
  encoder *e = ci_calloc(1, sizeof *e);
  if (!e) return ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory", job->name);
  *state = e; /* dropped by the caller, whatever happens */
  e->c.err = trouble_init(&e->t, job->name, err);
  e->scratch = ci_calloc(1, CI_JPEG_SEGMENT);
  return e->scratch ? start(e, job) : ci_fail(err, CNNIMG_NOMEM, "%s: not enough memory", job->name);
}

static int put(void *state, const void *row, cnnimg_error *err) {
  encoder *e = state;
  JSAMPROW rows[1] = {(JSAMPROW)(uintptr_t)row};
  e->t.err = err;
  if (setjmp(e->t.jump)) return e->t.code;
  jpeg_write_scanlines(&e->c, rows, 1);
  return CNNIMG_OK;
}

static int end(void *state, cnnimg_error *err) {
  encoder *e = state;
  e->t.err = err;
  if (setjmp(e->t.jump)) return e->t.code;
  jpeg_finish_compress(&e->c);
  return CNNIMG_OK;
}

extern const ci_codec ci_codec_jpeg;
const ci_codec ci_codec_jpeg = {.name = "jpeg",
                                .suffixes = "jpg,jpeg,jpe,jfif",
                                .word = "jpg",
                                .max_dimension = JPEG_MAX_DIMENSION,
                                .samples = CNNIMG_U8,
                                .bid = bid,
                                .open = open_jpeg,
                                .row = row_jpeg,
                                .close = close_jpeg,
                                .begin = begin,
                                .put = put,
                                .end = end,
                                .drop = drop};
