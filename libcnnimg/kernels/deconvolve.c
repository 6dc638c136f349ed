/* SPDX-License-Identifier: MIT */
/* deconvolve.c - a blur and its regularised inverse, number by number in Fourier space */
#include "kernels/deconvolve.h"

void ci_blur_spectrum(const float *kernel, const float *picture, float scale, float *out, size_t n) {
  for (size_t i = 0; i < 2 * n; i += 2) {
    float kr = kernel[i] * scale, ki = kernel[i + 1] * scale, re = picture[i], im = picture[i + 1];
    out[i] = kr * re - ki * im;
    out[i + 1] = kr * im + ki * re;
  }
}

void ci_deconvolve_spectrum(const float *kernel, const float *blurred, const float *guess, float alpha,
                            float scale, float *out, size_t n) {
  for (size_t i = 0; i < 2 * n; i += 2) {
    float kr = kernel[i], ki = kernel[i + 1], br = blurred[i], bi = blurred[i + 1];
    float re = kr * br + ki * bi + alpha * guess[i], im = kr * bi - ki * br + alpha * guess[i + 1];
    float f = scale / (kr * kr + ki * ki + alpha);
    out[i] = re * f;
    out[i + 1] = im * f;
  }
}
