/* SPDX-License-Identifier: MIT */
/* png.c - PNG of every colour type, written and read by libpng's own transformations */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "zoo.h"

#include <png.h>

#define COLOURS 200 /* of a palette, at most */

typedef struct palette {
  png_color colour[COLOURS];
  png_byte alpha[COLOURS];
  int n, n_alpha;
} palette;

static unsigned channels_of(int type) {
  return type == PNG_COLOR_TYPE_RGB          ? 3
         : type == PNG_COLOR_TYPE_RGB_ALPHA  ? 4
         : type == PNG_COLOR_TYPE_GRAY_ALPHA ? 2
                                             : 1;
}

static palette make_palette(int depth, bool transparent, uint64_t seed) {
  palette p = {.n = depth == 8 ? COLOURS : 1 << depth};
  p.n_alpha = transparent ? (p.n + 1) / 2 : 0;
  for (int i = 0; i < p.n; i++) {
    p.colour[i] = (png_color){(png_byte)zoo_random(&seed, 256), (png_byte)zoo_random(&seed, 256),
                              (png_byte)zoo_random(&seed, 256)};
    p.alpha[i] = i < p.n_alpha ? (png_byte)zoo_random(&seed, 256) : 255;
  }
  return p;
}

/* ---- what it must decode to ------------------------------------------------------------------ */

static zoo_picture through_palette(const zoo_picture *raw, const palette *p) {
  unsigned alpha = p->n_alpha > 0;
  zoo_picture to = zoo_new(raw->width, raw->height, 3, alpha, 8);
  for (size_t i = 0; i < zoo_samples(raw); i++) {
    uint16_t *q = to.at + i * (3 + alpha);
    int k = raw->at[i];
    q[0] = p->colour[k].red, q[1] = p->colour[k].green, q[2] = p->colour[k].blue;
    if (alpha) q[3] = p->alpha[k];
  }
  return to;
}

/* 1, 2 and 4 bits spread over 8; the pixels that are like the first one become transparent where that is asked. */
static zoo_picture spread(const zoo_picture *raw, unsigned channels, bool transparent) {
  unsigned bits = raw->bits == 16 ? 16 : 8, own = channels % 2 == 0, colours = channels - own;
  uint32_t scale = raw->bits < 8 ? 255 / ((1u << raw->bits) - 1) : 1, top = (1u << bits) - 1;
  zoo_picture to = zoo_new(raw->width, raw->height, colours, own || transparent, bits);
  for (size_t i = 0; i < (size_t)raw->width * raw->height; i++) {
    const uint16_t *p = raw->at + i * channels;
    uint16_t *q = to.at + i * zoo_channels(&to);
    for (unsigned c = 0; c < channels; c++) q[c] = (uint16_t)(p[c] * scale);
    if (transparent) q[colours] = memcmp(p, raw->at, colours * sizeof *p) ? (uint16_t)top : 0;
  }
  return to;
}

/* ---- writing ------------------------------------------------------------------------------------ */

static void put_text(png_structp png, png_infop info, const char *key, const void *text, size_t size,
                     bool xmp) {
  char keyword[32], none[] = "";
  snprintf(keyword, sizeof keyword, "%s", key);
  png_text t = {.key = keyword, .text = (png_charp)(uintptr_t)text, .lang = none, .lang_key = none};
  t.compression = xmp ? PNG_ITXT_COMPRESSION_NONE : PNG_TEXT_COMPRESSION_zTXt;
  *(xmp ? &t.itxt_length : &t.text_length) = size;
  png_set_text(png, info, &t, 1);
}

