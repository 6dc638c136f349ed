/* SPDX-License-Identifier: MIT */
/* door.c - small networks, the test picture, runs that must work */
#include "tests/api/door.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/half.h"

int door_says(const char *text, const char *word) { return strstr(text, word) != NULL; }

cnnimg_context *door_context(uint32_t threads) {
  cnnimg_config config;
  cnnimg_context *c = NULL;
  cnnimg_config_init(&config);
  config.threads = threads;
  OK(cnnimg_open(&config, &c, err));
  return c;
}

static bool built_in(const char *name) { return !strcmp(name, "denoise") || !strcmp(name, "upscale-x2"); }

void door_path(const char *name, char *path, size_t size) {
  const char *top = getenv("abs_top_srcdir");
  if (!top) top = ".";
  if (built_in(name)) snprintf(path, size, "%s/models/%s/%s.onnx", top, name, name);
  else snprintf(path, size, "%s/tests/api/data/%s", top, name);
}

cnnimg_model *door_model(cnnimg_context *c, const char *name, const char *const *options) {
  char path[1024], file[64];
  cnnimg_model *m = NULL;
  snprintf(file, sizeof file, built_in(name) ? "%s" : "%s.onnx", name);
  door_path(file, path, sizeof path);
  OK(cnnimg_model_load_opt(c, path, options, &m, err));
  return m;
}

/* ---- pictures ---------------------------------------------------------------------- */

float door_pixel(uint32_t x, uint32_t y, uint32_t c) {
  return (float)((x * 37 + y * 101 + c * 59 + x * y) % 256) / 255.0f;
}

cnnimg_format door_format(uint32_t width, uint32_t height, int colours, int alpha, int sample) {
  return (cnnimg_format){.width = width,
                         .height = height,
                         .colours = (uint8_t)colours,
                         .alpha = (uint8_t)alpha,
                         .sample = (uint8_t)sample};
}

static uint8_t *sample_at(const cnnimg_view *v, uint32_t x, uint32_t y, uint32_t c) {
  ptrdiff_t at = (ptrdiff_t)y * v->row_stride + (ptrdiff_t)x * v->pixel_stride;
  bool alpha = c == v->format.colours && v->alpha_offset;
  return (uint8_t *)v->data + at + (alpha ? v->alpha_offset : (ptrdiff_t)c * v->channel_stride);
}

float door_get(const cnnimg_view *v, uint32_t x, uint32_t y, uint32_t c) {
  const uint8_t *p = sample_at(v, x, y, c);
  uint16_t u;
  float f;
  memcpy(&u, p, v->format.sample == CNNIMG_U8 ? 1 : 2);
  if (v->format.sample == CNNIMG_U8) return (float)*p / 255.0f;
  if (v->format.sample == CNNIMG_U16) return (float)u / 65535.0f;
  if (v->format.sample == CNNIMG_F16) return ci_half_to_float(u);
  return memcpy(&f, p, sizeof f), f;
}

void door_put(const cnnimg_view *v, uint32_t x, uint32_t y, uint32_t c, float value) {
  uint8_t *p = sample_at(v, x, y, c);
  uint16_t u = v->format.sample == CNNIMG_F16 ? ci_half_from_float(value) : (uint16_t)lrintf(value * 65535);
  if (v->format.sample == CNNIMG_U8) *p = (uint8_t)lrintf(value * 255);
  else if (v->format.sample == CNNIMG_F32) memcpy(p, &value, sizeof value);
  else memcpy(p, &u, sizeof u);
}

void *door_empty(const cnnimg_format *f, cnnimg_view *view) {
  void *p = calloc((size_t)f->width * f->height, cnnimg_pixel_bytes(f));
  assert_non_null(p);
  cnnimg_view_init(view, f, p);
  return p;
}

void *door_picture(const cnnimg_format *f, cnnimg_view *view) {
  void *p = door_empty(f, view);
  for (uint32_t y = 0; y < f->height; y++)
    for (uint32_t x = 0; x < f->width; x++)
      for (uint32_t c = 0; c < f->colours + (uint32_t)(f->alpha != 0); c++)
        door_put(view, x, y, c, door_pixel(x, y, c));
  return p;
}

void door_assert_same(const cnnimg_view *a, const cnnimg_view *b) {
  const cnnimg_format *f = &a->format;
  assert_int_equal(f->width, b->format.width);
  assert_int_equal(f->height, b->format.height);
  for (uint32_t y = 0; y < f->height; y++)
    for (uint32_t x = 0; x < f->width; x++)
      for (uint32_t c = 0; c < f->colours + (uint32_t)(f->alpha != 0); c++)
        if (memcmp(sample_at(a, x, y, c), sample_at(b, x, y, c), CNNIMG_SAMPLE_BYTES(f->sample)))
          fail_msg("sample %u of pixel %u,%u: %.9g and %.9g", c, x, y, (double)door_get(a, x, y, c),
                   (double)door_get(b, x, y, c));
}

cnnimg_view door_crop(const cnnimg_view *v, uint32_t x, uint32_t y, uint32_t w, uint32_t h) {
  cnnimg_view crop = *v;
  crop.data = sample_at(v, x, y, 0);
  crop.format.width = w, crop.format.height = h;
  return crop;
}

/* ---- runs --------------------------------------------------------------------------- */

cnnimg_session *door_session(cnnimg_context *c, cnnimg_model *m, const cnnimg_format *f, uint32_t tile) {
  cnnimg_params p;
  cnnimg_session *s = NULL;
  cnnimg_params_init(&p, CNNIMG_TASK_DENOISE);
  p.sigma = 25;
  p.tile = tile;
  OK(cnnimg_session_new(c, m, &p, f, &s, err));
  return s;
}

uint32_t door_random(uint64_t *seed, uint32_t below) {
  *seed = *seed * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)((*seed >> 33) % below);
}
