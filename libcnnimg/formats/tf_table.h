/* SPDX-License-Identifier: MIT */
/* tf_table.h - private to the reader of TensorFlow's checkpoints: a LevelDB table, its checksums */
#ifndef CI_TF_TABLE_H
#define CI_TF_TABLE_H

#include "base/cursor.h"
#include "cnnimg.h"

#define CI_TF_FOOTER 48

uint32_t ci_crc32c(const uint8_t *p, size_t n);
/* As LevelDB and TensorFlow store it. */
uint32_t ci_crc32c_masked(const uint8_t *p, size_t n);

bool ci_tf_table_is(const uint8_t *data, size_t size); /* by the magic at its end */
/* Every entry in order; `each` returns a status, and a failure ends the walk. Keys are at most a few thousand bytes. Errors
 * do not name the file. */
int ci_tf_table_walk(const uint8_t *data, size_t size,
                     int (*each)(void *user, const uint8_t *key, size_t n, ci_cursor value), void *user,
                     cnnimg_error *err);

#endif
