/* SPDX-License-Identifier: MIT */
/* spool.h - rows that are needed again: in memory while the cap allows, else in a temporary file */
#ifndef CI_SPOOL_H
#define CI_SPOOL_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cnnimg.h"

typedef struct ci_spool ci_spool;

/* rows x row_bytes; at most `memory` bytes are held in memory (all of it or nothing), else an unlinked
 * file under TMPDIR (default /var/tmp) is used. Rows that were never put read as zeros. */
int ci_spool_new(ci_spool **out, uint32_t rows, size_t row_bytes, size_t memory, cnnimg_error *err);
int ci_spool_put(ci_spool *s, uint32_t row, const void *data, cnnimg_error *err);
/* copies `bytes` bytes from byte `from` of the row. */
int ci_spool_get(const ci_spool *s, uint32_t row, size_t from, size_t bytes, void *out, cnnimg_error *err);
/* overwrites `bytes` bytes from byte `from` of the row. */
int ci_spool_patch(ci_spool *s, uint32_t row, size_t from, size_t bytes, const void *data, cnnimg_error *err);
/* Memory in an unlinked file under TMPDIR, all of it reserved on the disk: the caller unmaps it. */
int ci_spool_map(size_t bytes, void **out, cnnimg_error *err);
/* An unlinked file under TMPDIR, empty, to be written and read; fclose() ends it. */
int ci_spool_stream(FILE **out, cnnimg_error *err);
void ci_spool_free(ci_spool *s); /* NULL is allowed */

#endif
