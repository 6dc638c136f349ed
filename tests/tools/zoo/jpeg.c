/* SPDX-License-Identifier: MIT */
/* jpeg.c - JPEG of every kind of sampling and coding, written and read by libjpeg as it comes */
#include <stdlib.h>
#include <string.h>

#include "zoo.h"

#include <jpeglib.h>

#define PIECE 65519 /* of a profile in one segment */

static void on_error(j_common_ptr c) {
  char text[JMSG_LENGTH_MAX];
  c->err->format_message(c, text);
  zoo_die(text, "a JPEG file");
}

static struct jpeg_error_mgr *errors(struct jpeg_error_mgr *e) {
  jpeg_std_error(e);
  e->error_exit = on_error;
  return e;
}

/* ---- writing ------------------------------------------------------------------------------------ */

static void put_marked(j_compress_ptr c, int marker, const char *head, size_t n, const zoo_bytes *b) {
  uint8_t *data = zoo_alloc(n + b->size);
  memcpy(data, head, n);
  memcpy(data + n, b->at, b->size);
  jpeg_write_marker(c, marker, data, (unsigned)(n + b->size));
  free(data);
}

static void put_extras(j_compress_ptr c, const zoo_extras *x) {
  size_t pieces = (x->icc.size + PIECE - 1) / PIECE;
  if (x->exif.at) put_marked(c, JPEG_APP0 + 1, "Exif\0", 6, &x->exif);
  if (x->xmp.at) put_marked(c, JPEG_APP0 + 1, "http://ns.adobe.com/xap/1.0/", 29, &x->xmp);
  for (size_t i = 0; i < pieces; i++) {
    char head[14] = "ICC_PROFILE";
    zoo_bytes piece = {x->icc.at + i * PIECE, i + 1 < pieces ? PIECE : x->icc.size - i * PIECE};
    head[12] = (char)(i + 1), head[13] = (char)pieces;
    put_marked(c, JPEG_APP0 + 2, head, 14, &piece);
  }
  if (x->texts) jpeg_write_marker(c, JPEG_COM, (const JOCTET *)"a picture of the zoo", 20);
}

static void set_kind(j_compress_ptr c, const zoo_jpeg *kind, const zoo_extras *x) {
  jpeg_set_defaults(c);
  if (kind->rgb) jpeg_set_colorspace(c, JCS_RGB);
  jpeg_set_quality(c, kind->quality, TRUE);
  for (int i = 0; i < c->num_components; i++) {
    c->comp_info[i].h_samp_factor = (int)kind->sampling[i] / 10;
    c->comp_info[i].v_samp_factor = (int)kind->sampling[i] % 10;
  }
  c->restart_interval = (unsigned)kind->restart;
  c->arith_code = kind->arithmetic;
  if (kind->progressive) jpeg_simple_progression(c);
  if (!x || x->dpi <= 0) return;
  c->density_unit = 1;
  c->X_density = c->Y_density = (UINT16)(x->dpi + 0.5);
}

static void put_rows(j_compress_ptr c, const zoo_picture *p) {
  size_t n = (size_t)p->width * p->colours;
  uint8_t *row = zoo_alloc(n);
  for (uint32_t y = 0; y < p->height; y++) {
    for (size_t i = 0; i < n; i++) row[i] = (uint8_t)p->at[y * n + i];
    jpeg_write_scanlines(c, &row, 1);
  }
  free(row);
}

static zoo_bytes encode(const zoo_picture *p, const zoo_jpeg *kind, const zoo_extras *x) {
  struct jpeg_compress_struct c;
  struct jpeg_error_mgr e;
  unsigned char *data = NULL;
  unsigned long size = 0;
  c.err = errors(&e);
  jpeg_create_compress(&c);
  jpeg_mem_dest(&c, &data, &size);
  c.image_width = p->width, c.image_height = p->height;
  c.input_components = (int)p->colours;
  c.in_color_space = p->colours == 3 ? JCS_RGB : JCS_GRAYSCALE;
  set_kind(&c, kind, x);
  jpeg_start_compress(&c, TRUE);
  if (x) put_extras(&c, x);
  put_rows(&c, p);
  jpeg_finish_compress(&c);
  jpeg_destroy_compress(&c);
  return (zoo_bytes){data, size};
}

