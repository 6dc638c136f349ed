/* SPDX-License-Identifier: MIT */
/* size.c - the size of a result: a factor, a width, a height, both, or what the network makes */
#include "tasks/size.h"

#include <stdbool.h>

#include "base/error.h"

#define MOST_SIDE (INT32_MAX / 128)

/* n * num / den to the nearest, at least 1; UINT64_MAX: far too much. */
static uint64_t scaled(uint64_t n, uint64_t num, uint64_t den) {
  if (num && n > (UINT64_MAX >> 1) / num) return UINT64_MAX;
  uint64_t v = (n * num + den / 2) / den;
  return v ? v : 1;
}

static void asked(const cnnimg_params *p, uint64_t w, uint64_t h, uint64_t size[2]) {
  if (p->result_width && p->result_height) size[0] = p->result_width, size[1] = p->result_height;
  else if (p->result_width) size[0] = p->result_width, size[1] = scaled(h, p->result_width, w);
  else if (p->result_height) size[1] = p->result_height, size[0] = scaled(w, p->result_height, h);
  else size[0] = scaled(w, p->scale_num, p->scale_den), size[1] = scaled(h, p->scale_num, p->scale_den);
}

int ci_result_size(const cnnimg_params *p, uint32_t width, uint32_t height, int32_t factor,
                   const ci_limits *limits, uint32_t out[2], cnnimg_error *err) {
  uint64_t size[2] = {(uint64_t)width * (uint32_t)factor, (uint64_t)height * (uint32_t)factor};
  const uint64_t own[2] = {size[0], size[1]};
  bool said = p->result_width || p->result_height || p->scale_num;
  if (said) asked(p, width, height, size);
  if (size[0] > MOST_SIDE || size[1] > MOST_SIDE)
    return ci_fail(err, CNNIMG_LIMIT, "a result of more than %d pixels a side was asked for", MOST_SIDE);
  out[0] = (uint32_t)size[0], out[1] = (uint32_t)size[1];
  bool more = size[0] > own[0] || size[1] > own[1];
  return more ? ci_limits_check(limits, "the result", out[0], out[1], err) : CNNIMG_OK;
}
