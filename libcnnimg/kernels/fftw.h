/* SPDX-License-Identifier: MIT */
/* fftw.h - Fourier transforms of whole planes, of any size: the one door to FFTW, which may be missing */
#ifndef CI_FFTW_H
#define CI_FFTW_H

#include "base/memory.h"
#include "base/threads.h"
#include "cnnimg.h"

/*
 * A plane is height rows of `row` floats, on CI_ALIGN bytes. In space its first `width` floats are the row's samples, in
 * Fourier space there are width / 2 + 1 complex numbers (real part, imaginary part); what follows is of no meaning. Both
 * ways in place; there and back again is width * height times the plane.
 *
 * Plans are FFTW's estimates, which depend on the size and the processor; rows and groups of columns are transformed one
 * by one, so bytes depend neither on threads nor on which thread took which.
 */
typedef struct ci_fftw {
  uint32_t width, height;
  size_t row;                             /* floats */
  void *along_rows[2], *along_columns[2]; /* forth, back */
} ci_fftw;

bool ci_fftw_is_there(void);
/* The next size that is a product of 2, 3, 5 and 7. */
uint32_t ci_fftw_good_size(uint32_t least);
/* Floats of a plane; false: too many. */
bool ci_fftw_plane(uint32_t width, uint32_t height, size_t *row, size_t *plane);

/* For planes that are aligned as this one, which is not touched. */
int ci_fftw_new(ci_fftw *f, uint32_t width, uint32_t height, float *plane, cnnimg_error *err);
void ci_fftw_free(ci_fftw *f); /* also of zeros */
/* Where cancel is set meanwhile the plane is worth nothing. */
void ci_fftw_forth(const ci_fftw *f, float *plane, ci_pool *pool, const cnnimg_cancel *cancel);
void ci_fftw_back(const ci_fftw *f, float *plane, ci_pool *pool, const cnnimg_cancel *cancel);

#endif
