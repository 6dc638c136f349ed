/* SPDX-License-Identifier: MIT */
/* poisson.h - Poisson's equation inside a mask of any shape */
#ifndef CI_POISSON_H
#define CI_POISSON_H

#include <stdint.h>

#include "base/threads.h"
#include "cnnimg.h"

/*
 * x: planes x height x width. Where `inside` is not 0, x becomes the solution of
 *   sum over the four neighbours y in the picture of (x(p) - x(y)) = b(p)
 * with x = 0 where `inside` is 0; there it is not written. b: the same size. What lies beyond the picture has no part, so
 * where nothing is outside the mask, nothing is written. Solved by conjugate gradients on a hierarchy of sums over 2 x 2
 * cells, until the error is below a thousandth of `step` about; the same bytes for any number of threads.
 * CNNIMG_NOMEM, CNNIMG_CANCELLED: x is worth nothing.
 */
int ci_poisson_solve(float *x, const float *b, const uint8_t *inside, int32_t width, int32_t height,
                     int32_t planes, float step, ci_pool *pool, const cnnimg_cancel *cancel,
                     cnnimg_error *err);

#endif