static void put_extras(png_structp png, png_infop info, const zoo_extras *x) {
  if (x->icc.at) png_set_iCCP(png, info, "zoo", 0, x->icc.at, (png_uint_32)x->icc.size);
  if (x->exif.at) png_set_eXIf_1(png, info, (png_uint_32)x->exif.size, x->exif.at);
  if (x->xmp.at) put_text(png, info, "XML:com.adobe.xmp", x->xmp.at, x->xmp.size, true);
  if (x->texts) put_text(png, info, "Title", "a picture of the zoo", 20, false);
  if (x->dpi > 0) {
    png_uint_32 metre = (png_uint_32)(x->dpi / 0.0254 + 0.5);
    png_set_pHYs(png, info, metre, metre, PNG_RESOLUTION_METER);
  }
}

static void put_kind(png_structp png, png_infop info, const zoo_picture *raw, const zoo_png *kind,
                     palette *p) {
  png_color_16 key = {.gray = raw->at[0], .red = raw->at[0]};
  if (kind->type == PNG_COLOR_TYPE_RGB) key.green = raw->at[1], key.blue = raw->at[2];
  png_set_IHDR(png, info, raw->width, raw->height, kind->depth, kind->type,
               kind->interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, 0, 0);
  if (kind->type == PNG_COLOR_TYPE_PALETTE) png_set_PLTE(png, info, p->colour, p->n);
  if (kind->type == PNG_COLOR_TYPE_PALETTE && p->n_alpha) png_set_tRNS(png, info, p->alpha, p->n_alpha, NULL);
  else if (kind->transparent) png_set_tRNS(png, info, NULL, 0, &key);
}

/* Rows as libpng takes them: a byte, or two with the larger one first, a sample. */
static png_bytep *rows_of(const zoo_picture *raw) {
  unsigned bytes = raw->bits == 16 ? 2 : 1;
  size_t n = raw->width * (size_t)zoo_channels(raw), row = n * bytes;
  png_bytep *rows = zoo_alloc(raw->height * (sizeof *rows + row)), p = (png_bytep)(rows + raw->height);
  for (uint32_t y = 0; y < raw->height; y++, p += row) {
    rows[y] = p;
    for (size_t i = 0; i < n; i++) {
      uint16_t v = raw->at[y * n + i];
      if (bytes == 2) p[2 * i] = (png_byte)(v >> 8), p[2 * i + 1] = (png_byte)v;
      else p[i] = (png_byte)v;
    }
  }
  return rows;
}

static void write_png(const char *path, const zoo_picture *raw, const zoo_png *kind, palette *p,
                      const zoo_extras *x) {
  FILE *f = fopen(path, "wb");
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!f || !info || setjmp(png_jmpbuf(png))) zoo_die("cannot be written", path);
  png_bytep *rows = rows_of(raw);
  png_init_io(png, f);
  put_kind(png, info, raw, kind, p);
  if (x) put_extras(png, info, x);
  png_write_info(png, info);
  if (kind->depth < 8) png_set_packing(png);
  png_write_image(png, rows);
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  free(rows);
  if (fclose(f)) zoo_die("cannot be written", path);
}

zoo_picture zoo_png_make(const char *path, uint32_t width, uint32_t height, const zoo_png *kind,
                         const zoo_extras *x, uint64_t seed) {
  bool indexed = kind->type == PNG_COLOR_TYPE_PALETTE;
  unsigned channels = channels_of(kind->type);
  palette p = make_palette(indexed ? kind->depth : 1, kind->transparent, seed);
  zoo_picture raw = zoo_new(width, height, channels, 0, (unsigned)kind->depth);
  zoo_paint(&raw, seed);
  for (size_t i = 0; indexed && i < zoo_samples(&raw); i++) raw.at[i] = (uint16_t)(raw.at[i] % p.n);
  write_png(path, &raw, kind, &p, x);
  zoo_picture want = indexed ? through_palette(&raw, &p) : spread(&raw, channels, kind->transparent);
  zoo_free(&raw);
  return want;
}

