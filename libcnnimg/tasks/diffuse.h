/* SPDX-License-Identifier: MIT */
/* diffuse.h - fills holes smoothly, from what lies around them */
#ifndef CI_DIFFUSE_H
#define CI_DIFFUSE_H

#include <stddef.h>
#include <stdint.h>

#include "base/threads.h"
#include "cnnimg.h"

/*
 * The surface of least bending under tension through the known pixels (Smith, Wessel: "Gridding with continuous curvature
 * splines in tension", Geophysics 55, 1990): L L u + TENSION L u = 0 inside, L being the difference from the four
 * neighbours, those that the picture does not have left out. Thin holes are bridged with the slope that edges come in with,
 * as the biharmonic fill does, which overshoots over wide ones; there tension makes it Laplace's.
 * tests/bench/inpaint.py --few, Kodak24, PSNR in the hole, OpenCV's Telea, its Navier-Stokes, this: text 23.39 24.49 25.81,
 * thin 23.03 24.03 25.07, boxes 17.92 17.90 17.78, wide5 18.65 18.69 19.55, wide20 17.59 17.70 18.49, random 22.27 22.59 23.62;
 * McMaster18: 26.28 27.38 28.86, 26.26 27.12 28.48, 17.67 17.77 19.36, 18.13 18.26 19.48, 17.88 17.74 19.18, 24.91 25.48 27.12.
 * models/train/masks.py computes the same for the network that starts from it.
 */
#define CI_DIFFUSE_TENSION 0.5f

/*
 * rgb: height x width x 3; hole: height x width, not 0: to be filled, from all that is 0, of which there is at least one.
 * pool NULL: on the calling thread. The result depends on the first four only. CNNIMG_NOMEM, CNNIMG_CANCELLED.
 */
int ci_diffuse(float *rgb, int32_t width, int32_t height, const uint8_t *hole, ci_pool *pool,
               const cnnimg_cancel *cancel, cnnimg_error *err);
/* The most memory that this takes besides, a pixel. */
#define CI_DIFFUSE_PIXEL_BYTES 80

#endif
