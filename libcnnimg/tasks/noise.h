/* SPDX-License-Identifier: MIT */
/* noise.h - how much noise is in a picture, from the picture alone */
#ifndef CI_NOISE_H
#define CI_NOISE_H

#include "cnnimg.h"

/*
 * Standard deviation of additive white Gaussian noise on the 0..255 scale, by the eigenvalues of the covariance
 * of 5x5 patches of all colours: Chen, Zhu, Heng, "An efficient statistical method for image noise level
 * estimation", ICCV 2015. Rows of integer samples are clipped where they were too dark or too bright, which
 * hides noise, so patches within 1.5 sigma of either end are left out in a second and third pass.
 * Where chroma has no noise (ci_noise_of_luma) the answer is luma's.
 * get(user, y) gives row y of the picture (row->data is its first pixel) and may be asked for rows again, in increasing
 * order in each pass. Pictures smaller than a patch give 0.
 */
typedef int (*ci_noise_row)(void *user, uint32_t y, cnnimg_view *row, cnnimg_error *err);
int ci_noise_estimate(const cnnimg_format *format, ci_noise_row get, void *user, float *sigma, cnnimg_error *err);

/*
 * The same of a colour picture whose chroma holds no noise, as in JPEG files with subsampled chroma, and in pictures that
 * once were such files: there the smallest eigenvalues are next to nothing, whatever the noise. Colour noise of this
 * sigma is what gives luma the noise that it has. Blocks of 8x8 with the least energy in the low frequencies of the
 * cosine transform are taken for free of texture, and their middle frequencies measured, which JPEG keeps longest (low
 * to choose, higher ones to measure: Ponomarenko et al., "An automatic approach to lossy compression of AVIRIS
 * images", IGARSS 2007). -1 where chroma holds noise as well, and for pictures that are grey or too small.
 */
int ci_noise_of_luma(const cnnimg_format *format, ci_noise_row get, void *user, double *sigma, cnnimg_error *err);

/* Eigenvalues of the symmetric n x n matrix a (row-major, destroyed), ascending, into w, by cyclic
 * Jacobi rotations. 0, or -1 if it does not converge. */
int ci_symmetric_eigenvalues(double *a, int n, double *w);

#endif
