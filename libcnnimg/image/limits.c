/* SPDX-License-Identifier: MIT */
/* limits.c - the one place that judges the size of a picture */
#include <inttypes.h>

#include "base/error.h"
#include "image/image.h"

int ci_limits_check(const ci_limits *l, const char *name, uint64_t width, uint64_t height,
                    cnnimg_error *err) {
  uint64_t dimension = l->dimension ? l->dimension : INT32_MAX, pixels;
  if (width == 0 || height == 0)
    return ci_fail(err, CNNIMG_CORRUPT, "%s: a picture of %" PRIu64 "x%" PRIu64 " pixels", name, width,
                   height);
  if (width > dimension || height > dimension)
    return ci_fail(err, CNNIMG_LIMIT, "%s: %" PRIu64 "x%" PRIu64 " pixels; the dimension limit is %" PRIu64,
                   name, width, height, dimension);
  if (__builtin_mul_overflow(width, height, &pixels) || (l->pixels && pixels > l->pixels))
    return ci_fail(err, CNNIMG_LIMIT,
                   "%s: %" PRIu64 "x%" PRIu64 " is more than the pixel limit of %" PRIu64 " pixels", name,
                   width, height, l->pixels);
  return CNNIMG_OK;
}
