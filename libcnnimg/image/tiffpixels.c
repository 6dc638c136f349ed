/* SPDX-License-Identifier: MIT */
/* tiffpixels.c - bits to numbers, numbers to rows: depth, direction of grey, palette, inks, alpha */
#include "image/tiffpixels.h"

#include <math.h>
#include <string.h>

#include "base/half.h"

/* Whole numbers of up to 16 bits stay such; those of 32 and all floats become floats, which keep 24 bits. */
static bool is_real(const ci_tiff_layout *l) { return l->is_float || l->bits > 16; }
static unsigned colours_of(const ci_tiff_layout *l) { return l->colour <= CI_TIFF_GREY_DOWN ? 1 : 3; }

cnnimg_format ci_tiff_format(const ci_tiff_layout *l, uint32_t height) {
  return (cnnimg_format){.width = l->width,
                         .height = height,
                         .colours = (uint8_t)colours_of(l),
                         .alpha = l->alpha >= 0,
                         .sample = is_real(l)    ? CNNIMG_F32
                                   : l->bits > 8 ? CNNIMG_U16
                                                 : CNNIMG_U8};
}

size_t ci_tiff_line_bytes(const ci_tiff_layout *l) { return (size_t)l->width * l->samples * 4; }

/* ---- bits to numbers ---- */
static void unpack_bits(const uint8_t *p, unsigned bits, size_t n, unsigned channels, unsigned step,
                        uint32_t *to) {
  size_t at = 0;
  for (size_t i = 0; i < n; i++, at += bits) {
    uint32_t v = 0;
    for (size_t b = at; b < at + bits; b++) v = v << 1 | (p[b >> 3] >> (7 - (b & 7)) & 1u);
    to[i / channels * step + i % channels] = v;
  }
}

static float real_of(const void *packed, size_t i, const ci_tiff_layout *l) {
  if (!l->is_float) return (float)(((const uint32_t *)packed)[i] / 4294967295.0);
  if (l->bits == 16) return ci_half_to_float(((const uint16_t *)packed)[i]);
  return l->bits == 64 ? (float)((const double *)packed)[i] : ((const float *)packed)[i];
}

void ci_tiff_unpack(const ci_tiff_layout *l, const void *packed, unsigned channels, unsigned first,
                    unsigned step, void *line) {
  size_t n = (size_t)l->width * channels;
  uint32_t *to = (uint32_t *)line + first;
  float *real = (float *)line + first;
  if (is_real(l))
    for (size_t i = 0; i < n; i++) real[i / channels * step + i % channels] = real_of(packed, i, l);
  else if (l->bits == 8)
    for (size_t i = 0; i < n; i++) to[i / channels * step + i % channels] = ((const uint8_t *)packed)[i];
  else if (l->bits == 16)
    for (size_t i = 0; i < n; i++) to[i / channels * step + i % channels] = ((const uint16_t *)packed)[i];
  else unpack_bits(packed, l->bits, n, channels, step, to);
}

/* ---- numbers to rows ---- */
/* 0..from to 0..to, rounded. */
static uint32_t scale(uint32_t v, uint32_t from, uint32_t to) {
  return from == to ? v : (uint32_t)(((uint64_t)v * to + from / 2) / from);
}

/* What was multiplied by alpha, divided again; colours brighter than their alpha are cut. */
static uint32_t divided(uint32_t v, uint32_t a, uint32_t most) {
  if (a == 0) return 0;
  return v >= a ? most : scale(v, a, most);
}

static void store(void *row, size_t i, uint32_t most, uint32_t v) {
  if (most == 255) ((uint8_t *)row)[i] = (uint8_t)v;
  else ((uint16_t *)row)[i] = (uint16_t)v;
}

/* The colour c of a pixel, 0..most. */
static uint32_t colour_at(const ci_tiff_layout *l, const uint32_t *pixel, unsigned c, uint32_t top,
                          uint32_t most) {
  if (l->colour == CI_TIFF_PALETTE) return scale(l->map[c][pixel[0]], 65535, most);
  uint32_t v = scale(pixel[c], top, most);
  return l->colour == CI_TIFF_GREY_DOWN ? most - v : v;
}

static void whole_row(const ci_tiff_layout *l, const uint32_t *line, void *row) {
  uint32_t top = (1u << l->bits) - 1, most = l->bits > 8 ? 65535 : 255;
  unsigned colours = colours_of(l);
  size_t at = 0;
  for (size_t x = 0; x < l->width; x++) {
    const uint32_t *pixel = line + x * l->samples;
    uint32_t alpha = l->alpha >= 0 ? scale(pixel[l->alpha], top, most) : most;
    for (unsigned c = 0; c < colours; c++) {
      uint32_t v = colour_at(l, pixel, c, top, most);
      store(row, at++, most, l->premultiplied ? divided(v, alpha, most) : v);
    }
    if (l->alpha >= 0) store(row, at++, most, alpha);
  }
}

static void real_row(const ci_tiff_layout *l, const float *line, float *row) {
  unsigned colours = colours_of(l);
  for (size_t x = 0; x < l->width; x++) {
    const float *pixel = line + x * l->samples;
    float alpha = l->alpha >= 0 ? pixel[l->alpha] : 1.0f;
    for (unsigned c = 0; c < colours; c++) {
      float v = l->colour == CI_TIFF_GREY_DOWN ? 1.0f - pixel[c] : pixel[c];
      *row++ = l->premultiplied && alpha > 0.0f ? v / alpha : v;
    }
    if (l->alpha >= 0) *row++ = alpha;
  }
}

/* Room is made for alpha behind the colours, from the right. */
static void spread(const ci_tiff_layout *l, const uint32_t *line, uint32_t top, uint32_t most, void *row) {
  for (size_t x = l->width; x-- > 0;) {
    for (unsigned c = 3; c-- > 0;)
      store(row, x * 4 + c, most, most == 255 ? ((uint8_t *)row)[x * 3 + c] : ((uint16_t *)row)[x * 3 + c]);
    store(row, x * 4 + 3, most, scale(line[x * l->samples + (unsigned)l->alpha], top, most));
  }
}

static void ink_row(const ci_tiff_layout *l, const uint32_t *line, void *inks, void *row) {
  uint32_t top = (1u << l->bits) - 1, most = l->bits > 8 ? 65535 : 255;
  for (size_t x = 0; x < l->width; x++) {
    const uint32_t *pixel = line + x * l->samples;
    uint32_t alpha = l->premultiplied ? scale(pixel[l->alpha], top, most) : most;
    for (unsigned c = 0; c < 4; c++)
      store(inks, x * 4 + c, most, divided(scale(pixel[c], top, most), alpha, most));
  }
  ci_cmyk_row(l->cmyk, inks, row, l->width);
  if (l->alpha >= 0) spread(l, line, top, most, row);
}

void ci_tiff_row(const ci_tiff_layout *l, const void *line, void *inks, void *row) {
  if (is_real(l)) real_row(l, line, row);
  else if (l->colour == CI_TIFF_CMYK) ink_row(l, line, inks, row);
  else whole_row(l, line, row);
}
