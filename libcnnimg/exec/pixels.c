/* SPDX-License-Identifier: MIT */
/* pixels.c - samples of 8, 16 or 32 bits to floats in maps and back */
#include "exec/pixels.h"

#include <math.h>
#include <string.h>

static float get(const cnnimg_format *f, const void *row, size_t i) {
  if (f->sample == CNNIMG_U8) return (float)((const uint8_t *)row)[i] / 255.0f;
  if (f->sample == CNNIMG_U16) return (float)((const uint16_t *)row)[i] / 65535.0f;
  return ((const float *)row)[i];
}

/* Rounded to the nearest, clamped; NaN becomes 0. */
static uint32_t quantise(float v, float top) {
  float x = v * top + 0.5f;
  return x >= top + 0.5f ? (uint32_t)top : x > 0 ? (uint32_t)x : 0;
}

static void put(const cnnimg_format *f, void *row, size_t i, float v) {
  if (f->sample == CNNIMG_U8) ((uint8_t *)row)[i] = (uint8_t)quantise(v, 255.0f);
  else if (f->sample == CNNIMG_U16) ((uint16_t *)row)[i] = (uint16_t)quantise(v, 65535.0f);
  else ((float *)row)[i] = v;
}

static size_t samples(const cnnimg_format *f) { return (size_t)f->colours + f->alpha; }

/* The common case, without a branch a sample. */
static void load_rgb8(const uint8_t *px, size_t step, uint32_t n, float *out, int32_t cs) {
  for (uint32_t i = 0; i < n; i++, px += step, out += cs)
    for (int c = 0; c < 3; c++) out[c] = (float)px[c] / 255.0f;
}

void ci_pixels_load(const cnnimg_format *f, const void *row, uint32_t x, uint32_t n, float *out,
                    int32_t channels, int32_t cs) {
  size_t step = samples(f), at = (size_t)x * step;
  if (f->sample == CNNIMG_U8 && f->colours == 3 && channels == 3) {
    load_rgb8((const uint8_t *)row + at, step, n, out, cs);
    return;
  }
  for (uint32_t i = 0; i < n; i++, at += step, out += cs) {
    if (f->colours == channels)
      for (int32_t c = 0; c < channels; c++) out[c] = get(f, row, at + (size_t)c);
    else if (f->colours == 1)
      for (int32_t c = 0; c < channels; c++) out[c] = get(f, row, at);
    else out[0] = (get(f, row, at) + get(f, row, at + 1) + get(f, row, at + 2)) / 3.0f;
  }
}

/* What the network says for colour c of a pixel. */
static float answer(const cnnimg_format *f, const float *in, int32_t channels, int c) {
  if (f->colours == channels) return in[c];
  return channels == 1 ? in[0] : (in[0] + in[1] + in[2]) / 3.0f;
}

void ci_pixels_store(const cnnimg_format *f, const float *in, int32_t channels, int32_t cs, uint32_t x,
                     uint32_t n, const void *original, float strength, void *row) {
  size_t step = samples(f), at = (size_t)x * step;
  for (uint32_t i = 0; i < n; i++, at += step, in += cs)
    for (int c = 0; c < f->colours; c++) {
      float v = answer(f, in, channels, c);
      if (strength != 1.0f) {
        float o = get(f, original, at + (size_t)c);
        v = o + strength * (v - o);
      }
      put(f, row, at + (size_t)c, v);
    }
}

void ci_pixels_copy_alpha(const cnnimg_format *f, const void *from, uint32_t x, uint32_t n, void *to) {
  size_t pixel = samples(f) * f->sample, at = (size_t)x * pixel + (size_t)f->colours * f->sample;
  if (!f->alpha) return;
  for (uint32_t i = 0; i < n; i++, at += pixel)
    memcpy((uint8_t *)to + at, (const uint8_t *)from + at, f->sample);
}
