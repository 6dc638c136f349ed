/* SPDX-License-Identifier: MIT */
/* deblur_field.h - a picture's planes while it is deblurred: what was seen, what is thought of it, and beyond its borders */
#ifndef CI_DEBLUR_FIELD_H
#define CI_DEBLUR_FIELD_H

#include "base/memory.h"
#include "base/threads.h"
#include "kernels/fftw.h"

/*
 * Fourier space is periodic and pictures are not, so a plane is larger than the picture by the kernel's size at least,
 * where the picture does not wrap around. What the blurred picture would show out there nobody has seen. It starts as the
 * picture's mirror images, one fading into the other, and is taken from the blurred guess after that: then a guess is
 * judged by what was seen alone, and no border rings (pixels that are missing, by expectation and maximisation).
 */
typedef struct ci_field {
  uint32_t width, height, colours; /* of the picture */
  uint32_t pad[2];                 /* columns, rows that a plane has besides; 0: the picture wraps around */
  uint32_t x, y;                   /* where the picture lies in a plane */
  size_t row, plane;               /* floats */
  size_t bytes;                    /* of all memory */
  ci_fftw fft;
  float *memory;   /* all of it: */
  float *planes;   /* a plane a colour: the guess */
  float *kernel;   /* a plane: its spectrum */
  float *spare;    /* a plane */
  float *observed; /* the blurred picture, colour by colour, without gaps */
  ci_allocator allocator;
  ci_pool *pool;               /* not owned */
  const cnnimg_cancel *cancel; /* may be NULL */
} ci_field;

/* Sizes alone; wrap: CNNIMG_WRAP_* bits. kernel: its width and height. */
int ci_field_plan(ci_field *f, const cnnimg_format *picture, const uint32_t kernel[2], uint32_t wrap,
                  cnnimg_error *err);
/* Memory and transforms, of what was planned. The kernel's weights, row by row, are not kept. */
int ci_field_open(ci_field *f, const float *kernel, const uint32_t size[2], const ci_allocator *allocator,
                  ci_pool *pool, const cnnimg_cancel *cancel, cnnimg_error *err);
void ci_field_close(ci_field *f); /* also of zeros */

/* Row y of the blurred picture, interleaved; false: it has samples that are no finite numbers, which would be everywhere
 * after a transform. */
bool ci_field_observe(const ci_field *f, uint32_t y, const float *row);
/* What was observed becomes the first guess. */
void ci_field_begin(ci_field *f);
/* The guess moves towards what, blurred, would be as was observed; the larger alpha, the less. CNNIMG_CANCELLED, or the
 * host's workers gave up. */
int ci_field_step(ci_field *f, float alpha, cnnimg_error *err);
/* The guess, planes and what is beyond the picture's borders included. */
cnnimg_view ci_field_view(const ci_field *f);
/* Row y of the guess' picture, interleaved. */
void ci_field_row(const ci_field *f, uint32_t y, float *row);

#endif
