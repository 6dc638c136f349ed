/* SPDX-License-Identifier: MIT */
/* pixels.c - samples of any type and place to floats in maps and back */
#include "exec/pixels.h"

#include <math.h>
#include <string.h>

#include "base/half.h"

/* ---- one sample ---------------------------------------------------------------------- */

static inline float get(uint8_t sample, const uint8_t *p) {
  uint16_t u16;
  float f32;
  if (sample == CNNIMG_U8) return (float)*p / 255.0f;
  if (sample == CNNIMG_F32) return memcpy(&f32, p, sizeof f32), f32;
  memcpy(&u16, p, sizeof u16);
  return sample == CNNIMG_F16 ? ci_half_to_float(u16) : (float)u16 / 65535.0f;
}

/* Rounded to the nearest, clamped; NaN becomes 0. */
static uint32_t quantise(float v, float top) {
  float x = v * top + 0.5f;
  return x >= top + 0.5f ? (uint32_t)top : x > 0 ? (uint32_t)x : 0;
}

static inline void put(uint8_t sample, uint8_t *p, float v) {
  uint16_t u16 = sample == CNNIMG_F16 ? ci_half_from_float(v) : (uint16_t)quantise(v, 65535.0f);
  if (sample == CNNIMG_U8) *p = (uint8_t)quantise(v, 255.0f);
  else if (sample == CNNIMG_F32) memcpy(p, &v, sizeof v);
  else memcpy(p, &u16, sizeof u16);
}

/* ---- one pixel ------------------------------------------------------------------------ */

/* Written so that white is exactly white. */
float ci_srgb_encode(float v) {
  float a = fabsf(v), e = a <= 0.0031308f ? 12.92f * a : 1 + 1.055f * (powf(a, 1 / 2.4f) - 1);
  return copysignf(e, v);
}

float ci_srgb_decode(float v) {
  float a = fabsf(v), d = a <= 0.04045f ? a / 12.92f : powf(1 + (a - 1) / 1.055f, 2.4f);
  return copysignf(d, v);
}

static inline uint8_t *pixel_at(const cnnimg_view *row, uint32_t x) {
  return (uint8_t *)row->data + (ptrdiff_t)x * row->pixel_stride;
}

static ptrdiff_t alpha_at(const cnnimg_view *row) {
  return row->alpha_offset ? row->alpha_offset : row->format.colours * row->channel_stride;
}

static inline bool is_plain(const cnnimg_format *f) {
  return f->alpha != CNNIMG_ALPHA_PREMULTIPLIED && f->transfer == CNNIMG_TRANSFER_ENCODED;
}

/* Nothing is seen through alpha 0, so the colour there is of no account. */
static float divided(const cnnimg_format *f, float v, float alpha) {
  if (!(alpha > 0)) return 0;
  v /= alpha;
  bool whole = f->sample == CNNIMG_U8 || f->sample == CNNIMG_U16;
  return whole && v > 1 ? 1 : v;
}

/* Colours as a network understands them. */
static void read_colours(const cnnimg_view *row, const uint8_t *p, float *v) {
  const cnnimg_format *f = &row->format;
  for (int c = 0; c < f->colours; c++) v[c] = get(f->sample, p + c * row->channel_stride);
  if (is_plain(f)) return;
  float a = f->alpha == CNNIMG_ALPHA_PREMULTIPLIED ? get(f->sample, p + alpha_at(row)) : 1;
  for (int c = 0; c < f->colours; c++) {
    if (f->alpha == CNNIMG_ALPHA_PREMULTIPLIED) v[c] = divided(f, v[c], a);
    if (f->transfer == CNNIMG_TRANSFER_LINEAR) v[c] = ci_srgb_encode(v[c]);
  }
}

static void write_colours(const cnnimg_view *row, uint8_t *p, float *v, float alpha) {
  const cnnimg_format *f = &row->format;
  for (int c = 0; c < f->colours; c++) {
    if (f->transfer == CNNIMG_TRANSFER_LINEAR) v[c] = ci_srgb_decode(v[c]);
    if (f->alpha == CNNIMG_ALPHA_PREMULTIPLIED) v[c] *= alpha;
    put(f->sample, p + c * row->channel_stride, v[c]);
  }
}

/* ---- picture to network ------------------------------------------------------------------ */

/* The common case, without a branch a sample. */
static void load_rgb8(const cnnimg_view *row, const uint8_t *p, uint32_t n, float *out, int32_t cs) {
  ptrdiff_t step = row->channel_stride;
  for (uint32_t i = 0; i < n; i++, p += row->pixel_stride, out += cs)
    for (int c = 0; c < 3; c++) out[c] = (float)p[c * step] / 255.0f;
}

static void apply(const ci_tone *t, float *v, int32_t channels) {
  if (t->bgr && channels == 3) {
    float red = v[0];
    v[0] = v[2], v[2] = red;
  }
  for (int32_t c = 0; c < channels; c++) v[c] = v[c] * t->gain[c] + t->bias[c];
}

void ci_pixels_load(const cnnimg_view *row, uint32_t x, uint32_t n, const ci_tone *tone, float *out,
                    int32_t channels, int32_t cs) {
  const cnnimg_format *f = &row->format;
  const uint8_t *p = pixel_at(row, x);
  if (f->sample == CNNIMG_U8 && f->colours == 3 && channels == 3 && is_plain(f) && !tone) {
    load_rgb8(row, p, n, out, cs);
    return;
  }
  for (uint32_t i = 0; i < n; i++, p += row->pixel_stride, out += cs) {
    float v[3];
    read_colours(row, p, v);
    if (f->colours == channels)
      for (int32_t c = 0; c < channels; c++) out[c] = v[c];
    else if (f->colours == 1)
      for (int32_t c = 0; c < channels; c++) out[c] = v[0];
    else out[0] = (v[0] + v[1] + v[2]) / 3.0f;
    if (tone) apply(tone, out, channels);
  }
}