zoo_picture zoo_jpeg_make(const char *path, uint32_t width, uint32_t height, unsigned colours,
                          const zoo_jpeg *kind, const zoo_extras *x, uint64_t seed) {
  zoo_picture p = zoo_new(width, height, colours, 0, 8);
  zoo_extras ignored = {0};
  zoo_paint(&p, seed);
  zoo_bytes file = encode(&p, kind, x);
  zoo_save(path, file.at, file.size);
  zoo_free(&p);
  zoo_jpeg_read(&file, &p, &ignored);
  zoo_extras_free(&ignored);
  free(file.at);
  return p;
}

void zoo_jpeg_through(zoo_picture *p, int quality, unsigned subsampling) {
  unsigned luma = p->colours == 1 ? 11 : subsampling ? subsampling : quality >= 90 ? 11 : 22;
  zoo_jpeg kind = {{luma, 11, 11}, quality, 0, false, false, false};
  zoo_extras ignored = {0};
  zoo_bytes file = encode(p, &kind, NULL);
  zoo_free(p);
  zoo_jpeg_read(&file, p, &ignored);
  zoo_extras_free(&ignored);
  free(file.at);
}

/* ---- reading ---------------------------------------------------------------------------------------- */

static void add(zoo_bytes *b, const uint8_t *data, size_t n) {
  b->at = realloc(b->at, b->size + n + 1);
  if (!b->at) zoo_die("out of memory", "a JPEG file");
  memcpy(b->at + b->size, data, n);
  b->size += n;
}

static bool starts(jpeg_saved_marker_ptr m, int marker, const char *head, size_t n) {
  return m->marker == marker && m->data_length >= n && !memcmp(m->data, head, n);
}

static void get_extras(j_decompress_ptr c, zoo_extras *x) {
  for (jpeg_saved_marker_ptr m = c->marker_list; m; m = m->next) {
    if (starts(m, JPEG_APP0 + 1, "Exif\0", 6) && !x->exif.at) add(&x->exif, m->data + 6, m->data_length - 6);
    else if (starts(m, JPEG_APP0 + 1, "http://ns.adobe.com/xap/1.0/", 29))
      add(&x->xmp, m->data + 29, m->data_length - 29);
    else if (starts(m, JPEG_APP0 + 2, "ICC_PROFILE", 12)) add(&x->icc, m->data + 14, m->data_length - 14);
    else if (m->marker == JPEG_COM) x->texts++;
  }
  if (c->saw_JFIF_marker && c->density_unit) x->dpi = c->X_density * (c->density_unit == 2 ? 2.54 : 1);
}

static void get_rows(j_decompress_ptr c, zoo_picture *p) {
  *p = zoo_new(c->output_width, c->output_height, (unsigned)c->output_components, 0, 8);
  size_t n = (size_t)p->width * p->colours;
  uint8_t *row = zoo_alloc(n);
  for (uint32_t y = 0; y < p->height; y++) {
    jpeg_read_scanlines(c, &row, 1);
    for (size_t i = 0; i < n; i++) p->at[y * n + i] = row[i];
  }
  free(row);
}

bool zoo_jpeg_read(const zoo_bytes *file, zoo_picture *p, zoo_extras *x) {
  struct jpeg_decompress_struct c;
  struct jpeg_error_mgr e;
  if (file->size < 3 || file->at[0] != 0xff || file->at[1] != 0xd8) return false;
  c.err = errors(&e);
  jpeg_create_decompress(&c);
  jpeg_mem_src(&c, file->at, file->size);
  for (int i = 1; i <= 2; i++) jpeg_save_markers(&c, JPEG_APP0 + i, 0xffff);
  jpeg_save_markers(&c, JPEG_COM, 0xffff);
  jpeg_read_header(&c, TRUE);
  if (c.num_components == 4) { /* inks: what they look like is another program's word */
    jpeg_destroy_decompress(&c);
    return false;
  }
  if (c.jpeg_color_space != JCS_GRAYSCALE) c.out_color_space = JCS_RGB;
  jpeg_start_decompress(&c);
  get_rows(&c, p);
  get_extras(&c, x);
  jpeg_finish_decompress(&c);
  if (e.num_warnings) zoo_die("libjpeg warns", "a JPEG file");
  jpeg_destroy_decompress(&c);
  return true;
}
