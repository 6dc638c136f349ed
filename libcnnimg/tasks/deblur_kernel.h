/* SPDX-License-Identifier: MIT */
/* deblur_kernel.h - what a point of light became: read from a view, or drawn from a formula */
#ifndef CI_DEBLUR_KERNEL_H
#define CI_DEBLUR_KERNEL_H

#include "cnnimg.h"

#define CI_BLUR_MOST 1023 /* pixels a side */

typedef struct ci_blur {
  uint32_t size[2];
  float *weights; /* row by row, their sum is 1 */
} ci_blur;

/* kernel for a picture of that size. */
int ci_blur_read(ci_blur *b, const cnnimg_view *kernel, const cnnimg_format *picture, cnnimg_error *err);
void ci_blur_fini(ci_blur *b); /* also of zeros */

/* As cnnimg_kernel_gauss() and cnnimg_kernel_motion(). */
int ci_blur_gauss(float sigma, uint32_t *side, float *weights, cnnimg_error *err);
int ci_blur_motion(float length, float degrees, uint32_t *side, float *weights, cnnimg_error *err);

#endif
