/* SPDX-License-Identifier: MIT */
/* pnm.h - what the Netpbm formats share: words of a header, and writing bytes */
#ifndef CI_PNM_H
#define CI_PNM_H

#include "base/cursor.h"
#include "image/image.h"

/* Skips spaces and comments, reads a word of at most size - 1 bytes and the one byte that ends it. */
bool ci_pnm_word(ci_cursor *c, char *word, size_t size);
/* The same as a decimal number up to max; false if it is something else. */
bool ci_pnm_number(ci_cursor *c, uint64_t max, uint64_t *out);
/* All bytes, or CNNIMG_IO. */
int ci_pnm_write(const ci_write_job *job, const void *data, size_t size, cnnimg_error *err);

#endif
