/* SPDX-License-Identifier: MIT */
/* rows.c - rows of pixels from one format to another: alpha dropped, samples of another kind */
#include <math.h>
#include <string.h>

#include "driver.h"

size_t drv_row_bytes(const cnnimg_format *f) {
  return (size_t)f->width * ((size_t)f->colours + f->alpha) * f->sample;
}

/* 0..1; what is no number is black. */
static double load(uint8_t sample, const uint8_t *p) {
  uint16_t u16;
  float f32;
  if (sample == CNNIMG_U8) return *p / 255.0;
  if (sample == CNNIMG_U16) return memcpy(&u16, p, 2), u16 / 65535.0;
  memcpy(&f32, p, 4);
  return isnan(f32) ? 0 : (double)f32;
}

static void store(uint8_t sample, double v, uint8_t *p) {
  double clamped = v < 0 ? 0 : v > 1 ? 1 : v;
  uint16_t u16 = (uint16_t)(clamped * 65535.0 + 0.5);
  float f32 = (float)v;
  if (sample == CNNIMG_U8) *p = (uint8_t)(clamped * 255.0 + 0.5);
  else if (sample == CNNIMG_U16) memcpy(p, &u16, 2);
  else memcpy(p, &f32, 4);
}

void drv_convert_row(const cnnimg_format *from, const void *src, const cnnimg_format *to, void *dst) {
  size_t n_from = (size_t)from->colours + from->alpha, n_to = (size_t)to->colours + to->alpha;
  const uint8_t *p = src;
  uint8_t *q = dst;
  for (uint32_t x = 0; x < from->width; x++, p += n_from * from->sample)
    for (size_t c = 0; c < n_to; c++, q += to->sample) {
      const uint8_t *sample = p + c * from->sample;
      if (from->sample == to->sample) memcpy(q, sample, to->sample);
      else store(to->sample, load(from->sample, sample), q);
    }
}
