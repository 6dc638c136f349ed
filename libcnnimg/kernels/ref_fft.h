/* SPDX-License-Identifier: MIT */
/* ref_fft.h - the Fourier entries of the reference table */
#ifndef CI_REF_FFT_H
#define CI_REF_FFT_H

#include "kernels/kernels.h"

void ci_ref_fft_forward(const ci_fft_forward *a);
void ci_ref_fft_multiply(const ci_fft_multiply *a);
void ci_ref_fft_scale(float *v, const float *w, size_t step, int32_t planes);
void ci_ref_fft_inverse(const ci_fft_inverse *a);

#endif
