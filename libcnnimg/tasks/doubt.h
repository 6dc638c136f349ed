/* SPDX-License-Identifier: MIT */
/* doubt.h - two fillings of one hole, of which the smooth one counts where they disagree */
#ifndef CI_DOUBT_H
#define CI_DOUBT_H

#include <stdint.h>

#include "cnnimg.h"

/*
 * Patches are sharp and, where they found nothing that fits, wrong; a smooth filling is never far off. Where both say the
 * same but for texture, patches have the word; the more they differ around a pixel, the more it becomes the mean of both, which is
 * what errs least where nobody knows. Means over tests/bench/inpaint.py --few where no model is found, PSNR in the hole of patches, of the spline,
 * and of auto: Kodak24 boxes 18.29 17.78 18.47, wide5 19.47 19.55 19.81, wide20 18.28 18.49 18.84; McMaster18 18.77 19.36 19.32,
 * 20.71 19.48 20.67, 19.36 19.18 19.94.
 * rgb (patches; becomes the answer) and smooth: h rows of w, three a pixel; hole: 0 outside, where both are the same.
 */
int ci_doubt_mix(float *rgb, const float *smooth, const uint8_t *hole, int32_t w, int32_t h,
                 cnnimg_error *err);
#define CI_DOUBT_PIXEL_BYTES 24 /* that this takes besides, a pixel, with smooth */

#endif