/* A header that promises more than there is. */
void zoo_png_bomb(const char *path, uint32_t width, uint32_t height) {
  static const png_byte nothing[] = {0x78, 0x9c, 0x63, 0x00, 0x00, 0x00, 0x01, 0x00, 0x01};
  FILE *f = fopen(path, "wb");
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!f || !info || setjmp(png_jmpbuf(png))) zoo_die("cannot be written", path);
  png_init_io(png, f);
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_IHDR(png, info, width, height, 1, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE, 0, 0);
  png_write_info(png, info);
  png_write_chunk(png, (png_const_bytep) "IDAT", nothing, sizeof nothing);
  png_write_chunk(png, (png_const_bytep) "IEND", NULL, 0);
  png_destroy_write_struct(&png, &info);
  if (fclose(f)) zoo_die("cannot be written", path);
}

/* ---- reading --------------------------------------------------------------------------------------- */

typedef struct input {
  const zoo_bytes *file;
  size_t at;
} input;

static void on_read(png_structp png, png_bytep to, size_t n) {
  input *in = png_get_io_ptr(png);
  if (n > in->file->size - in->at) png_error(png, "cut short");
  memcpy(to, in->file->at + in->at, n);
  in->at += n;
}

static void get_texts(png_structp png, png_infop info, zoo_extras *x) {
  png_textp text = NULL;
  int n = 0;
  png_get_text(png, info, &text, &n);
  for (int i = 0; i < n; i++) {
    bool xmp = !strcmp(text[i].key, "XML:com.adobe.xmp");
    if (xmp) x->xmp = zoo_copy(text[i].text, text[i].itxt_length);
    else x->texts++;
  }
}

static void get_extras(png_structp png, png_infop info, zoo_extras *x) {
  png_charp name;
  int method, unit;
  png_bytep data;
  png_uint_32 n, a, b;
  if (png_get_iCCP(png, info, &name, &method, &data, &n)) x->icc = zoo_copy(data, n);
  if (png_get_eXIf_1(png, info, &n, &data)) x->exif = zoo_copy(data, n);
  if (png_get_pHYs(png, info, &a, &b, &unit) && unit == PNG_RESOLUTION_METER) x->dpi = a * 0.0254;
  get_texts(png, info, x);
}

static void get_pixels(png_structp png, png_infop info, zoo_picture *p) {
  unsigned channels = png_get_channels(png, info), bytes = png_get_bit_depth(png, info) == 16 ? 2 : 1;
  *p = zoo_new(png_get_image_width(png, info), png_get_image_height(png, info), channels >= 3 ? 3 : 1,
               channels % 2 == 0, bytes * 8);
  png_bytep *rows = rows_of(p);
  png_read_image(png, rows);
  size_t n = p->width * (size_t)channels;
  for (uint32_t y = 0; y < p->height; y++)
    for (size_t i = 0; i < n; i++)
      p->at[y * n + i] = (uint16_t)(bytes == 2 ? rows[y][2 * i] << 8 | rows[y][2 * i + 1] : rows[y][i]);
  free(rows);
}

bool zoo_png_read(const zoo_bytes *file, zoo_picture *p, zoo_extras *x) {
  input in = {file, 0};
  if (file->size < 8 || png_sig_cmp(file->at, 0, 8)) return false;
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
  png_infop info = png ? png_create_info_struct(png) : NULL, end = png ? png_create_info_struct(png) : NULL;
  if (!info || !end || setjmp(png_jmpbuf(png))) zoo_die("is damaged", "a PNG file");
  png_set_read_fn(png, &in, on_read);
  png_set_option(png, PNG_SKIP_sRGB_CHECK_PROFILE, PNG_OPTION_ON);
  png_set_chunk_malloc_max(png, 0);
  png_read_info(png, info);
  png_set_expand(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  get_pixels(png, info, p);
  png_read_end(png, end);
  get_extras(png, info, x);
  get_texts(png, end, x);
  png_bytep data;
  png_uint_32 n;
  if (png_get_eXIf_1(png, end, &n, &data) && !x->exif.at) x->exif = zoo_copy(data, n);
  png_destroy_read_struct(&png, &info, &end);
  return true;
}
