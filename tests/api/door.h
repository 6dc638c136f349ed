/* SPDX-License-Identifier: MIT */
/* door.h - what the tests of the public door share: small networks, the test picture, runs that must work */
#ifndef DOOR_H
#define DOOR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cnnimg.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* Fails the test with the library's sentence. */
#define OK(call)                                         \
  do {                                                   \
    cnnimg_error ok_err = {0, ""};                       \
    cnnimg_error *err = &ok_err;                         \
    int ok_status = (call);                              \
    if (ok_status) fail_msg("%s: %s", #call, err->text); \
  } while (0)

/* Refused with that status, and a sentence that has the word. */
#define REFUSED(call, status, word)                                                                        \
  do {                                                                                                     \
    cnnimg_error re_err = {0, ""};                                                                         \
    cnnimg_error *err = &re_err;                                                                           \
    int re_status = (call);                                                                                \
    if (re_status != (status) || re_err.code != (status) || !door_says(re_err.text, word))                 \
      fail_msg("%s: status %d, not %d; says \"%s\", not %s", #call, re_status, status, re_err.text, word); \
  } while (0)
int door_says(const char *text, const char *word);

cnnimg_context *door_context(uint32_t threads);
/* tests/api/data/NAME.onnx (or a built-in one: "denoise", "upscale-x2"), with options or NULL. */
cnnimg_model *door_model(cnnimg_context *c, const char *name, const char *const *options);
void door_path(const char *name, char *path, size_t size);

/* The test picture in 0..1: multiples of 1/255, the same as make_nets.py's. */
float door_pixel(uint32_t x, uint32_t y, uint32_t c);
cnnimg_format door_format(uint32_t width, uint32_t height, int colours, int alpha, int sample);
/* calloc'ed interleaved pixels without gaps; the test picture fills them, alpha too. *view describes them. */
void *door_picture(const cnnimg_format *f, cnnimg_view *view);
void *door_empty(const cnnimg_format *f, cnnimg_view *view);
/* Sample c (colours, then alpha) of a pixel, 0..1. */
float door_get(const cnnimg_view *v, uint32_t x, uint32_t y, uint32_t c);
void door_put(const cnnimg_view *v, uint32_t x, uint32_t y, uint32_t c, float value);
/* All pixels of the two are the same, bit by bit. */
void door_assert_same(const cnnimg_view *a, const cnnimg_view *b);
/* The w x h pixels at (x, y). */
cnnimg_view door_crop(const cnnimg_view *v, uint32_t x, uint32_t y, uint32_t w, uint32_t h);

/* A session for sigma 25. */
cnnimg_session *door_session(cnnimg_context *c, cnnimg_model *m, const cnnimg_format *f, uint32_t tile);
uint32_t door_random(uint64_t *seed, uint32_t below);

#endif