void ci_pixels_load_raw(const cnnimg_view *row, uint32_t x, uint32_t n, float *out, int32_t channels,
                        int32_t cs) {
  const cnnimg_format *f = &row->format;
  const uint8_t *p = pixel_at(row, x);
  int32_t samples = f->colours + (f->alpha != 0);
  for (uint32_t i = 0; i < n; i++, p += row->pixel_stride, out += cs)
    for (int32_t c = 0; c < channels; c++) {
      int32_t s = samples == 1 ? 0 : c;
      out[c] = get(f->sample, p + (s < f->colours ? s * row->channel_stride : alpha_at(row)));
    }
}

/* ---- network to picture -------------------------------------------------------------------- */

/* What the network says for a pixel's colours. */
static void answer(const float *in, int32_t channels, const ci_tone *t, int colours, float *v) {
  float rgb[3];
  for (int32_t c = 0; c < channels; c++) rgb[c] = t ? in[c] * t->gain[c] + t->bias[c] : in[c];
  if (t && t->bgr && channels == 3) {
    float blue = rgb[0];
    rgb[0] = rgb[2], rgb[2] = blue;
  }
  for (int c = 0; c < colours; c++)
    v[c] = colours == channels ? rgb[c] : channels == 1 ? rgb[0] : (rgb[0] + rgb[1] + rgb[2]) / 3.0f;
}

void ci_pixels_answer(const float *in, uint32_t n, int32_t channels, int32_t cs, const ci_tone *tone, float *out,
                      int32_t colours, int32_t out_step) {
  for (uint32_t i = 0; i < n; i++) answer(in + (size_t)i * (size_t)cs, channels, tone, colours, out + (size_t)i * (size_t)out_step);
}

/* Nobody sees the pixel, so whoever keeps something there gets it back. */
static bool is_hidden(const ci_original *o, const uint8_t *source) {
  return o->row.format.alpha && !(get(o->row.format.sample, source + alpha_at(&o->row)) > 0);
}

/* The original of colours may be grey. */
static void mix(const ci_original *o, const uint8_t *source, int colours, float *v) {
  float before[3], strength = is_hidden(o, source) ? 0 : o->strength;
  if (strength == 1.0f) return;
  read_colours(&o->row, source, before);
  for (int c = 0; c < colours; c++) {
    const float was = before[o->row.format.colours == 1 ? 0 : c];
    v[c] = strength == 0 ? was : was + strength * (v[c] - was);
  }
}

/* Returns it as a number. */
static float write_alpha(const cnnimg_view *row, uint8_t *p, const ci_original *o, const uint8_t *source) {
  const cnnimg_format *f = &row->format;
  if (!f->alpha) return 1;
  if (!source || !o->row.format.alpha) return put(f->sample, p + alpha_at(row), 1), 1.0f;
  source += alpha_at(&o->row);
  float a = get(o->row.format.sample, source);
  if (f->sample == o->row.format.sample) memmove(p + alpha_at(row), source, CNNIMG_SAMPLE_BYTES(f->sample));
  else put(f->sample, p + alpha_at(row), a);
  return a;
}

void ci_pixels_store(const cnnimg_view *row, uint32_t x, uint32_t n, const float *in, int32_t channels,
                     int32_t cs, const ci_tone *tone, const ci_original *o) {
  uint8_t *p = pixel_at(row, x);
  const uint8_t *source = o->row.data ? pixel_at(&o->row, o->x) : NULL;
  for (uint32_t i = 0; i < n; i++, p += row->pixel_stride, in += cs) {
    float v[3];
    answer(in, channels, tone, row->format.colours, v);
    if (source) mix(o, source, row->format.colours, v); /* before alpha is written: it may be the same pixel */
    float alpha = write_alpha(row, p, o, source);
    write_colours(row, p, v, alpha);
    if (source) source += o->row.pixel_stride;
  }
}

/* ---- pixels as they are ---------------------------------------------------------------------- */

void ci_pixels_pack(const cnnimg_view *row, uint32_t x, uint32_t n, void *out) {
  const uint8_t *p = pixel_at(row, x);
  size_t size = CNNIMG_SAMPLE_BYTES(row->format.sample);
  uint8_t *to = out;
  for (uint32_t i = 0; i < n; i++, p += row->pixel_stride) {
    for (int c = 0; c < row->format.colours; c++, to += size) memcpy(to, p + c * row->channel_stride, size);
    if (row->format.alpha) memcpy(to, p + alpha_at(row), size), to += size;
  }
}

void ci_pixels_unpack(const cnnimg_view *row, uint32_t x, uint32_t n, const void *in) {
  uint8_t *p = pixel_at(row, x);
  size_t size = CNNIMG_SAMPLE_BYTES(row->format.sample);
  const uint8_t *from = in;
  for (uint32_t i = 0; i < n; i++, p += row->pixel_stride) {
    for (int c = 0; c < row->format.colours; c++, from += size)
      memcpy(p + c * row->channel_stride, from, size);
    if (row->format.alpha) memcpy(p + alpha_at(row), from, size), from += size;
  }
}
