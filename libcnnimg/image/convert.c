/* SPDX-License-Identifier: MIT */
/* convert.c - a row of pixels from one format to another */
#include <math.h>
#include <string.h>

#include "base/half.h"
#include "image/image.h"

size_t ci_pixel_bytes(const cnnimg_format *f) {
  return (size_t)(f->colours + f->alpha) * CNNIMG_SAMPLE_BYTES(f->sample);
}
size_t ci_row_bytes(const cnnimg_format *f) { return ci_pixel_bytes(f) * f->width; }

/* Sample i of a row, 0..1. */
static float load(const void *row, size_t i, uint8_t sample) {
  if (sample == CNNIMG_U8) return (float)((const uint8_t *)row)[i] / 255.0f;
  if (sample == CNNIMG_U16) return (float)((const uint16_t *)row)[i] / 65535.0f;
  if (sample == CNNIMG_F16) return ci_half_to_float(((const uint16_t *)row)[i]);
  return ((const float *)row)[i];
}

/* 0..max, rounded to nearest; what is no number becomes 0. */
static unsigned quantise(float v, float max) {
  if (!(v > 0.0f)) return 0;
  if (v >= 1.0f) return (unsigned)max;
  return (unsigned)lrintf(v * max);
}

static void store(void *row, size_t i, uint8_t sample, float v) {
  if (sample == CNNIMG_U8) ((uint8_t *)row)[i] = (uint8_t)quantise(v, 255.0f);
  else if (sample == CNNIMG_U16) ((uint16_t *)row)[i] = (uint16_t)quantise(v, 65535.0f);
  else if (sample == CNNIMG_F16) ((uint16_t *)row)[i] = ci_half_from_float(v);
  else ((float *)row)[i] = v;
}

/* Three colours to one: the luma of BT.601, as JPEG has it. */
static float grey_of(const float c[3]) { return 0.299f * c[0] + 0.587f * c[1] + 0.114f * c[2]; }

static void convert_pixel(const cnnimg_format *from, const void *src, const cnnimg_format *to, void *dst,
                          size_t x) {
  size_t in = x * (size_t)(from->colours + from->alpha), out = x * (size_t)(to->colours + to->alpha);
  float colour[3], alpha = 1.0f;
  for (size_t c = 0; c < 3; c++) colour[c] = load(src, in + (c < from->colours ? c : 0), from->sample);
  if (from->alpha) alpha = load(src, in + from->colours, from->sample);
  if (from->alpha && !to->alpha)
    for (size_t c = 0; c < 3; c++) colour[c] = colour[c] * alpha + (1.0f - alpha);
  if (to->colours == 1 && from->colours == 3) colour[0] = grey_of(colour);
  for (size_t c = 0; c < to->colours; c++) store(dst, out + c, to->sample, colour[c]);
  if (to->alpha) store(dst, out + to->colours, to->sample, alpha);
}

void ci_convert_row(const cnnimg_format *from, const void *src, const cnnimg_format *to, void *dst) {
  if (from->colours == to->colours && from->alpha == to->alpha && from->sample == to->sample) {
    memcpy(dst, src, ci_row_bytes(to));
    return;
  }
  for (size_t x = 0; x < to->width; x++) convert_pixel(from, src, to, dst, x);
}
