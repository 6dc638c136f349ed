/* SPDX-License-Identifier: MIT */
/* mat.c - MATLAB's files, versions 5 and 7.3: MatConvNet's networks, or named arrays */
#include <string.h>

#include "base/cursor.h"
#include "base/error.h"
#include "formats/format.h"
#include "formats/helper.h"
#include "formats/matconvnet.h"

#define HEAD 128
#define COMPRESSED 15 /* a type of element, the only one that is not padded to 8 */

static int bid(const uint8_t *data, size_t size) {
  return size >= HEAD && !memcmp(data, "MATLAB ", 7) &&
                 (!memcmp(data + 126, "IM", 2) || !memcmp(data + 126, "MI", 2))
             ? 95
             : 0;
}

/* Elements of version 5 lie one behind the other; what was cut short needs no other program to tell. */
static int judge_length(const ci_source *src, cnnimg_error *err) {
  bool big = src->data[126] == 'M', five = src->data[big ? 124 : 125] == 1;
  ci_cursor c = ci_cursor_make(src->data + HEAD, src->size - HEAD);
  while (five && ci_cursor_left(&c)) {
    uint32_t type = ci_cursor_u32(&c, big), bytes = ci_cursor_u32(&c, big);
    if (type >> 16) continue; /* a small one, which was the 8 bytes */
    ci_cursor_take(&c, type == COMPRESSED ? bytes : (size_t)(((uint64_t)bytes + 7) & ~(uint64_t)7));
  }
  if (c.bad || (five && src->size == HEAD))
    return ci_fail(err, CNNIMG_CORRUPT, "%s: the MAT file is cut short: %zu bytes are there", src->name,
                   src->size);
  return CNNIMG_OK;
}

static int load(const ci_source *src, ci_loaded *out, cnnimg_error *err) {
  ci_store *s;
  cnnimg_error own = {0};
  *out = (ci_loaded){0};
  int status = judge_length(src, err);
  if (!status) status = ci_helper_load(src, &s, err);
  if (status) return status;
  if (!ci_matconvnet_is(s)) {
    out->store = s;
    return CNNIMG_OK;
  }
  status = ci_matconvnet_program(s, &out->program, &own);
  ci_store_free(s);
  return status ? ci_fail(err, status, "%s: %s", src->name, own.text) : CNNIMG_OK;
}

const ci_format ci_format_mat = {"mat", bid, load};
