/* SPDX-License-Identifier: MIT */
/* rows.c - a queue or a spool of source rows behind one door */
#include "tasks/rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/error.h"
#include "base/memory.h"
#include "exec/pixels.h"

int ci_rows_init(ci_rows *r, uint32_t height, size_t row_bytes, cnnimg_read_row read, void *user,
                 cnnimg_error *err) {
  *r = (ci_rows){.height = height, .row_bytes = row_bytes, .read = read, .user = user, .slots = 16};
  r->one_y = UINT32_MAX;
  r->ring = ci_calloc(r->slots, row_bytes);
  if (!r->ring) return ci_fail(err, CNNIMG_NOMEM, "no memory for rows of %zu bytes", row_bytes);
  return CNNIMG_OK;
}

void ci_rows_fini(ci_rows *r) {
  ci_spool_free(r->spool);
  free(r->ring);
  free(r->one);
  *r = (ci_rows){0};
}

/* Twice as many slots; rows keep their number, so each moves to its new slot. */
static int grow(ci_rows *r, cnnimg_error *err) {
  uint32_t slots = r->slots * 2;
  uint8_t *ring = slots > r->slots ? ci_calloc(slots, r->row_bytes) : NULL;
  if (!ring) return ci_fail(err, CNNIMG_NOMEM, "no memory for %u rows of %zu bytes", slots, r->row_bytes);
  for (uint32_t y = r->low; y < r->next; y++)
    memcpy(ring + (size_t)(y & (slots - 1)) * r->row_bytes,
           r->ring + (size_t)(y & (r->slots - 1)) * r->row_bytes, r->row_bytes);
  free(r->ring);
  r->ring = ring;
  r->slots = slots;
  return CNNIMG_OK;
}

static uint8_t *slot(const ci_rows *r, uint32_t y) {
  return r->ring + (size_t)(y & (r->slots - 1)) * r->row_bytes;
}

static int read_upto(ci_rows *r, uint32_t y, cnnimg_error *err) {
  for (; r->next <= y; r->next++) {
    int status = r->next - r->low >= r->slots ? grow(r, err) : CNNIMG_OK;
    if (!status) status = r->read(r->user, r->next, slot(r, r->next), err);
    if (status) return status;
  }
  return CNNIMG_OK;
}

int ci_rows_hold(ci_rows *r, size_t memory, const cnnimg_cancel *cancel, cnnimg_error *err) {
  int status = ci_spool_new(&r->spool, r->height, r->row_bytes, memory, err);
  r->one = status ? NULL : ci_calloc(1, r->row_bytes);
  if (!status && !r->one) status = ci_fail(err, CNNIMG_NOMEM, "no memory for a row");
  for (uint32_t y = 0; !status && y < r->height; y++) {
    if (ci_cancelled(cancel)) return ci_fail(err, CNNIMG_CANCELLED, "cancelled");
    status = r->read(r->user, y, r->ring, err);
    if (!status) status = ci_spool_put(r->spool, y, r->ring, err);
  }
  r->next = r->height;
  return status;
}

int ci_rows_get(ci_rows *r, uint32_t y, const void **row, cnnimg_error *err) {
  int status = CNNIMG_OK;
  if (r->spool) {
    if (r->one_y != y) status = ci_spool_get(r->spool, y, 0, r->row_bytes, r->one, err);
    r->one_y = status ? UINT32_MAX : y;
    *row = r->one;
    return status;
  }
  status = read_upto(r, y, err);
  *row = slot(r, y);
  return status;
}

void ci_rows_let_go(ci_rows *r, uint32_t below) {
  if (below > r->next) below = r->next;
  if (below > r->low) r->low = below;
}

int ci_rows_of_view(void *user, uint32_t y, void *row, cnnimg_error *err) {
  cnnimg_view v = *(const cnnimg_view *)user;
  (void)err;
  v.data = (uint8_t *)v.data + (ptrdiff_t)y * v.row_stride;
  ci_pixels_pack(&v, 0, v.format.width, row);
  return CNNIMG_OK;
}
