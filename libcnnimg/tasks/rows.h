/* SPDX-License-Identifier: MIT */
/* rows.h - the source's rows: read in order, asked for again, let go */
#ifndef CI_ROWS_H
#define CI_ROWS_H

#include "base/spool.h"
#include "cnnimg.h"

/*
 * Either a queue (rows are read when first asked for, and freed when every row below `y` is let go), or the
 * whole picture in a spool (read at once; rows can be asked for in any order).
 */
typedef struct ci_rows {
  uint32_t height;
  size_t row_bytes;
  cnnimg_read_row read;
  void *user;
  uint32_t next;   /* the next row to read */
  uint32_t low;    /* queue: rows below are gone */
  uint32_t slots;  /* queue: a power of two */
  uint8_t *ring;   /* queue: row y in slot y & (slots - 1) */
  ci_spool *spool; /* or NULL: a queue */
  uint8_t *one;    /* spool: the row last asked for */
  uint32_t one_y;
} ci_rows;

int ci_rows_init(ci_rows *r, uint32_t height, size_t row_bytes, cnnimg_read_row read, void *user,
                 cnnimg_error *err);
/* Reads the whole picture into a spool. cancel may be NULL. */
int ci_rows_hold(ci_rows *r, size_t memory, const cnnimg_cancel *cancel, cnnimg_error *err);
/* Row y, valid until the next call. Queue: y >= low. */
int ci_rows_get(ci_rows *r, uint32_t y, const void **row, cnnimg_error *err);
void ci_rows_let_go(ci_rows *r, uint32_t below);
void ci_rows_fini(ci_rows *r);
/* A cnnimg_read_row: user is a const cnnimg_view, whose rows come without gaps. */
int ci_rows_of_view(void *user, uint32_t y, void *row, cnnimg_error *err);

#endif
