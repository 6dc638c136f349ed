/* SPDX-License-Identifier: MIT */
/* webpwrite.h - the writing half of the WebP codec */
#ifndef CI_WEBPWRITE_H
#define CI_WEBPWRITE_H

#include "image/image.h"

#define CI_WEBP_MAX 16383 /* pixels a side: 14 bits in both bitstreams */
#define CI_WEBP_HELD 8    /* bytes a pixel: libwebp's own format, and as much again while it compresses */

int ci_webp_begin(const ci_write_job *job, void **state, cnnimg_error *err);
int ci_webp_put(void *state, const void *row, cnnimg_error *err);
int ci_webp_end(void *state, cnnimg_error *err);
void ci_webp_drop(void *state);

#endif
