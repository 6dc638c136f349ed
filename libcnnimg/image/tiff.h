/* SPDX-License-Identifier: MIT */
/* tiff.h - the writing half of the TIFF codec */
#ifndef CI_TIFF_H
#define CI_TIFF_H

#include "image/image.h"

int ci_tiff_begin(const ci_write_job *job, void **state, cnnimg_error *err);
int ci_tiff_put(void *state, const void *row, cnnimg_error *err);
int ci_tiff_end(void *state, cnnimg_error *err);
void ci_tiff_drop(void *state);
/* Compressions that lose nothing at any depth, and that we write where the source has them. */
bool ci_tiff_keeps(unsigned compression);

#endif
