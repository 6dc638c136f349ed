/* SPDX-License-Identifier: MIT */
/* deconvolve.h - a blur and its regularised inverse, number by number in Fourier space */
#ifndef CI_DECONVOLVE_H
#define CI_DECONVOLVE_H

#include <stddef.h>

/* n complex numbers each, real and imaginary parts in turns; out may be any of the others. */

/* out = kernel picture scale */
void ci_blur_spectrum(const float *kernel, const float *picture, float scale, float *out, size_t n);
/* The picture x that has the least |kernel x - blurred|^2 + alpha |x - guess|^2, times scale. alpha is above 0. */
void ci_deconvolve_spectrum(const float *kernel, const float *blurred, const float *guess, float alpha,
                            float scale, float *out, size_t n);

#endif
