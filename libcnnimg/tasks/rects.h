/* SPDX-License-Identifier: MIT */
/* rects.h - the source by rectangles, wherever it is, and the sigma that runs over it share */
#ifndef CI_RECTS_H
#define CI_RECTS_H

#include "tasks/job.h"
#include "tasks/rows.h"
#include "tasks/sigma.h"

/* For who reads a picture in another order than its rows'. Rows from a callback, and a source that the result is written
 * over, are kept in a spool; the caller's memory and rectangles are read where they are. */
typedef struct ci_rects {
  cnnimg_format format;
  const cnnimg_view *view; /* the first of these that is set */
  cnnimg_read_rect read;
  void *user;
  ci_rows rows;
  uint8_t *block; /* read: rows without gaps */
  size_t capacity;
} ci_rects;

int ci_rects_open(ci_rects *r, const cnnimg_format *format, const ci_job_io *io, size_t memory,
                  const cnnimg_cancel *cancel, cnnimg_error *err);
/* A picture that is there while it is read; nothing is to be closed. */
ci_rects ci_rects_of_view(const cnnimg_view *view);
void ci_rects_close(ci_rects *r);
/* Fills `to`, whose rows may have gaps. user is the ci_rects; a cnnimg_read_rect but for that. */
int ci_rects_read(void *user, uint32_t x, uint32_t y, const cnnimg_view *to, cnnimg_error *err);

/* The sigma of runs that are made of others: estimated once, from the source as it is. */
int ci_rects_sigma(ci_rects *r, ci_sigma *s, bool wanted, bool keep, const cnnimg_cancel *cancel,
                   cnnimg_error *err);

#endif
